"""A day that the network issues anew: offered, and approved by a second person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from refund.core.case import CaseKind, Fix
from refund.core.errors import Refused
from refund.core.ledger import Account
from refund.core.people import Actor
from refund.ports import Ports
from refund.services import fixes, reissue, statements
from refund.services import match as matching
from refund.transaction import Transaction
from tests import make
from tests.services.reissue_steps import (
    ANEW,
    CHARGE,
    FIRST,
    SECOND,
    STRANGER,
    approve,
    ask,
    balance,
    broken,
    leftovers,
    offered,
    refused,
    replaced,
    statement,
    superseded,
)
from tests.services.statement_steps import (
    GIVEN,
    given,
    matched,
    over,
    standing,
)
from tests.services.tamper import behind_the_back
from tests.statements import Booked, Sheet
from tests.world import World, open_world

T = TypeVar("T")


@pytest.fixture
def world(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Open a world on each engine."""
    with open_world(tmp_path, engine_url) as opened:
        yield opened


def test_an_offered_statement_counts_nowhere_until_two_persons_let_it(world: World) -> None:
    matched(world, FIRST)
    before = (statement(world), standing(world), balance(world, Account.NETWORK_FEE))
    case = offered(world, ANEW)
    assert (case.kind, case.subject) == (CaseKind.STATEMENT_REISSUED, make.DAY.isoformat())
    assert case.amount_fen == 50_00 + 60
    told = case.facts
    assert told["apart"] == {"lines": 1, "references": ["stranger-1"]}
    assert (told["taken_in"]["lines"], told["offered"]["lines"]) == (2, 1)  # type: ignore[index]
    matching.match(world.ports, make.DAY, make.DAY)
    after = (statement(world), standing(world), balance(world, Account.NETWORK_FEE))
    assert after[1:] == before[1:]
    assert superseded(world) == []
    (listed,) = statements.statement_days(world.ports)
    assert listed.case == case
    assert broken(world) == []


def test_the_first_person_never_approves_and_the_second_lets_it_count(world: World) -> None:
    matched(world, FIRST)
    old = statement(world)
    assert old is not None
    case = offered(world, ANEW)
    ask(world, case)
    with pytest.raises(Refused, match="second_person_needed"):
        approve(world, case, world.operator)
    assert balance(world, Account.NETWORK_FEE) == 60 + 30
    approve(world, case)
    (kept,) = superseded(world)
    now = statement(world)
    assert now is not None
    assert (kept.number, kept.digest, kept.totals) == (old.number, old.digest, old.totals)
    assert (kept.superseded_by, kept.case_id) == (SECOND.label, case.case_id)
    assert (now.totals.lines, now.closing_fen) == (1, ANEW.closing_fen)
    assert now.matched_at is not None
    assert balance(world, Account.NETWORK_FEE) == 30
    assert broken(world) == []
    closed = world.ports.storage.read(lambda tx: tx.case(case.case_id))
    assert closed is not None
    assert closed.fix is Fix.REPLACE_STATEMENT


def test_the_fees_of_a_superseded_statement_are_reversed_with_actor_and_reason(
    world: World,
) -> None:
    matched(world, FIRST)
    replaced(world, ANEW)
    number = statement(world)
    assert number is not None
    day = make.DAY.isoformat()
    first = world.ports.storage.read(lambda tx: tx.entry(f"statement-{day}-fees"))
    back = world.ports.storage.read(lambda tx: tx.entry(f"statement-{day}-fees-reversed"))
    anew = world.ports.storage.read(lambda tx: tx.entry(f"statement-{day}-{number.number}-fees"))
    assert None not in (first, back, anew)
    assert back is not None
    assert (back.reverses, back.reason) == (f"statement-{day}-fees", "the backup was restored")
    replaced(world, Sheet(lines=[CHARGE, replace(STRANGER, reference="other-1")]))
    assert len(superseded(world)) == 2
    assert balance(world, Account.NETWORK_FEE) == 90
    assert broken(world) == []


def test_later_days_that_do_not_begin_where_it_ends_are_set_aside_and_come_again(
    world: World,
) -> None:
    second = FIRST.next_day(Booked("f3-advance-1"))
    third = second.next_day()
    matched(world, FIRST, second, third)
    case = offered(world, ANEW)
    view = fixes.view(world.ports, case.case_id)
    assert view.standing.reissue is not None
    assert [one.day for one in view.standing.reissue.set_aside] == [second.day, third.day]
    ask(world, case)
    approve(world, case)
    assert [statement(world, day) for day in (second.day, third.day)] == [None, None]
    assert statements.missing_days(world.ports) == [second.day, third.day]
    assert balance(world, Account.NETWORK_FEE) == 30
    assert broken(world) == []
    anew = ANEW.next_day(Booked("f3-advance-1"))
    matched(world, anew, anew.next_day())
    assert balance(world, Account.NETWORK_FEE) == 90
    assert [len(superseded(world, day)) for day in (second.day, third.day)] == [1, 1]
    assert broken(world) == []


def test_a_statement_that_ends_alike_leaves_the_later_days_as_they_are(world: World) -> None:
    second = FIRST.next_day(Booked("f3-advance-1"))
    matched(world, FIRST, second)
    other = Sheet(lines=[replace(STRANGER, reference="other-1"), CHARGE])
    case = replaced(world, other)
    assert statement(world, second.day) is not None
    apart = case.facts["apart"]
    assert apart == {"lines": 2, "references": ["other-1", "stranger-1"]}
    assert broken(world) == []


def test_what_cannot_take_the_place_is_refused(world: World) -> None:
    assert refused(world, ANEW) == "statement_day_free"
    second = FIRST.next_day(Booked("f3-advance-1"))
    matched(world, FIRST, second)
    assert refused(world, FIRST) == "statement_already_imported"
    assert refused(world, Sheet(second.day, 5, [])) == "statement_opening_differs"
    with pytest.raises(Refused, match="statement_truncated"):
        reissue.offer(world.ports, [ANEW.text()[:-70]], GIVEN)
    with pytest.raises(Refused, match="statement_edited"):
        given(world, ANEW)
    offered(world, ANEW)
    assert refused(world, ANEW) == "statement_already_offered"
    assert refused(world, Sheet(lines=[])) == "statement_already_offered"
    assert leftovers(world) == 0


def test_a_day_before_that_changed_since_is_seen_at_the_approval(world: World) -> None:
    second = FIRST.next_day(Booked("f3-advance-1"))
    matched(world, FIRST, second)
    later = offered(world, FIRST.next_day(Booked("f4-advance-1")))
    ask(world, later)
    replaced(world, ANEW)
    # With the day that is set aside what is offered in its place is given up too.
    case = world.ports.storage.read(lambda tx: tx.case(later.case_id))
    assert case is not None
    assert (case.is_open, case.reason) == (False, "statement_superseded")
    assert world.ports.storage.read(lambda tx: tx.offered_of(second.day)) is None
    with pytest.raises(Refused, match="case_closed"):
        fixes.approve(world.ports, SECOND, later.case_id, "any")


def test_whoever_declines_gives_it_up_and_whoever_takes_it_back_does_not(world: World) -> None:
    matched(world, FIRST)
    case = offered(world, ANEW)

    def end(who: Actor) -> bool:
        ask(world, case)
        waiting = world.ports.storage.read(lambda tx: tx.approval_of(case.case_id))
        assert waiting is not None
        fixes.decline(world.ports, who, case.case_id, waiting.approval_id, "not yet")
        return world.ports.storage.read(lambda tx: tx.offered_of(make.DAY)) is not None

    assert end(world.operator)
    assert not end(SECOND)
    closed = world.ports.storage.read(lambda tx: tx.case(case.case_id))
    assert closed is not None
    assert not closed.is_open
    assert leftovers(world) == 0
    again = offered(world, ANEW)
    ask(world, again, Fix.EXPLAIN)
    assert world.ports.storage.read(lambda tx: tx.offered_of(make.DAY)) is None
    assert broken(world) == []


def test_what_is_superseded_never_changes(broken_world: World) -> None:
    world = broken_world
    matched(world, FIRST)
    replaced(world, ANEW)
    for change in (
        "UPDATE statement_line SET amount_fen = 1",
        "DELETE FROM statement_line",
        "DELETE FROM statement",
        "UPDATE statement SET closing_fen = 0 WHERE state = 'superseded'",
        "UPDATE statement SET matched_at = NULL WHERE state = 'superseded'",
        "UPDATE statement SET state = 'broken' WHERE state = 'superseded'",
        "UPDATE statement SET state = 'loading' WHERE state = 'complete'",
    ):
        with pytest.raises(Exception, match=r"append-only|keeps its"):
            behind_the_back(world, change)


class Killed(Exception):
    """The process ends here."""


class Dying:
    """A storage whose process is killed right after some write is committed."""

    def __init__(self, world: World, writes: int) -> None:
        self._storage = world.ports.storage
        self._left = writes

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """Write, and die."""
        found = self._storage.write(fn)
        self._left -= 1
        if not self._left:
            raise Killed
        return found

    def read(self, fn: Callable[[Transaction], T]) -> T:
        """Read as ever."""
        return self._storage.read(fn)

    def facts(self) -> dict[str, object]:
        """Say what is below."""
        return self._storage.facts()

    def close(self) -> None:
        """Close what is below."""
        self._storage.close()


def is_killed(world: World, dying: Ports) -> bool:
    """Offer, ask and approve, as far as the process lives."""
    try:
        case = reissue.offer(dying, [ANEW.text()], GIVEN)
        fixes.fix(dying, world.operator, case.case_id, Fix.REPLACE_STATEMENT, "restored")
        waiting = world.ports.storage.read(lambda tx: tx.approval_of(case.case_id))
        assert waiting is not None
        fixes.approve(dying, SECOND, case.case_id, waiting.approval_id)
    except Killed:
        return True
    return False


@pytest.mark.parametrize("writes", range(1, 10))
def test_wherever_it_is_killed_either_statement_counts_and_the_match_follows(
    world: World, writes: int
) -> None:
    matched(world, FIRST, FIRST.next_day())
    dying = replace(world.ports, storage=Dying(world, writes))
    over(world, make.DAY)
    alive = world.ports
    assert is_killed(world, dying)
    assert broken(world) == []
    days = [one.day for one in statements.statement_days(alive) if one.statement]
    is_replaced = bool(superseded(world))
    assert days == ([make.DAY] if is_replaced else [make.DAY + timedelta(days=1), make.DAY])
    if not is_replaced:
        world.clock.pass_by(hours=7)
        statements.clear_leftovers(alive)
        open_case = alive.storage.read(
            lambda tx: tx.open_case_of(CaseKind.STATEMENT_REISSUED, make.DAY.isoformat())
        )
        case = open_case or offered(world, ANEW)
        if alive.storage.read(lambda tx: tx.approval_of(case.case_id)) is None:
            ask(world, case)
        approve(world, case)
    matching.match_new(alive)
    now = statement(world)
    assert now is not None
    assert now.matched_at is not None
    assert now.digest != superseded(world)[0].digest
    assert [one.reference for one in standing(world)] == ["f2-capture-1"]
    assert broken(world) == []
