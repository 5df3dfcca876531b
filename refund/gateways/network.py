"""The payment network over HTTP: one deadline for a whole call, and nothing is believed unread."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from refund.core.ids import operation_key
from refund.core.operation import (
    Answer,
    CardEntry,
    CardPage,
    HeldState,
    Kind,
    NetworkBook,
    Operation,
)
from refund.gateways.told import (
    Book,
    Booked,
    Days,
    Entry,
    Found,
    Health,
    Holds,
    HoldTold,
    Rejection,
    Session,
)
from refund.gateways.wire import Reply, Wire
from refund.ports import Line, NetworkRejected, NetworkSilent

DEADLINE_SECONDS = 6.0
"""How long one call may take from its first byte to its last; shorter than an operation's lease."""

LOOKUPS_MAX = 100
"""References in one request, so that the answer stays below the limit of `wire`."""

_PATHS = {
    Kind.HOLD: "/v1/holds",
    Kind.EXTEND: "/v1/extensions",
    Kind.INCREASE: "/v1/increases",
    Kind.ADVANCE: "/v1/advances",
    Kind.RELEASE: "/v1/releases",
    Kind.CAPTURE: "/v1/captures",
    Kind.REFUND: "/v1/refunds",
}
_REJECTING = frozenset({400, 404, 409, 422})
"""Statuses under which a request can be named as not taken; 409 also tells a booked no."""

_CURRENCY = "CNY"
_log = logging.getLogger(__name__)
M = TypeVar("M", bound=BaseModel)


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
        told = _read(Session, reply)
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
        told = _read(Entry, reply)
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
            NetworkSilent: no complete answer came, or the network is still at it.
            NetworkRejected: it was not taken, and nothing was booked by this call.
        """
        reply = self._wire.post(_PATHS[operation.kind], _asked(operation), key=operation.sent_key)
        if reply.status in _REJECTING and (code := _rejection(reply)):
            _log.warning("the network did not take a request: %d (%s)", reply.status, code)
            if code == "in_flight":
                raise NetworkSilent
            raise NetworkRejected(code)
        if reply.status not in (201, 202, 402, 409):
            raise _silent(reply)
        booked = _read(Booked, reply)
        if not booked.is_whole or not booked.fits_status(reply.status):
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
        booked = _read(Booked, reply)
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
        told = _read(Found, reply).operations
        if set(told) != set(references):
            raise NetworkSilent
        for reference, booked in told.items():
            if booked and not (booked.is_whole and booked.reference == reference):
                raise NetworkSilent
        return {name: None if booked is None else booked.answer() for name, booked in told.items()}

    def holds(self, references: Sequence[str]) -> dict[str, HeldState | None]:
        """Where holds stand now, by their references; None for one that is not in the book.

        Raises:
            NetworkSilent: no complete answer came for some of them.
        """
        found: dict[str, HeldState | None] = {}
        for start in range(0, len(references), LOOKUPS_MAX):
            asked = list(references[start : start + LOOKUPS_MAX])
            reply = self._wire.post("/v1/holds/lookup", {"references": asked})
            if reply.status != 200:
                raise _silent(reply)
            told = _read(Holds, reply).holds
            if set(told) != set(asked):
                raise NetworkSilent
            found |= {name: _held(name, one) for name, one in told.items()}
        return found

    def statement_days(self) -> list[date]:
        """The days whose statements can be fetched, oldest first.

        Raises:
            NetworkSilent: no complete answer came.
        """
        reply = self._wire.get("/v1/statements")
        if reply.status != 200:
            raise _silent(reply)
        return sorted(_read(Days, reply).days)

    def statement(self, day: date) -> AbstractContextManager[Iterator[bytes]]:
        """A day's statement as it comes, in pieces; what breaks off is the reader's to notice.

        Raises:
            NetworkRejected: `statement_not_ready`.
            NetworkSilent: it did not begin to come.
        """
        return self._wire.stream(f"/v1/statements/{day.isoformat()}")

    def book(self) -> NetworkBook:
        """The network's own totals for us.

        Raises:
            NetworkSilent: no complete answer came.
        """
        reply = self._wire.get("/v1/book")
        if reply.status != 200:
            raise _silent(reply)
        told = _read(Book, reply)
        return NetworkBook(
            payouts_fen=told.payouts_fen,
            captures_fen=told.captures_fen,
            balance_fen=told.balance_fen,
            held_open_fen=told.held_open_fen,
            operations=told.operations,
            returned_fen=told.returned_fen,
            fees_fen=told.fees_fen,
        )

    def health(self) -> str:
        """The version of the network that answers and is well.

        Raises:
            NetworkSilent: it does not answer, or is not well.
        """
        reply = self._wire.get("/healthz")
        if reply.status != 200:
            raise _silent(reply)
        return _read(Health, reply).version

    def line(self) -> Line:
        """How the line stands, by the calls before; nothing is asked for it."""
        return self._wire.line()

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
        case Kind.RELEASE | Kind.EXTEND:
            named = hold
        case Kind.CAPTURE | Kind.INCREASE:
            named = {**hold, **money}
    return {"reference": operation.sent_reference, **named}


def _held(reference: str, told: HoldTold | None) -> HeldState | None:
    """The network's word on a hold; about another one it is no answer."""
    if told is not None and told.reference != reference:
        raise NetworkSilent
    return None if told is None else told.held()


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
        return Rejection.model_validate_json(reply.body).error.code
    except ValidationError:
        return ""


def _silent(reply: Reply) -> NetworkSilent:
    """Say in the log, without anything that was sent, that the network would not answer."""
    code = _rejection(reply) or "no code"
    _log.warning("the network answered %d (%s); nothing is recorded", reply.status, code)
    return NetworkSilent()
