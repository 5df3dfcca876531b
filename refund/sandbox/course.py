"""What happens in the network by time alone: kept as a list, and done when its moment has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from refund.sandbox.answers import stamp
from refund.sandbox.fees import end_of_day
from refund.sandbox.store import BookFile

DAY_CLOSES = "day_closes"
HOLD_ENDS = "hold_ends"
HOLD_EXPIRES = "hold_expires"
PAYOUT_FAILED = "payout_failed"
PAYOUT_PAID = "payout_paid"
PAYOUT_RETURNED = "payout_returned"

_INSERT = "INSERT INTO due (at, what, operation) VALUES (:at, :what, :operation)"
_NEXT = "SELECT number, at, what, operation FROM due WHERE at <= :now ORDER BY at, number LIMIT 1"

Doing = Callable[[int, datetime], None]
"""What is done when a moment has come, for the booking that it concerns, at that very moment."""


class Course:
    """The list of what is due.

    What is due happens at its own moment, in the order of the moments, however late somebody
    looks: so the book does not depend on how often it is asked.
    """

    def __init__(self, file: BookFile) -> None:
        self._file = file
        self._doings: dict[str, Doing] = {}

    def learn(self, doings: Mapping[str, Doing]) -> None:
        """Take over what is to be done for each kind of thing that comes due."""
        self._doings.update(doings)

    def plan(self, at: datetime, what: str, operation: int = 0) -> None:
        """Let something happen at a moment."""
        with self._file.write() as db:
            db.execute(_INSERT, {"at": stamp(at), "what": what, "operation": operation or None})

    def open_days(self, day: date) -> None:
        """Let the first day of the book be closed when it is over, and each after it."""
        row = self._file.row("SELECT 1 FROM due WHERE what = :what", {"what": DAY_CLOSES})
        if row is None:
            self.plan(end_of_day(day), DAY_CLOSES)

    def pass_time(self, now: datetime) -> int:
        """Do what has come due, and say how many things that was."""
        moment = {"now": stamp(now)}
        if self._file.row(_NEXT, moment) is None:
            return 0
        done = 0
        with self._file.write() as db:
            while (row := self._file.row(_NEXT, moment)) is not None:
                number, at, what, operation = row
                db.execute("DELETE FROM due WHERE number = :number", {"number": number})
                self._doings[what](operation or 0, datetime.fromisoformat(at))
                done += 1
        return done
