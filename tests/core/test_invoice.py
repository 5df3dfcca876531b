"""Invoices and their lines, as a clerk types them."""

from __future__ import annotations

import pytest

from refund.core.errors import Refused
from refund.core.invoice import (
    QUANTITY_MAX,
    SPECIFICATION_LENGTH_MAX,
    InvoiceKind,
    priced,
    read_invoice_number,
    read_quantity,
    read_specification,
)
from refund.core.money import FEN_MAX
from tests import make


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("25422000000000000001", "25422000000000000001"),
        (" 2542 2000-0000 0000 0001 ", "25422000000000000001"),
        ("abcd1234", "ABCD1234"),
    ],
)
def test_a_number_is_read_without_blanks_and_hyphens(typed: str, read: str) -> None:
    assert read_invoice_number(typed, "invoices-0-number") == read


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "field_missing"),
        (" - ", "field_missing"),
        ("1234567", "invoice_number_unreadable"),
        ("1" * 25, "invoice_number_unreadable"),
        ("２５４２２０００", "invoice_number_unreadable"),
        ("2542200?", "invoice_number_unreadable"),
        ("25422000\n0001", "invoice_number_unreadable"),
        ("ß5422000", "invoice_number_unreadable"),
    ],
)
def test_anything_else_is_no_number(typed: str, code: str) -> None:
    with pytest.raises(Refused, match=code) as caught:
        read_invoice_number(typed, "invoices-0-number")
    assert caught.value.field == "invoices-0-number"


@pytest.mark.parametrize(("typed", "read"), [("1", 1), (" 12 ", 12), ("999", 999), ("007", 7)])
def test_a_quantity_is_a_whole_number_up_to_999(typed: str, read: int) -> None:
    assert read_quantity(typed, "lines-0-quantity") == read


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "field_missing"),
        ("0", "quantity_unreadable"),
        ("000", "quantity_unreadable"),
        ("1000", "quantity_unreadable"),
        ("-1", "quantity_unreadable"),
        ("1.0", "quantity_unreadable"),
        ("1e2", "quantity_unreadable"),
        ("１", "quantity_unreadable"),
        ("9" * 40, "quantity_unreadable"),
    ],
)
def test_anything_else_is_no_quantity(typed: str, code: str) -> None:
    with pytest.raises(Refused, match=code) as caught:
        read_quantity(typed, "lines-0-quantity")
    assert caught.value.facts.get("most", QUANTITY_MAX) == QUANTITY_MAX


def test_a_specification_is_a_short_line_or_nothing() -> None:
    assert read_specification("  black,  size 38 ", "f") == "black, size 38"
    assert read_specification("", "f") == ""
    for typed, code in (
        ("x" * (SPECIFICATION_LENGTH_MAX + 1), "field_too_long"),
        ("bla\u202eck", "field_unreadable"),
    ):
        with pytest.raises(Refused, match=code):
            read_specification(typed, "f")


def test_a_line_costs_quantity_times_price_and_an_invoice_the_sum_of_its_lines() -> None:
    line = make.line(12_34, quantity=3)
    assert line.amount_fen == 37_02
    assert make.invoice(lines=(line, make.line(1))).amount_fen == 37_03


def test_a_line_that_the_books_cannot_carry_is_refused() -> None:
    just = make.line(FEN_MAX)
    assert priced(just, "lines-0-unit_price") is just
    with pytest.raises(Refused, match="amount_out_of_range") as caught:
        priced(make.line(FEN_MAX, quantity=2), "lines-0-unit_price")
    assert caught.value.field == "lines-0-unit_price"


@pytest.mark.parametrize("kind", InvoiceKind)
def test_only_electronic_and_ordinary_invoices_count(kind: InvoiceKind) -> None:
    assert kind.counts == (kind.value in {"e_invoice", "ordinary"})
