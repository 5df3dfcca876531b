"""The three-way match as sets: what the statements, our books and the border do not agree on."""

from datetime import datetime

from refund.core.breaks import DONE, Booked, Ours, Scope
from refund.core.form import Form
from refund.core.statement import StatementLine
from refund.storage.match_rows import MatchedRows
from refund.storage.protocol import Row, Value
from refund.storage.records import (
    day,
    form_of,
    moment,
    moment_or_none,
    text,
    whole,
    written,
)
from refund.storage.schema_match import LINES_PER_STATEMENT

# A line's place says which statement it belongs to; the word is looked up for odd lines alone.
_LINE = f"""line.line_id, line.network_id, line.reference, line.kind, line.state, line.amount_fen,
    line.currency, line.fee_fen, line.booked_at, line.hold_reference,
    (SELECT day FROM statement
        WHERE statement_number = line.line_id / {LINES_PER_STATEMENT}) AS day"""

# Lines of a statement that is loading, or was broken off, are looked past where there are any.
_SEEN = f"""EXISTS (SELECT 1 FROM statement AS taken
    WHERE taken.statement_number = {{line}}.line_id / {LINES_PER_STATEMENT}
        AND taken.state = 'complete')"""

_AGAIN = """EXISTS (SELECT 1 FROM statement_line AS earlier
    WHERE earlier.reference = line.reference AND earlier.state = line.state
        AND earlier.line_id < line.line_id{earlier_seen})"""

_SENT = "CASE WHEN {own}.joint_reference <> '' THEN {own}.joint_reference ELSE {own}.reference END"

# What a hold took is a memorandum; everything else is our account at the network.
_POSTING = """posting.entry_key = CASE WHEN line.state = 'returned'
        THEN {own}.reference || '-returned' ELSE {own}.reference END
    AND posting.account = CASE {own}.kind WHEN 'hold' THEN 'guarantee_held' ELSE 'network' END"""

_FEN = (
    "COALESCE(posting.amount_fen,"
    " CASE {own}.kind WHEN 'capture' THEN {own}.charged_fen ELSE {own}.amount_fen END)"
)

_OF_DAY = "line.line_id BETWEEN :first_line AND :last_line"
_STANDING = (
    "line.line_id IN (SELECT line_id FROM match_break WHERE gone_at IS NULL AND line_id > 0)"
)

_LINES = f"""
SELECT {_LINE}, own.reference AS our_reference, own.kind AS our_kind, own.state AS our_state,
    {_FEN.format(own="own")} AS our_fen,
    CASE WHEN posting.entry_key IS NULL THEN 0 ELSE 1 END AS posted, 1 AS forms,
    own.form_id, own.store_number, own.created_at, own.answered_at, own.refusal,
    CASE WHEN {{again}} THEN 1 ELSE 0 END AS again
FROM statement_line AS line
LEFT JOIN operation AS own ON own.reference = line.reference AND own.joint_reference = ''
LEFT JOIN posting ON {_POSTING.format(own="own")}
WHERE {{scope}} AND line.line_id > :after AND (
    (own.reference IS NULL AND NOT EXISTS (SELECT 1 FROM operation AS share
        WHERE share.joint_reference = line.reference AND share.joint_reference <> ''))
    OR own.kind <> line.kind OR own.state NOT IN ('succeeded', 'returned')
    OR (line.state = 'returned' AND own.state <> 'returned')
    OR (posting.entry_key IS NULL AND own.kind IN ('advance', 'refund', 'capture'))
    OR line.currency <> 'CNY'
    OR (line.kind <> 'extend' AND line.amount_fen <> {_FEN.format(own="own")})
    OR (line.state <> 'returned' AND own.created_at < :asked_before)
    OR {{again}})
ORDER BY line.line_id LIMIT :limit_rows"""

# Of shares the least that was done counts: the words sort pending, refused, returned, succeeded.
_JOINT = f"""
SELECT {_LINE}, line.reference AS our_reference, MIN(share.kind) AS our_kind,
    CASE WHEN line.state = 'returned' THEN MAX(share.state) ELSE MIN(share.state) END AS our_state,
    SUM({_FEN.format(own="share")}) AS our_fen,
    MIN(CASE WHEN posting.entry_key IS NULL THEN 0 ELSE 1 END) AS posted, COUNT(*) AS forms,
    MIN(share.form_id) AS form_id, MIN(share.store_number) AS store_number,
    MIN(share.created_at) AS created_at, MAX(share.answered_at) AS answered_at,
    MIN(share.refusal) AS refusal, CASE WHEN {{again}} THEN 1 ELSE 0 END AS again
FROM statement_line AS line
JOIN operation AS share
    ON share.joint_reference = line.reference AND share.joint_reference <> ''
LEFT JOIN posting ON {_POSTING.format(own="share")}
WHERE {{scope}} AND line.line_id > :after
GROUP BY line.line_id
HAVING MIN(share.kind) <> line.kind OR MIN(share.state) NOT IN ('succeeded', 'returned')
    OR (line.state = 'returned' AND MAX(share.state) <> 'returned')
    OR (MIN(CASE WHEN posting.entry_key IS NULL THEN 0 ELSE 1 END) = 0
        AND MIN(share.kind) IN ('advance', 'refund', 'capture'))
    OR line.currency <> 'CNY'
    OR (line.kind <> 'extend' AND line.amount_fen <> SUM({_FEN.format(own="share")}))
    OR (line.state <> 'returned' AND MIN(share.created_at) < :asked_before)
    OR {{again}}
ORDER BY line.line_id LIMIT :limit_rows"""

_OWN = f"""own.reference, {_SENT.format(own="own")} AS our_reference, own.kind AS our_kind,
    own.state AS our_state,
    CASE own.kind WHEN 'capture' THEN own.charged_fen ELSE own.amount_fen END AS our_fen,
    1 AS posted, 1 AS forms, own.form_id, own.store_number, own.created_at, own.answered_at,
    own.refusal"""

_HEARD_THEN = """own.answered_at >= :heard_from AND own.answered_at < :heard_until
    AND own.created_at >= :since"""
_ABSENT_STANDS = (
    "SELECT reference FROM match_break WHERE gone_at IS NULL AND kind = 'missing_there'"
)
_HEARD_STANDING = f"""(own.reference IN ({_ABSENT_STANDS})
    OR (own.joint_reference IN ({_ABSENT_STANDS}) AND own.joint_reference <> ''))"""

_ABSENT = f"""
SELECT {_OWN} FROM operation AS own
WHERE {{scope}} AND (own.answered_at, own.reference) > (:after_at, :after_reference)
    AND own.state IN ('succeeded', 'returned')
    AND NOT EXISTS (SELECT 1 FROM statement_line AS line
        WHERE line.reference = {_SENT.format(own="own")} AND line.state <> 'returned'{{line_seen}})
ORDER BY own.answered_at, own.reference LIMIT :limit_rows"""

_RETURNED_THEN = "entry.posted_at >= :heard_from AND entry.posted_at < :heard_until"
_RETURNED_STANDING = f"""entry.entry_key IN
    (SELECT reference || '-returned' FROM ({_ABSENT_STANDS}) AS standing)"""

_ABSENT_RETURNS = f"""
SELECT {_OWN} FROM entry
JOIN operation AS own ON own.reference = substr(entry.entry_key, 1, length(entry.entry_key) - 9)
WHERE entry.kind = 'payout_returned' AND {{scope}} AND own.created_at >= :since
    AND NOT EXISTS (SELECT 1 FROM statement_line AS line
        WHERE line.reference = {_SENT.format(own="own")} AND line.state = 'returned'{{line_seen}})
ORDER BY own.reference LIMIT :limit_rows"""

# A departure that proves that the promise was kept: after customs confirmed, by the last day, and
# through the right port.  The last day ends at 16:00 UTC.
_GONE = """gone.document_index = form.document_index AND gone.exited_at >= form.issued_at
    AND gone.exited_at >= substr(seen.verified_at, 1, 16)
    AND gone.exited_at < form.depart_by || 'T16:00:00'
    AND (form.port_any = 1 OR gone.port = form.port)"""
_PROVED = f"""EXISTS (SELECT 1 FROM verification AS seen
    WHERE seen.form_id = form.form_id AND seen.decision IN ('confirmed', 'partly') AND (
        EXISTS (SELECT 1 FROM exit_record AS gone WHERE {_GONE})
        OR EXISTS (SELECT 1 FROM loaded_exit AS gone
            JOIN exit_load ON exit_load.load_number = gone.load_number
                AND exit_load.state = 'complete' WHERE {_GONE})))"""

_ODD_END = f"""(form.status IN ('released', 'adjusted') AND NOT {_PROVED})
    OR (form.status = 'captured' AND {_PROVED})"""

_SETTLED = """(SELECT MAX(entry.posted_at) FROM entry WHERE entry.form_id = form.form_id
    AND entry.kind IN ('release', 'adjust', 'capture')) AS settled_at"""

_SETTLED_THEN = """SELECT entry.form_id FROM entry
        WHERE entry.posted_at >= :start_at AND entry.posted_at < :end_at
            AND entry.kind IN ('release', 'adjust', 'capture')
    UNION SELECT known.form_id FROM exit_record AS gone
        JOIN form AS known ON known.document_index = gone.document_index
        WHERE gone.recorded_at >= :start_at AND gone.recorded_at < :end_at
    UNION SELECT known.form_id FROM exit_load
        JOIN loaded_exit AS gone ON gone.load_number = exit_load.load_number
        JOIN form AS known ON known.document_index = gone.document_index
        WHERE exit_load.completed_at >= :start_at AND exit_load.completed_at < :end_at"""
_LEFT_STANDING = """SELECT subject AS form_id FROM match_break WHERE gone_at IS NULL
    AND kind IN ('released_unverified', 'left_late', 'left_elsewhere', 'left_unverified')"""

# The forms in question come first, whatever else a database could begin with: their ends are
# looked at for them alone.
_LEFT = f"""
WITH touched AS MATERIALIZED ({{scope}}),
    at_hand AS MATERIALIZED (SELECT form.* FROM touched CROSS JOIN form
        WHERE form.form_id = touched.form_id AND form.form_id > :after)
SELECT form.*, {_SETTLED} FROM at_hand AS form WHERE {_ODD_END}
ORDER BY form.form_id LIMIT :limit_rows"""

_FEE = """CASE WHEN state = 'paid' THEN 60 WHEN state <> 'captured' THEN 0
    WHEN amount_fen < 500 THEN 1 ELSE (amount_fen * 3 + 500) / 1000 END"""

_NEVER = "9999"
"""A moment after all others."""


class MatchQueries(MatchedRows):
    """What does not agree, found by the database; and the breaks that stand."""

    __slots__ = ()

    def odd_lines(self, scope: Scope, after: int, limit: int) -> list[Booked]:
        """Lines that our books seem to have otherwise or not at all, after a line's id."""
        return self._lines(_LINES, scope, after, limit)

    def odd_joint_lines(self, scope: Scope, after: int, limit: int) -> list[Booked]:
        """The same of lines that are for several forms, by the sum of their shares."""
        return self._lines(_JOINT, scope, after, limit)

    def _lines(self, sql: str, scope: Scope, after: int, limit: int) -> list[Booked]:
        # What was asked a day or more before it was booked was asked before the day began.
        values: dict[str, Value] = {"after": after, "limit_rows": limit, "asked_before": _NEVER}
        if scope.number:
            first = scope.number * LINES_PER_STATEMENT
            values |= {"first_line": first, "last_line": first + LINES_PER_STATEMENT - 1}
            values["asked_before"] = written(scope.start)
        text = sql.format(
            scope=_OF_DAY if scope.number else _STANDING + self._seen("line"),
            again=_AGAIN.format(earlier_seen=self._seen("earlier")),
        )
        return [_booked(row) for row in self._session.rows(text, **values)]

    def _seen(self, line: str) -> str:
        """The condition that a line's statement is complete; nothing where all of them are."""
        open_ones = self._session.row(
            "SELECT COUNT(*) AS found FROM statement WHERE state <> 'complete'"
        )
        return f" AND {_SEEN.format(line=line)}" if open_ones and open_ones["found"] else ""

    def absent_there(
        self, scope: Scope, after: tuple[datetime, str] | None, limit: int
    ) -> list[Ours]:
        """Requests that we have as done and no statement has, after an answer's moment."""
        values: dict[str, Value] = {
            "after_at": "" if after is None else written(after[0]),
            "after_reference": "" if after is None else after[1],
            "limit_rows": limit,
        }
        if scope.number:
            values |= _heard(scope) | {"since": written(scope.since)}
        where = _HEARD_THEN if scope.number else _HEARD_STANDING
        sql = _ABSENT.format(scope=where, line_seen=self._seen("line"))
        rows = self._session.rows(sql, **values)
        return [_ours(row, text(row["reference"])) for row in rows]

    def absent_returns(self, scope: Scope, limit: int) -> list[Ours]:
        """The same of payouts that came back by our books alone."""
        values: dict[str, Value] = {"limit_rows": limit, "since": written(scope.since)}
        if scope.number:
            values |= _heard(scope)
        where = _RETURNED_THEN if scope.number else _RETURNED_STANDING
        sql = _ABSENT_RETURNS.format(scope=where, line_seen=self._seen("line"))
        rows = self._session.rows(sql, **values)
        return [_ours(row, text(row["our_reference"])) for row in rows]

    def shares_of(self, reference: str) -> list[Ours]:
        """All that our books have under a reference of the network, form by form."""
        rows = self._session.rows(
            f"SELECT {_OWN} FROM operation AS own"
            " WHERE own.reference = :reference AND own.joint_reference = ''"
            f" UNION ALL SELECT {_OWN} FROM operation AS own"
            " WHERE own.joint_reference = :reference AND own.joint_reference <> ''",
            reference=reference,
        )
        found = [_ours(row, reference) for row in rows]
        return sorted(found, key=lambda one: one.form_id)

    def odd_departures(self, scope: Scope, after: str, limit: int) -> list[tuple[Form, datetime]]:
        """Settled forms of which customs and the border seem to say otherwise, after a form.

        With each the moment at which it was settled.
        """
        values: dict[str, Value] = {"after": after, "limit_rows": limit}
        if scope.number:
            values |= {"start_at": written(scope.start), "end_at": written(scope.end)}
        where = _SETTLED_THEN if scope.number else _LEFT_STANDING
        rows = self._session.rows(_LEFT.format(scope=where), **values)
        return [(form_of(row), moment(row["settled_at"] or row["issued_at"])) for row in rows]

    def odd_fees(self, number: int, limit: int) -> list[dict[str, object]]:
        """Some lines of a statement whose fee is not what was agreed."""
        first = number * LINES_PER_STATEMENT
        rows = self._session.rows(
            f"SELECT line_id, reference, kind, amount_fen, fee_fen, {_FEE} AS agreed_fen"
            " FROM statement_line WHERE line_id BETWEEN :first AND :last"
            f" AND fee_fen <> {_FEE} ORDER BY line_id LIMIT :limit_rows",
            first=first,
            last=first + LINES_PER_STATEMENT - 1,
            limit_rows=limit,
        )
        return [
            {
                "line": whole(row["line_id"]) - first,
                "reference": text(row["reference"]),
                "kind": text(row["kind"]),
                "amount_fen": whole(row["amount_fen"]),
                "fee_fen": whole(row["fee_fen"]),
                "agreed_fen": whole(row["agreed_fen"]),
            }
            for row in rows
        ]


def _heard(scope: Scope) -> dict[str, Value]:
    return {
        "heard_from": written(scope.heard_from),
        "heard_until": written(scope.heard_until),
    }


def _booked(row: Row) -> Booked:
    line_id = whole(row["line_id"])
    line = StatementLine(
        number=line_id % LINES_PER_STATEMENT,
        network_id=text(row["network_id"]),
        reference=text(row["reference"]),
        kind=text(row["kind"]),
        state=text(row["state"]),
        amount_fen=whole(row["amount_fen"]),
        currency=text(row["currency"]),
        fee_fen=whole(row["fee_fen"]),
        booked_at=moment(row["booked_at"]),
        hold_reference=text(row["hold_reference"]),
    )
    known = row["our_kind"] is not None
    ours = _ours(row, line.reference) if known else None
    return Booked(day(row["day"]), line_id, line, ours, bool(row["again"]))


def _ours(row: Row, reference: str) -> Ours:
    state = text(row["our_state"])
    return Ours(
        reference=reference,
        kind=text(row["our_kind"]),
        state=state,
        amount_fen=whole(row["our_fen"]),
        is_posted=bool(row["posted"]) and state in DONE,
        forms=whole(row["forms"]),
        form_id=text(row["form_id"]),
        store_number=whole(row["store_number"]),
        asked_at=moment(row["created_at"]),
        answered_at=moment_or_none(row["answered_at"]),
        refusal=text(row["refusal"]),
    )
