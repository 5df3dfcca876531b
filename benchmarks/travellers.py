"""Scan to money in machine time, for travellers who come one after another."""

from __future__ import annotations

import argparse
import json

from benchmarks._travellers import measure_travellers
from benchmarks._world import new_folder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--a-second", type=int, default=20, help="travellers offered per second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with new_folder() as folder:
        figures = measure_travellers(folder, arguments.a_second, min(arguments.seconds, 60.0))
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    print("from the scan to the money, the sandbox network as a process of its own")
    for name, figure in figures.items():
        print(f"{name:>24} {figure:10}")


if __name__ == "__main__":
    main()
