"""Today at the border: decisions as they come, promises that break, and what to do next, first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from refund.core.calendar import end_of_day
from refund.core.case import CaseKind
from refund.core.entitlement import Recovery
from refund.core.form import Form, Status
from refund.core.matching import Action, Why
from refund.services import departing, reconcile
from refund.services.agenda import Agenda, Task, What, agenda
from refund.services.cases import open_case
from refund.services.later import work_once
from tests import make
from tests.services.engine_steps import bags, brought_back, confirmed, refused_at_customs
from tests.services.steps import claimed, departs, issued, on, settled, verified
from tests.world import World


def another(world: World, n: int) -> Form:
    """The advance of another traveller."""
    traveller = make.traveller(f"H1000000{n}")
    draft = make.draft(f"254220000000000001{n:02d}", traveller=traveller)
    return claimed(world, issued(world, draft, f"another-{n}"))


def looked(world: World) -> Agenda:
    """What the operator does next."""
    return agenda(world.ports, world.operator, reconcile.desk(world.ports))


def told(world: World) -> list[tuple[What, int, int]]:
    """What is to be done, of how many, and the sum, in order."""
    return [(task.what, task.count, task.amount_fen) for task in looked(world).tasks]


def task_of(world: World, what: What) -> Task:
    """The one task of its kind."""
    (found,) = [task for task in looked(world).tasks if task.what is what]
    return found


# Decisions as they come.


def test_what_customs_decide_comes_newest_first_with_pieces_money_and_what_follows(
    world: World,
) -> None:
    whole = verified(world, another(world, 1))
    world.clock.pass_by(minutes=1)
    fewer = confirmed(world, claimed(world, bags(world)), 2)
    world.clock.pass_by(minutes=1)
    refused = refused_at_customs(world, another(world, 2))
    seen = departing.live(world.ports)
    assert [row.form.form_id for row in seen.rows] == [
        form.form_id for form in (refused, fewer, whole)
    ]
    assert [(row.pieces, row.listed_pieces) for row in seen.rows] == [(0, 1), (2, 3), (1, 1)]
    follows = [(row.proposal.action, row.proposal.why) for row in seen.rows]
    assert follows == [
        (Action.FORFEIT, Why.REFUSED),
        (Action.NONE, Why.AWAITING_EXIT),
        (Action.NONE, Why.AWAITING_EXIT),
    ]
    departs(world, on(8, 14))
    row = departing.live(world.ports).rows[1]
    assert (row.proposal.charged_fen, row.proposal.released_fen) == (450_00, 900_00)


def test_the_list_says_by_one_word_whether_anything_is_new(small_world: World) -> None:
    words = [departing.live(small_world.ports).seen]
    form = verified(small_world)
    words.append(departing.live(small_world.ports).seen)
    assert departing.live(small_world.ports).seen == words[-1]
    departs(small_world, on(8, 14))
    words.append(departing.live(small_world.ports).seen)
    settled(small_world, form)
    words.append(departing.live(small_world.ports).seen)
    assert len(set(words)) == 4
    small_world.clock.at = on(9, 0)
    assert departing.live(small_world.ports).rows == (), "today only"


def test_the_list_goes_on_before_the_last_decision_shown(small_world: World) -> None:
    first = verified(small_world, another(small_world, 1))
    small_world.clock.pass_by(minutes=1)
    second = verified(small_world, another(small_world, 2))
    newest = departing.live(small_world.ports).rows[0].verification
    assert newest.form_id == second.form_id
    rest = departing.live(small_world.ports, (newest.verified_at, newest.form_id))
    assert [row.form.form_id for row in rest.rows] == [first.form_id]


# Promises that break.


@pytest.mark.rule("no_show")
@pytest.mark.rule("capture_working_days")
def test_promises_break_the_day_after_their_last_and_again_on_the_last_day_for_the_charge(
    world: World,
) -> None:
    form = claimed(world)
    found = {}
    for day, month in ((25, 7), (26, 7), (27, 7), (29, 7), (30, 7), (31, 7)):
        world.clock.at = on(day, month=month)
        found[day] = [one.form.form_id for one in departing.broken_today(world.ports).proposals]
    there = [form.form_id]
    assert found == {25: [], 26: there, 27: [], 29: [], 30: there, 31: there}


def test_of_what_broke_today_the_sum_is_told_and_what_was_kept_is_no_part_of_it(
    small_world: World,
) -> None:
    claimed(small_world)
    verified(small_world, another(small_world, 1))
    departs(small_world, on(20), number="H10000001")
    small_world.clock.at = on(26, 9)
    broken = departing.broken_today(small_world.ports)
    assert (len(broken.proposals), broken.charged_fen, broken.more) == (1, make.NET_FEN, False)


# What to do next.


def test_with_nothing_due_there_is_nothing_to_do(small_world: World) -> None:
    claimed(small_world)
    assert told(small_world) == []


def test_what_is_due_first_stands_first_with_its_deadline(world: World) -> None:
    forms = [another(world, n) for n in range(3)]
    verified(world, forms[0])
    departs(world, on(20), number="H10000000")
    assert told(world) == [(What.RELEASE, 1, make.NET_FEN)]
    release = task_of(world, What.RELEASE)
    assert (release.due_at, release.since) == (on(21), on(20))
    world.clock.at = on(26)
    assert told(world) == [(What.RELEASE, 1, make.NET_FEN), (What.CHARGE, 2, 2 * make.NET_FEN)]
    assert task_of(world, What.CHARGE).due_at == end_of_day(date(2025, 7, 30))
    world.clock.at = on(1, month=8)
    assert [what for what, _, _ in told(world)] == [What.RELEASE, What.CHARGE_OVERDUE]
    assert task_of(world, What.CHARGE_OVERDUE).overdue_days == 2
    assert looked(world).is_part is False


@pytest.mark.rule("hold_outlives")
def test_a_charge_whose_hold_ends_before_its_last_day_is_due_by_the_end_of_the_hold(
    small_world: World,
) -> None:
    form = claimed(small_world)
    departs(small_world, on(10), "YIH")
    desk = reconcile.desk(small_world.ports)
    hold = desk.proposals[0].hold_ends_at
    assert hold is not None
    short = [replace(one, hold_ends_at=on(28)) for one in desk.proposals]
    found = agenda(
        small_world.ports,
        small_world.operator,
        reconcile.ExitDesk(desk.today, tuple(short), network_heard=True, following=None),
    )
    (task,) = found.tasks
    assert (task.what, task.due_at) == (What.CHARGE_HOLD_ENDS, on(28))
    assert task.first is not None
    assert task.first.form.form_id == form.form_id


def test_a_case_is_due_a_day_after_it_began_and_a_hold_when_it_ends(world: World) -> None:
    def opened(kind: CaseKind, subject: str, facts: Mapping[str, object]) -> None:
        world.ports.storage.write(
            lambda tx: open_case(tx, world.ports, kind, subject, amount_fen=5_00, facts=facts)
        )

    opened(CaseKind.MISSING_HERE, "a", {})
    opened(CaseKind.MISSING_HERE, "b", {})
    now = world.clock.at
    ends = {"expires_at": (now + timedelta(hours=3)).isoformat()}
    opened(CaseKind.HOLD_ENDS_EARLY, "c", ends)
    opened(CaseKind.HOLD_ENDS_EARLY, "d", {"expires_at": (now + timedelta(hours=9)).isoformat()})
    assert [(task.what, task.kind, task.count, task.due_at) for task in looked(world).tasks] == [
        (What.CASE, CaseKind.HOLD_ENDS_EARLY, 2, now + timedelta(hours=3)),
        (What.CASE, CaseKind.MISSING_HERE, 2, now + timedelta(hours=24)),
    ]


def test_a_departure_before_the_verification_is_to_be_looked_at(small_world: World) -> None:
    departs(small_world, on(8, 13))
    form = claimed(small_world)
    departs(small_world, on(9, 13))
    small_world.clock.at = on(10)
    verified(small_world, form)
    assert told(small_world) == [(What.LOOK, 1, make.NET_FEN)]


def test_what_waits_for_the_network_or_the_traveller_is_not_to_be_done(
    small_world: World,
) -> None:
    form = verified(small_world)
    departs(small_world, on(20))
    small_world.network.unplugged = True
    assert settled(small_world, form).form.status is Status.RELEASING
    assert told(small_world) == []
    small_world.network.unplugged = False
    small_world.clock.pass_by(minutes=1)
    while work_once(small_world.ports):
        pass


def test_money_that_came_back_in_the_store_asks_for_no_charge_today(small_world: World) -> None:
    form = brought_back(small_world, claimed(small_world, bags(small_world)), 3, Recovery.STORE)
    small_world.clock.at = on(26)
    assert form.status is Status.RETURNED
    assert departing.broken_today(small_world.ports).proposals == ()
