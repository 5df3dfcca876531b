"""The embedded engine: one writer thread that groups commits, and readers on snapshots."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, cast

import pysqlite3
from sqlite_utils.utils import sqlite3 as sqlite_in_use  # type: ignore[attr-defined]

from refund.storage.migrate import apply_steps
from refund.storage.protocol import EngineUnfit, Session, Step, T, Value
from refund.storage.sqlite_connection import BUSY_MS, SqliteSession, connect, require_fit
from refund.storage.sqlite_writer import Job, Writer

if TYPE_CHECKING:
    import sqlite3
else:
    from pysqlite3 import dbapi2 as sqlite3

IDLE_READERS_MAX: Final = 32


class SqliteEngine:
    """A database in one file, for one process with threads."""

    name: Literal["sqlite"] = "sqlite"

    def __init__(self, path: str, *, busy_ms: int = BUSY_MS) -> None:
        """Open, or create for its owner alone, a database file.

        Args:
            path: of the file, absolute; its folder exists.
            busy_ms: how long a write waits for another process.

        Raises: EngineUnfit when the library or the file cannot keep the promises.
        """
        require_fit(pysqlite3.sqlite_version_info, used_by_sqlite_utils=sqlite_in_use is pysqlite3)
        # Only a new file: to close an existing one would drop this process's locks on it.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        self._connect = partial(connect, path, busy_ms=busy_ms)
        try:
            self._connect(query_only=False).close()
        except sqlite3.DatabaseError as error:
            raise EngineUnfit(f"{path} cannot be used: {error}") from error
        self._pid = os.getpid()
        self._inside = threading.local()
        self._readers: deque[sqlite3.Connection] = deque()
        self._closed = False
        self._writer = Writer(partial(self._connect, query_only=False), self._mark)

    def write(self, fn: Callable[[Session], T]) -> T:
        """Hand a function to the writer and return its result once it is on the disk."""
        self._require_usable()
        job = Job(fn)
        self._writer.submit(job)
        return cast("T", job.wait())

    def read(self, fn: Callable[[Session], T]) -> T:
        """Run a function on a snapshot, on a connection that cannot write."""
        self._require_usable()
        conn = self._reader()
        session = SqliteSession(conn)
        self._mark(True)
        try:
            conn.execute("BEGIN")
            result = fn(session)
            if session.failure is not None:
                raise session.failure
        finally:
            session.open = False
            self._mark(False)
            self._give_back(conn)
        return result

    def migrate(self, steps: Sequence[Step], now: int) -> int:
        """Apply the missing steps; BEGIN IMMEDIATE keeps every other process out meanwhile."""
        return self.write(lambda session: apply_steps(session, steps, now))

    def facts(self) -> dict[str, object]:
        """Describe the library, the file's modes and the migrations in it."""
        return {
            "engine": self.name,
            "sqlite_version": pysqlite3.sqlite_version,
            **self.read(file_facts),
        }

    def close(self) -> None:
        """Commit what waits, stop the writer and close every idle connection."""
        if self._closed or os.getpid() != self._pid:
            return
        self._writer.close()
        self._closed = True
        while self._readers:
            self._readers.pop().close()

    def _mark(self, inside: bool) -> None:  # noqa: FBT001
        self._inside.now = inside

    def _require_usable(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("the storage was opened before this process forked; open it after")
        if getattr(self._inside, "now", False):
            raise RuntimeError("a transaction was begun inside another; use the session given")

    def _reader(self) -> sqlite3.Connection:
        if self._closed:
            raise RuntimeError("the storage is closed")
        try:
            return self._readers.pop()
        except IndexError:
            return self._connect(query_only=True)

    def _give_back(self, conn: sqlite3.Connection) -> None:
        """Keep a reader for the next one, unless it is in doubt or there are enough."""
        try:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
        except sqlite3.Error:
            conn.close()
            return
        if self._closed or len(self._readers) >= IDLE_READERS_MAX:
            conn.close()
        else:
            self._readers.append(conn)


SYNCHRONOUS: Final = ("OFF", "NORMAL", "FULL", "EXTRA")


def file_facts(session: Session) -> dict[str, object]:
    """Return the modes of the session's file, and how many steps it has."""

    def pragma(name: str) -> Value:
        row = session.row(f"PRAGMA {name}")
        return None if row is None else row[name]

    table = session.row(
        "SELECT COUNT(*) AS found FROM sqlite_schema WHERE type = 'table' AND name = 'migration'"
    )
    applied = None
    if table is not None and table["found"]:
        applied = session.row("SELECT COUNT(*) AS applied FROM migration")
    return {
        "journal_mode": pragma("journal_mode"),
        "synchronous": SYNCHRONOUS[int(pragma("synchronous") or 0)],
        "foreign_keys": bool(pragma("foreign_keys")),
        "page_bytes": pragma("page_size"),
        "migrations": 0 if applied is None else applied["applied"],
    }
