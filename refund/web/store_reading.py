"""What was typed on the issue page, read into a draft; refusals put back beside their fields."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TypeVar

from refund.core.errors import Refused
from refund.core.form import Channel
from refund.core.goods import Goods
from refund.core.invoice import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    priced,
    read_invoice_number,
    read_quantity,
    read_specification,
)
from refund.core.money import parse_yuan
from refund.core.mrz import MrzReading
from refund.core.places import HOME_PORT, read_port
from refund.services.issue import Draft
from refund.services.life import read_reason
from refund.web.identity_forms import IDENTITY_FIELDS, has_fields, read_traveller, read_zone
from refund.web.parse import Reader, day_not_after
from refund.web.store_forms import GROUPS, NUMBERED, Typed

Word = TypeVar("Word", bound=Enum)

ABOVE = ("mrz", "last_entry", "local_name", *IDENTITY_FIELDS)
"""The fields above the invoices, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft with what was read of the zone, and where its parts were typed."""

    draft: Draft
    zone: MrzReading | None
    is_by_fields: bool
    places: Mapping[str, tuple[int, ...]]

    def put_right(self, refusals: Iterable[Refused]) -> list[Refused]:
        """Refusals at the fields where a person can act on them, without mere consequences.

        The rules count invoices and lines as the draft has them, lines through the invoices in
        order; the page counts them as they were typed. What could not be read is not also
        missing, and no sum is too small while a line of it is not understood.
        """
        unread = {problem.field for problem in self.draft.problems}
        own = {id(problem) for problem in self.draft.problems}
        shown = []
        for refused in refusals:
            if id(refused) in own:
                shown.append(refused)
                continue
            placed = self._placed(refused)
            if placed.field not in unread and not _follows(refused, unread):
                shown.append(placed)
        return sorted(shown, key=_place_on_page)

    def _placed(self, refused: Refused) -> Refused:
        match = NUMBERED.fullmatch(refused.field)
        if match:
            places, number = self.places[match[1]], int(match[2])
            place = places[number] if number < len(places) else number
            return refused.at(f"{match[1]}-{place}-{match[3]}")
        if not self.is_by_fields and refused.field in IDENTITY_FIELDS:
            return refused.at("mrz")
        return refused


def _place_on_page(refused: Refused) -> tuple[int, int, int]:
    """Where a refusal's field stands, so that refusals are read from top to bottom."""
    match = NUMBERED.fullmatch(refused.field)
    if match:
        group = list(GROUPS).index(match[1])
        return group + 1, int(match[2]), GROUPS[match[1]].index(match[3])
    if refused.field in ABOVE:
        return 0, 0, ABOVE.index(refused.field)
    return 9, 0, 0


def _follows(refused: Refused, unread: set[str]) -> bool:
    """Whether a refusal only follows from fields that could not be read."""
    match refused.code:
        case "no_valid_document":
            return bool(unread & {"mrz", *IDENTITY_FIELDS})
        case "below_threshold" | "no_lines" | "amount_out_of_range":
            return any(name.startswith("lines-") for name in unread)
        case "invoice_other_day":
            return any(name.endswith("-day") for name in unread)
        case _:
            return False


def read_draft(
    typed: Typed, goods: Mapping[str, Goods], today: date, *, asks_why_late: bool = False
) -> Reading:
    """Read every field to the end: what could not be read is in the draft's problems.

    `asks_why_late` wants a reason for a form of an earlier day's purchase.
    """
    reader = Reader()
    reader.problems.extend(typed.problems)
    zone = read_zone(reader, typed, today)
    traveller, last_entry = read_traveller(reader, typed, zone, today)
    invoices, places = _read_invoices(reader, typed, goods, today)
    port = reader.read(read_port, typed["port"], "port")
    channel = reader.read(_word_of(Channel), typed["channel"], "channel")
    late_reason = _late_reason(reader, typed, invoices, today) if asks_why_late else ""
    draft = Draft(
        traveller=traveller,
        invoices=invoices,
        channel=channel or Channel.INSTANT,
        port=port.code if port else HOME_PORT,
        problems=tuple(_once(reader.problems)),
        last_entry=last_entry,
        late_reason=late_reason,
    )
    by_fields = has_fields(typed) and not typed["mrz"].strip()
    return Reading(draft, zone, by_fields, places)


def _late_reason(reader: Reader, typed: Typed, invoices: Sequence[Invoice], today: date) -> str:
    """Why a form was not issued on the day of its purchase; "" for one that is."""
    if all(invoice.day >= today for invoice in invoices):
        return ""

    def read(text: str, field: str) -> str:
        try:
            return read_reason(text)
        except Refused as refused:
            raise refused.at(field) from None

    return reader.read(read, typed["late_reason"], "late_reason") or ""


def _once(problems: Iterable[Refused]) -> list[Refused]:
    """The first problem of each field: what is too long is not also unreadable."""
    first: dict[str, Refused] = {}
    for problem in problems:
        first.setdefault(problem.field, problem)
    return list(first.values())


def _word_of(kind: type[Word]) -> Callable[[str, str], Word]:
    def read(text: str, field: str) -> Word:
        for word in kind:
            if word.value == text:
                return word
        raise Refused("field_unreadable" if text else "field_missing", field)

    return read


def _read_invoices(
    reader: Reader, typed: Typed, goods: Mapping[str, Goods], today: date
) -> tuple[tuple[Invoice, ...], dict[str, tuple[int, ...]]]:
    """The invoices with their lines, and at which place each was typed."""
    lines = [(place, _read_line(reader, typed, place, goods)) for place in _filled(typed, "lines")]
    owners = {place: _owner(reader, typed, place) for place, _ in lines}
    kept = [
        place
        for place in range(typed.invoices)
        if place in owners.values() or not typed.is_blank("invoices", place) or typed.invoices == 1
    ]
    invoices, line_places = [], []
    for place in kept:
        number, day, kind = _read_head(reader, typed, place, today)
        own = [(at, line) for at, line in lines if owners[at] == place and line is not None]
        if lines and place not in owners.values():
            reader.refuse("no_lines", f"invoices-{place}-number")
        invoices.append(Invoice(number, day, kind, tuple(line for _, line in own)))
        line_places += [at for at, _ in own]
    return tuple(invoices), {"invoices": tuple(kept), "lines": tuple(line_places)}


def _filled(typed: Typed, group: str) -> list[int]:
    return [place for place in range(typed.lines) if not typed.is_blank(group, place)]


def _owner(reader: Reader, typed: Typed, place: int) -> int:
    """The invoice that a line belongs to."""
    text = typed[f"lines-{place}-invoice"] if typed.invoices > 1 else "0"
    if text in {str(number) for number in range(typed.invoices)}:
        return int(text)
    reader.refuse("field_unreadable", f"lines-{place}-invoice")
    return 0


def _read_head(
    reader: Reader, typed: Typed, place: int, today: date
) -> tuple[str, date, InvoiceKind]:
    at = f"invoices-{place}"
    kind = reader.read(_word_of(InvoiceKind), typed[f"{at}-kind"], f"{at}-kind")
    number = ""
    if kind is not InvoiceKind.NONE or typed[f"{at}-number"].strip():
        number = reader.read(read_invoice_number, typed[f"{at}-number"], f"{at}-number") or ""
    day = reader.read(day_not_after(today), typed[f"{at}-day"], f"{at}-day")
    return number, day or today, kind or InvoiceKind.E_INVOICE


def _read_line(
    reader: Reader, typed: Typed, place: int, goods: Mapping[str, Goods]
) -> InvoiceLine | None:
    """A line, or None while a part of it is not understood."""

    def known(text: str, field: str) -> Goods:
        return read_goods(text, goods, field)

    at = f"lines-{place}"
    kind = reader.read(known, typed[f"{at}-goods"], f"{at}-goods")
    words = typed[f"{at}-specification"]
    specification = reader.read(read_specification, words, f"{at}-specification")
    quantity = reader.read(read_quantity, typed[f"{at}-quantity"], f"{at}-quantity")
    price = reader.read(parse_yuan, typed[f"{at}-unit_price"], f"{at}-unit_price")
    if kind is None or specification is None or quantity is None or price is None:
        return None
    line = InvoiceLine(kind, quantity, price, specification)

    def fits(_: str, field: str) -> InvoiceLine:
        return priced(line, field)

    return reader.read(fits, "", f"{at}-unit_price")


def read_goods(text: str, goods: Mapping[str, Goods], field: str) -> Goods:
    """Read goods by their code, alone or followed by their name, or by a name that is one's own.

    Raises:
        Refused: `field_missing`, `goods_unknown`.
    """
    words = " ".join(text.split()).casefold()
    if not words:
        raise Refused("field_missing", field)
    code, _, name = words.partition(" ")
    kind = goods.get(code.upper())
    if kind is not None and (not name or name in _names(kind)):
        return kind
    same = [one for one in goods.values() if words in _names(one)]
    if len(same) != 1:
        raise Refused("goods_unknown", field)
    return same[0]


def _names(goods: Goods) -> tuple[str, ...]:
    return (goods.name_zh.casefold(), goods.name_en.casefold(), goods.pinyin)
