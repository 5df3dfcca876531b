"""What the control page shows of the book: what stands open in it, and what it announced last."""

from __future__ import annotations

import json
from dataclasses import dataclass

from refund.sandbox.course import PAYOUT_FAILED, PAYOUT_PAID
from refund.sandbox.network import Book

ROWS_MAX = 50
"""How many rows each list has at most."""

_HOLDS = """
    SELECT reference, last4, amount_fen - captured_fen - released_fen, expires_at FROM hold
    WHERE state = 'held' ORDER BY cursor DESC LIMIT :limit
"""
_PAYOUTS = """
    SELECT o.reference, o.kind, o.amount_fen, o.booked_at, d.at
    FROM due d JOIN operation o ON o.cursor = d.operation
    WHERE d.what IN (:paid, :failed) ORDER BY d.at, d.number LIMIT :limit
"""
_WEBHOOKS = """
    SELECT event_id, manner, state, attempts, last_outcome, made_at, next_at, body FROM webhook
    ORDER BY number DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that stands."""

    reference: str
    last4: str
    standing_fen: int
    expires_at: str


@dataclass(frozen=True, slots=True)
class PendingPayout:
    """A payout of which nobody knows yet whether it will be paid; it shows at `due_at`."""

    reference: str
    kind: str
    amount_fen: int
    booked_at: str
    due_at: str


@dataclass(frozen=True, slots=True)
class Announced:
    """A webhook: which fault made it what it is, and how its delivery went so far."""

    type: str
    reference: str
    event_id: str
    manner: str
    state: str
    attempts: int
    last_outcome: str
    made_at: str
    next_at: str | None


def open_holds(book: Book) -> list[OpenHold]:
    """List the holds that stand, the latest first."""
    return [OpenHold(*row) for row in book.file.rows(_HOLDS, {"limit": ROWS_MAX})]


def pending_payouts(book: Book) -> list[PendingPayout]:
    """List the payouts that are pending, the next to be decided first."""
    which = {"paid": PAYOUT_PAID, "failed": PAYOUT_FAILED, "limit": ROWS_MAX}
    return [PendingPayout(*row) for row in book.file.rows(_PAYOUTS, which)]


def webhooks(book: Book) -> list[Announced]:
    """List the webhooks, the latest first."""
    found = []
    for row in book.file.rows(_WEBHOOKS, {"limit": ROWS_MAX}):
        event = json.loads(row[7])
        concerned = event.get("operation") or event.get("hold") or {}
        found.append(Announced(event["type"], concerned.get("reference", ""), *row[:7]))
    return found
