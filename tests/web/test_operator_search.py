"""The one box of the back office: what it finds, what it records, and what it says of nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.case import CaseKind
from refund.core.people import Role
from refund.services.cases import open_case
from tests.services import steps
from tests.web.agency import another, post, shown
from tests.web.page import Page, check_page
from tests.web.people import SignIn, browser
from tests.world import World


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def groups(page: Page) -> dict[str, int]:
    """How many rows were found, by the sort of the search."""
    found = (e for e in page.root.iter("section") if e.get("data-group"))
    return {e.get("data-group") or "": len([*e.iter("a")]) for e in found}


def looked_for(page: Page) -> set[str]:
    """As what a text was looked for, where nothing was found."""
    return {e.get("data-looked-for") or "" for e in page.root.iter("li")} - {""}


def search(desk: FlaskClient, text: str) -> Page:
    """The page that answers a search."""
    return check_page(post(desk, "/operator/forms", code=text))


def test_everything_is_found_by_what_is_known_of_it(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    another(world, "H00000002", "key-2", "25422000000000000002")
    assert groups(search(desk, "H12345678")) == {"document": 1}
    assert groups(search(desk, "1111")) == {"card": 2}
    assert groups(search(desk, " 134.46 ")) == {"amount": 2}
    assert groups(search(desk, "CNY 164.34")) == {"amount": 2}
    assert groups(search(desk, "2542 2000 0000 0000 0002")) == {"invoice": 1}
    assert groups(search(desk, "Trial store")) == {"store": 2}
    world.ports.storage.write(
        lambda tx: open_case(tx, world.ports, CaseKind.UNSECURED, "x", form_id=form.form_id)
    )
    (case,) = world.ports.storage.read(lambda tx: tx.open_cases())
    assert groups(search(desk, case.case_id)) == {"case": 1}


def test_each_row_says_its_state(desk: FlaskClient, world: World) -> None:
    steps.claimed(world)
    assert search(desk, "1111").statuses() == ["advanced"]


def test_nothing_found_says_what_was_looked_for(desk: FlaskClient, world: World) -> None:
    steps.issued(world)
    page = search(desk, "9999")
    assert looked_for(page) == {"card", "amount", "store"}
    assert "Nothing was found" in page.text
    assert page.value("code") == "9999"
    assert looked_for(search(desk, "H99999999")) >= {"document"}


def test_looking_for_a_document_is_recorded_and_nothing_else_is(
    desk: FlaskClient, world: World
) -> None:
    steps.claimed(world)

    def recorded() -> int:
        def count(tx: object) -> int:
            row = tx._session.row(  # type: ignore[attr-defined]
                "SELECT COUNT(*) AS n FROM audit_event WHERE kind = 'document_looked_up'"
                " AND actor = 'operator:operator-1'"
            )
            return int(row["n"])

        return world.ports.storage.read(count)

    search(desk, "1111")
    search(desk, "134.46")
    assert recorded() == 0
    search(desk, "H12345678")
    search(desk, "H99999999")
    assert recorded() == 2


def test_the_box_stands_on_every_page_and_the_slash_goes_there(desk: FlaskClient) -> None:
    for path in ("/operator/", "/operator/cases", "/operator/stores", "/operator/keys"):
        box = shown(desk, path).by_id("f-code")
        assert box is not None
        assert box.get("aria-keyshortcuts") == "/"


def test_a_search_is_written_in_chinese_too(app: Flask, sign_in: SignIn, world: World) -> None:
    steps.claimed(world)
    desk = sign_in(browser(app, "zh_Hans"), Role.OPERATOR)
    assert "按卡" in search(desk, "1111").text
    assert "没有找到" in search(desk, "9999").text
