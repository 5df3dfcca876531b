"""What a brand lets its holds do: how long they last, and whether they grow or are extended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from refund.sandbox.cards import BRANDS
from refund.sandbox.errors import Rejected
from refund.sandbox.network import Book
from tests.sandbox.world import (
    CHARGE_DECLINED,
    DISCOVER,
    ENDED_BY_BANK,
    HALF,
    HELD_FEN,
    JCB,
    MASTERCARD,
    UNIONPAY,
    VISA,
    HandClock,
    card,
)


def state(book: Book, reference: str = "hold-1") -> dict[str, Any]:
    """Where a hold stands."""
    found = book.hold_state(reference)
    assert found is not None
    return found


def days_left(book: Book, clock: HandClock) -> float:
    """How many days the hold still lasts."""
    end = datetime.fromisoformat(state(book)["expires_at"])
    return (end - clock.now) / timedelta(days=1)


@pytest.mark.parametrize(
    ("number", "brand", "days", "can"),
    [
        (VISA, "Visa", 30, "grow"),
        (MASTERCARD, "Mastercard", 30, "last grow"),
        (UNIONPAY, "UnionPay", 30, ""),
        (JCB, "JCB", 7, "last"),
        (DISCOVER, "Discover", 5, ""),
    ],
)
def test_a_hold_lasts_as_long_as_its_brand_lets_it(
    book: Book, clock: HandClock, number: str, brand: str, days: int, can: str
) -> None:
    told = book.hold("hold-1", card(book, number), HELD_FEN).body
    assert (told["brand"], told["approved_fen"], told["version"]) == (brand, HELD_FEN, 1)
    assert (told["extendable"], told["increments"]) == ("last" in can, "grow" in can)
    assert days_left(book, clock) == days
    clock.pass_by(days=days, milliseconds=-1)
    assert state(book)["state"] == "held"
    clock.pass_by(milliseconds=1)
    assert state(book)["state"] == "expired"
    assert not state(book)["extendable"]


def test_there_is_a_row_for_every_brand() -> None:
    assert set(BRANDS) == {"Visa", "Mastercard", "UnionPay", "JCB", "Discover"}


def test_a_mastercard_hold_is_extended_to_30_days_from_now_again_and_again(
    book: Book, clock: HandClock
) -> None:
    book.hold("hold-1", card(book, MASTERCARD), HELD_FEN)
    for number in range(4):
        clock.pass_by(days=29)
        answer = book.extend(f"extend-{number}", "hold-1")
        assert (answer.status, answer.body["state"]) == (201, "extended")
        assert answer.body["amount_fen"] == HELD_FEN
        assert answer.body["expires_at"] == state(book)["expires_at"]
        assert days_left(book, clock) == 30
    clock.pass_by(days=30)
    assert state(book)["state"] == "expired"
    assert book.extend("late", "hold-1").body["reason"] == "hold_expired"


def test_a_jcb_hold_is_extended_by_7_days_and_never_beyond_60(book: Book, clock: HandClock) -> None:
    book.hold("hold-1", card(book, JCB), HELD_FEN)
    for number in range(9):
        clock.pass_by(days=6)
        answer = book.extend(f"extend-{number}", "hold-1")
        assert answer.status == 201
        assert days_left(book, clock) == min(7, 60 - 6 * (number + 1))
    assert not state(book)["extendable"]
    assert answer.body["extendable"] is False
    refused = book.extend("extend-9", "hold-1")
    assert (refused.status, refused.body["reason"]) == (402, "not_extendable")
    clock.pass_by(days=6)
    assert state(book)["state"] == "expired"


@pytest.mark.parametrize("number", [VISA, UNIONPAY, DISCOVER])
def test_a_hold_of_another_brand_is_not_extended(book: Book, number: str) -> None:
    book.hold("hold-1", card(book, number), HELD_FEN)
    before = state(book)
    answer = book.extend("extend-1", "hold-1")
    assert (answer.status, answer.body["reason"]) == (402, "not_extendable")
    assert state(book) == before


@pytest.mark.parametrize("number", [VISA, MASTERCARD])
def test_an_increase_adds_to_what_stands_and_can_be_charged(book: Book, number: str) -> None:
    book.hold("hold-1", card(book, number), 1000)
    answer = book.increase("increase-1", "hold-1", 500)
    assert (answer.status, answer.body["state"]) == (201, "increased")
    assert (answer.body["amount_fen"], answer.body["approved_fen"]) == (500, 1500)
    assert state(book)["amount_fen"] == 1500
    assert book.book_totals()["held_open_fen"] == 1500
    assert book.capture("capture-1", "hold-1", 1500).status == 201


@pytest.mark.parametrize("number", [UNIONPAY, JCB, DISCOVER])
def test_a_hold_of_another_brand_does_not_grow(book: Book, number: str) -> None:
    book.hold("hold-1", card(book, number), 1000)
    answer = book.increase("increase-1", "hold-1", 500)
    assert (answer.status, answer.body["reason"]) == (402, "not_incremental")
    assert state(book)["amount_fen"] == 1000


def test_a_card_that_expired_is_not_held_for_more(book: Book, clock: HandClock) -> None:
    book.hold("hold-1", card(book, expiry="07/25"), 1000)
    clock.pass_by(days=25)
    assert book.increase("increase-1", "hold-1", 1).body["reason"] == "declined"


def test_a_hold_approved_for_half_is_raised_to_what_was_asked_and_no_more(book: Book) -> None:
    told = book.hold("hold-1", card(book, HALF), 1001).body
    assert (told["state"], told["amount_fen"], told["approved_fen"]) == ("held", 1001, 500)
    assert state(book)["amount_fen"] == 500
    with pytest.raises(Rejected, match="above what stands"):
        book.capture("capture-1", "hold-1", 501)
    assert book.increase("increase-1", "hold-1", 502).body["reason"] == "declined"
    assert book.increase("increase-2", "hold-1", 501).body["approved_fen"] == 1001
    assert book.increase("increase-3", "hold-1", 1).body["reason"] == "declined"
    assert book.capture("capture-2", "hold-1", 1001).status == 201


def test_the_smallest_hold_is_not_halved_away(book: Book) -> None:
    assert book.hold("hold-1", card(book, HALF), 1).body["approved_fen"] == 1


def test_a_bank_ends_a_hold_after_two_days_and_it_is_good_for_nothing_then(
    book: Book, clock: HandClock
) -> None:
    book.hold("hold-1", card(book, ENDED_BY_BANK), HELD_FEN)
    clock.pass_by(days=2, milliseconds=-1)
    assert state(book)["state"] == "held"
    clock.pass_by(milliseconds=1)
    assert state(book)["state"] == "ended"
    assert book.book_totals()["held_open_fen"] == 0
    answers = [
        book.release("release-1", "hold-1"),
        book.capture("capture-1", "hold-1", 1),
        book.extend("extend-1", "hold-1"),
        book.increase("increase-1", "hold-1", 1),
    ]
    assert {(one.status, one.body["reason"]) for one in answers} == {(402, "hold_expired")}


def test_the_lab_ends_a_hold_that_stands_and_no_other(book: Book) -> None:
    token = card(book)
    book.hold("hold-1", token, HELD_FEN)
    book.hold("hold-2", token, HELD_FEN)
    book.release("release-2", "hold-2")
    assert book.end_hold_early("hold-1")["state"] == "ended"
    assert book.end_hold_early("hold-1")["state"] == "ended"
    assert book.end_hold_early("hold-2")["state"] == "released"
    with pytest.raises(Rejected, match="no such hold"):
        book.end_hold_early("hold-3")


def test_a_hold_that_ended_before_its_time_does_not_end_again(book: Book, clock: HandClock) -> None:
    book.hold("hold-1", card(book, ENDED_BY_BANK), HELD_FEN)
    book.release("release-1", "hold-1")
    clock.pass_by(days=31)
    assert state(book)["state"] == "released"


def test_a_declined_charge_leaves_the_hold_as_it_was(book: Book) -> None:
    book.hold("hold-1", card(book, CHARGE_DECLINED), HELD_FEN)
    before = state(book)
    answer = book.capture("capture-1", "hold-1", HELD_FEN)
    assert (answer.status, answer.body["reason"]) == (402, "capture_declined")
    assert state(book) == before
    assert book.release("release-1", "hold-1").status == 201


@pytest.mark.parametrize("kind", ["extend", "increase"])
def test_a_hold_that_was_released_neither_lasts_longer_nor_grows(book: Book, kind: str) -> None:
    book.hold("hold-1", card(book, MASTERCARD), HELD_FEN)
    book.release("release-1", "hold-1")
    ask = {
        "extend": lambda: book.extend("again", "hold-1"),
        "increase": lambda: book.increase("again", "hold-1", 1),
    }
    answer = ask[kind]()
    assert (answer.status, answer.body["reason"]) == (409, "hold_already_ended")
    assert ask[kind]().text == answer.text
    with pytest.raises(Rejected, match="no such hold"):
        book.extend("other", "nothing")
    with pytest.raises(Rejected, match="no such hold"):
        book.increase("other", "nothing", 1)


@pytest.mark.parametrize(
    ("number", "reason"),
    [("4000000000000192", "do_not_honour"), ("4000000000000200", "restricted_card")],
)
def test_a_bank_declines_in_words_of_its_own(book: Book, number: str, reason: str) -> None:
    answer = book.hold("hold-1", card(book, number), HELD_FEN)
    assert (answer.status, answer.body["reason"]) == (402, reason)


def test_many_holds_are_looked_up_at_once(book: Book) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    assert book.hold_states(["hold-1", "hold-2"]) == {"hold-1": state(book), "hold-2": None}


def test_a_reference_that_was_forgotten_means_its_latest_hold(book: Book, clock: HandClock) -> None:
    token = card(book)
    book.hold("hold-1", token, HELD_FEN)
    clock.pass_by(hours=24)
    book.hold("hold-1", token, HELD_FEN)
    found = book.look_up("hold-1")
    assert found is not None
    assert found.body["bookings"] == 2
    assert book.book_totals()["holds_open"] == 2
    book.release("release-1", "hold-1")
    assert state(book)["state"] == "released"
    assert book.book_totals()["held_open_fen"] == HELD_FEN, "the first one still stands"
    assert [one["hold_state"] for one in book.operations_after(0)] == [
        "held",
        "released",
        "released",
    ]
