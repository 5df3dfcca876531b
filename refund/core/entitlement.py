"""What a form is worth after goods were brought back or customs confirmed fewer of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.invoice import Invoice
from refund.core.money import Amounts
from refund.core.policy import RuleSet, amounts_of

LineKey = tuple[int, int]
"""A line of a form: the position of its invoice, and its own within it, both from 0."""

NOTHING = Amounts(0, 0, 0, 0)


class Recovery(Enum):
    """How the money of goods brought back returns to the agency."""

    NONE = "none"
    STORE = "store"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class GoodsReturn:
    """Goods that came back to the store; `lines` are the quantities that came back this time.

    `recovered_fen` is what the traveller paid back in the store; a whole return ends the form, even
    where some goods, or all of them, stay with the traveller. The same `submission_key` of a store
    is the same return.
    """

    return_id: str
    form_id: str
    store_number: int
    returned_at: datetime
    staff_id: str
    lines: tuple[tuple[LineKey, int], ...]
    recovery: Recovery
    recovered_fen: int
    is_whole: bool
    reason: str
    submission_key: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmedLine:
    """How many of a line's goods customs confirmed; `seal` is the bag's code if it stayed shut."""

    line: LineKey
    quantity: int
    seal: str = ""


def quantities_of(invoices: Sequence[Invoice]) -> dict[LineKey, int]:
    """Every line of a form with its quantity as listed."""
    return {
        (invoice_position, position): line.quantity
        for invoice_position, invoice in enumerate(invoices)
        for position, line in enumerate(invoice.lines)
    }


def remaining_of(invoices: Sequence[Invoice], returns: Iterable[GoodsReturn]) -> dict[LineKey, int]:
    """Every line with the quantity that the traveller still has."""
    left = quantities_of(invoices)
    for returned in returns:
        for key, quantity in returned.lines:
            left[key] -= quantity
    return left


def amounts_for(
    invoices: Sequence[Invoice], quantities: Mapping[LineKey, int], rules: RuleSet
) -> Amounts:
    """What a form is worth for these quantities; all four are zero for none.

    Raises:
        Refused: `quantity_above_listed` for more than a line has, or fewer than none.
    """
    lines = []
    for (invoice_position, position), quantity in quantities.items():
        line = invoices[invoice_position].lines[position]
        if not 0 <= quantity <= line.quantity:
            raise Refused(
                "quantity_above_listed",
                f"lines-{invoice_position}-{position}",
                most=line.quantity,
            )
        if quantity and line.goods.in_scope:
            lines.append((quantity * line.unit_price_fen, line.goods.vat))
    return amounts_of(lines, rules) if lines else NOTHING


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What is due on a form, and what of the advance is still out.

    Args:
        due: what the traveller may keep or get, for the goods confirmed, or not brought back.
        recovered_fen: what the traveller paid back in the store.
        is_whole: whether all goods as listed are still in it.
    """

    due: Amounts
    recovered_fen: int
    is_whole: bool


def entitlement_of(
    form: Form,
    invoices: Sequence[Invoice],
    returns: Sequence[GoodsReturn],
    confirmed: Sequence[ConfirmedLine] | None,
    rules: RuleSet,
) -> Entitlement:
    """What is due on a form, under the rules of its issue day.

    `confirmed` is what customs confirmed; None while they have not decided, or where they
    confirmed all as listed.

    Source: GAC 25/2015 item 2 (fewer goods: the quantity really shown); SAT 9/2025.
    """
    recovered_fen = sum(r.recovered_fen for r in returns)
    if any(r.is_whole for r in returns):
        return Entitlement(NOTHING, recovered_fen, is_whole=False)
    quantities = remaining_of(invoices, returns)
    if confirmed is not None:
        quantities = {line.line: line.quantity for line in confirmed}
    if quantities == quantities_of(invoices):
        return Entitlement(form.amounts, recovered_fen, is_whole=True)
    due = amounts_for(invoices, quantities, rules)
    most_fen = form.amounts.net_fen - recovered_fen
    return Entitlement(_at_most(due, most_fen), recovered_fen, is_whole=False)


def _at_most(due: Amounts, net_fen: int) -> Amounts:
    """Amounts whose net is no more than that, and nothing at all where no net is left.

    Without goods worth a few fen the fee can fall by a fen while the gross stays: that fen is fee.

    Source: project decision.
    """
    if min(due.net_fen, net_fen) <= 0:
        return NOTHING
    over_fen = due.net_fen - net_fen
    if over_fen <= 0:
        return due
    return Amounts(due.sales_fen, due.gross_fen, due.fee_fen + over_fen, net_fen)
