"""A long job: what was asked, how far it is, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from refund.core.errors import Refused

MEASURED_AFTER = timedelta(seconds=5)
"""An end is foretold once so much time was measured. Source: project decision."""


class JobState(Enum):
    """Where a job stands; the last three are for ever."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Args:
        kind: what is to be done, a stable word.
        asked: with what, in plain values.
        done_units: how much of it is done in this attempt.
        total_units: how much there is; None where that is not known.
        outcome: what it did, or `code` and `facts` of why not.
        result_name: the file that it made, for who downloads it.
        tries: how often it was begun; more than once when a process was killed.
        fence: grows with each attempt; only the latest may write.
        cancel_by: who asked to cancel it, or nobody.
    """

    job_id: str
    kind: str
    asked_by: str
    asked_at: datetime
    asked: Mapping[str, Any]
    file_name: str
    lease_until: datetime
    state: JobState = JobState.QUEUED
    done_units: int = 0
    total_units: int | None = None
    outcome: Mapping[str, Any] = field(default_factory=dict)
    result_name: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    fence: int = 0
    tries: int = 0
    cancel_by: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state not in OPEN

    @property
    def refused(self) -> Refused | None:
        """Why it failed, where a rule says so."""
        code = self.outcome.get("code")
        if self.state is not JobState.FAILED or not code:
            return None
        return Refused(str(code), "", **read_facts(self.outcome.get("facts", {})))

    def left(self, now: datetime) -> timedelta | None:
        """How long it will still take, by what was measured; None where nothing was."""
        if self.started_at is None or not self.total_units or not self.done_units:
            return None
        spent = now - self.started_at
        if self.state is not JobState.RUNNING or self.tries > 1 or spent < MEASURED_AFTER:
            return None
        return spent * (self.total_units - self.done_units) // self.done_units


def plain_facts(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts as JSON has them; days and moments say that they are."""
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def read_facts(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that `plain_facts` wrote."""
    return {name: _read(value) for name, value in plain.items()}


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"moment": str(text)} if len(value) == 1:
            return datetime.fromisoformat(text)
        case {"day": str(text)} if len(value) == 1:
            return date.fromisoformat(text)
        case _:
            return read_facts(value)
