"""What is decided on holds: granting, extending, raising, releasing and charging them."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund.sandbox.answers import stamp
from refund.sandbox.cards import Behaviour, has_expired
from refund.sandbox.errors import Rejected
from refund.sandbox.faults import FaultPlan
from refund.sandbox.fees import capture_fee_fen
from refund.sandbox.holds import Hold, Holds, Opening
from refund.sandbox.journal import Journal, Request, Verdict
from refund.sandbox.tokens import GivenCard, Tokens

ENDED_AFTER = timedelta(days=2)
"""When the bank ends a hold of the card, or by the fault, that is made for it."""

_REFUSED = {
    Behaviour.DECLINED,
    Behaviour.INSUFFICIENT,
    Behaviour.EXPIRED,
    Behaviour.DO_NOT_HONOUR,
    Behaviour.RESTRICTED,
}
_ENDED = {
    "expired": (402, "hold_expired"),
    "ended": (402, "hold_expired"),
    "released": (409, "hold_already_ended"),
    "captured": (409, "hold_already_ended"),
}


@dataclass(frozen=True, slots=True)
class Guarantees:
    """Decides on holds; what it decides is booked by the journal."""

    holds: Holds
    tokens: Tokens
    journal: Journal
    faults: FaultPlan
    new_id: Callable[[str], str]

    def decide_hold(self, request: Request, now: datetime) -> Verdict:
        """Grant a hold for as long as the card's brand lets it last, all or a part, or refuse it.

        Raises: Rejected `unknown_card`.
        """
        card = self.tokens.card(request.token)
        behaviour = card.behaviour
        if has_expired(card.expiry, now.date()):
            behaviour = Behaviour.EXPIRED
        if behaviour in _REFUSED:
            return Verdict(402, "refused", {"reason": behaviour.value}, last4=card.last4)
        approved_fen = request.amount_fen
        if self._happens("approved_for_less", card) or behaviour is Behaviour.PARTIAL:
            approved_fen = max(1, request.amount_fen // 2)
        ends = self._happens("hold_ended_early", card) or behaviour is Behaviour.HOLD_ENDED
        opening = Opening(
            reference=request.reference,
            card_token=request.token,
            brand=card.brand,
            last4=card.last4,
            booked_at=now,
            expires_at=card.scheme.first_end(now),
            asked_fen=request.amount_fen,
            amount_fen=approved_fen,
            ends_at=now + ENDED_AFTER if ends else None,
        )
        return Verdict(
            201,
            "held",
            self._granted(card, opening),
            moved_fen=approved_fen,
            last4=card.last4,
            behaviour=behaviour,
            then=lambda cursor: self.holds.open(cursor, opening),
        )

    def _granted(self, card: GivenCard, opening: Opening) -> dict[str, Any]:
        network_id = self.new_id("hold")
        code = b32encode(hashlib.sha256(network_id.encode()).digest())[:6].decode()
        return {
            "network_id": network_id,
            "authorisation_code": code,
            "approved_fen": opening.amount_fen,
            "expires_at": stamp(opening.expires_at),
            "brand": card.brand,
            "last4": card.last4,
            "extendable": card.scheme.extends,
            "increments": card.scheme.increments,
        }

    def decide_extension(self, request: Request, now: datetime) -> Verdict:
        """Let a hold last longer, where its brand can.

        Raises: Rejected `unknown_hold`.
        """
        hold = self._hold(request)
        amount_fen = hold.standing_fen or hold.amount_fen
        if hold.state in _ENDED:
            return _refused(hold, amount_fen, *_ENDED[hold.state])
        if not hold.extendable:
            return _refused(hold, amount_fen, 402, "not_extendable")
        later = self.holds.prolong(hold, hold.later_end(now))
        told = _told(later) | {"network_id": self.new_id("extend"), "expires_at": later.expires_at}
        told["extendable"] = later.extendable
        return _done(hold, amount_fen, "extended", told)

    def decide_increase(self, request: Request, now: datetime) -> Verdict:
        """Let a hold stand for more, where its brand can.

        Raises: Rejected `unknown_hold`.
        """
        hold = self._hold(request)
        amount_fen = request.amount_fen
        if hold.state in _ENDED:
            return _refused(hold, amount_fen, *_ENDED[hold.state])
        if not hold.scheme.increments:
            return _refused(hold, amount_fen, 402, "not_incremental")
        above = hold.partial and hold.amount_fen + amount_fen > hold.asked_fen
        if above or has_expired(self.tokens.card(hold.card_token).expiry, now.date()):
            return _refused(hold, amount_fen, 402, "declined")
        raised = self.holds.raise_by(hold, amount_fen)
        told = _told(raised) | {"network_id": self.new_id("increase")}
        return _done(hold, amount_fen, "increased", told | {"approved_fen": raised.amount_fen})

    def decide_release(self, request: Request, now: datetime) -> Verdict:
        """Give a hold back, or a part of it, once and not after its time.

        Raises: Rejected `unknown_hold`, `amount_above_hold`.
        """
        hold = self._hold(request)
        part_fen = request.part_fen or hold.standing_fen
        if hold.state in _ENDED:
            return _refused(hold, part_fen or hold.amount_fen, *_ENDED[hold.state])
        _require_standing(hold, part_fen, part_fen)
        if self._happens("release_and_capture", hold, "release"):
            return self._release_and_capture(request, hold, part_fen, now)
        ended = self.holds.end_part(hold, 0, part_fen)
        return _done(hold, part_fen, "released", self._released(ended, part_fen, now))

    def decide_capture(self, request: Request, now: datetime) -> Verdict:
        """Charge a hold, or a part of it; the rest of the part is given back with it.

        Raises: Rejected `unknown_hold`, `amount_above_hold`.
        """
        hold = self._hold(request)
        part_fen = request.part_fen or hold.standing_fen
        amount_fen = request.amount_fen
        if hold.state in _ENDED:
            return _refused(hold, amount_fen, *_ENDED[hold.state])
        _require_standing(hold, amount_fen, part_fen)
        declines = self.tokens.card(hold.card_token).behaviour is Behaviour.CAPTURE_DECLINED
        if self._happens("capture_declined", hold, "capture") or declines:
            return _refused(hold, amount_fen, 402, "capture_declined")
        captured_fen = amount_fen
        if self._happens("partial_capture", hold, "capture"):
            captured_fen = max(1, amount_fen // 2)
        ended = self.holds.end_part(hold, captured_fen, part_fen - captured_fen)
        told = self._captured(ended, captured_fen, part_fen - captured_fen, now)
        return _done(hold, amount_fen, "captured", told, captured_fen)

    def _release_and_capture(
        self, request: Request, hold: Hold, part_fen: int, now: datetime
    ) -> Verdict:
        """Answer a release, while the bank captures under a reference of its own."""
        ended = self.holds.end_part(hold, part_fen, 0)

        def capture(cursor: int) -> None:
            own = Request(f"issuer-{cursor}", "capture", part_fen, request.hold_reference)
            told = self._captured(ended, part_fen, 0, now)
            self.journal.enter(own, _done(hold, part_fen, "captured", told, part_fen), now)

        told = self._released(ended, part_fen, now)
        return _done(hold, part_fen, "released", told, then=capture)

    def _released(self, ended: Hold, released_fen: int, now: datetime) -> dict[str, Any]:
        done = {"network_id": self.new_id("release"), "released_fen": released_fen}
        return _told(ended) | done | {"released_at": stamp(now)}

    def _captured(
        self, ended: Hold, captured_fen: int, released_fen: int, now: datetime
    ) -> dict[str, Any]:
        done = {"network_id": self.new_id("capture"), "captured_fen": captured_fen}
        return _told(ended) | done | {"released_fen": released_fen, "captured_at": stamp(now)}

    def _hold(self, request: Request) -> Hold:
        hold = self.holds.find(request.hold_reference)
        if hold is None:
            raise Rejected(404, "unknown_hold", "There is no such hold.")
        return hold

    def _happens(self, fault: str, card: GivenCard | Hold, kind: str = "hold") -> bool:
        return self.faults.draw(fault, last4=card.last4, kind=kind)


def _require_standing(hold: Hold, amount_fen: int, part_fen: int) -> None:
    if not amount_fen <= part_fen <= hold.standing_fen:
        raise Rejected(422, "amount_above_hold", "The amount is above what stands.")


def _told(hold: Hold) -> dict[str, Any]:
    return {"hold_reference": hold.reference, "hold_state": hold.state}


def _refused(hold: Hold, amount_fen: int, status: int, reason: str) -> Verdict:
    told = _told(hold) | {"reason": reason}
    return Verdict(status, "refused", told, amount_fen, last4=hold.last4, hold=hold.cursor)


def _done(
    hold: Hold,
    amount_fen: int,
    state: str,
    told: dict[str, Any],
    captured_fen: int = 0,
    then: Callable[[int], None] | None = None,
) -> Verdict:
    """What is decided with success; `captured_fen` is what is really charged."""
    return Verdict(
        201,
        state,
        told,
        amount_fen,
        moved_fen=captured_fen or amount_fen,
        fee_fen=capture_fee_fen(captured_fen) if captured_fen else 0,
        last4=hold.last4,
        hold=hold.cursor,
        then=then,
    )
