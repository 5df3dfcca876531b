"""The one thread of a process that writes to the embedded database, in grouped commits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from refund.storage.protocol import (
    ConstraintFailed,
    EngineBusy,
    EngineUnfit,
    OutcomeUnknown,
    Session,
)
from refund.storage.sqlite_connection import SqliteSession, constraint_of, is_busy

if TYPE_CHECKING:
    import sqlite3
else:
    from pysqlite3 import dbapi2 as sqlite3

GROUP_MAX: Final = 64
WAITING_MAX: Final = 512


class Job:
    """A function that waits for the writer, and the place where its caller waits."""

    __slots__ = ("_gate", "answered", "error", "fn", "result")

    def __init__(self, fn: Callable[[Session], Any]) -> None:
        self.fn = fn
        self.result: Any = None
        self.error: BaseException | None = None
        self.answered = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def answer(self) -> None:
        """Let the caller go with the result."""
        self.answered = True
        self._gate.release()

    def fail(self, error: BaseException) -> None:
        """Let the caller go with an error."""
        self.error = error
        self.answer()

    def wait(self) -> Any:
        """Wait without a limit: a COMMIT is never given up."""
        self._gate.acquire()
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None
        return self.result


class Writer:
    """The only thread of this process that writes; it commits together all that wait."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], mark: Callable[[bool], None]
    ) -> None:
        """Start the thread.

        Args:
            connect: opens a connection that may write.
            mark: is told, on the thread, that it is inside transactions for good.
        """
        self._connect = connect
        self._mark = mark
        self._conn: sqlite3.Connection | None = None
        self._waiting: deque[Job] = deque()
        self._wake = threading.Condition(threading.Lock())
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="storage-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job; raises EngineBusy when too many wait."""
        with self._wake:
            if self._closing:
                raise RuntimeError("the storage is closed")
            if len(self._waiting) >= WAITING_MAX:
                raise EngineBusy(f"{WAITING_MAX} writes are waiting already")
            self._waiting.append(job)
            self._wake.notify()

    def close(self) -> None:
        """Commit what waits and end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _work(self) -> None:
        self._mark(True)
        while group := self._next_group():
            try:
                self._commit_group(group)
            except BaseException as error:  # noqa: BLE001 -- no caller may wait for ever
                self._let_go()
                for job in group:
                    if not job.answered:
                        job.fail(error)
        self._let_go()

    def _next_group(self) -> list[Job]:
        """Return all that wait, up to a limit; nothing only when the engine is closing."""
        with self._wake:
            while not self._waiting and not self._closing:
                self._wake.wait()
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_MAX))]

    def _let_go(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            with suppress(sqlite3.Error):  # It is given up because it failed already.
                conn.close()

    def _begin(self) -> sqlite3.Connection:
        try:
            if self._conn is None:
                self._conn = self._connect()
            self._conn.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if is_busy(error):
                raise EngineBusy("another process has been writing for too long") from None
            raise
        return self._conn

    def _commit_group(self, group: list[Job]) -> None:
        """Run all functions one after another and commit once."""
        if len(group) == 1:
            self._commit_alone(group[0])
            return
        conn = self._begin_for(group)
        if conn is None:
            return
        if all(_attempt(conn, job) is None for job in group):
            self._finish_group(conn, group)
            return
        # That is rare, so savepoints, which cost as much as two statements, are set only now.
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        self._commit_apart(group)

    def _commit_apart(self, group: list[Job]) -> None:
        """Run each function in a savepoint and commit once for all that succeeded."""
        conn = self._begin_for(group)
        if conn is None:
            return
        done: list[Job] = []
        for place, job in enumerate(group):
            conn.execute("SAVEPOINT job")
            error = _attempt(conn, job)
            if error is None:
                conn.execute("RELEASE job")
                done.append(job)
                continue
            if not conn.in_transaction:
                # SQLite has rolled back everything, as it does on a full disk: the functions
                # before this one did nothing wrong and are run again, each on its own.
                job.fail(error)
                for other in (*done, *group[place + 1 :]):
                    self._commit_alone(other)
                return
            conn.execute("ROLLBACK TO job")
            conn.execute("RELEASE job")
            job.fail(error)
        self._finish_group(conn, done)

    def _finish_group(self, conn: sqlite3.Connection, done: list[Job]) -> None:
        if not done:
            conn.execute("ROLLBACK")
            return
        error = self._commit(conn)
        if isinstance(error, ConstraintFailed):
            # A deferred constraint of one of them: each on its own finds out whose.
            for job in done:
                self._commit_alone(job)
            return
        for job in done:
            if error is None:
                job.answer()
            else:
                job.fail(OutcomeUnknown(str(error)))

    def _commit_alone(self, job: Job) -> None:
        conn = self._begin_for([job])
        if conn is None:
            return
        error: BaseException | None = _attempt(conn, job)
        if error is None:
            error = self._commit(conn)
        elif conn.in_transaction:
            conn.execute("ROLLBACK")
        if error is None:
            job.answer()
        else:
            job.fail(error)

    def _begin_for(self, group: list[Job]) -> sqlite3.Connection | None:
        """Begin, or tell everyone in the group why not."""
        try:
            return self._begin()
        except (EngineBusy, EngineUnfit, sqlite3.Error) as error:
            self._let_go()
            for job in group:
                job.fail(type(error)(*error.args))
            return None

    def _commit(self, conn: sqlite3.Connection) -> ConstraintFailed | OutcomeUnknown | None:
        """Commit, and say so if the outcome is anything else than certain success.

        A deferred constraint is checked before the first byte is written, so it is a plain
        failure. After any other error the rows may be there all the same.
        """
        try:
            conn.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
                return constraint_of(error)
            self._let_go()
            return OutcomeUnknown("COMMIT failed on a constraint, and the transaction is gone")
        except BaseException as error:  # noqa: BLE001 -- whatever it was, COMMIT had begun
            self._let_go()
            return OutcomeUnknown(f"COMMIT was not confirmed: {error}")
        return None


def _attempt(conn: sqlite3.Connection, job: Job) -> BaseException | None:
    """Run a job's function and return what it raised, or the failure that it kept to itself."""
    session = SqliteSession(conn)
    try:
        job.result = job.fn(session)
    except BaseException as error:  # noqa: BLE001 -- it belongs to the caller, who raises it
        return error
    finally:
        session.open = False
    return session.failure
