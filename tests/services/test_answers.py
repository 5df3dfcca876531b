"""What an answer of the network makes of a form and of the books, to the fen, whatever is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from refund.core.entitlement import Recovery
from refund.core.errors import Refused
from refund.core.form import Channel, Event, Form, Status
from refund.core.operation import GuaranteeState, Kind
from refund.core.till import Way
from refund.services import counter_pay, pay
from refund.services.intent import begin_advance
from refund.simulation.engine.network import Fault
from refund.transaction import Transaction
from tests import make
from tests.services import till_steps
from tests.services.engine_steps import (
    ADVANCE_FEN,
    bags,
    balances,
    begun,
    brought_back,
    confirmed,
    ended,
    finish,
    guarantees,
    hold_at_network,
    operations,
    own_accounts,
    refused_at_customs,
)
from tests.services.steps import claimed, departs, on, settled, status
from tests.world import World, assert_audit_holds

THIRD_FEN = ADVANCE_FEN // 3
GROSS_FEN, FEE_FEN = 1650_00, 300_00
HOLD_ENDS = timedelta(days=30)
FAULTS = [Fault.UNSENT, Fault.LOST]


def advanced(world: World) -> Form:
    """Three bags whose advance of 1,350.00 yuan is out."""
    form = claimed(world, bags(world))
    assert own_accounts(world, form) == {
        "advance": ADVANCE_FEN,
        "network": -ADVANCE_FEN,
        "guarantee_held": ADVANCE_FEN,
        "guarantee_given": -ADVANCE_FEN,
    }
    return form


def kept(bag_count: int, charged_fen: int, recovered_fen: int = 0) -> dict[str, int]:
    """A form's accounts after a kept promise with so many of the three bags."""
    expected = {
        "network": charged_fen - ADVANCE_FEN,
        "treasury": GROSS_FEN * bag_count // 3,
        "fee": -FEE_FEN * bag_count // 3,
        "store": recovered_fen,
    }
    return {account: fen for account, fen in expected.items() if fen}


def part_confirmed(world: World) -> Form:
    return confirmed(world, advanced(world), 2)


def one_returned_and_the_rest_shown(world: World) -> Form:
    form = advanced(world)
    brought_back(world, form, 1, Recovery.CAPTURE)
    return confirmed(world, form, 2)


def one_recovered_and_the_rest_shown(world: World) -> Form:
    form = advanced(world)
    brought_back(world, form, 1, Recovery.STORE)
    return confirmed(world, form, 2)


def refused(world: World) -> Form:
    return refused_at_customs(world, advanced(world))


def all_confirmed(world: World) -> Form:
    return confirmed(world, advanced(world), 3)


ENDS: dict[str, tuple[Callable[[World], Form], Event, int, Status, dict[str, int]]] = {
    "kept": (all_confirmed, Event.REQUEST_RELEASE, 0, Status.RELEASED, kept(3, 0)),
    "fewer goods": (
        *(part_confirmed, Event.REQUEST_ADJUST, 450_00, Status.ADJUSTED, kept(2, 450_00)),
    ),
    "one brought back": (
        one_returned_and_the_rest_shown,
        *(Event.REQUEST_ADJUST, 450_00, Status.ADJUSTED, kept(2, 450_00)),
    ),
    "one paid back in the store": (
        one_recovered_and_the_rest_shown,
        *(Event.REQUEST_ADJUST, 0, Status.ADJUSTED, kept(2, 0, 450_00)),
    ),
    "promise broken": (advanced, Event.REQUEST_CAPTURE, ADVANCE_FEN, Status.CAPTURED, {}),
    "broken after one was paid back": (
        one_recovered_and_the_rest_shown,
        *(Event.REQUEST_CAPTURE, 900_00, Status.CAPTURED),
        {"network": -450_00, "store": 450_00},
    ),
    "policy not met": (refused, Event.REQUEST_FORFEIT, ADVANCE_FEN, Status.FORFEITED, {}),
}
"""How a hold can end: how it came about, the event, the charge, the state, the form's accounts."""


@pytest.mark.rule("outcome_kept")
@pytest.mark.rule("outcome_fewer_goods")
@pytest.mark.rule("outcome_promise_broken")
@pytest.mark.rule("outcome_policy_not_met")
@pytest.mark.rule("return_in_part")
@pytest.mark.rule("never_captured_above_hold")
@pytest.mark.parametrize("fault", [Fault.NONE, *FAULTS])
@pytest.mark.parametrize("case", ENDS)
def test_a_hold_ends_once_and_the_books_agree_to_the_fen(
    world: World, case: str, fault: Fault
) -> None:
    bring_about, event, charged_fen, after, accounts = ENDS[case]
    form = bring_about(world)
    hold = guarantees(world, form)[0].reference
    world.network.faults.append(fault)
    asked = ended(world, form, event)
    if fault is not Fault.NONE:
        assert asked.status is not after
        assert_audit_holds(world.ports)
        finish(world)
    assert status(world, form) is after
    assert own_accounts(world, form) == accounts
    freed_fen = ADVANCE_FEN - charged_fen
    state = "captured" if charged_fen else "released"
    assert hold_at_network(world, hold) == (state, charged_fen, freed_fen)
    (guarantee,) = guarantees(world, form)
    assert (guarantee.captured_fen, guarantee.released_fen) == (charged_fen, freed_fen)
    assert guarantee.state.value == state
    assert len(world.booked("capture") + world.booked("release")) == 1
    assert world.book.book_totals()["captures_fen"] == charged_fen


@pytest.mark.rule("outcome_fewer_goods")
def test_the_published_example_of_fewer_goods_through_the_exit_s_desk(world: World) -> None:
    form = part_confirmed(world)
    departs(world, on(10))
    assert settled(world, form).form.status is Status.ADJUSTED
    totals = world.book.book_totals()
    assert (totals["payouts_fen"], totals["captures_fen"]) == (1350_00, 450_00)
    (guarantee,) = guarantees(world, form)
    assert (guarantee.captured_fen, guarantee.released_fen) == (450_00, 900_00)
    assert balances(world) == {"network": -900_00, "treasury": 1100_00, "fee": -200_00}


@pytest.mark.rule("hold_outlives")
@pytest.mark.parametrize("case", ENDS)
def test_a_hold_that_lapsed_is_written_off_once_and_what_could_not_be_charged_stays_open(
    world: World, case: str
) -> None:
    bring_about, event, charged_fen, after, accounts = ENDS[case]
    form = bring_about(world)
    world.clock.at += HOLD_ENDS
    ended(world, form, event)
    (guarantee,) = guarantees(world, form)
    assert guarantee.state is GuaranteeState.ENDED
    assert (guarantee.captured_fen, guarantee.released_fen) == (0, ADVANCE_FEN)
    assert world.book.book_totals()["captures_fen"] == 0
    mine = own_accounts(world, form)
    assert not mine.keys() & {"guarantee_held", "guarantee_given"}
    if charged_fen:
        assert status(world, form) is Status.UNCOLLECTED
        assert mine["advance"] == ADVANCE_FEN - mine.get("store", 0), "as it was"
    else:
        assert status(world, form) is after
        assert mine == accounts


def test_a_release_that_the_network_refuses_otherwise_releases_nothing(world: World) -> None:
    form = all_confirmed(world)
    hold = guarantees(world, form)[0].reference
    world.book.release("not-ours", hold)
    asked = begun(world, form, Event.REQUEST_RELEASE)
    after = pay.carry_out(world.ports, asked)
    assert after.status is Status.VERIFIED, "for a person to look at"
    assert operations(world, form)[-1].refusal == "hold_already_ended"
    assert guarantees(world, form)[0].state is GuaranteeState.HELD
    assert own_accounts(world, form)["advance"] == ADVANCE_FEN


@pytest.mark.rule("hold_before_advance")
def test_no_advance_is_asked_that_the_hold_does_not_cover(world: World) -> None:
    form = claimed(world, bags(world), make.PAYOUT_REFUSED)
    assert form.status is Status.HELD

    def ask(tx: Transaction) -> None:
        guarantee = tx.live_guarantee(form.form_id)
        assert guarantee is not None
        small = replace(guarantee, amount_fen=ADVANCE_FEN - 1)
        begin_advance(tx, world.ports, form, small, "a test")

    with pytest.raises(Refused, match="not_in_this_state"):
        world.ports.storage.write(ask)
    assert [o.kind for o in operations(world, form)] == [Kind.HOLD, Kind.ADVANCE]


@pytest.mark.rule("return_after_advance")
@pytest.mark.rule("outcome_goods_brought_back")
@pytest.mark.parametrize("fault", [Fault.NONE, *FAULTS])
@pytest.mark.parametrize("recovery", [Recovery.STORE, Recovery.CAPTURE])
def test_goods_brought_back_bring_the_money_back(
    world: World, recovery: Recovery, fault: Fault
) -> None:
    form = advanced(world)
    world.network.faults.append(fault)
    asked = brought_back(world, form, 3, recovery)
    if fault is not Fault.NONE:
        assert asked.status is Status.RETURNING
        live = world.ports.storage.read(
            lambda tx: tx.live_invoice(tx.invoices_of(form.form_id)[0].number)
        )
        assert live == form.form_id, "until the money is back the invoice stays on its form"
        finish(world)
    assert status(world, form) is Status.RETURNED
    charged_fen = ADVANCE_FEN if recovery is Recovery.CAPTURE else 0
    assert world.book.book_totals()["captures_fen"] == charged_fen
    taken = {"network": -ADVANCE_FEN, "store": ADVANCE_FEN}
    assert own_accounts(world, form) == ({} if charged_fen else taken)
    number = world.ports.storage.read(lambda tx: tx.invoices_of(form.form_id))[0].number
    assert world.ports.storage.read(lambda tx: tx.live_invoice(number)) is None


@pytest.mark.rule("return_by_store_or_card")
def test_a_return_that_cannot_be_charged_leaves_the_form_to_end_otherwise(world: World) -> None:
    form = advanced(world)
    world.clock.at += HOLD_ENDS
    asked = begun(world, form, Event.REQUEST_RETURN)
    after = pay.carry_out(world.ports, asked)
    assert after.status is Status.ADVANCED
    (guarantee,) = guarantees(world, form)
    assert guarantee.state is GuaranteeState.HELD, "its end is not written off yet"
    assert own_accounts(world, form)["advance"] == ADVANCE_FEN
    assert ended(world, form, Event.REQUEST_CAPTURE).status is Status.UNCOLLECTED
    assert guarantees(world, form)[0].state is GuaranteeState.ENDED


@pytest.mark.rule("return_by_store_or_card")
def test_goods_can_be_paid_back_in_the_store_after_the_card_could_not_be_charged(
    world: World,
) -> None:
    form = advanced(world)
    world.clock.at += HOLD_ENDS
    asked = begun(world, form, Event.REQUEST_RETURN)
    pay.carry_out(world.ports, asked)
    assert brought_back(world, form, 3, Recovery.STORE).status is Status.RETURNED
    assert own_accounts(world, form) == {"network": -ADVANCE_FEN, "store": ADVANCE_FEN}


def ready_for_refund(world: World, quantity: int = 3) -> Form:
    """A form for the refund at departure, verified, its traveller at the counter."""
    form = confirmed(world, bags(world, channel=Channel.ORDINARY), quantity)
    return till_steps.shown(world, form)


@pytest.mark.rule("ordinary_transfer")
@pytest.mark.rule("pays_confirmed_quantity")
@pytest.mark.parametrize("fault", [Fault.NONE, *FAULTS])
@pytest.mark.parametrize("way", [Way.CARD, Way.BANK_ACCOUNT])
def test_an_ordinary_refund_is_paid_to_card_or_account_once(
    world: World, way: Way, fault: Fault
) -> None:
    form = ready_for_refund(world, 2)
    session_id = till_steps.account(world, form, way)
    world.network.faults.append(fault)
    after = paid(world, form, session_id)
    if fault is not Fault.NONE:
        assert after.status is Status.REFUNDING
        assert_audit_holds(world.ports)
        finish(world)
    assert status(world, form) is Status.REFUNDED
    assert world.paid_fen() == 900_00
    assert world.booked("refund") == ["paid"]
    due = {"network": -900_00, "treasury": 1100_00, "fee": -200_00}
    assert own_accounts(world, form) == due


def paid(world: World, form: Form, session_id: str, page: str = "page-1") -> Form:
    """The form after the network was asked to pay to what was given on its page."""
    counter = till_steps.counter(world)
    entry = counter_pay.payout_given(world.ports, counter, form.form_id, session_id)
    return counter_pay.pay_through_network(
        world.ports, counter, form.form_id, entry, till_steps.signed(page)
    )


def test_a_refund_that_is_refused_posts_nothing_and_can_be_paid_another_way(world: World) -> None:
    form = ready_for_refund(world)
    after = till_steps.paid_by_network(world, form, number=make.PAYOUT_REFUSED)
    assert after.status is Status.ORDINARY_VERIFIED
    assert own_accounts(world, form) == {}
    again = till_steps.paid_by_network(world, form, page="page-2")
    assert again.status is Status.REFUNDED
    assert world.booked("refund") == ["refused", "paid"]
    assert world.paid_fen() == ADVANCE_FEN


@pytest.mark.rule("ordinary_after_capture")
@pytest.mark.parametrize("quantity", [1, 2, 3])
def test_a_charged_form_is_refunded_later_for_what_is_shown_then(
    world: World, quantity: int
) -> None:
    form = advanced(world)
    world.clock.at = on(26)
    assert ended(world, form, Event.REQUEST_CAPTURE).status is Status.CAPTURED
    world.clock.at = on(27)
    confirmed(world, form, quantity)
    till_steps.shown(world, form)
    assert till_steps.paid_by_network(world, form).status is Status.REFUNDED
    assert world.paid_fen() == ADVANCE_FEN + quantity * THIRD_FEN
    assert own_accounts(world, form) == {
        "network": -quantity * THIRD_FEN,
        "treasury": GROSS_FEN * quantity // 3,
        "fee": -FEE_FEN * quantity // 3,
    }


@pytest.mark.rule("advance_is_net")
@pytest.mark.rule("hold_before_advance")
def test_the_hold_and_the_advance_are_the_net_refund(world: World) -> None:
    form = advanced(world)
    hold, advance = operations(world, form)
    assert (hold.kind, advance.kind) == (Kind.HOLD, Kind.ADVANCE)
    assert hold.amount_fen == advance.amount_fen == form.amounts.net_fen == ADVANCE_FEN
    assert advance.hold_reference == hold.reference
