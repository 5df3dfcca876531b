"""Jobs as rows: found by their indexes, and what cannot be is refused by the tables themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from refund.core.job import Job
from refund.storage.database import Queries
from refund.storage.engine import ConstraintFailed, Engine, Session, open_engine
from refund.storage.schema import STEPS
from tests.storage.test_office import SEALER, Told

NOW = datetime(2025, 7, 8, 6, tzinfo=UTC)
JOB = Job("job-1", "exits", "operator:operator-1", NOW, {"lines": 3}, "exits.csv", NOW)

READS: dict[str, Callable[[Queries], object]] = {
    "jobs": lambda tx: tx.jobs(50),
    "open_jobs": lambda tx: tx.open_jobs(),
    "is_job_due": lambda tx: tx.is_job_due(NOW),
    "take_job": lambda tx: tx.take_job(NOW, NOW + timedelta(seconds=75)),
    "job": lambda tx: tx.job("job-1"),
    "see_job": lambda tx: tx.see_job(JOB, 1, 2, NOW),
}


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    """Open migrated tables, once on each engine."""
    opened = open_engine(engine_url)
    try:
        opened.migrate(STEPS, 1)
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize("name", READS)
def test_no_page_reads_all_jobs_there_ever_were(engine: Engine, name: str) -> None:
    def plan(session: Session) -> list[str]:
        if session.engine == "postgresql":
            session.run("SET LOCAL enable_seqscan = off")
        told = Told(session)
        READS[name](Queries(told, SEALER))
        return told.plans

    plans = engine.write(plan)
    assert plans
    wrong = [line for line in plans if line.strip().endswith("SCAN job") or "Seq Scan" in line]
    assert not wrong, "\n".join(plans)


def test_a_job_comes_back_as_it_was_asked_for(engine: Engine) -> None:
    job = replace(JOB, asked={"first": {"day": "2025-07-08"}, "名": "字"}, total_units=7)
    engine.write(lambda session: Queries(session, SEALER).add_job(job))
    assert engine.read(lambda session: Queries(session, SEALER).job("job-1")) == job


@pytest.mark.parametrize(
    "change",
    [
        "state = 'done'",
        "state = 'running'",
        "state = 'cancelled', ended_at = 'x'",
        "state = 'paused'",
        "total_units = 1, done_units = 2",
        "result_name = 'x.csv'",
        "tries = 1",
    ],
)
def test_a_state_that_cannot_be_is_refused(engine: Engine, change: str) -> None:
    engine.write(lambda session: Queries(session, SEALER).add_job(JOB))
    with pytest.raises(ConstraintFailed):
        engine.write(lambda session: session.run(f"UPDATE job SET {change}"))
