"""Long jobs: asked for by a page, done by a thread of their own, watched, left, and cancelled.

Whoever has something long to do registers its kind, once, where the program is wired:
`register("exits", take_in)`. The function gets the ports, the job and a `Step`; it calls the step
as often as it likes, with how much is done and how much there is, and lets what the step raises
pass, leaving nothing behind. What it returns is kept as what it did. Work takes the machine's
time, so jobs go by its clock, in a rehearsal whose own stands still or leaps too.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from refund.core.errors import Refused
from refund.core.job import Job, JobState, plain_facts
from refund.core.people import Actor
from refund.ports import Ports, Spool
from refund.services.life import By, note
from refund.services.steps import Step, Stopped
from refund.transaction import Transaction

LEASE = timedelta(seconds=75)
"""How long a job may stand still until another process takes it up; longer than an import's."""

SEEN_EVERY = timedelta(milliseconds=500)
TRIES_MAX = 3
"""How often a job is begun whose process was killed each time."""

SHOWN = 50
KEPT = timedelta(days=7)
"""How long a file that a job made can be fetched. Source: project decision."""

GAVE_UP = "gave_up"
DEFECT = "defect"
RESULT = ".result"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """What a job did, in plain values; and the file that it made in the spool, if any."""

    facts: Mapping[str, object]
    file_name: str = ""


Work = Callable[[Ports, Job, Step], Made]
KINDS: dict[str, Work] = {}
"""What each kind of job does."""


def register(kind: str, work: Work) -> None:
    """Let jobs of a kind be asked for.

    Raises:
        ValueError: the kind has another function, which is a defect.
    """
    if KINDS.setdefault(kind, work) is not work:
        raise ValueError(f"a kind of job has two functions: {kind}")


@dataclass(frozen=True, slots=True)
class Given:
    """A file that a person gave for a job, and how large it may be."""

    stream: BinaryIO
    name: str
    bytes_max: int


def start(
    ports: Ports,
    actor: Actor,
    kind: str,
    asked: Mapping[str, object] | None = None,
    given: Given | None = None,
) -> Job:
    """Ask for a job; one of the same kind about the same that waits or runs is the same job.

    Raises:
        Refused: `file_too_large`.
        LookupError: nobody registered the kind, which is a defect.
    """
    if kind not in KINDS:
        raise LookupError(f"no such kind of job: {kind}")
    now = ports.at_the_door()
    job = Job(
        job_id=ports.ids.event_id(),
        kind=kind,
        asked_by=actor.label,
        asked_at=now,
        asked=plain_facts(asked or {}),
        file_name="" if given is None else given.name[:120],
        lease_until=now,
    )
    if given is not None:
        spool_of(ports).keep(job.job_id, given.stream, given.bytes_max)

    def add(tx: Transaction) -> Job:
        if given is None:
            alike = (one for one in tx.open_jobs() if (one.kind, one.asked) == (kind, job.asked))
            known = next(alike, None)
            if known is not None:
                return known
        tx.add_job(job)
        note(tx, ports, "job_asked", By(actor.label, now), detail=f"{kind} {job.job_id}")
        return job

    return ports.storage.write(add)


def ask_cancel(ports: Ports, actor: Actor, job_id: str) -> Job:
    """Cancel a job: one that waits at once, a running one at its next step.

    Raises:
        Refused: `not_found`; `job_over` for one that has ended.
    """

    def ask(tx: Transaction) -> Job:
        now = ports.at_the_door()
        the_job(tx, job_id)
        if not tx.cancel_job(job_id, actor.label, now):
            raise Refused("job_over")
        note(tx, ports, "job_cancelled", By(actor.label, now), detail=job_id)
        return the_job(tx, job_id)

    job = ports.storage.write(ask)
    if job.is_over:
        spool_of(ports).drop(job.job_id)
    return job


def the_job(tx: Transaction, job_id: str) -> Job:
    """A job.

    Raises:
        Refused: `not_found`.
    """
    job = tx.job(job_id)
    if job is None:
        raise Refused("not_found")
    return job


def look(ports: Ports, job_id: str) -> Job:
    """A job as it stands.

    Raises:
        Refused: `not_found`.
    """
    return ports.storage.read(lambda tx: the_job(tx, job_id))


def latest(ports: Ports) -> list[Job]:
    """The jobs that were asked for last, newest first."""
    return ports.storage.read(lambda tx: tx.jobs(SHOWN))


def under_way(ports: Ports) -> list[Job]:
    """The jobs that wait or run, oldest first."""
    return ports.storage.read(lambda tx: tx.open_jobs())


def result_of(ports: Ports, job_id: str) -> tuple[Job, BinaryIO]:
    """The file that a job made.

    Raises:
        Refused: `not_found`; `job_file_gone` when it was taken away.
    """
    job = look(ports, job_id)
    if not job.result_name:
        raise Refused("not_found")
    try:
        return job, spool_of(ports).open(job.job_id + RESULT)
    except FileNotFoundError:
        raise Refused("job_file_gone", days=KEPT.days) from None


def spool_of(ports: Ports) -> Spool:
    """Where files of jobs are.

    Raises:
        LookupError: the program was wired without, which is a defect.
    """
    if ports.spool is None:
        raise LookupError("no folder for the files of jobs was wired")
    return ports.spool


def never() -> bool:
    """Nothing ends this process."""
    return False


def run_next(
    ports: Ports, is_ending: Callable[[], bool] = never, seen_every: timedelta = SEEN_EVERY
) -> bool:
    """Take the next job that waits, or that a killed process has left, and do it.

    Returns:
        Whether there was one.
    """
    now = ports.at_the_door()
    # Whoever has nothing to do writes nothing.
    if not ports.storage.read(lambda tx: tx.is_job_due(now)):
        return False
    job = ports.storage.write(lambda tx: tx.take_job(now, now + LEASE))
    if job is None:
        return False
    _Run(ports, job, is_ending, seen_every).do()
    return True


class _Run:
    """One attempt at a job, by which its steps are seen."""

    def __init__(
        self, ports: Ports, job: Job, is_ending: Callable[[], bool], seen_every: timedelta
    ) -> None:
        self._ports = ports
        self._job = job
        self._is_ending = is_ending
        self._seen_every = seen_every
        self._seen_at: datetime | None = None
        self._done, self._total = 0, job.total_units

    def do(self) -> None:
        """Do the work, and keep how it ended."""
        if self._job.cancel_by:
            self._end(JobState.CANCELLED, {})
            return
        if self._job.tries > TRIES_MAX:
            self._end(JobState.FAILED, {"code": "", "why": GAVE_UP})
            return
        try:
            made = KINDS[self._job.kind](self._ports, self._job, self._step)
        except Stopped as stopped:
            self._stopped(stopped.why)
        except Refused as refused:
            facts = plain_facts(refused.facts)
            self._end(JobState.FAILED, {"code": refused.code, "facts": facts})
        except Exception as error:  # noqa: BLE001 - an edge: the job says that it failed
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("job %s: %s\n%s", self._job.kind, type(error).__name__, where)  # noqa: TRY400
            self._end(JobState.FAILED, {"code": "", "why": DEFECT})
        else:
            self._total = self._done if self._total is None else self._total
            self._done = self._total
            self._end(JobState.DONE, plain_facts(made.facts), made.file_name)

    def _step(self, done: int, total: int | None) -> None:
        """Keep how far the work is; it never goes back, and never beyond its end.

        Raises:
            Stopped: the work is not to go on.
        """
        self._done = max(self._done, done)
        if total is not None:
            self._total = max(total, self._done)
        elif self._total is not None:
            self._total = max(self._total, self._done)
        now = self._ports.at_the_door()
        if self._is_ending():
            raise Stopped("put_off")
        if self._seen_at is not None and now - self._seen_at < self._seen_every:
            return
        self._seen_at = now
        cancel_by = self._ports.storage.write(
            lambda tx: tx.see_job(self._job, self._done, self._total, now + LEASE)
        )
        if cancel_by is None:
            raise Stopped("lost")
        if cancel_by:
            raise Stopped("cancelled")

    def _stopped(self, why: str) -> None:
        if why == "cancelled":
            self._end(JobState.CANCELLED, {})
        elif why == "put_off":
            now = self._ports.at_the_door()
            self._ports.storage.write(lambda tx: tx.put_back_job(self._job, now))

    def _end(self, state: JobState, outcome: dict[str, Any], result_name: str = "") -> None:
        ended = replace(
            self._job,
            state=state,
            done_units=self._done,
            total_units=self._total,
            outcome=outcome,
            result_name=result_name,
            ended_at=self._ports.at_the_door(),
        )
        if self._ports.storage.write(lambda tx: tx.end_job(ended)):
            spool = spool_of(self._ports)
            spool.drop(self._job.job_id)
            if not result_name:
                spool.drop(self._job.job_id + RESULT)


def clear_files(ports: Ports, strange: frozenset[str] = frozenset()) -> frozenset[str]:
    """Take away the files that no job needs any more.

    Args:
        ports: of the service.
        strange: files that belonged to no job the last time; one that is new may get its job yet.

    Returns:
        The files that belong to no job now.
    """
    spool, now = spool_of(ports), ports.at_the_door()
    names = spool.names()
    ids = sorted({name.removesuffix(RESULT) for name in names})
    known = ports.storage.read(lambda tx: tx.known_jobs(ids)) if ids else {}
    found = set()
    for name in names:
        job = known.get(name.removesuffix(RESULT))
        if job is None:
            found.add(name)
        if name in strange if job is None else not _is_needed(name, job, now):
            spool.drop(name)
    return frozenset(found - strange)


def _is_needed(name: str, job: Job, now: datetime) -> bool:
    if job.ended_at is None:
        return True
    return name.endswith(RESULT) and bool(job.result_name) and now < job.ended_at + KEPT
