"""What the network's answers mean: rows, postings and the next state, all in one transaction."""

from collections.abc import Sequence
from dataclasses import replace

from refund.core import ledger
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.ids import operation_reference
from refund.core.operation import (
    Advance,
    Answer,
    Guarantee,
    GuaranteeState,
    Kind,
    Operation,
    OperationState,
)
from refund.ports import Ports
from refund.services.intent import (
    begin_advance,
    begin_joint_advance,
    captured_by,
    entitlement,
)
from refund.services.life import By, move, the_form
from refund.transaction import Transaction


def record(
    tx: Transaction, ports: Ports, operation: Operation, answer: Answer
) -> Operation | Form | None:
    """Store an answer and what it means for every form that it covers.

    Returns:
        The operation that follows by itself (after a hold, the advance), else the form where it
        ended; None when the operation had an answer already.
    """
    shares = [operation]
    if operation.joint_reference:
        shares = tx.joint_operations(operation.joint_reference)
    answered = [_answered(ports, share, answer) for share in shares]
    recorded = [tx.answer_operation(share) for share in answered]
    if not all(recorded):
        return None
    forms = [_after(tx, ports, share, answer) for share in answered]
    if operation.kind is Kind.HOLD and not answer.refusal:
        return _advance(tx, ports, forms, operation)
    return next(form for form in forms if form.form_id == operation.form_id)


def _answered(ports: Ports, operation: Operation, answer: Answer) -> Operation:
    return replace(
        operation,
        state=OperationState.REFUSED if answer.refusal else OperationState.SUCCEEDED,
        network_id=answer.network_id,
        refusal=answer.refusal,
        answered_at=ports.clock.now(),
    )


def _advance(
    tx: Transaction, ports: Ports, forms: Sequence[Form], operation: Operation
) -> Operation:
    """After the hold, the advance that it secures."""
    if operation.joint_reference:
        joint_id = operation.joint_reference.partition("-")[0]
        return begin_joint_advance(tx, ports, forms, joint_id, operation.actor)
    guarantee = tx.live_guarantee(operation.form_id)
    if guarantee is None:
        raise LookupError(operation.reference)
    return begin_advance(tx, ports, forms[0], guarantee, operation.actor)


def _after(tx: Transaction, ports: Ports, answered: Operation, answer: Answer) -> Form:
    form = the_form(tx, answered.form_id)
    match answered.kind:
        case Kind.HOLD:
            return _after_hold(tx, ports, form, answered, answer)
        case Kind.ADVANCE:
            return _after_advance(tx, ports, form, answered)
        case Kind.RELEASE | Kind.CAPTURE:
            return _after_end_of_hold(tx, ports, form, answered)
        case Kind.REFUND:
            return _after_refund(tx, ports, form, answered)


def _after_hold(
    tx: Transaction, ports: Ports, form: Form, operation: Operation, answer: Answer
) -> Form:
    now, actor = ports.clock.now(), operation.actor
    if operation.refusal or answer.expires_at is None:
        return move(tx, ports, form, Event.HOLD_REFUSED, By(actor, now), detail=operation.refusal)
    tx.add_guarantee(
        Guarantee(
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
            hold_reference=operation.joint_reference,
        )
    )
    entry = ledger.hold_entry(operation.reference, form.form_id, operation.amount_fen)
    tx.post(entry, form.store_number, actor, now)
    return move(tx, ports, form, Event.HOLD_SUCCEEDED, By(actor, now))


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
    entry = ledger.advance_entry(operation.reference, form.form_id, operation.amount_fen)
    tx.post(entry, form.store_number, actor, now)
    return move(tx, ports, form, Event.ADVANCE_SUCCEEDED, By(actor, now))


_ENDS: dict[Status, tuple[Event, Event | None]] = {
    Status.WITHDRAWING: (Event.WITHDRAWN, None),
    Status.RELEASING: (Event.RELEASE_SUCCEEDED, Event.RELEASE_REFUSED),
    Status.ADJUSTING: (Event.ADJUST_SUCCEEDED, Event.ADJUST_REFUSED),
    Status.CAPTURING: (Event.CAPTURE_SUCCEEDED, Event.CAPTURE_REFUSED),
    Status.FORFEITING: (Event.FORFEIT_SUCCEEDED, Event.FORFEIT_REFUSED),
    Status.RETURNING: (Event.RETURN_SUCCEEDED, Event.RETURN_REFUSED),
}
"""What an answer makes of a form whose hold was to end: when it did, and when it was refused."""


def _after_end_of_hold(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
    """A hold was released or captured, or the network would not.

    Where nothing is to be charged, a hold that has ended by itself is as good as released; one
    that is only given up before any advance may have ended in any way. A return that could not be
    charged leaves the form as it was, to end as it would have: so its hold is not written off yet.
    """
    now, actor = ports.clock.now(), operation.actor
    succeeded, refused = _ENDS[form.status]
    guarantee = tx.live_guarantee(form.form_id)
    if guarantee is None:
        raise LookupError(operation.reference)
    lapsed = operation.refusal == "hold_expired"
    is_release = operation.kind is Kind.RELEASE
    if operation.refusal and not (is_release and (lapsed or refused is None)):
        if lapsed and form.status is not Status.RETURNING:
            _end(tx, ports, guarantee, GuaranteeState.ENDED, 0)
            entry = ledger.hold_lapsed_entry(
                operation.reference, form.form_id, guarantee.amount_fen
            )
            tx.post(entry, form.store_number, actor, now)
        event = refused or succeeded
        return move(tx, ports, form, event, By(actor, now), detail=operation.refusal)
    captured_fen = 0 if is_release else operation.amount_fen
    state = GuaranteeState.RELEASED if is_release else GuaranteeState.CAPTURED
    if operation.refusal:
        state = GuaranteeState.ENDED
    entry = _end_entry(tx, form, operation, captured_fen, guarantee.amount_fen)
    _end(tx, ports, guarantee, state, captured_fen)
    tx.post(entry, form.store_number, actor, now)
    if form.status is Status.RETURNING:
        # Only now that the money is back may the store undo its invoices.
        tx.free_invoices(form.form_id)
    return move(tx, ports, form, succeeded, By(actor, now), detail=operation.reason)


def earn_without_hold(
    tx: Transaction, ports: Ports, form: Form, event: Event, actor: str, reason: str
) -> Form:
    """Confirm what was earned by a form whose hold ended by itself; the network is not asked.

    Raises:
        Refused: `not_in_this_state` when the hold did not end so, or the card were to be charged.

    Source: project decision.
    """
    guarantees = tx.guarantees_of(form.form_id)
    lapsed = bool(guarantees) and guarantees[-1].state is GuaranteeState.ENDED
    if not lapsed or captured_by(tx, form, event):
        raise Refused("not_in_this_state", status=form.status.value)
    by = By(actor, ports.clock.now())
    ending = move(tx, ports, form, event, by, detail=reason)
    due = entitlement(tx, form).due
    if due.net_fen:
        reference = operation_reference(form.form_id, "earned", 1)
        entry = ledger.adjust_entry(reference, form.form_id, due, 0, 0)
        if ending.status is Status.RELEASING:
            entry = ledger.release_entry(reference, form.form_id, form.amounts, 0)
        tx.post(entry, form.store_number, actor, by.at)
    return move(tx, ports, ending, _ENDS[ending.status][0], by, detail=reason)


def _end(
    tx: Transaction, ports: Ports, guarantee: Guarantee, state: GuaranteeState, captured_fen: int
) -> None:
    released_fen = guarantee.amount_fen - captured_fen
    ended = replace(guarantee, state=state, captured_fen=captured_fen, released_fen=released_fen)
    tx.end_guarantee(ended, ports.clock.now())


def _end_entry(
    tx: Transaction, form: Form, operation: Operation, captured_fen: int, held_fen: int
) -> ledger.Entry:
    """What the end of a hold posts."""
    reference, form_id = operation.reference, form.form_id
    match form.status:
        case Status.WITHDRAWING:
            return ledger.withdrawal_entry(reference, form_id, held_fen)
        case Status.RELEASING:
            return ledger.release_entry(reference, form_id, form.amounts, held_fen)
        case Status.ADJUSTING:
            due = entitlement(tx, form).due
            return ledger.adjust_entry(reference, form_id, due, captured_fen, held_fen)
        case _ if captured_fen:
            return ledger.capture_entry(reference, form_id, captured_fen, held_fen)
        case _:
            return ledger.returned_entry(reference, form_id, held_fen)


def _after_refund(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
    now, actor = ports.clock.now(), operation.actor
    if operation.refusal:
        tx.void_receipt(form.form_id, now)
        return move(tx, ports, form, Event.REFUND_REFUSED, By(actor, now), detail=operation.refusal)
    tx.pay_receipt(form.form_id, now)
    due = entitlement(tx, form).due
    entry = ledger.refund_entry(operation.reference, form.form_id, due, ledger.Account.NETWORK)
    tx.post(entry, form.store_number, actor, now)
    return move(tx, ports, form, Event.REFUND_SUCCEEDED, By(actor, now))
