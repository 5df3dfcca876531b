"""Long jobs as rows."""

import json
from collections.abc import Sequence
from datetime import datetime

from refund.core.job import Job, JobState
from refund.storage.protocol import Row
from refund.storage.records import moment, moment_or_none, text, whole, written
from refund.storage.rows import Rows

# The states stand in the text, so that either engine sees that it may use the index.
_OPEN = "state IN ('queued', 'running')"


class JobQueries(Rows):
    """Jobs, with who has them in hand."""

    __slots__ = ()

    def add_job(self, job: Job) -> None:
        """Ask for a job."""
        self._insert(
            "job",
            {
                "job_id": job.job_id,
                "kind": job.kind,
                "asked_by": job.asked_by,
                "asked_at": written(job.asked_at),
                "asked": _json(job.asked),
                "file_name": job.file_name,
                "state": job.state.value,
                "done_units": 0,
                "total_units": job.total_units,
                "outcome": _json({}),
                "result_name": "",
                "lease_until": written(job.lease_until),
                "fence": 0,
                "tries": 0,
                "cancel_by": "",
            },
        )

    def job(self, job_id: str) -> Job | None:
        """A job."""
        row = self._session.row("SELECT * FROM job WHERE job_id = :job_id", job_id=job_id)
        return None if row is None else _job(row)

    def jobs(self, limit: int) -> list[Job]:
        """The jobs that were asked for last, newest first."""
        rows = self._session.rows(
            "SELECT * FROM job ORDER BY asked_at DESC, job_id DESC LIMIT :limit_rows",
            limit_rows=limit,
        )
        return [_job(row) for row in rows]

    def open_jobs(self) -> list[Job]:
        """The jobs that wait or run, oldest first."""
        rows = self._session.rows(f"SELECT * FROM job WHERE {_OPEN} ORDER BY lease_until, job_id")
        return sorted((_job(row) for row in rows), key=lambda one: (one.asked_at, one.job_id))

    def is_job_due(self, now: datetime) -> bool:
        """Whether a job waits that nobody has in hand."""
        row = self._session.row(
            f"SELECT 1 AS due FROM job WHERE {_OPEN} AND lease_until <= :now LIMIT 1",
            now=written(now),
        )
        return row is not None

    def take_job(self, now: datetime, until: datetime) -> Job | None:
        """Take the next job that waits, or whose lease is over, under a higher fence."""
        lock = " FOR UPDATE SKIP LOCKED" if self._session.engine == "postgresql" else ""
        row = self._session.row(
            "UPDATE job SET state = 'running', lease_until = :until, fence = fence + 1,"
            " tries = tries + 1, done_units = 0, started_at = COALESCE(started_at, :now)"
            f" WHERE job_id IN (SELECT job_id FROM job WHERE {_OPEN} AND lease_until <= :now"
            f" ORDER BY lease_until, job_id LIMIT 1{lock}) RETURNING *",
            now=written(now),
            until=written(until),
        )
        return None if row is None else _job(row)

    def see_job(
        self, job: Job, done_units: int, total_units: int | None, until: datetime
    ) -> str | None:
        """Note how far a job is; who asked to cancel it, or None when somebody else has it."""
        row = self._session.row(
            "UPDATE job SET done_units = :done_units, total_units = :total_units,"
            " lease_until = :until WHERE job_id = :job_id AND fence = :fence AND state = 'running'"
            " RETURNING cancel_by",
            done_units=done_units,
            total_units=total_units,
            until=written(until),
            job_id=job.job_id,
            fence=job.fence,
        )
        return None if row is None else text(row["cancel_by"])

    def end_job(self, job: Job) -> bool:
        """Store how a job ended; False when somebody else has it."""
        touched = self._session.run(
            "UPDATE job SET state = :state, done_units = :done_units, total_units = :total_units,"
            " outcome = :outcome, result_name = :result_name, ended_at = :ended_at"
            " WHERE job_id = :job_id AND fence = :fence AND state = 'running'",
            state=job.state.value,
            done_units=job.done_units,
            total_units=job.total_units,
            outcome=_json(job.outcome),
            result_name=job.result_name,
            ended_at=None if job.ended_at is None else written(job.ended_at),
            job_id=job.job_id,
            fence=job.fence,
        )
        return touched == 1

    def put_back_job(self, job: Job, now: datetime) -> None:
        """Let a job wait again that this process cannot go on with."""
        self._session.run(
            "UPDATE job SET state = 'queued', lease_until = :now, tries = tries - 1,"
            " done_units = 0 WHERE job_id = :job_id AND fence = :fence AND state = 'running'",
            now=written(now),
            job_id=job.job_id,
            fence=job.fence,
        )

    def cancel_job(self, job_id: str, by: str, now: datetime) -> bool:
        """Cancel a job that waits, or note that a running one is to be; False when it is over."""
        touched = self._session.run(
            "UPDATE job SET state = 'cancelled', cancel_by = :by, ended_at = :now"
            " WHERE job_id = :job_id AND state = 'queued'",
            by=by,
            now=written(now),
            job_id=job_id,
        )
        touched += self._session.run(
            "UPDATE job SET cancel_by = :by WHERE job_id = :job_id AND state = 'running'",
            by=by,
            job_id=job_id,
        )
        return touched == 1

    def known_jobs(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Those of some jobs that there are."""
        found = ((one, self.job(one)) for one in job_ids)
        return {job_id: job for job_id, job in found if job is not None}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _job(row: Row) -> Job:
    total = row["total_units"]
    return Job(
        job_id=text(row["job_id"]),
        kind=text(row["kind"]),
        asked_by=text(row["asked_by"]),
        asked_at=moment(row["asked_at"]),
        asked=json.loads(text(row["asked"])),
        file_name=text(row["file_name"]),
        lease_until=moment(row["lease_until"]),
        state=JobState(text(row["state"])),
        done_units=whole(row["done_units"]),
        total_units=None if total is None else whole(total),
        outcome=json.loads(text(row["outcome"])),
        result_name=text(row["result_name"]),
        started_at=moment_or_none(row["started_at"]),
        ended_at=moment_or_none(row["ended_at"]),
        fence=whole(row["fence"]),
        tries=whole(row["tries"]),
        cancel_by=text(row["cancel_by"]),
    )
