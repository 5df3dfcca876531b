"""The days of the book: their fees, their sums, and the statement of each."""

from __future__ import annotations

import csv
import hashlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refund.sandbox import statement
from refund.sandbox.errors import Rejected
from refund.sandbox.faults import Fault
from refund.sandbox.fees import capture_fee_fen
from refund.sandbox.network import Book
from tests.sandbox.world import (
    HALF,
    MASTERCARD,
    PENDING_PAID,
    RETURNED,
    SECRET,
    VISA,
    CountedIds,
    HandClock,
    Merchant,
    card,
    told,
)


@pytest.mark.parametrize(
    ("captured_fen", "fee_fen"),
    [(1, 1), (166, 1), (167, 1), (499, 1), (500, 2), (833, 2), (834, 3), (1000, 3), (100_000, 300)],
)
def test_a_charge_costs_three_per_mille_halves_up_and_one_fen_at_least(
    captured_fen: int, fee_fen: int
) -> None:
    assert capture_fee_fen(captured_fen) == fee_fen


def test_fees_are_charged_at_the_end_of_their_day_in_shanghai(book: Book, clock: HandClock) -> None:
    token = card(book)
    book.advance("advance-1", token, "card", 1000)
    book.hold("hold-1", token, 1000)
    book.capture("capture-1", "hold-1", 1000)
    assert book.book_totals()["fees_fen"] == 0
    clock.pass_by(hours=12, milliseconds=-1)
    assert book.book_totals()["fees_fen"] == 0
    clock.pass_by(milliseconds=1)
    totals = book.book_totals()
    assert (totals["fees_fen"], totals["balance_fen"]) == (63, -63)


def test_the_fee_of_a_payout_belongs_to_the_day_it_is_paid(book: Book, clock: HandClock) -> None:
    clock.pass_by(hours=11, minutes=55)
    book.advance("advance-1", card(book, PENDING_PAID), "card", 1000)
    clock.pass_by(hours=1)
    assert book.book_totals()["fees_fen"] == 0
    clock.pass_by(days=1)
    assert book.book_totals()["fees_fen"] == 60
    assert [last_line(book, day)[2] for day in ("2025-07-08", "2025-07-09")] == ["0", "1000"]


def last_line(book: Book, day: str) -> list[str]:
    return list(book.statement(day))[-1].rstrip("\n").split(",")


def lived(book: Book, clock: HandClock) -> None:
    """Two days in which everything happens."""
    visa, master, back = card(book), card(book, MASTERCARD), card(book, RETURNED)
    book.hold("hold-1", master, 5000)
    book.increase("increase-1", "hold-1", 500)
    book.advance("advance-1", visa, "card", 4000)
    book.refund("refund-1", back, "card", 700)
    book.hold("hold-2", card(book, HALF), 901)
    book.hold("hold-3", card(book, "4000000000000002"), 900)
    book.advance("advance-2", card(book, PENDING_PAID), "card", 800)
    clock.pass_by(minutes=30)
    book.extend("extend-1", "hold-1")
    book.release("release-1", "hold-1", 1500)
    book.capture("capture-1", "hold-1", 3000)
    clock.pass_by(days=2)


def test_a_statement_tells_every_change_of_its_day_in_order(book: Book, clock: HandClock) -> None:
    lived(book, clock)
    text = "".join(book.statement("2025-07-08"))
    assert text.endswith("\n")
    assert "\r" not in text
    head, *lines, last = csv.reader(text.splitlines())
    assert head == ["H", "refund-network-statement", "1", "2025-07-08", "CNY", "0"]
    assert [(*line[3:7], line[8], line[10]) for line in lines] == [
        ("hold-1", "hold", "held", "5000", "0", ""),
        ("increase-1", "increase", "increased", "500", "0", "hold-1"),
        ("advance-1", "advance", "paid", "4000", "60", ""),
        ("refund-1", "refund", "paid", "700", "60", ""),
        ("hold-2", "hold", "held", "450", "0", ""),
        ("advance-2", "advance", "paid", "800", "60", ""),
        ("extend-1", "extend", "extended", "5500", "0", "hold-1"),
        ("release-1", "release", "released", "1500", "0", "hold-1"),
        ("capture-1", "capture", "captured", "3000", "9", "hold-1"),
    ]
    assert {(line[0], line[7]) for line in lines} == {("D", "CNY")}
    assert [line[1] for line in lines] == [str(number) for number in range(1, 10)]
    assert all(line[2] for line in lines)
    assert [line[9] for line in lines] == sorted(line[9] for line in lines)
    before = text[: text.rindex("T,")]
    assert last == [
        *("T", "9", "5500", "0", "3000", "189", str(3000 - 5500 - 189)),
        hashlib.sha256(before.encode()).hexdigest(),
    ]


def test_what_comes_back_has_a_line_of_its_own_on_its_own_day(book: Book, clock: HandClock) -> None:
    lived(book, clock)
    clock.pass_by(days=1)
    days = book.statement_days()
    assert list(days) == ["2025-07-08", "2025-07-09", "2025-07-10"]
    assert days["2025-07-10"] == "2025-07-10T16:00:00.000Z"
    assert len(list(book.statement("2025-07-09"))) == 2, "a day without a change has its statement"
    line = list(book.statement("2025-07-10"))[1].split(",")
    assert line[3:7] == ["refund-1", "refund", "returned", "700"]
    closings = [(int(next(book.statement(day)).split(",")[5]), day) for day in days]
    for (_, day), (opening, _) in pairwise(closings):
        assert int(last_line(book, day)[6]) == opening
    assert int(last_line(book, "2025-07-10")[6]) == book.book_totals()["balance_fen"]


@pytest.mark.parametrize(
    "fault", ["statement_line_missing", "statement_line_twice", "statement_line_amount"]
)
def test_a_statement_with_a_wrong_line_agrees_with_itself_and_the_next_day_goes_on_from_it(
    book: Book, clock: HandClock, fault: str
) -> None:
    book.faults.switch_on(Fault(fault, times=1))
    lived(book, clock)
    clock.pass_by(days=2)
    texts = {day: list(book.statement(day)) for day in book.statement_days()}
    assert texts == {day: list(book.statement(day)) for day in texts}, "the same bytes again"
    closing_fen = 0
    for text in texts.values():
        head, *lines, last = (line.strip().split(",") for line in text)
        assert int(head[5]) == closing_fen
        moved = {"paid": 0, "returned": 0, "captured": 0}
        for line in lines:
            moved[line[5]] = moved.get(line[5], 0) + int(line[6])
        fees_fen = sum(int(line[8]) for line in lines)
        told = [moved["paid"], moved["returned"], moved["captured"], fees_fen]
        closing_fen += moved["captured"] + moved["returned"] - moved["paid"] - fees_fen
        assert [int(field) for field in last[1:7]] == [len(lines), *told, closing_fen]
        assert last[7] == hashlib.sha256("".join(text[:-1]).encode()).hexdigest()
    booked = "SELECT count(*) FROM change WHERE state NOT IN ('refused', 'pending')"
    changes = book.file.rows(booked)[0][0]
    lines_told = sum(int(last_line(book, day)[1]) for day in texts)
    wrong_by = {"statement_line_missing": -1, "statement_line_twice": 1}.get(fault, 0)
    assert lines_told == changes + wrong_by, "one line is wrong"


def test_the_sums_of_all_statements_are_the_book(book: Book, clock: HandClock) -> None:
    lived(book, clock)
    clock.pass_by(days=40)
    lines = [last_line(book, day) for day in book.statement_days()]
    sums = [sum(int(line[place]) for line in lines) for place in range(2, 6)]
    totals = book.book_totals()
    names = ("payouts_fen", "returned_fen", "captures_fen", "fees_fen")
    assert sums == [totals[name] for name in names]


def test_a_day_that_is_not_over_has_no_statement(book: Book, clock: HandClock) -> None:
    assert book.statement_days() == {}
    book.hold("hold-1", card(book), 1)
    for day in ("2025-07-08", "2025-07-07", "2025-13-01", "x"):
        with pytest.raises(Rejected) as rejected:
            book.statement(day)
        assert (rejected.value.status, rejected.value.code) == (404, "statement_not_ready")
    clock.pass_by(hours=12)
    assert list(book.statement_days()) == ["2025-07-08"]


def test_a_day_that_is_closed_never_changes_even_if_the_clock_is_put_back(
    book: Book, clock: HandClock
) -> None:
    token = card(book)
    book.hold("hold-1", token, 1)
    clock.pass_by(hours=13)
    closed = list(book.statement("2025-07-08"))
    clock.pass_by(hours=-5)
    assert book.advance("advance-1", token, "card", 900).status == 201
    found = book.look_up("advance-1")
    assert found is not None
    assert found.body["changed_at"] == "2025-07-08T16:00:00.000Z", "where the open day begins"
    clock.pass_by(days=2)
    assert list(book.statement("2025-07-08")) == closed
    assert [line.split(",")[3] for line in book.statement("2025-07-09")][1] == "advance-1"
    with pytest.raises(Exception, match="a statement is never"), book.file.write() as db:
        db.execute("UPDATE statement SET fees_fen = 0")


def test_a_statement_is_read_some_lines_at_a_time(book: Book, clock: HandClock) -> None:
    token, lines = card(book), 2 * statement.LINES_AT_ONCE + 1
    with book.file.write():
        for number in range(lines):
            book.advance(f"advance-{number}", token, "card", 1)
    clock.pass_by(days=1)
    text = list(book.statement("2025-07-08"))
    assert [line.split(",")[3] for line in text[1:-1]] == [f"advance-{n}" for n in range(lines)]
    assert last_line(book, "2025-07-08")[1:3] == [str(lines), str(lines)]


def test_a_statement_is_given_over_the_protocol(merchant: Merchant, clock: HandClock) -> None:
    token = merchant.card()["card"]["token"]
    body = {"card_token": token, "amount_fen": 5, "currency": "CNY", "reference": "hold-1"}
    merchant.post("/v1/holds", body)
    early = merchant.get("/v1/statements/2025-07-08")
    assert (early.status_code, told(early)["error"]["code"]) == (404, "statement_not_ready")
    clock.pass_by(days=1)
    assert told(merchant.get("/v1/statements")) == {
        "days": ["2025-07-08"],
        "available_at": {"2025-07-08": "2025-07-08T16:00:00.000Z"},
    }
    answer = merchant.get("/v1/statements/2025-07-08")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines()[1].startswith("D,1,hold_")
    assert SECRET not in answer.text


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "advance", "capture", "release", "extend", "wait"]),
        st.sampled_from([VISA, MASTERCARD, PENDING_PAID, RETURNED, "4000000000000143"]),
        st.integers(1, 5000),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_the_book_does_not_depend_on_how_often_it_is_asked(
    steps: list[tuple[str, str, int]],
) -> None:
    def told_after(*, asks: bool) -> list[object]:
        clock = HandClock()
        book = Book(":memory:", clock, CountedIds())
        held: list[str] = []
        for place, (kind, number, size) in enumerate(steps):
            reference, ends = f"{kind}-{place}", held[size % len(held)] if held else ""
            match kind:
                case "hold":
                    book.hold(reference, card(book, number), size)
                    held.append(reference)
                case "advance":
                    book.advance(reference, card(book, number), "card", size)
                case "release" if ends:
                    book.release(reference, ends)
                case "extend" if ends:
                    book.extend(reference, ends)
                case "capture" if ends and book.file.row(
                    "SELECT 1 FROM hold WHERE reference = :r AND amount_fen >= :size",
                    {"r": ends, "size": size},
                ):
                    book.capture(reference, ends, size)
                case _:
                    clock.pass_by(minutes=size)
                    if asks:
                        book.pass_time()
        clock.pass_by(days=70)
        days = [list(book.statement(day)) for day in book.statement_days()]
        ended = book.hold_states(held)
        found: list[object] = [book.book_totals(), days, ended]
        book.close()
        return found

    assert told_after(asks=True) == told_after(asks=False)
