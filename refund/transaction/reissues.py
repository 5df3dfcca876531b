"""What can be read and written of statements that are issued anew, inside one transaction."""

from datetime import date, datetime
from typing import Protocol

from refund.core.statement import Apart, Statement


class ReissueRows(Protocol):
    """Statements that are offered in the place of others, and those that others replaced."""

    def offered_of(self, day: date) -> Statement | None:
        """The statement that is offered for a day."""
        ...

    def accept_offer(self, number: int, at: datetime) -> Statement | None:
        """Let an offered statement count from a moment on; None when it is offered no more."""
        ...

    def give_up_offer(self, day: date) -> None:
        """Give up what is offered for a day, where something is."""
        ...

    def supersede_statement(self, number: int, at: datetime, by: str, case_id: str) -> bool:
        """Let a statement count no more, for ever; False when it did not count before."""
        ...

    def statements_after(self, day: date) -> list[Statement]:
        """All complete statements of later days, in order."""
        ...

    def superseded_of(self, day: date) -> list[Statement]:
        """The statements of a day that count no more, the latest first."""
        ...

    def lines_apart(self, old: int, new: int, limit: int) -> Apart:
        """What of two statements' lines only one of them has; at most so many references."""
        ...

    def line_origin(self, line_id: int) -> str:
        """Where a line stood on the first statement of its day that had it.

        Returns:
            Its number there, behind that statement's where it is not the day's first one; empty
            where the day has only one statement.
        """
        ...
