"""Flights abroad from the three ports: made up, evenly through the day, and named so."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from refund.core.calendar import SHANGHAI
from refund.simulation.world.plans import Departure
from refund.simulation.world.scenario import Scenario

_STEP_MIN = 5
"""Timetables are in steps of five minutes."""


class Timetable:
    """When flights leave, the same every day."""

    def __init__(self, scenario: Scenario) -> None:
        first = _minute(scenario.clock("flights.first_at"))
        last = max(first, _minute(scenario.clock("flights.last_at")))
        self._minutes = {
            port: _spread(first, last, scenario.count(f"flights.{port}_day"))
            for port, _ in scenario.weights("port")
        }

    def flights(self, port: str, day: date) -> tuple[Departure, ...]:
        """Every flight of a port on a day, in their order."""
        return tuple(self._flight(port, day, place) for place in range(len(self._minutes[port])))

    def drawn(self, port: str, day: date, share: float) -> Departure:
        """The flight that this share of the day's travellers leaves with, or an earlier one."""
        return self._flight(port, day, int(share * len(self._minutes[port])))

    def _flight(self, port: str, day: date, place: int) -> Departure:
        minute = self._minutes[port][place]
        clock = time(minute // 60, minute % 60)
        at = datetime.combine(day, clock, SHANGHAI).astimezone(UTC)
        return Departure(at, port, f"SIM {port} {place + 1:02d}")


def later(departure: Departure, days: int) -> Departure:
    """The same flight so many days later."""
    return Departure(departure.at + timedelta(days=days), departure.port, departure.flight)


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _spread(first: int, last: int, count: int) -> tuple[int, ...]:
    """Minutes of the day, from the first to the last, in steps."""
    if count == 1:
        return ((first + last) // 2,)
    return tuple(
        first + (last - first) * place // (count - 1) // _STEP_MIN * _STEP_MIN
        for place in range(count)
    )
