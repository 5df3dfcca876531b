"""JSON over HTTP to one host within a deadline: a whole, well-formed reply, or NetworkSilent."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from refund.gateways.breaker import Breaker, NoAnswer
from refund.ports import Line, NetworkRejected, NetworkSilent

REPLY_BYTES_MAX: Final = 64 * 1024
_CONNECTIONS_KEPT: Final = 16
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, and a body that is one JSON object without a doubled key."""

    status: int
    body: bytes


class _Deadline(threading.local):
    """When this thread's call is over, in seconds of the monotonic clock."""

    at = 0.0

    def left(self) -> float:
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


_deadline = _Deadline()


class _TimedSocket(socket.socket):
    """A socket on which no single byte buys more time: every wait ends at the call's deadline."""

    def recv_into(self, *args: Any) -> int:
        self.settimeout(_deadline.left())
        return super().recv_into(*args)

    def sendall(self, *args: Any) -> None:
        self.settimeout(_deadline.left())
        super().sendall(*args)


class _TimedConnection(HTTPConnection):
    """A connection over such a socket."""

    def _new_conn(self) -> socket.socket:
        return _TimedSocket(fileno=super()._new_conn().detach())


class _TimedPool(urllib3.HTTPConnectionPool):
    """A pool of such connections."""

    ConnectionCls = _TimedConnection


class Wire:
    """Requests to one host, for many threads; neither redirects nor repeats.

    Args:
        base_url: `http://host:port`.
        secret: presented as a bearer token.
        deadline_seconds: for a whole call, however slowly the bytes come.

    Raises:
        ValueError: the address is not one of these.
    """

    def __init__(self, base_url: str, secret: str, deadline_seconds: float) -> None:
        parts = urlsplit(base_url)
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        if parts.scheme != "http" or not parts.hostname or not plain or parts.path not in ("", "/"):
            raise ValueError("the network's address is http://host:port and nothing else")
        self._pool = _TimedPool(parts.hostname, parts.port or 80, maxsize=_CONNECTIONS_KEPT)
        self._headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
        self._deadline_seconds = deadline_seconds
        self._breaker = Breaker()

    def line(self) -> Line:
        """How the line stands."""
        return self._breaker.line()

    def get(self, path: str) -> Reply:
        """Ask.

        Raises:
            NetworkSilent: no whole JSON object came in time.
        """
        return self._call("GET", path, None, self._headers)

    def post(self, path: str, body: dict[str, object], *, key: str = "") -> Reply:
        """Send an object, under an idempotency key where it asks for something to be done.

        Raises:
            NetworkSilent: no whole JSON object came in time.
        """
        headers = {**self._headers, "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return self._call("POST", path, text.encode(), headers)

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[bytes]]:
        """Fetch a file piece by piece, however long it is; each piece has the deadline of a call.

        Raises:
            NetworkRejected: there is no such file; with the code that was told.
            NetworkSilent: no file began to come, or it broke off.
        """
        with self._breaker.call(), _answering():
            response = self._ask("GET", path, None, self._headers)
        try:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if response.status == 404:
                raise NetworkRejected("statement_not_ready")
            if response.status != 200 or kind != "text/csv":
                raise NetworkSilent
            yield self._pieces(response)
        finally:
            # What is not read to its end must not be the beginning of the next answer.
            response.close()
            response.release_conn()

    def _pieces(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        while True:
            _deadline.at = time.monotonic() + self._deadline_seconds
            try:
                piece = response.read(REPLY_BYTES_MAX)
            except (HTTPError, OSError) as error:
                _log.warning("a file broke off: %s", type(error).__name__)
                raise NetworkSilent from None
            if not piece:
                return
            yield piece

    def close(self) -> None:
        """Close every idle connection."""
        self._pool.close()

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        with self._breaker.call(), _answering():
            response = self._ask(method, path, body, headers)
            try:
                content = _whole(response)
            except BaseException:
                # What is half read must not be the beginning of the next answer.
                response.close()
                raise
            finally:
                response.release_conn()
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content is None or kind != "application/json" or not is_strict_object(content):
            _log.warning("the network answered %d with no JSON object", response.status)
            raise NetworkSilent
        return Reply(response.status, content)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and wait for the beginning of its answer."""
        _deadline.at = time.monotonic() + self._deadline_seconds
        return self._pool.urlopen(
            method,
            path,
            body,
            headers,
            retries=False,
            redirect=False,
            timeout=self._deadline_seconds,
            preload_content=False,
            decode_content=False,
        )


@contextmanager
def _answering() -> Iterator[None]:
    """Say in the log by its kind alone why no answer came."""
    try:
        yield
    except (HTTPError, OSError) as error:
        _log.warning("the network did not answer: %s", type(error).__name__)
        raise NoAnswer from None


def _whole(response: urllib3.BaseHTTPResponse) -> bytes | None:
    """The body, or None as soon as it is longer than any answer."""
    content = b""
    while chunk := response.read(REPLY_BYTES_MAX + 1 - len(content)):
        content += chunk
        if len(content) > REPLY_BYTES_MAX:
            response.close()
            return None
    return content


def is_strict_object(content: bytes) -> bool:
    """Whether this is one JSON object in UTF-8 in which no key comes twice."""
    try:
        found = json.loads(
            content.decode(), object_pairs_hook=_no_key_twice, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict)


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
