"""The results file of a run: SQLite through sqlite-utils, whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from refund.simulation.described import ABOUT, about
from refund.simulation.runs.results_tables import TABLES

BATCH = 1_000

Row = Mapping[str, Any]


def write_results(path: Path, rows: Mapping[str, Iterable[Row]]) -> None:
    """Write a results file; it takes the place of an older one only once it is complete.

    Args:
        path: of the file; its folder is there.
        rows: by table, in the order of TABLES' columns; `about` is written by itself.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        with closing(Database(part)) as results:
            _fill(results, rows)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _fill(results: Database, rows: Mapping[str, Iterable[Row]]) -> None:
    results.execute("PRAGMA synchronous = OFF")
    results.execute("PRAGMA journal_mode = OFF")
    for table in TABLES.values():
        table.make(results)
    for name, table in TABLES.items():
        found = about(TABLES.values()) if name == ABOUT.name else rows.get(name, ())
        columns = list(table.columns)
        results.table(name).insert_all(
            ({column: row[column] for column in columns} for row in found), batch_size=BATCH
        )


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value that so large a share of some ordered values does not exceed; None for none.

    It is one of the values: the first whose rank reaches the share.
    """
    if not ordered:
        return None
    rank = -(-len(ordered) * int(share * 10_000) // 10_000)
    return ordered[max(0, min(len(ordered), rank) - 1)]
