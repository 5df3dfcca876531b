"""Mainland China's working days, from a maintained library of the State Council's decrees."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import holidays


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """Whether offices work on a day: weekdays but holidays, and make-up weekends.

    The decree for a year is published in the November before. For a year whose decree the
    installed library does not know yet, the answer rests on the law alone: the statutory days
    (Spring Festival by the lunar calendar among them) are off, but neither the bridging days
    nor the make-up weekends of that year are known, so a deadline near a festival can move
    by some days when the decree comes. Updating the library is all that is needed then.

    Source: State Council, 全国年节及纪念日放假办法 and the yearly decrees.
    """
    return _year(day.year).is_working_day(day)


@cache
def _year(year: int) -> holidays.HolidayBase:
    """Build one year once; it is never changed afterwards, so threads can share it."""
    import holidays  # noqa: PLC0415 - a fifth of a second that only the first deadline needs

    return holidays.country_holidays("CN", years=year, expand=False)
