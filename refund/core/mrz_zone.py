"""A machine-readable zone as text: its lines, its elements and its check digits, each by place."""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS

LAYOUTS: dict[str, tuple[int, int]] = {"TD3": (2, 44), "TD1": (3, 30)}
"""Lines and characters a line: passports are TD3, cards TD1.

Source: ICAO 9303-4 (TD3), 9303-5 (TD1).
"""

TEXT_MAX = 400
FILLER = "<"
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = frozenset("0123456789")

_ANY = LETTERS | DIGITS | {FILLER}
_WEIGHTS = (7, 3, 1)
_CAPITALS = {ord(letter.lower()): letter for letter in LETTERS}
_SEPARATORS = re.compile(f"[{ASCII_BLANKS}]+")


def _both_ways(*pairs: tuple[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one, other in pairs:
        found[one] = found.get(one, "") + other
        found[other] = found.get(other, "") + one
    return found


MISREAD = _both_ways(("O", "0"), ("I", "1"), ("B", "8"), ("S", "5"), ("Z", "2"), ("G", "6"))
"""What eyes and scanners most often take for one another.

G and 6 differ by ten, which no check digit can notice; they are found only where nothing but
letters or nothing but digits may stand.
"""

MISREAD_DIGITS = _both_ways(("1", "7"), ("3", "8"), ("5", "6"), ("0", "8"))
"""What is most often taken for one another where only digits may stand, as in a date."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some characters of one line, which know where they stand: line and place from 0."""

    text: str
    line: int
    start: int

    def cut(self, start: int, end: int) -> "Part":
        """The characters from `start` up to `end` of this part."""
        return Part(self.text[start:end], self.line, self.start + start)

    def only(self, allowed: Container[str], wanted: str, field: str) -> None:
        """Refuse the first character that may not stand here, by its line and position from 1."""
        for place, character in enumerate(self.text, start=self.start + 1):
            if character in allowed:
                continue
            likely = MISREAD.get(character, "")
            raise Refused(
                "mrz_bad_character",
                field,
                line=self.line + 1,
                position=place,
                character=character if character.isprintable() else f"U+{ord(character):04X}",
                wanted=wanted,
                likely=likely if likely in allowed else "",
            )


@dataclass(frozen=True, slots=True)
class Zone:
    """The elements of a zone, cut out of its lines in either layout.

    Args:
        overflow: the optional data in which a long document number goes on.
        checked: what the composite check digit covers.
        doubted: of that, what no other check digit covers.
    """

    layout: str
    code: Part
    issuer: Part
    names: Part
    number: Part
    number_digit: Part
    overflow: Part
    nationality: Part
    birth: Part
    birth_digit: Part
    sex: Part
    expiry: Part
    expiry_digit: Part
    optional_digit: Part | None
    checked: tuple[Part, ...]
    doubted: tuple[Part, ...]
    composite_digit: Part


def check_digit(text: str) -> int:
    """The check digit over digits, letters (A is 10, Z is 35) and fillers (0), weighted 7, 3, 1.

    Source: ICAO 9303-3 section 4.9.
    """
    return sum(_value(each) * _WEIGHTS[place % 3] for place, each in enumerate(text)) % 10


def _value(character: str) -> int:
    return 0 if character == FILLER else int(character, 36)


def read_zone(text: str, field: str) -> Zone:
    """Split what was typed, pasted or scanned into the elements of a zone.

    Raises:
        Refused: `field_missing`, `mrz_wrong_length` or `mrz_bad_character`.
    """
    lines = _lines(text, field)
    parts = [Part(line, number, 0) for number, line in enumerate(lines)]
    for part in parts:
        part.only(_ANY, "A-Z, 0-9, <", field)
    return _cut_td3(*parts) if len(parts) == 2 else _cut_td1(*parts)


def _lines(text: str, field: str) -> list[str]:
    if len(text) > TEXT_MAX:
        raise _wrong_length([text], field)
    # A scanner ends its lines with CR; a paste into a single-line field turns breaks into blanks.
    capitals = text.lstrip("\ufeff").translate(_CAPITALS)
    found = [line for line in _SEPARATORS.split(capitals) if line]
    if not found:
        raise Refused("field_missing", field)
    widths = [len(line) for line in found]
    for count, width in LAYOUTS.values():
        if widths == [width] * count:
            return found
        if len(found) != count and sum(widths) == width * count:
            whole = "".join(found)
            return [whole[at : at + width] for at in range(0, len(whole), width)]
    raise _wrong_length(found, field)


def _wrong_length(lines: list[str], field: str) -> Refused:
    is_card = len(lines) == 3 or (len(lines) != 2 and lines[0][0] in "ACI")
    count, width = LAYOUTS["TD1" if is_card else "TD3"]
    return Refused(
        "mrz_wrong_length",
        field,
        lines=len(lines),
        got=tuple(len(line) for line in lines),
        wanted=(width,) * count,
    )


def _cut_td3(first: Part, second: Part) -> Zone:
    return Zone(
        layout="TD3",
        code=first.cut(0, 2),
        issuer=first.cut(2, 5),
        names=first.cut(5, 44),
        number=second.cut(0, 9),
        number_digit=second.cut(9, 10),
        nationality=second.cut(10, 13),
        birth=second.cut(13, 19),
        birth_digit=second.cut(19, 20),
        sex=second.cut(20, 21),
        expiry=second.cut(21, 27),
        expiry_digit=second.cut(27, 28),
        overflow=second.cut(28, 42),
        optional_digit=second.cut(42, 43),
        checked=(second.cut(0, 10), second.cut(13, 20), second.cut(21, 43)),
        doubted=(),
        composite_digit=second.cut(43, 44),
    )


def _cut_td1(first: Part, second: Part, third: Part) -> Zone:
    return Zone(
        layout="TD1",
        code=first.cut(0, 2),
        issuer=first.cut(2, 5),
        number=first.cut(5, 14),
        number_digit=first.cut(14, 15),
        overflow=first.cut(15, 30),
        birth=second.cut(0, 6),
        birth_digit=second.cut(6, 7),
        sex=second.cut(7, 8),
        expiry=second.cut(8, 14),
        expiry_digit=second.cut(14, 15),
        nationality=second.cut(15, 18),
        optional_digit=None,
        checked=(first.cut(5, 30), second.cut(0, 7), second.cut(8, 15), second.cut(18, 29)),
        doubted=(first.cut(15, 30), second.cut(18, 29)),
        composite_digit=second.cut(29, 30),
        names=third,
    )


def check_element(
    which: str,
    body: tuple[Part, ...],
    digit: Part,
    field: str,
    misread: Mapping[str, str] = MISREAD,
    doubted: tuple[Part, ...] | None = None,
) -> None:
    """Refuse a wrong check digit, and name the characters that look wrong.

    Suspects are the places where undoing a common misreading makes the digit right; digits taken
    for other digits only when there is no likelier one. With `doubted`, all else in the body has
    a check digit of its own that agrees: only there are suspects, or the digit itself is one.

    Raises:
        Refused: `mrz_check_digit`.
    """
    wanted = int(digit.text)
    if check_digit("".join(part.text for part in body)) == wanted:
        return
    suspects = [
        place
        for place in _suspects(body, digit, misread)
        if doubted is None or any(_stands_in(place, part) for part in doubted)
    ]
    if not suspects and doubted is None:
        suspects = list(_suspects(body, digit, MISREAD_DIGITS))
    if not suspects and doubted is not None:
        suspects = [(digit.line, digit.start)]
    here = [part for part in body if part.line == digit.line]
    raise Refused(
        "mrz_check_digit",
        field,
        which=which,
        line=digit.line + 1,
        position=digit.start + 1,
        first=min(part.start for part in here) + 1,
        last=max(part.start + len(part.text) for part in here),
        suspect=tuple(place + 1 for line, place in suspects if line == digit.line),
        suspect_above=tuple(place + 1 for line, place in suspects if line < digit.line),
    )


def _suspects(
    body: tuple[Part, ...], digit: Part, misread: Mapping[str, str]
) -> Iterator[tuple[int, int]]:
    """Every place, as line and place from 0, whose misreading would make the digit right."""
    whole = "".join(part.text for part in body)
    wanted = int(digit.text)
    places = [(part.line, part.start + at) for part in body for at in range(len(part.text))]
    for at, place in enumerate(places):
        for other in misread.get(whole[at], ""):
            if check_digit(whole[:at] + other + whole[at + 1 :]) == wanted:
                yield place
    if str(check_digit(whole)) in misread.get(digit.text, ""):
        yield digit.line, digit.start


def _stands_in(place: tuple[int, int], part: Part) -> bool:
    line, start = place
    return line == part.line and part.start <= start < part.start + len(part.text)
