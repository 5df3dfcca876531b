"""A quote: what a refund would be under the rules of a day, from the same code as the form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from refund.core.errors import Refused
from refund.core.money import Amounts, Vat
from refund.core.policy import amounts_of, rules_on


@dataclass(frozen=True, slots=True)
class Quote:
    """Sales, gross, fee and net in fen, and every reason why no form could be issued for it."""

    amounts: Amounts
    refusals: tuple[Refused, ...]


def quote(on: date, lines: Sequence[tuple[int, Vat]]) -> Quote:
    """Calculate a refund for lines of (fen, VAT); sales counts what the refund rests on.

    Raises:
        Refused: `date_before_rules`, `no_lines`.
    """
    rules = rules_on(on)
    if not lines:
        raise Refused("no_lines")
    refusals = [
        Refused("goods_out_of_scope", f"line-{position}", why="exempt")
        for position, (_, vat) in enumerate(lines)
        if vat is Vat.EXEMPT
    ]
    amounts = amounts_of(lines, rules)
    if amounts.sales_fen < rules.min_purchase_fen:
        refusals.append(
            Refused(
                "below_threshold", least_fen=rules.min_purchase_fen, total_fen=amounts.sales_fen
            )
        )
    return Quote(amounts, tuple(refusals))
