"""What every storage engine promises: sessions, rows, steps, and the two ways a write can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

EngineName = Literal["sqlite", "postgresql"]
Value = None | int | str | bytes
T = TypeVar("T")


class Row(Protocol):
    """One row of an answer, read by column name."""

    def __getitem__(self, column: str, /) -> Value:
        """Return the value of a column."""
        ...

    def keys(self) -> Iterable[str]:
        """Return the column names in the order of the statement."""
        ...


class Session(Protocol):
    """Statements inside one transaction; useless, and refused, once the transaction has ended.

    After a statement has failed the transaction cannot succeed any more, whatever its function
    does about the error: both engines behave as PostgreSQL does.
    """

    @property
    def engine(self) -> EngineName:
        """Name the engine, for the few texts that differ."""
        ...

    def run(self, sql: str, /, **values: Value) -> int:
        """Execute a statement and return how many rows it touched."""
        ...

    def row(self, sql: str, /, **values: Value) -> Row | None:
        """Return the only row of an answer, or None when it is empty.

        Raises: LookupError when there are more, for then the statement is wrong.
        """
        ...

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Return all rows of an answer."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the schema, written once for both engines.

    Args:
        number: 1, 2, 3 … without a gap; a step that has been published is never edited.
        name: what it adds, for people.
        sql: statements for both engines, with `{integer}`, `{text}`, `{bytes}`, `{strict}`.
        sqlite: further statements for SQLite alone, such as triggers, run after `sql`.
        postgresql: the same for PostgreSQL.
    """

    number: int
    name: str
    sql: tuple[str, ...]
    sqlite: tuple[str, ...] = ()
    postgresql: tuple[str, ...] = ()


class Engine(Protocol):
    """A database in which functions run as transactions.

    A function given to `write` or `read` may be run again from its start, and on another thread:
    it has no effect but its rows. It never calls `write` or `read` itself.
    """

    @property
    def name(self) -> EngineName:
        """Name the engine."""
        ...

    def write(self, fn: Callable[[Session], T]) -> T:
        """Run a function as one transaction and return its result once that is on the disk.

        Raises: whatever the function raised, and then none of its rows are kept; ConstraintFailed;
            EngineBusy; OutcomeUnknown.
        """
        ...

    def read(self, fn: Callable[[Session], T]) -> T:
        """Run a function on one unchanging snapshot and return its result."""
        ...

    def migrate(self, steps: Sequence[Step], now: int) -> int:
        """Apply the steps that are missing, all or none, and return how many were.

        Args:
            steps: every step of the schema, in order.
            now: microseconds since 1970 UTC, kept beside each new step.

        Raises: SchemaMismatch when the database holds other steps than these.
        """
        ...

    def facts(self) -> dict[str, object]:
        """Describe what runs, as plain values: engine, version, durability, migrations."""
        ...

    def close(self) -> None:
        """Finish what waits and let go of every connection."""
        ...


class OutcomeUnknown(Exception):
    """A COMMIT was not confirmed: the rows may be there or not, so read them back by key."""


class EngineBusy(Exception):
    """The engine could not take the work in time: nothing has happened."""


class EngineUnfit(Exception):
    """This database or library cannot keep the promises, so it is not used at all."""


class SchemaMismatch(Exception):
    """The database was built by other migration steps than those of this program."""


ConstraintKind = Literal["unique", "foreign_key", "check", "not_null", "type", "trigger"]


class ConstraintFailed(Exception):
    """A constraint of the database stopped a statement; carries no value of any row.

    Args:
        kind: which sort of constraint.
        table: the table, where the engine names it, else "".
    """

    def __init__(self, kind: ConstraintKind, table: str = "", reason: str = "") -> None:
        """Keep the kind and the table; the reason is a trigger's own text."""
        super().__init__(
            f"{kind} constraint failed"
            + (f" on {table}" if table else "")
            + (f": {reason}" if reason else "")
        )
        self.kind: ConstraintKind = kind
        self.table = table
        self.reason = reason


class Conflict(ConstraintFailed):
    """A UNIQUE constraint failed: somebody else has this key already."""

    def __init__(self, table: str = "") -> None:
        """Keep the table."""
        super().__init__("unique", table)
