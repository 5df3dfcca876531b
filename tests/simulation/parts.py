"""An instance whose parts are killed one by one, each with all its processes, and started anew."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from refund.app import wire
from refund.config import read_settings
from refund.core.form import Form
from refund.gateways.network import merchant_secret
from refund.ports import Ports
from tests.journeys.instance import READY_S, Instance, http
from tests.simulation.warm import Warm, lives, state_of

SERVICE, WORKER, SANDBOX = "serve", "worker", "sandbox"
PROCESSES = 2
"""Processes of the service where the database is a server."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Paid:
    """What the network's own book has of one form.

    Args:
        paid_fen: each payout that was made, one by one.
        held_fen: each hold that stands now.
    """

    paid_fen: tuple[int, ...]
    held_fen: tuple[int, ...]


class Parts(Instance):
    """The service, its worker and the network, each a process that can be gone at any moment."""

    def __init__(self, warm: Warm, folder: Path, database_url: str = "", threads: int = 16) -> None:
        """Fill a fresh instance; nothing is started yet.

        Args:
            warm: forks its processes.
            folder: for the keys and the files.
            database_url: of a fresh database; without one it is a file in the folder.
            threads: by which each process of the service answers.
        """
        super().__init__(folder, database_url)
        self._warm = warm
        self._own["REFUND_THREADS"] = str(threads)
        hours = int(self._own["REFUND_CLOCK"].removesuffix("h"))
        self._ahead = timedelta(hours=hours)

    @property
    def names(self) -> tuple[str, ...]:
        """Its parts; on SQLite the worker is a thread of the service."""
        return (SERVICE, SANDBOX) if self.is_sqlite else (SERVICE, WORKER, SANDBOX)

    def _begin(self, name: str) -> None:
        more = ["--processes", str(PROCESSES)] if name == SERVICE and not self.is_sqlite else []
        self._running[name] = self._warm.start(
            [name, *more], self.environment, self.folder, self.log
        )

    @property
    def settings(self) -> dict[str, str]:
        """Its settings, for a command that is run in this process."""
        return {name: word for name, word in self._own.items() if name.startswith("REFUND_")}

    def pass_by(self, time_away: timedelta) -> None:
        """Let whatever is started from now on find that so much time has passed."""
        self._ahead += time_away
        self._own["REFUND_CLOCK"] = f"{self._ahead.total_seconds():+.0f}s"

    def kill(self, name: str, chance: Random) -> int:
        """End a part as kill -9 does, every process of it in any order; how many there were."""
        process = self._running[name]
        assert process.poll() is None, f"{name} ended by itself: {self.tail()}"
        family = [process.pid, *_descendants(process.pid)]
        chance.shuffle(family)
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        del self._running[name]
        _await("a process that does not die", lambda: not any(lives(pid) for pid in family))
        port = {SERVICE: self.port, SANDBOX: self.sandbox_port}.get(name)
        _await("a port that stays taken", lambda: port is None or _is_free(port))
        return len(family)

    def restart(self, name: str) -> None:
        """Start a part that was killed, without waiting until it answers."""
        self._begin(name)

    def stands(self) -> None:
        """Wait until every part runs, and answers where it can be asked."""
        self._wait_for(SANDBOX, f"{self.sandbox_url}/healthz")
        self._wait_for(SERVICE, f"{self.url}/healthz")
        for name in self.names:
            assert self._running[name].poll() is None, f"{name} ended: {self.tail()}"

    def tail(self) -> str:
        """Return the last words of its log."""
        return self.log.read_text()[-4000:]

    @contextmanager
    def opened(self) -> Iterator[Ports]:
        """Open the instance in this process too; closed again before anything is killed."""
        wired = wire(read_settings(self.environment))
        try:
            yield wired.ports
        finally:
            wired.database.close()

    def cpu_seconds(self, name: str) -> list[float]:
        """The processor time of each process of a part, but for their parent."""
        return [_cpu_seconds(pid) for pid in _descendants(self._running[name].pid)]

    def booked(self, ports: Ports) -> dict[str, Paid]:
        """Read the network's own book, operation by operation; what it has of each form."""
        paid: dict[str, list[int]] = defaultdict(list)
        held: dict[str, list[int]] = defaultdict(list)
        for one in _operations(self.sandbox_url, merchant_secret(ports.keys.secret("network"))):
            form_id = str(one["reference"]).partition("-")[0]
            if one["kind"] in ("advance", "refund") and one["state"] == "paid":
                paid[form_id].append(int(str(one["amount_fen"])))
            if one["kind"] == "hold" and one["hold_state"] == "held":
                held[form_id].append(int(str(one["amount_fen"])))
        return {
            form_id: Paid(tuple(paid[form_id]), tuple(held[form_id])) for form_id in {*paid, *held}
        }


@contextmanager
def running(folder: Path, database_url: str = "", threads: int = 16) -> Iterator[Parts]:
    """Run a fresh instance; at the end it is stopped, whatever happened."""
    with Warm() as warm:
        parts = Parts(warm, folder, database_url, threads)
        try:
            parts.start()
            yield parts
        finally:
            parts.stop()


def find_form(ports: Ports, form_id: str) -> Form | None:
    """Return a form as its row says."""
    return ports.storage.read(lambda tx: tx.form(form_id))


def _operations(url: str, secret: str) -> Iterator[dict[str, object]]:
    """Every operation of the book, asked page by page as its merchant."""
    after: int | None = 0
    while after is not None:
        answer = http.request(
            "GET",
            f"{url}/v1/book/operations",
            fields={"after": str(after)},
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status == 200, answer.data
        page = answer.json()
        yield from page["operations"]
        after = page["next"]


def _descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    found: list[int] = []
    for task in _threads(pid):
        try:
            words = (task / "children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in map(int, words):
            found += [child, *_descendants(child)]
    return found


def _threads(pid: int) -> Sequence[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return ()


def _cpu_seconds(pid: int) -> float:
    fields = state_of(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _await(what: str, holds: Callable[[], bool]) -> None:
    """Wait until something holds; what it means when it never does."""
    until = time.monotonic() + READY_S
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.005)
