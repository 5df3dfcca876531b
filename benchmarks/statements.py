"""A statement of a million lines taken in, on both engines: time, memory, and who waits meanwhile.

The lines are made as they are read, so that only the import can fill the memory. A thread writes
a small row again and again while the import runs: its slowest write says how long others wait.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from benchmarks.match import new_folder, postgresql
from refund.core.calendar import end_of_day
from refund.ports import Ports
from refund.services.statements import Given, take_in
from refund.simulation.engine.network import BookNetwork
from tests import make
from tests.statements import Booked, written
from tests.world import SetClock, open_book, wire_ports

AIM_MIB = 64
LINES = 1_000_000
PIECE_BYTES = 64 * 1024
WARM_LINES = 20_000
_KINDS = (("hold", "held"), ("advance", "paid"), ("release", "released"))


def booked(count: int, start: int = 0) -> Iterator[Booked]:
    """Holds, payments and releases of one form after the other."""
    for number in range(count):
        form, place = divmod(number, 3)
        kind, state = _KINDS[place]
        yield Booked(f"{start + form:016x}-{kind}-1", kind, state)


def pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The file as it is read, in pieces of 64 KiB."""
    gathered: list[bytes] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line)
        if size >= PIECE_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    yield b"".join(gathered)


class Neighbour:
    """Somebody else who writes meanwhile, a small row each time; `slowest_ms` is the longest."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._over = threading.Event()
        self.spent: list[float] = []
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        while not self._over.wait(0.02):
            begun = time.perf_counter()
            self._ports.storage.write(lambda tx: tx.clear_throttle("benchmark"))
            self.spent.append(time.perf_counter() - begun)

    def told(self) -> dict[str, float]:
        """How long its writes took, ms."""
        ordered = sorted(self.spent)
        p99 = ordered[int(len(ordered) * 0.99)]
        return {"slowest_ms": round(ordered[-1] * 1000, 1), "p99_ms": round(p99 * 1000, 1)}


def peak_mib() -> float:
    """The greatest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_import(url: str, folder: Path, lines: int) -> dict[str, Any]:
    """Take in a small statement, so that all is loaded, and then the large one."""
    clock = SetClock(end_of_day(make.DAY) + timedelta(days=3))
    book = open_book(folder, clock)
    ports, database, _ = wire_ports(folder, url, BookNetwork(book), clock)
    given = Given("file", "benchmark.csv", "benchmark")
    first = written(make.DAY, 0, booked(WARM_LINES))
    before = take_in(ports, pieces(first), given)
    known_mib = peak_mib()
    day = make.DAY + timedelta(days=1)
    text = written(day, before.closing_fen, booked(lines, WARM_LINES))
    begun = time.perf_counter()
    with Neighbour(ports) as neighbour:
        statement = take_in(ports, pieces(text), given)
    passed = time.perf_counter() - begun
    begun = time.process_time()
    made = sum(len(piece) for piece in pieces(written(day, 0, booked(lines, WARM_LINES))))
    making = time.process_time() - begun
    database.close()
    book.close()
    assert statement.totals.lines == lines
    return {
        "seconds": round(passed, 1),
        "of_it_making_the_lines": round(making, 1),
        "mb_of_text": round(made / 1e6, 1),
        "grown_by_mib": round(peak_mib() - known_mib, 1),
        "others_meanwhile": neighbour.told(),
    }


def _apart(url: str, folder: Path, lines: int) -> dict[str, Any]:
    """Measure in a process of its own."""
    words = ("--url", url, "--folder", str(folder), "--lines", str(lines))
    command = [sys.executable, "-m", "benchmarks.statements", *words]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=Path(), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.url:
        print(json.dumps(measure_import(arguments.url, arguments.folder, arguments.lines)))
        return
    figures: dict[str, Any] = {}
    with new_folder() as folder:
        url = f"sqlite://{folder / 'refund.db'}"
        figures["sqlite"] = _apart(url, folder, arguments.lines)
    with new_folder() as folder, postgresql() as url:
        figures["postgresql"] = _apart(url, folder, arguments.lines)
    if arguments.json:
        at = datetime.now(UTC).isoformat(timespec="minutes")
        print(json.dumps({"at": at, "lines": arguments.lines, "figures": figures}, indent=2))
        return
    print(f"a statement of {arguments.lines} lines; aim: memory grows by {AIM_MIB} MiB at most")
    for name, figure in figures.items():
        print(f"{name:12} {json.dumps(figure)}")


if __name__ == "__main__":
    main()
