"""Many at once where money comes back or goes out a second way: each end once, one of two ways."""

from __future__ import annotations

import pytest

from refund.core.entitlement import Recovery
from refund.core.form import Channel, Event, Status
from refund.services import counter_pay, later
from refund.services.pay import carry_out
from refund.simulation.engine.network import Fault
from tests.services import till_steps
from tests.services.engine_steps import (
    ADVANCE_FEN,
    bags,
    begun,
    brought_back,
    confirmed,
    hold_at_network,
    own_accounts,
    together,
)
from tests.services.steps import claimed, status
from tests.services.test_races import at_once
from tests.world import World


@pytest.mark.rule("joint_advance")
@pytest.mark.parametrize("before", [0, 1], ids=["hold", "advance"])
def test_four_workers_finish_a_joint_claim_once(world: World, before: int) -> None:
    forms = [bags(world, key) for key in ("a", "b", "c")]
    world.network.faults.extend([Fault.NONE] * before + [Fault.LOST])
    together(world, forms)
    for _ in range(2):
        world.clock.pass_by(seconds=16)
        at_once(4, lambda _: later.finish_open_operations(world.ports))
    assert {status(world, form) for form in forms} == {Status.ADVANCED}
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])
    assert world.paid_fen() == 3 * ADVANCE_FEN


@pytest.mark.rule("joint_forms_apart")
def test_the_parts_of_a_joint_hold_end_at_once_and_add_up(world: World) -> None:
    forms = [bags(world, key) for key in ("a", "b", "c")]
    hold = f"{together(world, forms)}-hold-1"
    events = (Event.REQUEST_RELEASE, Event.REQUEST_ADJUST, Event.REQUEST_CAPTURE)
    confirmed(world, forms[0], 3)
    confirmed(world, forms[1], 1)

    def end(number: int) -> Status:
        asked = begun(world, forms[number % 3], events[number % 3])
        return carry_out(world.ports, asked).status

    outcomes = at_once(9, end)
    assert outcomes.count("not_in_this_state") == 6
    assert [status(world, form) for form in forms] == [
        *(Status.RELEASED, Status.ADJUSTED, Status.CAPTURED),
    ]
    charged_fen = ADVANCE_FEN * 2 // 3 + ADVANCE_FEN
    assert hold_at_network(world, hold) == ("captured", charged_fen, 3 * ADVANCE_FEN - charged_fen)


@pytest.mark.rule("nothing_after_verification")
@pytest.mark.rule("return_after_advance")
def test_goods_shown_to_customs_and_brought_back_at_once_are_one_or_the_other(
    world: World,
) -> None:
    form = claimed(world, bags(world))

    def act(number: int) -> Status:
        if number % 2:
            return confirmed(world, form, 3).status
        return brought_back(world, form, 3, Recovery.CAPTURE, f"return-{number}").status

    at_once(6, act)
    now = status(world, form)
    assert now in (Status.VERIFIED, Status.RETURNED)
    verified = world.ports.storage.read(lambda tx: tx.verifications_of(form.form_id))
    returned = world.ports.storage.read(lambda tx: tx.returns_of(form.form_id))
    assert (len(verified), len(returned)) == ((1, 0) if now is Status.VERIFIED else (0, 1))
    assert world.booked("capture") == ([] if now is Status.VERIFIED else ["captured"])


@pytest.mark.rule("ordinary_receipt")
@pytest.mark.rule("ordinary_till")
def test_cash_and_card_at_once_pay_a_refund_once(world: World) -> None:
    form = confirmed(world, bags(world, channel=Channel.ORDINARY), 3)
    till_steps.shown(world, form)
    till_steps.till(world, 5_000_00)
    counter, form_id = till_steps.counter(world), form.form_id
    session_id = till_steps.account(world, form)
    entry = counter_pay.payout_given(world.ports, counter, form_id, session_id)

    def pay(number: int) -> object:
        page = till_steps.signed(f"page-{number}")
        if number % 2:
            return counter_pay.pay_cash(world.ports, counter, form_id, page)
        return counter_pay.pay_through_network(world.ports, counter, form_id, entry, page)

    outcomes = at_once(6, pay)
    assert sum(not isinstance(outcome, str) for outcome in outcomes) == 1
    assert status(world, form) is Status.REFUNDED
    sums = own_accounts(world, form)
    assert sums.get("till", 0) + sums.get("network", 0) == -ADVANCE_FEN
    assert world.paid_fen() == -sums.get("network", 0)
