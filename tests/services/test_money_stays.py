"""No UPDATE and no DELETE of money: the database itself refuses each, on both engines."""

from __future__ import annotations

import psycopg
import pysqlite3
import pytest

from refund.storage.checks import triggers
from tests.services import till_steps
from tests.services.engine_steps import bags, confirmed
from tests.services.hold_steps import claimed_in_2026
from tests.services.steps import claimed, departs, on, settled, verified
from tests.services.tamper import behind_the_back
from tests.world import World

ERRORS = (pysqlite3.DatabaseError, psycopg.DatabaseError)

MONEY: dict[str, tuple[str, ...]] = {
    "entry": ("entry_key", "kind", "form_id", "posted_at", "actor", "reverses", "reason"),
    "posting": ("entry_key", "account", "side", "amount_fen"),
    "advance": ("reference", "amount_fen", "method", "advanced_at"),
    "guarantee_change": ("operation", "reference", "at", "expires_at", "amount_fen"),
    "operation": (
        *("reference", "idempotency_key", "form_id", "kind", "amount_fen", "hold_reference"),
        *("part_fen", "joint_reference", "joint_fen", "created_at"),
    ),
    "form": ("form_id", "form_number", "sales_fen", "gross_fen", "fee_fen", "net_fen"),
    "invoice_line": ("quantity", "unit_price_fen", "vat"),
    "audit_event": ("at", "actor", "kind", "version", "from_status", "to_status"),
    "verification": ("decision", "verified_at"),
    "guarantee": ("reference", "form_id"),
}
"""Every table whose rows say what moved, with the columns that never change once written."""

NUMBERS = ("_fen", "quantity", "version")


def other(column: str) -> str:
    """Another value of a column."""
    return f"{column} + 1" if column.endswith(NUMBERS) else f"{column} || 'x'"


def refused(world: World, statement: str) -> None:
    """The database does not do it, whoever asks."""
    with pytest.raises(ERRORS, match=r"append-only|keeps its"):
        behind_the_back(world, statement)


def ended_forms(world: World) -> None:
    """A release, a charge and a refund, so that every table has rows."""
    kept = verified(world, claimed(world, bags(world, "a")))
    departs(world, on(20))
    settled(world, kept)
    till_steps.till(world, 5_000_00)
    till_steps.paid_in_cash(world, till_steps.shown(world, confirmed(world, bags(world, "b"), 3)))


@pytest.mark.parametrize("table", MONEY)
def test_no_row_that_says_what_moved_is_changed_or_deleted(world: World, table: str) -> None:
    ended_forms(world)
    for column in MONEY[table]:
        changed = f"UPDATE {table} SET {column} = {other(column)} WHERE {column} IS NOT NULL"
        if column == "reverses":
            changed = f"UPDATE {table} SET reverses = entry_key"
        refused(world, changed)
    refused(world, f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "change",
    [
        "amount_fen = amount_fen - 1",
        "captured_fen = captured_fen + 1, released_fen = released_fen - 1",
        "state = 'held', captured_fen = 0, released_fen = 0",
        "state = 'captured'",
    ],
)
def test_a_hold_that_has_ended_stays_as_it_ended(world: World, change: str) -> None:
    ended_forms(world)
    refused(world, f"UPDATE guarantee SET {change} WHERE state = 'released'")


def test_a_hold_that_stands_never_shrinks(world: World) -> None:
    claimed_in_2026(world)
    refused(world, "UPDATE guarantee SET amount_fen = amount_fen - 1")


def test_rows_are_not_replaced_either(world: World) -> None:
    if not world.url.startswith("sqlite"):
        with pytest.raises(ERRORS, match="append-only"):
            behind_the_back(world, "TRUNCATE posting")
        return
    claimed(world)
    behind = "PRAGMA recursive_triggers = ON"
    row = "SELECT entry_key, position, account, side, amount_fen + 1 FROM posting"
    with pytest.raises(ERRORS, match="append-only"):
        behind_the_back(world, behind, f"INSERT OR REPLACE INTO posting {row}")


def test_every_guard_is_known_to_the_audit() -> None:
    for engine in ("sqlite", "postgresql"):
        names = set(triggers(engine))
        for table in MONEY:
            own = {name for name in names if name.startswith(f"{table}_")}
            assert own, table
