"""A clock that several processes share: a small file says how time goes, and each reads it."""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Going:
    """How time goes: at a moment of the machine it was `at`, and since then `rate` times as fast.

    A clock that stands has the rate 0. It never shows more than `until`: whoever moves it says
    now and then how far it may go, so that it stands still when that process is gone.
    """

    at: datetime
    rate: int
    until: datetime
    wall_ns: int

    def now(self, wall_ns: int) -> datetime:
        """What the clock shows at a moment of the machine."""
        gone = max(0, wall_ns - self.wall_ns) * self.rate
        return min(self.at + timedelta(microseconds=gone // 1000), max(self.at, self.until))


class Timepiece:
    """The clock in a file; it never goes back, whatever the machine's own clock does.

    Args:
        path: of the file.
        wall_ns: the machine's time, in nanoseconds since 1970.
    """

    def __init__(self, path: Path, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self.path = path
        self._wall_ns = wall_ns
        self._read: tuple[_Stamp, Going] | None = None
        self._latest: datetime | None = None
        self._turn = threading.Lock()

    def __call__(self) -> datetime:
        """This moment, as the sandbox asks for it."""
        return self.now()

    def now(self) -> datetime:
        """This moment, aware, UTC: the same in every process that reads the file."""
        with self._turn:
            moment = self._going().now(self._wall_ns())
            if self._latest is None or moment > self._latest:
                self._latest = moment
            return self._latest

    def going(self) -> Going:
        """How time goes now."""
        with self._turn:
            return self._going()

    def _going(self) -> Going:
        state = self.path.stat()
        stamp = (state.st_ino, state.st_mtime_ns)
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, _parse(self.path.read_text(encoding="utf-8")))
        return self._read[1]

    def set(self, at: datetime, rate: int = 0, until: datetime | None = None) -> None:
        """Let every process see another time from here on.

        Args:
            at: what it shows now.
            rate: how many seconds go by in one of the machine's.
            until: it stands still from there on; None where `rate` is 0.

        Raises:
            ValueError: that would be going back.
        """
        with self._locked():
            if self.path.exists() and at < self.now():
                raise ValueError(f"the clock does not go back to {at.isoformat()}")
            self._write(at, rate, until)

    def let_go(self, rate: int, until: datetime) -> datetime:
        """Let time go on from what it is, and at most so far; what it is."""
        with self._locked():
            at = self.now()
            self._write(at, rate, until)
            return at

    def stand(self) -> datetime:
        """Let time stand; what it is."""
        with self._locked():
            at = self.now()
            self._write(at, 0, None)
            return at

    def _write(self, at: datetime, rate: int, until: datetime | None) -> None:
        told = {
            "at": at.astimezone(UTC).isoformat(),
            "rate": rate,
            "until": (at if until is None else until).astimezone(UTC).isoformat(),
            "wall_ns": self._wall_ns(),
        }
        unfinished = self.path.with_name(f"{self.path.name}.{os.getpid()}.unfinished")
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep every other process from moving the clock meanwhile."""
        descriptor = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _parse(text: str) -> Going:
    """Read what stands in the file.

    Raises:
        ValueError: it is no such file.
    """
    told = json.loads(text)
    try:
        at, until = (datetime.fromisoformat(told[name]) for name in ("at", "until"))
        return Going(at, int(told["rate"]), until, int(told["wall_ns"]))
    except (KeyError, TypeError) as error:
        raise ValueError("the file of the clock cannot be read") from error
