"""Changing a database as no program of ours would, past its guards and constraints."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pysqlite3

from refund.services.audit import Finding, audit
from tests.world import BEFORE_ALL, World


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


def past_guards(world: World, *statements: str) -> None:
    """Change the database as whoever takes its guards away first, and puts them back after."""
    if not world.url.startswith("sqlite"):
        behind_the_back(world, "SET session_replication_role = replica", *statements)
        return
    with closing(pysqlite3.connect(world.url.removeprefix("sqlite://"))) as db:
        made = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    drops = [f"DROP TRIGGER {name}" for name, _ in made]
    behind_the_back(world, *drops, *statements, *(sql for _, sql in made))


def without_guard(world: World, table: str, change: str) -> None:
    """Take a table's guard away, change it, and leave the guard off."""
    if world.url.startswith("sqlite"):
        behind_the_back(world, f"DROP TRIGGER {table}_no_update", change)
    else:
        behind_the_back(world, f"DROP TRIGGER {table}_append_only ON {table}", change)


def broken(world: World, *, watched: bool = False) -> dict[str, Finding]:
    """The invariants that do not hold; `watched` as `assert_audit_holds` has it."""
    now = None if watched else BEFORE_ALL
    return {found.invariant: found for found in audit(world.ports, now=now) if not found.holds}


def unguarded(world: World, table: str, *changes: str) -> None:
    """Take away every guard of a table, and change it."""
    behind_the_back(world, *_drops(world, table), *changes)


def _drops(world: World, table: str) -> list[str]:
    """What takes every guard of a table away."""
    if world.url.startswith("sqlite"):
        with closing(pysqlite3.connect(world.url.removeprefix("sqlite://"))) as db:
            found = db.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?", (table,)
            ).fetchall()
        return [f"DROP TRIGGER {name}" for (name,) in found]
    with psycopg.connect(world.url) as db:
        found = db.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            (table,),
        ).fetchall()
    return [f"DROP TRIGGER {name} ON {table}" for (name,) in found]


def without_check(world: World, table: str, *changes: str) -> None:
    """Change a table past its constraints and guards; SQLite is told to look away anyway."""
    if not world.url.startswith("sqlite"):
        drop = (
            "DO $$ DECLARE known record; BEGIN FOR known IN SELECT conname FROM pg_constraint"
            f" WHERE conrelid = '{table}'::regclass AND contype = 'c' LOOP EXECUTE"
            f" 'ALTER TABLE {table} DROP CONSTRAINT ' || known.conname; END LOOP; END $$"
        )
        behind_the_back(world, drop)
    past_guards(world, *changes)
