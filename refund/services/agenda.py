"""What an operator does next: one list of everything that has a deadline, with the reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from refund.core.calendar import end_of_day
from refund.core.case import Case, CaseKind
from refund.core.matching import Action, Proposal, Why
from refund.core.people import Actor
from refund.ports import Ports
from refund.services.reconcile import ExitDesk
from refund.transaction import Transaction

EXPLAINED_WITHIN = timedelta(hours=24)
"""Till when a case is to be explained, from its finding. Source: project decision."""

FREED_WITHIN = timedelta(hours=24)
"""Till when a hold is to be given back, from the departure. Source: project decision."""

HOLD_CASES_MAX = 200
"""Holds that end early of which the first end is looked for."""

SETTLED_BY_CASES = frozenset({Why.HOLD_ENDED, Why.FOR_REVIEW})
"""Breaks that have a case of their own."""


class What(Enum):
    """What is to be done."""

    CHARGE_OVERDUE = "charge_overdue"
    CHARGE_HOLD_ENDS = "charge_hold_ends"
    CHARGE = "charge"
    APPROVE = "approve"
    CASE = "case"
    LOOK = "look"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done by a moment, for so many forms or cases at once.

    Args:
        what: what is to be done.
        due_at: by when; the list is in the order of these.
        count: of how many forms or cases.
        amount_fen: what is at stake in all.
        since: when the oldest of them began; None where that says nothing.
        first: the form that comes first, where forms are concerned.
        kind: the kind of the cases, where cases are.
        overdue_days: how many working days the first charge is late.
    """

    what: What
    due_at: datetime
    count: int
    amount_fen: int
    since: datetime | None = None
    first: Proposal | None = None
    kind: CaseKind | None = None
    overdue_days: int = 0


@dataclass(frozen=True, slots=True)
class Agenda:
    """Everything that has a deadline, the first due first; `now` is when it was looked at.

    `is_part` says that more forms are open than were looked at: those with later promised days.
    """

    now: datetime
    tasks: tuple[Task, ...]
    is_part: bool


def agenda(ports: Ports, operator: Actor, desk: ExitDesk) -> Agenda:
    """What this operator does next, from the desk's forms and all cases."""
    now = ports.clock.now()
    of_cases = ports.storage.read(lambda tx: _of_cases(tx, operator))
    tasks = [*_of_forms(desk.proposals, now), *of_cases]
    ordered = sorted(tasks, key=lambda task: (task.due_at, -task.amount_fen, task.what.value))
    return Agenda(now, tuple(ordered), desk.following is not None)


def _of_forms(proposals: Iterable[Proposal], now: datetime) -> list[Task]:
    groups: dict[tuple[What, datetime], list[Proposal]] = {}
    for proposal in proposals:
        what = _what(proposal)
        if what is not None:
            due_at = _due_at(proposal, what, now)
            # What is overdue or waits is one task; what is due later is one for each end.
            together = what in (What.CHARGE_OVERDUE, What.LOOK, What.RELEASE)
            groups.setdefault((what, now if together else due_at), []).append(proposal)
    return [_task(what, found, now) for (what, _), found in groups.items()]


def _what(proposal: Proposal) -> What | None:
    """What a proposal asks of a person, if anything."""
    if proposal.charged_fen:
        if proposal.is_overdue:
            return What.CHARGE_OVERDUE
        return What.CHARGE_HOLD_ENDS if proposal.ends_early else What.CHARGE
    if proposal.action is not Action.NONE:
        return What.RELEASE
    if proposal.is_break and proposal.why not in SETTLED_BY_CASES:
        return What.LOOK
    return None


def _due_at(proposal: Proposal, what: What, now: datetime) -> datetime:
    """By when something is to be done about a form."""
    if what is What.CHARGE_HOLD_ENDS and proposal.hold_ends_at is not None:
        return proposal.hold_ends_at
    if proposal.charged_fen and proposal.charge_by is not None:
        return end_of_day(proposal.charge_by)
    return (now if proposal.exit is None else proposal.exit.exited_at) + FREED_WITHIN


def _task(what: What, found: list[Proposal], now: datetime) -> Task:
    first = min(found, key=lambda one: (_due_at(one, what, now), one.form.form_number))
    left = [one.exit.exited_at for one in found if one.exit is not None]
    return Task(
        what=what,
        due_at=_due_at(first, what, now),
        count=len(found),
        amount_fen=sum(one.amount_fen for one in found),
        since=min(left, default=None) if what in (What.RELEASE, What.LOOK) else None,
        first=first,
        overdue_days=max((one.overdue_days or 0 for one in found), default=0),
    )


def _of_cases(tx: Transaction, operator: Actor) -> list[Task]:
    tasks = []
    waiting = [one for one in tx.approvals_waiting() if one.asked_by != operator.label]
    if waiting:
        since = min(one.asked_at for one in waiting)
        amount_fen = sum(one.amount_fen for one in waiting)
        due_at = since + EXPLAINED_WITHIN
        tasks.append(Task(What.APPROVE, due_at, len(waiting), amount_fen, since))
    for kind, (count, amount_fen, oldest) in tx.count_open_cases().items():
        due_at = oldest + EXPLAINED_WITHIN
        if kind is CaseKind.HOLD_ENDS_EARLY:
            ends = [_end_in(case) for case in tx.open_cases([kind], limit=HOLD_CASES_MAX)]
            due_at = min((end for end in ends if end is not None), default=due_at)
        tasks.append(Task(What.CASE, due_at, count, amount_fen, oldest, kind=kind))
    return tasks


def _end_in(case: Case) -> datetime | None:
    """When the hold of a case ends by itself, as the case has it."""
    facts: Mapping[str, object] = case.facts
    told = facts.get("expires_at")
    return datetime.fromisoformat(told) if isinstance(told, str) and told else None
