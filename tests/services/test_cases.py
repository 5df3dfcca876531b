"""Cases: one open for an anomaly, taken, noted on, closed with a reason, oldest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from refund.core.case import Case, CaseKind, Fix
from refund.core.errors import Refused
from refund.core.people import WORKER
from refund.services import cases
from refund.services.cases import Whose
from tests import make
from tests.services.case_steps import SECOND, history, now, opened, the_case
from tests.services.steps import issued
from tests.services.test_races import at_once
from tests.world import World

SUBJECT = "2025-07-07"


def late_statement(world: World, subject: str = SUBJECT, **about: object) -> Case:
    """A case about no form."""
    return opened(world, CaseKind.STATEMENT_MISSING, subject, **about)


def closed_by_itself(world: World, kind: CaseKind, subject: str) -> bool:
    """Let the anomaly be gone."""
    return world.ports.storage.write(
        lambda tx: cases.close_by_itself(tx, world.ports, kind, subject, "arrived")
    )


def test_an_anomaly_has_one_open_case(world: World) -> None:
    def open_one(_: int) -> bool:
        return world.ports.storage.write(
            lambda tx: cases.open_case(tx, world.ports, CaseKind.STATEMENT_MISSING, SUBJECT)
        )

    assert sorted(at_once(6, open_one)) == [False] * 5 + [True]
    assert not open_one(0)
    case = the_case(world, CaseKind.STATEMENT_MISSING, SUBJECT)
    assert (history(world, case), case.found_at) == (["opened"], world.clock.at)


def test_what_is_known_now_is_told_and_the_age_stays(small_world: World) -> None:
    world = small_world
    began = world.clock.at - timedelta(hours=2)
    first = late_statement(world, amount_fen=5, facts={"x": (1, 2)}, found_at=began)
    world.clock.pass_by(hours=1)
    late_statement(world, amount_fen=5, facts={"x": [1, 2]})
    assert history(world, first) == ["opened"]
    again = late_statement(world, amount_fen=7, facts={"x": [1]})
    assert (again.case_id, again.amount_fen, again.facts) == (first.case_id, 7, {"x": [1]})
    assert (again.found_at, again.opened_at) == (began, first.opened_at)
    assert history(world, first) == ["opened", "seen_again"]
    assert now(world, first).file.row.age == timedelta(hours=3)


def test_a_case_of_a_form_knows_its_store(small_world: World) -> None:
    form = issued(small_world)
    case = opened(small_world, CaseKind.UNSECURED, form.form_id, form_id=form.form_id)
    assert (case.form_id, case.store_number) == (form.form_id, 1)


def test_a_case_closes_by_itself_when_its_anomaly_is_gone(world: World) -> None:
    case = late_statement(world)
    assert closed_by_itself(world, case.kind, SUBJECT)
    assert not closed_by_itself(world, case.kind, SUBJECT)
    found = now(world, case).case
    assert (found.is_open, found.closed_by, found.reason) == (False, WORKER, "arrived")
    assert late_statement(world).case_id != case.case_id


def test_a_break_that_a_person_settled_is_not_opened_again(world: World) -> None:
    rows: dict[str, object] = {"ours": {"amount_fen": 1}, "theirs": {}}
    case = opened(world, CaseKind.LATE_THERE, "ref-1", facts=rows)
    cases.close_with_reason(world.ports, world.operator, case.case_id, "the bank was closed")

    def seen(facts: dict[str, object]) -> bool:
        return world.ports.storage.write(
            lambda tx: cases.open_case(tx, world.ports, CaseKind.LATE_THERE, "ref-1", facts=facts)
        )

    assert not seen(rows)
    assert seen({"ours": {"amount_fen": 2}, "theirs": {}})
    assert closed_by_itself(world, CaseKind.LATE_THERE, "ref-1")
    assert seen({"ours": {"amount_fen": 2}, "theirs": {}}), "it was closed by nobody"


def test_a_case_is_closed_with_a_reason_once(world: World) -> None:
    case = late_statement(world)
    with pytest.raises(Refused, match="reason_missing"):
        cases.close_with_reason(world.ports, world.operator, case.case_id, "  ")

    def explain(number: int) -> str:
        who = (world.operator, SECOND)[number % 2]
        return cases.close_with_reason(world.ports, who, case.case_id, "a holiday").case_id

    assert sorted(at_once(4, explain)) == [*["case_closed"] * 3, case.case_id]
    found = now(world, case).case
    assert (found.fix, found.reason, found.closed_by) == (Fix.EXPLAIN, "a holiday", found.fixed_by)
    assert history(world, case) == ["opened", "closed"]


def test_a_case_is_taken_from_whom_the_page_named(small_world: World) -> None:
    world, case = small_world, late_statement(small_world)
    assert cases.take(world.ports, world.operator, case.case_id, "").owner == world.operator.label
    cases.take(world.ports, world.operator, case.case_id, "")
    with pytest.raises(Refused, match="case_changed"):
        cases.take(world.ports, SECOND, case.case_id, "")
    cases.take(world.ports, SECOND, case.case_id, world.operator.label)
    assert now(world, case).case.owner == SECOND.label
    assert history(world, case) == ["opened", "taken", "taken"]


def test_a_note_stays_in_the_history(small_world: World) -> None:
    world, case = small_world, late_statement(small_world)
    cases.note_on(world.ports, world.operator, case.case_id, " I asked  the network ")
    with pytest.raises(Refused) as refused:
        cases.note_on(world.ports, world.operator, case.case_id, "")
    assert (refused.value.code, refused.value.field) == ("reason_missing", "note")
    event = now(world, case).file.events[-1]
    assert (event.kind, event.detail) == ("noted", "I asked the network")


VERBS: dict[str, Callable[[World, str], object]] = {
    "take": lambda world, case_id: cases.take(world.ports, world.operator, case_id, ""),
    "note": lambda world, case_id: cases.note_on(world.ports, world.operator, case_id, "more"),
    "close": lambda world, case_id: cases.close_with_reason(
        world.ports, world.operator, case_id, "more"
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_done_about_a_case_that_is_closed_or_unknown(
    small_world: World, verb: str
) -> None:
    world, case = small_world, late_statement(small_world)
    closed_by_itself(world, case.kind, SUBJECT)
    for case_id, code in ((case.case_id, "case_closed"), ("none", "case_unknown")):
        with pytest.raises(Refused, match=code):
            VERBS[verb](world, case_id)


def test_the_work_queue_is_oldest_first_by_kind_and_by_owner(small_world: World) -> None:
    world, form = small_world, issued(small_world)
    for days, kind in ((1, CaseKind.UNSECURED), (3, CaseKind.LEFT_LATE), (2, CaseKind.LATE_THERE)):
        found = world.clock.at - timedelta(days=days)
        opened(world, kind, f"s{days}", form_id=form.form_id, amount_fen=days, found_at=found)
    taken = the_case(world, CaseKind.LEFT_LATE, "s3")
    cases.take(world.ports, world.operator, taken.case_id, "")

    def subjects(*kinds: CaseKind, whose: Whose = Whose.ALL) -> list[str]:
        found = cases.work_queue(world.ports, world.operator, kinds, whose)
        return [row.case.subject for row in found.rows]

    assert subjects() == ["s3", "s2", "s1"]
    assert subjects(CaseKind.UNSECURED) == ["s1"]
    assert subjects(whose=Whose.MINE) == ["s3"]
    assert subjects(whose=Whose.NOBODYS) == ["s2", "s1"]
    seen = cases.work_queue(world.ports, world.operator)
    assert (seen.count, seen.amount_fen) == (3, 6)
    assert seen.oldest == world.clock.at - timedelta(days=3)
    assert seen.rows[0].form == form
    assert seen.names[make.operator().label] == "Operator"
    assert {one.subject for one in now(world, taken).file.others} == {"s2", "s1"}


def test_closed_cases_are_listed_newest_first(small_world: World) -> None:
    world = small_world
    for subject in ("a", "b"):
        case = late_statement(world, subject)
        world.clock.pass_by(hours=1)
        cases.close_with_reason(world.ports, world.operator, case.case_id, "late")
    rows, _ = cases.closed_lately(world.ports)
    assert [row.case.subject for row in rows] == ["b", "a"]
