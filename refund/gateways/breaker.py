"""A breaker on the line to the network: after some failures in a row it is left in peace."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from refund.ports import Line, NetworkSilent

FAILURES_MAX = 5
"""So many calls in a row without any answer open the breaker."""

PAUSE_S = 1.0
"""The first pause; each probe that fails doubles it."""

PAUSE_S_MAX = 8.0
"""No pause is longer, so that ten seconds after the network is back we know it."""


class NoAnswer(Exception):
    """A call ended without any answer: not connected, broken off, or too late."""


class Breaker:
    """Lets calls through while the network answers, and a single probe now and then while not.

    An answer of any kind, a refusal or nonsense included, shows that the line stands.

    Args:
        clock: seconds that only grow.
        chance: from 0 to 1, by which pauses differ, so that many processes do not probe at once.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._lock = threading.Lock()
        self._failures = 0
        self._pause_s = 0.0
        self._closed_until = 0.0

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make one call, if calls are let through.

        Raises:
            NetworkSilent: they are not; or the call ended in NoAnswer.
        """
        self._admit()
        try:
            yield
        except NoAnswer:
            self._failed()
            raise NetworkSilent from None
        self._answered()

    def line(self) -> Line:
        """How the line stands."""
        with self._lock:
            left_s = max(0.0, self._closed_until - self._clock())
            return Line(self._pause_s == 0, self._failures, left_s)

    def _admit(self) -> None:
        with self._lock:
            if self._pause_s == 0:
                return
            now = self._clock()
            if now < self._closed_until:
                raise NetworkSilent
            # This call is the probe; should it never end, another one follows after the pause.
            self._closed_until = now + self._spread(self._pause_s)

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures < FAILURES_MAX:
                return
            self._pause_s = min(PAUSE_S_MAX, 2 * self._pause_s) or PAUSE_S
            self._closed_until = self._clock() + self._spread(self._pause_s)

    def _answered(self) -> None:
        with self._lock:
            self._failures = 0
            self._pause_s = 0.0
            self._closed_until = 0.0

    def _spread(self, pause_s: float) -> float:
        """A pause, longer or shorter by up to a quarter."""
        return pause_s * (0.75 + self._chance() / 2)
