"""Intents: what we will ask of the payment network, stored with its key before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Required, TypedDict, Unpack

from refund.core.entitlement import Entitlement, entitlement_of
from refund.core.errors import Refused
from refund.core.form import ENDED, Event, Form
from refund.core.ids import operation_key, operation_reference
from refund.core.money import Amounts
from refund.core.operation import (
    PAYS_OUT,
    CardEntry,
    Guarantee,
    Kind,
    Operation,
    OperationState,
)
from refund.ports import Ports
from refund.services.life import By, move
from refund.services.rules import rules_of
from refund.transaction import Transaction

PAY_AGAIN = "pay_again"
"""The purpose of a payment that takes the place of one that came back."""

LEASE = timedelta(seconds=15)
"""How long whoever began an operation may finish it alone; longer than any call's deadline."""


@dataclass(frozen=True, slots=True)
class Joint:
    """One request to the network for several forms: its reference, and its amount in all."""

    reference: str
    amount_fen: int


def begin_hold(
    tx: Transaction,
    ports: Ports,
    form: Form,
    card: CardEntry,
    actor: str,
    joint: Joint | None = None,
) -> Operation:
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
        **_shared(joint),
    )
    move(tx, ports, form, Event.REQUEST_HOLD, By(actor, operation.created_at))
    tx.add_operation(operation)
    return operation


def begin_advance(
    tx: Transaction,
    ports: Ports,
    form: Form,
    guarantee: Guarantee,
    actor: str,
    joint: Joint | None = None,
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
        hold_reference=guarantee.network_reference,
        **_shared(joint),
    )
    move(tx, ports, form, Event.REQUEST_ADVANCE, By(actor, operation.created_at))
    tx.add_operation(operation)
    return operation


def begin_end_of_hold(
    tx: Transaction, ports: Ports, form: Form, event: Event, actor: str, reason: str
) -> Operation:
    """Store the intent to release or capture the hold.

    Raises:
        Refused: `not_in_this_state` when no hold stands, or the network is being asked for
            something else.
    """
    guarantee = tx.live_guarantee(form.form_id)
    if guarantee is None or tx.is_answer_awaited(form.form_id):
        raise Refused("not_in_this_state", status=form.status.value)
    captured_fen = captured_by(tx, form, event)
    operation = _intent(
        tx,
        ports,
        form,
        Kind.CAPTURE if captured_fen else Kind.RELEASE,
        captured_fen or guarantee.amount_fen,
        actor=actor,
        hold_reference=guarantee.network_reference,
        part_fen=guarantee.amount_fen if guarantee.is_shared else 0,
        purpose=event.value,
        reason=reason,
    )
    move(tx, ports, form, event, By(actor, operation.created_at), detail=reason)
    tx.add_operation(operation)
    return operation


def captured_by(tx: Transaction, form: Form, event: Event) -> int:
    """What ending the hold by an event charges to the card, fen; never more than is still out."""
    if event in (Event.REQUEST_RELEASE, Event.WITHDRAW, Event.REQUEST_WAIVE):
        return 0
    outstanding_fen = max(0, tx.outstanding_fen(form.form_id))
    match event:
        case Event.REQUEST_ADJUST:
            return max(0, outstanding_fen - entitlement(tx, form).due.net_fen)
        case _:
            return outstanding_fen


def entitlement(tx: Transaction, form: Form) -> Entitlement:
    """What is due on a form, after what came back to the store and what customs confirmed."""
    verification = tx.verification_of(form.form_id)
    return entitlement_of(
        form,
        tx.invoices_of(form.form_id),
        tx.returns_of(form.form_id),
        None if verification is None else verification.confirmed,
        rules_of(tx, form),
    )


def begin_refund(
    tx: Transaction, ports: Ports, form: Form, card: CardEntry, due: Amounts, actor: str
) -> Operation:
    """Store the intent to pay an ordinary refund to a card or an account.

    Source: SAT 41/2015 (payment after review).
    """
    operation = _intent(
        tx,
        ports,
        form,
        Kind.REFUND,
        due.net_fen,
        actor=actor,
        card_token=card.card_token,
        payout_token=card.payout_token,
        payout_label=card.payout_label,
        method=card.method,
    )
    move(tx, ports, form, Event.REQUEST_REFUND, By(actor, operation.created_at))
    tx.add_operation(operation)
    return operation


def begin_pay_again(
    tx: Transaction, ports: Ports, form: Form, amount_fen: int, actor: str, reason: str
) -> Operation:
    """Store the intent to pay once more what came back from the bank.

    It goes to the card that was held; what was paid without a hold, to where it came back from.

    Raises:
        Refused: `not_in_this_state` when we owe less, or something else is under way.
    """
    operations = tx.operations_of(form.form_id)
    pending = [one for one in operations if one.answered_at is None]
    if pending or not 0 < amount_fen <= owed_again_fen(tx, form):
        raise Refused("not_in_this_state", status=form.status.value)
    guarantees = tx.guarantees_of(form.form_id)
    back = [one for one in operations if one.state is OperationState.RETURNED][-1]
    to: _More = {
        "actor": actor,
        "card_token": back.card_token,
        "payout_token": back.payout_token,
        "payout_label": back.payout_label,
        "method": back.method,
        "purpose": PAY_AGAIN,
        "reason": reason,
    }
    if guarantees:
        to |= {"card_token": guarantees[-1].card_token, "method": "card"}
        to |= {"payout_token": "", "payout_label": ""}
    operation = _intent(tx, ports, form, Kind.REFUND, amount_fen, **to)
    tx.add_operation(operation)
    return operation


def owed_again_fen(tx: Transaction, form: Form) -> int:
    """What came back from the bank and was not paid again, fen; what settled it is taken off."""
    operations = tx.operations_of(form.form_id)
    back_fen = sum(
        one.amount_fen
        for one in operations
        if one.kind in PAYS_OUT and one.state is OperationState.RETURNED
    )
    again_fen = sum(
        one.amount_fen
        for one in operations
        if one.purpose == PAY_AGAIN and one.state is OperationState.SUCCEEDED
    )
    owed_fen = back_fen - again_fen
    if form.status in ENDED:
        owed_fen = min(owed_fen, -tx.outstanding_fen(form.form_id))
    return max(0, owed_fen)


def begin_extension(
    tx: Transaction, ports: Ports, form: Form, guarantee: Guarantee, actor: str
) -> Operation:
    """Store the intent to make a hold last longer; the form goes on as it is."""
    operation = _intent(
        tx,
        ports,
        form,
        Kind.EXTEND,
        guarantee.amount_fen,
        actor=actor,
        hold_reference=guarantee.network_reference,
    )
    tx.add_operation(operation)
    return operation


def begin_increase(
    tx: Transaction, ports: Ports, form: Form, guarantee: Guarantee, actor: str
) -> Operation:
    """Store the intent to make a hold as large as the advance."""
    operation = _intent(
        tx,
        ports,
        form,
        Kind.INCREASE,
        form.amounts.net_fen - guarantee.amount_fen,
        actor=actor,
        hold_reference=guarantee.network_reference,
    )
    tx.add_operation(operation)
    return operation


def begin_joint_hold(
    tx: Transaction, ports: Ports, forms: Sequence[Form], joint_id: str, card: CardEntry, actor: str
) -> Operation:
    """Store the intent to put the advances of several forms on hold together.

    Returns:
        The share of the first form, by which the whole request is carried out.
    """
    attempt = 1 + max(tx.count_operations(form.form_id, Kind.HOLD) for form in forms)
    joint = Joint(
        operation_reference(joint_id, Kind.HOLD.value, attempt),
        sum(form.amounts.net_fen for form in forms),
    )
    shares = [begin_hold(tx, ports, form, card, actor, joint) for form in forms]
    return shares[0]


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
    part_fen: int
    joint_reference: str
    joint_fen: int


class _Shared(TypedDict, total=False):
    """The fields of a share of one request."""

    joint_reference: str
    joint_fen: int


def _shared(joint: Joint | None) -> _Shared:
    if joint is None:
        return {}
    return {"joint_reference": joint.reference, "joint_fen": joint.amount_fen}


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
    operation = Operation(
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
    return replace(operation, fingerprint=operation.print_of_request)


def begin_joint_advance(
    tx: Transaction, ports: Ports, forms: Sequence[Form], joint_id: str, actor: str
) -> Operation:
    """Store the intent to pay the advances of several forms together, secured by their one hold.

    Returns:
        The share of the first form.

    Raises:
        Refused: `not_in_this_state` when a form has no live hold.
    """
    attempt = 1 + max(tx.count_operations(form.form_id, Kind.ADVANCE) for form in forms)
    joint = Joint(
        operation_reference(joint_id, Kind.ADVANCE.value, attempt),
        sum(form.amounts.net_fen for form in forms),
    )
    shares = []
    for form in forms:
        guarantee = tx.live_guarantee(form.form_id)
        if guarantee is None:
            raise Refused("not_in_this_state", status=form.status.value)
        shares.append(begin_advance(tx, ports, form, guarantee, actor, joint))
    return shares[0]
