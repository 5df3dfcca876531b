"""A server that answers exactly the bytes it is told to, as slowly as it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Crooked:
    """What it says to everyone, a piece every `pause_s` seconds, and what it was asked."""

    port: int
    says: bytes = b""
    piece: int = 1 << 20
    pause_s: float = 0.0
    asked: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, connection: socket.socket) -> None:
        """Read one request and say what there is to say, then hang up."""
        with connection:
            connection.settimeout(5)
            self.asked.append(_request(connection))
            # The other side may have lost its patience, which is what is tested.
            with suppress(OSError):
                for start in range(0, len(self.says), self.piece):
                    connection.sendall(self.says[start : start + self.piece])
                    if self.pause_s and self.over.wait(self.pause_s):
                        return


def _request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        if not more:
            return got
        got += more
    return got


def said(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """An answer of HTTP with its true length and JSON's type, unless told otherwise."""
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


@contextmanager
def crooked_server() -> Iterator[Crooked]:
    """Run one on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Crooked(listening.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                while not server.over.is_set():
                    server.answer(listening.accept()[0])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            # Wakes `accept`, so that the thread ends.
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
            thread.join()
