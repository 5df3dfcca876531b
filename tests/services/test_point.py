"""The refund point: several stores' forms, one agreement, one hold, one advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from refund.core.agreement import Details
from refund.core.errors import Refused
from refund.core.form import Form, Method, Status
from refund.core.operation import CardEntry
from refund.services import claim, later, point, reconcile, verify
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.steps import (
    PHONE,
    RETURN_URL,
    card,
    claimed,
    departs,
    issued,
    on,
    proposal,
    settled,
    status,
    unlocked,
)
from tests.world import World

DETAILS = Details("", None, "WUH", Method.CARD)


def two_forms(world: World) -> list[Form]:
    """A form of each store for the same traveller."""
    other = replace(make.draft(), invoices=(make.invoice(number="22222222"),))
    return [issued(world), issued(world, other, clerk=world.other_clerk)]


def opened(world: World, forms: Sequence[Form]) -> str:
    """A claim of these forms."""
    ids = [form.form_id for form in forms]
    return point.open_claim(world.ports, world.operator, ids).joint_id


def signed(world: World, forms: Sequence[Form], details: Details = DETAILS) -> str:
    """A claim whose traveller has signed."""
    joint_id = opened(world, forms)
    point.sign(world.ports, world.operator, joint_id, details, make.signature(), "en")
    return joint_id


def give_card(world: World, joint_id: str, number: str = make.VISA) -> CardEntry:
    """The card that was given on the network's page."""
    url = point.open_card_page(world.ports, joint_id, RETURN_URL, "en")
    session_id = url.rpartition("/")[2]
    world.network.give_card(session_id, number, "13800000021")
    return point.card_given(world.ports, joint_id, session_id)


def together(world: World, forms: Sequence[Form], number: str = make.VISA) -> str:
    """A claim for which a card was given; with a good one, the money is there."""
    joint_id = signed(world, forms)
    entry = give_card(world, joint_id, number)
    point.claim_together(world.ports, world.operator, joint_id, entry)
    return joint_id


@pytest.mark.rule("joint_agreement")
@pytest.mark.rule("joint_hold")
@pytest.mark.rule("joint_advance")
def test_forms_of_several_stores_share_one_agreement_one_hold_and_one_advance(
    world: World,
) -> None:
    forms = two_forms(world)
    total_fen = sum(form.amounts.net_fen for form in forms)
    joint_id = together(world, forms)
    assert [status(world, form) for form in forms] == [Status.ADVANCED, Status.ADVANCED]
    assert world.booked("hold") == ["held"]
    assert world.booked("advance") == ["paid"]
    assert world.paid_fen() == total_fen
    seen = point.view(world.ports, world.operator, joint_id)
    assert seen.net_fen == total_fen
    for form in forms:
        kept = world.ports.storage.read(lambda tx, f=form: tx.advance_of(f.form_id))  # type: ignore[misc]
        assert kept.amount_fen == form.amounts.net_fen
        assert world.ports.storage.read(
            lambda tx, f=form: tx.agreement_of(f.form_id)  # type: ignore[misc]
        )


@pytest.mark.rule("joint_forms_apart")
def test_each_form_stands_alone_afterwards(world: World) -> None:
    kept, broken = two_forms(world)
    together(world, [kept, broken])
    world.clock.at = on(10)
    verify.verify_form(world.ports, world.officer, kept.form_id)
    departs(world, on(10, 14))
    assert settled(world, kept).form.status is Status.RELEASED
    world.clock.at = on(28)
    assert status(world, broken) is Status.ADVANCED
    assert settled(world, broken).form.status is Status.CAPTURED
    totals = world.book.book_totals()
    assert totals["captures_fen"] == broken.amounts.net_fen
    assert totals["held_open_fen"] == 0


@pytest.mark.rule("joint_hold")
def test_a_declined_card_leaves_all_forms_to_another_card(world: World) -> None:
    forms = two_forms(world)
    joint_id = together(world, forms, make.DECLINED)
    assert {status(world, form) for form in forms} == {Status.AGREED}
    entry = give_card(world, joint_id)
    point.claim_together(world.ports, world.operator, joint_id, entry)
    assert {status(world, form) for form in forms} == {Status.ADVANCED}


def test_an_advance_that_is_refused_can_be_asked_for_again(world: World) -> None:
    forms = two_forms(world)
    joint_id = together(world, forms, make.PAYOUT_REFUSED)
    assert {status(world, form) for form in forms} == {Status.HELD}
    point.advance_again(world.ports, world.operator, joint_id)
    assert world.booked("advance") == ["refused", "refused"]
    assert world.paid_fen() == 0


@pytest.mark.rule("joint_forms_apart")
def test_abandoned_holds_are_given_up_form_by_form(world: World) -> None:
    forms = two_forms(world)
    together(world, forms, make.PAYOUT_REFUSED)
    world.clock.pass_by(minutes=31)
    assert later.withdraw_abandoned_holds(world.ports) == 2
    assert {status(world, form) for form in forms} == {Status.ORDINARY}
    assert world.book.book_totals()["held_open_fen"] == 0


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSENT])
def test_an_answer_that_was_lost_is_found_for_all_forms(world: World, fault: Fault) -> None:
    forms = two_forms(world)
    world.network.faults.append(fault)
    together(world, forms)
    assert {status(world, form) for form in forms} == {Status.HOLDING}
    world.clock.pass_by(minutes=1)
    later.finish_open_operations(world.ports)
    world.clock.pass_by(minutes=1)
    later.finish_open_operations(world.ports)
    assert {status(world, form) for form in forms} == {Status.ADVANCED}
    assert world.booked("hold") == ["held"]
    assert world.paid_fen() == sum(form.amounts.net_fen for form in forms)


@pytest.mark.rule("joint_advance")
def test_a_claim_that_is_repeated_pays_once(world: World) -> None:
    forms = two_forms(world)
    joint_id = signed(world, forms)
    entry = give_card(world, joint_id)
    for _ in range(3):
        point.claim_together(world.ports, world.operator, joint_id, entry)
    assert world.booked("advance") == ["paid"]


def test_a_form_that_went_on_by_itself_stops_the_claim(world: World) -> None:
    alone, other = two_forms(world)
    joint_id = signed(world, [alone, other])
    unlocked(world, alone)
    claim.claim_advance(world.ports, PHONE, alone.form_id, card(world, alone))
    with pytest.raises(Refused, match="joint_changed"):
        point.open_card_page(world.ports, joint_id, RETURN_URL, "en")
    assert point.view(world.ports, world.operator, joint_id).has_moved
    assert together(world, [other]) != joint_id
    assert status(world, other) is Status.ADVANCED


def test_forms_of_two_travellers_are_never_put_together(world: World) -> None:
    one = issued(world)
    stranger = replace(
        make.draft(),
        traveller=make.traveller("H87654321"),
        invoices=(make.invoice(number="33333333"),),
    )
    with pytest.raises(Refused, match="other_traveller"):
        opened(world, [one, issued(world, stranger, "key-2")])


def test_a_paid_form_is_not_claimed_a_second_time(world: World) -> None:
    paid = claimed(world)
    with pytest.raises(Refused, match="already_claimed"):
        opened(world, [paid])
    found = point.find(world.ports, world.operator, make.traveller().document)
    assert [c.refusal and c.refusal.code for c in found.candidates] == ["already_claimed"]


def test_nothing_chosen_is_said(small_world: World) -> None:
    with pytest.raises(Refused, match="no_forms_chosen"):
        opened(small_world, [])
    with pytest.raises(Refused, match="form_unknown"):
        point.find(small_world.ports, small_world.operator, make.traveller().document)


def test_the_exit_asks_for_the_hold_that_the_network_knows(world: World) -> None:
    forms = two_forms(world)
    together(world, forms)
    for form in forms:
        assert not proposal(world, form).is_break
    assert reconcile.desk(world.ports).network_heard
