"""The payment network over HTTP: one deadline for a whole call, and nothing is believed unread."""

import logging
from collections.abc import Sequence
from typing import Literal, TypeVar
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from refund.core.ids import operation_key
from refund.core.operation import Answer, CardEntry, CardPage, Kind, NetworkBook, Operation
from refund.gateways.wire import Reply, Wire
from refund.ports import NetworkSilent

DEADLINE_SECONDS = 6.0
"""How long one call may take from its first byte to its last; shorter than an operation's lease."""

LOOKUPS_MAX = 100
"""References in one request, so that the answer stays below the limit of `wire`."""

_PATHS = {
    Kind.HOLD: "/v1/holds",
    Kind.ADVANCE: "/v1/advances",
    Kind.RELEASE: "/v1/releases",
    Kind.CAPTURE: "/v1/captures",
    Kind.REFUND: "/v1/refunds",
}
_SUCCESS = {
    Kind.HOLD: "held",
    Kind.ADVANCE: "paid",
    Kind.RELEASE: "released",
    Kind.CAPTURE: "captured",
    Kind.REFUND: "paid",
}
_REFUSED = "refused"
_CURRENCY = "CNY"
_log = logging.getLogger(__name__)
M = TypeVar("M", bound=BaseModel)


class _Told(BaseModel):
    """Something the network tells; what it tells besides is not looked at."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


_Word = Field(pattern=r"^[A-Za-z0-9._:~-]{1,100}$")
_Reason = Field(pattern=r"^[a-z_]{1,40}$")
_Text = Field(max_length=100)


class _Booked(_Told):
    """An operation as it stands in the network's book."""

    reference: str = _Word
    kind: Literal["hold", "advance", "release", "capture", "refund"]
    state: Literal["held", "paid", "released", "captured", "refused"]
    amount_fen: int = Field(gt=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    network_id: str | None = Field(None, pattern=r"^[A-Za-z0-9._:~-]{1,100}$")
    reason: str | None = Field(None, pattern=r"^[a-z_]{1,40}$")
    authorisation_code: str = Field("", pattern=r"^[A-Z0-9]{0,12}$")
    brand: str = Field("", max_length=40)
    last4: str = Field("", pattern=r"^([0-9]{4})?$")
    expires_at: AwareDatetime | None = None

    @property
    def is_whole(self) -> bool:
        """Whether a yes carries what proves it, and a no its reason."""
        if self.state == _REFUSED:
            return self.reason is not None
        hold_lasts = self.kind != "hold" or self.expires_at is not None
        return (
            self.network_id is not None and self.state == _SUCCESS[Kind(self.kind)] and hold_lasts
        )

    def answer(self) -> Answer:
        kind, refused = Kind(self.kind), self.state == _REFUSED
        captured_fen = self.amount_fen if kind is Kind.CAPTURE and not refused else 0
        return Answer(
            reference=self.reference,
            kind=kind,
            amount_fen=self.amount_fen,
            currency=self.currency,
            network_id=self.network_id or "",
            refusal=self.reason or "" if refused else "",
            authorisation_code=self.authorisation_code,
            brand=self.brand,
            last4=self.last4,
            expires_at=self.expires_at,
            captured_fen=captured_fen,
        )


class _Found(_Told):
    """Many operations by their references."""

    operations: dict[str, _Booked | None]


class _Session(_Told):
    """A card page that was opened."""

    session_id: str = _Word
    page_url: str = Field(pattern=r"^https?://[^\s\\@]{1,400}$")


class _Card(_Told):
    """A card by its token."""

    token: str = _Word
    brand: str = _Text
    last4: str = Field(pattern=r"^[0-9]{4}$")


class _Payout(_Told):
    """An account by its token."""

    token: str = _Word
    label: str = _Text
    method: str = Field(pattern=r"^[a-z_]{1,20}$")


class _Entry(_Told):
    """What became of a card page."""

    session_id: str = _Word
    reference: str = _Word
    state: Literal["open", "entered", "cancelled", "expired"]
    card: _Card | None = None
    payout: _Payout | None = None


class _Book(_Told):
    """The network's totals; the balance may be below zero."""

    payouts_fen: int = Field(ge=0)
    captures_fen: int = Field(ge=0)
    balance_fen: int
    held_open_fen: int = Field(ge=0)
    operations: int = Field(ge=0)


class _Health(_Told):
    """What the network says of itself."""

    status: Literal["ok"]
    version: str = _Text


class _Error(_Told):
    """Why the network would not take a request."""

    code: str = _Reason


class _Rejection(_Told):
    """The body of a request that was not taken."""

    error: _Error


class HttpNetwork:
    """The port `Network` over HTTP, for many threads.

    Whatever is not one whole, well-formed, fitting answer within the deadline is NetworkSilent:
    the network may have acted, so the caller looks the reference up later.

    Args:
        base_url: `http://host:port` of the network; no other host is ever asked.
        secret: by which the network knows us; sent as its hexadecimal digits.
        deadline_seconds: for a whole call.

    Raises:
        ValueError: the address is not one.
    """

    def __init__(
        self, base_url: str, secret: bytes, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._wire = Wire(base_url, merchant_secret(secret), deadline_seconds)

    def open_card_page(
        self, reference: str, amount_fen: int, method: str, return_url: str, language: str
    ) -> CardPage:
        """A page of the network's own on which the traveller gives a card.

        Raises:
            NetworkSilent: no complete answer came.
        """
        return self._open_page(
            {
                "reference": reference,
                "amount_fen": amount_fen,
                "currency": _CURRENCY,
                "method": method,
                "return_url": return_url,
                "language": language,
            }
        )

    def open_refund_page(
        self, reference: str, amount_fen: int, method: str, return_url: str, language: str
    ) -> CardPage:
        """A page of the network's own on which the traveller says where a refund is to go.

        Raises:
            NetworkSilent: no complete answer came.
        """
        return self._open_page(
            {
                "reference": reference,
                "amount_fen": amount_fen,
                "currency": _CURRENCY,
                "method": method,
                "return_url": return_url,
                "language": language,
                "purpose": "refund",
            }
        )

    def _open_page(self, body: dict[str, object]) -> CardPage:
        key = operation_key(str(body["reference"]))
        reply = self._wire.post("/v1/card-sessions", body, key=key)
        if reply.status != 201:
            raise _silent(reply)
        told = _read(_Session, reply)
        return CardPage(told.session_id, told.page_url)

    def card_entry(self, session_id: str) -> CardEntry | None:
        """What became of that page; None when the network does not know it.

        Raises:
            NetworkSilent: no complete answer came.
        """
        reply = self._wire.get(f"/v1/card-sessions/{quote(session_id, safe='')}")
        if reply.status == 404 and _rejection(reply) == "unknown_session":
            return None
        if reply.status != 200:
            raise _silent(reply)
        told = _read(_Entry, reply)
        card, payout = told.card, told.payout
        given = card is not None or payout is not None
        if told.session_id != session_id or (told.state == "entered") != given:
            raise NetworkSilent
        return CardEntry(
            session_id=told.session_id,
            reference=told.reference,
            state=told.state,
            card_token=card.token if card else "",
            brand=card.brand if card else "",
            last4=card.last4 if card else "",
            payout_token=payout.token if payout else "",
            payout_label=payout.label if payout else "",
            method=payout.method if payout else "card",
        )

    def send(self, operation: Operation) -> Answer:
        """Ask for an operation under its key, and return the network's answer, yes or no.

        Raises:
            NetworkSilent: no complete answer came, or the network would not take the request.
        """
        reply = self._wire.post(_PATHS[operation.kind], _asked(operation), key=operation.sent_key)
        if reply.status not in (201, 402, 409):
            raise _silent(reply)
        if reply.status == 409 and _rejection(reply):
            raise _silent(reply)
        booked = _read(_Booked, reply)
        if not booked.is_whole or (reply.status == 201) == (booked.state == _REFUSED):
            raise NetworkSilent
        return booked.answer()

    def look_up(self, reference: str) -> Answer | None:
        """The recorded answer of a reference, or None when it was never received.

        Raises:
            NetworkSilent: no complete answer came.
        """
        reply = self._wire.get(f"/v1/operations/{quote(reference, safe='')}")
        if reply.status == 404 and _rejection(reply) == "unknown_operation":
            return None
        if reply.status != 200:
            raise _silent(reply)
        booked = _read(_Booked, reply)
        if not booked.is_whole or booked.reference != reference:
            raise NetworkSilent
        return booked.answer()

    def look_up_many(self, references: Sequence[str]) -> dict[str, Answer | None]:
        """The same for many, some at a time.

        Raises:
            NetworkSilent: no complete answer came for some of them.
        """
        found: dict[str, Answer | None] = {}
        for start in range(0, len(references), LOOKUPS_MAX):
            found |= self._look_up_some(references[start : start + LOOKUPS_MAX])
        return found

    def _look_up_some(self, references: Sequence[str]) -> dict[str, Answer | None]:
        reply = self._wire.post("/v1/operations/lookup", {"references": list(references)})
        if reply.status != 200:
            raise _silent(reply)
        told = _read(_Found, reply).operations
        if set(told) != set(references):
            raise NetworkSilent
        for reference, booked in told.items():
            if booked and not (booked.is_whole and booked.reference == reference):
                raise NetworkSilent
        return {name: None if booked is None else booked.answer() for name, booked in told.items()}

    def book(self) -> NetworkBook:
        """The network's own totals for us.

        Raises:
            NetworkSilent: no complete answer came.
        """
        reply = self._wire.get("/v1/book")
        if reply.status != 200:
            raise _silent(reply)
        told = _read(_Book, reply)
        return NetworkBook(
            payouts_fen=told.payouts_fen,
            captures_fen=told.captures_fen,
            balance_fen=told.balance_fen,
            held_open_fen=told.held_open_fen,
            operations=told.operations,
        )

    def health(self) -> str:
        """The version of the network that answers and is well.

        Raises:
            NetworkSilent: it does not answer, or is not well.
        """
        reply = self._wire.get("/healthz")
        if reply.status != 200:
            raise _silent(reply)
        return _read(_Health, reply).version

    def close(self) -> None:
        """Let go of every connection."""
        self._wire.close()


def merchant_secret(secret: bytes) -> str:
    """The secret as both sides write it on the wire."""
    return secret.hex()


def _asked(operation: Operation) -> dict[str, object]:
    """An operation as the network wants it asked."""
    money: dict[str, object] = {"amount_fen": operation.sent_fen, "currency": _CURRENCY}
    hold: dict[str, object] = {"hold_reference": operation.hold_reference}
    if operation.part_fen:
        hold["part_fen"] = operation.part_fen
    match operation.kind:
        case Kind.HOLD:
            named: dict[str, object] = {"card_token": operation.card_token, **money}
        case Kind.ADVANCE | Kind.REFUND if operation.method == "card":
            named = {"card_token": operation.card_token, "method": operation.method, **money}
        case Kind.ADVANCE | Kind.REFUND:
            named = {"payout_token": operation.payout_token, "method": operation.method, **money}
        case Kind.RELEASE:
            named = hold
        case Kind.CAPTURE:
            named = {**hold, **money}
    return {"reference": operation.sent_reference, **named}


def _read(model: type[M], reply: Reply) -> M:
    """The reply as a model; whatever does not fit is no answer."""
    try:
        return model.model_validate_json(reply.body)
    except ValidationError:
        _log.warning("the network answered %d with a body that is not understood", reply.status)
        raise NetworkSilent from None


def _rejection(reply: Reply) -> str:
    """The code with which the network would not take a request, or nothing."""
    try:
        return _Rejection.model_validate_json(reply.body).error.code
    except ValidationError:
        return ""


def _silent(reply: Reply) -> NetworkSilent:
    """Say in the log, without anything that was sent, that the network would not answer."""
    code = _rejection(reply) or "no code"
    _log.warning("the network answered %d (%s); nothing is recorded", reply.status, code)
    return NetworkSilent()
