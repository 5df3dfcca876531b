"""What customs decide: line by line, never more than there is, and nothing by silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.customs import (
    NOTE_LENGTH_MAX,
    SEAL_LENGTH_MAX,
    Decision,
    RefusalReason,
    confirmation,
    read_refusal,
    read_seal,
)
from refund.core.entitlement import (
    ConfirmedLine,
    GoodsReturn,
    LineKey,
    Recovery,
    amounts_for,
    entitlement_of,
    quantities_of,
    remaining_of,
)
from refund.core.errors import Refused
from refund.core.invoice import Invoice
from refund.core.money import Vat
from refund.core.policy import amounts_of, rules_on
from tests import make

RULES = rules_on(make.DAY)
INVOICES = (
    make.invoice(lines=(make.line(1000_00, quantity=3), make.line(500_00, Vat.V9, 2))),
    make.invoice("25422000000000000002", lines=(make.line(88_00, quantity=1),)),
)
LISTED = quantities_of(INVOICES)


def shown(quantities: dict[LineKey, int]) -> list[ConfirmedLine]:
    """Lines of which so many were shown."""
    return [ConfirmedLine(key, quantity) for key, quantity in quantities.items()]


def brought_back(quantities: dict[LineKey, int]) -> GoodsReturn:
    """Goods that went back to the store."""
    lines = tuple((key, quantity) for key, quantity in quantities.items() if quantity)
    return GoodsReturn(
        "return-1", "form", 1, make.NOON, "clerk-1", lines, Recovery.NONE, 0, False, "too small"
    )


@st.composite
def purchases(draw: st.DrawFn) -> tuple[Invoice, ...]:
    """Invoices of a few lines, of both rates."""
    lines = st.builds(
        make.line,
        st.integers(1, 50_000_00),
        st.sampled_from([Vat.V13, Vat.V9]),
        st.integers(1, 9),
    )
    groups = draw(st.lists(st.lists(lines, min_size=1, max_size=4), min_size=1, max_size=3))
    return tuple(
        make.invoice(f"2542200000000000{at:04d}", lines=tuple(group))
        for at, group in enumerate(groups)
    )


@st.composite
def parts(draw: st.DrawFn, most: dict[LineKey, int]) -> dict[LineKey, int]:
    """Some of every line's quantity."""
    return {key: draw(st.integers(0, quantity)) for key, quantity in most.items()}


@pytest.mark.rule("customs_item_by_item")
@pytest.mark.rule("customs_fewer")
@pytest.mark.rule("pays_confirmed_quantity")
@given(data=st.data())
def test_the_refund_follows_the_quantities_that_were_shown(data: st.DataObject) -> None:
    invoices = data.draw(purchases())
    listed = quantities_of(invoices)
    quantities = data.draw(parts(listed))
    if not any(quantities.values()):
        with pytest.raises(Refused, match="nothing_shown"):
            confirmation(invoices, [], shown(quantities))
        return
    decision, lines = confirmation(invoices, [], shown(quantities))
    assert {line.line: line.quantity for line in lines} == quantities
    assert (decision is Decision.CONFIRMED) == (quantities == listed)
    sold = [
        (quantity * invoices[at].lines[position].unit_price_fen, invoices[at].lines[position])
        for (at, position), quantity in quantities.items()
    ]
    by_hand = amounts_of([(fen, line.goods.vat) for fen, line in sold if fen], RULES)
    assert amounts_for(invoices, quantities, RULES) == by_hand


@pytest.mark.rule("customs_fewer")
@given(data=st.data())
def test_fewer_goods_never_earn_more(data: st.DataObject) -> None:
    invoices = data.draw(purchases())
    more = data.draw(parts(quantities_of(invoices)))
    fewer = data.draw(parts(more))
    less, much = amounts_for(invoices, fewer, RULES), amounts_for(invoices, more, RULES)
    assert less.sales_fen <= much.sales_fen
    assert less.gross_fen <= much.gross_fen


@pytest.mark.rule("customs_fewer")
@given(data=st.data())
def test_no_more_than_the_traveller_still_has_is_confirmed(data: st.DataObject) -> None:
    invoices = data.draw(purchases())
    returned = data.draw(parts(quantities_of(invoices)))
    returns = [brought_back(returned)]
    remaining = remaining_of(invoices, returns)
    key = data.draw(st.sampled_from(sorted(remaining)))
    too_many = {**remaining, key: remaining[key] + data.draw(st.integers(1, 999))}
    with pytest.raises(Refused, match="quantity_above_listed") as caught:
        confirmation(invoices, returns, shown(too_many))
    assert caught.value.facts == {"most": remaining[key]}
    assert caught.value.field == f"lines-{key[0]}-{key[1]}-quantity"


@pytest.mark.rule("pays_confirmed_quantity")
@given(data=st.data())
def test_all_that_remains_after_a_return_is_a_part_and_the_refund_follows_it(
    data: st.DataObject,
) -> None:
    invoices = data.draw(purchases())
    returned = data.draw(parts(quantities_of(invoices)))
    returns = [brought_back(returned)]
    remaining = remaining_of(invoices, returns)
    if not any(remaining.values()):
        with pytest.raises(Refused, match="nothing_shown"):
            confirmation(invoices, returns, None)
        return
    decision, lines = confirmation(invoices, returns, None)
    assert decision is (Decision.PARTLY if any(returned.values()) else Decision.CONFIRMED)
    form = make.form(amounts=amounts_for(invoices, quantities_of(invoices), RULES))
    confirmed = lines if decision is Decision.PARTLY else None
    worth = entitlement_of(form, invoices, returns, confirmed, RULES)
    for_what_remains = amounts_for(invoices, remaining, RULES)
    assert worth.due.net_fen == max(0, min(for_what_remains.net_fen, form.amounts.net_fen))


def test_nothing_is_confirmed_by_silence() -> None:
    for key in LISTED:
        rest = {other: quantity for other, quantity in LISTED.items() if other != key}
        with pytest.raises(Refused, match="line_undecided") as caught:
            confirmation(INVOICES, [], shown(rest))
        assert caught.value.field == f"lines-{key[0]}-{key[1]}-quantity"


def test_a_line_that_is_not_on_the_form_cannot_be_confirmed() -> None:
    with pytest.raises(Refused, match="quantity_above_listed"):
        confirmation(INVOICES, [], shown({**LISTED, (7, 0): 1}))


@pytest.mark.rule("customs_sealed_bags")
def test_a_sealed_bag_is_confirmed_by_its_code_without_opening_it() -> None:
    lines = shown(LISTED)
    lines[0] = replace(lines[0], seal="WH-2025-000017")
    decision, kept = confirmation(INVOICES, [], lines)
    assert decision is Decision.CONFIRMED
    assert [line.seal for line in kept] == ["WH-2025-000017", "", ""]
    lines[0] = replace(lines[0], quantity=0)
    with pytest.raises(Refused, match="seal_without_goods"):
        confirmation(INVOICES, [], lines)


@pytest.mark.rule("customs_sealed_bags")
def test_a_seal_is_one_line_of_at_most_forty_characters() -> None:
    assert read_seal("  WH   17 ") == "WH 17"
    assert read_seal("") == ""
    assert read_seal("X" * SEAL_LENGTH_MAX) == "X" * SEAL_LENGTH_MAX
    for text, code in (
        ("X" * (SEAL_LENGTH_MAX + 1), "field_too_long"),
        ("a\x00b", "field_unreadable"),
    ):
        with pytest.raises(Refused, match=code):
            read_seal(text)


@pytest.mark.rule("customs_goods_differ")
@pytest.mark.rule("customs_person_differs")
@pytest.mark.rule("customs_other_breach")
def test_a_refusal_has_a_reason_and_another_breach_is_written_down() -> None:
    assert read_refusal(RefusalReason.GOODS_DIFFER, "") == ""
    assert read_refusal(RefusalReason.PERSON_DIFFERS, "  another  face ") == "another face"
    assert read_refusal(RefusalReason.OTHER_BREACH, "worn shoes") == "worn shoes"
    for reason, text, code, field in (
        (RefusalReason.NONE, "why", "field_missing", "reason"),
        (RefusalReason.OTHER_BREACH, "  ", "reason_missing", "note"),
        (RefusalReason.GOODS_DIFFER, "x" * (NOTE_LENGTH_MAX + 1), "field_too_long", "note"),
        (RefusalReason.GOODS_DIFFER, "a\x07b", "field_unreadable", "note"),
    ):
        with pytest.raises(Refused, match=code) as caught:
            read_refusal(reason, text)
        assert caught.value.field == field
