"""The clock that processes share: one time in all of them, and never back."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from refund.gateways.clock import SharedClock, read_clock
from refund.sandbox.settings import (
    SandboxSettings,
    settings_from_environment,
    settings_to_environment,
)
from refund.timepiece import Timepiece

START = datetime(2025, 7, 8, 1, 0, tzinfo=UTC)
FAR = START + timedelta(days=400)
SECOND_NS = 1_000_000_000


class Wall:
    """The machine's time, as a test has it."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        """Nanoseconds."""
        return self.ns


def made(path: Path, wall: Wall) -> Timepiece:
    """Return a clock that stands at the start."""
    clock = Timepiece(path / "clock.json", wall)
    clock.set(START)
    return clock


def test_a_clock_that_stands_shows_one_moment(tmp_path: Path) -> None:
    wall = Wall()
    clock = made(tmp_path, wall)
    wall.ns += 5 * SECOND_NS
    assert clock.now() == START


@pytest.mark.parametrize("rate", [1, 60])
def test_time_goes_as_fast_as_its_rate(tmp_path: Path, rate: int) -> None:
    wall = Wall()
    clock = made(tmp_path, wall)
    assert clock.let_go(rate, FAR) == START
    wall.ns += 10 * SECOND_NS
    assert clock.now() == START + timedelta(seconds=10 * rate)
    assert clock.stand() == START + timedelta(seconds=10 * rate)
    wall.ns += 10 * SECOND_NS
    assert clock.now() == START + timedelta(seconds=10 * rate)


def test_time_stands_still_where_nobody_lets_it_go_on(tmp_path: Path) -> None:
    wall = Wall()
    clock = made(tmp_path, wall)
    clock.let_go(60, START + timedelta(minutes=5))
    wall.ns += 3600 * SECOND_NS
    assert clock.now() == START + timedelta(minutes=5)
    assert clock.let_go(1, FAR) == START + timedelta(minutes=5)


def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    wall = Wall()
    wall.ns = 100 * SECOND_NS
    clock = made(tmp_path, wall)
    with pytest.raises(ValueError, match="does not go back"):
        clock.set(START - timedelta(seconds=1))
    clock.let_go(1, FAR)
    wall.ns += 10 * SECOND_NS
    seen = clock.now()
    wall.ns -= 60 * SECOND_NS
    assert clock.now() == seen
    assert clock.let_go(1, FAR) == seen


def test_several_processes_see_one_time(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    mine = Timepiece(path)
    mine.set(START)
    asked = "import sys; from refund.gateways.clock import read_clock; clock = read_clock("
    asked += f"'file:{path}')\nfor line in sys.stdin: print(clock.now().isoformat(), flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", asked],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def theirs() -> datetime:
            other.stdin.write("now\n")  # type: ignore[union-attr]  # asserted above
            other.stdin.flush()  # type: ignore[union-attr]  # asserted above
            return datetime.fromisoformat(other.stdout.readline().strip())  # type: ignore[union-attr]  # asserted above

        assert theirs() == START
        mine.set(START + timedelta(days=28))
        assert theirs() == START + timedelta(days=28)
        mine.let_go(60, FAR)
        before = mine.now()
        seen = theirs()
        assert before <= seen <= mine.now()
        other.stdin.close()
        assert other.wait(10) == 0


def test_the_setting_names_the_file_and_a_missing_one_is_told(tmp_path: Path) -> None:
    Timepiece(tmp_path / "clock.json").set(START)
    clock = read_clock(f"file:{tmp_path / 'clock.json'}")
    assert isinstance(clock, SharedClock)
    assert clock.is_shifted
    assert clock.now() == START
    with pytest.raises(ValueError, match="REFUND_CLOCK"):
        read_clock(f"file:{tmp_path / 'nothing'}")


def test_the_sandboxs_process_reads_the_same_clock(tmp_path: Path) -> None:
    clock = Timepiece(tmp_path / "clock.json")
    clock.set(START)
    settings = SandboxSettings(
        database=":memory:", secret="a secret of the sandbox", public_url="http://x", clock=clock
    )
    told = settings_from_environment(settings_to_environment(settings))
    assert told.clock() == START
    clock.set(START + timedelta(days=28))
    assert told.clock() == START + timedelta(days=28)
