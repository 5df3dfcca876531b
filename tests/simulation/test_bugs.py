"""The simulation has teeth: every bug that is planted is found by the seed that once found it."""

from __future__ import annotations

import pytest

from tests.simulation.planted import BUGS, recorded
from tests.simulation.run import run

FOUND = recorded()
SEEDS_MAX = 1000
BUGS_MIN = 24


def test_every_planted_bug_was_found_within_a_thousand_seeds() -> None:
    assert FOUND.keys() == BUGS.keys()
    assert len(BUGS) >= BUGS_MIN
    assert all(0 <= int(str(found["seed"])) < SEEDS_MAX for found in FOUND.values())


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found_and_without_it_the_same_run_passes(bug: str) -> None:
    seed = int(str(FOUND[bug]["seed"]))
    assert run(seed, plant=BUGS[bug]).failure, f"{bug} is not found by seed {seed} any more"
    without = run(seed)
    assert not without.failure, without.complaint()
