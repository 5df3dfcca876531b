"""Operations of the payment network: intent, then the call, then the answer, each once."""

from dataclasses import replace
from datetime import timedelta
from typing import Required, TypedDict, Unpack

from refund.core import ledger
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.ids import operation_key, operation_reference
from refund.core.operation import (
    Advance,
    Answer,
    CardEntry,
    Guarantee,
    GuaranteeState,
    Kind,
    Operation,
    OperationState,
)
from refund.core.people import WORKER
from refund.ports import NetworkSilent, Ports
from refund.services.life import By, move, note, the_form
from refund.transaction import Transaction

LEASE = timedelta(seconds=15)
"""How long whoever began an operation may finish it alone; longer than any call's deadline."""

SOON = timedelta(seconds=1)
"""When the worker first looks up an operation that the network left without an answer."""

PARKED = timedelta(hours=1)
"""How long an operation rests whose answer contradicts what was asked; a person must look."""


def begin_hold(tx: Transaction, ports: Ports, form: Form, card: CardEntry, actor: str) -> Operation:
    """Store the intent to put the advance's amount on hold."""
    operation = _intent(
        tx,
        ports,
        form,
        Kind.HOLD,
        form.amounts.net_fen,
        actor=actor,
        card_token=card.card_token,
        payout_token=card.payout_token,
        payout_label=card.payout_label,
    )
    tx.add_operation(operation)
    move(tx, ports, form, Event.REQUEST_HOLD, By(actor, operation.created_at))
    return operation


def begin_advance(
    tx: Transaction, ports: Ports, form: Form, guarantee: Guarantee, actor: str
) -> Operation:
    """Store the intent to pay the advance, which a live hold secures.

    Raises:
        Refused: `not_in_this_state`.
    """
    method = tx.method_of(form.form_id)
    if method is None or guarantee.amount_fen < form.amounts.net_fen:
        raise Refused("not_in_this_state", status=form.status.value)
    operation = _intent(
        tx,
        ports,
        form,
        Kind.ADVANCE,
        form.amounts.net_fen,
        actor=actor,
        card_token=guarantee.card_token,
        payout_token=guarantee.payout_token,
        payout_label=guarantee.payout_label,
        method=method.value,
        hold_reference=guarantee.reference,
    )
    tx.add_operation(operation)
    move(tx, ports, form, Event.REQUEST_ADVANCE, By(actor, operation.created_at))
    return operation


def begin_end_of_hold(
    tx: Transaction, ports: Ports, form: Form, event: Event, actor: str, reason: str
) -> Operation:
    """Store the intent to release or capture the hold.

    Raises:
        Refused: `not_in_this_state` when no hold stands.
    """
    guarantee = tx.live_guarantee(form.form_id)
    if guarantee is None:
        raise Refused("not_in_this_state", status=form.status.value)
    captures = event in (Event.REQUEST_CAPTURE, Event.REQUEST_FORFEIT)
    kind = Kind.CAPTURE if captures else Kind.RELEASE
    amount_fen = form.amounts.net_fen if kind is Kind.CAPTURE else guarantee.amount_fen
    operation = _intent(
        tx,
        ports,
        form,
        kind,
        amount_fen,
        actor=actor,
        hold_reference=guarantee.reference,
        purpose=event.value,
        reason=reason,
    )
    tx.add_operation(operation)
    move(tx, ports, form, event, By(actor, operation.created_at), detail=reason)
    return operation


class _More(TypedDict, total=False):
    """The fields of an operation that differ from kind to kind."""

    actor: Required[str]
    hold_reference: str
    card_token: str
    payout_token: str
    payout_label: str
    method: str
    purpose: str
    reason: str


def _intent(
    tx: Transaction,
    ports: Ports,
    form: Form,
    kind: Kind,
    amount_fen: int,
    **more: Unpack[_More],
) -> Operation:
    """The next operation of a kind."""
    attempt = tx.count_operations(form.form_id, kind) + 1
    reference = operation_reference(form.form_id, kind.value, attempt)
    now = ports.clock.now()
    return Operation(
        reference=reference,
        key=operation_key(reference),
        form_id=form.form_id,
        store_number=form.store_number,
        kind=kind,
        attempt=attempt,
        amount_fen=amount_fen,
        state=OperationState.PENDING,
        created_at=now,
        lease_until=now + LEASE,
        **more,
    )


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
    fn = _record if answer.fits(operation) else _park
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


def _record(
    tx: Transaction, ports: Ports, operation: Operation, answer: Answer
) -> Operation | Form | None:
    """Store an answer and what it means, unless the operation has one already."""
    answered = replace(
        operation,
        state=OperationState.REFUSED if answer.refusal else OperationState.SUCCEEDED,
        network_id=answer.network_id,
        refusal=answer.refusal,
        answered_at=ports.clock.now(),
    )
    if not tx.answer_operation(answered):
        return None
    return _after(tx, ports, answered, answer)


def _after(tx: Transaction, ports: Ports, answered: Operation, answer: Answer) -> Operation | Form:
    form = the_form(tx, answered.form_id)
    match answered.kind:
        case Kind.HOLD:
            return _after_hold(tx, ports, form, answered, answer)
        case Kind.ADVANCE:
            return _after_advance(tx, ports, form, answered)
        case Kind.RELEASE:
            return _after_release(tx, ports, form, answered)
        case Kind.CAPTURE:
            return _after_capture(tx, ports, form, answered)


def _after_hold(
    tx: Transaction, ports: Ports, form: Form, operation: Operation, answer: Answer
) -> Operation | Form:
    now, actor = ports.clock.now(), operation.actor
    if operation.refusal or answer.expires_at is None:
        return move(tx, ports, form, Event.HOLD_REFUSED, By(actor, now), detail=operation.refusal)
    guarantee = Guarantee(
        reference=operation.reference,
        form_id=form.form_id,
        amount_fen=operation.amount_fen,
        brand=answer.brand,
        last4=answer.last4,
        authorisation_code=answer.authorisation_code,
        held_at=now,
        expires_at=answer.expires_at,
        state=GuaranteeState.HELD,
        card_token=operation.card_token,
        payout_token=operation.payout_token,
        payout_label=operation.payout_label,
    )
    tx.add_guarantee(guarantee)
    tx.post(
        ledger.hold_entry(operation.reference, form.form_id, operation.amount_fen),
        form.store_number,
        actor,
        now,
    )
    held = move(tx, ports, form, Event.HOLD_SUCCEEDED, By(actor, now))
    return begin_advance(tx, ports, held, guarantee, actor)


def _after_advance(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
    now, actor = ports.clock.now(), operation.actor
    if operation.refusal:
        return move(
            tx, ports, form, Event.ADVANCE_REFUSED, By(actor, now), detail=operation.refusal
        )
    tx.add_advance(
        Advance(
            form_id=form.form_id,
            reference=operation.reference,
            amount_fen=operation.amount_fen,
            method=operation.method,
            label=operation.payout_label,
            advanced_at=now,
        )
    )
    tx.post(
        ledger.advance_entry(operation.reference, form.form_id, operation.amount_fen),
        form.store_number,
        actor,
        now,
    )
    return move(tx, ports, form, Event.ADVANCE_SUCCEEDED, By(actor, now))


def _after_release(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
    now, actor = ports.clock.now(), operation.actor
    guarantee = tx.live_guarantee(form.form_id)
    held_fen = guarantee.amount_fen if guarantee else 0
    withdrawing = form.status is Status.WITHDRAWING
    # A hold that is given up and has ended by itself is what the traveller wanted.
    lapsed = operation.refusal == "hold_expired" or bool(withdrawing and operation.refusal)
    if operation.refusal and not lapsed:
        return move(
            tx, ports, form, Event.RELEASE_REFUSED, By(actor, now), detail=operation.refusal
        )
    if guarantee is not None:
        state = GuaranteeState.ENDED if lapsed else GuaranteeState.RELEASED
        tx.end_guarantee(replace(guarantee, state=state, released_fen=held_fen), now)
    if withdrawing:
        entry = ledger.withdrawal_entry(operation.reference, form.form_id, held_fen)
        event = Event.WITHDRAWN
    else:
        entry = ledger.release_entry(operation.reference, form.form_id, form.amounts, held_fen)
        event = Event.RELEASE_SUCCEEDED
    tx.post(entry, form.store_number, actor, now)
    return move(tx, ports, form, event, By(actor, now), detail=operation.reason)


def _after_capture(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
    now, actor = ports.clock.now(), operation.actor
    guarantee = tx.live_guarantee(form.form_id)
    held_fen = guarantee.amount_fen if guarantee else 0
    forfeiting = form.status is Status.FORFEITING
    if operation.refusal:
        if guarantee is not None and operation.refusal == "hold_expired":
            tx.end_guarantee(
                replace(guarantee, state=GuaranteeState.ENDED, released_fen=held_fen), now
            )
            tx.post(
                ledger.hold_lapsed_entry(operation.reference, form.form_id, held_fen),
                form.store_number,
                actor,
                now,
            )
        event = Event.FORFEIT_REFUSED if forfeiting else Event.CAPTURE_REFUSED
        return move(tx, ports, form, event, By(actor, now), detail=operation.refusal)
    if guarantee is not None:
        tx.end_guarantee(
            replace(
                guarantee,
                state=GuaranteeState.CAPTURED,
                captured_fen=operation.amount_fen,
                released_fen=held_fen - operation.amount_fen,
            ),
            now,
        )
    tx.post(
        ledger.capture_entry(operation.reference, form.form_id, operation.amount_fen, held_fen),
        form.store_number,
        actor,
        now,
    )
    event = Event.FORFEIT_SUCCEEDED if forfeiting else Event.CAPTURE_SUCCEEDED
    return move(tx, ports, form, event, By(actor, now), detail=operation.reason)
