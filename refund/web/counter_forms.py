"""Reading what the agency's counter scans, types and counts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from refund.core.agreement import Signature, read_signature
from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS
from refund.core.mrz import read_mrz
from refund.core.till import DENOMINATIONS_FEN, PIECES_MAX
from refund.core.traveller import IdentityDocument, read_document
from refund.services.counter_pay import Signed, read_owner
from refund.web.parse import Reader

_COUNT = re.compile(r"[0-9]{1,5}", re.ASCII)
_PAGE = re.compile(r"[A-Za-z0-9_-]{8,80}", re.ASCII)


def is_zone(text: str) -> bool:
    """Whether a scan is a document's machine-readable zone, and no form's code or number."""
    return "<" in text


def read_zone_document(text: str, today: date, field: str) -> IdentityDocument:
    """The document of a machine-readable zone.

    Raises:
        Refused: as `read_mrz`; `no_valid_document` for one that carries no refund.
    """
    zone = read_mrz(text, today, field)
    if zone.kind is None:
        raise Refused("no_valid_document", field)
    return read_document(zone.kind.value, zone.number, field, kind_field=field)


def read_typed_document(typed: Mapping[str, str]) -> IdentityDocument:
    """The document whose kind was chosen and whose number was typed.

    Raises:
        Refused: `field_missing`; as `read_document`.
    """
    kind = typed.get("document_kind", "")
    if not kind:
        raise Refused("field_missing", "document_kind")
    number = typed.get("document_number", "")
    return read_document(kind, number, "document_number", kind_field="document_kind")


def read_shown_document(typed: Mapping[str, str], today: date) -> IdentityDocument:
    """The document that is shown, by its zone or as typed.

    Raises:
        Refused: as the two readings above.
    """
    zone = typed.get("scan", "")
    if zone.strip(ASCII_BLANKS):
        return read_zone_document(zone, today, "scan")
    if not (typed.get("document_kind") or typed.get("document_number")):
        raise Refused("field_missing", "scan")
    return read_typed_document(typed)


def read_pieces(typed: Mapping[str, str], reader: Reader) -> dict[int, int]:
    """How many pieces of each denomination were counted; an empty field is none."""
    pieces = {}
    for denomination_fen in DENOMINATIONS_FEN:
        field = f"pieces-{denomination_fen}"
        count = reader.read(_read_count, typed.get(field, ""), field)
        pieces[denomination_fen] = count or 0
    return pieces


def _read_count(text: str, field: str) -> int:
    typed = text.strip(ASCII_BLANKS)
    if not typed:
        return 0
    if not _COUNT.fullmatch(typed):
        raise Refused("quantity_unreadable", field, most=PIECES_MAX)
    return int(typed)


@dataclass(frozen=True, slots=True)
class TypedReceipt:
    """What was signed: read whole, or everything that is wrong with it."""

    signed: Signed | None
    problems: tuple[Refused, ...]


def read_signed(typed: Mapping[str, str], drawing: str) -> TypedReceipt:
    """Read a signed receipt; another person's account needs its owner and the letter.

    Raises:
        Refused: `bad_request` for what no page of ours sends.
    """
    page = typed.get("submission", "")
    if not _PAGE.fullmatch(page):
        raise Refused("bad_request")
    reader = Reader()
    read = partial(_read_signature, drawing)
    signature = reader.read(read, typed.get("signed_name", ""), "signature")
    owner = ""
    if typed.get("others_account") == "yes":
        owner = reader.read(read_owner, typed.get("owner", ""), "owner") or ""
        if typed.get("letter") != "yes":
            reader.refuse("letter_not_signed", "letter")
    if reader.problems or signature is None:
        return TypedReceipt(None, tuple(reader.problems))
    return TypedReceipt(Signed(signature, page, owner), ())


def _read_signature(drawing: str, typed_name: str, _: str) -> Signature:
    return read_signature(drawing, typed_name)
