"""Triggers that keep a table as it was written."""

from collections.abc import Iterable

REFUSE_CHANGE = (
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
)
"""What the triggers of PostgreSQL call."""


def sqlite_guards(tables: Iterable[str]) -> tuple[str, ...]:
    """Refuse every change of these tables' rows."""
    return tuple(
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in tables
        for action in ("UPDATE", "DELETE")
    )


def postgresql_guards(tables: Iterable[str]) -> tuple[str, ...]:
    """The same on PostgreSQL, and no truncation."""
    return tuple(
        guard
        for table in tables
        for guard in (
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        )
    )
