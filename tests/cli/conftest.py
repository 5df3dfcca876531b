"""Fixtures of the commands' tests: a terminal on an instance, new or with demo data."""

import shutil
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Return a terminal on an instance that does not exist yet."""
    return Terminal(tmp_path / "instance")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an instance folder with demo data, made once, to be copied."""
    folder = tmp_path_factory.mktemp("prepared") / "instance"
    Terminal(folder).done("demo", "--prepare")
    return folder


@pytest.fixture
def demo(terminal: Terminal, prepared: Path) -> Terminal:
    """Return a terminal on an instance of its own with demo data."""
    shutil.copytree(prepared, terminal.instance)
    return terminal
