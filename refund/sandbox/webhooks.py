"""Webhooks: what is announced of each change, kept until it is delivered or given up."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from refund.sandbox.answers import stamp, written
from refund.sandbox.faults import NAMES, FaultPlan
from refund.sandbox.store import BookFile

MERCHANT = "refund"
OTHER_MERCHANT = "another-merchant"
LATE = timedelta(days=3)
REORDERED = timedelta(minutes=15)

FIRST_WAITS = timedelta(seconds=10)
"""How long an event that is to come before the answer is left to the one who gives the answer."""

RETRIES = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)
RETRIED_THEN = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(hours=72)
STALE = timedelta(hours=1)
TIMES = 50
DEADLINE_SECONDS = 5.0
BATCH = 50

_log = logging.getLogger(__name__)
_INSERT = """
    INSERT INTO webhook (event_id, manner, made_at, next_at, state, body)
    VALUES (:event_id, :manner, :made_at, :next_at, :state, :body)
"""
_COLUMNS = "SELECT number, manner, made_at, attempts, body FROM webhook WHERE state = 'waiting'"
_DUE = f"{_COLUMNS} AND next_at <= :now ORDER BY next_at, number LIMIT {BATCH}"
# The plus keeps SQLite from walking through all events there ever were for the sake of the order.
_FIRST = f"{_COLUMNS} AND manner = 'first' AND attempts = 0 ORDER BY +number"
_CLAIM = """
    UPDATE webhook SET attempts = attempts + 1, last_at = :now, next_at = :again
    WHERE number = :number AND attempts = :attempts AND state = 'waiting'
"""
_DONE = """
    UPDATE webhook SET state = :state, last_outcome = :outcome,
        next_at = CASE :state WHEN 'waiting' THEN next_at END WHERE number = :number
"""
_EXTRAS = ("webhook_forged", "webhook_stale", "webhook_other_merchant")
"""The faults that add an event to the true one."""
_NAMES = tuple(name for name, known in NAMES.items() if known.group == "webhooks")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a fault can be kept to: the end of a card, and a kind of operation."""

    last4: str
    kind: str


class Outbox:
    """The events that are to be sent, written in the transaction of what they tell.

    `announces` says whether there is anybody to send them to.
    """

    def __init__(self, file: BookFile, faults: FaultPlan, *, announces: bool) -> None:
        self._file = file
        self._faults = faults
        self._announces = announces

    def announce_operation(self, told: dict[str, Any], last4: str, at: datetime) -> None:
        """Announce a change of an operation, as the look-up tells it."""
        self._announce("operation.changed", {"operation": told}, last4, at)

    def announce_hold(self, told: dict[str, Any], last4: str, at: datetime) -> None:
        """Announce the end of a hold that no operation ended."""
        self._announce("hold.changed", {"hold": told}, last4, at)

    def _announce(self, what: str, told: dict[str, Any], last4: str, at: datetime) -> None:
        """Keep an event, and whatever the faults that are switched on make of it."""
        if not self._announces:
            return
        kind = str(told["operation"]["kind"]) if "operation" in told else "hold"
        if self._faults.can_any_happen(_NAMES):
            self._announce_amiss(what, told, Scope(last4, kind), at)
        else:
            self._keep(_event(what, MERCHANT, told, at), "", "waiting", at, at)

    def _announce_amiss(self, what: str, told: dict[str, Any], scope: Scope, at: datetime) -> None:
        """Keep an event while faults are switched on."""

        def happens(fault: str) -> bool:
            return self._faults.draw(fault, last4=scope.last4, kind=scope.kind)

        manner, state, next_at = "", "waiting", at
        if happens("webhook_never"):
            manner, state = "never", "given_up"
        elif happens("webhook_late"):
            manner, next_at = "late", at + LATE
        elif happens("webhook_reordered"):
            manner, next_at = "reordered", at + REORDERED
        elif happens("webhook_times_50"):
            manner = "times_50"
        elif happens("webhook_first"):
            manner, next_at = "first", at + FIRST_WAITS
        due = next_at if state == "waiting" else None
        self._keep(_event(what, MERCHANT, told, at), manner, state, at, due)
        for fault in _EXTRAS:
            if happens(fault):
                self._add(fault, what, told, at)

    def _add(self, fault: str, what: str, told: dict[str, Any], at: datetime) -> None:
        """Keep an event besides the true one: forged, signed long ago, or of another merchant."""
        merchant = OTHER_MERCHANT if fault == "webhook_other_merchant" else MERCHANT
        claimed = told if fault == "webhook_stale" else _twisted(told)
        manner = fault.removeprefix("webhook_")
        self._keep(_event(what, merchant, claimed, at), manner, "waiting", at, at)

    def _keep(
        self, event: dict[str, Any], manner: str, state: str, at: datetime, due: datetime | None
    ) -> None:
        """Keep an event; its id follows from what it tells and its place, and nobody guesses it."""
        with self._file.write() as db:
            number = self._file.rows("SELECT coalesce(max(number), 0) + 1 FROM webhook")[0][0]
            digest = hashlib.sha256(f"{number}|{stamp(at)}|{written(event)}".encode()).hexdigest()
            event = {"event_id": f"evt_{digest[:32]}", **event}
            db.execute(
                _INSERT,
                {
                    "event_id": event["event_id"],
                    "manner": manner,
                    "made_at": stamp(at),
                    "next_at": None if due is None else stamp(due),
                    "state": state,
                    "body": written(event),
                },
            )


def _event(what: str, merchant: str, told: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {"type": what, "merchant": merchant, "created_at": stamp(at), **told}


def _twisted(told: dict[str, Any]) -> dict[str, Any]:
    """What is told with another amount, as somebody would who wants to gain by it."""
    return {name: body | {"amount_fen": body["amount_fen"] * 2} for name, body in told.items()}


Post = Callable[[bytes, Mapping[str, str]], int]
"""Sends a body under headers and gives the answer's status, 0 when there was no answer."""


class Kept(Protocol):
    """What the sender needs of a book."""

    @property
    def file(self) -> BookFile:
        """The file in which the events are kept."""
        ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event that is to be sent, once more or for the first time."""

    number: int
    manner: str
    made_at: str
    attempts: int
    body: str

    def again_at(self, now: datetime) -> datetime:
        """When it is sent again if this attempt fails."""
        wait = RETRIES[self.attempts] if self.attempts < len(RETRIES) else RETRIED_THEN
        return now + wait

    def is_last(self, now: datetime) -> bool:
        """Whether nothing follows this attempt; what a fault added is sent once."""
        limit = datetime.fromisoformat(self.made_at) + GIVEN_UP_AFTER
        added = f"webhook_{self.manner}" in _EXTRAS
        return added or self.again_at(now) > limit


class WebhookSender:
    """Sends what waits in a book's outbox, each event until a 2xx answers it.

    An event is claimed before it is sent, so many threads may send; whatever ends between the
    two lets it be sent again.  Nothing is sent within a transaction.

    Args:
        book: whose events they are.
        post: sends one request.
        secret: by which they are signed.
    """

    def __init__(self, book: Kept, post: Post, secret: str = "") -> None:
        self._file = book.file
        self._post = post
        self._secret = secret

    def send_due(self, now: datetime) -> int:
        """Send every event whose time has come, and say how many were tried."""
        tried = 0
        while rows := self._file.rows(_DUE, {"now": stamp(now)}):
            tried += sum(self._send(_Waiting(*row), now) for row in rows)
        return tried

    def send_first(self, now: datetime) -> int:
        """Send the events that are to arrive before the answer of the call that made them."""
        return sum(self._send(_Waiting(*row), now) for row in self._file.rows(_FIRST))

    def _send(self, event: _Waiting, now: datetime) -> bool:
        """Try an event once, unless somebody else has just claimed it."""
        claim = {
            "number": event.number,
            "attempts": event.attempts,
            "now": stamp(now),
            "again": stamp(event.again_at(now)),
        }
        with self._file.write() as db:
            if not db.execute(_CLAIM, claim).rowcount:
                return False
        for _ in range(TIMES if event.manner == "times_50" else 1):
            status = self._post(event.body.encode(), self._headers(event, now))
        delivered = 200 <= status < 300
        state = "delivered" if delivered else "given_up" if event.is_last(now) else "waiting"
        done = {"number": event.number, "state": state, "outcome": str(status or "no answer")}
        with self._file.write() as db:
            db.execute(_DONE, done)
        return True

    def _headers(self, event: _Waiting, now: datetime) -> dict[str, str]:
        moment = now - STALE if event.manner == "stale" else now
        secret = f"not {self._secret}" if event.manner == "forged" else self._secret
        signed = signature(secret, int(moment.timestamp()), event.body.encode())
        return {"Content-Type": "application/json", "Network-Signature": signed}


def signature(secret: str, unix_seconds: int, body: bytes) -> str:
    """Return the header that proves when and by whom a body was sent."""
    proof = hmac.digest(secret.encode(), f"{unix_seconds}.".encode() + body, hashlib.sha256)
    return f"t={unix_seconds},v1={proof.hex()}"


def posting_to(url: str) -> Post:
    """Return what posts to this address: within 5 seconds, following no redirect.

    Args: `url` is on this machine; the settings refuse any other.
    """
    parts = urlsplit(url)
    pool = urllib3.HTTPConnectionPool(
        parts.hostname or "",
        parts.port,
        maxsize=2,
        retries=False,
        timeout=urllib3.Timeout(total=DEADLINE_SECONDS),
    )
    path = parts._replace(scheme="", netloc="").geturl() or "/"

    def post(body: bytes, headers: Mapping[str, str]) -> int:
        try:
            answer = pool.request(
                "POST", path, body=body, headers=headers, redirect=False, preload_content=False
            )
        except HTTPError as error:
            _log.info("no answer to a webhook: %s", type(error).__name__)
            return 0
        status = answer.status
        answer.close()  # Its status is all that counts, so nothing else is waited for.
        return status

    return post
