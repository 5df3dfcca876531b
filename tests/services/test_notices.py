"""What the network tells by itself: in any order, any number of times, late or too soon."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from refund.core.form import Status
from refund.core.operation import (
    Answer,
    GuaranteeState,
    NetworkEvent,
    Operation,
    OperationState,
)
from refund.ports import NetworkSilent, Ports
from refund.services import claim, notices
from refund.services.later import finish_open_operations
from refund.services.notices import take_notice
from refund.simulation.engine.network import BookNetwork, Fault
from tests import make
from tests.services.engine_steps import together
from tests.services.hold_steps import (
    asked,
    issued_today,
    open_kinds,
    the_hold,
)
from tests.services.statement_steps import fetched
from tests.services.steps import PHONE, agreed, card, claimed, status
from tests.services.test_races import at_once
from tests.world import World


def told_by(world: World) -> list[NetworkEvent]:
    """All that the network has to tell, in the order in which it happened."""
    rows = world.book.file.rows("SELECT body FROM webhook ORDER BY number")
    return [notice_of(json.loads(row[0]), world) for row in rows]


def notice_of(body: dict[str, Any], world: World) -> NetworkEvent:
    """A notice as it is read."""
    about = body.get("operation") or body["hold"]
    version = int(about.get("version", 0))
    at = world.clock.at
    return NetworkEvent(body["event_id"], body["type"], about["reference"], version, at)


def last_of(world: World, reference: str) -> NetworkEvent:
    """The last notice about a reference."""
    return [one for one in told_by(world) if one.reference == reference][-1]


def kept(world: World) -> list[str]:
    """What came of every notice that was kept."""
    found = world.ports.storage.read(
        lambda tx: [tx.network_event(one.event_id) for one in told_by(world)]
    )
    return [one.outcome for one in found if one is not None]


def test_a_notice_of_what_was_not_answered_goes_on_with_what_follows(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)
    world.network.faults.append(Fault.LOST)
    assert claim.claim_advance(world.ports, PHONE, form.form_id, entry).status is Status.HOLDING
    (notice,) = told_by(world)
    assert take_notice(world.ports, notice) == "recorded"
    assert status(world, form) is Status.ADVANCED
    assert (world.booked("advance"), kept(world)) == (["paid"], ["recorded"])
    assert world.clock.at == make.NOON, "no lease had to be over"


def test_a_notice_that_comes_fifty_times_counts_once(world: World) -> None:
    form = claimed(world, None, make.PENDING_THEN_PAID)
    world.clock.pass_by(minutes=10)
    world.book.pass_time()
    notice = last_of(world, f"{form.form_id}-advance-1")
    outcomes = [take_notice(world.ports, notice) for _ in range(50)]
    assert outcomes == ["recorded"] + ["known"] * 49
    assert status(world, form) is Status.ADVANCED
    assert kept(world) == ["recorded"]


def test_a_notice_that_comes_many_times_at_once_counts_once(world: World) -> None:
    form = claimed(world, None, make.PENDING_THEN_PAID)
    world.clock.pass_by(minutes=10)
    world.book.pass_time()
    notice = last_of(world, f"{form.form_id}-advance-1")
    outcomes = at_once(8, lambda _: take_notice(world.ports, notice))
    assert outcomes.count("known") >= 7
    assert status(world, form) is Status.ADVANCED
    assert len(kept(world)) == 1


def test_notices_in_any_order_lead_to_the_same_end(world: World) -> None:
    form = claimed(world, None, make.PAYOUT_RETURNED)
    world.clock.pass_by(days=2, hours=1)
    world.book.pass_time()
    for notice in reversed(told_by(world)):
        take_notice(world.ports, notice)
    assert asked(world, form)[-1].state is OperationState.RETURNED
    assert world.ports.storage.read(lambda tx: tx.outstanding_fen(form.form_id)) == 0
    assert open_kinds(world) == ["advance_returned"]
    again = [take_notice(world.ports, one) for one in told_by(world)]
    assert set(again) == {"known"}


def test_an_old_notice_three_days_late_changes_nothing(world: World) -> None:
    form = claimed(world)
    world.clock.pass_by(days=3)
    assert {take_notice(world.ports, one) for one in told_by(world)} == {"nothing_new"}
    assert status(world, form) is Status.ADVANCED
    assert open_kinds(world) == []


class Forward(BookNetwork):
    """A network that tells of an operation before it answers."""

    listener: Ports | None = None
    world: World | None = None

    def send(self, operation: Operation) -> Answer:
        """Book, tell, and only then answer."""
        answer = super().send(operation)
        if self.listener is not None and self.world is not None:
            notice = last_of(self.world, operation.sent_reference)
            take_notice(self.listener, notice)
        return answer


def test_a_notice_before_the_answer_counts_and_the_answer_changes_nothing(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)
    network = Forward(world.book)
    ports = replace(world.ports, network=network)
    network.listener, network.world = ports, world
    after = claim.claim_advance(ports, PHONE, form.form_id, entry)
    assert status(world, form) is Status.ADVANCED
    assert after.form_id == form.form_id
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])
    assert set(kept(world)) == {"recorded"}


def test_what_is_told_of_something_we_never_asked_is_kept_as_unknown(world: World) -> None:
    claimed(world)
    stranger = NetworkEvent("evt_stranger1", "operation.changed", "x-1", 1, world.clock.at)
    assert take_notice(world.ports, stranger) == "unknown"
    assert take_notice(world.ports, stranger) == "known"


def test_what_is_told_and_is_not_in_the_networks_book_is_not_believed(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)
    world.network.faults.append(Fault.UNSENT)
    claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    reference = asked(world, form)[0].sent_reference
    notice = NetworkEvent("evt_nowhere1", "operation.changed", reference, 1, world.clock.at)
    assert take_notice(world.ports, notice) == "not_there"
    assert status(world, form) is Status.HOLDING


def test_while_the_network_cannot_be_asked_its_notice_is_not_kept(world: World) -> None:
    form = claimed(world, None, make.PENDING_THEN_PAID)
    world.clock.pass_by(minutes=10)
    world.book.pass_time()
    notice = last_of(world, f"{form.form_id}-advance-1")
    world.network.unplugged = True
    with pytest.raises(NetworkSilent):
        take_notice(world.ports, notice)
    assert kept(world) == []
    world.network.unplugged = False
    assert take_notice(world.ports, notice) == "recorded"


def test_a_hold_that_the_bank_ended_is_taken_in_when_it_is_told(world: World) -> None:
    form = claimed(world)
    hold = the_hold(world, form)
    world.book.end_hold_early(hold.reference)
    notice = last_of(world, hold.reference)
    assert notice.kind == "hold.changed"
    assert take_notice(world.ports, notice) == "recorded"
    assert the_hold(world, form).state is GuaranteeState.ENDED
    assert open_kinds(world) == ["unsecured"]


def test_the_end_of_a_shared_hold_is_taken_in_for_every_form(world: World) -> None:
    forms = [issued_today(world, f"2542200000000000000{n}", f"key-{n}") for n in (1, 2)]
    together(world, forms)
    reference = the_hold(world, forms[0]).network_reference
    world.book.end_hold_early(reference)
    assert take_notice(world.ports, last_of(world, reference)) == "recorded"
    assert {the_hold(world, form).state for form in forms} == {GuaranteeState.ENDED}


def test_the_end_of_a_hold_whose_answer_was_lost_is_told_in_one(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)
    world.network.faults.append(Fault.LOST)
    claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    reference = asked(world, form)[0].sent_reference
    world.book.end_hold_early(reference)
    world.network.faults.append(Fault.UNSENT)
    assert take_notice(world.ports, last_of(world, reference)) == "recorded"
    assert the_hold(world, form).state is GuaranteeState.ENDED
    world.clock.pass_by(minutes=1)
    finish_open_operations(world.ports)
    assert status(world, form) is Status.ADVANCED
    assert open_kinds(world) == ["unsecured"]


def test_a_payout_that_came_back_and_was_never_told_is_asked_about(world: World) -> None:
    form = claimed(world, None, make.PAYOUT_RETURNED)
    world.clock.pass_by(days=3)
    assert notices.ask_about_missing(world.ports) == 0
    fetched(world)
    assert "missing_here" in open_kinds(world)
    assert asked(world, form)[-1].state is OperationState.SUCCEEDED
    assert notices.ask_about_missing(world.ports) == 1
    assert asked(world, form)[-1].state is OperationState.RETURNED
    assert notices.ask_about_missing(world.ports) == 0
    assert "advance_returned" in open_kinds(world)


def test_a_payout_that_failed_later_leaves_the_hold_for_another_try(world: World) -> None:
    form = claimed(world, None, make.PENDING_THEN_FAILED)
    assert form.status is Status.ADVANCING
    world.clock.pass_by(minutes=11)
    world.book.pass_time()
    assert take_notice(world.ports, last_of(world, f"{form.form_id}-advance-1")) == "recorded"
    assert status(world, form) is Status.HELD
    assert asked(world, form)[-1].refusal == "payout_failed"
