"""A file of departures taken in: time, memory that grows, and how long others wait meanwhile."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from refund.core.exit_file import ExitFile
from refund.services.exits import import_exits
from tests.services.steps import departs, on
from tests.storage.cluster import private_cluster
from tests.world import World, open_world

HEAD = "document_kind,document_number,port,exited_at\n"
ROWS = 1_000_000
MIB = 1024 * 1024
ENGINES = ("sqlite", "postgresql")


def write_file(path: Path, rows: int) -> None:
    """A file of so many departures, each of another traveller, with its total."""
    with path.open("w") as file:
        file.write(HEAD)
        for n in range(rows):
            at = f"2025-07-{8 + n % 12:02d}T{n // 60 % 24:02d}:{n % 60:02d}:00+08:00"
            file.write(f"passport,E{n:08d},WUH,{at}\n")
        file.write(f"total,{rows}\n")


def peak_mib() -> int:
    """The most memory that this process has had, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(url: str, folder: Path, path: Path, answer: multiprocessing.Queue[object]) -> None:
    """Take the file in, in a process of its own, beside somebody who types departures."""
    with open_world(folder, url, on(21)) as world:
        departs(world, on(20), number="H99999999")
        begun = time.perf_counter()
        with path.open("rb") as stream:
            count = sum(1 for _ in ExitFile(stream, path.name, world.clock.at).rows())
        reading = time.perf_counter() - begun
        waits: list[float] = []
        done = threading.Event()
        other = threading.Thread(target=_type, args=(world, waits, done))
        before = peak_mib()
        other.start()
        begun = time.perf_counter()
        with path.open("rb") as stream:
            imported = import_exits(world.ports, "benchmark", stream, path.name)
        passed = time.perf_counter() - begun
        done.set()
        other.join()
        assert imported.rows == count
    answer.put(
        {
            "rows": imported.rows,
            "seconds": round(passed, 1),
            "rows_per_second": round(imported.rows / passed),
            "reading_alone_seconds": round(reading, 1),
            "memory_before_mib": before,
            "memory_growth_mib": peak_mib() - before,
            "others_wrote": len(waits),
            "others_waited_ms_max": round(1000 * max(waits, default=0)),
        }
    )


def _type(world: World, waits: list[float], done: threading.Event) -> None:
    """Type a departure now and then, and note how long each takes."""
    n = 0
    while not done.wait(0.2):
        begun = time.perf_counter()
        departs(world, on(20), number=f"H{n:08d}")
        waits.append(time.perf_counter() - begun)
        n += 1


def run(url: str, folder: Path, path: Path) -> object:
    """Measure on one engine."""
    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[object] = context.Queue()
    process = context.Process(target=measure, args=(url, folder, path, answer))
    process.start()
    found = answer.get()
    process.join()
    return found


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    """The address of an empty database."""
    if engine == "sqlite":
        yield f"sqlite://{folder / 'refund.db'}"
        return
    cluster = folder / "cluster"
    cluster.mkdir()
    folder.chmod(0o711)  # PostgreSQL runs as a user of its own.
    with private_cluster(cluster) as url:
        yield url


def main() -> None:
    """Print the figures of both engines as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--engine", choices=ENGINES, action="append", default=[])
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="refund-exits-"))
    figures: dict[str, object] = {}
    try:
        path = folder / "exits.csv"
        write_file(path, asked.rows)
        figures["file_mib"] = round(path.stat().st_size / MIB, 1)
        for engine in asked.engine or ENGINES:
            elsewhere = folder / engine
            elsewhere.mkdir()
            with _database(engine, folder) as url:
                figures[engine] = run(url, elsewhere, path)
    finally:
        shutil.rmtree(folder)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
