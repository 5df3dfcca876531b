"""Months that were settled with the treasury, as rows."""

from datetime import date, datetime

from refund.core.settlement import (
    Marks,
    Month,
    SettledLine,
    Settlement,
    Totals,
    TreasuryPayment,
    read_month,
)
from refund.storage.protocol import Row, Value
from refund.storage.records import day, moment, moment_or_none, text, whole, written
from refund.storage.rows import Rows

# What the treasury owes for an entry stands in the ledger; the sales of the goods that count do
# not, so they follow from the form: as listed, less what was brought back, or, where customs
# confirmed fewer, what they confirmed.  A correction takes everything from what it corrects.
_SALES = """CASE
    WHEN source.kind = 'release' THEN form.sales_fen
    WHEN verification.decision = 'partly' THEN COALESCE((
        SELECT SUM(confirmed_line.quantity * invoice_line.unit_price_fen) FROM confirmed_line
        JOIN invoice_line ON invoice_line.form_id = confirmed_line.form_id
            AND invoice_line.invoice_position = confirmed_line.invoice_position
            AND invoice_line.position = confirmed_line.position
        WHERE confirmed_line.form_id = form.form_id
            AND confirmed_line.sequence = verification.sequence), 0)
    ELSE form.sales_fen - COALESCE((
        SELECT SUM(returned_line.quantity * invoice_line.unit_price_fen) FROM goods_return
        JOIN returned_line ON returned_line.return_id = goods_return.return_id
        JOIN invoice_line ON invoice_line.form_id = goods_return.form_id
            AND invoice_line.invoice_position = returned_line.invoice_position
            AND invoice_line.position = returned_line.position
        WHERE goods_return.form_id = form.form_id), 0) END"""

_WAY = """CASE source.kind WHEN 'release' THEN 'advance' WHEN 'adjust' THEN 'adjusted'
    ELSE COALESCE(operation.method, 'cash') END"""

_CLAIMS = f"""
SELECT entry.entry_key, entry.form_id, form.form_number, form.store_number,
    store.name_zh AS store_zh, store.name_en AS store_en, form.issue_day,
    verification.verified_at, {_WAY} AS way,
    CASE WHEN entry.reverses IS NULL THEN 0 ELSE 1 END AS is_correction,
    CASE WHEN entry.reverses IS NULL THEN 1 ELSE -1 END
        * COALESCE(earlier.sales_fen, {_SALES}) AS sales_fen,
    CASE treasury.side WHEN 'debit' THEN 1 ELSE -1 END * treasury.amount_fen AS gross_fen,
    CASE fee.side WHEN 'credit' THEN 1 WHEN 'debit' THEN -1 ELSE 0 END
        * COALESCE(fee.amount_fen, 0) AS fee_fen,
    entry.posted_at
FROM posting AS treasury
JOIN entry ON entry.entry_key = treasury.entry_key
JOIN entry AS source ON source.entry_key = COALESCE(entry.reverses, entry.entry_key)
JOIN form ON form.form_id = entry.form_id
JOIN store ON store.store_number = form.store_number
LEFT JOIN posting AS fee ON fee.entry_key = entry.entry_key AND fee.account = 'fee'
LEFT JOIN operation ON operation.reference = source.entry_key
LEFT JOIN settlement_line AS earlier ON earlier.entry_key = entry.reverses
LEFT JOIN verification ON verification.form_id = form.form_id AND verification.sequence = (
    SELECT MAX(latest.sequence) FROM verification AS latest
    WHERE latest.form_id = form.form_id)
WHERE treasury.account = 'treasury' AND entry.kind <> 'treasury_paid'"""

_OPEN = f"""{_CLAIMS} AND entry.posted_at < :end
    AND NOT EXISTS (SELECT 1 FROM settlement_line AS settled
        WHERE settled.entry_key = entry.entry_key)"""

_COLUMNS = """form_id, form_number, store_number, store_zh, store_en, issue_day, verified_at, way,
    is_correction, sales_fen, gross_fen, fee_fen"""

_NUMBERED = f"""SELECT ROW_NUMBER() OVER (ORDER BY posted_at, entry_key) AS position, entry_key,
    {_COLUMNS}, gross_fen - fee_fen AS net_fen, posted_at FROM ({_OPEN}) AS open_claim"""

_SUMS = """store_number, way, COUNT(*) AS line_count, SUM(sales_fen) AS sales_fen,
    SUM(gross_fen) AS gross_fen, SUM(fee_fen) AS fee_fen"""


class SettlementQueries(Rows):
    """Months that were settled, what each claimed, and what is not yet claimed."""

    __slots__ = ()

    def settlement(self, month: Month) -> Settlement | None:
        """A month that was closed."""
        row = self._session.row("SELECT * FROM settlement WHERE month = :month", month=str(month))
        return None if row is None else _settlement(row)

    def settlements(self) -> list[Settlement]:
        """Every month that was closed, oldest first."""
        rows = self._session.rows("SELECT * FROM settlement ORDER BY month")
        return [_settlement(row) for row in rows]

    def add_settlement(self, settlement: Settlement) -> None:
        """Store a month's closing; the database refuses a second one."""
        totals = settlement.totals
        self._insert(
            "settlement",
            {
                "month": str(settlement.month),
                "settlement_number": settlement.number,
                "closed_at": written(settlement.closed_at),
                "closed_by": settlement.closed_by,
                "line_count": totals.line_count,
                "sales_fen": totals.sales_fen,
                "gross_fen": totals.gross_fen,
                "fee_fen": totals.fee_fen,
                "net_fen": totals.net_fen,
                "digest": settlement.digest,
            },
        )

    def first_claim_day(self) -> date | None:
        """The day on which the first entry was posted that claims something of the treasury."""
        row = self._session.row(
            "SELECT MIN(day) AS first FROM daily_balance WHERE account = 'treasury'"
        )
        return None if row is None or row["first"] is None else day(row["first"])

    def settle_lines(self, month: Month) -> None:
        """Write out, in the order of posting, every claim till the month's end not yet settled."""
        self._session.run(
            f"INSERT INTO settlement_line (month, position, entry_key, {_COLUMNS}, net_fen,"
            f" posted_at) SELECT :month, position, entry_key, {_COLUMNS}, net_fen, posted_at"
            f" FROM ({_NUMBERED}) AS numbered ORDER BY position",
            month=str(month),
            end=written(month.end),
        )

    def settled_lines(self, month: Month, after: int, limit: int) -> list[SettledLine]:
        """The lines of a closed month whose position is beyond one, in order."""
        rows = self._session.rows(
            "SELECT * FROM settlement_line WHERE month = :month AND position > :after"
            " ORDER BY position LIMIT :limit_rows",
            month=str(month),
            after=after,
            limit_rows=limit,
        )
        return [_line(row) for row in rows]

    def settled_of(self, form_id: str) -> list[tuple[Month, SettledLine]]:
        """What closed months claimed or took back for a form, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM settlement_line WHERE form_id = :form_id ORDER BY month, position",
            form_id=form_id,
        )
        return [(read_month(text(row["month"])), _line(row)) for row in rows]

    def open_lines(self, month: Month, after: int, limit: int) -> list[SettledLine]:
        """The same of what would be its lines if it were closed now."""
        rows = self._session.rows(
            f"SELECT * FROM ({_NUMBERED}) AS numbered WHERE position > :after"
            " ORDER BY position LIMIT :limit_rows",
            end=written(month.end),
            after=after,
            limit_rows=limit,
        )
        return [_line(row) for row in rows]

    def settled_sums(self, month: Month) -> dict[tuple[int, str], Totals]:
        """The sums of a closed month by store and way."""
        rows = self._session.rows(
            f"SELECT {_SUMS} FROM settlement_line WHERE month = :month"
            " GROUP BY store_number, way ORDER BY store_number, way",
            month=str(month),
        )
        return {(whole(row["store_number"]), text(row["way"])): _totals(row) for row in rows}

    def settled_marks(self, month: Month) -> Marks:
        """By what the lines of a closed month are known again."""
        names = self._session.rows(
            "SELECT DISTINCT store_number, store_zh, store_en FROM settlement_line"
            " WHERE month = :month",
            month=str(month),
        )
        decided = self._session.row(
            "SELECT COUNT(*) AS found FROM verification WHERE form_id IN"
            " (SELECT form_id FROM settlement_line WHERE month = :month)",
            month=str(month),
        )
        return Marks(
            sums=self.settled_sums(month),
            names=frozenset(
                (whole(row["store_number"]), text(row["store_zh"]), text(row["store_en"]))
                for row in names
            ),
            verifications=0 if decided is None else whole(decided["found"]),
        )

    def open_verifications(self, month: Month) -> int:
        """How many decisions of customs there are on forms that a month would claim for."""
        row = self._session.row(
            "SELECT COUNT(*) AS found FROM verification WHERE form_id IN"
            f" (SELECT form_id FROM ({_OPEN}) AS open_claim)",
            end=written(month.end),
        )
        return 0 if row is None else whole(row["found"])

    def open_sums(self, month: Month) -> dict[tuple[int, str], Totals]:
        """The same of what would be its lines if it were closed now."""
        rows = self._session.rows(
            f"SELECT {_SUMS} FROM ({_OPEN}) AS open_claim"
            " GROUP BY store_number, way ORDER BY store_number, way",
            end=written(month.end),
        )
        return {(whole(row["store_number"]), text(row["way"])): _totals(row) for row in rows}

    def settled_gross_fen(self) -> int:
        """What all closed months claimed together."""
        row = self._session.row("SELECT COALESCE(SUM(gross_fen), 0) AS fen FROM settlement_line")
        return 0 if row is None else whole(row["fen"])

    def treasury_claims_fen(self, end: datetime) -> int:
        """What the ledger says was claimed until a moment: the account, its payments put back."""
        row = self._session.row(
            "SELECT (SELECT COALESCE(SUM(debit_fen - credit_fen), 0) FROM balance"
            " WHERE account = 'treasury')"
            " + (SELECT COALESCE(SUM(amount_fen), 0) FROM treasury_payment)"
            " - (SELECT COALESCE(SUM(CASE posting.side WHEN 'debit' THEN posting.amount_fen"
            " ELSE -posting.amount_fen END), 0) FROM posting"
            " JOIN entry ON entry.entry_key = posting.entry_key"
            " WHERE posting.account = 'treasury' AND entry.kind <> 'treasury_paid'"
            " AND entry.posted_at >= :end) AS fen",
            end=written(end),
        )
        return 0 if row is None else whole(row["fen"])

    def open_hours(self) -> dict[str, Totals]:
        """What is not yet settled, by the hour in UTC of its posting; of the sums the gross."""
        rows = self._session.rows(
            "SELECT substr(entry.posted_at, 1, 13) AS hour, COUNT(*) AS line_count,"
            " SUM(CASE posting.side WHEN 'debit' THEN posting.amount_fen"
            " ELSE -posting.amount_fen END) AS gross_fen FROM posting"
            " JOIN entry ON entry.entry_key = posting.entry_key"
            " WHERE posting.account = 'treasury' AND entry.kind <> 'treasury_paid'"
            " AND NOT EXISTS (SELECT 1 FROM settlement_line AS settled"
            " WHERE settled.entry_key = entry.entry_key) GROUP BY substr(entry.posted_at, 1, 13)"
        )
        return {
            text(row["hour"]): Totals(whole(row["line_count"]), 0, whole(row["gross_fen"]), 0, 0)
            for row in rows
        }

    def add_treasury_payment(self, payment: TreasuryPayment) -> None:
        """Store what the treasury paid for a month; the database refuses a second payment."""
        values: dict[str, Value] = {
            "month": str(payment.month),
            "amount_fen": payment.amount_fen,
            "paid_on": payment.paid_on.isoformat(),
            "recorded_at": written(payment.recorded_at),
            "recorded_by": payment.recorded_by,
            "note": payment.note,
        }
        self._insert("treasury_payment", values)

    def treasury_payments(self) -> list[TreasuryPayment]:
        """Every payment of the treasury, by month."""
        rows = self._session.rows("SELECT * FROM treasury_payment ORDER BY month")
        return [
            TreasuryPayment(
                read_month(text(row["month"])),
                whole(row["amount_fen"]),
                day(row["paid_on"]),
                moment(row["recorded_at"]),
                text(row["recorded_by"]),
                text(row["note"]),
            )
            for row in rows
        ]

    def claim(self, entry_key: str) -> SettledLine | None:
        """An entry that claims something and was not reversed, as the line that it is or will be.

        Its position is 0.
        """
        row = self._session.row(
            f"SELECT 0 AS position, entry_key, {_COLUMNS}, gross_fen - fee_fen AS net_fen,"
            f" posted_at FROM ({_CLAIMS} AND entry.entry_key = :entry_key"
            " AND entry.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM entry AS back"
            " WHERE back.reverses = entry.entry_key)) AS claimed",
            entry_key=entry_key,
        )
        return None if row is None else _line(row)


def _settlement(row: Row) -> Settlement:
    return Settlement(
        month=read_month(text(row["month"])),
        number=text(row["settlement_number"]),
        closed_at=moment(row["closed_at"]),
        closed_by=text(row["closed_by"]),
        totals=_totals(row),
        digest=text(row["digest"]),
    )


def _totals(row: Row) -> Totals:
    gross_fen, fee_fen = whole(row["gross_fen"]), whole(row["fee_fen"])
    return Totals(
        line_count=whole(row["line_count"]),
        sales_fen=whole(row["sales_fen"]),
        gross_fen=gross_fen,
        fee_fen=fee_fen,
        net_fen=gross_fen - fee_fen,
    )


def _line(row: Row) -> SettledLine:
    return SettledLine(
        position=whole(row["position"]),
        entry_key=text(row["entry_key"]),
        form_id=text(row["form_id"]),
        form_number=text(row["form_number"]),
        store_number=whole(row["store_number"]),
        store_zh=text(row["store_zh"]),
        store_en=text(row["store_en"]),
        issue_day=day(row["issue_day"]),
        verified_at=moment_or_none(row["verified_at"]),
        way=text(row["way"]),
        is_correction=bool(row["is_correction"]),
        sales_fen=whole(row["sales_fen"]),
        gross_fen=whole(row["gross_fen"]),
        fee_fen=whole(row["fee_fen"]),
        net_fen=whole(row["net_fen"]),
        posted_at=moment(row["posted_at"]),
    )
