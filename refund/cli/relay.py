"""The way in from the local network: TLS outside, this machine's own port inside, nothing more."""

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import urllib3
from granian import Granian
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from urllib3.exceptions import HTTPError

from refund.lifeline import end_with_parent
from refund.web.relayed import CALLER, WORD, WORD_SETTING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = "127.0.0.1"
PIECE_BYTES = 64 * 1024
ANSWER_SECONDS = 300
THREADS = 16
BACKLOG = 256
HEADER_TIMEOUT_MS = 10_000
BUFFER_BYTES_MAX = 64 * 1024
STOP_SECONDS = 10

_OWN = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        WORD.lower(),
        CALLER.lower(),
    }
)
"""Headers that belong to one connection, or to us; they are not passed on."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inside:
    """What a relay leads to.

    Args:
        port: of this machine.
        allows: beginnings of paths that are passed on; all when empty.
        refuses: beginnings of paths that never are.
        word: by which the service inside knows the relay; none is sent when empty.
    """

    port: int
    allows: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    word: str = ""

    def lets_through(self, path: str) -> bool:
        """Whether a path is for those outside."""
        if any(path.startswith(one) for one in self.refuses):
            return False
        return not self.allows or any(path.startswith(one) for one in self.allows)


class Relay:
    """Passes requests on to a port of this machine, and the answers back, piece by piece."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self._pool = urllib3.HTTPConnectionPool(HOST, inside.port, maxsize=THREADS, retries=False)

    def __call__(self, environ: "WSGIEnvironment", begin: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        path = str(environ.get("PATH_INFO", "/"))
        if not self._inside.lets_through(path):
            return _say(begin, HTTPStatus.NOT_FOUND)
        if environ.get("HTTP_TRANSFER_ENCODING"):
            return _say(begin, HTTPStatus.LENGTH_REQUIRED)
        try:
            answer = self._asked(environ, path)
        except (HTTPError, OSError) as error:
            _log.warning("the service did not answer: %s", type(error).__name__)
            return _say(begin, HTTPStatus.BAD_GATEWAY)
        reason = HTTPStatus(answer.status).phrase
        headers = [
            (name, value)
            for name, value in answer.headers.items()
            if name.lower() not in _OWN or name.lower() == "content-length"
        ]
        begin(f"{answer.status} {reason}", headers)
        if environ["REQUEST_METHOD"] == "HEAD" or answer.status in (204, 304):
            answer.close()
            return []
        return _Pieces(answer)

    def _asked(self, environ: "WSGIEnvironment", path: str) -> urllib3.BaseHTTPResponse:
        query = str(environ.get("QUERY_STRING", ""))
        target = quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
        length = str(environ.get("CONTENT_LENGTH") or "")
        return self._pool.urlopen(
            str(environ["REQUEST_METHOD"]),
            f"{target}?{query}" if query else target,
            body=environ["wsgi.input"] if length not in ("", "0") else None,
            headers=self._headers(environ, length),
            redirect=False,
            timeout=urllib3.Timeout(connect=5, read=ANSWER_SECONDS),
            preload_content=False,
            decode_content=False,
        )

    def _headers(self, environ: "WSGIEnvironment", length: str) -> dict[str, str]:
        """The request's own headers; where it comes from is said under the word alone."""
        headers = {
            name[5:].replace("_", "-").title(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") and name[5:].replace("_", "-").lower() not in _OWN
        }
        headers["Connection"] = "close"
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = str(environ["CONTENT_TYPE"])
        if length:
            headers["Content-Length"] = length
        if self._inside.word:
            headers[WORD] = self._inside.word
            headers[CALLER] = str(environ.get("REMOTE_ADDR", ""))
        return headers


class _Pieces:
    """An answer as it comes; it is closed however the reading ends."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.stream(PIECE_BYTES)

    def close(self) -> None:
        self._answer.close()
        self._answer.release_conn()


def _say(begin: "StartResponse", status: HTTPStatus) -> list[bytes]:
    body = f"{status.phrase}. SIMULATION\n".encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    begin(f"{status.value} {status.phrase}", headers)
    return [body]


_PORT, _ALLOWS, _REFUSES = "REFUND_RELAY_PORT", "REFUND_RELAY_ALLOWS", "REFUND_RELAY_REFUSES"


def run_relay(place: tuple[str, int], files: tuple[Path, Path], inside: Inside) -> None:
    """Listen at a place of the local network by TLS until SIGTERM or SIGINT.

    Args:
        place: address and port.
        files: certificate chain and key.
        inside: what it leads to.
    """
    os.environ[_PORT] = str(inside.port)
    os.environ[_ALLOWS], os.environ[_REFUSES] = " ".join(inside.allows), " ".join(inside.refuses)
    os.environ[WORD_SETTING] = inside.word
    Granian(
        target="refund.cli.relay:relay_from_environment",
        factory=True,
        address=place[0],
        port=place[1],
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=BUFFER_BYTES_MAX
        ),
        websockets=False,
        workers=1,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        ssl_cert=files[0],
        ssl_key=files[1],
        ssl_protocol_min=SSLProtocols.tls12,  # Phones of before 2019 have no TLS 1.3.
        log_level=LogLevels.error,
        log_access=False,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


def relay_from_environment() -> Relay:
    """The relay in its server's process."""
    end_with_parent()
    return Relay(
        Inside(
            port=int(os.environ[_PORT]),
            allows=tuple(os.environ[_ALLOWS].split()),
            refuses=tuple(os.environ[_REFUSES].split()),
            word=os.environ[WORD_SETTING],
        )
    )
