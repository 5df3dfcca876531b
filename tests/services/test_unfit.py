"""Cards whose hold cannot secure the advance: given up at once, and another card can be given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.core.operation import GuaranteeState, Kind
from refund.sandbox.faults import Fault as Switched
from refund.services import claim, later, point
from refund.services.intent import LEASE
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.hold_steps import asked, claimed_in_2026, issued_today, summer
from tests.services.steps import PHONE, agreed, card, claimed, status
from tests.services.test_point import give_card, together
from tests.world import World


def forms_of_2026(world: World) -> list[Form]:
    """A form of each of two stores, of the eighth of July 2026."""
    world.clock.at = summer(8)
    return [issued_today(world, f"2642200000000000000{n}", f"key-{n}") for n in (1, 2)]


def view(world: World, form: Form) -> claim.ClaimView:
    """What the phone sees."""
    return claim.view(world.ports, PHONE, form.form_id)


@pytest.mark.rule("hold_cover")
@pytest.mark.rule("hold_before_advance")
def test_a_hold_that_ends_too_soon_is_given_up_before_anything_is_paid(world: World) -> None:
    form = claimed_in_2026(world, make.DISCOVER)
    assert form.status is Status.AGREED
    assert view(world, form).why_no_hold == "hold_too_short"
    assert (world.booked("hold"), world.booked("release")) == (["held"], ["released"])
    assert world.paid_fen() == 0
    assert world.book.book_totals()["held_open_fen"] == 0
    assert claimed(world, form).status is Status.ADVANCED
    assert view(world, form).why_no_hold == ""


@pytest.mark.rule("ordinary_without_card")
def test_after_a_hold_that_ends_too_soon_the_ordinary_refund_can_be_chosen(
    small_world: World,
) -> None:
    form = claimed_in_2026(small_world, make.DISCOVER)
    after = claim.choose_ordinary(small_world.ports, PHONE, form.form_id)
    assert after.status is Status.ORDINARY


@pytest.mark.rule("hold_cover")
@pytest.mark.parametrize("number", [make.VISA, make.MASTERCARD, make.JCB])
def test_a_hold_that_can_be_charged_in_time_or_extended_is_taken(
    small_world: World, number: str
) -> None:
    assert claimed_in_2026(small_world, number).status is Status.ADVANCED


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST])
def test_a_hold_whose_giving_up_is_not_answered_is_given_up_once(
    world: World, fault: Fault
) -> None:
    world.clock.at = summer(8)
    form = agreed(world, issued_today(world))
    entry = card(world, form, make.DISCOVER)
    world.network.faults.extend([Fault.NONE, fault])
    waiting = claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    assert waiting.status is Status.WITHDRAWING
    world.clock.at += LEASE * 2
    later.finish_open_operations(world.ports)
    assert status(world, form) is Status.AGREED
    assert world.booked("release") == ["released"]


def test_a_hold_for_half_is_made_whole_before_the_money_is_paid(world: World) -> None:
    form = claimed(world, None, make.HALF)
    assert form.status is Status.ADVANCED
    kinds = [one.kind for one in asked(world, form)]
    assert kinds == [Kind.HOLD, Kind.INCREASE, Kind.ADVANCE]
    (hold,) = world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))
    assert (hold.amount_fen, hold.state) == (make.NET_FEN, GuaranteeState.HELD)
    assert world.book.book_totals()["held_open_fen"] == make.NET_FEN


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST])
def test_while_a_hold_is_made_whole_nothing_else_is_asked(world: World, fault: Fault) -> None:
    form = agreed(world)
    entry = card(world, form, make.HALF)
    world.network.faults.extend([Fault.NONE, fault])
    waiting = claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    assert waiting.status is Status.HELD
    assert view(world, form).is_asked
    assert claim.choose_ordinary(world.ports, PHONE, form.form_id) == waiting
    with pytest.raises(Refused, match="not_in_this_state"):
        claim.advance_again(world.ports, PHONE, form.form_id)
    world.clock.pass_by(minutes=31)
    assert later.withdraw_abandoned_holds(world.ports) == 0
    later.finish_open_operations(world.ports)
    assert status(world, form) is Status.ADVANCED
    assert world.booked("increase") == ["increased"]


@pytest.mark.rule("hold_before_advance")
def test_a_card_approved_for_less_that_cannot_be_made_whole_is_given_back(world: World) -> None:
    world.book.faults.switch_on(Switched("approved_for_less", last4="0005"))
    form = claimed(world, None, "6200000000000005")
    assert form.status is Status.AGREED
    assert view(world, form).why_no_hold == "approved_for_less"
    assert world.booked("increase") == []
    assert world.book.book_totals()["held_open_fen"] == 0
    assert claimed(world, form).status is Status.ADVANCED


@pytest.mark.rule("joint_hold")
@pytest.mark.rule("hold_cover")
def test_a_joint_hold_that_ends_too_soon_is_given_up_for_every_form_at_once(
    world: World,
) -> None:
    forms = forms_of_2026(world)
    joint_id = together(world, forms, make.DISCOVER)
    assert {status(world, form) for form in forms} == {Status.AGREED}
    assert point.view(world.ports, world.operator, joint_id).why_no_hold == "hold_too_short"
    assert world.book.book_totals()["held_open_fen"] == 0
    entry = give_card(world, joint_id)
    point.claim_together(world.ports, world.operator, joint_id, entry)
    assert {status(world, form) for form in forms} == {Status.ADVANCED}


def test_a_joint_hold_that_is_being_given_up_has_not_moved_on(world: World) -> None:
    forms = forms_of_2026(world)
    joint_id = together(world, forms, make.DECLINED)
    entry = give_card(world, joint_id, make.DISCOVER)
    world.network.faults.extend([Fault.NONE, Fault.NONE, Fault.LOST])
    point.claim_together(world.ports, world.operator, joint_id, entry)
    seen = point.view(world.ports, world.operator, joint_id)
    assert seen.statuses == {Status.AGREED, Status.WITHDRAWING}
    assert not seen.has_moved
    world.clock.at += timedelta(minutes=1)
    later.finish_open_operations(world.ports)
    assert {status(world, form) for form in forms} == {Status.AGREED}
    assert world.book.book_totals()["held_open_fen"] == 0


def test_a_joint_hold_approved_for_less_is_given_up(world: World) -> None:
    forms = forms_of_2026(world)
    joint_id = together(world, forms, make.HALF)
    assert {status(world, form) for form in forms} == {Status.AGREED}
    assert point.view(world.ports, world.operator, joint_id).why_no_hold == "approved_for_less"
    assert world.book.book_totals()["held_open_fen"] == 0


def test_a_hold_that_the_bank_ended_before_the_money_leaves_room_for_another_card(
    world: World,
) -> None:
    form = claimed(world, None, make.PAYOUT_REFUSED)
    hold = asked(world, form)[0].sent_reference
    world.book.end_hold_early(hold)
    later.work_through(world.ports)
    assert status(world, form) is Status.AGREED
    assert view(world, form).why_no_hold == "hold_lapsed"
    assert claimed(world, form).status is Status.ADVANCED
