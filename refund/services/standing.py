"""Where a form stands for its traveller: what is due, what moved, what is still open."""

from dataclasses import dataclass
from datetime import date

from refund.core.calendar import add_working_days, last_day
from refund.core.customs import Verification
from refund.core.entitlement import Entitlement, GoodsReturn
from refund.core.form import Form
from refund.core.matching import ExitRecord, exit_for
from refund.core.thread import Happened, LineOutcome, line_outcomes, thread_of
from refund.core.till import Receipt
from refund.ports import Ports
from refund.services.claim import ClaimView
from refund.services.intent import entitlement
from refund.services.life import replacement
from refund.services.rules import rules_of
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """What a form's page says besides the form.

    Args:
        thread: what happened, with the money that moved.
        lines: what became of each line's goods.
        verification: what customs decided last.
        returns: what went back to the store.
        worth: what is due for the goods that count.
        ordinary_until: the last day on which an ordinary refund is possible: the goods leave in
            time and the traveller does.
        charge_by: the last working day on which a broken promise is charged.
        left: the departure that counts for this form, once the border has reported one.
        outstanding_fen: what the traveller has of the advance by the ledger; below zero we owe it.
        receipt: of an ordinary refund, signed at the counter.
        replaced_by: the form that took this one's place.
    """

    thread: tuple[Happened, ...]
    lines: tuple[LineOutcome, ...]
    verification: Verification | None
    returns: tuple[GoodsReturn, ...]
    worth: Entitlement
    ordinary_until: date
    charge_by: date
    left: ExitRecord | None
    outstanding_fen: int
    receipt: Receipt | None
    replaced_by: Form | None

    @property
    def charged_fen(self) -> int:
        """What was charged to the card in all."""
        return sum(one.moved.charged_fen for one in self.thread)

    @property
    def released_fen(self) -> int:
        """What of the hold was given back in all."""
        return sum(one.moved.released_fen for one in self.thread)

    @property
    def came_back_fen(self) -> int:
        """What the bank sent back and was not paid again yet."""
        back_fen = sum(one.moved.came_back_fen for one in self.thread)
        again_fen = sum(o.moved.paid_fen for o in self.thread if o.event.kind == "paid_again")
        return max(0, back_fen - again_fen)

    @property
    def taken_back_fen(self) -> int:
        """What the traveller paid back in the store."""
        return sum(one.moved.taken_back_fen for one in self.thread)


def standing(ports: Ports, seen: ClaimView) -> Standing:
    """Where a form stands that this phone has unlocked.

    Raises:
        PermissionError: a form that is not unlocked, which is a defect.
    """
    if not seen.unlocked:
        raise PermissionError(seen.form.form_id)
    form = seen.form

    def read(tx: Transaction) -> Standing:
        form_id = form.form_id
        verification = tx.verification_of(form_id)
        returns = tuple(tx.returns_of(form_id))
        return Standing(
            thread=thread_of(tx.events_of(form_id), tx.entries_of(form_id)),
            lines=line_outcomes(tx.invoices_of(form_id), returns, verification),
            verification=verification,
            returns=returns,
            worth=entitlement(tx, form),
            ordinary_until=_ordinary_until(tx, form),
            charge_by=add_working_days(
                form.depart_by,
                rules_of(tx, form).capture_working_days,
                ports.workdays.is_working_day,
            ),
            left=exit_for(form, tx.exits_of(form.document_index), verification),
            outstanding_fen=tx.outstanding_fen(form_id),
            receipt=tx.receipt_of(form_id),
            replaced_by=replacement(tx, form),
        )

    return ports.storage.read(read)


def _ordinary_until(tx: Transaction, form: Form) -> date:
    entry = tx.traveller_of(form.form_id).last_entry
    if entry is None:
        return form.export_by
    return min(form.export_by, last_day(entry, rules_of(tx, form).stay_days))
