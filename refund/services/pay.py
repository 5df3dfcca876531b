"""Operations of the payment network: the call, then the answer, each recorded once."""

from datetime import timedelta

from refund.core.form import Form
from refund.core.operation import Answer, Operation, OperationState
from refund.core.people import WORKER
from refund.ports import NetworkSilent, Ports
from refund.services.answers import record
from refund.services.intent import LEASE
from refund.services.life import By, note, the_form
from refund.transaction import Transaction

SOON = timedelta(seconds=1)
"""When the worker first looks up an operation that the network left without an answer."""

PARKED = timedelta(hours=1)
"""How long an operation rests whose answer contradicts what was asked; a person must look."""


def carry_out(ports: Ports, operation: Operation) -> Form:
    """Send an operation, record its answer, and go on with what follows from it.

    When the network stays silent the form stays as it is; the worker looks the operation up.
    """
    outcome: Operation | Form | None = operation
    while isinstance(outcome, Operation):
        try:
            answer = ports.network.send(outcome)
        except NetworkSilent:
            _let_worker_look(ports, outcome)
            outcome = None
        else:
            outcome = record_answer(ports, outcome, answer)
    if outcome is not None:
        return outcome
    form_id = operation.form_id
    return ports.storage.read(lambda tx: the_form(tx, form_id))


def _let_worker_look(ports: Ports, operation: Operation) -> None:
    """Give up the lease of a fresh operation, for its traveller waits; an older one can rest."""
    now = ports.clock.now()
    if now < operation.created_at + LEASE:
        ports.storage.write(lambda tx: tx.park_operation(operation.reference, now + SOON))


def record_answer(ports: Ports, operation: Operation, answer: Answer) -> Operation | Form | None:
    """Record an answer once, with its postings and the change of state.

    Returns:
        The operation that follows by itself (after a hold, the advance), else the form where it
        ended; None when the operation had an answer, or this one contradicts what was asked.
    """
    fn = record if answer.fits(operation) else _park
    return ports.storage.write(lambda tx: fn(tx, ports, operation, answer))


def _park(tx: Transaction, ports: Ports, operation: Operation, _: Answer) -> None:
    """Let an operation rest whose answer contradicts what was asked."""
    reference, now = operation.reference, ports.clock.now()
    kept = tx.operation(reference)
    if kept is None or kept.state is not OperationState.PENDING:
        return
    by, form_id = By(WORKER, now), operation.form_id
    note(tx, ports, "answer_disagrees", by, form_id=form_id, detail=reference)
    tx.park_operation(reference, now + PARKED)
