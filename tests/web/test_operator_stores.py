"""The operator's register of stores: every act with what it means, its confirmation, its trace."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.calendar import SHANGHAI
from refund.core.people import Role
from refund.services.store_standing import StoreState, store_file
from tests.web.agency import post, shown
from tests.web.page import Page, check_page
from tests.web.people import SignIn, browser
from tests.world import World

APPLICATION = {
    "taxpayer_number": "SIM000000000000033",
    "name_zh": "新店",
    "name_en": "New store",
    "address_zh": "武汉",
    "address_en": "Wuhan",
    "phone": "027-0000-0033",
    "tax_credit_grade": "B",
    "general_taxpayer": "yes",
    "goods_ledger_kept": "yes",
    "sign_displayed": "yes",
    "source": "a test",
    "received_on": "2025-07-07",
}


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def act(desk: FlaskClient, number: int, word: str, **fields: object) -> Page:
    """Do an act as its page offers it; the store's page afterwards."""
    path = f"/operator/stores/{number}/{word}"
    version = shown(desk, path).value("version")
    response = post(desk, path, version=version, **fields)
    assert response.status_code == 303, check_page(response).text
    return shown(desk, response.headers["Location"])


def state(world: World, number: int) -> StoreState:
    """Where the register sorts a store now."""
    return store_file(world.ports, number).entry.state


def test_a_store_applies_and_is_accepted_in_time(desk: FlaskClient, world: World) -> None:
    response = post(desk, "/operator/stores/new", **APPLICATION)
    assert response.headers["Location"] == "/operator/stores/3"
    page = shown(desk, "/operator/stores/3")
    assert "Application open" in page.text
    assert "14 Jul 2025" in page.text
    assert state(world, 3) is StoreState.RECEIVED
    page = act(desk, 3, "accept")
    assert "May issue" in page.text
    assert "The application was accepted" in page.text


def test_an_application_that_waits_too_long_is_said_to_be_overdue(
    desk: FlaskClient, world: World
) -> None:
    post(desk, "/operator/stores/new", **APPLICATION)
    world.clock.pass_by(days=6)
    assert "overdue" not in shown(desk, "/operator/stores").text
    world.clock.pass_by(days=1)
    assert "overdue" in shown(desk, "/operator/stores").text
    assert "The application is overdue" in shown(desk, "/operator/stores/3").text


def test_what_cannot_be_read_of_an_application_is_said_beside_its_field(desk: FlaskClient) -> None:
    bad = {**APPLICATION, "phone": "none", "taxpayer_number": "12", "name_en": ""}
    bad |= {"tax_credit_grade": "", "received_on": "2025-07-09"}
    response = post(desk, "/operator/stores/new", **bad)
    assert response.status_code == 422
    page = check_page(response)
    for name in ("phone", "taxpayer_number", "name_en", "tax_credit_grade"):
        assert page.error(name), name
    assert page.value("name_zh") == "新店"
    again = post(desk, "/operator/stores/new", **(APPLICATION | {"received_on": "2025-07-09"}))
    assert check_page(again).error("received_on")


def test_an_application_without_every_condition_cannot_be_accepted(desk: FlaskClient) -> None:
    post(desk, "/operator/stores/new", **(APPLICATION | {"tax_credit_grade": "C"}))
    page = shown(desk, "/operator/stores/3/accept")
    assert "Conditions that are not met: tax-credit grade" in page.text
    response = post(desk, "/operator/stores/3/accept", version="1")
    assert response.status_code == 409
    assert "Its tax-credit grade is not A, B or M." in check_page(response).text


def test_a_suspension_says_what_it_means_and_stands_in_the_history(
    desk: FlaskClient, world: World
) -> None:
    page = shown(desk, "/operator/stores/1/suspend")
    assert "can issue no form, to the very second" in page.text
    assert "Forms that the store has issued stay as they are" in page.text
    page = act(desk, 1, "suspend", when="now", reason="the ledger is missing")
    assert state(world, 1) is StoreState.SUSPENDED
    assert "the ledger is missing" in page.text
    assert "苏敏 Su Min" in page.text
    page = act(desk, 1, "resume", when="now", reason="found again")
    assert state(world, 1) is StoreState.ACTIVE


def test_a_suspension_for_later_is_shown_and_can_be_withdrawn(
    desk: FlaskClient, world: World
) -> None:
    page = act(desk, 1, "suspend", when="later", effective_at="2025-07-09T09:00", reason="works")
    assert "Suspended from 9 Jul 2025, 09:00" in page.text
    assert state(world, 1) is StoreState.ACTIVE
    assert "Suspended from 9 Jul 2025, 09:00" in shown(desk, "/operator/stores").text
    act(desk, 1, "withdraw", reason="works put off")
    world.clock.pass_by(days=2)
    assert state(world, 1) is StoreState.ACTIVE


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"when": "later", "effective_at": "2025-07-08T13:59", "reason": "x"}, "effective_at"),
        ({"when": "later", "effective_at": "soon", "reason": "x"}, "effective_at"),
        ({"when": "later", "reason": "x"}, "effective_at"),
        ({"when": "now", "reason": ""}, "reason"),
    ],
)
def test_a_suspension_that_cannot_be_read_keeps_what_was_typed(
    desk: FlaskClient, typed: dict[str, str], field: str
) -> None:
    response = post(desk, "/operator/stores/1/suspend", version="1", **typed)
    assert response.status_code == 422
    page = check_page(response)
    assert page.error(field)
    assert page.value("reason") == typed["reason"]


def test_a_termination_asks_twice_and_leaves_nothing_to_do(desk: FlaskClient, world: World) -> None:
    once = post(desk, "/operator/stores/1/terminate", version="1", when="now", reason="closed")
    assert once.status_code == 422
    assert check_page(once).error("is_final")
    page = act(desk, 1, "terminate", when="now", reason="closed", is_final="yes")
    assert state(world, 1) is StoreState.TERMINATED
    assert "a terminated store stays as it is" in page.text
    assert desk.get("/operator/stores/1/resume").status_code == 409


def test_of_two_operators_the_second_is_told(desk: FlaskClient) -> None:
    path = "/operator/stores/1/suspend"
    version = shown(desk, path).value("version")
    act(desk, 1, "change", changed_on="2025-07-08", **_details(phone="027-1111-1111"))
    response = post(desk, path, version=version, when="now", reason="late")
    assert response.status_code == 409
    assert "Somebody else has changed this store" in check_page(response).text
    assert post(desk, path, version="x", when="now", reason="late").status_code == 400


def _details(**changes: str) -> dict[str, str]:
    known = {name: text for name, text in APPLICATION.items() if name != "received_on"}
    return known | changes


def test_a_change_is_kept_with_its_day_and_a_late_report_is_said(desk: FlaskClient) -> None:
    page = act(desk, 1, "change", changed_on="2025-07-01", **_details(name_en="Other name"))
    assert "English name: Trial store 1 → Other name" in page.text
    assert "late" not in page.text
    page = act(desk, 1, "change", changed_on="2025-06-20", **_details(name_en="Third name"))
    assert "changed on 2025-06-20 · late" in page.text
    same = post(
        desk,
        "/operator/stores/1/change",
        version="3",
        changed_on="2025-07-01",
        **_details(name_en="Third name"),
    )
    assert same.status_code == 422
    assert "Nothing differs from what the register has." in check_page(same).text


def test_the_agreement_on_advances_has_a_first_and_a_last_day(
    desk: FlaskClient, world: World
) -> None:
    page = act(desk, 1, "end", instant_to="2025-07-08", reason="not wanted any more")
    assert "to 8 Jul 2025" in page.text
    assert store_file(world.ports, 1).entry.is_instant
    world.clock.pass_by(hours=10)
    assert not store_file(world.ports, 1).entry.is_instant
    page = act(desk, 1, "agree", instant_from="2025-07-10", instant_to="2025-07-12")
    assert "from 10 Jul 2025 to 12 Jul 2025 · not now" in page.text
    early = post(desk, "/operator/stores/1/end", version="3", instant_to="2025-07-01", reason="x")
    assert check_page(early).error("instant_to")


def test_the_list_is_narrowed_to_a_state(desk: FlaskClient) -> None:
    act(desk, 2, "suspend", when="now", reason="x")
    page = shown(desk, "/operator/stores?state=suspended")
    rows = [one.get("data-store") for one in page.root.iter("tr") if one.get("data-store")]
    assert rows == ["2"]
    assert "No store stands here" in shown(desk, "/operator/stores?state=unfit").text


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_every_page_of_the_register_is_whole_in_both_languages(
    app: Flask, sign_in: SignIn, language: str, world: World
) -> None:
    desk = sign_in(browser(app, language), Role.OPERATOR)
    post(desk, "/operator/stores/new", **APPLICATION)
    pages = ["/operator/stores", "/operator/stores/new", "/operator/stores/1", "/operator/stores/3"]
    pages += [f"/operator/stores/1/{word}" for word in ("change", "suspend", "terminate", "end")]
    pages += [f"/operator/stores/3/{word}" for word in ("accept", "reject", "change")]
    for path in pages:
        shown(desk, path)


def test_what_is_not_there_is_not_found(desk: FlaskClient) -> None:
    assert desk.get("/operator/stores/77").status_code == 404
    assert desk.get("/operator/stores/99999999999999999999").status_code == 404
    assert desk.get("/operator/stores/1/import").status_code == 404


def test_a_clerk_reads_since_when_the_store_is_suspended(
    app: Flask, desk: FlaskClient, sign_in: SignIn, world: World
) -> None:
    clerk = sign_in(browser(app), Role.CLERK)
    assert "can issue no forms" not in check_page(clerk.get("/store/")).text
    at = (world.clock.now() + timedelta(minutes=20)).astimezone(SHANGHAI)
    act(desk, 1, "suspend", when="later", effective_at=f"{at:%Y-%m-%dT%H:%M}", reason="x")
    assert "Suspended from 8 Jul 2025, 14:20" in check_page(clerk.get("/store/")).text
    world.clock.pass_by(minutes=20)
    page = check_page(clerk.get("/store/"))
    assert "This store can issue no forms now" in page.text
    assert "The store is suspended. Since 8 Jul 2025, 14:20." in page.text
    assert date(2025, 7, 8) == at.date()
