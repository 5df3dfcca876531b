"""Fixtures that every test may ask for: databases of its own, on both engines."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.storage.cluster import private_cluster


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the address of a SQLite database that does not exist yet."""
    return f"sqlite://{tmp_path / 'refund.db'}"


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """Run one PostgreSQL cluster for this test process, from the first test that asks."""
    # Not below pytest's own folder, which is closed to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="refund-postgresql-"))
    try:
        with private_cluster(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """Return the address of a fresh PostgreSQL database, dropped after the test."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(postgres_server_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        yield postgres_server_url.removesuffix("postgres") + name
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a fresh database, once on each engine."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url
