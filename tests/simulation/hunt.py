"""Looks for the seeds that find the planted bugs: `python -m tests.simulation.hunt [bug …]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.planted import BUGS, FOUND, recorded
from tests.simulation.run import run

SEEDS_MAX = 1000


def first_seed(name: str, seeds: int = SEEDS_MAX) -> tuple[str, dict[str, object] | None]:
    """The first seed that fails with a bug and passes without it; None when there is none."""
    for seed in range(seeds):
        found = run(seed, plant=BUGS[name])
        if found.failure and not run(seed).failure:
            return name, {"seed": seed, "seen": found.failure.partition(" at ")[0][:200]}
    return name, None


def main(arguments: Sequence[str]) -> int:
    """Hunt for some bugs or all, and record what was found; 1 when one was not."""
    parser = argparse.ArgumentParser(prog="tests.simulation.hunt", description=__doc__)
    parser.add_argument("bugs", nargs="*", choices=[*BUGS, []], help="which (default: all)")
    given = parser.parse_args(arguments)
    names = given.bugs or list(BUGS)
    known = recorded() if FOUND.exists() else {}
    missed = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, found in pool.map(first_seed, names):
            print(name, found or "NOT FOUND", flush=True)  # noqa: T201 - it is what was asked for
            if found is None:
                missed.append(name)
                known.pop(name, None)
                continue
            known[name] = found
            text = json.dumps(dict(sorted(known.items())), indent=2, ensure_ascii=False)
            FOUND.write_text(f"{text}\n", encoding="utf-8")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
