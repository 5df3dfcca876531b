"""What a rule set makes of one purchase, so that two rule sets can be laid side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from refund.core.calendar import add_working_days, is_within
from refund.core.errors import Refused
from refund.core.matching import Why
from refund.core.money import BP_PER_WHOLE, Amounts
from refund.core.policy import RuleSet


@dataclass(frozen=True, slots=True)
class Consequences:
    """What follows from a purchase under one rule set.

    Args:
        amounts: of the refund.
        depart_by: last day of the promise; None where there is no instant refund.
        export_by: last day on which the goods can leave.
        port_any: whether any port that takes part keeps the promise.
        capture_by: last working day on which a broken promise is charged.
        cash_possible: whether the counter may pay it in cash.
        inspect_share_bp: how likely customs look at the goods; 10,000 for always.
        departure: what the departure that was seen says of the promise; "" where none can.
        refusals: why no form can be issued.
    """

    amounts: Amounts
    depart_by: date | None
    export_by: date
    port_any: bool
    capture_by: date | None
    cash_possible: bool
    inspect_share_bp: int
    departure: str
    refusals: tuple[Refused, ...]

    def named(self) -> dict[str, object]:
        """Everything by its name, in an order that is kept; of a refusal its code."""
        return {
            "sales_fen": self.amounts.sales_fen,
            "gross_fen": self.amounts.gross_fen,
            "fee_fen": self.amounts.fee_fen,
            "net_fen": self.amounts.net_fen,
            "depart_by": self.depart_by,
            "export_by": self.export_by,
            "port_any": self.port_any,
            "capture_by": self.capture_by,
            "cash_possible": self.cash_possible,
            "inspect_share_bp": self.inspect_share_bp,
            "departure": self.departure,
            "refusals": tuple(refused.code for refused in self.refusals),
        }


def differing(own: Consequences, other: Consequences) -> tuple[str, ...]:
    """The names of what is not the same in both."""
    left, right = own.named(), other.named()
    return tuple(name for name in left if left[name] != right[name])


@dataclass(frozen=True, slots=True)
class Terms:
    """The last days of a purchase under a rule set, and where its promise can be kept."""

    depart_by: date | None
    export_by: date
    port_any: bool


def consequences_of(
    amounts: Amounts,
    terms: Terms,
    refusals: tuple[Refused, ...],
    rules: RuleSet,
    is_working_day: Callable[[date], bool],
    departure: str = "",
) -> Consequences:
    """Gather what follows from a purchase that a rule set has been asked about.

    Source: SAT 9/2025 (capture), 84/2025 (cash), 2026 package (inspection).
    """
    capture_by = None
    if terms.depart_by is not None:
        capture_by = add_working_days(terms.depart_by, rules.capture_working_days, is_working_day)
    return Consequences(
        amounts=amounts,
        depart_by=terms.depart_by,
        export_by=terms.export_by,
        port_any=terms.port_any,
        capture_by=capture_by,
        cash_possible=0 < amounts.net_fen <= rules.cash_fen_max,
        inspect_share_bp=inspect_share_bp(amounts.sales_fen, rules),
        departure=departure,
        refusals=refusals,
    )


def inspect_share_bp(sales_fen: int, rules: RuleSet) -> int:
    """How likely customs look at the goods of a form, in basis points; 10,000 for always.

    Source: GAC 25/2015; 2026 package.
    """
    if rules.inspect_all or sales_fen >= rules.inspect_from_fen:
        return BP_PER_WHOLE
    return rules.inspect_share_bp


def departure_word(terms: Terms, port: str, seen: tuple[datetime, str] | None, today: date) -> str:
    """What a departure says of a promise, in the words of the exit's desk; customs aside.

    Args:
        terms: of the promise.
        port: the one that was promised.
        seen: when and through which port the traveller left; None while that is not known.
        today: so that a promise can be over.
    """
    if terms.depart_by is None:
        return ""
    why: str = _why(terms, terms.depart_by, port, seen, today).value
    return why


def _why(
    terms: Terms, depart_by: date, port: str, seen: tuple[datetime, str] | None, today: date
) -> Why:
    if seen is None:
        return Why.NEVER_SEEN if today > depart_by else Why.AWAITING_EXIT
    at, through = seen
    if not is_within(at, terms.export_by):
        return Why.EXPORTED_LATE
    if not is_within(at, depart_by):
        return Why.LATE
    if not terms.port_any and through != port:
        return Why.WRONG_PORT
    return Why.KEPT
