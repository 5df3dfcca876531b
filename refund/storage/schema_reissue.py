"""The tables' step for a day that the network issues anew: statements offered and superseded."""

from refund.storage.protocol import Step
from refund.storage.schema_match import LINES_PER_STATEMENT

_SUMS = ("payouts_fen", "returned_fen", "captures_fen", "fees_fen", "amount_fen", "agreed_fees_fen")
_COLUMNS = (
    "statement_number, day, state, source, file_name, began_at, imported_by, opening_fen,"
    f" closing_fen, line_count, {', '.join(_SUMS)}, digest, completed_at, matched_at"
)
_WHOLE = "('offered', 'complete', 'superseded')"
_KEPT = "('complete', 'superseded')"

_CHECKS = {
    "statement_state_check": (
        "state IN ('loading', 'broken', 'offered', 'complete', 'superseded')"
    ),
    "statement_check": f"(state IN {_WHOLE}) = (completed_at IS NOT NULL)",
    "statement_check1": f"state NOT IN {_WHOLE} OR digest <> ''",
    "statement_check2": (
        f"state NOT IN {_WHOLE} OR closing_fen"
        " = opening_fen + captures_fen + returned_fen - payouts_fen - fees_fen"
    ),
    "statement_check3": "(state = 'superseded') = (superseded_at IS NOT NULL)",
    "statement_check4": "state <> 'superseded' OR (superseded_by <> '' AND case_id <> '')",
}

_INDEXES = (
    # One that is offered waits until two persons decide; there is one for a day.
    "CREATE UNIQUE INDEX statement_offered ON statement (day) WHERE state = 'offered'",
    "CREATE INDEX statement_superseded ON statement (day) WHERE state = 'superseded'",
    "CREATE INDEX match_break_subject ON match_break (kind, subject)",
)

# SQLite changes no constraint of a table, so the table is made anew.
_SQLITE_ANEW = (
    "DROP TRIGGER statement_line_stays",
    "DROP TRIGGER statement_sums",
    "DROP TRIGGER statement_stays",
    f"CREATE TABLE statement_kept AS SELECT {_COLUMNS} FROM statement",
    "DROP TABLE statement",
    f"""CREATE TABLE statement (
        statement_number {{integer}} NOT NULL PRIMARY KEY CHECK (statement_number > 0),
        day {{text}} NOT NULL, state {{text}} NOT NULL,
        source {{text}} NOT NULL CHECK (source IN ('network', 'file')),
        file_name {{text}} NOT NULL, began_at {{text}} NOT NULL, imported_by {{text}} NOT NULL,
        opening_fen {{integer}} NOT NULL, closing_fen {{integer}} NOT NULL,
        line_count {{integer}} NOT NULL CHECK (line_count BETWEEN 0 AND {LINES_PER_STATEMENT - 1}),
        {", ".join(f"{name} {{integer}} NOT NULL CHECK ({name} >= 0)" for name in _SUMS)},
        digest {{text}} NOT NULL, completed_at {{text}}, matched_at {{text}},
        superseded_at {{text}}, superseded_by {{text}} NOT NULL DEFAULT '',
        case_id {{text}} NOT NULL DEFAULT '',
        {", ".join(f"CONSTRAINT {name} CHECK ({rule})" for name, rule in _CHECKS.items())}
        ){{strict}}""",
    f"INSERT INTO statement ({_COLUMNS}) SELECT {_COLUMNS} FROM statement_kept",
    "DROP TABLE statement_kept",
    "CREATE UNIQUE INDEX statement_complete ON statement (day) WHERE state = 'complete'",
    "CREATE INDEX statement_open ON statement (state) WHERE state <> 'complete'",
)

_POSTGRESQL_ANEW = (
    "DROP TRIGGER statement_sums ON statement",
    "DROP TRIGGER statement_stays ON statement",
    "ALTER TABLE statement ADD COLUMN superseded_at {text},"
    " ADD COLUMN superseded_by {text} NOT NULL DEFAULT '',"
    " ADD COLUMN case_id {text} NOT NULL DEFAULT ''",
    *(
        f"ALTER TABLE statement DROP CONSTRAINT {name}"
        for name in ("statement_state_check", *(f"statement_check{n}" for n in ("", "1", "2")))
    ),
    *(
        f"ALTER TABLE statement ADD CONSTRAINT {name} CHECK ({rule})"
        for name, rule in _CHECKS.items()
    ),
)

_FIXED = ("day", "opening_fen", "closing_fen", "line_count", *_SUMS, "digest", "statement_number")
_STEPS = ("offered complete", "offered broken", "complete superseded")
_CHANGED = (
    f"OLD.state IN {_WHOLE} AND (OLD.state = 'superseded'"
    " OR (NEW.state <> OLD.state AND OLD.state || ' ' || NEW.state NOT IN ("
    + ", ".join(f"'{step}'" for step in _STEPS)
    + ")) OR "
    + " OR ".join(f"NEW.{name} <> OLD.{name}" for name in _FIXED)
    + ")"
)
_OF_KEPT = (
    "EXISTS (SELECT 1 FROM statement"
    f" WHERE statement_number = OLD.line_id / {LINES_PER_STATEMENT} AND state IN {_KEPT})"
)

_SQLITE_GUARDS = (
    f"CREATE TRIGGER statement_line_stays BEFORE DELETE ON statement_line WHEN {_OF_KEPT}"
    " BEGIN SELECT RAISE(ABORT, 'statement_line keeps its rows'); END",
    f"CREATE TRIGGER statement_sums BEFORE UPDATE ON statement WHEN {_CHANGED}"
    " BEGIN SELECT RAISE(ABORT, 'statement keeps its sums'); END",
    f"CREATE TRIGGER statement_stays BEFORE DELETE ON statement WHEN OLD.state IN {_KEPT}"
    " BEGIN SELECT RAISE(ABORT, 'statement keeps its rows'); END",
)

_POSTGRESQL_GUARDS = (
    "CREATE OR REPLACE FUNCTION refuse_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF TG_OP = 'DELETE' THEN IF NOT {_OF_KEPT} THEN RETURN OLD; END IF; END IF;"
    " RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    "CREATE TRIGGER statement_sums BEFORE UPDATE ON statement FOR EACH ROW"
    f" WHEN ({_CHANGED}) EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER statement_stays BEFORE DELETE ON statement FOR EACH ROW"
    f" WHEN (OLD.state IN {_KEPT}) EXECUTE FUNCTION refuse_change()",
)

REISSUE = Step(
    15,
    "statements that are issued anew",
    (),
    sqlite=(*_SQLITE_ANEW, *_INDEXES, *_SQLITE_GUARDS),
    postgresql=(*_POSTGRESQL_ANEW, *_INDEXES, *_POSTGRESQL_GUARDS),
)
"""Step 15."""
