"""Exits and the audit trail, as rows."""

from datetime import datetime

from refund.core.matching import ExitRecord
from refund.core.trail import AuditEvent, ExitImport
from refund.storage.protocol import Row
from refund.storage.records import moment, text, whole, written
from refund.storage.rows import Rows


class ExitQueries(Rows):
    """Exits and the audit trail."""

    __slots__ = ()

    def put_exit(self, record: ExitRecord, import_id: str) -> bool:
        """Store an exit; False when the same one is there already."""
        touched = self._session.run(
            "INSERT INTO exit_record (exit_id, document_index, port, exited_at, recorded_at,"
            " source, import_id) VALUES (:exit_id, :document_index, :port, :exited_at,"
            " :recorded_at, :source, :import_id) ON CONFLICT (exit_id) DO NOTHING",
            exit_id=record.exit_id,
            document_index=record.document_index,
            port=record.port,
            exited_at=written(record.exited_at),
            recorded_at=written(record.recorded_at),
            source=record.source,
            import_id=import_id or None,
        )
        return touched == 1

    def exits_of(self, document_index: str) -> tuple[ExitRecord, ...]:
        """A traveller's exits, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM exit_record WHERE document_index = :document_index ORDER BY exited_at",
            document_index=document_index,
        )
        return tuple(_exit(row) for row in rows)

    def exits_between(self, start: datetime, end: datetime) -> list[ExitRecord]:
        """Exits within a span of time, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM exit_record WHERE exited_at >= :start_at AND exited_at < :end_at"
            " ORDER BY exited_at",
            start_at=written(start),
            end_at=written(end),
        )
        return [_exit(row) for row in rows]

    def exit_import(self, import_id: str) -> ExitImport | None:
        """A file that was taken in before."""
        row = self._session.row(
            "SELECT * FROM exit_import WHERE import_id = :import_id", import_id=import_id
        )
        return None if row is None else _import(row)

    def exit_imports(self, limit: int) -> list[ExitImport]:
        """The files taken in last."""
        rows = self._session.rows(
            "SELECT * FROM exit_import ORDER BY imported_at DESC LIMIT :limit_rows",
            limit_rows=limit,
        )
        return [_import(row) for row in rows]

    def add_exit_import(self, imported: ExitImport) -> None:
        """Note that a file was taken in."""
        self._insert(
            "exit_import",
            {
                "import_id": imported.import_id,
                "file_name": imported.file_name,
                "row_count": imported.rows,
                "imported_at": written(imported.imported_at),
                "imported_by": imported.imported_by,
            },
        )

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
        text(row["import_id"]),
        text(row["file_name"]),
        whole(row["row_count"]),
        moment(row["imported_at"]),
        text(row["imported_by"]),
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
