"""What only the embedded engine does: one commit for many, and the ways a file can fail."""

from __future__ import annotations

import stat
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from refund.storage import sqlite_writer
from refund.storage.engine import (
    ConstraintFailed,
    EngineBusy,
    EngineUnfit,
    Session,
    open_engine,
)
from refund.storage.sqlite import SqliteEngine
from refund.storage.sqlite_connection import connect, require_fit
from tests.storage.conftest import StartWorker
from tests.storage.test_engines import INSERT, POSTING, claims, counter
from tests.storage.worker import STEPS, increment

Write = Callable[[Session], Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "refund.db"


@pytest.fixture
def engine(path: Path) -> Iterator[SqliteEngine]:
    opened = SqliteEngine(str(path), busy_ms=200)
    opened.migrate(STEPS, 1)
    yield opened
    opened.close()


@contextmanager
def kept_busy(engine: SqliteEngine) -> Iterator[None]:
    """Hold the writer within a write of its own, so that what is written meanwhile waits."""
    begun, finish = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        begun.set()
        assert finish.wait(60)

    holder = threading.Thread(target=engine.write, args=(hold,))
    holder.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        finish.set()
        holder.join()


def write_together(engine: SqliteEngine, writes: list[Write]) -> list[Future[Any]]:
    """Have the writer find all of these waiting, in this order."""
    answers = []
    with ThreadPoolExecutor(len(writes)) as pool, kept_busy(engine):
        for place, write in enumerate(writes):
            answers.append(pool.submit(engine.write, write))
            wait_until_waiting(engine, place + 1)
    return answers


def wait_until_waiting(engine: SqliteEngine, count: int) -> None:
    tick = threading.Event()
    while len(engine._writer._waiting) < count:
        tick.wait(0.001)


def claim_for(form_id: str) -> Write:
    return lambda session: session.run(INSERT, form_id=form_id, who="x")


def commits_in(wal: Path) -> int:
    """Count the commits in a write-ahead log: frames of its salt that state a database size."""
    log = wal.read_bytes()
    page_bytes, salt = struct.unpack(">8xI4x8s", log[:24])
    frames = range(32, len(log) - 24, 24 + page_bytes)
    headers = [struct.unpack(">4xI8s", log[at : at + 16]) for at in frames]
    return sum(size > 0 and of == salt for size, of in headers)


def test_what_waits_together_shares_one_commit(engine: SqliteEngine, path: Path) -> None:
    wal = Path(f"{path}-wal")
    before = commits_in(wal)
    answers = write_together(engine, [claim_for(name) for name in "abcdefgh"])
    assert [answer.result() for answer in answers] == [1] * 8
    assert engine.read(claims) == 8
    assert commits_in(wal) - before == 1


def test_one_that_fails_harms_no_other_of_its_group(engine: SqliteEngine) -> None:
    def late(session: Session) -> None:
        session.run(INSERT, form_id="late", who="x")
        raise LookupError("changed its mind")

    def forbidden(session: Session) -> None:
        session.run("UPDATE counter SET value = 99 WHERE id = 1")
        session.run(INSERT, form_id="a", who="second")

    writes = [claim_for("a"), late, increment, forbidden, claim_for("b")]
    first, second, third, fourth, fifth = write_together(engine, writes)
    assert (first.result(), third.result(), fifth.result()) == (1, 1, 1)
    assert isinstance(second.exception(), LookupError)
    assert isinstance(fourth.exception(), ConstraintFailed)
    assert engine.read(claims) == 2
    assert engine.read(counter) == 1


def test_a_group_of_failures_alone_leaves_the_engine_alive(engine: SqliteEngine) -> None:
    def fail(session: Session) -> None:
        raise LookupError

    answers = write_together(engine, [fail, fail])
    assert all(isinstance(answer.exception(), LookupError) for answer in answers)
    assert engine.write(increment) == 1


def test_a_constraint_checked_at_commit_fails_its_own_write_alone(engine: SqliteEngine) -> None:
    def post_to_nobody(session: Session) -> None:
        session.run(POSTING, id=1, account=404, fen=5)

    answers = write_together(engine, [claim_for("a"), post_to_nobody, increment])
    assert [answers[0].result(), answers[2].result()] == [1, 1]
    error = answers[1].exception()
    assert isinstance(error, ConstraintFailed)
    assert error.kind == "foreign_key"
    assert (engine.read(claims), engine.read(counter)) == (1, 1)


def test_a_full_disk_fails_the_write_that_met_it_and_no_other(engine: SqliteEngine) -> None:
    def forbid_growth(session: Session) -> int:
        row = session.row("PRAGMA page_count")
        assert row is not None
        assert session.row(f"PRAGMA max_page_count = {row['page_count']!r}") is not None
        return 1

    def grow(session: Session) -> int:
        session.run("INSERT INTO account (id, owner) VALUES (1, 'store')")
        return session.run(
            "INSERT INTO posting (id, account_id, amount_fen, note) VALUES (1, 1, 5, :note)",
            note=bytes(1_000_000),
        )

    engine.write(forbid_growth)
    before, full, after = write_together(engine, [claim_for("a"), grow, increment])
    assert (before.result(), after.result()) == (1, 1)
    assert isinstance(full.exception(), pysqlite3.OperationalError)
    assert "full" in str(full.exception())
    assert (engine.read(claims), engine.read(counter)) == (1, 1)


def test_a_commit_that_the_disk_refuses_has_an_unknown_outcome(
    engine: SqliteEngine, path: Path, start_worker: StartWorker
) -> None:
    worker = start_worker("overflow", f"sqlite://{path}", str(path))
    worker.start()
    unknown, after, found = worker.answer()
    assert (unknown, after) == ("unknown", "writer")
    assert {"after", "before"} <= set(found.split()) <= {"after", "before", "within"}


def test_too_many_that_wait_are_sent_away(engine: SqliteEngine) -> None:
    jobs = [sqlite_writer.Job(increment) for _ in range(sqlite_writer.WAITING_MAX)]
    with kept_busy(engine):
        for job in jobs:
            engine._writer.submit(job)
        with pytest.raises(EngineBusy):
            engine.write(increment)
    assert [job.wait() for job in jobs] == list(range(1, len(jobs) + 1))
    assert engine.read(counter) == len(jobs)


def test_a_write_gives_up_when_another_process_holds_the_file(
    engine: SqliteEngine, path: Path
) -> None:
    other = connect(str(path), query_only=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(EngineBusy):
        engine.write(increment)
    other.execute("ROLLBACK")
    other.close()
    assert engine.write(increment) == 1


def test_closing_commits_what_waits(engine: SqliteEngine, path: Path) -> None:
    closing = threading.Thread(target=engine.close)
    with ThreadPoolExecutor(4) as pool:
        with kept_busy(engine):
            answers = [pool.submit(engine.write, claim_for(name)) for name in "abcd"]
            wait_until_waiting(engine, 4)
            closing.start()
        assert [answer.result() for answer in answers] == [1] * 4
    closing.join()
    again = open_engine(f"sqlite://{path}")
    assert again.read(claims) == 4
    again.close()


def test_replacing_a_row_is_refused_like_deleting_it(engine: SqliteEngine) -> None:
    def post(session: Session) -> None:
        session.run("INSERT INTO account (id, owner) VALUES (1, 'store')")
        session.run(POSTING, id=1, account=1, fen=5)

    engine.write(post)
    with pytest.raises(ConstraintFailed, match="append-only"):
        engine.write(lambda s: s.run(POSTING.replace("INSERT", "REPLACE"), id=1, account=1, fen=6))


def test_the_file_is_durable_checked_and_its_owners_alone(engine: SqliteEngine, path: Path) -> None:
    facts = engine.facts()
    assert facts["sqlite_version"] == pysqlite3.sqlite_version
    assert (facts["journal_mode"], facts["synchronous"]) == ("wal", "FULL")
    assert facts["foreign_keys"] is True
    modes = [stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("refund.db*")]
    assert modes == [0o600] * 3


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 51, 2)])
def test_a_sqlite_that_may_corrupt_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(EngineUnfit, match=r"3\.51\.3 or newer"):
        require_fit(version, used_by_sqlite_utils=True)


def test_a_sqlite_that_sqlite_utils_does_not_use_is_refused() -> None:
    require_fit((3, 51, 3), used_by_sqlite_utils=True)
    with pytest.raises(EngineUnfit, match="pysqlite3"):
        require_fit((3, 51, 3), used_by_sqlite_utils=False)


def test_a_path_with_spaces_is_written_in_percent(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite://{tmp_path}/a%20b.db")
    engine.close()
    assert (tmp_path / "a b.db").exists()
