"""A day begins and ends in Shanghai, and a term's last day counts whole."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar import (
    DAY_LEAST,
    DAY_MOST,
    SHANGHAI,
    add_working_days,
    day_of,
    end_of_day,
    is_within,
    last_day,
    parse_day,
    parse_moment,
)
from refund.core.errors import Refused

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "deadlines.json").read_text("utf-8"))
MOMENTS = st.integers(0, 7_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


def is_weekday(day: date) -> bool:
    return day.weekday() < 5


def test_every_shared_case_is_run() -> None:
    assert len(VECTORS["cases"]) == 7


@pytest.mark.rule("day_counting")
@pytest.mark.parametrize("case", VECTORS["cases"])
def test_a_term_ends_as_the_shared_vectors_say(case: dict[str, str]) -> None:
    found = last_day(date.fromisoformat(case["start"]), int(case["days"]))
    assert found == date.fromisoformat(case["last_day"])


def test_a_term_of_no_days_ends_on_its_first_day() -> None:
    assert last_day(date(2025, 7, 8), 0) == date(2025, 7, 8)


def test_a_term_of_negative_days_is_a_defect() -> None:
    with pytest.raises(ValueError, match="-1"):
        last_day(date(2025, 7, 8), -1)


@pytest.mark.rule("late_second")
def test_the_last_second_of_the_last_day_is_in_time_and_the_next_is_not() -> None:
    last = date(2025, 7, 25)
    assert is_within(datetime(2025, 7, 25, 23, 59, 59, 999_999, SHANGHAI), last)
    assert not is_within(datetime(2025, 7, 26, 0, 0, 0, 0, SHANGHAI), last)
    assert is_within(datetime(2025, 7, 25, 15, 59, 59, tzinfo=UTC), last)
    assert not is_within(datetime(2025, 7, 25, 16, 0, tzinfo=UTC), last)


def test_a_day_is_over_at_sixteen_hours_utc() -> None:
    assert end_of_day(date(2025, 7, 25)) == datetime(2025, 7, 25, 16, tzinfo=UTC)
    assert end_of_day(date(2025, 7, 25)).tzinfo is UTC


def test_the_day_is_the_one_in_shanghai_wherever_the_clock_stands() -> None:
    assert day_of(datetime(2025, 7, 8, 15, 59, tzinfo=UTC)) == date(2025, 7, 8)
    assert day_of(datetime(2025, 7, 8, 16, 0, tzinfo=UTC)) == date(2025, 7, 9)
    newyork = timezone(timedelta(hours=-4))
    assert day_of(datetime(2025, 7, 8, 13, 0, tzinfo=newyork)) == date(2025, 7, 9)


def test_a_moment_without_its_offset_is_a_defect() -> None:
    naive = datetime(2025, 7, 8, 12, 0)  # noqa: DTZ001 - the very thing that is refused
    with pytest.raises(ValueError, match="offset"):
        day_of(naive)
    with pytest.raises(ValueError, match="offset"):
        is_within(naive, date(2025, 7, 8))


@pytest.mark.rule("day_counting")
@given(MOMENTS)
def test_a_moment_is_within_its_own_day_and_not_within_the_one_before(at: datetime) -> None:
    assert is_within(at, day_of(at))
    assert not is_within(at, day_of(at) - timedelta(days=1))


@given(st.dates(DAY_LEAST, DAY_MOST))
def test_a_written_day_is_read_back(day: date) -> None:
    assert parse_day(f" {day.isoformat()} ") == day


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "field_missing"),
        ("2025-7-8", "date_unreadable"),
        ("2025/07/08", "date_unreadable"),
        ("20250708", "date_unreadable"),
        ("08.07.2025", "date_unreadable"),
        ("２０２５-07-08", "date_unreadable"),
        ("2025-07-08T00:00", "date_unreadable"),
        ("2025-W28-2", "date_unreadable"),
        ("-2025-07-08", "date_unreadable"),
        ("2025-02-29", "date_impossible"),
        ("2025-13-01", "date_impossible"),
        ("2025-00-10", "date_impossible"),
        ("0000-01-01", "date_impossible"),
        ("1899-12-31", "date_impossible"),
        ("9999-12-31", "date_impossible"),
    ],
)
def test_a_day_that_is_not_one_is_refused(typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_day(typed, "last_entry")
    assert (refused.value.code, refused.value.field) == (code, "last_entry")


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("2025-07-08T10:30:00+08:00", datetime(2025, 7, 8, 2, 30, tzinfo=UTC)),
        ("2025-07-08T10:30Z", datetime(2025, 7, 8, 10, 30, tzinfo=UTC)),
        ("2025-07-08T10:30:05.250Z", datetime(2025, 7, 8, 10, 30, 5, 250_000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_utc(typed: str, at: datetime) -> None:
    found = parse_moment(typed)
    assert found == at
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (" ", "field_missing"),
        ("2025-07-08", "date_unreadable"),
        ("2025-07-08T10:30", "date_unreadable"),
        ("2025-07-08 10:30Z", "date_unreadable"),
        ("2025-07-08T10:30z", "date_unreadable"),
        ("2025-02-30T10:30Z", "date_impossible"),
        ("2025-07-08T24:00Z", "date_impossible"),
        ("2025-07-08T25:30Z", "date_impossible"),
        ("2025-07-08T10:61Z", "date_impossible"),
        ("2025-07-08T10:30+99:00", "date_impossible"),
        ("0001-01-01T00:00+08:00", "date_impossible"),
    ],
)
def test_a_moment_that_is_not_one_is_refused(typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_moment(typed, "exit_at")
    assert (refused.value.code, refused.value.field) == (code, "exit_at")


@given(st.text(alphabet="0123456789-:TZ+. ", max_size=40) | st.text(max_size=40))
def test_no_text_is_more_than_refused(typed: str) -> None:
    for read in (parse_day, parse_moment):
        try:
            found = read(typed)
        except Refused:
            continue
        assert DAY_LEAST.year - 1 <= found.year <= DAY_MOST.year + 1


def test_working_days_are_counted_from_the_day_after() -> None:
    friday = date(2025, 7, 25)
    assert add_working_days(friday, 3, is_weekday) == date(2025, 7, 30)
    assert add_working_days(friday, 0, is_weekday) == friday


def test_a_calendar_without_work_is_a_defect() -> None:
    with pytest.raises(ValueError, match="2025"):
        add_working_days(date(2025, 7, 25), 1, lambda _: False)
    with pytest.raises(ValueError, match="-1"):
        add_working_days(date(2025, 7, 25), -1, is_weekday)
