"""Each rule of a purchase for all purchases: refused with its own code exactly where it says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar import last_day
from refund.core.form import Channel
from refund.core.goods import RESTRICTED
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.core.money import Vat
from refund.core.policy import FIRST_DAY, Assessment, Purchase, RuleSet, assess, rules_on
from refund.core.rulebook import PROVISION_BY_KEY
from tests import make

HUBEI = date(2025, 7, 1)
ANYWHERE = date(2026, 7, 1)
LOWER_THRESHOLD = date(2025, 4, 27)
LAST = date(2027, 12, 31)
CEILING_FEN = 222_200_00

DAYS = st.sampled_from(
    [
        *(FIRST_DAY, LOWER_THRESHOLD - timedelta(days=1), LOWER_THRESHOLD),
        *(HUBEI - timedelta(days=1), HUBEI, ANYWHERE - timedelta(days=1), ANYWHERE),
    ]
) | st.dates(FIRST_DAY, LAST)
PRICES = st.integers(1_00, 900_00)
VATS = st.sampled_from([Vat.V13, Vat.V9])
ENOUGH_FEN = 500_00

T = TypeVar("T")
Drawn = Callable[[st.SearchStrategy[T]], T]


def bought(day: date, *lines: InvoiceLine, **changes: object) -> Purchase:
    """A good ordinary purchase of these lines on a day, but for the changes."""
    good = make.purchase(
        day=day,
        channel=Channel.ORDINARY,
        traveller=make.traveller(last_entry=day, document_expiry=date(2040, 1, 1)),
        invoices=(make.invoice(day=day, lines=lines or (make.line(),)),),
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def judged(purchase: Purchase, rules: RuleSet | None = None) -> Assessment:
    """What the rules of the purchase's day say, or others."""
    return assess(purchase, rules or rules_on(purchase.day))


def codes(purchase: Purchase) -> list[str]:
    """Why there is no form."""
    return [refused.code for refused in judged(purchase).refusals]


def lines_of(prices: list[int], vat: Vat = Vat.V13) -> list[InvoiceLine]:
    """A line for each price."""
    return [make.line(fen, vat) for fen in prices]


# The threshold.


def least_fen(day: date) -> int:
    """What the law says, written down once more."""
    return 200_00 if day >= LOWER_THRESHOLD else 500_00


@pytest.mark.rule("below_threshold")
@pytest.mark.rule("min_purchase_fen")
@given(DAYS, st.lists(PRICES, min_size=1, max_size=4), VATS)
def test_a_purchase_is_refused_exactly_where_it_is_below_the_threshold(
    day: date, prices: list[int], vat: Vat
) -> None:
    expected = ["below_threshold"] if sum(prices) < least_fen(day) else []
    assert codes(bought(day, *lines_of(prices, vat))) == expected


@pytest.mark.rule("below_threshold")
@given(DAYS, st.integers(-3, 3))
def test_around_the_threshold_each_fen_decides(day: date, more: int) -> None:
    found = codes(bought(day, make.line(least_fen(day) + more)))
    assert found == (["below_threshold"] if more < 0 else [])


@pytest.mark.rule("threshold_over_invoices")
@pytest.mark.rule("form_of_several_invoices")
@given(DAYS, st.lists(PRICES, min_size=2, max_size=5))
def test_several_invoices_are_refused_exactly_where_their_sum_is_below(
    day: date, prices: list[int]
) -> None:
    invoices = tuple(
        make.invoice(f"{position:020d}", day=day, lines=(make.line(fen),))
        for position, fen in enumerate(prices)
    )
    purchase = bought(day, invoices=invoices)
    assert codes(purchase) == (["below_threshold"] if sum(prices) < least_fen(day) else [])
    together = judged(bought(day, *lines_of(prices)))
    assert judged(purchase).amounts == together.amounts


@pytest.mark.rule("threshold_over_forms")
@given(DAYS, PRICES, st.integers(0, 600_00))
def test_earlier_forms_of_the_day_count_to_the_threshold_and_never_to_the_refund(
    day: date, price_fen: int, earlier_fen: int
) -> None:
    purchase = bought(day, make.line(price_fen), earlier_fen=earlier_fen)
    is_below = price_fen + earlier_fen < least_fen(day)
    assert codes(purchase) == (["below_threshold"] if is_below else [])
    assert judged(purchase).amounts.sales_fen == price_fen


# The traveller.


@pytest.mark.rule("no_valid_document")
@given(DAYS, st.lists(st.integers(ENOUGH_FEN, 10 * ENOUGH_FEN), min_size=1, max_size=3))
def test_without_a_document_that_alone_is_the_reason(day: date, prices: list[int]) -> None:
    good = bought(day, *lines_of(prices))
    assert codes(good) == []
    assert codes(replace(good, traveller=None, last_entry=day)) == ["no_valid_document"]


@pytest.mark.rule("entry_date_unknown")
@given(DAYS, st.integers(ENOUGH_FEN, 10 * ENOUGH_FEN))
def test_without_the_day_of_entry_that_alone_is_the_reason(day: date, price_fen: int) -> None:
    stranger = make.traveller(last_entry=None, document_expiry=date(2040, 1, 1))
    purchase = bought(day, make.line(price_fen), traveller=stranger)
    assert codes(purchase) == ["entry_date_unknown"]


@pytest.mark.rule("stay_too_long")
@pytest.mark.rule("stay_days")
@given(DAYS, st.integers(180, 186) | st.integers(0, 4000))
def test_goods_are_bought_too_late_exactly_after_183_days_in_the_country(
    day: date, days: int
) -> None:
    entry = day - timedelta(days=days)
    traveller = make.traveller(last_entry=entry, document_expiry=date(2040, 1, 1))
    found = codes(bought(day, traveller=traveller))
    assert found == (["stay_too_long"] if days > 183 else [])


@pytest.mark.rule("invoice_before_entry")
@given(DAYS, st.integers(-30, 30))
def test_an_invoice_is_too_old_exactly_before_the_day_of_entry(day: date, days: int) -> None:
    entry = day + timedelta(days=days)
    traveller = make.traveller(last_entry=entry, document_expiry=date(2040, 1, 1))
    found = codes(bought(day, traveller=traveller))
    assert found == (["invoice_before_entry"] if day < entry else [])


# Goods and invoices.

GOODS = st.sampled_from(
    [
        *(make.goods(vat) for vat in Vat),
        *(make.goods(Vat.V13, restricted=why) for why in RESTRICTED),
    ]
)


@pytest.mark.rule("goods_out_of_scope")
@pytest.mark.rule("goods_exempt")
@pytest.mark.rule("goods_restricted")
@given(DAYS, st.lists(GOODS, min_size=1, max_size=6))
def test_exactly_the_goods_out_of_scope_are_refused_and_refund_nothing(
    day: date, kinds: list[object]
) -> None:
    lines = [InvoiceLine(kind, 1, ENOUGH_FEN) for kind in kinds]  # type: ignore[arg-type]
    inside = [line for line in lines if line.goods.vat is not Vat.EXEMPT]
    inside = [line for line in inside if not line.goods.restricted]
    found = judged(bought(day, *lines, earlier_fen=ENOUGH_FEN))
    named = [(refused.code, refused.field) for refused in found.refusals]
    assert named == [
        ("goods_out_of_scope", f"lines-{position}-goods")
        for position, line in enumerate(lines)
        if line not in inside
    ]
    assert found.amounts.sales_fen == ENOUGH_FEN * len(inside)


@pytest.mark.rule("invoice_not_ordinary")
@given(DAYS, st.lists(st.sampled_from(InvoiceKind), min_size=1, max_size=5))
def test_exactly_the_invoices_that_are_not_ordinary_are_refused(
    day: date, kinds: list[InvoiceKind]
) -> None:
    invoices = tuple(
        Invoice(f"{position:020d}", day, kind, (make.line(ENOUGH_FEN),))
        for position, kind in enumerate(kinds)
    )
    named = [(r.code, r.field) for r in judged(bought(day, invoices=invoices)).refusals]
    assert named == [
        ("invoice_not_ordinary", f"invoices-{position}-kind")
        for position, kind in enumerate(kinds)
        if kind not in {InvoiceKind.E_INVOICE, InvoiceKind.ORDINARY}
    ]


@pytest.mark.rule("several_units")
@given(st.integers(1, 999), PRICES, VATS)
def test_units_of_one_line_are_worth_as_much_as_a_line_for_each_price(
    quantity: int, price_fen: int, vat: Vat
) -> None:
    one = judged(bought(make.DAY, make.line(price_fen, vat, quantity)))
    whole = judged(bought(make.DAY, make.line(price_fen * quantity, vat)))
    assert one.amounts == whole.amounts
    assert one.amounts.sales_fen == price_fen * quantity


# The promise and its ceiling.


@pytest.mark.rule("instant_ceiling_fen")
@pytest.mark.rule("above_ceiling")
@given(
    st.dates(HUBEI, LAST),
    st.integers(CEILING_FEN - 2, CEILING_FEN + 2) | st.integers(ENOUGH_FEN, 2 * CEILING_FEN),
)
def test_an_advance_is_refused_exactly_above_the_ceiling_and_the_ordinary_form_never(
    day: date, price_fen: int
) -> None:
    purchase = bought(day, make.line(price_fen))
    assert codes(purchase) == []
    instant = codes(replace(purchase, channel=Channel.INSTANT))
    assert instant == (["above_ceiling"] if price_fen > CEILING_FEN else [])


@pytest.mark.rule("promise_days")
@pytest.mark.rule("promise_any_port")
@given(DAYS)
def test_the_promise_is_none_then_17_days_to_the_port_then_28_to_any(day: date) -> None:
    found = judged(bought(day, channel=Channel.INSTANT))
    if day < HUBEI:
        assert [refused.code for refused in found.refusals] == ["store_not_instant"]
        return
    assert found.may_issue
    days, any_port = (28, True) if day >= ANYWHERE else (17, False)
    assert (found.depart_by - day).days == days
    assert found.port_any is any_port


@pytest.mark.rule("export_days")
@given(DAYS, st.integers(0, 120))
def test_goods_leave_within_90_days_of_the_invoice_and_the_promise_ends_no_later(
    day: date, age: int
) -> None:
    start = day - timedelta(days=age)
    traveller = make.traveller(last_entry=start, document_expiry=date(2040, 1, 1))
    found = judged(
        bought(
            day,
            traveller=traveller,
            invoices=(make.invoice(day=start),),
            channel=Channel.INSTANT,
        )
    )
    assert (found.export_by - start).days == 90
    assert found.export_by == last_day(start, 90)
    assert found.depart_by <= found.export_by


# Every parameter, on every day.

SINCE: dict[str, list[tuple[str, int | None]]] = {
    "stay_days": [("2019-04-01", 183)],
    "min_purchase_fen": [("2019-04-01", 500_00), ("2025-04-27", 200_00)],
    "refund_rate_13_bp": [("2019-04-01", 1100)],
    "refund_rate_9_bp": [("2019-04-01", 800)],
    "fee_bp": [("2019-04-01", 200)],
    "export_days": [("2019-04-01", 90)],
    "cash_fen_max": [("2019-04-01", 10_000_00), ("2025-04-27", 20_000_00)],
    "promise_days": [("2019-04-01", None), ("2025-07-01", 17), ("2026-07-01", 28)],
    "promise_any_port": [("2019-04-01", 0), ("2026-07-01", 1)],
    "instant_ceiling_fen": [("2019-04-01", 0), ("2025-07-01", 222_200_00)],
    "capture_working_days": [("2019-04-01", 3)],
    "inspect_all": [("2019-04-01", 1), ("2026-07-01", 0)],
    "inspect_from_fen": [("2019-04-01", 0), ("2026-07-01", 10_000_00)],
    "filing_working_days": [("2019-04-01", 0), ("2025-04-27", 5)],
    "store_change_days": [("2019-04-01", 10)],
    "settle_by_day": [("2019-04-01", 15)],
}
"""What is known of each parameter, written down a second time; the drawn share is configured."""


@given(DAYS | st.dates(FIRST_DAY, date(2199, 12, 31)), st.sampled_from(sorted(SINCE)))
def test_each_parameter_has_on_every_day_the_value_that_was_known_last(
    day: date, name: str
) -> None:
    (*_, expected) = [v for since, v in SINCE[name] if date.fromisoformat(since) <= day]
    assert getattr(rules_on(day), name) == expected
    assert name in PROVISION_BY_KEY
