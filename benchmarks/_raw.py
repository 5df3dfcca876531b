"""The statements of an action without anything around them: recorded once, then run bare."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from benchmarks._world import Ready, World, claim_once, open_world
from refund.ports import Ports
from refund.storage.database import Database
from refund.storage.protocol import Engine, Row, Session, T, Value

Statement = tuple[str, dict[str, Value]]
DATABASE = "instance/refund.db"


class Recorder:
    """A session that writes down what it is asked."""

    def __init__(self, session: Session, said: list[Statement]) -> None:
        self._session = session
        self._said = said
        self.engine = session.engine

    def run(self, sql: str, /, **values: Value) -> int:
        self._said.append((sql, values))
        return self._session.run(sql, **values)

    def row(self, sql: str, /, **values: Value) -> Row | None:
        self._said.append((sql, values))
        return self._session.row(sql, **values)

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        self._said.append((sql, values))
        return self._session.rows(sql, **values)


class _Recording:
    """An engine that writes down the statements of each write, in order."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name
        self.facts = engine.facts
        self.close = engine.close
        self.migrate = engine.migrate
        self.read = engine.read
        self.writes: list[list[Statement]] = []

    def write(self, fn: Callable[[Session], T]) -> T:
        said: list[Statement] = []

        def recorded(session: Session) -> T:
            said.clear()
            return fn(Recorder(session, said))

        result = self._engine.write(recorded)
        self.writes.append(said)
        return result


def record_writes(
    world: World, actions: Sequence[Callable[[Ports], object]]
) -> list[list[Statement]]:
    """Carry out some actions, one after another; the statements of each write."""
    recording = _Recording(world.engine)
    ports = replace(world.ports, storage=Database(recording, world.ports.sealer))
    for act in actions:
        act(ports)
    return recording.writes


def copy_of(folder: Path, name: str) -> Path:
    """A copy of a closed database beside it, in a folder of its own."""
    target = folder / name
    target.mkdir()
    shutil.copy(folder / DATABASE, target / "copy.db")
    return target / "copy.db"


def run_bare(path: Path, writes: Sequence[Sequence[Statement]], actions: int) -> dict[str, Any]:
    """Run recorded writes on one plain connection, as durable as ours, each with its commit."""
    conn = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    for text in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        conn.execute(f"PRAGMA {text}")
    begun = time.perf_counter()
    for statements in writes:
        conn.execute("BEGIN IMMEDIATE")
        for sql, values in statements:
            conn.execute(sql, values).fetchall()
        conn.execute("COMMIT")
    passed = time.perf_counter() - begun
    conn.close()
    return {
        "per_second": round(actions / passed, 1),
        "writes_each": round(len(writes) / actions, 2),
        "statements_each": round(sum(map(len, writes)) / actions, 1),
    }


def measure_bare_claims(folder: Path, claims: Sequence[Ready]) -> dict[str, Any]:
    """Record claims on the database of a folder, and run them bare on a copy of it as it was."""
    path = copy_of(folder, "bare")
    with open_world(folder) as world:
        writes = record_writes(world, [partial(_claim, each=each) for each in claims])
    return run_bare(path, writes, len(claims))


def _claim(ports: Ports, each: Ready) -> None:
    claim_once(ports, each)
