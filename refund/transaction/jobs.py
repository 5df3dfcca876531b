"""Long jobs inside one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from refund.core.job import Job


class JobRows(Protocol):
    """Jobs, with who has them in hand."""

    def add_job(self, job: Job) -> None:
        """Ask for a job."""
        ...

    def job(self, job_id: str) -> Job | None:
        """A job."""
        ...

    def jobs(self, limit: int) -> list[Job]:
        """The jobs that were asked for last, newest first."""
        ...

    def open_jobs(self) -> list[Job]:
        """The jobs that wait or run, oldest first."""
        ...

    def is_job_due(self, now: datetime) -> bool:
        """Whether a job waits that nobody has in hand."""
        ...

    def take_job(self, now: datetime, until: datetime) -> Job | None:
        """Take the next job that waits, or whose lease is over, under a higher fence."""
        ...

    def see_job(
        self, job: Job, done_units: int, total_units: int | None, until: datetime
    ) -> str | None:
        """Note how far a job is; who asked to cancel it, or None when somebody else has it."""
        ...

    def end_job(self, job: Job) -> bool:
        """Store how a job ended; False when somebody else has it."""
        ...

    def put_back_job(self, job: Job, now: datetime) -> None:
        """Let a job wait again that this process cannot go on with."""
        ...

    def cancel_job(self, job_id: str, by: str, now: datetime) -> bool:
        """Cancel a job that waits, or note that a running one is to be; False when it is over."""
        ...

    def known_jobs(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Those of some jobs that there are."""
        ...
