"""A file of one thread that is thrown away: every promise but that of the disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from refund.storage.engine import IN_MEMORY, open_engine
from refund.storage.protocol import Conflict, ConstraintFailed, EngineUnfit, Session, Step
from refund.storage.sqlite import SqliteEngine
from refund.storage.sqlite_fleeting import FleetingEngine

STEPS = (
    Step(
        1,
        "a parent and its children",
        (
            "CREATE TABLE parent (name {text} NOT NULL PRIMARY KEY){strict}",
            """CREATE TABLE child (name {text} NOT NULL PRIMARY KEY, parent {text} NOT NULL
            REFERENCES parent (name) DEFERRABLE INITIALLY DEFERRED){strict}""",
        ),
    ),
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FleetingEngine]:
    opened = FleetingEngine(str(tmp_path / "fleeting.db"))
    opened.migrate(STEPS, 0)
    yield opened
    opened.close()


def _add(session: Session, name: str = "a") -> None:
    session.run("INSERT INTO parent (name) VALUES (:name)", name=name)


def _count(session: Session) -> int:
    row = session.row("SELECT COUNT(*) AS found FROM parent")
    assert row is not None
    found = row["found"]
    assert isinstance(found, int)
    return found


def test_what_was_written_is_read(engine: FleetingEngine) -> None:
    engine.write(_add)
    assert engine.read(_count) == 1


def test_nothing_is_kept_of_what_fails(engine: FleetingEngine) -> None:
    def fails(session: Session) -> None:
        _add(session)
        raise LookupError

    with pytest.raises(LookupError):
        engine.write(fails)
    assert engine.read(_count) == 0
    engine.write(_add)
    with pytest.raises(Conflict):
        engine.write(_add)
    assert engine.read(_count) == 1


def test_a_statement_that_failed_ends_its_transaction(engine: FleetingEngine) -> None:
    def goes_on(session: Session) -> None:
        _add(session)
        with pytest.raises(Conflict):
            _add(session)

    with pytest.raises(Conflict):
        engine.write(goes_on)
    assert engine.read(_count) == 0


def test_a_constraint_that_is_looked_at_last_holds(engine: FleetingEngine) -> None:
    def orphan(session: Session) -> None:
        session.run("INSERT INTO child (name, parent) VALUES ('c', 'nobody')")

    with pytest.raises(ConstraintFailed):
        engine.write(orphan)
    engine.write(_add)
    assert engine.read(_count) == 1


def test_a_function_that_is_to_read_does_not_write(engine: FleetingEngine) -> None:
    with pytest.raises(RuntimeError, match="was to read"):
        engine.read(_add)


def test_no_transaction_begins_inside_another(engine: FleetingEngine) -> None:
    with pytest.raises(RuntimeError, match="inside another"):
        engine.write(lambda _: engine.read(_count))
    with pytest.raises(RuntimeError, match="inside another"):
        engine.read(lambda _: engine.write(_add))
    assert engine.read(_count) == 0


def test_a_session_is_of_no_use_after_its_transaction(engine: FleetingEngine) -> None:
    kept: list[Session] = []
    engine.read(kept.append)
    with pytest.raises(RuntimeError, match="after its transaction"):
        kept[0].row("SELECT 1 AS one")


def test_it_is_one_threads_alone(engine: FleetingEngine) -> None:
    said: list[str] = []

    def elsewhere() -> None:
        with pytest.raises(Exception, match="thread") as caught:
            engine.read(_count)
        said.append(type(caught.value).__name__)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert said == ["ProgrammingError"]


def test_nobody_else_looks_into_the_file_meanwhile(engine: FleetingEngine, tmp_path: Path) -> None:
    engine.write(_add)
    with pytest.raises(EngineUnfit, match="locked"):
        FleetingEngine(str(tmp_path / "fleeting.db")).read(_count)


def test_the_file_is_one_for_every_engine_afterwards(tmp_path: Path) -> None:
    path = str(tmp_path / "fleeting.db")
    fleeting = FleetingEngine(path)
    fleeting.migrate(STEPS, 0)
    fleeting.write(_add)
    assert fleeting.facts()["synchronous"] == "OFF"
    fleeting.close()
    lasting = SqliteEngine(path)
    assert lasting.read(_count) == 1
    facts = lasting.facts()
    lasting.close()
    assert (facts["journal_mode"], facts["synchronous"]) == ("wal", "FULL")
    again = FleetingEngine(path)
    again.write(lambda session: _add(session, "b"))
    assert again.read(_count) == 2
    again.close()


def test_without_a_file_it_keeps_the_same_promises_and_leaves_nothing() -> None:
    with pytest.raises(ValueError, match="a SQLite database is named"):
        open_engine(IN_MEMORY)
    engine = open_engine(IN_MEMORY, fleeting=True)
    engine.migrate(STEPS, 0)
    engine.write(_add)
    with pytest.raises(Conflict):
        engine.write(_add)
    assert engine.read(_count) == 1
    engine.close()
    again = open_engine(IN_MEMORY, fleeting=True)
    assert again.facts()["migrations"] == 0
    again.close()
