"""The contract that both engines keep: transactions, constraints, values, migrations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import pytest

from refund.storage.engine import (
    Conflict,
    ConstraintFailed,
    Engine,
    Row,
    SchemaMismatch,
    Session,
    Step,
    Value,
    open_engine,
)
from tests.storage.conftest import StartWorker
from tests.storage.worker import STEPS, increment

INSERT = "INSERT INTO claim (form_id, who) VALUES (:form_id, :who)"
BYTES = {"sqlite": "BLOB", "postgresql": "BYTEA"}
COUNT = "SELECT COUNT(*) AS found FROM claim"


class Stop(Exception):
    """What a write function raises to change its mind."""


def claims(session: Session) -> Value:
    row = session.row(COUNT)
    assert row is not None
    return row["found"]


def counter(session: Session) -> Value:
    row = session.row("SELECT value FROM counter WHERE id = 1")
    assert row is not None
    return row["value"]


def test_a_write_is_read_by_everyone_after_it_returned(engine: Engine) -> None:
    assert engine.write(lambda s: s.run(INSERT, form_id="a", who="x")) == 1
    row = engine.read(lambda s: s.row("SELECT * FROM claim WHERE form_id = :id", id="a"))
    assert row is not None
    assert (row["who"], list(row.keys())) == ("x", ["form_id", "who"])


def test_a_write_that_raises_leaves_no_row(engine: Engine) -> None:
    def change_its_mind(session: Session) -> None:
        session.run(INSERT, form_id="a", who="x")
        raise Stop

    with pytest.raises(Stop):
        engine.write(change_its_mind)
    assert engine.read(claims) == 0


def test_a_write_that_asks_to_exit_leaves_no_row_and_the_engine_alive(engine: Engine) -> None:
    def leave(session: Session) -> None:
        session.run(INSERT, form_id="a", who="x")
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        engine.write(leave)
    assert engine.read(claims) == 0
    assert engine.write(increment) == 1


def test_a_swallowed_failure_still_fails_the_write(engine: Engine) -> None:
    engine.write(lambda s: s.run(INSERT, form_id="a", who="x"))

    def swallow(session: Session) -> str:
        session.run("UPDATE counter SET value = 99 WHERE id = 1")
        with pytest.raises(Conflict):
            session.run(INSERT, form_id="a", who="y")
        return "as if nothing had happened"

    with pytest.raises(Conflict):
        engine.write(swallow)
    assert engine.read(counter) == 0


def test_no_statement_follows_one_that_failed(engine: Engine) -> None:
    def go_on(session: Session) -> None:
        with pytest.raises(ConstraintFailed):
            session.run("INSERT INTO counter (id, value) VALUES (1, 1)")
        session.run("UPDATE counter SET value = 99 WHERE id = 1")

    with pytest.raises(RuntimeError, match="follows one that failed"):
        engine.write(go_on)


def test_a_read_sees_one_moment_however_long_it_takes(engine: Engine) -> None:
    def look_twice(session: Session) -> tuple[Value, Value]:
        before = counter(session)
        with ThreadPoolExecutor(1) as another:
            assert another.submit(engine.write, increment).result() == 1
        return before, counter(session)

    assert engine.read(look_twice) == (0, 0)
    assert engine.read(counter) == 1


def test_a_read_cannot_write(engine: Engine) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only"):
        engine.read(lambda s: s.run(INSERT, form_id="a", who="x"))
    assert engine.read(claims) == 0


@pytest.mark.parametrize("outer", ["read", "write"])
@pytest.mark.parametrize("inner", ["read", "write"])
def test_a_transaction_inside_another_is_a_defect(engine: Engine, outer: str, inner: str) -> None:
    with pytest.raises(RuntimeError, match="inside another"):
        getattr(engine, outer)(lambda _: getattr(engine, inner)(counter))
    assert engine.write(increment) == 1


def test_a_session_is_useless_after_its_transaction(engine: Engine) -> None:
    kept: list[Session] = []
    engine.write(kept.append)
    engine.read(kept.append)
    for session in kept:
        with pytest.raises(RuntimeError, match="after its transaction"):
            session.run("UPDATE counter SET value = 99 WHERE id = 1")


def test_run_returns_how_many_rows_it_touched(engine: Engine) -> None:
    def several(session: Session) -> list[int]:
        return [
            *(session.run(INSERT, form_id=name, who="x") for name in "abc"),
            session.run("UPDATE claim SET who = :who WHERE form_id > :least", who="y", least="a"),
            session.run("UPDATE claim SET who = 'z' WHERE form_id = :none", none="none"),
            session.run("DELETE FROM claim WHERE who = :who RETURNING form_id", who="y"),
        ]

    assert engine.write(several) == [1, 1, 1, 2, 0, 2]


def test_row_refuses_an_answer_of_two_rows(engine: Engine) -> None:
    def ask_for_one(session: Session) -> Row | None:
        session.run(INSERT, form_id="a", who="x")
        session.run(INSERT, form_id="b", who="x")
        return session.row("SELECT form_id FROM claim")

    with pytest.raises(LookupError):
        engine.write(ask_for_one)
    assert engine.read(claims) == 0


def test_an_update_gives_back_the_row_it_changed(engine: Engine) -> None:
    row = engine.write(
        lambda s: s.row("UPDATE counter SET value = value + :by WHERE id = 1 RETURNING value", by=7)
    )
    assert row is not None
    assert row["value"] == 7


OWNERS = ["", "爱马仕 %(x)s :y 'z' \\", "a" * 5000]
AMOUNTS = [-(2**63), -1, 1, 2**31, 2**63 - 1]
NOTES = [None, b"", b"\x00\xff%:x\x00"]


def test_values_come_back_as_they_were(engine: Engine) -> None:
    def keep(session: Session) -> list[Row]:
        kept = []
        for number, (owner, fen, note) in enumerate(product(OWNERS, AMOUNTS, NOTES)):
            session.run("DELETE FROM counter")
            session.run("DELETE FROM claim")
            session.run(INSERT, form_id=f"{number}", who=owner)
            session.run("INSERT INTO counter (id, value) VALUES (1, :fen)", fen=fen)
            kept += session.rows(
                "SELECT who, value, CAST(:note AS {bytes}) AS note FROM claim, counter"
                " WHERE who = :owner AND value = :fen".replace("{bytes}", BYTES[session.engine]),
                owner=owner,
                fen=fen,
                note=note,
            )
        return kept

    values = [(row["who"], row["value"], row["note"]) for row in engine.write(keep)]
    assert values == list(product(OWNERS, AMOUNTS, NOTES))
    assert {type(note) for _, _, note in values} == {type(None), bytes}


def test_sums_counts_and_truths_are_ints(engine: Engine) -> None:
    row = engine.read(
        lambda s: s.row(
            "SELECT SUM(value) AS total, COUNT(*) AS found, value = :zero AS truth FROM counter"
            " GROUP BY value",
            zero=0,
        )
    )
    assert row is not None
    values = [row["total"], row["found"], row["truth"]]
    assert values == [0, 1, 1]
    assert all(type(value) is int for value in values)


def test_a_number_of_more_than_64_bits_is_refused(engine: Engine) -> None:
    with pytest.raises(OverflowError):
        engine.write(lambda s: s.run("UPDATE counter SET value = :value", value=2**63))
    assert engine.read(counter) == 0


def test_text_sorts_by_its_bytes(engine: Engine) -> None:
    names = ["b", "a", "B", "é", "_", "中", "A", "1"]

    def keep(session: Session) -> list[Value]:
        for name in names:
            session.run(INSERT, form_id=name, who="x")
        return [row["form_id"] for row in session.rows("SELECT form_id FROM claim ORDER BY 1")]

    assert engine.write(keep) == sorted(names, key=str.encode)


POSTING = "INSERT INTO posting (id, account_id, amount_fen) VALUES (:id, :account, :fen)"


@pytest.mark.parametrize(
    ("kind", "sql", "values"),
    [
        ("unique", "INSERT INTO counter (id, value) VALUES (1, 1)", {}),
        ("not_null", "INSERT INTO counter (id, value) VALUES (2, :value)", {"value": None}),
        ("type", "INSERT INTO counter (id, value) VALUES (2, :value)", {"value": "much"}),
        ("check", POSTING, {"id": 1, "account": 1, "fen": 0}),
        ("foreign_key", POSTING, {"id": 1, "account": 404, "fen": 1}),
    ],
)
def test_a_constraint_that_fails_is_named_alike(
    engine: Engine, kind: str, sql: str, values: dict[str, Value]
) -> None:
    engine.write(lambda s: s.run("INSERT INTO account (id, owner) VALUES (1, 'store')"))
    with pytest.raises(ConstraintFailed) as caught:
        engine.write(lambda s: s.run(sql, **values))
    assert caught.value.kind == kind
    assert isinstance(caught.value, Conflict) == (kind == "unique")
    assert engine.read(lambda s: len(s.rows("SELECT id FROM posting"))) == 0
    assert engine.read(lambda s: len(s.rows("SELECT id FROM counter"))) == 1


def test_a_conflict_names_the_table_and_no_value(engine: Engine) -> None:
    engine.write(lambda s: s.run(INSERT, form_id="E12345678", who="x"))
    with pytest.raises(Conflict) as caught:
        engine.write(lambda s: s.run(INSERT, form_id="E12345678", who="x"))
    assert caught.value.table == "claim"
    assert "E12345678" not in str(caught.value)


def test_a_trigger_speaks_in_its_own_words(engine: Engine) -> None:
    def post(session: Session) -> None:
        session.run("INSERT INTO account (id, owner) VALUES (1, 'store')")
        session.run(POSTING, id=1, account=1, fen=5)

    engine.write(post)
    with pytest.raises(ConstraintFailed) as caught:
        engine.write(lambda s: s.run("DELETE FROM posting WHERE id = 1"))
    assert (caught.value.kind, caught.value.reason) == ("trigger", "posting is append-only")


def test_steps_are_applied_once(engine: Engine) -> None:
    assert engine.migrate(STEPS, 2) == 0
    rows = engine.read(lambda s: s.rows("SELECT * FROM migration ORDER BY number"))
    assert [(row["number"], row["name"], row["applied_at"]) for row in rows] == [
        (step.number, step.name, 1) for step in STEPS
    ]
    assert engine.facts()["migrations"] == len(STEPS)


def test_a_new_step_is_added_to_an_old_database(engine: Engine) -> None:
    third = Step(3, "more", ("CREATE TABLE more (id {integer} PRIMARY KEY){strict}",))
    assert engine.migrate((*STEPS, third), 2) == 1
    assert engine.read(lambda s: s.rows("SELECT id FROM more")) == []


def test_a_step_that_fails_leaves_the_database_as_it_was(engine: Engine) -> None:
    third = Step(3, "more", ("CREATE TABLE more (id {integer} PRIMARY KEY){strict}",))
    wrong = Step(4, "wrong", ("CREATE TABLE more (id {integer} PRIMARY KEY){strict}",))
    with pytest.raises(Exception, match="already exists"):
        engine.migrate((*STEPS, third, wrong), 2)
    assert engine.facts()["migrations"] == len(STEPS)
    assert engine.migrate((*STEPS, third), 2) == 1


def test_an_edited_step_is_refused(engine: Engine) -> None:
    edited = replace(STEPS[1], sql=(*STEPS[1].sql, "INSERT INTO counter VALUES (2, 0)"))
    with pytest.raises(SchemaMismatch, match="another text"):
        engine.migrate((STEPS[0], edited), 2)


def test_a_database_newer_than_the_program_is_refused(engine: Engine) -> None:
    with pytest.raises(SchemaMismatch, match="this program knows 1"):
        engine.migrate(STEPS[:1], 2)


def test_steps_with_a_gap_are_a_defect(engine: Engine) -> None:
    with pytest.raises(ValueError, match="without a gap"):
        engine.migrate((STEPS[1],), 2)


def test_an_unknown_placeholder_is_a_defect(engine: Engine) -> None:
    with pytest.raises(ValueError, match="unknown placeholder"):
        engine.migrate((*STEPS, Step(3, "json", ("CREATE TABLE x (y {json})",))), 2)


def test_a_closed_engine_refuses_work(engine: Engine) -> None:
    engine.close()
    engine.close()
    for way in (engine.read, engine.write):
        with pytest.raises(RuntimeError, match="closed"):
            way(counter)


def test_what_was_written_is_there_after_reopening(engine: Engine, engine_url: str) -> None:
    engine.write(increment)
    engine.close()
    again = open_engine(engine_url)
    try:
        assert again.read(counter) == 1
    finally:
        again.close()


def test_an_engine_opened_before_a_fork_is_refused_after_it(
    engine: Engine, engine_url: str, start_worker: StartWorker
) -> None:
    worker = start_worker("fork", engine_url)
    worker.start()
    assert worker.answer() == ["the child was refused", "the parent goes on"]
    assert engine.read(counter) == 1


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", "mysql://x/y", "sqlite://host/x"])
def test_an_unknown_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="database is named"):
        open_engine(url)
