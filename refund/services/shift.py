"""A store's day in sums: what was issued and paid, what was undone, and what is still open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from refund.core.entitlement import GoodsReturn
from refund.core.form import GONE, Form, Status
from refund.core.money import Amounts
from refund.core.people import Actor
from refund.ports import Ports
from refund.services.issue import store_number_of
from refund.transaction import Transaction

UNFINISHED = frozenset(
    {
        *(Status.ISSUED, Status.AGREED, Status.HOLDING, Status.HELD, Status.ADVANCING),
        *(Status.WITHDRAWING, Status.RETURNING),
    }
)
"""States in which something is still to be done in the mall."""


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """A form of the day: who issued it, what was paid at once, and whether goods came back."""

    form: Form
    clerk: str
    advanced_fen: int
    has_returns: bool

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done in the mall."""
        return self.form.status in UNFINISHED

    @property
    def is_gone(self) -> bool:
        """Whether the form counts no more."""
        return self.form.status in GONE


@dataclass(frozen=True, slots=True)
class Sums:
    """How many forms there are of one kind, and what they come to."""

    count: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Shift:
    """A store's day: every form, newest first, and the sums of each kind.

    `forgotten` counts the sales to overseas travellers that have no form, of whatever day.
    """

    day: date
    lines: tuple[ShiftLine, ...]
    forgotten: int

    @property
    def issued(self) -> Sums:
        """The forms that count."""
        return _sums(line.form for line in self.lines if not line.is_gone)

    @property
    def voided(self) -> Sums:
        """The forms that were voided, or that another one replaced."""
        gone = (Status.VOID, Status.SUPERSEDED)
        return _sums(line.form for line in self.lines if line.form.status in gone)

    @property
    def returned(self) -> Sums:
        """The forms of which goods came back, some or all, and that were not replaced."""
        out = (Status.VOID, Status.SUPERSEDED)
        with_returns = (x.form for x in self.lines if x.has_returns and x.form.status not in out)
        return _sums(with_returns)

    @property
    def open(self) -> Sums:
        """The forms with which the traveller has not finished in the mall."""
        return _sums(line.form for line in self.lines if line.is_open)

    @property
    def advanced_count(self) -> int:
        """How many advances were paid."""
        return sum(line.advanced_fen > 0 for line in self.lines)

    @property
    def advanced_fen(self) -> int:
        """What was paid in advance in all."""
        return sum(line.advanced_fen for line in self.lines)


def _sums(forms: Iterable[Form]) -> Sums:
    amounts = [form.amounts for form in forms]
    return Sums(
        len(amounts),
        Amounts(
            sum(one.sales_fen for one in amounts),
            sum(one.gross_fen for one in amounts),
            sum(one.fee_fen for one in amounts),
            sum(one.net_fen for one in amounts),
        ),
    )


def shift_of(ports: Ports, clerk: Actor, day: date) -> Shift:
    """The day of the clerk's own store.

    Raises:
        Refused: `store_unknown`.
    """
    number = store_number_of(clerk)

    def read(tx: Transaction) -> Shift:
        names = {one.actor.staff_id: one.actor.name for one in tx.staff_register()}
        lines = [_line(tx, form, names) for form in tx.forms_of_store(number, day)]
        return Shift(day, tuple(lines), tx.count_forgotten_sales(number))

    return ports.storage.read(read)


def _line(tx: Transaction, form: Form, names: Mapping[str, str]) -> ShiftLine:
    advance = tx.advance_of(form.form_id)
    returns: list[GoodsReturn] = list(tx.returns_of(form.form_id))
    return ShiftLine(
        form=form,
        clerk=names.get(form.staff_id, form.staff_id),
        advanced_fen=0 if advance is None else advance.amount_fen,
        has_returns=bool(returns) or form.status is Status.RETURNED,
    )
