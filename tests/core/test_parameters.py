"""The parameters of the table: read as people write them, sane, and changed one by one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.parameters import (
    GRADES,
    PARAMETER_BY_NAME,
    Parameter,
    Unit,
    changed_rules,
    read_change,
    rule_ahead,
    rules_that_differ,
    the_parameter,
    value_of,
)
from refund.core.policy import PARAMETERS, RULES, Rule, RuleSet, rules_on
from tests import make

EVERY = st.sampled_from(list(PARAMETER_BY_NAME.values()))
GOOD = Rule("promise_days", 21, date(2025, 8, 1), "a text", "D")


def test_every_parameter_of_the_table_has_its_unit_and_no_other_has() -> None:
    assert tuple(PARAMETER_BY_NAME) == PARAMETERS
    assert {field.name for field in fields(RuleSet)} == {"day", *PARAMETERS}


def test_every_value_that_is_known_is_a_sane_one() -> None:
    for rule in RULES:
        assert PARAMETER_BY_NAME[rule.parameter].checked(rule.value, "") == rule.value


@given(EVERY, st.data())
def test_a_written_value_is_read_back(parameter: Parameter, data: st.DataObject) -> None:
    value = data.draw(st.integers(parameter.least, parameter.most))
    assert parameter.read(parameter.written(value).replace(",", ""), "value") == value
    assert read_change(f"{parameter.name}={value}", "set") == (parameter.name, value)


@given(EVERY, st.text(max_size=12) | st.integers().map(str))
def test_no_text_is_more_than_refused(parameter: Parameter, typed: str) -> None:
    codes = {"field_missing", "value_unreadable", "value_out_of_range"}
    with suppress(Refused):
        assert parameter.least <= parameter.read(typed, "value") <= parameter.most
        return
    with pytest.raises(Refused) as caught:
        parameter.read(typed, "value")
    assert caught.value.code in codes
    assert caught.value.field == "value"


@given(EVERY, st.booleans(), st.integers(1, 10**6))
def test_a_value_out_of_its_range_is_refused_with_the_range(
    parameter: Parameter,
    above: bool,  # noqa: FBT001
    by: int,
) -> None:
    value = parameter.most + by if above else parameter.least - by
    with pytest.raises(Refused) as caught:
        parameter.checked(value, "value")
    assert caught.value.code == "value_out_of_range"
    assert caught.value.facts["least"] == parameter.written(parameter.least)
    with pytest.raises(Refused, match="value_out_of_range"):
        changed_rules(rules_on(make.DAY), {parameter.name: value})


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("min_purchase_fen", 20000, "200.00"),
        ("refund_rate_13_bp", 1100, "11"),
        ("inspect_share_bp", 1250, "12.5"),
        ("inspect_share_bp", 1205, "12.05"),
        ("promise_any_port", 1, "yes"),
        ("fee_rounding", 1, "down"),
        ("settle_by_day", 15, "15"),
    ],
)
def test_a_value_is_written_in_the_unit_of_people(name: str, value: int, written: str) -> None:
    assert the_parameter(name).written(value) == written


@pytest.mark.parametrize("text", ["", "promise", "promise=1", "=1", "day=1", "__class__=1"])
def test_a_parameter_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="parameter_unknown"):
        read_change(text, "set-0")
    with pytest.raises(Refused, match="parameter_unknown"):
        changed_rules(rules_on(make.DAY), {"day": 1})


@pytest.mark.parametrize("value", ["", "x", "1.5", "１", "0x1", "1_0", "9" * 13])
def test_a_change_is_a_whole_number(value: str) -> None:
    with pytest.raises(Refused, match="value_unreadable"):
        read_change(f"promise_days={value}", "set-0")


@given(EVERY, st.data())
def test_a_change_changes_its_parameter_and_nothing_else(
    parameter: Parameter, data: st.DataObject
) -> None:
    own = rules_on(make.DAY)
    value = data.draw(st.integers(parameter.least, parameter.most))
    other = changed_rules(own, {parameter.name: value})
    assert value_of(other, parameter.name) == value
    before = value_of(own, parameter.name)
    expected = {} if before == value else {parameter.name: (before, value)}
    assert rules_that_differ(own, other) == expected
    types = {field.name: type(getattr(own, field.name)) for field in fields(own)}
    assert type(getattr(other, parameter.name)) is types[parameter.name]
    assert other.day == own.day


def test_a_day_may_differ_and_its_rules_be_the_same() -> None:
    one, other = rules_on(date(2025, 7, 8)), rules_on(date(2025, 7, 9))
    assert one != other
    assert rules_that_differ(one, other) == {}


@pytest.mark.rule("rules_added_ahead")
@given(st.dates(date(2025, 1, 1), date(2030, 12, 31)), st.integers(-800, 800))
def test_a_row_is_added_for_a_day_after_today_alone(today: date, days: int) -> None:
    rule = replace(GOOD, valid_from=today + timedelta(days=days))
    if days > 0:
        assert rule_ahead(rule, today) == rule
        return
    with pytest.raises(Refused) as caught:
        rule_ahead(rule, today)
    assert (caught.value.code, caught.value.field) == ("rule_not_ahead", "valid_from")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"parameter": "x"}, "parameter_unknown", "parameter"),
        ({"value": 0}, "value_out_of_range", "value"),
        ({"source": " "}, "field_missing", "source"),
        ({"source": "x" * 201}, "field_too_long", "source"),
        ({"source": "a\x00b"}, "field_unreadable", "source"),
        ({"grade": "E"}, "choice_unknown", "grade"),
    ],
)
def test_a_row_needs_a_sane_value_a_source_and_a_grade(
    changes: dict[str, object], code: str, field: str
) -> None:
    with pytest.raises(Refused) as caught:
        rule_ahead(replace(GOOD, **changes), make.DAY)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.field) == (code, field)


def test_every_grade_can_be_given_and_a_source_loses_its_blanks() -> None:
    for grade in GRADES:
        rule = rule_ahead(replace(GOOD, grade=grade, source="  a   text "), make.DAY)
        assert (rule.grade, rule.source) == (grade, "a text")


def test_every_unit_is_used() -> None:
    assert {parameter.unit for parameter in PARAMETER_BY_NAME.values()} == set(Unit)
