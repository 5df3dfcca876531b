"""Issuing at the counter: what is read, what is refused beside which field, and never twice."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.core.people import Role
from refund.ports import Ports
from refund.services.issue import forms_today
from tests.web.counter import (
    BY_FIELDS,
    INVOICE,
    PASSPORT,
    PERMIT,
    PURCHASE,
    issue,
    open_issue,
    send,
    send_from,
)
from tests.web.page import Page, check_fragment, check_page
from tests.web.people import CLERK, HandClock, SignIn, browser

AMOUNTS = [
    "1e9",
    "NaN",
    "１００",
    "1,00",
    "-0",
    "-1",
    "+1",
    "0",
    "0.001",
    "1 000",
    "9" * 40,
    "\x00",
]
DAYS = ["2025-02-30", "2025-13-01", "8.7.2025", "２０２５-07-08", "2025-7-8", "0000-00-00", "x"]
LINES = {"lines_1_goods": "FOO01", "lines_1_quantity": "2", "lines_1_unit_price": "100.00"}


def issued(ports: Ports) -> int:
    """Count the forms of the store."""
    return len(forms_today(ports, CLERK))


def refused(clerk: FlaskClient, **changes: str) -> Page:
    """Try to issue, and return the page that says why not; everything typed is still there."""
    response = send(clerk, **changes)
    page = check_page(response)
    assert page.status in {409, 422}
    return page


def test_a_new_page_waits_for_the_document_of_today(clerk: FlaskClient) -> None:
    page = open_issue(clerk)
    assert page.value("invoices-0-day") == "2025-07-08"
    assert page.value("channel") == "instant"
    assert page.value("port") == "WUH"
    assert len(page.value("submission")) >= 32


def test_every_page_has_a_key_of_its_own(clerk: FlaskClient) -> None:
    assert open_issue(clerk).value("submission") != open_issue(clerk).value("submission")


def test_a_form_is_issued_from_the_zone(clerk: FlaskClient, ports: Ports) -> None:
    page = check_page(clerk.get(issue(clerk)))
    assert "134.46" in page.text
    assert page.statuses() == ["issued"]
    assert forms_today(ports, CLERK)[0].amounts.net_fen == 13446


def test_the_document_can_be_typed_in_fields_too(clerk: FlaskClient, ports: Ports) -> None:
    issue(clerk, **BY_FIELDS)
    issue(clerk, mrz=PASSPORT, invoices_0_number="25422000000012345679")
    first, second = forms_today(ports, CLERK)
    assert first.document_index == second.document_index


def test_the_zone_counts_when_fields_are_filled_in_too(clerk: FlaskClient, ports: Ports) -> None:
    issue(clerk, **{**BY_FIELDS, "mrz": PERMIT})
    issue(clerk, invoices_0_number="25422000000012345679")
    first, second = forms_today(ports, CLERK)
    assert first.document_index == second.document_index


def test_a_second_press_gives_the_same_form(clerk: FlaskClient, ports: Ports) -> None:
    page = open_issue(clerk)
    answers = [send_from(page, clerk, "issue", {}) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert issued(ports) == 1


def test_the_same_page_with_other_contents_is_no_second_form(
    clerk: FlaskClient, ports: Ports
) -> None:
    page = open_issue(clerk)
    send_from(page, clerk, "issue", {})
    answer = send_from(page, clerk, "issue", {"lines_0_unit_price": "9000.00"})
    assert answer.status_code == 409
    assert "already issued from this page" in check_page(answer).text
    assert issued(ports) == 1


def test_a_page_without_our_key_issues_nothing(clerk: FlaskClient, ports: Ports) -> None:
    assert send(clerk, submission="").status_code == 400
    assert issued(ports) == 0


def test_without_the_token_nothing_is_issued(clerk: FlaskClient, ports: Ports) -> None:
    assert send(clerk, form_token="x" * 64).status_code == 400
    assert issued(ports) == 0


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_a_bad_amount_is_said_beside_it_and_stays(
    clerk: FlaskClient, ports: Ports, language: str
) -> None:
    clerk.set_cookie("refund_language", language)
    for typed in AMOUNTS:
        page = refused(clerk, lines_0_unit_price=typed)
        assert page.error("lines-0-unit_price"), typed
        assert page.value("lines-0-unit_price") == typed.replace("\x00", "\ufffd")
        assert page.value("mrz").splitlines() == PERMIT.splitlines()
    assert issued(ports) == 0


def test_a_bad_quantity_is_said_beside_it(clerk: FlaskClient) -> None:
    for typed in ["0", "-1", "1.5", "1e1", "１", "9" * 40, "two"]:
        page = refused(clerk, lines_0_quantity=typed)
        assert page.error("lines-0-quantity"), typed
        assert page.value("lines-0-quantity") == typed


@pytest.mark.parametrize("field", ["last_entry", "invoices-0-day"])
def test_a_day_that_is_none_is_said_beside_it(clerk: FlaskClient, field: str) -> None:
    for typed in DAYS:
        page = refused(clerk, **{field: typed})
        assert page.error(field), typed
        assert page.value(field) == typed


@pytest.mark.parametrize("field", ["last_entry", "invoices-0-day"])
def test_a_day_in_the_future_is_refused(clerk: FlaskClient, field: str) -> None:
    assert "in the future" in refused(clerk, **{field: "2025-07-09"}).error(field)


def test_a_day_can_be_typed_in_a_row(clerk: FlaskClient, ports: Ports) -> None:
    issue(clerk, last_entry="20250701", invoices_0_day="20250708")
    assert issued(ports) == 1


def test_an_invoice_before_the_last_entry_is_refused_beside_its_day(clerk: FlaskClient) -> None:
    page = refused(clerk, last_entry="2025-07-08", invoices_0_day="2025-07-07")
    assert page.error("invoices-0-day")


def test_a_wrong_check_digit_names_line_and_place(clerk: FlaskClient) -> None:
    wrong = PERMIT.replace("3001019", "3001018")
    page = refused(clerk, mrz=wrong)
    assert "line 2" in page.error("mrz")
    assert page.value("mrz").splitlines() == wrong.splitlines()
    assert not page.error("document_number")


def test_a_character_that_looks_wrong_is_named(clerk: FlaskClient) -> None:
    said = refused(clerk, mrz=PERMIT.replace("800101", "8OO101")).error("mrz")
    assert "“O” in line 2 at position 2" in said


def test_a_zone_of_a_wrong_length_is_refused(clerk: FlaskClient) -> None:
    for typed in [PERMIT[:-2], "P<", "<" * 400, "<" * 5000]:
        assert check_page(send(clerk, "check", mrz=typed)).error("mrz"), typed


def test_a_zone_without_line_ends_is_read(clerk: FlaskClient) -> None:
    assert check_page(send(clerk, "check", mrz=PERMIT.replace("\n", ""))).status == 200


def test_nothing_typed_is_told_all_at_once(clerk: FlaskClient) -> None:
    empty = dict.fromkeys(PURCHASE, "")
    page = check_page(send(clerk, **empty))
    for name in ("mrz", "last_entry", "invoices-0-number", "invoices-0-day", "lines-0-goods"):
        assert page.error(name), name


def test_every_reason_of_the_seven_is_named_at_once(clerk: FlaskClient) -> None:
    page = check_page(
        send(
            clerk,
            "check",
            mrz="",
            last_entry="2024-12-01",
            invoices_0_kind="special",
            invoices_0_day="2025-07-08",
            lines_0_goods="JEW13",
            lines_0_unit_price="100.00",
        )
    )
    assert page.error("mrz").startswith("No valid document")
    assert "183" in page.error("last_entry")
    assert page.error("invoices-0-kind")
    assert page.error("lines-0-goods")
    assert "at least 200.00 yuan" in page.text
    assert "SAT 41/2015 art. 10 (5)" in page.text


def test_an_invoice_is_used_once(clerk: FlaskClient, ports: Ports) -> None:
    issue(clerk)
    page = refused(clerk, mrz=PASSPORT)
    assert INVOICE in page.error("invoices-0-number")
    assert issued(ports) == 1


def test_an_invoice_twice_on_a_page_is_refused_beside_the_second(clerk: FlaskClient) -> None:
    page = refused(
        clerk,
        invoices_1_number=INVOICE,
        invoices_1_day="2025-07-08",
        invoices_1_kind="ordinary",
        **LINES,
        lines_1_invoice="1",
    )
    assert page.error("invoices-1-number")
    assert not page.error("invoices-0-number")


def test_unknown_goods_are_said_beside_them(clerk: FlaskClient) -> None:
    page = refused(clerk, lines_0_goods="a yacht <b>")
    assert page.error("lines-0-goods")
    assert page.value("lines-0-goods") == "a yacht <b>"


def test_goods_are_found_by_code_name_and_initials(clerk: FlaskClient) -> None:
    for typed in ["bag01", "BAG01 皮革手提包", "皮革手提包", "leather handbag", "pgstb"]:
        assert check_page(send(clerk, "check", lines_0_goods=typed)).status == 200, typed


def test_goods_without_refund_are_refused_with_the_source(clerk: FlaskClient) -> None:
    page = refused(clerk, lines_0_goods="JEW13")
    assert "precious metal" in page.error("lines-0-goods")


def test_a_mainland_passport_gives_no_right(clerk: FlaskClient) -> None:
    page = refused(clerk, **{**BY_FIELDS, "nationality": "CHN"})
    assert page.error("nationality")


def test_an_expired_document_is_refused_where_it_was_typed(
    clerk: FlaskClient, clock: HandClock, sign_in: SignIn
) -> None:
    assert refused(clerk, **{**BY_FIELDS, "document_expiry": "2025-07-07"}).error("document_expiry")
    clock.move(days=365 * 5)
    sign_in(clerk, Role.CLERK)
    today = clock.now().date().isoformat()
    page = refused(clerk, last_entry=today, invoices_0_day=today)
    assert page.error("mrz")


def test_a_button_adds_a_line_and_keeps_what_was_typed(clerk: FlaskClient) -> None:
    page = check_page(send(clerk, "add_lines"))
    assert page.value("lines-0-goods") == "BAG01"
    assert page.value("lines-1-goods") == ""
    assert page.value("lines-1-quantity") == "1"
    assert page.named("lines-1-goods").get("autofocus") is not None


def test_a_button_takes_a_line_away(clerk: FlaskClient) -> None:
    page = open_issue(clerk)
    answer = send_from(page, clerk, "x", {**LINES, "remove_lines": "0"})
    page = check_page(answer)
    assert page.value("lines-0-goods") == "FOO01"
    assert not [e for e in page.root.iter() if e.get("name") == "lines-1-goods"]


def test_lines_of_an_invoice_that_goes_belong_to_the_first(clerk: FlaskClient) -> None:
    both = {**LINES, "invoices_1_number": "25422000000012345679", "lines_1_invoice": "1"}
    page = check_page(send_from(open_issue(clerk), clerk, "x", {**both, "remove_invoices": "1"}))
    assert check_page(send(clerk, "check", **{**LINES, "lines_1_invoice": "0"})).status == 200
    assert page.value("lines-1-goods") == "FOO01"


def test_too_many_lines_are_refused(clerk: FlaskClient) -> None:
    many = {f"lines_{n}_goods": "BAG01" for n in range(70)}
    assert "60" in refused(clerk, **many).error("lines-0-goods")
    assert "60" in refused(clerk, **{"lines-12345-goods": "BAG01"}).error("lines-0-goods")


def test_the_live_sum_says_amounts_and_every_refusal(clerk: FlaskClient) -> None:
    typed = {**PURCHASE, "form_token": open_issue(clerk).token, "last_entry": ""}
    part = check_fragment(clerk.post("/store/issue/dry-run", data=typed))
    assert "134.46" in part.text
    assert "25 Jul 2025" in part.text
    assert "LI KA MING" in part.text
    assert "SAT 41/2015 art. 10 (2)" in part.text


def test_the_live_sum_issues_nothing(clerk: FlaskClient, ports: Ports) -> None:
    typed = {**PURCHASE, "form_token": open_issue(clerk).token, "issue": "yes"}
    assert clerk.post("/store/issue/dry-run", data=typed).status_code == 200
    assert issued(ports) == 0


def test_checking_without_javascript_says_the_sum(clerk: FlaskClient, ports: Ports) -> None:
    page = check_page(send(clerk, "check"))
    assert page.status == 200
    assert "Ready to issue" in page.text
    assert issued(ports) == 0


def test_fields_that_are_not_ours_change_nothing(clerk: FlaskClient, ports: Ports) -> None:
    issue(clerk, store_number="2", form_id="0" * 16, staff_id="clerk-2", net_fen="999999")
    form = forms_today(ports, CLERK)[0]
    assert (form.store_number, form.staff_id, form.amounts.net_fen) == (1, "clerk-1", 13446)


def test_the_ordinary_refund_can_be_chosen(clerk: FlaskClient, ports: Ports) -> None:
    issue(clerk, channel="ordinary")
    assert forms_today(ports, CLERK)[0].channel.value == "ordinary"


def test_two_stores_have_the_same_key_for_different_forms(
    app: Flask, clerk: FlaskClient, sign_in: SignIn, ports: Ports
) -> None:
    page = open_issue(clerk)
    send_from(page, clerk, "issue", {})
    other = sign_in(browser(app), Role.CLERK, "clerk-2")
    mine = {"submission": page.value("submission"), "invoices_0_number": "25422000000012345679"}
    answer = send(other, **mine)
    assert answer.status_code == 303
    assert issued(ports) == 1
