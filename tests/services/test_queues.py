"""The board of queues: each with its count, its age, and by when the first of it is due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.case import CaseKind
from refund.core.people import Actor, Role
from refund.services import cases
from refund.services.auditing import run_audit
from refund.services.queues import Board, Queue, Work, board, load
from refund.services.settle import months_to_close
from tests.services import steps
from tests.world import World

SECOND = Actor("operator-2", Role.OPERATOR, "Second")


def now(world: World, who: Actor | None = None) -> Board:
    """The board as an operator sees it."""
    return board(world.ports, who or world.operator)


def queue(seen: Board, work: Work) -> Queue:
    """One queue of the board, whether something waits in it or not."""
    return next(one for one in (*seen.open, *seen.done) if one.work is work)


def test_every_queue_is_on_the_board_once(world: World) -> None:
    seen = now(world)
    assert sorted(one.work.value for one in (*seen.open, *seen.done)) == sorted(
        work.value for work in Work
    )
    run_audit(world.ports)
    assert now(world).open == ()


def test_a_broken_promise_waits_and_then_is_overdue(world: World) -> None:
    steps.claimed(world)
    run_audit(world.ports)
    assert queue(now(world), Work.CHARGES).is_done
    world.clock.pass_by(days=18)
    broken = queue(now(world), Work.CHARGES)
    assert (broken.waiting.count, broken.waiting.amount_fen) == (1, 134_46)
    assert not now(world).is_late(broken)
    world.clock.pass_by(days=10)
    overdue = queue(now(world), Work.OVERDUE)
    assert overdue.waiting.count == 1
    assert now(world).is_late(overdue)
    assert queue(now(world), Work.CHARGES).is_done


def test_departures_count_from_the_moment_of_leaving(world: World) -> None:
    form = steps.verified(world)
    assert queue(now(world), Work.EXITS).is_done
    left = steps.on(9)
    steps.departs(world, left)
    found = queue(now(world), Work.EXITS)
    assert (found.waiting.count, found.waiting.oldest) == (1, left)
    assert found.due_at == left + timedelta(hours=24)
    steps.settled(world, form)
    assert queue(now(world), Work.EXITS).is_done


def test_cases_are_mine_nobodys_or_others(world: World) -> None:
    def open_two(tx: object) -> None:
        for number, fen in enumerate((100, 200)):
            cases.open_case(
                tx,  # type: ignore[arg-type]
                world.ports,
                CaseKind.MISSING_HERE,
                f"line-{number}",
                amount_fen=fen,
            )

    world.ports.storage.write(open_two)
    (first, _) = world.ports.storage.read(lambda tx: tx.open_cases())
    cases.take(world.ports, world.operator, first.case_id, "")
    breaks = queue(now(world), Work.BREAKS)
    assert breaks.owners == {"mine": 1, "nobodys": 1, "others": 0}
    assert breaks.waiting.amount_fen == 300
    assert queue(now(world, SECOND), Work.BREAKS).owners == {"mine": 0, "nobodys": 1, "others": 1}
    assert queue(now(world), Work.MINE).waiting.count == 1
    assert queue(now(world), Work.NOBODYS).waiting.count == 1
    assert load(world.ports, SECOND).cases == 2
    for case in world.ports.storage.read(lambda tx: tx.open_cases()):
        cases.close_with_reason(world.ports, world.operator, case.case_id, "looked at")


def test_what_is_due_first_is_first(small_world: World) -> None:
    steps.claimed(small_world)
    small_world.clock.pass_by(days=30)
    seen = now(small_world)
    due = [one.due_at or seen.now for one in seen.open]
    assert due == sorted(due)
    assert len(due) > 1


def test_the_word_for_what_is_seen_changes_with_it(small_world: World) -> None:
    before = now(small_world).seen
    small_world.clock.pass_by(seconds=5)
    assert now(small_world).seen == before
    steps.claimed(small_world)
    assert now(small_world).seen != before


@pytest.mark.parametrize("days", [0, 40, 70])
def test_no_month_before_the_first_claim_is_to_be_closed(small_world: World, days: int) -> None:
    small_world.clock.pass_by(days=days)
    at = small_world.clock.now()
    assert small_world.ports.storage.read(lambda tx: months_to_close(tx, at)) == []
    assert queue(now(small_world), Work.MONTHS).is_done
