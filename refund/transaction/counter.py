"""Tills and receipts of the agency's counters."""

from datetime import date, datetime
from typing import Protocol

from refund.core.agreement import Signature
from refund.core.form import Form, Status
from refund.core.till import Receipt, Till


class CounterRows(Protocol):
    """Tills and receipts of the agency's counters."""

    def add_till(self, till: Till) -> None:
        """Open a till; the database refuses a second open one of its port."""
        ...

    def till(self, till_id: str) -> Till | None:
        """A till by its id."""
        ...

    def open_till(self, port: str) -> Till | None:
        """The till of a port that is open."""
        ...

    def tills(self, limit: int) -> list[Till]:
        """The tills that were opened last, newest first."""
        ...

    def pay_from_till(self, till_id: str, amount_fen: int) -> bool:
        """Take cash out of a till; False when it is closed, or has less."""
        ...

    def close_till(self, till: Till) -> bool:
        """Store the count that closed a till; False when it is closed, or has paid meanwhile."""
        ...

    def next_receipt_sequence(self, port: str, day: date) -> int:
        """The next receipt's number within a port's day, from 1."""
        ...

    def add_receipt(self, receipt: Receipt, signature: Signature, owner: str) -> None:
        """Store a receipt, its signature and the account's owner sealed; "" for the traveller."""
        ...

    def receipt(self, receipt_number: str) -> Receipt | None:
        """A receipt by its number."""
        ...

    def receipt_of(self, form_id: str) -> Receipt | None:
        """The receipt of a form that is not void."""
        ...

    def receipt_by_submission(self, submission: str) -> Receipt | None:
        """The receipt that was signed on a page."""
        ...

    def receipts_of_form(self, form_id: str) -> list[Receipt]:
        """All receipts of a form, oldest first, void ones too."""
        ...

    def receipts_of_till(self, till_id: str) -> list[Receipt]:
        """What was paid out of a till, oldest first."""
        ...

    def receipts_between(self, port: str, start: datetime, end: datetime) -> list[Receipt]:
        """A port's receipts of a span of time, newest first."""
        ...

    def receipt_signature(self, receipt_number: str) -> Signature | None:
        """The signature on a receipt."""
        ...

    def receipt_owner(self, receipt_number: str) -> str:
        """Whose the account is, where it is another person's; else nothing."""
        ...

    def pay_receipt(self, form_id: str, at: datetime) -> None:
        """Note that the money of a form's receipt has been paid."""
        ...

    def void_receipt(self, form_id: str, at: datetime) -> None:
        """Make a form's receipt void, because the network would not pay it."""
        ...

    def put_document_shown(
        self, form_id: str, port: str, staff_id: str, document_index: str, at: datetime
    ) -> None:
        """Note which document an operator was shown for a form; the last one counts."""
        ...

    def document_shown(self, form_id: str, port: str, staff_id: str, since: datetime) -> str:
        """The blind index of the document that was shown since a moment; "" for none."""
        ...

    def forms_verified_at(self, port: str, statuses: tuple[Status, ...], limit: int) -> list[Form]:
        """Forms in some states that customs of a port decided last, the latest decision first."""
        ...
