"""The machine-readable zone of a passport or a card, believed only when all of it agrees."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from refund.core.errors import Refused
from refund.core.mrz_zone import (
    DIGITS,
    FILLER,
    LETTERS,
    MISREAD_DIGITS,
    Part,
    Zone,
    check_element,
    read_zone,
)
from refund.core.traveller import NUMBER_PATTERNS, DocumentKind, is_exit_permit

EXPIRY_YEARS_BACK = 49
"""An expiry's two digits are read as a year from 49 before today's to 50 after it."""

_CODES_HK_MACAO = ("CR", "CS")
_CODE_TAIWAN = "CT"

Sex = Literal["F", "M", "X"]


@dataclass(frozen=True, slots=True)
class MrzReading:
    """What a machine-readable zone says.

    Args:
        layout: `TD3` or `TD1`.
        kind: the document that a refund knows by this code and number, None if it knows none.
        issuer: the code of the state or organisation that issued the document.
        number: letters and digits, without fillers.
        surname: in capitals; fillers are blanks.
        given: in capitals; "" if the zone has none.
        nationality: a code as written; `nationalities.read_nationality` says if it is known.
        birth: None where the document leaves a part of it open.
        sex: X where the document leaves it open.
        expiry: None where the document has none.
        names_cut: the names fill their field, so the last one may be cut off.
    """

    layout: str
    kind: DocumentKind | None
    issuer: str
    number: str
    surname: str
    given: str
    nationality: str
    birth: date | None
    sex: Sex
    expiry: date | None
    names_cut: bool

    @property
    def latin_name(self) -> str:
        """The name as a form carries it: surname first."""
        return f"{self.surname} {self.given}".rstrip()


def read_mrz(text: str, today: date, field: str = "mrz") -> MrzReading:
    """Read a zone as typed, pasted or sent by a scanner.

    Blanks around it, missing or doubled line breaks and lower case are put right; nothing else is.
    A birth is never in the future: its century is the latest for which that holds. An expiry is
    read as described at EXPIRY_YEARS_BACK. Lines and positions are counted from 1.

    Raises:
        Refused: `field_missing`; `mrz_wrong_length` (`lines`, `got`, `wanted`);
            `mrz_unknown_kind` (`document_code`); `mrz_bad_character` (`line`, `position`,
            `character`, `wanted`, `likely`); `mrz_check_digit` (`which`, `line`, `position` of
            the digit, `first`, `last`, `suspect`: places in that line that look wrong,
            `suspect_above`: the same in the lines before); `date_impossible` (`which`, `line`,
            `position`); `document_number_unreadable`; `document_not_accepted` (a mainland
            resident's exit permit).

    Source: ICAO 9303-3, 9303-4 (TD3), 9303-5 (TD1).
    """
    zone = read_zone(text, field)
    _known_code(zone, field)
    _right_characters(zone, field)
    number = _number(zone, field)
    _check_the_rest(zone, field)
    if _is_any_exit_permit(zone, number):
        raise Refused("document_not_accepted", field)
    surname, _, given = zone.names.text.partition(FILLER * 2)
    return MrzReading(
        layout=zone.layout,
        kind=_kind(zone, number),
        issuer=zone.issuer.text.rstrip(FILLER),
        number=number,
        surname=_spaced(surname),
        given=_spaced(given),
        nationality=zone.nationality.text.rstrip(FILLER),
        birth=_birth(zone.birth, today, field),
        sex=_sex(zone.sex.text),
        expiry=_expiry(zone.expiry, today, field),
        names_cut=not zone.names.text.endswith(FILLER),
    )


def _known_code(zone: Zone, field: str) -> None:
    wanted = "P" if zone.layout == "TD3" else "ACI"
    if zone.code.text[0] not in wanted:
        raise Refused("mrz_unknown_kind", field, document_code=zone.code.text.rstrip(FILLER))


def _right_characters(zone: Zone, field: str) -> None:
    """Refuse letters among digits and digits among letters, where only one of them may stand."""
    for part in (zone.issuer, zone.names, zone.nationality):
        part.only(LETTERS | {FILLER}, "A-Z, <", field)
        part.cut(0, 1).only(LETTERS, "A-Z", field)
    for part in (zone.birth, zone.expiry, zone.number_digit):
        part.only(DIGITS | {FILLER}, "0-9, <", field)
    for part in (zone.birth_digit, zone.expiry_digit, zone.composite_digit):
        part.only(DIGITS, "0-9", field)
    if zone.optional_digit is not None:
        zone.optional_digit.only(DIGITS | {FILLER}, "0-9, <", field)
    zone.sex.only("MF" + FILLER, "M, F, <", field)


def _number(zone: Zone, field: str) -> str:
    """The document's number; a long one goes on in the optional data, its check digit last.

    Source: ICAO 9303-5 section 4.2.2 (TD1); TD3 is read alike, by project decision.
    """
    body: tuple[Part, ...] = (zone.number,)
    digit = zone.number_digit
    if digit.text == FILLER:
        length = (zone.overflow.text + FILLER).index(FILLER)
        if length == 0 or zone.number.text.endswith(FILLER):
            digit.only(DIGITS, "0-9", field)
        body = (zone.number, zone.overflow.cut(0, length - 1))
        digit = zone.overflow.cut(length - 1, length)
        digit.only(DIGITS, "0-9", field)
    check_element("number", body, digit, field)
    number = "".join(part.text for part in body).replace(FILLER, "")
    if not number:
        raise Refused("document_number_unreadable", field)
    return number


def _check_the_rest(zone: Zone, field: str) -> None:
    check_element("birth", (zone.birth,), zone.birth_digit, field, misread=MISREAD_DIGITS)
    check_element("expiry", (zone.expiry,), zone.expiry_digit, field, misread=MISREAD_DIGITS)
    optional = zone.optional_digit
    if optional is not None:
        # Empty optional data may go without a check digit, and nothing else may.
        if optional.text == FILLER and zone.overflow.text.strip(FILLER):
            optional.only(DIGITS, "0-9", field)
        if optional.text != FILLER:
            check_element("optional", (zone.overflow,), optional, field)
    check_element("composite", zone.checked, zone.composite_digit, field, doubted=zone.doubted)


def _kind(zone: Zone, number: str) -> DocumentKind | None:
    """Guess which of the three documents this is; the layout of real permits is not published."""
    code = zone.code.text
    if zone.layout == "TD3":
        return DocumentKind.PASSPORT
    if zone.issuer.text != "CHN":
        return None
    if code in _CODES_HK_MACAO and _fits(DocumentKind.HK_MACAO_PERMIT, number):
        return DocumentKind.HK_MACAO_PERMIT
    if code == _CODE_TAIWAN or _fits(DocumentKind.TAIWAN_PERMIT, number):
        return DocumentKind.TAIWAN_PERMIT
    return None


def _fits(kind: DocumentKind, number: str) -> bool:
    return any(known.pattern.fullmatch(number) for known in NUMBER_PATTERNS[kind])


def _is_any_exit_permit(zone: Zone, number: str) -> bool:
    is_chinese_card = zone.layout == "TD1" and zone.issuer.text == "CHN"
    return is_chinese_card and any(is_exit_permit(kind, number) for kind in DocumentKind)


def _spaced(names: str) -> str:
    return " ".join(name for name in names.split(FILLER) if name)


def _sex(text: str) -> Sex:
    match text:
        case "F":
            return "F"
        case "M":
            return "M"
        case _:
            return "X"


def _birth(part: Part, today: date, field: str) -> date | None:
    """The latest day with these two digits of a year that is not in the future."""
    if FILLER in part.text:
        return None
    this_century = today.year // 100 * 100
    for century in (this_century, this_century - 100):
        day = _day(part.text, century)
        if day is not None and day <= today:
            return day
    raise _impossible("birth", part, field)


def _expiry(part: Part, today: date, field: str) -> date | None:
    """The day whose year is within the window about today."""
    if FILLER in part.text:
        return None
    year_of_century = int(part.text[:2])
    least = today.year - EXPIRY_YEARS_BACK
    year = least + (year_of_century - least) % 100
    day = _day(part.text, year - year_of_century)
    if day is None:
        raise _impossible("expiry", part, field)
    return day


def _day(digits: str, century: int) -> date | None:
    try:
        return date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return None


def _impossible(which: str, part: Part, field: str) -> Refused:
    return Refused(
        "date_impossible",
        field,
        typed=part.text,
        which=which,
        line=part.line + 1,
        position=part.start + 1,
    )
