"""How an advance's hold ends: released, charged, over by itself, or given up with what is owed."""

from refund.core import ledger
from refund.core.case import CaseKind
from refund.core.entitlement import Entitlement
from refund.core.errors import Refused
from refund.core.form import ENDED, Event, Form, Status
from refund.core.ids import operation_reference
from refund.core.operation import Guarantee, GuaranteeState, Kind, Operation
from refund.ports import Ports
from refund.services.cases import close_all_by_themselves, open_case
from refund.services.holds import UNFIT, end_guarantee, unsecured
from refund.services.intent import captured_by, entitlement
from refund.services.life import By, move
from refund.transaction import Transaction

_ENDS: dict[Status, tuple[Event, Event | None]] = {
    Status.WITHDRAWING: (Event.WITHDRAWN, None),
    Status.RELEASING: (Event.RELEASE_SUCCEEDED, Event.RELEASE_REFUSED),
    Status.ADJUSTING: (Event.ADJUST_SUCCEEDED, Event.ADJUST_REFUSED),
    Status.CAPTURING: (Event.CAPTURE_SUCCEEDED, Event.CAPTURE_REFUSED),
    Status.FORFEITING: (Event.FORFEIT_SUCCEEDED, Event.FORFEIT_REFUSED),
    Status.RETURNING: (Event.RETURN_SUCCEEDED, Event.RETURN_REFUSED),
    Status.WAIVING: (Event.WAIVE_SUCCEEDED, Event.WAIVE_REFUSED),
}
"""What an answer makes of a form whose hold was to end: when it did, and when it was refused."""

OVER = frozenset({"hold_expired", "unknown_hold"})
"""Refusals that say that nothing stands at the network: it ended by itself, or was forgotten."""

_FORM_CASES = (
    CaseKind.CHARGE_REFUSED,
    CaseKind.UNSECURED,
    CaseKind.HOLD_ENDS_EARLY,
)
"""Cases about a form's advance that are over with the form."""


def after_end_of_hold(tx: Transaction, ports: Ports, form: Form, operation: Operation) -> Form:
    """A hold was released or captured, or the network would not.

    Where nothing is to be charged, a hold that has ended by itself is as good as released; one
    that is only given up before any advance may have ended in any way. A return that could not be
    charged leaves the form as it was, to end as it would have: so its hold is not written off yet.
    """
    succeeded, refused = _ends_of(form, operation)
    guarantee = tx.live_guarantee(form.form_id)
    if guarantee is None:
        raise LookupError(operation.reference)
    lapsed = operation.refusal in OVER
    is_release = operation.kind is Kind.RELEASE
    if operation.refusal and not (is_release and (lapsed or refused is None)):
        return _refused(tx, ports, form, operation, guarantee)
    by = By(operation.actor, ports.clock.now())
    captured_fen = operation.charged_fen
    state = GuaranteeState.RELEASED if is_release else GuaranteeState.CAPTURED
    if operation.refusal:
        state = GuaranteeState.ENDED
    in_full = is_release or captured_fen == operation.amount_fen
    entry = _end_entry(tx, form, operation, guarantee.amount_fen, in_full=in_full)
    end_guarantee(tx, ports, guarantee, state, captured_fen)
    tx.post(entry, form.store_number, by.actor, by.at)
    if not in_full and refused is not None:
        after = move(tx, ports, form, refused, by, detail="partly_charged")
        _charge_refused(tx, ports, after, "partly_charged")
        return after
    if form.status is Status.RETURNING:
        # Only now that the money is back may the store undo its invoices.
        tx.free_invoices(form.form_id)
    return _over(tx, ports, move(tx, ports, form, succeeded, by, detail=operation.reason))


def _ends_of(form: Form, operation: Operation) -> tuple[Event, Event | None]:
    """What follows a yes and a no; a hold that did not fit leaves room for another card."""
    if form.status is Status.WITHDRAWING and operation.reason in UNFIT:
        return Event.HOLD_UNFIT, None
    return _ENDS[form.status]


def _refused(
    tx: Transaction, ports: Ports, form: Form, operation: Operation, guarantee: Guarantee
) -> Form:
    """The network would not: where the hold is over, what is owed stands alone."""
    succeeded, refused = _ends_of(form, operation)
    by = By(operation.actor, ports.clock.now())
    if operation.refusal in OVER and form.status is not Status.RETURNING:
        end_guarantee(tx, ports, guarantee, GuaranteeState.ENDED, 0)
        entry = ledger.hold_lapsed_entry(operation.reference, form.form_id, guarantee.amount_fen)
        tx.post(entry, form.store_number, by.actor, by.at)
    after = move(tx, ports, form, refused or succeeded, by, detail=operation.refusal)
    _charge_refused(tx, ports, after, operation.refusal)
    return after


def _charge_refused(tx: Transaction, ports: Ports, form: Form, why: str) -> None:
    """Open the case of money that did not come back, or of a hold that would not end."""
    outstanding_fen = max(0, tx.outstanding_fen(form.form_id))
    open_case(
        tx,
        ports,
        CaseKind.CHARGE_REFUSED,
        form.form_id,
        form_id=form.form_id,
        store_number=form.store_number,
        amount_fen=outstanding_fen,
        facts={"refusal": why, "status": form.status.value},
    )
    if tx.live_guarantee(form.form_id) is None:
        unsecured(tx, ports, form)


def _over(tx: Transaction, ports: Ports, form: Form) -> Form:
    """Close the cases that end with the form, and open one for what we owe the traveller."""
    if form.status not in ENDED:
        return form
    owed_fen = -tx.outstanding_fen(form.form_id)
    over = _FORM_CASES if owed_fen > 0 else (*_FORM_CASES, CaseKind.ADVANCE_RETURNED)
    close_all_by_themselves(tx, ports, over, form.form_id, form.status.value)
    if owed_fen > 0:
        open_case(
            tx,
            ports,
            CaseKind.ADVANCE_RETURNED,
            form.form_id,
            form_id=form.form_id,
            store_number=form.store_number,
            amount_fen=owed_fen,
            facts={"status": form.status.value},
        )
    return form


def end_without_hold(
    tx: Transaction, ports: Ports, form: Form, event: Event, by: By, reason: str
) -> Form:
    """End a form whose hold is over, by our books alone; the network is not asked.

    What was earned is confirmed; a broken promise of which nothing is owed any more ends as it is.

    Raises:
        Refused: `not_in_this_state` when a hold stands, none ever did, or something is owed.

    Source: project decision.
    """
    guarantees = tx.guarantees_of(form.form_id)
    is_over = bool(guarantees) and tx.live_guarantee(form.form_id) is None
    if not is_over or captured_by(tx, form, event):
        raise Refused("not_in_this_state", status=form.status.value)
    ending = move(tx, ports, form, event, by, detail=reason)
    worth = entitlement(tx, form)
    _earn(tx, ending, worth, by)
    return _over(tx, ports, move(tx, ports, ending, _ENDS[ending.status][0], by, detail=reason))


def _earn(tx: Transaction, ending: Form, worth: Entitlement, by: By) -> None:
    """Post what is earned by a form that ends without its hold."""
    due, reference = worth.due, operation_reference(ending.form_id, "earned", 1)
    if not due.net_fen or ending.status not in (Status.RELEASING, Status.ADJUSTING):
        return
    entry = ledger.adjust_entry(reference, ending.form_id, due, 0, 0)
    if ending.status is Status.RELEASING:
        entry = ledger.release_entry(reference, ending.form_id, ending.amounts, 0)
    tx.post(entry, ending.store_number, by.actor, by.at)


def write_off(
    tx: Transaction, ports: Ports, form: Form, by: By, reason: str, *, kept: Event | None
) -> Form:
    """Give up what is owed of an advance without a hold.

    `kept` says how the promise was kept all the same, where it was: what was earned then stays
    earned, and only what is owed beyond it is given up.

    Raises:
        Refused: `not_in_this_state` when a hold stands, or nothing is owed.

    Source: project decision.
    """
    owed_fen = captured_by(tx, form, kept or Event.REQUEST_CAPTURE)
    if tx.live_guarantee(form.form_id) is not None or owed_fen <= 0:
        raise Refused("not_in_this_state", status=form.status.value)
    key = operation_reference(form.form_id, "written", 1)
    tx.post(
        ledger.write_off_entry(key, form.form_id, owed_fen, 0), form.store_number, by.actor, by.at
    )
    if kept is not None:
        return end_without_hold(tx, ports, form, kept, by, reason)
    return _over(tx, ports, move(tx, ports, form, Event.WRITE_OFF, by, detail=reason))


def _end_entry(
    tx: Transaction, form: Form, operation: Operation, held_fen: int, *, in_full: bool
) -> ledger.Entry:
    """What the end of a hold posts."""
    reference, form_id = operation.reference, form.form_id
    captured_fen = operation.charged_fen
    entry = ledger.freed_entry(reference, form_id, held_fen)
    match form.status:
        case Status.WITHDRAWING:
            entry = ledger.withdrawal_entry(reference, form_id, held_fen)
        case Status.RELEASING:
            entry = ledger.release_entry(reference, form_id, form.amounts, held_fen)
        case Status.ADJUSTING if in_full:
            due = entitlement(tx, form).due
            entry = ledger.adjust_entry(reference, form_id, due, captured_fen, held_fen)
        case Status.WAIVING if (owed_fen := tx.outstanding_fen(form_id)) > 0:
            entry = ledger.write_off_entry(reference, form_id, owed_fen, held_fen)
        case Status.RETURNING if not captured_fen:
            entry = ledger.returned_entry(reference, form_id, held_fen)
        case _ if captured_fen:
            entry = ledger.capture_entry(reference, form_id, captured_fen, held_fen)
        case _:
            pass
    return entry
