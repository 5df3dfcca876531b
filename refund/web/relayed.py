"""The service behind a relay on this machine, which tells it from where a request really came."""

import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WORD, CALLER = "X-Refund-Relay", "X-Refund-Caller"
"""By which word the service knows the relay, and in which header the phone's address stands."""

WORD_SETTING = "REFUND_RELAY_WORD"
"""Where the word stands in the environment of both; it is another with every start."""


class Relayed:
    """An application for which a request that has the word is the phone's, and came by TLS."""

    def __init__(self, app: "WSGIApplication", word: str) -> None:
        self._app = app
        self._word = word.encode()

    def __call__(self, environ: "WSGIEnvironment", begin: "StartResponse") -> Iterable[bytes]:
        """Answer one request; what claims to come from the relay and does not is not believed."""
        given = str(environ.pop(_as_key(WORD), ""))
        caller = str(environ.pop(_as_key(CALLER), ""))
        if hmac.compare_digest(given.encode("latin-1", "replace"), self._word):
            environ["REMOTE_ADDR"] = caller
            environ["wsgi.url_scheme"] = "https"
        return self._app(environ, begin)


def _as_key(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")
