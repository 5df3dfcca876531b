"""The engine on PostgreSQL: serialisable transactions, run again whole when they collide."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Final, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from refund.storage.migrate import apply_steps
from refund.storage.postgres_session import (
    SERIALIZATION,
    Connection,
    LostError,
    PostgresSession,
    TryAgainError,
    adapters,
    meaning_of,
)
from refund.storage.protocol import (
    ConstraintFailed,
    EngineBusy,
    EngineUnfit,
    OutcomeUnknown,
    Session,
    Step,
    T,
)

# Serialisable, not READ COMMITTED: a rule that reads before it writes ("has this form been
# advanced?") then holds without anybody having to remember which rows to lock.
WRITE: Final = b"BEGIN ISOLATION LEVEL SERIALIZABLE"
READ: Final = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# A serialisable snapshot would be taken before the lock for migrations is waited for.
MIGRATE: Final = b"BEGIN ISOLATION LEVEL READ COMMITTED"

ATTEMPTS_MAX: Final = 60
LOST_MAX: Final = 3
PAUSE_S_MAX: Final = 0.05
WAITING_MAX: Final = 512
TAKE_S: Final = 10.0
MIGRATION_LOCK: Final = 0x7265_6675_6E64  # "refund"
# No limit on statements: it would cut the wait of a COMMIT short. A stopped process, though,
# must not hold its locks for ever.  Statements are short, so compiling them costs more than it
# saves, and disks without heads read a page anywhere at nearly the price of the next one.
OPTIONS: Final = (
    "-c statement_timeout=0 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000"
    " -c jit=off -c random_page_cost=1.1"
)
_CHANCE: Final = random.SystemRandom()


class PostgresEngine:
    """A database on a PostgreSQL server, for any number of processes."""

    name: Literal["postgresql"] = "postgresql"

    def __init__(
        self,
        url: str,
        *,
        connections: int = 8,
        prepare_threshold: int | None = 5,
        take_s: float = TAKE_S,
    ) -> None:
        """Open a pool of connections.

        Args:
            url: `postgresql://…`, as libpq reads it.
            connections: at most so many at once from this process.
            prepare_threshold: a statement is prepared after so many uses; None for a pooler in
                transaction mode.
            take_s: how long a transaction waits for a free connection.

        Raises: EngineUnfit when the server is not reached or would not keep what it acknowledged.
        """
        given = conninfo_to_dict(url)
        conninfo = make_conninfo(
            url,
            options=f"{OPTIONS} {given.get('options') or ''}".strip(),
            connect_timeout=given.get("connect_timeout") or 10,
            client_encoding="utf8",
        )
        _require_fit(conninfo)
        self._pid = os.getpid()
        self._inside = threading.local()
        self._second_turn = threading.Lock()
        self._pool = ConnectionPool(
            conninfo,
            connection_class=Connection,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": prepare_threshold,
                "context": adapters(),
            },
            configure=Connection.listen,
            min_size=1,
            max_size=connections,
            max_waiting=WAITING_MAX,
            timeout=take_s,
            open=True,
        )

    def write(self, fn: Callable[[Session], T]) -> T:
        """Run a function as one serialisable transaction, again whole when it met another."""
        return self._until_done(fn, WRITE)

    def read(self, fn: Callable[[Session], T]) -> T:
        """Run a function on a snapshot that cannot write."""
        return self._until_done(fn, READ)

    def migrate(self, steps: Sequence[Step], now: int) -> int:
        """Apply the missing steps, one process after another."""

        def alone(session: Session) -> int:
            session.run("SET LOCAL lock_timeout = 0")
            session.run("SELECT pg_advisory_xact_lock(:lock)", lock=MIGRATION_LOCK)
            return apply_steps(session, steps, now)

        return self._until_done(alone, MIGRATE)

    def facts(self) -> dict[str, object]:
        """Describe the server, its durability and the migrations in the database."""
        return {"engine": self.name, **self.read(_server_facts)}

    def close(self) -> None:
        """Close every connection once its transaction has ended."""
        if os.getpid() == self._pid:
            self._pool.close()

    def _until_done(self, fn: Callable[[Session], T], begin: bytes) -> T:
        """Run a transaction until it neither collides nor loses its connection before COMMIT."""
        if os.getpid() != self._pid:
            raise RuntimeError("the storage was opened before this process forked; open it after")
        if getattr(self._inside, "now", False):
            raise RuntimeError("a transaction was begun inside another; use the session given")
        for _ in range(LOST_MAX):
            connection = self._take()
            try:
                return self._through(connection, fn, begin)
            except LostError:
                connection.close()
            finally:
                self._pool.putconn(connection)
            self._pool.check()
        raise EngineBusy("the database server was not reached")

    def _through(self, connection: Connection, fn: Callable[[Session], T], begin: bytes) -> T:
        """Run a transaction on one connection until it collides with no other."""
        for met in range(ATTEMPTS_MAX):
            # Those who have collided go one after another, so that each of them gets through.
            with self._second_turn if met else nullcontext():
                try:
                    return self._once(connection, fn, begin)
                except TryAgainError:
                    pause_s = min(0.001 * 2**met, PAUSE_S_MAX) if met else 0.0
            time.sleep(_CHANCE.uniform(0, pause_s))
        raise EngineBusy(f"the transaction met others {ATTEMPTS_MAX} times")

    def _once(self, connection: Connection, fn: Callable[[Session], T], begin: bytes) -> T:
        try:
            try:
                connection.execute(begin, prepare=False)
                session = PostgresSession(connection)
            except psycopg.Error as error:
                raise meaning_of(error, connection) from None
            result = self._run(fn, session)
            if begin is not READ:
                _commit(connection)
            return result
        finally:
            _end(connection)

    def _run(self, fn: Callable[[Session], T], session: PostgresSession) -> T:
        """Run the function; what the database said counts more than what came of it there."""
        self._inside.now = True
        try:
            result = fn(session)
        except Exception:
            if isinstance(session.failure, TryAgainError | LostError):
                raise session.failure from None
            raise
        finally:
            session.open = False
            self._inside.now = False
        if session.failure is not None:
            raise session.failure
        return result

    def _take(self) -> Connection:
        try:
            return self._pool.getconn()
        except (PoolTimeout, TooManyRequests):
            raise EngineBusy("no connection to the database became free in time") from None
        except PoolClosed:
            raise RuntimeError("the storage is closed") from None


def _commit(connection: Connection) -> None:
    """Commit without any limit of time, and say so if the outcome is not certain.

    A collision and a deferred constraint are reported before anything is made durable, so they
    are plain failures. A warning means that the wait for a standby was cut short.
    """
    connection.warned = False
    try:
        status = connection.execute(b"COMMIT", prepare=False).statusmessage
    except psycopg.Error as error:
        if not connection.closed:
            meaning = meaning_of(error, connection)
            if error.sqlstate in SERIALIZATION or isinstance(meaning, ConstraintFailed):
                raise meaning from None
        raise OutcomeUnknown("the connection was lost or failed within COMMIT") from None
    except BaseException as error:
        connection.close()
        raise OutcomeUnknown("COMMIT was interrupted") from error
    if connection.warned:
        raise OutcomeUnknown("the server warned that COMMIT may not be durable")
    if status != "COMMIT":
        raise RuntimeError("the transaction had been rolled back before COMMIT")


def _end(connection: Connection) -> None:
    """Leave no transaction open; a connection that cannot even roll back is thrown away."""
    if connection.closed:
        return
    try:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.execute(b"ROLLBACK", prepare=False)
    except psycopg.Error:
        connection.close()


def _require_fit(conninfo: str) -> None:
    """Refuse a server that would forget what it acknowledged or read text otherwise."""
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            for setting, wrong in (("fsync", {"off"}), ("synchronous_commit", {"off"})):
                row = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
                if row is None or row[0] in wrong:
                    raise EngineUnfit(f"PostgreSQL runs with {setting}=off and may lose writes")
            encoding = connection.info.parameter_status("server_encoding")
            if encoding != "UTF8":
                raise EngineUnfit(f"the database is encoded in {encoding}, not in UTF8")
    except psycopg.OperationalError as error:
        raise EngineUnfit(f"PostgreSQL was not reached: {error}") from None


_FACTS: Final = """
SELECT current_setting('server_version') AS server_version,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('synchronous_standby_names') AS standbys,
       current_setting('fsync') AS fsync,
       CASE WHEN to_regclass('migration') IS NULL THEN 0 ELSE 1 END AS migrated
"""


def _server_facts(session: Session) -> dict[str, object]:
    facts = session.row(_FACTS)
    if facts is None:
        raise LookupError("the server did not describe itself")
    applied = None
    if facts["migrated"]:
        applied = session.row("SELECT COUNT(*) AS applied FROM migration")
    return {
        "server_version": facts["server_version"],
        "isolation": "serializable",
        "synchronous_commit": facts["synchronous_commit"],
        "standbys": facts["standbys"],
        "fsync": facts["fsync"],
        "migrations": 0 if applied is None else applied["applied"],
    }
