"""What a day issued anew does to breaks, to their cases, and to what was posted for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from refund.core.case import Case, CaseKind, Fix
from refund.core.errors import Refused
from refund.core.ledger import Account
from refund.sandbox.faults import Fault
from refund.sandbox.restore import restore_backup
from refund.services import fixes, reissue, statements
from refund.services import match as matching
from refund.services.asking import Outcome
from refund.services.audit import audit
from tests import make
from tests.services.reissue_steps import (
    ANEW,
    CHARGE,
    FIRST,
    STRANGER,
    approve,
    ask,
    balance,
    broken,
    fix_by_two,
    open_rows,
    replaced,
)
from tests.services.statement_steps import (
    all_days,
    another,
    case_of,
    fetched,
    given,
    matched,
    only,
    open_cases,
    over,
    sheet_of,
    standing,
)
from tests.services.steps import claimed
from tests.statements import Booked, Sheet
from tests.world import World, open_world


@pytest.fixture
def world(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Open a world on each engine."""
    with open_world(tmp_path, engine_url) as opened:
        yield opened


def test_a_case_of_a_break_that_the_new_statement_has_too_stays_and_others_close(
    world: World,
) -> None:
    gone = Booked("gone-1", amount_fen=7_00, network_id="id_g")
    matched(world, Sheet(lines=[gone, STRANGER]))
    kept = next(one for one in standing(world) if one.reference == "stranger-1")
    assert kept.subject == "2025-07-08/2"
    replaced(world, Sheet(lines=[STRANGER, Booked("new-1", amount_fen=9_00, network_id="id_n")]))
    found = {one.reference: one for one in standing(world)}
    assert set(found) == {"stranger-1", "new-1"}
    assert (found["stranger-1"].case_id, found["stranger-1"].subject) == (
        kept.case_id,
        kept.subject,
    )
    assert len(open_cases(world)) == 2


def test_what_was_posted_for_a_line_that_is_still_there_is_not_posted_again(
    world: World,
) -> None:
    gone = Booked("gone-1", amount_fen=7_00, network_id="id_g")
    matched(world, Sheet(lines=[gone, STRANGER]))
    kept = next(one for one in standing(world) if one.reference == "stranger-1")
    fix_by_two(world, case_of(world, kept), Fix.POST_THEIRS)
    posted = balance(world, Account.NETWORK_DIFFERENCE)
    assert posted == 50_00
    new = Booked("new-1", amount_fen=9_00, network_id="id_n")
    replaced(world, Sheet(lines=[STRANGER, new]))
    assert [one.reference for one in open_rows(world)] == ["new-1"]
    # A line that stands where another one stood is not taken for it.
    fix_by_two(world, open_cases(world)[0], Fix.POST_THEIRS)
    assert balance(world, Account.NETWORK_DIFFERENCE) == posted + 9_00
    matching.match(world.ports, make.DAY, make.DAY)
    assert open_cases(world) == []
    assert broken(world) == []


def test_what_was_posted_for_a_line_that_is_gone_is_a_break_and_is_taken_back_once(
    world: World,
) -> None:
    matched(world, FIRST)
    kept = next(one for one in standing(world) if one.reference == "stranger-1")
    fix_by_two(world, case_of(world, kept), Fix.POST_THEIRS)
    replaced(world, ANEW)
    (found,) = (one for one in standing(world) if one.kind is CaseKind.FIX_UNFOUNDED)
    assert (found.subject, found.amount_fen) == (kept.case_id, 50_00)
    assert found.is_open
    fix_by_two(world, case_of(world, found), Fix.TAKE_BACK)
    assert balance(world, Account.NETWORK_DIFFERENCE) == 0
    matching.look_again(world.ports)
    assert [one.kind for one in open_rows(world)] == [CaseKind.MISSING_HERE]
    assert broken(world) == []
    # The line comes back: it is decided anew, for what was posted is taken back.
    replaced(world, FIRST)
    again = next(one for one in standing(world) if one.reference == "stranger-1")
    assert again.is_open
    fix_by_two(world, case_of(world, again), Fix.POST_THEIRS)
    assert balance(world, Account.NETWORK_DIFFERENCE) == 50_00
    assert broken(world) == []


def test_nothing_is_posted_for_a_day_that_is_set_aside_until_it_is_matched_anew(
    world: World,
) -> None:
    second = FIRST.next_day(Booked("late-1", amount_fen=3_00, network_id="id_l"))
    matched(world, FIRST, second)
    late = next(one for one in standing(world) if one.reference == "late-1")
    replaced(world, ANEW)
    assert case_of(world, late).is_open
    with pytest.raises(Refused, match="fix_not_possible"):
        ask(world, case_of(world, late), Fix.POST_THEIRS)
    matching.look_again(world.ports)
    assert case_of(world, late).is_open
    matched(world, ANEW.next_day())
    assert not case_of(world, late).is_open


def test_fees_that_a_person_followed_are_a_break_where_they_are_as_agreed_now(
    world: World,
) -> None:
    dear = Sheet(lines=[replace(CHARGE, fee_fen=35)])
    matched(world, dear)
    fees = next(one for one in standing(world) if one.kind is CaseKind.FEES_DIFFER)
    fix_by_two(world, case_of(world, fees), Fix.POST_THEIRS)
    assert balance(world, Account.NETWORK_DIFFERENCE) == 5
    replaced(world, ANEW)
    (found,) = (one for one in standing(world) if one.kind is CaseKind.FIX_UNFOUNDED)
    fix_by_two(world, case_of(world, found), Fix.TAKE_BACK)
    assert balance(world, Account.NETWORK_DIFFERENCE) == 0
    assert broken(world) == []


def restored(world: World) -> Case:
    """The network comes back from a backup from before a day that was taken in; its case."""
    claimed(world)
    all_days(world)
    # A payout that the backup does not have, on a day that is taken in.
    world.clock.pass_by(hours=10)
    another(world)
    day = make.DAY + timedelta(days=1)
    over(world, day)
    world.clock.pass_by(hours=1)
    assert fetched(world) >= 1
    gone = restore_backup(world.book, timedelta(hours=23))
    assert gone
    over(world, day + timedelta(days=1))
    world.clock.pass_by(hours=1)
    fetched(world)
    wrong = world.ports.storage.read(lambda tx: tx.open_cases((CaseKind.STATEMENT_WRONG,)))
    assert len(wrong) == 1
    return wrong[0]


def test_a_network_that_was_restored_is_asked_for_the_days_before_and_both_books_meet(
    world: World,
) -> None:
    wrong = restored(world)
    theirs = wrong.facts["theirs"]
    assert theirs["code"] == "statement_opening_differs"  # type: ignore[index]
    asked = ask(world, wrong, Fix.ASK_BEFORE)
    assert (asked.outcome, asked.case.kind) == (Outcome.OFFERED, CaseKind.STATEMENT_REISSUED)
    assert asked.case.subject == "2025-07-09"
    with pytest.raises(Refused, match="statement_already_offered"):
        ask(world, wrong, Fix.ASK_BEFORE)
    ask(world, asked.case)
    approve(world, asked.case)
    fetched(world)
    assert statements.missing_days(world.ports) == []
    reopened = world.ports.storage.read(lambda tx: tx.case(wrong.case_id))
    assert reopened is not None
    assert (reopened.is_open, reopened.reason) == (False, "statement_imported")
    for case in open_cases(world):
        fix_by_two(world, case, fixes.view(world.ports, case.case_id).offers[0].fix)
    (found,) = (one for one in audit(world.ports) if one.invariant == "I5")
    assert found.holds, found.rows
    assert broken(world) == []


def test_where_no_day_was_issued_anew_it_is_said(world: World) -> None:
    claimed(world)
    all_days(world)
    day = make.DAY + timedelta(days=1)
    over(world, day)
    sheet = sheet_of(world, day, opening_fen=5)
    with pytest.raises(Refused, match="statement_opening_differs"):
        given(world, sheet)
    with pytest.raises(Refused, match="statement_not_reissued"):
        reissue.offer_reissued(world.ports, day, "operator:operator-1")
    world.network.unplugged = True
    with pytest.raises(Refused, match="network_unreachable"):
        reissue.offer_reissued(world.ports, day, "operator:operator-1")


def test_a_case_of_another_reason_does_not_ask_for_the_days_before(world: World) -> None:
    claimed(world)
    over(world, make.DAY)
    world.book.faults.switch_on(Fault("statement_truncated"))
    fetched(world)
    (wrong,) = world.ports.storage.read(lambda tx: tx.open_cases((CaseKind.STATEMENT_WRONG,)))
    offers = fixes.view(world.ports, wrong.case_id).offers
    assert [one.fix for one in offers] == [Fix.FETCH, Fix.EXPLAIN]
    with pytest.raises(Refused, match="fix_not_possible"):
        ask(world, wrong, Fix.ASK_BEFORE)


def test_a_break_that_a_person_explained_stays_explained(world: World) -> None:
    gone = Booked("gone-1", amount_fen=7_00, network_id="id_g")
    matched(world, Sheet(lines=[gone, STRANGER]))
    kept = next(one for one in standing(world) if one.reference == "stranger-1")
    ask(world, case_of(world, kept), Fix.EXPLAIN)
    replaced(world, Sheet(lines=[STRANGER]))
    assert only(world, CaseKind.MISSING_HERE).is_open is False
