"""Builders of machine-readable zones for people who do not exist."""

from refund.core.mrz_zone import FILLER, check_digit

TD3 = (
    "P<JPNTANAKA<<HARUKA<<<<<<<<<<<<<<<<<<<<<<<<<",
    "TK12345671JPN9102033F3102031<<<<<<<<<<<<<<<4",
)
SPECIMEN = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)


def td3(number: str, birth: str, expiry: str, *, optional: str = "", sex: str = "F") -> str:
    """A passport's zone with right check digits."""
    second = _digit(number.ljust(9, FILLER)) + "JPN" + _digit(birth) + sex + _digit(expiry)
    second += _digit(optional.ljust(14, FILLER))
    whole = second[:10] + second[13:20] + second[21:43]
    return TD3[0] + "\n" + second + str(check_digit(whole))


def td1(code: str, number: str, *, more: str = "", optional: str = "", issuer: str = "CHN") -> str:
    """A card's zone with right check digits, `more` being the second line's optional data."""
    body, digit = number, str(check_digit(number.ljust(9, FILLER)))
    if len(number) > 9:
        body, digit, optional = number[:9], FILLER, number[9:] + str(check_digit(number)) + optional
    first = f"{code}{issuer}{body:<<9}{digit}{optional:<<15}"
    second = _digit("800101") + "M" + _digit("300101") + "CHN" + more.ljust(11, FILLER)
    composite = check_digit(first[5:30] + second[:7] + second[8:15] + second[18:29])
    return "\n".join((first, second + str(composite), "LI<<KA<MING".ljust(30, FILLER)))


def _digit(text: str) -> str:
    return text + str(check_digit(text))


def with_character(line: str, position: int, character: str) -> str:
    """The line with another character at a position counted from 1."""
    return line[: position - 1] + character + line[position:]
