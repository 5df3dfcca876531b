"""Help for whoever types a machine-readable zone: which character looks wrong, and what it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from refund.core.errors import Refused
from refund.core.mrz import MrzReading, read_mrz
from refund.core.mrz_zone import (
    DIGITS,
    FILLER,
    LAYOUTS,
    MISREAD,
    MISREAD_DIGITS,
    TEXT_MAX,
)

SHOWN_MAX = 4
"""More places than these are no help: the whole line is to be compared then."""

_ABOUT_CHARACTERS = frozenset({"mrz_bad_character", "mrz_check_digit", "date_impossible"})


@dataclass(frozen=True, slots=True)
class Suspect:
    """A character that looks wrong, counted from 1 as a person counts.

    Args:
        line: which line of the zone.
        position: which character of that line.
        typed: the character that stands there.
        likely: what it was probably meant to be; with it all check digits agree.
    """

    line: int
    position: int
    typed: str
    likely: str


@dataclass(frozen=True, slots=True)
class MrzHelp:
    """What can be said of a zone as it was typed.

    Args:
        reading: what the zone says; None while it is wrong.
        refused: why it cannot be believed; None when it can.
        suspects: single characters whose change makes the whole zone right; none when nothing
            of that kind is wrong, or more than one character is.
        text: the zone with its fillers put right, line by line.
    """

    reading: MrzReading | None
    refused: Refused | None
    suspects: tuple[Suspect, ...]
    text: str


def help_with_mrz(text: str, today: date, field: str = "mrz") -> MrzHelp:
    """Read a zone as typed by hand, and name the characters that look wrong.

    A suspect is a place where undoing one common misreading makes every check digit of the zone
    agree, so that what is named is right unless two mistakes cancel out. Fillers at the end of
    the line of names carry nothing: too few or too many of them are put right.
    """
    tidy = with_fillers(text)
    try:
        return MrzHelp(read_mrz(tidy, today, field), None, (), tidy)
    except Refused as refused:
        found = tuple(_suspects(tidy, today)) if refused.code in _ABOUT_CHARACTERS else ()
        return MrzHelp(None, refused, found if len(found) <= SHOWN_MAX else (), tidy)


def corrected(text: str, suspect: Suspect) -> str:
    """The zone with one suspect replaced by what it probably is."""
    lines = text.split("\n")
    line = lines[suspect.line - 1]
    at = suspect.position - 1
    lines[suspect.line - 1] = line[:at] + suspect.likely + line[at + 1 :]
    return "\n".join(lines)


def with_fillers(text: str) -> str:
    """The lines of a zone, with the right number of fillers at the end of the line of names.

    Nothing else is put right, and whatever is no zone is returned as it was typed.
    """
    if len(text) > TEXT_MAX:
        return text
    lines = ["".join(line.split()) for line in text.upper().splitlines()]
    lines = [line for line in lines if line]
    whole = "".join(lines)
    for count, width in LAYOUTS.values():
        if len(lines) == 1 and len(whole) == count * width:
            return "\n".join(whole[at : at + width] for at in range(0, len(whole), width))
        if len(lines) == count:
            names = 0 if count == 2 else count - 1
            bare = lines[names].rstrip(FILLER)
            if all(len(line) == width for line in lines[:names] + lines[names + 1 :]):
                lines[names] = bare.ljust(width, FILLER)
            return "\n".join(lines)
    return text


def _suspects(text: str, today: date) -> Iterator[Suspect]:
    """Every single change of a common misreading after which the whole zone is right."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        for position, character in enumerate(line, start=1):
            for likely in _readings_of(character):
                suspect = Suspect(number, position, character, likely)
                if _is_right(corrected(text, suspect), today):
                    yield suspect


def _readings_of(character: str) -> str:
    likelier = MISREAD.get(character, "")
    return likelier + (MISREAD_DIGITS.get(character, "") if character in DIGITS else "")


def _is_right(text: str, today: date) -> bool:
    try:
        read_mrz(text, today)
    except Refused as refused:
        # A document that is refused for what it is was read without doubt.
        return refused.code == "document_not_accepted"
    return True
