"""Long jobs: seen as they go on, left, cancelled, killed, and told truthfully each time."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

import pytest

from refund.core.errors import Refused
from refund.core.job import Job, JobState
from refund.ports import Ports
from refund.services import exits, jobs
from refund.services.job_kinds import CLOSE, EXITS, MATCH, STATEMENT, lines_in, register_own_kinds
from refund.services.jobs import KINDS, LEASE, RESULT, TRIES_MAX, Given, Made, run_next, spool_of
from refund.services.steps import Step
from tests import make
from tests.services import months
from tests.services.statement_steps import over, sheet_of
from tests.services.steps import claimed, issued, on
from tests.services.test_exits import HEAD, count, many, row
from tests.services.test_races import StartProcess, start_process
from tests.world import World

__all__ = ["start_process"]

ROWS = 3500
BYTES_MAX = 1 << 20


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    """Let the service's own kinds of jobs be known, and no test's after it."""
    register_own_kinds()
    before = dict(KINDS)
    yield
    KINDS.clear()
    KINDS.update(before)


def asked(world: World, rows: int = ROWS, extra: str = "") -> Job:
    """A file of departures that is to be taken in by a job."""
    world.clock.at = max(world.clock.at, on(21))
    content = BytesIO((HEAD + many(rows) + extra).encode())
    lines = {"lines": lines_in(content)}
    given = Given(content, "exits.csv", BYTES_MAX)
    return jobs.start(world.ports, world.operator, EXITS, lines, given)


def done(world: World) -> bool:
    """Do the next job, each of its steps seen."""
    return run_next(world.ports, seen_every=timedelta(0))


def now(world: World, job: Job) -> Job:
    """The job as it stands."""
    return jobs.look(world.ports, job.job_id)


def during(world: World, act: Callable[[int], object]) -> Callable[[], bool]:
    """What is asked at each step whether the process ends: it acts, and it does not end."""
    steps = iter(range(1, 1000))

    def ask() -> bool:
        act(next(steps))
        return False

    return ask


def test_a_job_takes_in_a_file_and_says_what_it_did(world: World) -> None:
    job = asked(world)
    assert (job.state, world.ports.spool is not None) == (JobState.QUEUED, True)
    assert done(world)
    ended = now(world, job)
    assert (ended.state, ended.done_units, ended.total_units) == (JobState.DONE, ROWS, ROWS)
    assert ended.outcome["rows"] == ended.outcome["new"] == ROWS
    assert count(world, "loaded_exit") == ROWS
    assert spool_of(world.ports).names() == [], "the file that was given is gone"
    assert not done(world)


def test_progress_never_goes_back_and_never_passes_its_end(world: World) -> None:
    job = asked(world)
    seen: list[tuple[int, int | None]] = []

    def look(_step: int) -> None:
        found = now(world, job)
        seen.append((found.done_units, found.total_units))

    assert run_next(world.ports, during(world, look), timedelta(0))
    found = now(world, job)
    seen.append((found.done_units, found.total_units))
    assert [units for units, _ in seen] == [0, 0, 1000, 2000, 3000, 3500]
    assert {total for _, total in seen[1:]} == {ROWS}


@pytest.mark.parametrize("step", [1, 3])
def test_a_job_that_is_cancelled_in_the_middle_leaves_nothing(world: World, step: int) -> None:
    job = asked(world)

    def cancel(at: int) -> None:
        if at == step:
            jobs.ask_cancel(world.ports, world.operator, job.job_id)

    assert run_next(world.ports, during(world, cancel), timedelta(0))
    ended = now(world, job)
    assert (ended.state, ended.cancel_by) == (JobState.CANCELLED, "operator:operator-1")
    assert (count(world, "loaded_exit"), exits.imports(world.ports)) == (0, [])
    assert exits.under_way(world.ports) is None
    assert spool_of(world.ports).names() == []
    again = asked(world)
    assert done(world)
    assert now(world, again).state is JobState.DONE


def test_a_job_that_waits_is_cancelled_at_once_and_an_ended_one_not_at_all(world: World) -> None:
    job = asked(world)
    assert jobs.ask_cancel(world.ports, world.operator, job.job_id).state is JobState.CANCELLED
    assert spool_of(world.ports).names() == []
    assert not done(world)
    with pytest.raises(Refused) as caught:
        jobs.ask_cancel(world.ports, world.operator, job.job_id)
    assert caught.value.code == "job_over"
    with pytest.raises(Refused, match="not_found"):
        jobs.ask_cancel(world.ports, world.operator, "nobody")


def test_a_file_that_cannot_be_taken_in_fails_with_the_reason_and_its_places(
    world: World,
) -> None:
    job = asked(world, 2, row("", "never"))
    assert done(world)
    ended = now(world, job)
    assert ended.state is JobState.FAILED
    assert ended.refused is not None
    assert ended.refused.code == "file_bad_rows"
    problems = ended.refused.facts["problems"]
    assert isinstance(problems, list)
    assert problems[0]["line"] == 4
    assert count(world, "loaded_exit") == 0


def test_a_killed_worker_s_job_is_taken_up_again_when_its_lease_is_over(
    world: World, start_process: StartProcess
) -> None:
    job = asked(world)
    other = start_process("job", "4", world.clock.at.isoformat())
    other.await_ready()
    other.go()
    assert other.said() == (-signal.SIGKILL, "")
    left = now(world, job)
    assert (left.state, left.done_units) == (JobState.RUNNING, 2000)
    assert exits.imports(world.ports) == []
    assert not done(world), "somebody may still be at it"
    world.clock.pass_by(seconds=LEASE.total_seconds())
    assert done(world)
    ended = now(world, job)
    assert (ended.state, ended.tries, ended.outcome["new"]) == (JobState.DONE, 2, ROWS)
    assert count(world, "loaded_exit") == ROWS


def test_a_job_that_was_done_by_a_process_that_could_not_say_so_is_done(world: World) -> None:
    job = asked(world)
    world.ports.storage.write(lambda tx: tx.take_job(world.clock.at, world.clock.at + LEASE))
    with spool_of(world.ports).open(job.job_id) as stream:
        exits.import_exits(world.ports, job.asked_by, stream, job.file_name)
    world.clock.pass_by(seconds=LEASE.total_seconds())
    assert done(world)
    ended = now(world, job)
    assert (ended.state, ended.outcome["rows"]) == (JobState.DONE, ROWS)
    assert count(world, "loaded_exit") == ROWS


def test_a_job_whose_process_is_killed_each_time_is_given_up_and_says_so(world: World) -> None:
    job = asked(world)
    for _ in range(TRIES_MAX):
        world.ports.storage.write(lambda tx: tx.take_job(world.clock.at, world.clock.at + LEASE))
        world.clock.pass_by(seconds=LEASE.total_seconds())
    assert done(world)
    ended = now(world, job)
    assert (ended.state, ended.outcome["why"]) == (JobState.FAILED, "gave_up")
    assert count(world, "loaded_exit") == 0


def test_a_process_that_lost_its_job_writes_nothing_more_of_it(world: World) -> None:
    job = asked(world)

    def stand_still(step: int) -> None:
        if step == 3:
            world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
            assert done(world), "another one takes it"

    assert run_next(world.ports, during(world, stand_still), timedelta(0))
    ended = now(world, job)
    assert (ended.state, ended.tries) == (JobState.DONE, 2)
    assert count(world, "loaded_exit") == ROWS


def test_a_process_that_was_overtaken_leaves_the_job_to_the_other(world: World) -> None:
    job = asked(world)

    def overtaken(step: int) -> None:
        if step == 3:
            world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
            until = world.clock.at + LEASE
            assert world.ports.storage.write(lambda tx: tx.take_job(world.clock.at, until))

    assert run_next(world.ports, during(world, overtaken), timedelta(0))
    left = now(world, job)
    assert (left.state, left.fence, left.done_units) == (JobState.RUNNING, 2, 0)
    assert count(world, "loaded_exit") == 0
    world.clock.pass_by(seconds=LEASE.total_seconds())
    assert done(world)
    assert now(world, job).state is JobState.DONE


def test_a_process_that_ends_puts_its_job_back_for_the_next(world: World) -> None:
    job = asked(world)
    steps = iter((False, False, True))
    assert run_next(world.ports, lambda: next(steps), timedelta(0))
    waiting = now(world, job)
    assert (waiting.state, waiting.tries) == (JobState.QUEUED, 0)
    assert count(world, "loaded_exit") == 0
    assert done(world)
    assert now(world, job).state is JobState.DONE


def test_two_workers_do_one_job_once(world: World) -> None:
    job = asked(world)
    with ThreadPoolExecutor(4) as pool:
        took = list(pool.map(lambda _: done(world), range(4)))
    assert sum(took) == 1
    assert (now(world, job).tries, count(world, "loaded_exit")) == (1, ROWS)


def test_a_statement_is_taken_in_and_matched_by_a_job(world: World) -> None:
    claimed(world, issued(world))
    content = BytesIO(sheet_of(world).text())
    given = Given(content, "statement.csv", BYTES_MAX)
    lines = {"lines": lines_in(content)}
    job = jobs.start(world.ports, world.operator, STATEMENT, lines, given)
    assert done(world)
    ended = now(world, job)
    assert ended.state is JobState.DONE, ended.outcome
    assert ended.outcome["day"] == {"day": make.DAY.isoformat()}
    asks = {"first": make.DAY, "last": make.DAY}
    again = jobs.start(world.ports, world.operator, MATCH, asks)
    assert jobs.start(world.ports, world.operator, MATCH, asks).job_id == again.job_id
    assert done(world)
    assert now(world, again).outcome["days"] == 1


def test_a_month_is_closed_by_a_job_and_a_second_one_is_refused(world: World) -> None:
    months.kept(world)
    months.at(world, 2025, 8, 1)
    for state in (JobState.DONE, JobState.FAILED):
        job = jobs.start(world.ports, world.operator, CLOSE, {"month": "2025-07"})
        assert done(world)
        assert now(world, job).state is state
    refused = now(world, job).refused
    assert refused is not None
    assert refused.code == "month_closed"


def test_a_file_that_a_job_makes_can_be_fetched_for_a_week(world: World) -> None:
    def write(ports: Ports, job: Job, step: Step) -> Made:
        step(0, 2)
        with spool_of(ports).making(job.job_id + RESULT) as file:
            file.write(b"a,b\n1,2\n")
        step(2, 2)
        return Made({"rows": 1}, "figures.csv")

    jobs.register("figures", write)
    job = jobs.start(world.ports, world.operator, "figures", {"day": make.DAY})
    assert done(world)
    found, file = jobs.result_of(world.ports, job.job_id)
    with file:
        assert (found.result_name, file.read()) == ("figures.csv", b"a,b\n1,2\n")
    assert jobs.clear_files(world.ports) == frozenset()
    world.clock.pass_by(days=7)
    jobs.clear_files(world.ports)
    with pytest.raises(Refused, match="job_file_gone"):
        jobs.result_of(world.ports, job.job_id)


def test_a_defect_fails_the_job_and_not_the_worker(world: World) -> None:
    def break_down(_ports: Ports, _job: Job, _step: Step) -> Made:
        raise ZeroDivisionError

    jobs.register("broken", break_down)
    job = jobs.start(world.ports, world.operator, "broken")
    assert done(world)
    assert now(world, job).outcome["why"] == "defect"
    with pytest.raises(ValueError, match="two functions"):
        jobs.register("broken", lambda *_: Made({}))


def test_a_file_that_is_too_large_is_no_job_and_leaves_nothing(world: World) -> None:
    with pytest.raises(Refused, match="file_too_large"):
        jobs.start(
            world.ports, world.operator, EXITS, {}, Given(BytesIO(bytes(100)), "big.csv", 99)
        )
    assert (jobs.latest(world.ports), spool_of(world.ports).names()) == ([], [])


def test_files_without_a_job_are_taken_away_at_the_second_look(world: World) -> None:
    spool_of(world.ports).keep("nobodys", BytesIO(b"x"), 10)
    strange = jobs.clear_files(world.ports)
    assert strange == {"nobodys"}
    assert jobs.clear_files(world.ports, strange) == frozenset()
    assert spool_of(world.ports).names() == []


def test_an_end_is_foretold_only_by_what_was_measured(world: World) -> None:
    asked(world)
    over(world, make.DAY)
    job = world.ports.storage.write(lambda tx: tx.take_job(world.clock.at, world.clock.at))
    assert job is not None
    at = world.clock.at
    assert job.left(at + timedelta(seconds=60)) is None, "nothing is done yet"
    world.ports.storage.write(lambda tx: tx.see_job(job, 500, 1500, at))
    seen = now(world, job)
    assert seen.left(at + timedelta(seconds=4)) is None
    assert seen.left(at + timedelta(seconds=30)) == timedelta(seconds=60)
