"""Identity at rest: AES-256-GCM bound to table, column and row, and blind indexes to look it up."""

import hashlib
import hmac
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
KEY_LENGTH = 32
_ID_LENGTH = 4
_NONCE_LENGTH = 12
_TAG_LENGTH = 16
_HEAD_LENGTH = len(VERSION) + _ID_LENGTH + _NONCE_LENGTH
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class SealBroken(ValueError):
    """A sealed value was altered, moved to another place, or sealed with a key we do not have."""


def key_id(key: bytes) -> bytes:
    """Return the 4 bytes that name a secret key and tell nothing of it."""
    return hashlib.sha256(b"refund-key-id-v1\0" + key).digest()[:_ID_LENGTH]


class Sealer:
    """Seals with one key, opens what that or an earlier key sealed.

    A sealed value is: version 1 byte, key id 4, nonce 12, ciphertext, tag 16.

    Args:
        key: 32 bytes, for encryption.
        index_key: 32 other bytes, for blind indexes.
        earlier: keys that sealed before and seal no more.

    Raises:
        ValueError: a key of another length, or one key for both purposes.
    """

    def __init__(self, key: bytes, index_key: bytes, earlier: tuple[bytes, ...] = ()) -> None:
        if any(len(each) != KEY_LENGTH for each in (key, index_key, *earlier)):
            raise ValueError(f"a sealing key has {KEY_LENGTH} bytes")
        if index_key in {key, *earlier}:
            raise ValueError("the blind index needs a key of its own")
        self._key_id = key_id(key)
        self._ciphers = {key_id(each): AESGCM(each) for each in (key, *earlier)}
        self._index_key = index_key

    def seal(self, table: str, column: str, row: str, plaintext: bytes) -> bytes:
        """Return the plaintext encrypted for one place; the same never gives the same bytes."""
        nonce = os.urandom(_NONCE_LENGTH)
        cipher = self._ciphers[self._key_id]
        sealed = cipher.encrypt(nonce, plaintext, _place(table, column, row))
        return VERSION + self._key_id + nonce + sealed

    def open(self, table: str, column: str, row: str, blob: bytes) -> bytes:
        """Return what was sealed for this very place.

        Raises:
            SealBroken: altered, moved, or sealed with an unknown key.
        """
        if len(blob) < _HEAD_LENGTH + _TAG_LENGTH or blob[:1] != VERSION:
            raise SealBroken(f"{table}.{column} holds no sealed value")
        cipher = self._ciphers.get(blob[1 : 1 + _ID_LENGTH])
        if cipher is None:
            raise SealBroken(f"{table}.{column} is sealed with a key that is not here")
        nonce, sealed = blob[1 + _ID_LENGTH : _HEAD_LENGTH], blob[_HEAD_LENGTH:]
        try:
            return cipher.decrypt(nonce, sealed, _place(table, column, row))
        except InvalidTag:
            raise SealBroken(f"{table}.{column} was altered or moved") from None

    def index(self, kind: str, text: str) -> str:
        """Return 64 hex digits, equal for equal texts of a kind, that show nothing else."""
        _refuse_if_no_name(kind)
        return hmac.digest(self._index_key, f"{kind}\0{text}".encode(), "sha256").hex()


def _place(table: str, column: str, row: str) -> bytes:
    """Return the additional data; names hold neither dot nor bar, so no two places are alike."""
    _refuse_if_no_name(table)
    _refuse_if_no_name(column)
    return f"{table}.{column}|{row}".encode()


def _refuse_if_no_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name: {name!r}")
