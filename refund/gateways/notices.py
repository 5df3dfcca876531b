"""Notices of the network: believed to be its own by signature, moment and merchant, or refused."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import Field, ValidationError

from refund.core.operation import NetworkEvent
from refund.gateways.told import Booked, HoldTold, Told
from refund.gateways.wire import is_strict_object
from refund.ports import NoticeRefused

BODY_BYTES_MAX: Final = 64 * 1024
TOLERANCE: Final = timedelta(minutes=5)
"""How far the moment of a signature may lie from ours, either way."""

MERCHANT: Final = "refund"
_SIGNATURE = re.compile(r"t=([1-9][0-9]{0,11}),v1=([0-9a-f]{64})", re.ASCII)


class _Notice(Told):
    """Whom it is for, and which of the two kinds it is."""

    event_id: str = Field(pattern=r"^evt_[A-Za-z0-9]{8,64}$")
    merchant: str = Field(max_length=100)
    type: Literal["operation.changed", "hold.changed"]
    operation: Booked | None = None
    hold: HoldTold | None = None


class SignedNotices:
    """The port `Notices`, by a secret that the network and we alone know."""

    def __init__(self, secret: bytes) -> None:
        self._secret = webhook_secret(secret).encode()

    def read(self, signature: str, body: bytes, at: datetime) -> NetworkEvent:
        """A notice that proves by its signature that the network sent it to us, just now.

        Args:
            signature: the header `Network-Signature`, with one moment and one proof.
            body: as it came, byte for byte.
            at: now.

        Raises:
            NoticeRefused: `unreadable`, `unsigned`, `stale`, `foreign`.
        """
        if len(body) > BODY_BYTES_MAX:
            raise NoticeRefused("unreadable")
        self._require_signed(signature, body, at)
        if not is_strict_object(body):
            raise NoticeRefused("unreadable")
        try:
            told = _Notice.model_validate_json(body)
        except ValidationError:
            raise NoticeRefused("unreadable") from None
        if told.merchant != MERCHANT:
            raise NoticeRefused("foreign")
        return _event(told, at)

    def _require_signed(self, signature: str, body: bytes, at: datetime) -> None:
        """Refuse what this secret did not sign just now; nothing of the body is read before.

        Raises:
            NoticeRefused: `unsigned`, `stale`.
        """
        found = _SIGNATURE.fullmatch(signature)
        if found is None:
            raise NoticeRefused("unsigned")
        proof = hmac.digest(self._secret, f"{found[1]}.".encode() + body, hashlib.sha256).hex()
        if not hmac.compare_digest(proof, found[2]):
            raise NoticeRefused("unsigned")
        if abs(at.timestamp() - int(found[1])) > TOLERANCE.total_seconds():
            raise NoticeRefused("stale")


def webhook_secret(secret: bytes) -> str:
    """The secret as both sides know it."""
    return secret.hex()


def _event(told: _Notice, at: datetime) -> NetworkEvent:
    """What is kept of a notice: of what it is about, and nothing that it claims.

    Raises:
        NoticeRefused: `unreadable` when its kind and what it carries do not fit.
    """
    operation, hold = told.operation, told.hold
    if told.type == "operation.changed" and operation is not None and hold is None:
        return NetworkEvent(told.event_id, told.type, operation.reference, operation.version, at)
    if told.type == "hold.changed" and hold is not None and operation is None:
        return NetworkEvent(told.event_id, told.type, hold.reference, 0, at)
    raise NoticeRefused("unreadable")
