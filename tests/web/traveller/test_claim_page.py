"""What the form's page says after the money: verified, released, charged, and what is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest

from refund.core.calendar import SHANGHAI
from refund.core.form import TRANSITIONS, Status
from refund.places import templates_folder
from refund.ports import Ports
from refund.services import reconcile, verify
from refund.web.claim_page import PARTS
from tests import make
from tests.web.people import OFFICER, OPERATOR, HandClock
from tests.web.phone import Phone, status


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2025, 7, day, hour, tzinfo=SHANGHAI)


def leaves(ports: Ports, clock: HandClock, moment: datetime, port: str = "WUH") -> None:
    clock.at = moment
    line = reconcile.ExitLine(make.traveller().document, port, moment)
    reconcile.record_exit(ports, OPERATOR, line)


def settles(ports: Ports, phone: Phone) -> None:
    seen = reconcile.proposals_for(ports, [phone.form.form_id])[0]
    chosen = reconcile.Chosen(phone.form.form_id, seen.action, seen.why)
    assert reconcile.settle(ports, OPERATOR, [chosen], "at the gate")[0].refusal is None


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
    "unverified": Broken(at(20), "WUH", False, "without showing the goods", False),
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
    assert "1,033.92" in page.text
    assert ("What you can still do" in page.text) is broken.is_open
    assert ("Last day for the ordinary refund" in page.text) is broken.is_open


def test_an_ordinary_refund_is_paid_at_the_counter(phone: Phone, ports: Ports) -> None:
    phone.claim(make.DECLINED)
    phone.post("/ordinary")
    verify.verify_form(ports, OFFICER, phone.form.form_id)
    assert "Now go to the refund counter behind the border" in phone.page().text
