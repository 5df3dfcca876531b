"""Operations of the payment network: the call, then the answer, each recorded once."""

from collections.abc import Mapping
from datetime import timedelta

from refund.core.case import CaseKind
from refund.core.form import Form
from refund.core.operation import SEND_FOR, Answer, Heard, Operation, OperationState
from refund.core.people import WORKER
from refund.ports import NetworkRejected, NetworkSilent, Ports
from refund.services.answers import record
from refund.services.cases import open_case
from refund.services.intent import LEASE
from refund.services.life import By, note, the_form
from refund.transaction import Transaction

SOON = timedelta(seconds=1)
"""When the worker first looks up an operation that the network left without an answer."""

RESTS = (1, 2, 5, 10, 30, 60, 120, 300)
"""How long an operation rests after each try without an answer, seconds; then as the last."""

PARKED = timedelta(hours=1)
"""How long an operation rests whose answer contradicts what was asked; a person must look."""

NEVER_BOOKED = frozenset(
    {"unknown_card", "unknown_payout", "unknown_hold", "amount_above_hold", "bad_field"}
)
"""Rejections that say that nothing can have been booked under the reference: as good as a no."""


def carry_out(ports: Ports, operation: Operation) -> Form:
    """Send an operation, record its answer, and go on with what follows from it.

    When the network stays silent the form stays as it is; the worker looks the operation up.
    """
    outcome: Operation | Form | None = operation
    while isinstance(outcome, Operation):
        outcome = send(ports, outcome)
    if outcome is not None:
        return outcome
    form_id = operation.form_id
    return ports.storage.read(lambda tx: the_form(tx, form_id))


def send(ports: Ports, operation: Operation) -> Operation | Form | None:
    """Send an operation once, if it may still be sent, and record what is answered.

    It is not sent when somebody else has taken it in hand, when its answer is there, or when it is
    so old that the network may have forgotten its key: then it can only be looked up.

    Returns:
        What follows, as `record_answer`; None when nothing was heard.
    """
    now = ports.clock.now()
    if now > operation.created_at + SEND_FOR:
        rest(ports, operation)
        return None
    if not ports.storage.write(lambda tx: tx.may_send(operation, now)):
        return None
    if ports.clock.now() > now + LEASE:
        # Whoever stood still for so long may have been overtaken.
        return None
    try:
        answer = ports.network.send(operation)
    except NetworkSilent:
        rest(ports, operation)
        return None
    except NetworkRejected as rejected:
        return _not_taken(ports, operation, rejected.code)
    return record_answer(ports, operation, answer)


def rest(ports: Ports, operation: Operation) -> None:
    """Let an operation rest before it is looked up; a fresh one briefly, for somebody waits."""
    now = ports.clock.now()
    fresh = now < operation.created_at + LEASE
    until = now + (SOON if fresh else rest_after(operation))
    ports.storage.write(lambda tx: tx.park_operation(operation.reference, until))


def rest_after(operation: Operation) -> timedelta:
    """How long an operation rests after one more try without an answer.

    It grows with the tries, and differs by up to a quarter from operation to operation, so that
    not all of them come back to the network at the same moment.
    """
    seconds = RESTS[min(operation.tries, len(RESTS) - 1)]
    spread = sum(operation.key.encode()) % 256
    return timedelta(seconds=seconds * (1 + spread / 1024))


def _not_taken(ports: Ports, operation: Operation, code: str) -> Operation | Form | None:
    """The network would not take a request: a no where nothing can have been booked, else a case.

    What was asked twice under other words may have been booked: a person looks.
    """
    if code in NEVER_BOOKED:
        return record_answer(ports, operation, refusal_of(operation, code))

    def put_aside(tx: Transaction) -> None:
        _case(tx, ports, operation, CaseKind.NOT_TAKEN, {"code": code})
        tx.park_operation(operation.reference, ports.clock.now() + rest_after(operation))

    ports.storage.write(put_aside)
    return None


def refusal_of(operation: Operation, code: str) -> Answer:
    """The answer of a network that never booked an operation."""
    return Answer(
        reference=operation.sent_reference,
        kind=operation.kind,
        amount_fen=operation.sent_fen,
        currency="CNY",
        network_id="",
        refusal=code,
        heard=Heard.REFUSED,
    )


def record_answer(ports: Ports, operation: Operation, answer: Answer) -> Operation | Form | None:
    """Record an answer once, with its postings and the change of state.

    Returns:
        The operation that follows by itself (after a hold, the advance), else the form where it
        ended; None when the operation had an answer, or this one contradicts what was asked.
    """
    fn = record if answer.fits(operation) else _park
    return ports.storage.write(lambda tx: fn(tx, ports, operation, answer))


def _park(tx: Transaction, ports: Ports, operation: Operation, answer: Answer) -> None:
    """Let an operation rest whose answer contradicts what was asked."""
    reference, now = operation.reference, ports.clock.now()
    kept = tx.operation(reference)
    if kept is None or kept.state is not OperationState.PENDING:
        return
    by, form_id = By(WORKER, now), operation.form_id
    note(tx, ports, "answer_disagrees", by, form_id=form_id, detail=reference)
    facts = {
        "ours": _words(operation.sent_reference, operation.sent_fen, "CNY"),
        "theirs": _words(answer.reference, answer.amount_fen, answer.currency),
    }
    _case(tx, ports, operation, CaseKind.ANSWER_DISAGREES, facts)
    tx.park_operation(reference, now + PARKED)


def _words(reference: str, amount_fen: int, currency: str) -> dict[str, object]:
    return {"reference": reference, "amount_fen": amount_fen, "currency": currency}


def _case(
    tx: Transaction,
    ports: Ports,
    operation: Operation,
    kind: CaseKind,
    facts: Mapping[str, object],
) -> None:
    """Open the case of an operation."""
    told = {"kind": operation.kind.value, "created_at": operation.created_at.isoformat(), **facts}
    open_case(
        tx,
        ports,
        kind,
        operation.reference,
        form_id=operation.form_id,
        store_number=operation.store_number,
        amount_fen=operation.amount_fen,
        facts=told,
        found_at=operation.created_at,
    )
