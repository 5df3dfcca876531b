"""A backup of the network is restored: what it booked in the last hours is gone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from refund.sandbox.answers import stamp
from refund.sandbox.course import (
    DAY_CLOSES,
    HOLD_EXPIRES,
    PAYOUT_FAILED,
    PAYOUT_PAID,
    PAYOUT_RETURNED,
)
from refund.sandbox.fees import end_of_day, network_day
from refund.sandbox.keys import KEY_LIFETIME
from refund.sandbox.network import Book
from refund.sandbox.schema import APPEND_ONLY

HOURS_MAX = 720
"""How old a backup may be that is restored."""

_LATER = {"paid": PAYOUT_PAID, "refused": PAYOUT_FAILED, "returned": PAYOUT_RETURNED}
_FENCES = ("operation", "change", "statement")
_GONE_FROM_HOLDS = """
    SELECT o.hold, o.kind, o.amount_fen, o.answer,
        EXISTS (SELECT 1 FROM operation b WHERE b.reference = 'issuer-' || o.cursor)
    FROM operation o JOIN change c ON c.operation = o.cursor AND c.version = 1
    WHERE o.cursor >= :first AND o.hold < :first AND c.state <> 'refused'
"""
_HAPPENED_LATER = """
    SELECT operation, state, changed_at FROM change
    WHERE operation < :first AND version > 1 AND changed_at > :moment
"""
_LAST_END = """
    SELECT json_extract(o.answer, '$.expires_at') FROM operation o
    JOIN change c ON c.operation = o.cursor AND c.version = 1
    WHERE o.cursor < :first AND c.state IN ('held', 'extended') AND :hold IN (o.cursor, o.hold)
    ORDER BY o.cursor DESC LIMIT 1
"""
_PLAN = "INSERT INTO due (at, what, operation) VALUES (:at, :what, :operation)"
_TAKE_BACK = """
    UPDATE hold SET amount_fen = amount_fen - :increased, captured_fen = captured_fen - :captured,
        released_fen = released_fen - :released, expires_at = :expires_at,
        state = CASE WHEN state = 'ended' THEN 'ended' ELSE 'held' END
    WHERE cursor = :hold
"""
_STANDS_AGAIN = "UPDATE hold SET state = 'held' WHERE state = 'expired' AND expires_at > :moment"
_ENDS_NO_LATER = """
    DELETE FROM due WHERE what = :what
        AND at > (SELECT h.expires_at FROM hold h WHERE h.cursor = due.operation)
"""
_ENDS_AGAIN = """
    INSERT INTO due (at, what, operation)
        SELECT expires_at, :what, cursor FROM hold WHERE state = 'held' AND cursor NOT IN
            (SELECT d.operation FROM due d WHERE d.what = :what AND d.at = hold.expires_at)
"""


@dataclass
class _Part:
    """What vanishes of what was done to one hold."""

    increased_fen: int = 0
    captured_fen: int = 0
    released_fen: int = 0


def restore_backup(book: Book, age: timedelta) -> int:
    """Take the network back to where it stood; returns how many operations are gone.

    Operations, their changes, holds, keys, webhooks and closed days since then are gone; a hold
    that was touched since stands as it stood, and what time brings happens again when it is due.
    Cards, card pages and the faults that are switched on stay, and a hold that its bank has ended
    stays ended.  The book's tables are append-only for whatever the network does by its rules;
    this is not one of them but a thing that happens to it, and the only one that lifts the fence.
    """
    moment = book.clock() - age
    with book.file.write() as db:
        for table in _FENCES:
            for done in ("changed", "deleted"):
                db.execute(f"DROP TRIGGER {table}_is_never_{done}")
        gone = _take_back(db, moment)
        for trigger in APPEND_ONLY:
            db.execute(trigger)
    return gone


def _take_back(db: Database, moment: datetime) -> int:
    at = {"moment": stamp(moment)}
    first = db.execute(
        "SELECT coalesce((SELECT min(cursor) FROM operation WHERE booked_at > :moment),"
        " (SELECT coalesce(max(cursor), 0) + 1 FROM operation))",
        at,
    ).fetchone()[0]
    _restore_holds(db, first)
    later = db.execute(_HAPPENED_LATER, at | {"first": first}).fetchall()
    db.execute("DELETE FROM due WHERE operation >= :first", {"first": first})
    for operation, state, changed_at in later:
        again = {"at": changed_at, "what": _LATER[state], "operation": operation}
        db.execute(_PLAN, again)
    db.execute(
        "DELETE FROM change WHERE operation >= :first OR changed_at > :moment",
        at | {"first": first},
    )
    kept_until = stamp(moment + KEY_LIFETIME)
    db.execute("DELETE FROM idempotency_key WHERE kept_until > :until", {"until": kept_until})
    db.execute(
        "DELETE FROM reference_kept WHERE kept_until > :until OR operation >= :first",
        {"until": kept_until, "first": first},
    )
    db.execute("DELETE FROM webhook WHERE made_at > :moment", at)
    db.execute("DELETE FROM hold WHERE cursor >= :first", {"first": first})
    gone = db.execute("DELETE FROM operation WHERE cursor >= :first", {"first": first}).rowcount
    db.execute(_STANDS_AGAIN, at)
    db.execute(_ENDS_NO_LATER, {"what": HOLD_EXPIRES})
    db.execute(_ENDS_AGAIN, {"what": HOLD_EXPIRES})
    _reopen_days(db, moment)
    return gone


def _restore_holds(db: Database, first: int) -> None:
    """Let the holds stand as they stood before the operations from this one on."""
    parts: dict[int, _Part] = {}
    for hold, kind, amount_fen, answer, bank_captured in db.execute(
        _GONE_FROM_HOLDS, {"first": first}
    ).fetchall():
        part = parts.setdefault(hold, _Part())
        told = json.loads(answer)
        match kind:
            case "increase":
                part.increased_fen += amount_fen
            case "capture":
                part.captured_fen += told.get("captured_fen", amount_fen)
                part.released_fen += told.get("released_fen", 0)
            case "release" if not bank_captured:
                part.released_fen += told.get("released_fen", amount_fen)
    for hold, part in parts.items():
        expires_at = db.execute(_LAST_END, {"hold": hold, "first": first}).fetchone()[0]
        taken = {
            "hold": hold,
            "increased": part.increased_fen,
            "captured": part.captured_fen,
            "released": part.released_fen,
            "expires_at": expires_at,
        }
        db.execute(_TAKE_BACK, taken)


def _reopen_days(db: Database, moment: datetime) -> None:
    """Open the days again that were closed since; each closes again at its end."""
    since = {"day": network_day(moment).isoformat()}
    row = db.execute("SELECT min(day) FROM statement WHERE day >= :day", since).fetchone()
    if row[0] is None:
        return
    db.execute("DELETE FROM statement WHERE day >= :day", since)
    db.execute("DELETE FROM due WHERE what = :what", {"what": DAY_CLOSES})
    end = end_of_day(datetime.fromisoformat(row[0]).date())
    db.execute(_PLAN, {"at": stamp(end), "what": DAY_CLOSES, "operation": None})
