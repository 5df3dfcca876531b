"""A service of its own for each test: real storage, a clock moved by hand, people at each door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app, wire
from refund.config import Settings, read_settings
from refund.core.goods import load_goods
from refund.core.people import Role, Staff
from refund.core.store import read_stores
from refund.gateways.passwords import ArgonPasswords
from refund.places import data_folder
from refund.ports import Ports
from refund.services.enrol import enrol_staff, import_stores, put_goods_master
from refund.web.auth import AUDIENCE_OF
from tests.web.page import check_page
from tests.web.people import (
    CLASS,
    EVERYONE,
    OFFICER_OF_ANOTHER_PORT,
    PASSWORD,
    START,
    HandClock,
    SignIn,
    browser,
)
from tests.world import World, assert_audit_holds, open_world


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Return the slow hash of everybody's password, made once."""
    return ArgonPasswords().hash(PASSWORD)


@pytest.fixture
def clock() -> HandClock:
    """Return the clock of the service, at two in the afternoon of 8 July 2025."""
    return HandClock(START)


@pytest.fixture
def sandbox_url() -> str:
    """Return the address of a network that does not answer; tests that need one override it."""
    return "http://127.0.0.1:9"


@pytest.fixture
def settings(tmp_path: Path, sandbox_url: str) -> Settings:
    """Return the settings of a service in a folder of its own."""
    return read_settings(
        {
            "REFUND_INSTANCE": str(tmp_path / "instance"),
            "REFUND_PUBLIC_URL": "http://localhost",
            "REFUND_SANDBOX_URL": sandbox_url,
            "REFUND_CLOCK": START,
        }
    )


@pytest.fixture
def ports(settings: Settings, clock: HandClock, password_hash: str) -> Iterator[Ports]:
    """Return the ports of a service with all stores, all goods and one person for each door."""
    wired = wire(settings)
    ports = replace(wired.ports, clock=clock)
    folder = data_folder()
    import_stores(ports, read_stores((folder / "stores.csv").read_bytes()), "test")
    put_goods_master(ports, load_goods((folder / "goods.csv").read_text(encoding="utf-8")))
    people = (*EVERYONE, *CLASS) if settings.is_rehearsal else EVERYONE
    enrol_staff(ports, [Staff(one, one.staff_id, password_hash) for one in people], "test")
    yield ports
    wired.database.close()


@pytest.fixture
def app(settings: Settings, ports: Ports) -> Flask:
    """Return the application, without a server."""
    return create_app(settings, ports)


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str, password_hash: str) -> Iterator[World]:
    """Return a service with the sandbox's own book as its network, audited when the test is over.

    A module whose tests move money makes its `app` on this world instead of `ports`.
    """
    with open_world(tmp_path, sqlite_url, datetime.fromisoformat(START)) as opened:
        everyone = (*EVERYONE, OFFICER_OF_ANOTHER_PORT)
        enrol_staff(opened.ports, [Staff(one, one.staff_id, password_hash) for one in everyone], "")
        yield opened
        opened.network.unplugged = False
        assert_audit_holds(opened.ports)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browser that reads English and has not signed in."""
    return browser(app)


@pytest.fixture
def sign_in() -> SignIn:
    """Return what signs a browser in by a door: `sign_in(client, Role.CLERK, "clerk-2")`."""

    def enter(client: FlaskClient, role: Role, login: str = "") -> FlaskClient:
        audience = AUDIENCE_OF[role]
        door = f"/{audience}/sign-in"
        token = check_page(client.get(door)).token
        typed = {"form_token": token, "password": PASSWORD, "login": login or f"{role.value}-1"}
        assert client.post(door, data=typed).status_code == 303
        return client

    return enter


@pytest.fixture
def clerk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the browser at the counter of store 1, signed in."""
    return sign_in(client, Role.CLERK)
