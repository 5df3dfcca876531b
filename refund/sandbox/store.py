"""The network's database file: one connection, and one transaction at a time."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Any

import pysqlite3
from sqlite_utils import Database

from refund.sandbox.schema import bring_up_to_date

# Before this release two connections could corrupt a WAL file while checkpointing.
_OLDEST_SQLITE = (3, 51, 3)


class _Block:
    """A block in one transaction: the outermost one begins and ends it, those inside join it.

    sqlite-utils begins its own transactions without the write lock, so they are begun here.  There
    is one such object for a file, whose turn a thread has while it is inside.
    """

    def __init__(self, db: Database, turn: threading.RLock) -> None:
        self._db = db
        self._turn = turn
        self._begun: list[bool] = []

    def __enter__(self) -> Database:
        self._turn.acquire()
        try:
            begins = not self._db.conn.in_transaction
            if begins:
                self._db.conn.execute("BEGIN IMMEDIATE")
            self._begun.append(begins)
        except BaseException:
            self._turn.release()
            raise
        return self._db

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if self._begun.pop():
                self._end(is_whole=kind is None)
        finally:
            self._turn.release()

    def _end(self, *, is_whole: bool) -> None:
        conn = self._db.conn
        try:
            if is_whole:
                conn.execute("COMMIT")
        finally:
            # What was not committed, or could not be, is taken back.
            if conn.in_transaction:
                conn.execute("ROLLBACK")


class BookFile:
    """One connection that the threads of the process take in turn; every write is durable.

    `database` is a path or `:memory:`.  A book that is `fleeting` is one thread's alone, and thrown
    away: nothing waits for the disk.
    """

    def __init__(self, database: str, *, fleeting: bool = False) -> None:
        if pysqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise RuntimeError(f"SQLite {pysqlite3.sqlite_version} is too old for the book")
        self.is_fleeting = fleeting
        self._turn = threading.RLock()
        connection = pysqlite3.connect(
            database,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
            cached_statements=128,
        )
        self._db = Database(connection)
        self._block = _Block(self._db, self._turn)
        if fleeting:
            self._set("locking_mode=EXCLUSIVE", "journal_mode=MEMORY", "synchronous=OFF")
        else:
            self._set("journal_mode=WAL", "synchronous=FULL")
        self._set("foreign_keys=OFF")
        try:
            bring_up_to_date(self._db)
        except BaseException:
            connection.close()
            raise
        self._set("foreign_keys=ON")

    def _set(self, *pragmas: str) -> None:
        for pragma in pragmas:
            self._db.execute(f"PRAGMA {pragma}").fetchall()

    def write(self) -> AbstractContextManager[Database]:
        """Run the block in one transaction, committed at its end; inside another it joins that."""
        return self._block

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return all rows of a query, read in one go."""
        with self._turn:
            found: list[tuple[Any, ...]] = self._db.conn.execute(sql, parameters or {}).fetchall()
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
