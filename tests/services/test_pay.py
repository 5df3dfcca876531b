"""Operations on the network: asked once, finished whatever is lost, and never believed blindly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.form import Form, Status
from refund.core.operation import Answer, CardEntry, Kind, Operation, OperationState
from refund.services import claim, later, pay
from refund.services.intent import LEASE
from refund.services.later import work_once
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.steps import (
    PHONE,
    agreed,
    card,
    claimed,
    departs,
    on,
    settled,
    status,
    verified,
)
from tests.world import World, assert_audit_holds

LEASE_OVER = timedelta(seconds=16)


def claim_with(world: World, *faults: Fault, number: str = make.VISA) -> Form:
    """A claim on whose way the network's faults lie."""
    form = agreed(world)
    entry = card(world, form, number)
    world.network.faults.extend(faults)
    return claim.claim_advance(world.ports, PHONE, form.form_id, entry)


def taken_later(world: World) -> int:
    """What the worker takes in hand once the lease is over."""
    world.clock.at += LEASE_OVER
    return later.finish_open_operations(world.ports)


def operations(world: World, form: Form) -> list[Operation]:
    """All that was asked for a form."""
    return world.ports.storage.read(lambda tx: tx.operations_of(form.form_id))


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST])
def test_a_hold_that_was_not_answered_is_finished_with_its_advance(
    world: World, fault: Fault
) -> None:
    form = claim_with(world, fault)
    assert form.status is Status.HOLDING
    assert later.finish_open_operations(world.ports) == 0, "who began it may finish it"
    assert taken_later(world) == 1
    assert status(world, form) is Status.ADVANCED
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])
    assert taken_later(world) == 0


@pytest.mark.rule("advanced_once")
@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST])
def test_an_advance_that_was_not_answered_is_paid_once(world: World, fault: Fault) -> None:
    form = claim_with(world, Fault.NONE, fault)
    assert form.status is Status.ADVANCING
    again = claim.claim_advance(world.ports, PHONE, form.form_id, card_of(world, form))
    assert again == form, "a reload asks for nothing"
    assert taken_later(world) == 1
    assert status(world, form) is Status.ADVANCED
    assert world.paid_fen() == make.NET_FEN
    assert world.booked("advance") == ["paid"]


def card_of(world: World, form: Form) -> CardEntry:
    """The card that was given already."""
    sent = operations(world, form)[0]
    return CardEntry("session", sent.reference, "entered", sent.card_token)


@pytest.mark.parametrize("number", [make.LOST_HOLD, make.LOST_ADVANCE])
def test_the_trial_cards_whose_answers_are_lost_end_in_one_advance(
    small_world: World, number: str
) -> None:
    form = claim_with(small_world, number=number)
    assert form.status in (Status.HOLDING, Status.ADVANCING)
    small_world.clock.at += LEASE_OVER
    assert work_once(small_world.ports) == 1
    assert status(small_world, form) is Status.ADVANCED
    assert small_world.paid_fen() == make.NET_FEN


def test_what_never_arrived_is_sent_again_under_the_same_key(world: World) -> None:
    form = claim_with(world, Fault.UNSENT)
    before = operations(world, form)[0]
    assert world.network.look_up(before.reference) is None
    taken_later(world)
    after = operations(world, form)[0]
    assert (after.reference, after.key, after.attempt) == (before.reference, before.key, 1)
    assert after.state is OperationState.SUCCEEDED
    assert world.network.sent.count(before.reference) == 1


def test_what_was_refused_without_an_answer_is_refused_later(world: World) -> None:
    form = claim_with(world, Fault.LOST, number=make.DECLINED)
    assert taken_later(world) == 1
    assert status(world, form) is Status.AGREED
    assert operations(world, form)[0].refusal == "declined"


def test_while_the_network_is_silent_nothing_moves_and_nothing_is_lost(world: World) -> None:
    form = claim_with(world, Fault.NONE, Fault.UNSENT)
    world.network.unplugged = True
    for _ in range(3):
        assert taken_later(world) == 1
        assert status(world, form) is Status.ADVANCING
    world.network.unplugged = False
    assert taken_later(world) == 1
    assert status(world, form) is Status.ADVANCED


def test_an_answer_that_disagrees_is_noted_parked_and_not_believed(world: World) -> None:
    form = claim_with(world, Fault.OTHER_AMOUNT)
    assert form.status is Status.HOLDING
    assert taken_later(world) == 0, "it rests for an hour"
    events = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    assert [e.detail for e in events if e.kind == "answer_disagrees"] == [f"{form.form_id}-hold-1"]
    world.clock.pass_by(hours=1)
    assert later.finish_open_operations(world.ports) == 1
    assert status(world, form) is Status.ADVANCED


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": make.NET_FEN + 1},
        {"currency": "HKD"},
        {"reference": "another"},
        {"kind": Kind.CAPTURE},
        {"expires_at": None},
    ],
)
def test_an_answer_to_something_else_is_not_believed(
    small_world: World, changes: dict[str, object]
) -> None:
    form = claim_with(small_world, Fault.LOST)
    asked = operations(small_world, form)[0]
    true = small_world.network.look_up(asked.reference)
    assert true is not None
    assert pay.record_answer(small_world.ports, asked, changed(true, changes)) is None
    assert status(small_world, form) is Status.HOLDING
    assert operations(small_world, form)[0].state is OperationState.PENDING


def changed(answer: Answer, changes: dict[str, object]) -> Answer:
    """An answer that says something else."""
    known = {name: getattr(answer, name) for name in Answer.__dataclass_fields__}
    return Answer(**{**known, **changes})


def test_an_answer_recorded_twice_counts_once(world: World) -> None:
    form = claim_with(world, Fault.LOST)
    asked = operations(world, form)[0]
    answer = world.network.look_up(asked.reference)
    assert answer is not None
    upcoming = pay.record_answer(world.ports, asked, answer)
    assert isinstance(upcoming, Operation)
    assert upcoming.kind is Kind.ADVANCE
    assert pay.record_answer(world.ports, asked, answer) is None
    pay.carry_out(world.ports, upcoming)
    assert status(world, form) is Status.ADVANCED


def test_two_workers_do_not_take_the_same_operation(world: World) -> None:
    claim_with(world, Fault.LOST)
    now = world.clock.at + LEASE_OVER

    def take() -> int:
        taken = world.ports.storage.write(
            lambda tx: tx.lease_operations(now, now + LEASE, later.BATCH)
        )
        return len(taken)

    assert (take(), take()) == (1, 0)


@pytest.mark.rule("outcome_kept")
@pytest.mark.rule("outcome_promise_broken")
@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST])
@pytest.mark.parametrize(("day", "after"), [(20, Status.RELEASED), (26, Status.CAPTURED)])
def test_an_unanswered_end_of_a_hold_is_finished_once(
    world: World, fault: Fault, day: int, after: Status
) -> None:
    form = verified(world)
    departs(world, on(day))
    world.network.faults.append(fault)
    asked = settled(world, form)
    assert asked.refusal is None
    assert asked.form.status in (Status.RELEASING, Status.CAPTURING)
    assert settled(world, form).refusal is not None, "it is under way"
    assert taken_later(world) == 1
    assert status(world, form) is after
    assert world.booked("release") + world.booked("capture") == [after.value]


@pytest.mark.rule("ordinary_without_card")
def test_an_unanswered_withdrawal_is_finished_once(world: World) -> None:
    form = claimed(world, None, make.PAYOUT_REFUSED)
    world.network.faults.append(Fault.LOST)
    after = claim.choose_ordinary(world.ports, PHONE, form.form_id)
    assert after.status is Status.WITHDRAWING
    assert claim.choose_ordinary(world.ports, PHONE, form.form_id) == after
    assert taken_later(world) == 1
    assert status(world, form) is Status.ORDINARY
    assert world.booked("release") == ["released"]


def test_the_audit_counts_what_is_under_way(world: World) -> None:
    claim_with(world, Fault.NONE, Fault.LOST)
    assert world.paid_fen() == make.NET_FEN
    balances = world.ports.storage.read(lambda tx: tx.balances())
    assert balances["network"] == 0, "we have not heard of it"
    assert_audit_holds(world.ports)
