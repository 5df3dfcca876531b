"""The tables' step for the back office: what it looks for, and what it adds up by day."""

from refund.storage.protocol import EngineName, Step

TIME_SECONDS_MAX = 86_400
"""A form whose money came later after its first scan counts with those of this long."""

_SEARCHED = (
    "CREATE INDEX guarantee_last4 ON guarantee (last4, held_at)",
    "CREATE INDEX form_gross ON form (gross_fen, issue_day)",
    "CREATE INDEX form_net ON form (net_fen, issue_day)",
    "CREATE INDEX advance_amount ON advance (amount_fen, advanced_at)",
    "CREATE INDEX invoice_number ON invoice (number)",
    "CREATE INDEX visit_form ON visit (form_id, opened_at)",
)

_QUEUES = (
    "CREATE INDEX form_promised ON form (status, depart_by, net_fen)",
    "CREATE INDEX case_record_work ON case_record (kind, owner, found_at, amount_fen)"
    " WHERE closed_at IS NULL",
    "CREATE INDEX case_record_opened ON case_record (opened_at, case_id)",
    "CREATE INDEX guarantee_ends_sum ON guarantee (expires_at, amount_fen) WHERE state = 'held'",
    "CREATE INDEX operation_refused ON operation (answered_at, kind, refusal)"
    " WHERE state = 'refused'",
    "CREATE INDEX operation_released ON operation (answered_at)"
    " WHERE kind = 'release' AND state = 'succeeded'",
    "CREATE INDEX verification_refused ON verification (verified_at, reason)"
    " WHERE decision = 'refused'",
    "CREATE INDEX audit_event_review ON audit_event (at, detail) WHERE kind = 'refuse_at_review'",
)

# One row for each day and store, written in the transaction that issues a form or pays its
# advance: no page ever counts a million forms.
_DAILY = (
    """CREATE TABLE daily_figure (
        name {text} NOT NULL CHECK (name IN ('issued', 'advanced')), day {text} NOT NULL,
        store_number {integer} NOT NULL, count {integer} NOT NULL CHECK (count > 0),
        amount_fen {integer} NOT NULL CHECK (amount_fen > 0),
        PRIMARY KEY (name, day, store_number)){strict}""",
    f"""CREATE TABLE daily_time (
        day {{text}} NOT NULL, store_number {{integer}} NOT NULL,
        seconds {{integer}} NOT NULL CHECK (seconds BETWEEN 0 AND {TIME_SECONDS_MAX}),
        count {{integer}} NOT NULL CHECK (count > 0),
        PRIMARY KEY (day, store_number, seconds)){{strict}}""",
)
_ISSUED = (
    "INSERT INTO daily_figure (name, day, store_number, count, amount_fen)"
    " SELECT 'issued', issue_day, store_number, COUNT(*), SUM(net_fen) FROM form"
    " GROUP BY issue_day, store_number"
)


def _known(day: str, seconds: str, least: str) -> tuple[str, ...]:
    """What earlier rows say, in the words of one engine."""
    first_scan = "(SELECT MIN(opened_at) FROM visit WHERE visit.form_id = advance.form_id)"
    return (
        _ISSUED,
        "INSERT INTO daily_figure (name, day, store_number, count, amount_fen)"
        f" SELECT 'advanced', {day} AS paid_day, form.store_number, COUNT(*),"
        " SUM(advance.amount_fen) FROM advance JOIN form ON form.form_id = advance.form_id"
        " GROUP BY paid_day, form.store_number",
        "INSERT INTO daily_time (day, store_number, seconds, count)"
        f" SELECT paid_day, store_number, {least}({seconds}, {TIME_SECONDS_MAX}) AS lasted,"
        f" COUNT(*) FROM (SELECT {day} AS paid_day, form.store_number AS store_number,"
        f" advance.advanced_at AS advanced_at, {first_scan} AS scanned_at"
        " FROM advance JOIN form ON form.form_id = advance.form_id) AS paid"
        " WHERE scanned_at IS NOT NULL AND scanned_at <= advanced_at"
        " GROUP BY paid_day, store_number, lasted",
    )


def backfill(engine: EngineName) -> tuple[str, ...]:
    """The statements that add up, day by day, the rows that are there already."""
    return OFFICE.sqlite if engine == "sqlite" else OFFICE.postgresql


def office(number: int) -> Step:
    """The step under its number."""
    return Step(
        number,
        "what the back office looks for and adds up",
        (*_SEARCHED, *_QUEUES, *_DAILY),
        sqlite=_known(
            "date(advance.advanced_at, '+8 hours')",
            "CAST((julianday(advanced_at) - julianday(scanned_at)) * 86400.0 + 0.0005 AS INTEGER)",
            "MIN",
        ),
        postgresql=_known(
            "to_char(CAST(advance.advanced_at AS timestamptz) AT TIME ZONE 'Asia/Shanghai',"
            " 'YYYY-MM-DD')",
            "CAST(FLOOR(EXTRACT(EPOCH FROM (CAST(advanced_at AS timestamptz)"
            " - CAST(scanned_at AS timestamptz)))) AS BIGINT)",
            "LEAST",
        ),
    )


OFFICE = office(10)

IN_ORDER = Step(
    16,
    "the ledger is read in its order",
    (
        # Many entries can have one moment: without their keys all of them had to be sorted first.
        "DROP INDEX entry_moment",
        "CREATE INDEX entry_moment ON entry (posted_at, entry_key)",
    ),
)
"""Step 16."""
