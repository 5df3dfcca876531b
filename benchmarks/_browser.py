"""A browser without a screen: keeps cookies, follows redirections, adds up what it waited for."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode, urljoin, urlsplit

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
TIMEOUT_SECONDS = 20.0


@dataclass(slots=True)
class Browser:
    """One person's browser; `waited_ms` is the time of all answers, without any thinking."""

    at: str
    page: str = ""
    waited_ms: float = 0.0
    requests: int = 0
    _cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    _connections: dict[str, HTTPConnection] = field(default_factory=dict)

    def open(self, address: str) -> None:
        """Open a page, and follow where it leads."""
        self._go("GET", address, "")

    def send(self, **typed: str) -> None:
        """Send the form of the page that is open, to where the page stands."""
        self.send_to(self.at, **typed)

    def send_to(self, address: str, **typed: str) -> None:
        """Send the form of the page that is open to another address."""
        self._go("POST", address, urlencode({**self.hidden, **typed}))

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page that is open."""
        return {name: unescape(value) for name, value in _HIDDEN.findall(self.page)}

    def cookies_for(self, address: str) -> str:
        """The cookies as they are sent to an address."""
        held = self._cookies.get(urlsplit(address).netloc, {})
        return "; ".join(f"{name}={value}" for name, value in held.items())

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections.values():
            connection.close()

    def _go(self, method: str, address: str, body: str) -> None:
        address = urljoin(self.at, address)
        while True:
            status, location = self._ask(method, address, body)
            if status not in (302, 303):
                assert status == 200, (status, address)
                self.at = address
                return
            method, body, address = "GET", "", urljoin(address, location)

    def _ask(self, method: str, address: str, body: str) -> tuple[int, str]:
        parts = urlsplit(address)
        cookies = self._cookies.setdefault(parts.netloc, {})
        headers = {"Cookie": self.cookies_for(address)}
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = self._connections.get(parts.netloc)
        if connection is None:
            connection = HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
            self._connections[parts.netloc] = connection
        begun = time.perf_counter()
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body.encode() or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.waited_ms += 1000 * (time.perf_counter() - begun)
        self.requests += 1
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        self.page = content.decode()
        return answer.status, answer.headers.get("Location", "")
