"""The network's journal: each operation once, each change of its state, and nothing taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from refund.sandbox.answers import Answer, stamp, written
from refund.sandbox.cards import BRANDS, Behaviour
from refund.sandbox.course import Course
from refund.sandbox.errors import Rejected
from refund.sandbox.fees import end_of_day, network_day
from refund.sandbox.keys import Keys
from refund.sandbox.store import BookFile
from refund.sandbox.webhooks import Outbox

CURRENCY = "CNY"
PAGE_MAX = 500
SLOW_SECONDS = 2.0

_LATEST = """
    SELECT o.cursor, o.kind, o.last4, o.status, o.answer,
        (SELECT count(*) FROM operation b WHERE b.reference = o.reference AND b.cursor <= o.cursor)
    FROM operation o WHERE {which} ORDER BY o.cursor DESC LIMIT 1
"""
_BY_REFERENCE = _LATEST.format(which="o.reference = :wanted")
_BY_CURSOR = _LATEST.format(which="o.cursor = :wanted")
_INSERT = """
    INSERT INTO operation (reference, kind, amount_fen, hold, hold_reference, last4, network_id,
        booked_at, parameters, status, answer)
    VALUES (:reference, :kind, :amount_fen, :hold, :hold_reference, :last4, :network_id,
        :at, :parameters, :status, :answer)
"""
_LIST = """
    SELECT o.cursor, o.reference, o.kind,
        (SELECT c.state FROM change c WHERE c.operation = o.cursor ORDER BY c.version DESC LIMIT 1),
        o.amount_fen, o.booked_at, o.hold_reference, h.state
    FROM operation o LEFT JOIN hold h
        ON h.cursor = CASE o.kind WHEN 'hold' THEN o.cursor ELSE o.hold END
    WHERE o.cursor > :cursor ORDER BY o.cursor LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One operation as it is asked for; the same fields again are the same request."""

    reference: str
    kind: str
    amount_fen: int
    hold_reference: str = ""
    token: str = ""
    method: str = ""
    part_fen: int = 0

    @property
    def parameters(self) -> str:
        """What makes another request under the same reference another one."""
        told = (self.kind, str(self.amount_fen), self.hold_reference, self.token, self.method)
        # Without a part as it was before there were parts, for what is booked stays comparable.
        return "|".join((*told, str(self.part_fen)) if self.part_fen else told)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the network decides: a status, a state, and what it tells besides.

    `amount_fen` is what the answer names where the request does not say it; `moved_fen` what is
    really moved where that differs, and `fee_fen` what the network takes for it.  `hold` is the
    booking of the hold that is concerned, and `then` what follows once the operation has its
    place in the book.
    """

    status: int
    state: str
    told: Mapping[str, Any] = field(default_factory=dict)
    amount_fen: int = 0
    moved_fen: int = 0
    fee_fen: int = 0
    last4: str = ""
    hold: int | None = None
    behaviour: Behaviour = Behaviour.APPROVED
    then: Callable[[int], None] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A new state of a booked operation, and what it adds to what is told of it."""

    state: str
    at: datetime
    told: Mapping[str, Any]
    amount_fen: int
    fee_fen: int = 0


class Journal:
    """Books operations and their changes, and tells how each stands now."""

    def __init__(self, file: BookFile, keys: Keys, course: Course, outbox: Outbox) -> None:
        self._file = file
        self._keys = keys
        self._course = course
        self._outbox = outbox

    def book(
        self, request: Request, decide: Callable[[Request, datetime], Verdict], now: datetime
    ) -> Answer:
        """Return the first answer of a reference that is in use, or decide, book and answer.

        Raises: Rejected `duplicate_reference` when it is in use for another request.
        """
        with self._file.write():
            earlier = self._keys.protected(request.reference, now)
            if earlier is not None:
                return self._again(earlier, request)
            verdict = decide(request, now)
            return self.enter(request, verdict, now)

    def enter(self, request: Request, verdict: Verdict, now: datetime) -> Answer:
        """Book what was decided, with its first state, and answer."""
        answer = _answer(request, verdict, now)
        amount_fen = verdict.amount_fen or request.amount_fen
        with self._file.write() as db:
            made = db.execute(
                _INSERT,
                {
                    "reference": request.reference,
                    "kind": request.kind,
                    "amount_fen": amount_fen,
                    "hold": verdict.hold,
                    "hold_reference": request.hold_reference or None,
                    "last4": verdict.last4,
                    "network_id": verdict.told.get("network_id"),
                    "at": stamp(now),
                    "parameters": request.parameters,
                    "status": answer.status,
                    "answer": answer.text,
                },
            )
            cursor = int(made.lastrowid or 0)
            moved_fen = verdict.moved_fen or amount_fen
            first = Change(verdict.state, now, {}, moved_fen, verdict.fee_fen)
            self._keys.protect(request.reference, cursor, now)
            self._record(cursor, 1, first)
            if verdict.then is not None:
                verdict.then(cursor)
        return answer

    def change(self, cursor: int, change: Change) -> None:
        """Give a booked operation its next state."""
        row = self._file.row(
            "SELECT max(version) FROM change WHERE operation = :cursor", {"cursor": cursor}
        )
        self._record(cursor, 1 + (row[0] if row and row[0] else 0), change)

    def look_up(self, reference: str) -> Answer | None:
        """Return how the latest booking of a reference stands, None when there is none."""
        row = self._file.row(_BY_REFERENCE, {"wanted": reference})
        return None if row is None else Answer(row[3], written(self._present(row)), replayed=True)

    def listed(self, cursor: int, limit: int) -> list[dict[str, Any]]:
        """Return booked operations in the order of booking, at most `limit`, after a cursor."""
        rows = self._file.rows(_LIST, {"cursor": cursor, "limit": limit})
        names = (
            *("cursor", "reference", "kind", "state", "amount_fen", "at"),
            *("hold_reference", "hold_state"),
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _again(self, cursor: int, request: Request) -> Answer:
        row = self._file.row(
            "SELECT parameters, status, answer FROM operation WHERE cursor = :cursor",
            {"cursor": cursor},
        )
        if row is None or row[0] != request.parameters:
            raise Rejected(409, "duplicate_reference", "The reference was used before.")
        return Answer(row[1], row[2], replayed=True)

    def _record(self, cursor: int, version: int, change: Change) -> None:
        """Write a state down, on the day that is open, and announce it."""
        day, at = self._open_day(change.at)
        with self._file.write() as db:
            db.execute(
                "INSERT INTO change (operation, version, state, amount_fen, fee_fen, changed_at,"
                " day, told) VALUES (:operation, :version, :state, :amount_fen, :fee_fen,"
                " :at, :day, :told)",
                {
                    "operation": cursor,
                    "version": version,
                    "state": change.state,
                    "amount_fen": change.amount_fen,
                    "fee_fen": change.fee_fen,
                    "at": stamp(at),
                    "day": day.isoformat(),
                    "told": written(dict(change.told)),
                },
            )
            row = self._file.row(_BY_CURSOR, {"wanted": cursor})
            if row is not None:
                self._outbox.announce_operation(self._present(row), row[2], at)

    def _open_day(self, moment: datetime) -> tuple[date, datetime]:
        """Return the day and the moment of a change.

        Where the clock was put back to a day that is closed, it is the beginning of the open one.
        """
        day = network_day(moment)
        row = self._file.row("SELECT max(day) FROM statement", {})
        if row is None or row[0] is None:
            self._course.open_days(day)
            return day, moment
        closed = date.fromisoformat(row[0])
        if day > closed:
            return day, moment
        return closed + timedelta(days=1), end_of_day(closed)

    def _present(self, row: tuple[Any, ...]) -> dict[str, Any]:
        """What is told of an operation now: its first answer, and what changed since."""
        told: dict[str, Any] = _completed(json.loads(row[4]))
        changes = self._file.rows(
            "SELECT state, version, changed_at, told FROM change WHERE operation = :cursor"
            " ORDER BY version",
            {"cursor": row[0]},
        )
        for state, version, changed_at, added in changes:
            told |= {"state": state, "version": version, "changed_at": changed_at}
            told |= json.loads(added)
        return told | {"bookings": row[5]}


def _completed(told: dict[str, Any]) -> dict[str, Any]:
    """Add what an answer lacks that an earlier version of the book wrote."""
    match told["state"]:
        case "held":
            brand = BRANDS[told["brand"]]
            can = {"extendable": brand.extends, "increments": brand.increments}
            return {"approved_fen": told["amount_fen"], **can} | told
        case "captured":
            return {"captured_fen": told["amount_fen"]} | told
        case _:
            return told


def _answer(request: Request, verdict: Verdict, now: datetime) -> Answer:
    """Write the answer down, with what happens to it on its way to the merchant."""
    text = written(
        {
            "reference": request.reference,
            "kind": request.kind,
            "state": verdict.state,
            "amount_fen": verdict.amount_fen or request.amount_fen,
            "currency": CURRENCY,
            "at": stamp(now),
            "version": 1,
            "changed_at": stamp(now),
            **verdict.told,
        }
    )
    answer = Answer(verdict.status, text)
    match verdict.behaviour:
        case Behaviour.SLOW:
            return replace(answer, delay_seconds=SLOW_SECONDS)
        case Behaviour.LOST_HOLD if request.kind == "hold":
            return replace(answer, lost=True)
        case Behaviour.LOST_ADVANCE if request.kind in {"advance", "refund"}:
            return replace(answer, lost=True)
        case _:
            return answer
