"""The control page: closed to all but its operator, and each of its buttons does what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from refund.sandbox.app import create_sandbox
from refund.sandbox.cards import TRIAL_CARDS
from refund.sandbox.faults import NAMES, Fault
from refund.sandbox.network import Book
from refund.sandbox.settings import SandboxSettings
from refund.translations import load_catalogues
from tests.sandbox.world import SECRET, CountedIds, HandClock, Merchant, advance_body, hold_body
from tests.web.page import Page, check_page

PASSWORD = "ABCDEFGH2345"
PENDING = "4000000000000168"


def lab(path: Path, clock: HandClock, password: str = PASSWORD) -> Flask:
    """Build a sandbox that has a control page."""
    return create_sandbox(
        SandboxSettings(
            database=str(path / "lab.db"),
            secret=SECRET,
            public_url="http://127.0.0.1:8100",
            clock=clock,
            new_id=CountedIds(),
            control_password=password,
            webhook_url="http://127.0.0.1:1/told",
            webhook_secret="the secret of the webhooks",
        )
    )


@dataclass
class Operator:
    """The operator of the lab at the control page; every page is checked as it is read."""

    app: Flask

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    @property
    def book(self) -> Book:
        """The book behind the page."""
        book: Book = self.app.extensions["book"]
        return book

    def see(self, query: str = "") -> Page:
        """Open the page."""
        answer = self.client.get(f"/control{query}")
        assert answer.status_code == 200, answer.text
        return check_page(answer)

    def press(self, do: str, **typed: str) -> TestResponse:
        """Press a button of the page that is open."""
        sent = {"form_token": self.see().token, "do": do, **typed}
        return self.client.post("/control", data=sent)

    def done(self, do: str, **typed: str) -> Page:
        """Press a button and read the page that follows."""
        answer = self.press(do, **typed)
        assert (answer.status_code, answer.location) == (303, "/control"), answer.text
        return self.see()


@pytest.fixture
def visitor(tmp_path: Path, clock: HandClock) -> Iterator[Operator]:
    """Somebody who has not signed in."""
    app = lab(tmp_path, clock)
    yield Operator(app)
    app.extensions["book"].close()


@pytest.fixture
def operator(visitor: Operator) -> Operator:
    visitor.done("sign_in", password=PASSWORD)
    return visitor


def chosen(**changes: str) -> dict[str, str]:
    """A form that is filled in."""
    values = {"name": "html", "last4": "", "kind": "", "percent": "100", "seed": "1", "times": ""}
    return values | changes


def test_without_a_password_there_is_no_control_page(tmp_path: Path, clock: HandClock) -> None:
    app = lab(tmp_path, clock, "")
    client = app.test_client()
    typed = {"do": "sign_in", "password": "", "form_token": ""}
    for answer in (client.get("/control"), client.post("/control", data=typed)):
        assert answer.status_code == 404
        assert "Set-Cookie" not in answer.headers
    app.extensions["book"].close()


@pytest.mark.parametrize("password", ["", "guess", PASSWORD.lower(), f"{PASSWORD}=", "é"])
def test_a_wrong_password_opens_nothing(visitor: Operator, password: str) -> None:
    answer = visitor.press("sign_in", password=password)
    assert answer.status_code == 403
    page = check_page(answer)
    assert "not the password" in page.text
    assert password == "" or password not in page.text
    assert "Open holds" not in visitor.see().text


def test_the_password_opens_the_page_for_twelve_hours(visitor: Operator, clock: HandClock) -> None:
    visitor.done("sign_in", password=f" {PASSWORD} ")
    assert "Open holds" in visitor.see().text
    clock.pass_by(hours=11)
    assert "Open holds" in visitor.see().text
    clock.pass_by(hours=1)
    assert "Open holds" not in visitor.see().text
    assert visitor.press("heal").status_code == 403


def test_nobody_presses_a_button_who_has_not_signed_in(visitor: Operator) -> None:
    for do in ("switch_on", "switch_off", "heal", "end_hold", "pass_time", "restore", "sign_out"):
        answer = visitor.press(do, **chosen(), hours="1", confirmed="yes")
        assert answer.status_code == 403
        assert "signed out" in check_page(answer).text
    assert visitor.book.faults.switched() == []


@pytest.mark.parametrize("token", ["", "guess", "é"])
def test_a_form_that_is_not_from_the_page_does_nothing(operator: Operator, token: str) -> None:
    for do in ("sign_in", "switch_on", "restore"):
        sent = {"form_token": token, "do": do, "password": PASSWORD, **chosen()}
        answer = operator.client.post("/control", data=sent)
        assert answer.status_code == 400
        assert "out of date" in check_page(answer).text
    assert operator.book.faults.switched() == []


def test_a_token_of_before_the_sign_in_is_worth_nothing_after_it(visitor: Operator) -> None:
    before = visitor.see().token
    after = visitor.done("sign_in", password=PASSWORD).token
    assert before != after
    answer = visitor.client.post("/control", data={"form_token": before, "do": "heal"})
    assert answer.status_code == 400


def test_the_cookie_is_for_this_page_alone_and_cannot_be_written(
    operator: Operator, tmp_path: Path, clock: HandClock
) -> None:
    answer = operator.press("sign_in", password=PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("sandbox_control=")
    for said in ("HttpOnly", "Path=/control", "SameSite=Strict"):
        assert said in cookie
    value = cookie.partition("=")[2].partition(";")[0]
    signed_in = operator.app.test_client()
    signed_in.set_cookie("sandbox_control", value, path="/control")
    assert "Open holds" in signed_in.get("/control").text
    forged = operator.app.test_client()
    forged.set_cookie("sandbox_control", value[:-3] + "AAA", path="/control")
    assert "Open holds" not in forged.get("/control").text
    (tmp_path / "other").mkdir()
    other = lab(tmp_path / "other", clock, "ANOTHER23456")
    stranger = other.test_client()
    stranger.set_cookie("sandbox_control", value, path="/control")
    assert "Open holds" not in stranger.get("/control").text
    other.extensions["book"].close()


def test_signing_out_ends_it(operator: Operator) -> None:
    assert "Password" in operator.done("sign_out").text
    assert operator.press("heal").status_code == 403


def test_the_merchants_secret_does_not_open_the_page(operator: Operator) -> None:
    merchant = Merchant(operator.app.test_client())
    assert "Open holds" not in merchant.get("/control").text


def test_the_page_is_guarded_as_the_card_page_is(operator: Operator) -> None:
    answer = operator.client.get("/control")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "form-action 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "<script" not in answer.text


def test_every_fault_stands_on_the_page_with_what_it_does(operator: Operator) -> None:
    page = operator.see()
    for name, known in NAMES.items():
        assert f"{name} {known.told}" in page.text
    for card in TRIAL_CARDS:
        assert f"···· {card.last4} · {card.brand}" in page.text


def test_a_fault_is_switched_on_as_it_was_chosen_and_off_again(operator: Operator) -> None:
    page = operator.done(
        "switch_on",
        **chosen(last4="1111", kind="hold", percent="12,5", seed="42", times="3"),
    )
    (switched,) = operator.book.faults.switched()
    assert switched.fault == Fault("html", "1111", "hold", 1250, 42, 3)
    assert "Switched on: html" in page.text
    assert "12.5 % 42 0 0 3" in page.text
    assert "Switched on: html" not in operator.see().text
    page = operator.done("switch_off", fault_id=str(switched.fault_id))
    assert "Switched off." in page.text
    assert operator.book.faults.switched() == []


def test_the_page_counts_what_was_drawn(operator: Operator) -> None:
    operator.done("switch_on", **chosen(times="2"))
    for _ in range(2):
        operator.book.faults.draw("html")
    assert "100 % 1 2 2 0" in operator.see().text


def test_everything_is_switched_off_at_once(operator: Operator) -> None:
    for name in NAMES:
        operator.book.faults.switch_on(Fault(name))
    page = operator.done("heal")
    assert f"Faults that were on: {len(NAMES)}" in page.text
    assert "Nothing is switched on" in page.text


@pytest.mark.parametrize("number", ["", "x", "0", "999", "9" * 30, "１"])
def test_what_is_not_switched_on_cannot_be_switched_off(operator: Operator, number: str) -> None:
    operator.done("switch_on", **chosen())
    assert "Switched off." not in operator.done("switch_off", fault_id=number).text
    assert len(operator.book.faults.switched()) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Choose what is to go wrong"),
        ({"name": "no_such"}, "Choose what is to go wrong"),
        ({"last4": "11"}, "Choose a card from the list"),
        ({"name": "statement_late", "last4": "1111"}, "not of one card"),
        ({"name": "payout_returned", "kind": "hold"}, "cannot happen to this kind"),
        ({"name": "wrong_amount", "kind": "session"}, "cannot happen to this kind"),
        ({"kind": "no_such"}, "cannot happen to this kind"),
        *[({"percent": typed}, "share from 0.01") for typed in ("", "0", "101", "1e2", "１", "-1")],
        *[({"percent": typed}, "share from 0.01") for typed in ("0.001", "NaN", "100.01")],
        *[({"seed": typed}, "at most 18 digits") for typed in ("", "x", "-1", "1.5", "9" * 19)],
        *[({"times": typed}, "whole number from 1") for typed in ("0", "x", "-1", "9" * 10)],
    ],
)
def test_what_cannot_be_switched_on_is_said_beside_its_field(
    operator: Operator, changes: dict[str, str], said: str
) -> None:
    answer = operator.press("switch_on", **chosen(**changes))
    assert answer.status_code == 422
    page = check_page(answer)
    assert said in page.text
    assert "Nothing was done yet" in page.text
    (field,) = changes.keys() - {"name"} or {"name"}
    fault = page.by_id(f"{field}-fault")
    assert fault is not None
    assert operator.book.faults.switched() == []


def test_what_was_typed_stays_and_is_shown_as_text(operator: Operator) -> None:
    typed = '"><script>alert(1)</script>'
    answer = operator.press("switch_on", **chosen(name="redirect", last4="1111", seed=typed))
    page = check_page(answer)
    assert page.value("seed") == typed[:200]
    assert (page.value("name"), page.value("last4")) == ("redirect", "1111")
    assert "<script>alert" not in answer.text


def test_a_hold_is_ended_early_by_a_button(operator: Operator) -> None:
    merchant = Merchant(operator.app.test_client())
    merchant.post("/v1/holds", hold_body(merchant.card()["card"]["token"]))
    assert "hold-1 ···· 1111 134.46 2025-08-07 12:00:00" in operator.see().text
    page = operator.done("end_hold", reference="hold-1")
    assert "The bank has ended the hold hold-1." in page.text
    assert "No hold stands." in page.text
    assert (operator.book.hold_state("hold-1") or {})["state"] == "ended"
    for reference in ("hold-1", "never", ""):
        answer = operator.press("end_hold", reference=reference)
        assert answer.status_code == 422
        assert "no longer stands" in check_page(answer).text


def test_what_is_due_happens_by_a_button(operator: Operator, clock: HandClock) -> None:
    merchant = Merchant(operator.app.test_client())
    token = merchant.card(PENDING)["card"]["token"]
    merchant.post("/v1/advances", advance_body(token))
    shown = "advance-1 Payout of an advance 134.46 2025-07-08 12:00:00 2025-07-08 12:10:00"
    assert shown in operator.see().text
    assert "Things done: 0" in operator.done("pass_time").text
    clock.pass_by(minutes=10)
    page = operator.done("pass_time")
    assert "Things done: 1" in page.text
    assert "No payout is pending." in page.text


def test_webhooks_stand_on_the_page_with_their_attempts(operator: Operator) -> None:
    merchant = Merchant(operator.app.test_client())
    merchant.post("/v1/holds", hold_body(merchant.card()["card"]["token"]))
    page = operator.see()
    assert "operation.changed hold-1" in page.text
    assert re.search(r"evt_[0-9a-f]{32}", page.text)


def test_a_backup_is_restored_only_when_that_is_confirmed(
    operator: Operator, clock: HandClock
) -> None:
    merchant = Merchant(operator.app.test_client())
    merchant.post("/v1/holds", hold_body(merchant.card()["card"]["token"]))
    clock.pass_by(hours=2)
    for typed, said in (
        ({"hours": "3"}, "tick the box"),
        ({"hours": "3", "confirmed": "on"}, "tick the box"),
        ({"hours": "0", "confirmed": "yes"}, "1 to 720"),
        ({"hours": "721", "confirmed": "yes"}, "1 to 720"),
        ({"hours": "", "confirmed": "yes"}, "1 to 720"),
    ):
        answer = operator.press("restore", **typed)
        assert answer.status_code == 422
        assert said in check_page(answer).text
    assert operator.book.book_totals()["operations"] == 1
    page = operator.done("restore", hours="1", confirmed="yes")
    assert "Operations that are gone: 0" in page.text
    page = operator.done("restore", hours="3", confirmed="yes")
    assert "Operations that are gone: 1" in page.text
    assert operator.book.book_totals()["operations"] == 0


def test_a_button_that_is_none_does_nothing(operator: Operator) -> None:
    for do in ("", "no_such"):
        assert operator.press(do).status_code == 400


def test_the_page_keeps_the_language_that_was_chosen(operator: Operator) -> None:
    assert operator.see("?language=zh-Hans").h1 == "网络控制台"
    page = operator.done("switch_on", **chosen(kind="hold", last4="1111"))
    assert page.root.get("lang") == "zh-Hans"
    assert "已开启：html" in page.text
    catalogue = load_catalogues("zh_Hans")
    for name, known in NAMES.items():
        assert f"{name} {catalogue.gettext(known.told)}" in page.text
    answer = operator.press("switch_on", **chosen(percent="0"))
    assert "请输入 0.01 至 100 的比例" in check_page(answer).text
    assert operator.see("?language=en").h1 == "Control of the network"
