"""A results file, read for a report or a page."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysqlite3
from sqlite_utils import Database

from refund.core.errors import Refused

Row = Mapping[str, Any]

TABLES = ("figure", "day", "store", "form", "desk", "refusal", "case_opened", "settlement")


@dataclass(frozen=True, slots=True)
class Results:
    """A results file: its one row of the run, and the rows of its tables."""

    run: Row
    tables: Mapping[str, list[Row]]

    def figures(self) -> dict[str, float | None]:
        """The scalar figures by name; None where nothing was measured."""
        return {row["name"]: row["value"] for row in self.tables["figure"]}


def read_results(path: Path) -> Results:
    """A results file as it stands.

    Raises:
        Refused: `results_unreadable`.
    """
    if not path.is_file():
        raise Refused("results_unreadable", "results", file=path.name)
    try:
        with closing(Database(path)) as file:
            tables: dict[str, list[Row]] = {name: _rows(file, name) for name in TABLES}
            (run,) = _rows(file, "run")
    except (pysqlite3.DatabaseError, ValueError):
        raise Refused("results_unreadable", "results", file=path.name) from None
    return Results(run, tables)


def _rows(file: Database, name: str) -> list[Row]:
    return list(file.query(f'SELECT * FROM "{name}"'))  # noqa: S608 - a name of our own
