"""The tables of files of departures, which are loaded in pieces and seen once they are complete."""

from refund.core.exit_file import FILE_ROWS_MAX
from refund.storage.protocol import Step

# Departures that were typed stay in `exit_record`, with those of files taken in before this step.
# A file that is broken off is `broken` until its rows are gone; one file is loaded at a time.
_TABLES = (
    f"""CREATE TABLE exit_load (
        load_number {{integer}} NOT NULL PRIMARY KEY CHECK (load_number > 0),
        state {{text}} NOT NULL CHECK (state IN ('loading', 'broken', 'complete')),
        digest {{text}} NOT NULL, file_name {{text}} NOT NULL, began_at {{text}} NOT NULL,
        lease_until {{text}} NOT NULL, imported_by {{text}} NOT NULL,
        row_count {{integer}} NOT NULL CHECK (row_count BETWEEN 0 AND {FILE_ROWS_MAX}),
        known_count {{integer}} NOT NULL CHECK (known_count BETWEEN 0 AND row_count),
        first_day {{text}}, last_day {{text}}, missing_days {{text}} NOT NULL,
        completed_at {{text}}, CHECK ((state = 'complete') = (completed_at IS NOT NULL)),
        CHECK ((first_day IS NULL) = (last_day IS NULL))){{strict}}""",
    "CREATE UNIQUE INDEX exit_load_complete ON exit_load (digest) WHERE state = 'complete'",
    "CREATE UNIQUE INDEX exit_load_one ON exit_load (state) WHERE state = 'loading'",
    "CREATE INDEX exit_load_completed ON exit_load (completed_at)",
    "INSERT INTO exit_load (load_number, state, digest, file_name, began_at, lease_until,"
    " imported_by, row_count, known_count, missing_days, completed_at)"
    " SELECT ROW_NUMBER() OVER (ORDER BY imported_at, import_id), 'complete', import_id, file_name,"
    " imported_at, imported_at, imported_by, row_count, 0, '', imported_at FROM exit_import",
    """CREATE TABLE loaded_exit (
        load_number {integer} NOT NULL REFERENCES exit_load (load_number),
        line_number {integer} NOT NULL CHECK (line_number > 0),
        exit_id {text} NOT NULL, document_index {text} NOT NULL, port {text} NOT NULL,
        exited_at {text} NOT NULL, PRIMARY KEY (load_number, line_number)){strict}""",
    "CREATE UNIQUE INDEX loaded_exit_same ON loaded_exit (exit_id)",
    "CREATE INDEX loaded_exit_document ON loaded_exit (document_index, exited_at)",
    "CREATE INDEX loaded_exit_moment ON loaded_exit (exited_at)",
    "CREATE INDEX verification_moment ON verification (verified_at, form_id)",
    """CREATE VIEW exit_seen AS
        SELECT exit_id, document_index, port, exited_at, recorded_at, source FROM exit_record
        UNION ALL
        SELECT loaded_exit.exit_id, loaded_exit.document_index, loaded_exit.port,
            loaded_exit.exited_at, exit_load.completed_at AS recorded_at,
            'file:' || substr(exit_load.digest, 1, 12) AS source
        FROM loaded_exit
        JOIN exit_load ON exit_load.load_number = loaded_exit.load_number
        WHERE exit_load.state = 'complete'""",
)

_OF_COMPLETE = (
    "EXISTS (SELECT 1 FROM exit_load"
    " WHERE exit_load.load_number = OLD.load_number AND exit_load.state = 'complete')"
)

_SQLITE_GUARDS = (
    "CREATE TRIGGER loaded_exit_no_update BEFORE UPDATE ON loaded_exit"
    " BEGIN SELECT RAISE(ABORT, 'loaded_exit is append-only'); END",
    f"CREATE TRIGGER loaded_exit_stays BEFORE DELETE ON loaded_exit WHEN {_OF_COMPLETE}"
    " BEGIN SELECT RAISE(ABORT, 'loaded_exit keeps its rows'); END",
    *(
        f"CREATE TRIGGER exit_load_no_{action.lower()} BEFORE {action} ON exit_load"
        " WHEN OLD.state = 'complete'"
        " BEGIN SELECT RAISE(ABORT, 'exit_load keeps its rows'); END"
        for action in ("UPDATE", "DELETE")
    ),
)

_POSTGRESQL_GUARDS = (
    "CREATE FUNCTION refuse_loaded() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF TG_OP = 'DELETE' THEN IF NOT {_OF_COMPLETE} THEN RETURN OLD; END IF; END IF;"
    " RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    "CREATE TRIGGER loaded_exit_append_only BEFORE UPDATE OR DELETE ON loaded_exit"
    " FOR EACH ROW EXECUTE FUNCTION refuse_loaded()",
    "CREATE TRIGGER loaded_exit_no_truncate BEFORE TRUNCATE ON loaded_exit"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER exit_load_stays BEFORE UPDATE OR DELETE ON exit_load FOR EACH ROW"
    " WHEN (OLD.state = 'complete') EXECUTE FUNCTION refuse_change()",
)

EXITS = Step(
    8,
    "files of departures in pieces",
    _TABLES,
    sqlite=_SQLITE_GUARDS,
    postgresql=_POSTGRESQL_GUARDS,
)
"""Step 8."""
