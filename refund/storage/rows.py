"""What all row classes share: the session of the transaction, and the sealer for identity."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Final

from refund.ports import Sealer
from refund.storage.protocol import EngineName, Session, Value

AT_ONCE: Final[Mapping[EngineName, int]] = {"sqlite": 8, "postgresql": 250}
"""Rows of one INSERT: SQLite seeks each value's name among all names of the statement, so that a
row costs ten times as much among 250; a server is waited for once a statement.
"""


class Rows:
    """Statements of one transaction."""

    __slots__ = ("_sealer", "_session")

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    def _insert(self, table: str, values: dict[str, Value]) -> None:
        """Add one row; the column names are ours, never a person's."""
        self._session.run(insert_text(table, values), **values)

    def _insert_all(self, table: str, rows: list[dict[str, Value]], rest: str = "") -> int:
        """Add several rows of the same columns, as many in one statement as suits the engine.

        Returns:
            How many were touched, where `rest` says what a row that is there already means.
        """
        most = AT_ONCE[self._session.engine]
        if len(rows) <= most:
            return self._insert_some(table, rows, rest)
        starts = range(0, len(rows), most)
        return sum(self._insert_some(table, rows[at : at + most], rest) for at in starts)

    def _insert_some(self, table: str, rows: list[dict[str, Value]], rest: str) -> int:
        values = {
            f"{name}_{place}": value
            for place, row in enumerate(rows)
            for name, value in row.items()
        }
        return self._session.run(
            _insert_all_text(table, tuple(rows[0]), len(rows)) + rest, **values
        )

    def _add_to_day(self, name: str, day: date, store_number: int, amount_fen: int) -> None:
        """Count one more of what a store did on a day, in the transaction that does it."""
        self._insert_all(
            "daily_figure",
            [
                {
                    "name": name,
                    "day": day.isoformat(),
                    "store_number": store_number,
                    "count": 1,
                    "amount_fen": amount_fen,
                }
            ],
            _ONE_MORE,
        )


_ONE_MORE = (
    " ON CONFLICT (name, day, store_number) DO UPDATE SET count = daily_figure.count + 1,"
    " amount_fen = daily_figure.amount_fen + excluded.amount_fen"
)

_TEXTS: dict[tuple[str, tuple[str, ...]], str] = {}


def insert_text(table: str, columns: Iterable[str]) -> str:
    """The INSERT of some columns, made once."""
    names = tuple(columns)
    known = _TEXTS.get((table, names))
    if known is None:
        holders = ", ".join(f":{name}" for name in names)
        known = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({holders})"
        _TEXTS[(table, names)] = known
    return known


@cache
def _insert_all_text(table: str, columns: tuple[str, ...], count: int) -> str:
    """The INSERT of several rows; the value of `column` in the third is named `column_2`."""
    rows = (f"({', '.join(f':{name}_{place}' for name in columns)})" for place in range(count))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join(rows)}"
