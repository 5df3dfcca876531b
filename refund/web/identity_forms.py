"""Who a traveller is, as typed: the machine-readable zone, or what it says in fields of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from refund.core.mrz import MrzReading, read_mrz
from refund.core.nationalities import read_nationality
from refund.core.traveller import (
    DocumentKind,
    IdentityDocument,
    Traveller,
    read_document,
    read_latin_name,
    read_local_name,
)
from refund.web.parse import Reader, day_not_after, read_day

IDENTITY_FIELDS = (
    "document_kind",
    "document_number",
    "nationality",
    "latin_name",
    "birth",
    "document_expiry",
)
"""What the machine-readable zone says; typed only when there is none."""


class Texts(Protocol):
    """What stands in the fields of a page; nothing for one that was not sent."""

    def __getitem__(self, name: str, /) -> str:
        """What was typed into a field."""
        ...


def has_fields(typed: Texts) -> bool:
    """Whether the traveller is described in the fields instead of the zone."""
    return any(typed[name].strip() for name in IDENTITY_FIELDS)


def identity_fields(traveller: Traveller | None) -> dict[str, str]:
    """The fields of a page on which a traveller stands already; none for nobody."""
    if traveller is None:
        return {}
    return {
        "document_kind": traveller.document.kind.value,
        "document_number": traveller.document.number,
        "nationality": traveller.nationality,
        "latin_name": traveller.latin_name,
        "local_name": traveller.local_name,
        "birth": _written(traveller.birth),
        "document_expiry": _written(traveller.document_expiry),
        "last_entry": _written(traveller.last_entry),
    }


def _written(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def read_zone(reader: Reader, typed: Texts, today: date) -> MrzReading | None:
    """What the zone says; None where there is none, or it cannot be read."""
    if not typed["mrz"].strip():
        return None

    def read(text: str, field: str) -> MrzReading:
        return read_mrz(text, today, field)

    return reader.read(read, typed["mrz"], "mrz")


def read_traveller(
    reader: Reader, typed: Texts, zone: MrzReading | None, today: date
) -> tuple[Traveller | None, date | None]:
    """The traveller, None while the document or the name is not known, and the last entry."""
    last_entry = _optional(reader, typed["last_entry"], "last_entry", day_not_after(today))
    local_name = reader.read(read_local_name, typed["local_name"], "local_name")
    if zone is not None:
        person = _of_the_zone(reader, typed, zone)
    elif typed["mrz"].strip() or not has_fields(typed):
        person = None
    else:
        person = _of_the_fields(reader, typed, today)
    if person is None:
        return None, last_entry
    traveller = Traveller(
        latin_name=person.latin_name,
        local_name=local_name or "",
        nationality=person.nationality,
        document=person.document,
        birth=person.birth,
        document_expiry=person.expiry,
        last_entry=last_entry,
    )
    return traveller, last_entry


@dataclass(frozen=True, slots=True)
class _Person:
    document: IdentityDocument
    latin_name: str
    nationality: str
    birth: date | None
    expiry: date | None


def _of_the_zone(reader: Reader, typed: Texts, zone: MrzReading) -> _Person | None:
    """What the zone says; the kind is chosen by hand only where the zone leaves it open."""
    kind = zone.kind.value if zone.kind else typed["document_kind"]

    def read(number: str, field: str) -> IdentityDocument:
        return read_document(kind, number, field, kind_field="mrz")

    document = reader.read(read, zone.number, "mrz")
    nationality = reader.read(read_nationality, zone.nationality, "mrz")
    if document is None or nationality is None:
        return None
    return _Person(document, zone.latin_name, nationality, zone.birth, zone.expiry)


def _of_the_fields(reader: Reader, typed: Texts, today: date) -> _Person | None:
    kind = typed["document_kind"] or DocumentKind.PASSPORT.value

    def read(number: str, field: str) -> IdentityDocument:
        return read_document(kind, number, field)

    document = reader.read(read, typed["document_number"], "document_number")
    latin_name = reader.read(read_latin_name, typed["latin_name"], "latin_name")
    nationality = reader.read(read_nationality, typed["nationality"], "nationality")
    birth = _optional(reader, typed["birth"], "birth", day_not_after(today))
    expiry = _optional(reader, typed["document_expiry"], "document_expiry", read_day)
    if document is None or latin_name is None or nationality is None:
        return None
    return _Person(document, latin_name, nationality, birth, expiry)


def _optional(
    reader: Reader, text: str, field: str, read: Callable[[str, str], date]
) -> date | None:
    return reader.read(read, text, field) if text.strip() else None
