"""Reading what an officer ticks, counts and types, and the rows that a desk compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import request
from flask.wrappers import Response

from refund.core.customs import (
    Decision,
    Inspection,
    Place,
    RefusalReason,
    Verification,
    field_of,
    read_seal,
)
from refund.core.entitlement import ConfirmedLine, LineKey
from refund.core.errors import Refused
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.mrz import read_mrz
from refund.core.traveller import DocumentKind, IdentityDocument, read_document
from refund.web.context import here
from refund.web.parse import Reader

DESK_COOKIE = "refund_desk"
DESK_SECONDS = 365 * 24 * 3600


def place_here() -> Place:
    """Where this desk stands, as it was said last; before check-in until somebody says."""
    return _place(request.cookies.get(DESK_COOKIE, "")) or Place.BEFORE_CHECK_IN


def read_place(text: str) -> Place:
    """Where the goods were shown; where the desk stands, if the page does not say."""
    return _place(text) or place_here()


def _place(text: str) -> Place | None:
    known = {place.value: place for place in Place if place is not Place.UNSAID}
    return known.get(text)


def remember_place(response: Response, place: Place) -> Response:
    """Let the browser keep where its desk stands."""
    response.set_cookie(
        DESK_COOKIE,
        place.value,
        max_age=DESK_SECONDS,
        path="/customs",
        httponly=True,
        secure=here().is_secure,
        samesite="Lax",
    )
    return response


def read_inspection(text: str) -> Inspection:
    """How it was found; what the draw asks for, if the page does not say."""
    return {one.value: one for one in Inspection}.get(text, Inspection.UNSAID)


def read_reason(text: str) -> RefusalReason:
    """The reason that was chosen; NONE when there is none."""
    return {one.value: one for one in RefusalReason}.get(text, RefusalReason.NONE)


@dataclass(frozen=True, slots=True)
class GoodsRow:
    """One line of a form at the desk.

    Args:
        key: which line.
        line: the goods as listed.
        invoice_number: on which invoice.
        remaining: how many did not go back to the store.
        confirmed: what customs confirmed; None while they have not.
        quantity: what stands in the field.
        is_ticked: whether the line was ticked as all there.
        seal: the code of a bag that stays shut.
    """

    key: LineKey
    line: InvoiceLine
    invoice_number: str
    remaining: int
    confirmed: ConfirmedLine | None = None
    quantity: str = ""
    is_ticked: bool = False
    seal: str = ""

    @property
    def returned(self) -> int:
        """How many went back to the store."""
        return self.line.quantity - self.remaining

    @property
    def amount_fen(self) -> int:
        """The price of what remains, VAT included."""
        return self.remaining * self.line.unit_price_fen

    def field(self, name: str) -> str:
        """The name of one of its fields."""
        return field_of(*self.key, name)


def goods_rows(
    invoices: Sequence[Invoice],
    remaining: Mapping[LineKey, int],
    verification: Verification | None = None,
    typed: Mapping[str, str] | None = None,
) -> list[GoodsRow]:
    """Every line of a form, with what was decided of it, or what was typed beside it."""
    said = {one.line: one for one in verification.lines} if verification else {}
    fields = typed or {}
    return [
        GoodsRow(
            key=(at, position),
            line=line,
            invoice_number=invoice.number,
            remaining=remaining[at, position],
            confirmed=said.get((at, position)),
            quantity=fields.get(field_of(at, position, "quantity"), ""),
            is_ticked=field_of(at, position, "all") in fields,
            seal=fields.get(field_of(at, position, "seal"), ""),
        )
        for at, invoice in enumerate(invoices)
        for position, line in enumerate(invoice.lines)
    ]


@dataclass(frozen=True, slots=True)
class LinesRead:
    """What was shown, line by line, as far as it could be read; what could not counts as none."""

    lines: tuple[ConfirmedLine, ...]
    problems: tuple[Refused, ...]
    undecided: int

    @property
    def pieces(self) -> int:
        """How many pieces of goods were shown."""
        return sum(line.quantity for line in self.lines)


def read_lines(rows: Sequence[GoodsRow]) -> LinesRead:
    """Read every line: a quantity that was typed counts, else the tick that all are there.

    A line without either is not decided: it is refused, for nothing is confirmed by silence.
    """
    reader = Reader()
    lines = []
    for row in rows:

        def count(text: str, field: str, row: GoodsRow = row) -> int:
            return _count(text, field, row)

        quantity = reader.read(count, row.quantity, row.field("quantity"))
        seal = reader.read(read_seal, row.seal, row.field("seal"))
        lines.append(ConfirmedLine(row.key, quantity or 0, (seal or "") if quantity else ""))
        if seal and quantity == 0:
            reader.refuse("seal_without_goods", row.field("seal"))
    undecided = sum(problem.code == "line_undecided" for problem in reader.problems)
    return LinesRead(tuple(lines), tuple(reader.problems), undecided)


def _count(text: str, field: str, row: GoodsRow) -> int:
    """How many of a line were shown.

    Raises:
        Refused: `line_undecided`, `field_unreadable`, `quantity_above_listed`.
    """
    typed = text.strip()
    if not typed:
        if row.is_ticked or not row.remaining:
            return row.remaining
        raise Refused("line_undecided", field)
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 3):
        raise Refused("field_unreadable", field)
    if int(typed) > row.remaining:
        raise Refused("quantity_above_listed", field, most=row.remaining)
    return int(typed)


def read_shown_document(
    fields: Mapping[str, str], today: date
) -> tuple[IdentityDocument | None, list[Refused]]:
    """Read a document that is held at the desk: its zone, or its kind and number.

    Returns:
        The document, or None and every reason why it cannot be read.
    """
    reader = Reader()
    kind = fields.get("document_kind", "") or DocumentKind.PASSPORT.value

    def of_the_zone(text: str, field: str) -> IdentityDocument:
        zone = read_mrz(text, today, field)
        return read_document(zone.kind.value if zone.kind else kind, zone.number, field, field)

    def of_the_fields(text: str, field: str) -> IdentityDocument:
        return read_document(kind, text, field)

    zone = fields.get("mrz", "")
    if zone.strip():
        return reader.read(of_the_zone, zone, "mrz"), reader.problems
    number = fields.get("document_number", "")
    return reader.read(of_the_fields, number, "document_number"), reader.problems


OUTCOME = {
    Decision.CONFIRMED: "confirmed",
    Decision.PARTLY: "confirmed_partly",
    Decision.REFUSED: "refused",
}
"""How an answer's words call what customs decided."""
