"""Changing a database as no program of ours would, past its guards and constraints."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pysqlite3

from refund.services.audit import Finding, audit
from tests.world import World


def behind_the_back(world: World, *statements: str) -> None:
    """Change the database as no program of ours would, each engine's way past its constraints."""
    sqlite = world.url.startswith("sqlite")
    if sqlite:
        with closing(pysqlite3.connect(world.url.removeprefix("sqlite://"))) as db:
            db.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                db.execute(statement)
            db.commit()
    else:
        with psycopg.connect(world.url) as db:
            for statement in statements:
                db.execute(statement.encode())


def without_guard(world: World, table: str, change: str) -> None:
    """Take a table's guard away, change it, and leave the guard off."""
    if world.url.startswith("sqlite"):
        behind_the_back(world, f"DROP TRIGGER {table}_no_update", change)
    else:
        behind_the_back(world, f"DROP TRIGGER {table}_append_only ON {table}", change)


def broken(world: World) -> dict[str, Finding]:
    """The invariants that do not hold."""
    return {found.invariant: found for found in audit(world.ports) if not found.holds}


def unguarded(world: World, table: str, *changes: str) -> None:
    """Take away every guard of a table, and change it."""
    if world.url.startswith("sqlite"):
        drops = [f"DROP TRIGGER IF EXISTS {table}_no_{act}" for act in ("update", "delete")]
    else:
        drops = [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}"]
    behind_the_back(world, *drops, *changes)


def without_check(world: World, table: str, *changes: str) -> None:
    """Change a table past its constraints; SQLite is told to look away by `behind_the_back`."""
    if not world.url.startswith("sqlite"):
        drop = (
            "DO $$ DECLARE known record; BEGIN FOR known IN SELECT conname FROM pg_constraint"
            f" WHERE conrelid = '{table}'::regclass AND contype = 'c' LOOP EXECUTE"
            f" 'ALTER TABLE {table} DROP CONSTRAINT ' || known.conname; END LOOP; END $$"
        )
        changes = (drop, *changes)
    behind_the_back(world, *changes)
