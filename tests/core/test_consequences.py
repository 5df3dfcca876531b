"""What a rule set makes of a purchase: rates, fee and rounding, cash, inspection, deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refund.core.calendar import end_of_day, last_day
from refund.core.consequences import (
    Consequences,
    Terms,
    consequences_of,
    departure_word,
    differing,
    inspect_share_bp,
)
from refund.core.money import FEN_MAX, Amounts, Rounding, Vat
from refund.core.parameters import changed_rules
from refund.core.policy import FIRST_DAY, RuleSet, amounts_of, rules_on
from refund.gateways import workdays
from tests import make

SAMPLING = date(2026, 7, 1)
MORE_CASH = date(2025, 4, 27)
DAYS = st.dates(FIRST_DAY, date(2027, 6, 30))
FEN = st.integers(1, FEN_MAX // 2)
HALF = Fraction(1, 2)
EXACT = {
    Rounding.HALF_UP: lambda exact: floor(exact + HALF),
    Rounding.DOWN: floor,
    Rounding.UP: ceil,
}


def under(rules: RuleSet, amounts: Amounts, start: date = make.DAY) -> Consequences:
    """What follows from amounts under a rule set."""
    promised = None if rules.promise_days is None else last_day(start, rules.promise_days)
    terms = Terms(promised, last_day(start, rules.export_days), rules.promise_any_port)
    return consequences_of(amounts, terms, (), rules, workdays.is_working_day)


@pytest.mark.rule("refund_rate_13_bp")
@pytest.mark.rule("refund_rate_9_bp")
@pytest.mark.rule("fee_bp")
@given(DAYS, FEN, st.sampled_from([(Vat.V13, 11), (Vat.V9, 8)]))
def test_the_refund_is_11_or_8_of_a_hundred_less_2_for_the_fee(
    day: date, fen: int, kind: tuple[Vat, int]
) -> None:
    vat, percent = kind
    found = amounts_of([(fen, vat)], rules_on(day))
    assert found.gross_fen == floor(Fraction(fen * percent, 100) + HALF)
    assert found.fee_fen == floor(Fraction(fen * 2, 100))
    assert found.net_fen == found.gross_fen - found.fee_fen


@pytest.mark.rule("mixed_rates")
@pytest.mark.rule("rounding")
@given(st.lists(FEN, max_size=5), st.lists(FEN, max_size=5))
def test_each_rate_of_a_mixed_purchase_is_rounded_once_and_the_fee_once_for_all(
    at_13: list[int], at_9: list[int]
) -> None:
    lines = [(fen, Vat.V13) for fen in at_13] + [(fen, Vat.V9) for fen in at_9]
    found = amounts_of(lines, rules_on(make.DAY))
    gross_fen = floor(Fraction(sum(at_13) * 11, 100) + HALF)
    gross_fen += floor(Fraction(sum(at_9) * 8, 100) + HALF)
    fee_fen = floor(Fraction((sum(at_13) + sum(at_9)) * 2, 100))
    assert (found.gross_fen, found.fee_fen) == (gross_fen, fee_fen)


@pytest.mark.rule("gross_rounding")
@pytest.mark.rule("fee_rounding")
@given(FEN, st.sampled_from(Rounding), st.sampled_from(Rounding))
def test_gross_and_fee_are_rounded_as_the_table_says(
    fen: int, gross: Rounding, fee: Rounding
) -> None:
    changes = {"gross_rounding": gross.value, "fee_rounding": fee.value}
    found = amounts_of([(fen, Vat.V13)], changed_rules(rules_on(make.DAY), changes))
    assert found.gross_fen == EXACT[gross](Fraction(fen * 11, 100))
    assert found.fee_fen == EXACT[fee](Fraction(fen * 2, 100))


@pytest.mark.rule("gross_rounding")
@pytest.mark.rule("fee_rounding")
@given(DAYS)
def test_unless_the_table_says_otherwise_the_gross_is_rounded_half_up_and_the_fee_down(
    day: date,
) -> None:
    rules = rules_on(day)
    assert (rules.gross_rounding, rules.fee_rounding) == (Rounding.HALF_UP, Rounding.DOWN)


@pytest.mark.rule("cash_fen_max")
@settings(deadline=None)  # the first look at the calendar of holidays takes its time
@given(
    st.sampled_from([MORE_CASH - timedelta(days=1), MORE_CASH]) | DAYS,
    st.integers(0, 3) | st.integers(9_999_98, 10_000_02) | st.integers(19_999_98, 20_000_02) | FEN,
)
def test_cash_is_possible_exactly_up_to_the_limit_of_the_day(day: date, net_fen: int) -> None:
    found = under(rules_on(day), Amounts(10 * net_fen, net_fen, 0, net_fen), day)
    limit_fen = 20_000_00 if day >= MORE_CASH else 10_000_00
    assert found.cash_possible is (0 < net_fen <= limit_fen)


@pytest.mark.rule("inspect_all")
@pytest.mark.rule("inspect_from_fen")
@pytest.mark.rule("inspect_share_bp")
@given(
    st.sampled_from([SAMPLING - timedelta(days=1), SAMPLING]) | DAYS,
    st.integers(9_999_98, 10_000_02) | FEN,
    st.integers(0, 10_000),
)
def test_customs_look_at_every_form_and_since_july_2026_at_the_large_ones_and_a_share(
    day: date, sales_fen: int, share_bp: int
) -> None:
    rules = changed_rules(rules_on(day), {"inspect_share_bp": share_bp})
    is_certain = day < SAMPLING or sales_fen >= 10_000_00
    assert inspect_share_bp(sales_fen, rules) == (10_000 if is_certain else share_bp)


@pytest.mark.rule("capture_working_days")
@pytest.mark.rule("working_days")
@settings(deadline=None)
@given(st.dates(date(2025, 7, 1), date(2026, 11, 30)), st.integers(1, 10))
def test_a_broken_promise_is_charged_by_the_working_day_that_was_counted(
    start: date, count: int
) -> None:
    rules = changed_rules(rules_on(start), {"capture_working_days": count})
    found = under(rules, Amounts(100, 11, 2, 9), start)
    assert found.depart_by is not None
    assert found.capture_by is not None
    between = (found.capture_by - found.depart_by).days
    passed = [found.depart_by + timedelta(days=n + 1) for n in range(between)]
    assert sum(workdays.is_working_day(day) for day in passed) == count
    assert workdays.is_working_day(found.capture_by)


def exact_second(day: date) -> datetime:
    """The last second of a day in Shanghai."""
    return end_of_day(day) - timedelta(seconds=1)


@pytest.mark.rule("late_second")
@pytest.mark.rule("day_counting")
@given(DAYS, st.integers(0, 400), st.booleans())
def test_the_last_second_of_the_last_day_keeps_a_promise_and_the_next_breaks_it(
    start: date,
    days: int,
    any_port: bool,  # noqa: FBT001
) -> None:
    terms = Terms(last_day(start, days), last_day(start, days + 90), any_port)
    assert terms.depart_by is not None
    second = exact_second(terms.depart_by)
    assert (second + timedelta(hours=8)).replace(tzinfo=None).date() == start + timedelta(days=days)
    in_time = departure_word(terms, "WUH", (second, "WUH"), start)
    late = departure_word(terms, "WUH", (second + timedelta(seconds=1), "WUH"), start)
    assert (in_time, late) == ("promise_kept", "left_late")


@pytest.mark.rule("wrong_port")
@given(st.sampled_from(["WUH", "YIH", "ENH"]), st.booleans())
def test_another_port_breaks_a_promise_to_one_port_and_keeps_one_to_any(
    port: str,
    any_port: bool,  # noqa: FBT001
) -> None:
    terms = Terms(date(2025, 7, 25), date(2025, 10, 6), any_port)
    word = departure_word(terms, "WUH", (make.NOON, port), make.DAY)
    assert word == ("promise_kept" if any_port or port == "WUH" else "left_elsewhere")


def test_a_departure_says_more_than_late_or_in_time() -> None:
    terms = Terms(date(2025, 7, 25), date(2025, 10, 6), port_any=False)
    late = datetime(2025, 10, 7, 4, 0, tzinfo=UTC)
    assert departure_word(terms, "WUH", (late, "WUH"), make.DAY) == "exported_too_late"
    assert departure_word(terms, "WUH", None, date(2025, 7, 25)) == "awaiting_exit"
    assert departure_word(terms, "WUH", None, date(2025, 7, 26)) == "never_seen"
    none = Terms(None, date(2025, 10, 6), port_any=False)
    assert departure_word(none, "WUH", (make.NOON, "WUH"), make.DAY) == ""


def test_only_what_is_another_thing_under_other_rules_is_named() -> None:
    amounts = amounts_of([(make.PRICE_FEN, Vat.V13)], rules_on(make.DAY))
    own = under(rules_on(make.DAY), amounts)
    assert differing(own, own) == ()
    later = under(rules_on(SAMPLING), amounts)
    assert differing(own, later) == ("depart_by", "port_any", "capture_by", "inspect_share_bp")
