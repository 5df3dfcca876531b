"""The sums that are kept, against the postings: read in pieces, so that memory stays small."""

from refund.storage.protocol import EngineName, Session
from refund.storage.records import text, whole

ENTRIES_AT_ONCE = 20_000
"""Entries whose postings are added up by one statement."""

Key = tuple[str, int, str]
"""An account, a store and a day in Shanghai."""

_DAY: dict[EngineName, str] = {
    # Only what was posted after midnight in Shanghai needs its day counted on.
    "sqlite": (
        "CASE WHEN SUBSTR(entry.posted_at, 12, 2) < '16' THEN SUBSTR(entry.posted_at, 1, 10)"
        " ELSE DATE(SUBSTR(entry.posted_at, 1, 10), '+1 day') END"
    ),
    "postgresql": (
        "CASE WHEN SUBSTR(entry.posted_at, 12, 2) < '16' THEN SUBSTR(entry.posted_at, 1, 10)"
        " ELSE TO_CHAR(CAST(SUBSTR(entry.posted_at, 1, 10) AS date) + 1, 'YYYY-MM-DD')"
        ' COLLATE "C" END'
    ),
}

_POSTED = (
    "SELECT posting.account, entry.store_number, {day} AS day,"
    " SUM(CASE posting.side WHEN 'debit' THEN posting.amount_fen ELSE 0 END) AS debit_fen,"
    " SUM(CASE posting.side WHEN 'credit' THEN posting.amount_fen ELSE 0 END) AS credit_fen"
    " FROM entry JOIN posting ON posting.entry_key = entry.entry_key"
    " WHERE entry.entry_key > :after AND entry.entry_key <= :last"
    " GROUP BY posting.account, entry.store_number, {day}"
)

_ALL_TIME = (
    "SELECT account, store_number, SUM(debit_fen) AS debit_fen, SUM(credit_fen) AS credit_fen,"
    " SUM(days_debit_fen) AS days_debit_fen, SUM(days_credit_fen) AS days_credit_fen FROM ("
    "SELECT account, store_number, debit_fen, credit_fen,"
    " 0 AS days_debit_fen, 0 AS days_credit_fen FROM balance"
    " UNION ALL SELECT account, store_number, 0, 0, debit_fen, credit_fen FROM daily_balance"
    ") AS both_sides GROUP BY account, store_number"
    " HAVING SUM(debit_fen) <> SUM(days_debit_fen) OR SUM(credit_fen) <> SUM(days_credit_fen)"
    " LIMIT :limit_rows"
)


def wrong_sums(session: Session, limit: int) -> list[dict[str, object]]:
    """Days whose kept sums are not their postings', and balances that are not their days'."""
    posted, kept = _posted(session), _kept(session)
    found: list[dict[str, object]] = []
    for key in sorted(posted.keys() | kept.keys()):
        sums, known = posted.get(key, (0, 0)), kept.get(key, (0, 0))
        if sums != known and len(found) < limit:
            account, store_number, day = key
            found.append(
                {
                    "account": account,
                    "store_number": store_number,
                    "day": day,
                    "debit_fen": sums[0],
                    "credit_fen": sums[1],
                    "kept_debit_fen": known[0],
                    "kept_credit_fen": known[1],
                }
            )
    rows = session.rows(_ALL_TIME, limit_rows=limit)
    names = (
        *("account", "store_number", "debit_fen", "credit_fen"),
        *("days_debit_fen", "days_credit_fen"),
    )
    found += [{name: row[name] for name in names} for row in rows]
    return found


def _posted(session: Session) -> dict[Key, tuple[int, int]]:
    """What was posted, debits and credits, added up some entries at a time."""
    statement = _POSTED.replace("{day}", _DAY[session.engine])
    sums: dict[Key, tuple[int, int]] = {}
    after = ""
    while last := _last_of_next(session, after):
        for row in session.rows(statement, after=after, last=last):
            key = (text(row["account"]), whole(row["store_number"]), text(row["day"]))
            debit_fen, credit_fen = sums.get(key, (0, 0))
            sums[key] = (debit_fen + whole(row["debit_fen"]), credit_fen + whole(row["credit_fen"]))
        after = last
    return sums


def _last_of_next(session: Session, after: str) -> str:
    """The last of the next entries by key; empty when there are no more."""
    row = session.row(
        "SELECT MAX(entry_key) AS last FROM (SELECT entry_key FROM entry"
        " WHERE entry_key > :after ORDER BY entry_key LIMIT :limit_rows) AS following",
        after=after,
        limit_rows=ENTRIES_AT_ONCE,
    )
    return "" if row is None or row["last"] is None else text(row["last"])


def _kept(session: Session) -> dict[Key, tuple[int, int]]:
    rows = session.rows("SELECT * FROM daily_balance")
    return {
        (text(row["account"]), whole(row["store_number"]), text(row["day"])): (
            whole(row["debit_fen"]),
            whole(row["credit_fen"]),
        )
        for row in rows
    }
