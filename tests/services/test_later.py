"""The worker beside the service: what it finishes, and that nothing ends it but being told."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

import pytest

from refund.core.form import Status
from refund.services.later import Worker, withdraw_abandoned_holds
from tests import make
from tests.services.steps import claimed, status
from tests.world import World


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
