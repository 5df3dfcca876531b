"""Reading what the merchant sends: one JSON object, each field checked before it is used."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from refund.sandbox.errors import Rejected
from refund.sandbox.journal import CURRENCY

LOOKUPS_MAX = 500
HOLD_LOOKUPS_MAX = 100
BODY_BYTES_MAX = 16 * 1024
AMOUNT_FEN_MAX = 100_000_000_00
LANGUAGE_PATTERN = "[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}"
REFERENCE_PATTERN = "[A-Za-z0-9._:~-]{1,100}"
_REFERENCE = re.compile(REFERENCE_PATTERN)
_TEXT_MAX = 2000


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; a key that comes twice, NaN and the like are refused.

    Raises: Rejected `bad_json`, `duplicate_key`.
    """
    try:
        found = json.loads(
            body.decode("utf-8"), object_pairs_hook=_no_key_twice, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise Rejected(400, "bad_json", "The body is not JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise Rejected(400, "bad_json", "The body is not a JSON object.")
    return found


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Rejected(400, "duplicate_key", "A key comes twice in the body.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one request; each reader names the field that is wrong."""

    values: dict[str, Any]

    def only(self, *names: str) -> None:
        """Refuse a field that this request does not have.

        Raises: Rejected `unknown_field`.
        """
        strange = sorted(set(self.values) - set(names))
        if strange:
            raise Rejected(400, "unknown_field", f"Unknown field: {strange[0][:60]}.")

    def text(self, name: str) -> str:
        """Return a text of 1 to 2000 printable characters."""
        value = self.values.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= _TEXT_MAX:
            raise Rejected(422, "bad_field", f"{name} must be a text.")
        if not value.isprintable():
            raise Rejected(422, "bad_field", f"{name} must be printable.")
        return value

    def reference(self, name: str) -> str:
        """Return a reference or a token: 1 to 100 letters, digits or . _ : ~ -."""
        value = self.text(name)
        if not _REFERENCE.fullmatch(value):
            raise Rejected(422, "bad_field", f"{name} must be 1 to 100 of A-Z a-z 0-9 . _ : ~ -.")
        return value

    def references(self, name: str, most: int = LOOKUPS_MAX) -> list[str]:
        """Return a list of so many references at most."""
        value = self.values.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise Rejected(422, "bad_field", f"{name} must be a list of at most {most}.")
        return [Fields({name: item}).reference(name) for item in value]

    def amount_fen(self) -> int:
        """Return the amount: a whole number of fen above 0, in CNY."""
        value = self.values.get("amount_fen")
        if type(value) is not int or not 0 < value <= AMOUNT_FEN_MAX:
            raise Rejected(422, "bad_field", "amount_fen must be a whole number of fen above 0.")
        if self.values.get("currency") != CURRENCY:
            raise Rejected(422, "bad_currency", "currency must be CNY.")
        return value

    def part_fen(self) -> int:
        """Return which part of a hold is to end: whole fen above 0, or 0 when none is named."""
        if "part_fen" not in self.values:
            return 0
        value = self.values["part_fen"]
        if type(value) is not int or not 0 < value <= AMOUNT_FEN_MAX:
            raise Rejected(422, "bad_field", "part_fen must be a whole number of fen above 0.")
        return value


def fingerprint(method: str, path: str, values: dict[str, Any]) -> str:
    """Return what makes two requests the same: method, path and the body's values."""
    body = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{method}\n{path}\n{body}".encode()).hexdigest()


class Flights:
    """The keyed requests that are being answered at this moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[str, str] = {}

    @contextmanager
    def boarding(self, key: str, fingerprint: str) -> Iterator[None]:
        """Hold a key while its request is answered.

        Raises: Rejected `in_flight` when it already is, `key_reused` when by another request.
        """
        with self._lock:
            flying = self._flying.get(key)
            if flying == fingerprint:
                raise Rejected(409, "in_flight", "This request is being answered.", retry_after=1)
            if flying is not None:
                raise Rejected(422, "key_reused", "The key was used for another request.")
            self._flying[key] = fingerprint
        try:
            yield
        finally:
            with self._lock:
                del self._flying[key]
