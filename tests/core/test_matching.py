"""The exit's proposals: what was promised, what was seen, and what the network's book says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar import SHANGHAI, end_of_day
from refund.core.customs import Decision, Verification
from refund.core.entitlement import Entitlement
from refund.core.form import TRANSITIONS, Event, Status
from refund.core.matching import (
    BREAKS,
    Action,
    Departure,
    Why,
    exit_for,
    most_urgent_first,
)
from refund.core.money import Amounts
from refund.core.operation import GuaranteeState, HeldState, HoldState
from tests import make
from tests.core.departures import HOLD, IN_TIME, OVER, departure, proposed, said


def test_a_kept_promise_is_released() -> None:
    found = proposed(departure())
    assert (found.action, found.why, found.is_break) == (Action.RELEASE, Why.KEPT, False)
    assert found.amount_fen == make.NET_FEN
    assert found.collect_by == date(2025, 7, 30), "Friday, and three working days"


BROKEN = {
    Why.LATE: departure(exit=make.exit_record(datetime(2025, 7, 25, 16, 0, tzinfo=UTC))),
    Why.WRONG_PORT: departure(exit=make.exit_record(IN_TIME, "YIH")),
    Why.LEFT_UNVERIFIED: departure(Status.ADVANCED, verification=None),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_promise_is_captured_and_says_how_it_was_broken(why: Why) -> None:
    assert said(BROKEN[why]) == (Action.CAPTURE, why)


def test_whoever_was_never_seen_is_awaited_until_the_last_day_is_over() -> None:
    unseen = departure(exit=None)
    assert said(unseen, date(2025, 7, 25)) == (Action.NONE, Why.AWAITING_EXIT)
    assert said(unseen, date(2025, 7, 26)) == (Action.CAPTURE, Why.NEVER_SEEN)
    unverified = departure(Status.ADVANCED, exit=None, verification=None)
    assert said(unverified, date(2025, 7, 26)) == (Action.CAPTURE, Why.NEVER_SEEN)


def test_the_last_instant_of_the_last_day_is_in_time() -> None:
    last = end_of_day(date(2025, 7, 25)) - timedelta(microseconds=1)
    assert said(departure(exit=make.exit_record(last)))[1] is Why.KEPT
    assert said(departure(exit=make.exit_record(end_of_day(date(2025, 7, 25)))))[1] is Why.LATE


def test_where_any_port_will_do_another_port_is_no_breach() -> None:
    form = replace(make.form(Status.VERIFIED), port_any=True)
    found = said(departure(form=form, exit=make.exit_record(IN_TIME, "ENH")))
    assert found == (Action.RELEASE, Why.KEPT)


def test_late_is_said_before_elsewhere_and_elsewhere_before_unverified() -> None:
    late = make.exit_record(datetime(2025, 7, 26, 12, tzinfo=UTC), "YIH")
    assert said(departure(exit=late, verification=None))[1] is Why.LATE
    elsewhere = make.exit_record(IN_TIME, "YIH")
    assert said(departure(exit=elsewhere, verification=None))[1] is Why.WRONG_PORT


@pytest.mark.parametrize(
    ("book", "why"),
    [
        (None, Why.HOLD_MISSING),
        (make.held_state(HoldState.RELEASED), Why.HOLD_ENDED),
        (make.held_state(HoldState.CAPTURED), Why.HOLD_ENDED),
        (make.held_state(amount_fen=1), Why.AMOUNT_DIFFERS),
        (make.held_state(amount_fen=make.NET_FEN + 1), Why.AMOUNT_DIFFERS),
        (make.held_state(captured_fen=1), Why.AMOUNT_DIFFERS),
        (make.held_state(released_fen=1), Why.AMOUNT_DIFFERS),
    ],
)
def test_books_that_disagree_stop_everything(book: HeldState | None, why: Why) -> None:
    for status in (Status.ADVANCED, Status.VERIFIED):
        found = proposed(departure(status, book=book))
        assert (found.action, found.why, found.is_break) == (Action.NONE, why, True)


def test_a_book_that_was_not_asked_says_nothing_against_it() -> None:
    assert said(departure(book=None, book_asked=False))[1] is Why.KEPT


SETTLED = {
    *(Status.RELEASED, Status.ADJUSTED, Status.CAPTURED, Status.FORFEITED),
    *(Status.RETURNED, Status.WRITTEN_OFF),
}
WAITING = {
    *(Status.RELEASING, Status.ADJUSTING, Status.CAPTURING, Status.FORFEITING),
    *(Status.ADVANCING, Status.RETURNING, Status.WAIVING),
}
OPEN = {
    *(Status.ADVANCED, Status.VERIFIED, Status.VERIFIED_PARTLY),
    *(Status.CUSTOMS_REFUSED, Status.UNCOLLECTED),
}


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in OPEN], ids=lambda status: status.value
)
def test_a_form_that_is_not_open_is_left_alone_and_says_why(status: Status) -> None:
    expected = Why.NO_ADVANCE
    for statuses, why in (
        (SETTLED, Why.ALREADY_SETTLED),
        (WAITING, Why.AWAITING_ANSWER),
    ):
        if status in statuses:
            expected = why
    assert said(departure(status)) == (Action.NONE, expected)


def test_what_was_not_collected_is_collected_as_soon_as_it_can_be() -> None:
    unseen = departure(Status.UNCOLLECTED, exit=None)
    assert said(unseen) == (Action.CAPTURE, Why.NEVER_SEEN)


@pytest.mark.rule("outcome_policy_not_met")
@pytest.mark.parametrize("status", [Status.CUSTOMS_REFUSED, Status.UNCOLLECTED])
@pytest.mark.parametrize("exit_at", [None, IN_TIME, datetime(2025, 7, 26, 12, tzinfo=SHANGHAI)])
def test_what_customs_refused_is_lost_whenever_the_traveller_left(
    status: Status, exit_at: datetime | None
) -> None:
    refused = replace(make.verification(), decision=Decision.REFUSED)
    seen = None if exit_at is None else make.exit_record(exit_at)
    found = proposed(departure(status, verification=refused, exit=seen))
    assert (found.action, found.why) == (Action.FORFEIT, Why.REFUSED)
    assert (found.charged_fen, found.released_fen) == (make.NET_FEN, 0)


@pytest.mark.rule("outcome_fewer_goods")
def test_what_the_store_took_back_is_not_charged_again() -> None:
    """Three bags of 5,000 yuan; one went back, and 450 yuan were paid back in the store."""
    advanced, due = (
        Amounts(15_000_00, 1_650_00, 300_00, 1_350_00),
        Amounts(10_000_00, 1_100_00, 200_00, 900_00),
    )
    form = replace(make.form(Status.VERIFIED_PARTLY), amounts=advanced)
    guarantee = make.guarantee(amount_fen=1_350_00)
    for recovered_fen, charged_fen in ((450_00, 0), (0, 450_00)):
        known = departure(
            form=form,
            guarantee=guarantee,
            worth=Entitlement(due, recovered_fen, is_whole=False),
            outstanding_fen=1_350_00 - recovered_fen,
            book=None,
            book_asked=False,
        )
        found = proposed(known)
        assert (found.action, found.why) == (Action.ADJUST, Why.PART_RETURNED)
        assert (found.charged_fen, found.released_fen) == (charged_fen, 1_350_00 - charged_fen)


@pytest.mark.rule("joint_forms_apart")
def test_a_share_of_a_common_hold_is_judged_by_its_own_amount() -> None:
    shared = make.guarantee(hold_reference="00000000000000a1-hold-1")
    assert shared.is_shared
    common = replace(HOLD, amount_fen=10 * make.NET_FEN)
    found = proposed(departure(guarantee=shared, book=common))
    assert (found.action, found.released_fen) == (Action.RELEASE, make.NET_FEN)
    too_small = replace(HOLD, amount_fen=make.NET_FEN - 1)
    assert said(departure(guarantee=shared, book=too_small))[1] is Why.AMOUNT_DIFFERS


def test_breaks_are_where_records_disagree() -> None:
    assert {why.value for why in BREAKS} == {
        "left_unverified",
        "left_before_verification",
        "hold_ended",
        "hold_missing_at_network",
        "amount_differs_at_network",
        "for_review",
    }


def test_the_exit_that_counts_is_the_first_after_the_purchase() -> None:
    form = make.form()
    moments = [make.NOON + timedelta(days=days) for days in (9, -1, 3, 20)]
    exits = tuple(make.exit_record(at) for at in moments)
    found = exit_for(form, exits, None)
    assert found is not None
    assert found.exited_at == make.NOON + timedelta(days=3)
    assert exit_for(form, exits[1:2], None) is None
    assert exit_for(form, (), None) is None


def test_the_exit_that_counts_follows_the_verification_where_one_does() -> None:
    form, seen = make.form(), make.verification(make.NOON + timedelta(days=3))
    before = make.exit_record(seen.verified_at - timedelta(hours=1))
    same_minute = make.exit_record(seen.verified_at - timedelta(seconds=59))
    after = make.exit_record(seen.verified_at + timedelta(hours=1))
    assert exit_for(form, (before, after), seen) == after
    assert exit_for(form, (before, same_minute), seen) == same_minute
    assert exit_for(form, (before,), seen) == before


@pytest.mark.rule("ordinary_after_capture")
def test_where_customs_verified_again_only_the_departure_after_that_counts() -> None:
    form = make.form(Status.ORDINARY_VERIFIED)
    again = replace(make.verification(make.NOON + timedelta(days=40)), sequence=2)
    broken = make.exit_record(make.NOON + timedelta(days=20))
    later = make.exit_record(again.verified_at + timedelta(hours=2))
    assert exit_for(form, (broken, later), again) == later
    assert exit_for(form, (broken,), again) is None


def test_a_departure_before_the_verification_is_a_break_and_settles_nothing_in_time() -> None:
    seen = make.verification(make.NOON + timedelta(days=3))
    early = make.exit_record(seen.verified_at - timedelta(minutes=1))
    found = departure(verification=seen, exit=early)
    assert said(found, date(2025, 7, 25)) == (Action.NONE, Why.LEFT_BEFORE)
    assert said(found, date(2025, 7, 26)) == (Action.CAPTURE, Why.LEFT_BEFORE)


def test_what_is_overdue_stands_first_and_then_what_is_due_first() -> None:
    far = departure(exit=None, form=make.form(Status.VERIFIED, depart_by=date(2025, 8, 1)))
    near = departure(exit=None)
    late = departure(exit=None, form=make.form(Status.VERIFIED, depart_by=date(2025, 7, 11)))
    today = date(2025, 7, 22)
    found = [proposed(one, today) for one in (far, near, late)]
    assert [one.is_overdue for one in found] == [False, False, True]
    assert most_urgent_first(found) == [found[2], found[1], found[0]]


DECIDED: dict[Status, list[Verification | None]] = {
    Status.ADVANCED: [None],
    Status.VERIFIED: [make.verification()],
    Status.VERIFIED_PARTLY: [replace(make.verification(), decision=Decision.PARTLY)],
    Status.CUSTOMS_REFUSED: [replace(make.verification(), decision=Decision.REFUSED)],
}


@st.composite
def departures(draw: st.DrawFn) -> Departure:
    """Anything that can be known of a form at the exit, likely or not."""
    exits = st.builds(
        lambda days, port: make.exit_record(make.NOON + timedelta(days=days), port),
        st.integers(-10, 60),
        st.sampled_from(["WUH", "YIH"]),
    )
    status = draw(st.sampled_from(list(Status)))
    guarantees = [make.guarantee(), OVER, None]
    return departure(
        status,
        verification=draw(st.sampled_from(DECIDED.get(status, [None, make.verification()]))),
        exit=draw(st.none() | exits),
        guarantee=draw(st.sampled_from(guarantees)),
        book=draw(st.sampled_from([HOLD, None, replace(HOLD, amount_fen=1)])),
        outstanding_fen=draw(st.sampled_from([make.NET_FEN, 1, 0, -make.NET_FEN])),
    )


@given(departures(), st.integers(0, 60))
def test_a_hold_is_released_only_when_everything_was_kept(seen: Departure, days: int) -> None:
    found = proposed(seen, make.DAY + timedelta(days=days))
    if found.action is Action.RELEASE:
        assert seen.verification is not None
        assert seen.exit is not None
        assert seen.exit.exited_at <= make.NOON + timedelta(days=17)
        assert seen.exit.port == "WUH"
    stands = seen.guarantee is not None and seen.guarantee.state is GuaranteeState.HELD
    assert stands or found.charged_fen == 0
    assert found.charged_fen <= max(0, seen.outstanding_fen)
    if found.action is not Action.NONE:
        assert not stands or seen.book == HOLD
        assert found.why not in BREAKS - {Why.LEFT_UNVERIFIED, Why.LEFT_BEFORE}


@given(departures(), st.integers(0, 60))
def test_what_is_proposed_can_be_done(seen: Departure, days: int) -> None:
    found = proposed(seen, make.DAY + timedelta(days=days))
    events = {
        Action.RELEASE: {Event.REQUEST_RELEASE},
        Action.ADJUST: {Event.REQUEST_ADJUST},
        Action.CAPTURE: {Event.REQUEST_CAPTURE},
        Action.FORFEIT: {Event.REQUEST_FORFEIT},
        Action.NONE: set(),
    }
    for event in events[found.action]:
        assert (seen.form.status, event) in TRANSITIONS
