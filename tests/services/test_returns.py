"""Goods brought back: what is due, what comes back, and what becomes of the form."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refund.core.entitlement import LineKey, Recovery
from refund.core.errors import Refused
from refund.core.form import Channel, Form, Status
from refund.core.matching import Action, Why
from refund.core.money import Vat
from refund.core.operation import Kind
from refund.core.returning import End
from refund.services import claim, issue, later, reconcile, returns, verify
from refund.services.returns import BroughtBack
from tests import make
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
from tests.twin import Fault
from tests.world import World, assert_audit_holds, open_world

ONE: LineKey = (0, 0)
TWO: LineKey = (0, 1)


def three(number: str = "25422000000000000001", price_fen: int = 5000_00) -> issue.Draft:
    """A purchase of three pieces of one price."""
    lines = (make.line(price_fen, quantity=3),)
    return make.draft(number, invoices=(make.invoice(number, lines=lines),))


def priced(number: str, price_fen: int, **changes: object) -> issue.Draft:
    """A purchase of one piece."""
    invoices = (make.invoice(number, lines=(make.line(price_fen),)),)
    return make.draft(number, invoices=invoices, **changes)


def back(
    world: World,
    form: Form,
    quantities: dict[LineKey, int],
    recovery: Recovery = Recovery.STORE,
    key: str = "return-1",
    **more: object,
) -> Form:
    """The form after goods of it were brought back."""
    brought = BroughtBack(quantities, recovery, "did not fit", key, **more)  # type: ignore[arg-type]
    return returns.return_goods(world.ports, world.clerk, form.form_id, brought).form


def refused(world: World, form: Form, quantities: dict[LineKey, int], **more: object) -> Refused:
    """Why goods could not be brought back."""
    with pytest.raises(Refused) as caught:
        back(world, form, quantities, **more)  # type: ignore[arg-type]
    return caught.value


def advance_left_fen(world: World) -> int:
    """What travellers still owe the agency."""
    return world.ports.storage.read(lambda tx: tx.balances())["advance"]


def store_fen(world: World) -> int:
    """What stores hold for the agency."""
    return world.ports.storage.read(lambda tx: tx.balances())["store"]


def is_free(world: World, number: str = "25422000000000000001") -> bool:
    """Whether an invoice can stand on a form."""
    return world.ports.storage.read(lambda tx: tx.live_invoice(number)) is None


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


@pytest.mark.rule("threshold_over_forms")
def test_what_was_brought_back_no_longer_carries_another_form_of_the_day(world: World) -> None:
    form = claimed(world, issued(world, three(price_fen=200_00)))
    more = priced("25422000000000000002", 50_00)
    back(world, form, {ONE: 2})
    assert not issue.dry_run(world.ports, world.clerk, more).refusals
    back(world, form, {ONE: 1}, key="return-2")
    assert codes(issue.dry_run(world.ports, world.clerk, more).refusals) == {"below_threshold"}


@pytest.mark.rule("threshold_over_forms")
@pytest.mark.rule("below_threshold")
def test_a_form_that_rested_on_the_goods_ends_with_them(world: World) -> None:
    large = claimed(world, issued(world, priced("25422000000000000001", 200_00)))
    small = claimed(world, issued(world, priced("25422000000000000002", 50_00), "key-2"))
    third = issued(world, priced("25422000000000000003", 40_00), "key-3")
    offer = returns.offer_return(world.ports, world.clerk, large.form_id, {ONE: 1}, asked=False)
    assert {one.form.form_id for one in offer.falling} == {small.form_id, third.form_id}
    assert offer.back_fen == large.amounts.net_fen + small.amounts.net_fen
    with pytest.raises(Refused, match="other_forms_rely"):
        issue.void_form(world.ports, world.clerk, _voidable(world).form_id, "mistake")
    assert back(world, large, {ONE: 1}, seen=offer.seen).status is Status.RETURNED
    assert status(world, small) is Status.RETURNED
    assert status(world, third) is Status.VOID
    assert store_fen(world) == offer.back_fen
    assert advance_left_fen(world) == 0


def _voidable(world: World) -> Form:
    """A form of another traveller on which a second one rests."""
    other = make.traveller("H99999999")
    first = issued(world, priced("25422000000000000011", 200_00, traveller=other), "key-11")
    issued(world, priced("25422000000000000012", 50_00, traveller=other), "key-12")
    return first


@pytest.mark.rule("threshold_over_forms")
def test_a_form_that_customs_verified_stands_whatever_is_brought_back(world: World) -> None:
    large = claimed(world, issued(world, priced("25422000000000000001", 200_00)))
    small = claimed(world, issued(world, priced("25422000000000000002", 50_00), "key-2"))
    verified(world, small)
    assert back(world, large, {ONE: 1}).status is Status.RETURNED
    assert status(world, small) is Status.VERIFIED


@pytest.mark.rule("threshold_over_forms")
def test_a_form_that_is_being_paid_holds_up_the_return_on_which_it_rests(world: World) -> None:
    large = claimed(world, issued(world, priced("25422000000000000001", 200_00)))
    small = agreed(world, issued(world, priced("25422000000000000002", 50_00), "key-2"))
    world.network.faults.append(Fault.LOST)
    assert claimed(world, small).status is Status.HOLDING
    told = refused(world, large, {ONE: 1})
    assert (told.code, told.facts["numbers"]) == ("other_forms_rely", (small.form_number,))
    world.clock.pass_by(seconds=16)
    later.finish_open_operations(world.ports)
    assert back(world, large, {ONE: 1}).status is Status.RETURNED
    assert status(world, small) is Status.RETURNED


@pytest.mark.rule("return_in_part")
@settings(max_examples=25, deadline=timedelta(seconds=20))
@given(
    prices=st.lists(st.integers(1, 400_00), min_size=1, max_size=3),
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 2), st.sampled_from(list(Recovery)[1:])),
        max_size=5,
    ),
    leaves=st.booleans(),
)
def test_what_is_due_and_what_came_back_are_always_the_advance(
    tmp_path_factory: pytest.TempPathFactory,
    prices: list[int],
    steps: list[tuple[int, int, Recovery]],
    leaves: bool,  # noqa: FBT001 - hypothesis gives arguments by name
) -> None:
    folder: Path = tmp_path_factory.mktemp("returns")
    with open_world(folder, f"sqlite://{folder / 'refund.db'}") as world:
        rates = (Vat.V13, Vat.V9, Vat.V13)
        lines = tuple(make.line(p, rates[n], 3) for n, p in enumerate(prices))
        carrier = (make.line(200_00),)
        invoices = (make.invoice(lines=lines + carrier),)
        form = claimed(world, issued(world, make.draft(invoices=invoices)))
        _bring_back(world, form, steps)
        if status(world, form) is Status.ADVANCED:
            if leaves:
                verified(world, form)
                departs(world, on(20))
            else:
                world.clock.pass_by(days=20)
            settled(world, form)
        _assert_adds_up(world, form)
        assert_audit_holds(world.ports)


def _bring_back(world: World, form: Form, steps: list[tuple[int, int, Recovery]]) -> None:
    """Bring goods back as far as that is possible."""
    recovered_fen = 0
    for number, (place, quantity, recovery) in enumerate(steps):
        if status(world, form) is not Status.ADVANCED:
            return
        known = returns.returnable_form(world.ports, world.clerk, form.form_id)
        if quantity > known.remaining.get((0, place), 0):
            continue
        back(world, form, {(0, place): quantity}, recovery, f"return-{number}")
        assert store_fen(world) >= recovered_fen
        recovered_fen = store_fen(world)


def _assert_adds_up(world: World, form: Form) -> None:
    """Due, recovered and captured are the advance, and none of them is below zero."""
    entries = world.ports.storage.read(lambda tx: tx.entries_of(form.form_id))
    earned_fen = 0
    for entry, _, _ in entries:
        if entry.kind in ("release", "adjust"):
            signed = {p.account.value: p.amount_fen for p in entry.postings}
            earned_fen = signed.get("treasury", 0) - signed.get("fee", 0)
    operations = world.ports.storage.read(lambda tx: tx.operations_of(form.form_id))
    captured_fen = sum(o.amount_fen for o in operations if o.kind is Kind.CAPTURE)
    assert earned_fen >= 0
    assert earned_fen + store_fen(world) + captured_fen == form.amounts.net_fen
    assert advance_left_fen(world) == 0
