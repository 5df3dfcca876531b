"""The book's rules: what is held, paid, released and captured, and how often."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from refund.sandbox.errors import Rejected
from refund.sandbox.network import Book
from tests.sandbox.world import (
    DECLINED,
    HELD_FEN,
    LOST_ADVANCE,
    LOST_HOLD,
    PAYOUT_REFUSED,
    SLOW,
    VISA,
    CountedIds,
    HandClock,
    card,
    entered,
)


def test_a_hold_is_booked_with_a_code_and_an_end(book: Book) -> None:
    answer = book.hold("hold-1", card(book), HELD_FEN)
    assert answer.status == 201
    told = answer.body
    assert (told["state"], told["amount_fen"], told["currency"]) == ("held", HELD_FEN, "CNY")
    assert (told["brand"], told["last4"]) == ("Visa", "1111")
    assert told["expires_at"] == "2025-08-07T04:00:00.000Z"
    assert len(told["authorisation_code"]) == 6
    assert told["authorisation_code"].isalnum()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (DECLINED, "declined"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
    ],
)
def test_a_refused_hold_is_booked_with_its_reason(book: Book, number: str, reason: str) -> None:
    answer = book.hold("hold-1", card(book, number), HELD_FEN)
    assert (answer.status, answer.body["state"], answer.body["reason"]) == (402, "refused", reason)
    assert book.hold_state("hold-1") is None
    recorded = book.look_up("hold-1")
    assert recorded is not None
    assert recorded.body == answer.body | {"bookings": 1}


def test_a_card_that_expired_since_it_was_given_is_refused(book: Book, clock: HandClock) -> None:
    token = card(book, expiry="07/25")
    clock.pass_by(days=24)
    assert book.hold("hold-1", token, HELD_FEN).body["reason"] == "expired_card"


def test_the_same_request_gets_the_first_answer_and_is_booked_once(book: Book) -> None:
    token = card(book)
    first = book.advance("advance-1", token, "card", HELD_FEN)
    assert book.advance("advance-1", token, "card", HELD_FEN).text == first.text
    assert book.book_totals()["payouts_fen"] == HELD_FEN


def test_another_request_under_a_used_reference_is_rejected(book: Book) -> None:
    token = card(book)
    book.advance("advance-1", token, "card", HELD_FEN)
    with pytest.raises(Rejected) as rejected:
        book.advance("advance-1", token, "card", HELD_FEN + 1)
    assert (rejected.value.status, rejected.value.code) == (409, "duplicate_reference")
    with pytest.raises(Rejected):
        book.hold("advance-1", token, HELD_FEN)
    assert book.book_totals()["operations"] == 1


def test_an_advance_goes_to_an_account_by_its_token(book: Book) -> None:
    _, payout = entered(book, VISA, "alipay")
    answer = book.advance("advance-1", payout, "alipay", HELD_FEN)
    assert (answer.status, answer.body["state"]) == (201, "paid")
    with pytest.raises(Rejected) as rejected:
        book.advance("advance-2", payout, "wechat_pay", HELD_FEN)
    assert rejected.value.code == "unknown_payout"


@pytest.mark.parametrize("method", ["card", "alipay"])
def test_a_payout_is_refused_to_the_card_made_for_it(book: Book, method: str) -> None:
    token, payout = entered(book, PAYOUT_REFUSED, method)
    assert book.hold("hold-1", token, HELD_FEN).status == 201
    answer = book.advance("advance-1", payout or token, method, HELD_FEN)
    assert (answer.status, answer.body["reason"]) == (402, "payout_refused")
    assert book.book_totals()["payouts_fen"] == 0


def test_a_hold_is_released_once(book: Book) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    first = book.release("release-1", "hold-1")
    assert (first.status, first.body["released_fen"]) == (201, HELD_FEN)
    second = book.release("release-2", "hold-1")
    assert (second.status, second.body["reason"]) == (409, "hold_already_ended")
    assert second.body["hold_state"] == "released"
    assert book.capture("capture-1", "hold-1", 1).status == 409
    assert book.release("release-1", "hold-1").text == first.text


def test_a_capture_takes_a_part_and_releases_the_rest(book: Book) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    answer = book.capture("capture-1", "hold-1", 446)
    assert (answer.status, answer.body["amount_fen"]) == (201, 446)
    assert answer.body["released_fen"] == 13000
    assert book.hold_state("hold-1") == {
        "reference": "hold-1",
        "amount_fen": HELD_FEN,
        "state": "captured",
        "expires_at": "2025-08-07T04:00:00.000Z",
        "captured_fen": 446,
        "released_fen": 13000,
        "extendable": False,
    }


def test_more_than_the_hold_is_never_captured(book: Book) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    with pytest.raises(Rejected) as rejected:
        book.capture("capture-1", "hold-1", HELD_FEN + 1)
    assert rejected.value.code == "amount_above_hold"
    assert book.look_up("capture-1") is None
    assert book.capture("capture-1", "hold-1", HELD_FEN).status == 201


@pytest.mark.rule("joint_hold")
def test_a_hold_of_several_parts_is_ended_part_by_part(book: Book) -> None:
    book.hold("hold-1", card(book), 600)
    released = book.release("release-1", "hold-1", 100)
    told = released.body
    assert (released.status, told["state"], told["hold_state"]) == (201, "released", "held")
    assert (told["amount_fen"], told["released_fen"]) == (100, 100)
    captured = book.capture("capture-1", "hold-1", 150, 200).body
    assert (captured["state"], captured["amount_fen"], captured["released_fen"]) == (
        "captured",
        150,
        50,
    )
    stands = book.hold_state("hold-1")
    assert stands is not None
    assert (stands["state"], stands["captured_fen"], stands["released_fen"]) == ("held", 150, 150)
    assert book.book_totals()["held_open_fen"] == 300
    assert book.book_totals()["captures_fen"] == 150
    last = book.release("release-2", "hold-1").body
    assert (last["amount_fen"], last["hold_state"]) == (300, "captured"), "something was charged"
    ended = book.hold_state("hold-1")
    assert ended is not None
    assert (ended["state"], ended["captured_fen"], ended["released_fen"]) == ("captured", 150, 450)
    assert book.release("release-3", "hold-1", 1).body["reason"] == "hold_already_ended"
    assert book.book_totals()["held_open_fen"] == 0


def test_a_hold_whose_parts_are_all_given_back_is_released(book: Book) -> None:
    book.hold("hold-1", card(book), 300)
    book.release("release-1", "hold-1", 100)
    book.release("release-2", "hold-1", 200)
    ended = book.hold_state("hold-1")
    assert ended is not None
    assert (ended["state"], ended["released_fen"]) == ("released", 300)


@pytest.mark.rule("never_captured_above_hold")
@pytest.mark.rule("joint_hold")
def test_more_than_what_stands_of_a_hold_never_ends(book: Book) -> None:
    book.hold("hold-1", card(book), 300)
    book.capture("capture-1", "hold-1", 100, 100)
    before = book.hold_state("hold-1")
    asks: dict[str, tuple[str, Callable[[], object]]] = {
        "a part above the rest": ("end-1", lambda: book.release("end-1", "hold-1", 201)),
        "a charge above the rest": ("end-2", lambda: book.capture("end-2", "hold-1", 201)),
        "a charge above its part": ("end-3", lambda: book.capture("end-3", "hold-1", 51, 50)),
        "a part to charge above it": ("end-4", lambda: book.capture("end-4", "hold-1", 1, 201)),
    }
    for name, (reference, ask) in asks.items():
        with pytest.raises(Rejected) as rejected:
            ask()
        assert (rejected.value.status, rejected.value.code) == (422, "amount_above_hold"), name
        assert book.look_up(reference) is None
    assert book.hold_state("hold-1") == before
    assert book.capture("capture-2", "hold-1", 200).status == 201


def test_the_same_part_asked_again_ends_once_and_another_part_is_another_request(
    book: Book,
) -> None:
    book.hold("hold-1", card(book), 300)
    first = book.release("release-1", "hold-1", 100)
    assert book.release("release-1", "hold-1", 100).text == first.text
    for other in (0, 101):
        with pytest.raises(Rejected) as rejected:
            book.release("release-1", "hold-1", other)
        assert rejected.value.code == "duplicate_reference"
    stands = book.hold_state("hold-1")
    assert stands is not None
    assert stands["released_fen"] == 100


def test_what_is_left_of_an_expired_hold_has_expired(book: Book, clock: HandClock) -> None:
    book.hold("hold-1", card(book), 300)
    book.release("release-1", "hold-1", 100)
    clock.pass_by(days=30)
    part = book.release("release-2", "hold-1", 50)
    assert (part.status, part.body["reason"], part.body["amount_fen"]) == (402, "hold_expired", 50)
    stands = book.hold_state("hold-1")
    assert stands is not None
    assert (stands["state"], stands["released_fen"]) == ("expired", 100)


@pytest.mark.rule("ordinary_transfer")
@pytest.mark.parametrize("method", ["card", "alipay"])
def test_a_refund_is_paid_out_as_an_advance_is(book: Book, method: str) -> None:
    token, payout = entered(book, VISA, method)
    answer = book.refund("refund-1", payout or token, method, HELD_FEN)
    assert (answer.status, answer.body["kind"], answer.body["state"]) == (201, "refund", "paid")
    assert book.book_totals()["payouts_fen"] == HELD_FEN
    with pytest.raises(Rejected) as rejected:
        book.advance("refund-1", payout or token, method, HELD_FEN)
    assert rejected.value.code == "duplicate_reference"


@pytest.mark.parametrize("method", ["card", "alipay"])
def test_a_refund_is_refused_to_the_card_whose_payouts_are(book: Book, method: str) -> None:
    token, payout = entered(book, PAYOUT_REFUSED, method)
    answer = book.refund("refund-1", payout or token, method, HELD_FEN)
    assert (answer.status, answer.body["reason"]) == (402, "payout_refused")
    assert book.book_totals()["payouts_fen"] == 0


def test_an_expired_hold_can_be_neither_released_nor_captured(book: Book, clock: HandClock) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    clock.pass_by(days=30)
    assert book.release("release-1", "hold-1").body["reason"] == "hold_expired"
    captured = book.capture("capture-1", "hold-1", HELD_FEN)
    assert (captured.status, captured.body["reason"]) == (402, "hold_expired")
    assert book.book_totals()["holds_open"] == 0
    assert [one["hold_state"] for one in book.operations_after(0)] == ["expired"] * 3


def test_a_hold_that_is_not_there_cannot_end(book: Book) -> None:
    with pytest.raises(Rejected, match="no such hold"):
        book.release("end-1", "hold-1")
    with pytest.raises(Rejected, match="no such hold"):
        book.capture("end-1", "hold-1", 1)
    assert book.look_up("end-1") is None


def test_a_slow_or_lost_answer_is_so_the_first_time_only(book: Book) -> None:
    slow, lost = card(book, SLOW), card(book, LOST_HOLD)
    assert book.hold("hold-1", slow, 1).delay_seconds == 2.0
    assert book.hold("hold-1", slow, 1).delay_seconds == 0.0
    assert book.hold("hold-2", lost, 1).lost
    assert not book.hold("hold-2", lost, 1).lost
    assert not book.advance("advance-1", lost, "card", 1).lost
    lost_advance = card(book, LOST_ADVANCE)
    assert book.advance("advance-2", lost_advance, "card", 1).lost
    assert book.refund("refund-1", lost_advance, "card", 1).lost
    assert not book.refund("refund-1", lost_advance, "card", 1).lost


def test_the_book_adds_up(book: Book) -> None:
    token = card(book)
    for number in range(3):
        book.hold(f"hold-{number}", token, 1000)
        book.advance(f"advance-{number}", token, "card", 900)
    book.release("release-0", "hold-0")
    book.capture("capture-1", "hold-1", 700)
    assert book.book_totals() == {
        "payouts_fen": 2700,
        "returned_fen": 0,
        "captures_fen": 700,
        "fees_fen": 0,
        "balance_fen": -2000,
        "holds_open": 1,
        "held_open_fen": 1000,
        "operations": 8,
        "at": "2025-07-08T04:00:00.000Z",
    }


def test_operations_are_listed_in_their_order_a_page_at_a_time(book: Book) -> None:
    token = card(book)
    for number in range(5):
        book.hold(f"hold-{number}", token, 1000)
    first = book.operations_after(0, 3)
    rest = book.operations_after(first[-1]["cursor"], 3)
    assert [one["reference"] for one in first + rest] == [f"hold-{n}" for n in range(5)]
    assert {one["hold_state"] for one in rest} == {"held"}


def test_many_references_are_looked_up_at_once(book: Book) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    found = book.look_up_many(["hold-1", "hold-2"])
    assert found["hold-1"] is not None
    assert found["hold-2"] is None


def test_a_booked_operation_cannot_be_changed(book: Book) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    for statement in ("UPDATE operation SET amount_fen = 1", "DELETE FROM operation"):
        with pytest.raises(Exception, match="an operation is never"), book.file.write() as db:
            db.execute(statement)


def test_a_book_can_be_kept_in_memory(clock: HandClock) -> None:
    book = Book(":memory:", clock, CountedIds())
    assert book.hold("hold-1", card(book), HELD_FEN).status == 201
    book.close()


def test_a_book_is_opened_again_as_it_was(tmp_path: Path, clock: HandClock) -> None:
    path = str(tmp_path / "book.db")
    book = Book(path, clock, CountedIds())
    first = book.hold("hold-1", card(book), HELD_FEN)
    book.close()
    again = Book(path, clock, CountedIds())
    recorded = again.look_up("hold-1")
    assert recorded is not None
    assert recorded.body == first.body | {"bookings": 1}
    again.close()
