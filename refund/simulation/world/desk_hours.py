"""When each of a desk's people is there, in microseconds: the arithmetic of shifts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from refund.core.calendar import SHANGHAI
from refund.simulation.world.plans import Shift

MICROSECOND = timedelta(microseconds=1)
DAY_US = timedelta(days=1) // MICROSECOND
_EPOCH = datetime(2000, 1, 1, tzinfo=SHANGHAI)


def us_of(at: datetime) -> int:
    """Microseconds since a midnight of Shanghai."""
    return (at - _EPOCH) // MICROSECOND


def moment_of(us: int) -> datetime:
    """The moment of so many microseconds."""
    return (_EPOCH + us * MICROSECOND).astimezone(UTC)


class DeskHours:
    """Shifts as a day's course of how many people are there; the first person is there most."""

    __slots__ = ("_edges", "_is_constant", "_staff", "most")

    def __init__(self, shifts: Sequence[Shift]) -> None:
        edges = {0} | {us_of_day(edge) for one in shifts for edge in (one.begins, one.ends)}
        self._edges = sorted(edges - {DAY_US})
        self._staff = [
            sum(one.staff for one in shifts if us_of_day(one.begins) <= edge < us_of_day(one.ends))
            for edge in self._edges
        ]
        self.most = max(self._staff)
        self._is_constant = len(set(self._staff)) == 1

    def staff_at(self, us: int) -> int:
        """How many people are there at a moment."""
        return self._staff[bisect_right(self._edges, us % DAY_US) - 1]

    def from_when(self, person: int, us: int) -> int | None:
        """From when on, at or after a moment, a person is there; the first one is 0.

        Returns:
            None when that many people are never there.
        """
        if self._is_constant:
            return us if person < self.most else None
        day = us - us % DAY_US
        place = bisect_right(self._edges, us - day) - 1
        if self._staff[place] > person:
            return us
        for _ in self._edges:
            place += 1
            if place == len(self._edges):
                place, day = 0, day + DAY_US
            if self._staff[place] > person:
                return day + self._edges[place]
        return None

    def is_through(self, first_us: int, last_us: int) -> bool:
        """Whether somebody is there at every moment from one up to another, both included."""
        us = first_us
        while self.staff_at(us) > 0:
            day = us - us % DAY_US
            place = bisect_right(self._edges, us - day)
            us = day + (DAY_US if place == len(self._edges) else self._edges[place])
            if us > last_us:
                return True
        return False


def us_of_day(edge: time) -> int:
    """Microseconds since midnight; the day's last moment is its end."""
    if edge == time.max:
        return DAY_US
    whole = timedelta(hours=edge.hour, minutes=edge.minute, seconds=edge.second)
    return whole // MICROSECOND + edge.microsecond
