"""The machine-readable zone of somebody who does not exist, as a scanner would send it."""

from __future__ import annotations

from datetime import date

from refund.core.mrz_zone import FILLER, check_digit
from refund.core.traveller import DocumentKind, Traveller

_CARD_CODES = {DocumentKind.HK_MACAO_PERMIT: "CR", DocumentKind.TAIWAN_PERMIT: "CT"}
_NUMBER_WIDTH = 9


def zone_of(traveller: Traveller, sex: str = "F") -> str:
    """The zone of a traveller's document, two lines of a passport or three of a permit.

    The number must be one that fits its field: nine characters at most.

    Source: ICAO 9303-4 (TD3), 9303-5 (TD1); what stands on a permit is not published.
    """
    code = _CARD_CODES.get(traveller.document.kind)
    return _passport(traveller, sex) if code is None else _card(traveller, code, sex)


def _passport(traveller: Traveller, sex: str) -> str:
    state = traveller.nationality.ljust(3, FILLER)
    first = f"P{FILLER}{state}{_names(traveller)}"[:44].ljust(44, FILLER)
    number = _checked(traveller.document.number.ljust(_NUMBER_WIDTH, FILLER))
    birth, expiry = _checked(_day(traveller.birth)), _checked(_day(traveller.document_expiry))
    optional = _checked(FILLER * 14)
    second = f"{number}{state}{birth}{sex}{expiry}{optional}"
    composite = check_digit(second[:10] + second[13:20] + second[21:43])
    return f"{first}\n{second}{composite}"


def _card(traveller: Traveller, code: str, sex: str) -> str:
    number = _checked(traveller.document.number.ljust(_NUMBER_WIDTH, FILLER))
    first = f"{code}CHN{number}".ljust(30, FILLER)
    birth, expiry = _checked(_day(traveller.birth)), _checked(_day(traveller.document_expiry))
    second = f"{birth}{sex}{expiry}CHN".ljust(29, FILLER)
    composite = check_digit(first[5:30] + second[:7] + second[8:15] + second[18:29])
    return "\n".join((first, f"{second}{composite}", _names(traveller)[:30].ljust(30, FILLER)))


def _names(traveller: Traveller) -> str:
    surname, _, given = traveller.latin_name.partition(" ")
    return f"{surname}{FILLER * 2}{given.replace(' ', FILLER)}"


def _checked(text: str) -> str:
    return f"{text}{check_digit(text)}"


def _day(day: date | None) -> str:
    return FILLER * 6 if day is None else day.strftime("%y%m%d")
