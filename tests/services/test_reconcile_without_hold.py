"""A kept promise that becomes known after a charge was refused, with the hold over or standing."""

from __future__ import annotations

import pytest

from refund.core.entitlement import Recovery
from refund.core.form import Event, Form, Status
from refund.core.matching import Action, Why
from refund.core.operation import Answer, GuaranteeState, Heard, Kind
from refund.core.settlement import read_month
from refund.services import settle
from refund.services.pay import record_answer
from tests.services.engine_steps import (
    ADVANCE_FEN,
    bags,
    balances,
    begun,
    brought_back,
    confirmed,
    ended,
)
from tests.services.steps import claimed, departs, on, proposal, settled, status, verified
from tests.services.tamper import broken, unguarded
from tests.world import World, assert_audit_holds


def charged_in_vain(world: World, form: Form) -> Form:
    """A form whose traveller nobody saw leave, and whose hold was over when it was charged."""
    world.clock.at = on(20, month=8)
    assert ended(world, form, Event.REQUEST_CAPTURE).status is Status.UNCOLLECTED
    guarantees = world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))
    assert guarantees[-1].state is GuaranteeState.ENDED
    return form


@pytest.mark.rule("outcome_kept")
@pytest.mark.rule("settle_confirmed_only")
def test_a_departure_in_time_that_becomes_known_after_the_hold_has_ended_earns_the_refund(
    world: World,
) -> None:
    form = charged_in_vain(world, verified(world, claimed(world, bags(world))))
    departs(world, on(20))
    found = proposal(world, form)
    assert (found.action, found.why, found.is_break) == (Action.RELEASE, Why.KEPT, False)
    assert (found.charged_fen, found.released_fen) == (0, 0)
    done = settled(world, form)
    assert (done.form.status, done.charged_fen, done.released_fen) == (Status.RELEASED, 0, 0)
    assert balances(world) == {"network": -ADVANCE_FEN, "treasury": 1_650_00, "fee": -300_00}
    assert world.booked("release") == [], "the network is not asked again"
    claims = settle.month_page(world.ports, read_month("2025-08")).lines
    assert [(one.form_id, one.way, one.gross_fen) for one in claims] == [
        (form.form_id, "advance", 1_650_00)
    ]
    assert settled(world, form).refusal is not None, "it is earned once"
    assert_audit_holds(world.ports)


@pytest.mark.rule("outcome_fewer_goods")
def test_without_a_hold_the_rest_is_earned_when_the_store_took_the_difference_back(
    world: World,
) -> None:
    form = brought_back(world, claimed(world, bags(world)), 1, Recovery.STORE)
    charged_in_vain(world, confirmed(world, form, 2))
    departs(world, on(20))
    found = proposal(world, form)
    assert (found.action, found.why, found.amount_fen) == (Action.ADJUST, Why.PART_RETURNED, 0)
    assert settled(world, form).form.status is Status.ADJUSTED
    assert balances(world)["treasury"] == 1_100_00
    assert "advance" not in balances(world)
    assert_audit_holds(world.ports)


@pytest.mark.rule("outcome_fewer_goods")
def test_without_a_hold_a_difference_that_is_owed_stays_an_open_case(small_world: World) -> None:
    form = charged_in_vain(
        small_world, confirmed(small_world, claimed(small_world, bags(small_world)), 2)
    )
    departs(small_world, on(20))
    found = proposal(small_world, form)
    assert (found.action, found.why, found.is_break) == (Action.NONE, Why.FOR_REVIEW, True)
    assert settled(small_world, form).refusal is not None
    assert status(small_world, form) is Status.UNCOLLECTED
    assert balances(small_world) == {"advance": ADVANCE_FEN, "network": -ADVANCE_FEN}


@pytest.mark.rule("outcome_kept")
@pytest.mark.rule("outcome_fewer_goods")
@pytest.mark.parametrize(
    ("shown", "after", "charged_fen"),
    [(3, Status.RELEASED, 0), (2, Status.ADJUSTED, 450_00)],
)
def test_a_refused_charge_with_a_standing_hold_ends_as_the_promise_was_kept(
    world: World, shown: int, after: Status, charged_fen: int
) -> None:
    form = confirmed(world, claimed(world, bags(world)), shown)
    world.clock.at = on(28)
    asked = begun(world, form, Event.REQUEST_CAPTURE)
    amount_fen, reference = asked.amount_fen, asked.reference
    asked_for = (reference, Kind.CAPTURE, amount_fen, "CNY", "capture-1")
    declined = Answer(*asked_for, refusal="declined", heard=Heard.REFUSED)
    record_answer(world.ports, asked, declined)
    assert status(world, form) is Status.UNCOLLECTED
    departs(world, on(20))
    assert proposal(world, form).charged_fen == charged_fen
    assert settled(world, form).form.status is after
    assert "advance" not in balances(world)
    assert_audit_holds(world.ports)


@pytest.mark.rule("outcome_kept")
@pytest.mark.parametrize("state", ["released", "captured"])
def test_an_earned_refund_whose_hold_did_not_end_by_itself_is_found(
    broken_world: World, state: str
) -> None:
    form = charged_in_vain(broken_world, verified(broken_world, claimed(broken_world)))
    departs(broken_world, on(20))
    assert settled(broken_world, form).form.status is Status.RELEASED
    assert_audit_holds(broken_world.ports)
    unguarded(broken_world, "guarantee", f"UPDATE guarantee SET state = '{state}'")
    rows = broken(broken_world)["I6"].rows
    assert [row["entry_key"] for row in rows] == [f"{form.form_id}-earned-1"]
