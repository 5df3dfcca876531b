"""What can be read and written of the network's statements inside one transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from refund.core.statement import Head, Statement, StatementLine, Trailer


class StatementRows(Protocol):
    """Statements: loaded in pieces, and visible once they are complete."""

    def begin_statement(
        self, head: Head, source: str, file_name: str, at: datetime, by: str
    ) -> int:
        """Begin to load a statement, in the place of whoever else loads this day; its number."""
        ...

    def add_statement_lines(self, number: int, lines: Sequence[StatementLine]) -> bool:
        """Add lines to a statement that is loading; False when it does so no more."""
        ...

    def complete_statement(self, number: int, trailer: Trailer, at: datetime) -> Statement | None:
        """Make a statement visible, whole; None when it is loading no more."""
        ...

    def offer_statement(self, number: int, trailer: Trailer, at: datetime) -> Statement | None:
        """Keep a statement whole that does not count; None when it is loading no more."""
        ...

    def break_off_statement(self, number: int) -> None:
        """Give up a statement that is loading."""
        ...

    def break_off_statements(self, before: datetime) -> None:
        """Give up every statement that began to load before a moment and is not complete."""
        ...

    def clear_broken_lines(self, limit: int) -> int:
        """Delete some lines of a statement that was given up; 0 when nothing is left of any."""
        ...

    def statement_of(self, day: date) -> Statement | None:
        """A day's statement, complete."""
        ...

    def statements(self, before: date, limit: int) -> list[Statement]:
        """Complete statements of days before one, the latest first."""
        ...

    def statement_span(self) -> tuple[date, date] | None:
        """The first and the last day of which there is a statement."""
        ...

    def first_answer_at(self) -> datetime | None:
        """When the network first answered something that it has done for us."""
        ...
