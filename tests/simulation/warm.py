"""Commands of ours as processes that are forked from one that has loaded everything.

So they are there a moment after they were started, and they end when it does.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from refund.cli import main as refund
from refund.cli import serving  # noqa: F401 - loaded once, for all that are forked
from tests.house.tree import ROOT

_PR_SET_PDEATHSIG = 1
STOP_S = 20.0


def state_of(pid: int) -> list[str]:
    """Return what Linux tells of a process from its state on; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def lives(pid: int) -> bool:
    """Whether a process is still there, and not only its exit code."""
    return state_of(pid)[:1] not in ([], ["Z"], ["X"])


class Forked:
    """A process that another one forked, by its number."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return None while it runs."""
        return None if lives(self.pid) else 0

    def send_signal(self, how: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, how)

    def wait(self, timeout: float) -> int:
        """Wait until it is gone.

        Raises:
            TimeoutError: it is not, after so many seconds.
        """
        until = time.monotonic() + timeout
        while lives(self.pid):
            if time.monotonic() > until:
                raise TimeoutError(f"process {self.pid} does not end")
            time.sleep(0.005)
        return 0


class Warm:
    """The process that has loaded everything; whatever it forked is gone when it is left."""

    def __enter__(self) -> Self:
        """Load everything once."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.simulation.warm"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End it by closing what it listens to."""
        self._process.communicate(timeout=STOP_S)

    def start(
        self, words: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> Forked:
        """Run a command of ours in a session of its own; what it says is added to a log."""
        asked = {
            "words": list(words),
            "environment": dict(environment),
            "folder": str(folder),
            "log": str(log),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Forked(int(self._process.stdout.readline()))


def _become(asked: Mapping[str, Any], parent: int) -> None:
    """Be the command that was asked for, from here on."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("the process that started this one has ended")
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    refund(asked["words"], prog_name="refund")


def main() -> None:
    """Fork a process for each line that is read, and say its number."""
    # Nobody waits for the forked ones: Linux forgets them as they end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    parent = os.getpid()
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _become(json.loads(line), parent)
        print(pid, flush=True)  # noqa: T201 - it is what was asked for


if __name__ == "__main__":
    main()
