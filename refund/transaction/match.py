"""What can be read and written of the three-way match inside one transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from refund.core.breaks import Booked, Break, Ours, Posted, Scope
from refund.core.case import CaseKind
from refund.core.form import Form
from refund.core.match_summary import Amount, BreakRow, KindSum
from refund.core.statement import Statement


class MatchRows(Protocol):
    """What does not agree, found by the database; and the breaks that stand."""

    def odd_lines(self, scope: Scope, after: int, limit: int) -> list[Booked]:
        """Lines that our books seem to have otherwise or not at all, after a line's id."""
        ...

    def odd_joint_lines(self, scope: Scope, after: int, limit: int) -> list[Booked]:
        """The same of lines that are for several forms, by the sum of their shares."""
        ...

    def absent_there(
        self, scope: Scope, after: tuple[datetime, str] | None, limit: int
    ) -> list[Ours]:
        """Requests that we have as done and no statement has, after an answer's moment."""
        ...

    def absent_returns(self, scope: Scope, limit: int) -> list[Ours]:
        """The same of payouts that came back by our books alone."""
        ...

    def shares_of(self, reference: str) -> list[Ours]:
        """All that our books have under a reference of the network, form by form."""
        ...

    def odd_departures(self, scope: Scope, after: str, limit: int) -> list[tuple[Form, datetime]]:
        """Settled forms of which customs and the border seem to say otherwise, after a form.

        With each the moment at which it was settled.
        """
        ...

    def odd_fees(self, number: int, limit: int) -> list[dict[str, object]]:
        """Some lines of a statement whose fee is not what was agreed."""
        ...

    def standing_break(self, kind: str, subject: str) -> str | None:
        """The id of a break that was found before and stands."""
        ...

    def add_break(self, break_id: str, found: Break, case_id: str, at: datetime) -> None:
        """Note what was found, with its case."""
        ...

    def see_break(self, break_id: str, found: Break, case_id: str) -> None:
        """Note that a break was found again, and how it is now."""
        ...

    def mark_breaks(self, run: str, day: date | None) -> int:
        """Mark the breaks that stand, of a day or all but fees, till they are seen again.

        Those of a day whose statement was set aside wait until the day is matched anew.
        """
        ...

    def mark_unfounded(self, run: str) -> int:
        """Mark the corrections that stand without their ground, till they are seen again."""
        ...

    def unfounded_fixes(self, after: str, limit: int) -> list[Posted]:
        """What cases posted for breaks that stand no more, and that was not taken back."""
        ...

    def waits_for_match(self, case_id: str) -> bool:
        """Whether a case is about a break of a day whose statement was set aside since."""
        ...

    def marked_breaks(self, run: str, limit: int) -> list[BreakRow]:
        """Breaks that stand, that a run has marked, and that nobody has seen since."""
        ...

    def end_break(self, break_id: str, at: datetime) -> None:
        """Note that a break is gone."""
        ...

    def breaks_between(
        self, first: date, last: date, kinds: Sequence[CaseKind], after: str, limit: int
    ) -> list[BreakRow]:
        """The breaks that stand of some days, of some kinds or all, after one in their order."""
        ...

    def break_sums(self, first: date, last: date) -> list[KindSum]:
        """How many breaks stand of some days, by kind, and what is at stake."""
        ...

    def broken_lines(self, first: date, last: date) -> Amount:
        """How many lines of the statements have a break, and their sum."""
        ...

    def statements_between(self, first: date, last: date) -> list[Statement]:
        """The complete statements of some days, in order."""
        ...

    def statements_unmatched(self, limit: int) -> list[Statement]:
        """The complete statements that were never matched, in the order of their days."""
        ...

    def mark_matched(self, number: int, at: datetime) -> None:
        """Note when a statement was matched."""
        ...
