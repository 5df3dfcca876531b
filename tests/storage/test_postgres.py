"""What only PostgreSQL does: servers that forget, connections that die, commits in doubt."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from refund.storage.engine import (
    Engine,
    EngineBusy,
    EngineUnfit,
    OutcomeUnknown,
    Session,
    open_engine,
)
from refund.storage.postgres import PostgresEngine
from tests.storage.cluster import free_port
from tests.storage.test_engines import INSERT, claims, counter
from tests.storage.worker import STEPS, increment

pytestmark = pytest.mark.postgres

Admin = psycopg.Connection[tuple[Any, ...]]
END_AT_COMMIT = """
CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
"""
END_TRIGGER = """
CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON claim DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION end_session()
"""
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
IN_COMMIT = f"{OTHERS} AND wait_event = 'SyncRep'"


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    opened = open_engine(postgres_url)
    opened.migrate(STEPS, 1)
    yield opened
    opened.close()


@pytest.fixture
def admin(postgres_url: str) -> Iterator[Admin]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = local")
        yield connection


def backend(session: Session) -> int:
    row = session.row("SELECT pg_backend_pid() AS pid")
    assert row is not None
    assert isinstance(row["pid"], int)
    return row["pid"]


@contextmanager
def missing_standby(admin: Admin) -> Iterator[None]:
    """Have every COMMIT wait for a standby that does not exist."""
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    admin.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        admin.execute("SELECT pg_reload_conf()")


def write_until_in_doubt(engine: Engine, interrupted: threading.Event) -> int:
    """Count up until a COMMIT is in doubt, and return how many were acknowledged."""
    acknowledged = 0
    while True:
        late = interrupted.is_set()
        try:
            acknowledged = engine.write(increment)
        except OutcomeUnknown:
            return acknowledged
        assert not late, "an interrupted COMMIT was acknowledged"


def interrupt_commit(admin: Admin, how: str, writing: Future[int]) -> None:
    """Interrupt the first COMMIT that is seen to wait for the standby."""
    tick = threading.Event()
    while not writing.done():
        if admin.execute(f"SELECT {how}(pid) {IN_COMMIT}".encode()).fetchone() is not None:
            return
        tick.wait(0.01)


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_commit_whose_wait_for_the_standby_was_cut_short_is_in_doubt(
    engine: Engine, admin: Admin, how: str
) -> None:
    interrupted = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with missing_standby(admin):
            writing = pool.submit(write_until_in_doubt, engine, interrupted)
            interrupt_commit(admin, how, writing)
            interrupted.set()
        acknowledged = writing.result(60)
    assert engine.read(counter) == acknowledged + 1


def test_a_connection_lost_within_commit_leaves_the_outcome_unknown(
    engine: Engine, admin: Admin
) -> None:
    admin.execute(END_AT_COMMIT)
    admin.execute(END_TRIGGER)
    with pytest.raises(OutcomeUnknown):
        engine.write(lambda s: s.run(INSERT, form_id="a", who="x"))
    assert engine.read(claims) == 0
    assert engine.write(increment) == 1


def test_a_connection_lost_before_commit_is_replaced_and_the_write_done_once(
    engine: Engine, admin: Admin
) -> None:
    lost: list[int] = []

    def lose_the_first(session: Session) -> int:
        value = increment(session)
        if not lost:
            lost.append(backend(session))
            admin.execute("SELECT pg_terminate_backend(%s, 10000)", (lost[0],))
        return value + 0 * backend(session)

    assert engine.write(lose_the_first) == 1
    assert engine.read(counter) == 1


def test_connections_that_died_while_idle_are_replaced(engine: Engine, admin: Admin) -> None:
    gate = threading.Barrier(4)

    def together(session: Session) -> int:
        gate.wait(60)
        return backend(session)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(engine.read, [together] * 4))) == 4
    admin.execute(f"SELECT pg_terminate_backend(pid, 10000) {OTHERS}".encode())
    assert engine.read(counter) == 0
    assert engine.write(increment) == 1


def test_a_lock_held_too_long_turns_the_write_away(
    engine: Engine, admin: Admin, postgres_url: str
) -> None:
    impatient = open_engine(f"{postgres_url}?options=-c%20lock_timeout%3D100")
    with admin.transaction():
        admin.execute("UPDATE counter SET value = 5")
        with pytest.raises(EngineBusy):
            impatient.write(increment)
    assert impatient.write(increment) == 6
    impatient.close()


def test_a_pool_that_is_used_up_turns_work_away(postgres_url: str) -> None:
    small = PostgresEngine(postgres_url, connections=1, take_s=0.2)
    begun, finish = threading.Event(), threading.Event()

    def hold(session: Session) -> int:
        begun.set()
        assert finish.wait(60)
        return backend(session)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(small.read, hold)
        assert begun.wait(60)
        with pytest.raises(EngineBusy):
            small.read(backend)
        finish.set()
        assert small.read(backend) == holding.result(60)
    small.close()


def test_statements_need_not_be_prepared(postgres_url: str) -> None:
    plain = PostgresEngine(postgres_url, prepare_threshold=None)
    plain.migrate(STEPS, 1)
    assert [plain.write(increment) for _ in range(8)] == list(range(1, 9))
    prepared = plain.read(lambda s: s.row("SELECT COUNT(*) AS found FROM pg_prepared_statements"))
    assert prepared is not None
    assert prepared["found"] == 0
    plain.close()


def test_a_server_that_would_forget_is_refused(postgres_url: str) -> None:
    with pytest.raises(EngineUnfit, match="synchronous_commit=off"):
        open_engine(f"{postgres_url}?options=-c%20synchronous_commit%3Doff")


def test_a_database_that_reads_text_otherwise_is_refused(postgres_url: str, admin: Admin) -> None:
    name = postgres_url.rpartition("/")[2] + "_ascii"
    admin.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0".encode())
    try:
        with pytest.raises(EngineUnfit, match="SQL_ASCII"):
            open_engine(f"{postgres_url}_ascii")
    finally:
        admin.execute(f"DROP DATABASE {name}".encode())


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(EngineUnfit) as caught:
        open_engine(f"postgresql://refund:secret-word@127.0.0.1:{free_port()}/postgres")
    assert "127.0.0.1" in str(caught.value)
    assert "secret-word" not in str(caught.value)
