"""The life of a form is a table: what it has is followed, what it has not is refused."""

from __future__ import annotations

from itertools import product

import pytest

from refund.core.errors import Refused
from refund.core.form import (
    IN_FLIGHT,
    TRANSITIONS,
    TRIES,
    UNSECURED_BEFORE_ADVANCE,
    Event,
    Method,
    Status,
    follow,
)

LATER = {Status.VERIFIED_PARTLY, Status.SUPERSEDED}
END = {Status.RELEASED, Status.CAPTURED, Status.FORFEITED, Status.VOID, Status.SUPERSEDED}
ORDINARY_END = {Status.ORDINARY_VERIFIED}
PAIRS = list(product(Status, Event))
MONEY_IS_OUT = {
    Status.ADVANCED,
    Status.VERIFIED,
    Status.VERIFIED_PARTLY,
    Status.RELEASING,
    Status.CAPTURING,
    Status.FORFEITING,
    Status.UNCOLLECTED,
}


def reachable(start: Status) -> set[Status]:
    """All states to which any events lead."""
    found, fresh = {start}, {start}
    while fresh:
        fresh = {after for (before, _), after in TRANSITIONS.items() if before in fresh} - found
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


def test_nothing_follows_on_an_end() -> None:
    ends = {status for status in Status if reachable(status) == {status}}
    assert ends == END | ORDINARY_END


def test_every_state_leads_to_an_end() -> None:
    for status in Status:
        assert reachable(status) & (END | ORDINARY_END), status


def test_every_event_stands_in_the_table() -> None:
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_an_advance_is_only_ever_reached_through_a_hold() -> None:
    assert {before for (before, _), after in TRANSITIONS.items() if after is Status.ADVANCED} == {
        Status.ADVANCING
    }
    assert {before for (before, _), after in TRANSITIONS.items() if after is Status.ADVANCING} == {
        Status.HELD
    }
    assert {before for (before, _), after in TRANSITIONS.items() if after is Status.HELD} == {
        Status.HOLDING,
        Status.ADVANCING,
    }


def test_once_money_is_out_a_form_is_neither_void_nor_ordinary_nor_advanced_again() -> None:
    for status in MONEY_IS_OUT:
        after = reachable(status)
        assert not after & {Status.VOID, Status.SUPERSEDED, Status.ORDINARY}
        assert not after & {Status.HOLDING, Status.HELD, Status.ADVANCING}


def test_a_hold_is_released_only_after_a_verification() -> None:
    before = {b for (b, e), _ in TRANSITIONS.items() if e is Event.REQUEST_RELEASE}
    assert before == {Status.VERIFIED}


def test_whatever_is_asked_of_the_network_has_a_yes_and_a_no() -> None:
    for status in IN_FLIGHT:
        events = {event for before, event in TRANSITIONS if before is status}
        assert len(events) == (1 if status is Status.WITHDRAWING else 2), status


def test_a_form_is_void_only_while_no_hold_exists() -> None:
    assert {b for (b, e), _ in TRANSITIONS.items() if e is Event.VOID} == UNSECURED_BEFORE_ADVANCE


def test_the_words_of_states_and_events_are_stable() -> None:
    assert [status.value for status in Status] == [
        *("issued", "agreed", "holding", "held", "advancing", "advanced", "withdrawing"),
        *("ordinary", "verified", "verified_partly", "customs_refused", "ordinary_verified"),
        *("releasing", "released", "capturing", "captured", "forfeiting", "forfeited"),
        *("uncollected", "void", "superseded"),
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
