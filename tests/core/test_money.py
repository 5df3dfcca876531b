"""Amounts are read strictly, shares are exact, and the shared refund vectors hold."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.money import (
    FEN_MAX,
    Vat,
    format_yuan,
    parse_yuan,
    refund_amounts,
    share_down,
    share_half_up,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "refund.json").read_text("utf-8"))
AMOUNTS = st.integers(min_value=0, max_value=FEN_MAX)
RATES = st.integers(min_value=0, max_value=10_000)


def test_every_shared_case_is_run() -> None:
    assert len(VECTORS["cases"]) == 12


@pytest.mark.rule("mixed_rates")
@pytest.mark.rule("rounding")
@pytest.mark.parametrize("case", VECTORS["cases"])
def test_a_refund_is_calculated_as_the_shared_vectors_say(case: dict[str, Any]) -> None:
    sales_by_rate_bp: dict[int, int] = {}
    for line in case["lines"]:
        rate_bp = line["refund_rate_percent"] * 100
        sales_by_rate_bp[rate_bp] = sales_by_rate_bp.get(rate_bp, 0) + parse_yuan(line["amount"])
    found = refund_amounts(sales_by_rate_bp, 200)
    assert {name: getattr(found, name) for name in case["expect"]} == case["expect"]


@pytest.mark.rule("rounding")
def test_the_gross_is_rounded_once_for_each_rate_and_the_fee_once_for_all() -> None:
    # 0.05 yuan at 11 % is 0.55 fen and at 8 % 0.40 fen; the fee of 0.10 yuan is 0.20 fen.
    assert refund_amounts({1100: 5, 800: 5}, 200).gross_fen == 1
    assert refund_amounts({1100: 49, 800: 49}, 200).fee_fen == 1


def test_no_sales_give_no_refund() -> None:
    amounts = refund_amounts({}, 200)
    assert (amounts.sales_fen, amounts.gross_fen, amounts.fee_fen, amounts.net_fen) == (0, 0, 0, 0)


@given(AMOUNTS, RATES)
def test_a_share_rounded_half_up_is_within_half_a_fen_and_never_below_it(
    amount_fen: int, rate_bp: int
) -> None:
    off = share_half_up(amount_fen, rate_bp) - Fraction(amount_fen * rate_bp, 10_000)
    assert Fraction(-1, 2) < off <= Fraction(1, 2)


@given(AMOUNTS, RATES)
def test_a_share_rounded_down_is_less_than_a_fen_below(amount_fen: int, rate_bp: int) -> None:
    off = Fraction(amount_fen * rate_bp, 10_000) - share_down(amount_fen, rate_bp)
    assert 0 <= off < 1


@given(st.dictionaries(RATES, AMOUNTS, max_size=4), RATES)
def test_net_and_fee_make_up_the_gross(sales_by_rate_bp: dict[int, int], fee_bp: int) -> None:
    amounts = refund_amounts(sales_by_rate_bp, fee_bp)
    assert amounts.net_fen + amounts.fee_fen == amounts.gross_fen
    assert amounts.sales_fen == sum(sales_by_rate_bp.values())


def test_a_share_of_a_negative_amount_is_a_defect() -> None:
    with pytest.raises(ValueError, match="-1"):
        share_half_up(-1, 100)
    with pytest.raises(ValueError, match="-1"):
        share_down(100, -1)


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("1494.00", 149_400),
        ("200", 20_000),
        (" 0.01\n", 1),
        ("619.9", 61_990),
        ("00000007", 700),
        ("99999999.99", FEN_MAX),
    ],
)
def test_an_amount_is_read_as_fen(typed: str, fen: int) -> None:
    assert parse_yuan(typed) == fen


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "field_missing"),
        (" \t", "field_missing"),
        ("1e9", "amount_unreadable"),
        ("NaN", "amount_unreadable"),
        ("inf", "amount_unreadable"),
        ("１００", "amount_unreadable"),
        ("１００.００", "amount_unreadable"),
        ("٣", "amount_unreadable"),
        ("1,00", "amount_unreadable"),
        ("1,494.00", "amount_unreadable"),
        ("-0", "amount_unreadable"),
        ("-5", "amount_unreadable"),
        ("+5", "amount_unreadable"),
        ("0x10", "amount_unreadable"),
        ("1_000", "amount_unreadable"),
        ("1.234", "amount_unreadable"),
        (".5", "amount_unreadable"),
        ("5.", "amount_unreadable"),
        ("1 000", "amount_unreadable"),
        ("\u00a05", "amount_unreadable"),
        ("¥5", "amount_unreadable"),
        ("000000000000000001", "amount_unreadable"),
        ("0", "amount_out_of_range"),
        ("0.00", "amount_out_of_range"),
        ("100000000", "amount_out_of_range"),
        ("9" * 40, "amount_out_of_range"),
    ],
)
def test_anything_else_is_refused_beside_its_field(typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_yuan(typed, "lines-0-amount")
    assert (refused.value.code, refused.value.field) == (code, "lines-0-amount")


def test_an_amount_out_of_range_says_the_range() -> None:
    with pytest.raises(Refused) as refused:
        parse_yuan("0")
    assert refused.value.facts == {"least_fen": 1, "most_fen": FEN_MAX}


def test_a_refusal_repeats_no_more_than_forty_characters_of_what_was_typed() -> None:
    with pytest.raises(Refused) as refused:
        parse_yuan("x" * 100_000)
    assert refused.value.facts == {"typed": "x" * 40}


@given(st.text())
def test_no_text_is_more_than_refused(typed: str) -> None:
    try:
        fen = parse_yuan(typed)
    except Refused:
        return
    assert 1 <= fen <= FEN_MAX


@given(st.integers(min_value=1, max_value=FEN_MAX))
def test_a_written_amount_is_read_back(fen: int) -> None:
    assert parse_yuan(format_yuan(fen).replace(",", "")) == fen


@pytest.mark.parametrize(
    ("fen", "written"),
    [(149_400, "1,494.00"), (0, "0.00"), (-5, "-0.05"), (-149_400, "-1,494.00"), (7, "0.07")],
)
def test_an_amount_is_written_with_thousands_and_two_decimals(fen: int, written: str) -> None:
    assert format_yuan(fen) == written


def test_each_vat_is_read_as_it_is_written() -> None:
    assert [Vat.read(f" {vat.written} ") for vat in Vat] == [Vat.V13, Vat.V9, Vat.EXEMPT]
    assert Vat.read("EXEMPT") is Vat.EXEMPT


@pytest.mark.parametrize("typed", ["", "6", "13%", "１３", "13.0", "none"])
def test_another_vat_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        Vat.read(typed, "lines-0-vat")
    assert (refused.value.code, refused.value.field) == ("vat_unknown", "lines-0-vat")
