"""Worlds for the services' tests; at the end of each, all books must agree."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import scalar_row

from tests.world import World, assert_audit_holds, open_world


@contextmanager
def _schema(server_url: str) -> Iterator[str]:
    """Make a schema, which is much quicker than a database, and give its address."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'CREATE SCHEMA "{name}"'.encode())
        yield f"{server_url}?options=-csearch_path%3D{name}"
        admin.execute(f'DROP SCHEMA "{name}" CASCADE'.encode())


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server_url: str) -> Iterator[str]:
    """Return the address of tables that the tests of this process use one after another."""
    with _schema(postgres_server_url) as url:
        yield url


@pytest.fixture
def postgres_url(shared_postgres_url: str) -> str:
    """Return the address of those tables, emptied."""
    with psycopg.connect(shared_postgres_url, row_factory=scalar_row) as db:
        # As a replica does, past guards and references.
        db.execute("SET session_replication_role = replica")
        tables = db.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname <> 'migration'"
            " AND relnamespace = current_schema()::regnamespace"
        ).fetchall()
        for table in tables:
            db.execute(f'DELETE FROM "{table}"'.encode())
    return shared_postgres_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def breakable_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of tables that nobody else uses, once on each engine."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    with _schema(request.getfixturevalue("postgres_server_url")) as url:
        yield url


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
def broken_world(tmp_path: Path, breakable_url: str) -> Iterator[World]:
    """Open a world on each engine whose books the test will break on purpose."""
    with open_world(tmp_path, breakable_url) as opened:
        yield opened
