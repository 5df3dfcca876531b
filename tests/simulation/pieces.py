"""Small worlds of arithmetic in place of the whole one, for processes that are started anew."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random

from refund.simulation.questions.what_if import Came, Task


def doubled(number: int) -> int:
    """Return the double; 13 cannot be doubled, and 666 ends its process."""
    if number == 13:
        raise ValueError("13 cannot be doubled")
    if number == 666:
        os._exit(3)
    return 2 * number


def marked(folder: str) -> str:
    """Say in the folder which process is at it, and never end."""
    mark = Path(folder) / f"{os.getpid()}"
    try:
        mark.touch()
        while True:
            time.sleep(0.02)
    finally:
        mark.unlink()


def simple_world(task: Task) -> Came:
    """A world in which the threshold costs money, and the promise moves nothing.

    The chance of a seed is the same in all variants, as common random numbers want it.
    """
    changes = dict(task.changes)
    least = float(changes.get("rules.min_purchase", "200"))
    days = float(changes.get("rules.promise_days", "17"))
    chance = Random(task.seed)  # noqa: S311 - a world, no secret
    sales = [chance.lognormvariate(6.5, 1.0) for _ in range(200)]
    noise = Random(f"wait/{task.seed}/{days}")  # noqa: S311 - the same
    figures = {
        "forms": float(sum(1 for one in sales if one >= least)),
        "paid_fen": sum(9.0 * one for one in sales if one >= least),
        "customs_wait_p95_s": 300 + noise.gauss(0, 20),
        "cases_opened": float(len(sales)),
        "unsecured_days": 0.0,
    }
    if task.seed % 2:
        figures["scan_to_money_p50_s"] = 40.0
    return Came(f"{task.seed}-{task.variant}", figures)


def world_that_ends_at_four(task: Task) -> Came:
    """The same; with seed 4 its process is gone."""
    if task.seed == 4:
        os._exit(9)
    return simple_world(task)
