"""An instance as its people meet it: the service and the sandbox as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import urllib3

from refund.app import wire
from refund.config import read_settings
from refund.core.case import CaseKind
from refund.core.goods import load_goods
from refund.core.operation import NetworkBook
from refund.core.people import Actor, Role, Staff
from refund.core.store import read_stores
from refund.gateways.passwords import ArgonPasswords
from refund.places import data_folder
from refund.services.enrol import enrol_staff, import_stores, put_goods_master
from refund.transaction import Transaction
from tests.storage.cluster import free_port
from tests.web.people import EVERYONE, OFFICER_OF_ANOTHER_PORT, PASSWORD

CLERK_OF_A_THIRD_STORE = Actor("clerk-3", Role.CLERK, "许可 Xu Ke", store_number=3)
CLERK_OF_A_STORE_TO_SUSPEND = Actor("clerk-4", Role.CLERK, "江宁 Jiang Ning", store_number=4)
STAFF = (
    *EVERYONE,
    OFFICER_OF_ANOTHER_PORT,
    CLERK_OF_A_THIRD_STORE,
    CLERK_OF_A_STORE_TO_SUSPEND,
)

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "refund")
AFTERNOON = datetime.fromisoformat("2025-07-08T14:00:00+08:00")
READY_S = 40.0
STOP_S = 20.0

http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(10))


@cache
def password_hash() -> str:
    """Return the slow hash of everybody's password, made once."""
    return ArgonPasswords().hash(PASSWORD)


def shift_to(moment: datetime) -> str:
    """Return the setting that moves the time to a moment, give or take its hour.

    Whole hours, so that every process and every restart is on the same time.
    """
    hours = (moment - datetime.now(UTC)) // timedelta(hours=1) + 1
    return f"{hours:+d}h"


class Running(Protocol):
    """A process that was started; `subprocess.Popen` is one."""

    pid: int

    def poll(self) -> int | None:
        """Return None while it runs."""
        ...

    def send_signal(self, sig: int, /) -> None:
        """Send it a signal."""
        ...

    def wait(self, timeout: float, /) -> int:
        """Wait until it is gone, at most so many seconds."""
        ...


class Instance:
    """A folder with keys and a database, and the processes that serve it on free ports."""

    def __init__(self, folder: Path, database_url: str = "", at: datetime = AFTERNOON) -> None:
        """Fill the registers of a fresh instance: all stores, all goods, one person a door."""
        self.folder = folder
        self.is_sqlite = not database_url
        self.log = folder / "log.txt"
        self._running: dict[str, Running] = {}
        self.port, self.sandbox_port = free_port(), free_port()
        self._own = {
            "REFUND_INSTANCE": str(folder / "instance"),
            "REFUND_PORT": str(self.port),
            "REFUND_SANDBOX_PORT": str(self.sandbox_port),
            "REFUND_CLOCK": shift_to(at),
            "PYTHONPATH": str(ROOT),
        }
        if database_url:
            self._own["REFUND_DATABASE_URL"] = database_url
        folder.mkdir(parents=True, exist_ok=True)
        self._enrol()

    def _enrol(self) -> None:
        wired = wire(read_settings(self._own))
        data = data_folder()
        import_stores(wired.ports, read_stores((data / "stores.csv").read_bytes()), "test")
        goods = load_goods((data / "goods.csv").read_text(encoding="utf-8"))
        put_goods_master(wired.ports, goods)
        people = [Staff(one, one.staff_id, password_hash()) for one in STAFF]
        enrol_staff(wired.ports, people, "test")
        wired.database.close()

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox network answers."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def database(self) -> Path:
        """The file of the embedded engine."""
        return self.folder / "instance" / "refund.db"

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told, and nothing of this process's own settings."""
        others = {name: value for name, value in os.environ.items() if "REFUND_" not in name}
        return others | self._own

    def start(self) -> None:
        """Start everything that serves, the network before whoever asks it, until it answers."""
        self._begin("sandbox")
        self._wait_for("sandbox", f"{self.sandbox_url}/healthz")
        self.start_service()

    def start_service(self) -> None:
        """Start the service, with the worker that PostgreSQL asks for, and wait for it."""
        self._begin("serve")
        if not self.is_sqlite:
            self._begin("worker")
        self._wait_for("serve", f"{self.url}/healthz")

    def move_to(self, moment: datetime) -> None:
        """Restart everything on the same instance at another time."""
        self.stop()
        self._own["REFUND_CLOCK"] = shift_to(moment)
        self.start()

    def now(self) -> datetime:
        """The second that its clocks show."""
        hours = timedelta(hours=int(self._own["REFUND_CLOCK"].removesuffix("h")))
        return (datetime.now(UTC) + hours).replace(microsecond=0)

    def kill_service(self) -> None:
        """End the service as a power cut would, its worker too."""
        for name in ("serve", "worker"):
            if name in self._running:
                self._end(name, signal.SIGKILL)

    def stop(self) -> None:
        """End what this instance started, the service before the network it calls."""
        for name in ("serve", "worker", "sandbox"):
            if name in self._running:
                self._end(name, signal.SIGTERM)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command of the service on this instance, to its end."""
        return subprocess.run(
            [*COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def audit(self) -> Any:
        """Check the books against the network's own book; a finding fails the test."""
        done = self.command("audit", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def network_book(self) -> NetworkBook:
        """Return the network's own totals, asked as the merchant asks."""
        wired = wire(read_settings(self._own))
        book = wired.ports.network.book()
        wired.database.close()
        return book

    def waits_for_status(self, form_number: str, status: str) -> None:
        """Wait until a form has come to a state, looked at in the database."""
        number = form_number.replace("-", "")

        def look(tx: Transaction) -> str:
            form = tx.form_by_number(number)
            return "" if form is None else form.status.value

        self._wait_until(look, status)

    def waits_for_cases(self, kind: CaseKind, count: int = 1) -> None:
        """Wait until so many cases of a kind are open."""
        self._wait_until(lambda tx: len(tx.open_cases((kind,), limit=count + 1)), count)

    def _wait_until(self, look: Callable[[Transaction], object], wanted: object) -> None:
        """Look at the database again and again until it has what is wanted."""
        until, wired = time.monotonic() + READY_S, wire(read_settings(self._own))
        while (seen := wired.ports.storage.read(look)) != wanted:
            assert time.monotonic() < until, f"{seen!r}, not {wanted!r}"
            time.sleep(0.05)
        wired.database.close()

    def _begin(self, name: str) -> None:
        with self.log.open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*COMMAND, name],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_for(self, name: str, address: str) -> None:
        process, until = self._running[name], time.monotonic() + READY_S
        while not _answers(address):
            assert process.poll() is None, f"{name} ended: {self.log.read_text()[-4000:]}"
            assert time.monotonic() < until, f"{name} is silent: {self.log.read_text()[-4000:]}"
            time.sleep(0.05)

    def _end(self, name: str, how: signal.Signals) -> None:
        process = self._running.pop(name)
        if how is signal.SIGKILL:
            # Its workers share the group; a power cut leaves none of them.
            os.killpg(process.pid, how)
        elif process.poll() is None:
            process.send_signal(how)
        process.wait(STOP_S)


def _answers(address: str) -> bool:
    try:
        return http.request("GET", address).status == 200
    except urllib3.exceptions.HTTPError:
        return False
