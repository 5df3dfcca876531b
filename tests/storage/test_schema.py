"""A database that an earlier version made comes up to date with every row, reference and guard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from refund.core.customs import Decision
from refund.core.form import Status
from refund.core.operation import GuaranteeState, Kind, OperationState
from refund.gateways.sealing import Sealer
from refund.services.audit import INVARIANTS, NETWORK_INVARIANT
from refund.storage.database import Queries
from refund.storage.engine import Conflict, ConstraintFailed, Engine, Session, Value, open_engine
from refund.storage.migrate import digest
from refund.storage.schema import STEPS
from tests.world import BEFORE_ALL

KEPT: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "database_3.json").read_text("utf-8")
)
"""Every row of a database of three steps, with forms in nine states."""

APPLIED = KEPT.pop("migration")
SEALER = Sealer(bytes(32), bytes([1] * 32))
BROUGHT_UP = 1_800_000_000_000_000
"""When the later steps were applied, in microseconds: after all of its rows were written."""

GUARDED = ("entry", "posting", "audit_event", "advance", "agreement", "exit_record")


def value(kept: Any) -> Value:
    """A value as the engine takes and gives it."""
    if isinstance(kept, dict):
        return bytes.fromhex(kept["hex"])
    found: Value = kept
    return found


def rows_of(session: Session, table: str) -> list[dict[str, Value]]:
    """Every row of a table by the columns that it had."""
    columns = list(KEPT[table][0])
    found = session.rows(f"SELECT {', '.join(columns)} FROM {table}")
    return sorted(({name: row[name] for name in columns} for row in found), key=str)


def expected(table: str) -> list[dict[str, Value]]:
    rows = [{name: value(kept) for name, kept in row.items()} for row in KEPT[table]]
    return sorted(rows, key=str)


def run(session: Session, sql: str, values: dict[str, Value]) -> int:
    return session.run(sql, **values)


def told(session: Session, pragma: str) -> list[Any]:
    return list(session.rows(f"PRAGMA {pragma}"))


def fill(session: Session) -> None:
    """Put every kept row where it was."""
    for table, rows in KEPT.items():
        for row in rows:
            names = ", ".join(row)
            places = ", ".join(f":{name}" for name in row)
            values = {name: value(kept) for name, kept in row.items()}
            session.run(f"INSERT INTO {table} ({names}) VALUES ({places})", **values)


@pytest.fixture
def earlier(engine_url: str) -> Iterator[Engine]:
    """Open a database of three steps, with its rows, once on each engine."""
    engine = open_engine(engine_url)
    try:
        engine.migrate(STEPS[:3], 1)
        engine.write(fill)
        yield engine
    finally:
        engine.close()


@pytest.fixture
def migrated(earlier: Engine) -> Engine:
    """Bring it up to date."""
    assert earlier.migrate(STEPS, BROUGHT_UP) == len(STEPS) - 3
    assert earlier.migrate(STEPS, BROUGHT_UP + 1) == 0
    return earlier


def test_steps_that_databases_have_applied_read_as_they_did() -> None:
    assert [digest(step) for step in STEPS[:3]] == [row["digest"] for row in APPLIED]


def test_every_row_of_an_earlier_database_is_kept(migrated: Engine) -> None:
    for table in KEPT:
        assert migrated.read(partial(rows_of, table=table)) == expected(table), table


def test_nothing_of_the_change_is_left_behind(migrated: Engine) -> None:
    def tables(session: Session) -> list[Value]:
        sqlite = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        postgres = (
            "SELECT relname AS name FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = current_schema()::regnamespace"
        )
        rows = session.rows(sqlite if session.engine == "sqlite" else postgres)
        return [row["name"] for row in rows]

    assert not [name for name in migrated.read(tables) if str(name).endswith("_kept")]


def test_an_earlier_database_says_the_same_of_its_forms(migrated: Engine) -> None:
    def ask(session: Session) -> None:
        tx = Queries(session, SEALER)
        statuses = {row["form_id"]: Status(row["status"]) for row in KEPT["form"]}
        assert len(set(statuses.values())) == 8
        for form_id, status in statuses.items():
            form = tx.form(form_id)
            assert form is not None
            assert (form.status, form.replaces) == (status, "")
        captured = next(f for f, status in statuses.items() if status is Status.CAPTURED)
        capture = tx.operations_of(captured)[-1]
        assert (capture.kind, capture.state) == (Kind.CAPTURE, OperationState.SUCCEEDED)
        assert (capture.part_fen, capture.joint_reference, capture.joint_fen) == (0, "", 0)
        (guarantee,) = tx.guarantees_of(captured)
        assert guarantee.state is GuaranteeState.CAPTURED
        assert (guarantee.network_reference, guarantee.is_shared) == (guarantee.reference, False)
        kinds = {entry.kind for entry, _, _ in tx.entries_of(captured)}
        assert kinds == {"hold", "advance", "capture"}
        released = next(f for f, status in statuses.items() if status is Status.RELEASED)
        verification = tx.verification_of(released)
        assert verification is not None
        assert (verification.decision, verification.sequence) == (Decision.CONFIRMED, 1)
        assert (verification.confirmed, tx.returns_of(released)) == (None, [])

    migrated.read(ask)


def test_the_books_of_an_earlier_database_agree(migrated: Engine) -> None:
    def audit(session: Session) -> dict[str, list[dict[str, object]]]:
        tx = Queries(session, SEALER)
        names = [name for name in INVARIANTS if name != NETWORK_INVARIANT]
        return {name: tx.offending(name, BEFORE_ALL) for name in names}

    assert {name: rows for name, rows in migrated.read(audit).items() if rows} == {}


def test_every_reference_holds_and_is_still_watched(migrated: Engine) -> None:
    if migrated.read(lambda s: s.engine) == "sqlite":
        for check, fine in (("foreign_key_check", []), ("integrity_check", ["ok"])):
            found = migrated.read(partial(told, pragma=check))
            assert [row[check] for row in found] == fine
    operation, entry = KEPT["operation"][0], KEPT["entry"][0]
    strange = (
        ("posting", {"entry_key": "none", "position": 0, "account": "fee", "side": "debit"}),
        ("advance", {"form_id": operation["form_id"], "reference": "none", "method": "card"}),
        ("operation", {**operation, "reference": "r", "idempotency_key": "k", "form_id": "none"}),
        ("entry", {**entry, "entry_key": "k", "form_id": "none"}),
        ("entry", {**entry, "entry_key": "k", "reverses": "none", "kind": "reversal"}),
    )
    more: dict[str, dict[str, Value]] = {
        "posting": {"amount_fen": 1},
        "advance": {"amount_fen": 1, "label": "", "advanced_at": "2025"},
        "operation": {"attempt": 9, "state": "refused"},
        "entry": {"reason": "because"},
    }
    for table, row in strange:
        values = {**row, **more[table]}
        names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        sql = f"INSERT INTO {table} ({names}) VALUES ({places})"
        with pytest.raises(ConstraintFailed):
            migrated.write(partial(run, sql=sql, values=values))


def test_what_was_posted_still_stays(migrated: Engine) -> None:
    for table in GUARDED:
        column = next(iter(KEPT[table][0]))
        for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(Exception, match=f"{table} is append-only"):
                migrated.write(partial(run, sql=change, values={}))


def test_a_second_live_advance_and_a_second_pending_operation_are_still_refused(
    migrated: Engine,
) -> None:
    paid = next(
        row for row in KEPT["operation"] if row["reference"] == KEPT["advance"][0]["reference"]
    )
    waiting = next(row for row in KEPT["operation"] if row["state"] == "pending")
    for row, change in ((paid, {}), (waiting, {"kind": "refund"})):
        again = {**row, **change, "reference": "again", "idempotency_key": "again", "attempt": 2}
        names, places = ", ".join(again), ", ".join(f":{name}" for name in again)
        sql = f"INSERT INTO operation ({names}) VALUES ({places})"
        with pytest.raises(Conflict):
            migrated.write(partial(run, sql=sql, values=again))
