"""The counter's day in the browser: scanned anywhere, filled in by phone, shown and summed."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.core.people import Role
from refund.core.store import StoreStatus
from refund.ports import Ports
from refund.services.enrol import import_stores, store_register
from refund.services.fill_in import code_of_counter
from refund.services.issue import forms_today
from refund.web.security import FIELD
from tests.web.counter import INVOICE, PASSPORT, PERMIT, issue, open_issue, post, send
from tests.web.page import Page, check_fragment, check_page
from tests.web.people import CLERK, HandClock, SignIn, browser

TILL = (
    b"invoice_number,day,amount,overseas\n"
    b"25422000000012345678,2025-07-08,1494.00,yes\n"
    b"25422000000000000900,2025-07-07,899.00,yes\n"
)
CODE = re.compile(r"large-code\"><bdi dir=\"ltr\">(\w{2}) (\w{4})<")


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    """Return a traveller's phone."""
    return browser(app)


@pytest.fixture
def neighbour(app: Flask, sign_in: SignIn) -> FlaskClient:
    """Return the browser at the counter of store 2."""
    return sign_in(browser(app), Role.CLERK, "clerk-2")


def counter(ports: Ports) -> str:
    """The address that the counter of store 1 shows."""
    return f"/traveller/fill-in/{code_of_counter(ports, 1)}"


def give(phone: FlaskClient, ports: Ports, **changes: str) -> TestResponse:
    """Fill in on a phone."""
    address = counter(ports)
    page = check_page(phone.get(address))
    typed = {FIELD: page.token, "mrz": PERMIT, "last_entry": "2025-07-01", **changes}
    return phone.post(address, data=typed)


def filled_in(phone: FlaskClient, ports: Ports) -> str:
    """Fill in on a phone, and read the pick-up code from it."""
    assert give(phone, ports).status_code == 303
    answer = phone.get("/traveller/fill-in")
    check_page(answer)
    found = CODE.search(answer.get_data(as_text=True))
    assert found is not None
    return found[1] + found[2]


def scan(clerk: FlaskClient, text: str) -> TestResponse:
    """Scan something where no field waits for it."""
    return post(clerk, "/store/scanned", text=text)


def home(clerk: FlaskClient) -> Page:
    return check_page(clerk.get("/store/"))


def test_who_filled_in_opens_to_a_store_by_the_code_alone(
    clerk: FlaskClient, neighbour: FlaskClient, phone: FlaskClient, ports: Ports
) -> None:
    code = filled_in(phone, ports)
    for counter_screen in (clerk, neighbour):
        page = home(counter_screen)
        assert "L. K. M." in page.text
        assert code[:2] in page.text
        assert "LI KA MING" not in page.text
        assert code not in page.text
    answer = scan(clerk, f"REFUND-PICK-UP:{code}")
    assert answer.status_code == 303
    page = check_page(clerk.get(answer.headers["Location"]))
    assert (page.value("document_number"), page.value("last_entry")) == ("H12345678", "2025-07-01")
    assert page.named("invoices-0-number").get("autofocus") is not None
    assert "LI KA MING" in home(clerk).text
    assert "LI KA MING" not in home(neighbour).text
    foreign = neighbour.get(answer.headers["Location"])
    assert foreign.status_code == 404
    assert "LI KA MING" not in foreign.get_data(as_text=True)


def test_a_form_is_issued_for_whom_the_phone_described(
    clerk: FlaskClient, phone: FlaskClient, ports: Ports
) -> None:
    code = filled_in(phone, ports)
    taken = check_page(send(clerk, "take", take="code", pick_up=code, mrz="", last_entry=""))
    assert taken.value("invoices-0-number") == INVOICE
    fields = ("document_kind", "document_number", "nationality", "latin_name", "birth")
    typed = {name: taken.value(name) for name in (*fields, "document_expiry", "last_entry")}
    issue(clerk, mrz="", **typed)
    issue(clerk, invoices_0_number="25422000000000000002")
    first, second = forms_today(ports, CLERK)
    assert first.document_index == second.document_index


def test_a_wrong_code_is_said_beside_it_and_what_was_typed_stays(clerk: FlaskClient) -> None:
    for code, status in (("222222", 404), ("22", 422), ("", 422)):
        page = check_page(send(clerk, "take", take="code", pick_up=code))
        assert page.status == status
        assert page.error("pick_up")
        assert page.value("invoices-0-number") == INVOICE
    page = check_page(scan(clerk, "222222"))
    assert "Nobody has this pick-up code today" in page.text


def test_the_list_of_arrivals_updates_itself(
    clerk: FlaskClient, phone: FlaskClient, ports: Ports
) -> None:
    part = check_fragment(clerk.get("/store/arrivals"))
    seen = part.by_id("arrivals")
    assert seen is not None
    again = seen.get("hx-get") or ""
    assert clerk.get(again).status_code == 204
    filled_in(phone, ports)
    assert "L. K. M." in check_fragment(clerk.get(again)).text


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_a_phone_is_told_which_character_of_the_zone_looks_wrong(
    phone: FlaskClient, ports: Ports, language: str
) -> None:
    phone.set_cookie("refund_language", language)
    wrong = PASSPORT.replace("TK1234567", "TKI234567")
    page = check_page(give(phone, ports, mrz=wrong))
    assert page.status == 422
    assert page.error("mrz")
    assert page.value("mrz").split() == wrong.split()
    assert re.search(r"(Line 2, character 3|第 2 行第 3 个字符)", page.text)


def test_what_is_missing_on_the_phone_is_said_beside_its_field(
    phone: FlaskClient, ports: Ports
) -> None:
    page = check_page(give(phone, ports, mrz="", last_entry=""))
    assert page.status == 422
    assert page.error("mrz")
    assert page.error("last_entry")
    page = check_page(give(phone, ports, last_entry="2025-07-09"))
    assert "future" in page.error("last_entry")


def test_the_counters_code_of_yesterday_says_so(
    phone: FlaskClient, ports: Ports, clock: HandClock
) -> None:
    address = counter(ports)
    clock.move(days=1)
    page = check_page(phone.get(address))
    assert page.status == 410
    assert "another day" in page.text
    assert "Nothing is filled in" in check_page(phone.get("/traveller/fill-in")).text


def test_the_code_on_the_screen_leads_to_the_details(phone: FlaskClient, ports: Ports) -> None:
    answer = phone.get(f"/I/{code_of_counter(ports, 1)}")
    assert answer.status_code == 303
    assert check_page(phone.get(answer.headers["Location"])).h1 == "Fill in once, shop all day"


def test_another_phone_sees_and_deletes_nothing(
    app: Flask, clerk: FlaskClient, phone: FlaskClient, ports: Ports
) -> None:
    code = filled_in(phone, ports)
    own = phone.get("/traveller/fill-in")
    action = re.search(r"/traveller/fill-in/[0-9a-f]{16}/forget", own.get_data(as_text=True))
    assert action is not None
    other = browser(app)
    page = check_page(other.get("/traveller/fill-in"))
    assert "LI KA MING" not in page.text
    token = check_page(other.get(counter(ports))).token
    assert other.post(action[0], data={FIELD: token}).status_code == 303
    assert code[:2] in check_page(phone.get("/traveller/fill-in")).text
    mine = check_page(own).token
    assert phone.post(action[0], data={FIELD: mine}).status_code == 303
    assert "Nobody yet" in home(clerk).text


def test_a_forms_code_scanned_anywhere_opens_it_in_its_own_store(
    clerk: FlaskClient, neighbour: FlaskClient, ports: Ports
) -> None:
    where = issue(clerk)
    (form,) = forms_today(ports, CLERK)
    code = f"{ports.public_url}/F/{form.code}".upper()
    assert scan(clerk, code).headers["Location"] == where
    foreign = scan(neighbour, code)
    assert foreign.status_code == 404
    assert form.form_number not in foreign.get_data(as_text=True)
    assert scan(clerk, code[:-1] + "A").status_code in {404, 422}


def test_a_document_scanned_anywhere_begins_a_form_with_what_is_known(
    clerk: FlaskClient, neighbour: FlaskClient
) -> None:
    page = check_page(scan(clerk, PERMIT))
    assert page.value("mrz").split() == PERMIT.split()
    assert page.named("last_entry").get("autofocus") is not None
    issue(clerk)
    page = check_page(scan(clerk, PERMIT))
    assert page.value("last_entry") == "2025-07-01"
    assert page.value("local_name") == "李嘉明"
    assert page.named("invoices-0-number").get("autofocus") is not None
    assert "1 form of today in this store" in page.text
    page = check_page(scan(neighbour, PERMIT))
    assert page.value("last_entry") == ""
    assert "of today in this store" not in page.text


def test_the_live_sum_brings_what_is_known_to_fields_that_are_empty(clerk: FlaskClient) -> None:
    issue(clerk)
    page = open_issue(clerk)
    typed = {FIELD: page.token, "mrz": PERMIT, "last_entry": ""}
    part = check_fragment(clerk.post("/store/issue/dry-run", data=typed))
    fills = {
        e.get("data-fills"): e.get("data-value") for e in part.root.iter() if e.get("data-fills")
    }
    assert fills == {"last_entry": "2025-07-01", "local_name": "李嘉明"}
    typed["last_entry"] = "2025-07-02"
    part = check_fragment(clerk.post("/store/issue/dry-run", data=typed))
    assert not [e for e in part.root.iter() if e.get("data-fills")]


def test_a_late_form_asks_why_and_its_history_says_so(clerk: FlaskClient, ports: Ports) -> None:
    page = check_page(send(clerk, invoices_0_day="2025-07-07"))
    assert page.status == 422
    assert page.error("late_reason")
    assert forms_today(ports, CLERK) == []
    where = issue(clerk, invoices_0_day="2025-07-07", late_reason="the till was down")
    assert "Issued late: the till was down" in check_page(clerk.get(where)).text


def test_forgotten_sales_are_found_issued_or_left(clerk: FlaskClient) -> None:
    issue(clerk)
    assert "No till file yet" in check_page(clerk.get("/store/forgotten")).text
    page = upload(clerk, TILL)
    assert "2 sales compared" in page.text
    assert "25422000000000000900" in page.text
    assert "1 sale without a form" in page.text
    assert "taken in before" in upload(clerk, TILL).text
    begun = check_page(clerk.get("/store/issue?sale=25422000000000000900"))
    assert begun.value("invoices-0-number") == "25422000000000000900"
    assert begun.value("invoices-0-day") == "2025-07-07"
    assert begun.value("lines-0-unit_price") == "899.00"
    leave = "/store/forgotten/25422000000000000900"
    check_page(clerk.get(leave))
    assert check_page(post(clerk, leave, reason="")).error("reason")
    assert post(clerk, leave, reason="not wanted").status_code == 303
    assert "No sale was forgotten" in check_page(clerk.get("/store/forgotten")).text
    assert clerk.get("/store/issue?sale=25422000000000000900").status_code == 404


def upload(clerk: FlaskClient, content: bytes) -> Page:
    """Take a till's file in."""
    token = check_page(clerk.get("/store/forgotten")).token
    data = {FIELD: token, "file": (BytesIO(content), "till.csv")}
    return check_page(clerk.post("/store/forgotten", data=data))


def test_a_till_file_that_is_wrong_is_told_by_line_and_column(clerk: FlaskClient) -> None:
    page = upload(clerk, TILL + b"x,2025-07-08,1.00,perhaps\n")
    assert page.status == 422
    assert "Line 4 · invoice_number" in page.text
    assert "Line 4 · overseas" in page.text
    assert "No till file yet" in page.text
    example = clerk.get("/store/forgotten/example.csv")
    assert "2 sales compared" in upload(clerk, example.data).text


def test_the_shift_adds_up_on_the_screen_and_in_the_file(clerk: FlaskClient) -> None:
    issue(clerk)
    page = check_page(clerk.get("/store/shift"))
    assert "1,494.00" in page.text
    assert "林晓 Lin Xiao" in page.text
    rows = clerk.get("/store/shift.csv").data.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("form_number,issued_at,clerk,")
    assert rows[1].endswith("instant,1494.00,164.34,29.88,134.46,0.00,no,issued")
    assert "No form on this day" in check_page(clerk.get("/store/shift?day=2025-07-07")).text
    for typed in ("2025-02-30", "2999-01-01", "x"):
        page = check_page(clerk.get(f"/store/shift?day={typed}"))
        assert page.status == 422
        assert page.error("day")
        assert clerk.get(f"/store/shift.csv?day={typed}").status_code == 422


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_first_day_stands_on_a_sheet(clerk: FlaskClient, language: str) -> None:
    clerk.set_cookie("refund_language", language)
    assert "Ctrl Enter" in check_page(clerk.get("/store/first-day")).text


def test_the_screen_for_the_traveller_follows_the_counter(clerk: FlaskClient) -> None:
    shows = check_page(clerk.get("/store/display")).by_id("display")
    assert shows is not None
    assert shows.get("data-shows") == "idle"
    assert clerk.get(shows.get("hx-get") or "").status_code == 204
    send(clerk, "check")
    page = open_issue(clerk)
    typed = {FIELD: page.token, "mrz": PASSPORT, "lines-0-goods": "BAG01"}
    typed |= {"lines-0-quantity": "1", "lines-0-unit_price": "1494.00"}
    clerk.post("/store/issue/dry-run", data=typed)
    part = check_fragment(clerk.get(shows.get("hx-get") or ""))
    live = part.by_id("display")
    assert live is not None
    assert (live.get("data-shows"), live.get("lang")) == ("sum", "ja")
    assert "134.46" in part.text
    assert "TANAKA" not in part.text
    assert "TK1234567" not in part.text
    issue(clerk, mrz=PASSPORT)
    shown = check_page(clerk.get("/store/display")).by_id("display")
    assert shown is not None
    assert shown.get("data-shows") == "form"


def test_a_page_can_ask_who_is_signed_in(app: Flask, clerk: FlaskClient) -> None:
    assert clerk.get("/store/session").text == "1"
    stranger = browser(app)
    assert stranger.get("/store/session", headers={"HX-Request": "true"}).status_code == 401


def test_goods_are_found_by_the_whole_pinyin_too(clerk: FlaskClient) -> None:
    for query in ("stb", "shoutibao", "shou ti", "手提包", "handbag", "bag01"):
        part = check_fragment(clerk.get(f"/store/goods?part=1&q={query}"))
        first = next(e for e in part.root.iter("li"))
        assert (first.get("data-value") or "").startswith("BAG01 "), query


@pytest.mark.parametrize(
    ("status", "words"),
    [(StoreStatus.SUSPENDED, "is suspended"), (StoreStatus.TERMINATED, "has left")],
)
def test_a_store_that_may_not_issue_is_told_what_is_the_matter(
    clerk: FlaskClient, ports: Ports, status: StoreStatus, words: str
) -> None:
    store = next(one for one in store_register(ports) if one.store_number == 1)
    import_stores(ports, [replace(store, status=status)], "test")
    page = check_page(send(clerk))
    assert words in page.text
    assert "filing" not in page.text
