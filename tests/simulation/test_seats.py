"""Work on all cores: every piece once, and nothing left behind when it ends early."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from refund.services.steps import Stopped
from refund.simulation.questions.seats import PieceFailed, do_all
from tests.simulation.pieces import doubled, marked


def test_every_piece_is_done_once_and_told() -> None:
    told: list[int] = []
    assert dict(do_all(range(9), doubled, 2, told.append)) == {n: 2 * n for n in range(9)}
    assert told == sorted(told)
    assert told[0] == 0
    assert list(do_all([], doubled, 2, told.append)) == []


def test_a_piece_that_fails_ends_the_work_and_says_which_it_was() -> None:
    with pytest.raises(PieceFailed, match="13: ValueError: 13 cannot be doubled"):
        list(do_all([13], doubled, 1, lambda _: None))
    with pytest.raises(PieceFailed, match="666: its process ended in the middle"):
        list(do_all([666], doubled, 1, lambda _: None))


def test_work_that_is_stopped_leaves_no_process_and_puts_away_what_was_open(tmp_path: Path) -> None:
    seen: set[int] = set()

    def stop_once_both_work(_done: int) -> None:
        seen.update(int(one.name) for one in tmp_path.iterdir())
        if len(seen) == 2:
            raise Stopped("cancelled")

    with pytest.raises(Stopped):
        list(do_all([str(tmp_path)] * 3, marked, 2, stop_once_both_work))
    assert list(tmp_path.iterdir()) == []
    assert [one for one in seen if is_alive(one)] == []


def test_processes_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        list(do_all([str(tmp_path)] * 2, marked, 2, lambda _: None))
    until = time.monotonic() + 20
    while len(list(tmp_path.iterdir())) < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    os.kill(child, 9)
    os.waitpid(child, 0)
    while list(tmp_path.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process is there."""
    return Path(f"/proc/{pid}").exists()
