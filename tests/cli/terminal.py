"""A terminal for tests: our command run on an instance of its own, in process or as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
from click.testing import CliRunner, Result

from refund.cli import main
from tests.house.tree import ROOT
from tests.storage.cluster import free_port

WAIT_SECONDS = 60


@dataclass(frozen=True)
class Terminal:
    """Commands on one instance; `settings` are variables of the environment."""

    instance: Path
    port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Every setting, and English."""
        return {
            "LC_ALL": "en_US.UTF-8",
            "REFUND_INSTANCE": str(self.instance),
            "REFUND_PORT": str(self.port),
            "REFUND_SANDBOX_PORT": str(self.sandbox_port),
            **self.settings,
        }

    def run(self, *words: str, given: str | None = None) -> Result:
        """Run a command in this process; whatever is no exit is raised."""
        return CliRunner().invoke(
            main, words, env=self.environment, input=given, catch_exceptions=False
        )

    def done(self, *words: str, given: str | None = None) -> str:
        """What a command prints that must succeed."""
        result = self.run(*words, given=given)
        assert result.exit_code == 0, result.output
        return result.stdout

    def read(self, *words: str) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.done(*words))

    @contextmanager
    def process(self, *words: str) -> Iterator[Running]:
        """Run a command as a process of its own group, which is gone at the end."""
        log = self.instance.parent / f"{words[0]}-{self.port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "refund", *words],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            running = Running(process, log)
            try:
                yield running
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()


@dataclass(frozen=True)
class Running:
    """A command that runs as a process."""

    process: subprocess.Popen[bytes]
    log: Path

    def await_answer(self, url: str) -> urllib3.BaseHTTPResponse:
        """Wait until an address answers 200, and return the answer."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            found = ask(url)
            if found is not None and found.status == 200:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no answer from {url}:\n{self.said()}")

    def await_words(self, words: str) -> str:
        """Wait until it has said something, and return all that it said."""
        deadline = time.monotonic() + WAIT_SECONDS
        while words not in self.said():
            assert time.monotonic() < deadline, self.said()
            assert self.process.poll() is None, self.said()
            time.sleep(0.02)
        return self.said()

    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(how)
        return self.process.wait(WAIT_SECONDS)


def ask(url: str) -> urllib3.BaseHTTPResponse | None:
    """What an address answers; None when nobody is there."""
    with urllib3.PoolManager(retries=False, timeout=5) as http:
        try:
            return http.request("GET", url)
        except urllib3.exceptions.HTTPError:
            return None


def await_silence(url: str) -> None:
    """Wait until nobody answers any more."""
    deadline = time.monotonic() + WAIT_SECONDS
    while ask(url) is not None:
        assert time.monotonic() < deadline, f"{url} still answers"
        time.sleep(0.02)
