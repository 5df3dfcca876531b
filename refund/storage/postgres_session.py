"""Statements inside one PostgreSQL transaction, and what its errors mean here."""

from __future__ import annotations

from typing import Any, Final, Literal

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.rows import DictRow
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import StrBinaryDumper

from refund.storage.placeholders import for_psycopg
from refund.storage.protocol import (
    Conflict,
    ConstraintFailed,
    ConstraintKind,
    EngineBusy,
    Row,
    Value,
)

SERIALIZATION: Final = frozenset({"40001", "40P01"})
LOST: Final = frozenset({"57P01", "57P02", "57P03", "25P03"})
CONSTRAINTS: Final[dict[str, ConstraintKind]] = {
    "23502": "not_null",
    "23503": "foreign_key",
    "23505": "unique",
    "23514": "check",
    "42804": "type",
    "P0001": "trigger",
}


class TryAgainError(Exception):
    """The transaction met another one and has been rolled back: it is run again from its start."""


class LostError(Exception):
    """The connection went away before COMMIT, so nothing has happened."""


class IntegralLoader(Loader):
    """Reads numeric as int, for SUM(bigint) is numeric; a fraction is a defect."""

    def load(self, data: Buffer) -> int:
        """Return the whole number; raises ValueError for a fraction."""
        return int(bytes(data))


class TruthLoader(Loader):
    """Reads boolean as 1 and 0, as SQLite answers."""

    def load(self, data: Buffer) -> int:
        """Return 1 for true."""
        return int(bytes(data) == b"t")


def adapters() -> AdaptersMap:
    """Return the conversions under which both engines give and take the same values.

    Every int travels as bigint and every str as text, so that a statement has one plan whatever
    the values, and `:a * :b` does not overflow a smaller type.
    """
    chosen = AdaptersMap(psycopg.adapters)
    chosen.register_dumper(int, Int8BinaryDumper)
    chosen.register_dumper(bool, Int8BinaryDumper)
    chosen.register_dumper(str, StrBinaryDumper)
    chosen.register_loader("numeric", IntegralLoader)
    chosen.register_loader("bool", TruthLoader)
    return chosen


class Connection(psycopg.Connection[DictRow]):
    """A connection that remembers whether the server warned."""

    warned: bool = False

    def listen(self) -> None:
        """Begin to remember warnings."""
        self.add_notice_handler(self._notice)

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        # The code, not the sentence: the sentence is in the server's language.
        if (diagnostic.severity_nonlocalized or "WARNING") == "WARNING":
            self.warned = True


def meaning_of(error: psycopg.Error, connection: Connection) -> Exception:
    """Translate an error before COMMIT into the engines' common words, or leave it as it is."""
    code = error.sqlstate or ""
    if code in SERIALIZATION:
        return TryAgainError()
    if code == "55P03":
        return EngineBusy("a row has been locked for too long")
    if connection.closed or code in LOST or code.startswith("08"):
        return LostError()
    return _constraint(code, error.diag) or error


def _constraint(code: str, said: psycopg.errors.Diagnostic) -> ConstraintFailed | None:
    kind = CONSTRAINTS.get(code)
    if kind is None:
        return None
    table = said.table_name or ""
    if kind == "unique":
        return Conflict(table)
    reason = said.message_primary or "" if kind == "trigger" else ""
    return ConstraintFailed(kind, table, reason)


class PostgresSession:
    """Statements inside one transaction of PostgreSQL."""

    __slots__ = ("_connection", "_cursor", "failure", "open")

    engine: Literal["postgresql"] = "postgresql"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self.open = True
        self.failure: Exception | None = None

    def run(self, sql: str, /, **values: Value) -> int:
        """Execute a statement and return how many rows it touched."""
        return max(self._execute(sql, values).rowcount, 0)

    def row(self, sql: str, /, **values: Value) -> Row | None:
        """Return the only row of an answer, or None."""
        found = self.rows(sql, **values)
        if len(found) > 1:
            raise LookupError("more than one row where at most one was expected")
        return found[0] if found else None

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Return all rows of an answer."""
        cursor = self._execute(sql, values)
        return [] if cursor.description is None else list[Row](cursor.fetchall())

    def _execute(self, sql: str, values: dict[str, Value]) -> psycopg.Cursor[dict[str, Any]]:
        if not self.open:
            raise RuntimeError("a session was used after its transaction had ended")
        if self.failure is not None:
            raise RuntimeError("a statement follows one that failed") from self.failure
        try:
            return self._cursor.execute(for_psycopg(sql), values)
        except psycopg.Error as error:
            self.failure = meaning_of(error, self._connection)
            if self.failure is error:
                raise
            # Its own words are left out: they may quote the values of a row.
            raise self.failure from None
