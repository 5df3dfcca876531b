"""What a scanner gives: an address of ours with a code behind it, or the code alone."""

from __future__ import annotations

import re

from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
CODE_LENGTH = 136
"""Characters of a form's code."""

URL_LENGTH_MAX = 221
"""What a QR code of version 8 at level M holds in alphanumeric mode."""

FORM, PASS = "F", "P"
"""The letters behind which a form's code and an exit pass stand in an address."""

_LIKE_ONE_OF_OURS = re.compile("[AQ][E-L][A-Z2-7]{60,}")
_LIKE_A_CODE = re.compile(r"[A-Za-z0-9=]*")
_ORIGIN = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([1-9][0-9]{0,4}))?/?",
    re.ASCII | re.IGNORECASE,
)
# As printed, all upper-case, or as a browser rewrites it: scheme and host lower-case.
_URLS = {
    kind: re.compile(
        rf"(HTTPS?://[A-Z0-9.-]+(?::[0-9]{{1,5}})?|https?://[a-z0-9.-]+(?::[0-9]{{1,5}})?)/{kind}/(.*)",
        re.ASCII | re.DOTALL,
    )
    for kind in (FORM, PASS)
}


def public_origin(public_url: str) -> str:
    """Return the upper-case scheme, host and port that codes carry, such as `HTTPS://HOST`.

    Raises:
        ValueError: not a plain http(s) address of ASCII host and port, or too long for a
            version 8 QR code: a wrong setting, to be found at start.
    """
    match = _ORIGIN.fullmatch(public_url)
    if match is None or ".." in match[2] or int(match[3] or 0) > 0xFFFF:
        raise ValueError(
            f"not an address that a code can carry: {public_url!r}; "
            "wanted is https://HOST or https://HOST:PORT, without a path"
        )
    scheme, host, port = match.groups()
    usual = {"http": "80", "https": "443"}[scheme.lower()]
    origin = f"{scheme}://{host}" + ("" if port in (None, usual) else f":{port}")
    if len(origin) + len("/F/") + CODE_LENGTH > URL_LENGTH_MAX:
        raise ValueError(f"too long for a code, shorten the host: {public_url!r}")
    return origin.upper()


def address_of(public_url: str, kind: str, code: str) -> str:
    """Return what a QR code holds: the address with a code behind it, upper-case throughout.

    Raises:
        ValueError: the address cannot be carried.
    """
    return f"{public_origin(public_url)}/{kind}/{code}"


def is_address(text: str, kind: str) -> bool:
    """Whether a text is an address, of whomever, with this kind of code behind it."""
    return _URLS[kind].fullmatch(text) is not None


def foreign(code: str, *, is_rehearsal: bool) -> Refused:
    """Why a code at another address is refused: one of the other world is told by its letters."""
    if _LIKE_ONE_OF_OURS.fullmatch(code) and (code[0] == "Q") != is_rehearsal:
        return Refused("not_a_rehearsal" if is_rehearsal else "rehearsal_form")
    return Refused("code_foreign")


def bare_code(text: str, kind: str, public_url: str, *, is_rehearsal: bool) -> str:
    """Return what a scanned text carries: the code behind an address, or the text that is one.

    Args:
        text: ASCII blanks and line ends around it are tolerated, nothing else is.
        kind: the letter of its addresses, of `FORM` and `PASS`.
        public_url: when given, the origin must be ours.
        is_rehearsal: the world that is asked.

    Raises:
        Refused: as `foreign` at another address; code_foreign for what cannot be a code.
    """
    bare = text.strip(ASCII_BLANKS)
    if match := _URLS[kind].fullmatch(bare):
        if public_url and match[1].upper() != public_origin(public_url):
            raise foreign(match[2], is_rehearsal=is_rehearsal)
        return match[2]
    if not _LIKE_A_CODE.fullmatch(bare):
        raise Refused("code_foreign")
    return bare
