"""The daily statement: read in pieces of any size, and refused by name for all that is wrong."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar import end_of_day
from refund.core.errors import Refused
from refund.core.statement import (
    StatementLine,
    StatementReader,
    Totals,
    Trailer,
    agreed_fee_fen,
    effect_fen,
)
from tests import make
from tests.statements import Booked, Sheet, sealed, written

LATER = end_of_day(make.DAY)
HOLD = Booked("f1-hold-1", "hold", "held", 200_00)
PAID = Booked("f1-advance-1", "advance", "paid", 134_46)
RETURNED = Booked("f1-advance-1", "advance", "returned", 134_46)
CAPTURED = Booked("f1-capture-1", "capture", "captured", 100_00, hold_reference="f1-hold-1")
RELEASED = Booked("f2-release-1", "release", "released", 50_00, hold_reference="f2-hold-1")
SHEET = Sheet(opening_fen=-5_00, lines=[HOLD, PAID, RETURNED, CAPTURED, RELEASED])


def read(
    text: bytes, now: datetime = LATER, pieces: int = 7
) -> tuple[list[StatementLine], Trailer]:
    """The lines and the trailer of a statement that comes in small pieces."""
    chunks = (text[start : start + pieces] for start in range(0, len(text), pieces))
    reader = StatementReader(chunks, now)
    return list(reader.lines()), reader.trailer


def refused(text: bytes, now: datetime = LATER) -> Refused:
    """Why a statement is not taken."""
    with pytest.raises(Refused) as caught:
        read(text, now)
    return caught.value


def test_a_statement_is_read_whole() -> None:
    lines, trailer = read(SHEET.text())
    assert [(line.number, line.reference, line.kind, line.state) for line in lines] == [
        (1, "f1-hold-1", "hold", "held"),
        (2, "f1-advance-1", "advance", "paid"),
        (3, "f1-advance-1", "advance", "returned"),
        (4, "f1-capture-1", "capture", "captured"),
        (5, "f2-release-1", "release", "released"),
    ]
    assert lines[3].hold_reference == "f1-hold-1"
    assert lines[3].booked_at == datetime(2025, 7, 8, 4, tzinfo=UTC)
    assert [line.is_return for line in lines] == [False, False, True, False, False]
    assert [line.effect_fen for line in lines] == [0, -134_46, 134_46, 100_00, 0]
    total_fen = 200_00 + 134_46 + 134_46 + 100_00 + 50_00
    assert trailer.totals == Totals(5, 134_46, 134_46, 100_00, 60 + 30, total_fen, 60 + 30)
    assert trailer.closing_fen == SHEET.closing_fen == -5_00 + 100_00 - 90
    assert trailer.digest == hashlib.sha256(SHEET.text()).hexdigest()


@given(pieces=st.integers(1, 2000), count=st.integers(0, 12))
def test_however_it_is_cut_it_reads_the_same(pieces: int, count: int) -> None:
    text = Sheet(lines=[HOLD, PAID, CAPTURED] * count).text()
    lines, trailer = read(text, pieces=pieces)
    assert (len(lines), trailer.totals.lines) == (3 * count, 3 * count)
    assert trailer.totals.gained_fen == trailer.closing_fen


def test_a_day_without_anything_has_a_statement() -> None:
    lines, trailer = read(Sheet(opening_fen=7).text())
    assert (lines, trailer.closing_fen, trailer.totals) == ([], 7, Totals())


@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_wherever_it_is_cut_off_it_is_truncated(place: str) -> None:
    text = SHEET.text()
    cuts = {"start": range(50, 70), "middle": range(150, 420, 7), "end": range(-80, -1, 9)}
    for cut in cuts[place]:
        assert refused(text[:cut]).code == "statement_truncated", text[:cut]
    assert refused(text[: text.index(b"T,")]).facts == {"lines": 5}


def test_the_line_end_of_the_last_line_can_be_missing() -> None:
    assert read(SHEET.text()[:-1])[1].totals.lines == 5


def test_what_is_empty_or_something_else_is_named() -> None:
    assert refused(b"").code == "file_empty"
    assert refused(b"document_kind,port\n").code == "statement_header_unknown"
    text = SHEET.text()
    assert refused(text.replace(b"statement,1,", b"statement,2,")).code == (
        "statement_header_unknown"
    )
    assert refused(text.replace(b",CNY,-500", b",USD,-500")).code == "statement_currency"
    assert refused(text.replace(b"1,2025-07-08,", b"1,2025-07-38,")).code == "date_impossible"


def test_the_day_must_be_over() -> None:
    early = LATER - timedelta(microseconds=1)
    assert refused(SHEET.text(), early).facts == {"day": make.DAY}
    assert refused(SHEET.text(), early).code == "statement_day_not_over"
    assert refused(Sheet(make.DAY + timedelta(days=1)).text()).code == "statement_day_not_over"


def test_a_line_that_is_left_out_or_moved_leaves_a_gap() -> None:
    lines = SHEET.text().splitlines(keepends=True)
    without = refused(sealed(b"".join(lines[:2] + lines[3:])))
    assert (without.code, without.facts) == ("statement_line_gap", {"expected": 2, "found": 3})
    twice = refused(sealed(b"".join(lines[:3] + lines[2:])))
    assert twice.facts == {"expected": 3, "found": 2}


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b"hold,held", b"hold,paid"),
        (b"hold,held", b"loan,held"),
        (b",20000,CNY", b",0,CNY"),
        (b",20000,CNY", b",200.00,CNY"),
        (b",20000,CNY", b",-20000,CNY"),
        (b",20000,CNY", b",99999999999,CNY"),
        (b",20000,CNY", ",２0000,CNY".encode()),
        (b"T04:00:00Z", b"T24:00:00Z"),
        (b"T04:00:00Z", b"T04:00:00"),
        (b"f1-hold-1,hold", b"=f1-hold-1,hold"),
        (b"f1-hold-1,hold", b'"f1,hold-1",hold'),
        (b"id_1", b"id_1\x00"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(was: bytes, now: bytes) -> None:
    found = refused(sealed(SHEET.text().replace(was, now, 1)))
    assert (found.code, found.facts["line"]) == ("statement_row_unreadable", 1)


def test_a_file_without_line_ends_fills_no_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield SHEET.text()[:60]
        while True:
            yield b"9" * 4096

    with pytest.raises(Refused) as caught:
        list(StatementReader(endless(), LATER).lines())
    assert caught.value.code in {"statement_row_unreadable", "statement_header_unknown"}


def test_a_line_of_another_day_is_named() -> None:
    for at in (LATER, LATER - timedelta(days=1, seconds=1)):
        found = refused(Sheet(lines=[PAID, Booked(at=at)]).text())
        assert (found.code, found.facts) == ("statement_other_day", {"line": 2, "day": make.DAY})
    edge = Booked(at=LATER - timedelta(seconds=1)), Booked(at=LATER - timedelta(days=1))
    assert len(read(Sheet(lines=[*edge]).text())[0]) == 2


def test_every_figure_at_the_end_is_compared() -> None:
    lines = SHEET.text().splitlines(keepends=True)
    words = lines[-1].rstrip(b"\n").split(b",")
    codes = {
        1: ("statement_count_differs", {}),
        2: ("statement_totals_differ", {"total": "payouts_fen"}),
        3: ("statement_totals_differ", {"total": "returned_fen"}),
        4: ("statement_totals_differ", {"total": "captures_fen"}),
        5: ("statement_totals_differ", {"total": "fees_fen"}),
        6: ("statement_closing_differs", {}),
    }
    for place, (code, facts) in codes.items():
        said = int(words[place]) + 1
        edited = [*words[:place], str(said).encode(), *words[place + 1 :]]
        found = refused(b"".join([*lines[:-1], b",".join(edited) + b"\n"]))
        assert found.code == code
        assert found.facts == {"said": said, "counted": said - 1, **facts}


def test_a_change_that_no_sum_shows_is_seen_by_the_checksum() -> None:
    text = SHEET.text()
    assert refused(text.replace(b"f2-release-1", b"f2-release-2")).code == (
        "statement_checksum_differs"
    )
    assert read(sealed(text.replace(b"f2-release-1", b"f2-release-2")))[1].totals.lines == 5
    cut = text.rstrip(b"\n")[:-1]
    assert refused(cut + b"\n").code == "statement_truncated"


def test_nothing_follows_the_last_line() -> None:
    assert refused(SHEET.text() + b"\n").code == "statement_goes_on"
    assert refused(SHEET.text() + SHEET.text()).code == "statement_goes_on"


def test_the_trailer_is_there_only_when_all_was_read() -> None:
    reader = StatementReader([SHEET.text()], LATER)
    with pytest.raises(ValueError, match="not read to its end"):
        _ = reader.trailer


def test_a_long_statement_never_stands_in_memory() -> None:
    lines = (Booked(f"{number:016x}-hold-1", "hold", "held", 100) for number in range(20_000))
    text = written(date(2025, 7, 8), 0, lines)
    tracemalloc.start()
    reader = StatementReader(text, LATER)
    count = sum(1 for _ in reader.lines())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, reader.trailer.totals.lines) == (20_000, 20_000)
    assert peak < 200_000


def test_what_an_operation_does_to_our_account() -> None:
    assert effect_fen("advance", "paid", 5) == effect_fen("refund", "paid", 5) == -5
    assert effect_fen("refund", "returned", 5) == effect_fen("capture", "captured", 5) == 5
    assert effect_fen("hold", "held", 5) == effect_fen("release", "released", 5) == 0
    assert effect_fen("extend", "extended", 5) == effect_fen("increase", "increased", 5) == 0


@pytest.mark.parametrize(
    ("amount_fen", "fee_fen"),
    [(1, 1), (166, 1), (499, 1), (500, 2), (833, 2), (834, 3), (100_00, 30), (134_46, 40)],
)
def test_the_fee_of_a_charge_is_three_in_a_thousand_rounded_half_up(
    amount_fen: int, fee_fen: int
) -> None:
    assert agreed_fee_fen("capture", "captured", amount_fen) == fee_fen
    assert agreed_fee_fen("advance", "paid", amount_fen) == 60
    assert agreed_fee_fen("advance", "returned", amount_fen) == 0
    assert agreed_fee_fen("hold", "held", amount_fen) == 0
