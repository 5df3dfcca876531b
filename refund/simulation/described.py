"""Tables of SQLite files that say of themselves what they mean, for whoever opens them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

MOMENT = "ISO 8601, UTC"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: how its values are kept, what they mean, and their unit where they have one."""

    kept_as: type
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its words; `foreign` is (column, other table, its column)."""

    name: str
    meaning: str
    columns: Mapping[str, Column]
    key: str | tuple[str, ...]
    foreign: Sequence[tuple[str, str, str]] = ()
    indexes: Sequence[tuple[str, ...]] = ()

    def make(self, file: Database, **how: Any) -> None:
        """Make the table, `how` as sqlite-utils takes it."""
        file.table(self.name).create(
            {name: column.kept_as for name, column in self.columns.items()},
            pk=self.key,
            foreign_keys=list(self.foreign),
            **how,
        )
        for columns in self.indexes:
            file.table(self.name).create_index(columns)


ABOUT = Table(
    "about",
    "What every table and column of this file means",
    {
        "table": Column(str, "In which table"),
        "column": Column(str, "Which column; empty for the table itself"),
        "meaning": Column(str, "What it says"),
        "unit": Column(str, "In what it is counted or written; empty for words"),
    },
    ("table", "column"),
)


def about(tables: Iterable[Table]) -> Iterator[dict[str, str]]:
    """The rows of ABOUT for some tables."""
    for table in tables:
        yield {"table": table.name, "column": "", "meaning": table.meaning, "unit": ""}
        for name, column in table.columns.items():
            yield {
                "table": table.name,
                "column": name,
                "meaning": column.meaning,
                "unit": column.unit,
            }
