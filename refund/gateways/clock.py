"""Time and chance as they are; the clock can be shifted, so that a deadline can be tried."""

import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from refund.timepiece import Timepiece

_SHIFT = re.compile(r"([+-])([0-9]{1,10})([dhms])", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SHIFT_MAX = timedelta(days=73_050)
SHARED = "file:"
"""How the setting of a clock begins that several processes share."""


class SystemClock:
    """The machine's clock, moved by a fixed distance."""

    def __init__(self, shift: timedelta = timedelta()) -> None:
        self._shift = shift

    @property
    def shift_seconds(self) -> float:
        """How far this time is ahead of the machine's."""
        return self._shift.total_seconds()

    @property
    def is_shifted(self) -> bool:
        """Whether this is another time than the world's."""
        return self._shift != timedelta()

    def now(self) -> datetime:
        """This moment, moved."""
        return datetime.now(UTC) + self._shift


class SharedClock:
    """The clock that the processes of a rehearsal share; it goes as its file says."""

    is_shifted = True

    def __init__(self, path: Path) -> None:
        self.timepiece = Timepiece(path)

    @property
    def shift_seconds(self) -> float:
        """How far this time is ahead of the machine's, at this moment."""
        return (self.now() - datetime.now(UTC)).total_seconds()

    def now(self) -> datetime:
        """This moment, as the file has it."""
        return self.timepiece.now()


def read_clock(text: str) -> SystemClock | SharedClock:
    """A clock from a setting: "" for the real time, `+28d`, `-3h`, `+90m`, `+5s`, or a moment.

    A moment such as `2025-07-08T14:00:00+08:00` is the time now; from there the clock runs on.
    `file:PATH` names a clock that processes share.

    Raises:
        ValueError: the setting is none of these, or is two centuries away or more.
    """
    text = text.strip()
    if not text:
        return SystemClock()
    if text.startswith(SHARED):
        return _shared(Path(text.removeprefix(SHARED)))
    try:
        shift = _read_shift(text)
    except (ValueError, OverflowError):
        shift = None
    if shift is None or abs(shift) > _SHIFT_MAX:
        raise ValueError(
            "REFUND_CLOCK must be a shift such as +28d, -3h, +90m or +5s, "
            f"or a moment such as 2025-07-08T14:00:00+08:00, not {text!r}"
        )
    return SystemClock(shift)


def _shared(path: Path) -> SharedClock:
    clock = SharedClock(path)
    try:
        clock.now()
    except OSError as error:
        raise ValueError(f"REFUND_CLOCK: {path} cannot be read ({error.strerror})") from None
    return clock


def _read_shift(text: str) -> timedelta | None:
    shift = _SHIFT.fullmatch(text)
    if shift is not None:
        sign = 1 if shift[1] == "+" else -1
        return sign * timedelta(**{_UNITS[shift[3]]: int(shift[2])})
    moment = datetime.fromisoformat(text)
    return None if moment.tzinfo is None else moment - datetime.now(UTC)


class SystemIds:
    """Ids from the operating system's source of chance."""

    def form_id(self) -> str:
        """16 hexadecimal digits, unpredictable."""
        return secrets.token_hex(8)

    def event_id(self) -> str:
        """32 hexadecimal digits that sort roughly by time, so that indexes grow at their end."""
        return f"{time.time_ns() // 1000:016x}{secrets.token_hex(8)}"

    def token(self) -> str:
        """A secret of a session, 256 bits, fit for a cookie."""
        return secrets.token_urlsafe(32)
