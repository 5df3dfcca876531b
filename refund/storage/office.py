"""What the back office reads, as rows: work that waits, what it looks for, figures by day."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from refund.core.case import Case, CaseKind
from refund.core.form import Form, Status
from refund.core.ledger import Account, Entry, Posting, Side
from refund.core.office import DayFigure, DayTime, RefusalCount, Waiting
from refund.core.operation import NetworkEvent
from refund.storage.cases import case_of
from refund.storage.exits import LEFT_AFTER_PURCHASE, LEFT_AT
from refund.storage.protocol import Row, Value
from refund.storage.records import (
    FORM_COLUMNS,
    form_of,
    moment,
    moment_or_none,
    text,
    whole,
    written,
)
from refund.storage.records import day as read_day
from refund.storage.rows import Rows

_FORM = ", ".join(f"form.{name.strip()}" for name in FORM_COLUMNS.split(","))


class OfficeQueries(Rows):
    """Queues, searches, and figures by day."""

    __slots__ = ()

    def cases_by_owner(self) -> dict[tuple[CaseKind, str], Waiting]:
        """The open cases of each kind and owner; nobody's have an empty one."""
        rows = self._session.rows(
            "SELECT kind, owner, COUNT(*) AS n, SUM(amount_fen) AS fen, MIN(found_at) AS oldest"
            " FROM case_record WHERE closed_at IS NULL GROUP BY kind, owner"
        )
        return {(CaseKind(row["kind"]), text(row["owner"])): _waiting(row) for row in rows}

    def promises_of_days(
        self, statuses: Sequence[Status], first: date, last: date
    ) -> list[tuple[date, Waiting]]:
        """Forms in some states by the day of their promise, the earliest day first."""
        holders, values = _in(statuses)
        rows = self._session.rows(
            "SELECT depart_by, COUNT(*) AS n, SUM(net_fen) AS fen, NULL AS oldest FROM form"
            f" WHERE status IN ({holders}) AND depart_by >= :first AND depart_by <= :last"
            " GROUP BY depart_by ORDER BY depart_by",
            first=first.isoformat(),
            last=last.isoformat(),
            **values,
        )
        return [(read_day(row["depart_by"]), _waiting(row)) for row in rows]

    def forms_left_count(self, statuses: Sequence[Status], limit: int) -> Waiting:
        """Forms in some states whose travellers were seen leaving, at most so many."""
        holders, values = _in(statuses)
        row = self._session.row(
            "SELECT COUNT(*) AS n, COALESCE(SUM(net_fen), 0) AS fen, MIN(left_at) AS oldest FROM"
            f" (SELECT net_fen, {LEFT_AT} AS left_at FROM form"
            f" WHERE status IN ({holders}) AND {LEFT_AFTER_PURCHASE}"
            " LIMIT :limit_rows) AS left_already",
            limit_rows=limit + 1,
            **values,
        )
        return _at_most(row, limit)

    def forms_waiting(self, statuses: Sequence[Status], limit: int) -> Waiting:
        """Forms in some states, at most so many, since the last decision of customs."""
        holders, values = _in(statuses)
        row = self._session.row(
            "SELECT COUNT(*) AS n, COALESCE(SUM(net_fen), 0) AS fen, MIN(since) AS oldest FROM"
            " (SELECT net_fen, (SELECT MAX(verified_at) FROM verification"
            " WHERE verification.form_id = form.form_id) AS since"
            f" FROM form WHERE status IN ({holders}) LIMIT :limit_rows) AS waiting",
            limit_rows=limit + 1,
            **values,
        )
        return _at_most(row, limit)

    def holds_ending_sum(self, before: datetime) -> Waiting:
        """The holds that end by themselves before a moment; `oldest` is when the first does."""
        row = self._session.row(
            "SELECT COUNT(*) AS n, COALESCE(SUM(amount_fen), 0) AS fen, MIN(expires_at) AS oldest"
            " FROM guarantee WHERE state = 'held' AND expires_at < :before",
            before=written(before),
        )
        return Waiting() if row is None else _waiting(row)

    def counts_of(self, start: datetime, end: datetime) -> tuple[int, int]:
        """How many decisions customs made within a span of time, and how many holds ended well."""
        row = self._session.row(
            "SELECT (SELECT COUNT(*) FROM verification WHERE verified_at >= :start_at"
            " AND verified_at < :end_at AND decision <> 'refused') AS verified,"
            " (SELECT COUNT(*) FROM operation WHERE kind = 'release' AND state = 'succeeded'"
            " AND answered_at >= :start_at AND answered_at < :end_at) AS released",
            start_at=written(start),
            end_at=written(end),
        )
        return (0, 0) if row is None else (whole(row["verified"]), whole(row["released"]))

    def forms_by_last4(self, last4: str, limit: int) -> list[Form]:
        """Forms with a hold on a card that ends so, the latest hold first."""
        return self._found(
            f"SELECT {_FORM} FROM guarantee JOIN form ON form.form_id = guarantee.form_id"
            " WHERE guarantee.last4 = :last4 ORDER BY guarantee.held_at DESC LIMIT :limit_rows",
            last4=last4,
            limit_rows=limit,
        )

    def forms_by_amount(self, amount_fen: int, limit: int) -> list[Form]:
        """Forms whose refund, net refund or advance is exactly so much, the newest first."""
        one = "SELECT * FROM (SELECT {form} FROM {rest} DESC LIMIT :limit_rows) AS {name}"
        parts = [
            one.format(
                form=_FORM, rest=f"form WHERE {sum_} = :fen ORDER BY issue_day", name=f"of_{sum_}"
            )
            for sum_ in ("net_fen", "gross_fen")
        ]
        paid = (
            "advance JOIN form ON form.form_id = advance.form_id"
            " WHERE advance.amount_fen = :fen ORDER BY advance.advanced_at"
        )
        parts.append(one.format(form=_FORM, rest=paid, name="of_advance"))
        found = self._found(" UNION ALL ".join(parts), fen=amount_fen, limit_rows=limit)
        return sorted(found, key=lambda form: form.form_number, reverse=True)[:limit]

    def forms_by_invoice(self, number: str, limit: int) -> list[Form]:
        """Forms on which an invoice is or was, the newest first."""
        return self._found(
            f"SELECT {_FORM} FROM invoice JOIN form ON form.form_id = invoice.form_id"
            " WHERE invoice.number = :number ORDER BY form.form_number DESC LIMIT :limit_rows",
            number=number,
            limit_rows=limit,
        )

    def _found(self, sql: str, **values: Value) -> list[Form]:
        """Forms, each once, in the order in which they were found."""
        forms = (form_of(row) for row in self._session.rows(sql, **values))
        return list({form.form_id: form for form in forms}.values())

    def notices_about(self, references: Collection[str]) -> list[NetworkEvent]:
        """What the network told by itself about some references, oldest first."""
        if not references:
            return []
        values: dict[str, Value] = {f"r{place}": one for place, one in enumerate(references)}
        rows = self._session.rows(
            "SELECT * FROM network_event WHERE reference IN"
            f" ({', '.join(f':{name}' for name in values)}) ORDER BY received_at, event_id",
            **values,
        )
        return [
            NetworkEvent(
                text(row["event_id"]),
                text(row["kind"]),
                text(row["reference"]),
                whole(row["version"]),
                moment(row["received_at"]),
                text(row["outcome"]),
            )
            for row in rows
        ]

    def day_figures(self, first: date, last: date) -> list[DayFigure]:
        """The figures of days, by day and store."""
        rows = self._session.rows(
            "SELECT * FROM daily_figure WHERE name IN ('issued', 'advanced') AND day >= :first"
            " AND day <= :last ORDER BY name, day, store_number",
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return [
            DayFigure(
                text(row["name"]),
                read_day(row["day"]),
                whole(row["store_number"]),
                whole(row["count"]),
                whole(row["amount_fen"]),
            )
            for row in rows
        ]

    def day_times(self, first: date, last: date) -> list[DayTime]:
        """How long forms of some days took from the first scan to the money."""
        rows = self._session.rows(
            "SELECT * FROM daily_time WHERE day >= :first AND day <= :last"
            " ORDER BY day, store_number, seconds",
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return [
            DayTime(
                read_day(row["day"]),
                whole(row["store_number"]),
                whole(row["seconds"]),
                whole(row["count"]),
            )
            for row in rows
        ]

    def refusals_between(self, start: datetime, end: datetime) -> list[RefusalCount]:
        """Who refused what within a span of time, and why."""
        rows = self._session.rows(
            "SELECT 'network:' || kind AS said_by, refusal AS reason, COUNT(*) AS n FROM operation"
            " WHERE state = 'refused' AND answered_at >= :start_at AND answered_at < :end_at"
            " GROUP BY kind, refusal"
            " UNION ALL SELECT 'customs', reason, COUNT(*) FROM verification"
            " WHERE decision = 'refused' AND verified_at >= :start_at AND verified_at < :end_at"
            " GROUP BY reason"
            " UNION ALL SELECT 'review', detail, COUNT(*) FROM audit_event"
            " WHERE kind = 'refuse_at_review' AND at >= :start_at AND at < :end_at"
            " GROUP BY detail",
            start_at=written(start),
            end_at=written(end),
        )
        return [
            RefusalCount(text(row["said_by"]), text(row["reason"]), whole(row["n"])) for row in rows
        ]

    def forms_numbered(self, after: str, last: str, limit: int) -> list[Form]:
        """Forms in the order of their numbers, after one and up to another."""
        return self._found(
            f"SELECT {FORM_COLUMNS} FROM form WHERE form_number > :after AND form_number <= :last"
            " ORDER BY form_number LIMIT :limit_rows",
            after=after,
            last=last,
            limit_rows=limit,
        )

    def entries_after(
        self, after: tuple[datetime, str], end: datetime, limit: int
    ) -> list[tuple[Entry, datetime, str, int]]:
        """Entries in their order, after one of them and before a moment: actor and store too."""
        heads = self._session.rows(
            "SELECT * FROM entry WHERE (posted_at, entry_key) > (:at, :entry_key)"
            " AND posted_at < :end_at ORDER BY posted_at, entry_key LIMIT :limit_rows",
            at=written(after[0]),
            entry_key=after[1],
            end_at=written(end),
            limit_rows=limit,
        )
        if not heads:
            return []
        keys: dict[str, Value] = {
            f"e{place}": head["entry_key"] for place, head in enumerate(heads)
        }
        found: dict[str, list[Posting]] = {}
        for row in self._session.rows(
            "SELECT * FROM posting WHERE entry_key IN"
            f" ({', '.join(f':{name}' for name in keys)}) ORDER BY entry_key, position",
            **keys,
        ):
            posting = Posting(Account(row["account"]), Side(row["side"]), whole(row["amount_fen"]))
            found.setdefault(text(row["entry_key"]), []).append(posting)
        return [_entry(head, tuple(found.get(text(head["entry_key"]), ()))) for head in heads]

    def cases_after(self, after: tuple[datetime, str], end: datetime, limit: int) -> list[Case]:
        """Cases in the order of their opening, after one of them and before a moment."""
        rows = self._session.rows(
            "SELECT * FROM case_record WHERE opened_at >= :at AND opened_at < :end_at"
            " AND (opened_at > :at OR case_id > :case_id)"
            " ORDER BY opened_at, case_id LIMIT :limit_rows",
            at=written(after[0]),
            case_id=after[1],
            end_at=written(end),
            limit_rows=limit,
        )
        return [case_of(row) for row in rows]


def _in(statuses: Sequence[Status]) -> tuple[str, dict[str, Value]]:
    values: dict[str, Value] = {f"s{i}": status.value for i, status in enumerate(statuses)}
    return ", ".join(f":{name}" for name in values), values


def _waiting(row: Row) -> Waiting:
    return Waiting(whole(row["n"]), whole(row["fen"]), moment_or_none(row["oldest"]))


def _at_most(row: Row | None, limit: int) -> Waiting:
    if row is None:
        return Waiting()
    count = whole(row["n"])
    oldest = moment_or_none(row["oldest"])
    return Waiting(min(count, limit), whole(row["fen"]), oldest, more=count > limit)


def _entry(head: Row, postings: tuple[Posting, ...]) -> tuple[Entry, datetime, str, int]:
    reverses, form_id = head["reverses"], head["form_id"]
    entry = Entry(
        text(head["entry_key"]),
        text(head["kind"]),
        "" if form_id is None else text(form_id),
        postings,
        "" if reverses is None else text(reverses),
        text(head["reason"]),
    )
    return entry, moment(head["posted_at"]), text(head["actor"]), whole(head["store_number"])
