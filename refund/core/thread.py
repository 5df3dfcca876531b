"""A form's thread: what happened to it and moved which money, and what became of its goods."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from refund.core.customs import Decision, Verification
from refund.core.entitlement import GoodsReturn, quantities_of, remaining_of
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.ledger import Account, Entry, Side
from refund.core.trail import AuditEvent


@dataclass(frozen=True, slots=True)
class Moved:
    """The money that one step moved, as the traveller sees it.

    Args:
        held_fen: put on hold at the card.
        paid_fen: paid to the traveller.
        charged_fen: charged to the card.
        released_fen: given back of what was on hold.
        came_back_fen: paid, and sent back by the bank.
        taken_back_fen: paid back by the traveller in the store.
    """

    held_fen: int = 0
    paid_fen: int = 0
    charged_fen: int = 0
    released_fen: int = 0
    taken_back_fen: int = 0
    came_back_fen: int = 0


@dataclass(frozen=True, slots=True)
class Happened:
    """One step of a form's life with the money that it moved."""

    event: AuditEvent
    moved: Moved


_POSTED_BY = {
    "hold_succeeded": {"hold"},
    "advance_succeeded": {"advance"},
    "withdrawn": {"withdrawal"},
    "hold_unfit": {"withdrawal", "hold_lapsed"},
    "release_succeeded": {"release"},
    "adjust_succeeded": {"adjust"},
    "capture_succeeded": {"capture", "freed"},
    "forfeit_succeeded": {"capture", "freed"},
    "capture_refused": {"capture", "hold_lapsed"},
    "forfeit_refused": {"capture", "hold_lapsed"},
    "adjust_refused": {"capture", "hold_lapsed"},
    "waive_succeeded": {"write_off", "freed"},
    "waive_refused": {"hold_lapsed"},
    "write_off": {"write_off"},
    "hold_increased": {"increase"},
    "hold_lapsed": {"hold_lapsed"},
    "payout_returned": {"payout_returned"},
    "paid_again": {"pay_again"},
    "return_part": {"recovered"},
    "request_return": {"recovered"},
    "return_succeeded": {"capture", "returned", "recovered"},
    "refund_succeeded": {"refund"},
    "pay_cash": {"refund"},
}
"""Which entries of the ledger an event posts in its own transaction."""

_NOTED = frozenset(
    {"hold_extended", "hold_increased", "hold_lapsed", "payout_returned", "paid_again"}
)
"""What happens to a form's money without a change of its state."""

_TRANSACTION = timedelta(seconds=5)
"""Longer than any transaction lasts, and shorter than what people do one after another."""


def thread_of(
    events: Iterable[AuditEvent], entries: Iterable[tuple[Entry, datetime, str]]
) -> tuple[Happened, ...]:
    """Every change of state or money, oldest first, with the money that it moved."""
    left = list(entries)
    thread = []
    for event in events:
        if not event.version and event.kind not in _NOTED:
            continue
        kinds = _POSTED_BY.get(event.kind, set())
        own = [
            (entry, at, actor)
            for entry, at, actor in left
            if entry.kind in kinds and abs(at - event.at) < _TRANSACTION
        ]
        left = [one for one in left if one not in own]
        thread.append(Happened(event, _moved([entry for entry, _, _ in own])))
    return tuple(thread)


def _moved(entries: Sequence[Entry]) -> Moved:
    def total_fen(side: Side, *accounts: Account) -> int:
        return sum(
            posting.amount_fen
            for entry in entries
            for posting in entry.postings
            if posting.side is side and posting.account in accounts
        )

    came_back_fen = sum(
        posting.amount_fen
        for entry in entries
        for posting in entry.postings
        if entry.kind == "payout_returned" and posting.account is Account.NETWORK
    )
    charged_fen = total_fen(Side.DEBIT, Account.NETWORK) - came_back_fen
    ended_fen = total_fen(Side.DEBIT, Account.GUARANTEE_GIVEN)
    return Moved(
        held_fen=total_fen(Side.DEBIT, Account.GUARANTEE_HELD),
        paid_fen=total_fen(Side.CREDIT, Account.NETWORK, Account.TILL),
        charged_fen=charged_fen,
        released_fen=max(0, ended_fen - charged_fen),
        taken_back_fen=total_fen(Side.DEBIT, Account.STORE),
        came_back_fen=came_back_fen,
    )


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """A line of a form and what became of its goods.

    `confirmed` is None while customs have not decided, 0 where they refused; `seal` is the code of
    a bag that stayed shut.
    """

    invoice_number: str
    line: InvoiceLine
    returned: int
    confirmed: int | None
    seal: str

    @property
    def is_short(self) -> bool:
        """Whether fewer pieces count than were bought."""
        counted = self.line.quantity - self.returned if self.confirmed is None else self.confirmed
        return counted < self.line.quantity


def line_outcomes(
    invoices: Sequence[Invoice],
    returns: Sequence[GoodsReturn],
    verification: Verification | None,
) -> tuple[LineOutcome, ...]:
    """Every line of a form: what was bought, what went back, what customs confirmed."""
    left, listed = remaining_of(invoices, returns), quantities_of(invoices)
    shown = {one.line: one for one in verification.lines} if verification else {}
    outcomes = []
    for key, quantity in listed.items():
        found = shown.get(key)
        confirmed: int | None = None
        if verification is not None:
            whole = 0 if verification.decision is Decision.REFUSED else left[key]
            confirmed = whole if found is None else found.quantity
        invoice = invoices[key[0]]
        outcomes.append(
            LineOutcome(
                invoice_number=invoice.number,
                line=invoice.lines[key[1]],
                returned=quantity - left[key],
                confirmed=confirmed,
                seal="" if found is None else found.seal,
            )
        )
    return tuple(outcomes)
