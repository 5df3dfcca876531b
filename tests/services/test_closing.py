"""The closing of a month by a job: seen, cancelled, and the same as without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from refund.core.job import Job, JobState
from refund.core.settlement import Digest
from refund.services import jobs, settle
from refund.services.closing import prepare_month
from refund.services.enrol import import_stores
from refund.services.job_kinds import CLOSE, register_own_kinds
from refund.services.steps import Stopped, no_step
from tests import make
from tests.services import months
from tests.services.test_exits import count
from tests.world import World


@pytest.fixture(autouse=True)
def kinds() -> None:
    """Let the service's own kinds of jobs be known."""
    register_own_kinds()


def closing(world: World, forms: int = 3) -> Job:
    """A job that is to close July, with some forms in it."""
    for number in range(1, forms + 1):
        months.kept(world, number)
    months.at(world, 2025, 8, 1)
    return jobs.start(world.ports, world.operator, CLOSE, {"month": "2025-07"})


def test_the_closing_of_a_month_shows_how_far_it_is_and_comes_to_the_same(world: World) -> None:
    closing(world)
    steps: list[tuple[int, int | None]] = []
    prepared = prepare_month(
        world.ports, months.JULY, lambda done, all_: steps.append((done, all_))
    )
    assert steps == [(0, 3), (3, 3)]
    assert prepared is not None
    assert jobs.run_next(world.ports)
    closed = world.ports.storage.read(lambda tx: tx.settlement(months.JULY))
    assert closed is not None
    assert (closed.digest, closed.totals) == (prepared.digest, prepared.totals)
    written = Digest(closed.number)
    written.add(months.lines(world))
    assert written.hexdigest() == closed.digest


def test_a_closing_that_is_cancelled_leaves_the_month_open(world: World) -> None:
    job = closing(world, 1)
    asked_twice: list[int] = []

    def leave(_done: int, _all: int | None) -> None:
        asked_twice.append(1)
        jobs.ask_cancel(world.ports, world.operator, job.job_id)
        raise Stopped("cancelled")

    with pytest.raises(Stopped):
        prepare_month(world.ports, months.JULY, leave)
    assert asked_twice == [1]
    jobs.run_next(world.ports)
    assert jobs.look(world.ports, job.job_id).state is JobState.CANCELLED
    assert world.ports.storage.read(lambda tx: tx.settlement(months.JULY)) is None
    assert count(world, "settlement_line") == 0


def renamed(world: World) -> None:
    stores = [replace(make.store(1), name_en="Another name"), make.store(2)]
    import_stores(world.ports, stores, "operator:operator-1")


def one_more(world: World) -> None:
    at = world.clock.at
    months.at(world, 2025, 7, 20)
    months.kept(world, 9)
    world.clock.at = at


@pytest.mark.parametrize("change", [renamed, one_more])
def test_a_month_that_changes_after_its_reading_is_closed_as_it_is_then(
    world: World, change: Callable[[World], None]
) -> None:
    closing(world, 2)
    prepared = prepare_month(world.ports, months.JULY, no_step)
    assert prepared is not None
    change(world)
    closed = settle.close_month(world.ports, months.BY, months.JULY, prepared)
    assert closed.digest != prepared.digest
    written = Digest(closed.number)
    written.add(months.lines(world))
    assert (written.hexdigest(), written.totals) == (closed.digest, closed.totals)


def test_a_month_whose_turn_it_is_not_is_not_read(world: World) -> None:
    months.kept(world)
    assert prepare_month(world.ports, months.JULY, no_step) is None
