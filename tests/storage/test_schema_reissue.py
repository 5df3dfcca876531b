"""A database with statements comes to the step that keeps those that others replaced."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from refund.storage.engine import Conflict, ConstraintFailed, Engine, Session, Value, open_engine
from refund.storage.schema import STEPS
from refund.storage.schema_match import LINES_PER_STATEMENT
from refund.storage.schema_reissue import REISSUE

BEFORE = STEPS[: REISSUE.number - 1]
AT = "2025-07-09T01:00:00.000000Z"
STATES = ("complete", "broken", "loading")


def statement(number: int, day: str, state: str) -> dict[str, Value]:
    """A row as it was before the step."""
    sums = ("payouts_fen", "returned_fen", "captures_fen", "fees_fen", "agreed_fees_fen")
    return {
        "statement_number": number,
        "day": day,
        "state": state,
        "source": "network",
        "file_name": "",
        "began_at": AT,
        "imported_by": "worker",
        "opening_fen": 5,
        "closing_fen": 5,
        "line_count": 1,
        **dict.fromkeys(sums, 0),
        "amount_fen": 7,
        "digest": "d" if state == "complete" else "",
        "completed_at": AT if state == "complete" else None,
        "matched_at": None,
    }


def line(number: int) -> dict[str, Value]:
    return {
        "line_id": number * LINES_PER_STATEMENT + 1,
        "network_id": f"id_{number}",
        "reference": f"r{number}",
        "kind": "hold",
        "state": "held",
        "amount_fen": 7,
        "currency": "CNY",
        "fee_fen": 0,
        "booked_at": AT,
        "hold_reference": "",
    }


STATEMENTS = [statement(n, f"2025-07-0{n}", state) for n, state in enumerate(STATES, 1)]
LINES = [line(n) for n in range(1, 4)]


def insert(session: Session, table: str, row: dict[str, Value]) -> None:
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    session.run(f"INSERT INTO {table} ({names}) VALUES ({places})", **row)


def fill(session: Session) -> None:
    for row in STATEMENTS:
        insert(session, "statement", row)
    for row in LINES:
        insert(session, "statement_line", row)


def change(session: Session, sql: str) -> int:
    return session.run(sql)


def kept(session: Session, table: str, like: dict[str, Value]) -> list[dict[str, Value]]:
    rows = session.rows(f"SELECT * FROM {table} ORDER BY 1")
    return [{name: row[name] for name in like} for row in rows]


@pytest.fixture
def migrated(engine_url: str) -> Iterator[Engine]:
    """Bring a database with statements up to date, once on each engine."""
    engine = open_engine(engine_url)
    try:
        engine.migrate(BEFORE, 1)
        engine.write(fill)
        assert engine.migrate(STEPS, 2) == len(STEPS) - len(BEFORE)
        yield engine
    finally:
        engine.close()


def test_every_statement_and_line_is_kept_and_none_is_superseded(migrated: Engine) -> None:
    found = migrated.read(partial(kept, table="statement", like=STATEMENTS[0]))
    assert found == STATEMENTS
    assert migrated.read(partial(kept, table="statement_line", like=LINES[0])) == LINES
    new: dict[str, Value] = {"superseded_at": None, "superseded_by": "", "case_id": ""}
    assert migrated.read(partial(kept, table="statement", like=new)) == [new] * 3


def test_what_counts_and_what_counted_is_guarded_as_before(migrated: Engine) -> None:
    superseded = (
        "UPDATE statement SET state = 'superseded', superseded_at = completed_at,"
        " superseded_by = 'operator:o', case_id = 'c' WHERE statement_number = 1"
    )
    for sql in (
        "UPDATE statement SET closing_fen = 6, captures_fen = 1 WHERE statement_number = 1",
        "UPDATE statement SET state = 'broken', completed_at = NULL WHERE statement_number = 1",
        "DELETE FROM statement WHERE statement_number = 1",
        f"DELETE FROM statement_line WHERE line_id < {2 * LINES_PER_STATEMENT}",
        "UPDATE statement_line SET amount_fen = 8",
    ):
        with pytest.raises(ConstraintFailed):
            migrated.write(partial(change, sql=sql))
    assert migrated.write(partial(change, sql=superseded)) == 1
    for sql in (
        "UPDATE statement SET state = 'complete', superseded_at = NULL WHERE statement_number = 1",
        "UPDATE statement SET superseded_by = 'x' WHERE statement_number = 1",
        "DELETE FROM statement WHERE statement_number = 1",
        f"DELETE FROM statement_line WHERE line_id < {2 * LINES_PER_STATEMENT}",
    ):
        with pytest.raises(ConstraintFailed):
            migrated.write(partial(change, sql=sql))
    broken = f"DELETE FROM statement_line WHERE line_id > {2 * LINES_PER_STATEMENT}"
    assert migrated.write(partial(change, sql=broken)) == 2


def test_a_day_has_one_statement_that_counts_and_one_that_is_offered(migrated: Engine) -> None:
    for number, state in ((7, "complete"), (8, "offered")):
        row = statement(number, "2025-07-01", "complete") | {"state": state}
        if state == "offered":
            migrated.write(partial(insert, table="statement", row=row))
            row |= {"statement_number": number + 1}
        with pytest.raises(Conflict):
            migrated.write(partial(insert, table="statement", row=row))
    wrong = statement(9, "2025-07-05", "complete")
    changes: tuple[dict[str, Value], ...] = (
        {"state": "offered", "completed_at": None},
        {"state": "superseded"},
        {"state": "superseded", "superseded_at": AT},
        {"state": "complete", "superseded_at": AT},
        {"state": "other"},
        {"state": "offered", "closing_fen": 6},
    )
    for more in changes:
        row = {**wrong, **more}
        with pytest.raises(ConstraintFailed):
            migrated.write(partial(insert, table="statement", row=row))
