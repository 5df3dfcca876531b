"""The worker beside the service: what it does when, and that nothing ends it but being told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from refund.core.errors import Refused
from refund.core.form import Status
from refund.ports import Ports
from refund.services import later
from refund.services.later import Task, Worker, all_tasks, withdraw_abandoned_holds, work_through
from refund.services.rounds import each
from refund.simulation.engine.network import BookNetwork
from tests import make
from tests.services.steps import claimed, status
from tests.world import World

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


class Failing:
    """A clock that fails at its first question, and is right from then on."""

    def __init__(self, world: World) -> None:
        self._clock = world.ports.clock
        self.asked = 0
        self.went_on = threading.Event()

    def now(self) -> datetime:
        """Fail once; then tell the time."""
        self.asked += 1
        if self.asked == 1:
            raise OSError
        self.went_on.set()
        return self._clock.now()


def test_a_round_that_failed_is_logged_and_the_next_one_comes(
    small_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Failing(small_world)
    worker = Worker(replace(small_world.ports, clock=clock), period_seconds=0.01)
    worker.start()
    went_on = clock.went_on.wait(10)
    worker.stop()
    assert went_on
    assert "worker: OSError" in caplog.text


class Counted:
    """A task that counts its rounds, and says when there were so many."""

    def __init__(self, fails_with: Callable[[], Exception] | None = None) -> None:
        self.rounds = 0
        self._fails_with = fails_with
        self._reached = threading.Condition()

    def __call__(self, _ports: Ports) -> int:
        """Count a round, and fail if it must."""
        with self._reached:
            self.rounds += 1
            self._reached.notify_all()
        if self._fails_with is not None:
            raise self._fails_with()
        return 0

    def has_come(self, rounds: int) -> bool:
        """Wait until there were so many rounds."""
        with self._reached:
            return self._reached.wait_for(lambda: self.rounds >= rounds, 10)


def running(world: World, *tasks: Task) -> Worker:
    """A worker that does these tasks and looks at the clock again and again."""
    worker = Worker(world.ports, period_seconds=0.001, tasks=tasks)
    worker.start()
    return worker


def test_each_task_has_a_period_of_its_own(small_world: World) -> None:
    seconds, hours = Counted(), Counted()
    worker = running(small_world, Task("often", SECOND, seconds), Task("seldom", HOUR, hours))
    for round_ in range(1, 6):
        assert seconds.has_come(round_)
        small_world.clock.at += SECOND
    assert hours.rounds == 1
    small_world.clock.at += HOUR
    assert hours.has_come(2)
    worker.stop()


def test_a_clock_that_is_put_back_stops_no_task(small_world: World) -> None:
    task = Counted()
    worker = running(small_world, Task("seldom", HOUR, task))
    assert task.has_come(1)
    small_world.clock.at -= timedelta(days=100)
    assert task.has_come(2)
    worker.stop()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (lambda: Refused("busy"), "first put off: busy"),
        (lambda: ZeroDivisionError("4111111111111111"), "worker: ZeroDivisionError at first"),
        (
            lambda: ExceptionGroup("x", [KeyError("a name"), Refused("busy")]),
            "worker: KeyError at first",
        ),
    ],
)
def test_a_task_that_fails_is_logged_without_its_words_and_stops_no_other(
    small_world: World,
    caplog: pytest.LogCaptureFixture,
    failure: Callable[[], Exception],
    said: str,
) -> None:
    first, second = Counted(failure), Counted()
    worker = running(small_world, Task("first", HOUR, first), Task("second", SECOND, second))
    assert second.has_come(1)
    small_world.clock.at += later.AGAIN
    assert first.has_come(2), "it is tried again within a minute"
    worker.stop()
    assert said in caplog.text
    assert "4111" not in caplog.text
    assert "a name" not in caplog.text


def test_one_that_fails_keeps_no_other_from_its_turn_and_is_told_in_the_end() -> None:
    had: list[int] = []

    def do(number: int) -> int:
        had.append(number)
        return 1 // (number % 3)

    with pytest.raises(ExceptionGroup) as caught:
        each([1, 3, 2, 6, 4], do)
    assert had == [1, 3, 2, 6, 4]
    assert len(caught.value.exceptions) == 2
    assert each([1, 1, 4], do) == 3


def test_everything_is_done_with_nothing_to_do(world: World) -> None:
    assert work_through(world.ports) == 0
    names = [task.name for task in all_tasks()]
    assert len(names) == len(set(names))


class Deaf(BookNetwork):
    """A network that must not be asked."""

    def look_up(self, reference: str) -> None:
        """Nobody asks."""
        raise AssertionError(reference)


def test_an_idle_worker_asks_the_network_nothing(small_world: World) -> None:
    ports = replace(small_world.ports, network=Deaf(small_world.book))
    assert later.finish_open_operations(ports) == 0
    poll = later.HoldsAskedDaily()
    assert [poll(ports) for _ in range(3)] == [0, 0, 0]


def test_a_worker_ends_when_it_is_told_to_in_the_middle_of_its_list(small_world: World) -> None:
    worker = Worker(small_world.ports, period_seconds=60)
    task, last = Counted(), Counted()

    def stop(ports: Ports) -> int:
        worker.stop()
        return task(ports)

    worker._tasks = (Task("stop", SECOND, stop), Task("last", SECOND, last))
    worker.run()
    assert (task.rounds, last.rounds) == (1, 0)


@pytest.mark.rule("ordinary_without_card")
def test_a_hold_without_an_advance_is_given_up_after_half_an_hour_and_no_sooner(
    world: World,
) -> None:
    form = claimed(world, None, make.PAYOUT_REFUSED)
    world.clock.pass_by(minutes=29, seconds=59)
    assert withdraw_abandoned_holds(world.ports) == 0
    assert status(world, form) is Status.HELD
    world.clock.pass_by(seconds=1)
    assert withdraw_abandoned_holds(world.ports) == 1
    assert status(world, form) is Status.ORDINARY
    assert world.booked("release") == ["released"]
