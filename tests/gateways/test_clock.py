"""The clock can be moved by a distance or set to a moment, and says how far it is ahead."""

from datetime import UTC, datetime, timedelta

import pytest

from refund.gateways.clock import read_clock


def _ahead(text: str) -> timedelta:
    return read_clock(text).now() - datetime.now(UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("+28d", 28 * 86400),
        ("-3h", -3 * 3600),
        ("+90m", 5400),
        (" -42595200s ", -42595200),
    ],
)
def test_a_shift_moves_the_time_by_that_much(text: str, seconds: int) -> None:
    assert read_clock(text).shift_seconds == seconds
    assert abs(_ahead(text).total_seconds() - seconds) < 5
    assert read_clock(text).is_shifted == bool(seconds)


def test_from_a_moment_the_clock_runs_on() -> None:
    clock = read_clock("2025-07-08T14:00:00+08:00")
    first = clock.now()
    assert timedelta() <= first - datetime(2025, 7, 8, 6, tzinfo=UTC) < timedelta(seconds=5)
    assert clock.now() >= first


@pytest.mark.parametrize(
    "text",
    ["28d", "+28", "+28w", "+1.5d", "+٢d", "2025-07-08", "2025-07-08T14:00", "+99999999d", "x"],
)
def test_anything_else_is_no_clock(text: str) -> None:
    with pytest.raises(ValueError, match="REFUND_CLOCK must be a shift"):
        read_clock(text)
