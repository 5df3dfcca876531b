"""The days of the book: each is closed at its end, with its sums, its fees and its statement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from refund.sandbox.answers import stamp
from refund.sandbox.course import DAY_CLOSES, Course
from refund.sandbox.errors import Rejected
from refund.sandbox.faults import FaultPlan
from refund.sandbox.fees import end_of_day, network_day
from refund.sandbox.store import BookFile

NAME = "refund-network-statement"
FORMAT = 1
LATE = timedelta(days=1)
LINES_AT_ONCE = 500

_SUMS = """
    SELECT coalesce(sum(amount_fen) FILTER (WHERE state = 'paid'), 0),
        coalesce(sum(amount_fen) FILTER (WHERE state = 'returned'), 0),
        coalesce(sum(amount_fen) FILTER (WHERE state = 'captured'), 0),
        coalesce(sum(fee_fen), 0),
        count(*) FILTER (WHERE state NOT IN ('refused', 'pending'))
    FROM change
"""
_OPEN = "WHERE day > coalesce((SELECT max(day) FROM statement), '')"
_CLOSED = """
    SELECT coalesce(sum(payouts_fen), 0), coalesce(sum(returned_fen), 0),
        coalesce(sum(captures_fen), 0), coalesce(sum(fees_fen), 0) FROM statement
"""
_LINES = """
    SELECT c.changed_at, c.number, o.network_id, o.reference, o.kind, c.state, c.amount_fen,
        c.fee_fen, c.changed_at, coalesce(o.hold_reference, '')
    FROM change c JOIN operation o ON o.cursor = c.operation
    WHERE c.day = :day AND c.state NOT IN ('refused', 'pending')
        AND (c.changed_at, c.number) > (:at, :number)
    ORDER BY c.changed_at, c.number LIMIT :limit
"""
_CLOSE = """
    INSERT INTO statement (day, opening_fen, payouts_fen, returned_fen, captures_fen, fees_fen,
        closing_fen, lines, told_opening_fen, told_closing_fen, flaws, available_at)
    VALUES (:day, :opening_fen, :payouts_fen, :returned_fen, :captures_fen, :fees_fen,
        :closing_fen, :lines, :told_opening_fen, :told_closing_fen, :flaws, :available_at)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One change of the day, as the statement tells it."""

    network_id: str
    reference: str
    kind: str
    state: str
    amount_fen: int
    fee_fen: int
    booked_at: str
    hold_reference: str


@dataclass(frozen=True, slots=True)
class Flaws:
    """What is wrong with the lines of a statement for ever; each place counts them from 0.

    Such a statement agrees with itself, and the next day begins where it ended, so that only
    whoever compares it with other books finds what is wrong.
    """

    missing: int | None = None
    twice: int | None = None
    other_amount: int | None = None

    @classmethod
    def read(cls, text: str) -> Flaws:
        """Read what is kept with a day."""
        return cls(**json.loads(text))

    def written(self) -> str:
        """What is kept with a day."""
        return json.dumps(
            {name: place for name, place in asdict(self).items() if place is not None}
        )


@dataclass(frozen=True, slots=True)
class Slips:
    """What is wrong with one delivery of a statement, and can be right with the next."""

    wrong_total: bool = False
    truncated: bool = False


class Statements:
    """Closes the days, and writes the statement of each that is over."""

    def __init__(self, file: BookFile, course: Course, faults: FaultPlan) -> None:
        self._file = file
        self._course = course
        self._faults = faults
        course.learn({DAY_CLOSES: self._close})

    def totals(self) -> dict[str, Any]:
        """Return the sums of the whole book; fees as far as they are charged."""
        closed, still_open = self._file.rows(_CLOSED)[0], self._file.rows(f"{_SUMS} {_OPEN}")[0]
        payouts, returned, captures = (a + b for a, b in zip(closed[:3], still_open, strict=False))
        fees = closed[3]
        holds, held = self._file.rows(
            "SELECT count(*), coalesce(sum(amount_fen - captured_fen - released_fen), 0) FROM hold"
            " WHERE state = 'held'"
        )[0]
        return {
            "payouts_fen": payouts,
            "returned_fen": returned,
            "captures_fen": captures,
            "fees_fen": fees,
            "balance_fen": captures + returned - payouts - fees,
            "holds_open": holds,
            "held_open_fen": held,
            "operations": self._file.rows("SELECT count(*) FROM operation")[0][0],
        }

    def days(self) -> dict[str, str]:
        """Return the days that are closed, each with the moment its statement is there."""
        return dict(self._file.rows("SELECT day, available_at FROM statement ORDER BY day"))

    def lines(self, day: str, now: datetime) -> Iterator[str]:
        """Return the text of a day's statement, line by line; the lines are read as they go.

        Raises: Rejected `statement_not_ready`.
        """
        row = self._file.row(
            "SELECT told_opening_fen, lines, flaws FROM statement"
            " WHERE day = :day AND available_at <= :now",
            {"day": day, "now": stamp(now)},
        )
        if row is None:
            raise Rejected(404, "statement_not_ready", "There is no statement of this day yet.")
        opening_fen, expected, flaws = row
        lines = _flawed(self._lines(day), Flaws.read(flaws))
        return _text(day, opening_fen, lines, self._slips(), expected)

    def _close(self, _operation: int, at: datetime) -> None:
        """Close the day that ends at this moment: charge its fees, and plan the next day's end."""
        day = network_day(at) - timedelta(days=1)
        payouts, returned, captures, fees, lines = self._file.rows(
            f"{_SUMS} WHERE day = :day", {"day": day.isoformat()}
        )[0]
        before = self._file.row(
            "SELECT closing_fen, told_closing_fen FROM statement ORDER BY day DESC LIMIT 1", {}
        )
        opening, told_opening = before or (0, 0)
        moved = captures + returned - payouts - fees
        late = self._faults.draw("statement_late")
        flaws = self._flaws(day.isoformat(), lines)
        told = moved
        if flaws != Flaws():
            told = sum(_moved(line) for line in _flawed(self._lines(day.isoformat()), flaws))
        with self._file.write() as db:
            db.execute(
                _CLOSE,
                {
                    "day": day.isoformat(),
                    "opening_fen": opening,
                    "payouts_fen": payouts,
                    "returned_fen": returned,
                    "captures_fen": captures,
                    "fees_fen": fees,
                    "closing_fen": opening + moved,
                    "lines": lines,
                    "told_opening_fen": told_opening,
                    "told_closing_fen": told_opening + told,
                    "flaws": flaws.written(),
                    "available_at": stamp(at + LATE if late else at),
                },
            )
        self._course.plan(end_of_day(day + timedelta(days=1)), DAY_CLOSES)

    def _lines(self, day: str) -> Iterator[Line]:
        """Read the changes of a day some at a time, in the order of their moments."""
        at, number = "", 0
        while True:
            rows = self._file.rows(
                _LINES, {"day": day, "at": at, "number": number, "limit": LINES_AT_ONCE}
            )
            for row in rows:
                yield Line(*row[2:])
            if len(rows) < LINES_AT_ONCE:
                return
            at, number = rows[-1][:2]

    def _flaws(self, day: str, lines: int) -> Flaws:
        """Draw what is wrong with the lines of a day that closes."""

        def place(fault: str) -> int | None:
            if not lines or not self._faults.draw(fault):
                return None
            digest = hashlib.sha256(f"{fault}|{day}".encode()).digest()
            return int.from_bytes(digest[:8]) % lines

        return Flaws(
            missing=place("statement_line_missing"),
            twice=place("statement_line_twice"),
            other_amount=place("statement_line_amount"),
        )

    def _slips(self) -> Slips:
        """Draw what is wrong with this delivery."""
        with self._file.write():
            return Slips(
                wrong_total=self._faults.draw("statement_wrong_total"),
                truncated=self._faults.draw("statement_truncated"),
            )


def _moved(line: Line) -> int:
    """What a line adds to the balance, fen."""
    sign = {"paid": -1, "returned": 1, "captured": 1}.get(line.state, 0)
    return sign * line.amount_fen - line.fee_fen


def _flawed(lines: Iterable[Line], flaws: Flaws) -> Iterator[Line]:
    """Pass the lines on, one left out, twice or with another amount where that is a flaw."""
    for place, line in enumerate(lines):
        if place == flaws.missing:
            continue
        told = line
        if place == flaws.other_amount:
            told = Line(
                line.network_id,
                line.reference,
                line.kind,
                line.state,
                line.amount_fen + 100,
                line.fee_fen,
                line.booked_at,
                line.hold_reference,
            )
        yield told
        if place == flaws.twice:
            yield told


def _text(
    day: str, opening_fen: int, lines: Iterable[Line], slips: Slips, expected: int
) -> Iterator[str]:
    """Write a statement: its head, its lines, and the sums of what was written."""
    sums = {"paid": 0, "returned": 0, "captured": 0}
    fees = count = 0
    digest = hashlib.sha256()

    def hashed(text: str) -> str:
        digest.update(text.encode())
        return text

    yield hashed(f"H,{NAME},{FORMAT},{day},CNY,{opening_fen}\n")
    for count, line in enumerate(lines, 1):
        text = (
            f"D,{count},{line.network_id},{line.reference},{line.kind},{line.state},"
            f"{line.amount_fen},CNY,{line.fee_fen},{line.booked_at},{line.hold_reference}\n"
        )
        if slips.truncated and count > expected // 2:
            yield text[: len(text) // 2]
            return
        yield hashed(text)
        fees += line.fee_fen
        if line.state in sums:
            sums[line.state] += line.amount_fen
    closing_fen = opening_fen + sums["captured"] + sums["returned"] - sums["paid"] - fees
    payouts_fen = sums["paid"] + (100 if slips.wrong_total else 0)
    totals = f"{payouts_fen},{sums['returned']},{sums['captured']},{fees},{closing_fen}"
    yield f"T,{count},{totals},{digest.hexdigest()}\n"
