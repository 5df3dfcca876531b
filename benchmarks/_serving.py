"""The service as `refund serve` runs it, but for its network and an empty view beside it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3
from flask import Flask
from urllib3.exceptions import HTTPError

from benchmarks._world import TwinNetwork
from refund.app import create_app, wire
from refund.cli.serving import run_service
from refund.config import Settings, read_settings
from refund.lifeline import end_with_parent
from refund.services.later import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

EMPTY = "/empty"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


def empty_app() -> Flask:
    """A Flask application of one view that does nothing: what the claim is compared with."""
    app = Flask("empty", static_folder=None)

    @app.get(EMPTY)
    def empty() -> str:
        return ""

    return app


def with_twin() -> WSGIApplication:
    """What the server's process serves: our application, and beside it the empty one."""
    end_with_parent()
    settings = read_settings(os.environ)
    wired = wire(settings)
    ports = replace(wired.ports, network=TwinNetwork(wired.ports.clock.now))
    ours, empty = create_app(settings, ports), empty_app()
    worker = Worker(ports)
    worker.start()
    Finalize(None, wired.database.close, exitpriority=1)
    Finalize(None, worker.stop, exitpriority=2)

    def either(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        chosen = empty if environ["PATH_INFO"] == EMPTY else ours
        return chosen(environ, start_response)

    return either


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: its port, and the process whose threads answer."""

    port: int
    worker_pid: int

    def cpu_seconds(self) -> float:
        """The processor time that the answering process has used."""
        fields = Path(f"/proc/{self.worker_pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        """Its resident memory now."""
        status = Path(f"/proc/{self.worker_pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return round(int(found[1]) / 1024, 1)


@contextmanager
def running(command: list[str], settings: dict[str, str], port: int, path: str) -> Iterator[Served]:
    """Run a server of ours until the block ends; it answers on `path` when the block begins."""
    environment = {**os.environ, **settings}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        await_answer(process, port, path)
        yield Served(port, _worker_of(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serving_with_twin(settings: Settings) -> list[str]:
    """The command that serves an instance with the twin for its network."""
    assert settings.is_embedded
    return [sys.executable, "-m", "benchmarks._serving"]


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a process of ours reads them."""
    return {
        "REFUND_INSTANCE": str(settings.instance),
        "REFUND_PUBLIC_URL": settings.public_url,
        "REFUND_PORT": str(settings.port),
        "REFUND_SANDBOX_PORT": str(settings.sandbox_port),
        "REFUND_CLOCK": settings.clock,
    }


def await_answer(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    """Wait until a server answers.

    Raises:
        RuntimeError: it ended, or took too long.
    """
    until = time.monotonic() + START_SECONDS
    with urllib3.PoolManager(retries=False, timeout=2.0) as http:
        while True:
            try:
                if http.request("GET", f"http://127.0.0.1:{port}{path}").status == 200:
                    return
            except HTTPError as error:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("the server did not start") from error
            time.sleep(0.005)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _worker_of(pid: int) -> int:
    """The process that granian forked to answer requests."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert len(children) == 1, children
    return int(children[0])


if __name__ == "__main__":
    run_service(read_settings(os.environ), 1, "benchmarks._serving:with_twin")
