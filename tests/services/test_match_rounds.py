"""Rounds of the match: the same breaks stay the same cases, and what is gone closes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from refund.core.case import CaseKind
from refund.core.errors import Refused
from refund.core.match_summary import Amount
from refund.sandbox.faults import Fault as BookFault
from refund.services import match as matching
from refund.services.cases import close_with_reason
from refund.services.statements import take_in
from tests import make
from tests.services.statement_steps import (
    GIVEN,
    LAST,
    another,
    case_of,
    days_from,
    fetched,
    given,
    matched,
    only,
    open_cases,
    over,
    reference,
    sheet_of,
    standing,
)
from tests.services.steps import claimed
from tests.services.tamper import past_guards
from tests.statements import Booked
from tests.world import World, open_world

NEXT = make.DAY + timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Open a world on each engine; where a statement is changed, the books are not those of it."""
    with open_world(tmp_path, engine_url) as opened:
        yield opened


def test_the_same_breaks_are_the_same_cases_however_often_it_is_done(world: World) -> None:
    claimed(world)
    sheet = sheet_of(world)
    sheet.lines[1] = replace(sheet.lines[1], amount_fen=1)
    sheet.lines.append(Booked("stranger-1"))
    matched(world, sheet)
    before = standing(world)
    for _ in range(2):
        matching.match(world.ports, make.DAY, NEXT)
        matching.look_again(world.ports)
    assert standing(world) == before
    assert len(open_cases(world)) == 2
    assert world.ports.storage.read(lambda tx: tx.closed_cases(10)) == []


def test_what_a_person_has_explained_is_not_opened_again(world: World) -> None:
    claimed(world)
    sheet = sheet_of(world)
    sheet.lines.append(Booked("stranger-1"))
    period = matched(world, sheet)
    assert period.open == Amount(1, make.NET_FEN)
    found = only(world, CaseKind.MISSING_HERE)
    close_with_reason(world.ports, world.operator, found.case_id, "of the other merchant")
    period = matching.match(world.ports, make.DAY, NEXT)
    assert open_cases(world) == []
    assert (period.open, period.of("missing_here").count) == (Amount(), 1)
    again = only(world, CaseKind.MISSING_HERE)
    assert (again.is_open, again.closed_by, again.reason) == (
        False,
        world.operator.label,
        "of the other merchant",
    )


def test_a_period_says_what_is_missing_and_refuses_what_is_none(world: World) -> None:
    claimed(world)
    over(world, make.DAY + timedelta(days=4))
    given(world, sheet_of(world))
    period = matching.summary(world.ports, make.DAY, make.DAY + timedelta(days=6))
    assert (period.days, period.matched_days) == (7, 0)
    assert list(period.missing_days) == list(days_from(NEXT, 4))
    matching.match(world.ports, make.DAY, NEXT)
    assert matching.latest_period(world.ports) == (make.DAY.replace(day=1), make.DAY)
    with pytest.raises(Refused, match="dates_reversed"):
        matching.match(world.ports, NEXT, make.DAY)
    with pytest.raises(Refused, match="period_too_long"):
        matching.match(world.ports, make.DAY, make.DAY + timedelta(days=400))


def test_a_statement_that_is_loading_is_in_no_match(world: World) -> None:
    form = claimed(world)
    sheet = sheet_of(world)
    text = sheet.next_day(Booked(reference(form, "advance")), Booked("stranger-2")).text()

    def half(world: World) -> Iterator[bytes]:
        over(world, NEXT)
        yield text[:-70]
        period = matching.match(world.ports, make.DAY, NEXT)
        assert (period.lines.count, period.broken.count) == (2, 0)
        assert standing(world) == []

    given(world, sheet)
    over(world, NEXT)
    with pytest.raises(Refused, match="statement_truncated"):
        take_in(world.ports, half(world), GIVEN)


def test_many_breaks_are_found_page_by_page(world: World) -> None:
    claimed(world)
    sheet = sheet_of(world)
    sheet.lines += [Booked(f"stranger-{number}") for number in range(450)]
    period = matched(world, sheet)
    assert period.of("missing_here").count == 450
    page = matching.breaks(world.ports, make.DAY, NEXT)
    assert len(page.rows) == matching.LISTED
    seen = {one.subject for one in page.rows}
    while page.next_after:
        page = matching.breaks(world.ports, make.DAY, NEXT, after=page.next_after)
        seen |= {one.subject for one in page.rows}
    assert len(seen) == 450
    kinds = [CaseKind.AMOUNT_DIFFERS]
    assert matching.breaks(world.ports, make.DAY, NEXT, kinds).rows == ()


def test_three_planted_breaks_are_found_and_the_days_after_go_on(world: World) -> None:
    forms = [claimed(world), *(another(world, number) for number in range(2, 7))]
    for fault in ("statement_line_missing", "statement_line_twice", "statement_line_amount"):
        world.book.faults.switch_on(BookFault(fault, times=1))
    world.clock.pass_by(days=3)
    assert fetched(world) == 3
    kinds = sorted(one.kind.value for one in standing(world))
    assert kinds == ["amount_differs", "missing_there", "twice_there"]
    known = {form.form_id for form in forms}
    assert {one.form_id for one in standing(world)} <= known
    assert all(one.is_open for one in standing(world))
    period = matching.summary(world.ports, make.DAY, LAST)
    assert (period.matched_days, period.missing_days, period.open.count) == (3, (), 3)
    assert fetched(world) == 0
    assert len(open_cases(world)) == 3


def test_a_break_that_is_gone_and_comes_back_is_a_new_case(world: World) -> None:
    form = claimed(world)
    matched(world, sheet_of(world))
    state = f"UPDATE operation SET state = '%s' WHERE reference = '{reference(form, 'advance')}'"
    past_guards(world, state % "refused")
    matching.match(world.ports, make.DAY, NEXT)
    first = only(world, CaseKind.MISSING_HERE)
    past_guards(world, state % "succeeded")
    matching.look_again(world.ports)
    assert standing(world) == []
    past_guards(world, state % "refused")
    matching.match(world.ports, make.DAY, NEXT)
    again = only(world, CaseKind.MISSING_HERE)
    assert again.case_id != first.case_id
    assert (case_of(world, first).is_open, again.is_open) == (False, True)
