"""A service on the sandbox's own book, a form that was just issued, and a phone to scan it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from refund.core.form import Form
from refund.ports import Ports
from refund.sandbox.network import Book
from refund.simulation.engine.ids import CountedIds
from refund.simulation.engine.network import BookNetwork
from tests.web.people import HandClock
from tests.web.phone import Phone, issued


@pytest.fixture
def network(tmp_path: Path, clock: HandClock) -> Iterator[BookNetwork]:
    """Return the network: the sandbox's own book, in this process."""
    book = Book(str(tmp_path / "sandbox.db"), clock.now, CountedIds().network_id)
    yield BookNetwork(book)
    book.close()


@pytest.fixture
def ports(ports: Ports, network: BookNetwork) -> Ports:
    """Return the ports of the service, on that network."""
    return replace(ports, network=network)


@pytest.fixture
def form(ports: Ports) -> Form:
    """Return a form that a clerk has just issued."""
    return issued(ports)


@pytest.fixture
def phone(app: Flask, ports: Ports, network: BookNetwork, form: Form) -> Phone:
    """Return the traveller's phone."""
    return Phone(app, ports, network, form)
