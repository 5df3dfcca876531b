"""What the network tells by itself: a hint at what to ask it, taken once, and never believed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from refund.core.case import Case, CaseKind
from refund.core.operation import (
    ORDER,
    Answer,
    GuaranteeState,
    Kind,
    NetworkEvent,
    News,
    Operation,
    OperationState,
)
from refund.ports import NetworkSilent, Ports
from refund.services.pay import carry_out, record_answer
from refund.services.rounds import each
from refund.services.secure import ask_about_holds
from refund.transaction import Transaction

KNOWN = "known"
"""It came before."""

RECORDED = "recorded"
"""The network was asked, and what it said was new."""

NOTHING_NEW = "nothing_new"
"""The network was asked, and we knew what it said."""

UNKNOWN = "unknown"
"""It is about nothing that we asked for; the daily statement shows what it is."""

NOT_THERE = "not_there"
"""The network told of something that is not in its own book."""

ASKED_MAX = 200
"""Breaks of the match about which the network is asked in one round."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What our records have under a reference: its shares, and whether a hold stands for them."""

    shares: tuple[Operation, ...]
    is_held: bool

    @property
    def told(self) -> tuple[tuple[OperationState, ...], bool]:
        """What the network can change of it."""
        return tuple(one.state for one in self.shares), self.is_held


def take_notice(ports: Ports, notice: NetworkEvent) -> str:
    """Ask the network about what a notice is about, record what it says, and keep the notice.

    It is kept when all of that is done: one that was cut short comes again, and counts then.

    Returns:
        What came of it: `known`, `recorded`, `nothing_new`, `unknown` or `not_there`.

    Raises:
        NetworkSilent: the network could not be asked; nothing is kept, so that it tells us again.
    """
    if ports.storage.read(lambda tx: tx.network_event(notice.event_id)) is not None:
        return KNOWN
    outcome = _asked(ports, notice.reference)
    kept = replace(notice, outcome=outcome)
    is_new = ports.storage.write(lambda tx: tx.add_network_event(kept))
    return outcome if is_new else KNOWN


def ask_about_missing(ports: Ports) -> int:
    """Ask the network about what its statements have and we have not heard of, though we asked it.

    That is how a payout that came back is heard of where no notice ever came.

    Returns:
        How many answers were new.
    """

    def references(tx: Transaction) -> list[str]:
        cases = tx.open_cases((CaseKind.MISSING_HERE,), limit=ASKED_MAX)
        return [reference for case in cases if (reference := _their_reference(case))]

    def ask(reference: str) -> int:
        try:
            return _asked(ports, reference) == RECORDED
        except NetworkSilent:
            return 0

    return each(dict.fromkeys(ports.storage.read(references)), ask)


def _their_reference(case: Case) -> str:
    """The reference on the statement's line that a case is about."""
    theirs = case.facts.get("theirs")
    return str(theirs.get("reference", "")) if isinstance(theirs, Mapping) else ""


def _asked(ports: Ports, reference: str) -> str:
    """Ask about an operation and, where it is a hold that stands with us, about the hold.

    Nothing is written of an answer that says what was known before; how far an operation has come
    is never taken back, so what is read again within a write can only be further on.
    """
    before = ports.storage.read(lambda tx: _standing(tx, reference))
    if not before.shares:
        return UNKNOWN
    answer = ports.network.look_up(reference)
    if answer is None:
        return NOT_THERE
    after = before
    if _says_more(before.shares[0], answer):
        upcoming = record_answer(ports, before.shares[0], answer)
        if isinstance(upcoming, Operation):
            carry_out(ports, upcoming)
        after = ports.storage.read(lambda tx: _standing(tx, reference))
    if after.is_held and ask_about_holds(ports, [reference]):
        after = ports.storage.read(lambda tx: _standing(tx, reference))
    return RECORDED if after.told != before.told else NOTHING_NEW


def _says_more(known: Operation, answer: Answer) -> bool:
    """Whether anything is to be recorded of an answer: a first word, a later one, or a break."""
    is_awaited = known.state is OperationState.PENDING
    return is_awaited or ORDER[known.state, answer.heard] is not News.KEEP


def _standing(tx: Transaction, reference: str) -> Standing:
    """How things stand with a reference by our records; only that of a hold has holds under it."""
    shares = tuple(tx.operations_sent_as(reference))
    held = tx.guarantees_under(reference) if shares and shares[0].kind is Kind.HOLD else []
    return Standing(shares, any(one.state is GuaranteeState.HELD for one in held))
