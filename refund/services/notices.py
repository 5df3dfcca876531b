"""What the network tells by itself: a hint at what to ask it, taken once, and never believed."""

from collections.abc import Mapping
from dataclasses import replace

from refund.core.case import Case, CaseKind
from refund.core.operation import GuaranteeState, NetworkEvent, Operation, OperationState
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
    """Ask about an operation and, where it is a hold that stands with us, about the hold."""
    shares = ports.storage.read(lambda tx: tx.operations_sent_as(reference))
    if not shares:
        return UNKNOWN
    answer = ports.network.look_up(reference)
    if answer is None:
        return NOT_THERE
    before = _versions(ports, reference)
    upcoming = record_answer(ports, shares[0], answer)
    if isinstance(upcoming, Operation):
        carry_out(ports, upcoming)
    after = _versions(ports, reference)
    if any(stands for _, stands in after):
        ask_about_holds(ports, [reference])
        after = _versions(ports, reference)
    return RECORDED if after != before else NOTHING_NEW


def _stands(tx: Transaction, reference: str) -> bool:
    """Whether a reference is that of a hold that stands by our records."""
    return any(one.state is GuaranteeState.HELD for one in tx.guarantees_under(reference))


def _versions(ports: Ports, reference: str) -> list[tuple[OperationState, bool]]:
    """How things stand with a reference by our records."""

    def read(tx: Transaction) -> list[tuple[OperationState, bool]]:
        stands = _stands(tx, reference)
        return [(one.state, stands) for one in tx.operations_sent_as(reference)]

    return ports.storage.read(read)
