"""Engines under test, and processes beside them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from refund.storage.engine import Engine, open_engine
from tests.storage.worker import STEPS

ROOT = Path(__file__).parents[2]


class Worker:
    """A process that does one thing to a database after a starting signal."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert self.line() == "ready"

    def line(self) -> str:
        """Return what it says next, or "" when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def start(self) -> None:
        """Give the starting signal."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def answer(self) -> list[str]:
        """Return all that it said, once it has ended well."""
        said, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        return said.splitlines()


StartWorker = Callable[..., Worker]


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    """Open a migrated database, once on each engine."""
    opened = open_engine(engine_url)
    try:
        opened.migrate(STEPS, 1)
        yield opened
    finally:
        opened.close()


@pytest.fixture
def start_worker() -> Iterator[StartWorker]:
    """Return a function that starts a process with a verb, an address and its words."""
    with ExitStack() as stack:

        def start(*words: str) -> Worker:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.storage.worker", *words],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return Worker(process)

        yield start
