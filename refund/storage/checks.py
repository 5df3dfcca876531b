"""The invariants of the books as queries: each gives the rows that break it."""

from refund.core.form import TRANSITIONS
from refund.storage.check_claims import ADVANCES
from refund.storage.check_ledger import LEDGER
from refund.storage.protocol import Session
from refund.storage.schema import APPEND_ONLY
from refund.storage.schema_later import STAYS

LIMIT = 100
"""Offending rows that one check gives at most."""

CHECKS: dict[str, tuple[str, ...]] = {**LEDGER, **ADVANCES}


def offending(session: Session, invariant: str) -> list[dict[str, object]]:
    """The rows that break an invariant, at most LIMIT; empty when it holds.

    Raises:
        KeyError: for an invariant that is not checked here.
    """
    match invariant:
        case "I2":
            return _missing_triggers(session)
        case "I17":
            return _strange_histories(session)
        case _:
            found: list[dict[str, object]] = []
            for sql in CHECKS[invariant]:
                rows = session.rows(f"{sql} LIMIT :limit_rows", limit_rows=LIMIT)
                found += [{name: row[name] for name in row.keys()} for row in rows]  # noqa: SIM118 - a Row is no dict
            return found[:LIMIT]


GUARDED = (*APPEND_ONLY, *STAYS)
"""Tables whose rows are never changed."""


def _missing_triggers(session: Session) -> list[dict[str, object]]:
    """Tables that are append-only by promise and have lost the trigger that keeps it."""
    if session.engine == "sqlite":
        rows = session.rows("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        wanted = [f"{table}_no_{action}" for table in GUARDED for action in ("update", "delete")]
    else:
        rows = session.rows(
            "SELECT tgname AS name FROM pg_trigger"
            " WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace ="
            " current_schema()::regnamespace) AND tgenabled = 'O'"
        )
        wanted = [
            f"{table}_{guard}" for table in GUARDED for guard in ("append_only", "no_truncate")
        ]
    present = {row["name"] for row in rows}
    return [{"trigger": name, "wrong": "missing"} for name in wanted if name not in present]


def _strange_histories(session: Session) -> list[dict[str, object]]:
    """Forms whose events do not lead, step by step along the table, to where they stand."""
    allowed = {(b.value, e.value, a.value) for (b, e), a in TRANSITIONS.items()}
    found: list[dict[str, object]] = [
        {name: row[name] for name in ("form_id", "version", "from_status", "kind", "to_status")}
        for row in session.rows(
            "SELECT form_id, version, from_status, kind, to_status FROM audit_event"
            " WHERE version IS NOT NULL"
        )
        if (row["from_status"], row["kind"], row["to_status"]) not in allowed
    ]
    for sql in _HISTORY:
        rows = session.rows(f"{sql} LIMIT :limit_rows", limit_rows=LIMIT)
        found += [{name: row[name] for name in row.keys()} for row in rows]  # noqa: SIM118 - a Row is no dict
    return found[:LIMIT]


_HISTORY = (
    "SELECT form.form_id, form.version, COUNT(audit_event.version) AS events"
    " FROM form LEFT JOIN audit_event ON audit_event.form_id = form.form_id"
    " AND audit_event.version IS NOT NULL"
    " GROUP BY form.form_id, form.version HAVING COUNT(audit_event.version) <> form.version",
    "SELECT form.form_id, form.status, audit_event.to_status FROM form"
    " JOIN audit_event ON audit_event.form_id = form.form_id"
    " AND audit_event.version = form.version WHERE audit_event.to_status <> form.status",
    "SELECT later.form_id, later.version, later.from_status, earlier.to_status"
    " FROM audit_event AS later JOIN audit_event AS earlier"
    " ON earlier.form_id = later.form_id AND earlier.version = later.version - 1"
    " WHERE earlier.to_status <> later.from_status",
    "SELECT form_id, version, from_status FROM audit_event"
    " WHERE version = 1 AND from_status <> 'issued'",
    "SELECT later.form_id, later.version, 'no event before' AS wrong FROM audit_event AS later"
    " WHERE later.version > 1 AND NOT EXISTS (SELECT 1 FROM audit_event AS earlier"
    " WHERE earlier.form_id = later.form_id AND earlier.version = later.version - 1)",
)
