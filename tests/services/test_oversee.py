"""The operator's overview: each open form waits in one queue, and a confirmation has one end."""

from __future__ import annotations

import pytest

from refund.core.errors import Refused
from refund.core.form import Status
from refund.core.ledger import Account
from refund.core.matching import BREAKS, Action, Proposal, Why
from refund.services.oversee import (
    Outcome,
    Queue,
    form_life,
    outcome_of,
    overview,
    preview,
    queue_of,
    queues_of,
)
from refund.services.reconcile import Chosen, Settled
from tests import make
from tests.services import steps
from tests.world import World


def a_proposal(action: Action, why: Why) -> Proposal:
    return Proposal(make.form(), action, why, make.NET_FEN, None, None)


def test_every_reason_leads_to_one_queue() -> None:
    proposals = [a_proposal(Action.NONE, why) for why in Why]
    queues = queues_of(proposals)
    assert sum(len(found) for found in queues.values()) == len(Why)
    assert {p.why for p in queues[Queue.BREAK]} == BREAKS
    assert [p.why for p in queues[Queue.ANSWER]] == [Why.AWAITING_ANSWER]


@pytest.mark.parametrize(
    ("action", "why", "queue"),
    [
        (Action.RELEASE, Why.KEPT, Queue.RELEASE),
        (Action.ADJUST, Why.FEWER_GOODS, Queue.ADJUST),
        (Action.FORFEIT, Why.REFUSED, Queue.FORFEIT),
        (Action.CAPTURE, Why.LATE, Queue.CAPTURE),
        (Action.CAPTURE, Why.LEFT_UNVERIFIED, Queue.BREAK),
        (Action.NONE, Why.AWAITING_EXIT, Queue.DEPARTURE),
    ],
)
def test_where_records_disagree_a_person_looks_before_anything_is_charged(
    action: Action, why: Why, queue: Queue
) -> None:
    assert queue_of(a_proposal(action, why)) is queue


@pytest.mark.parametrize(
    ("status", "refusal", "outcome"),
    [
        (Status.RELEASED, None, Outcome.DONE),
        (Status.RELEASED, Refused("proposal_changed"), Outcome.ALREADY),
        (Status.RELEASING, None, Outcome.UNDER_WAY),
        (Status.RELEASING, Refused("proposal_changed"), Outcome.UNDER_WAY),
        (Status.VERIFIED, None, Outcome.REFUSED_BY_NETWORK),
        (Status.VERIFIED, Refused("proposal_changed"), Outcome.REFUSED),
        (Status.CAPTURED, Refused("proposal_changed"), Outcome.REFUSED),
    ],
)
def test_a_confirmed_release_has_one_end(
    status: Status, refusal: Refused | None, outcome: Outcome
) -> None:
    assert outcome_of(Settled(make.form(status), Action.RELEASE, refusal)) is outcome


def test_the_overview_adds_up_with_the_books(small_world: World) -> None:
    steps.claimed(small_world)
    seen = overview(small_world.ports)
    assert len(seen.queues[Queue.DEPARTURE]) == 1
    assert (seen.advanced_fen, seen.held_fen) == (make.NET_FEN, make.NET_FEN)
    assert seen.balances[Account.NETWORK] == -make.NET_FEN
    assert sum(seen.balances.values()) == 0
    assert seen.pending == ()


def test_a_preview_keeps_what_stands_and_sets_aside_what_changed(small_world: World) -> None:
    form = steps.claimed(small_world)
    small_world.clock.pass_by(days=18)
    stands = Chosen(form.form_id, Action.CAPTURE, Why.NEVER_SEEN)
    found = preview(small_world.ports, [stands])
    assert [p.form.form_id for p in found.standing] == [form.form_id]
    assert (found.charged_fen, found.released_fen) == (make.NET_FEN, 0)
    changed = preview(small_world.ports, [Chosen(form.form_id, Action.RELEASE, Why.KEPT)])
    assert (changed.standing, len(changed.changed)) == ((), 1)


def test_a_forms_life_is_whole_and_reading_it_is_part_of_it(small_world: World) -> None:
    form = steps.verified(small_world)
    steps.departs(small_world, steps.on(20))
    steps.settled(small_world, form)
    life = form_life(small_world.ports, small_world.operator, form.form_id)
    assert life.traveller.latin_name == "CHAN TAI MAN"
    assert life.advance is not None
    assert [len(life.guarantees), len(life.exits), len(life.operations)] == [1, 1, 3]
    assert {entry.kind for entry, _, _ in life.entries} == {"hold", "advance", "release"}
    assert "identity_shown" in {event.kind for event in life.events}
    assert life.names[small_world.operator.staff_id] == "Operator"


def test_an_unknown_form_has_no_life(small_world: World) -> None:
    with pytest.raises(Refused, match="form_unknown"):
        form_life(small_world.ports, small_world.operator, "00000000000000ff")
