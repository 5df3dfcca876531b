"""What a return means, reckoned: the difference only, and never more than the advance."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.entitlement import GoodsReturn, LineKey, Recovery, amounts_for, quantities_of
from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.money import Vat
from refund.core.policy import rules_on
from refund.core.returning import End, Known, Plan, plan_return
from tests import make

RULES = rules_on(make.DAY)


def known(lines: tuple[InvoiceLine, ...], others_fen: int = 0) -> Known:
    """A form of these lines, its advance paid."""
    invoices = (make.invoice(lines=lines),)
    amounts = amounts_for(invoices, quantities_of(invoices), RULES)
    return Known(make.form(amounts=amounts), invoices, (), RULES, amounts.net_fen, others_fen)


def after(before: Known, plan: Plan, recovery: Recovery = Recovery.STORE) -> Known:
    """The form once a plan was carried out."""
    done = GoodsReturn(
        return_id="return-1",
        form_id=before.form.form_id,
        store_number=1,
        returned_at=make.NOON,
        staff_id="clerk-1",
        lines=plan.lines,
        recovery=recovery,
        recovered_fen=plan.back_fen if recovery is Recovery.STORE else 0,
        is_whole=plan.is_whole,
        reason="did not fit",
    )
    return replace(before, returns=(*before.returns, done))


@pytest.mark.rule("return_in_part")
def test_of_three_pieces_one_brings_back_a_third() -> None:
    plan = plan_return(known((make.line(5000_00, quantity=3),)), {(0, 0): 1})
    assert (plan.before.net_fen, plan.after.net_fen, plan.back_fen) == (1350_00, 900_00, 450_00)
    assert plan.end is End.NONE


@pytest.mark.rule("return_in_part")
def test_the_last_fen_of_the_least_sum_decides_whether_the_form_ends() -> None:
    lines = (make.line(200_00), make.line(1))
    assert plan_return(known(lines), {(0, 1): 1}).end is End.NONE
    assert plan_return(known(lines), {(0, 0): 1}).end is End.BELOW_THRESHOLD
    assert plan_return(known(lines, 199_99), {(0, 0): 1}).end is End.NOTHING_DUE
    small = (make.line(200_00), make.line(7))
    assert plan_return(known(small, 199_93), {(0, 0): 1}).end is End.NONE
    assert plan_return(known(small, 199_92), {(0, 0): 1}).end is End.BELOW_THRESHOLD


def test_a_return_that_was_begun_asks_for_the_money_alone() -> None:
    form = known((make.line(),))
    begun = after(form, plan_return(form, {(0, 0): 1}), Recovery.CAPTURE)
    plan = plan_return(begun, {})
    assert (plan.end, plan.lines, plan.back_fen) == (End.BEGUN, (), make.NET_FEN)


def test_before_an_advance_no_money_comes_back() -> None:
    form = known((make.line(5000_00, quantity=3),))
    issued: Form = replace(form.form, status=Status.ISSUED)
    assert plan_return(replace(form, form=issued), {(0, 0): 1}).back_fen == 0
    assert plan_return(replace(form, form=issued), {(0, 0): 3}).back_fen == 0


@pytest.mark.parametrize("quantities", [{}, {(0, 0): 0}, {(0, 0): 2}, {(3, 3): 1}, {(0, 0): -1}])
def test_what_the_traveller_does_not_have_is_not_brought_back(
    quantities: dict[LineKey, int],
) -> None:
    with pytest.raises(Refused, match=r"nothing_brought_back|quantity_above_remaining"):
        plan_return(known((make.line(),)), quantities)


def invoices_of(prices: list[int]) -> tuple[InvoiceLine, ...]:
    """Lines of both rates, and one that carries the least sum."""
    rates = (Vat.V13, Vat.V9)
    lines = tuple(make.line(price, rates[n % 2], 9) for n, price in enumerate(prices))
    return (make.line(200_00), *lines)


@pytest.mark.rule("return_in_part")
@given(
    prices=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    steps=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.booleans()), max_size=12),
)
def test_a_refund_never_grows_and_is_never_below_zero_however_fen_are_rounded(
    prices: list[int], steps: list[tuple[int, int, bool]]
) -> None:
    form = known(invoices_of(prices))
    advance_fen = form.form.amounts.net_fen
    for place, quantity, in_cash in steps:
        if quantity > form.remaining.get((0, place), 0):
            continue
        plan = plan_return(form, {(0, place): quantity})
        assert plan.back_fen >= 0
        form = after(form, plan, Recovery.STORE if in_cash else Recovery.CAPTURE)
        recovered_fen = sum(one.recovered_fen for one in form.returns)
        assert 0 <= form.due.net_fen <= advance_fen - recovered_fen
        assert form.due.gross_fen - form.due.fee_fen == form.due.net_fen


@pytest.mark.rule("return_in_part")
def test_a_fen_that_rounding_would_add_to_the_refund_is_fee() -> None:
    alone = (make.invoice(lines=(make.line(200_99),)),)
    due = amounts_for(alone, {(0, 0): 1}, RULES)
    form = known((make.line(200_99), make.line(1)))
    assert form.form.amounts.net_fen == due.net_fen - 1, "the one fen costs a fen of fee"
    plan = plan_return(form, {(0, 1): 1})
    assert (plan.after.net_fen, plan.after.fee_fen) == (due.net_fen - 1, due.fee_fen + 1)
    assert plan.back_fen == 0


def test_the_forms_other_invoices_stay() -> None:
    second: Invoice = make.invoice("25422000000000000002")
    one = known((make.line(),))
    form = replace(one, invoices=(*one.invoices, second))
    plan = plan_return(form, {(1, 0): 1})
    assert (plan.lines, plan.end, plan.left_fen) == ((((1, 0), 1),), End.NONE, make.PRICE_FEN)
