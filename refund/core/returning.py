"""Goods brought back to the store: what that means for a form, said before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from refund.core.entitlement import (
    NOTHING,
    GoodsReturn,
    LineKey,
    Recovery,
    entitlement_of,
    remaining_of,
)
from refund.core.errors import Refused
from refund.core.form import UNSECURED_BEFORE_ADVANCE, Form, Status
from refund.core.invoice import Invoice
from refund.core.money import Amounts
from refund.core.policy import RuleSet

RETURNABLE = UNSECURED_BEFORE_ADVANCE | {Status.ADVANCED, Status.CAPTURED}
"""States in which a store may take goods of a form back, while customs have not verified it."""

GROUNDED = RETURNABLE | {Status.HOLDING, Status.HELD, Status.ADVANCING, Status.WITHDRAWING}
"""States in which a refund still rests on the sum of the day's purchases."""


class End(Enum):
    """Why a form ends with a return; NONE when it goes on with fewer goods."""

    NONE = "none"
    ALL_GOODS = "all_goods"
    BELOW_THRESHOLD = "below_threshold"
    NOTHING_DUE = "nothing_due"
    ASKED = "asked"
    BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class Known:
    """A form with all by which its returns are judged, under the rules of its issue day.

    `owed_fen` is what the traveller still owes of the advance by the ledger, which is nothing once
    the payment came back from the bank. `others_fen` is what remains of the same traveller's other
    purchases of that day in the store.
    """

    form: Form
    invoices: tuple[Invoice, ...]
    returns: tuple[GoodsReturn, ...]
    rules: RuleSet
    owed_fen: int
    others_fen: int = 0

    @property
    def remaining(self) -> dict[LineKey, int]:
        """Every line with the quantity that the traveller still has."""
        return remaining_of(self.invoices, self.returns)

    @property
    def due(self) -> Amounts:
        """What is due on the form as it stands."""
        return self.due_after(())

    @property
    def outstanding_fen(self) -> int:
        """What of the advance has not come back; nothing where no advance is out."""
        return max(0, self.owed_fen) if self.form.status is Status.ADVANCED else 0

    @property
    def is_ending(self) -> bool:
        """Whether a whole return was begun whose money has not come back yet."""
        return any(returned.is_whole for returned in self.returns)

    def due_after(self, more: Sequence[GoodsReturn]) -> Amounts:
        """What is due on the form after more returns."""
        returns = (*self.returns, *more)
        return entitlement_of(self.form, self.invoices, returns, None, self.rules).due

    def price_of(self, quantities: Mapping[LineKey, int]) -> int:
        """What so many of the form's goods cost, fen."""
        return sum(
            quantity * self.invoices[at].lines[position].unit_price_fen
            for (at, position), quantity in quantities.items()
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a return would mean: the lines, why the form ends if it does, and the money.

    Args:
        lines: what comes back now, without the lines of which nothing does.
        end: why the form ends, or NONE.
        before: what is due on the form before.
        after: what is due on it after.
        back_fen: what of the advance comes back for it.
        left_fen: what the goods cost that stay with the traveller.
    """

    lines: tuple[tuple[LineKey, int], ...]
    end: End
    before: Amounts
    after: Amounts
    back_fen: int
    left_fen: int

    @property
    def is_whole(self) -> bool:
        """Whether the form ends."""
        return self.end is not End.NONE


def plan_return(known: Known, quantities: Mapping[LineKey, int], *, asked: bool = False) -> Plan:
    """Say what bringing these quantities back means; `asked` ends the form whatever comes back.

    Nothing is due any more once the day's purchases fall below the least sum, or when what is left
    is worth no fen.

    Raises:
        Refused: `nothing_brought_back`, `quantity_above_remaining`.

    Source: 84/2025 item 3 for the least sum; the difference is a project decision.
    """
    left = _left(known, quantities)
    lines = tuple((key, quantity) for key, quantity in sorted(quantities.items()) if quantity)
    asked = asked or known.is_ending
    if not lines and not asked:
        raise Refused("nothing_brought_back", _first_field(known))
    supposed = _supposed(known.form, lines)
    after, left_fen = known.due_after([supposed] if lines else []), known.price_of(left)
    end = _end(known, left, after, left_fen, asked=asked)
    if end is not End.NONE:
        return Plan(lines, end, known.due, NOTHING, known.outstanding_fen, left_fen)
    back_fen = max(0, min(known.due.net_fen, known.outstanding_fen) - after.net_fen)
    return Plan(lines, end, known.due, after, back_fen, left_fen)


def _left(known: Known, quantities: Mapping[LineKey, int]) -> dict[LineKey, int]:
    left = known.remaining
    for key, quantity in quantities.items():
        most = left.get(key, 0)
        if not 0 <= quantity <= most:
            raise Refused("quantity_above_remaining", line_field(key), most=most)
        if quantity:
            left[key] = most - quantity
    return left


def line_field(key: LineKey) -> str:
    """The name of a line's field: `lines-0-1`."""
    return f"lines-{key[0]}-{key[1]}"


def _first_field(known: Known) -> str:
    """The field in which a person can begin: the first line of which anything is left."""
    return next((line_field(key) for key, quantity in known.remaining.items() if quantity), "")


def _end(
    known: Known, left: Mapping[LineKey, int], after: Amounts, left_fen: int, *, asked: bool
) -> End:
    if known.is_ending:
        return End.BEGUN
    if not any(left.values()):
        return End.ALL_GOODS
    if asked:
        return End.ASKED
    if left_fen + known.others_fen < known.rules.min_purchase_fen:
        return End.BELOW_THRESHOLD
    return End.NONE if after.net_fen > 0 else End.NOTHING_DUE


def _supposed(form: Form, lines: tuple[tuple[LineKey, int], ...]) -> GoodsReturn:
    """A return as it would be, for reckoning."""
    return GoodsReturn(
        return_id="",
        form_id=form.form_id,
        store_number=form.store_number,
        returned_at=form.issued_at,
        staff_id="",
        lines=lines,
        recovery=Recovery.NONE,
        recovered_fen=0,
        is_whole=False,
        reason="",
    )
