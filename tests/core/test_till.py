"""A counter's cash: counted by pieces, paid within the limit and within what is in the till."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.ledger import Account, Side, till_closed_entry, till_opened_entry
from refund.core.policy import rules_on
from refund.core.till import (
    DENOMINATIONS_FEN,
    PIECES_MAX,
    Till,
    Way,
    cash_refusal,
    counted_fen,
    make_receipt_number,
    pieces_for,
    read_network_way,
    read_receipt_number,
)
from tests import make

RULES = rules_on(date(2025, 7, 8))
BEFORE = rules_on(date(2025, 4, 26))
TILL = Till("till-1", "WUH", make.NOON, "operator-1", 100_000_00)
COUNTS = st.dictionaries(st.sampled_from(DENOMINATIONS_FEN), st.integers(0, PIECES_MAX))


def code_of(refusal: Refused | None) -> str:
    """The code of a refusal; nothing for none."""
    return "" if refusal is None else refusal.code


@given(COUNTS)
@pytest.mark.rule("ordinary_till")
def test_a_count_is_the_sum_of_its_pieces(pieces: dict[int, int]) -> None:
    assert counted_fen(pieces) == sum(worth * count for worth, count in pieces.items())


@pytest.mark.parametrize("pieces", [{3: 1}, {100: -1}, {100: PIECES_MAX + 1}])
def test_pieces_that_there_are_not_are_a_defect(pieces: dict[int, int]) -> None:
    with pytest.raises(ValueError, match=r"3|100"):
        counted_fen(pieces)


@given(st.integers(0, 20_000_00))
@pytest.mark.rule("ordinary_cash")
def test_every_sum_is_paid_to_the_fen_in_notes_and_coins(amount_fen: int) -> None:
    pieces = dict(pieces_for(amount_fen))
    assert counted_fen(pieces) == amount_fen
    # Never more of a kind than the next larger one is worth.
    for larger, smaller in pairwise(DENOMINATIONS_FEN):
        assert pieces.get(smaller, 0) * smaller < larger


@given(st.integers(1, 60_000_00), st.integers(1, 60_000_00))
@pytest.mark.rule("ordinary_cash")
@pytest.mark.rule("cash_fen_max")
@pytest.mark.rule("ordinary_till")
def test_cash_is_paid_within_the_limit_and_within_the_till(due_fen: int, float_fen: int) -> None:
    till = replace(TILL, float_fen=float_fen)
    expected = (
        "cash_above_limit"
        if due_fen > 20_000_00
        else ("till_too_low" if due_fen > float_fen else "")
    )
    assert code_of(cash_refusal(due_fen, RULES, till)) == expected


@pytest.mark.rule("cash_fen_max")
@pytest.mark.parametrize(
    ("due_fen", "rules", "code"),
    [
        (20_000_00, RULES, ""),
        (20_000_01, RULES, "cash_above_limit"),
        (20_007_00, RULES, "cash_above_limit"),
        (10_000_00, BEFORE, ""),
        (10_000_01, BEFORE, "cash_above_limit"),
    ],
)
def test_the_limit_is_that_of_the_form_s_day(due_fen: int, rules: object, code: str) -> None:
    assert code_of(cash_refusal(due_fen, rules, TILL)) == code  # type: ignore[arg-type]  # RuleSets


@pytest.mark.rule("ordinary_till")
def test_no_cash_without_an_open_till() -> None:
    closed = replace(TILL, closed_at=make.NOON, counted_fen=TILL.float_fen)
    for till in (None, closed):
        assert code_of(cash_refusal(1, RULES, till)) == "till_not_open"


@given(st.integers(1, 10**9), st.data())
@pytest.mark.rule("ordinary_till")
def test_float_less_payments_plus_difference_is_the_count(
    float_fen: int, data: st.DataObject
) -> None:
    paid_fen = data.draw(st.integers(0, float_fen))
    counted = data.draw(st.integers(0, float_fen + 1000))
    till = replace(TILL, float_fen=float_fen, paid_fen=paid_fen, counted_fen=counted)
    assert till.float_fen - till.paid_fen + till.difference_fen == counted
    entry = till_closed_entry("till-1", counted, till.expected_fen)
    if entry is None:
        assert counted == till.expected_fen == 0
        return
    signed = {
        p.account: p.amount_fen if p.side is Side.DEBIT else -p.amount_fen for p in entry.postings
    }
    assert signed.get(Account.TILL, 0) == -till.expected_fen
    assert signed.get(Account.BANK, 0) == counted
    assert signed.get(Account.TILL_DIFFERENCE, 0) == -till.difference_fen


def test_an_opened_till_takes_its_cash_from_the_bank() -> None:
    entry = till_opened_entry("till-1", 500_00)
    assert [(p.account, p.side) for p in entry.postings] == [
        (Account.TILL, Side.DEBIT),
        (Account.BANK, Side.CREDIT),
    ]


def test_a_receipt_s_number_says_port_day_and_sequence() -> None:
    number = make_receipt_number("WUH", date(2025, 7, 8), 12)
    assert number == "WUH-250708-0012"
    assert read_receipt_number(number) == number
    for sequence in (0, 10_000):
        with pytest.raises(ValueError, match=str(sequence)):
            make_receipt_number("WUH", date(2025, 7, 8), sequence)
    for text in ("", "WUH-250708-001", "wuh-250708-0012", "WUH-250708-0012\n", "WUH-２50708-0012"):
        with pytest.raises(Refused, match="receipt_unknown"):
            read_receipt_number(text)


def test_a_way_through_the_network_is_never_cash() -> None:
    assert read_network_way("bank_account") is Way.BANK_ACCOUNT
    for text, code in (
        ("", "field_missing"),
        ("cash", "field_unreadable"),
        ("x", "field_unreadable"),
    ):
        with pytest.raises(Refused, match=code):
            read_network_way(text)
