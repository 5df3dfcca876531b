"""Webhooks: what is announced of each change, kept until it is delivered or given up."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from refund.sandbox.answers import stamp, written
from refund.sandbox.faults import FaultPlan
from refund.sandbox.store import BookFile

MERCHANT = "refund"
OTHER_MERCHANT = "another-merchant"
LATE = timedelta(days=3)
REORDERED = timedelta(minutes=15)

_INSERT = """
    INSERT INTO webhook (event_id, manner, made_at, next_at, state, body)
    VALUES (:event_id, :manner, :made_at, :next_at, :state, :body)
"""
_EXTRAS = ("webhook_forged", "webhook_stale", "webhook_other_merchant")
"""The faults that add an event to the true one."""


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

        def happens(fault: str) -> bool:
            return self._faults.draw(fault, last4=last4, kind=kind)

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
            manner = "first"
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
