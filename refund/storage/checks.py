"""The invariants of the books as queries: each gives the rows that break it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from refund.core.case import PENDING_MAX
from refund.core.form import TRANSITIONS
from refund.core.ids import operation_key
from refund.storage.check_claims import ADVANCES
from refund.storage.check_holds import HOLDS
from refund.storage.check_ledger import LEDGER
from refund.storage.check_sums import wrong_sums
from refund.storage.check_words import words
from refund.storage.migrate import statements
from refund.storage.protocol import EngineName, Row, Session, Value
from refund.storage.records import text, whole, written
from refund.storage.schema import STEPS
from refund.storage.schema_network import NETWORK

LIMIT = 100
"""Offending rows that one check gives at most."""

PAGE = 2000
"""Operations that are recomputed at once."""

NOTICED_WITHIN = timedelta(minutes=2)
"""How long after its time a thing that waits may be without the case that is due then."""

_EPOCH = datetime.fromtimestamp(0, UTC)

CHECKS: dict[str, tuple[str, ...]] = {**LEDGER, **ADVANCES, **HOLDS}


def offending(session: Session, invariant: str, now: datetime) -> list[dict[str, object]]:
    """The rows that break an invariant at a moment, at most LIMIT; empty when it holds.

    Raises:
        KeyError: for an invariant that is not checked here.
    """
    match invariant:
        case "I2":
            return _changed_triggers(session)[:LIMIT]
        case "I3":
            return wrong_sums(session, LIMIT)[:LIMIT]
        case "I16":
            return _strange_requests(session)
        case "I17":
            return _found(session, _HISTORY, now)
        case _:
            return _found(session, CHECKS[invariant], now)


def _found(session: Session, checks: Iterable[str], now: datetime) -> list[dict[str, object]]:
    given: dict[str, Value] = {
        "now": written(now),
        "waiting_since": written(now - PENDING_MAX - NOTICED_WITHIN),
        "limit_rows": LIMIT,
    }
    rows: list[dict[str, object]] = []
    for check in checks:
        sql = f"{check} LIMIT :limit_rows"
        values = {name: value for name, value in given.items() if f":{name}" in sql}
        rows += [_plain(row) for row in session.rows(sql, **values)]
    return rows[:LIMIT]


def _plain(row: Row) -> dict[str, object]:
    return {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row is no dict


_MADE = re.compile(r"\s*CREATE TRIGGER (\w+)", re.IGNORECASE)


def triggers(engine: EngineName) -> dict[str, str]:
    """The text of every trigger that the schema makes, by its name."""
    made: dict[str, str] = {}
    for step in STEPS:
        for statement in statements(step, engine):
            found = _MADE.match(statement)
            if found is not None:
                made[found[1]] = statement
    return made


def _changed_triggers(session: Session) -> list[dict[str, object]]:
    """Triggers that keep what is written as it is, and are gone, changed or switched off."""
    wanted = triggers(session.engine)
    if session.engine == "sqlite":
        rows = session.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        present = {row["name"]: row["sql"] for row in rows}
        changed = [name for name in wanted if name in present and present[name] != wanted[name]]
    else:
        rows = session.rows(
            "SELECT tgname AS name, proname AS calls FROM pg_trigger"
            " JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid IN (SELECT oid FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace) AND tgenabled IN ('O', 'A')"
        )
        present = {row["name"]: f"{text(row['calls'])}()" for row in rows}
        changed = [name for name in wanted if text(present.get(name, "")) not in wanted[name]]
    missing = [name for name in wanted if name not in present]
    return [
        {"trigger": name, "wrong": wrong}
        for wrong, names in (("missing", missing), ("changed", changed))
        for name in names
    ]


def _strange_requests(session: Session) -> list[dict[str, object]]:
    """Operations whose key or fingerprint is not what their own words give, or came too late.

    What was asked before fingerprints were kept has none.
    """
    row = session.row(
        "SELECT applied_at FROM migration WHERE number = :number", number=NETWORK.number
    )
    micros = 0 if row is None else whole(row["applied_at"])
    kept_from = written(_EPOCH + timedelta(microseconds=micros))
    found: list[dict[str, object]] = []
    after = ""
    while len(found) < LIMIT:
        rows = session.rows(_REQUESTS, after=after, kept_from=kept_from, limit_rows=PAGE)
        if not rows:
            break
        after = text(rows[-1]["reference"])
        for each in rows:
            wrong = _wrong_request(each)
            if wrong:
                found.append({"reference": each["reference"], "wrong": wrong})
    return found[:LIMIT]


def _wrong_request(row: Row) -> str:
    """What is wrong with a stored request, or nothing."""
    reference, fingerprint = text(row["reference"]), row["fingerprint"]
    if row["idempotency_key"] != operation_key(reference):
        return "key"
    if fingerprint != sha256(text(row["request"]).encode()).hexdigest() and not row["is_old"]:
        return "fingerprint"
    return "sent before it was stored" if row["sent_too_early"] else ""


# What is sent, as `Operation.print_of_request` tells it: the audit says it once more by itself.
_REQUESTS = (
    "SELECT reference, idempotency_key, fingerprint, kind || '|' ||"
    " CASE joint_reference WHEN '' THEN reference ELSE joint_reference END || '|' ||"
    " CAST(CASE joint_reference WHEN '' THEN amount_fen ELSE joint_fen END AS TEXT)"
    " || '|' || hold_reference || '|' || card_token || '|' || payout_token || '|' || method"
    " || '|' || CAST(part_fen AS TEXT) AS request,"
    " CASE WHEN fingerprint = '' AND created_at < :kept_from THEN 1 ELSE 0 END AS is_old,"
    " CASE WHEN sent_at < created_at THEN 1 ELSE 0 END AS sent_too_early"
    " FROM operation WHERE reference > :after ORDER BY reference LIMIT :limit_rows"
)

_STEPS_ALLOWED = words(f"{b.value} {e.value} {a.value}" for (b, e), a in TRANSITIONS.items())

_HISTORY = (
    # Each change by the table, and from where the one before led; the first from the issue.
    "SELECT form_id, version, from_status, kind, to_status FROM audit_event AS later"
    " WHERE version IS NOT NULL AND ("
    f"from_status || ' ' || kind || ' ' || to_status NOT IN ({_STEPS_ALLOWED})"
    " OR CASE version WHEN 1 THEN from_status <> 'issued' ELSE NOT EXISTS ("
    "SELECT 1 FROM audit_event AS earlier WHERE earlier.form_id = later.form_id"
    " AND earlier.version = later.version - 1"
    " AND earlier.to_status = later.from_status) END)",
    # And the last one leads to where the form stands.
    "SELECT form.form_id, form.version, form.status, last.to_status FROM form"
    " LEFT JOIN audit_event AS last ON last.form_id = form.form_id"
    " AND last.version = form.version"
    " WHERE form.status <> CASE form.version WHEN 0 THEN 'issued' ELSE COALESCE(last.to_status, '')"
    " END OR EXISTS (SELECT 1 FROM audit_event AS later WHERE later.form_id = form.form_id"
    " AND later.version = form.version + 1)",
)
