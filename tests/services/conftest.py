"""Worlds for the services' tests; at the end of each, all books must agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, assert_audit_holds, open_world


@pytest.fixture
def world(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Open a world on each engine, whose books are audited when the test is over."""
    with open_world(tmp_path, engine_url) as opened:
        yield opened
        opened.network.unplugged = False
        assert_audit_holds(opened.ports)


@pytest.fixture
def small_world(tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    """Open a world on SQLite alone, for rules that no engine can change."""
    with open_world(tmp_path, sqlite_url) as opened:
        yield opened
        opened.network.unplugged = False
        assert_audit_holds(opened.ports)


@pytest.fixture
def broken_world(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Open a world on each engine whose books the test will break on purpose."""
    with open_world(tmp_path, engine_url) as opened:
        yield opened
