"""Statements of a day that is there already, as rows: offered, let count, or given up."""

from datetime import date, datetime

from refund.core.statement import Apart, Statement
from refund.storage.records import text, whole, written
from refund.storage.rows import Rows
from refund.storage.schema_match import LINES_PER_STATEMENT
from refund.storage.statements import statement_from

_SAID = (
    *("network_id", "reference", "kind", "state", "amount_fen", "currency", "fee_fen"),
    *("booked_at", "hold_reference"),
)
"""What two lines have in common that are the same but for their numbers."""

_EQUAL = " AND ".join(f"other.{name} = line.{name}" for name in _SAID)

# What both have alike cancels out; `lines` is how many are left under a reference.
_APART = f"""SELECT reference, SUM(more) AS lines, SUM(SUM(more)) OVER () AS all_lines FROM (
    SELECT reference, ABS(SUM(side)) AS more FROM (
        SELECT {", ".join(_SAID)}, 1 AS side FROM statement_line
            WHERE line_id BETWEEN :old_first AND :old_last
        UNION ALL SELECT {", ".join(_SAID)}, -1 AS side FROM statement_line
            WHERE line_id BETWEEN :new_first AND :new_last) AS both_sides
    GROUP BY {", ".join(_SAID)} HAVING SUM(side) <> 0) AS apart
GROUP BY reference ORDER BY reference LIMIT :limit_rows"""


class ReissueQueries(Rows):
    """Statements that are offered in the place of others, and those that others replaced."""

    __slots__ = ()

    def offered_of(self, day: date) -> Statement | None:
        """The statement that is offered for a day."""
        row = self._session.row(
            "SELECT * FROM statement WHERE day = :day AND state = 'offered'", day=day.isoformat()
        )
        return None if row is None else statement_from(row)

    def accept_offer(self, number: int, at: datetime) -> Statement | None:
        """Let an offered statement count from a moment on; None when it is offered no more."""
        rows = self._session.rows(
            "UPDATE statement SET state = 'complete', completed_at = :at"
            " WHERE statement_number = :number AND state = 'offered' RETURNING *",
            at=written(at),
            number=number,
        )
        return statement_from(rows[0]) if rows else None

    def give_up_offer(self, day: date) -> None:
        """Give up what is offered for a day, where something is."""
        self._session.run(
            "UPDATE statement SET state = 'broken', completed_at = NULL"
            " WHERE day = :day AND state = 'offered'",
            day=day.isoformat(),
        )

    def supersede_statement(self, number: int, at: datetime, by: str, case_id: str) -> bool:
        """Let a statement count no more, for ever; False when it did not count before."""
        touched = self._session.run(
            "UPDATE statement SET state = 'superseded', superseded_at = :at,"
            " superseded_by = :by_actor, case_id = :case_id"
            " WHERE statement_number = :number AND state = 'complete'",
            at=written(at),
            by_actor=by,
            case_id=case_id,
            number=number,
        )
        return touched == 1

    def statements_after(self, day: date) -> list[Statement]:
        """All complete statements of later days, in order."""
        rows = self._session.rows(
            "SELECT * FROM statement WHERE state = 'complete' AND day > :day ORDER BY day",
            day=day.isoformat(),
        )
        return [statement_from(row) for row in rows]

    def superseded_of(self, day: date) -> list[Statement]:
        """The statements of a day that count no more, the latest first."""
        rows = self._session.rows(
            "SELECT * FROM statement WHERE day = :day AND state = 'superseded'"
            " ORDER BY statement_number DESC",
            day=day.isoformat(),
        )
        return [statement_from(row) for row in rows]

    def lines_apart(self, old: int, new: int, limit: int) -> Apart:
        """What of two statements' lines only one of them has; at most so many references."""
        rows = self._session.rows(
            _APART,
            old_first=old * LINES_PER_STATEMENT,
            old_last=(old + 1) * LINES_PER_STATEMENT - 1,
            new_first=new * LINES_PER_STATEMENT,
            new_last=(new + 1) * LINES_PER_STATEMENT - 1,
            limit_rows=limit,
        )
        count = whole(rows[0]["all_lines"]) if rows else 0
        return Apart(count, tuple(text(row["reference"]) for row in rows))

    def line_origin(self, line_id: int) -> str:
        """Where a line stood on the first statement of its day that had it.

        Returns:
            Its number there, behind that statement's where it is not the day's first one; empty
            where the day has only one statement.
        """
        number = line_id // LINES_PER_STATEMENT
        earlier = self._session.rows(
            "SELECT statement_number AS number FROM statement WHERE state = 'superseded'"
            " AND day = (SELECT day FROM statement WHERE statement_number = :number)"
            " AND statement_number < :number ORDER BY statement_number",
            number=number,
        )
        numbers = [whole(row["number"]) for row in earlier]
        if not numbers:
            return ""
        rank = len(self._equal_lines(line_id, number, line_id))
        for one in numbers:
            places = self._equal_lines(line_id, one, (one + 1) * LINES_PER_STATEMENT - 1)
            if len(places) >= rank:
                place = str(places[rank - 1])
                return place if one == numbers[0] else f"{one}.{place}"
        return f"{number}.{line_id % LINES_PER_STATEMENT}"

    def _equal_lines(self, line_id: int, number: int, last: int) -> list[int]:
        """The numbers of a statement's lines that say the same as a line, up to one."""
        rows = self._session.rows(
            "SELECT other.line_id FROM statement_line AS line"
            f" JOIN statement_line AS other ON {_EQUAL}"
            " WHERE line.line_id = :line_id AND other.line_id BETWEEN :first_line AND :last_line"
            " ORDER BY other.line_id",
            line_id=line_id,
            first_line=number * LINES_PER_STATEMENT,
            last_line=last,
        )
        return [whole(row["line_id"]) % LINES_PER_STATEMENT for row in rows]
