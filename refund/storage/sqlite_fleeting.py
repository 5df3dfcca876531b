"""The embedded engine for files that are thrown away: one thread, and nothing waits for a disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

import pysqlite3
from sqlite_utils.utils import sqlite3 as sqlite_in_use  # type: ignore[attr-defined]

from refund.storage.migrate import apply_steps
from refund.storage.protocol import EngineUnfit, Session, Step, T
from refund.storage.sqlite import file_facts
from refund.storage.sqlite_connection import (
    SqliteSession,
    connect_fleeting,
    constraint_of,
    require_fit,
)

if TYPE_CHECKING:
    import sqlite3
else:
    from pysqlite3 import dbapi2 as sqlite3


MEMORY: Final = ":memory:"
"""The path of no file at all: its pages are nowhere else, so that no commit writes any."""


def _run(fn: Callable[[Session], T], session: SqliteSession) -> T:
    """Run a function, and raise the failure that it kept to itself."""
    result = fn(session)
    if session.failure is not None:
        raise session.failure
    return result


class FleetingEngine:
    """A database of one thread, which nobody misses when the machine stops.

    It keeps every constraint and every transaction as `SqliteEngine` does, and gives up two
    promises: what was committed may be lost with the machine, and nobody else can look meanwhile.
    """

    name: Literal["sqlite"] = "sqlite"

    def __init__(self, path: str) -> None:
        """Open, or create for its owner alone, a database file, and keep it to this thread.

        Args:
            path: of the file; `MEMORY` for none.

        Raises: EngineUnfit when the library is not fit, or the file is in use.
        """
        require_fit(pysqlite3.sqlite_version_info, used_by_sqlite_utils=sqlite_in_use is pysqlite3)
        if path != MEMORY:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            self._conn = connect_fleeting(path)
        except sqlite3.DatabaseError as error:
            raise EngineUnfit(f"{path} cannot be used: {error}") from error
        self._is_inside = False

    def write(self, fn: Callable[[Session], T]) -> T:
        """Run a function as one transaction, in this thread."""
        conn, session = self._conn, self._begin("BEGIN IMMEDIATE")
        try:
            result = _run(fn, session)
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
        finally:
            session.open = self._is_inside = False
        try:
            conn.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            conn.execute("ROLLBACK")
            raise constraint_of(error) from None
        return result

    def read(self, fn: Callable[[Session], T]) -> T:
        """Run a function that only reads; nobody else can write meanwhile."""
        conn, session = self._conn, self._begin("")
        changes = conn.total_changes
        try:
            result = _run(fn, session)
        finally:
            session.open = self._is_inside = False
        if conn.total_changes != changes:
            raise RuntimeError("a function that was to read has written")
        return result

    def _begin(self, sql: str) -> SqliteSession:
        if self._is_inside:
            raise RuntimeError("a transaction was begun inside another; use the session given")
        if sql:
            self._conn.execute(sql)
        self._is_inside = True
        return SqliteSession(self._conn)

    def migrate(self, steps: Sequence[Step], now: int) -> int:
        """Apply the missing steps."""
        return self.write(lambda session: apply_steps(session, steps, now))

    def facts(self) -> dict[str, object]:
        """Describe the library, the file's modes and the migrations in it."""
        return {
            "engine": self.name,
            "sqlite_version": pysqlite3.sqlite_version,
            **self.read(file_facts),
        }

    def close(self) -> None:
        """Let go of the file, which is then one that every engine opens."""
        self._conn.close()
