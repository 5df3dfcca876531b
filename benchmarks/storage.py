"""Durable transactions per second: bare SQLite, the engine on it, and PostgreSQL, in one run."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite3

from refund.storage.engine import Engine, Session, Step, open_engine
from refund.storage.migrate import render
from tests.storage.cluster import private_cluster

THREADS = (1, 16, 64)
TABLES = (
    """CREATE TABLE form (form_id {text} PRIMARY KEY, store {integer} NOT NULL,
    net_fen {integer} NOT NULL, sealed {bytes} NOT NULL){strict}""",
    """CREATE TABLE line (form_id {text} NOT NULL REFERENCES form (form_id),
    place {integer} NOT NULL, gross_fen {integer} NOT NULL,
    PRIMARY KEY (form_id, place)){strict}""",
    """CREATE TABLE posting (form_id {text} NOT NULL REFERENCES form (form_id),
    place {integer} NOT NULL, account {text} NOT NULL, amount_fen {integer} NOT NULL,
    PRIMARY KEY (form_id, place)){strict}""",
    """CREATE TABLE event (form_id {text} NOT NULL REFERENCES form (form_id),
    name {text} NOT NULL, at {integer} NOT NULL, PRIMARY KEY (form_id, name)){strict}""",
)
FORM = "INSERT INTO form VALUES (:form_id, :store, :net_fen, :sealed)"
LINE = "INSERT INTO line VALUES (:form_id, :place, :gross_fen)"
POSTING = "INSERT INTO posting VALUES (:form_id, :place, :account, :amount_fen)"
EVENT = "INSERT INTO event VALUES (:form_id, :name, :at)"
SEALED = bytes(range(200))
COUNTS = "SELECT COUNT(*) AS found FROM form"

Write = Callable[[str], object]


def issue(execute: Callable[..., object], form_id: str) -> None:
    """Insert a form, two lines, two postings and an event."""
    execute(FORM, form_id=form_id, store=1, net_fen=13446, sealed=SEALED)
    for place in (1, 2):
        execute(LINE, form_id=form_id, place=place, gross_fen=74700)
    execute(POSTING, form_id=form_id, place=1, account="owed", amount_fen=13446)
    execute(POSTING, form_id=form_id, place=2, account="tax", amount_fen=-13446)
    execute(EVENT, form_id=form_id, name="issued", at=1783500000000000)


def measure(write: Write, threads: int, seconds: float, label: str) -> dict[str, float]:
    """Write on so many threads until the time is over, and sum up."""
    gate = threading.Barrier(threads + 1)
    spent: list[list[float]] = [[] for _ in range(threads)]

    def work(place: int) -> None:
        gate.wait()
        until = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < until:
            write(f"{label}-{place}-{len(spent[place])}")
            spent[place].append(time.perf_counter() - begun)

    workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    gate.wait()
    begun = time.perf_counter()
    for worker in workers:
        worker.join()
    passed = time.perf_counter() - begun
    every = [latency * 1000 for latencies in spent for latency in latencies]
    return {
        "per_second": round(len(every) / passed, 1),
        "p50_ms": round(statistics.median(every), 3),
        "p99_ms": round(statistics.quantiles(every, n=100)[98], 3),
        "max_ms": round(max(every), 3),
        "written": len(every),
    }


@contextmanager
def bare(folder: Path) -> Iterator[Write]:
    """Yield a write on one plain connection, as durable as ours: the baseline."""
    conn = sqlite3.connect(folder / "bare.db", isolation_level=None, check_same_thread=False)
    for text in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        conn.execute(f"PRAGMA {text}")
    for table in TABLES:
        conn.execute(render(table, "sqlite"))

    def execute(sql: str, **values: object) -> None:
        conn.execute(sql, values)

    def write(form_id: str) -> None:
        conn.execute("BEGIN IMMEDIATE")
        issue(execute, form_id)
        conn.execute("COMMIT")

    try:
        yield write
    finally:
        conn.close()


def measure_engine(engine: Engine, seconds: float, figures: dict[str, dict[str, float]]) -> None:
    """Measure an engine at every number of threads; what it acknowledged must be there."""
    engine.migrate((Step(1, "benchmark", TABLES),), 0)

    def write(form_id: str) -> None:
        def issue_form(session: Session) -> None:
            issue(session.run, form_id)

        engine.write(issue_form)

    acknowledged = 0
    for threads in THREADS:
        figure = measure(write, threads, seconds, f"t{threads}")
        figures[f"{engine.name}_{threads}"] = figure
        acknowledged += int(figure["written"])
    found = engine.read(lambda session: session.row(COUNTS))
    assert found is not None
    assert found["found"] == acknowledged


def measure_all(seconds: float) -> dict[str, dict[str, float]]:
    """Measure the baseline and both engines on new databases, one after another."""
    figures: dict[str, dict[str, float]] = {}
    folder = Path(tempfile.mkdtemp(prefix="refund-benchmark-"))
    try:
        with bare(folder) as write:
            figures["bare_sqlite_1"] = measure(write, 1, seconds, "bare")
        engine = open_engine(f"sqlite://{folder / 'engine.db'}")
        measure_engine(engine, seconds, figures)
        engine.close()
        cluster = folder / "postgresql"
        cluster.mkdir()
        folder.chmod(0o711)  # PostgreSQL runs as a user of its own.
        with private_cluster(cluster) as url:
            engine = open_engine(url)
            measure_engine(engine, seconds, figures)
            engine.close()
    finally:
        shutil.rmtree(folder)
    baseline = figures["bare_sqlite_1"]["per_second"]
    for figure in figures.values():
        figure["of_bare"] = round(figure["per_second"] / baseline, 2)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure_all(min(arguments.seconds, 60.0))
    if arguments.json:
        print(json.dumps({"seconds": arguments.seconds, "figures": figures}, indent=2))
        return
    print(f"transactions of six inserts, durable, {arguments.seconds} s each")
    for name, figure in figures.items():
        print(
            f"{name:16} {figure['per_second']:8.0f}/s  p50 {figure['p50_ms']:8.2f} ms"
            f"  p99 {figure['p99_ms']:8.2f} ms  max {figure['max_ms']:8.2f} ms"
            f"  {figure['of_bare']:5.2f} of bare"
        )


if __name__ == "__main__":
    main()
