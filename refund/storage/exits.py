"""Departures and the audit trail, as rows."""

from collections.abc import Sequence
from datetime import date, datetime

from refund.core.exit_file import Days
from refund.core.matching import ExitRecord
from refund.core.trail import AuditEvent, ExitImport, ExitLoad, Loaded, LoadedExit
from refund.storage.protocol import Row, Value
from refund.storage.records import day as read_day
from refund.storage.records import day_or_none, moment, text, whole, written
from refund.storage.rows import Rows

ROWS_AT_ONCE = 250
"""Rows of one statement: six values each, far below what either engine takes."""

# Inside a condition of another row no engine looks into the view by its document alone.
_AFTER = "gone.document_index = form.document_index AND gone.exited_at >= form.issued_at"
LEFT_AFTER_PURCHASE = (
    f"(EXISTS (SELECT 1 FROM exit_record AS gone WHERE {_AFTER})"
    " OR EXISTS (SELECT 1 FROM loaded_exit AS gone JOIN exit_load"
    " ON exit_load.load_number = gone.load_number AND exit_load.state = 'complete'"
    f" WHERE {_AFTER}))"
)
"""Whether the traveller of a row of `form` was seen leaving after the purchase."""

LEFT_AT = (
    f"COALESCE((SELECT MIN(gone.exited_at) FROM exit_record AS gone WHERE {_AFTER}),"
    " (SELECT MIN(gone.exited_at) FROM loaded_exit AS gone JOIN exit_load"
    " ON exit_load.load_number = gone.load_number AND exit_load.state = 'complete'"
    f" WHERE {_AFTER}))"
)
"""When that was, by what was typed, else by a file."""


class ExitQueries(Rows):
    """Departures and the audit trail."""

    __slots__ = ()

    def put_exit(self, record: ExitRecord) -> bool:
        """Store a departure; False when the same one is there already."""
        known = self._session.row(
            "SELECT exit_id FROM exit_seen WHERE exit_id = :exit_id", exit_id=record.exit_id
        )
        if known is not None:
            return False
        self._insert(
            "exit_record",
            {
                "exit_id": record.exit_id,
                "document_index": record.document_index,
                "port": record.port,
                "exited_at": written(record.exited_at),
                "recorded_at": written(record.recorded_at),
                "source": record.source,
                "import_id": None,
            },
        )
        return True

    def exits_of(self, document_index: str) -> tuple[ExitRecord, ...]:
        """A traveller's departures, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM exit_seen WHERE document_index = :document_index ORDER BY exited_at",
            document_index=document_index,
        )
        return tuple(_exit(row) for row in rows)

    def strangers(
        self, start: datetime, end: datetime, after: tuple[datetime, str], limit: int
    ) -> list[ExitRecord]:
        """Departures within a span of time that belong to no form, after one of them, in order."""
        rows = self._session.rows(
            "SELECT * FROM exit_seen WHERE exited_at >= :start_at AND exited_at < :end_at"
            " AND (exited_at, exit_id) > (:after_at, :after_id)"
            " AND NOT EXISTS (SELECT 1 FROM form"
            " WHERE form.document_index = exit_seen.document_index)"
            " ORDER BY exited_at, exit_id LIMIT :limit_rows",
            start_at=written(start),
            end_at=written(end),
            after_at=written(after[0]),
            after_id=after[1],
            limit_rows=limit,
        )
        return [_exit(row) for row in rows]

    def exit_import(self, import_id: str) -> ExitImport | None:
        """A file that was taken in before."""
        row = self._session.row(
            "SELECT * FROM exit_load WHERE digest = :digest AND state = 'complete'",
            digest=import_id,
        )
        return None if row is None else _import(row)

    def exit_imports(self, limit: int) -> list[ExitImport]:
        """The files taken in last."""
        rows = self._session.rows(
            "SELECT * FROM exit_load WHERE state = 'complete'"
            " ORDER BY completed_at DESC, load_number DESC LIMIT :limit_rows",
            limit_rows=limit,
        )
        return [_import(row) for row in rows]

    def last_day_covered(self, before: date) -> date | None:
        """The last day before one that a file says it covers."""
        row = self._session.row(
            "SELECT MAX(last_day) AS day FROM exit_load"
            " WHERE state = 'complete' AND first_day < :before",
            before=before.isoformat(),
        )
        return None if row is None or row["day"] is None else read_day(row["day"])

    def exit_load(self) -> ExitLoad | None:
        """The file that is being taken in."""
        row = self._session.row("SELECT * FROM exit_load WHERE state = 'loading'")
        if row is None:
            return None
        return ExitLoad(text(row["file_name"]), whole(row["row_count"]), moment(row["lease_until"]))

    def begin_exit_load(
        self, digest: str, file_name: str, at: datetime, lease_until: datetime, by: str
    ) -> int:
        """Begin to take a file in; its number. The database refuses a second one at once."""
        row = self._session.row("SELECT COALESCE(MAX(load_number), 0) + 1 AS n FROM exit_load")
        number = 1 if row is None else whole(row["n"])
        self._insert(
            "exit_load",
            {
                "load_number": number,
                "state": "loading",
                "digest": digest,
                "file_name": file_name,
                "began_at": written(at),
                "lease_until": written(lease_until),
                "imported_by": by,
                "row_count": 0,
                "known_count": 0,
                "missing_days": "",
            },
        )
        return number

    def add_loaded_exits(
        self, number: int, rows: Sequence[LoadedExit], lease_until: datetime
    ) -> Loaded | None:
        """Add rows to a file; None when it is not being taken in any more."""
        if not self._renew(number, lease_until):
            return None
        first: dict[str, LoadedExit] = {}
        doubled = [
            (row.line, first[row.exit_id].line)
            for row in rows
            if first.setdefault(row.exit_id, row) is not row
        ]
        known = self._typed(list(first))
        fresh = [row for row in first.values() if row.exit_id not in known]
        for start in range(0, len(fresh), ROWS_AT_ONCE):
            missed = self._add_some(number, fresh[start : start + ROWS_AT_ONCE])
            for row in missed:
                load, line = self._loaded_as(row.exit_id)
                if load == number:
                    doubled.append((row.line, line))
                else:
                    known.add(row.exit_id)
        self._session.run(
            "UPDATE exit_load SET row_count = row_count + :more,"
            " known_count = known_count + :known WHERE load_number = :number",
            more=len(rows),
            known=len(known),
            number=number,
        )
        return Loaded(len(known), tuple(sorted(doubled)))

    def _renew(self, number: int, lease_until: datetime) -> bool:
        """Go on with a file, if it is still being taken in."""
        touched = self._session.run(
            "UPDATE exit_load SET lease_until = :lease_until"
            " WHERE load_number = :number AND state = 'loading'",
            lease_until=written(lease_until),
            number=number,
        )
        return touched == 1

    def _typed(self, exit_ids: Sequence[str]) -> set[str]:
        """Those that were typed, or were taken in before files were loaded in pieces."""
        found: set[str] = set()
        for start in range(0, len(exit_ids), ROWS_AT_ONCE):
            some = exit_ids[start : start + ROWS_AT_ONCE]
            values: dict[str, Value] = {f"id_{n}": exit_id for n, exit_id in enumerate(some)}
            holders = ", ".join(f":{name}" for name in values)
            rows = self._session.rows(
                f"SELECT exit_id FROM exit_record WHERE exit_id IN ({holders})", **values
            )
            found.update(text(row["exit_id"]) for row in rows)
        return found

    def _add_some(self, number: int, rows: Sequence[LoadedExit]) -> list[LoadedExit]:
        """Add rows; those that are there already come back."""
        added = self._insert_all(
            "loaded_exit",
            [
                {
                    "load_number": number,
                    "line_number": row.line,
                    "exit_id": row.exit_id,
                    "document_index": row.document_index,
                    "port": row.port,
                    "exited_at": written(row.exited_at),
                }
                for row in rows
            ],
            " ON CONFLICT (exit_id) DO NOTHING",
        )
        if added == len(rows):
            return []
        return [row for row in rows if self._loaded_as(row.exit_id) != (number, row.line)]

    def _loaded_as(self, exit_id: str) -> tuple[int, int]:
        """By which file and on which of its lines a departure came; it is there."""
        row = self._session.row(
            "SELECT load_number, line_number FROM loaded_exit WHERE exit_id = :exit_id",
            exit_id=exit_id,
        )
        if row is None:
            raise LookupError(exit_id)
        return whole(row["load_number"]), whole(row["line_number"])

    def complete_exit_load(
        self, number: int, days: Days | None, missing: Sequence[date], at: datetime
    ) -> ExitImport | None:
        """Make a file's rows seen, all at once; None when it is not being taken in any more."""
        # What somebody typed in the meantime is there once.
        typed = self._session.run(
            "DELETE FROM loaded_exit WHERE load_number = :number AND exit_id IN"
            " (SELECT exit_id FROM exit_record WHERE recorded_at >="
            " (SELECT began_at FROM exit_load WHERE load_number = :number))",
            number=number,
        )
        rows = self._session.rows(
            "UPDATE exit_load SET state = 'complete', known_count = known_count + :typed,"
            " first_day = :first_day, last_day = :last_day, missing_days = :missing_days,"
            " completed_at = :at WHERE load_number = :number AND state = 'loading' RETURNING *",
            typed=typed,
            first_day=None if days is None else days.first.isoformat(),
            last_day=None if days is None else days.last.isoformat(),
            missing_days=" ".join(day.isoformat() for day in missing),
            at=written(at),
            number=number,
        )
        return _import(rows[0]) if rows else None

    def break_off_exit_load(self, number: int) -> None:
        """Give up a file that is being taken in."""
        self._session.run(
            "UPDATE exit_load SET state = 'broken'"
            " WHERE load_number = :number AND state = 'loading'",
            number=number,
        )

    def break_off_stale_exit_loads(self, now: datetime) -> None:
        """Give up a file whose lease is over: whoever took it in is gone."""
        self._session.run(
            "UPDATE exit_load SET state = 'broken'"
            " WHERE state = 'loading' AND lease_until <= :now_at",
            now_at=written(now),
        )

    def clear_broken_exits(self, limit: int) -> int:
        """Delete some rows of a file that was given up; 0 when nothing is left of any."""
        row = self._session.row(
            "SELECT MIN(load_number) AS number FROM exit_load WHERE state = 'broken'"
        )
        if row is None or row["number"] is None:
            return 0
        number = whole(row["number"])
        deleted = self._session.run(
            "DELETE FROM loaded_exit WHERE load_number = :number AND line_number IN"
            " (SELECT line_number FROM loaded_exit WHERE load_number = :number"
            " ORDER BY line_number LIMIT :limit_rows)",
            number=number,
            limit_rows=limit,
        )
        if deleted < limit:
            self._session.run("DELETE FROM exit_load WHERE load_number = :number", number=number)
        return max(deleted, 1)

    def add_event(self, event: AuditEvent) -> None:
        """Add to the audit trail."""
        self._insert(
            "audit_event",
            {
                "event_id": event.event_id,
                "at": written(event.at),
                "actor": event.actor,
                "kind": event.kind,
                "form_id": event.form_id or None,
                "version": event.version or None,
                "from_status": event.from_status,
                "to_status": event.to_status,
                "detail": event.detail,
            },
        )

    def events_of(self, form_id: str) -> list[AuditEvent]:
        """A form's audit trail, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM audit_event WHERE form_id = :form_id"
            " ORDER BY at, COALESCE(version, 0), event_id",
            form_id=form_id,
        )
        return [_event(row) for row in rows]


def _exit(row: Row) -> ExitRecord:
    return ExitRecord(
        text(row["exit_id"]),
        text(row["document_index"]),
        text(row["port"]),
        moment(row["exited_at"]),
        moment(row["recorded_at"]),
        text(row["source"]),
    )


def _import(row: Row) -> ExitImport:
    return ExitImport(
        import_id=text(row["digest"]),
        file_name=text(row["file_name"]),
        rows=whole(row["row_count"]),
        imported_at=moment(row["completed_at"]),
        imported_by=text(row["imported_by"]),
        known_rows=whole(row["known_count"]),
        first_day=day_or_none(row["first_day"]),
        last_day=day_or_none(row["last_day"]),
        missing_days=tuple(date.fromisoformat(day) for day in text(row["missing_days"]).split()),
    )


def _event(row: Row) -> AuditEvent:
    return AuditEvent(
        event_id=text(row["event_id"]),
        at=moment(row["at"]),
        actor=text(row["actor"]),
        kind=text(row["kind"]),
        form_id=text(row["form_id"]),
        version=whole(row["version"] or 0),
        from_status=text(row["from_status"]),
        to_status=text(row["to_status"]),
        detail=text(row["detail"]),
    )
