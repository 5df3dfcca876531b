"""`/network/events`: where the payment network tells that something has changed.

There is no session, and no form of ours: the network's signature is what counts. What is not
believed is refused without a word that would help whoever tries.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import RequestEntityTooLarge

from refund.ports import NetworkSilent, NoticeRefused
from refund.services.notices import take_notice
from refund.web.auth import signed_by_network
from refund.web.context import here, ports

pages = Blueprint("network_events", __name__)

BODY_BYTES_MAX = 64 * 1024
AT_ONCE = 4
"""So many notices are taken at once: each asks the network, and most threads are for people."""

IN_A_ROW = 200
PER_SECOND = 50.0
"""A burst of so many believed notices is let through, and so many a second from then on."""

SAID_IN_A_ROW = 20
SAID_PER_SECOND = 0.1
"""So often the log tells of notices that were not believed; whoever forges many fills no disk."""

KEY = "network_events"
log = logging.getLogger(__name__)


class TooMany(Exception):
    """More notices came than are looked at."""


class Bucket:
    """Lets a burst through, and so many a second from then on."""

    def __init__(self, most: int, per_second: float, clock: Callable[[], float]) -> None:
        self._most, self._per_second, self._clock = most, per_second, clock
        self._lock = threading.Lock()
        self._left = float(most)
        self._at = clock()

    def take(self) -> bool:
        """Whether one more is let through now."""
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._at) * self._per_second)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Gate:
    """Lets so many believed notices through at once, and so many in a while.

    What is not believed takes nobody's place; `said` is how often the log tells of it.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._pace = Bucket(IN_A_ROW, PER_SECOND, clock)
        self.said = Bucket(SAID_IN_A_ROW, SAID_PER_SECOND, clock)

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Pass, or be sent away at once.

        Raises:
            TooMany: so many came, or are being looked at.
        """
        if not self._pace.take() or not self._room.acquire(blocking=False):
            raise TooMany
        try:
            yield
        finally:
            self._room.release()


@pages.record_once
def give_gate(state: BlueprintSetupState) -> None:
    """Give each application a gate of its own."""
    state.app.extensions[KEY] = Gate()


@pages.post("/network/events")
@signed_by_network
def take() -> Response:
    """Take a notice: 204 when it was looked into, 503 when the network must tell it again."""
    gate: Gate = current_app.extensions[KEY]
    request.max_content_length = BODY_BYTES_MAX
    signatures = request.headers.getlist("Network-Signature")
    try:
        body = request.get_data(cache=False)
        signature = signatures[0] if len(signatures) == 1 else ""
        notice = here().notices.read(signature, body, ports().clock.now())
        with gate.passed():
            log.info("the network told of a change: %s", take_notice(ports(), notice))
    except RequestEntityTooLarge:
        return _nothing(413)
    except NoticeRefused as refused:
        if gate.said.take():
            log.warning("a notice was not believed: %s", refused.code)
        return _nothing(400 if refused.code == "unreadable" else 401)
    except NetworkSilent:
        return _nothing(503, retry_s=10)
    except TooMany:
        return _nothing(429, retry_s=5)
    return _nothing(204)


def _nothing(status: int, retry_s: int = 0) -> Response:
    """An answer without a word."""
    headers = {"Retry-After": str(retry_s)} if retry_s else {}
    return Response(status=status, headers=headers, mimetype="text/plain")
