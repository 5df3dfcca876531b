"""Whether a card has taken effect, and whether it is solved: judged by what stands in the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from refund.core.calendar import add_working_days, day_of, end_of_day
from refund.core.case import Case, CaseKind
from refund.core.customs import Decision, RefusalReason
from refund.core.entitlement import remaining_of
from refund.core.form import UNSECURED_BEFORE_ADVANCE, Form, Status
from refund.core.operation import GuaranteeState, Kind, OperationState
from refund.core.traveller import document_key
from refund.ports import Ports
from refund.services.life import the_form
from refund.services.rules import rules_of
from refund.simulation.rehearsal.fault_cards import Dealt
from refund.transaction import Transaction


class Stand(Enum):
    """How a card stands: nothing has happened yet, it is in effect, solved, or missed."""

    WAITS = "waits"
    IN_EFFECT = "in_effect"
    SOLVED = "solved"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Judging:
    """A card before its judge.

    Args:
        case: the case that it led to, where one is known.
    """

    tx: Transaction
    ports: Ports
    dealt: Dealt
    now: datetime
    case: Case | None

    @property
    def form(self) -> Form:
        """The form that it is about, as it stands.

        Raises:
            Refused: `form_unknown`.
        """
        return the_form(self.tx, self.dealt.form_id)


Judge = Callable[[Judging], Stand]

_NOT_CLAIMED = UNSECURED_BEFORE_ADVANCE - {Status.ORDINARY}
_CHARGED_LATER = frozenset({Status.CAPTURED, Status.ORDINARY_VERIFIED, Status.REFUNDED})


def judge(tx: Transaction, ports: Ports, dealt: Dealt) -> Stand:
    """How a card stands now.

    Raises:
        Refused: `form_unknown`.
    """
    case_id = str(dealt.facts.get("case_id", ""))
    case = tx.case(case_id) if case_id else None
    return JUDGES[dealt.key](Judging(tx, ports, dealt, ports.clock.now(), case))


def _companions_passport(on: Judging) -> Stand:
    """Solved when a form in its place names the traveller's own document."""
    form, right = on.form, on.dealt.traveller
    after = on.tx.form_replacing(form.form_id)
    if after is not None and right is not None:
        index = on.ports.sealer.index("document", document_key(right.document))
        return Stand.SOLVED if after.document_index == index else Stand.MISSED
    if form.status in (Status.VOID, Status.RETURNED):
        return Stand.IN_EFFECT
    if form.status not in UNSECURED_BEFORE_ADVANCE:
        return Stand.MISSED
    return _from_moment(on)


def _duplicate_scan(on: Judging) -> Stand:
    """Solved when the form was issued anew, or the refund is taken at departure."""
    form = on.form
    if on.tx.form_replacing(form.form_id) is not None or form.status is Status.ORDINARY:
        return Stand.SOLVED
    if form.tries_left:
        return Stand.WAITS
    return Stand.MISSED if form.status not in UNSECURED_BEFORE_ADVANCE else Stand.IN_EFFECT


def _goods_back(on: Judging) -> Stand:
    """Solved when exactly what was brought back is recorded."""
    form, wanted = on.form, {on.dealt.line: int(on.dealt.facts["quantity"])}
    returns = on.tx.returns_of(form.form_id)
    if returns:
        brought = {line: count for line, count in returns[-1].lines if count}
        return Stand.SOLVED if brought == wanted else Stand.MISSED
    if on.tx.verification_of(form.form_id) is not None or form.status is Status.VOID:
        return Stand.MISSED
    return _from_moment(on)


def _card_declined(on: Judging) -> Stand:
    """Solved when another card was taken, or the refund at departure."""
    form = on.form
    asked = on.tx.operations_of(form.form_id)
    refused = [
        one
        for one in asked
        if one.kind is Kind.HOLD
        and one.state is OperationState.REFUSED
        and one.created_at >= on.dealt.dealt_at
    ]
    if not refused:
        return Stand.WAITS if form.status in _NOT_CLAIMED else Stand.MISSED
    if on.tx.advance_of(form.form_id) is not None or form.status is Status.ORDINARY:
        return Stand.SOLVED
    if form.status in (Status.VOID, Status.SUPERSEDED) or day_of(on.now) > form.depart_by:
        return Stand.MISSED
    return Stand.IN_EFFECT


def _item_missing(on: Judging) -> Stand:
    """Solved when what was there was confirmed, and no more."""
    form, verification = on.form, on.tx.verification_of(on.dealt.form_id)
    if verification is None:
        return _at_customs(on)
    left = remaining_of(on.tx.invoices_of(form.form_id), on.tx.returns_of(form.form_id))
    hidden, line = int(on.dealt.facts["quantity"]), on.dealt.line
    there = {key: max(0, count - (hidden if key == line else 0)) for key, count in left.items()}
    if not any(there.values()):
        refused = verification.decision is Decision.REFUSED
        return Stand.SOLVED if refused else Stand.MISSED
    said = {one.line: one.quantity for one in verification.lines}
    return Stand.SOLVED if said == there else Stand.MISSED


def _wrong_passport(on: Judging) -> Stand:
    """Solved when customs refused because the person differs."""
    verification = on.tx.verification_of(on.dealt.form_id)
    if verification is None:
        return _at_customs(on)
    right = verification.reason is RefusalReason.PERSON_DIFFERS
    return Stand.SOLVED if right else Stand.MISSED


def _at_customs(on: Judging) -> Stand:
    """A traveller who is on the way to customs, or stands there, or has gone past."""
    if on.form.status in (Status.CAPTURED, Status.VOID, Status.SUPERSEDED, Status.RETURNED):
        return Stand.MISSED
    exits = on.tx.exits_of(on.form.document_index)
    if any(one.exited_at > on.form.issued_at for one in exits):
        return Stand.MISSED
    return _from_moment(on)


def _customs_offline(on: Judging) -> Stand:
    """Solved when the line is back and nothing that was decided meanwhile waits for a review."""
    until = on.dealt.moment("until")
    if until is None or on.now < until:
        return Stand.IN_EFFECT
    waits = on.tx.count_open_reviews(on.dealt.port)
    return Stand.IN_EFFECT if waits else Stand.SOLVED


def _promise_broken(on: Judging) -> Stand:
    """Solved when the broken promise was charged within its working days."""
    form = on.form
    if form.status in (Status.RELEASED, Status.ADJUSTED, Status.WRITTEN_OFF):
        return Stand.MISSED
    effective = _is_broken(on)
    if not effective:
        return Stand.WAITS
    days = rules_of(on.tx, form).capture_working_days
    last = add_working_days(form.depart_by, days, on.ports.workdays.is_working_day)
    charged = [
        one.answered_at
        for one in on.tx.operations_of(form.form_id)
        if one.kind is Kind.CAPTURE and one.state is OperationState.SUCCEEDED and one.answered_at
    ]
    if charged and form.status in _CHARGED_LATER | {Status.FORFEITED}:
        return Stand.SOLVED if day_of(charged[0]) <= last else Stand.MISSED
    return Stand.MISSED if day_of(on.now) > last else Stand.IN_EFFECT


def _is_broken(on: Judging) -> bool:
    form = on.form
    if on.now >= end_of_day(form.depart_by):
        return True
    exits = on.tx.exits_of(form.document_index)
    return any(one.exited_at > form.issued_at and one.port != form.port for one in exits)


def _hold_ends_early(on: Judging) -> Stand:
    """Solved when nothing is owed any more, or two persons gave up what is lost."""
    form = on.form
    found = [
        one
        for one in on.tx.guarantees_of(form.form_id)
        if one.network_reference == on.dealt.facts["reference"]
    ]
    if not found or found[0].state is GuaranteeState.HELD:
        return Stand.WAITS
    if found[0].state is not GuaranteeState.ENDED:
        return Stand.MISSED
    if on.tx.outstanding_fen(form.form_id) > 0 and form.status is not Status.WRITTEN_OFF:
        return Stand.IN_EFFECT
    early = form.status is Status.WRITTEN_OFF and day_of(on.now) <= form.depart_by
    return Stand.MISSED if early else Stand.SOLVED


def _answer_lost(on: Judging) -> Stand:
    """Solved when the advance is there, and only one."""
    if not on.dealt.form_id:
        return Stand.WAITS
    asked = [one for one in on.tx.operations_of(on.dealt.form_id) if one.kind is Kind.ADVANCE]
    if any(one.state is OperationState.PENDING for one in asked):
        return Stand.IN_EFFECT
    paid = [one for one in asked if one.state is OperationState.SUCCEEDED]
    return Stand.SOLVED if len(paid) == 1 else Stand.MISSED


def _network_down(on: Judging) -> Stand:
    """Solved when the network has answered again and nothing waits for an answer."""
    since = on.dealt.effective_at
    if since is None:
        return Stand.WAITS
    is_quiet = on.ports.network.line().is_up and not on.tx.pending_operations()
    return Stand.SOLVED if is_quiet and _has_answered(on, since) else Stand.IN_EFFECT


def _has_answered(on: Judging, since: datetime) -> bool:
    """Whether the network has answered anything about the forms of these days."""
    days = {day_of(since), day_of(on.now)}
    for store in on.tx.stores():
        for form in (one for day in days for one in on.tx.forms_of_store(store.store_number, day)):
            answered = (one.answered_at for one in on.tx.operations_of(form.form_id))
            if any(at is not None and at > since for at in answered):
                return True
    return False


def _by_case(on: Judging) -> Stand:
    """Solved when the case that it led to is closed."""
    if on.case is None:
        return Stand.WAITS
    return Stand.IN_EFFECT if on.case.is_open else Stand.SOLVED


def _from_moment(on: Judging) -> Stand:
    """In effect from the moment that stands on the card."""
    at = on.dealt.moment("at")
    return Stand.IN_EFFECT if at is not None and on.now >= at else Stand.WAITS


CASES: Mapping[str, CaseKind] = {
    "capture_declined": CaseKind.CHARGE_REFUSED,
    "payout_returned": CaseKind.ADVANCE_RETURNED,
    "statement_late": CaseKind.STATEMENT_MISSING,
    "statement_amount": CaseKind.AMOUNT_DIFFERS,
}
"""The kind of case that a card leads to."""

JUDGES: Mapping[str, Judge] = {
    "companions_passport": _companions_passport,
    "duplicate_scan": _duplicate_scan,
    "goods_back": _goods_back,
    "card_declined": _card_declined,
    "item_missing": _item_missing,
    "wrong_passport": _wrong_passport,
    "customs_offline": _customs_offline,
    "late_arrival": _promise_broken,
    "wrong_port": _promise_broken,
    "hold_ends_early": _hold_ends_early,
    "answer_lost": _answer_lost,
    "network_down": _network_down,
    **dict.fromkeys(CASES, _by_case),
}
"""How each card is judged."""
