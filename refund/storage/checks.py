"""The invariants of the books as queries: each gives the rows that break it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from refund.core.case import PENDING_MAX
from refund.core.form import TRANSITIONS
from refund.core.ids import operation_key
from refund.core.operation import Kind, Operation, OperationState
from refund.storage.check_claims import ADVANCES
from refund.storage.check_holds import HOLDS
from refund.storage.check_ledger import LEDGER
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

_DAY_OF_ENTRY: dict[EngineName, str] = {
    # Only what was posted after midnight in Shanghai needs its day counted on.
    "sqlite": (
        "CASE WHEN SUBSTR(entry.posted_at, 12, 2) < '16' THEN SUBSTR(entry.posted_at, 1, 10)"
        " ELSE DATE(SUBSTR(entry.posted_at, 1, 10), '+1 day') END"
    ),
    "postgresql": (
        "CASE WHEN SUBSTR(entry.posted_at, 12, 2) < '16' THEN SUBSTR(entry.posted_at, 1, 10)"
        " ELSE TO_CHAR(CAST(SUBSTR(entry.posted_at, 1, 10) AS date) + 1, 'YYYY-MM-DD')"
        ' COLLATE "C" END'
    ),
}


def offending(session: Session, invariant: str, now: datetime) -> list[dict[str, object]]:
    """The rows that break an invariant at a moment, at most LIMIT; empty when it holds.

    Raises:
        KeyError: for an invariant that is not checked here.
    """
    match invariant:
        case "I2":
            return _changed_triggers(session)[:LIMIT]
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
        sql = check.replace("{day_of_entry}", _DAY_OF_ENTRY[session.engine])
        sql = f"{sql} LIMIT :limit_rows"
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
        rows = session.rows(
            "SELECT * FROM operation WHERE reference > :after ORDER BY reference LIMIT :limit_rows",
            after=after,
            limit_rows=PAGE,
        )
        if not rows:
            break
        after = text(rows[-1]["reference"])
        for each in rows:
            wrong = _wrong_request(each, kept_from)
            if wrong:
                found.append({"reference": each["reference"], "wrong": wrong})
    return found[:LIMIT]


def _wrong_request(row: Row, kept_from: str) -> str:
    """What is wrong with a stored request, or nothing."""
    request = _request_of(row)
    created_at, sent_at = text(row["created_at"]), row["sent_at"]
    is_old = not request.fingerprint and created_at < kept_from
    if request.key != operation_key(request.reference):
        return "key"
    if not is_old and request.fingerprint != request.print_of_request:
        return "fingerprint"
    if sent_at is not None and text(sent_at) < created_at:
        return "sent before it was stored"
    return ""


def _request_of(row: Row) -> Operation:
    """What an operation asks; its moments are not read, for they are no part of it."""
    return Operation(
        reference=text(row["reference"]),
        key=text(row["idempotency_key"]),
        form_id=text(row["form_id"]),
        store_number=whole(row["store_number"]),
        kind=Kind(row["kind"]),
        attempt=whole(row["attempt"]),
        amount_fen=whole(row["amount_fen"]),
        state=OperationState.PENDING,
        created_at=_EPOCH,
        lease_until=_EPOCH,
        hold_reference=text(row["hold_reference"]),
        card_token=text(row["card_token"]),
        payout_token=text(row["payout_token"]),
        method=text(row["method"]),
        part_fen=whole(row["part_fen"]),
        joint_reference=text(row["joint_reference"]),
        joint_fen=whole(row["joint_fen"]),
        fingerprint=text(row["fingerprint"]),
    )


_STEPS_ALLOWED = words(f"{b.value} {e.value} {a.value}" for (b, e), a in TRANSITIONS.items())

_HISTORY = (
    "SELECT form_id, version, from_status, kind, to_status FROM audit_event"
    " WHERE version IS NOT NULL"
    f" AND from_status || ' ' || kind || ' ' || to_status NOT IN ({_STEPS_ALLOWED})",
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
