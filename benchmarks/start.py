"""How soon `refund serve` shows its first page, and how much memory it holds after claims."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks._serving import EMPTY, environment_of, free_port, running, serving_with_twin
from benchmarks._world import Ready, many_ready, new_folder, open_world, read_world_settings
from benchmarks.claims import measure_claims, measure_empty

STARTS = 5
CLIENTS = 16
SECONDS_MAX = 300.0


def seconds_to_page(folder: Path, path: str) -> float:
    """Start the command as people do, until it answers with a page."""
    settings = read_world_settings(folder, free_port(), free_port())
    command = [sys.executable, "-m", "refund", "serve"]
    begun = time.perf_counter()
    with running(command, environment_of(settings), settings.port, path):
        return round(time.perf_counter() - begun, 3)


def measure_memory(folder: Path, claims: list[Ready]) -> dict[str, Any]:
    """The server's memory before claims, half-way and at the end."""
    settings = read_world_settings(folder, free_port())
    command, environment = serving_with_twin(settings), environment_of(settings)
    half = len(claims) // 2
    with running(command, environment, settings.port, EMPTY) as served:
        measure_empty(served, CLIENTS, 0.5)
        grown = [served.memory_mb()]
        for part in (claims[:half], claims[half:]):
            found = measure_claims(served, part, CLIENTS, SECONDS_MAX)
            assert found["answered"] == len(part), found
            grown.append(served.memory_mb())
    return {"claims": len(claims), "before_mb": grown[0], "half_mb": grown[1], "after_mb": grown[2]}


def measure(claims: int) -> dict[str, Any]:
    """Measure both."""
    with new_folder() as folder:
        first = seconds_to_page(folder, "/")
        again = [seconds_to_page(folder, "/") for _ in range(STARTS)]
    with new_folder() as folder:
        with open_world(folder) as world:
            ready = many_ready(world, claims)
        memory = measure_memory(folder, ready)
    return {"first_start_s": first, "start_s": statistics.median(again), **memory}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(min(arguments.claims, 20_000))
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"new instance: {figures['first_start_s']} s to the first page; again: ", end="")
    print(f"{figures['start_s']} s (median of {STARTS})")
    print(
        f"memory {figures['before_mb']} MB before, {figures['half_mb']} MB after "
        f"{figures['claims'] // 2} claims, {figures['after_mb']} MB after {figures['claims']}"
    )


if __name__ == "__main__":
    main()
