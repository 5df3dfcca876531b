"""What happens later: operations without an answer are finished, abandoned holds are given up."""

import logging
import threading
import traceback
from datetime import datetime, timedelta
from functools import partial

from refund.core.errors import Refused
from refund.core.form import Event, Status
from refund.core.operation import Operation
from refund.core.people import WORKER
from refund.ports import NetworkSilent, Ports
from refund.services.intent import LEASE, begin_end_of_hold
from refund.services.life import the_form
from refund.services.pay import carry_out, record_answer, refusal_of, rest
from refund.transaction import Transaction

PERIOD_SECONDS = 1.0

GIVEN_UP = timedelta(hours=24)
"""After this long what the network does not know is not waited for. Source: project decision."""

NEVER_ARRIVED = "never_arrived"
"""The refusal of an operation that the network never knew."""

ABANDONED = timedelta(minutes=30)
"""After this long a hold without an advance is given up."""

BATCH = 50
log = logging.getLogger(__name__)


def finish_open_operations(ports: Ports) -> int:
    """Look up every operation that nobody is finishing, and send those that never arrived.

    Returns:
        How many operations were taken in hand.
    """
    now = ports.clock.now()
    taken = ports.storage.write(lambda tx: tx.lease_operations(now, now + LEASE, BATCH))
    for operation in taken:
        finish(ports, operation)
    return len(taken)


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
    waiting = ports.storage.read(lambda tx: tx.forms_in([Status.HELD], BATCH))
    given_up = 0
    for form in waiting:
        operation = ports.storage.write(
            partial(_withdraw, ports=ports, form_id=form.form_id, now=now)
        )
        if operation is not None:
            carry_out(ports, operation)
            given_up += 1
    return given_up


def _withdraw(tx: Transaction, ports: Ports, form_id: str, now: datetime) -> Operation | None:
    form = the_form(tx, form_id)
    guarantee = tx.live_guarantee(form_id)
    if form.status is not Status.HELD or guarantee is None:
        return None
    if guarantee.held_at + ABANDONED > now:
        return None
    return begin_end_of_hold(tx, ports, form, Event.WITHDRAW, WORKER, reason="abandoned")


def work_once(ports: Ports) -> int:
    """Do what is due; how much was taken in hand."""
    return finish_open_operations(ports) + withdraw_abandoned_holds(ports)


class Worker:
    """A thread that does what is due, again and again, until it is told to stop."""

    def __init__(self, ports: Ports, period_seconds: float = PERIOD_SECONDS) -> None:
        self._ports = ports
        self._period_seconds = period_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin beside the caller."""
        self._thread.start()

    def stop(self) -> None:
        """Let the round under way end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> None:
        """Work until stopped; whatever fails is logged without its words, and tried again."""
        while not self._stop.is_set():
            try:
                work_once(self._ports)
            except Refused as refused:
                log.warning("put off: %s", refused.code)
            except Exception as error:  # noqa: BLE001 - an edge: a dead worker finishes nothing
                where = "".join(traceback.format_tb(error.__traceback__))
                log.error("worker: %s\n%s", type(error).__name__, where)  # noqa: TRY400
            self._stop.wait(self._period_seconds)
