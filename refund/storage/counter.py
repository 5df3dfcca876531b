"""Tills and receipts of the agency's counters, as rows."""

from datetime import date, datetime

from refund.core.agreement import Signature
from refund.core.form import Form, Status
from refund.core.money import Amounts
from refund.core.till import Receipt, Till, Way
from refund.storage.protocol import Row
from refund.storage.records import (
    FORM_COLUMNS,
    form_of,
    moment,
    moment_or_none,
    raw,
    text,
    whole,
    written,
)
from refund.storage.rows import Rows

_FORM_COLUMNS = ", ".join(f"form.{name.strip()}" for name in FORM_COLUMNS.split(","))


class CounterQueries(Rows):
    """Tills and receipts of the agency's counters."""

    __slots__ = ()

    def add_till(self, till: Till) -> None:
        """Open a till; the database refuses a second open one of its port."""
        self._insert(
            "till",
            {
                "till_id": till.till_id,
                "port": till.port,
                "opened_at": written(till.opened_at),
                "opened_by": till.opened_by,
                "float_fen": till.float_fen,
                "paid_fen": till.paid_fen,
            },
        )

    def till(self, till_id: str) -> Till | None:
        """A till by its id."""
        row = self._session.row("SELECT * FROM till WHERE till_id = :till_id", till_id=till_id)
        return None if row is None else _till_of(row)

    def open_till(self, port: str) -> Till | None:
        """The till of a port that is open."""
        row = self._session.row(
            "SELECT * FROM till WHERE port = :port AND closed_at IS NULL", port=port
        )
        return None if row is None else _till_of(row)

    def tills(self, limit: int) -> list[Till]:
        """The tills that were opened last, newest first."""
        rows = self._session.rows(
            "SELECT * FROM till ORDER BY opened_at DESC, till_id DESC LIMIT :limit_rows",
            limit_rows=limit,
        )
        return [_till_of(row) for row in rows]

    def pay_from_till(self, till_id: str, amount_fen: int) -> bool:
        """Take cash out of a till; False when it is closed, or has less."""
        changed = self._session.run(
            "UPDATE till SET paid_fen = paid_fen + :amount_fen WHERE till_id = :till_id"
            " AND closed_at IS NULL AND float_fen - paid_fen >= :amount_fen",
            till_id=till_id,
            amount_fen=amount_fen,
        )
        return changed == 1

    def close_till(self, till: Till) -> bool:
        """Store the count that closed a till; False when it is closed, or has paid meanwhile."""
        changed = self._session.run(
            "UPDATE till SET closed_at = :closed_at, closed_by = :closed_by,"
            " counted_fen = :counted_fen, note = :note WHERE till_id = :till_id"
            " AND closed_at IS NULL AND paid_fen = :paid_fen",
            till_id=till.till_id,
            closed_at=None if till.closed_at is None else written(till.closed_at),
            closed_by=till.closed_by,
            counted_fen=till.counted_fen,
            note=till.note,
            paid_fen=till.paid_fen,
        )
        return changed == 1

    def next_receipt_sequence(self, port: str, day: date) -> int:
        """The next receipt's number within a port's day, from 1."""
        self._session.run(
            "INSERT INTO receipt_counter (port, day, last_sequence) VALUES (:port, :day, 1)"
            " ON CONFLICT (port, day) DO UPDATE"
            " SET last_sequence = receipt_counter.last_sequence + 1",
            port=port,
            day=day.isoformat(),
        )
        row = self._session.row(
            "SELECT last_sequence FROM receipt_counter WHERE port = :port AND day = :day",
            port=port,
            day=day.isoformat(),
        )
        if row is None:
            raise LookupError("receipt_counter")
        return whole(row["last_sequence"])

    def add_receipt(self, receipt: Receipt, signature: Signature, owner: str) -> None:
        """Store a receipt, its signature and the account's owner sealed; "" for the traveller."""
        number = receipt.receipt_number
        seal = self._sealer.seal
        self._insert(
            "receipt",
            {
                "receipt_number": number,
                "form_id": receipt.form_id,
                "port": receipt.port,
                "staff_id": receipt.staff_id,
                "written_at": written(receipt.written_at),
                "way": receipt.way.value,
                "label": receipt.label,
                "till_id": receipt.till_id or None,
                "sales_fen": receipt.due.sales_fen,
                "gross_fen": receipt.due.gross_fen,
                "fee_fen": receipt.due.fee_fen,
                "net_fen": receipt.due.net_fen,
                "submission": receipt.submission,
                "signature_kind": signature.kind,
                "signature_sealed": seal(
                    "receipt", "signature_sealed", number, signature.text.encode()
                ),
                "owner_sealed": seal("receipt", "owner_sealed", number, owner.encode())
                if owner
                else None,
                "paid_at": None if receipt.paid_at is None else written(receipt.paid_at),
            },
        )

    def receipt(self, receipt_number: str) -> Receipt | None:
        """A receipt by its number."""
        row = self._session.row(
            "SELECT * FROM receipt WHERE receipt_number = :number", number=receipt_number
        )
        return None if row is None else _receipt_of(row)

    def receipt_of(self, form_id: str) -> Receipt | None:
        """The receipt of a form that is not void."""
        row = self._session.row(
            "SELECT * FROM receipt WHERE form_id = :form_id AND void_at IS NULL", form_id=form_id
        )
        return None if row is None else _receipt_of(row)

    def receipt_by_submission(self, submission: str) -> Receipt | None:
        """The receipt that was signed on a page."""
        row = self._session.row(
            "SELECT * FROM receipt WHERE submission = :submission", submission=submission
        )
        return None if row is None else _receipt_of(row)

    def receipts_of_form(self, form_id: str) -> list[Receipt]:
        """All receipts of a form, oldest first, void ones too."""
        rows = self._session.rows(
            "SELECT * FROM receipt WHERE form_id = :form_id ORDER BY written_at, receipt_number",
            form_id=form_id,
        )
        return [_receipt_of(row) for row in rows]

    def receipts_of_till(self, till_id: str) -> list[Receipt]:
        """What was paid out of a till, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM receipt WHERE till_id = :till_id ORDER BY written_at, receipt_number",
            till_id=till_id,
        )
        return [_receipt_of(row) for row in rows]

    def receipts_between(self, port: str, start: datetime, end: datetime) -> list[Receipt]:
        """A port's receipts of a span of time, newest first."""
        rows = self._session.rows(
            "SELECT * FROM receipt WHERE port = :port AND written_at >= :start_at"
            " AND written_at < :end_at ORDER BY written_at DESC, receipt_number DESC",
            port=port,
            start_at=written(start),
            end_at=written(end),
        )
        return [_receipt_of(row) for row in rows]

    def receipt_signature(self, receipt_number: str) -> Signature | None:
        """The signature on a receipt."""
        row = self._session.row(
            "SELECT signature_kind, signature_sealed FROM receipt WHERE receipt_number = :number",
            number=receipt_number,
        )
        if row is None:
            return None
        sealed = raw(row["signature_sealed"])
        opened = self._sealer.open("receipt", "signature_sealed", receipt_number, sealed)
        return Signature(text(row["signature_kind"]), opened.decode())

    def receipt_owner(self, receipt_number: str) -> str:
        """Whose the account is, where it is another person's; else nothing."""
        row = self._session.row(
            "SELECT owner_sealed FROM receipt WHERE receipt_number = :number",
            number=receipt_number,
        )
        if row is None or row["owner_sealed"] is None:
            return ""
        sealed = raw(row["owner_sealed"])
        return self._sealer.open("receipt", "owner_sealed", receipt_number, sealed).decode()

    def pay_receipt(self, form_id: str, at: datetime) -> None:
        """Note that the money of a form's receipt has been paid."""
        self._session.run(
            "UPDATE receipt SET paid_at = :at"
            " WHERE form_id = :form_id AND void_at IS NULL AND paid_at IS NULL",
            form_id=form_id,
            at=written(at),
        )

    def void_receipt(self, form_id: str, at: datetime) -> None:
        """Make a form's receipt void, because the network would not pay it."""
        self._session.run(
            "UPDATE receipt SET void_at = :at"
            " WHERE form_id = :form_id AND void_at IS NULL AND paid_at IS NULL",
            form_id=form_id,
            at=written(at),
        )

    def put_document_shown(
        self, form_id: str, port: str, staff_id: str, document_index: str, at: datetime
    ) -> None:
        """Note which document an operator was shown for a form; the last one counts."""
        self._session.run(
            "INSERT INTO document_shown (form_id, port, staff_id, document_index, shown_at)"
            " VALUES (:form_id, :port, :staff_id, :document_index, :at)"
            " ON CONFLICT (form_id, port, staff_id) DO UPDATE SET"
            " document_index = excluded.document_index, shown_at = excluded.shown_at",
            form_id=form_id,
            port=port,
            staff_id=staff_id,
            document_index=document_index,
            at=written(at),
        )

    def document_shown(self, form_id: str, port: str, staff_id: str, since: datetime) -> str:
        """The blind index of the document that was shown since a moment; "" for none."""
        row = self._session.row(
            "SELECT document_index FROM document_shown WHERE form_id = :form_id"
            " AND port = :port AND staff_id = :staff_id AND shown_at >= :since",
            form_id=form_id,
            port=port,
            staff_id=staff_id,
            since=written(since),
        )
        return "" if row is None else text(row["document_index"])

    def forms_verified_at(self, port: str, statuses: tuple[Status, ...], limit: int) -> list[Form]:
        """Forms in some states that customs of a port decided last, the latest decision first."""
        names = {f"status_{place}": status.value for place, status in enumerate(statuses)}
        holders = ", ".join(f":{name}" for name in names)
        rows = self._session.rows(
            f"SELECT {_FORM_COLUMNS} FROM form JOIN verification"
            " ON verification.form_id = form.form_id"
            f" WHERE form.status IN ({holders}) AND verification.port = :port"
            " AND NOT EXISTS (SELECT 1 FROM verification AS later"
            " WHERE later.form_id = form.form_id AND later.sequence > verification.sequence)"
            " ORDER BY verification.verified_at DESC, form.form_id LIMIT :limit_rows",
            port=port,
            limit_rows=limit,
            **names,
        )
        return [form_of(row) for row in rows]


def _till_of(row: Row) -> Till:
    counted = row["counted_fen"]
    return Till(
        till_id=text(row["till_id"]),
        port=text(row["port"]),
        opened_at=moment(row["opened_at"]),
        opened_by=text(row["opened_by"]),
        float_fen=whole(row["float_fen"]),
        paid_fen=whole(row["paid_fen"]),
        closed_at=moment_or_none(row["closed_at"]),
        closed_by=text(row["closed_by"]),
        counted_fen=None if counted is None else whole(counted),
        note=text(row["note"]),
    )


def _receipt_of(row: Row) -> Receipt:
    till_id = row["till_id"]
    return Receipt(
        receipt_number=text(row["receipt_number"]),
        form_id=text(row["form_id"]),
        port=text(row["port"]),
        staff_id=text(row["staff_id"]),
        written_at=moment(row["written_at"]),
        way=Way(row["way"]),
        label=text(row["label"]),
        till_id="" if till_id is None else text(till_id),
        due=Amounts(
            whole(row["sales_fen"]),
            whole(row["gross_fen"]),
            whole(row["fee_fen"]),
            whole(row["net_fen"]),
        ),
        submission=text(row["submission"]),
        signature_kind=text(row["signature_kind"]),
        paid_at=moment_or_none(row["paid_at"]),
        void_at=moment_or_none(row["void_at"]),
    )
