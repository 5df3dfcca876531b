"""The network's statements, as rows."""

from collections.abc import Sequence
from datetime import date, datetime

from refund.core.statement import Head, Statement, StatementLine, Totals, Trailer
from refund.storage.protocol import Row, Value
from refund.storage.records import day as read_day
from refund.storage.records import moment, moment_or_none, text, whole, written
from refund.storage.rows import Rows
from refund.storage.schema_match import LINES_PER_STATEMENT


class StatementQueries(Rows):
    """Statements: loaded in pieces, and visible once they are complete."""

    __slots__ = ()

    def begin_statement(
        self, head: Head, source: str, file_name: str, at: datetime, by: str
    ) -> int:
        """Begin to load a statement, in the place of whoever else loads this day; its number."""
        self._session.run(
            "UPDATE statement SET state = 'broken' WHERE state = 'loading' AND day = :day",
            day=head.day.isoformat(),
        )
        row = self._session.row(
            "SELECT COALESCE(MAX(statement_number), 0) + 1 AS number FROM statement"
        )
        number = 1 if row is None else whole(row["number"])
        values: dict[str, Value] = {
            "statement_number": number,
            "day": head.day.isoformat(),
            "state": "loading",
            "source": source,
            "file_name": file_name,
            "began_at": written(at),
            "imported_by": by,
            "opening_fen": head.opening_fen,
            "closing_fen": head.opening_fen,
            "line_count": 0,
            "payouts_fen": 0,
            "returned_fen": 0,
            "captures_fen": 0,
            "fees_fen": 0,
            "amount_fen": 0,
            "agreed_fees_fen": 0,
            "digest": "",
        }
        self._insert("statement", values)
        return number

    def add_statement_lines(self, number: int, lines: Sequence[StatementLine]) -> bool:
        """Add lines to a statement that is loading; False when it does so no more."""
        touched = self._session.run(
            "UPDATE statement SET line_count = line_count + :more"
            " WHERE statement_number = :number AND state = 'loading'",
            more=len(lines),
            number=number,
        )
        if touched:
            first = number * LINES_PER_STATEMENT
            self._insert_all("statement_line", [_values(first, line) for line in lines])
        return touched == 1

    def complete_statement(self, number: int, trailer: Trailer, at: datetime) -> Statement | None:
        """Make a statement visible, whole; None when it is loading no more."""
        return self._end_loading(number, trailer, at, "complete")

    def offer_statement(self, number: int, trailer: Trailer, at: datetime) -> Statement | None:
        """Keep a statement whole that does not count; None when it is loading no more."""
        return self._end_loading(number, trailer, at, "offered")

    def _end_loading(
        self, number: int, trailer: Trailer, at: datetime, state: str
    ) -> Statement | None:
        totals = trailer.totals
        rows = self._session.rows(
            "UPDATE statement SET state = :state, closing_fen = :closing_fen,"
            " payouts_fen = :payouts_fen, returned_fen = :returned_fen,"
            " captures_fen = :captures_fen, fees_fen = :fees_fen, amount_fen = :amount_fen,"
            " agreed_fees_fen = :agreed_fees_fen, digest = :digest, completed_at = :at"
            " WHERE statement_number = :number AND state = 'loading' AND line_count = :lines"
            " RETURNING *",
            state=state,
            closing_fen=trailer.closing_fen,
            payouts_fen=totals.payouts_fen,
            returned_fen=totals.returned_fen,
            captures_fen=totals.captures_fen,
            fees_fen=totals.fees_fen,
            amount_fen=totals.amount_fen,
            agreed_fees_fen=totals.agreed_fees_fen,
            digest=trailer.digest,
            at=written(at),
            number=number,
            lines=totals.lines,
        )
        return statement_from(rows[0]) if rows else None

    def break_off_statement(self, number: int) -> None:
        """Give up a statement that is loading."""
        self._session.run(
            "UPDATE statement SET state = 'broken'"
            " WHERE statement_number = :number AND state = 'loading'",
            number=number,
        )

    def break_off_statements(self, before: datetime) -> None:
        """Give up every statement that began to load before a moment and is not complete."""
        self._session.run(
            "UPDATE statement SET state = 'broken' WHERE state = 'loading' AND began_at < :before",
            before=written(before),
        )

    def clear_broken_lines(self, limit: int) -> int:
        """Delete some lines of a statement that was given up; 0 when nothing is left of any."""
        row = self._session.row(
            "SELECT MIN(statement_number) AS number FROM statement WHERE state = 'broken'"
        )
        if row is None or row["number"] is None:
            return 0
        number = whole(row["number"])
        deleted = self._session.run(
            "DELETE FROM statement_line WHERE line_id IN (SELECT line_id FROM statement_line"
            " WHERE line_id >= :first AND line_id < :beyond ORDER BY line_id LIMIT :limit_rows)",
            first=number * LINES_PER_STATEMENT,
            beyond=(number + 1) * LINES_PER_STATEMENT,
            limit_rows=limit,
        )
        if deleted < limit:
            self._session.run(
                "DELETE FROM statement WHERE statement_number = :number", number=number
            )
        return max(deleted, 1)

    def statement_of(self, day: date) -> Statement | None:
        """A day's statement, complete."""
        row = self._session.row(
            "SELECT * FROM statement WHERE day = :day AND state = 'complete'", day=day.isoformat()
        )
        return None if row is None else statement_from(row)

    def statements(self, before: date, limit: int) -> list[Statement]:
        """Complete statements of days before one, the latest first."""
        rows = self._session.rows(
            "SELECT * FROM statement WHERE state = 'complete' AND day < :before"
            " ORDER BY day DESC LIMIT :limit_rows",
            before=before.isoformat(),
            limit_rows=limit,
        )
        return [statement_from(row) for row in rows]

    def statement_span(self) -> tuple[date, date] | None:
        """The first and the last day of which there is a statement."""
        row = self._session.row(
            "SELECT MIN(day) AS first, MAX(day) AS last FROM statement WHERE state = 'complete'"
        )
        if row is None or row["first"] is None:
            return None
        return read_day(row["first"]), read_day(row["last"])

    def first_answer_at(self) -> datetime | None:
        """When the network first answered something that it has done for us."""
        row = self._session.row(
            "SELECT answered_at FROM operation WHERE answered_at IS NOT NULL"
            " AND state IN ('succeeded', 'returned') ORDER BY answered_at LIMIT 1"
        )
        return None if row is None else moment_or_none(row["answered_at"])


def _values(first: int, line: StatementLine) -> dict[str, Value]:
    return {
        "line_id": first + line.number,
        "network_id": line.network_id,
        "reference": line.reference,
        "kind": line.kind,
        "state": line.state,
        "amount_fen": line.amount_fen,
        "currency": line.currency,
        "fee_fen": line.fee_fen,
        "booked_at": written(line.booked_at),
        "hold_reference": line.hold_reference,
    }


def statement_from(row: Row) -> Statement:
    """A statement out of its row."""
    return Statement(
        number=whole(row["statement_number"]),
        day=read_day(row["day"]),
        opening_fen=whole(row["opening_fen"]),
        closing_fen=whole(row["closing_fen"]),
        totals=Totals(
            lines=whole(row["line_count"]),
            payouts_fen=whole(row["payouts_fen"]),
            returned_fen=whole(row["returned_fen"]),
            captures_fen=whole(row["captures_fen"]),
            fees_fen=whole(row["fees_fen"]),
            amount_fen=whole(row["amount_fen"]),
            agreed_fees_fen=whole(row["agreed_fees_fen"]),
        ),
        digest=text(row["digest"]),
        source=text(row["source"]),
        file_name=text(row["file_name"]),
        imported_at=moment(row["completed_at"]),
        imported_by=text(row["imported_by"]),
        matched_at=moment_or_none(row["matched_at"]),
        superseded_at=moment_or_none(row["superseded_at"]),
        superseded_by=text(row["superseded_by"]),
        case_id=text(row["case_id"]),
    )
