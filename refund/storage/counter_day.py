"""The second screens of the counters, and the files of the tills, as rows."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from refund.core.counter_display import Display, Shown
from refund.core.money import Amounts
from refund.core.till_file import KeptFile, Sale
from refund.storage.protocol import Row, Value
from refund.storage.records import day, moment, text, whole, written
from refund.storage.rows import Rows

_FORGOTTEN = (
    "FROM till_sale WHERE store_number = :store_number AND decided_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM invoice JOIN form ON form.form_id = invoice.form_id"
    " WHERE invoice.number = till_sale.invoice_number AND invoice.live = 1"
    " AND form.store_number = till_sale.store_number)"
)


class DisplayQueries(Rows):
    """The second screens of the counters."""

    __slots__ = ()

    def display(self, session_hash: str) -> Display | None:
        """The screen of a session."""
        row = self._session.row(
            "SELECT * FROM counter_display WHERE session_hash = :session_hash",
            session_hash=session_hash,
        )
        if row is None:
            return None
        form_id = row["form_id"]
        return Display(
            watched_at=moment(row["watched_at"]),
            shown_at=moment(row["shown_at"]),
            language=text(row["language"]),
            shown=_shown_of(text(row["facts"])),
            form_id="" if form_id is None else text(form_id),
        )

    def put_display(self, session_hash: str, display: Display) -> None:
        """Keep what a screen shows."""
        self._session.run(
            "INSERT INTO counter_display"
            " (session_hash, watched_at, shown_at, language, facts, form_id)"
            " VALUES (:session_hash, :watched_at, :shown_at, :language, :facts, :form_id)"
            " ON CONFLICT (session_hash) DO UPDATE SET watched_at = excluded.watched_at,"
            " shown_at = excluded.shown_at, language = excluded.language, facts = excluded.facts,"
            " form_id = excluded.form_id",
            session_hash=session_hash,
            watched_at=written(display.watched_at),
            shown_at=written(display.shown_at),
            language=display.language,
            facts=_facts_of(display.shown),
            form_id=display.form_id or None,
        )

    def is_display_older(self, at: datetime) -> bool:
        """Whether a screen has not asked since a moment."""
        row = self._session.row(
            "SELECT session_hash FROM counter_display WHERE watched_at < :at LIMIT 1",
            at=written(at),
        )
        return row is not None

    def drop_displays_before(self, at: datetime) -> int:
        """Forget screens that have not asked since a moment; how many were forgotten."""
        return self._session.run(
            "DELETE FROM counter_display WHERE watched_at < :at", at=written(at)
        )


def _facts_of(shown: Shown | None) -> str:
    if shown is None:
        return ""
    amounts = shown.amounts
    return json.dumps(
        {
            "sums": [amounts.sales_fen, amounts.gross_fen, amounts.fee_fen, amounts.net_fen],
            "depart_by": shown.depart_by.isoformat(),
            "port": shown.port,
            "is_ready": shown.is_ready,
        }
    )


def _shown_of(facts: str) -> Shown | None:
    if not facts:
        return None
    known = json.loads(facts)
    return Shown(
        amounts=Amounts(*known["sums"]),
        depart_by=date.fromisoformat(known["depart_by"]),
        port=known["port"],
        is_ready=known["is_ready"],
    )


class TillFileQueries(Rows):
    """The files of stores' tills, and sales that have no form."""

    __slots__ = ()

    def till_file(self, store_number: int, digest: str) -> KeptFile | None:
        """A file that a store handed in before, by the digest of its bytes."""
        row = self._session.row(
            "SELECT * FROM till_file WHERE store_number = :store_number AND digest = :digest",
            store_number=store_number,
            digest=digest,
        )
        return None if row is None else _file_of(row)

    def last_till_file(self, store_number: int) -> KeptFile | None:
        """The file that a store handed in last."""
        row = self._session.row(
            "SELECT * FROM till_file WHERE store_number = :store_number"
            " ORDER BY read_at DESC LIMIT 1",
            store_number=store_number,
        )
        return None if row is None else _file_of(row)

    def add_till_file(self, store_number: int, digest: str, file: KeptFile, read_by: str) -> None:
        """Note that a file was read."""
        self._insert(
            "till_file",
            {
                "file_id": file.file_id,
                "store_number": store_number,
                "digest": digest,
                "file_name": file.file_name,
                "row_count": file.rows,
                "overseas_count": file.overseas,
                "read_at": written(file.read_at),
                "read_by": read_by,
            },
        )

    def add_till_sales(self, store_number: int, file_id: str, sales: Sequence[Sale]) -> int:
        """Add sales to overseas travellers; how many were not known before."""
        rows: list[dict[str, Value]] = [
            {
                "store_number": store_number,
                "invoice_number": sale.invoice_number,
                "day": sale.day.isoformat(),
                "amount_fen": sale.amount_fen,
                "file_id": file_id,
                "decided_at": None,
                "decided_by": "",
                "reason": "",
            }
            for sale in sales
        ]
        rest = " ON CONFLICT (store_number, invoice_number) DO NOTHING"
        return self._insert_all("till_sale", rows, rest) if rows else 0

    def till_sale(self, store_number: int, invoice_number: str) -> Sale | None:
        """A sale of a store that nobody has decided about."""
        row = self._session.row(
            "SELECT * FROM till_sale WHERE store_number = :store_number"
            " AND invoice_number = :invoice_number AND decided_at IS NULL",
            store_number=store_number,
            invoice_number=invoice_number,
        )
        return None if row is None else _sale_of(row)

    def forgotten_sales(self, store_number: int, limit: int) -> list[Sale]:
        """A store's sales to overseas travellers that have no live form, the oldest first."""
        rows = self._session.rows(
            f"SELECT * {_FORGOTTEN} ORDER BY day, invoice_number LIMIT :limit_rows",
            store_number=store_number,
            limit_rows=limit,
        )
        return [_sale_of(row) for row in rows]

    def count_forgotten_sales(self, store_number: int) -> int:
        """How many there are."""
        row = self._session.row(f"SELECT COUNT(*) AS n {_FORGOTTEN}", store_number=store_number)
        return 0 if row is None else whole(row["n"])

    def leave_sale(
        self, store_number: int, invoice_number: str, decided_by: str, at: datetime, reason: str
    ) -> int:
        """Note why a sale gets no form; 0 when somebody has decided before."""
        return self._session.run(
            "UPDATE till_sale SET decided_at = :at, decided_by = :decided_by, reason = :reason"
            " WHERE store_number = :store_number AND invoice_number = :invoice_number"
            " AND decided_at IS NULL",
            at=written(at),
            decided_by=decided_by,
            reason=reason,
            store_number=store_number,
            invoice_number=invoice_number,
        )


def _file_of(row: Row) -> KeptFile:
    return KeptFile(
        file_id=text(row["file_id"]),
        file_name=text(row["file_name"]),
        rows=whole(row["row_count"]),
        overseas=whole(row["overseas_count"]),
        read_at=moment(row["read_at"]),
    )


def _sale_of(row: Row) -> Sale:
    return Sale(
        invoice_number=text(row["invoice_number"]),
        day=day(row["day"]),
        amount_fen=whole(row["amount_fen"]),
    )
