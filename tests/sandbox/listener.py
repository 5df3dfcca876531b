"""The address to which a network sends its webhooks in tests, on a free port of this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Listener:
    """What came in, and the status with which the next ones are answered."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, str, bytes]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    url: str = ""

    def await_count(self, count: int) -> list[tuple[str, str, bytes]]:
        """Wait until so many came, and return them: path, signature, body."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.came) >= count, 20), self.came
            return list(self.came)

    def events(self) -> list[Any]:
        """The bodies that came."""
        with self.arrived:
            return [json.loads(body) for _, _, body in self.came]


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen until the end of the block."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with listener.arrived:
                listener.came.append((self.path, self.headers["Network-Signature"], body))
                status, headers = listener.status, dict(listener.headers)
                listener.arrived.notify_all()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}/network/events"
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
