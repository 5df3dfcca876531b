"""The counter's pages: one field for any scan, three steps to the money, and the till."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.form import Channel, Form, Status
from refund.core.people import Actor, Role, Staff
from refund.core.signing import code_url
from refund.services import later
from refund.services.enrol import enrol_staff
from refund.simulation.engine.network import Fault
from tests import make
from tests.services import steps
from tests.services.till_steps import receipts
from tests.web.agency import let_in, post, shown
from tests.web.page import Page, check_page
from tests.web.people import SignIn, browser
from tests.world import PUBLIC_URL, World
from tests.zones import td1

HOME = "/operator/counter/WUH"
ZONE = td1("CR", "H12345678")
DRAWN = json.dumps([[[x * 40, 100 + x % 2 * 90] for x in range(20)]])
PAGE = "page-of-a-test"


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def ordinary(world: World, key: str = "key-1", number: str = "25422000000000000001") -> Form:
    """A form for the refund at departure, verified by customs at Wuhan."""
    form = steps.issued(world, make.draft(number, channel=Channel.ORDINARY), key)
    return steps.verified(world, form)


def address(form: Form, rest: str = "") -> str:
    """A form's page at the counter."""
    return f"{HOME}/forms/{form.form_id}{rest}"


def opened(desk: FlaskClient, yuan: str = "1000") -> None:
    """Open the till with its cash."""
    assert post(desk, f"{HOME}/till", float=yuan).location == HOME


def scanned(desk: FlaskClient, text: str) -> TestResponse:
    """Scan whatever it is on the counter's first page."""
    return post(desk, HOME, scan=text)


def ready(desk: FlaskClient, world: World) -> Form:
    """A form at a counter with an open till, its document shown."""
    form = ordinary(world)
    opened(desk)
    assert scanned(desk, ZONE).location == address(form)
    return form


def pays_cash(desk: FlaskClient, form: Form, page: str = PAGE) -> TestResponse:
    """Sign and pay in cash."""
    return post(desk, address(form, "/cash"), submission=page, signature=DRAWN)


# Finding.


def test_the_counter_is_chosen_once_and_an_operator_with_a_port_has_it(
    app: Flask, desk: FlaskClient, world: World, sign_in: SignIn, password_hash: str
) -> None:
    page = shown(desk, "/operator/counter")
    assert {f"/operator/counter/{port}" for port in ("WUH", "YIH", "ENH")} <= set(page.links())
    own = Actor("operator-yih", Role.OPERATOR, "Yichang", port="YIH")
    enrol_staff(world.ports, [Staff(own, own.staff_id, password_hash)], "test")
    other = sign_in(browser(app), Role.OPERATOR, "operator-yih")
    assert other.get("/operator/counter").location == "/operator/counter/YIH"
    assert other.get(HOME).status_code == 404
    assert desk.get("/operator/counter/XXX").status_code == 404


def test_a_code_a_number_and_a_document_find_the_form_and_none_is_in_an_address(
    desk: FlaskClient, world: World
) -> None:
    form = ordinary(world)
    number = form.form_number
    for text in (number, f"{number[:6]}-{number[6:]}\n", code_url(PUBLIC_URL, form.code), ZONE):
        assert scanned(desk, text).location == address(form)
    typed = post(desk, HOME, document_kind="hk_macao_permit", document_number="H12345678")
    assert typed.location == address(form)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scan": ""}, "scan"),
        ({"scan": "12345"}, "scan"),
        ({"scan": "CRHKG<<<"}, "scan"),
        ({"scan": "A" * 136}, "scan"),
        ({"scan": td1("CR", "H99999999")}, "scan"),
        ({"document_kind": "passport", "document_number": "!"}, "document_number"),
        ({"document_number": "H12345678"}, "document_kind"),
    ],
)
def test_what_finds_nothing_stays_in_its_field(
    desk: FlaskClient, world: World, fields: dict[str, str], field: str
) -> None:
    ordinary(world)
    response = post(desk, HOME, **fields)
    assert response.status_code in {404, 422}
    assert check_page(response).error(field)


def test_the_first_page_shows_who_waits_and_the_till(desk: FlaskClient, world: World) -> None:
    form = ordinary(world)
    page = shown(desk, HOME)
    assert address(form) in page.links()
    assert "The till is closed" in page.text
    opened(desk)
    assert "Till: CNY 1,000.00" in shown(desk, HOME).text


# Checking.


def check(page: Page) -> list[str]:
    """The answers of the review, point by point."""
    return [e.get("data-check") or "" for e in page.root.iter("li") if e.get("data-check")]


@pytest.mark.rule("review_papers")
def test_the_document_is_compared_before_a_way_is_offered(desk: FlaskClient, world: World) -> None:
    form = ordinary(world)
    opened(desk)
    page = shown(desk, address(form))
    assert "The document first" in page.text
    assert check(page).count("no") == 1
    assert address(form, "/cash") not in page.links()
    assert post(desk, address(form, "/document"), scan=td1("CR", "H99999999")).status_code == 303
    assert "not the one on the form" in shown(desk, address(form)).text
    assert post(desk, address(form, "/document"), scan="torn <<").status_code == 422
    assert post(desk, address(form, "/document"), scan=ZONE).location == address(form)
    page = shown(desk, address(form))
    assert set(check(page)) == {"yes"}
    assert address(form, "/cash") in page.links()
    assert page.named("way")


@pytest.mark.parametrize(
    ("status", "said"),
    [("issued", "Customs first"), ("advanced", "Paid in advance"), ("verified", "Paid in advance")],
)
def test_every_form_that_cannot_be_paid_says_plainly_why(
    desk: FlaskClient, world: World, status: str, said: str
) -> None:
    form = steps.issued(world)
    if status != "issued":
        form = steps.claimed(world, form)
    if status == "verified":
        form = steps.verified(world, form)
    assert said in shown(desk, address(form)).text
    assert desk.get(address(form, "/cash")).location == address(form)


@pytest.mark.rule("review_export")
def test_too_late_every_reason_is_said_and_the_denial_is_offered(
    desk: FlaskClient, world: World
) -> None:
    form = ordinary(world)
    world.clock.at = steps.on(31, month=12, hour=23).replace(day=1, month=12)
    let_in(desk)
    page = shown(desk, address(form))
    assert "90 days after the purchase" in page.text
    assert check(page).count("no") == 2
    assert check_page(post(desk, address(form, "/deny"), reason="")).error("reason")
    assert post(desk, address(form, "/deny"), reason="told why").location == address(form)
    assert "No refund" in shown(desk, address(form)).text
    assert steps.status(world, form) is Status.DENIED


@pytest.mark.rule("ordinary_after_capture")
def test_a_broken_promise_is_taken_up_and_paid_on_the_same_thread(
    desk: FlaskClient, world: World
) -> None:
    form = steps.verified(world)
    world.clock.pass_by(days=20)
    let_in(desk)
    page = shown(desk, address(form))
    assert "must be charged back first" in page.text
    assert "/operator/exit" in page.links()
    assert steps.settled(world, form).form.status is Status.CAPTURED
    scanned(desk, ZONE)
    assert "Accept the verification" in shown(desk, address(form)).text
    assert post(desk, address(form, "/accept")).location == address(form)
    assert post(desk, address(form, "/accept")).location == address(form)
    opened(desk)
    assert pays_cash(desk, form).status_code == 303
    assert steps.status(world, form) is Status.REFUNDED
    assert "Charged back" in shown(desk, f"/operator/forms/{form.form_id}").text


# Paying.


@pytest.mark.rule("ordinary_cash")
@pytest.mark.rule("ordinary_receipt")
def test_cash_is_signed_for_paid_once_and_handed_over_in_notes(
    desk: FlaskClient, world: World
) -> None:
    form = ready(desk, world)
    page = shown(desk, address(form, "/cash"))
    assert page.named("signature") is not None
    token = page.value("submission")
    unsigned = post(desk, address(form, "/cash"), submission=token)
    assert unsigned.status_code == 422
    again = check_page(unsigned)
    assert again.error("signature")
    assert again.value("submission") == token
    assert world.ports.storage.read(lambda tx: tx.receipt_of(form.form_id)) is None
    receipt = f"{HOME}/receipts/WUH-250708-0001"
    for _ in range(2):
        assert pays_cash(desk, form, token).location == receipt
    page = shown(desk, receipt)
    assert "Hand over" in page.text
    assert "1 × 100.00" in page.text
    assert "1 × 0.01" in page.text
    assert (
        pays_cash(desk, form, "page-of-another").location
        == address(form) + "?said=already_refunded"
    )
    assert "Till: CNY 865.54" in shown(desk, HOME).text


@pytest.mark.rule("receipt_labels")
def test_the_receipt_is_printed_on_a5_and_80_mm_once_it_is_paid(
    desk: FlaskClient, world: World
) -> None:
    form = ready(desk, world)
    pays_cash(desk, form)
    receipt = f"{HOME}/receipts/WUH-250708-0001"
    for rest in (".pdf", "/strip.pdf"):
        answer = desk.get(receipt + rest)
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF")
    assert desk.get(f"{HOME}/receipts/WUH-250708-0009.pdf").status_code == 404
    assert desk.get(f"{HOME}/receipts/nonsense").status_code == 404
    assert desk.get("/operator/counter/YIH/receipts/WUH-250708-0001").status_code == 404


def test_without_a_till_or_with_too_little_cash_is_not_offered(
    desk: FlaskClient, world: World
) -> None:
    form = ordinary(world)
    scanned(desk, ZONE)
    assert "No till is open" in shown(desk, address(form)).text
    opened(desk, "100")
    page = shown(desk, address(form))
    assert "only CNY 100.00 in the till" in page.text
    assert page.named("way") is not None
    assert pays_cash(desk, form).location == address(form)


def at_network(desk: FlaskClient, world: World, form: Form, number: str = make.VISA) -> str:
    """The page to sign, after the traveller has given a card on the network's page."""
    location = post(desk, address(form, "/network"), way="card").location
    session_id = location.rpartition("/")[2]
    world.network.give_card(session_id, number)
    back = desk.get(address(form, f"/back?session={session_id}"))
    assert back.location == address(form, f"/sign/{session_id}")
    return str(back.location)


@pytest.mark.rule("ordinary_transfer")
def test_a_card_is_given_on_the_network_s_page_signed_for_and_paid(
    desk: FlaskClient, world: World
) -> None:
    form = ready(desk, world)
    sign = at_network(desk, world, form)
    assert "1111" in shown(desk, sign).text
    answer = post(desk, sign, submission=PAGE, signed_name="CHAN TAI MAN")
    assert answer.location == f"{HOME}/receipts/WUH-250708-0001"
    assert "Paid to the traveller" in shown(desk, answer.location).text
    assert world.paid_fen() == make.NET_FEN
    twice = post(desk, sign, submission=PAGE, signed_name="CHAN TAI MAN")
    assert twice.location == address(form) + "?said=already_refunded"
    assert "paid or ordered meanwhile" in shown(desk, twice.location).text


def test_a_refused_card_leads_to_another_way(desk: FlaskClient, world: World) -> None:
    form = ready(desk, world)
    sign = at_network(desk, world, form, make.PAYOUT_REFUSED)
    assert post(desk, sign, submission=PAGE, signature=DRAWN).location == address(form)
    page = shown(desk, address(form))
    assert "Choose another way" in page.text
    assert "void" in page.text
    assert desk.get(sign).location == address(form) + "?said=card_session_unfinished"
    assert pays_cash(desk, form, "page-after-that").status_code == 303


def test_a_lost_answer_is_waited_for_and_the_page_updates_itself(
    desk: FlaskClient, world: World
) -> None:
    form = ready(desk, world)
    sign = at_network(desk, world, form)
    world.network.faults.append(Fault.LOST)
    assert post(desk, sign, submission=PAGE, signature=DRAWN).location == address(form)
    assert "This page updates itself" in shown(desk, address(form)).text
    assert desk.get(address(form, "/live")).status_code == 204
    assert desk.get(f"{HOME}/receipts/WUH-250708-0001.pdf").status_code == 409
    world.clock.pass_by(minutes=1)
    later.finish_open_operations(world.ports)
    assert desk.get(address(form, "/live")).headers["HX-Refresh"] == "true"
    assert "Paid already" in shown(desk, address(form)).text


def test_a_silent_network_is_said_and_cash_is_still_offered(
    desk: FlaskClient, world: World
) -> None:
    form = ready(desk, world)
    world.network.unplugged = True
    answer = post(desk, address(form, "/network"), way="bank_account")
    page = shown(desk, answer.location)
    assert "does not answer" in page.text
    assert address(form, "/cash") in page.links()


@pytest.mark.parametrize("way", ["", "cash", "gold"])
def test_a_way_that_there_is_not_is_refused(desk: FlaskClient, world: World, way: str) -> None:
    form = ready(desk, world)
    assert post(desk, address(form, "/network"), way=way).status_code == 422


def test_another_person_s_account_needs_its_owner_and_the_letter(
    desk: FlaskClient, world: World
) -> None:
    form = ready(desk, world)
    sign = at_network(desk, world, form)
    fields = {"submission": PAGE, "signature": DRAWN, "others_account": "yes"}
    page = check_page(post(desk, sign, **fields))
    assert (bool(page.error("owner")), bool(page.error("letter"))) == (True, True)
    assert desk.get(address(form, "/authorisation.pdf")).mimetype == "application/pdf"
    paid = post(desk, sign, **fields, owner="WONG SIU MING", letter="yes")
    assert "WONG SIU MING" in shown(desk, paid.location).text
    assert len(receipts(world, form)) == 1


def test_a_page_without_its_key_is_none_of_ours(desk: FlaskClient, world: World) -> None:
    form = ready(desk, world)
    assert post(desk, address(form, "/cash"), signature=DRAWN).status_code == 400


def test_the_pages_are_whole_in_chinese_too(app: Flask, sign_in: SignIn, world: World) -> None:
    desk = sign_in(browser(app, "zh_Hans"), Role.OPERATOR)
    form = ready(desk, world)
    for path in (HOME, address(form), address(form, "/cash"), f"{HOME}/till", "/operator/counter"):
        assert shown(desk, path).root.get("lang") == "zh-Hans"
    pays_cash(desk, form)
    assert "请付现金" in shown(desk, f"{HOME}/receipts/WUH-250708-0001").text
