"""The exit pass: one signed code for all of a traveller's forms, read strictly as a form's is."""

import base64
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cryptography.exceptions import InvalidSignature

from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS
from refund.core.scanned import ALPHABET, PASS, address_of, bare_code, is_address
from refund.core.signing import (
    EPOCH,
    REHEARSAL,
    KeyRing,
    SigningKey,
    check_version,
)

VERSION = 2
"""The first byte tells a pass from a form's code, which has 1."""

DOMAIN = b"refund-pass-v1\0"
REHEARSAL_DOMAIN = b"rehearsal-pass-v1\0"
DOMAINS = {False: DOMAIN, True: REHEARSAL_DOMAIN}
FORMS_MAX = 20

# version u8 | kid 4 | issue day u16 | count u8, then for each form: form id 8 | net amount u32
_HEAD = struct.Struct(">B4sHB")
_FORM = struct.Struct(">8sI")
_SIGNATURE_LENGTH = 64

_KID = re.compile(r"[0-9a-f]{8}")
_FORM_ID = re.compile(r"[0-9a-f]{16}")
_CODE = re.compile(f"[{ALPHABET}]{{135,500}}")


@dataclass(frozen=True, slots=True, order=True)
class PassForm:
    """One form of a pass: its id, 16 hex digits, and its net refund, 1 to 4294967295."""

    form_id: str
    net_fen: int


@dataclass(frozen=True, slots=True)
class ExitPass:
    """What a pass says: which forms, and of which day it is; nothing of it is about a person.

    Args:
        kid: 8 hex digits, the key that signed it.
        issue_day: the day on which it was shown, in Asia/Shanghai.
        forms: 1 to FORMS_MAX of them, their ids ascending, none twice.

    Raises:
        ValueError: a value does not fit the layout, which is a defect.
    """

    kid: str
    issue_day: date
    forms: tuple[PassForm, ...]

    def __post_init__(self) -> None:
        ids = [form.form_id for form in self.forms]
        fits = (
            _KID.fullmatch(self.kid)
            and 0 <= (self.issue_day - EPOCH).days <= 0xFFFF
            and 1 <= len(ids) <= FORMS_MAX
            and ids == sorted(set(ids))
            and all(_FORM_ID.fullmatch(one) for one in ids)
            and all(1 <= form.net_fen <= 0xFFFFFFFF for form in self.forms)
        )
        if not fits:
            raise ValueError(f"does not fit the layout of a pass: {self}")


def make_pass(forms: Iterable[PassForm], day: date, signing_key: SigningKey) -> str:
    """Return the code of a pass, the same for the same forms, day and key.

    Raises:
        Refused: no_signing_key when the key does not count for that day yet.
        ValueError: no form, more than FORMS_MAX, or one twice.
    """
    if day < signing_key.issue_from:
        raise Refused("no_signing_key")
    exit_pass = ExitPass(signing_key.kid, day, tuple(sorted(forms)))
    raw = encode_pass(exit_pass, is_rehearsal=signing_key.is_rehearsal)
    signed = raw + signing_key.private.sign(DOMAINS[signing_key.is_rehearsal] + raw)
    return base64.b32encode(signed).decode("ascii").rstrip("=")


def encode_pass(exit_pass: ExitPass, *, is_rehearsal: bool = False) -> bytes:
    """Return the 8 bytes and 12 more for each form that are signed and carried."""
    head = _HEAD.pack(
        VERSION | REHEARSAL if is_rehearsal else VERSION,
        bytes.fromhex(exit_pass.kid),
        (exit_pass.issue_day - EPOCH).days,
        len(exit_pass.forms),
    )
    return head + b"".join(
        _FORM.pack(bytes.fromhex(form.form_id), form.net_fen) for form in exit_pass.forms
    )


def decode_pass(raw: bytes, *, is_rehearsal: bool = False) -> ExitPass:
    """Return what these bytes say; whether to believe them is the signature's business.

    Raises:
        Refused: as `check_version`; code_torn for another length or values never issued.
    """
    if raw:
        check_version(raw[0], VERSION, is_rehearsal=is_rehearsal)
    if len(raw) < _HEAD.size:
        raise Refused("code_torn", got=len(raw))
    _, kid, days, count = _HEAD.unpack(raw[: _HEAD.size])
    if len(raw) != _HEAD.size + count * _FORM.size:
        raise Refused("code_torn", got=len(raw))
    forms = (
        PassForm(form_id.hex(), net_fen)
        for form_id, net_fen in _FORM.iter_unpack(raw[_HEAD.size :])
    )
    try:
        return ExitPass(kid.hex(), EPOCH + timedelta(days=days), tuple(forms))
    except ValueError:
        raise Refused("code_torn", got=len(raw)) from None


def verify_pass(code: str, ring: KeyRing, on: date) -> ExitPass:
    """Return what a pass says, once its signature and its key's dates are found good.

    A good pass is necessary, never sufficient: each form's own row decides.

    Args:
        code: the bare code, as `read_pass` returns it.
        ring: every key that ever signed, or was published.
        on: the day of the check, in Asia/Shanghai.

    Raises:
        Refused: code_torn, rehearsal_form, not_a_rehearsal, code_version_unknown, key_unknown
            (also for a key outside of its days) or signature_invalid.
    """
    raw = _unpack(code)
    check_version(raw[0], VERSION, is_rehearsal=ring.is_rehearsal)
    if len(raw) != _HEAD.size + raw[_HEAD.size - 1] * _FORM.size + _SIGNATURE_LENGTH:
        raise Refused("code_torn", got=len(raw))
    key = ring.by_kid.get(raw[1:5].hex())
    if key is None:
        raise Refused("key_unknown", kid=raw[1:5].hex())
    signed, signature = raw[:-_SIGNATURE_LENGTH], raw[-_SIGNATURE_LENGTH:]
    try:
        key.public.verify(signature, DOMAINS[ring.is_rehearsal] + signed)
    except InvalidSignature:
        raise Refused("signature_invalid", kid=key.kid) from None
    exit_pass = decode_pass(signed, is_rehearsal=ring.is_rehearsal)
    if not key.covers(exit_pass.issue_day, on):
        raise Refused("key_unknown", kid=key.kid)
    return exit_pass


def pass_url(public_url: str, code: str) -> str:
    """Return what the QR code holds: `HTTPS://HOST/P/` and the code, upper-case throughout.

    Raises:
        ValueError: the address cannot be carried, or the code is none.
    """
    if not _CODE.fullmatch(code):
        raise ValueError("not the code of a pass")
    return address_of(public_url, PASS, code)


def is_like_a_pass(text: str) -> bool:
    """Whether a scanned text was meant to be a pass: its address, or letters that begin so."""
    bare = text.strip(ASCII_BLANKS)
    return is_address(bare, PASS) or bool(re.fullmatch(r"[AQ][IJKL][A-Z2-7]{60,}", bare))


def read_pass(text: str, public_url: str = "", *, is_rehearsal: bool = False) -> str:
    """Return the bare code from what a scanner gives: an address or the code alone.

    Args:
        text: ASCII blanks and line ends around it are tolerated, nothing else is.
        public_url: when given, an address must be ours: as printed, or as a browser writes it.
        is_rehearsal: the world that is asked, for a code at another's address.

    Raises:
        Refused: code_torn when it was meant to be a code; rehearsal_form or not_a_rehearsal at
            an address of the other world; code_foreign for anything else.
    """
    bare = bare_code(text, PASS, public_url, is_rehearsal=is_rehearsal)
    _unpack(bare)
    return bare


def _unpack(code: str) -> bytes:
    """The bytes of a code that was written in the one way that counts."""
    if _CODE.fullmatch(code) and len(code) % 8 not in (1, 3, 6):
        raw = base64.b32decode(code + "=" * (-len(code) % 8))
        is_canonical = base64.b32encode(raw).decode("ascii").rstrip("=") == code
        if is_canonical and len(raw) >= _HEAD.size + _FORM.size + _SIGNATURE_LENGTH:
            return raw
    raise Refused("code_torn", got=len(code))
