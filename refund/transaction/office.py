"""What the back office reads inside one transaction: queues, searches, figures."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from refund.core.case import Case, CaseKind
from refund.core.form import Form, Status
from refund.core.ledger import Entry
from refund.core.office import DayFigure, DayTime, RefusalCount, Waiting
from refund.core.operation import NetworkEvent


class OfficeRows(Protocol):
    """Queues, searches, and figures by day; no statement reads all forms."""

    def cases_by_owner(self) -> dict[tuple[CaseKind, str], Waiting]:
        """The open cases of each kind and owner; nobody's have an empty one."""
        ...

    def promises_of_days(
        self, statuses: Sequence[Status], first: date, last: date
    ) -> list[tuple[date, Waiting]]:
        """Forms in some states by the day of their promise, the earliest day first."""
        ...

    def forms_left_count(self, statuses: Sequence[Status], limit: int) -> Waiting:
        """Forms in some states whose travellers were seen leaving, at most so many."""
        ...

    def forms_waiting(self, statuses: Sequence[Status], limit: int) -> Waiting:
        """Forms in some states, at most so many, since the last decision of customs."""
        ...

    def holds_ending_sum(self, before: datetime) -> Waiting:
        """The holds that end by themselves before a moment; `oldest` is when the first does."""
        ...

    def counts_of(self, start: datetime, end: datetime) -> tuple[int, int]:
        """How many decisions customs made within a span of time, and how many holds ended well."""
        ...

    def forms_by_last4(self, last4: str, limit: int) -> list[Form]:
        """Forms with a hold on a card that ends so, the latest hold first."""
        ...

    def forms_by_amount(self, amount_fen: int, limit: int) -> list[Form]:
        """Forms whose refund, net refund or advance is exactly so much, the newest first."""
        ...

    def forms_by_invoice(self, number: str, limit: int) -> list[Form]:
        """Forms on which an invoice is or was, the newest first."""
        ...

    def notices_about(self, references: Collection[str]) -> list[NetworkEvent]:
        """What the network told by itself about some references, oldest first."""
        ...

    def day_figures(self, first: date, last: date) -> list[DayFigure]:
        """The figures of days, by day and store."""
        ...

    def day_times(self, first: date, last: date) -> list[DayTime]:
        """How long forms of some days took from the first scan to the money."""
        ...

    def refusals_between(self, start: datetime, end: datetime) -> list[RefusalCount]:
        """Who refused what within a span of time, and why."""
        ...

    def forms_numbered(self, after: str, last: str, limit: int) -> list[Form]:
        """Forms in the order of their numbers, after one and up to another."""
        ...

    def entries_after(
        self, after: tuple[datetime, str], end: datetime, limit: int
    ) -> list[tuple[Entry, datetime, str, int]]:
        """Entries in their order, after one of them and before a moment: actor and store too."""
        ...

    def cases_after(self, after: tuple[datetime, str], end: datetime, limit: int) -> list[Case]:
        """Cases in the order of their opening, after one of them and before a moment."""
        ...
