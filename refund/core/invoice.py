"""Invoices and their lines, as a purchase in one store on one day."""

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum

from refund.core.errors import Refused
from refund.core.goods import Goods
from refund.core.money import FEN_MAX

LINES_MAX = 60
"""Lines of one form. Source: project decision."""

QUANTITY_MAX = 999
SPECIFICATION_LENGTH_MAX = 60
_NUMBER = re.compile(r"[0-9A-Z]{8,24}", re.ASCII)
_QUANTITY = re.compile(r"[0-9]{1,3}", re.ASCII)


class InvoiceKind(Enum):
    """The kinds of VAT invoice that a clerk can meet; only the first two count.

    Source: SAT 41/2015 art. 10 (6), SAT 11/2025.
    """

    E_INVOICE = "e_invoice"
    ORDINARY = "ordinary"
    SPECIAL = "special"
    NONE = "none"

    @property
    def counts(self) -> bool:
        """Whether a refund can rest on it."""
        return self in (InvoiceKind.E_INVOICE, InvoiceKind.ORDINARY)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """Some units of one kind of goods; `amount_fen` is quantity x unit price, tax included."""

    goods: Goods
    quantity: int
    unit_price_fen: int
    specification: str = ""

    @property
    def amount_fen(self) -> int:
        """The line's price, VAT included."""
        return self.quantity * self.unit_price_fen


@dataclass(frozen=True, slots=True)
class Invoice:
    """One VAT invoice with the lines that go on the form."""

    number: str
    day: date
    kind: InvoiceKind
    lines: tuple[InvoiceLine, ...]

    @property
    def amount_fen(self) -> int:
        """The sum of the lines, VAT included."""
        return sum(line.amount_fen for line in self.lines)


def read_invoice_number(text: str, field: str) -> str:
    """Read an invoice number: 8 to 24 digits and capital letters; blanks and hyphens fall away.

    Raises:
        Refused: `field_missing`, `invoice_number_unreadable`.
    """
    number = text.replace(" ", "").replace("-", "").upper()
    if not number:
        raise Refused("field_missing", field)
    # Capital letters of others become ASCII: ß would read as SS.
    if not text.isascii() or not _NUMBER.fullmatch(number):
        raise Refused("invoice_number_unreadable", field)
    return number


def read_quantity(text: str, field: str) -> int:
    """Read a number of units, 1 to 999.

    Raises:
        Refused: `field_missing`, `quantity_unreadable`.
    """
    text = text.strip(" ")
    if not text:
        raise Refused("field_missing", field)
    if not _QUANTITY.fullmatch(text) or int(text) == 0:
        raise Refused("quantity_unreadable", field, most=QUANTITY_MAX)
    return int(text)


def read_specification(text: str, field: str) -> str:
    """Read what tells this piece from another; may be empty.

    Raises:
        Refused: `field_too_long`, `field_unreadable`.
    """
    text = " ".join(text.split())
    if len(text) > SPECIFICATION_LENGTH_MAX:
        raise Refused("field_too_long", field, most=SPECIFICATION_LENGTH_MAX)
    if not text.isprintable():
        raise Refused("field_unreadable", field)
    return text


def priced(line: InvoiceLine, field: str) -> InvoiceLine:
    """The line itself, when its price can be one amount of the books.

    Raises:
        Refused: `amount_out_of_range`.
    """
    if line.amount_fen > FEN_MAX:
        raise Refused("amount_out_of_range", field, least_fen=1, most_fen=FEN_MAX)
    return line
