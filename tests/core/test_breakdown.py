"""The refunds of the lines add up to the form's, to the fen."""

from hypothesis import given
from hypothesis import strategies as st

from refund.core.breakdown import line_refunds
from refund.core.invoice import InvoiceLine
from refund.core.money import Vat
from refund.core.policy import amounts_of, rules_on
from tests import make

RULES = rules_on(make.DAY)
LINES = st.lists(
    st.builds(
        make.line,
        price_fen=st.integers(1, 10_000_000),
        vat=st.sampled_from([Vat.V13, Vat.V9]),
        quantity=st.integers(1, 999),
    ),
    max_size=12,
)


def test_one_line_has_the_whole_refund() -> None:
    assert line_refunds([make.line(149_400)], RULES) == (16_434,)


def test_each_line_is_refunded_at_its_own_rate() -> None:
    lines = [make.line(100_000), make.line(50_000, Vat.V9)]
    assert line_refunds(lines, RULES) == (11_000, 4_000)


def test_what_rounding_gives_or_takes_falls_on_one_line() -> None:
    lines = [make.line(5), make.line(5), make.line(5)]
    assert sum(line_refunds(lines, RULES)) == 2
    assert [line_refunds([line], RULES) for line in lines] == [(1,), (1,), (1,)]


@given(lines=LINES)
def test_the_lines_add_up_to_the_forms_refund(lines: list[InvoiceLine]) -> None:
    gross_fen = amounts_of([(n.amount_fen, n.goods.vat) for n in lines], RULES).gross_fen
    refunds = line_refunds(lines, RULES)
    assert sum(refunds) == gross_fen
    assert all(refund_fen >= 0 for refund_fen in refunds)
