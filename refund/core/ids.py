"""Numbers and names that people and machines read: form numbers, claim codes, operation keys."""

import hashlib
import hmac
import re
from datetime import date

from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS, TYPED_MAX

FORM_NUMBER_LENGTH = 15
STORE_NUMBER_MAX = 9_999
SEQUENCE_MAX = 9_999
REHEARSAL_MONTH = 20
"""What a rehearsal adds to the month in a form number: no date is written so."""

CLAIM_CODE_LENGTH = 6

_YEARS = range(2000, 2100)
_OPERATION_KEY_LENGTH = 40
_FORM_ID = re.compile(r"[0-9a-f]{16}")
_OPERATION_KIND = re.compile(r"[a-z][a-z_]{0,30}")

_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def damm_digit(digits: str) -> str:
    """The check digit that notices every wrong digit and every swap of two neighbours.

    Raises:
        ValueError: anything but ASCII digits, which is a defect.

    Source: H. M. Damm, Total anti-symmetrische Quasigruppen, Marburg 2004.
    """
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(digits)
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def make_form_number(
    day: date, store_number: int, sequence: int, *, is_rehearsal: bool = False
) -> str:
    """Number a form: `YYMMDD`, the store, the sequence of the store's day, the check digit.

    Args:
        day: the day of issue in Shanghai.
        store_number: 1 to 9999.
        sequence: 1 to 9999.
        is_rehearsal: the month is then 21 to 32, so that nobody takes the number for another.

    Raises:
        ValueError: a part out of its range, which is a defect.

    Source: project decision; the official scheme was not found.
    """
    if day.year not in _YEARS:
        raise ValueError(day)
    if not 1 <= store_number <= STORE_NUMBER_MAX:
        raise ValueError(store_number)
    if not 1 <= sequence <= SEQUENCE_MAX:
        raise ValueError(sequence)
    month = day.month + (REHEARSAL_MONTH if is_rehearsal else 0)
    digits = f"{day:%y}{month:02d}{day:%d}{store_number:04d}{sequence:04d}"
    return digits + damm_digit(digits)


def read_form_number(text: str, field: str = "", *, is_rehearsal: bool = False) -> str:
    """Read a form number as typed or printed, blanks and hyphens aside.

    Returns:
        15 digits.

    Raises:
        Refused: `field_missing`; `form_number_unreadable` with `wrong` one of `character`,
            `length`, `check_digit`; `rehearsal_form` or `not_a_rehearsal` for the other world's.
    """
    typed = text.strip(ASCII_BLANKS)
    digits = "".join(character for character in typed if character not in ASCII_BLANKS + "-")
    if not digits:
        raise Refused("field_missing", field)
    if not (digits.isascii() and digits.isdigit()):
        wrong = "character"
    elif len(digits) != FORM_NUMBER_LENGTH:
        wrong = "length"
    elif damm_digit(digits) != "0":
        wrong = "check_digit"
    elif is_rehearsal_number(digits) != is_rehearsal:
        raise Refused("not_a_rehearsal" if is_rehearsal else "rehearsal_form", field)
    else:
        return digits
    raise Refused("form_number_unreadable", field, typed=typed[:TYPED_MAX], wrong=wrong)


def is_rehearsal_number(number: str) -> bool:
    """Whether a form number of 15 digits is of a rehearsal."""
    return int(number[2:4]) > REHEARSAL_MONTH


def group_form_number(number: str) -> str:
    """Group a form number for the eye: `260708-0001-0001-5`."""
    return f"{number[:6]}-{number[6:10]}-{number[10:14]}-{number[14:]}"


def claim_code(key: bytes, form_id: str) -> str:
    """Derive the six digits that the slip carries: the same again for a reprint or a retry.

    The remainder of 64 random bits by a million prefers some codes over others by less than
    one part in 10^13, which nobody can use with five tries.

    Raises:
        ValueError: a form id that is not 16 hexadecimal characters, which is a defect.

    Source: project decision.
    """
    digest = _keyed(key, "refund-claim-code-v1", _checked(form_id))
    number = int.from_bytes(digest[:8], "big") % 10**CLAIM_CODE_LENGTH
    return f"{number:0{CLAIM_CODE_LENGTH}d}"


def claim_code_hash(key: bytes, form_id: str, code: str) -> str:
    """The keyed hash of a claim code, which is all that the database keeps of it.

    Compare it in constant time.
    """
    return _keyed(key, "refund-claim-code-hash-v1", _checked(form_id), code).hex()


def read_claim_code(text: str, field: str = "") -> str:
    """Read a claim code as typed: six ASCII digits, blanks aside.

    Raises:
        Refused: `claim_code_missing` or `claim_code_unreadable`.
    """
    code = "".join(character for character in text if character not in ASCII_BLANKS)
    if not code:
        raise Refused("claim_code_missing", field)
    if len(code) != CLAIM_CODE_LENGTH or not (code.isascii() and code.isdigit()):
        raise Refused("claim_code_unreadable", field)
    return code


def operation_reference(form_id: str, kind: str, attempt: int) -> str:
    """Name one operation on the payment network, the same for every retry of it.

    The kind is a lower-case word, such as `hold`; attempt 1 is the first card, 2 the next.

    Raises:
        ValueError: a part out of its range, which is a defect.
    """
    if not _OPERATION_KIND.fullmatch(kind):
        raise ValueError(kind)
    if attempt < 1:
        raise ValueError(attempt)
    return f"{_checked(form_id)}-{kind}-{attempt}"


def operation_key(reference: str) -> str:
    """The idempotency key of an operation: 40 hexadecimal characters, fixed by its reference."""
    digest = hashlib.sha256(b"refund-operation-v1\0" + reference.encode("ascii"))
    return digest.hexdigest()[:_OPERATION_KEY_LENGTH]


def _checked(form_id: str) -> str:
    if not _FORM_ID.fullmatch(form_id):
        raise ValueError(form_id)
    return form_id


def _keyed(key: bytes, purpose: str, *parts: str) -> bytes:
    message = "\0".join((purpose, *parts)).encode()
    return hmac.new(key, message, hashlib.sha256).digest()
