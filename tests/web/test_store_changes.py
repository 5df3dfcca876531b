"""The clerk's pages for goods brought back, corrections and lost forms."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.form import Form, Status
from refund.core.people import Role
from refund.web.security import FIELD
from tests import make
from tests.services.steps import claimed, issued, status, verified
from tests.web.page import Page, check_fragment, check_page
from tests.web.people import SignIn, browser
from tests.world import World


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world whose network pays."""
    return create_app(settings, world.ports)


def path(form: Form, page: str = "") -> str:
    """Where a page of a form is."""
    return f"/store/forms/{form.form_id}{page}"


def advanced(world: World, price_fen: int = 5000_00) -> Form:
    """A form of three bags whose advance is paid."""
    lines = (make.line(price_fen, quantity=3),)
    return claimed(world, issued(world, make.draft(invoices=(make.invoice(lines=lines),))))


def type_in(clerk: FlaskClient, where: str, **fields: str) -> TestResponse:
    """Open a page, type into its fields, and press a button; `_` in names stands for `-`."""
    page = check_page(clerk.get(where))
    kept = {FIELD: page.token}
    for name in ("submission", "mistake"):
        if any(e.get("name") == name for e in page.root.iter()):
            kept[name] = page.value(name)
    typed = {name.replace("_", "-") if "lines" in name else name: v for name, v in fields.items()}
    return clerk.post(where, data={**kept, **typed})


def press(clerk: FlaskClient, page: Page, where: str, **fields: str) -> TestResponse:
    """Press a button of a page that is open, with what stands on it and more."""
    kept = {
        str(e.get("name")): page.value(str(e.get("name")))
        for e in page.root.iter()
        if e.tag in ("input", "textarea", "select") and e.get("name")
    }
    kept = {name: value for name, value in kept.items() if name != "taken" or value}
    return clerk.post(where, data={**kept, **fields})


@pytest.mark.rule("return_in_part")
def test_a_part_is_taken_back_in_cash_without_javascript(clerk: FlaskClient, world: World) -> None:
    form = advanced(world)
    where = path(form, "/return")
    page = check_page(type_in(clerk, where, step="0-0+"))
    assert page.value("lines-0-0") == "1"
    assert "The form goes on with less" in page.text
    assert "450.00" in page.text
    answer = press(clerk, page, where, confirm="yes", recovery="store")
    assert answer.status_code == 422
    page = check_page(answer)
    assert page.error("reason")
    assert "Count the cash" in page.error("taken"), "the cash is confirmed on its own"
    answer = press(clerk, page, where, confirm="yes", taken="yes", reason="did not fit")
    assert answer.status_code == 303
    page = check_page(clerk.get(answer.headers["Location"]))
    assert "Taken back in cash: CNY 450.00" in page.text
    assert "Refund that is left: CNY 900.00" in page.text
    assert status(world, form) is Status.ADVANCED


def test_a_step_never_goes_below_nothing_or_above_what_is_left(
    clerk: FlaskClient, world: World
) -> None:
    form = advanced(world)
    for step, typed, shown in (("0-0-", "0", "0"), ("0-0+", "3", "3"), ("7-7+", "1", "1")):
        page = check_page(type_in(clerk, path(form, "/return"), lines_0_0=typed, step=step))
        assert page.value("lines-0-0") == shown


@pytest.mark.rule("return_by_store_or_card")
def test_both_ways_are_offered_in_plain_words_with_the_sum(
    clerk: FlaskClient, world: World
) -> None:
    form = advanced(world)
    page = check_page(type_in(clerk, path(form, "/return"), lines_0_0="1", calculate="yes"))
    assert "CNY 450.00 is charged when the departure is settled" in page.text
    assert "The traveller pays CNY 450.00" in page.text
    page = check_page(type_in(clerk, path(form, "/return"), lines_0_0="3", calculate="yes"))
    assert "CNY 1,350.00 is charged to the card that is on hold" in page.text


def test_the_live_difference_is_the_side_of_the_page_alone(
    clerk: FlaskClient, world: World
) -> None:
    form = advanced(world)
    token = check_page(clerk.get(path(form, "/return"))).token
    part = check_fragment(
        clerk.post(path(form, "/return/offer"), data={FIELD: token, "lines-0-0": "2"})
    )
    assert "900.00" in part.text
    assert part.value("seen")
    part = check_fragment(
        clerk.post(path(form, "/return/offer"), data={FIELD: token, "lines-0-0": "x"})
    )
    assert "Enter no more than that" in part.text


@pytest.mark.rule("return_after_advance")
def test_all_goods_end_the_form_by_the_card(clerk: FlaskClient, world: World) -> None:
    form = advanced(world)
    where = path(form, "/return")
    page = check_page(type_in(clerk, where, lines_0_0="3", reason="changed", calculate="yes"))
    assert press(clerk, page, where, confirm="yes", recovery="capture").status_code == 303
    assert status(world, form) is Status.RETURNED
    page = check_page(clerk.get(path(form)))
    assert page.statuses() == ["returned"]
    assert "This form has ended" in page.text
    assert clerk.get(where).status_code == 409


@pytest.mark.rule("return_in_part")
def test_the_page_says_before_that_too_little_would_be_left(
    clerk: FlaskClient, world: World
) -> None:
    form = advanced(world, 100_00)
    page = check_page(type_in(clerk, path(form, "/return"), lines_0_0="2", calculate="yes"))
    assert "CNY 100.00 of the day's purchases would be left" in page.text
    assert "The form ends" in page.text


def test_a_page_that_is_out_of_date_does_nothing(clerk: FlaskClient, world: World) -> None:
    form = advanced(world)
    where = path(form, "/return")
    first = check_page(type_in(clerk, where, lines_0_0="1", reason="a", calculate="yes"))
    second = check_page(type_in(clerk, where, lines_0_0="1", reason="b", calculate="yes"))
    pressed = {"confirm": "yes", "recovery": "store", "taken": "yes"}
    assert press(clerk, first, where, **pressed).status_code == 303
    answer = press(clerk, second, where, **pressed)
    assert answer.status_code == 409
    assert "nothing was done" in check_page(answer).text
    assert press(clerk, first, where, **pressed).status_code == 303, "the same page again"
    entries = world.ports.storage.read(lambda tx: tx.entries_of(form.form_id))
    assert [entry.kind for entry, _, _ in entries].count("recovered") == 1


@pytest.mark.rule("return_before_advance")
def test_a_part_before_any_money_leads_to_the_new_form(clerk: FlaskClient, world: World) -> None:
    lines = (make.line(5000_00, quantity=3),)
    form = issued(world, make.draft(invoices=(make.invoice(lines=lines),)))
    where = path(form, "/return")
    page = check_page(type_in(clerk, where, lines_0_0="1", reason="damaged", calculate="yes"))
    assert "A new form takes its place" in page.text
    answer = press(clerk, page, where, confirm="yes")
    assert answer.status_code == 303
    assert answer.headers["Location"] != path(form)
    page = check_page(clerk.get(answer.headers["Location"]))
    assert "Takes the place of an older form" in page.text
    assert "900.00" in page.text
    old = check_page(clerk.get(path(form)))
    assert answer.headers["Location"] in old.links()


def test_a_refused_charge_leads_to_the_cash(clerk: FlaskClient, world: World) -> None:
    form = advanced(world)
    where = path(form, "/return")
    page = check_page(type_in(clerk, where, lines_0_0="3", reason="changed", calculate="yes"))
    world.network.kept.release("elsewhere-release-1", f"{form.form_id}-hold-1")
    press(clerk, page, where, confirm="yes", recovery="capture")
    page = check_page(clerk.get(path(form)))
    assert "The goods are back, the money is not" in page.text
    page = check_page(clerk.get(where))
    assert "1,350.00" in page.text


@pytest.mark.rule("nothing_after_verification")
def test_a_verified_form_offers_no_change(clerk: FlaskClient, world: World) -> None:
    form = verified(world)
    links = check_page(clerk.get(path(form))).links()
    for page in ("/return", "/replace", "/void"):
        assert path(form, page) not in links
        assert clerk.get(path(form, page)).status_code == 409


def test_a_form_is_corrected_from_the_page_that_is_filled_in(
    clerk: FlaskClient, world: World
) -> None:
    form = issued(world)
    where = path(form, "/replace")
    page = check_page(clerk.get(where))
    assert page.value("document_number") == "H12345678"
    assert page.value("lines-0-goods").startswith("BAG01")
    assert page.value("lines-0-unit_price") == "1494.00"
    assert "134.46" in page.text, "the sums stand there before anything is typed"
    answer = press(clerk, page, where, document_number="H87654321", check="yes")
    assert answer.status_code == 200
    page = check_page(answer)
    assert "Document number H12345678 H87654321" in page.text
    answer = press(clerk, page, where, issue="yes")
    assert answer.status_code == 422
    assert check_page(answer).error("reason")
    answer = press(clerk, page, where, issue="yes", reason="wrong permit")
    assert answer.status_code == 303
    assert status(world, form) is Status.SUPERSEDED
    again = press(clerk, page, where, issue="yes", reason="wrong permit")
    assert again.headers["Location"] == answer.headers["Location"], "a double click"


def test_a_correction_shows_its_refusals_and_keeps_what_was_typed(
    clerk: FlaskClient, world: World
) -> None:
    form = issued(world)
    where = path(form, "/replace")
    page = check_page(clerk.get(where))
    answer = press(clerk, page, where, issue="yes", reason="x", **{"lines-0-unit_price": "100"})
    assert answer.status_code == 422
    page = check_page(answer)
    assert page.value("lines-0-unit_price") == "100"
    assert page.value("reason") == "x"
    more = check_page(press(clerk, page, where, add_lines="yes"))
    assert more.named("lines-1-goods") is not None
    assert more.value("reason") == "x"
    token = {FIELD: page.token}
    part = check_fragment(clerk.post(f"{where}/dry-run", data=token))
    assert "What changes" in part.text
    assert status(world, form) is Status.ISSUED


def test_a_paid_form_is_led_through_the_return_to_its_correction(
    clerk: FlaskClient, world: World
) -> None:
    form = advanced(world)
    answer = clerk.get(path(form, "/replace"))
    assert answer.status_code == 303
    page = check_page(clerk.get(answer.headers["Location"]))
    assert "First the advance comes back" in page.text
    where = path(form, "/return")
    answer = press(clerk, page, where, confirm="yes", recovery="store", taken="yes")
    assert answer.headers["Location"] == path(form, "/replace")
    page = check_page(clerk.get(path(form, "/replace")))
    answer = press(clerk, page, path(form, "/replace"), issue="yes", reason="wrong name")
    assert answer.status_code == 303
    assert status(world, form) is Status.SUPERSEDED


@pytest.mark.rule("lost_form")
def test_a_lost_form_is_found_by_number_or_zone(clerk: FlaskClient, world: World) -> None:
    form = issued(world)
    page = check_page(type_in(clerk, "/store/find", document=" h1234 5678 "))
    assert path(form) in page.links()
    page = check_page(type_in(clerk, "/store/find", document="TK1234567"))
    assert "No form of this document in this store" in page.text
    for wrong in ("", "!!", "P<JPNTANAKA<<HARUKA", "\x00"):
        answer = type_in(clerk, "/store/find", document=wrong)
        assert answer.status_code == 422
        assert check_page(answer).error("document")


def test_another_stores_form_and_an_unknown_one_look_alike(
    app: Flask, sign_in: SignIn, world: World
) -> None:
    form = advanced(world)
    other = sign_in(browser(app), Role.CLERK, "clerk-2")
    token = check_page(other.get("/store/find")).token
    unknown = "/store/forms/" + "0" * 16
    for page in ("/return", "/replace"):
        foreign, missing = other.get(path(form, page)), other.get(unknown + page)
        assert foreign.status_code == missing.status_code == 404
        assert foreign.data == missing.data
    sent = {FIELD: token, "confirm": "yes", "seen": "x", "reason": "mine", "asked": "yes"}
    sent |= {"submission": "0123456789abcdef", "recovery": "capture"}
    for page in ("/return", "/return/offer", "/replace", "/replace/dry-run"):
        assert other.post(path(form, page), data=sent).status_code == 404
    assert status(world, form) is Status.ADVANCED
    found = check_page(other.post("/store/find", data={FIELD: token, "document": "H12345678"}))
    assert path(form) not in found.links()


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_pages_hold_in_both_languages(
    app: Flask, sign_in: SignIn, world: World, language: str
) -> None:
    form = advanced(world)
    clerk = sign_in(browser(app, language), Role.CLERK)
    check_page(clerk.get(path(form, "/return")))
    check_page(type_in(clerk, path(form, "/return"), lines_0_0="1", calculate="yes"))
    check_page(clerk.get("/store/find"))
    small = make.draft("25422000000000000002")
    check_page(clerk.get(path(issued(world, small, "key-2"), "/replace")))
