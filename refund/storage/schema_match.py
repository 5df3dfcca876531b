"""The tables of the network's statements, and of the breaks that their match finds."""

from refund.core.money import FEN_MAX
from refund.storage.protocol import Step

LINES_PER_STATEMENT = 10_000_000
"""A line's id is its statement's number times this, and its own number: a statement is a span."""

_SUMS = ("payouts_fen", "returned_fen", "captures_fen", "fees_fen", "amount_fen", "agreed_fees_fen")

# A statement is visible once it is complete.  One that is broken off is `broken` until its lines
# are gone; its day can be taken in again at once, under another number.
_STATEMENTS = (
    f"""CREATE TABLE statement (
        statement_number {{integer}} NOT NULL PRIMARY KEY CHECK (statement_number > 0),
        day {{text}} NOT NULL, state {{text}} NOT NULL
            CHECK (state IN ('loading', 'broken', 'complete')),
        source {{text}} NOT NULL CHECK (source IN ('network', 'file')),
        file_name {{text}} NOT NULL, began_at {{text}} NOT NULL, imported_by {{text}} NOT NULL,
        opening_fen {{integer}} NOT NULL, closing_fen {{integer}} NOT NULL,
        line_count {{integer}} NOT NULL CHECK (line_count BETWEEN 0 AND {LINES_PER_STATEMENT - 1}),
        {", ".join(f"{name} {{integer}} NOT NULL CHECK ({name} >= 0)" for name in _SUMS)},
        digest {{text}} NOT NULL, completed_at {{text}}, matched_at {{text}},
        CHECK ((state = 'complete') = (completed_at IS NOT NULL)),
        CHECK (state <> 'complete' OR digest <> ''),
        CHECK (state <> 'complete' OR closing_fen
            = opening_fen + captures_fen + returned_fen - payouts_fen - fees_fen)){{strict}}""",
    "CREATE UNIQUE INDEX statement_complete ON statement (day) WHERE state = 'complete'",
    "CREATE INDEX statement_open ON statement (state) WHERE state <> 'complete'",
    f"""CREATE TABLE statement_line (
        line_id {{integer}} NOT NULL PRIMARY KEY, network_id {{text}} NOT NULL,
        reference {{text}} NOT NULL, kind {{text}} NOT NULL, state {{text}} NOT NULL,
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 1 AND {FEN_MAX}),
        currency {{text}} NOT NULL, fee_fen {{integer}} NOT NULL CHECK (fee_fen >= 0),
        booked_at {{text}} NOT NULL, hold_reference {{text}} NOT NULL){{strict}}""",
    "CREATE INDEX statement_line_reference ON statement_line (reference, state, line_id)",
)

# What a match found and what still stands; the case beside it is what a person works on.
_BREAKS = (
    f"""CREATE TABLE match_break (
        break_id {{text}} NOT NULL PRIMARY KEY, kind {{text}} NOT NULL,
        subject {{text}} NOT NULL, day {{text}} NOT NULL, line_id {{integer}} NOT NULL,
        reference {{text}} NOT NULL, form_id {{text}} NOT NULL,
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 0 AND {FEN_MAX}),
        line_fen {{integer}} NOT NULL, ours_fen {{integer}} NOT NULL,
        theirs_fen {{integer}} NOT NULL,
        case_id {{text}} NOT NULL REFERENCES case_record (case_id), marked_by {{text}} NOT NULL,
        found_at {{text}} NOT NULL, gone_at {{text}}){{strict}}""",
    "CREATE UNIQUE INDEX match_break_stands ON match_break (kind, subject) WHERE gone_at IS NULL",
    "CREATE INDEX match_break_day ON match_break (day) WHERE gone_at IS NULL",
    "CREATE INDEX exit_record_recorded ON exit_record (recorded_at)",
)

_FIXED = ("day", "state", "opening_fen", "closing_fen", "line_count", *_SUMS, "digest")
_CHANGED = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in _FIXED)
_OF_COMPLETE = (
    "EXISTS (SELECT 1 FROM statement"
    f" WHERE statement_number = OLD.line_id / {LINES_PER_STATEMENT} AND state = 'complete')"
)

_SQLITE_GUARDS = (
    "CREATE TRIGGER statement_line_no_update BEFORE UPDATE ON statement_line"
    " BEGIN SELECT RAISE(ABORT, 'statement_line is append-only'); END",
    f"CREATE TRIGGER statement_line_stays BEFORE DELETE ON statement_line WHEN {_OF_COMPLETE}"
    " BEGIN SELECT RAISE(ABORT, 'statement_line keeps its rows'); END",
    "CREATE TRIGGER statement_sums BEFORE UPDATE ON statement"
    f" WHEN OLD.state = 'complete' AND ({_CHANGED})"
    " BEGIN SELECT RAISE(ABORT, 'statement keeps its sums'); END",
    "CREATE TRIGGER statement_stays BEFORE DELETE ON statement WHEN OLD.state = 'complete'"
    " BEGIN SELECT RAISE(ABORT, 'statement keeps its rows'); END",
)

_POSTGRESQL_GUARDS = (
    "CREATE FUNCTION refuse_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF TG_OP = 'DELETE' THEN IF NOT {_OF_COMPLETE} THEN RETURN OLD; END IF; END IF;"
    " RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    "CREATE TRIGGER statement_line_append_only BEFORE UPDATE OR DELETE ON statement_line"
    " FOR EACH ROW EXECUTE FUNCTION refuse_line()",
    "CREATE TRIGGER statement_line_no_truncate BEFORE TRUNCATE ON statement_line"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER statement_sums BEFORE UPDATE ON statement FOR EACH ROW"
    f" WHEN (OLD.state = 'complete' AND ({_CHANGED})) EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER statement_stays BEFORE DELETE ON statement FOR EACH ROW"
    " WHEN (OLD.state = 'complete') EXECUTE FUNCTION refuse_change()",
)

MATCH = Step(
    7,
    "the network's statements and their match",
    (*_STATEMENTS, *_BREAKS),
    sqlite=_SQLITE_GUARDS,
    postgresql=_POSTGRESQL_GUARDS,
)
"""Step 7."""
