"""What requests cost while 200 pages stay live on the service's own port: WSGI, or RSGI.

`python -m benchmarks.one_port` serves an instance as `refund serve` does, and by granian's RSGI:
there a loop holds the streams and everything else is answered by the same application in threads.
Sixteen clients ask for a page that says nothing and for the health check. Under a minute in all.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import multiprocessing
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from benchmarks._serving import Served, environment_of, free_port, running
from benchmarks.live import (
    DOOR_SETTING,
    PAGES,
    POLLED,
    STREAM,
    Watcher,
    asked,
    prepared,
    threads_of,
)
from refund.app import create_app, wire
from refund.config import read_settings
from refund.core.people import Role
from refund.lifeline import end_with_parent
from refund.services.sign_in import recognise

if TYPE_CHECKING:
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

CLIENTS = 16
SECONDS = 5.0
PATHS = (f"{POLLED}?seen=0", "/healthz")


class Both:
    """Streams on the loop, and the application in threads: enough of WSGI for what is asked."""

    def __init__(self) -> None:
        end_with_parent()
        settings = read_settings(os.environ)
        self._ports = wire(settings).ports
        self._app = create_app(settings, self._ports)
        self._threads = ThreadPoolExecutor(settings.threads)
        self._watcher = Watcher(self._ports)
        self._waiting: set[asyncio.Future[None]] = set()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the watcher wake what waits on the loop."""

        def told(_found: int) -> None:
            loop.call_soon_threadsafe(self._wake)

        self._watcher.told.append(told)

    def _wake(self) -> None:
        for waits in self._waiting:
            if not waits.done():
                waits.set_result(None)
        self._waiting.clear()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        loop = asyncio.get_running_loop()
        if scope.path == STREAM:
            token = str(scope.headers.get("cookie", "")).partition("=")[2]
            known = partial(recognise, self._ports, Role.OPERATOR, token)
            if await loop.run_in_executor(self._threads, known) is None:
                protocol.response_empty(403, [])
                return
            await self._stream(protocol)
            return
        body = await protocol()
        answer = await loop.run_in_executor(self._threads, self._answered, scope, body)
        protocol.response_bytes(*answer)

    async def _stream(self, protocol: HTTPProtocol) -> None:
        sent = protocol.response_stream(200, [("content-type", "text/event-stream")])
        gone = asyncio.ensure_future(protocol.client_disconnect())
        while not gone.done():
            await sent.send_bytes(f"data: {self._watcher.count}\n\n".encode())
            waits = asyncio.get_running_loop().create_future()
            self._waiting.add(waits)
            await asyncio.wait({waits, gone}, return_when=asyncio.FIRST_COMPLETED)

    def _answered(self, scope: Scope, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        host, _, port = scope.server.rpartition(":")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": scope.method,
            "PATH_INFO": scope.path,
            "QUERY_STRING": scope.query_string,
            "SERVER_NAME": host,
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": scope.client.rpartition(":")[0],
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": scope.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            **{
                f"HTTP_{name.upper().replace('-', '_')}": value
                for name, value in scope.headers.items()
            },
        }
        said: list[Any] = []
        content = b"".join(self._app(environ, lambda *head: said.extend(head)))  # type: ignore[arg-type]  # no write()
        return int(said[0][:3]), [(name.lower(), value) for name, value in said[1]], content


async def ask(port: int, path: str, times: list[float], until: float) -> None:
    """One client that asks again as soon as it was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until:
        began = time.monotonic()
        writer.write(asked(path))
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        times.append(time.monotonic() - began)
    writer.close()


async def compared(way: str, streams: int, served: Served) -> None:
    """Open streams, ask for pages, and print what was measured."""
    opened = []
    for _ in range(streams):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(asked(STREAM))
        await reader.readuntil(b"\r\n\r\n")
        opened.append(writer)
    for path in PATHS:
        times: list[float] = []
        used, until = served.cpu_seconds(), time.monotonic() + SECONDS
        await asyncio.gather(*(ask(served.port, path, times, until) for _ in range(CLIENTS)))
        used = served.cpu_seconds() - used
        times.sort()
        found = {
            "way": way,
            "streams": streams,
            "path": path,
            "per_second": round(len(times) / SECONDS),
            "p50_ms": round(1000 * times[len(times) // 2], 1),
            "p99_ms": round(1000 * times[len(times) * 99 // 100], 1),
            "cpu_ms_each": round(1000 * used / len(times), 2),
            "threads": threads_of(served),
        }
        print(json.dumps(found), flush=True)
    for writer in opened:
        writer.close()


def measured(way: str, streams: int) -> None:
    """Serve one way, and measure."""
    module = "benchmarks.live" if way == "wsgi" else "benchmarks.one_port"
    with TemporaryDirectory() as folder:
        settings = prepared(Path(folder))
        environment = environment_of(settings) | {DOOR_SETTING: str(free_port())}
        command = [sys.executable, "-m", module, "--serve"]
        with running(command, environment, settings.port, "/healthz") as served:
            asyncio.run(compared(way, streams, served))


def serve() -> None:
    """Be the server that is measured."""
    multiprocessing.set_start_method("fork", force=True)
    Granian(
        target="benchmarks.one_port:Both",
        factory=True,
        address="127.0.0.1",
        port=read_settings(os.environ).port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
    ).serve()


def main() -> None:
    """Measure each way in turn, WSGI before and after."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--serve", action="store_true", help="be the server that is measured")
    options.add_argument("--json", action="store_true", help="which it prints in any case")
    if options.parse_args().serve:
        serve()
        return
    for way, streams in (("wsgi", 0), ("rsgi", 0), ("rsgi", PAGES), ("wsgi", 0)):
        measured(way, streams)


if __name__ == "__main__":
    main()
