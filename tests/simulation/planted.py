"""All planted bugs by name, and the seeds that found them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

from tests.simulation import bugs, bugs_of_money

FOUND = Path(__file__).with_name("FOUND.json")
"""For each bug the seed that found it, and what was seen."""

Plant = Callable[[], AbstractContextManager[None]]


def _of(module: ModuleType) -> dict[str, Plant]:
    return {
        name: found
        for name, found in vars(module).items()
        if not name.startswith("_")
        and inspect.isfunction(found)
        and found.__module__ == module.__name__
        and not inspect.signature(found).parameters
    }


BUGS: Mapping[str, Plant] = {**_of(bugs), **_of(bugs_of_money)}
"""Every function of the two modules that takes nothing is a bug."""


def recorded() -> dict[str, dict[str, object]]:
    """What was found before, by the bug's name."""
    found: dict[str, dict[str, object]] = json.loads(FOUND.read_text(encoding="utf-8"))
    return found
