"""What becomes of a payout after its answer: paid, failed, returned, and what the book says."""

from __future__ import annotations

from typing import Any

import pytest

from refund.sandbox.network import Book
from tests.sandbox.world import (
    HELD_FEN,
    PENDING_FAILED,
    PENDING_PAID,
    RETURNED,
    VISA,
    HandClock,
    entered,
)


def payout(book: Book, number: str, kind: str = "advance", method: str = "card") -> int:
    """Pay to this card, or to an account given with it, and return the status."""
    token, account = entered(book, number, method)
    pay = book.advance if kind == "advance" else book.refund
    return pay("payout-1", account or token, method, HELD_FEN).status


def stands(book: Book) -> dict[str, Any]:
    """How the payout stands now."""
    found = book.look_up("payout-1")
    assert found is not None
    return found.body


def sums(book: Book) -> tuple[int, int]:
    """What was paid out, and what came back."""
    totals = book.book_totals()
    return totals["payouts_fen"], totals["returned_fen"]


@pytest.mark.parametrize("kind", ["advance", "refund"])
@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
def test_a_pending_payout_is_paid_after_ten_minutes(
    book: Book, clock: HandClock, kind: str, method: str
) -> None:
    assert payout(book, PENDING_PAID, kind, method) == 202
    assert (stands(book)["state"], stands(book)["version"]) == ("pending", 1)
    assert sums(book) == (0, 0)
    clock.pass_by(minutes=10, milliseconds=-1)
    assert stands(book)["state"] == "pending"
    clock.pass_by(milliseconds=1)
    told = stands(book)
    assert (told["state"], told["version"]) == ("paid", 2)
    assert told["changed_at"] == told["paid_at"] == "2025-07-08T04:10:00.000Z"
    assert told["at"] == "2025-07-08T04:00:00.000Z"
    assert sums(book) == (HELD_FEN, 0)


def test_a_pending_payout_that_fails_was_never_paid(book: Book, clock: HandClock) -> None:
    assert payout(book, PENDING_FAILED) == 202
    clock.pass_by(minutes=10)
    told = stands(book)
    assert (told["state"], told["reason"], told["version"]) == ("refused", "payout_failed", 2)
    assert sums(book) == (0, 0)
    clock.pass_by(days=10)
    assert book.book_totals()["fees_fen"] == 0
    assert stands(book)["version"] == 2


def test_a_payout_comes_back_two_days_after_it_was_paid(book: Book, clock: HandClock) -> None:
    assert payout(book, RETURNED) == 201
    assert (stands(book)["state"], sums(book)) == ("paid", (HELD_FEN, 0))
    clock.pass_by(days=2)
    told = stands(book)
    assert (told["state"], told["version"]) == ("returned", 2)
    assert told["changed_at"] == told["returned_at"] == "2025-07-10T04:00:00.000Z"
    assert told["paid_at"] == "2025-07-08T04:00:00.000Z"
    assert sums(book) == (HELD_FEN, HELD_FEN)
    assert book.book_totals()["balance_fen"] == -60, "the fee is not given back"


def test_a_replay_repeats_the_first_answer_whatever_became_of_the_payout(
    book: Book, clock: HandClock
) -> None:
    token, _ = entered(book, PENDING_PAID)
    first = book.advance("payout-1", token, "card", HELD_FEN)
    clock.pass_by(minutes=11)
    again = book.advance("payout-1", token, "card", HELD_FEN)
    assert (again.status, again.text, again.replayed) == (202, first.text, True)
    assert stands(book)["state"] == "paid"


def test_the_same_reference_a_day_later_pays_twice_as_networks_do(
    book: Book, clock: HandClock
) -> None:
    payout(book, VISA)
    clock.pass_by(hours=24)
    payout(book, VISA)
    assert stands(book)["bookings"] == 2
    assert sums(book) == (2 * HELD_FEN, 0)
    assert [one["reference"] for one in book.operations_after(0)] == ["payout-1"] * 2


def test_a_change_cannot_be_taken_back(book: Book) -> None:
    payout(book, VISA)
    for statement in ("UPDATE change SET amount_fen = 1", "DELETE FROM change"):
        with pytest.raises(Exception, match="a change is never"), book.file.write() as db:
            db.execute(statement)


def test_what_comes_due_is_counted_and_happens_once(book: Book, clock: HandClock) -> None:
    payout(book, PENDING_PAID)
    assert book.pass_time() == 0
    clock.pass_by(minutes=10)
    assert book.pass_time() == 1
    assert book.pass_time() == 0
