"""Random lives with all that can go wrong: after every step the books, at the end all at rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import make
from tests.house.tree import ROOT
from tests.simulation.place import enrolled, fix_keys
from tests.simulation.run import run
from tests.world import SetClock

SEEDS = range(300)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_books_agree_and_all_comes_to_rest(seed: int) -> None:
    report = run(seed)
    assert not report.failure, report.complaint()


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(4))
def test_the_same_holds_on_postgresql(seed: int, tmp_path: Path, postgres_url: str) -> None:
    fix_keys(tmp_path / "keys")
    enrolled(postgres_url, tmp_path, SetClock(make.NOON)).close()
    report = run(seed, url=postgres_url)
    assert not report.failure, report.complaint()


@pytest.mark.parametrize("seed", [2, 5])
def test_the_same_seed_is_the_same_run_byte_for_byte_in_another_process_too(seed: int) -> None:
    here = run(seed).text()
    assert run(seed).text() == here
    told = "from tests.simulation.run import run; print(run({seed}).text(), end='')"
    there = subprocess.run(
        [sys.executable, "-c", told.replace("{seed}", str(seed))],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(1000 + seed)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert there.stdout == here
