"""Which days bring more people than others: weekends, holidays and golden weeks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from refund.gateways.workdays import is_working_day
from refund.simulation.world.scenario import Scenario

LONG_HOLIDAY_DAYS = 7
HOLIDAY_DAYS = 3
_RUN_MOST = 31


@dataclass(frozen=True, slots=True)
class BusyDays:
    """By how much more people come than on a working day."""

    weekend: float
    holiday: float
    golden_week: float

    def factor(self, day: date, is_working: Callable[[date], bool] = is_working_day) -> float:
        """The factor of a day: of the run of days without work that it belongs to."""
        if is_working(day):
            return 1.0
        run = 1 + _rest_days(day, -1, is_working) + _rest_days(day, 1, is_working)
        if run >= LONG_HOLIDAY_DAYS:
            return self.golden_week
        return self.holiday if run >= HOLIDAY_DAYS else self.weekend


def busy_days_of(scenario: Scenario) -> BusyDays:
    """The factors of a scenario."""
    return BusyDays(
        weekend=scenario.number("crowd.weekend_factor"),
        holiday=scenario.number("crowd.holiday_factor"),
        golden_week=scenario.number("crowd.golden_week_factor"),
    )


def _rest_days(day: date, step: int, is_working: Callable[[date], bool]) -> int:
    """How many days without work lie next to a day, on one side."""
    for count in range(_RUN_MOST):
        day += timedelta(days=step)
        if is_working(day):
            return count
    return _RUN_MOST
