"""How a form's refund falls on its lines, so that the lines add up to what the form says."""

from collections.abc import Sequence

from refund.core.invoice import InvoiceLine
from refund.core.money import share_half_up
from refund.core.policy import RuleSet


def line_refunds(lines: Sequence[InvoiceLine], rules: RuleSet) -> tuple[int, ...]:
    """The gross refund of each line in fen; all of them together are the form's gross to the fen.

    The law rounds the sum of each rate once. So each line gets what the rounded sum grows by when
    the line is added to those of its rate before it, at most a fen off its own rounding.

    Source: project decision.
    """
    sums: dict[int, int] = {}
    refunds = []
    for line in lines:
        rate_bp = rules.rate_bp(line.goods.vat)
        before_fen = sums.get(rate_bp, 0)
        sums[rate_bp] = before_fen + line.amount_fen
        refunds.append(share_half_up(sums[rate_bp], rate_bp) - share_half_up(before_fen, rate_bp))
    return tuple(refunds)
