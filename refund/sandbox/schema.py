"""The book's tables, and how a file that an earlier version made is brought up to date."""

from __future__ import annotations

from sqlite_utils import Database

from refund.sandbox.fault_table import FAULT_TABLE
from refund.sandbox.schema_earlier import FROM_2_TO_3, FROM_FIRST_TO_3, SESSION

VERSION = 4
"""The version of the tables, kept in the file as `user_version`; files before 2 have none."""

_OPERATION = """
    CREATE TABLE {name} (
        cursor INTEGER PRIMARY KEY,
        reference TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('hold', 'extend', 'increase', 'advance', 'refund',
            'release', 'capture')),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        hold INTEGER REFERENCES operation (cursor),
        hold_reference TEXT,
        last4 TEXT NOT NULL CHECK (length(last4) IN (0, 4)),
        network_id TEXT,
        booked_at TEXT NOT NULL,
        parameters TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL
    ) STRICT
"""
_HOLD = """
    CREATE TABLE {name} (
        cursor INTEGER PRIMARY KEY REFERENCES operation (cursor),
        reference TEXT NOT NULL,
        card_token TEXT NOT NULL REFERENCES card,
        brand TEXT NOT NULL,
        last4 TEXT NOT NULL CHECK (length(last4) = 4),
        booked_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('held', 'released', 'captured', 'expired', 'ended')),
        asked_fen INTEGER NOT NULL CHECK (asked_fen > 0),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        captured_fen INTEGER NOT NULL DEFAULT 0 CHECK (captured_fen >= 0),
        released_fen INTEGER NOT NULL DEFAULT 0 CHECK (released_fen >= 0),
        partial INTEGER NOT NULL DEFAULT 0 CHECK (partial IN (0, 1)),
        CHECK (captured_fen + released_fen <= amount_fen),
        CHECK ((state IN ('released', 'captured')) = (captured_fen + released_fen = amount_fen)),
        CHECK (state <> 'released' OR captured_fen = 0)
    ) STRICT
"""
_PAYOUT = """
    CREATE TABLE {name} (
        token TEXT PRIMARY KEY,
        method TEXT NOT NULL,
        label TEXT NOT NULL,
        last4 TEXT NOT NULL CHECK (length(last4) IN (0, 4)),
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
"""
APPEND_ONLY = tuple(
    f"""
    CREATE TRIGGER {table}_is_never_{done} BEFORE {doing} ON {table}
    BEGIN SELECT RAISE(ABORT, '{what} is never {done}'); END
    """
    for table, what in (
        ("operation", "an operation"),
        ("change", "a change"),
        ("statement", "a statement"),
    )
    for done, doing in (("changed", "UPDATE"), ("deleted", "DELETE"))
)
"""What keeps the book as it was written."""

_AROUND = (
    """
    CREATE TABLE change (
        number INTEGER PRIMARY KEY,
        operation INTEGER NOT NULL REFERENCES operation (cursor),
        version INTEGER NOT NULL CHECK (version > 0),
        state TEXT NOT NULL CHECK (state IN ('held', 'extended', 'increased', 'pending', 'paid',
            'returned', 'released', 'captured', 'refused')),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        fee_fen INTEGER NOT NULL CHECK (fee_fen >= 0),
        changed_at TEXT NOT NULL,
        day TEXT NOT NULL CHECK (length(day) = 10),
        told TEXT NOT NULL,
        UNIQUE (operation, version)
    ) STRICT
    """,
    """
    CREATE TABLE reference_kept (
        reference TEXT PRIMARY KEY,
        operation INTEGER NOT NULL REFERENCES operation (cursor),
        kept_until TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE due (
        number INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        what TEXT NOT NULL,
        operation INTEGER REFERENCES operation (cursor)
    ) STRICT
    """,
    """
    CREATE TABLE statement (
        day TEXT PRIMARY KEY CHECK (length(day) = 10),
        opening_fen INTEGER NOT NULL,
        payouts_fen INTEGER NOT NULL CHECK (payouts_fen >= 0),
        returned_fen INTEGER NOT NULL CHECK (returned_fen >= 0),
        captures_fen INTEGER NOT NULL CHECK (captures_fen >= 0),
        fees_fen INTEGER NOT NULL CHECK (fees_fen >= 0),
        closing_fen INTEGER NOT NULL,
        lines INTEGER NOT NULL CHECK (lines >= 0),
        told_opening_fen INTEGER NOT NULL,
        told_closing_fen INTEGER NOT NULL,
        flaws TEXT NOT NULL,
        available_at TEXT NOT NULL,
        CHECK (closing_fen = opening_fen + captures_fen + returned_fen - payouts_fen - fees_fen)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE webhook (
        number INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        manner TEXT NOT NULL,
        made_at TEXT NOT NULL,
        next_at TEXT,
        attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        last_at TEXT,
        last_outcome TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
        body TEXT NOT NULL,
        CHECK ((state = 'waiting') = (next_at IS NOT NULL))
    ) STRICT
    """,
    FAULT_TABLE,
    "CREATE INDEX operation_by_reference ON operation (reference, cursor)",
    "CREATE INDEX hold_by_reference ON hold (reference, cursor)",
    "CREATE INDEX hold_open ON hold (expires_at, amount_fen) WHERE state = 'held'",
    "CREATE INDEX change_of_day ON change (day, changed_at, number)",
    "CREATE INDEX reference_kept_age ON reference_kept (kept_until)",
    "CREATE INDEX due_in_order ON due (at, number)",
    "CREATE INDEX webhook_waiting ON webhook (next_at, number) WHERE state = 'waiting'",
)
_NEW = (
    """
    CREATE TABLE card (
        token TEXT PRIMARY KEY,
        brand TEXT NOT NULL,
        last4 TEXT NOT NULL CHECK (length(last4) = 4),
        expiry TEXT NOT NULL CHECK (length(expiry) = 5),
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    _PAYOUT.format(name="payout"),
    SESSION.format(name="card_session"),
    _OPERATION.format(name="operation"),
    _HOLD.format(name="hold"),
    """
    CREATE TABLE idempotency_key (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL,
        kept_until TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX idempotency_key_age ON idempotency_key (kept_until)",
    *_AROUND,
    *APPEND_ONLY,
)

# The state of an operation becomes its first change, with the day of Shanghai on which that was;
# the network took no fees then.  What stands of a hold is told by the hold, and what it concerns
# by the booking of it instead of its reference, which now may be booked again after a day.
_FROM_3_TO_4 = (
    _OPERATION.format(name="operation_anew"),
    """
    INSERT INTO operation_anew SELECT o.cursor, o.reference, o.kind, o.amount_fen, h.cursor,
        o.hold_reference, coalesce(json_extract(o.answer, '$.last4'), ''),
        json_extract(o.answer, '$.network_id'), o.booked_at, o.parameters, o.status, o.answer
        FROM operation o LEFT JOIN operation h ON h.reference = o.hold_reference
    """,
    *_AROUND[:4],
    """
    INSERT INTO change (number, operation, version, state, amount_fen, fee_fen, changed_at, day,
        told) SELECT cursor, cursor, 1, state, amount_fen, 0, booked_at,
        date(booked_at, '+8 hours'), '{}' FROM operation
    """,
    _HOLD.format(name="hold_anew"),
    """
    INSERT INTO hold_anew SELECT o.cursor, h.reference,
        rtrim(substr(o.parameters, 8 + length(o.amount_fen)), '|'),
        json_extract(o.answer, '$.brand'), json_extract(o.answer, '$.last4'), o.booked_at,
        h.expires_at, h.state, h.amount_fen, h.amount_fen, h.captured_fen, h.released_fen, 0
        FROM hold h JOIN operation o ON o.reference = h.reference
    """,
    "DROP TABLE hold",
    "DROP TABLE operation",
    "ALTER TABLE operation_anew RENAME TO operation",
    "ALTER TABLE hold_anew RENAME TO hold",
    _PAYOUT.format(name="payout_anew"),
    """
    INSERT INTO payout_anew SELECT p.token, p.method, p.label, coalesce((SELECT c.last4
        FROM card_session s JOIN card c ON c.token = s.card_token
        WHERE s.payout_token = p.token), ''), p.behaviour FROM payout p
    """,
    "DROP TABLE payout",
    "ALTER TABLE payout_anew RENAME TO payout",
    *_AROUND[4:],
    *APPEND_ONLY,
    """
    INSERT INTO reference_kept SELECT reference, cursor,
        strftime('%Y-%m-%dT%H:%M:%fZ', booked_at, '+1 day') FROM operation
    """,
    """
    INSERT INTO due (at, what, operation)
        SELECT expires_at, 'hold_expires', cursor FROM hold WHERE state = 'held'
    """,
    """
    INSERT INTO due (at, what) SELECT strftime('%Y-%m-%dT16:00:00.000Z', min(day)), 'day_closes'
        FROM change HAVING count(*) > 0
    """,
)
_CHANGES = {0: (*FROM_FIRST_TO_3, *_FROM_3_TO_4), 2: (*FROM_2_TO_3, *_FROM_3_TO_4), 3: _FROM_3_TO_4}
"""What brings the tables of an earlier version up to date."""


def bring_up_to_date(db: Database) -> None:
    """Make the tables in an empty file, or change an earlier version's; all of it or nothing.

    Foreign keys must be off on the connection: they are checked here, before and once all rows
    are back.

    Raises:
        RuntimeError: a later version made the file, or its rows do not fit together.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        _apply(db)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _apply(db: Database) -> None:
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise RuntimeError(f"the network's book is of version {found}, above {VERSION}")
    if found == VERSION:
        return
    _require_whole(db)
    for statement in _CHANGES[found] if _has_tables(db) else _NEW:
        db.execute(statement)
    _require_whole(db)
    db.execute(f"PRAGMA user_version = {VERSION}")


def _require_whole(db: Database) -> None:
    if db.execute("PRAGMA foreign_key_check").fetchall():
        raise RuntimeError("the network's book does not fit together")


def _has_tables(db: Database) -> bool:
    """Whether an earlier version, which wrote no version, made its tables here."""
    sql = "SELECT 1 FROM sqlite_schema WHERE name = 'operation'"
    return db.execute(sql).fetchone() is not None
