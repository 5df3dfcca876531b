"""What can happen to a store: each act where it is open, refused where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.register import (
    STANDING_AFTER,
    Act,
    accept_filing,
    agree_on_advances,
    differences,
    end_agreement,
    is_reported_late,
    merged,
    open_acts,
    receive_filing,
    reject_filing,
    set_standing,
    withdraw_plan,
)
from refund.core.store import Filing, Store, StoreStatus, may_issue, planned_at, standing_at
from tests import make

START = datetime(2025, 7, 8, 4, tzinfo=UTC)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*STANDING_AFTER, Act.WITHDRAW]),
        st.integers(0, 5),
        st.integers(0, 3),
    ),
    max_size=12,
)


def done(store: Store, act: Act, at: datetime, effective_at: datetime | None) -> Store:
    """What an act on its standing makes of a store."""
    if act is Act.WITHDRAW:
        return withdraw_plan(store, at)
    return set_standing(store, act, at, effective_at)


@pytest.mark.rule("store_suspension", "store_termination")
@given(STEPS)
def test_any_acts_in_any_order_leave_one_standing_at_each_moment(
    steps: list[tuple[Act, int, int]],
) -> None:
    store, at = make.store(), START
    for act, ahead, hours in steps:
        at += timedelta(hours=hours)
        before = standing_at(store, at)
        effective_at = at + timedelta(hours=ahead) if ahead else None
        if act not in open_acts(store, at):
            with pytest.raises(Refused, match="store_act_closed"):
                done(store, act, at, effective_at)
            continue
        after = done(store, act, at, effective_at)
        assert before.status is not StoreStatus.TERMINATED
        if act is Act.WITHDRAW:
            assert planned_at(after, at) is None
            assert standing_at(after, at) == before
        else:
            starts = effective_at or at
            assert standing_at(after, starts).status is STANDING_AFTER[act]
            if effective_at is not None:
                just_before = effective_at - timedelta(microseconds=1)
                assert standing_at(after, just_before) == before
        store = after
    for hour in range(48):
        moment = START + timedelta(hours=hour)
        active = standing_at(store, moment).status is StoreStatus.ACTIVE
        assert may_issue(store, moment) is active


@pytest.mark.rule("store_filing")
def test_every_pair_of_filing_and_act_is_either_open_or_refused() -> None:
    today = day_of(START)
    acts: dict[Act, Callable[[Store], Store]] = {
        Act.RECEIVE: lambda store: receive_filing(store, today, START),
        Act.ACCEPT: lambda store: accept_filing(store, START),
        Act.REJECT: lambda store: reject_filing(store, START),
    }
    unfiled = make.store(filed_on=None)
    states: dict[str, tuple[Store, set[Act]]] = {
        "never": (unfiled, {Act.RECEIVE}),
        "received": (replace(unfiled, filing=Filing.RECEIVED), {Act.ACCEPT, Act.REJECT}),
        "rejected": (replace(unfiled, filing=Filing.REJECTED), {Act.RECEIVE}),
        "filed": (make.store(), set()),
        "terminated": (replace(unfiled, status=StoreStatus.TERMINATED), set()),
    }
    for name, (store, allowed) in states.items():
        for act, do in acts.items():
            if act in allowed:
                assert do(store).filing is not store.filing, name
            else:
                with pytest.raises(Refused, match="store_act_closed"):
                    do(store)


@pytest.mark.rule("store_change_days")
@given(st.integers(0, 40), st.integers(1, 30))
def test_the_last_day_of_the_report_counts_whole(days: int, most: int) -> None:
    changed_on = day_of(START)
    at = START + timedelta(days=days)
    assert is_reported_late(changed_on, at, most) is (days > most)


@pytest.mark.rule("store_instant_dates")
@given(st.integers(-3, 6), st.integers(-3, 6))
def test_an_agreement_begins_today_at_the_earliest_and_does_not_end_before(
    first: int, last: int
) -> None:
    today = day_of(START)
    bare = make.store(instant_from=None)
    begins, ends = today + timedelta(days=first), today + timedelta(days=last)
    if first < 0 or last < first:
        with pytest.raises(Refused, match="day_passed" if first < 0 else "dates_reversed"):
            agree_on_advances(bare, begins, ends, START)
        return
    store = agree_on_advances(bare, begins, ends, START)
    assert (store.instant_from, store.instant_to) == (begins, ends)
    dropped = end_agreement(store, today, START)
    assert (dropped.instant_from is None) is (first > 0)


STATUSES = st.sampled_from(StoreStatus)


@pytest.mark.rule("store_suspension")
@given(STATUSES, STATUSES, st.sets(st.sampled_from(Act)))
def test_a_file_never_loosens_a_standing(
    has: StoreStatus, given_status: StoreStatus, acts: set[Act]
) -> None:
    order = list(StoreStatus)
    store, given_store = make.store(status=has), make.store(status=given_status)
    after, kept = merged(store, given_store, START, acts)
    assert order.index(after.status) >= order.index(has)
    assert ("status" in kept) is (given_status is not after.status)
    assert differences(store, after).keys() <= {"status", "status_from"}
