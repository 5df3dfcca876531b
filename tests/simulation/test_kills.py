"""Whatever is killed while travellers claim, in whatever order: paid once, never forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.simulation.kills import Rounds
from tests.simulation.parts import running

SEED = 20250708
AWAY = (timedelta(seconds=20),)
"""What was killed is back twenty seconds later by its clock, so that no round waits for leases."""


def play(folder: Path, url: str, rounds: int) -> Rounds:
    """Play rounds on a fresh instance; nothing may be wrong after any of them."""
    with running(folder, url) as parts:
        played = Rounds(parts, SEED, AWAY)
        for _ in range(rounds):
            assert played.play() == []
        assert played.end() == []
        parts.audit()
    return played


@pytest.mark.rule("advanced_once")
def test_killing_service_and_network_in_every_order_pays_each_form_once(tmp_path: Path) -> None:
    played = play(tmp_path / "instance", "", rounds=4)
    assert set(played.results.orders) == {"serve-sandbox", "sandbox-serve"}


@pytest.mark.postgres
@pytest.mark.rule("advanced_once")
def test_killing_service_worker_and_network_in_every_order_pays_each_form_once(
    tmp_path: Path, postgres_url: str
) -> None:
    played = play(tmp_path / "instance", postgres_url, rounds=6)
    assert len(played.results.orders) == 6
