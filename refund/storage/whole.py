"""All forms and all the books, page by page, as lines of text."""

from refund.storage.protocol import Row
from refund.storage.records import text
from refund.storage.rows import Rows

_FORM = (
    "form_number || ' ' || form_id || ' ' || status || ' ' || channel || ' ' || issued_at"
    " || ' ' || sales_fen || ' ' || gross_fen || ' ' || fee_fen || ' ' || net_fen"
)
_ENTRY = (
    "entry_key || ' ' || kind || ' ' || COALESCE(form_id, '') || ' ' || store_number || ' '"
    " || posted_at || ' ' || actor || ' ' || COALESCE(reverses, '')"
)
_POSTING = "entry_key || ' ' || position || ' ' || account || ' ' || side || ' ' || amount_fen"


class WholeQueries(Rows):
    """Everything that a ledger's digest is made of."""

    __slots__ = ()

    def form_lines(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Forms after a form number: each number, and where the form stands as one line."""
        rows = self._session.rows(
            f"SELECT form_number AS name, {_FORM} AS line FROM form"
            " WHERE form_number > :after ORDER BY form_number LIMIT :limit_rows",
            after=after,
            limit_rows=limit,
        )
        return [_named(row) for row in rows]

    def entry_lines(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Entries after an entry's key: each key, and the entry's head as one line."""
        rows = self._session.rows(
            f"SELECT entry_key AS name, {_ENTRY} AS line FROM entry"
            " WHERE entry_key > :after ORDER BY entry_key LIMIT :limit_rows",
            after=after,
            limit_rows=limit,
        )
        return [_named(row) for row in rows]

    def posting_lines(self, after: str, until: str) -> list[str]:
        """The postings of the entries after a key, up to and with another, each as one line."""
        rows = self._session.rows(
            f"SELECT {_POSTING} AS line FROM posting"
            " WHERE entry_key > :after AND entry_key <= :until ORDER BY entry_key, position",
            after=after,
            until=until,
        )
        return [text(row["line"]) for row in rows]


def _named(row: Row) -> tuple[str, str]:
    return text(row["name"]), text(row["line"])
