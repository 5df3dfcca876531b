"""The table of rules as operators add to it, and forms that keep the rules of their own day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.parameters import PARAMETER_BY_NAME, value_of
from refund.core.policy import PARAMETERS, RULES, Rule, rules_on
from refund.services import issue
from refund.services.rules import (
    add_rule,
    preview_rule,
    rule_table,
    rules_for,
    rules_of,
    table,
)
from tests import make
from tests.services.steps import codes, issued
from tests.world import World

AHEAD = date(2025, 8, 1)
RULE = Rule("promise_days", 21, AHEAD, "a text of the agency", "D")
DEADLINE = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_a_row_is_added_applied_from_its_day_on_and_told_in_the_trail(world: World) -> None:
    added = add_rule(world.ports, world.operator, RULE)
    assert (added.rule, added.added_by) == (RULE, "operator-1")
    assert added.added_at == make.NOON

    def days(day: date) -> int | None:
        return world.ports.storage.read(lambda tx: rules_for(tx, day)).promise_days

    assert [days(AHEAD - timedelta(days=1)), days(AHEAD)] == [17, 21]
    assert days(date(2026, 7, 1)) == 28
    assert world.ports.storage.read(lambda tx: tx.rules()) == [added]
    (event,) = told(world)
    assert (event["actor"], event["detail"]) == (
        "operator:operator-1",
        "promise_days 21 2025-08-01",
    )


def told(world: World) -> list[Any]:
    """What the trail says of rules; it belongs to no form."""

    def read(tx: Any) -> list[Any]:
        rows = tx._session.rows("SELECT actor, kind, detail FROM audit_event")
        return [row for row in rows if row["kind"] == "rule_added"]

    return world.ports.storage.read(read)


def test_the_table_has_what_the_program_knows_and_then_what_was_added(world: World) -> None:
    add_rule(world.ports, world.operator, RULE)
    assert world.ports.storage.read(table) == (*RULES, RULE)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_from": make.DAY}, "rule_not_ahead"),
        ({"valid_from": date(2020, 1, 1)}, "rule_not_ahead"),
        ({"parameter": "nothing"}, "parameter_unknown"),
        ({"value": 100_000}, "value_out_of_range"),
        ({"source": ""}, "field_missing"),
    ],
)
@pytest.mark.rule("rules_added_ahead")
def test_a_row_that_cannot_stand_is_refused_and_nothing_is_added(
    world: World, changes: dict[str, object], code: str
) -> None:
    wrong = replace(RULE, **changes)  # type: ignore[arg-type]
    for act in (
        lambda: preview_rule(world.ports, wrong),
        lambda: add_rule(world.ports, world.operator, wrong),
    ):
        with pytest.raises(Refused, match=code):
            act()
    assert world.ports.storage.read(lambda tx: tx.rules()) == []


@pytest.mark.rule("rules_added_ahead")
def test_a_row_that_was_previewed_yesterday_may_be_too_late_today(small_world: World) -> None:
    tomorrow = replace(RULE, valid_from=make.DAY + timedelta(days=1))
    preview_rule(small_world.ports, tomorrow)
    small_world.clock.pass_by(hours=11, minutes=59, seconds=59)
    add_rule(small_world.ports, small_world.operator, tomorrow)
    small_world.clock.pass_by(seconds=1)
    with pytest.raises(Refused, match="rule_not_ahead"):
        add_rule(small_world.ports, small_world.operator, tomorrow)


def test_a_preview_says_what_was_before_and_which_row_is_replaced(small_world: World) -> None:
    seen = preview_rule(small_world.ports, RULE)
    assert (seen.before, seen.replaces) == (17, None)
    assert (seen.without.promise_days, seen.within.promise_days) == (17, 21)
    add_rule(small_world.ports, small_world.operator, RULE)
    again = preview_rule(small_world.ports, replace(RULE, value=30))
    assert again.before == 21
    assert again.replaces is not None
    assert again.replaces.rule == RULE
    new = Rule("inspect_from_fen", 5_000_00, AHEAD, "a text", "D")
    assert preview_rule(small_world.ports, new).before is None


def test_a_later_row_for_the_same_day_replaces_the_earlier_and_both_stay(world: World) -> None:
    add_rule(world.ports, world.operator, RULE)
    add_rule(world.ports, world.operator, replace(RULE, value=30))
    assert world.ports.storage.read(lambda tx: rules_for(tx, AHEAD)).promise_days == 30
    found = rule_table(world.ports)
    mine = [row for row in found.rows if row.added is not None]
    assert [(row.rule.value, row.replaced) for row in mine] == [(21, True), (30, False)]
    assert [row.rule.value for row in found.ahead if row.added] == [30]
    assert {row.rule.value for row in found.over if row.added} == {21}


def test_the_table_of_today_has_each_parameter_that_has_begun_once(small_world: World) -> None:
    found = rule_table(small_world.ports)
    names = [row.rule.parameter for row in found.in_force]
    assert len(set(names)) == len(names)
    assert set(PARAMETERS) - set(names) == {"inspect_from_fen", "inspect_share_bp"}
    days = [row.rule.valid_from for row in found.ahead]
    assert days == sorted(days)
    assert len(found.in_force) + len(found.ahead) + len(found.over) == len(found.rows)


@st.composite
def rules_ahead(draw: st.DrawFn) -> Rule:
    """A row that an operator may add on the first day of the tests."""
    parameter = PARAMETER_BY_NAME[draw(st.sampled_from(PARAMETERS))]
    value = draw(st.integers(parameter.least, parameter.most))
    start = make.DAY + timedelta(days=draw(st.integers(1, 400)))
    return Rule(parameter.name, value, start, "a property", "D")


@pytest.mark.rule("rules_of_issue_day")
@DEADLINE
@given(rules=st.lists(rules_ahead(), min_size=1, max_size=6))
def test_a_form_keeps_the_rules_of_its_issue_day_whatever_is_added(
    world: World, rules: list[Rule]
) -> None:
    form = _the_form(world)
    before = world.ports.storage.read(lambda tx: rules_of(tx, form))
    for rule in rules:
        add_rule(world.ports, world.operator, rule)
    assert world.ports.storage.read(lambda tx: rules_of(tx, form)) == before
    assert before == rules_on(make.DAY)
    last = rules[-1]
    after = world.ports.storage.read(lambda tx: rules_for(tx, last.valid_from))
    assert value_of(after, last.parameter) == last.value


def _the_form(world: World) -> Form:
    """The one form of this world, issued when it is first asked for."""
    found = issue.issue_form(world.ports, world.clerk, make.draft(), "key-1")
    assert found.form is not None
    return found.form


def test_a_form_of_the_new_day_has_the_new_rules_and_the_old_form_its_own(world: World) -> None:
    old = issued(world)
    tomorrow = make.DAY + timedelta(days=1)
    for name, value in (("promise_days", 20), ("fee_bp", 100), ("min_purchase_fen", 1000_00)):
        add_rule(world.ports, world.operator, Rule(name, value, tomorrow, "a text", "D"))
    world.clock.pass_by(days=1)
    draft = make.draft(
        "25422000000000000002",
        invoices=(make.invoice("25422000000000000002", day=tomorrow),),
    )
    new = issued(world, draft, "key-2")
    assert (new.depart_by - new.issue_day).days == 20
    assert new.amounts.fee_fen == 14_94
    assert (old.depart_by - old.issue_day).days == 17
    small = replace(draft, invoices=(make.invoice("3" * 20, lines=(make.line(999_99),)),))
    other = replace(small, traveller=make.traveller("H87654321"))
    run = issue.dry_run(world.ports, world.clerk, other)
    assert "below_threshold" in codes(run.refusals)


PRICES = st.integers(1_00, 400_00)


@pytest.mark.rule("threshold_over_forms")
@pytest.mark.rule("threshold_over_invoices")
@DEADLINE
@given(
    number=st.integers(10_000_000, 99_999_999),
    prices=st.lists(PRICES, min_size=1, max_size=3),
    more=st.lists(PRICES, min_size=1, max_size=2),
)
def test_invoices_and_forms_of_the_day_count_together_in_their_store_alone(
    world: World, number: int, prices: list[int], more: list[int]
) -> None:
    traveller = make.traveller(f"H{number}")
    index = issue.document_index(world.ports, traveller)
    already_fen = world.ports.storage.read(
        lambda tx: sum(fen for _, fen in tx.purchases_of_day(1, index, make.DAY))
    )
    first = _several(traveller.document.number, "A", prices, already_fen)
    issued_first = issue.issue_form(world.ports, world.clerk, first, f"first-{first.invoices}")
    enough = already_fen + sum(prices) >= 200_00
    assert (issued_first.form is not None) is enough
    assert enough or codes(issued_first.refusals) == {"below_threshold"}
    live_fen = already_fen + (sum(prices) if enough else 0)
    second = _several(traveller.document.number, "B", more, live_fen)
    run = issue.dry_run(world.ports, world.clerk, second)
    below = {"below_threshold"}
    assert codes(run.refusals) == (set() if live_fen + sum(more) >= 200_00 else below)
    elsewhere = issue.dry_run(world.ports, world.other_clerk, second)
    assert codes(elsewhere.refusals) == (set() if sum(more) >= 200_00 else below)


def _several(document: str, series: str, prices: list[int], salt: int) -> issue.Draft:
    """A draft with an invoice for each price, under numbers of its own."""
    invoices = tuple(
        make.invoice(f"{document}{series}{salt:010d}{place}", lines=(make.line(fen),))
        for place, fen in enumerate(prices)
    )
    return make.draft(traveller=make.traveller(document), invoices=invoices)
