"""Goods brought back: what is due, what comes back, and what becomes of the form."""

from __future__ import annotations

import pytest

from refund.core.entitlement import Recovery
from refund.core.errors import Refused
from refund.core.form import Channel, Status
from refund.core.matching import Action, Why
from refund.core.returning import End
from refund.services import claim, issue, later, reconcile, returns, verify
from refund.services.returns import BroughtBack
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.engine_steps import payout_came_back
from tests.services.goods_back import (
    ONE,
    advance_left_fen,
    back,
    is_free,
    refused,
    store_fen,
    three,
)
from tests.services.steps import (
    PHONE,
    agreed,
    claimed,
    codes,
    departs,
    issued,
    on,
    proposal,
    settled,
    status,
    unlocked,
    verified,
)
from tests.services.test_races import at_once
from tests.world import World


@pytest.mark.rule("return_before_advance")
@pytest.mark.parametrize("state", [Status.ISSUED, Status.AGREED, Status.ORDINARY])
def test_all_goods_brought_back_before_any_money_make_the_form_void(
    world: World, state: Status
) -> None:
    form = issued(world)
    if state is Status.AGREED:
        form = agreed(world, form)
    elif state is Status.ORDINARY:
        unlocked(world, form)
        form = claim.choose_ordinary(world.ports, PHONE, form.form_id)
    assert back(world, form, {ONE: 1}, Recovery.NONE).status is Status.VOID
    assert is_free(world)
    assert world.booked("hold") == []


@pytest.mark.rule("return_before_advance")
@pytest.mark.rule("replaced_form_is_named")
def test_some_goods_brought_back_before_any_money_give_a_new_form_with_the_rest(
    world: World,
) -> None:
    form = agreed(world, issued(world, three()))
    brought = BroughtBack({ONE: 1}, Recovery.NONE, "did not fit", "return-1")
    found = returns.return_goods(world.ports, world.clerk, form.form_id, brought)
    assert found.form.status is Status.SUPERSEDED
    assert found.replaced_by is not None
    assert found.replaced_by.replaces == form.form_id
    assert found.replaced_by.amounts.net_fen == 900_00
    again = returns.return_goods(world.ports, world.clerk, form.form_id, brought)
    assert again == found
    assert claimed(world, found.replaced_by).status is Status.ADVANCED


@pytest.mark.rule("return_after_advance")
@pytest.mark.rule("return_by_store_or_card")
@pytest.mark.rule("outcome_goods_brought_back")
def test_all_goods_brought_back_and_the_money_in_cash_release_the_hold(world: World) -> None:
    form = claimed(world)
    ended = back(world, form, {ONE: 1})
    assert ended.status is Status.RETURNED
    assert (world.booked("release"), world.booked("capture")) == (["released"], [])
    assert (advance_left_fen(world), store_fen(world)) == (0, make.NET_FEN)
    assert is_free(world)


@pytest.mark.rule("return_after_advance")
@pytest.mark.rule("return_by_store_or_card")
@pytest.mark.rule("outcome_goods_brought_back")
def test_all_goods_brought_back_and_the_money_by_card_capture_the_hold(world: World) -> None:
    form = claimed(world)
    ended = back(world, form, {ONE: 1}, Recovery.CAPTURE)
    assert ended.status is Status.RETURNED
    assert (world.booked("release"), world.booked("capture")) == ([], ["captured"])
    assert (advance_left_fen(world), store_fen(world)) == (0, 0)
    assert is_free(world)


@pytest.mark.rule("return_after_advance")
def test_the_invoice_stays_bound_until_the_money_is_back(world: World) -> None:
    form = claimed(world)
    world.network.faults.append(Fault.LOST)
    assert back(world, form, {ONE: 1}, Recovery.CAPTURE).status is Status.RETURNING
    assert not is_free(world)
    assert codes(issue.dry_run(world.ports, world.clerk, make.draft()).refusals) >= {
        "invoice_already_used"
    }
    world.clock.pass_by(seconds=16)
    later.finish_open_operations(world.ports)
    assert status(world, form) is Status.RETURNED
    assert is_free(world)


@pytest.mark.rule("return_in_part")
@pytest.mark.rule("return_by_store_or_card")
def test_of_three_pieces_one_brought_back_returns_a_third_in_cash_and_the_rest_is_released(
    world: World,
) -> None:
    form = claimed(world, issued(world, three()))
    assert back(world, form, {ONE: 1}).status is Status.ADVANCED
    assert store_fen(world) == 450_00
    verified(world, form)
    departs(world, on(20))
    seen = proposal(world, form)
    assert (seen.action, seen.why, seen.amount_fen) == (Action.ADJUST, Why.PART_RETURNED, 0)
    done = settled(world, form)
    assert done.form.status is Status.ADJUSTED
    assert (world.booked("release"), world.booked("capture")) == (["released"], [])
    assert advance_left_fen(world) == 0


@pytest.mark.rule("return_in_part")
@pytest.mark.rule("return_by_store_or_card")
def test_of_three_pieces_one_brought_back_is_charged_at_the_exit_and_the_rest_released(
    world: World,
) -> None:
    form = claimed(world, issued(world, three()))
    assert back(world, form, {ONE: 1}, Recovery.CAPTURE).status is Status.ADVANCED
    assert store_fen(world) == 0
    verified(world, form)
    departs(world, on(20))
    assert proposal(world, form).amount_fen == 450_00
    assert settled(world, form).form.status is Status.ADJUSTED
    assert world.booked("capture") == ["captured"]
    assert advance_left_fen(world) == 0
    kept = world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))[-1]
    assert (kept.captured_fen, kept.released_fen) == (450_00, 900_00)


@pytest.mark.rule("return_in_part")
def test_returns_after_each_other_take_back_the_difference_each_and_the_last_the_rest(
    world: World,
) -> None:
    form = claimed(world, issued(world, three(price_fen=333_33)))
    back(world, form, {ONE: 1}, key="return-1")
    first_fen = store_fen(world)
    back(world, form, {ONE: 1}, Recovery.CAPTURE, key="return-2")
    assert store_fen(world) == first_fen
    assert back(world, form, {ONE: 1}, key="return-3").status is Status.RETURNED
    assert store_fen(world) == form.amounts.net_fen
    assert advance_left_fen(world) == 0


@pytest.mark.rule("return_in_part")
@pytest.mark.rule("min_purchase_fen")
def test_a_part_that_leaves_less_than_the_least_sum_is_a_whole_return(world: World) -> None:
    form = claimed(world, issued(world, three(price_fen=100_00)))
    offer = returns.offer_return(world.ports, world.clerk, form.form_id, {ONE: 1}, asked=False)
    assert offer.plan.end is End.NONE
    assert offer.plan.left_fen == 200_00
    offer = returns.offer_return(world.ports, world.clerk, form.form_id, {ONE: 2}, asked=False)
    assert (offer.plan.end, offer.plan.left_fen) == (End.BELOW_THRESHOLD, 100_00)
    assert offer.back_fen == form.amounts.net_fen
    assert back(world, form, {ONE: 2}).status is Status.RETURNED
    assert store_fen(world) == form.amounts.net_fen


@pytest.mark.rule("return_by_store_or_card")
def test_a_charge_that_is_refused_is_taken_in_cash_instead(world: World) -> None:
    form = claimed(world)
    world.network.kept.release("elsewhere-release-1", f"{form.form_id}-hold-1")
    assert back(world, form, {ONE: 1}, Recovery.CAPTURE).status is Status.ADVANCED
    assert not is_free(world)
    known = returns.returnable_form(world.ports, world.clerk, form.form_id)
    assert known.is_ending
    assert known.outstanding_fen == make.NET_FEN
    found = returns.offer_return(world.ports, world.clerk, form.form_id, {}, asked=False)
    assert (found.plan.end, found.back_fen) == (End.BEGUN, make.NET_FEN)


@pytest.mark.rule("return_by_store_or_card")
@pytest.mark.rule("hold_outlives")
def test_a_hold_that_has_ended_is_not_charged_and_the_cash_ends_the_form(world: World) -> None:
    form = claimed(world)
    world.clock.pass_by(days=31)
    assert refused(world, form, {ONE: 1}, recovery=Recovery.CAPTURE).code == "hold_ended"
    assert back(world, form, {ONE: 1}).status is Status.RETURNED
    assert advance_left_fen(world) == 0
    assert is_free(world)


@pytest.mark.rule("return_after_advance")
def test_a_whole_advance_can_be_taken_back_though_no_goods_are(world: World) -> None:
    form = claimed(world)
    assert refused(world, form, {}).code == "nothing_brought_back"
    assert back(world, form, {}, asked=True).status is Status.RETURNED
    rows = world.ports.storage.read(lambda tx: tx.returns_of(form.form_id))
    assert [(row.lines, row.is_whole) for row in rows] == [((), True)]


@pytest.mark.rule("nothing_after_verification")
def test_nothing_is_brought_back_once_customs_have_verified(world: World) -> None:
    form = verified(world)
    assert refused(world, form, {ONE: 1}).code == "already_verified"
    departs(world, on(20))
    settled(world, form)
    assert refused(world, form, {ONE: 1}).code == "already_verified"


@pytest.mark.rule("nothing_after_verification")
def test_an_ordinary_form_that_was_verified_takes_no_goods_back(world: World) -> None:
    form = issued(world, make.draft(channel=Channel.ORDINARY))
    verify.verify_form(world.ports, world.officer, form.form_id)
    assert refused(world, form, {ONE: 1}).code == "already_verified"


def test_goods_of_a_charged_form_make_it_void_for_its_money_is_back(world: World) -> None:
    form = claimed(world, issued(world, three()))
    world.clock.pass_by(days=20)
    settled(world, form)
    assert status(world, form) is Status.CAPTURED
    assert refused(world, form, {ONE: 1}).code == "not_in_this_state"
    assert back(world, form, {ONE: 3}, Recovery.NONE).status is Status.VOID
    assert is_free(world)


def test_a_return_is_refused_where_no_goods_can_be_brought_back(world: World) -> None:
    form = claimed(world)
    assert refused(world, form, {ONE: 2}).code == "quantity_above_remaining"
    assert refused(world, form, {(5, 5): 1}).code == "quantity_above_remaining"
    assert refused(world, form, {ONE: 1}, recovery=Recovery.NONE).code == "choice_unknown"
    world.network.faults.append(Fault.UNSENT)
    held = back(world, form, {ONE: 1})
    assert held.status is Status.RETURNING
    assert refused(world, form, {ONE: 1}, key="other").code == "not_in_this_state"


def test_another_stores_form_and_no_form_look_alike(small_world: World) -> None:
    form = claimed(small_world)
    for form_id in (form.form_id, "ffffffffffffffff"):
        with pytest.raises(Refused, match="form_unknown") as caught:
            returns.returnable_form(small_world.ports, small_world.other_clerk, form_id)
        assert caught.value.facts == {}


@pytest.mark.rule("returned_not_owed")
@pytest.mark.rule("outcome_goods_brought_back")
@pytest.mark.parametrize("quantity", [1, 3])
def test_goods_of_an_advance_that_the_bank_sent_back_ask_for_no_money(
    small_world: World, quantity: int
) -> None:
    form = claimed(small_world, issued(small_world, three()), make.PAYOUT_RETURNED)
    payout_came_back(small_world, form)
    ports, clerk = small_world.ports, small_world.clerk
    offer = returns.offer_return(ports, clerk, form.form_id, {ONE: quantity}, asked=False)
    assert (offer.back_fen, offer.plan.is_whole) == (0, quantity == 3)
    brought = BroughtBack({ONE: quantity}, Recovery.NONE, "a flaw", "key", seen=offer.seen)
    after = returns.return_goods(ports, clerk, form.form_id, brought).form
    assert after.status is (Status.RETURNED if quantity == 3 else Status.ADVANCED)
    assert store_fen(small_world) == 0
    assert small_world.booked("capture") == []


def test_what_was_not_seen_is_not_done(small_world: World) -> None:
    form = claimed(small_world, issued(small_world, three()))
    ports, clerk = small_world.ports, small_world.clerk
    seen = returns.offer_return(ports, clerk, form.form_id, {ONE: 1}, asked=False).seen
    back(small_world, form, {ONE: 1}, key="other-tab")
    assert refused(small_world, form, {ONE: 1}, seen=seen).code == "proposal_changed"
    assert store_fen(small_world) == 450_00


def test_the_same_submission_returns_once_and_another_under_its_key_is_refused(
    world: World,
) -> None:
    form = claimed(world, issued(world, three()))
    for _ in range(2):
        back(world, form, {ONE: 1})
    assert store_fen(world) == 450_00
    assert refused(world, form, {ONE: 2}).code == "submission_differs"


def test_eight_clicks_at_once_return_once(world: World) -> None:
    form = claimed(world, issued(world, three()))
    said = at_once(8, lambda _: back(world, form, {ONE: 1}).status)
    assert set(said) == {Status.ADVANCED}
    assert store_fen(world) == 450_00


@pytest.mark.rule("nothing_after_verification")
def test_a_return_and_customs_at_once_are_one_or_the_other(world: World) -> None:
    form = claimed(world)

    def act(number: int) -> Status:
        if number:
            return back(world, form, {ONE: 1}).status
        return verify.verify_form(world.ports, world.officer, form.form_id).status

    said = at_once(2, act)
    if status(world, form) is Status.VERIFIED:
        assert said[1] == "already_verified"
        assert store_fen(world) == 0
    else:
        assert status(world, form) is Status.RETURNED
        assert store_fen(world) == make.NET_FEN


def test_a_return_and_the_exits_charge_at_once_are_one_or_the_other(world: World) -> None:
    form = claimed(world)
    world.clock.pass_by(days=20)
    seen = proposal(world, form)
    chosen = reconcile.Chosen(form.form_id, seen.action, seen.why)

    def act(number: int) -> str:
        if number:
            return back(world, form, {ONE: 1}).status.value
        done = reconcile.settle(world.ports, world.operator, [chosen], "never seen")[0]
        return done.refusal.code if done.refusal else done.form.status.value

    said = at_once(2, act)
    now = status(world, form)
    assert now in (Status.CAPTURED, Status.RETURNED, Status.VOID)
    if now is Status.RETURNED:
        assert store_fen(world) == make.NET_FEN
        assert world.booked("capture") == []
    else:
        assert world.booked("capture") == ["captured"]
        assert store_fen(world) == 0
    assert advance_left_fen(world) == 0, said
