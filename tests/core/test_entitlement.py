"""What a form is worth follows the goods: as listed, brought back, confirmed; to the fen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refund.core.entitlement import (
    NOTHING,
    ConfirmedLine,
    Entitlement,
    GoodsReturn,
    LineKey,
    Recovery,
    amounts_for,
    entitlement_of,
    quantities_of,
    remaining_of,
)
from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.money import Amounts, Vat
from refund.core.policy import rules_on
from tests import make

RULES = rules_on(make.DAY)
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine under load takes its time to draw many invoices."""

THREE_BAGS = (make.invoice(lines=(make.line(5000_00, quantity=3),)),)


def form_of(invoices: Sequence[Invoice]) -> Form:
    """A form of these invoices, advanced in full."""
    return make.form(amounts=amounts_for(invoices, quantities_of(invoices), RULES))


def brought_back(
    lines: dict[LineKey, int], recovered_fen: int = 0, *, is_whole: bool = False
) -> GoodsReturn:
    return GoodsReturn(
        return_id="return-1",
        form_id="00000000000000f1",
        store_number=1,
        returned_at=make.NOON,
        staff_id="clerk-1",
        lines=tuple(lines.items()),
        recovery=Recovery.STORE if recovered_fen else Recovery.CAPTURE,
        recovered_fen=recovered_fen,
        is_whole=is_whole,
        reason="a flaw",
    )


def shown(quantities: dict[LineKey, int]) -> tuple[ConfirmedLine, ...]:
    return tuple(ConfirmedLine(key, quantity) for key, quantity in quantities.items())


def entitled(
    invoices: Sequence[Invoice],
    returns: Sequence[GoodsReturn] = (),
    confirmed: dict[LineKey, int] | None = None,
) -> Entitlement:
    lines = None if confirmed is None else shown(confirmed)
    return entitlement_of(form_of(invoices), invoices, returns, lines, RULES)


@st.composite
def purchases(draw: st.DrawFn) -> tuple[Invoice, ...]:
    """Any invoices of one form, with goods of every rate, worth at least some refund."""
    line = st.builds(
        make.line, st.integers(1, 900_00), st.sampled_from(list(Vat)), st.integers(1, 5)
    )
    lines = draw(st.lists(st.lists(line, min_size=1, max_size=3), min_size=1, max_size=3))
    first = (make.line(200_00), *lines[0])
    return tuple(
        make.invoice(f"{n:020d}", lines=some) for n, some in enumerate((first, *lines[1:]))
    )


@st.composite
def parts(draw: st.DrawFn) -> tuple[tuple[Invoice, ...], dict[LineKey, int]]:
    """Any invoices, and of each line some quantity up to what is listed."""
    invoices = draw(purchases())
    listed = quantities_of(invoices)
    return invoices, {key: draw(st.integers(0, most)) for key, most in listed.items()}


@pytest.mark.rule("outcome_fewer_goods")
@pytest.mark.rule("customs_fewer")
def test_two_of_three_bags_are_worth_two_thirds() -> None:
    assert form_of(THREE_BAGS).amounts.net_fen == 1350_00
    found = entitled(THREE_BAGS, confirmed={(0, 0): 2})
    assert found == Entitlement(Amounts(10_000_00, 1100_00, 200_00, 900_00), 0, is_whole=False)


@CALM
@given(purchases())
def test_goods_as_listed_are_worth_what_the_form_says(invoices: tuple[Invoice, ...]) -> None:
    whole = Entitlement(form_of(invoices).amounts, 0, is_whole=True)
    assert entitled(invoices) == whole
    assert entitled(invoices, confirmed=quantities_of(invoices)) == whole


@pytest.mark.rule("pays_confirmed_quantity")
@CALM
@given(parts())
def test_fewer_goods_are_worth_what_they_would_be_on_a_form_of_their_own(
    part: tuple[tuple[Invoice, ...], dict[LineKey, int]],
) -> None:
    invoices, quantities = part
    due = entitled(invoices, confirmed=quantities).due
    alone = tuple(
        replace(
            invoice,
            lines=tuple(
                replace(line, quantity=quantities[n, m])
                for m, line in enumerate(invoice.lines)
                if quantities[n, m]
            ),
        )
        for n, invoice in enumerate(invoices)
    )
    listed = amounts_for(alone, quantities_of(alone), RULES)
    most_fen = form_of(invoices).amounts.net_fen
    assert due.net_fen == max(0, min(listed.net_fen, most_fen))
    assert due == NOTHING or due.gross_fen == listed.gross_fen


@pytest.mark.rule("pays_confirmed_quantity")
@CALM
@given(parts(), st.data())
def test_what_is_kept_recovered_and_charged_is_what_was_advanced(
    part: tuple[tuple[Invoice, ...], dict[LineKey, int]], data: st.DataObject
) -> None:
    invoices, quantities = part
    advanced_fen = form_of(invoices).amounts.net_fen
    recovered_fen = data.draw(st.integers(0, advanced_fen))
    returns = [brought_back({}, recovered_fen)]
    found = entitled(invoices, returns, quantities)
    assert found.recovered_fen == recovered_fen
    charged_fen = advanced_fen - recovered_fen - found.due.net_fen
    assert charged_fen >= 0 or found.is_whole
    assert found.due.net_fen >= 0
    assert found.due.gross_fen - found.due.fee_fen == found.due.net_fen


@pytest.mark.rule("return_in_part")
@CALM
@given(parts())
def test_goods_brought_back_in_several_turns_count_as_brought_back_at_once(
    part: tuple[tuple[Invoice, ...], dict[LineKey, int]],
) -> None:
    invoices, quantities = part
    back = {key: quantity for key, quantity in quantities.items() if quantity}
    at_once = [brought_back(back)]
    in_turns = [brought_back({key: 1}) for key, many in back.items() for _ in range(many)]
    left = remaining_of(invoices, at_once)
    assert left == remaining_of(invoices, in_turns)
    listed = quantities_of(invoices)
    assert {key: listed[key] - left[key] for key in listed} == quantities
    assert entitled(invoices, at_once) == entitled(invoices, in_turns)
    assert entitled(invoices, at_once).is_whole == (not back)


@CALM
@given(parts())
def test_what_customs_confirmed_counts_whatever_was_brought_back_before(
    part: tuple[tuple[Invoice, ...], dict[LineKey, int]],
) -> None:
    invoices, quantities = part
    listed = quantities_of(invoices)
    returns = [brought_back({key: listed[key] - quantities[key] for key in listed})]
    assert entitled(invoices, returns, quantities).due == entitled(invoices, (), quantities).due
    assert entitled(invoices, returns).due == entitled(invoices, (), quantities).due


@CALM
@given(purchases())
def test_no_goods_are_worth_nothing(invoices: tuple[Invoice, ...]) -> None:
    none = dict.fromkeys(quantities_of(invoices), 0)
    assert entitled(invoices, confirmed=none) == Entitlement(NOTHING, 0, is_whole=False)
    assert amounts_for(invoices, none, RULES) == NOTHING


@pytest.mark.rule("return_after_advance")
@CALM
@given(parts(), st.integers(0, 100))
def test_a_form_that_was_brought_back_whole_is_worth_nothing(
    part: tuple[tuple[Invoice, ...], dict[LineKey, int]], recovered_fen: int
) -> None:
    invoices, quantities = part
    returns = [brought_back({}, recovered_fen, is_whole=True)]
    found = entitled(invoices, returns, quantities)
    assert found == Entitlement(NOTHING, recovered_fen, is_whole=False)


def test_nothing_is_due_once_all_was_paid_back() -> None:
    all_fen = form_of(THREE_BAGS).amounts.net_fen
    paid_back = [brought_back({(0, 0): 1}, all_fen)]
    assert entitled(THREE_BAGS, paid_back) == Entitlement(NOTHING, all_fen, is_whole=False)
    less = [brought_back({(0, 0): 1}, all_fen - 1)]
    assert entitled(THREE_BAGS, less).due.net_fen == 1


@pytest.mark.rule("goods_exempt")
def test_goods_sold_free_of_tax_are_worth_nothing_beside_others() -> None:
    lines = (make.line(1000_00), make.line(1000_00, Vat.EXEMPT))
    found = entitled((make.invoice(lines=lines),), confirmed={(0, 0): 0, (0, 1): 1})
    assert found.due == NOTHING
    lines = (make.line(1000_00, quantity=2), make.line(1000_00, Vat.EXEMPT))
    beside = entitled((make.invoice(lines=lines),), confirmed={(0, 0): 1, (0, 1): 1})
    assert beside.due == Amounts(1000_00, 110_00, 20_00, 90_00), "no fee is taken of them either"


@pytest.mark.rule("goods_restricted")
def test_goods_that_may_not_leave_are_worth_nothing_beside_others() -> None:
    gold = InvoiceLine(make.goods(restricted="precious_metal"), 1, 1000_00)
    lines = (make.line(1000_00, quantity=2), gold)
    found = entitled((make.invoice(lines=lines),), confirmed={(0, 0): 1, (0, 1): 1})
    assert found.due == Amounts(1000_00, 110_00, 20_00, 90_00)


@pytest.mark.rule("customs_fewer")
@pytest.mark.parametrize("quantity", [-1, 4])
def test_more_than_listed_is_refused_with_its_line(quantity: int) -> None:
    with pytest.raises(Refused, match="quantity_above_listed") as refused:
        amounts_for(THREE_BAGS, {(0, 0): quantity}, RULES)
    assert (refused.value.field, refused.value.facts) == ("lines-0-0", {"most": 3})


@pytest.mark.rule("rules_of_issue_day")
def test_fewer_goods_are_worth_what_the_rules_of_the_issue_day_say() -> None:
    other = replace(RULES, refund_rate_13_bp=900)
    assert amounts_for(THREE_BAGS, {(0, 0): 2}, RULES).net_fen == 900_00
    assert amounts_for(THREE_BAGS, {(0, 0): 2}, other).net_fen == 700_00
