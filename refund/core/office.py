"""What the back office counts: work that waits, and the figures of days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of something wait, their sum, and since when the oldest does.

    `more` says that there are more than were counted.
    """

    count: int = 0
    amount_fen: int = 0
    oldest: datetime | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class DayFigure:
    """What a store did on a day: how many, and their sum."""

    name: str
    day: date
    store_number: int
    count: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class DayTime:
    """How many forms of a store and day had their money so many seconds after the first scan."""

    day: date
    store_number: int
    seconds: int
    count: int


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How often somebody refused for a reason.

    Args:
        by: `network:` and what was asked of it, `customs`, or `review`.
        reason: the stable word of the reason; several of a review are parted by blanks.
    """

    by: str
    reason: str
    count: int


def percentile(times: Iterable[tuple[int, int]], share: int) -> int | None:
    """The least time within which so many of a hundred were done; None where nothing was.

    Args:
        times: seconds, and how many took that long.
        share: of a hundred, such as 95.
    """
    ordered = sorted(times)
    total = sum(count for _, count in ordered)
    seen = 0
    for seconds, count in ordered:
        seen += count
        if seen * 100 >= total * share and seen:
            return seconds
    return None
