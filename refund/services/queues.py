"""The work that waits at the agency: each queue with its count, its age, and what is due first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum

from refund.core.calendar import add_working_days, day_of, end_of_day
from refund.core.case import MATCH, CaseKind
from refund.core.form import Status
from refund.core.office import Waiting
from refund.core.people import Actor
from refund.core.settlement import Month
from refund.core.store import Filing
from refund.ports import Line, Ports
from refund.services.agenda import EXPLAINED_WITHIN, FREED_WITHIN
from refund.services.auditing import Checked, last_check
from refund.services.counter_desk import WAITING as AT_COUNTER
from refund.services.oversee import balances
from refund.services.reconcile import LEFT
from refund.services.rules import rules_for
from refund.services.secure import SHOWN, watched
from refund.services.settle import due_on, months_to_close
from refund.services.statements import due_at, missing_days
from refund.transaction import Transaction

COUNTED_MAX = 500
"""Forms that a queue counts at most, where each has to be looked at."""

LOOK_BACK = timedelta(days=400)
"""Promises older than this belong to no form that is open."""

BROKEN = (Status.ADVANCED,)
"""States in which a promise whose day is over was broken, as far as our own records say."""

HOLD_KINDS = frozenset({CaseKind.HOLD_ENDS_EARLY})
FAILED = frozenset({CaseKind.CHARGE_REFUSED})
ANSWERS = frozenset(
    {
        *(CaseKind.PENDING_TOO_LONG, CaseKind.ANSWER_DISAGREES, CaseKind.ANSWERS_CONTRADICT),
        *(CaseKind.NOT_TAKEN, CaseKind.ADVANCE_RETURNED),
    }
)
SINGLE = frozenset({CaseKind.UNSECURED})


NOTHING = Waiting()
FILED_WITHIN = timedelta(days=7)
"""Till when a store's application is to be decided. Source: project decision."""


class Work(Enum):
    """The queues, in the order in which they stand where nothing else decides."""

    AUDIT = "audit"
    HOLDS_END = "holds_end"
    UNSECURED = "unsecured"
    OVERDUE = "overdue"
    APPROVALS = "approvals"
    CHARGES_FAILED = "charges_failed"
    CHARGES = "charges"
    ANSWERS = "answers"
    BREAKS = "breaks"
    MINE = "mine"
    NOBODYS = "nobodys"
    ASKED = "asked"
    EXITS = "exits"
    REVIEWS = "reviews"
    COUNTER = "counter"
    STATEMENTS = "statements"
    FILINGS = "filings"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: how much waits, and by when the first of it is due; an empty one is done.

    Args:
        owners: of a queue of cases, how many are `mine`, `nobodys` and of `others`.
        first_day: the first day that is concerned, where days are.
        is_wrong: something is amiss that no count says.
    """

    work: Work
    waiting: Waiting = NOTHING
    due_at: datetime | None = None
    owners: Mapping[str, int] = field(default_factory=dict)
    first_day: date | None = None
    is_wrong: bool = False

    @property
    def is_done(self) -> bool:
        """Whether nothing waits."""
        return not self.waiting.count and not self.is_wrong


@dataclass(frozen=True, slots=True)
class Board:
    """All queues at a moment: what waits, due first at the top, and what is done.

    Args:
        checked: the last check of the books; None when there was none.
        line: how the card network's line is.
        advanced_fen: what travellers have and have not yet earned, and `held_fen` against it.
    """

    now: datetime
    open: tuple[Queue, ...]
    done: tuple[Queue, ...]
    checked: Checked | None
    line: Line
    advanced_fen: int
    held_fen: int

    @property
    def seen(self) -> str:
        """A word for what is shown, which changes when it does."""
        parts = [f"{one.work.value}{one.waiting.count}{one.is_wrong:d}" for one in self.open]
        late = sum(self.is_late(one) for one in self.open)
        return "-".join([*parts, str(late), str(self.advanced_fen), f"{self.line.is_up:d}"])

    def is_late(self, queue: Queue) -> bool:
        """Whether what is due first was due before now."""
        return queue.is_wrong or (queue.due_at is not None and queue.due_at < self.now)


def board(ports: Ports, operator: Actor) -> Board:
    """What waits for this operator; no form is looked at that is not in a queue."""
    now = ports.clock.now()
    checked, watch = last_check(ports), watched(ports)
    missing = missing_days(ports)

    def read(tx: Transaction) -> list[Queue]:
        return [
            *_of_cases(tx, operator, now),
            *_of_promises(tx, ports, now),
            _of_exits(tx),
            _of_counter(tx),
            _of_reviews(tx),
            _of_filings(tx),
            _of_months(tx, now),
        ]

    found = [*ports.storage.read(read), _of_audit(checked), _of_days(missing)]
    ending = [one for _, one in watch.ending]
    found = [_with_ending(queue, [(g.amount_fen, g.expires_at) for g in ending]) for queue in found]
    place = {work: number for number, work in enumerate(Work)}
    waiting = sorted(
        (one for one in found if not one.is_done),
        key=lambda one: (one.due_at or now, place[one.work]),
    )
    sums = balances(ports)
    return Board(
        now=now,
        open=tuple(waiting),
        done=tuple(sorted((q for q in found if q.is_done), key=lambda one: place[one.work])),
        checked=checked,
        line=watch.line,
        advanced_fen=next(fen for account, fen in sums.items() if account.value == "advance"),
        held_fen=next(fen for account, fen in sums.items() if account.value == "guarantee_held"),
    )


@dataclass(frozen=True, slots=True)
class Load:
    """What stands beside the entries of the navigation: open cases, and requests for a second."""

    cases: int
    approvals: int


def load(ports: Ports, operator: Actor) -> Load:
    """What waits for this operator in cases, as every page says it."""

    def read(tx: Transaction) -> Load:
        asked = tx.approvals_waiting()
        cases = sum(one.count for one in tx.cases_by_owner().values())
        return Load(cases, sum(one.asked_by != operator.label for one in asked))

    return ports.storage.read(read)


def _together(parts: list[Waiting]) -> Waiting:
    oldest = min((one.oldest for one in parts if one.oldest is not None), default=None)
    count, fen = sum(one.count for one in parts), sum(one.amount_fen for one in parts)
    return Waiting(count, fen, oldest)


def _of_cases(tx: Transaction, operator: Actor, now: datetime) -> list[Queue]:
    """The queues that cases are in; a case of mine or nobody's is in that queue as well."""
    found = tx.cases_by_owner()
    me = operator.label

    def queue(work: Work, kinds: frozenset[CaseKind]) -> Queue:
        of_kinds: dict[str, list[Waiting]] = {"mine": [], "nobodys": [], "others": []}
        for (kind, owner), waiting in found.items():
            if kind in kinds:
                whose = "mine" if owner == me else "others" if owner else "nobodys"
                of_kinds[whose].append(waiting)
        together = _together([one for parts in of_kinds.values() for one in parts])
        owners = {whose: sum(p.count for p in parts) for whose, parts in of_kinds.items()}
        return Queue(work, together, _explained_by(together), owners)

    def of_owner(work: Work, owner: str) -> Queue:
        together = _together([one for (_, whose), one in found.items() if whose == owner])
        return Queue(work, together, _explained_by(together))

    asked = tx.approvals_waiting()
    for_me = [Waiting(1, one.amount_fen, one.asked_at) for one in asked if one.asked_by != me]
    by_me = [Waiting(1, one.amount_fen, one.asked_at) for one in asked if one.asked_by == me]
    approvals, waits = _together(for_me), _together(by_me)
    return [
        queue(Work.HOLDS_END, HOLD_KINDS),
        queue(Work.UNSECURED, SINGLE),
        queue(Work.CHARGES_FAILED, FAILED),
        queue(Work.ANSWERS, ANSWERS),
        queue(Work.BREAKS, MATCH),
        of_owner(Work.MINE, me),
        of_owner(Work.NOBODYS, ""),
        Queue(Work.APPROVALS, approvals, _explained_by(approvals)),
        # What a colleague has to decide is no work of one's own: it stands last.
        Queue(Work.ASKED, waits, now + EXPLAINED_WITHIN if waits.count else None),
    ]


def _explained_by(waiting: Waiting) -> datetime | None:
    return None if waiting.oldest is None else waiting.oldest + EXPLAINED_WITHIN


def _with_ending(queue: Queue, ending: list[tuple[int, datetime]]) -> Queue:
    """The queue of holds with those that end within two days, whether they have a case or not."""
    if queue.work is not Work.HOLDS_END or not ending:
        return queue
    count = max(queue.waiting.count, len(ending))
    amount_fen = max(queue.waiting.amount_fen, sum(fen for fen, _ in ending))
    waiting = Waiting(count, amount_fen, queue.waiting.oldest, more=len(ending) == SHOWN)
    return Queue(queue.work, waiting, min(end for _, end in ending), queue.owners)


def _of_promises(tx: Transaction, ports: Ports, now: datetime) -> list[Queue]:
    """Broken promises by the last working day for their charge: overdue ones, and the others."""
    today = day_of(now)
    days = tx.promises_of_days(BROKEN, today - LOOK_BACK, today - timedelta(days=1))
    count = rules_for(tx, today).capture_working_days
    found: dict[Work, list[tuple[date, Waiting]]] = {Work.OVERDUE: [], Work.CHARGES: []}
    for day, waiting in days:
        charge_by = add_working_days(day, count, ports.workdays.is_working_day)
        work = Work.OVERDUE if today > charge_by else Work.CHARGES
        found[work].append((charge_by, Waiting(waiting.count, waiting.amount_fen, end_of_day(day))))
    return [
        Queue(
            work,
            _together([one for _, one in of_days]),
            end_of_day(min(day for day, _ in of_days)) if of_days else None,
            first_day=min((day for day, _ in of_days), default=None),
        )
        for work, of_days in found.items()
    ]


def _of_exits(tx: Transaction) -> Queue:
    waiting = tx.forms_left_count(LEFT, COUNTED_MAX)
    due = None if waiting.oldest is None else waiting.oldest + FREED_WITHIN
    return Queue(Work.EXITS, waiting, due)


def _of_counter(tx: Transaction) -> Queue:
    waiting = tx.forms_waiting(AT_COUNTER, COUNTED_MAX)
    return Queue(Work.COUNTER, waiting, waiting.oldest)


def _of_reviews(tx: Transaction) -> Queue:
    """Decisions that customs took offline and that did not fit, of every port."""
    first = next(iter(tx.open_reviews("", 1)), None)
    if first is None:
        return Queue(Work.REVIEWS)
    waiting = Waiting(tx.count_open_reviews(""), 0, first.received_at)
    return Queue(Work.REVIEWS, waiting, _explained_by(waiting))


def _of_filings(tx: Transaction) -> Queue:
    days = [one.received_on for one in tx.stores() if one.filing is Filing.RECEIVED]
    known = [day for day in days if day is not None]
    oldest = end_of_day(min(known) - timedelta(days=1)) if known else None
    first = min(known, default=None)
    due = None if oldest is None else oldest + FILED_WITHIN
    return Queue(Work.FILINGS, Waiting(len(days), 0, oldest), due, first_day=first)


def _of_months(tx: Transaction, now: datetime) -> Queue:
    open_months: list[Month] = months_to_close(tx, now)
    if not open_months:
        return Queue(Work.MONTHS)
    first = open_months[0]
    due = due_on(tx, first)
    return Queue(
        Work.MONTHS, Waiting(len(open_months), 0, first.end), end_of_day(due), first_day=due
    )


def _of_audit(checked: Checked | None) -> Queue:
    if checked is None:
        return Queue(Work.AUDIT, is_wrong=True)
    broken = Waiting(checked.run.broken, 0, checked.run.audited_at)
    is_wrong = checked.is_late or bool(checked.run.broken)
    return Queue(
        Work.AUDIT, broken, checked.run.audited_at if is_wrong else None, is_wrong=is_wrong
    )


def _of_days(missing: list[date]) -> Queue:
    if not missing:
        return Queue(Work.STATEMENTS)
    first = missing[0]
    return Queue(
        Work.STATEMENTS, Waiting(len(missing), 0, end_of_day(first)), due_at(first), first_day=first
    )
