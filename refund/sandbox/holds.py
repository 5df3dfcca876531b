"""Holds as the book keeps them: what stands of each, until when, and how each one ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from refund.sandbox.answers import stamp
from refund.sandbox.cards import BRANDS, Brand
from refund.sandbox.course import HOLD_ENDS, HOLD_EXPIRES, Course
from refund.sandbox.store import BookFile
from refund.sandbox.webhooks import Outbox

_COLUMNS = """
    SELECT cursor, reference, card_token, brand, last4, booked_at, expires_at, state, asked_fen,
        amount_fen, captured_fen, released_fen, partial FROM hold
"""
_LATEST = f"{_COLUMNS} WHERE reference = :reference ORDER BY cursor DESC LIMIT 1"
_BY_CURSOR = f"{_COLUMNS} WHERE cursor = :cursor"
_INSERT = """
    INSERT INTO hold (cursor, reference, card_token, brand, last4, booked_at, expires_at, state,
        asked_fen, amount_fen, partial)
    VALUES (:cursor, :reference, :card_token, :brand, :last4, :booked_at, :expires_at, 'held',
        :asked_fen, :amount_fen, :partial)
"""
_END_PART = """
    UPDATE hold SET captured_fen = captured_fen + :captured_fen,
        released_fen = released_fen + :released_fen,
        state = CASE
            WHEN captured_fen + released_fen + :captured_fen + :released_fen < amount_fen
            THEN 'held'
            WHEN captured_fen + :captured_fen > 0 THEN 'captured' ELSE 'released' END
    WHERE cursor = :cursor
"""


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it stands; `state` is held, released, captured, expired, or ended by the bank.

    `amount_fen` is all that was ever approved of it, `asked_fen` what was asked for at first;
    `partial` says that it was approved for less.
    """

    cursor: int
    reference: str
    card_token: str
    brand: str
    last4: str
    booked_at: str
    expires_at: str
    state: str
    asked_fen: int
    amount_fen: int
    captured_fen: int
    released_fen: int
    partial: int

    @property
    def standing_fen(self) -> int:
        """What has not ended of it."""
        return self.amount_fen - self.captured_fen - self.released_fen

    @property
    def scheme(self) -> Brand:
        """What its card's scheme lets it do."""
        return BRANDS[self.brand]

    @property
    def extendable(self) -> bool:
        """Whether an extension can make it last longer."""
        if self.state != "held" or not self.scheme.extends:
            return False
        expires_at = datetime.fromisoformat(self.expires_at)
        return self.later_end(expires_at) > expires_at

    def later_end(self, now: datetime) -> datetime:
        """Return when it ends if it is extended at this moment."""
        booked_at, end = datetime.fromisoformat(self.booked_at), self.expires_at
        return self.scheme.later_end(booked_at, datetime.fromisoformat(end), now)

    def told(self) -> dict[str, Any]:
        """What the merchant is told of it."""
        return {
            "reference": self.reference,
            "amount_fen": self.amount_fen,
            "state": self.state,
            "expires_at": self.expires_at,
            "captured_fen": self.captured_fen,
            "released_fen": self.released_fen,
            "extendable": self.extendable,
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """A hold that begins with its booking."""

    reference: str
    card_token: str
    brand: str
    last4: str
    booked_at: datetime
    expires_at: datetime
    asked_fen: int
    amount_fen: int
    ends_at: datetime | None = None


class Holds:
    """Keeps the holds; a reference means the latest hold that was booked under it."""

    def __init__(self, file: BookFile, course: Course, outbox: Outbox) -> None:
        self._file = file
        self._course = course
        self._outbox = outbox
        course.learn({HOLD_EXPIRES: self._expire, HOLD_ENDS: self._end})

    def find(self, reference: str) -> Hold | None:
        """Return the latest hold of a reference, None when there is none."""
        row = self._file.row(_LATEST, {"reference": reference})
        return None if row is None else Hold(*row)

    def find_many(self, references: Iterable[str]) -> dict[str, dict[str, Any] | None]:
        """Return what is told of each hold, None for each that is unknown."""
        found = {reference: self.find(reference) for reference in references}
        return {name: None if hold is None else hold.told() for name, hold in found.items()}

    def booked(self, cursor: int) -> Hold:
        """Return the hold of a booking."""
        return Hold(*self._file.rows(_BY_CURSOR, {"cursor": cursor})[0])

    def open(self, cursor: int, opening: Opening) -> None:
        """Keep a new hold, and plan its end."""
        with self._file.write() as db:
            db.execute(
                _INSERT,
                {
                    "cursor": cursor,
                    "reference": opening.reference,
                    "card_token": opening.card_token,
                    "brand": opening.brand,
                    "last4": opening.last4,
                    "booked_at": stamp(opening.booked_at),
                    "expires_at": stamp(opening.expires_at),
                    "asked_fen": opening.asked_fen,
                    "amount_fen": opening.amount_fen,
                    "partial": int(opening.amount_fen < opening.asked_fen),
                },
            )
        self._course.plan(opening.expires_at, HOLD_EXPIRES, cursor)
        if opening.ends_at is not None:
            self._course.plan(opening.ends_at, HOLD_ENDS, cursor)

    def end_part(self, hold: Hold, captured_fen: int, released_fen: int) -> Hold:
        """Take a part off a hold; with its last part it is captured if any was, else released."""
        taken = {"captured_fen": captured_fen, "released_fen": released_fen}
        with self._file.write() as db:
            db.execute(_END_PART, {"cursor": hold.cursor, **taken})
        return self.booked(hold.cursor)

    def raise_by(self, hold: Hold, amount_fen: int) -> Hold:
        """Let a hold stand for more."""
        sql = "UPDATE hold SET amount_fen = amount_fen + :amount_fen WHERE cursor = :cursor"
        with self._file.write() as db:
            db.execute(sql, {"cursor": hold.cursor, "amount_fen": amount_fen})
        return self.booked(hold.cursor)

    def prolong(self, hold: Hold, expires_at: datetime) -> Hold:
        """Let a hold last longer."""
        sql = "UPDATE hold SET expires_at = :expires_at WHERE cursor = :cursor"
        with self._file.write() as db:
            db.execute(sql, {"cursor": hold.cursor, "expires_at": stamp(expires_at)})
        self._course.plan(expires_at, HOLD_EXPIRES, hold.cursor)
        return self.booked(hold.cursor)

    def end_early(self, hold: Hold, at: datetime) -> Hold:
        """Let the bank end a hold that still stands."""
        self._end(hold.cursor, at)
        return self.booked(hold.cursor)

    def _end(self, cursor: int, at: datetime) -> None:
        if self.booked(cursor).state == "held":
            self._close(cursor, "ended", at)

    def _expire(self, cursor: int, at: datetime) -> None:
        """Let a hold expire, unless it was prolonged since this moment was planned."""
        hold = self.booked(cursor)
        if hold.state == "held" and hold.expires_at <= stamp(at):
            self._close(cursor, "expired", at)

    def _close(self, cursor: int, state: str, at: datetime) -> None:
        sql = "UPDATE hold SET state = :state WHERE cursor = :cursor"
        with self._file.write() as db:
            db.execute(sql, {"cursor": cursor, "state": state})
        hold = self.booked(cursor)
        self._outbox.announce_hold(hold.told(), hold.last4, at)
