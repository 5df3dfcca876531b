"""The book's tables, and how a file that an earlier version made is brought up to date."""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 3
"""The version of the tables, kept in the file as `user_version`; files before 2 have none."""

_OPERATION = """
    CREATE TABLE {name} (
        cursor INTEGER PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('hold', 'advance', 'release', 'capture', 'refund')),
        state TEXT NOT NULL CHECK (state IN ('held', 'paid', 'released', 'captured', 'refused')),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        hold_reference TEXT,
        booked_at TEXT NOT NULL,
        parameters TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL
    ) STRICT
"""
_HOLD = """
    CREATE TABLE {name} (
        reference TEXT PRIMARY KEY REFERENCES operation (reference),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        state TEXT NOT NULL CHECK (state IN ('held', 'released', 'captured')),
        expires_at TEXT NOT NULL,
        captured_fen INTEGER NOT NULL DEFAULT 0 CHECK (captured_fen >= 0),
        released_fen INTEGER NOT NULL DEFAULT 0 CHECK (released_fen >= 0),
        CHECK (captured_fen + released_fen <= amount_fen),
        CHECK ((state = 'held') = (captured_fen + released_fen < amount_fen)),
        CHECK (state <> 'released' OR captured_fen = 0)
    ) STRICT, WITHOUT ROWID
"""
_SESSION = """
    CREATE TABLE {name} (
        session_id TEXT PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        method TEXT NOT NULL,
        purpose TEXT NOT NULL CHECK (purpose IN ('guarantee', 'refund')),
        return_url TEXT NOT NULL,
        language TEXT NOT NULL,
        page_token TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'entered', 'cancelled')),
        expires_at TEXT NOT NULL,
        card_token TEXT REFERENCES card,
        payout_token TEXT REFERENCES payout,
        CHECK ((state = 'entered') = (card_token IS NOT NULL OR payout_token IS NOT NULL)),
        CHECK (purpose = 'refund' OR state <> 'entered' OR card_token IS NOT NULL)
    ) STRICT, WITHOUT ROWID
"""
_AROUND = (
    "CREATE INDEX operation_by_state ON operation (state, amount_fen)",
    "CREATE INDEX hold_open ON hold (expires_at, amount_fen) WHERE state = 'held'",
    """
    CREATE TRIGGER operation_is_never_changed BEFORE UPDATE ON operation
    BEGIN SELECT RAISE(ABORT, 'an operation is never changed'); END
    """,
    """
    CREATE TRIGGER operation_is_never_deleted BEFORE DELETE ON operation
    BEGIN SELECT RAISE(ABORT, 'an operation is never deleted'); END
    """,
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
    """
    CREATE TABLE payout (
        token TEXT PRIMARY KEY,
        method TEXT NOT NULL,
        label TEXT NOT NULL,
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    _SESSION.format(name="card_session"),
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
)

# SQLite changes no constraint of a table: each is made anew beside the old one, takes its rows
# and its name.  The old one goes with its indices and triggers.
_ANEW = (
    _OPERATION.format(name="operation_anew"),
    """
    INSERT INTO operation_anew SELECT cursor, reference, kind, state, amount_fen,
        hold_reference, booked_at, parameters, status, answer FROM operation
    """,
    "DROP TABLE operation",
    "ALTER TABLE operation_anew RENAME TO operation",
    _HOLD.format(name="hold_anew"),
    """
    INSERT INTO hold_anew SELECT reference, amount_fen, state, expires_at, captured_fen,
        released_fen FROM hold
    """,
    "DROP TABLE hold",
    "ALTER TABLE hold_anew RENAME TO hold",
    *_AROUND,
)
_SESSION_ANEW = (
    _SESSION.format(name="card_session_anew"),
    """
    INSERT INTO card_session_anew SELECT session_id, reference, amount_fen, method, 'guarantee',
        return_url, language, page_token, state, expires_at, card_token, payout_token
        FROM card_session
    """,
    "DROP TABLE card_session",
    "ALTER TABLE card_session_anew RENAME TO card_session",
)
_CHANGES = {0: (*_ANEW, *_SESSION_ANEW), 2: _SESSION_ANEW}
"""What brings the tables of an earlier version up to date."""


def bring_up_to_date(db: Database) -> None:
    """Make the tables in an empty file, or change an earlier version's; all of it or nothing.

    Foreign keys must be off on the connection: they are checked here, once all rows are back.

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
    for statement in _CHANGES[found] if _has_tables(db) else _NEW:
        db.execute(statement)
    if db.execute("PRAGMA foreign_key_check").fetchall():
        raise RuntimeError("the network's book does not fit together")
    db.execute(f"PRAGMA user_version = {VERSION}")


def _has_tables(db: Database) -> bool:
    """Whether an earlier version, which wrote no version, made its tables here."""
    sql = "SELECT 1 FROM sqlite_schema WHERE name = 'operation'"
    return db.execute(sql).fetchone() is not None
