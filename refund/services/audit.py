"""The audit of the books: each invariant, whether it holds, and the rows that break it."""

from dataclasses import dataclass
from functools import partial

from refund.core.ledger import Account
from refund.core.operation import Kind, OperationState
from refund.ports import NetworkSilent, Ports
from refund.transaction import Transaction

INVARIANTS: dict[str, str] = {
    "I1": "every entry sums to zero",
    "I2": "postings never change",
    "I3": "every balance is the sum of its postings",
    "I4": "every amount is whole fen, above zero and below the limit",
    "I5": "our network account is the network's own book less what is in flight",
    "I6": "one business event is posted once",
    "I7": "corrections are reversals with reason and actor",
    "I8": "a form is advanced at most once, by our books and the network's",
    "I9": "an advance has an earlier hold of at least its amount",
    "I10": "a form has at most one hold that stands",
    "I11": "a hold ends once, in the way that was asked for",
    "I12": "what was captured and what was released is what was held",
    "I13": "a hold is released only after customs have verified, or the goods came back",
    "I14": "a card is charged only for a promise broken, a refusal, a return or missing goods",
    "I17": "every change of state follows the table and has one audit event",
    "I19": "a form that has ended leaves nothing on its accounts",
}
NETWORK_INVARIANT = "I5"
ADVANCED_ONCE = "I8"


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant's result; `holds` is None when it could not be checked, and `why` says why."""

    invariant: str
    promise: str
    holds: bool | None
    rows: tuple[dict[str, object], ...]
    why: str = ""


def audit(ports: Ports, *, with_network: bool = True) -> list[Finding]:
    """Check the books, the histories, and our network account against the network's own book."""
    findings = []
    for invariant, promise in INVARIANTS.items():
        if invariant == NETWORK_INVARIANT:
            findings.append(_network(ports, promise, asked=with_network))
            continue
        rows = ports.storage.read(partial(_offending, invariant))
        if invariant == ADVANCED_ONCE and with_network:
            rows += _advanced_again(ports)
        findings.append(Finding(invariant, promise, not rows, tuple(rows)))
    return findings


def _advanced_again(ports: Ports) -> list[dict[str, object]]:
    """Forms for which the network's book has more than one advance; none where it is silent."""
    repeated = ports.storage.read(lambda tx: tx.repeated_advances())
    if not repeated:
        return []
    try:
        answers = ports.network.look_up_many(list({o.sent_reference: True for o in repeated}))
    except NetworkSilent:
        return []
    paid: dict[str, int] = {}
    for operation in repeated:
        answer = answers.get(operation.sent_reference)
        if answer is not None and not answer.refusal:
            paid[operation.form_id] = paid.get(operation.form_id, 0) + 1
    return [
        {"form_id": form_id, "advances_at_network": times}
        for form_id, times in paid.items()
        if times > 1
    ]


def _offending(invariant: str, tx: Transaction) -> list[dict[str, object]]:
    return tx.offending(invariant)


def _network(ports: Ports, promise: str, *, asked: bool) -> Finding:
    """Compare the two books; what is pending here may stand there already, so it is looked up."""
    if not asked:
        return Finding(NETWORK_INVARIANT, promise, None, (), "left out on request")
    ours, pending = ports.storage.read(lambda tx: (tx.balances(), tx.pending_operations()))
    in_flight_fen = 0
    try:
        book = ports.network.book()
        answers = ports.network.look_up_many([o.sent_reference for o in pending]) if pending else {}
    except NetworkSilent:
        return Finding(NETWORK_INVARIANT, promise, None, (), "the network did not answer")
    for operation in pending:
        answer = answers.get(operation.sent_reference)
        if answer is None or answer.refusal or operation.state is not OperationState.PENDING:
            continue
        if operation.kind in (Kind.ADVANCE, Kind.REFUND):
            in_flight_fen -= operation.amount_fen
        elif operation.kind is Kind.CAPTURE:
            in_flight_fen += operation.amount_fen
    kept = ours[Account.NETWORK.value]
    if kept == book.balance_fen - in_flight_fen:
        return Finding(NETWORK_INVARIANT, promise, holds=True, rows=())
    row: dict[str, object] = {
        "our_account_fen": kept,
        "network_book_fen": book.balance_fen,
        "in_flight_fen": in_flight_fen,
    }
    return Finding(NETWORK_INVARIANT, promise, holds=False, rows=(row,))
