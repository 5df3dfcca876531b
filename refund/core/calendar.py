"""Days and deadlines in the time of Shanghai, and working days given someone who knows them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone

from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS, TYPED_MAX

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one time, eight hours ahead of UTC, and no summer time since 1991: a constant does."""

DAY_LEAST = date(1900, 1, 1)
DAY_MOST = date(2199, 12, 31)
"""Typed days lie between these two, so that no deadline can leave the calendar."""

_REST_DAYS_MAX = 31
"""No run of days without work is longer; a calendar that says so is a defect."""

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)


def day_of(at: datetime) -> date:
    """The day that a moment falls on in Shanghai.

    Raises:
        ValueError: a moment without its offset, which is a defect.
    """
    return _aware(at).astimezone(SHANGHAI).date()


def last_day(start: date, days: int) -> date:
    """The last day of a term: the start is not counted, the last day counts whole.

    Raises:
        ValueError: a negative number of days, which is a defect.

    Source: project decision, checked against the published terms of SAT 9/2025 and MOF 3/2015.
    """
    if days < 0:
        raise ValueError(days)
    return start + timedelta(days=days)


def end_of_day(day: date) -> datetime:
    """The UTC instant at which a day of Shanghai is over: the first that is no longer in it."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, SHANGHAI)
    return midnight.astimezone(UTC)


def is_within(at: datetime, last_day: date) -> bool:
    """Whether a moment is not later than the last day of a term, which counts whole.

    Raises:
        ValueError: a moment without its offset, which is a defect.
    """
    return _aware(at) < end_of_day(last_day)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None or at.utcoffset() is None:
        message = "a moment needs its offset from UTC"
        raise ValueError(message)
    return at


def parse_day(text: str, field: str = "") -> date:
    """Read a day as `YYYY-MM-DD` in ASCII digits, blanks around it aside.

    Returns:
        A day between DAY_LEAST and DAY_MOST.

    Raises:
        Refused: `field_missing`, `date_unreadable`, or `date_impossible` for a day that
            the calendar does not have or that is centuries away.
    """
    typed = text.strip(ASCII_BLANKS)
    if not typed:
        raise Refused("field_missing", field)
    found = _DAY.fullmatch(typed)
    if found is None:
        raise Refused("date_unreadable", field, typed=typed[:TYPED_MAX])
    year, month, day_of_month = (int(part) for part in found.groups())
    try:
        day = date(year, month, day_of_month)
    except ValueError:
        raise Refused("date_impossible", field, typed=typed) from None
    if not DAY_LEAST <= day <= DAY_MOST:
        raise Refused("date_impossible", field, typed=typed)
    return day


def parse_moment(text: str, field: str = "") -> datetime:
    """Read a moment as `YYYY-MM-DDTHH:MM[:SS]` with `Z` or an offset, as UTC.

    Raises:
        Refused: `field_missing`, `date_unreadable`, or `date_impossible` for a moment that
            the calendar or the clock does not have.
    """
    typed = text.strip(ASCII_BLANKS)
    if not typed:
        raise Refused("field_missing", field)
    if not _MOMENT.fullmatch(typed):
        raise Refused("date_unreadable", field, typed=typed[:TYPED_MAX])
    parse_day(typed[:10], field)
    # Some versions of Python read 24:00 as the next midnight: one moment has one writing here.
    if typed[11:13] == "24":
        raise Refused("date_impossible", field, typed=typed)
    try:
        return datetime.fromisoformat(typed).astimezone(UTC)
    except ValueError:
        raise Refused("date_impossible", field, typed=typed) from None


def parse_past(text: str, now: datetime, field: str = "") -> datetime:
    """Read a moment that is over, as UTC: a day means its end, or now where it is today.

    A time without an offset is Shanghai's.

    Raises:
        Refused: as `parse_day` and `parse_moment`; `date_in_future`.
    """
    typed = text.strip(ASCII_BLANKS)
    if typed and not _MOMENT.fullmatch(typed) and "T" in typed:
        typed = f"{typed}+08:00"
    if typed and "T" not in typed:
        day = parse_day(typed, field)
        at = now if day == day_of(now) else end_of_day(day) - timedelta(microseconds=1)
    else:
        at = parse_moment(typed, field)
    if at > now:
        raise Refused("date_in_future", field)
    return at


def add_working_days(day: date, count: int, is_working_day: Callable[[date], bool]) -> date:
    """The working day that is `count` working days after a day, which itself is not counted.

    The holiday calendar that is passed in knows the make-up working days too.

    Raises:
        ValueError: a negative count, or a calendar without work, which are defects.

    Source: SAT 9/2025 (capture within 3 working days of the promise's end).
    """
    if count < 0:
        raise ValueError(count)
    rest_days = 0
    while count:
        day += timedelta(days=1)
        if is_working_day(day):
            count -= 1
            rest_days = 0
        else:
            rest_days += 1
        if rest_days > _REST_DAYS_MAX:
            raise ValueError(day)
    return day


def working_days_since(day: date, today: date, is_working_day: Callable[[date], bool]) -> int:
    """How many working days have begun after a day, today included."""
    later = (day + timedelta(days=n) for n in range(1, (today - day).days + 1))
    return sum(1 for one in later if is_working_day(one))
