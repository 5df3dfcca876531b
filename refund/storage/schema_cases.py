"""The tables of cases, of what the network tells by itself, and of the books by day."""

from refund.core.money import FEN_MAX

CASES = (
    f"""CREATE TABLE case_record (
        case_id {{text}} NOT NULL PRIMARY KEY, kind {{text}} NOT NULL, subject {{text}} NOT NULL,
        form_id {{text}} REFERENCES form (form_id), store_number {{integer}} NOT NULL,
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 0 AND {FEN_MAX}),
        facts {{text}} NOT NULL, found_at {{text}} NOT NULL, opened_at {{text}} NOT NULL,
        owner {{text}} NOT NULL, closed_at {{text}}, closed_by {{text}} NOT NULL,
        reason {{text}} NOT NULL, fix {{text}} NOT NULL,
        fixed_by {{text}} NOT NULL, under_way {{text}} NOT NULL,
        CHECK (under_way = '' OR (fix <> '' AND fixed_by <> '' AND reason <> '')),
        CHECK ((closed_at IS NULL) = (closed_by = '')),
        CHECK (closed_at IS NULL OR reason <> '')){{strict}}""",
    "CREATE UNIQUE INDEX case_record_open ON case_record (kind, subject) WHERE closed_at IS NULL",
    "CREATE INDEX case_record_age ON case_record (found_at, case_id) WHERE closed_at IS NULL",
    "CREATE INDEX case_record_subject ON case_record (subject, kind)",
    "CREATE INDEX case_record_under_way ON case_record (case_id)"
    " WHERE under_way <> '' AND closed_at IS NULL",
    "CREATE INDEX case_record_form ON case_record (form_id)",
    "CREATE INDEX case_record_closed ON case_record (closed_at)",
    """CREATE TABLE case_event (
        case_id {text} NOT NULL REFERENCES case_record (case_id), sequence {integer} NOT NULL,
        kind {text} NOT NULL, at {text} NOT NULL, actor {text} NOT NULL, detail {text} NOT NULL,
        PRIMARY KEY (case_id, sequence)){strict}""",
    f"""CREATE TABLE approval (
        approval_id {{text}} NOT NULL PRIMARY KEY,
        case_id {{text}} NOT NULL REFERENCES case_record (case_id), fix {{text}} NOT NULL,
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 0 AND {FEN_MAX}),
        reason {{text}} NOT NULL CHECK (reason <> ''), asked_by {{text}} NOT NULL,
        asked_at {{text}} NOT NULL, decided_by {{text}} NOT NULL, decided_at {{text}},
        is_approved {{integer}} NOT NULL, seen {{text}} NOT NULL,
        CHECK (is_approved = 0 OR decided_by <> asked_by),
        CHECK (is_approved = 0 OR decided_by <> ''),
        CHECK ((decided_at IS NULL) = (decided_by = ''))){{strict}}""",
    "CREATE UNIQUE INDEX approval_waiting ON approval (case_id) WHERE decided_at IS NULL",
)
