"""One hold and one advance for three forms: each part of them to the fen, whatever is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.form import Event, Form, Status
from refund.core.operation import GuaranteeState, OperationState
from refund.services import later
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.engine_steps import (
    ADVANCE_FEN,
    bags,
    balances,
    confirmed,
    ended,
    finish,
    guarantees,
    hold_at_network,
    operations,
    own_accounts,
    together,
)
from tests.services.steps import status
from tests.world import World, assert_audit_holds

THIRD_FEN = ADVANCE_FEN // 3
GROSS_FEN, FEE_FEN = 1650_00, 300_00
HOLD_ENDS = timedelta(days=30)
FAULTS = [Fault.UNSENT, Fault.LOST]


def three_forms(world: World) -> list[Form]:
    return [bags(world, key) for key in ("a", "b", "c")]


@pytest.mark.rule("joint_hold")
@pytest.mark.rule("joint_advance")
def test_three_forms_are_held_and_advanced_by_one_request_each(world: World) -> None:
    forms = three_forms(world)
    joint_id = together(world, forms)
    assert world.network.sent == [f"{joint_id}-hold-1", f"{joint_id}-advance-1"]
    assert world.paid_fen() == 3 * ADVANCE_FEN
    assert hold_at_network(world, f"{joint_id}-hold-1") == ("held", 0, 0)
    for form in forms:
        assert status(world, form) is Status.ADVANCED
        advance = world.ports.storage.read(lambda tx, f=form: tx.advance_of(f.form_id))  # type: ignore[misc]
        assert advance.amount_fen == ADVANCE_FEN
        assert [o.sent_fen for o in operations(world, form)] == [3 * ADVANCE_FEN] * 2
        assert own_accounts(world, form)["advance"] == ADVANCE_FEN


@pytest.mark.rule("joint_hold")
@pytest.mark.parametrize(
    ("number", "after"), [(make.DECLINED, Status.AGREED), (make.PAYOUT_REFUSED, Status.HELD)]
)
def test_what_is_refused_for_three_forms_is_refused_for_each(
    world: World, number: str, after: Status
) -> None:
    forms = three_forms(world)
    together(world, forms, number)
    assert {status(world, form) for form in forms} == {after}
    assert world.paid_fen() == 0
    for form in forms:
        assert operations(world, form)[-1].state is OperationState.REFUSED
        assert bool(guarantees(world, form)) == (after is Status.HELD)


@pytest.mark.rule("joint_advance")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("before", [0, 1], ids=["hold", "advance"])
def test_a_lost_answer_for_three_forms_is_found_for_all_of_them(
    world: World, before: int, fault: Fault
) -> None:
    forms = three_forms(world)
    world.network.faults.extend([Fault.NONE] * before + [fault])
    together(world, forms)
    waiting = Status.ADVANCING if before else Status.HOLDING
    assert {status(world, form) for form in forms} == {waiting}
    assert_audit_holds(world.ports)
    finish(world)
    assert {status(world, form) for form in forms} == {Status.ADVANCED}
    assert len(world.network.sent) == 2, "what arrived is looked up, not sent again"
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])
    assert world.paid_fen() == 3 * ADVANCE_FEN


@pytest.mark.rule("joint_forms_apart")
@pytest.mark.rule("never_captured_above_hold")
@pytest.mark.parametrize("fault", [Fault.NONE, *FAULTS])
def test_the_parts_of_a_joint_hold_end_each_on_its_own_and_add_up(
    world: World, fault: Fault
) -> None:
    kept_whole, broken, fewer = forms = three_forms(world)
    hold = f"{together(world, forms)}-hold-1"
    confirmed(world, kept_whole, 3)
    confirmed(world, fewer, 2)
    ends = {
        kept_whole.form_id: (Event.REQUEST_RELEASE, Status.RELEASED, 0),
        broken.form_id: (Event.REQUEST_CAPTURE, Status.CAPTURED, ADVANCE_FEN),
        fewer.form_id: (Event.REQUEST_ADJUST, Status.ADJUSTED, THIRD_FEN),
    }
    charged_fen = freed_fen = 0
    for count, form in enumerate(forms, start=1):
        event, after, mine_fen = ends[form.form_id]
        world.network.faults.append(fault)
        ended(world, form, event)
        if fault is not Fault.NONE:
            finish(world)
        assert status(world, form) is after
        charged_fen, freed_fen = charged_fen + mine_fen, freed_fen + ADVANCE_FEN - mine_fen
        state = "captured" if count == 3 else "held"
        assert hold_at_network(world, hold) == (state, charged_fen, freed_fen)
        assert world.book.book_totals()["held_open_fen"] == (3 - count) * ADVANCE_FEN
        (guarantee,) = guarantees(world, form)
        assert (guarantee.captured_fen, guarantee.released_fen) == (
            mine_fen,
            ADVANCE_FEN - mine_fen,
        )
        assert_audit_holds(world.ports)
    assert balances(world) == {
        "network": charged_fen - 3 * ADVANCE_FEN,
        "treasury": GROSS_FEN * 5 // 3,
        "fee": -FEE_FEN * 5 // 3,
    }


@pytest.mark.rule("joint_forms_apart")
def test_the_parts_of_a_joint_hold_are_given_up_each_on_its_own(world: World) -> None:
    forms = three_forms(world)
    hold = f"{together(world, forms, make.PAYOUT_REFUSED)}-hold-1"
    first, second, third = forms
    assert ended(world, first, Event.WITHDRAW).status is Status.ORDINARY
    assert hold_at_network(world, hold) == ("held", 0, ADVANCE_FEN)
    world.clock.pass_by(minutes=31)
    assert later.withdraw_abandoned_holds(world.ports) == 2
    assert hold_at_network(world, hold) == ("released", 0, 3 * ADVANCE_FEN)
    for form in (first, second, third):
        assert status(world, form) is Status.ORDINARY
        assert own_accounts(world, form) == {}


@pytest.mark.rule("joint_forms_apart")
def test_a_joint_hold_that_lapsed_lapses_for_each_form(world: World) -> None:
    forms = three_forms(world)
    together(world, forms)
    confirmed(world, forms[0], 3)
    world.clock.at += HOLD_ENDS
    assert ended(world, forms[0], Event.REQUEST_RELEASE).status is Status.RELEASED
    assert ended(world, forms[1], Event.REQUEST_CAPTURE).status is Status.UNCOLLECTED
    assert [guarantees(world, form)[0].state for form in forms] == [
        *(GuaranteeState.ENDED, GuaranteeState.ENDED, GuaranteeState.HELD),
    ]
