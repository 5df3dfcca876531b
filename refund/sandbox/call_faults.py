"""What goes wrong with a call on its way: before it is taken, or with the answer to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from flask import Response

from refund.sandbox.answers import Answer, written
from refund.sandbox.errors import Rejected
from refund.sandbox.faults import NOT_OF_PAGES
from refund.sandbox.network import Book

BEFORE = (
    *("refused", "request_lost", "error_before", "in_flight", "other_parameters"),
    *("slow_down", "unavailable", "redirect"),
)
"""The faults of a call that nothing is booked for, in the order in which they are drawn."""

AFTER = (
    *("key_forgotten", "answer_lost", "error_after", "wrong_amount", "wrong_currency"),
    *("wrong_reference", "half_json", "html", "ten_megabytes", "byte_a_second"),
)
"""The faults of the answer to a call that was booked, in the order in which they are drawn."""

LOST_SECONDS = 8.0
"""How long a call whose request was lost stays without an answer until the connection ends."""

SLOW_BYTES_MAX = 60
SLOW_AT_ONCE = 4
"""How many calls may be kept waiting at once; any more are broken off without the waiting."""

INTERNAL_ADDRESS = "http://127.0.0.1:1/latest/meta-data/"
LARGE_BYTES = 10 * 1024 * 1024

_KINDS = {
    "/v1/card-sessions": "session",
    "/v1/holds": "hold",
    "/v1/extensions": "extend",
    "/v1/increases": "increase",
    "/v1/advances": "advance",
    "/v1/refunds": "refund",
    "/v1/releases": "release",
    "/v1/captures": "capture",
}
_PAGE = (
    "<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1><p>Please come back later.</p>"
)
_STATED_BYTES = 64
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """A call as far as faults are concerned: its kind of operation and the end of its card."""

    kind: str
    last4: str


class CallFaults:
    """Lets the calls of the merchant go wrong where the plan says so.

    Args: `book` whose plan is drawn from; `wait` takes seconds.
    """

    def __init__(self, book: Book, wait: Callable[[float], None]) -> None:
        self._book = book
        self._wait = wait
        self._slow = threading.BoundedSemaphore(SLOW_AT_ONCE)

    def call(self, path: str, values: dict[str, Any]) -> Call:
        """Tell whose call this is, from its path and the fields of its body."""
        token = _named(values, "card_token") or _named(values, "payout_token")
        hold_reference = _named(values, "hold_reference")
        return Call(_KINDS[path], self._book.last4_of(token, hold_reference))

    def before(self, call: Call) -> Response | None:
        """Let a call fail before it is taken; returns what is sent, None where all is well.

        Raises:
            Rejected: what is switched on says that it was not taken.
        """
        match self._drawn(BEFORE, call):
            case "refused":
                return _broken_off()
            case "request_lost":
                self._keep_waiting()
                return _broken_off()
            case "error_before":
                raise Rejected(500, "failed", "The network failed.")
            case "in_flight":
                raise Rejected(409, "in_flight", "This request is being answered.", retry_after=1)
            case "other_parameters":
                raise Rejected(422, "key_reused", "The key was used for another request.")
            case "slow_down":
                raise Rejected(429, "slow_down", "There are too many requests.", retry_after=5)
            case "unavailable":
                said = "The network is being serviced."
                raise Rejected(503, "unavailable", said, retry_after=30)
            case "redirect":
                return Response(status=302, headers={"Location": INTERNAL_ADDRESS})
            case _:
                return None

    def after(
        self, call: Call, key: str, answer: Answer, send: Callable[[Answer], Response]
    ) -> Response:
        """Send the answer to a call that was booked, or what the plan makes of it.

        Raises:
            Rejected: what is switched on says that the network failed.
        """
        name = self._drawn(AFTER, call)
        body = answer.text.encode()
        match name:
            case "key_forgotten":
                self._book.forget_key(key)
            case "error_after":
                raise Rejected(500, "failed", "The network failed.")
            case "html":
                return Response(_PAGE, answer.status, content_type="text/html; charset=utf-8")
            case "ten_megabytes":
                return _json(_padded(body), answer.status, LARGE_BYTES)
            case "byte_a_second":
                return _json(self._dripping(body), answer.status, len(body))
            case _:
                return send(_marred(answer, name))
        return send(answer)

    def _drawn(self, names: tuple[str, ...], call: Call) -> str:
        """Draw one after the other; returns the first that happens, "" where none does."""
        plan = self._book.faults
        for name in names:
            if call.kind == "session" and name in NOT_OF_PAGES:
                continue
            if plan.draw(name, last4=call.last4, kind=call.kind):
                return name
        return ""

    def _keep_waiting(self) -> None:
        if self._slow.acquire(blocking=False):
            try:
                self._wait(LOST_SECONDS)
            finally:
                self._slow.release()

    def _dripping(self, body: bytes) -> Iterator[bytes]:
        """Send a byte a second and break off in time, for each such answer takes up a thread."""
        if not self._slow.acquire(blocking=False):
            return
        try:
            for place in range(min(len(body), SLOW_BYTES_MAX)):
                yield body[place : place + 1]
                self._wait(1.0)
        finally:
            self._slow.release()


def _named(values: dict[str, Any], name: str) -> str:
    """Return a token or reference as it was sent, unchecked; "" where there is none."""
    value = values.get(name)
    return value if isinstance(value, str) and value.isascii() else ""


def _json(body: Iterator[bytes], status: int, stated_bytes: int) -> Response:
    headers = {"Content-Length": str(stated_bytes)}
    return Response(body, status, headers, content_type="application/json")


def _broken_off() -> Response:
    """End the connection without an answer.

    The server offers no other way than a body that ends before it has begun: the client has a
    stated length and nothing of it.
    """
    return _json(iter(()), 200, _STATED_BYTES)


def _marred(answer: Answer, name: str) -> Answer:
    """Return the answer with one field wrong, or less of it; untouched where no fault is named."""
    told = answer.body
    match name:
        case "answer_lost":
            return replace(answer, lost=True)
        case "half_json":
            return replace(answer, text=answer.text[: len(answer.text) // 2])
        case "wrong_amount":
            told["amount_fen"] += 1
        case "wrong_currency":
            told["currency"] = "USD"
        case "wrong_reference":
            told["reference"] += "~"
        case _:
            return answer
    return replace(answer, text=written(told))


def _padded(text: bytes) -> Iterator[bytes]:
    """Send an answer that is whole and right, and ten megabytes long: blanks are JSON too."""
    yield text
    left = LARGE_BYTES - len(text)
    while left > 0:
        yield b" " * min(left, _CHUNK_BYTES)
        left -= _CHUNK_BYTES
