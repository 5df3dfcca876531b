"""A form's thread: each change of state with exactly the money that the books posted for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core import ledger
from refund.core.customs import Decision, Verification
from refund.core.entitlement import ConfirmedLine, GoodsReturn, Recovery
from refund.core.ledger import Account, Entry
from refund.core.money import Amounts
from refund.core.thread import Happened, Moved, line_outcomes, thread_of
from refund.core.trail import AuditEvent
from tests import make

ADVANCED = Amounts(15_000_00, 1_650_00, 300_00, 1_350_00)
DUE = Amounts(10_000_00, 1_100_00, 200_00, 900_00)
FORM = "00000000000000f1"


def event(kind: str, hours: int, version: int = 1) -> AuditEvent:
    """A change of state so many hours after noon."""
    at = make.NOON + timedelta(hours=hours)
    return AuditEvent(f"event-{kind}-{hours}", at, "worker", kind, FORM, version)


def posted(entry: Entry, hours: int, micros: int = 0) -> tuple[Entry, object, str]:
    """An entry of the same transaction, which reads the clock a moment earlier."""
    at = make.NOON + timedelta(hours=hours) - timedelta(microseconds=micros)
    return entry, at, "worker"


def moved(thread: tuple[Happened, ...], kind: str) -> Moved:
    """The money of the one step of a kind."""
    found = [one.moved for one in thread if one.event.kind == kind]
    assert len(found) == 1
    return found[0]


@pytest.mark.rule("ordinary_after_capture")
def test_advance_charge_and_ordinary_refund_are_one_thread() -> None:
    events = [
        event("hold_succeeded", 0),
        event("advance_succeeded", 0),
        event("request_capture", 500),
        event("capture_succeeded", 500),
        event("verify", 900),
        event("pay_cash", 901),
    ]
    entries = [
        posted(ledger.hold_entry("h", FORM, 1_350_00), 0, 7),
        posted(ledger.advance_entry("a", FORM, 1_350_00), 0, 3),
        posted(ledger.capture_entry("c", FORM, 1_350_00, 1_350_00), 500),
        posted(ledger.refund_entry("r", FORM, ADVANCED, Account.TILL), 901, 90),
    ]
    thread = thread_of(events, entries)  # type: ignore[arg-type]
    assert [one.event for one in thread] == events
    assert moved(thread, "hold_succeeded") == Moved(held_fen=1_350_00)
    assert moved(thread, "advance_succeeded") == Moved(paid_fen=1_350_00)
    assert moved(thread, "request_capture") == Moved()
    assert moved(thread, "capture_succeeded") == Moved(charged_fen=1_350_00)
    assert moved(thread, "pay_cash") == Moved(paid_fen=1_350_00)


@pytest.mark.rule("outcome_fewer_goods")
def test_of_an_adjusted_hold_the_thread_tells_both_parts() -> None:
    entry = ledger.adjust_entry("c", FORM, DUE, 450_00, 1_350_00)
    thread = thread_of([event("adjust_succeeded", 4)], [posted(entry, 4)])  # type: ignore[list-item]
    assert moved(thread, "adjust_succeeded") == Moved(charged_fen=450_00, released_fen=900_00)


@pytest.mark.rule("return_in_part")
def test_two_returns_each_have_what_was_paid_back_at_their_own_time() -> None:
    events = [event("return_part", 1), event("return_part", 5), event("return_part", 9)]
    entries = [
        posted(ledger.recovered_entry("r1", FORM, 450_00), 1),
        posted(ledger.recovered_entry("r3", FORM, 200_00), 9, 500),
    ]
    thread = thread_of(events, entries)  # type: ignore[arg-type]
    assert [one.moved.taken_back_fen for one in thread] == [450_00, 0, 200_00]


def test_what_changes_no_state_is_not_in_the_thread() -> None:
    assert thread_of([event("identity_shown", 1, version=0)], []) == ()


LINES = (make.line(5_000_00, quantity=3), make.line(100_00, quantity=2))
BOUGHT = (make.invoice(lines=LINES),)
ONE_BACK = GoodsReturn(
    "r1", FORM, 1, make.NOON, "clerk-1", (((0, 0), 1),), Recovery.NONE, 0, False, "too small"
)


def decided(decision: Decision, *lines: ConfirmedLine) -> Verification:
    """A decision of customs."""
    return replace(make.verification(), decision=decision, lines=lines)


@pytest.mark.rule("customs_item_by_item")
def test_each_line_says_what_was_bought_brought_back_and_confirmed() -> None:
    partly = decided(
        Decision.PARTLY, ConfirmedLine((0, 0), 1), ConfirmedLine((0, 1), 2, seal="A-17")
    )
    found = line_outcomes(BOUGHT, [ONE_BACK], partly)
    assert [(one.returned, one.confirmed, one.seal) for one in found] == [
        (1, 1, ""),
        (0, 2, "A-17"),
    ]
    assert [one.is_short for one in found] == [True, False]


@pytest.mark.parametrize(
    ("verification", "confirmed"),
    [(None, [None, None]), (decided(Decision.REFUSED), [0, 0])],
)
def test_undecided_is_not_none_and_refused_is(
    verification: Verification | None, confirmed: list[int | None]
) -> None:
    assert [one.confirmed for one in line_outcomes(BOUGHT, [], verification)] == confirmed


@given(st.integers(0, 3), st.integers(0, 2))
def test_confirmed_as_listed_means_all_that_the_traveller_still_had(
    first: int, second: int
) -> None:
    lines = tuple(((0, n), back) for n, back in enumerate((first, second)) if back)
    returns = [replace(ONE_BACK, lines=lines)] if lines else []
    found = line_outcomes(BOUGHT, returns, decided(Decision.CONFIRMED))
    assert [one.confirmed for one in found] == [3 - first, 2 - second]
