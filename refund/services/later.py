"""What happens later: a list of tasks, each with its own period, and the worker that does them."""

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from refund.core.errors import Refused
from refund.core.form import Event, Status
from refund.core.operation import Guarantee, Operation
from refund.core.people import WORKER
from refund.ports import NetworkSilent, Ports
from refund.pulse import Pulse
from refund.services.display import drop_unwatched
from refund.services.fill_in import forget_yesterday
from refund.services.fixes import finish_fixes
from refund.services.intent import LEASE, begin_end_of_hold
from refund.services.life import the_form
from refund.services.match import keep_matched
from refund.services.notices import ask_about_missing
from refund.services.pay import carry_out, record_answer, refusal_of, rest
from refund.services.rounds import each
from refund.services.secure import alert, charge_in_time, extend_holds, poll_holds, watch_pending
from refund.transaction import Transaction

PERIOD_SECONDS = 1.0

GIVEN_UP = timedelta(hours=24)
"""After this long what the network does not know is not waited for. Source: project decision."""

NEVER_ARRIVED = "never_arrived"
"""The refusal of an operation that the network never knew."""

ABANDONED = timedelta(minutes=30)
"""After this long a hold without an advance is given up."""

POLL_EVERY = timedelta(days=1)
"""How often the network is asked about every hold, whatever it tells by itself."""

AGAIN = timedelta(minutes=1)
"""How soon a task with a longer period is done again that failed."""

BATCH = 50
log = logging.getLogger(__name__)


def finish_open_operations(ports: Ports) -> int:
    """Look up every operation that nobody is finishing, and send those that never arrived.

    Returns:
        How many operations were taken in hand.
    """
    now = ports.clock.now()
    # Whoever has nothing to do writes nothing.
    if not ports.storage.read(lambda tx: tx.is_work_due(now)):
        return 0
    taken = ports.storage.write(lambda tx: tx.lease_operations(now, now + LEASE, BATCH))

    def take_in_hand(operation: Operation) -> int:
        finish(ports, operation)
        return 1

    return each(taken, take_in_hand)


def finish(ports: Ports, operation: Operation) -> None:
    """Look up a pending operation and record what is told; send it where it never arrived.

    What the network does not know a whole day after it was asked has not come about: it is ended
    as refused, and nothing sends it any more.
    """
    try:
        answer = ports.network.look_up(operation.sent_reference)
    except NetworkSilent:
        rest(ports, operation)
        return
    if answer is None and ports.clock.now() > operation.created_at + GIVEN_UP:
        answer = refusal_of(operation, NEVER_ARRIVED)
    if answer is None:
        carry_out(ports, operation)
        return
    upcoming = record_answer(ports, operation, answer)
    if isinstance(upcoming, Operation):
        carry_out(ports, upcoming)


def withdraw_abandoned_holds(ports: Ports) -> int:
    """Give up holds whose advance was refused and whose traveller went away.

    Returns:
        How many were given up.
    """
    now = ports.clock.now()

    def give_up(form_id: str) -> int:
        operation = ports.storage.write(lambda tx: _withdraw(tx, ports, form_id, now))
        if operation is None:
            return 0
        carry_out(ports, operation)
        return 1

    waiting = ports.storage.read(lambda tx: tx.forms_in([Status.HELD], BATCH))
    return each((form.form_id for form in waiting), give_up)


def _withdraw(tx: Transaction, ports: Ports, form_id: str, now: datetime) -> Operation | None:
    form = the_form(tx, form_id)
    guarantee = tx.live_guarantee(form_id)
    if form.status is not Status.HELD or guarantee is None:
        return None
    if guarantee.held_at + ABANDONED > now or tx.is_answer_awaited(form_id):
        return None
    return begin_end_of_hold(tx, ports, form, Event.WITHDRAW, WORKER, reason="abandoned")


class HoldsAskedDaily:
    """The task that asks about every hold once a day, some of them at a time."""

    def __init__(self) -> None:
        self._after: Guarantee | None = None
        self._began_at: datetime | None = None

    def __call__(self, ports: Ports) -> int:
        """Ask about the next ones, where the day's round is not over."""
        now = ports.clock.now()
        if self._after is None and not _is_due(self._began_at, POLL_EVERY, now):
            return 0
        if self._after is None:
            self._began_at = now
        self._after = poll_holds(ports, self._after)
        return 0


@dataclass(frozen=True, slots=True)
class Task:
    """One of the worker's tasks, and how often it is done by the service's clock."""

    name: str
    every: timedelta
    do: Callable[[Ports], int]


def all_tasks() -> tuple[Task, ...]:
    """Everything that is done by itself, the most urgent first."""
    second, minute, hour = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
    return (
        Task("operations", second, finish_open_operations),
        Task("fixes", 5 * second, finish_fixes),
        Task("abandoned holds", minute, withdraw_abandoned_holds),
        Task("pending operations", minute, watch_pending),
        Task("holds by day", minute, HoldsAskedDaily()),
        Task("extensions", hour, extend_holds),
        Task("charges in time", hour, charge_in_time),
        Task("alerts", hour, alert),
        Task("statements", hour, keep_matched),
        Task("what statements have", hour, ask_about_missing),
        Task("filled in yesterday", minute, forget_yesterday),
        Task("second screens", minute, drop_unwatched),
    )


def _is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether a period is over; also when the clock was put back."""
    return last is None or not last <= now < last + every


def work_once(ports: Ports) -> int:
    """Finish operations and abandoned holds; how much was taken in hand."""
    return finish_open_operations(ports) + withdraw_abandoned_holds(ports)


def work_through(ports: Ports, tasks: Sequence[Task] | None = None) -> int:
    """Do every task once, whenever it was done last; how much was taken in hand.

    Raises:
        ExceptionGroup: some of it failed, after all else was done.
    """
    return each(all_tasks() if tasks is None else tasks, lambda task: task.do(ports))


class Worker(Pulse):
    """Does each task when it is due."""

    def __init__(
        self,
        ports: Ports,
        period_seconds: float = PERIOD_SECONDS,
        tasks: Sequence[Task] | None = None,
    ) -> None:
        super().__init__("worker", period_seconds)
        self._ports = ports
        self._tasks = all_tasks() if tasks is None else tasks
        self._done_at: dict[str, datetime] = {}

    def once(self) -> None:
        """Do every task that is due."""
        for task in self._tasks:
            if self.ends:
                break
            self._attempt(task)

    def _attempt(self, task: Task) -> None:
        """Do a task that is due; what fails is logged without its words, and tried again."""
        try:
            now = self._ports.clock.now()
            if not _is_due(self._done_at.get(task.name), task.every, now):
                return
            self._done_at[task.name] = now - max(timedelta(0), task.every - AGAIN)
            task.do(self._ports)
            self._done_at[task.name] = now
        except Exception as error:  # noqa: BLE001 - an edge: a dead worker finishes nothing
            _tell(task.name, error)


def _tell(name: str, error: Exception) -> None:
    """Log what failed by its kind and place; a refusal is only put off."""
    if isinstance(error, ExceptionGroup):
        for one in error.exceptions:
            _tell(name, one)
    elif isinstance(error, Refused):
        log.warning("%s put off: %s", name, error.code)
    else:
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("worker: %s at %s\n%s", type(error).__name__, name, where)
