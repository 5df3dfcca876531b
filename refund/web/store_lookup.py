"""A traveller's document as a clerk gives it to find a form again: scanned, or its number alone."""

from collections.abc import Sequence
from datetime import date

from refund.core.errors import Refused
from refund.core.mrz import read_mrz
from refund.core.traveller import DocumentKind, IdentityDocument, read_document

FIELD = "document"


def read_documents(
    text: str, today: date, problems: Sequence[Refused] = ()
) -> list[IdentityDocument]:
    """The documents that a scanned zone or a typed number can mean.

    Raises:
        Refused: `field_missing`; what the zone's reading refuses; for a number that no document
            has, `document_number_unreadable`; the first of `problems` with this field.
    """
    for problem in problems:
        if problem.field == FIELD:
            raise problem
    if not text.strip():
        raise Refused("field_missing", FIELD)
    if "<" not in text:
        return _of_the_number(text)
    zone = read_mrz(text, today, FIELD)
    if zone.kind is not None:
        return [read_document(zone.kind.value, zone.number, FIELD)]
    return _of_the_number(zone.number)


def _of_the_number(text: str) -> list[IdentityDocument]:
    """Every kind of document that has such a number."""
    found = [one for kind in DocumentKind if (one := _read_as(kind, text)) is not None]
    if not found:
        raise Refused("document_number_unreadable", FIELD)
    return found


def _read_as(kind: DocumentKind, number: str) -> IdentityDocument | None:
    try:
        return read_document(kind.value, number, FIELD)
    except Refused:
        return None
