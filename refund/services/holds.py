"""What becomes of holds before they are ended: granted, grown, extended, or over by themselves."""

from collections.abc import Sequence
from dataclasses import replace

from refund.core import ledger
from refund.core.case import CaseKind
from refund.core.form import Event, Form, Status
from refund.core.guarantee import Covered, cover_of, last_charge
from refund.core.operation import Answer, Guarantee, GuaranteeState, Kind, Operation
from refund.core.people import WORKER
from refund.ports import Ports
from refund.services.cases import close_by_itself, open_case
from refund.services.life import By, move, note, the_form
from refund.services.rules import rules_of
from refund.transaction import Transaction

HOLD_TOO_SHORT = "hold_too_short"
"""Why a hold was given up: it ends before a broken promise can be charged."""

LESS_THAN_ASKED = "approved_for_less"
"""Why a hold was given up: the bank approved less than the advance."""

UNFIT = frozenset({HOLD_TOO_SHORT, LESS_THAN_ASKED})
"""Reasons after which another card can be given."""

HOLD_LAPSED = "hold_lapsed"
"""Why a card secures nothing any more: its hold was over before any advance."""

_SECURED = frozenset(
    {
        *(Status.ADVANCED, Status.VERIFIED, Status.VERIFIED_PARTLY, Status.CUSTOMS_REFUSED),
        *(Status.UNCOLLECTED, Status.ADVANCING, Status.HELD),
    }
)
"""States in which a hold can end by itself without a question about it under way."""


def after_hold(
    tx: Transaction,
    ports: Ports,
    form: Form,
    operation: Operation,
    answer: Answer,
    shares: Sequence[Operation],
) -> Form:
    """A hold was granted, whole or for less, or refused."""
    by = By(operation.actor, ports.clock.now())
    if operation.refusal or answer.expires_at is None:
        return move(tx, ports, form, Event.HOLD_REFUSED, by, detail=operation.refusal)
    guarantee = Guarantee(
        reference=operation.reference,
        form_id=form.form_id,
        amount_fen=_approved_fen(operation, answer, shares),
        brand=answer.brand,
        last4=answer.last4,
        authorisation_code=answer.authorisation_code,
        held_at=by.at,
        expires_at=answer.expires_at,
        state=GuaranteeState.HELD,
        card_token=operation.card_token,
        payout_token=operation.payout_token,
        payout_label=operation.payout_label,
        hold_reference=operation.joint_reference,
        extendable=answer.extendable,
    )
    needed_until = covered(tx, ports, form, guarantee).needed_until
    tx.add_guarantee(replace(guarantee, needed_until=needed_until))
    entry = ledger.hold_entry(operation.reference, form.form_id, guarantee.amount_fen)
    tx.post(entry, form.store_number, by.actor, by.at)
    return move(tx, ports, form, Event.HOLD_SUCCEEDED, by)


def _approved_fen(operation: Operation, answer: Answer, shares: Sequence[Operation]) -> int:
    """A form's part of what was approved; what does not divide stands with the first."""
    if answer.approved_fen >= answer.amount_fen:
        return operation.amount_fen
    parts = {
        share.reference: max(1, share.amount_fen * answer.approved_fen // answer.amount_fen)
        for share in shares
    }
    rest_fen = answer.approved_fen - sum(parts.values())
    is_first = operation.reference == shares[0].reference
    return parts[operation.reference] + (max(0, rest_fen) if is_first else 0)


def why_no_hold(operations: Sequence[Operation]) -> str:
    """Why the card of a form that waits for one secures nothing; nothing if none was given.

    The network's word where it refused the hold, else why the hold was given up.
    """
    if not operations:
        return ""
    last = operations[-1]
    if last.kind is Kind.HOLD:
        return last.refusal
    return last.reason if last.reason in UNFIT else HOLD_LAPSED


def covered(tx: Transaction, ports: Ports, form: Form, guarantee: Guarantee) -> Covered:
    """How a hold secures a form's advance, and until when it must stand."""
    last = last_charge(
        form.depart_by, rules_of(tx, form).capture_working_days, ports.workdays.is_working_day
    )
    return cover_of(guarantee.expires_at, form.depart_by, last, extendable=guarantee.extendable)


def after_increase(
    tx: Transaction, ports: Ports, form: Form, operation: Operation, answer: Answer
) -> Form:
    """A hold grew, or did not."""
    guarantee = tx.live_guarantee(form.form_id)
    if operation.refusal or guarantee is None:
        return form
    now = ports.clock.now()
    grown = replace(guarantee, amount_fen=guarantee.amount_fen + operation.amount_fen)
    tx.change_guarantee(grown, operation.reference, now)
    entry = ledger.increase_entry(operation.reference, form.form_id, operation.amount_fen)
    tx.post(entry, form.store_number, operation.actor, now)
    by = By(operation.actor, now)
    note(tx, ports, "hold_increased", by, form_id=form.form_id, detail=answer.reference)
    return form


def after_extension(
    tx: Transaction, ports: Ports, form: Form, operation: Operation, answer: Answer
) -> Form:
    """A hold lasts longer, for every form that it covers; refused, it is a case."""
    by = By(operation.actor, ports.clock.now())
    if operation.refusal or answer.expires_at is None:
        note(
            tx,
            ports,
            "extension_refused",
            by,
            form_id=form.form_id,
            detail=operation.refusal,
        )
        guarantee = tx.live_guarantee(form.form_id)
        if guarantee is not None:
            ends_early(tx, ports, form, guarantee, operation.refusal)
        return form
    for guarantee in tx.guarantees_under(operation.hold_reference):
        if guarantee.state is not GuaranteeState.HELD or guarantee.expires_at >= answer.expires_at:
            continue
        longer = replace(guarantee, expires_at=answer.expires_at)
        tx.change_guarantee(longer, operation.reference, by.at)
        until = answer.expires_at.isoformat(timespec="seconds")
        note(tx, ports, "hold_extended", by, form_id=guarantee.form_id, detail=until)
        if guarantee.needed_until is None or answer.expires_at >= guarantee.needed_until:
            close_by_itself(tx, ports, CaseKind.HOLD_ENDS_EARLY, guarantee.form_id, "hold_extended")
    return form


def ends_early(tx: Transaction, ports: Ports, form: Form, guarantee: Guarantee, why: str) -> None:
    """Open the case of a hold that will end by itself while it is still needed."""
    facts = {
        "expires_at": guarantee.expires_at.isoformat(),
        "needed_until": guarantee.needed_until.isoformat() if guarantee.needed_until else "",
        "brand": guarantee.brand,
        "last4": guarantee.last4,
        "why": why,
    }
    open_case(
        tx,
        ports,
        CaseKind.HOLD_ENDS_EARLY,
        form.form_id,
        form_id=form.form_id,
        store_number=form.store_number,
        amount_fen=guarantee.amount_fen,
        facts=facts,
    )


def lapse(tx: Transaction, ports: Ports, guarantee: Guarantee, why: str) -> bool:
    """Take in that a hold ended by itself, as the network told; an advance is then unsecured.

    A hold about which the network was asked is left to its answer, which says the same.

    Returns:
        Whether anything was new.
    """
    form, by = the_form(tx, guarantee.form_id), By(WORKER, ports.clock.now())
    if guarantee.state is not GuaranteeState.HELD or form.status not in _SECURED:
        return False
    end_guarantee(tx, ports, guarantee, GuaranteeState.ENDED, 0)
    entry = ledger.hold_lapsed_entry(
        f"{guarantee.reference}-lapsed", form.form_id, guarantee.amount_fen
    )
    tx.post(entry, form.store_number, by.actor, by.at)
    note(tx, ports, "hold_lapsed", by, form_id=form.form_id, detail=why)
    close_by_itself(tx, ports, CaseKind.HOLD_ENDS_EARLY, form.form_id, "hold_lapsed")
    if form.status is Status.HELD:
        without_card(tx, ports, form, by, why)
    elif form.status is not Status.ADVANCING:
        unsecured(tx, ports, form)
    return True


def without_card(tx: Transaction, ports: Ports, form: Form, by: By, why: str) -> Form:
    """Lead a form back whose hold is over before any advance: another card can be given."""
    withdrawing = move(tx, ports, form, Event.WITHDRAW, by, why)
    return move(tx, ports, withdrawing, Event.HOLD_UNFIT, by, why)


def unsecured(tx: Transaction, ports: Ports, form: Form) -> None:
    """Open the case of an advance without a hold, where anything of it is still out."""
    outstanding_fen = tx.outstanding_fen(form.form_id)
    if outstanding_fen <= 0:
        return
    open_case(
        tx,
        ports,
        CaseKind.UNSECURED,
        form.form_id,
        form_id=form.form_id,
        store_number=form.store_number,
        amount_fen=outstanding_fen,
        facts={"status": form.status.value},
    )


def end_guarantee(
    tx: Transaction, ports: Ports, guarantee: Guarantee, state: GuaranteeState, captured_fen: int
) -> None:
    """Store how a hold ended: what was charged, and that the rest is free."""
    released_fen = guarantee.amount_fen - captured_fen
    ended = replace(guarantee, state=state, captured_fen=captured_fen, released_fen=released_fen)
    tx.end_guarantee(ended, ports.clock.now())
