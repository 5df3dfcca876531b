"""How a case stands: what our book, the network and the border say, and what can be done."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from refund.core import ledger
from refund.core.case import FIXES, Case, CaseKind, Fix, needs_two
from refund.core.customs import Decision
from refund.core.form import TRANSITIONS, Event, Form
from refund.core.ledger import Entry, Posting
from refund.core.matching import Action, Proposal, Why
from refund.core.operation import SEND_FOR, Guarantee, Operation, OperationState
from refund.core.statement import Reissue
from refund.ports import Ports
from refund.services.intent import LEASE, captured_by
from refund.services.reconcile import own_proposal
from refund.services.reissue import reissue_of
from refund.transaction import Transaction

OF_OPERATIONS = frozenset(
    {
        *(CaseKind.PENDING_TOO_LONG, CaseKind.ANSWER_DISAGREES),
        *(CaseKind.ANSWERS_CONTRADICT, CaseKind.NOT_TAKEN),
    }
)
"""Kinds whose subject is the reference of an operation."""

CHARGES = {
    Action.CAPTURE: Event.REQUEST_CAPTURE,
    Action.FORFEIT: Event.REQUEST_FORFEIT,
    Action.ADJUST: Event.REQUEST_ADJUST,
}
"""How a charge that follows from the records is asked for."""

KEPT = {Action.RELEASE: Event.REQUEST_RELEASE, Action.ADJUST: Event.REQUEST_ADJUST}
"""How a promise that was kept ends."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A case with all that a fix depends on, as our own records have it now.

    Args:
        hold: the hold that stands.
        operation: the request that the case is about, or one of its form without an answer.
        outstanding_fen: what the traveller owes; below zero what we owe.
        is_verified: whether customs have confirmed goods of the form.
        owed_fen: what would be given up by a write-off.
        difference_fen: by how much the network's book differs from ours; above zero: more there.
        reissue: the statement that is offered, beside the one that counts.
    """

    case: Case
    form: Form | None
    now: datetime
    hold: Guarantee | None = None
    operation: Operation | None = None
    proposal: Proposal | None = None
    outstanding_fen: int = 0
    is_verified: bool = False
    charge_fen: int = 0
    owed_fen: int = 0
    difference_fen: int = 0
    reissue: Reissue | None = None

    @property
    def charge_event(self) -> Event | None:
        """How the card is charged, where the records say that it is to be."""
        event = None if self.proposal is None else CHARGES.get(self.proposal.action)
        return event if self.hold is not None and self._can(event) else None

    @property
    def release_event(self) -> Event | None:
        """How the hold is given back: as the promise was kept, or by giving up what is owed."""
        kept = self.proposal is not None and self.proposal.action is Action.RELEASE
        event = Event.REQUEST_RELEASE if kept else Event.REQUEST_WAIVE
        return event if self.hold is not None and self._can(event) else None

    @property
    def kept_event(self) -> Event | None:
        """How the promise was kept, where it was."""
        if self.proposal is None:
            return None
        if self.proposal.why is Why.FOR_REVIEW:
            return Event.REQUEST_ADJUST
        return KEPT.get(self.proposal.action)

    @property
    def is_pending(self) -> bool:
        """Whether the network has not answered something about it."""
        return self.operation is not None and self.operation.state is OperationState.PENDING

    @property
    def is_sent_no_more(self) -> bool:
        """Whether nobody sends the request any more, so that what the network says is final."""
        return self.operation is not None and self.now > (
            self.operation.created_at + SEND_FOR + LEASE
        )

    def _can(self, event: Event | None) -> bool:
        if self.form is None or event is None:
            return False
        return (self.form.status, event) in TRANSITIONS


@dataclass(frozen=True, slots=True)
class Offer:
    """A fix as it would be carried out now.

    Args:
        amount_fen: what it moves or gives up; 0 where it is no sum.
        postings: what it posts, where that is known before the network answers.
        seen: changes whenever what this rests on changes.
    """

    fix: Fix
    amount_fen: int
    postings: tuple[Posting, ...]
    needs_two: bool
    asks_network: bool
    seen: str
    event: Event | None = None


ASK_NETWORK = frozenset(
    {Fix.LOOK_UP, Fix.TREAT_AS_REFUSED, Fix.EXTEND, Fix.RELEASE, Fix.CAPTURE, Fix.PAY_AGAIN}
)


def situation_of(tx: Transaction, ports: Ports, case: Case) -> Situation:
    """Read how a case stands now."""
    bare = Situation(case, None, ports.clock.now(), difference_fen=_difference_fen(tx, case))
    if case.kind is CaseKind.STATEMENT_REISSUED and case.is_open:
        return replace(bare, reissue=reissue_of(tx, case))
    form = tx.form(case.form_id) if case.form_id else None
    if form is None:
        return bare
    verification = tx.verification_of(form.form_id)
    proposal = own_proposal(tx, ports, form)
    found = replace(
        bare,
        form=form,
        hold=tx.live_guarantee(form.form_id),
        operation=_operation(tx, case),
        proposal=proposal,
        outstanding_fen=tx.outstanding_fen(form.form_id),
        is_verified=verification is not None and verification.decision is not Decision.REFUSED,
    )
    charge, given_up = found.charge_event, found.kept_event or Event.REQUEST_CAPTURE
    return replace(
        found,
        charge_fen=0 if charge is None else captured_by(tx, form, charge),
        owed_fen=captured_by(tx, form, given_up),
    )


def _operation(tx: Transaction, case: Case) -> Operation | None:
    if case.kind in OF_OPERATIONS:
        return tx.operation(case.subject)
    pending = (one for one in tx.operations_of(case.form_id) if one.state is OperationState.PENDING)
    asked = tx.operations_sent_as(_told_there(case, "reference"))
    of_the_line = asked if case.kind is CaseKind.MISSING_HERE else ()
    return next(iter(of_the_line), None) or next(pending, None)


def _told_there(case: Case, name: str) -> str:
    """What a statement's row says, or nothing."""
    theirs = case.facts.get("theirs")
    return str(theirs.get(name, "")) if isinstance(theirs, Mapping) else ""


def _difference_fen(tx: Transaction, case: Case) -> int:
    """What the network's book has more than ours, fen, by the case's rows.

    What an earlier case of the same anomaly posted is not posted again. Of a day whose statement
    was set aside nothing is known until the day is matched anew.
    """
    if case.is_break and tx.waits_for_match(case.case_id):
        return 0
    ours, theirs = case.facts.get("ours_fen"), case.facts.get("theirs_fen")
    if not isinstance(ours, int) or not isinstance(theirs, int):
        return 0
    return theirs - ours - tx.posted_difference_fen(case.kind, case.subject)


def offers(situation: Situation) -> list[Offer]:
    """What can be done now, the proposed fix first."""
    found = (_offer(situation, fix) for fix in FIXES[situation.case.kind])
    return [one for one in found if one is not None]


def propose_fix(situation: Situation) -> Fix:
    """What should be done about a case as it stands; to explain is always left."""
    found = offers(situation)
    return found[0].fix if found else Fix.EXPLAIN


Possible = tuple[int, Event | None] | None
"""What a fix moves, fen, and by which event of the form; None where it cannot be done now."""


def _offer(situation: Situation, fix: Fix) -> Offer | None:
    """A fix, where it is possible now."""
    possible = _POSSIBLE[fix](situation)
    return None if possible is None else _made(situation, fix, *possible)


def _always(_: Situation) -> Possible:
    return 0, None


def _look_up(situation: Situation) -> Possible:
    is_about_one = situation.case.kind in OF_OPERATIONS and situation.operation is not None
    return (0, None) if is_about_one or _is_to_be_heard(situation) else None


def _is_to_be_heard(situation: Situation) -> bool:
    """Whether the network's own word on the request says more than its statement does."""
    operation = situation.operation
    if operation is None or operation.state is OperationState.PENDING:
        return situation.is_pending
    came_back = _told_there(situation.case, "state") == "returned"
    return came_back and operation.state is OperationState.SUCCEEDED


def _treat_as_refused(situation: Situation) -> Possible:
    return (0, None) if situation.is_pending and situation.is_sent_no_more else None


def _extend(situation: Situation) -> Possible:
    hold = situation.hold
    return (0, None) if hold is not None and hold.extendable else None


def _release(situation: Situation) -> Possible:
    event, hold = situation.release_event, situation.hold
    if event is None or hold is None:
        return None
    return max(hold.amount_fen, situation.outstanding_fen), event


def _capture(situation: Situation) -> Possible:
    event = situation.charge_event
    return (situation.charge_fen, event) if event is not None and situation.charge_fen else None


def _write_off(situation: Situation) -> Possible:
    event, form = situation.kept_event or Event.WRITE_OFF, situation.form
    if form is None or situation.hold is not None or (form.status, event) not in TRANSITIONS:
        return None
    return (situation.owed_fen, event) if situation.owed_fen > 0 else None


def _pay_again(situation: Situation) -> Possible:
    amount_fen = situation.case.amount_fen
    if situation.form is None or situation.is_pending or not amount_fen:
        return None
    return amount_fen, None


def _follow_the_network(situation: Situation) -> Possible:
    # What is still under way would be posted a second time by its answer.
    if not situation.difference_fen or _is_to_be_heard(situation):
        return None
    return abs(situation.difference_fen), None


def _ask_before(situation: Situation) -> Possible:
    is_apart = _told_there(situation.case, "code") == "statement_opening_differs"
    return (0, None) if is_apart else None


def _replace_statement(situation: Situation) -> Possible:
    return None if situation.reissue is None else (situation.case.amount_fen, None)


_POSSIBLE: dict[Fix, Callable[[Situation], Possible]] = {
    Fix.LOOK_UP: _look_up,
    Fix.TREAT_AS_REFUSED: _treat_as_refused,
    Fix.EXTEND: _extend,
    Fix.RELEASE: _release,
    Fix.CAPTURE: _capture,
    Fix.WRITE_OFF: _write_off,
    Fix.PAY_AGAIN: _pay_again,
    Fix.POST_THEIRS: _follow_the_network,
    Fix.REVERSE_OURS: _follow_the_network,
    Fix.FETCH: _always,
    Fix.TAKE_BACK: _follow_the_network,
    Fix.ASK_BEFORE: _ask_before,
    Fix.REPLACE_STATEMENT: _replace_statement,
    Fix.EXPLAIN: _always,
}


def _made(situation: Situation, fix: Fix, amount_fen: int, event: Event | None) -> Offer:
    return Offer(
        fix=fix,
        amount_fen=amount_fen,
        postings=_postings(situation, fix, amount_fen, event),
        needs_two=needs_two(fix, amount_fen, is_verified=situation.is_verified),
        asks_network=fix in ASK_NETWORK,
        seen=_seen(situation, fix, amount_fen, event),
        event=event,
    )


def _postings(
    situation: Situation, fix: Fix, amount_fen: int, event: Event | None
) -> tuple[Posting, ...]:
    """What a fix posts, as far as it is known before the network answers."""
    entry = _entry(situation, fix, amount_fen, event)
    return () if entry is None else entry.postings


def _entry(situation: Situation, fix: Fix, amount_fen: int, event: Event | None) -> Entry | None:
    form_id, form = situation.case.form_id, situation.form
    held_fen = 0 if situation.hold is None else situation.hold.amount_fen
    owed_fen, entry = max(0, situation.outstanding_fen), None
    match fix, event:
        case Fix.RELEASE, Event.REQUEST_WAIVE:
            entry = ledger.freed_entry("-", form_id, held_fen)
            if owed_fen:
                entry = ledger.write_off_entry("-", form_id, owed_fen, held_fen)
        case Fix.RELEASE, _ if form is not None:
            entry = ledger.release_entry("-", form_id, form.amounts, held_fen)
        case Fix.CAPTURE, Event.REQUEST_CAPTURE | Event.REQUEST_FORFEIT:
            entry = ledger.capture_entry("-", form_id, amount_fen, held_fen)
        case Fix.WRITE_OFF, _:
            entry = ledger.write_off_entry("-", form_id, amount_fen, 0)
        case Fix.PAY_AGAIN, _:
            entry = ledger.pay_again_entry("-", form_id, amount_fen)
        case ((Fix.POST_THEIRS | Fix.REVERSE_OURS | Fix.TAKE_BACK), _):
            entry = ledger.difference_entry("-", "", situation.difference_fen)
        case _:
            pass
    return entry


def _seen(situation: Situation, fix: Fix, amount_fen: int, event: Event | None) -> str:
    """A word that changes when what a fix rests on does."""
    form, hold = situation.form, situation.hold
    told = (
        situation.case.case_id,
        fix.value,
        "" if event is None else event.value,
        str(amount_fen),
        "" if form is None else f"{form.status.value}/{form.version}",
        "" if hold is None else f"{hold.reference}/{hold.amount_fen}/{hold.expires_at}",
        str(situation.outstanding_fen),
        str(situation.difference_fen),
        *_seen_of(situation.reissue),
    )
    return hashlib.sha256("|".join(told).encode()).hexdigest()[:32]


def _seen_of(reissue: Reissue | None) -> tuple[str, ...]:
    """Which statements would count and which would not, as the preview names them."""
    if reissue is None:
        return ()
    both = (reissue.taken_in, reissue.offered)
    digests = (f"{one.number} {one.digest}" for one in both)
    return (*digests, *(f"{one.day} {one.number}" for one in reissue.set_aside))
