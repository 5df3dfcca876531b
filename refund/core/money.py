"""Money: integers of fen, the VAT rates that goods carry, and the one calculation of a refund."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from refund.core.errors import Refused

FEN_PER_YUAN = 100
BP_PER_WHOLE = 10_000
FEN_MAX = 9_999_999_999
"""The largest single amount that can be typed: 99,999,999.99 yuan."""

ASCII_BLANKS = " \t\r\n\f\v"
TYPED_MAX = 40
"""How much of what was typed a refusal repeats."""

_AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")
_AMOUNT_TOO_LONG = re.compile(r"[1-9][0-9]{8,}(\.[0-9]{1,2})?")


class Vat(Enum):
    """The VAT that goods carry when they are sold.

    Source: 39/2019 (rates 13 % and 9 %); MOF 3/2015 (exempt goods are out of scope).
    """

    V13 = "13"
    V9 = "9"
    EXEMPT = "exempt"

    @property
    def written(self) -> str:
        """The rate as commands and files write it: `13`, `9` or `exempt`."""
        return self.value

    @classmethod
    def read(cls, text: str, field: str = "") -> "Vat":
        """Read a written rate, blanks around it and ASCII case aside.

        Raises:
            Refused: `vat_unknown`.
        """
        typed = text.strip(ASCII_BLANKS)
        for vat in cls:
            if typed.isascii() and typed.lower() == vat.value:
                return vat
        raise Refused(
            "vat_unknown",
            field,
            typed=typed[:TYPED_MAX],
            known=tuple(vat.value for vat in cls),
        )


@dataclass(frozen=True, slots=True)
class Amounts:
    """The four figures of a refund, in fen: what was paid, and what comes back of it."""

    sales_fen: int
    gross_fen: int
    fee_fen: int
    net_fen: int


def parse_yuan(text: str, field: str = "") -> int:
    """Read an amount of yuan as fen: ASCII digits, at most two decimals after a point.

    Returns:
        1 to FEN_MAX.

    Raises:
        Refused: `field_missing`, `amount_unreadable` or `amount_out_of_range`.
    """
    typed = text.strip(ASCII_BLANKS)
    if not typed:
        raise Refused("field_missing", field)
    if _AMOUNT_TOO_LONG.fullmatch(typed):
        raise _out_of_range(field)
    if not _AMOUNT.fullmatch(typed):
        raise Refused("amount_unreadable", field, typed=typed[:TYPED_MAX])
    yuan, _, decimals = typed.partition(".")
    fen = int(yuan) * FEN_PER_YUAN + int(decimals.ljust(2, "0"))
    if fen == 0:
        raise _out_of_range(field)
    return fen


def _out_of_range(field: str) -> Refused:
    return Refused("amount_out_of_range", field, least_fen=1, most_fen=FEN_MAX)


def format_yuan(fen: int) -> str:
    """Write fen as yuan with thousands and two decimals: `1,494.00`, `-0.05`."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    sign = "-" if fen < 0 else ""
    return f"{sign}{yuan:,}.{rest:02d}"


def share_half_up(amount_fen: int, rate_bp: int) -> int:
    """The share of an amount, half a fen rounded up.

    Raises:
        ValueError: a negative amount or rate, which is a defect.
    """
    return (_product(amount_fen, rate_bp) + BP_PER_WHOLE // 2) // BP_PER_WHOLE


def share_down(amount_fen: int, rate_bp: int) -> int:
    """The share of an amount, every part of a fen dropped.

    Raises:
        ValueError: a negative amount or rate, which is a defect.
    """
    return _product(amount_fen, rate_bp) // BP_PER_WHOLE


def _product(amount_fen: int, rate_bp: int) -> int:
    if amount_fen < 0 or rate_bp < 0:
        raise ValueError((amount_fen, rate_bp))
    return amount_fen * rate_bp


class Rounding(Enum):
    """What becomes of parts of a fen; the numbers are how the table of rules writes it."""

    HALF_UP = 0
    DOWN = 1
    UP = 2

    def share(self, amount_fen: int, rate_bp: int) -> int:
        """The share of an amount, rounded so."""
        match self:
            case Rounding.HALF_UP:
                return share_half_up(amount_fen, rate_bp)
            case Rounding.DOWN:
                return share_down(amount_fen, rate_bp)
            case Rounding.UP:
                return -(-_product(amount_fen, rate_bp) // BP_PER_WHOLE)


def refund_amounts(
    sales_by_rate_bp: Mapping[int, int],
    fee_bp: int,
    gross_rounding: Rounding = Rounding.HALF_UP,
    fee_rounding: Rounding = Rounding.DOWN,
) -> Amounts:
    """Calculate a refund: gross is rounded once per rate, the fee of all sales once, net the rest.

    Args:
        sales_by_rate_bp: refund rate in basis points to the sales at it in fen, VAT included.
        fee_bp: the agency's fee in basis points of the sales.
        gross_rounding: of each rate's gross.
        fee_rounding: of the fee.

    Source: 39/2019 (rates); the rounding is a project decision.
    """
    sales_fen = sum(sales_by_rate_bp.values())
    gross_fen = sum(gross_rounding.share(fen, rate) for rate, fen in sales_by_rate_bp.items())
    fee_fen = fee_rounding.share(sales_fen, fee_bp)
    return Amounts(sales_fen, gross_fen, fee_fen, gross_fen - fee_fen)
