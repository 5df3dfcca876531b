"""Sixty-four confirmations that arrive in the same moment are one hold and one advance."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.confirms import CONNECTIONS, salvos
from tests.simulation.parts import PROCESSES, running

FORMS = 50
"""On each engine; `python -m tests.simulation.confirms` takes a hundred."""


@pytest.mark.rule("advanced_once")
@pytest.mark.parametrize(
    "engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_sixty_four_confirmations_at_once_pay_each_form_once(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    url, threads = "", CONNECTIONS
    if engine == "postgresql":
        url, threads = request.getfixturevalue("postgres_url"), CONNECTIONS // PROCESSES
    with running(tmp_path / "instance", url, threads) as parts:
        assert salvos(parts, FORMS) == []
