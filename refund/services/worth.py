"""What a form comes to at customs: for the goods shown so far, and after the decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from refund.core.customs import Decision, Verification
from refund.core.entitlement import (
    NOTHING,
    ConfirmedLine,
    Entitlement,
    GoodsReturn,
    LineKey,
    entitlement_of,
    remaining_of,
)
from refund.core.form import Form, Status
from refund.core.invoice import Invoice
from refund.core.policy import RuleSet
from refund.ports import Ports
from refund.services.intent import entitlement
from refund.services.life import the_form
from refund.services.rules import rules_of
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Worth:
    """What a confirmation comes to.

    Args:
        entitlement: what is due for the goods confirmed.
        advance_fen: what of an advance is still with the traveller; 0 without one.
    """

    entitlement: Entitlement
    advance_fen: int

    @property
    def charged_fen(self) -> int:
        """What of the advance is charged to the card while the promise is kept."""
        return max(0, self.advance_fen - self.entitlement.due.net_fen)


def worth(tx: Transaction, form: Form, lines: Sequence[ConfirmedLine] | None = None) -> Worth:
    """What a form comes to for lines that are still to be confirmed; None for all that remain.

    Raises:
        Refused: `quantity_above_listed`.
    """
    invoices, returns = tx.invoices_of(form.form_id), tx.returns_of(form.form_id)
    found = entitlement_of(form, invoices, returns, lines, rules_of(tx, form))
    return Worth(found, _advance_fen(tx, form))


def remaining_worth(
    tx: Transaction,
    form: Form,
    invoices: Sequence[Invoice],
    returns: Sequence[GoodsReturn],
    rules: RuleSet,
) -> Worth:
    """What a form comes to for all that remain of goods that were read already."""
    return Worth(entitlement_of(form, invoices, returns, None, rules), _advance_fen(tx, form))


def decided_worth(tx: Transaction, form: Form, verification: Verification | None) -> Worth:
    """What a form comes to after what customs decided."""
    found = entitlement(tx, form)
    if verification is not None and verification.decision is Decision.REFUSED:
        found = Entitlement(NOTHING, found.recovered_fen, is_whole=False)
    return Worth(found, _advance_fen(tx, form))


def _advance_fen(tx: Transaction, form: Form) -> int:
    """What of the advance is still with the traveller, fen."""
    is_out = form.status in (Status.ADVANCED, Status.VERIFIED, Status.VERIFIED_PARTLY)
    if is_out or form.status is Status.CUSTOMS_REFUSED:
        return max(0, tx.outstanding_fen(form.form_id))
    return 0


def worth_of(ports: Ports, form_id: str, lines: Sequence[ConfirmedLine]) -> Worth:
    """What the traveller gets for the lines that were shown so far; nothing is decided by it.

    Raises:
        Refused: `form_unknown`, `quantity_above_listed`.
    """
    return ports.storage.read(lambda tx: worth(tx, the_form(tx, form_id), lines))


@dataclass(frozen=True, slots=True)
class FormLines:
    """A form's goods without its person; `remaining` is what did not go back to the store."""

    form: Form
    invoices: tuple[Invoice, ...]
    remaining: Mapping[LineKey, int]


def form_lines(ports: Ports, form_id: str) -> FormLines:
    """The goods of a form; nobody's identity is read.

    Raises:
        Refused: `form_unknown`.
    """

    def read(tx: Transaction) -> FormLines:
        form = the_form(tx, form_id)
        invoices = tuple(tx.invoices_of(form_id))
        return FormLines(form, invoices, remaining_of(invoices, tx.returns_of(form_id)))

    return ports.storage.read(read)
