"""What the form's page says after the money: verified, released, charged, and what is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask

from refund.core.calendar import SHANGHAI, day_of
from refund.core.customs import LinesShown, RefusalReason
from refund.core.entitlement import ConfirmedLine, Recovery
from refund.core.exit_file import ExitLine
from refund.core.form import TRANSITIONS, Form, Status
from refund.core.ids import group_form_number
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.places import templates_folder
from refund.ports import Ports
from refund.services import amend, exits, reconcile, returns, verify
from refund.services.counter_desk import counter_at, show_document
from refund.services.counter_pay import Signed, pay_cash
from refund.services.enrol import goods_master
from refund.services.returns import BroughtBack
from refund.services.tills import open_till
from refund.simulation.engine.network import BookNetwork
from refund.web.claim_page import PARTS
from tests import make
from tests.web.page import check_page
from tests.web.people import CLERK, OFFICER, OPERATOR, HandClock
from tests.web.phone import Phone, issued, status


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2025, 7, day, hour, tzinfo=SHANGHAI)


def leaves(ports: Ports, clock: HandClock, moment: datetime, port: str = "WUH") -> None:
    clock.at = moment
    line = ExitLine(make.traveller().document, port, moment)
    exits.record_exit(ports, OPERATOR, line)


def settles(ports: Ports, phone: Phone) -> None:
    seen = reconcile.proposals_for(ports, [phone.form.form_id])[0]
    chosen = reconcile.Chosen(phone.form.form_id, seen.action, seen.why)
    assert reconcile.settle(ports, OPERATOR, [chosen], "at the gate")[0].refusal is None


def the_pass(phone: Phone) -> str:
    """What the exit pass says of the same form."""
    return check_page(phone.client.get("/traveller/pass")).text


def test_every_state_has_a_page() -> None:
    assert set(PARTS) == set(Status)
    assert set(TRANSITIONS.values()) <= set(PARTS)
    for name in PARTS.values():
        assert (templates_folder() / "traveller" / "now" / f"{name}.html").is_file()


def test_who_has_the_money_is_told_what_to_do_at_departure(phone: Phone) -> None:
    text = phone.claim().text
    for said in (
        "25 Jul 2025",
        "Wuhan Tianhe International Airport",
        "customs desk before check-in",
        "The phone replaces the paper form",
        "Held on your card",
        "7 Aug 2025",
    ):
        assert said in text


def test_after_customs_one_only_has_to_leave(phone: Phone, ports: Ports) -> None:
    phone.claim()
    verify.verify_form(ports, OFFICER, phone.form.form_id)
    page = phone.page()
    assert page.h1 == "Customs have confirmed the goods"
    assert "Now you only have to leave" in page.text
    assert "Yes, when you leave now." in the_pass(phone)


def test_a_released_hold_can_be_proved_to_the_bank(
    phone: Phone, ports: Ports, clock: HandClock
) -> None:
    phone.claim()
    verify.verify_form(ports, OFFICER, phone.form.form_id)
    leaves(ports, clock, at(20))
    settles(ports, phone)
    page = phone.page()
    assert page.h1 == "All done: the hold is released"
    guarantee = ports.storage.read(lambda tx: tx.guarantees_of(phone.form.form_id))[-1]
    assert guarantee.authorisation_code in page.text
    assert "20 Jul 2025, 12:00" in page.text
    assert "You left the country" in page.text
    assert "Yes, for good." in the_pass(phone)
    assert "Nothing is left to do at the border" in the_pass(phone)


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept, and what is said of it."""

    left: datetime | None
    port: str
    is_verified: bool
    reason: str
    is_open: bool


BROKEN = {
    "late": Broken(at(26), "WUH", True, "after the last day", True),
    "elsewhere": Broken(at(20), "YIH", True, "through another port", True),
    "unverified": Broken(at(20), "WUH", False, "without showing the goods", True),
    "never": Broken(None, "", False, "no departure was seen", True),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_who_broke_the_promise_is_told_what_was_charged_why_and_what_is_open(
    phone: Phone, ports: Ports, clock: HandClock, broken: Broken
) -> None:
    phone.claim()
    if broken.is_verified:
        verify.verify_form(ports, OFFICER, phone.form.form_id)
    if broken.left is not None:
        leaves(ports, clock, broken.left, broken.port)
    clock.at = at(31)
    settles(ports, phone)
    page = phone.page()
    assert status(ports, phone.form) is Status.CAPTURED
    assert page.h1 == "The advance was charged to your card"
    assert broken.reason in page.text
    assert broken.reason in the_pass(phone)
    assert ("You left the country" in page.text) is (broken.left is not None)
    assert "1,033.92" in page.text
    assert ("What you can still do" in page.text) is broken.is_open
    assert ("Last day for the ordinary refund" in page.text) is broken.is_open
    assert "The code of this form stays the same" in page.text
    assert "it pays the refund in cash or by transfer" in page.text, "the exit pass"
    clock.at = at(31) + timedelta(days=68)
    late = phone.page()
    assert "The ordinary refund is no longer possible" in late.text
    assert "At your departure" not in late.text


@pytest.mark.rule("outcome_promise_broken")
def test_while_a_broken_promise_is_not_yet_charged_nobody_is_told_to_leave_by_a_past_day(
    phone: Phone, clock: HandClock
) -> None:
    phone.claim()
    clock.at = at(26)
    page = phone.page()
    assert "The promise ended on 25 Jul 2025" in page.text
    assert "the advance is charged by 30 Jul 2025" in the_pass(phone)
    assert "until 6 Oct 2025 you can have the ordinary refund" in page.text
    assert "Then leave: there is no counter to queue at" not in page.text


def three_bags(ports: Ports) -> Form:
    """A form of three bags of 5,000 yuan."""
    goods = next(item for item in goods_master(ports) if item.in_scope)
    day = day_of(ports.clock.now())
    lines = (InvoiceLine(goods, 3, 5_000_00),)
    invoice = Invoice("25422000000000000088", day, InvoiceKind.E_INVOICE, lines)
    return issued(ports, 88, invoices=(invoice,))


@pytest.fixture
def bags(app: Flask, ports: Ports, network: BookNetwork) -> Phone:
    """Return the phone of a traveller who has the money for three bags."""
    phone = Phone(app, ports, network, three_bags(ports))
    phone.claim()
    return phone


def shows(ports: Ports, phone: Phone, quantity: int) -> None:
    shown = LinesShown((ConfirmedLine((0, 0), quantity),))
    verify.verify_lines(ports, OFFICER, phone.form.form_id, shown)


@pytest.mark.rule("outcome_fewer_goods")
def test_who_shows_fewer_goods_is_told_before_and_after_what_is_charged_and_what_is_kept(
    bags: Phone, ports: Ports, clock: HandClock
) -> None:
    shows(ports, bags, 2)
    before = bags.page()
    assert before.h1 == "Customs have confirmed a part of the goods"
    for text in ("You keep CNY 900.00", "Will be charged to your card CNY 450.00"):
        assert text in before.text
    assert "bought: 3 · confirmed: 2" in before.text
    leaves(ports, clock, at(20))
    settles(ports, bags)
    after = bags.page()
    assert after.h1 == "All done: only the difference was charged"
    assert "Yes, for the goods that left." in the_pass(bags)
    assert "bought: 3 · confirmed: 2" in the_pass(bags)
    for text in ("You keep CNY 900.00", "Charged to your card CNY 450.00", "CNY 900.00 released"):
        assert text in after.text


@pytest.mark.rule("outcome_policy_not_met")
def test_who_was_refused_by_customs_reads_the_reason_before_and_after_the_charge(
    bags: Phone, ports: Ports
) -> None:
    note = "Three belts, no bags"
    verify.refuse_form(ports, OFFICER, bags.form.form_id, RefusalReason.GOODS_DIFFER, note)
    before = bags.page()
    for text in ("The goods that were shown are not those on the form", note, "CNY 1,350.00"):
        assert text in before.text
    settles(ports, bags)
    after = bags.page()
    assert after.h1 == "There is no refund for this form"
    assert "No, the refund is lost. The goods that were shown" in the_pass(bags)
    assert "The goods that were shown are not those on the form" in after.text
    assert "What you can still do" not in after.text


@pytest.mark.rule("outcome_goods_brought_back")
def test_who_brought_a_bag_back_reads_what_was_paid_back_and_what_remains(
    bags: Phone, ports: Ports
) -> None:
    brought = BroughtBack({(0, 0): 1}, Recovery.STORE, "a flaw", "return-1")
    returns.return_goods(ports, CLERK, bags.form.form_id, brought)
    page = bags.page()
    assert "CNY 450.00 of the advance were paid back there" in page.text
    assert "the refund is CNY 900.00" in page.text
    assert "bought: 3 · brought back: 1" in page.text


@pytest.mark.rule("outcome_goods_brought_back")
def test_a_form_whose_goods_all_went_back_says_that_its_code_is_dead(
    bags: Phone, ports: Ports
) -> None:
    brought = BroughtBack({(0, 0): 3}, Recovery.CAPTURE, "a flaw", "return-1")
    returns.return_goods(ports, CLERK, bags.form.form_id, brought)
    page = bags.page()
    assert page.h1 == "This form has ended in the store"
    assert "This form counts no more." in the_pass(bags)
    assert "Charged to your card CNY 1,350.00" in page.text
    scanned = bags.client.get(f"/F/{bags.form.code}")
    assert scanned.status_code == 410
    assert "This form has ended in the store" in check_page(scanned).text


@pytest.mark.rule("superseded_code_answers")
def test_the_code_and_the_page_of_a_superseded_form_name_the_new_one(
    phone: Phone, ports: Ports
) -> None:
    phone.unlock()
    corrected = make.draft(
        traveller=make.traveller("H87654321"),
        invoices=tuple(ports.storage.read(lambda tx: tx.invoices_of(phone.form.form_id))),
    )
    made = amend.replace_form(ports, CLERK, phone.form.form_id, corrected, "new", "wrong permit")
    assert made.form is not None
    number = group_form_number(made.form.form_number)
    scanned = phone.client.get(f"/F/{phone.form.code}")
    assert scanned.status_code == 410
    assert number in check_page(scanned).text
    page = phone.page()
    assert page.h1 == "This form was replaced by a newer one"
    assert number in page.text


@pytest.mark.rule("ordinary_after_capture")
def test_a_charge_and_the_ordinary_refund_after_it_are_one_thread_on_the_phone(
    phone: Phone, ports: Ports, clock: HandClock
) -> None:
    phone.claim()
    clock.at = at(28)
    settles(ports, phone)
    clock.at = at(31)
    verify.verify_form(ports, OFFICER, phone.form.form_id)
    page = phone.page()
    assert "Now go to the refund counter behind the border" in page.text
    assert "The advance of CNY 1,033.92 had been charged back before" in page.text
    told = [page.text.index(f"{text} ") for text in ("Paid to you", "Charged to your card")]
    assert told == sorted(told)
    counter = counter_at(OPERATOR, "WUH")
    open_till(ports, OPERATOR, "WUH", 2_000_00)
    assert show_document(ports, counter, phone.form.form_id, make.traveller().document)
    receipt = pay_cash(ports, counter, phone.form.form_id, Signed(make.signature(), "page-1"))
    paid = phone.page()
    assert paid.h1 == "All done: the refund is paid"
    assert "Yes, it is paid." in the_pass(phone)
    assert receipt.receipt_number in paid.text
    assert "in cash at the refund counter" in paid.text


def test_an_ordinary_refund_is_paid_at_the_counter(phone: Phone, ports: Ports) -> None:
    phone.claim(make.DECLINED)
    phone.post("/ordinary")
    verify.verify_form(ports, OFFICER, phone.form.form_id)
    assert "Now go to the refund counter behind the border" in phone.page().text
    assert "The refund counter behind the border pays it." in the_pass(phone)


@pytest.mark.rule("hold_outlives")
def test_who_could_not_be_charged_is_told_what_is_open_and_why(
    app: Flask, ports: Ports, network: BookNetwork, clock: HandClock
) -> None:
    phone = Phone(app, ports, network, three_bags(ports))
    phone.claim(make.CHARGE_DECLINED)
    shows(ports, phone, 2)
    leaves(ports, clock, at(20))
    settles(ports, phone)
    assert status(ports, phone.form) is Status.UNCOLLECTED
    page = phone.page()
    assert page.h1 == "The difference could not be charged"
    assert "Open amount CNY 450.00" in page.text
    assert "This is settled with the refund agency" in the_pass(phone)
