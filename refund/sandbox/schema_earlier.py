"""What earlier versions of the book were, and what brings each of them to version 3."""

from __future__ import annotations

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
SESSION = """
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
# SQLite changes no constraint of a table: each is made anew beside the old one, takes its rows
# and its name.  The old one goes with its indices and triggers.
_OPERATIONS_ANEW = (
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
FROM_2_TO_3 = (
    SESSION.format(name="card_session_anew"),
    """
    INSERT INTO card_session_anew SELECT session_id, reference, amount_fen, method, 'guarantee',
        return_url, language, page_token, state, expires_at, card_token, payout_token
        FROM card_session
    """,
    "DROP TABLE card_session",
    "ALTER TABLE card_session_anew RENAME TO card_session",
)
FROM_FIRST_TO_3 = (*_OPERATIONS_ANEW, *FROM_2_TO_3)
"""The first version wrote no version into its file."""
