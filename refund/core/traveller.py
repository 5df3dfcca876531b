"""The overseas traveller: accepted documents, their numbers, names, and who is eligible."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import Enum

from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS

LATIN_NAME_MAX = 60
LOCAL_NAME_MAX = 40
DOCUMENT_NUMBER_MAX = 20

_JOINERS = "\u200c\u200d"
"""Invisible, but part of the spelling in Persian and in Indian scripts."""

_LATIN_MARKS = " -'’.,/"


class DocumentKind(Enum):
    """The three documents that a refund accepts.

    Source: MOF 3/2015.
    """

    PASSPORT = "passport"
    HK_MACAO_PERMIT = "hk_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """One shape that a document's number can have, and which document has it."""

    pattern: re.Pattern[str]
    note: str


NUMBER_PATTERNS: dict[DocumentKind, tuple[NumberPattern, ...]] = {
    DocumentKind.PASSPORT: (
        NumberPattern(re.compile(r"(?=.*[0-9])[A-Z0-9]{5,9}"), "ICAO 9303: up to nine characters"),
        NumberPattern(re.compile(r"(?=.*[0-9])[A-Z0-9]{10,15}"), "longer by national practice"),
    ),
    DocumentKind.HK_MACAO_PERMIT: (
        NumberPattern(re.compile(r"[HM][0-9]{8}"), "card"),
        NumberPattern(re.compile(r"[HM][0-9]{10}"), "old booklet"),
    ),
    DocumentKind.TAIWAN_PERMIT: (
        NumberPattern(re.compile(r"[0-9]{8}"), "card"),
        NumberPattern(re.compile(r"[0-9]{8}[0-9A-Z]{2}"), "old booklet"),
    ),
}
"""Data, because the permits change: since 2024 they are also given to foreign residents."""

EXIT_PERMIT_PATTERNS: dict[DocumentKind, tuple[NumberPattern, ...]] = {
    DocumentKind.HK_MACAO_PERMIT: (
        NumberPattern(re.compile(r"C[A-Z0-9][0-9]{7}"), "往来港澳通行证, card"),
        NumberPattern(re.compile(r"W[0-9]{8}"), "往来港澳通行证, old booklet"),
    ),
    DocumentKind.TAIWAN_PERMIT: (
        NumberPattern(re.compile(r"L[0-9]{8}"), "大陆居民往来台湾通行证, card"),
        NumberPattern(re.compile(r"T[0-9]{8}"), "大陆居民往来台湾通行证, old booklet"),
    ),
}
"""Permits that mainland residents travel out with: alike in name, and never accepted."""

PERMIT_OF_REGION = {
    "HKG": DocumentKind.HK_MACAO_PERMIT,
    "MAC": DocumentKind.HK_MACAO_PERMIT,
    "TWN": DocumentKind.TAIWAN_PERMIT,
}
"""Compatriots enter the mainland with their permit, whatever passport they also hold."""


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """A document that was shown, its number in capital letters and digits."""

    kind: DocumentKind
    number: str


@dataclass(frozen=True, slots=True)
class Traveller:
    """Who buys and departs, as the document says.

    Args:
        latin_name: as in the machine-readable zone, surname first.
        local_name: in the traveller's own script, or "".
        nationality: a code of `nationalities.NATIONALITY_BY_CODE`.
        last_entry: the day of Shanghai on which the traveller last came in, None if not known.
    """

    latin_name: str
    local_name: str
    nationality: str
    document: IdentityDocument
    birth: date | None = None
    document_expiry: date | None = None
    last_entry: date | None = None


def read_document(
    kind: str,
    number: str,
    field: str = "document_number",
    kind_field: str = "document_kind",
) -> IdentityDocument:
    """Read a document as chosen and typed; blanks in the number and ASCII case aside.

    The kind is a DocumentKind's value; a refusal of it belongs to `kind_field`, any other to
    `field`.

    Raises:
        Refused: `no_valid_document` (no kind, or an unknown one), `field_missing`,
            `document_not_accepted` (a mainland resident's exit permit) or
            `document_number_unreadable`.

    Source: MOF 3/2015; SAT 41/2015 art. 10 (1). The number patterns are a project decision.
    """
    try:
        read_kind = DocumentKind(kind.strip(ASCII_BLANKS))
    except ValueError:
        raise Refused("no_valid_document", kind_field) from None
    typed = "".join(character for character in number if character not in ASCII_BLANKS)
    if not typed:
        raise Refused("field_missing", field)
    if len(typed) > DOCUMENT_NUMBER_MAX or not typed.isascii():
        raise Refused("document_number_unreadable", field, kind=read_kind.value)
    typed = typed.upper()
    if is_exit_permit(read_kind, typed):
        raise Refused("document_not_accepted", field, kind=read_kind.value)
    if not _matches(NUMBER_PATTERNS[read_kind], typed):
        raise Refused("document_number_unreadable", field, kind=read_kind.value)
    return IdentityDocument(read_kind, typed)


def is_exit_permit(kind: DocumentKind, number: str) -> bool:
    """Whether a number belongs to the permit that mainland residents go out with."""
    return _matches(EXIT_PERMIT_PATTERNS.get(kind, ()), number)


def _matches(patterns: tuple[NumberPattern, ...], number: str) -> bool:
    return any(known.pattern.fullmatch(number) for known in patterns)


def document_key(document: IdentityDocument) -> str:
    """The one text by which a document is looked up: `hk_macao_permit:H12345678`."""
    return f"{document.kind.value}:{document.number}"


def read_latin_name(text: str, field: str = "latin_name") -> str:
    """Read a name in Latin letters, in capitals, with single blanks.

    Raises:
        Refused: `field_missing`, `field_too_long`, or `field_unreadable` with the `position`
            of the first character that no Latin name has.
    """
    name = _tidy(text, LATIN_NAME_MAX, field)
    if not name:
        raise Refused("field_missing", field)
    for position, character in enumerate(name, start=1):
        if not _is_latin(character):
            raise _unreadable(field, position, character)
    if not any(character.isalpha() for character in name):
        raise _unreadable(field, 1, name[0])
    name = name.upper()
    if len(name) > LATIN_NAME_MAX:
        raise Refused("field_too_long", field, most=LATIN_NAME_MAX)
    return name


def read_local_name(text: str, field: str = "local_name") -> str:
    """Read a name in the traveller's own script, with single blanks; it may be empty.

    Raises:
        Refused: `field_too_long`, or `field_unreadable` with the `position` of the first
            character that is not written, such as a control character.
    """
    name = _tidy(text, LOCAL_NAME_MAX, field)
    for position, character in enumerate(name, start=1):
        if not _is_written(character):
            raise _unreadable(field, position, character)
    return name


def _tidy(text: str, most: int, field: str) -> str:
    # The length is looked at first, so that a field of a megabyte costs nothing.
    if len(text) > most * 4:
        raise Refused("field_too_long", field, most=most)
    # Only blanks are joined: `split()` would swallow control characters that must be refused.
    parts = re.split(r"[ \t\r\n\u3000\u00a0]+", unicodedata.normalize("NFC", text))
    name = " ".join(part for part in parts if part)
    if len(name) > most:
        raise Refused("field_too_long", field, most=most)
    return name


def _is_latin(character: str) -> bool:
    if character in _LATIN_MARKS:
        return True
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN ")


def _is_written(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character)[0] in "LMNP" or character == " "


def _unreadable(field: str, position: int, character: str) -> Refused:
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return Refused("field_unreadable", field, position=position, character=shown)


def eligibility(traveller: Traveller, day: date) -> list[Refused]:
    """Every reason for which this person's document earns no refund on a day; none if it does.

    Returns:
        `traveller_not_eligible` for a mainland resident, `document_not_accepted` for a
        compatriot without the permit, `document_expired` for a document that ended before the day.

    Source: MOF 3/2015 (who; mainland residents are not); SAT 41/2015 art. 10 (1).
    """
    reasons: list[Refused] = []
    kind = traveller.document.kind
    wanted = PERMIT_OF_REGION.get(traveller.nationality)
    if kind is DocumentKind.PASSPORT:
        if traveller.nationality == "CHN":
            reasons.append(Refused("traveller_not_eligible", "nationality"))
        elif wanted is not None:
            reasons.append(Refused("document_not_accepted", "document_kind", wanted=wanted.value))
    expiry = traveller.document_expiry
    if expiry is not None and expiry < day:
        reasons.append(Refused("document_expired", "document_expiry", expiry=expiry))
    return reasons
