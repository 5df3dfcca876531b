"""A backup of the network that is restored: what was booked since is gone, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from refund.sandbox.errors import Rejected
from refund.sandbox.faults import Fault
from refund.sandbox.fees import network_day
from refund.sandbox.network import Book
from refund.sandbox.restore import restore_backup
from tests.sandbox.world import VISA, HandClock, card

MASTERCARD = "5555555555554444"
PENDING = "4000000000000168"
RETURNED = "4000000000000184"
TABLES = ("operation", "change", "hold", "reference_kept", "due", "statement", "webhook")


def picture(book: Book) -> dict[str, list[Any]]:
    """Every row of the book but the numbers of rows that only order them."""
    leaves = {"due": "at, what, operation"}
    return {
        table: sorted(book.file.rows(f"SELECT {leaves.get(table, '*')} FROM {table}"), key=repr)
        for table in TABLES
    }


def state(book: Book, reference: str) -> str:
    found = book.look_up(reference)
    return str(found.body["state"]) if found else ""


def test_what_was_booked_since_the_backup_is_gone_and_the_rest_is_as_it_was(
    book: Book, clock: HandClock
) -> None:
    visa, mastercard = card(book, VISA), card(book, MASTERCARD)
    for reference in ("a", "b", "c", "d", "e"):
        book.hold(reference, mastercard if reference == "e" else visa, 10_000)
    book.capture("a-part", "a", 300, part_fen=1_000)
    book.advance("paid", visa, "card", 500)
    before = picture(book)
    clock.pass_by(hours=2)
    book.release("a-rest", "a")
    book.capture("b-all", "b", 9_000)
    book.increase("c-more", "c", 5_000)
    book.capture("c-part", "c", 1, part_fen=12_000)
    book.release("d-part", "d", part_fen=10)
    book.extend("e-longer", "e")
    book.hold("f", visa, 7)
    book.refund("refund", visa, "card", 100)
    assert restore_backup(book, timedelta(hours=1)) == 8
    assert picture(book) == before
    assert book.look_up("refund") is None
    assert book.hold_state("f") is None
    assert book.release("a-rest", "a").status == 201
    assert book.capture("b-all", "b", 10_000).status == 201


def test_a_release_during_which_the_bank_captured_is_taken_back_once(
    book: Book, clock: HandClock
) -> None:
    book.hold("hold", card(book), 10_000)
    before = picture(book)
    clock.pass_by(hours=2)
    book.faults.switch_on(Fault("release_and_capture"))
    book.release("release", "hold", part_fen=4_000)
    assert restore_backup(book, timedelta(hours=1)) == 2
    assert picture(book) == before


def test_what_time_brought_since_happens_again(book: Book, clock: HandClock) -> None:
    book.advance("pending", card(book, PENDING), "card", 500)
    book.advance("returned", card(book, RETURNED), "card", 600)
    book.hold("hold", card(book), 700)
    before = picture(book)
    clock.pass_by(days=31)
    totals = book.book_totals()
    assert [state(book, "pending"), state(book, "returned")] == ["paid", "returned"]
    assert (book.hold_state("hold") or {})["state"] == "expired"
    after = picture(book)
    restore_backup(book, timedelta(days=31))
    assert picture(book) == before
    assert book.book_totals() == totals
    assert picture(book) == after


def test_keys_of_since_then_are_forgotten_and_earlier_ones_are_not(
    book: Book, clock: HandClock
) -> None:
    token = card(book)
    for hours, reference in ((0, "early"), (2, "late")):
        clock.pass_by(hours=hours)

        def ask(reference: str = reference) -> Any:
            return book.advance(reference, token, "card", 100)

        book.answer_once(f"key-{reference}", "print", ask)
    restore_backup(book, timedelta(hours=1))
    early = book.answer_once("key-early", "print", lambda: book.hold("x", token, 1))
    assert early.replayed
    late = book.answer_once("key-late", "print", lambda: book.hold("late", token, 1))
    assert not late.replayed
    assert late.body["kind"] == "hold"


def test_cards_and_faults_stay_and_the_fence_stands_again(book: Book, clock: HandClock) -> None:
    token = card(book)
    book.faults.switch_on(Fault("html"))
    book.hold("first", token, 100)
    book.advance("second", token, "card", 100)
    clock.pass_by(minutes=1)
    assert restore_backup(book, timedelta(hours=24)) == 2
    assert book.book_totals()["operations"] == 0
    assert [one.fault.name for one in book.faults.switched()] == ["html"]
    assert book.hold("first", token, 200).status == 201
    for table in ("operation", "change"):
        for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET amount_fen = 1"):
            with pytest.raises(Exception, match="is never"), book.file.write() as db:
                db.execute(sql)


def test_a_hold_that_the_bank_ended_stays_ended(book: Book, clock: HandClock) -> None:
    book.hold("hold", card(book), 10_000)
    clock.pass_by(hours=2)
    book.release("part", "hold", part_fen=10)
    book.end_hold_early("hold")
    restore_backup(book, timedelta(hours=1))
    found = book.hold_state("hold") or {}
    assert (found["state"], found["released_fen"]) == ("ended", 0)


def test_a_backup_of_a_moment_after_everything_takes_nothing_away(
    book: Book, clock: HandClock
) -> None:
    book.hold("hold", card(book), 10_000)
    clock.pass_by(days=3)
    book.pass_time()
    before = picture(book)
    assert restore_backup(book, timedelta(hours=1)) == 0
    assert picture(book) == before
    with pytest.raises(Rejected, match="no such hold"):
        book.release("release", "never")


def test_a_day_that_was_closed_since_is_issued_anew_with_what_is_left(
    book: Book, clock: HandClock
) -> None:
    token = card(book)
    book.advance("kept", token, "card", 300)
    first = network_day(clock())
    clock.pass_by(days=1)
    book.advance("gone", token, "card", 500)
    clock.pass_by(days=2)
    book.pass_time()
    days = [(first + timedelta(days=n)).isoformat() for n in range(2)]
    before = ["".join(book.statement(day)) for day in days]
    assert ["kept" in before[0], "gone" in before[1]] == [True, True]
    assert restore_backup(book, timedelta(days=2, hours=1)) == 1
    book.pass_time()
    after = ["".join(book.statement(day)) for day in days]
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert "gone" not in after[1]
    closing = after[0].rsplit(",", 2)[1]
    assert after[1].startswith(f"H,refund-network-statement,1,{days[1]},CNY,{closing}\n")
