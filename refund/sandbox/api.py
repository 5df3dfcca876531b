"""The protocol that the merchant's service speaks with the network: JSON under /v1."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Blueprint, Response, current_app, request

from refund.sandbox.answers import Answer, written
from refund.sandbox.call_faults import CallFaults
from refund.sandbox.entry import METHODS
from refund.sandbox.errors import Rejected
from refund.sandbox.journal import PAGE_MAX
from refund.sandbox.network import Book
from refund.sandbox.requests import (
    HOLD_LOOKUPS_MAX,
    LANGUAGE_PATTERN,
    Fields,
    Flights,
    fingerprint,
    read_object,
)
from refund.sandbox.sessions import PURPOSES, CardSession, SessionRequest
from refund.sandbox.settings import SandboxSettings
from refund.sandbox.webhooks import WebhookSender

api = Blueprint("network", __name__, url_prefix="/v1")

LINES_IN_PIECE = 500
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_LANGUAGE = re.compile(LANGUAGE_PATTERN)


def _book() -> Book:
    book: Book = current_app.extensions["book"]
    return book


def _settings() -> SandboxSettings:
    settings: SandboxSettings = current_app.extensions["sandbox_settings"]
    return settings


@api.before_request
def know_the_merchant() -> None:
    """Let only the merchant in, whatever the path."""
    presented = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    expected = f"Bearer {_settings().secret}".encode()
    if not hmac.compare_digest(presented, expected):
        raise Rejected(401, "unauthorised", "The merchant's secret is missing or wrong.")


@api.post("/card-sessions")
def open_card_session() -> Response:
    """Open the network's page for a traveller's card."""

    def ask(fields: Fields) -> Answer:
        names = ("reference", "amount_fen", "currency", "method", "return_url", "language")
        fields.only(*names, "purpose")
        wanted = SessionRequest(
            reference=fields.reference("reference"),
            amount_fen=fields.amount_fen(),
            method=_method(fields),
            return_url=_return_url(fields),
            language=_language(fields),
            purpose=_purpose(fields),
        )
        session = _book().open_card_session(wanted)
        page_url = f"{_settings().public_url}/card/{session.session_id}"
        told = {"session_id": session.session_id, "page_url": page_url, "state": session.state}
        return Answer(201, written({**told, "expires_at": session.expires_at}))

    return _answer_keyed(ask)


@api.get("/card-sessions/<session_id>")
def show_card_session(session_id: str) -> Response:
    """Tell the merchant what became of a session: never a number, only tokens."""
    session = _book().card_session(session_id)
    if session is None:
        raise Rejected(404, "unknown_session", "There is no such card session.")
    return _sent(Answer(200, written(_session_told(session))))


@api.post("/holds")
def hold() -> Response:
    """Reserve an amount on a card."""

    def ask(fields: Fields) -> Answer:
        fields.only("reference", "card_token", "amount_fen", "currency")
        card_token = fields.reference("card_token")
        return _book().hold(fields.reference("reference"), card_token, fields.amount_fen())

    return _answer_keyed(ask)


@api.post("/extensions")
def extend() -> Response:
    """Let a hold last longer."""

    def ask(fields: Fields) -> Answer:
        fields.only("reference", "hold_reference")
        hold_reference = fields.reference("hold_reference")
        return _book().extend(fields.reference("reference"), hold_reference)

    return _answer_keyed(ask)


@api.post("/increases")
def increase() -> Response:
    """Let a hold stand for more."""

    def ask(fields: Fields) -> Answer:
        fields.only("reference", "hold_reference", "amount_fen", "currency")
        hold_reference = fields.reference("hold_reference")
        return _book().increase(fields.reference("reference"), hold_reference, fields.amount_fen())

    return _answer_keyed(ask)


@api.post("/advances")
def advance() -> Response:
    """Pay an advance out to a card or an account."""
    return _pay_out(_book().advance)


@api.post("/refunds")
def refund() -> Response:
    """Pay an ordinary refund out to a card or an account."""
    return _pay_out(_book().refund)


def _pay_out(pay: Callable[[str, str, str, int], Answer]) -> Response:
    """Answer a request to pay money out."""

    def ask(fields: Fields) -> Answer:
        method = _method(fields)
        token = "card_token" if method == "card" else "payout_token"
        fields.only("reference", token, "method", "amount_fen", "currency")
        reference = fields.reference("reference")
        return pay(reference, fields.reference(token), method, fields.amount_fen())

    return _answer_keyed(ask)


@api.post("/releases")
def release() -> Response:
    """Give a hold back, or a part of it."""

    def ask(fields: Fields) -> Answer:
        fields.only("reference", "hold_reference", "part_fen")
        hold_reference = fields.reference("hold_reference")
        return _book().release(fields.reference("reference"), hold_reference, fields.part_fen())

    return _answer_keyed(ask)


@api.post("/captures")
def capture() -> Response:
    """Charge a hold, or a part of it, all or some."""

    def ask(fields: Fields) -> Answer:
        fields.only("reference", "hold_reference", "amount_fen", "currency", "part_fen")
        reference, hold_reference = (
            fields.reference("reference"),
            fields.reference("hold_reference"),
        )
        amount_fen = fields.amount_fen()
        return _book().capture(reference, hold_reference, amount_fen, fields.part_fen())

    return _answer_keyed(ask)


@api.get("/holds/<reference>")
def show_hold(reference: str) -> Response:
    """Tell where a hold stands now."""
    found = _book().hold_state(reference)
    if found is None:
        raise Rejected(404, "unknown_hold", "There is no such hold.")
    return _sent(Answer(200, written(found)))


@api.post("/holds/lookup")
def show_holds() -> Response:
    """Tell where many holds stand now; a look-up changes nothing, needs no key."""
    fields = Fields(read_object(request.get_data()))
    fields.only("references")
    references = fields.references("references", HOLD_LOOKUPS_MAX)
    return _sent(Answer(200, written({"holds": _book().hold_states(references)})))


@api.get("/operations/<reference>")
def look_up(reference: str) -> Response:
    """Tell how an operation stands now; its own status stands in the body's state."""
    answer = _book().look_up(reference)
    if answer is None:
        raise Rejected(404, "unknown_operation", "No operation has this reference.")
    return _sent(Answer(200, answer.text))


@api.post("/operations/lookup")
def look_up_many() -> Response:
    """Tell how many operations stand now; a look-up changes nothing, needs no key."""
    fields = Fields(read_object(request.get_data()))
    fields.only("references")
    answers = _book().look_up_many(fields.references("references"))
    found = {reference: answer and answer.body for reference, answer in answers.items()}
    return _sent(Answer(200, written({"operations": found})))


@api.get("/book")
def show_book() -> Response:
    """Tell the sums of the whole book."""
    return _sent(Answer(200, written(_book().book_totals())))


@api.get("/statements")
def list_statements() -> Response:
    """List the days that are over, each with the moment its statement is there."""
    days = _book().statement_days()
    return _sent(Answer(200, written({"days": list(days), "available_at": days})))


@api.get("/statements/<day>")
def show_statement(day: str) -> Response:
    """Give the statement of a day, a piece at a time."""
    pieces = _pieces(_book().statement(day))
    return Response(pieces, content_type="text/csv; charset=utf-8")


@api.get("/book/operations")
def list_operations() -> Response:
    """List booked operations in their order, a page at a time."""
    after = _whole_number("after", 0, 2**62)
    limit = _whole_number("limit", PAGE_MAX, PAGE_MAX)
    found = _book().operations_after(after, limit)
    following = found[-1]["cursor"] if len(found) == limit and found else None
    return _sent(Answer(200, written({"operations": found, "next": following})))


def _answer_keyed(ask: Callable[[Fields], Answer]) -> Response:
    """Answer a request under its Idempotency-Key: once, and then the same bytes again."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise Rejected(400, "key_missing", "Idempotency-Key is missing or not printable ASCII.")
    fields = Fields(read_object(request.get_data()))
    faults: CallFaults = current_app.extensions["call_faults"]
    call = faults.call(request.path, fields.values)
    untaken = faults.before(call)
    if untaken is not None:
        return untaken
    printed = fingerprint(request.method, request.path, fields.values)
    flights: Flights = current_app.extensions["flights"]
    with flights.boarding(key, printed):
        answer = _book().answer_once(key, printed, lambda: ask(fields))
        if answer.delay_seconds:
            _settings().wait(answer.delay_seconds)
    sender: WebhookSender | None = current_app.extensions["webhook_sender"]
    if sender is not None:
        sender.send_first(_book().clock())
    return faults.after(call, key, answer, _sent)


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Gather lines to pieces that are worth a write to the socket."""
    piece: list[str] = []
    for line in lines:
        piece.append(line)
        if len(piece) == LINES_IN_PIECE:
            yield "".join(piece).encode()
            piece.clear()
    yield "".join(piece).encode()


def _sent(answer: Answer) -> Response:
    """Put an answer on its way; a lost one breaks off after half, below its stated length."""
    body = answer.text.encode()
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    if answer.lost:
        headers["Content-Length"] = str(len(body))
        half = iter([body[: len(body) // 2]])
        return Response(half, answer.status, headers, content_type="application/json")
    return Response(body, answer.status, headers, content_type="application/json")


def _session_told(session: CardSession) -> dict[str, Any]:
    card, payout = None, None
    if session.card is not None:
        known = session.card
        card = {
            "token": known.token,
            "brand": known.brand,
            "last4": known.last4,
            "expiry": known.expiry,
        }
    if session.payout_token:
        payout = {
            "method": session.request.method,
            "token": session.payout_token,
            "label": session.payout_label,
        }
    return {
        "session_id": session.session_id,
        "reference": session.request.reference,
        "state": session.state,
        "card": card,
        "payout": payout,
    }


def _method(fields: Fields) -> str:
    method = fields.text("method")
    if method not in METHODS:
        raise Rejected(422, "bad_field", f"method must be one of {', '.join(METHODS)}.")
    return method


def _purpose(fields: Fields) -> str:
    purpose = fields.text("purpose") if "purpose" in fields.values else "guarantee"
    if purpose not in PURPOSES:
        raise Rejected(422, "bad_field", f"purpose must be one of {', '.join(PURPOSES)}.")
    return purpose


def _return_url(fields: Fields) -> str:
    url = fields.text("return_url")
    if not _settings().may_return_to(url):
        raise Rejected(422, "return_url_refused", "return_url is not on an allowed host.")
    return url


def _language(fields: Fields) -> str:
    language = fields.text("language")
    if not _LANGUAGE.fullmatch(language):
        raise Rejected(422, "bad_field", "language must be a language tag.")
    return language


def _whole_number(name: str, default: int, most: int) -> int:
    text = request.args.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > most:
        raise Rejected(422, "bad_field", f"{name} must be a whole number up to {most}.")
    return int(text)
