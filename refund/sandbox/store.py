"""The network's database file: its tables, and one transaction at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pysqlite3
from sqlite_utils import Database

# Before this release two connections could corrupt a WAL file while checkpointing.
_OLDEST_SQLITE = (3, 51, 3)

_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS card (
        token TEXT PRIMARY KEY,
        brand TEXT NOT NULL,
        last4 TEXT NOT NULL CHECK (length(last4) = 4),
        expiry TEXT NOT NULL CHECK (length(expiry) = 5),
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS payout (
        token TEXT PRIMARY KEY,
        method TEXT NOT NULL,
        label TEXT NOT NULL,
        behaviour TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS card_session (
        session_id TEXT PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        method TEXT NOT NULL,
        return_url TEXT NOT NULL,
        language TEXT NOT NULL,
        page_token TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'entered', 'cancelled')),
        expires_at TEXT NOT NULL,
        card_token TEXT REFERENCES card,
        payout_token TEXT REFERENCES payout,
        CHECK ((state = 'entered') = (card_token IS NOT NULL))
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS operation (
        cursor INTEGER PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('hold', 'advance', 'release', 'capture')),
        state TEXT NOT NULL CHECK (state IN ('held', 'paid', 'released', 'captured', 'refused')),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        hold_reference TEXT,
        booked_at TEXT NOT NULL,
        parameters TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX IF NOT EXISTS operation_by_state ON operation (state, amount_fen)",
    """
    CREATE TABLE IF NOT EXISTS hold (
        reference TEXT PRIMARY KEY REFERENCES operation (reference),
        amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
        state TEXT NOT NULL CHECK (state IN ('held', 'released', 'captured')),
        expires_at TEXT NOT NULL,
        captured_fen INTEGER NOT NULL DEFAULT 0 CHECK (captured_fen >= 0),
        released_fen INTEGER NOT NULL DEFAULT 0 CHECK (released_fen >= 0),
        CHECK (captured_fen + released_fen = CASE state WHEN 'held' THEN 0 ELSE amount_fen END)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE INDEX IF NOT EXISTS hold_open ON hold (expires_at, amount_fen) WHERE state = 'held'
    """,
    """
    CREATE TABLE IF NOT EXISTS idempotency_key (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        answer TEXT NOT NULL,
        kept_until TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS idempotency_key_age ON idempotency_key (kept_until)",
    """
    CREATE TRIGGER IF NOT EXISTS operation_is_never_changed BEFORE UPDATE ON operation
    BEGIN SELECT RAISE(ABORT, 'an operation is never changed'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS operation_is_never_deleted BEFORE DELETE ON operation
    BEGIN SELECT RAISE(ABORT, 'an operation is never deleted'); END
    """,
)


class BookFile:
    """One connection that the threads of the process take in turn; every write is durable.

    `database` is a path or `:memory:`.
    """

    def __init__(self, database: str) -> None:
        if pysqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise RuntimeError(f"SQLite {pysqlite3.sqlite_version} is too old for the book")
        self._turn = threading.RLock()
        connection = pysqlite3.connect(
            database,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
            cached_statements=64,
        )
        self._db = Database(connection)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        with self.write() as db:
            for statement in _SCHEMA:
                db.execute(statement)

    @contextmanager
    def write(self) -> Iterator[Database]:
        """Run the block in one transaction, committed at its end; inside another it joins that.

        sqlite-utils begins its own transactions without the write lock, so it is begun here.
        """
        with self._turn:
            if self._db.conn.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.conn.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return all rows of a query, read in one go."""
        with self._turn:
            found: list[tuple[Any, ...]] = self._db.execute(sql, parameters or {}).fetchall()
            return found

    def row(self, sql: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row of a query, None when there is none."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def health(self) -> dict[str, object]:
        """Say which engine keeps the book, and how durably."""
        levels = {0: "off", 1: "normal", 2: "full", 3: "extra"}
        return {
            "sqlite": pysqlite3.sqlite_version,
            "journal_mode": self.rows("PRAGMA journal_mode")[0][0],
            "synchronous": levels[self.rows("PRAGMA synchronous")[0][0]],
        }

    def close(self) -> None:
        """Close the file; the book cannot be used afterwards."""
        with self._turn:
            self._db.conn.close()
