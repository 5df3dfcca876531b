"""The breaks that a match found and that stand, with their cases, as rows."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from refund.core.breaks import Break, Posted
from refund.core.case import CaseKind
from refund.core.match_summary import Amount, BreakRow, KindSum
from refund.core.statement import Statement
from refund.storage.protocol import Row, Value
from refund.storage.records import day as read_day
from refund.storage.records import moment, text, whole, written
from refund.storage.rows import Rows
from refund.storage.statements import statement_from

_WITH_CASE = """SELECT found.break_id, found.kind, found.subject, found.day, found.amount_fen,
    found.reference, found.form_id, form.form_number, found.case_id,
    kept.found_at, kept.facts, kept.owner, kept.closed_at, kept.closed_by, kept.reason, kept.fix
FROM match_break AS found JOIN case_record AS kept ON kept.case_id = found.case_id
LEFT JOIN form ON form.form_id = found.form_id
WHERE found.gone_at IS NULL"""

_MATCHED = """EXISTS (SELECT 1 FROM statement WHERE statement.day = match_break.day
    AND statement.state = 'complete' AND statement.matched_at IS NOT NULL)"""
_WAS_SET_ASIDE = """EXISTS (SELECT 1 FROM statement WHERE statement.day = match_break.day
    AND statement.state = 'superseded')"""
_NOT_SET_ASIDE = f" AND ({_MATCHED} OR NOT {_WAS_SET_ASIDE})"

# A break of the same subject that stands bears out what was posted for an earlier one.
_UNFOUNDED = """SELECT kept.case_id, kept.form_id, kept.store_number, entry.posted_at,
    SUM(CASE posting.side WHEN 'debit' THEN posting.amount_fen ELSE -posting.amount_fen END)
        AS posted_fen,
    (SELECT MAX(found.day) FROM match_break AS found
        WHERE found.kind = kept.kind AND found.subject = kept.subject) AS day,
    (SELECT MAX(found.reference) FROM match_break AS found
        WHERE found.kind = kept.kind AND found.subject = kept.subject) AS reference
FROM entry
JOIN case_record AS kept
    ON kept.case_id = substr(entry.entry_key, 1, length(entry.entry_key) - 11)
JOIN posting ON posting.entry_key = entry.entry_key AND posting.account = 'network'
WHERE entry.kind = 'difference' AND kept.case_id > :after
    AND NOT EXISTS (SELECT 1 FROM entry AS back WHERE back.reverses = entry.entry_key)
    AND EXISTS (SELECT 1 FROM match_break AS found
        WHERE found.kind = kept.kind AND found.subject = kept.subject)
    AND NOT EXISTS (SELECT 1 FROM match_break AS found WHERE found.kind = kept.kind
        AND found.subject = kept.subject AND found.gone_at IS NULL)
GROUP BY kept.case_id, kept.form_id, kept.store_number, kept.kind, kept.subject, entry.posted_at
ORDER BY kept.case_id LIMIT :limit_rows"""


class MatchedRows(Rows):
    """The breaks that stand, and which statements were matched."""

    __slots__ = ()

    def standing_break(self, kind: str, subject: str) -> str | None:
        """The id of a break that was found before and stands."""
        row = self._session.row(
            "SELECT break_id FROM match_break"
            " WHERE kind = :kind AND subject = :subject AND gone_at IS NULL",
            kind=kind,
            subject=subject,
        )
        return None if row is None else text(row["break_id"])

    def add_break(self, break_id: str, found: Break, case_id: str, at: datetime) -> None:
        """Note what was found, with its case."""
        values: dict[str, Value] = {
            "break_id": break_id,
            "kind": found.kind.value,
            "subject": found.subject,
            "day": found.day.isoformat(),
            "line_id": found.line_id,
            "reference": found.reference,
            "form_id": found.form_id,
            "amount_fen": found.amount_fen,
            "line_fen": found.line_fen,
            "ours_fen": found.ours_fen,
            "theirs_fen": found.theirs_fen,
            "case_id": case_id,
            "marked_by": "",
            "found_at": written(at),
        }
        self._insert("match_break", values)

    def see_break(self, break_id: str, found: Break, case_id: str) -> None:
        """Note that a break was found again, and how it is now."""
        self._session.run(
            "UPDATE match_break SET line_id = :line_id, line_fen = :line_fen,"
            " amount_fen = :amount_fen, ours_fen = :ours_fen, theirs_fen = :theirs_fen,"
            " case_id = :case_id, marked_by = ''"
            " WHERE break_id = :break_id",
            line_id=found.line_id,
            line_fen=found.line_fen,
            amount_fen=found.amount_fen,
            ours_fen=found.ours_fen,
            theirs_fen=found.theirs_fen,
            case_id=case_id,
            break_id=break_id,
        )

    def mark_breaks(self, run: str, day: date | None) -> int:
        """Mark the breaks that stand, of a day or all but fees, till they are seen again.

        Those of a day whose statement was set aside wait until the day is matched anew.
        """
        scope = f" AND kind <> 'fees_differ'{_NOT_SET_ASIDE}" if day is None else " AND day = :day"
        values: dict[str, Value] = {} if day is None else {"day": day.isoformat()}
        return self._session.run(
            "UPDATE match_break SET marked_by = :run WHERE gone_at IS NULL"
            f" AND kind <> 'fix_unfounded'{scope}",
            run=run,
            **values,
        )

    def mark_unfounded(self, run: str) -> int:
        """Mark the corrections that stand without their ground, till they are seen again."""
        return self._session.run(
            "UPDATE match_break SET marked_by = :run"
            " WHERE gone_at IS NULL AND kind = 'fix_unfounded'",
            run=run,
        )

    def unfounded_fixes(self, after: str, limit: int) -> list[Posted]:
        """What cases posted for breaks that stand no more, and that was not taken back."""
        rows = self._session.rows(_UNFOUNDED, after=after, limit_rows=limit)
        return [
            Posted(
                case_id=text(row["case_id"]),
                day=read_day(row["day"]),
                posted_at=moment(row["posted_at"]),
                posted_fen=whole(row["posted_fen"]),
                form_id="" if row["form_id"] is None else text(row["form_id"]),
                store_number=whole(row["store_number"]),
                reference=text(row["reference"]),
            )
            for row in rows
        ]

    def waits_for_match(self, case_id: str) -> bool:
        """Whether a case is about a break of a day whose statement was set aside since."""
        row = self._session.row(
            "SELECT COUNT(*) AS found FROM match_break WHERE gone_at IS NULL"
            f" AND case_id = :case_id AND NOT ({_MATCHED}) AND {_WAS_SET_ASIDE}",
            case_id=case_id,
        )
        return row is not None and whole(row["found"]) > 0

    def marked_breaks(self, run: str, limit: int) -> list[BreakRow]:
        """Breaks that stand, that a run has marked, and that nobody has seen since."""
        rows = self._session.rows(
            f"{_WITH_CASE} AND found.marked_by = :run ORDER BY found.break_id LIMIT :limit_rows",
            run=run,
            limit_rows=limit,
        )
        return [_break_row(row) for row in rows]

    def end_break(self, break_id: str, at: datetime) -> None:
        """Note that a break is gone."""
        self._session.run(
            "UPDATE match_break SET gone_at = :at WHERE break_id = :break_id AND gone_at IS NULL",
            at=written(at),
            break_id=break_id,
        )

    def breaks_between(
        self, first: date, last: date, kinds: Sequence[CaseKind], after: str, limit: int
    ) -> list[BreakRow]:
        """The breaks that stand of some days, of some kinds or all, after one in their order."""
        named = ", ".join(f"'{kind.value}'" for kind in kinds)
        of_kinds = f" AND found.kind IN ({named})" if kinds else ""
        rows = self._session.rows(
            f"{_WITH_CASE} AND found.day BETWEEN :first AND :last AND found.break_id > :after"
            f"{of_kinds} ORDER BY found.break_id LIMIT :limit_rows",
            first=first.isoformat(),
            last=last.isoformat(),
            after=after,
            limit_rows=limit,
        )
        return [_break_row(row) for row in rows]

    def break_sums(self, first: date, last: date) -> list[KindSum]:
        """How many breaks stand of some days, by kind, and what is at stake."""
        rows = self._session.rows(
            "SELECT found.kind, COUNT(*) AS standing, SUM(found.amount_fen) AS standing_fen,"
            " SUM(CASE WHEN kept.closed_at IS NULL THEN 1 ELSE 0 END) AS open,"
            " SUM(CASE WHEN kept.closed_at IS NULL THEN found.amount_fen ELSE 0 END) AS open_fen"
            " FROM match_break AS found JOIN case_record AS kept ON kept.case_id = found.case_id"
            " WHERE found.gone_at IS NULL AND found.day BETWEEN :first AND :last"
            " GROUP BY found.kind ORDER BY found.kind",
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return [
            KindSum(
                CaseKind(text(row["kind"])),
                Amount(whole(row["standing"]), whole(row["standing_fen"])),
                Amount(whole(row["open"]), whole(row["open_fen"])),
            )
            for row in rows
        ]

    def broken_lines(self, first: date, last: date) -> Amount:
        """How many lines of the statements have a break, and their sum."""
        row = self._session.row(
            "SELECT COUNT(*) AS lines, COALESCE(SUM(line_fen), 0) AS fen FROM"
            " (SELECT DISTINCT line_id, line_fen FROM match_break WHERE gone_at IS NULL"
            " AND line_id > 0 AND day BETWEEN :first AND :last) AS broken",
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return Amount() if row is None else Amount(whole(row["lines"]), whole(row["fen"]))

    def statements_between(self, first: date, last: date) -> list[Statement]:
        """The complete statements of some days, in order."""
        rows = self._session.rows(
            "SELECT * FROM statement WHERE state = 'complete' AND day BETWEEN :first AND :last"
            " ORDER BY day",
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return [statement_from(row) for row in rows]

    def statements_unmatched(self, limit: int) -> list[Statement]:
        """The complete statements that were never matched, in the order of their days."""
        rows = self._session.rows(
            "SELECT * FROM statement WHERE state = 'complete' AND matched_at IS NULL"
            " ORDER BY day LIMIT :limit_rows",
            limit_rows=limit,
        )
        return [statement_from(row) for row in rows]

    def mark_matched(self, number: int, at: datetime) -> None:
        """Note when a statement was matched."""
        self._session.run(
            "UPDATE statement SET matched_at = :at"
            " WHERE statement_number = :number AND state = 'complete'",
            at=written(at),
            number=number,
        )


def _break_row(row: Row) -> BreakRow:
    facts = json.loads(text(row["facts"]))
    return BreakRow(
        break_id=text(row["break_id"]),
        kind=CaseKind(text(row["kind"])),
        subject=text(row["subject"]),
        day=read_day(row["day"]),
        amount_fen=whole(row["amount_fen"]),
        reference=text(row["reference"]),
        form_id=text(row["form_id"]),
        form_number=text(row["form_number"] or ""),
        facts=facts if isinstance(facts, dict) else {},
        case_id=text(row["case_id"]),
        found_at=moment(row["found_at"]),
        owner=text(row["owner"]),
        is_open=row["closed_at"] is None,
        closed_by=text(row["closed_by"]),
        reason=text(row["reason"]),
        fix=text(row["fix"]),
    )
