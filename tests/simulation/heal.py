"""The end of a run: everything works again, the clock runs on, and all must come to rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from refund.core.case import Case, Fix
from refund.core.errors import Refused
from refund.core.form import ENDED, Status
from refund.services import fixes
from refund.services.asking import Outcome
from refund.services.situation import Offer
from refund.transaction import Transaction
from tests.services.living import WITHOUT_MONEY
from tests.simulation.place import SECOND

if TYPE_CHECKING:
    from tests.simulation.run import Trial

DAYS = 120
PENDING_AT_MOST = timedelta(days=30)
TRIES = 2
"""How often operators pay again what came back, before they ask the traveller."""

_SETTLED = {status.value for status in ENDED | WITHOUT_MONEY}


def heal(trial: Trial) -> None:
    """Let everything work again and 120 days pass; then nothing may be left undone."""
    place, record = trial.place, trial.record
    record.tell("everything works again")
    place.wire.unplugged = False
    place.wire.cut = 0
    place.book.faults.heal()
    place.crossings.disarm()
    place.clock.theirs_ahead = timedelta()
    place.clock.set_wrong(timedelta())
    until = place.clock.now() + timedelta(days=DAYS)
    _settle(trial, timedelta(minutes=20))
    _settle(trial, timedelta(hours=4))
    kept = [form for form, state in trial.states.items() if state == Status.HELD.value]
    assert not kept, f"holds without an advance are kept: {kept}"
    known_over = trial.books.over_there()
    while place.clock.now() < until:
        quiet = _is_quiet(trial)
        _settle(trial, timedelta(days=20) if quiet else timedelta(hours=22))
        over = trial.books.over_there()
        assert not over & known_over, f"holds that are over stand in our books: {over}"
        known_over = over
        place.database.read(lambda tx: _nothing_pending(tx, place.clock.now() - PENDING_AT_MOST))
    _at_rest(trial)


def _settle(trial: Trial, span: timedelta) -> None:
    """Time passes, the worker works, the desk settles, and operators see to every case."""
    trial.place.clock.at += span
    for _ in range(20):
        trial.steps += 1
        trial.webhooks()
        trial.worker()
        trial.desk()
        changed = see_to_cases(trial)
        trial.judge()
        if not changed and not trial.place.database.read(lambda tx: tx.pending_operations()):
            return
        trial.place.clock.pass_by(minutes=2)


def _is_quiet(trial: Trial) -> bool:
    """Whether nothing is left that a day could change."""
    settled = all(state in _SETTLED for state in trial.states.values())
    return settled and not _open(trial) and not trial.place.wire.kept_book().held_open_fen


def _open(trial: Trial) -> list[Case]:
    return trial.place.database.read(lambda tx: tx.open_cases((), None, 500))


def see_to_cases(trial: Trial) -> bool:
    """Carry out the proposed fix of every case; whether anything was done."""
    changed = False
    for case in _open(trial):
        if case.under_way:
            continue
        changed |= _fix(trial, case)
    return changed


def _fix(trial: Trial, case: Case) -> bool:
    """The proposed fix by one operator, approved by another where it must be."""
    ports, world = trial.world.ports, trial.world
    view = fixes.view(ports, case.case_id)
    if not view.case.is_open or not view.offers:
        return False
    offer = _chosen(trial, case, view.offers)
    said = f"case {case.kind.value} {case.subject} {offer.fix.value}"
    try:
        fixed = fixes.fix(ports, world.operator, case.case_id, offer.fix, "as proposed", offer.seen)
        if fixed.outcome is Outcome.WAITS:
            approval = ports.storage.read(lambda tx: tx.approval_of(case.case_id))
            assert approval is not None
            fixed = fixes.approve(ports, SECOND, case.case_id, approval.approval_id)
            trial.record.count("two persons")
    except Refused as refused:
        trial.record.tell(f"{said} refused {refused.code}")
        return False
    trial.record.tell(f"{said} {fixed.outcome.value} {fixed.refusal}")
    trial.record.count(f"fix {offer.fix.value}")
    trial.record.count(f"case {case.kind.value} {offer.fix.value}")
    return fixed.outcome in (Outcome.DONE, Outcome.OFFERED)


def _chosen(trial: Trial, case: Case, offers: Sequence[Offer]) -> Offer:
    """What is proposed; but a break that the network's own book does not bear out is explained."""
    proposed = offers[0]
    explain = next((one for one in offers if one.fix is Fix.EXPLAIN), proposed)
    if proposed.fix is Fix.PAY_AGAIN and trial.books.times_paid_again(case.form_id) >= TRIES:
        # An account to which nothing can be paid is not tried for ever.
        trial.record.count("case not paid again any more")
        return explain
    if case.is_break and proposed.fix in (Fix.POST_THEIRS, Fix.REVERSE_OURS):
        reference = _reference(case)
        if trial.books.has_alike(reference):
            trial.record.count("case wrong statement explained")
            return explain
    return proposed


def _reference(case: Case) -> str:
    """The network's reference that a break is about."""
    for side in ("theirs", "ours"):
        told = case.facts.get(side)
        if isinstance(told, dict) and told.get("reference"):
            return str(told["reference"])
    return ""


def _at_rest(trial: Trial) -> None:
    """Every form has ended or nothing was ever out; no case is open; both books agree."""
    place = trial.place
    trial.books.audit()
    if not trial.trouble.is_torn:
        trial.books.judge_network(trial.people.forms)
        # A webhook that was lost is made up for by the statement alone.
        if trial.trouble.with_statements:
            trial.books.judge_returns()
    trial.books.judge_promises(trial.people.forms)
    place.database.read(lambda tx: _nothing_pending(tx, place.clock.now()))
    moving = {form: state for form, state in trial.states.items() if state not in _SETTLED}
    assert not moving, f"not at rest: {moving}"
    left = [(case.kind.value, case.subject, dict(case.facts)) for case in _open(trial)]
    assert not left, f"cases open: {left}"
    book = place.wire.kept_book()
    assert not book.held_open_fen, f"the network still holds {book.held_open_fen} fen"


def _nothing_pending(tx: Transaction, since: datetime) -> None:
    """Nothing waits for an answer that was asked for so long ago."""
    pending = [one.reference for one in tx.pending_operations() if one.created_at <= since]
    assert not pending, f"pending: {pending}"
