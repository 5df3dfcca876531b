"""The life of a form is a table: what it has is followed, what it has not is refused."""

from __future__ import annotations

from itertools import product

import pytest

from refund.core.errors import Refused
from refund.core.form import (
    ENDED,
    GONE,
    IN_FLIGHT,
    REFUND_STANDS,
    TRANSITIONS,
    TRIES,
    UNSECURED_BEFORE_ADVANCE,
    Event,
    Method,
    Status,
    follow,
)

S, E = Status, Event
PAIRS = list(product(Status, Event))
FINAL = {
    *(S.RELEASED, S.ADJUSTED, S.FORFEITED, S.REFUNDED, S.DENIED, S.VOID, S.SUPERSEDED),
    S.WRITTEN_OFF,
}
"""States on which nothing follows any more."""

OPEN_CASE = S.UNCOLLECTED
ADVANCE_IS_OUT = {
    *(S.ADVANCED, S.VERIFIED, S.VERIFIED_PARTLY, S.CUSTOMS_REFUSED, S.RELEASING, S.ADJUSTING),
    *(S.CAPTURING, S.FORFEITING, S.RETURNING, S.UNCOLLECTED, S.WAIVING),
}


def reachable(start: Status) -> set[Status]:
    """All states to which any events lead."""
    found, fresh = {start}, {start}
    while fresh:
        fresh = {after for (status, _), after in TRANSITIONS.items() if status in fresh} - found
        found |= fresh
    return found


@pytest.mark.parametrize("pair", TRANSITIONS, ids=lambda pair: f"{pair[0].value}-{pair[1].value}")
def test_a_pair_of_the_table_is_followed(pair: tuple[Status, Event]) -> None:
    assert follow(*pair) is TRANSITIONS[pair]


def test_every_pair_that_is_not_in_the_table_is_refused() -> None:
    refused = [pair for pair in PAIRS if pair not in TRANSITIONS]
    assert len(refused) == len(Status) * len(Event) - len(TRANSITIONS)
    for status, event in refused:
        with pytest.raises(Refused, match="not_in_this_state") as caught:
            follow(status, event)
        assert caught.value.facts == {"status": status.value, "event": event.value}


def test_every_state_can_be_reached_from_issue() -> None:
    assert reachable(Status.ISSUED) == set(Status)


def before(*events: Event) -> set[Status]:
    """All states in which one of the events can happen."""
    return {status for status, event in TRANSITIONS if event in events}


def leading_to(*states: Status) -> set[Status]:
    """All states from which one step leads to one of these."""
    return {status for (status, _), after in TRANSITIONS.items() if after in states}


def on_the_way(start: Status, without: set[Status]) -> set[Status]:
    """All states to which events lead when some states are never passed."""
    found, fresh = {start}, {start}
    while fresh:
        steps = {after for (status, _), after in TRANSITIONS.items() if status in fresh}
        fresh = steps - found - without
        found |= fresh
    return found


def test_nothing_follows_on_an_end() -> None:
    assert {status for status in Status if reachable(status) == {status}} == FINAL


def test_every_state_leads_to_an_end() -> None:
    for status in Status:
        assert reachable(status) & FINAL, status


def test_every_event_stands_in_the_table() -> None:
    assert {event for _, event in TRANSITIONS} == set(Event)


@pytest.mark.rule("hold_before_advance")
def test_an_advance_is_only_ever_reached_through_a_hold() -> None:
    assert leading_to(S.ADVANCING) == {S.HELD}
    assert leading_to(S.HELD) == {S.HOLDING, S.ADVANCING}
    assert leading_to(S.ADVANCED) == {S.ADVANCING, S.ADVANCED, S.RETURNING}
    assert leading_to(S.RETURNING) == {S.ADVANCED}
    assert S.ADVANCED not in on_the_way(S.ISSUED, without={S.HELD})


@pytest.mark.rule("advanced_once")
def test_once_an_advance_is_paid_none_is_ever_paid_again() -> None:
    for status in ADVANCE_IS_OUT | ENDED:
        assert not reachable(status) & {S.HOLDING, S.HELD, S.ADVANCING, S.WITHDRAWING}, status


def test_while_an_advance_is_out_a_form_is_neither_void_nor_replaced_nor_ordinary() -> None:
    ends = {S.CAPTURED, S.RETURNED}
    for status in ADVANCE_IS_OUT:
        after = on_the_way(status, without=ends)
        assert not after & {S.VOID, S.SUPERSEDED, S.ORDINARY, S.ORDINARY_VERIFIED}, status


@pytest.mark.rule("nothing_after_verification")
def test_what_customs_have_verified_is_neither_void_nor_replaced_nor_brought_back() -> None:
    decided = {S.VERIFIED, S.VERIFIED_PARTLY, S.CUSTOMS_REFUSED, S.ORDINARY_VERIFIED}
    for status in decided:
        for event in (E.VOID, E.SUPERSEDE, E.REQUEST_RETURN, E.RETURN_PART):
            assert (status, event) not in TRANSITIONS


@pytest.mark.rule("outcome_kept")
def test_a_hold_is_released_only_after_a_verification() -> None:
    assert before(E.REQUEST_RELEASE) == {S.VERIFIED, OPEN_CASE}
    assert before(E.REQUEST_ADJUST) == {S.VERIFIED, S.VERIFIED_PARTLY, OPEN_CASE}
    assert leading_to(S.RELEASED, S.ADJUSTED) == {S.RELEASING, S.ADJUSTING}


@pytest.mark.rule("outcome_policy_not_met")
def test_what_is_forfeited_or_denied_is_never_refunded() -> None:
    for status in (S.FORFEITED, S.DENIED):
        assert reachable(status) == {status}
    assert before(E.REFUSE_AT_CUSTOMS) == {
        *(S.ISSUED, S.AGREED, S.ORDINARY, S.ADVANCED, S.CAPTURED),
    }
    assert S.ORDINARY_VERIFIED not in on_the_way(S.CUSTOMS_REFUSED, without={S.UNCOLLECTED})


@pytest.mark.rule("ordinary_after_capture")
def test_after_a_broken_promise_the_ordinary_refund_stays_open() -> None:
    assert reachable(S.CAPTURED) >= {S.ORDINARY_VERIFIED, S.REFUNDED, S.DENIED}
    assert before(E.REOPEN) == {S.CAPTURED}


@pytest.mark.rule("ordinary_receipt")
def test_a_refund_is_paid_once_and_only_after_customs() -> None:
    assert leading_to(S.REFUNDED) == {S.ORDINARY_VERIFIED, S.REFUNDING}
    assert S.REFUNDED not in on_the_way(S.ISSUED, without={S.ORDINARY_VERIFIED})
    assert reachable(S.REFUNDED) == {S.REFUNDED}


def test_no_form_is_both_kept_and_refunded_the_ordinary_way() -> None:
    for status in REFUND_STANDS:
        assert reachable(status) == {status}


def test_whatever_is_asked_of_the_network_has_a_yes_and_a_no() -> None:
    for status in IN_FLIGHT:
        events = {event for known, event in TRANSITIONS if known is status}
        assert len(events) == 2, status
    requests = {event for event in Event if event.value.startswith("request_")}
    assert {TRANSITIONS[pair] for pair in TRANSITIONS if pair[1] in {*requests, E.WITHDRAW}} == (
        IN_FLIGHT
    )


def test_an_end_that_cannot_be_charged_is_an_open_case() -> None:
    refused = (E.CAPTURE_REFUSED, E.FORFEIT_REFUSED, E.ADJUST_REFUSED)
    assert {after for (_, event), after in TRANSITIONS.items() if event in refused} == {OPEN_CASE}
    assert {event for status, event in TRANSITIONS if status is OPEN_CASE} == {
        *(E.REQUEST_CAPTURE, E.REQUEST_FORFEIT, E.REQUEST_RELEASE, E.REQUEST_ADJUST),
        *(E.REQUEST_WAIVE, E.WRITE_OFF),
    }


def test_a_hold_that_did_not_fit_leaves_room_for_another_card_and_nothing_else_does() -> None:
    assert before(E.HOLD_UNFIT) == {S.WITHDRAWING}
    assert leading_to(S.AGREED) == {S.ISSUED, S.HOLDING, S.WITHDRAWING}


def test_what_is_owed_is_given_up_only_while_an_advance_is_out() -> None:
    given_up = before(E.WRITE_OFF)
    assert given_up == before(E.REQUEST_WAIVE)
    assert given_up == {
        *(S.ADVANCED, S.VERIFIED, S.VERIFIED_PARTLY, S.CUSTOMS_REFUSED, OPEN_CASE),
    }
    assert leading_to(S.WRITTEN_OFF) == given_up | {S.WAIVING}


@pytest.mark.rule("return_before_advance")
def test_a_form_is_void_only_while_no_money_is_out() -> None:
    assert before(E.VOID) == UNSECURED_BEFORE_ADVANCE | {S.CAPTURED}
    assert before(E.SUPERSEDE) == UNSECURED_BEFORE_ADVANCE | {S.RETURNED}
    assert leading_to(*GONE) == UNSECURED_BEFORE_ADVANCE | {S.CAPTURED, S.RETURNING, S.RETURNED}


def test_where_a_form_has_ended_nothing_is_out_and_nothing_in_flight() -> None:
    assert not ENDED & (ADVANCE_IS_OUT | IN_FLIGHT)
    assert FINAL <= ENDED
    assert REFUND_STANDS | GONE < ENDED


def test_the_words_of_states_and_events_are_stable() -> None:
    assert [status.value for status in Status] == [
        *("issued", "agreed", "holding", "held", "advancing", "advanced", "withdrawing"),
        *("ordinary", "verified", "verified_partly", "customs_refused", "ordinary_verified"),
        *("releasing", "released", "capturing", "captured", "forfeiting", "forfeited"),
        *("uncollected", "void", "superseded", "adjusting", "adjusted", "returning"),
        *("returned", "refunding", "refunded", "denied"),
        *("waiving", "written_off"),
    ]
    assert all(event.value == event.name.lower() for event in Event)
    assert TRIES == 5


@pytest.mark.parametrize("method", Method)
def test_a_way_to_be_paid_is_read_by_its_word(method: Method) -> None:
    assert Method.read(method.value) is method


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "field_missing"), ("cash", "field_unreadable"), ("CARD", "field_unreadable")],
)
def test_another_word_is_no_way_to_be_paid(text: str, code: str) -> None:
    with pytest.raises(Refused, match=code) as caught:
        Method.read(text)
    assert caught.value.field == "method"
