"""The import contracts hold for a small tree of the same shape, and each breaks when crossed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

_MODULES = [
    "app",
    "api",
    "cli",
    "config",
    "core/money",
    "gateways/clock",
    "places",
    "ports",
    "sandbox/network",
    "services/pay",
    "simulation/described",
    "simulation/drills/drill",
    "simulation/engine/place",
    "simulation/lab_book",
    "simulation/questions/study",
    "simulation/rehearsal/bots",
    "simulation/reports/report",
    "simulation/runs/run",
    "simulation/world/plans",
    "storage/sqlite",
    "transaction",
    "translations",
    "web/customs",
    "web/lab",
    "web/operator",
    "web/store",
    "web/traveller",
]

CROSSINGS = [
    ("core/money", "import time", "Core is pure"),
    ("core/money", "from os import path", "Core is pure"),
    ("core/money", "from refund import ports", "Arrows point down"),
    ("services/pay", "from refund.gateways import clock", "Arrows point down"),
    ("services/pay", "from refund.storage import sqlite", "Arrows point down"),
    ("web/store", "from refund import config", "Arrows point down"),
    ("web/store", "from refund import cli", "Arrows point down"),
    ("services/pay", "import sqlite3", "Only storage speaks"),
    ("cli", "import psycopg", "Only storage speaks"),
    ("web/store", "from refund.storage import sqlite", "Pages reach storage"),
    ("web/store", "from refund.simulation.engine import place", "Pages know no world but ours"),
    ("web/store", "from refund.sandbox import network", "Pages know no world but ours"),
    ("services/pay", "from refund.simulation.engine import place", "Arrows point down"),
    ("simulation/engine/place", "from refund.web import store", "Arrows point down"),
    ("simulation/engine/place", "import sqlite3", "Only storage speaks"),
    ("simulation/engine/place", "from refund.simulation.world import plans", "The lab"),
    ("simulation/runs/run", "from refund.simulation.drills import drill", "The lab"),
    ("sandbox/network", "from refund.services import pay", "The sandbox is the outside world"),
    ("web/store", "from refund.web import customs", "Audiences are independent"),
    ("places", "from refund import stray", "Arrows point down"),
]


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    """Lay out one module for each place of the house, and the contracts beside them."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in ("__init__", *_MODULES):
        file = tmp_path / "refund" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        for folder in (file.parent, *file.parent.parents):
            if folder.is_relative_to(tmp_path / "refund"):
                (folder / "__init__.py").touch()
        file.touch()
    _write(tmp_path, "storage/sqlite", "import sqlite_utils")
    _write(tmp_path, "sandbox/network", "import sqlite_utils")
    _write(tmp_path, "simulation/engine/place", "import sqlite_utils")
    _write(tmp_path, "web/lab", "from refund.simulation.engine import place")
    _write(tmp_path, "app", "from refund import config, services, storage, web")
    return tmp_path


def test_a_tree_of_this_shape_keeps_every_contract(small_tree: Path) -> None:
    assert "9 kept, 0 broken" in _lint(small_tree)


@pytest.mark.parametrize(("module", "line", "contract"), CROSSINGS)
def test_a_crossed_line_breaks_its_contract(
    small_tree: Path, module: str, line: str, contract: str
) -> None:
    if "stray" in line:
        _write(small_tree, "stray", "")
    _write(small_tree, module, line)
    broken = [one for one in _lint(small_tree).splitlines() if " BROKEN" in one]
    assert any(one.startswith(contract) for one in broken), broken


def test_a_cycle_between_neighbours_is_seen(small_tree: Path) -> None:
    _write(small_tree, "core/form", "from refund.core import goods")
    _write(small_tree, "core/goods", "from refund.core import form")
    assert "No cycles between neighbours BROKEN" in _lint(small_tree)


def _write(tree: Path, module: str, line: str) -> None:
    with (tree / "refund" / f"{module}.py").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def _lint(tree: Path) -> str:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [command, "--no-cache"], cwd=tree, check=False, capture_output=True, text=True
    )
    return done.stdout + done.stderr
