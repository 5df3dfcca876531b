"""The rows of the table beside one another: one is in force, and it is the one that is applied."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.parameters import PARAMETER_BY_NAME, value_of
from refund.core.policy import FIRST_DAY, PARAMETERS, RULES, AddedRule, Rule, rules_on
from refund.core.rule_rows import rows_of
from tests import make

AT = datetime(2025, 7, 8, 4, 0, tzinfo=UTC)


def added(rules: list[Rule]) -> list[AddedRule]:
    """Rows as operators add them."""
    return [AddedRule(f"row-{n}", rule, AT, "operator-1") for n, rule in enumerate(rules)]


@st.composite
def rules_ahead(draw: st.DrawFn) -> Rule:
    """A row that an operator may add on the day of the tests; days often meet."""
    name = draw(st.sampled_from(PARAMETERS))
    parameter = PARAMETER_BY_NAME[name]
    value = draw(st.integers(parameter.least, parameter.most))
    start = make.DAY + timedelta(days=draw(st.integers(1, 5) | st.integers(1, 900)))
    return Rule(name, value, start, "a test", "D")


@given(st.lists(rules_ahead(), max_size=12), st.dates(FIRST_DAY, date(2029, 12, 31)))
def test_the_row_in_force_is_the_one_that_is_applied(rules: list[Rule], day: date) -> None:
    rows = rows_of(added(rules))
    assert len(rows) == len(RULES) + len(rules)
    applied = rules_on(day, (*RULES, *rules))
    for name in PARAMETERS:
        in_force = [r for r in rows if r.rule.parameter == name and r.is_in_force(day)]
        assert len(in_force) <= 1
        if in_force:
            assert in_force[0].rule.value == value_of(applied, name)
    for row in rows:
        assert row.is_in_force(day) + row.is_ahead(day) <= 1


@pytest.mark.rule("rules_of_issue_day")
@given(st.lists(rules_ahead(), max_size=12), st.dates(FIRST_DAY, make.DAY))
def test_rows_for_days_ahead_change_no_rule_of_a_day_before_them(
    rules: list[Rule], day: date
) -> None:
    assert rules_on(day, (*RULES, *rules)) == rules_on(day)


@given(st.lists(rules_ahead(), min_size=1, max_size=6))
def test_of_rows_for_the_same_day_the_one_added_last_counts(rules: list[Rule]) -> None:
    last = rules[-1]
    again = [*rules, Rule(last.parameter, last.value, last.valid_from, "again", "D")]
    (winner,) = [
        row
        for row in rows_of(added(again))
        if row.rule.parameter == last.parameter and row.is_in_force(last.valid_from)
    ]
    assert winner.rule.source == "again"
    assert winner.added is not None


def test_what_the_program_knows_has_no_hand_that_added_it() -> None:
    assert all(row.added is None and not row.replaced for row in rows_of([]))
    (over, now) = [r for r in rows_of([]) if r.rule.parameter == "min_purchase_fen"]
    assert (over.until, now.until) == (date(2025, 4, 26), None)
    (ahead,) = [r for r in rows_of([]) if r.rule.parameter == "inspect_from_fen"]
    assert ahead.is_ahead(make.DAY)
