"""The audit finds each broken invariant, with the row that breaks it, on both engines."""

from __future__ import annotations

import psycopg
import pysqlite3
import pytest

from refund.services.audit import INVARIANTS, audit
from refund.simulation.engine.network import Fault
from refund.storage.checks import CHECKS
from tests import make
from tests.services.steps import agreed, card, claimed, departs, on, settled, verified
from tests.services.tamper import behind_the_back, broken, without_guard
from tests.world import World, assert_audit_holds


def an_entry(key: str, kind: str, reverses: str = "NULL", reason: str = "") -> str:
    return (
        "INSERT INTO entry (entry_key, kind, form_id, store_number, posted_at, actor, reverses,"
        f" reason) SELECT '{key}', '{kind}', form_id, 1, issued_at, 'nobody', {reverses},"
        f" '{reason}' FROM form"
    )


def a_posting(key: str, position: int, account: str, side: str) -> str:
    return f"INSERT INTO posting VALUES ('{key}', {position}, '{account}', '{side}', 100)"


def test_everything_promised_is_checked(world: World) -> None:
    assert list(INVARIANTS) == [
        *("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I13"),
        *("I14", "I15", "I16", "I17", "I18", "I19"),
    ]
    assert set(CHECKS) == set(INVARIANTS) - {"I2", "I3", "I5", "I16", "I17"}
    form = verified(world)
    departs(world, on(20))
    settled(world, form)
    findings = audit(world.ports)
    assert [found.invariant for found in findings] == list(INVARIANTS)
    assert all(found.holds and not found.rows for found in findings)


def test_what_is_written_stays_written(world: World) -> None:
    claimed(world)
    errors = (pysqlite3.DatabaseError, psycopg.DatabaseError)
    for table in ("entry", "posting", "audit_event", "advance", "agreement"):
        for change in (f"UPDATE {table} SET {KEYS[table]} = '1'", f"DELETE FROM {table}"):
            with pytest.raises(errors, match="append-only"):
                behind_the_back(world, change)


KEYS = {
    "entry": "entry_key",
    "posting": "account",
    "audit_event": "actor",
    "advance": "label",
    "agreement": "language",
}


def test_an_entry_that_does_not_sum_to_zero_is_found(broken_world: World) -> None:
    form = claimed(broken_world)
    key = f"{form.form_id}-advance-1"
    without_guard(
        broken_world,
        "posting",
        f"UPDATE posting SET amount_fen = amount_fen + 1 WHERE entry_key = '{key}'"
        " AND position = 0",
    )
    found = broken(broken_world)
    assert found["I1"].rows == ({"entry_key": key, "off_by_fen": 1},)
    assert [row["account"] for row in found["I3"].rows] == ["advance"]
    assert [row["wrong"] for row in found["I2"].rows] == ["missing"]
    assert [row["reference"] for row in found["I6"].rows] == [key]


def test_an_entry_without_postings_is_found(broken_world: World) -> None:
    claimed(broken_world)
    behind_the_back(broken_world, an_entry("made-up", "release"))
    assert broken(broken_world)["I1"].rows == ({"entry_key": "made-up", "wrong": "no postings"},)


def test_a_missing_guard_is_found_by_name(broken_world: World) -> None:
    without_guard(broken_world, "audit_event", "DELETE FROM throttle")
    (row,) = broken(broken_world)["I2"].rows
    assert str(row["trigger"]).startswith("audit_event_")


def test_a_guard_that_is_switched_off_is_found_by_name(broken_world: World) -> None:
    if broken_world.url.startswith("sqlite"):
        behind_the_back(broken_world, "DROP TRIGGER entry_no_delete")
    else:
        behind_the_back(broken_world, "ALTER TABLE entry DISABLE TRIGGER USER")
    assert "I2" in broken(broken_world)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE balance SET debit_fen = debit_fen + 5 WHERE account = 'advance'",
        "DELETE FROM balance WHERE account = 'advance'",
        "INSERT INTO balance VALUES ('advance', 99, 5, 0)",
    ],
)
def test_a_balance_that_is_not_the_sum_of_its_postings_is_found(
    broken_world: World, change: str
) -> None:
    claimed(broken_world)
    behind_the_back(broken_world, change)
    found = broken(broken_world)
    assert set(found) == {"I3"}
    assert [row["account"] for row in found["I3"].rows] == ["advance"]


def test_an_amount_that_is_none_is_found(broken_world: World) -> None:
    form = claimed(broken_world)
    if not broken_world.url.startswith("sqlite"):
        behind_the_back(
            broken_world, "ALTER TABLE posting DROP CONSTRAINT posting_amount_fen_check"
        )
    key = f"{form.form_id}-hold-1"
    without_guard(
        broken_world, "posting", f"UPDATE posting SET amount_fen = 0 WHERE entry_key = '{key}'"
    )
    rows = broken(broken_world)["I4"].rows
    assert [(row["entry_key"], row["amount_fen"]) for row in rows] == [(key, 0), (key, 0)]


def test_a_payout_that_we_never_asked_for_is_found(broken_world: World) -> None:
    form = agreed(broken_world)
    entry = card(broken_world, form)
    claimed(broken_world, form)
    broken_world.book.advance("not-ours", entry.card_token, "card", 77)
    found = broken(broken_world)
    assert set(found) == {"I5"}
    assert found["I5"].rows == (
        {
            "our_account_fen": -make.NET_FEN,
            "network_book_fen": -make.NET_FEN - 77,
            "in_flight_fen": 0,
            "fees_not_posted_fen": 0,
        },
    )


def test_without_the_network_the_comparison_is_open_and_says_why(world: World) -> None:
    claimed(world)
    world.network.unplugged = True
    (silent,) = broken(world).values()
    assert (silent.invariant, silent.holds) == ("I5", None)
    assert silent.why == "the network did not answer"
    left_out = [found for found in audit(world.ports, with_network=False) if found.holds is None]
    assert [found.why for found in left_out] == ["left out on request"]


def test_an_answer_without_its_entry_is_found(broken_world: World) -> None:
    form = agreed(broken_world)
    broken_world.network.faults.append(Fault.LOST)
    claimed(broken_world, form)
    behind_the_back(broken_world, "UPDATE operation SET state = 'succeeded'")
    (row,) = broken(broken_world)["I6"].rows
    assert row["reference"] == f"{form.form_id}-hold-1"


def test_an_entry_without_its_operation_is_found(broken_world: World) -> None:
    claimed(broken_world)
    behind_the_back(
        broken_world,
        an_entry("made-up", "advance"),
        a_posting("made-up", 0, "advance", "debit"),
        a_posting("made-up", 1, "network", "credit"),
    )
    found = broken(broken_world)
    assert [row["entry_key"] for row in found["I6"].rows] == ["made-up"]
    assert set(found) == {"I3", "I6", "I8"}, "the balances were not told either"


def test_an_advance_of_another_amount_than_posted_is_found(broken_world: World) -> None:
    form = claimed(broken_world)
    without_guard(broken_world, "advance", "UPDATE advance SET amount_fen = amount_fen + 1")
    (row,) = broken(broken_world)["I6"].rows
    assert row["form_id"] == form.form_id


def test_a_reversal_of_nothing_and_one_that_is_no_mirror_are_found(broken_world: World) -> None:
    form = claimed(broken_world)
    hold = f"{form.form_id}-hold-1"
    behind_the_back(
        broken_world,
        an_entry("of-nothing", "reversal"),
        a_posting("of-nothing", 0, "advance", "debit"),
        a_posting("of-nothing", 1, "network", "credit"),
        an_entry("no-mirror", "reversal", f"'{hold}'", "because"),
        a_posting("no-mirror", 0, "guarantee_given", "debit"),
        a_posting("no-mirror", 1, "guarantee_held", "credit"),
    )
    found = broken(broken_world)["I7"].rows
    assert {row["entry_key"] for row in found} == {"of-nothing", "no-mirror"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE form SET status = 'verified'",
        "UPDATE form SET version = version + 1",
        "UPDATE form SET status = 'held', version = version - 1",
    ],
)
def test_a_state_that_its_history_does_not_lead_to_is_found(
    broken_world: World, change: str
) -> None:
    form = claimed(broken_world)
    behind_the_back(broken_world, change)
    found = broken(broken_world)
    assert set(found) == {"I17"}
    assert {row["form_id"] for row in found["I17"].rows} == {form.form_id}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_event SET kind = 'withdraw' WHERE version = 2",
        "UPDATE audit_event SET version = 9 WHERE version = 2",
        "UPDATE audit_event SET from_status = 'held' WHERE version = 1",
        "UPDATE audit_event SET version = NULL WHERE version = 3",
    ],
)
def test_a_history_that_was_changed_is_found(broken_world: World, change: str) -> None:
    form = claimed(broken_world)
    without_guard(broken_world, "audit_event", change)
    found = broken(broken_world)
    assert set(found) == {"I2", "I17"}
    assert {row["form_id"] for row in found["I17"].rows} == {form.form_id}


def test_the_audit_of_an_empty_house_holds(world: World) -> None:
    assert_audit_holds(world.ports)
