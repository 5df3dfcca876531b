"""The operator's pages: what waits, a form's whole life, the registers, the books and keys."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.form import Status
from refund.core.people import Role
from refund.core.signing import code_url
from refund.core.store import read_stores
from refund.places import data_folder
from refund.services.auditing import run_audit
from refund.services.enrol import import_stores
from refund.services.oversee import Queue
from tests import make
from tests.services import steps
from tests.web.agency import another, figures, kept, let_in, post, settle, shown, ticket
from tests.web.page import Page, check_page
from tests.web.people import SignIn, browser
from tests.world import PUBLIC_URL, World


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


# What waits.


def test_the_first_page_counts_every_queue_and_the_money_that_is_out(
    desk: FlaskClient, world: World
) -> None:
    kept(world)
    another(world, "H00000002", "key-2", "25422000000000000002")
    page = shown(desk, "/operator/exit")
    counted = {queue: number for queue, number in figures(page).items() if number != "0"}
    assert counted == {"release": "1", "departure": "1"}
    assert len(figures(page)) == len(Queue)
    home = shown(desk, "/operator/")
    assert "CNY 268.92" in home.text
    assert waiting(home) == {"statements": "1", "exits": "1", "audit": "!"}
    assert "Overdue promises" in done(home)


def test_the_list_of_queues_renews_itself_only_when_it_is_another(
    desk: FlaskClient, world: World
) -> None:
    board = shown(desk, "/operator/").by_id("board")
    assert board is not None
    renewed = board.get("hx-get") or ""
    assert desk.get(renewed).status_code == 204
    steps.claimed(world)
    world.clock.pass_by(days=18)
    let_in(desk)
    answer = desk.get(renewed)
    assert answer.status_code == 200
    assert "Broken promises to charge" in answer.text


def waiting(page: Page) -> dict[str, str]:
    """The queues of the first page in which something waits, in their order."""
    rows = (e for e in page.root.iter("li") if e.get("data-queue"))
    return {row.get("data-queue") or "": next(row.iter("b")).text or "" for row in rows}


def done(page: Page) -> str:
    """What the first page says of the queues that are empty."""
    rows = (e for e in page.root.iter("li") if e.get("data-done"))
    return " ".join(" ".join(row.itertext()) for row in rows)


def test_what_is_due_first_stands_at_the_top(desk: FlaskClient, world: World) -> None:
    steps.claimed(world)
    world.clock.pass_by(days=18)
    run_audit(world.ports)
    assert list(waiting(shown(desk, "/operator/")))[-1] == "charges"
    world.clock.pass_by(days=10)
    run_audit(world.ports)
    queues = list(waiting(shown(desk, "/operator/")))
    assert "overdue" in queues
    assert "charges" not in queues


def test_broken_promises_say_by_when_they_are_to_be_charged(
    desk: FlaskClient, world: World
) -> None:
    steps.claimed(world)
    world.clock.pass_by(days=18)
    page = shown(desk, "/operator/exit")
    assert figures(page)["capture"] == "1"
    assert "First to be charged by 30 Jul 2025" in page.text
    world.clock.pass_by(days=10)
    assert "overdue" in shown(desk, "/operator/exit").text


def test_a_silent_network_is_said_and_nothing_is_compared(desk: FlaskClient, world: World) -> None:
    kept(world)
    world.network.unplugged = True
    for path in ("/operator/exit", "/operator/exit/release"):
        assert "The card network does not answer" in shown(desk, path).text


# A form's life.


def test_a_form_is_found_by_number_or_code_and_neither_stands_in_an_address(
    desk: FlaskClient, world: World
) -> None:
    form = steps.issued(world)
    number = form.form_number
    for text in (number, f" {number[:6]}-{number[6:]}", code_url(PUBLIC_URL, form.code)):
        response = post(desk, "/operator/forms", code=text)
        assert response.status_code == 303
        assert response.location == f"/operator/forms/{form.form_id}"


@pytest.mark.parametrize(
    ("text", "status"), [("", 422), ("A" * 136, 422), ("\x00", 422), ("1" * 1001, 422)]
)
def test_a_number_that_cannot_be_found_stays_in_its_field(
    desk: FlaskClient, text: str, status: int
) -> None:
    response = post(desk, "/operator/forms", code=text)
    assert response.status_code == status
    page = check_page(response)
    assert page.error("code")
    assert page.text


def test_a_forms_page_tells_its_whole_life(desk: FlaskClient, world: World) -> None:
    form = kept(world)
    settle(desk, "seen at the gate", ticket(form))
    page = shown(desk, f"/operator/forms/{form.form_id}")
    for text in ("CHAN TAI MAN", "陳大文", "H12345678", "Hong Kong", "Trial store 1"):
        assert text in page.text
    for text in ("1,494.00", "164.34", "29.88", "134.46", "Visa ···· 1111", "released"):
        assert text in page.text
    for text in ("The advance was paid", "Verified by customs", "The hold was released", "Officer"):
        assert text in page.text
    for text in ("Advances owed by travellers", "Refunds owed by the treasury", "Fees earned"):
        assert text in page.text
    assert "Agreement on the advance" in page.text
    assert make.signature().text in page.text
    assert "Promise" in page.text
    assert "9 Jul 2025, 12:00 · Wuhan Tianhe International Airport" in page.text
    assert page.statuses() == ["released"]


def test_showing_an_identity_is_recorded_and_told(desk: FlaskClient, world: World) -> None:
    form = steps.issued(world)
    shown(desk, f"/operator/forms/{form.form_id}")
    page = shown(desk, f"/operator/forms/{form.form_id}")
    assert "2 times, this one included" in page.text
    events = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    seen = [e.actor for e in events if e.kind == "identity_shown"]
    assert seen == ["operator:operator-1"] * 2


def test_a_new_form_and_a_declined_one_have_their_page(desk: FlaskClient, world: World) -> None:
    other = steps.issued(world, make.draft("25422000000000000002"), "key-2")
    for form in (steps.issued(world), steps.claimed(world, other, make.DECLINED)):
        page = shown(desk, f"/operator/forms/{form.form_id}")
        assert page.statuses() == [steps.status(world, form).value]


def test_an_unknown_form_is_no_page(desk: FlaskClient) -> None:
    response = desk.get("/operator/forms/00000000000000ff")
    assert response.status_code == 404
    check_page(response)


# Registers, books, keys.


def test_the_fourteen_stores_are_listed_with_their_source(desk: FlaskClient, world: World) -> None:
    stores = read_stores((data_folder() / "stores.csv").read_bytes())
    import_stores(world.ports, stores, "operator:operator-1")
    page = shown(desk, "/operator/stores")
    assert "Hermès, Wuhan Heartland 66" in page.text
    assert page.text.count("Illustrative ") >= 11
    assert "press and official reports of July 2025" in page.text
    assert len(list(page.root.iter("tr"))) == 15


def test_the_keys_are_shown_by_their_ids_and_days(desk: FlaskClient, world: World) -> None:
    page = shown(desk, "/operator/keys")
    assert world.ports.keys.ring().keys[0].kid in page.text
    assert "signs and verifies" in page.text


PAGES = (
    "/operator/",
    "/operator/exit",
    "/operator/exit/record",
    "/operator/exit/import",
    "/operator/forms",
    "/operator/stores",
    "/operator/books",
    "/operator/audit",
    "/operator/keys",
    "/operator/keys/rotate",
    "/operator/people",
    "/operator/sampling",
    "/operator/figures",
    "/operator/exports",
)


def test_looking_at_pages_changes_nothing(desk: FlaskClient, world: World) -> None:
    form = kept(world)
    before = world.ports.storage.read(lambda tx: (tx.events_of(form.form_id), tx.balances()))
    let_in(desk)
    for path in (*PAGES, "/operator/exit/sample.csv"):
        assert desk.get(path).status_code == 200
    for path in ("/operator/exit/preview", "/operator/exit/settle"):
        assert desk.get(path).status_code == 405
    after = world.ports.storage.read(lambda tx: (tx.events_of(form.form_id), tx.balances()))
    assert after == before


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_written_in_chinese_too(
    app: Flask, sign_in: SignIn, world: World, path: str
) -> None:
    kept(world)
    page = shown(sign_in(browser(app, "zh_Hans"), Role.OPERATOR), path)
    assert page.root.get("lang") == "zh-Hans"


@pytest.mark.parametrize("role", [Role.CLERK, Role.OFFICER])
def test_people_of_other_desks_are_shown_the_door(
    client: FlaskClient, sign_in: SignIn, world: World, role: Role
) -> None:
    form = kept(world)
    stranger = sign_in(client, role)
    for path in (*PAGES, f"/operator/forms/{form.form_id}", "/operator/exit/sample.csv"):
        assert stranger.get(path).status_code == 302
    token = check_page(stranger.get("/operator/sign-in")).token
    fields = {"form_token": token, "proposal": ticket(form), "reason": "x"}
    assert stranger.post("/operator/exit/settle", data=fields).status_code == 401
    assert steps.status(world, form) is Status.VERIFIED
