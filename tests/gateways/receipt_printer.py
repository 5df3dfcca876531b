"""A receipt printer that tests play: it listens, understands ESC/POS, and keeps what it burnt."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from PIL import Image

ONLINE, OFFLINE = 0x12, 0x1A
PAPER, NO_PAPER = 0x12, 0x72
DOTS = 576
WAIT_SECONDS = 5.0


class Misunderstood(Exception):
    """Bytes that this printer does not know: it would print them as rubbish."""


@dataclass
class PlayedPrinter:
    """What the printer is and has done; `mutes_after` makes it deaf after so many bytes."""

    status: int = ONLINE
    paper: int = PAPER
    mutes_after: int | None = None
    hangs_up: bool = False
    strips: list[Image.Image] = field(default_factory=list)
    problems: list[Misunderstood] = field(default_factory=list)
    port: int = 0
    _bands: list[Image.Image] = field(default_factory=list)

    def serve(self, listener: socket.socket, stop: threading.Event) -> None:
        """Take one customer after the other."""
        while not stop.is_set():
            try:
                customer, _ = listener.accept()
            except TimeoutError:
                continue
            with customer:
                customer.settimeout(WAIT_SECONDS)
                try:
                    self._work(customer, stop)
                except Misunderstood as problem:
                    self.problems.append(problem)
                except OSError:
                    self._bands.clear()

    def _work(self, customer: socket.socket, stop: threading.Event) -> None:
        reader = _Reader(customer)
        while True:
            if self.mutes_after is not None and reader.taken >= self.mutes_after:
                if not self.hangs_up:
                    stop.wait(WAIT_SECONDS)
                return
            command = reader.take(1)
            if not command:
                return
            self._obey(command, reader, customer)

    def _obey(self, command: bytes, reader: _Reader, customer: socket.socket) -> None:
        match command + reader.take(1):
            case b"\x10\x04":
                which = reader.take(1)[0]
                customer.sendall(bytes([self.paper if which == 4 else self.status]))
            case b"\x1b@":
                self._bands.clear()
            case b"\x1dv":
                self._bands.append(_raster(reader))
            case b"\x1bd":
                reader.take(1)
            case b"\x1dV":
                if reader.take(1) in b"AB":
                    reader.take(1)
                self._cut()
            case b"\x1dr":
                reader.take(1)
                customer.sendall(b"\x00")
            case other:
                raise Misunderstood(other)

    def _cut(self) -> None:
        strip = Image.new("1", (DOTS, sum(band.height for band in self._bands)), 1)
        top = 0
        for band in self._bands:
            strip.paste(band, (0, top))
            top += band.height
        self._bands.clear()
        self.strips.append(strip)


class _Reader:
    """Takes exactly as many bytes as are asked for; fewer only at the end."""

    def __init__(self, customer: socket.socket) -> None:
        self._customer = customer
        self.taken = 0

    def take(self, count: int) -> bytes:
        """Take bytes, waiting for them."""
        got = b""
        while len(got) < count:
            more = self._customer.recv(count - len(got))
            if not more:
                break
            got += more
        self.taken += len(got)
        return got


def _raster(reader: _Reader) -> Image.Image:
    """Read `GS v 0`: mode, bytes in a row, rows, and the dots, one bit each, dark when set."""
    head = reader.take(6)
    if head[:2] != b"0\x00":
        raise Misunderstood(head)
    row_bytes, rows = head[2] | head[3] << 8, head[4] | head[5] << 8
    if row_bytes * 8 != DOTS:
        raise Misunderstood(head)
    dots = reader.take(row_bytes * rows)
    return Image.frombytes("1", (DOTS, rows), bytes(255 - byte for byte in dots))


@contextmanager
def played_printer(printer: PlayedPrinter) -> Iterator[PlayedPrinter]:
    """Switch a printer on at a free port of this machine, and off again."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        printer.port = listener.getsockname()[1]
        thread = threading.Thread(target=printer.serve, args=(listener, stop))
        thread.start()
        try:
            yield printer
        finally:
            stop.set()
            thread.join()
