"""Whether a hold lasts, for every order of its end, the promise's end and the last charge."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar import add_working_days, end_of_day
from refund.core.guarantee import CHARGE_BEFORE_END, Cover, cover_of, last_charge
from refund.gateways.workdays import is_working_day

DEPART_BY = date(2026, 8, 5)
PROMISE_ENDS = end_of_day(DEPART_BY)
LAST = last_charge(DEPART_BY, 3, is_working_day)


@pytest.mark.rule("capture_working_days")
def test_the_last_charge_is_the_end_of_the_third_working_day_after_the_promise() -> None:
    assert datetime(2026, 8, 10, 16, 0, tzinfo=UTC) == LAST
    # Over the golden week of 2025 the third working day is the ninth of October and later.
    assert last_charge(date(2025, 9, 30), 3, is_working_day) == end_of_day(date(2025, 10, 11))


@pytest.mark.rule("hold_cover")
@pytest.mark.parametrize(
    ("expires_at", "extendable", "cover", "needed_until"),
    [
        (LAST, False, Cover.WHOLE, LAST),
        (LAST + timedelta(days=9), True, Cover.WHOLE, LAST),
        (LAST - timedelta(seconds=1), True, Cover.BY_EXTENSION, LAST),
        (PROMISE_ENDS - timedelta(days=20), True, Cover.BY_EXTENSION, LAST),
        (LAST - timedelta(seconds=1), False, Cover.IN_TIME, PROMISE_ENDS + CHARGE_BEFORE_END),
        (
            PROMISE_ENDS + CHARGE_BEFORE_END,
            False,
            Cover.IN_TIME,
            PROMISE_ENDS + CHARGE_BEFORE_END,
        ),
        (
            PROMISE_ENDS + CHARGE_BEFORE_END - timedelta(seconds=1),
            False,
            Cover.TOO_SHORT,
            LAST,
        ),
    ],
)
def test_a_hold_covers_whole_by_extension_in_time_or_not_at_all(
    expires_at: datetime, *, extendable: bool, cover: Cover, needed_until: datetime
) -> None:
    found = cover_of(expires_at, DEPART_BY, LAST, extendable=extendable)
    assert (found.cover, found.needed_until) == (cover, needed_until)


@pytest.mark.rule("hold_cover")
@given(
    depart_by=st.dates(date(2025, 7, 1), date(2026, 12, 1)),
    hours=st.integers(-24 * 40, 24 * 40),
    extendable=st.booleans(),
)
def test_a_hold_that_is_taken_always_leaves_a_day_for_a_charge(
    depart_by: date, hours: int, *, extendable: bool
) -> None:
    last = last_charge(depart_by, 3, is_working_day)
    assert last == end_of_day(add_working_days(depart_by, 3, is_working_day))
    expires_at = end_of_day(depart_by) + timedelta(hours=hours)
    found = cover_of(expires_at, depart_by, last, extendable=extendable)
    if found.cover is Cover.TOO_SHORT:
        assert not extendable
        assert expires_at < end_of_day(depart_by) + CHARGE_BEFORE_END
    elif found.cover is Cover.BY_EXTENSION:
        assert extendable
    else:
        assert expires_at >= found.needed_until >= end_of_day(depart_by) + CHARGE_BEFORE_END
