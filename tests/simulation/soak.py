"""The simulation for hours, or one seed of it: `python -m tests.simulation.soak --hours 8`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from refund.simulation.engine.record import Report
from tests.house.tree import ROOT
from tests.simulation.run import STEPS, run

FOLDER = ROOT / "build" / "soak"
FIRST_SEED = 1_000_000
"""Far from the seeds of `make test`, so that a soak never does what was done already."""

BATCH = 20


def batch(first: int, steps: int) -> list[Report]:
    """Some seeds one after the other."""
    return [run(seed, steps=steps) for seed in range(first, first + BATCH)]


def soak(hours: float, first: int, steps: int, workers: int) -> dict[str, Any]:
    """Run as many seeds as fit, and say what was done and what failed."""
    until = time.monotonic() + hours * 3600
    seeds = count(first, BATCH)
    sums: Counter[str] = Counter()
    lives = events = steps_done = runs = 0
    failures = []
    with ProcessPoolExecutor(workers) as pool:
        for reports in _batches(pool, seeds, steps, until):
            for report in reports:
                runs += 1
                lives += report.lives
                events += report.events
                steps_done += report.steps
                sums.update(report.counts)
                if report.failure:
                    failures.append({"seed": report.seed, "failure": report.failure})
                    print(report.complaint(), flush=True)  # noqa: T201 - it is what was asked for
    return {
        "first_seed": first,
        "seeds": runs,
        "steps_a_seed": steps,
        "steps": steps_done,
        "lives": lives,
        "events": events,
        "counts": dict(sorted(sums.items())),
        "failures": failures,
    }


def _batches(
    pool: ProcessPoolExecutor, seeds: Iterator[int], steps: int, until: float
) -> Iterator[list[Report]]:
    """The reports as they are ready; no batch is begun after the end."""
    waiting: set[Future[list[Report]]] = set()
    while True:
        while len(waiting) < 2 * (os.cpu_count() or 1) and time.monotonic() < until:
            waiting.add(pool.submit(batch, next(seeds), steps))
        if not waiting:
            return
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


def written(result: dict[str, Any], began: datetime) -> Path:
    """Keep a soak's result under the moment at which it began."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{began:%Y-%m-%dT%H%M%S}.json"
    text = json.dumps({"began_at": began.isoformat(), **result}, indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def main(arguments: Sequence[str]) -> int:
    """Do what was asked on the command line; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="tests.simulation.soak", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone, and tell of it")
    parser.add_argument("--hours", type=float, default=1.0, help="how long (default: 1)")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="the first seed")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each run")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    if given.seed is not None:
        report = run(given.seed, steps=given.steps)
        print(report.complaint() if report.failure else report.text())  # noqa: T201 - the answer
        return int(bool(report.failure))
    began = datetime.now(UTC)
    result = soak(given.hours, given.first, given.steps, given.workers)
    path = written(result, began)
    done = {name: result[name] for name in ("seeds", "lives", "steps", "events")}
    words = ", ".join(f"{number} {name}" for name, number in done.items())
    print(f"{words}; {len(result['failures'])} failures; {path}")  # noqa: T201 - the answer
    return int(bool(result["failures"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
