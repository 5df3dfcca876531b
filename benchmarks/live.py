"""200 open pages that stay live: polling every two seconds, or server-sent events.

`python -m benchmarks.live` serves an instance as `refund serve` does and opens 200 pages of a
signed-in operator on it: by polling the frame's own route (204 while nothing changed), on streams
that each hold one of the server's threads, and on streams of a loop in the same process, behind a
port of its own, that hold none. One thread looks at the database and tells all streams. Jobs are
put into the books by another process; a page's latency is from the commit to the arrival. Two
minutes in all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.util import Finalize
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks._serving import Served, environment_of, free_port, running
from refund.app import create_app, wire
from refund.cli.serving import run_service
from refund.config import Settings, read_settings
from refund.core.job import Job
from refund.core.people import Actor, Role, Staff
from refund.lifeline import end_with_parent
from refund.ports import Ports
from refund.services.enrol import enrol_staff
from refund.services.sign_in import recognise, session_hash

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PAGES = 200
POLL_SECONDS = 2.0
CHANGES = 5
EVERY_SECONDS = 3.0
LOOK_SECONDS = 0.25
HEARTBEAT_SECONDS = 15.0
STREAM = "/stream"
POLLED = "/operator/jobs/running"
DOOR_SETTING = "BENCHMARK_SIDE_DOOR"
TOKEN = "benchmark-token-of-an-operator"  # noqa: S105 - of an instance that lives a minute
_COUNT = re.compile(rb'class="count">(\d+)')


class Watcher:
    """Looks at the database for all streams, and wakes them when something changed."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._changed = threading.Condition()
        self.count = 0
        self.told: list[Callable[[int], None]] = []
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_SECONDS):
            found = len(self._ports.storage.read(lambda tx: tx.open_jobs()))
            if found != self.count:
                with self._changed:
                    self.count = found
                    self._changed.notify_all()
                for tell in self.told:
                    tell(found)

    def stream(self) -> Iterator[bytes]:
        """What one page is sent."""
        seen = -1
        while True:
            with self._changed:
                if self.count == seen:
                    self._changed.wait(HEARTBEAT_SECONDS)
                found = self.count
            yield f"data: {found}\n\n".encode() if found != seen else b":\n\n"
            seen = found


class SideDoor:
    """Streams of one loop, on a port beside the service's: each costs a socket and no thread."""

    def __init__(self, ports: Ports, watcher: Watcher, port: int) -> None:
        self._ports, self._watcher, self._port = ports, watcher, port
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()
        watcher.told.append(self._told)

    def _told(self, found: int) -> None:
        self._loop.call_soon_threadsafe(self._tell, found)

    def _run(self) -> None:
        server = asyncio.start_server(self._let_in, "127.0.0.1", self._port, backlog=256)
        self._loop.run_until_complete(server)
        self._loop.run_forever()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        cookie = re.search(r"(?im)^cookie: [^=]+=(\S+)", head)
        token = cookie[1] if cookie else ""
        if await asyncio.to_thread(recognise, self._ports, Role.OPERATOR, token) is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        writer.write(f"data: {self._watcher.count}\n\n".encode())
        self._open.add(writer)
        # Whoever leaves is noticed by the end of what is read.
        await reader.read()
        self._open.discard(writer)
        writer.close()

    def _tell(self, found: int) -> None:
        for writer in self._open:
            writer.write(f"data: {found}\n\n".encode())


def with_stream() -> WSGIApplication:
    """Our application, and the stream beside it behind the same guard."""
    end_with_parent()
    settings = read_settings(os.environ)
    wired = wire(settings)
    Finalize(None, wired.database.close, exitpriority=1)
    ours, watcher = create_app(settings, wired.ports), Watcher(wired.ports)
    SideDoor(wired.ports, watcher, int(os.environ[DOOR_SETTING]))

    def either(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != STREAM:
            return ours(environ, start_response)
        token = environ.get("HTTP_COOKIE", "").partition("=")[2]
        if recognise(wired.ports, Role.OPERATOR, token) is None:
            start_response("403 Forbidden", [("Content-Length", "0")])
            return []
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return watcher.stream()

    return either


@dataclass
class Seen:
    """What the pages saw: when each change came to each, and how often they asked."""

    arrived: dict[int, list[float]] = field(default_factory=dict)
    requests: int = 0
    connected: int = 0
    failed: int = 0

    def note(self, count: int) -> None:
        """A page has learned that so many jobs are under way."""
        self.arrived.setdefault(count, []).append(time.monotonic())


async def poll(port: int, seen: Seen, until: float, phase: float) -> None:
    """One page that asks every two seconds."""
    await asyncio.sleep(phase)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    try:
        while time.monotonic() < until:
            began = time.monotonic()
            writer.write(asked(f"{POLLED}?seen={count}"))
            head = await reader.readuntil(b"\r\n\r\n")
            seen.requests += 1
            if b" 200 " in head.split(b"\r\n", 1)[0]:
                length = re.search(rb"(?i)content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                found = _COUNT.search(body)
                count = int(found[1]) if found else 0
                seen.note(count)
            await asyncio.sleep(max(0.0, POLL_SECONDS - (time.monotonic() - began)))
    finally:
        writer.close()


async def listen(port: int, seen: Seen, until: float, phase: float) -> None:
    """One page that is told."""
    await asyncio.sleep(phase / 4)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(asked(STREAM))
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - time.monotonic()):
            await reader.readuntil(b"\r\n\r\n")
            seen.connected += 1
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    seen.note(int(line[6:]))
    except TimeoutError:
        return
    finally:
        writer.close()


def asked(path: str) -> bytes:
    """A request of the signed-in operator's page."""
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Cookie: refund_operator={TOKEN}",
        "HX-Request: true",
        "Accept-Language: en",
    )
    return "\r\n".join((*lines, "", "")).encode()


async def pages_open(page: Callable[..., object], port: int, seen: Seen, seconds: float) -> None:
    """Keep 200 pages open; one that breaks off is counted."""
    until, chance = time.monotonic() + seconds, Random(7)  # noqa: S311 - phases, not secrets
    open_pages = [page(port, seen, until, chance.uniform(0, POLL_SECONDS)) for _ in range(PAGES)]
    ended = await asyncio.gather(*open_pages, return_exceptions=True)  # type: ignore[call-overload]  # coroutines
    seen.failed = sum(isinstance(one, Exception) for one in ended)


def change(settings: Settings, committed: dict[int, float], stop: threading.Event) -> None:
    """Put a job into the books every three seconds, from another process's point of view."""
    wired = wire(settings)
    now = wired.ports.clock.now()
    later = now.replace(year=now.year + 1)
    for number in range(1, CHANGES + 1):
        if stop.wait(EVERY_SECONDS):
            break
        job = Job(f"bench-{number}", "exits", "operator:o", now, {}, "x.csv", later)
        wired.ports.storage.write(lambda tx, job=job: tx.add_job(job))  # type: ignore[misc]  # bound now
        committed[number] = time.monotonic()
    wired.database.close()


def threads_of(served: Served) -> int:
    """How many threads the answering process has."""
    text = Path(f"/proc/{served.worker_pid}/status").read_text()
    return int(re.findall(r"Threads:\s+(\d+)", text)[0])


def measured(way: str, threads: int, seconds: float) -> dict[str, object]:
    """Open the pages one way, change something, and say what it cost."""
    with TemporaryDirectory() as folder:
        settings = prepared(Path(folder))
        door = free_port()
        environment = environment_of(settings) | {"REFUND_THREADS": str(threads)}
        environment |= {DOOR_SETTING: str(door)}
        command = [sys.executable, "-m", "benchmarks.live", "--serve"]
        with running(command, environment, settings.port, "/healthz") as served:
            seen, stop = Seen(), threading.Event()
            committed: dict[int, float] = {}
            changing = threading.Thread(target=change, args=(settings, committed, stop))
            before, began = served.cpu_seconds(), time.monotonic()
            changing.start()
            page = poll if way == "polling" else listen
            port = door if way == "side door" else settings.port
            asyncio.run(pages_open(page, port, seen, seconds))
            took, used = time.monotonic() - began, served.cpu_seconds() - before
            stop.set()
            changing.join()
            times = sorted(
                at - committed[count]
                for count, ats in seen.arrived.items()
                for at in ats
                if count in committed and at >= committed[count]
            )
            return {
                "way": way,
                "threads_set": threads,
                "threads_there": threads_of(served),
                "seconds": round(took, 1),
                "cpu_percent_of_one": round(100 * used / took, 1),
                "memory_mb": served.memory_mb(),
                "requests": seen.requests,
                "streams_open": seen.connected,
                "broken_off": seen.failed,
                "changes_seen": len(times),
                "changes_due": len(committed) * PAGES,
                "latency_p50_ms": _at(times, 50),
                "latency_p99_ms": _at(times, 99),
            }


def _at(times: list[float], percent: int) -> int | None:
    if not times:
        return None
    return round(1000 * times[min(len(times) - 1, len(times) * percent // 100)])


def prepared(folder: Path) -> Settings:
    """An instance with one operator, who is signed in."""
    settings = read_settings(
        {"REFUND_INSTANCE": str(folder / "i"), "REFUND_PORT": str(free_port())}
    )
    settings = replace(settings, public_url=f"http://127.0.0.1:{settings.port}")
    wired = wire(settings)
    operator = Actor("operator-1", Role.OPERATOR, "Operator")
    enrol_staff(wired.ports, [Staff(operator, "operator-1", "x")], "benchmark")
    at = wired.ports.clock.now()
    wired.ports.storage.write(lambda tx: tx.open_session(session_hash(TOKEN), "operator-1", at))
    wired.database.close()
    return settings


def main() -> None:
    """Measure each way, and print what was measured."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--serve", action="store_true", help="be the server that is measured")
    options.add_argument("--json", action="store_true", help="which it prints in any case")
    if options.parse_args().serve:
        run_service(read_settings(os.environ), 1, "benchmarks.live:with_stream")
        return
    whole = CHANGES * EVERY_SECONDS + POLL_SECONDS + 1
    for way, threads, seconds in (
        ("polling", 16, whole),
        ("stream", 16, 6.0),
        ("stream", PAGES + 16, whole),
        ("side door", 16, whole),
    ):
        print(json.dumps(measured(way, threads, seconds)), flush=True)


if __name__ == "__main__":
    main()
