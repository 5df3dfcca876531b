"""Months that were settled with the treasury."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from refund.core.settlement import (
    Marks,
    Month,
    SettledLine,
    Settlement,
    Totals,
    TreasuryPayment,
)


class SettlementRows(Protocol):
    """Months that were settled, what each claimed, and what is not yet claimed."""

    def settlement(self, month: Month) -> Settlement | None:
        """A month that was closed."""
        ...

    def settlements(self) -> list[Settlement]:
        """Every month that was closed, oldest first."""
        ...

    def add_settlement(self, settlement: Settlement) -> None:
        """Store a month's closing; the database refuses a second one."""
        ...

    def first_claim_day(self) -> date | None:
        """The day on which the first entry was posted that claims something of the treasury."""
        ...

    def settle_lines(self, month: Month) -> None:
        """Write out, in the order of posting, every claim till the month's end not yet settled."""
        ...

    def settled_lines(self, month: Month, after: int, limit: int) -> list[SettledLine]:
        """The lines of a closed month whose position is beyond one, in order."""
        ...

    def settled_of(self, form_id: str) -> list[tuple[Month, SettledLine]]:
        """What closed months claimed or took back for a form, oldest first."""
        ...

    def open_lines(self, month: Month, after: int, limit: int) -> list[SettledLine]:
        """The same of what would be its lines if it were closed now."""
        ...

    def settled_sums(self, month: Month) -> Mapping[tuple[int, str], Totals]:
        """The sums of a closed month by store and way."""
        ...

    def settled_marks(self, month: Month) -> Marks:
        """By what the lines of a closed month are known again."""
        ...

    def open_verifications(self, month: Month) -> int:
        """How many decisions of customs there are on forms that a month would claim for."""
        ...

    def open_sums(self, month: Month) -> Mapping[tuple[int, str], Totals]:
        """The same of what would be its lines if it were closed now."""
        ...

    def settled_gross_fen(self) -> int:
        """What all closed months claimed together."""
        ...

    def treasury_claims_fen(self, end: datetime) -> int:
        """What the ledger says was claimed until a moment: the account, its payments put back.

        It rests on the kept balance, not on the claims' own entries.
        """
        ...

    def open_hours(self) -> Mapping[str, Totals]:
        """What is not yet settled, by the hour in UTC of its posting; of the sums the gross."""
        ...

    def add_treasury_payment(self, payment: TreasuryPayment) -> None:
        """Store what the treasury paid for a month; the database refuses a second payment."""
        ...

    def treasury_payments(self) -> list[TreasuryPayment]:
        """Every payment of the treasury, by month."""
        ...

    def claim(self, entry_key: str) -> SettledLine | None:
        """An entry that claims something and was not reversed, as the line that it is."""
        ...
