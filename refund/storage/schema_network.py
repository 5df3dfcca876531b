"""The tables' step for a network that can do more, and for sums that nobody can change."""

from refund.core.money import FEN_MAX
from refund.storage.guards import postgresql_guards, sqlite_guards
from refund.storage.protocol import Step
from refund.storage.schema_cases import CASES

_OPERATION_COLUMNS = (
    "reference, idempotency_key, form_id, store_number, kind, attempt, amount_fen, state,"
    " created_at, lease_until, hold_reference, card_token, payout_token, payout_label, method,"
    " purpose, reason, actor, network_id, refusal, answered_at, part_fen, joint_reference,"
    " joint_fen"
)
_KINDS = "kind IN ('hold', 'extend', 'increase', 'advance', 'release', 'capture', 'refund')"
_STATES = "state IN ('pending', 'succeeded', 'refused', 'returned')"
_ONE_PENDING = (
    "CREATE UNIQUE INDEX operation_one_pending ON operation (form_id)"
    " WHERE state = 'pending' AND kind <> 'extend'"
)

# SQLite changes no constraint of a table, so the table is made anew.  The references to it are
# judged at the commit, when all of its rows are back.
_SQLITE_ANEW = (
    "PRAGMA defer_foreign_keys = ON",
    f"CREATE TABLE operation_kept AS SELECT {_OPERATION_COLUMNS} FROM operation",
    "DROP TABLE operation",
    f"""CREATE TABLE operation (
        reference {{text}} NOT NULL PRIMARY KEY, idempotency_key {{text}} NOT NULL UNIQUE,
        form_id {{text}} NOT NULL REFERENCES form (form_id), store_number {{integer}} NOT NULL,
        kind {{text}} NOT NULL CHECK ({_KINDS}),
        attempt {{integer}} NOT NULL CHECK (attempt > 0),
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 1 AND {FEN_MAX}),
        state {{text}} NOT NULL CHECK ({_STATES}),
        created_at {{text}} NOT NULL, lease_until {{text}} NOT NULL,
        hold_reference {{text}} NOT NULL, card_token {{text}} NOT NULL,
        payout_token {{text}} NOT NULL, payout_label {{text}} NOT NULL, method {{text}} NOT NULL,
        purpose {{text}} NOT NULL, reason {{text}} NOT NULL, actor {{text}} NOT NULL,
        network_id {{text}} NOT NULL, refusal {{text}} NOT NULL, answered_at {{text}},
        part_fen {{integer}} NOT NULL DEFAULT 0,
        joint_reference {{text}} NOT NULL DEFAULT '', joint_fen {{integer}} NOT NULL DEFAULT 0,
        fence {{integer}} NOT NULL DEFAULT 0,
        tries {{integer}} NOT NULL DEFAULT 0, sent_at {{text}},
        fingerprint {{text}} NOT NULL DEFAULT '', charged_fen {{integer}} NOT NULL DEFAULT 0,
        UNIQUE (form_id, kind, attempt)){{strict}}""",
    "CREATE UNIQUE INDEX operation_one_live_advance ON operation (form_id)"
    " WHERE kind = 'advance' AND state <> 'refused'",
    _ONE_PENDING,
    "CREATE INDEX operation_pending ON operation (lease_until) WHERE state = 'pending'",
    "CREATE INDEX operation_joint ON operation (joint_reference) WHERE joint_reference <> ''",
    f"INSERT INTO operation ({_OPERATION_COLUMNS}) SELECT {_OPERATION_COLUMNS} FROM operation_kept",
    "DROP TABLE operation_kept",
)

_POSTGRESQL_ANEW = (
    "ALTER TABLE operation DROP CONSTRAINT operation_kind_check",
    f"ALTER TABLE operation ADD CONSTRAINT operation_kind_check CHECK ({_KINDS})",
    "ALTER TABLE operation DROP CONSTRAINT operation_state_check",
    f"ALTER TABLE operation ADD CONSTRAINT operation_state_check CHECK ({_STATES})",
    "ALTER TABLE operation ADD COLUMN fence {integer} NOT NULL DEFAULT 0,"
    " ADD COLUMN tries {integer} NOT NULL DEFAULT 0, ADD COLUMN sent_at {text},"
    " ADD COLUMN fingerprint {text} NOT NULL DEFAULT '',"
    " ADD COLUMN charged_fen {integer} NOT NULL DEFAULT 0",
    "DROP INDEX operation_one_pending",
    _ONE_PENDING,
)

_BOTH = (
    "UPDATE operation SET charged_fen = amount_fen WHERE kind = 'capture' AND state = 'succeeded'",
    "CREATE INDEX operation_answered ON operation (answered_at)",
    "ALTER TABLE guarantee ADD COLUMN extendable {integer} NOT NULL DEFAULT 0",
    "ALTER TABLE guarantee ADD COLUMN needed_until {text}",
    "CREATE INDEX guarantee_ends ON guarantee (expires_at) WHERE state = 'held'",
    "CREATE INDEX guarantee_hold ON guarantee (hold_reference) WHERE hold_reference <> ''",
    f"""CREATE TABLE guarantee_change (
        operation {{text}} NOT NULL, reference {{text}} NOT NULL REFERENCES guarantee (reference),
        at {{text}} NOT NULL, expires_at {{text}} NOT NULL,
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 1 AND {FEN_MAX}),
        PRIMARY KEY (operation, reference)){{strict}}""",
    """CREATE TABLE network_event (
        event_id {text} NOT NULL PRIMARY KEY, kind {text} NOT NULL, reference {text} NOT NULL,
        version {integer} NOT NULL, received_at {text} NOT NULL,
        outcome {text} NOT NULL){strict}""",
    "CREATE INDEX network_event_reference ON network_event (reference)",
    """CREATE TABLE daily_balance (
        account {text} NOT NULL, store_number {integer} NOT NULL, day {text} NOT NULL,
        debit_fen {integer} NOT NULL, credit_fen {integer} NOT NULL,
        PRIMARY KEY (account, store_number, day)){strict}""",
    "CREATE INDEX entry_moment ON entry (posted_at)",
    """CREATE TABLE audit_run (
        audited_at {text} NOT NULL PRIMARY KEY, took_ms {integer} NOT NULL,
        broken {integer} NOT NULL, unchecked {integer} NOT NULL,
        findings {text} NOT NULL){strict}""",
)


def _by_day(day: str) -> str:
    return (
        "INSERT INTO daily_balance (account, store_number, day, debit_fen, credit_fen)"
        f" SELECT posting.account, entry.store_number, {day} AS posted_day,"
        " SUM(CASE side WHEN 'debit' THEN amount_fen ELSE 0 END),"
        " SUM(CASE side WHEN 'credit' THEN amount_fen ELSE 0 END)"
        " FROM posting JOIN entry ON entry.entry_key = posting.entry_key"
        " GROUP BY posting.account, entry.store_number, posted_day"
    )


_FIXED = {
    "operation": (
        *("reference", "idempotency_key", "form_id", "kind", "amount_fen", "hold_reference"),
        *("part_fen", "joint_reference", "joint_fen", "created_at"),
    ),
    "form": ("form_id", "form_number", "sales_fen", "gross_fen", "fee_fen", "net_fen"),
    "guarantee": ("reference", "form_id"),
    "invoice_line": ("form_id", "quantity", "unit_price_fen", "vat"),
}
"""Columns that stay as they were written, in tables of which others change."""

_GROWS = (
    "NEW.amount_fen < OLD.amount_fen OR (OLD.state <> 'held' AND"
    " (NEW.state <> OLD.state OR NEW.amount_fen <> OLD.amount_fen"
    " OR NEW.captured_fen <> OLD.captured_fen OR NEW.released_fen <> OLD.released_fen))"
)
"""A hold that shrinks, or changes once it has ended."""


def _changes(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"NEW.{column} <> OLD.{column}" for column in columns)


def _rules() -> dict[str, tuple[str, str]]:
    fixed = {f"{table}_sums": (table, _changes(columns)) for table, columns in _FIXED.items()}
    return {**fixed, "guarantee_grows": ("guarantee", _GROWS)}


SUMS = tuple(_rules())
"""The triggers that keep sums as they were written."""

STAY = ("guarantee_change", "network_event", "case_event", "audit_run")

_SQLITE_SUMS = tuple(
    f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {changed} "
    f"BEGIN SELECT RAISE(ABORT, '{table} keeps its sums'); END"
    for name, (table, changed) in _rules().items()
) + tuple(
    f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} keeps its rows'); END"
    for table in _FIXED
)
_POSTGRESQL_SUMS = (
    "CREATE FUNCTION refuse_sums() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% keeps its rows and sums', TG_TABLE_NAME; END $$",
    *(
        f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW"
        f" WHEN ({changed}) EXECUTE FUNCTION refuse_sums()"
        for name, (table, changed) in _rules().items()
    ),
    *(
        f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} FOR EACH ROW"
        " EXECUTE FUNCTION refuse_sums()"
        for table in _FIXED
    ),
)

NETWORK = Step(
    6,
    "cases, holds that change, books by day",
    (),
    sqlite=(
        *_SQLITE_ANEW,
        *_BOTH,
        _by_day("date(entry.posted_at, '+8 hours')"),
        *CASES,
        *sqlite_guards(STAY),
        *_SQLITE_SUMS,
    ),
    postgresql=(
        *_POSTGRESQL_ANEW,
        *_BOTH,
        _by_day(
            "to_char(CAST(entry.posted_at AS timestamptz) AT TIME ZONE 'Asia/Shanghai',"
            " 'YYYY-MM-DD')"
        ),
        *CASES,
        *postgresql_guards(STAY),
        *_POSTGRESQL_SUMS,
    ),
)
"""Step 6."""
