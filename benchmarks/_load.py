"""A small client of keep-alive connections that measures how long each answer takes."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import partial

HOST = "127.0.0.1"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_LOCATION = re.compile(rb"(?i)\r\nlocation: *([^\r]+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, where it leads, and how long it took."""

    status: int
    location: str
    seconds: float


Script = Generator[bytes, Answer, None]
"""What one client does: it yields requests and is sent their answers."""


@dataclass(slots=True)
class Round:
    """What one round of requests found."""

    clients: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Sum up: answers per second, and how long they took."""
        return {
            "clients": self.clients,
            "per_second": round(len(self.latencies) / self.seconds, 1),
            **spread(self.latencies),
            "answered": len(self.latencies),
        }


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and worst of some times, in milliseconds."""
    spent = sorted(1000 * each for each in seconds)
    return {
        "p50_ms": round(statistics.median(spent), 2),
        "p99_ms": round(spent[int(len(spent) * 0.99)], 2),
        "max_ms": round(spent[-1], 2),
    }


class _Client(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, script: Script, latencies: list[float]) -> None:
        self._script = script
        self._latencies = latencies
        self._received = b""
        self._begun = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._go_on(None)

    def _go_on(self, answer: Answer | None) -> None:
        assert self._transport is not None
        try:
            request = next(self._script) if answer is None else self._script.send(answer)
        except StopIteration:
            self.done.set_result(None)
            self._transport.close()
            return
        except AssertionError as error:
            self.done.set_exception(error)
            self._transport.close()
            return
        self._begun = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = _LENGTH.search(head)
        if len(body) < (int(length[1]) if length else 0):
            return
        seconds = time.perf_counter() - self._begun
        self._latencies.append(seconds)
        self._received = b""
        location = _LOCATION.search(head)
        leads_to = location[1].decode("ascii") if location else ""
        self._go_on(Answer(int(head[9:12]), leads_to, seconds))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))


async def _run(port: int, scripts: Sequence[Script]) -> Round:
    found = Round(len(scripts))
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    opened = [
        await loop.create_connection(partial(_Client, script, found.latencies), HOST, port)
        for script in scripts
    ]
    await asyncio.gather(*(client.done for _, client in opened))
    found.seconds = time.perf_counter() - begun
    return found


def play(port: int, scripts: Sequence[Script]) -> Round:
    """Let so many clients do what their scripts say, each over a connection that it keeps."""
    return asyncio.run(_run(port, scripts))


def request_text(method: str, path: str, port: int, cookies: str = "", body: str = "") -> bytes:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{port}"]
    if cookies:
        lines.append(f"Cookie: {cookies}")
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("ascii")
