"""The three-way match of 100 thousand and of 1 million forms, on both engines, beside bare SQL.

The rows are made by SQL: forms that were advanced and released, their ledger, customs' and exit
records, and a statement for each of thirty days, with a break on every 20,000th form. The match
runs in a process of its own, whose greatest memory is told. Beside it, in the same run: its own
statements without anything around them, and four plain joins over the whole period, each on a
plain connection.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from pysqlite3 import dbapi2 as sqlite3

from benchmarks._forms import DAYS, FIRST, fill
from benchmarks._raw import Recorder, Statement
from refund.services import match as matching
from refund.simulation.engine.network import BookNetwork
from refund.storage.database import Database
from refund.storage.engine import open_engine
from refund.storage.placeholders import for_psycopg
from refund.storage.protocol import Engine, Session, T
from refund.storage.schema_match import LINES_PER_STATEMENT
from tests.storage.cluster import private_cluster
from tests.world import SetClock, open_book, wire_ports

AIM_OF_BARE = 1.5
AIM_MB = 150
AIM_GROWTH = 12

BARE = (
    """SELECT COUNT(*) FROM statement_line AS line
    JOIN statement ON statement.statement_number = line.line_id / {size}
        AND statement.state = 'complete'
    LEFT JOIN operation AS own ON own.reference = line.reference
    LEFT JOIN posting ON posting.entry_key = own.reference AND posting.account =
        CASE own.kind WHEN 'hold' THEN 'guarantee_held' ELSE 'network' END
    WHERE own.reference IS NULL OR own.kind <> line.kind OR own.state <> 'succeeded'
        OR line.currency <> 'CNY'
        OR line.amount_fen <> COALESCE(posting.amount_fen, own.amount_fen)""",
    """SELECT COUNT(*) FROM (SELECT reference, state FROM statement_line
    GROUP BY reference, state HAVING COUNT(*) > 1) AS twice""",
    """SELECT COUNT(*) FROM operation AS own WHERE own.state = 'succeeded'
    AND NOT EXISTS (SELECT 1 FROM statement_line AS line WHERE line.reference = own.reference)""",
    """SELECT COUNT(*) FROM form WHERE form.status IN ('released', 'adjusted') AND NOT EXISTS (
    SELECT 1 FROM verification AS seen
    JOIN exit_record AS gone ON gone.document_index = form.document_index
    WHERE seen.form_id = form.form_id AND seen.decision IN ('confirmed', 'partly')
        AND gone.exited_at >= seen.verified_at
        AND gone.exited_at < form.depart_by || 'T16:00:00')""",
)
"""Lines against books, lines twice, books against lines, forms against the border."""


class Recorded:
    """An engine that writes down the statements of each read, in order."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name
        self.facts = engine.facts
        self.close = engine.close
        self.migrate = engine.migrate
        self.write = engine.write
        self.said: list[Statement] = []

    def read(self, fn: Callable[[Session], T]) -> T:
        """Run a function on a snapshot, and keep what it asked."""
        return self._engine.read(lambda session: fn(Recorder(session, self.said)))


class Spent:
    """Seconds on the clock, and seconds of this process's processor."""

    def __init__(self) -> None:
        self._begun = (time.perf_counter(), time.process_time())

    def told(self) -> dict[str, float]:
        """What has passed since it was made."""
        wall, cpu = time.perf_counter() - self._begun[0], time.process_time() - self._begun[1]
        return {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}


def measure_match(url: str, folder: Path) -> dict[str, Any]:
    """Match the period, then look again at what stands; the memory of this process."""
    clock = SetClock(datetime(2025, 8, 20, tzinfo=UTC))
    book = open_book(folder, clock)
    ports, database, _ = wire_ports(folder, url, BookNetwork(book), clock)
    database.close()
    engine = Recorded(open_engine(url))
    ports = replace(ports, storage=Database(engine, ports.sealer))
    last = FIRST + timedelta(days=DAYS - 1)
    spent = Spent()
    period = matching.match(ports, FIRST, last)
    figures: dict[str, Any] = dict(spent.told())
    peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    said = list(engine.said)
    spent = Spent()
    matching.look_again(ports)
    again = spent.told()
    spent = Spent()
    matching.summary(ports, FIRST, last)
    summed = spent.told()
    engine.close()
    book.close()
    return {
        **figures,
        "same_statements": _run_bare(url, said),
        "look_again_seconds": again["seconds"],
        "summary_seconds": summed["seconds"],
        "peak_mb": peak_mb,
        "lines": period.lines.count,
        "breaks": sum(one.standing.count for one in period.kinds),
    }


def _run_bare(url: str, said: list[Statement]) -> dict[str, float]:
    """The statements of the match without anything around them, on a plain connection."""
    spent = Spent()
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as conn:
            for sql, values in said:
                conn.execute(sql, values).fetchall()
    else:
        with psycopg.connect(url) as db:
            for sql, values in said:
                db.execute(for_psycopg(sql), values).fetchall()
    return spent.told()


def measure_bare(url: str) -> dict[str, Any]:
    """The same comparisons as plain joins over everything, on a plain connection."""
    texts = [text.format(size=LINES_PER_STATEMENT) for text in BARE]
    spent = Spent()
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as conn:
            counts = [conn.execute(text).fetchone()[0] for text in texts]
    else:
        with psycopg.connect(url) as db:
            found = [db.execute(text.encode()).fetchone() for text in texts]
        counts = [row[0] for row in found if row is not None]
    return {**spent.told(), "counts": counts}


def _apart(*words: str) -> dict[str, Any]:
    """Run a measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.match", *words]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def measure_engine(url: str, folder: Path, forms: int) -> dict[str, Any]:
    """Fill a database and measure it: bare, ours, bare again, for the machine is shared."""
    engine = open_engine(url)
    Database(engine, None).migrate(datetime(2025, 8, 20, tzinfo=UTC))  # type: ignore[arg-type]
    begun = time.perf_counter()
    fill(engine, forms)
    filled = time.perf_counter() - begun
    engine.close()
    if not url.startswith("sqlite"):
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("VACUUM ANALYZE")
    before = _apart("--bare", url)
    ours = _apart("--ours", url, "--folder", str(folder))
    after = _apart("--bare", url)
    assert ours["lines"] == 3 * forms
    assert ours["breaks"] == before["counts"][0]
    # The server of PostgreSQL spends its processor elsewhere: there only the clock tells.
    time_of = "cpu_seconds" if url.startswith("sqlite") else "seconds"
    joins = (before[time_of] + after[time_of]) / 2
    return {
        **ours,
        "joins": [{k: one[k] for k in ("seconds", "cpu_seconds")} for one in (before, after)],
        "of_joins": round(ours[time_of] / joins, 2),
        "of_same_statements": round(ours[time_of] / ours["same_statements"][time_of], 2),
        "filled_in_seconds": round(filled, 1),
    }


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder for one database, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="refund-benchmark-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a database server of its own, gone at its end."""
    with new_folder() as folder:
        folder.chmod(0o711)  # PostgreSQL runs as a user of its own.
        home = folder / "postgresql"
        home.mkdir()
        with private_cluster(home) as url:
            yield url


def measure_all(sizes: list[int], engines: list[str]) -> dict[str, Any]:
    """Every size on every engine, each on a new database; the growth between the sizes."""
    figures: dict[str, Any] = {}
    for name in engines:
        for forms in sizes:
            with new_folder() as folder:
                if name == "sqlite":
                    found = measure_engine(f"sqlite://{folder / 'refund.db'}", folder, forms)
                else:
                    with postgresql() as url:
                        found = measure_engine(url, folder, forms)
            figures[f"{name}_{forms}"] = found
        least, most = (figures[f"{name}_{forms}"]["seconds"] for forms in (sizes[0], sizes[-1]))
        if len(sizes) > 1:
            figures[f"{name}_growth"] = round(most / least, 1)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", default="100000,1000000", help="sizes, with commas between")
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--ours", help=argparse.SUPPRESS)
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=Path(), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours or arguments.bare:
        found = (
            measure_match(arguments.ours, arguments.folder)
            if arguments.ours
            else measure_bare(arguments.bare)
        )
        print(json.dumps(found))
        return
    sizes = [int(size) for size in arguments.forms.split(",")]
    figures = measure_all(sizes, arguments.engines.split(","))
    if arguments.json:
        print(json.dumps({"figures": figures}, indent=2))
        return
    print(f"match of {DAYS} days; aims: {AIM_OF_BARE} of bare, {AIM_MB} MB, growth {AIM_GROWTH}")
    for name, figure in figures.items():
        print(f"{name:22} {json.dumps(figure) if isinstance(figure, dict) else figure}")


if __name__ == "__main__":
    main()
