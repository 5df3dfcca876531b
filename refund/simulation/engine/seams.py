"""The crossings of the service: where a process can be killed, or others come in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from refund.ports import Storage
from refund.transaction import Transaction

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone, as after kill -9: nothing of the code after this point runs."""


class Crossings:
    """Every commit and every call of the network; something can be let happen at one of them."""

    def __init__(self) -> None:
        self._left = 0
        self._then: Callable[[str], None] | None = None

    def arm(self, crossing: int, then: Callable[[str], None]) -> None:
        """Let something happen at the so-manieth crossing from now, once."""
        self._left, self._then = crossing, then

    def disarm(self) -> bool:
        """Let nothing happen any more; whether it still would have."""
        armed = self._then is not None
        self._then = None
        return armed

    def cross(self, name: str) -> None:
        """Pass a crossing."""
        if self._then is None:
            return
        self._left -= 1
        if self._left <= 0:
            then, self._then = self._then, None
            then(name)


class SeamStorage:
    """The real storage, with a crossing before and after each write."""

    def __init__(self, inner: Storage, crossings: Crossings) -> None:
        self.inner = inner
        self._crossings = crossings

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """Run a function in one durable transaction."""
        self._crossings.cross("before a write")
        result = self.inner.write(fn)
        self._crossings.cross("after a write")
        return result

    def read(self, fn: Callable[[Transaction], T]) -> T:
        """Run a function on one consistent snapshot."""
        return self.inner.read(fn)

    def facts(self) -> dict[str, object]:
        """What runs."""
        return self.inner.facts()

    def close(self) -> None:
        """Finish what waits, and let go."""
        self.inner.close()
