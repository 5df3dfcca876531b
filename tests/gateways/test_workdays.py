"""Working days are those of the State Council's decrees, make-up weekends included."""

from datetime import date, timedelta

import pytest

from refund.core.calendar import add_working_days
from refund.gateways.workdays import is_working_day


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]


@pytest.mark.parametrize("day", days(date(2025, 10, 1), date(2025, 10, 8)), ids=str)
def test_national_day_2025_is_off_for_eight_days(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.parametrize("day", days(date(2026, 2, 15), date(2026, 2, 23)), ids=str)
def test_spring_festival_2026_is_off_for_nine_days(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.rule("working_days")
@pytest.mark.parametrize(
    "day",
    [date(2025, 9, 28), date(2025, 10, 11), date(2026, 2, 14), date(2026, 2, 28)],
    ids=str,
)
def test_make_up_weekends_are_working_days(day: date) -> None:
    assert day.weekday() >= 5
    assert is_working_day(day)


def test_plain_weekdays_are_worked_and_plain_weekends_are_not() -> None:
    week = days(date(2025, 7, 7), date(2025, 7, 13))
    assert [is_working_day(day) for day in week] == [True] * 5 + [False] * 2


@pytest.mark.rule("capture_working_days")
def test_three_working_days_over_national_day_end_after_it() -> None:
    # 29 and 30 September are worked, then eight days are off; 9 October is the third.
    assert add_working_days(date(2025, 9, 28), 3, is_working_day) == date(2025, 10, 9)


@pytest.mark.rule("capture_working_days")
def test_three_working_days_over_spring_festival_count_the_make_up_saturday() -> None:
    # 13 February is a Friday, the 14th a worked Saturday, then nine days are off.
    assert add_working_days(date(2026, 2, 12), 3, is_working_day) == date(2026, 2, 24)


def test_a_year_without_its_decree_still_knows_the_statutory_days() -> None:
    assert not is_working_day(date(2040, 10, 1))
    assert is_working_day(date(2040, 10, 10))
