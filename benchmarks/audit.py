"""The audit of a million postings on both engines: its time, and its greatest memory.

Some forms live through the real services: released, charged back, settled for fewer goods, and
still out. Their rows are written again and again for other forms, each with keys and fingerprints
of its own, until there are enough postings. The audit runs in a process of its own, on the file or
server alone, each invariant timed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from pysqlite3 import dbapi2 as sqlite3

from refund.app import open_copy
from refund.core.form import Form
from refund.core.ids import operation_key
from refund.services.audit import INVARIANTS, NETWORK_INVARIANT
from refund.storage.records import operation_of
from tests.services.engine_steps import confirmed, three_bags
from tests.services.steps import claimed, departs, issued, on, settled
from tests.storage.cluster import private_cluster
from tests.world import World, open_world

AIM_SECONDS = 10
AIM_MB = 150
BATCH = 2_000
"""Forms that are written at once."""

COPIED = (
    *("form", "invoice", "invoice_line", "claim_details", "agreement", "operation", "guarantee"),
    *("guarantee_change", "advance", "entry", "posting", "verification", "confirmed_line"),
    *("exit_record", "audit_event"),
)
"""Tables of which every form has rows of its own."""

_ALL = {table: f"SELECT * FROM {table}" for table in COPIED}

OWN = {
    "form": ("form_number", "code", "submission_key", "document_index"),
    "invoice": ("number",),
    "exit_record": ("exit_id", "document_index"),
    "audit_event": ("event_id",),
}
"""Columns besides the form's id that are another form's other ones."""

_SUMS = (
    "DELETE FROM balance",
    "DELETE FROM daily_balance",
    """INSERT INTO daily_balance (account, store_number, day, debit_fen, credit_fen)
    SELECT posting.account, entry.store_number, {day},
    SUM(CASE side WHEN 'debit' THEN amount_fen ELSE 0 END),
    SUM(CASE side WHEN 'credit' THEN amount_fen ELSE 0 END)
    FROM posting JOIN entry ON entry.entry_key = posting.entry_key GROUP BY 1, 2, 3""",
    """INSERT INTO balance (account, store_number, debit_fen, credit_fen)
    SELECT account, store_number, SUM(debit_fen), SUM(credit_fen) FROM daily_balance
    GROUP BY account, store_number""",
)
_DAY = {
    "sqlite": "DATE(entry.posted_at, '+8 hours')",
    "postgresql": (
        "TO_CHAR(CAST(entry.posted_at AS timestamptz) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"
    ),
}

Values = dict[str, Any]


@dataclass(frozen=True)
class Life:
    """All rows of one form, by table."""

    form_id: str
    rows: dict[str, list[Values]]

    def again(self, number: int) -> dict[str, list[tuple[Any, ...]]]:
        """The same rows of another form."""
        new_id = f"{number:016x}"
        return {
            table: [self._row(table, row, new_id, number) for row in rows]
            for table, rows in self.rows.items()
        }

    def _row(self, table: str, row: Values, new_id: str, number: int) -> tuple[Any, ...]:
        made = dict(row)
        for name, value in row.items():
            if isinstance(value, str) and self.form_id in value:
                made[name] = value.replace(self.form_id, new_id)
        for name in OWN.get(table, ()):
            made[name] = f"{made[name]}-{number}"
        if table == "operation":
            made["idempotency_key"] = operation_key(made["reference"])
            made["fingerprint"] = operation_of(made).print_of_request
        return tuple(made.values())


def live(world: World) -> list[Form]:
    """Forms of every usual end."""
    forms = [
        claimed(world, issued(world, three_bags(f"{n:020d}", f"H{n:08d}"), f"key-{n}"))
        for n in range(4)
    ]
    released, charged, adjusted, _ = forms
    confirmed(world, released, 3)
    confirmed(world, adjusted, 2)
    departs(world, on(20), number="H00000000")
    departs(world, on(20), "YIH", number="H00000001")
    departs(world, on(20), number="H00000002")
    for form in (released, charged, adjusted):
        settled(world, form)
    return forms


def read_lives(path: Path) -> list[Life]:
    """The rows of each of those forms."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        known = {table: [dict(row) for row in db.execute(_ALL[table])] for table in COPIED}
    return [
        Life(form["form_id"], {t: list(_of(form, rows)) for t, rows in known.items()})
        for form in known["form"]
    ]


def _of(form: Values, rows: list[Values]) -> Iterator[Values]:
    marks = (form["form_id"], form["document_index"])
    for row in rows:
        if any(isinstance(v, str) and any(mark in v for mark in marks) for v in row.values()):
            yield row


def fill(url: str, lives: list[Life], postings: int) -> int:
    """Write forms until there are enough postings; how many forms there are."""
    per_round = sum(len(life.rows["posting"]) for life in lives)
    forms = len(lives) * -(-postings // per_round)
    columns = {table: list(lives[0].rows[table][0]) for table in COPIED}
    with (_sqlite_rows if url.startswith("sqlite") else _postgres_rows)(url) as (run, add):
        for start in range(0, forms, BATCH):
            batch: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COPIED}
            for number in range(start, min(start + BATCH, forms)):
                made = lives[number % len(lives)].again(10_000_000 + number)
                for table, rows in made.items():
                    batch[table] += rows
            for table, rows in batch.items():
                add(table, columns[table], rows)
        engine = "sqlite" if url.startswith("sqlite") else "postgresql"
        for statement in _SUMS:
            run(statement.replace("{day}", _DAY[engine]))
    return forms + len(lives)


@contextmanager
def _sqlite_rows(url: str) -> Iterator[tuple[Any, Any]]:
    with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")

        def add(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
            places = ", ".join("?" * len(columns))
            db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)

        yield db.execute, add
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _postgres_rows(url: str) -> Iterator[tuple[Any, Any]]:
    with psycopg.connect(url) as db:
        db.execute("SET session_replication_role = replica")

        def add(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
            text = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with db.cursor().copy(text.encode()) as copy:
                for row in rows:
                    copy.write_row(row)

        yield lambda sql: db.execute(sql.encode()), add
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM ANALYZE")


def audit_of(url: str) -> dict[str, Any]:
    """Audit the books once in this process: seconds by invariant, in all, and memory."""
    database = open_copy(url)
    at = database.read(lambda tx: tx.last_moment())
    before_mb, before_cpu = _memory_mb(), time.process_time()
    seconds: dict[str, float] = {}
    for invariant in INVARIANTS:
        if invariant == NETWORK_INVARIANT:
            continue
        began = time.perf_counter()
        rows = database.read(partial(_offending, invariant, at))
        seconds[invariant] = round(time.perf_counter() - began, 3)
        if rows:
            raise SystemExit(f"{invariant} is broken: {rows[:3]}")
    database.close()
    return {
        "seconds": round(sum(seconds.values()), 2),
        "cpu_seconds": round(time.process_time() - before_cpu, 2),
        "peak_mb": _memory_mb(),
        "grown_mb": _memory_mb() - before_mb,
        "by_invariant": seconds,
    }


def _offending(invariant: str, at: Any, tx: Any) -> list[dict[str, object]]:
    found: list[dict[str, object]] = tx.offending(invariant, at)
    return found


def _memory_mb() -> int:
    """The greatest memory of this process so far; what it was started from is not counted."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


def measured(url: str) -> dict[str, Any]:
    """The audit in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.audit", "--audit", url],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure_all(postings: int, engines: list[str]) -> dict[str, Any]:
    """Make the books and audit them, on each engine."""
    folder = Path(tempfile.mkdtemp(prefix="refund-benchmark-"))
    figures: dict[str, Any] = {}
    try:
        with open_world(folder, f"sqlite://{folder / 'lives.db'}") as world:
            live(world)
        lives = read_lives(folder / "lives.db")
        for engine in engines:
            with _books(folder, engine) as url:
                forms = fill(url, lives, postings)
                figures[engine] = {"forms": forms, **measured(url)}
    finally:
        shutil.rmtree(folder)
    return figures


@contextmanager
def _books(folder: Path, engine: str) -> Iterator[str]:
    """Empty books on an engine, with the registers that forms refer to."""
    if engine == "sqlite":
        path = folder / "books.db"
        with open_world(folder, f"sqlite://{path}"):
            pass
        yield f"sqlite://{path}"
        path.unlink()
        return
    cluster = folder / "postgresql"
    cluster.mkdir()
    folder.chmod(0o711)  # PostgreSQL runs as a user of its own.
    with private_cluster(cluster) as url:
        with open_world(folder, url):
            pass
        yield url


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postings", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--audit", metavar="URL", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.audit:
        print(json.dumps(audit_of(arguments.audit)))
        return
    engines = arguments.engine or ["sqlite", "postgresql"]
    figures = measure_all(min(arguments.postings, 5_000_000), engines)
    if arguments.json:
        print(json.dumps({"postings": arguments.postings, "figures": figures}, indent=2))
        return
    print(f"audit of {arguments.postings:,} postings; aim {AIM_SECONDS} s, {AIM_MB} MB")
    for engine, figure in figures.items():
        slowest = sorted(figure["by_invariant"].items(), key=lambda one: -one[1])[:4]
        told = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in slowest)
        print(
            f"{engine:11} {figure['seconds']:6.2f} s ({figure['cpu_seconds']:.2f} s of processor"
            f" here)  {figure['peak_mb']:4d} MB"
            f" (grown by {figure['grown_mb']})  {figure['forms']:,} forms; slowest: {told}"
        )


if __name__ == "__main__":
    main()
