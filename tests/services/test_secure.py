"""Holds that are extended, charged in time, alerted early, over by themselves; what is pending."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.case import CaseKind
from refund.core.form import Form, Status
from refund.core.operation import GuaranteeState, Kind, OperationState
from refund.core.people import WORKER
from refund.services import claim, later, secure
from refund.services.intent import LEASE
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.engine_steps import refused_at_customs, together
from tests.services.hold_steps import (
    asked,
    by_itself,
    claimed_in_2026,
    hours_on,
    issued_today,
    open_kinds,
    still_pending,
    summer,
    the_case,
    the_hold,
)
from tests.services.steps import (
    PHONE,
    agreed,
    card,
    claimed,
    departs,
    issued,
    settled,
    status,
    verified,
)
from tests.world import World

DAYS_30 = timedelta(days=30)


@pytest.mark.rule("hold_cover")
def test_a_hold_that_can_be_extended_is_extended_three_days_before_its_end_and_once(
    world: World,
) -> None:
    form = claimed_in_2026(world, make.MASTERCARD)
    held = the_hold(world, form)
    assert held.expires_at == world.clock.at + DAYS_30
    world.clock.at = held.expires_at - timedelta(hours=72)
    assert secure.extend_holds(world.ports) == 0
    world.clock.pass_by(minutes=1)
    assert secure.extend_holds(world.ports) == 1
    assert secure.extend_holds(world.ports) == 0
    assert the_hold(world, form).expires_at == world.clock.at + DAYS_30
    extension = asked(world, form)[-1]
    assert (extension.kind, extension.state) == (Kind.EXTEND, OperationState.SUCCEEDED)
    assert by_itself(extension)
    assert status(world, form) is Status.ADVANCED
    assert world.booked("extend") == ["extended"]
    assert open_kinds(world) == []


@pytest.mark.rule("hold_cover")
def test_a_hold_of_seven_days_is_kept_up_until_the_last_charge(small_world: World) -> None:
    world = small_world
    form = claimed_in_2026(world, make.JCB)
    needed_until = the_hold(world, form).needed_until
    assert needed_until is not None
    while world.clock.at < needed_until:
        hours_on(world, 24, lambda: secure.extend_holds(world.ports))
        assert the_hold(world, form).expires_at > world.clock.at
        secure.alert(world.ports)
        assert open_kinds(world) == [], world.clock.at
    assert the_hold(world, form).expires_at >= needed_until
    assert 5 <= len(world.booked("extend")) <= 8


@pytest.mark.rule("joint_hold")
@pytest.mark.rule("hold_cover")
def test_a_hold_of_several_forms_is_extended_once_for_all(world: World) -> None:
    world.clock.at = summer(8)
    forms = [issued_today(world, f"2642200000000000000{n}", f"key-{n}") for n in (1, 2)]
    together(world, forms, make.MASTERCARD)
    world.clock.at = the_hold(world, forms[0]).expires_at - timedelta(hours=70)
    assert secure.extend_holds(world.ports) == 1
    assert world.booked("extend") == ["extended"]
    ends = {the_hold(world, form).expires_at for form in forms}
    assert ends == {world.clock.at + DAYS_30}


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST])
def test_an_extension_without_an_answer_is_finished_and_not_asked_twice(
    world: World, fault: Fault
) -> None:
    form = claimed_in_2026(world, make.MASTERCARD)
    before = the_hold(world, form).expires_at
    world.clock.at = before - timedelta(hours=70)
    world.network.faults.append(fault)
    assert secure.extend_holds(world.ports) == 1
    assert secure.extend_holds(world.ports) == 0
    assert the_hold(world, form).expires_at == before
    world.clock.at += LEASE * 2
    assert later.finish_open_operations(world.ports) == 1
    assert the_hold(world, form).expires_at > before
    assert world.booked("extend") == ["extended"]


def test_a_hold_that_is_needed_no_more_or_lasts_is_not_extended(small_world: World) -> None:
    world = small_world
    kept = verified(world, claimed_in_2026(world, make.MASTERCARD))
    departs(world, summer(20))
    assert settled(world, kept).form.status is Status.RELEASED
    world.clock.at = summer(6, month=8)
    assert secure.extend_holds(world.ports) == 0


def test_a_hold_that_lasts_is_not_extended_though_it_could(small_world: World) -> None:
    form = claimed(small_world, None, make.MASTERCARD)
    small_world.clock.at = the_hold(small_world, form).expires_at - timedelta(hours=1)
    assert secure.extend_holds(small_world.ports) == 0


def test_an_extension_that_is_refused_is_a_case_and_what_lapsed_is_taken_in(
    world: World,
) -> None:
    form = claimed_in_2026(world, make.MASTERCARD)
    hold = the_hold(world, form)
    world.clock.at = hold.expires_at - timedelta(hours=70)
    world.book.end_hold_early(hold.reference)
    assert secure.extend_holds(world.ports) == 1
    assert the_hold(world, form).state is GuaranteeState.ENDED
    assert open_kinds(world) == ["unsecured"]
    early = the_case(world, CaseKind.HOLD_ENDS_EARLY)
    assert (early.is_open, early.reason) == (False, "hold_lapsed")
    assert secure.extend_holds(world.ports) == 0


@pytest.mark.rule("charge_in_time")
@pytest.mark.rule("outcome_promise_broken")
def test_a_broken_promise_is_charged_a_day_before_its_hold_ends(world: World) -> None:
    form = claimed_in_2026(world)
    hold = the_hold(world, form)
    assert hold.expires_at == summer(7, month=8)
    world.clock.at = summer(6, 11, 8)
    assert secure.charge_in_time(world.ports) == 0, "more than a day is left"
    world.clock.at = summer(6, 12, 8) + timedelta(seconds=1)
    assert secure.charge_in_time(world.ports) == 1
    assert secure.charge_in_time(world.ports) == 0
    assert status(world, form) is Status.CAPTURED
    charge = asked(world, form)[-1]
    assert (charge.kind, charge.charged_fen) == (Kind.CAPTURE, make.NET_FEN)
    assert (charge.actor, charge.reason) == (WORKER, "never_seen: the hold ends")
    assert world.booked("capture") == ["captured"]


@pytest.mark.rule("charge_in_time")
def test_while_the_promise_runs_nothing_is_charged_by_itself(small_world: World) -> None:
    form = claimed_in_2026(small_world)
    hold = the_hold(small_world, form)
    small_world.clock.at = summer(5, 23, 8)
    assert hold.expires_at - small_world.clock.at < timedelta(hours=48)
    assert secure.charge_in_time(small_world.ports) == 0
    assert status(small_world, form) is Status.ADVANCED


@pytest.mark.rule("charge_in_time")
@pytest.mark.rule("outcome_kept")
def test_who_left_in_time_is_not_charged_by_itself(small_world: World) -> None:
    form = verified(small_world, claimed_in_2026(small_world))
    departs(small_world, summer(20))
    small_world.clock.at = summer(6, 18, 8)
    assert secure.charge_in_time(small_world.ports) == 0
    assert settled(small_world, form).form.status is Status.RELEASED


@pytest.mark.rule("charge_in_time")
@pytest.mark.rule("outcome_policy_not_met")
def test_what_customs_refused_is_taken_back_in_time(small_world: World) -> None:
    form = refused_at_customs(small_world, claimed_in_2026(small_world))
    small_world.clock.at = summer(6, 18, 8)
    assert secure.charge_in_time(small_world.ports) == 1
    assert status(small_world, form) is Status.FORFEITED


def test_a_hold_that_outlives_the_last_charge_is_left_to_a_person(small_world: World) -> None:
    form = claimed(small_world)
    small_world.clock.at = the_hold(small_world, form).expires_at - timedelta(hours=1)
    assert secure.charge_in_time(small_world.ports) == 0
    assert status(small_world, form) is Status.ADVANCED


def test_a_charge_in_time_that_is_refused_is_a_persons_and_not_repeated(world: World) -> None:
    form = claimed_in_2026(world, make.CHARGE_DECLINED)
    world.clock.at = summer(6, 18, 8)
    assert secure.charge_in_time(world.ports) == 1
    assert status(world, form) is Status.UNCOLLECTED
    assert open_kinds(world) == ["charge_refused"]
    assert secure.charge_in_time(world.ports) == 0


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST])
def test_a_charge_in_time_without_an_answer_is_finished_once(world: World, fault: Fault) -> None:
    form = claimed_in_2026(world)
    world.clock.at = summer(6, 18, 8)
    world.network.faults.append(fault)
    assert secure.charge_in_time(world.ports) == 1
    assert secure.charge_in_time(world.ports) == 0
    world.clock.at += LEASE * 2
    assert later.finish_open_operations(world.ports) == 1
    assert status(world, form) is Status.CAPTURED
    assert world.book.book_totals()["captures_fen"] == make.NET_FEN


@pytest.mark.rule("hold_outlives")
def test_a_hold_that_is_still_needed_is_a_case_two_days_before_its_end(world: World) -> None:
    form = claimed(world)
    hold = the_hold(world, form)
    world.clock.at = hold.expires_at - timedelta(hours=48)
    secure.alert(world.ports)
    assert open_kinds(world) == []
    world.clock.pass_by(seconds=1)
    for _ in range(2):
        secure.alert(world.ports)
        assert open_kinds(world) == ["hold_ends_early"]
    assert settled(world, form).form.status is Status.CAPTURED
    secure.alert(world.ports)
    assert open_kinds(world) == []


@pytest.mark.rule("hold_outlives")
def test_an_advance_whose_hold_is_over_is_one_open_case(
    world: World,
) -> None:
    form = claimed(world)
    world.clock.at = the_hold(world, form).expires_at + timedelta(minutes=1)
    assert secure.alert(world.ports) == 1
    assert the_hold(world, form).state is GuaranteeState.ENDED
    assert status(world, form) is Status.ADVANCED
    assert open_kinds(world) == ["unsecured"]
    assert the_case(world, CaseKind.UNSECURED).amount_fen == make.NET_FEN
    assert secure.alert(world.ports) == 0
    assert open_kinds(world) == ["unsecured"]


def test_what_the_network_does_not_say_is_not_known(world: World) -> None:
    form = claimed(world)
    world.clock.at = the_hold(world, form).expires_at + timedelta(minutes=1)
    world.network.unplugged = True
    assert secure.alert(world.ports) == 0
    assert the_hold(world, form).state is GuaranteeState.HELD
    assert open_kinds(world) == ["hold_ends_early"]
    world.network.unplugged = False
    assert secure.alert(world.ports) == 1
    assert open_kinds(world) == ["unsecured"]


@pytest.mark.rule("hold_outlives")
def test_a_hold_that_the_bank_ended_is_noticed_within_a_day_without_being_told(
    world: World,
) -> None:
    form = claimed(world, None, make.ENDED_BY_BANK)
    poll = later.HoldsAskedDaily()
    poll(world.ports)
    world.clock.pass_by(days=2, hours=1)
    assert the_hold(world, form).state is GuaranteeState.HELD
    poll(world.ports)
    assert the_hold(world, form).state is GuaranteeState.ENDED
    assert open_kinds(world) == ["unsecured"]


def test_the_daily_round_asks_about_every_hold_page_by_page(small_world: World) -> None:
    world = small_world
    forms = [
        claimed(world, issued(world, make.draft(f"2542200000000000010{n}"), f"key-{n}"))
        for n in range(3)
    ]
    after = None
    seen = []
    while True:
        page = world.ports.storage.read(
            lambda tx, after=after: tx.holds_ending(world.clock.at + DAYS_30 * 2, 2, after)  # type: ignore[misc]
        )
        if not page:
            break
        seen += [one.form_id for one in page]
        after = page[-1]
    assert sorted(seen) == sorted(form.form_id for form in forms)


def test_a_hold_that_ends_while_the_money_is_on_its_way_leaves_an_open_case(
    world: World,
) -> None:
    form = agreed(world)
    entry = card(world, form)
    world.network.faults.extend([Fault.NONE, Fault.LOST])
    claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    assert status(world, form) is Status.ADVANCING
    world.book.end_hold_early(the_hold(world, form).reference)
    secure.poll_holds(world.ports, None)
    world.clock.at += LEASE * 2
    later.finish_open_operations(world.ports)
    assert status(world, form) is Status.ADVANCED
    assert open_kinds(world) == ["unsecured"]


def test_a_hold_that_ends_before_a_payout_is_refused_leaves_room_for_another_card(
    world: World,
) -> None:
    form = agreed(world)
    entry = card(world, form, make.PAYOUT_REFUSED)
    world.network.faults.extend([Fault.NONE, Fault.LOST])
    claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    world.book.end_hold_early(the_hold(world, form).reference)
    secure.poll_holds(world.ports, None)
    world.clock.at += LEASE * 2
    later.finish_open_operations(world.ports)
    assert status(world, form) is Status.AGREED
    assert claimed(world, form).status is Status.ADVANCED


def pending(world: World, form: Form, fault: Fault = Fault.LOST) -> Form:
    """A form whose hold was asked and not answered."""
    entry = card(world, form)
    world.network.faults.append(fault)
    return claim.claim_advance(world.ports, PHONE, form.form_id, entry)


def test_nothing_is_pending_for_a_quarter_of_an_hour_without_a_case(world: World) -> None:
    form = pending(world, agreed(world))
    world.network.unplugged = True
    began = world.clock.at
    for minute in range(20):
        world.clock.at = began + timedelta(minutes=minute)
        later.finish_open_operations(world.ports)
        secure.watch_pending(world.ports)
        late = world.clock.at - began >= timedelta(minutes=14)
        assert open_kinds(world) == ["pending_too_long"] * late, minute
    case = the_case(world, CaseKind.PENDING_TOO_LONG)
    assert (case.subject, case.found_at) == (f"{form.form_id}-hold-1", began)
    world.network.unplugged = False
    world.clock.pass_by(hours=1)
    later.finish_open_operations(world.ports)
    assert (open_kinds(world), still_pending(world, form)) == ([], [])
    assert not the_case(world, CaseKind.PENDING_TOO_LONG).is_open


def test_a_payout_that_the_bank_works_on_is_a_case_after_a_quarter_of_an_hour(
    small_world: World,
) -> None:
    world = small_world
    form = claimed(world, None, make.PENDING_THEN_PAID)
    assert form.status is Status.ADVANCING
    world.clock.pass_by(minutes=9)
    assert secure.watch_pending(world.ports) == 0
    world.clock.pass_by(minutes=2)
    later.finish_open_operations(world.ports)
    assert status(world, form) is Status.ADVANCED
    assert open_kinds(world) == []


def test_the_operator_sees_what_ends_what_is_unsecured_and_what_waits(small_world: World) -> None:
    world = small_world
    first = claimed(world)
    seen = secure.watched(world.ports)
    assert (seen.ending, seen.unsecured, seen.pending, seen.line.is_up) == ((), (), (), True)
    world.clock.at = the_hold(world, first).expires_at - timedelta(hours=1)
    second = agreed(world, issued_later(world))
    pending(world, second)
    world.clock.pass_by(minutes=20)
    secure.watch_pending(world.ports)
    seen = secure.watched(world.ports)
    assert [form.form_id for form, _ in seen.ending] == [first.form_id]
    assert [case.form_id for case in seen.pending] == [second.form_id]
    world.clock.pass_by(hours=1)
    secure.alert(world.ports)
    seen = secure.watched(world.ports)
    assert (seen.ending, seen.unsecured_fen) == ((), make.NET_FEN)


def issued_later(world: World) -> Form:
    """Another form, of a later day."""
    return issued_today(world, "25422000000000000077", "key-later")
