"""Forms, their invoices and their travellers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from refund.core.form import Form, Status
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.core.matching import BEGINNING, Place
from refund.core.trail import Submission
from refund.core.traveller import Traveller
from refund.storage.exits import LEFT_AFTER_PURCHASE
from refund.storage.protocol import Row, Value
from refund.storage.records import (
    FORM_COLUMNS,
    day,
    form_of,
    goods_of,
    goods_values,
    identity_bytes,
    identity_of,
    raw,
    text,
    whole,
    written,
)
from refund.storage.rows import Rows


class FormQueries(Rows):
    """Forms with their invoices and travellers."""

    __slots__ = ()

    def next_sequence(self, store_number: int, day: date) -> int:
        """The next form's number within a store's day, from 1."""
        row = self._session.row(
            "INSERT INTO form_counter (store_number, day, last_sequence)"
            " VALUES (:store_number, :day, 1)"
            " ON CONFLICT (store_number, day)"
            " DO UPDATE SET last_sequence = form_counter.last_sequence + 1"
            " RETURNING last_sequence",
            store_number=store_number,
            day=day.isoformat(),
        )
        if row is None:
            raise LookupError("form_counter")
        return whole(row["last_sequence"])

    def add_form(self, form: Form, traveller: Traveller, submission: Submission) -> None:
        """Add a form with its sealed identity and the key under which it was submitted."""
        amounts = form.amounts
        sealed = self._sealer.seal(
            "form", "identity_sealed", form.form_id, identity_bytes(traveller)
        )
        self._insert(
            "form",
            {
                "form_id": form.form_id,
                "form_number": form.form_number,
                "store_number": form.store_number,
                "staff_id": form.staff_id,
                "submission_key": submission.key,
                "submission_fingerprint": submission.fingerprint,
                "status": form.status.value,
                "version": form.version,
                "channel": form.channel.value,
                "issued_at": written(form.issued_at),
                "issue_day": form.issue_day.isoformat(),
                "document_index": form.document_index,
                "identity_sealed": sealed,
                "sales_fen": amounts.sales_fen,
                "gross_fen": amounts.gross_fen,
                "fee_fen": amounts.fee_fen,
                "net_fen": amounts.net_fen,
                "port": form.port,
                "port_any": int(form.port_any),
                "depart_by": form.depart_by.isoformat(),
                "export_by": form.export_by.isoformat(),
                "code": form.code,
                "tries_left": form.tries_left,
                "claim_hash": form.claim_hash,
                "replaces": form.replaces or None,
            },
        )
        self._add_to_day("issued", form.issue_day, form.store_number, amounts.net_fen)

    def add_invoices(self, form_id: str, invoices: Sequence[Invoice]) -> None:
        """Add a form's invoices; the database refuses a number that lives on another form."""
        for position, invoice in enumerate(invoices):
            self._insert(
                "invoice",
                {
                    "form_id": form_id,
                    "position": position,
                    "number": invoice.number,
                    "day": invoice.day.isoformat(),
                    "kind": invoice.kind.value,
                    "live": 1,
                },
            )
            for line_position, line in enumerate(invoice.lines):
                values: dict[str, Value] = {
                    "form_id": form_id,
                    "invoice_position": position,
                    "position": line_position,
                    **goods_values(line.goods),
                    "specification": line.specification,
                    "quantity": line.quantity,
                    "unit_price_fen": line.unit_price_fen,
                }
                self._insert("invoice_line", values)

    def free_invoices(self, form_id: str) -> None:
        """Let a void form's invoices be used again."""
        self._session.run("UPDATE invoice SET live = 0 WHERE form_id = :form_id", form_id=form_id)

    def live_invoice(self, number: str) -> str | None:
        """The form on which an invoice number lives, if any."""
        row = self._session.row(
            "SELECT form_id FROM invoice WHERE number = :number AND live = 1", number=number
        )
        return None if row is None else text(row["form_id"])

    def form(self, form_id: str) -> Form | None:
        """A form by its id."""
        return self._form("form_id = :value", form_id)

    def form_by_number(self, form_number: str) -> Form | None:
        """A form by its number."""
        return self._form("form_number = :value", form_number)

    def _form(self, condition: str, value: str) -> Form | None:
        row = self._session.row(
            f"SELECT {FORM_COLUMNS} FROM form WHERE {condition}",
            value=value,
        )
        return None if row is None else form_of(row)

    def _forms(self, rest: str, **values: Value) -> list[Form]:
        rows = self._session.rows(f"SELECT {FORM_COLUMNS} FROM form {rest}", **values)
        return [form_of(row) for row in rows]

    def form_by_submission(self, store_number: int, key: str) -> tuple[Form, str] | None:
        """A form by its submission's key, with the fingerprint that was stored."""
        row = self._session.row(
            f"SELECT {FORM_COLUMNS}, submission_fingerprint FROM form"
            " WHERE store_number = :store_number AND submission_key = :key",
            store_number=store_number,
            key=key,
        )
        return None if row is None else (form_of(row), text(row["submission_fingerprint"]))

    def save_status(self, form: Form, after: Status) -> Form:
        """Move a form on by one version; a form that moved meanwhile is a defect."""
        touched = self._session.run(
            "UPDATE form SET status = :after, version = version + 1"
            " WHERE form_id = :form_id AND status = :before AND version = :version",
            after=after.value,
            form_id=form.form_id,
            before=form.status.value,
            version=form.version,
        )
        if touched != 1:
            raise LookupError(form.form_id)
        return replace(form, status=after, version=form.version + 1)

    def lose_try(self, form_id: str) -> int:
        """Count one wrong claim code; how many tries are left."""
        row = self._session.row(
            "UPDATE form SET tries_left = tries_left - 1"
            " WHERE form_id = :form_id AND tries_left > 0 RETURNING tries_left",
            form_id=form_id,
        )
        return 0 if row is None else whole(row["tries_left"])

    def forms_of_store(self, store_number: int, day: date) -> list[Form]:
        """A store's forms of a day, newest first."""
        return self._forms(
            "WHERE store_number = :store_number AND issue_day = :day ORDER BY form_number DESC",
            store_number=store_number,
            day=day.isoformat(),
        )

    def form_replacing(self, form_id: str) -> Form | None:
        """The form that took the place of another one."""
        return self._form("replaces = :value", form_id)

    def forms_of_traveller(self, document_index: str) -> list[Form]:
        """A traveller's forms of all stores, newest first."""
        return self._forms(
            "WHERE document_index = :document_index ORDER BY issue_day DESC, form_number DESC",
            document_index=document_index,
        )

    def forms_in(
        self, statuses: Sequence[Status], limit: int, after: Place = BEGINNING
    ) -> list[Form]:
        """Forms in some states, the earliest promise first, after a place in that order."""
        return self._promised(statuses, limit, after)

    def forms_left(
        self, statuses: Sequence[Status], limit: int, after: Place = BEGINNING
    ) -> list[Form]:
        """The same, of travellers who were seen leaving after the purchase."""
        return self._promised(statuses, limit, after, f" AND {LEFT_AFTER_PURCHASE}")

    def _promised(
        self, statuses: Sequence[Status], limit: int, after: Place, condition: str = ""
    ) -> list[Form]:
        # In each state's part of the index the forms stand in order, so a page is read, not sorted
        # out of all that are open. Without a limit of their own PostgreSQL would sort the parts.
        _, values = _in(tuple(dict.fromkeys(statuses)))
        order = "ORDER BY depart_by, form_id LIMIT :limit_rows"
        parts = " UNION ALL ".join(
            f"SELECT * FROM (SELECT {FORM_COLUMNS} FROM form WHERE status = :{name}"
            f" AND (depart_by, form_id) > (:after_day, :after_id){condition} {order}) AS of_{name}"
            for name in values
        )
        rows = self._session.rows(
            f"{parts} {order}",
            limit_rows=limit,
            after_day=after.depart_by.isoformat(),
            after_id=after.form_id,
            **values,
        )
        return [form_of(row) for row in rows]

    def count_forms_in(self, statuses: Sequence[Status]) -> int:
        """How many forms are in some states."""
        holders, values = _in(statuses)
        row = self._session.row(
            f"SELECT COUNT(*) AS n FROM form WHERE status IN ({holders})", **values
        )
        return 0 if row is None else whole(row["n"])

    def purchases_of_day(
        self, store_number: int, document_index: str, day: date
    ) -> list[tuple[Form, int]]:
        """A traveller's forms that count for a day's purchases in a store, with what remains, fen.

        What was brought back counts no more, nor does a form that is void, replaced or given back.
        """
        rows = self._session.rows(
            f"SELECT {FORM_COLUMNS}, sales_fen - COALESCE((SELECT"
            " SUM(returned_line.quantity * invoice_line.unit_price_fen) FROM goods_return"
            " JOIN returned_line ON returned_line.return_id = goods_return.return_id"
            " JOIN invoice_line ON invoice_line.form_id = goods_return.form_id"
            " AND invoice_line.invoice_position = returned_line.invoice_position"
            " AND invoice_line.position = returned_line.position"
            " WHERE goods_return.form_id = form.form_id), 0) AS remaining_fen FROM form"
            " WHERE document_index = :document_index AND store_number = :store_number"
            " AND status NOT IN ('void', 'superseded', 'returned')"
            " AND EXISTS (SELECT 1 FROM invoice"
            " WHERE invoice.form_id = form.form_id AND invoice.day = :day)"
            " AND NOT EXISTS (SELECT 1 FROM goods_return"
            " WHERE goods_return.form_id = form.form_id AND goods_return.is_whole = 1)"
            " ORDER BY form_number",
            store_number=store_number,
            document_index=document_index,
            day=day.isoformat(),
        )
        return [(form_of(row), whole(row["remaining_fen"])) for row in rows]

    def traveller_of(self, form_id: str) -> Traveller:
        """The identity on a form."""
        row = self._session.row(
            "SELECT identity_sealed FROM form WHERE form_id = :form_id", form_id=form_id
        )
        if row is None:
            raise LookupError(form_id)
        sealed = raw(row["identity_sealed"])
        return identity_of(self._sealer.open("form", "identity_sealed", form_id, sealed))

    def invoices_of(self, form_id: str) -> list[Invoice]:
        """A form's invoices with their lines."""
        heads = self._session.rows(
            "SELECT position, number, day, kind FROM invoice WHERE form_id = :form_id"
            " ORDER BY position",
            form_id=form_id,
        )
        lines = self._session.rows(
            "SELECT * FROM invoice_line WHERE form_id = :form_id"
            " ORDER BY invoice_position, position",
            form_id=form_id,
        )
        return [_invoice(head, lines) for head in heads]


def _in(statuses: Sequence[Status]) -> tuple[str, dict[str, Value]]:
    """The names of some states' places in a statement, and their values."""
    values: dict[str, Value] = {f"s{i}": status.value for i, status in enumerate(statuses)}
    return ", ".join(f":{name}" for name in values), values


def _invoice(head: Row, lines: list[Row]) -> Invoice:
    return Invoice(
        number=text(head["number"]),
        day=day(head["day"]),
        kind=InvoiceKind(head["kind"]),
        lines=tuple(
            InvoiceLine(
                goods=goods_of(line),
                quantity=whole(line["quantity"]),
                unit_price_fen=whole(line["unit_price_fen"]),
                specification=text(line["specification"]),
            )
            for line in lines
            if line["invoice_position"] == head["position"]
        ),
    )
