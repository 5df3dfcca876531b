"""The keys outside the database: a folder of private files, and an index that names them."""

import base64
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import AwareDatetime, BaseModel, ConfigDict

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.signing import EPOCH, KeyRing, SigningKey, VerificationKey, kid_of, ring_document
from refund.gateways.private_folder import PrivateFolder, Stamp
from refund.gateways.sealing import KEY_LENGTH, key_id

INDEX = "keyring.json"
SECRETS = ("identity", "index", "claim", "claim-hash", "session", "network", "webhook")
"""Encryption of identity, its blind index, the making of claim codes, the hash of claim codes,
the cookies and form tokens of the pages, what the payment network knows us by, and what it signs
its notices with."""


class KeysBroken(Exception):
    """The keys do not fit together; the sentence says what to do."""


class _Entry(BaseModel):
    """One signing key in the index; the days are those of VerificationKey."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kid: str
    public_key: str
    created_at: AwareDatetime
    issue_from: date
    retired_on: date | None = None
    verify_until: date | None = None

    def verification_key(self) -> VerificationKey:
        return VerificationKey(
            kid=self.kid,
            public_bytes=base64.urlsafe_b64decode(self.public_key),
            valid_from=self.issue_from,
            issue_until=self.retired_on,
            verify_until=self.verify_until,
        )


class _Index(BaseModel):
    """What the folder should hold: signing keys, oldest first, and the id of each secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    is_rehearsal: bool = False
    signing: tuple[_Entry, ...] = ()
    secrets: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The index as it was read, until its stamp changes."""

    stamp: Stamp
    index: _Index
    ring: KeyRing


class KeyFile:
    """The port `Keys` over a folder, which a running service rereads when a key was rotated.

    The keys of a rehearsal are made as such and stay such: they never serve another instance.

    Raises:
        FolderUnsafe: others may look into the folder or a file of it.
    """

    def __init__(self, folder: Path, *, is_rehearsal: bool = False) -> None:
        self._is_rehearsal = is_rehearsal
        self._folder = PrivateFolder(folder)
        self._folder.check()
        self._loaded: _Loaded | None = None
        self._signing: tuple[Stamp, SigningKey] | None = None
        self._secrets: dict[str, bytes] = {}

    def signing_key(self) -> SigningKey:
        """Return the key that signs today.

        Raises:
            Refused: no_signing_key when there is none, or its private file is missing.
            KeysBroken: the private file is not that of the index.
        """
        entry = _active(self._load().index)
        if entry is None:
            raise Refused("no_signing_key")
        stamp = self._folder.stamp(_private_name(entry.kid))
        if self._signing and self._signing[0] == stamp and self._signing[1].kid == entry.kid:
            return self._signing[1]
        found = self._folder.read(_private_name(entry.kid))
        if found is None:
            raise Refused("no_signing_key")
        content, stamp = found
        private = _private_key(entry.kid, content)
        key = SigningKey(entry.kid, entry.issue_from, private, self._is_rehearsal)
        self._signing = stamp, key
        return key

    def ring(self) -> KeyRing:
        """Return every public key that ever signed; each knows for which days it counts."""
        return self._load().ring

    def secret(self, name: str) -> bytes:
        """Return the 32 bytes of one of SECRETS.

        Raises:
            KeysBroken: it is missing, or is not the one that was made.
            ValueError: there is no secret of that name, which is a defect.
        """
        if name not in SECRETS:
            raise ValueError(f"no such secret: {name!r}")
        if name not in self._secrets:
            self._secrets[name] = self._read_secret(name, self._load().index.secrets)
        return self._secrets[name]

    def publish(self) -> dict[str, object]:
        """Return the public keys as a JSON document, enough to verify a code without us."""
        return ring_document(self.ring())

    def create_missing(self, now: datetime) -> None:
        """Make the folder, the first signing key and each secret that was never made.

        What was made once and is missing now is not made anew: a new secret would not open what
        the lost one sealed. A lost signing key is replaced by `rotate`.

        Raises:
            KeysBroken: a secret that the index names is missing or another, or the index is.
            FolderUnsafe: others may look into the folder or a file of it.
        """
        self._folder.make()
        with self._folder.locked():
            index = self._read_index() or _Index(is_rehearsal=self._is_rehearsal)
            made = dict(index.secrets)
            for name in SECRETS:
                if name in made:
                    self._read_secret(name, made)
                else:
                    made[name] = self._make_secret(name)
            signing = index.signing or (self._first_signing_key(now),)
            new = _Index(is_rehearsal=index.is_rehearsal, signing=signing, secrets=made)
            self._write_index(index, new)

    def rotate(self, now: datetime, last_form_verify_until: date) -> str:
        """Make a new signing key, retire the one before, and return the new key id.

        The new private file is in place before the index names it, and the index changes in one
        step: a rotation that is killed leaves the old ring or the new one.

        Args:
            now: aware; the old key signs no form of a later day.
            last_form_verify_until: the last day on which a form it signed may be verified.

        Raises:
            KeysBroken: there is no index to rotate in.
        """
        today = day_of(now)
        with self._folder.locked():
            index = self._read_index()
            if index is None:
                raise self._missing()
            new = self._make_signing_key(now, today)
            old = tuple(_retired(entry, today, last_form_verify_until) for entry in index.signing)
            self._write_index(index, index.model_copy(update={"signing": (*old, new)}))
        return new.kid

    def _load(self) -> _Loaded:
        loaded = self._loaded
        if loaded is not None and loaded.stamp == self._folder.stamp(INDEX):
            return loaded
        found = self._folder.read(INDEX)
        if found is None:
            raise self._missing()
        content, stamp = found
        index, ring = self._parsed(content)
        self._loaded = loaded = _Loaded(stamp, index, ring)
        return loaded

    def _read_index(self) -> _Index | None:
        found = self._folder.read(INDEX)
        return None if found is None else self._parsed(found[0])[0]

    def _parsed(self, content: bytes) -> tuple[_Index, KeyRing]:
        try:
            index = _Index.model_validate_json(content)
            keys = tuple(entry.verification_key() for entry in index.signing)
            ring = KeyRing(keys, self._is_rehearsal)
        except ValueError as error:
            path = self._folder.path / INDEX
            raise KeysBroken(f"{path} cannot be read; restore it from a backup") from error
        if index.is_rehearsal != self._is_rehearsal:
            kept, asked = ("a rehearsal", "none") if index.is_rehearsal else ("none", "one")
            raise KeysBroken(
                f"the keys in {self._folder.path} are those of {kept}, and this is {asked}; "
                "set REFUND_REHEARSAL as it was, or another REFUND_INSTANCE"
            )
        return index, ring

    def _write_index(self, before: _Index, after: _Index) -> None:
        if after != before:
            self._folder.write(INDEX, after.model_dump_json(indent=2).encode() + b"\n")

    def _missing(self) -> KeysBroken:
        return KeysBroken(
            f"there are no keys in {self._folder.path}; start the service to make them"
        )

    def _read_secret(self, name: str, ids: dict[str, str]) -> bytes:
        found = self._folder.read(_secret_name(name))
        if found is None or key_id(found[0]).hex() != ids.get(name):
            path = self._folder.path / _secret_name(name)
            raise KeysBroken(f"{path} is missing or not the one in use; restore it from a backup")
        return found[0]

    def _make_secret(self, name: str) -> str:
        """Return the id of a new secret, or of the one that a killed start left unnamed."""
        found = self._folder.read(_secret_name(name))
        if found is not None and len(found[0]) == KEY_LENGTH:
            return key_id(found[0]).hex()
        secret = os.urandom(KEY_LENGTH)
        self._folder.write(_secret_name(name), secret)
        return key_id(secret).hex()

    def _first_signing_key(self, now: datetime) -> _Entry:
        """Return the entry of a new key, or of the one that a killed start left unnamed.

        No other key signed before the first, so it counts from the first day of all codes.
        """
        match self._folder.names(_private_name("*")):
            case []:
                return self._make_signing_key(now, EPOCH)
            case [name]:
                kid = name.removeprefix("signing-").removesuffix(".pem")
                found = self._folder.read(name)
                return _entry(_private_key(kid, found[0] if found else b""), now, EPOCH)
            case _:
                path = self._folder.path / INDEX
                raise KeysBroken(f"{path} is missing; restore it from a backup")

    def _make_signing_key(self, now: datetime, issue_from: date) -> _Entry:
        private = Ed25519PrivateKey.generate()
        entry = _entry(private, now, issue_from)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._folder.write(_private_name(entry.kid), pem)
        return entry


def _entry(private: Ed25519PrivateKey, now: datetime, issue_from: date) -> _Entry:
    public_bytes = private.public_key().public_bytes_raw()
    return _Entry(
        kid=kid_of(public_bytes),
        public_key=base64.urlsafe_b64encode(public_bytes).decode("ascii"),
        created_at=now,
        issue_from=issue_from,
    )


def _active(index: _Index) -> _Entry | None:
    return next((entry for entry in reversed(index.signing) if entry.retired_on is None), None)


def _retired(entry: _Entry, today: date, verify_until: date) -> _Entry:
    if entry.retired_on is not None:
        return entry
    retired_on = max(today, entry.issue_from)
    until = max(verify_until, retired_on)
    return entry.model_copy(update={"retired_on": retired_on, "verify_until": until})


def _private_key(kid: str, pem: bytes) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(pem, password=None)
    except ValueError as error:
        raise KeysBroken(f"the private file of key {kid} cannot be read") from error
    if (
        not isinstance(private, Ed25519PrivateKey)
        or kid_of(private.public_key().public_bytes_raw()) != kid
    ):
        raise KeysBroken(f"the private file of key {kid} holds another key")
    return private


def _private_name(kid: str) -> str:
    return f"signing-{kid}.pem"


def _secret_name(name: str) -> str:
    return f"{name}.key"
