"""Filled in once: the counter's code of the day, and the code by which a store is let in."""

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from datetime import date, datetime

from refund.core.errors import Refused
from refund.core.store import Store
from refund.core.traveller import Traveller

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""What a pick-up code is made of: nothing that is mistaken for something else when it is told."""

CODE_LENGTH = 6
SHOWN_LENGTH = 2
"""So much of a code stands in the list of those who are coming; the rest the traveller tells."""

PICK_UP = "REFUND-PICK-UP:"
"""What stands before a pick-up code in its QR, so that a scanner's burst is known for it."""

_COUNTER = re.compile(r"([0-9]{4})-([A-Z2-7]{16})", re.ASCII)
_CODE = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")
_BLANKS = " -\t\r\n\u3000"


@dataclass(frozen=True, slots=True)
class FilledIn:
    """What a traveller filled in for all stores of a mall, on one day.

    Args:
        mall: as `mall_of` says.
        code: the pick-up code.
        language: the traveller's, as a locale.
    """

    fill_in_id: str
    mall: str
    day: date
    code: str
    traveller: Traveller
    language: str
    given_at: datetime


def mall_of(store: Store) -> str:
    """The building that a store stands in: its Chinese address without the unit, its last word.

    Source: project decision.
    """
    address = " ".join(store.address_zh.split())
    return address.rpartition(" ")[0] or address


def counter_code(key: bytes, store_number: int, day: date) -> str:
    """The code that a store's counter shows on a day; another one tomorrow."""
    text = f"refund-counter-code-v1|{store_number:04d}|{day.isoformat()}"
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{store_number:04d}-{b32encode(digest[:10]).decode()}"


def read_counter_code(key: bytes, text: str, day: date) -> int:
    """The store whose counter shows a code on a day.

    Raises:
        Refused: `counter_code_old` for any other code.
    """
    match = _COUNTER.fullmatch(text)
    if match is None:
        raise Refused("counter_code_old")
    number = int(match[1])
    if not hmac.compare_digest(text, counter_code(key, number, day)):
        raise Refused("counter_code_old")
    return number


def pick_up_code(key: bytes, fill_in_id: str) -> str:
    """The code by which a traveller lets a store in."""
    text = f"refund-pick-up-code-v1|{fill_in_id}"
    number = int.from_bytes(hmac.new(key, text.encode(), hashlib.sha256).digest()[:16], "big")
    letters = []
    for _ in range(CODE_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(letters)


def read_pick_up_code(text: str, field: str = "pick_up") -> str:
    """Read a pick-up code as typed, told or scanned.

    Raises:
        Refused: `field_missing`, `pick_up_unreadable`.
    """
    typed = "".join(one for one in text.upper() if one not in _BLANKS)
    typed = typed.removeprefix("".join(one for one in PICK_UP if one not in _BLANKS))
    if not typed:
        raise Refused("field_missing", field)
    if not typed.isascii() or not _CODE.fullmatch(typed):
        raise Refused("pick_up_unreadable", field)
    return typed


def initials_of(traveller: Traveller) -> str:
    """The first letters of a name: enough to tell two people apart, too little to know them."""
    parts = re.split(r"[^\w]+", traveller.latin_name)
    return " ".join(f"{part[0]}." for part in parts if part)[:12]
