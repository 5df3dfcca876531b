"""What the network's answers mean: rows, postings and the next state, all in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from refund.core import ledger
from refund.core.case import CaseKind
from refund.core.form import Event, Form
from refund.core.guarantee import Cover
from refund.core.operation import (
    ORDER,
    Advance,
    Answer,
    Heard,
    Kind,
    News,
    Operation,
    OperationState,
)
from refund.ports import Ports
from refund.services.cases import close_all_by_themselves, open_case
from refund.services.ends import after_end_of_hold
from refund.services.holds import (
    HOLD_TOO_SHORT,
    LESS_THAN_ASKED,
    after_extension,
    after_hold,
    after_increase,
    covered,
    unsecured,
    without_card,
)
from refund.services.intent import (
    PAY_AGAIN,
    begin_advance,
    begin_end_of_hold,
    begin_increase,
    begin_joint_advance,
    entitlement,
)
from refund.services.life import By, move, note, the_form
from refund.transaction import Transaction

_ANSWERED = (CaseKind.PENDING_TOO_LONG, CaseKind.ANSWER_DISAGREES, CaseKind.NOT_TAKEN)
"""Cases of a request that are over with its answer."""

ACCEPTED_REST = timedelta(minutes=1)
"""How long a payout that the bank works on rests before it is looked up again."""


def record(
    tx: Transaction, ports: Ports, operation: Operation, answer: Answer
) -> Operation | Form | None:
    """Store what is heard of an operation, and what it means for every form that it covers.

    Answers, look-ups and notices come here alike, in any order and any number of times: what
    counts of them is `ORDER`.

    Returns:
        The operation that follows by itself (after a hold, the advance), else the form where it
        ended; None when nothing new was heard.
    """
    shares = tx.operations_sent_as(operation.sent_reference)
    known = shares[0].state
    match ORDER[known, answer.heard]:
        case News.KEEP:
            if known is OperationState.PENDING:
                _accept(tx, ports, shares, answer)
            return None
        case News.CONTRADICTION:
            _contradicted(tx, ports, shares[0], answer)
            return None
        case News.TAKE:
            pass
    outcome: Operation | Form | None = None
    if known is OperationState.PENDING:
        outcome = _answer(tx, ports, shares, answer)
    if answer.heard is Heard.RETURNED:
        for share in shares:
            outcome = _came_back(tx, ports, share)
    for share in shares:
        close_all_by_themselves(tx, ports, _ANSWERED, share.reference, "answered")
    wanted = operation.form_id
    is_own = isinstance(outcome, Operation) or len(shares) == 1
    return outcome if is_own else the_form(tx, wanted)


def _accept(tx: Transaction, ports: Ports, shares: Sequence[Operation], answer: Answer) -> None:
    until = ports.clock.now() + ACCEPTED_REST
    for share in shares:
        tx.accept_operation(share.reference, answer.network_id, until)


def _contradicted(tx: Transaction, ports: Ports, operation: Operation, answer: Answer) -> None:
    """Two words of the network that cannot both be true are a person's business."""
    facts = {
        "known": operation.state.value,
        "heard": answer.heard.value,
        "refusal": answer.refusal or operation.refusal,
        "network_id": answer.network_id,
    }
    open_case(
        tx,
        ports,
        CaseKind.ANSWERS_CONTRADICT,
        operation.reference,
        form_id=operation.form_id,
        store_number=operation.store_number,
        amount_fen=operation.amount_fen,
        facts=facts,
    )


def _answer(
    tx: Transaction, ports: Ports, shares: Sequence[Operation], answer: Answer
) -> Operation | Form:
    """Store the first word that counts."""
    answered = [_answered(ports, share, answer) for share in shares]
    for share in answered:
        if not tx.answer_operation(share):
            raise LookupError(share.reference)
    forms = [_after(tx, ports, share, answer, answered) for share in answered]
    first = answered[0]
    if first.kind in (Kind.HOLD, Kind.INCREASE):
        return _follow(tx, ports, forms, first, answer)
    return forms[0]


def _answered(ports: Ports, operation: Operation, answer: Answer) -> Operation:
    charged_fen = answer.charged_fen if operation.kind is Kind.CAPTURE else 0
    return replace(
        operation,
        state=OperationState.REFUSED if answer.refusal else OperationState.SUCCEEDED,
        network_id=answer.network_id,
        refusal=answer.refusal,
        answered_at=ports.clock.now(),
        charged_fen=0 if answer.refusal else charged_fen,
    )


def _after(
    tx: Transaction,
    ports: Ports,
    answered: Operation,
    answer: Answer,
    shares: Sequence[Operation],
) -> Form:
    form = the_form(tx, answered.form_id)
    match answered.kind:
        case Kind.HOLD:
            after = after_hold(tx, ports, form, answered, answer, shares)
        case Kind.INCREASE:
            after = after_increase(tx, ports, form, answered, answer)
        case Kind.EXTEND:
            after = after_extension(tx, ports, form, answered, answer)
        case Kind.ADVANCE:
            after = _after_advance(tx, ports, form, answered)
        case Kind.RELEASE | Kind.CAPTURE:
            after = after_end_of_hold(tx, ports, form, answered)
        case Kind.REFUND if answered.purpose == PAY_AGAIN:
            after = _after_pay_again(tx, ports, form, answered)
        case Kind.REFUND:
            after = _after_refund(tx, ports, form, answered)
    return after


def _follow(
    tx: Transaction, ports: Ports, forms: Sequence[Form], operation: Operation, answer: Answer
) -> Operation | Form:
    """After a hold that is enough and lasts, the advance; else the hold is given up."""
    found = [tx.live_guarantee(form.form_id) for form in forms]
    held = [guarantee for guarantee in found if guarantee is not None]
    if not held:
        return forms[0]
    if any(h.amount_fen < f.amounts.net_fen for h, f in zip(held, forms, strict=True)):
        if operation.kind is Kind.HOLD and answer.increments and len(forms) == 1:
            return begin_increase(tx, ports, forms[0], held[0], operation.actor)
        return _give_up(tx, ports, forms, operation.actor, LESS_THAN_ASKED)
    covers = [covered(tx, ports, f, h) for f, h in zip(forms, held, strict=True)]
    if any(one.cover is Cover.TOO_SHORT for one in covers):
        return _give_up(tx, ports, forms, operation.actor, HOLD_TOO_SHORT)
    if operation.joint_reference:
        joint_id = operation.joint_reference.partition("-")[0]
        return begin_joint_advance(tx, ports, forms, joint_id, operation.actor)
    return begin_advance(tx, ports, forms[0], held[0], operation.actor)


def _give_up(
    tx: Transaction, ports: Ports, forms: Sequence[Form], actor: str, reason: str
) -> Operation:
    """Ask for a hold's end before any advance, so that another card can be given."""
    begun = [begin_end_of_hold(tx, ports, form, Event.WITHDRAW, actor, reason) for form in forms]
    return begun[0]


def _after_advance(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
    now, actor = ports.clock.now(), operation.actor
    is_secured = tx.live_guarantee(form.form_id) is not None
    if operation.refusal:
        by = By(actor, now)
        held = move(tx, ports, form, Event.ADVANCE_REFUSED, by, detail=operation.refusal)
        return held if is_secured else without_card(tx, ports, held, by, "hold_lapsed")
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
    advanced = move(tx, ports, form, Event.ADVANCE_SUCCEEDED, By(actor, now))
    if not is_secured:
        # The hold ended by itself while the money was on its way.
        unsecured(tx, ports, advanced)
    return advanced


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


def _after_pay_again(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
    """What came back is with the traveller again; refused, its case goes on waiting."""
    now, by = ports.clock.now(), By(operation.actor, ports.clock.now())
    if operation.refusal:
        note(
            tx,
            ports,
            "pay_again_refused",
            by,
            form_id=form.form_id,
            detail=operation.refusal,
        )
        _owed_to_traveller(tx, ports, operation)
        return form
    entry = ledger.pay_again_entry(operation.reference, form.form_id, operation.amount_fen)
    tx.post(entry, form.store_number, operation.actor, now)
    note(tx, ports, "paid_again", by, form_id=form.form_id, detail=operation.reference)
    return form


def _came_back(tx: Transaction, ports: Ports, operation: Operation) -> Form:
    """A payout that was done came back from the bank: it is not owed, and a case for a person."""
    if not tx.return_operation(operation.reference):
        raise LookupError(operation.reference)
    form, by = the_form(tx, operation.form_id), By(operation.actor, ports.clock.now())
    entry = ledger.returned_payout_entry(operation.reference, form.form_id, operation.amount_fen)
    tx.post(entry, form.store_number, by.actor, by.at)
    note(tx, ports, "payout_returned", by, form_id=form.form_id, detail=operation.reference)
    _owed_to_traveller(tx, ports, operation)
    return form


def _owed_to_traveller(tx: Transaction, ports: Ports, operation: Operation) -> None:
    open_case(
        tx,
        ports,
        CaseKind.ADVANCE_RETURNED,
        operation.form_id,
        form_id=operation.form_id,
        store_number=operation.store_number,
        amount_fen=operation.amount_fen,
        facts={"reference": operation.reference, "label": operation.payout_label},
    )
