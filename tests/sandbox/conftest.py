"""Fixtures of the sandbox's tests: a book, and the application on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from refund.sandbox.app import create_sandbox
from refund.sandbox.network import Book
from refund.sandbox.settings import SandboxSettings
from tests.sandbox.world import SECRET, CountedIds, HandClock, Merchant, Served, served_sandbox


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def waits() -> list[float]:
    """Return the list in which every wait of the network is noted instead of spent."""
    return []


@pytest.fixture
def sandbox(tmp_path: Path, clock: HandClock, waits: list[float]) -> Iterator[Flask]:
    settings = SandboxSettings(
        database=str(tmp_path / "sandbox.db"),
        secret=SECRET,
        public_url="http://127.0.0.1:8100",
        return_hosts=("refund.example",),
        clock=clock,
        new_id=CountedIds(),
        wait=waits.append,
    )
    app = create_sandbox(settings)
    yield app
    app.extensions["book"].close()


@pytest.fixture
def book(sandbox: Flask) -> Book:
    book: Book = sandbox.extensions["book"]
    return book


@pytest.fixture
def merchant(sandbox: Flask) -> Merchant:
    return Merchant(sandbox.test_client())


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with served_sandbox(tmp_path) as running:
        yield running
