"""A world for the gateways that need one: real ports, empty registers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, open_world


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    """Return a service with nobody and nothing in it."""
    with open_world(tmp_path, sqlite_url, enrolled=False) as opened:
        yield opened
