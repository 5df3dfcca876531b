"""The ledger, as rows: entries, postings, and the balances of all time and of each day."""

from datetime import date, datetime

from refund.core.calendar import day_of, end_of_day
from refund.core.ledger import Account, Entry, Posting, Side
from refund.storage.protocol import Row, Value
from refund.storage.records import moment, text, whole, written
from refund.storage.rows import Rows


def _add_to(table: str, key: str) -> str:
    return (
        f" ON CONFLICT ({key}) DO UPDATE SET"
        f" debit_fen = {table}.debit_fen + excluded.debit_fen,"
        f" credit_fen = {table}.credit_fen + excluded.credit_fen"
    )


_ADD_TO_BALANCE = _add_to("balance", "account, store_number")
_ADD_TO_DAY = _add_to("daily_balance", "account, store_number, day")
_SIGNED = "CASE side WHEN 'debit' THEN amount_fen ELSE -amount_fen END"


def _changes(entry: Entry, store_number: int) -> list[dict[str, Value]]:
    """What an entry adds to the balances: each account once, and always in the same order."""
    debits: dict[str, int] = {}
    credited: dict[str, int] = {}
    for posting in entry.postings:
        sums = debits if posting.side is Side.DEBIT else credited
        account = posting.account.value
        sums[account] = sums.get(account, 0) + posting.amount_fen
    return [
        {
            "account": account,
            "store_number": store_number,
            "debit_fen": debits.get(account, 0),
            "credit_fen": credited.get(account, 0),
        }
        for account in sorted({*debits, *credited})
    ]


class LedgerQueries(Rows):
    """The books."""

    __slots__ = ()

    def post(self, entry: Entry, store_number: int, actor: str, at: datetime) -> None:
        """Post an entry, and keep the balances, of all time and of the day."""
        self._insert(
            "entry",
            {
                "entry_key": entry.event_key,
                "kind": entry.kind,
                "form_id": entry.form_id or None,
                "store_number": store_number,
                "posted_at": written(at),
                "actor": actor,
                "reverses": entry.reverses or None,
                "reason": entry.reason,
            },
        )
        self._insert_all(
            "posting",
            [
                {
                    "entry_key": entry.event_key,
                    "position": position,
                    "account": posting.account.value,
                    "side": posting.side.value,
                    "amount_fen": posting.amount_fen,
                }
                for position, posting in enumerate(entry.postings)
            ],
        )
        changes, day = _changes(entry, store_number), day_of(at).isoformat()
        self._insert_all("balance", changes, _ADD_TO_BALANCE)
        self._insert_all("daily_balance", [{**c, "day": day} for c in changes], _ADD_TO_DAY)

    def has_entry(self, event_key: str) -> bool:
        """Whether a business event was posted."""
        row = self._session.row(
            "SELECT 1 AS found FROM entry WHERE entry_key = :event_key", event_key=event_key
        )
        return row is not None

    def entry(self, event_key: str) -> Entry | None:
        """What a business event posted."""
        head = self._session.row(
            "SELECT * FROM entry WHERE entry_key = :event_key", event_key=event_key
        )
        return None if head is None else self._entry(head)

    def entries_of(self, form_id: str) -> list[tuple[Entry, datetime, str]]:
        """A form's entries with moment and actor, oldest first."""
        heads = self._session.rows(
            "SELECT * FROM entry WHERE form_id = :form_id ORDER BY posted_at, entry_key",
            form_id=form_id,
        )
        return [
            (self._entry(head), moment(head["posted_at"]), text(head["actor"])) for head in heads
        ]

    def entries_between(self, start: datetime, end: datetime, limit: int) -> list[Entry]:
        """What was posted within a span of time, oldest first."""
        heads = self._session.rows(
            "SELECT * FROM entry WHERE posted_at >= :start_at AND posted_at < :end_at"
            " ORDER BY posted_at, entry_key LIMIT :limit_rows",
            start_at=written(start),
            end_at=written(end),
            limit_rows=limit,
        )
        return [self._entry(head) for head in heads]

    def _entry(self, head: Row) -> Entry:
        rows = self._session.rows(
            "SELECT account, side, amount_fen FROM posting WHERE entry_key = :entry_key"
            " ORDER BY position",
            entry_key=head["entry_key"],
        )
        postings = tuple(
            Posting(Account(row["account"]), Side(row["side"]), whole(row["amount_fen"]))
            for row in rows
        )
        reverses = head["reverses"]
        return Entry(
            text(head["entry_key"]),
            text(head["kind"]),
            "" if head["form_id"] is None else text(head["form_id"]),
            postings,
            "" if reverses is None else text(reverses),
            text(head["reason"]),
        )

    def outstanding_fen(self, form_id: str) -> int:
        """What a traveller owes of the advance; below zero what we owe the traveller."""
        row = self._session.row(
            f"SELECT COALESCE(SUM({_SIGNED}), 0) AS total FROM entry"
            " JOIN posting ON posting.entry_key = entry.entry_key"
            " WHERE entry.form_id = :form_id AND posting.account = 'advance'",
            form_id=form_id,
        )
        return 0 if row is None else whole(row["total"])

    def balances(self) -> dict[str, int]:
        """Every account's balance in fen, debits less credits."""
        rows = self._session.rows(
            "SELECT account, SUM(debit_fen) - SUM(credit_fen) AS total FROM balance"
            " GROUP BY account"
        )
        return _all_accounts({text(row["account"]): whole(row["total"]) for row in rows})

    def balances_at(self, at: datetime, day: date) -> dict[str, int]:
        """The same as it was at a moment of a day in Shanghai, what was posted at it included.

        The days before are kept summed, so that only one day's postings are read.
        """
        before = self._session.rows(
            "SELECT account, SUM(debit_fen) - SUM(credit_fen) AS total FROM daily_balance"
            " WHERE day < :day GROUP BY account",
            day=day.isoformat(),
        )
        start = end_of_day(date.fromordinal(day.toordinal() - 1))
        within = self._session.rows(
            f"SELECT posting.account AS account, SUM({_SIGNED}) AS total FROM entry"
            " JOIN posting ON posting.entry_key = entry.entry_key"
            " WHERE entry.posted_at >= :start_at AND entry.posted_at <= :at"
            " GROUP BY posting.account",
            start_at=written(start),
            at=written(at),
        )
        found: dict[str, int] = {}
        for row in (*before, *within):
            account = text(row["account"])
            found[account] = found.get(account, 0) + whole(row["total"])
        return _all_accounts(found)


def _all_accounts(found: dict[str, int]) -> dict[str, int]:
    return {account.value: found.get(account.value, 0) for account in Account}
