"""Connections to the embedded database that keep every promise, and the statements on them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

import sqlite_utils

from refund.storage.protocol import (
    Conflict,
    ConstraintFailed,
    EngineBusy,
    EngineUnfit,
    Row,
    Value,
)

if TYPE_CHECKING:
    import sqlite3
else:
    from pysqlite3 import dbapi2 as sqlite3

# Before 3.51.3 two connections that write and checkpoint at once could corrupt a WAL database.
LEAST_VERSION: Final = (3, 51, 3)
BUSY_MS: Final = 10_000
WAL_ATTEMPTS: Final = 200
STATEMENTS_CACHED: Final = 512


def require_fit(version: tuple[int, ...], *, used_by_sqlite_utils: bool) -> None:
    """Refuse a SQLite that may corrupt a database.

    Raises: EngineUnfit, which says what was found.
    """
    if version < LEAST_VERSION:
        found = ".".join(map(str, version))
        raise EngineUnfit(f"SQLite {found} may corrupt a WAL database; 3.51.3 or newer is needed")
    if not used_by_sqlite_utils:
        raise EngineUnfit("sqlite-utils does not use the SQLite of the package pysqlite3")


def connect(path: str, *, query_only: bool, busy_ms: int = BUSY_MS) -> sqlite3.Connection:
    """Open a connection with every promise switched on: WAL, FULL, foreign keys.

    Args:
        path: of the file; created for its owner alone when it is missing.
        query_only: refuse every write on this connection.
        busy_ms: how long to wait for another connection.

    Raises: EngineUnfit when the file cannot be a WAL database.
    """
    conn = sqlite3.connect(
        path,
        timeout=busy_ms / 1000,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_CACHED,
    )
    try:
        # Recursive triggers: else INSERT OR REPLACE deletes without asking the delete triggers.
        database = sqlite_utils.Database(conn, recursive_triggers=True)
        _become_wal(database)
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "cell_size_check=ON",
            # As many pages as the first block of the WAL's index can name.
            "wal_autocheckpoint=4000",
            "journal_size_limit=67108864",
            "cache_size=-8192",
            f"query_only={'ON' if query_only else 'OFF'}",
        ):
            database.execute(f"PRAGMA {pragma}")
    except BaseException:
        conn.close()
        raise
    return conn


def connect_fleeting(path: str) -> sqlite3.Connection:
    """Open the one connection of a file that is thrown away: everything but durability.

    Raises: OperationalError when somebody else has the file open.
    """
    conn = sqlite3.connect(path, timeout=0, isolation_level=None, cached_statements=1024)
    try:
        database = sqlite_utils.Database(conn, recursive_triggers=True)
        for pragma in (
            "locking_mode=EXCLUSIVE",
            "journal_mode=MEMORY",
            "synchronous=OFF",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "cache_size=-65536",
            "temp_store=MEMORY",
        ):
            database.execute(f"PRAGMA {pragma}")
    except BaseException:
        conn.close()
        raise
    return conn


def _become_wal(database: sqlite_utils.Database) -> None:
    """Switch to WAL; SQLite does not wait when two processes switch a new file at once."""
    for attempt in range(WAL_ATTEMPTS):
        try:
            mode = database.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            time.sleep(0.001 * min(attempt + 1, 50))
        else:
            if mode != "wal":
                raise EngineUnfit(f"the database file cannot use WAL, only {mode}")
            return
    raise EngineBusy("another process keeps the database file to itself")


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another connection was in the way, so that nothing has happened."""
    return getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def constraint_of(error: sqlite3.IntegrityError) -> ConstraintFailed:
    """Say which constraint failed; SQLite tells it in fixed words only."""
    kind, marker, subject = str(error).partition(" constraint failed")
    table = subject.removeprefix(": ").partition(".")[0] if "." in subject else ""
    if not marker:
        if str(error).startswith(("cannot store ", "datatype mismatch")):
            return ConstraintFailed("type")
        return ConstraintFailed("trigger", reason=str(error))
    match kind:
        case "UNIQUE":
            return Conflict(table)
        case "FOREIGN KEY":
            return ConstraintFailed("foreign_key")
        case "NOT NULL":
            return ConstraintFailed("not_null", table)
        case _:
            return ConstraintFailed("check")


_NAMES: Final[dict[str, tuple[str, ...]]] = {}
_NAMES_MAX: Final = 4096


def _names_of(sql: str, count: int, cursor: sqlite3.Cursor) -> tuple[str, ...]:
    """Return the names of a statement's columns, which are asked for once a statement."""
    known = _NAMES.get(sql)
    if known is None or len(known) != count:
        if len(_NAMES) >= _NAMES_MAX:
            _NAMES.clear()
        known = _NAMES[sql] = tuple(column[0] for column in cursor.description)
    return known


class SqliteSession:
    """Statements inside one transaction of the embedded engine."""

    __slots__ = ("_conn", "failure", "open")

    engine: Literal["sqlite"] = "sqlite"

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self.open = True
        self.failure: Exception | None = None

    def run(self, sql: str, /, **values: Value) -> int:
        """Execute a statement and return how many rows it touched."""
        return self._all(sql, values)[0]

    def row(self, sql: str, /, **values: Value) -> Row | None:
        """Return the only row of an answer, or None."""
        found = self._all(sql, values)[1]
        if len(found) > 1:
            raise LookupError("more than one row where at most one was expected")
        return found[0] if found else None

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Return all rows of an answer."""
        return self._all(sql, values)[1]

    def _all(self, sql: str, values: dict[str, Value]) -> tuple[int, list[Row]]:
        if not self.open:
            raise RuntimeError("a session was used after its transaction had ended")
        if self.failure is not None:
            raise RuntimeError("a statement follows one that failed") from self.failure
        try:
            cursor = self._conn.execute(sql, values)
            found = cursor.fetchall()
        except sqlite3.IntegrityError as error:
            self.failure = constraint_of(error)
            raise self.failure from None
        except sqlite3.Error as error:
            if not is_busy(error):
                self.failure = error
                raise
            self.failure = EngineBusy("another process keeps the database file to itself")
            raise self.failure from None
        # The library's own count is wrong after RETURNING.
        if not found:
            return (max(cursor.rowcount, 0) if cursor.description is None else 0), found
        names = _names_of(sql, len(found[0]), cursor)
        return len(found), [dict(zip(names, row, strict=True)) for row in found]
