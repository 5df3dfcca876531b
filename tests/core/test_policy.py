"""The rules by date: the seven reasons for a no, the amounts, and the last days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from refund.core.errors import REFUSALS, Refused
from refund.core.form import Channel
from refund.core.invoice import Invoice, InvoiceKind
from refund.core.money import FEN_MAX, Vat
from refund.core.policy import (
    FIRST_DAY,
    RULES,
    Assessment,
    Purchase,
    amounts_of,
    assess,
    rules_on,
)
from refund.core.traveller import DocumentKind, IdentityDocument, Traveller
from tests import make

SEVEN = (
    "no_valid_document",
    "entry_date_unknown",
    "stay_too_long",
    "invoice_before_entry",
    "goods_out_of_scope",
    "invoice_not_ordinary",
    "below_threshold",
)


def assessed(purchase: Purchase) -> Assessment:
    """What the rules of the purchase's day say."""
    return assess(purchase, rules_on(purchase.day))


def named(purchase: Purchase) -> list[tuple[str, str]]:
    """Every refusal with its field."""
    return [(refused.code, refused.field) for refused in assessed(purchase).refusals]


def bought(*invoices: Invoice) -> Purchase:
    """A purchase of these invoices."""
    return make.purchase(invoices=invoices)


def test_a_good_purchase_has_no_refusal() -> None:
    found = assessed(make.purchase())
    assert found.may_issue
    assert (found.amounts.sales_fen, found.amounts.net_fen) == (make.PRICE_FEN, make.NET_FEN)
    assert (found.depart_by, found.export_by) == (date(2025, 7, 25), date(2025, 10, 6))
    assert not found.port_any


def entered(day: date | None) -> Purchase:
    return make.purchase(traveller=make.traveller(last_entry=day))


ALONE = {
    "no_valid_document": (
        make.purchase(traveller=None, last_entry=date(2025, 7, 1)),
        "document_number",
    ),
    "entry_date_unknown": (entered(None), "last_entry"),
    "stay_too_long": (entered(make.DAY - timedelta(days=184)), "last_entry"),
    "invoice_before_entry": (entered(make.DAY + timedelta(days=1)), "invoices-0-day"),
    "goods_out_of_scope": (
        bought(make.invoice(lines=(make.line(), make.line(vat=Vat.EXEMPT)))),
        "lines-1-goods",
    ),
    "invoice_not_ordinary": (bought(make.invoice(kind=InvoiceKind.SPECIAL)), "invoices-0-kind"),
    "below_threshold": (bought(make.invoice(lines=(make.line(199_99),))), ""),
}


@pytest.mark.parametrize("code", SEVEN)
def test_each_of_the_seven_reasons_is_named_alone(code: str) -> None:
    purchase, field = ALONE[code]
    assert named(purchase) == [(code, field)]
    assert "SAT 41/2015 art. 10" in REFUSALS[code].source


def test_all_reasons_that_can_meet_are_named_at_once() -> None:
    purchase = make.purchase(
        traveller=None,
        last_entry=date(2025, 1, 2),
        invoices=(
            make.invoice(day=date(2025, 1, 1), lines=(make.line(1_00, Vat.EXEMPT),)),
            make.invoice(kind=InvoiceKind.NONE, lines=()),
        ),
    )
    found = {code for code, _ in named(purchase)}
    assert found == (set(SEVEN) - {"entry_date_unknown"}) | {"invoice_other_day"}
    unknown = make.purchase(traveller=None, invoices=purchase.invoices)
    assert {"no_valid_document", "entry_date_unknown"} <= {code for code, _ in named(unknown)}


@pytest.mark.parametrize(("days", "allowed"), [(0, True), (183, True), (184, False)])
def test_a_stay_of_183_days_counts_and_one_of_184_does_not(days: int, allowed: bool) -> None:  # noqa: FBT001
    assert assessed(entered(make.DAY - timedelta(days=days))).may_issue is allowed


def test_the_day_of_entry_is_a_day_of_shopping() -> None:
    assert named(entered(make.DAY)) == []


@pytest.mark.parametrize(
    ("day", "price_fen", "allowed"),
    [
        (date(2025, 4, 26), 499_99, False),
        (date(2025, 4, 26), 500_00, True),
        (date(2025, 4, 27), 199_99, False),
        (date(2025, 4, 27), 200_00, True),
        (date(2019, 4, 1), 499_99, False),
        (date(2026, 12, 31), 200_00, True),
    ],
)
def test_the_threshold_fell_from_500_to_200_yuan_on_27_april_2025(
    day: date,
    price_fen: int,
    allowed: bool,  # noqa: FBT001
) -> None:
    purchase = make.purchase(
        day=day,
        channel=Channel.ORDINARY,
        traveller=make.traveller(last_entry=day),
        invoices=(make.invoice(day=day, lines=(make.line(price_fen),)),),
    )
    assert assessed(purchase).may_issue is allowed
    if not allowed:
        (refused,) = assessed(purchase).refusals
        least_fen = 200_00 if day >= date(2025, 4, 27) else 500_00
        assert refused.facts == {"least_fen": least_fen, "total_fen": price_fen}


def test_what_was_bought_earlier_that_day_counts_to_the_threshold_and_not_to_the_refund() -> None:
    small = bought(make.invoice(lines=(make.line(100_00),)))
    assert [code for code, _ in named(small)] == ["below_threshold"]
    purchase = make.purchase(invoices=small.invoices, earlier_fen=100_00)
    assert named(purchase) == []
    assert assessed(purchase).amounts.sales_fen == 100_00


def test_goods_out_of_scope_count_neither_to_the_threshold_nor_to_the_refund() -> None:
    lines = (make.line(100_00), make.line(1000_00, Vat.EXEMPT))
    found = assessed(bought(make.invoice(lines=lines)))
    assert {refused.code for refused in found.refusals} == {
        "below_threshold",
        "goods_out_of_scope",
    }
    assert found.amounts.sales_fen == 100_00


def test_every_line_and_invoice_at_fault_is_named_by_its_place() -> None:
    exempt = make.line(vat=Vat.EXEMPT)
    purchase = bought(
        make.invoice("1" * 20, lines=(make.line(), exempt)),
        make.invoice("2" * 20, lines=(exempt,), kind=InvoiceKind.NONE),
        make.invoice("3" * 20, lines=(exempt,), day=date(2025, 7, 7)),
    )
    assert named(purchase) == [
        ("goods_out_of_scope", "lines-1-goods"),
        ("invoice_not_ordinary", "invoices-1-kind"),
        ("goods_out_of_scope", "lines-2-goods"),
        ("invoice_other_day", "invoices-2-day"),
        ("goods_out_of_scope", "lines-3-goods"),
    ]


def test_a_purchase_of_nothing_is_refused() -> None:
    for nothing in (bought(), bought(make.invoice(lines=()))):
        codes = [code for code, _ in named(nothing)]
        assert codes == ["no_lines", "below_threshold"]


MAINLANDER = make.traveller(
    nationality="CHN", document=IdentityDocument(DocumentKind.PASSPORT, "E12345678")
)


@pytest.mark.parametrize(
    ("traveller", "code"),
    [
        (MAINLANDER, "traveller_not_eligible"),
        (make.traveller(document_expiry=date(2025, 7, 7)), "document_expired"),
    ],
)
def test_a_person_or_document_without_a_right_is_refused(traveller: Traveller, code: str) -> None:
    assert [found for found, _ in named(make.purchase(traveller=traveller))] == [code]


def test_an_invoice_of_a_company_s_kind_is_none_that_counts() -> None:
    counting = {kind for kind in InvoiceKind if kind.counts}
    assert counting == {InvoiceKind.E_INVOICE, InvoiceKind.ORDINARY}


def test_the_instant_refund_began_in_july_2025() -> None:
    day = date(2025, 6, 30)
    early = make.purchase(
        day=day,
        traveller=make.traveller(last_entry=day),
        invoices=(make.invoice(day=day),),
    )
    assert named(early) == [("store_not_instant", "channel")]


def test_above_the_ceiling_only_the_ordinary_refund_is_left() -> None:
    dear = (make.invoice(lines=(make.line(222_200_01),)),)
    assert named(make.purchase(invoices=dear)) == [("above_ceiling", "channel")]
    assert named(make.purchase(invoices=dear, channel=Channel.ORDINARY)) == []
    just = (make.invoice(lines=(make.line(222_200_00),)),)
    assert named(make.purchase(invoices=just)) == []


@pytest.mark.parametrize(
    ("day", "promise", "any_port"),
    [
        (date(2025, 7, 1), date(2025, 7, 18), False),
        (date(2026, 6, 30), date(2026, 7, 17), False),
        (date(2026, 7, 1), date(2026, 7, 29), True),
    ],
)
def test_the_promise_is_17_days_to_one_port_and_since_july_2026_28_days_to_any(
    day: date,
    promise: date,
    any_port: bool,  # noqa: FBT001
) -> None:
    found = assessed(
        make.purchase(
            day=day,
            traveller=make.traveller(last_entry=day),
            invoices=(make.invoice(day=day),),
        )
    )
    assert (found.depart_by, found.port_any) == (promise, any_port)
    assert found.export_by == day + timedelta(days=90)


def test_the_promise_never_outlives_the_ninety_days_from_the_invoice() -> None:
    old = make.purchase(
        traveller=make.traveller(last_entry=date(2025, 4, 10)),
        invoices=(make.invoice(day=date(2025, 4, 10)),),
    )
    found = assessed(old)
    assert found.export_by == found.depart_by == date(2025, 7, 9)


def test_before_the_first_day_there_are_no_rules() -> None:
    assert rules_on(FIRST_DAY).stay_days == 183
    with pytest.raises(Refused, match="date_before_rules") as caught:
        rules_on(FIRST_DAY - timedelta(days=1))
    assert caught.value.facts == {"first": FIRST_DAY}


def test_every_rule_names_its_source_and_how_sure_it_is() -> None:
    for rule in RULES:
        assert rule.source
        assert rule.grade in set("ABCMD")
    values = [(rule.parameter, rule.valid_from) for rule in RULES]
    assert len(set(values)) == len(values)


@given(st.dates(FIRST_DAY, date(2199, 12, 31)), st.permutations(RULES))
def test_the_rules_of_a_day_are_the_latest_before_it_in_whatever_order(
    day: date, rules: list[object]
) -> None:
    assert rules_on(day, rules) == rules_on(day)  # type: ignore[arg-type]


LINES = st.lists(st.tuples(st.integers(1, FEN_MAX), st.sampled_from(Vat)), max_size=12)


@given(LINES)
def test_amounts_add_up_and_never_exceed_the_sales(lines: list[tuple[int, Vat]]) -> None:
    found = amounts_of(lines, rules_on(make.DAY))
    assert found.net_fen == found.gross_fen - found.fee_fen
    assert 0 <= found.net_fen <= found.gross_fen <= found.sales_fen
    assert found.sales_fen == sum(fen for fen, vat in lines if vat is not Vat.EXEMPT)


@given(LINES, st.randoms())
def test_the_order_of_lines_changes_nothing(lines: list[tuple[int, Vat]], random: object) -> None:
    mixed = sorted(lines, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert amounts_of(mixed, rules_on(make.DAY)) == amounts_of(lines, rules_on(make.DAY))


@given(LINES, st.integers(1, FEN_MAX))
def test_buying_more_never_gives_less_but_for_the_fen_that_rounding_moves(
    lines: list[tuple[int, Vat]], more_fen: int
) -> None:
    rules = rules_on(make.DAY)
    before = amounts_of(lines, rules)
    after = amounts_of([*lines, (more_fen, Vat.V13)], rules)
    assert after.gross_fen >= before.gross_fen
    assert after.net_fen >= before.net_fen - 1


@given(LINES)
def test_what_may_be_issued_can_be_booked(lines: list[tuple[int, Vat]]) -> None:
    found = assessed(
        make.purchase(
            channel=Channel.ORDINARY,
            earlier_fen=200_00,
            invoices=(make.invoice(lines=tuple(make.line(fen, vat) for fen, vat in lines)),),
        )
    )
    assume(found.may_issue)
    assert 0 < found.amounts.net_fen <= found.amounts.sales_fen <= FEN_MAX
