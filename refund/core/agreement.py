"""The agreement on the advance: what the traveller tells us and signs."""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime

from refund.core.errors import Refused
from refund.core.form import Method

AGREEMENT_VERSION = 1
"""Which wording of the agreement a traveller signed."""

NAME_LENGTH_MAX = 60
CONTACT_LENGTH_MAX = 80
STROKES_MAX = 200
POINTS_MAX = 4000
DRAWING_LENGTH_MAX = 60_000
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|\+?[0-9][0-9 \-]{5,24}", re.ASCII)
_TAIL = re.compile(r"[0-9A-Z]{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Details:
    """What the traveller fills in: how to be reached, when and where to depart, how to be paid."""

    contact: str
    departs_on: date | None
    port: str
    method: Method


@dataclass(frozen=True, slots=True)
class Signature:
    """A drawn signature as strokes (0..1000 wide, 0..400 high), or a typed name."""

    kind: str
    text: str

    @property
    def strokes(self) -> tuple[str, ...]:
        """A drawn signature's strokes as `x,y x,y …`; none for a typed name."""
        if self.kind != "drawn":
            return ()
        return tuple(" ".join(f"{x},{y}" for x, y in stroke) for stroke in json.loads(self.text))


@dataclass(frozen=True, slots=True)
class Agreement:
    """A signed agreement; the signature itself stays sealed in the storage."""

    form_id: str
    agreed_at: datetime
    language: str
    wording: int
    signature_kind: str


def read_contact(text: str, field: str = "contact") -> str:
    """Read an e-mail address or a telephone number; may be empty.

    Raises:
        Refused: `field_too_long`, `field_unreadable`.
    """
    text = text.strip()
    if len(text) > CONTACT_LENGTH_MAX:
        raise Refused("field_too_long", field, most=CONTACT_LENGTH_MAX)
    if text and not _CONTACT.fullmatch(text):
        raise Refused("field_unreadable", field)
    return text


def read_document_tail(text: str, field: str = "document_tail") -> str:
    """Read the last four characters of a document's number.

    Raises:
        Refused: `field_missing`, `field_unreadable`.
    """
    tail = text.replace(" ", "").upper()
    if not tail:
        raise Refused("field_missing", field)
    if not text.isascii() or not _TAIL.fullmatch(tail):
        raise Refused("field_unreadable", field)
    return tail


def read_signature(drawing: str, typed_name: str) -> Signature:
    """Read a drawn signature, or a typed name when nothing was drawn.

    Raises:
        Refused: `signature_missing`, `field_too_long`, `field_unreadable`.
    """
    name = " ".join(typed_name.split())
    if drawing.strip() not in ("", "[]"):
        return Signature("drawn", _read_strokes(drawing))
    if not name:
        raise Refused("signature_missing", "signature")
    if len(name) > NAME_LENGTH_MAX:
        raise Refused("field_too_long", "signed_name", most=NAME_LENGTH_MAX)
    if not name.isprintable():
        raise Refused("field_unreadable", "signed_name")
    return Signature("typed", name)


def _read_strokes(drawing: str) -> str:
    if len(drawing) > DRAWING_LENGTH_MAX:
        raise Refused("field_too_long", "signature", most=DRAWING_LENGTH_MAX)
    try:
        strokes = json.loads(drawing)
    except (ValueError, RecursionError):
        raise Refused("field_unreadable", "signature") from None
    if not isinstance(strokes, list) or len(strokes) > STROKES_MAX:
        raise Refused("field_unreadable", "signature")
    points = 0
    for stroke in strokes:
        if not isinstance(stroke, list) or not all(_is_point(point) for point in stroke):
            raise Refused("field_unreadable", "signature")
        points += len(stroke)
    if points > POINTS_MAX:
        raise Refused("field_too_long", "signature", most=POINTS_MAX)
    if points < POINTS_MIN:
        raise Refused("signature_missing", "signature")
    return json.dumps(strokes, separators=(",", ":"))


POINTS_MIN = 6
"""A touch by accident is no signature. Source: project decision."""


def _is_point(point: object) -> bool:
    match point:
        case [int(x), int(y)]:
            # JSON's true is an int to Python, and no place on a pad.
            is_place = not isinstance(x, bool) and not isinstance(y, bool)
            return is_place and 0 <= x <= 1000 and 0 <= y <= 400
        case _:
            return False
