"""Offline decisions: which stamps are believed, and what a device can read of what it carries."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from refund.core.offline import (
    AHEAD,
    LATE,
    SHIFT,
    Act,
    OfflineDecision,
    Shift,
    moment_problem,
    row_keys,
    seal_row,
    seen_differs,
)
from tests.make import NOON

ISSUED = NOON - timedelta(hours=1)
FORM = "00112233aabbccdd"


def stamped(at: datetime, **changes: object) -> OfflineDecision:
    """A decision of a moment."""
    return OfflineDecision("0" * 32, 1, FORM, Act.CONFIRM, at, at, **changes)  # type: ignore[arg-type]


def shift(ended_at: datetime | None = None) -> Shift:
    """A shift that began at noon."""
    return Shift("event-1", "device", "officer-1", "WUH", NOON, ended_at, 0)


@pytest.mark.parametrize(
    ("at", "now", "why"),
    [
        (timedelta(0), timedelta(0), ""),
        (SHIFT, LATE + SHIFT, ""),
        (SHIFT, LATE + SHIFT + timedelta(microseconds=1), "moment_too_old"),
        (SHIFT + AHEAD + timedelta(seconds=1), LATE, "moment_outside_shift"),
        (-AHEAD - timedelta(seconds=1), LATE, "moment_outside_shift"),
        (timedelta(hours=-2), LATE, "moment_before_issue"),
        (AHEAD, timedelta(0), ""),
        (AHEAD + timedelta(seconds=1), timedelta(0), "moment_future"),
    ],
)
def test_a_stamp_counts_within_the_shift_and_for_36_hours(
    at: timedelta, now: timedelta, why: str
) -> None:
    assert moment_problem(stamped(NOON + at), shift(), ISSUED, NOON + now) == why


def test_nothing_is_decided_after_a_shift_has_ended() -> None:
    end, later = NOON + timedelta(hours=2), NOON + timedelta(hours=3)
    assert moment_problem(stamped(end), shift(end), ISSUED, later) == ""
    assert moment_problem(stamped(later), shift(end), ISSUED, later) == "moment_outside_shift"


def test_goods_differ_when_the_list_on_the_device_is_no_longer_theirs() -> None:
    now = {(0, 0): 2, (0, 1): 1}
    assert not seen_differs(stamped(NOON, seen=(((0, 1), 1), ((0, 0), 2))), now, 3)
    assert seen_differs(stamped(NOON, seen=(((0, 0), 3), ((0, 1), 1))), now, 4)
    assert not seen_differs(stamped(NOON), now, 3)
    assert seen_differs(stamped(NOON), now, 4)


@given(text=st.binary(max_size=300), other=st.binary(min_size=8, max_size=8))
def test_a_row_opens_with_its_own_form_alone(text: bytes, other: bytes) -> None:
    name, sealed = seal_row("event-1", FORM, text)
    again, key = row_keys("event-1", FORM)
    assert name == again
    assert AESGCM(key).decrypt(bytes(12), sealed, name.encode()) == text
    if other.hex() != FORM:
        wrong_name, wrong = row_keys("event-1", other.hex())
        assert wrong_name != name
        with pytest.raises(InvalidTag):
            AESGCM(wrong).decrypt(bytes(12), sealed, name.encode())
    assert row_keys("event-2", FORM)[1] != key
