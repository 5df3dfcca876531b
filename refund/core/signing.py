"""The code on a form: canonical bytes, signature, key ring, and the one string that is accepted."""

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from refund.core.errors import Refused
from refund.core.scanned import ALPHABET, CODE_LENGTH, FORM, address_of, bare_code

VERSION = 1
DOMAIN = b"refund-form-v1\0"
REHEARSAL = 0x80
"""The bit of the first byte by which a rehearsal's code says so itself."""

REHEARSAL_DOMAIN = b"rehearsal-form-v1\0"
DOMAINS = {False: DOMAIN, True: REHEARSAL_DOMAIN}
"""By whether it is a rehearsal: no key of either world makes a code for the other."""

EPOCH = date(2025, 1, 1)

KNOWN_MAX = 8192
"""Good codes that are kept in mind: one code is read again and again, page by page."""

# version u8 | kid 4 | store number u16 | form id 8 | issue day u16 | net amount u32
_LAYOUT = struct.Struct(">B4sH8sHI")
_SIGNATURE_LENGTH = 64

_KID = re.compile(r"[0-9a-f]{8}")
_FORM_ID = re.compile(r"[0-9a-f]{16}")
_CODE = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Payload:
    """What a code says of its form; nothing of it is about a person.

    Args:
        kid: 8 hex digits, the first 4 bytes of SHA-256 of the raw public key.
        store_number: 1 to 65535.
        form_id: 16 hex digits.
        issue_day: from EPOCH on, 65536 days at most.
        net_fen: 1 to 4294967295.

    Raises:
        ValueError: a value does not fit the layout, which is a defect.
    """

    kid: str
    store_number: int
    form_id: str
    issue_day: date
    net_fen: int

    def __post_init__(self) -> None:
        fits = (
            _KID.fullmatch(self.kid)
            and _FORM_ID.fullmatch(self.form_id)
            and 1 <= self.store_number <= 0xFFFF
            and 0 <= (self.issue_day - EPOCH).days <= 0xFFFF
            and 1 <= self.net_fen <= 0xFFFFFFFF
        )
        if not fits:
            raise ValueError(f"does not fit the layout of a code: {self}")


def encode_payload(payload: Payload, *, is_rehearsal: bool = False) -> bytes:
    """Return the 21 bytes that are signed (after the world's domain) and carried."""
    return _LAYOUT.pack(
        VERSION | REHEARSAL if is_rehearsal else VERSION,
        bytes.fromhex(payload.kid),
        payload.store_number,
        bytes.fromhex(payload.form_id),
        (payload.issue_day - EPOCH).days,
        payload.net_fen,
    )


def decode_payload(raw: bytes, *, is_rehearsal: bool = False) -> Payload:
    """Return what 21 bytes say; whether to believe them is the signature's business.

    Raises:
        Refused: as `check_version`; code_torn for another length or values never issued.
    """
    if raw:
        check_version(raw[0], VERSION, is_rehearsal=is_rehearsal)
    if len(raw) != _LAYOUT.size:
        raise Refused("code_torn", got=len(raw))
    _, kid, store_number, form_id, days, net_fen = _LAYOUT.unpack(raw)
    try:
        return Payload(
            kid=kid.hex(),
            store_number=store_number,
            form_id=form_id.hex(),
            issue_day=EPOCH + timedelta(days=days),
            net_fen=net_fen,
        )
    except ValueError:
        raise Refused("code_torn", got=len(raw)) from None


def check_version(first: int, version: int, *, is_rehearsal: bool) -> None:
    """Refuse the first byte of a code that is not of this kind, or not of this world.

    Raises:
        Refused: rehearsal_form, not_a_rehearsal or code_version_unknown.
    """
    if first == (version | REHEARSAL if is_rehearsal else version):
        return
    if first in {version, version | REHEARSAL}:
        raise Refused("not_a_rehearsal" if is_rehearsal else "rehearsal_form")
    raise Refused("code_version_unknown", version=first)


def kid_of(public_bytes: bytes) -> str:
    """Return the key id of a raw public key: 8 hex digits of its SHA-256."""
    return hashlib.sha256(public_bytes).digest()[:4].hex()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, the first day whose forms it may sign, and which world's they are."""

    kid: str
    issue_from: date
    private: Ed25519PrivateKey = field(repr=False, compare=False)
    is_rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key and the days for which it counts; every bound is inclusive.

    Args:
        public_bytes: the raw 32 bytes.
        valid_from: the first issue day of its forms.
        issue_until: the last issue day of its forms, None while it signs.
        verify_until: the last day on which its forms are accepted, None while that is open.

    Raises:
        ValueError: the key id is not that of the key, or the key is no key.
    """

    kid: str
    public_bytes: bytes
    valid_from: date
    issue_until: date | None = None
    verify_until: date | None = None
    public: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kid != kid_of(self.public_bytes):
            raise ValueError(f"key id {self.kid} is not that of its key")
        public = Ed25519PublicKey.from_public_bytes(self.public_bytes)
        object.__setattr__(self, "public", public)

    def covers(self, issue_day: date, on: date) -> bool:
        """Whether a form of that issue day, signed with this key, is accepted on a day."""
        return (
            self.valid_from <= issue_day
            and (self.issue_until is None or issue_day <= self.issue_until)
            and (self.verify_until is None or on <= self.verify_until)
        )


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The public keys that verify codes of one world, each found by its key id.

    Raises:
        ValueError: two keys share a key id.
    """

    keys: tuple[VerificationKey, ...]
    is_rehearsal: bool = False
    by_kid: Mapping[str, VerificationKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_kid = {key.kid: key for key in self.keys}
        if len(by_kid) != len(self.keys):
            raise ValueError("two keys of the ring share a key id")
        object.__setattr__(self, "by_kid", MappingProxyType(by_kid))


def sign(payload: Payload, signing_key: SigningKey) -> str:
    """Return the code of a form: 136 characters, the same for the same payload and key.

    Raises:
        Refused: no_signing_key when the key does not count for that issue day yet.
        ValueError: the payload names another key.
    """
    if payload.kid != signing_key.kid:
        raise ValueError(f"payload names key {payload.kid}, not {signing_key.kid}")
    if payload.issue_day < signing_key.issue_from:
        raise Refused("no_signing_key")
    raw = encode_payload(payload, is_rehearsal=signing_key.is_rehearsal)
    signed = signing_key.private.sign(DOMAINS[signing_key.is_rehearsal] + raw)
    return base64.b32encode(raw + signed).decode("ascii")


def verify(code: str, ring: KeyRing, on: date) -> Payload:
    """Return what a code says, once its signature and its key's dates are found good.

    A good code is necessary, never sufficient: the form's own row decides.

    Args:
        code: the bare 136 characters, as `read_code` returns them.
        ring: every key that ever signed, or was published.
        on: the day of the check, in Asia/Shanghai.

    Raises:
        Refused: code_torn, rehearsal_form, not_a_rehearsal, code_version_unknown, key_unknown
            (also for a key outside of its days) or signature_invalid.
    """
    raw = _unpack(code)
    check_version(raw[0], VERSION, is_rehearsal=ring.is_rehearsal)
    key = ring.by_kid.get(raw[1:5].hex())
    if key is None:
        raise Refused("key_unknown", kid=raw[1:5].hex())
    signed, signature = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    _require_signed(key, signature, DOMAINS[ring.is_rehearsal] + signed)
    payload = decode_payload(signed, is_rehearsal=ring.is_rehearsal)
    if not key.covers(payload.issue_day, on):
        raise Refused("key_unknown", kid=key.kid)
    return payload


@lru_cache(maxsize=KNOWN_MAX)
def _require_signed(key: VerificationKey, signature: bytes, message: bytes) -> None:
    """Refuse a signature that is not the key's; one that was found good stays good.

    Raises:
        Refused: signature_invalid, which is never kept in mind.
    """
    try:
        key.public.verify(signature, message)
    except InvalidSignature:
        raise Refused("signature_invalid", kid=key.kid) from None


def code_url(public_url: str, code: str) -> str:
    """Return what the QR code holds: `HTTPS://HOST/F/` and the code, upper-case throughout.

    Raises:
        ValueError: the address cannot be carried, or the code is none.
    """
    if not _CODE.fullmatch(code):
        raise ValueError("not a code")
    return address_of(public_url, FORM, code)


def read_code(text: str, public_url: str = "", *, is_rehearsal: bool = False) -> str:
    """Return the bare code from what a scanner or a person gives: an address or the code alone.

    Args:
        text: ASCII blanks and line ends around it are tolerated, nothing else is.
        public_url: when given, an address must be ours: as printed, or as a browser writes it.
        is_rehearsal: the world that is asked, for a code at another's address.

    Raises:
        Refused: code_torn when it was meant to be a code; rehearsal_form or not_a_rehearsal at
            an address of the other world; code_foreign for anything else.
    """
    bare = bare_code(text, FORM, public_url, is_rehearsal=is_rehearsal)
    _unpack(bare)
    return bare


@lru_cache(maxsize=KNOWN_MAX)
def _unpack(code: str) -> bytes:
    """Return the 85 bytes of a code; 136 characters of 5 bits leave no bit to play with."""
    if _CODE.fullmatch(code):
        raw = base64.b32decode(code)
        if base64.b32encode(raw).decode("ascii") == code:
            return raw
    raise Refused("code_torn", got=len(code))


def ring_document(ring: KeyRing) -> dict[str, object]:
    """Return the public keys as a JSON document, for whoever verifies without us."""
    return {
        "version": VERSION,
        "domain": DOMAINS[ring.is_rehearsal].decode("ascii"),
        "keys": [
            {
                "kid": key.kid,
                "alg": "Ed25519",
                "key": base64.urlsafe_b64encode(key.public_bytes).decode("ascii").rstrip("="),
                "not_before": key.valid_from.isoformat(),
                "retired_on": key.issue_until and key.issue_until.isoformat(),
                "verify_until": key.verify_until and key.verify_until.isoformat(),
            }
            for key in ring.keys
        ],
    }


def ring_from(document: object) -> KeyRing:
    """Return the key ring that a document of `ring_document` publishes.

    Raises:
        ValueError: it is not such a document.
    """
    match document:
        case {"version": 1, "domain": domain, "keys": [*entries]} if domain == DOMAIN.decode():
            return KeyRing(tuple(_key_from(entry) for entry in entries))
        case {"version": 1, "domain": domain, "keys": [*entries]} if (
            domain == REHEARSAL_DOMAIN.decode()
        ):
            return KeyRing(tuple(_key_from(entry) for entry in entries), is_rehearsal=True)
        case _:
            raise ValueError("not a document of public keys")


def _key_from(entry: object) -> VerificationKey:
    match entry:
        case {
            "kid": str(kid),
            "alg": "Ed25519",
            "key": str(key),
            "not_before": str(not_before),
            "retired_on": str() | None as retired_on,
            "verify_until": str() | None as verify_until,
        }:
            try:
                public_bytes = base64.b64decode(key + "=", altchars=b"-_", validate=True)
            except binascii.Error as error:
                raise ValueError(f"public key of {kid} is not base64url") from error
            return VerificationKey(
                kid=kid,
                public_bytes=public_bytes,
                valid_from=date.fromisoformat(not_before),
                issue_until=date.fromisoformat(retired_on) if retired_on else None,
                verify_until=date.fromisoformat(verify_until) if verify_until else None,
            )
        case _:
            raise ValueError("not a public key of a document")
