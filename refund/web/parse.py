"""Reading what people type: every field to the end, so that all that is wrong is told at once."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from refund.core.calendar import parse_day
from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS

T = TypeVar("T")

TYPED_LENGTH_MAX = 1000
"""More than this is in no field; what is longer is refused, and only so much comes back."""

_UNWRITTEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_DAY_IN_A_ROW = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


class Reader:
    """Reads one field after the other and collects what could not be read."""

    def __init__(self) -> None:
        self.problems: list[Refused] = []

    def read(self, read: Callable[[str, str], T], text: str, field: str) -> T | None:
        """What a reading of the core makes of a field; None when it is refused."""
        try:
            return read(text, field)
        except Refused as refused:
            self.problems.append(refused)
            return None

    def refuse(self, code: str, field: str, **facts: object) -> None:
        """Note what a field's own reading does not see."""
        self.problems.append(Refused(code, field, **facts))


def typed_fields(form: Mapping[str, str]) -> tuple[dict[str, str], list[Refused]]:
    """Fields as they can be shown again, and what no field of ours could ever mean.

    Characters that are not written become U+FFFD; what is far too long is cut.
    """
    fields: dict[str, str] = {}
    problems: list[Refused] = []
    for name, text in form.items():
        shown = _UNWRITTEN.sub("\N{REPLACEMENT CHARACTER}", text)
        if len(shown) > TYPED_LENGTH_MAX:
            problems.append(Refused("field_too_long", name, most=TYPED_LENGTH_MAX))
        elif "\N{REPLACEMENT CHARACTER}" in shown:
            problems.append(Refused("field_unreadable", name))
        fields[name] = shown[:TYPED_LENGTH_MAX]
    return fields, problems


def read_day(text: str, field: str) -> date:
    """Read a day as `2025-07-08`, or in a row as `20250708`.

    Raises:
        Refused: `field_missing`, `date_unreadable`, `date_impossible`.
    """
    in_a_row = _DAY_IN_A_ROW.fullmatch(text.strip(ASCII_BLANKS))
    return parse_day("-".join(in_a_row.groups()) if in_a_row else text, field)


def day_not_after(today: date) -> Callable[[str, str], date]:
    """A reading of days that lie in the past or are today.

    Raises:
        Refused: as `read_day`; `date_in_future`.
    """

    def read(text: str, field: str) -> date:
        day = read_day(text, field)
        if day > today:
            raise Refused("date_in_future", field)
        return day

    return read


def read_words(text: str, field: str, most: int) -> str:
    """Read free text as one line.

    Raises:
        Refused: `field_missing`, `field_too_long`, `field_unreadable`.
    """
    words = " ".join(text.split())
    if not words.isprintable() or "\N{REPLACEMENT CHARACTER}" in words:
        raise Refused("field_unreadable", field)
    if not words:
        raise Refused("field_missing", field)
    if len(words) > most:
        raise Refused("field_too_long", field, most=most)
    return words
