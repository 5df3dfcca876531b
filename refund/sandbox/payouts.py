"""Money that is paid out: at once, or pending and then paid or failed, and sometimes returned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund.sandbox.answers import stamp
from refund.sandbox.cards import Behaviour
from refund.sandbox.course import PAYOUT_FAILED, PAYOUT_PAID, PAYOUT_RETURNED, Course
from refund.sandbox.faults import FaultPlan
from refund.sandbox.fees import PAYOUT_FEE_FEN
from refund.sandbox.journal import Change, Journal, Request, Verdict
from refund.sandbox.store import BookFile
from refund.sandbox.tokens import Target, Tokens

PENDING_LASTS = timedelta(minutes=10)
RETURNED_AFTER = timedelta(days=2)

_COURSES = {
    Behaviour.PAYOUT_PENDING_PAID: PAYOUT_PAID,
    Behaviour.PAYOUT_PENDING_FAILED: PAYOUT_FAILED,
    Behaviour.PAYOUT_RETURNED: PAYOUT_RETURNED,
}


@dataclass(frozen=True, slots=True)
class Payouts:
    """Decides on payouts, and does what becomes of them later."""

    file: BookFile
    tokens: Tokens
    journal: Journal
    course: Course
    faults: FaultPlan
    new_id: Callable[[str], str]

    def __post_init__(self) -> None:
        """Say what is done when the time of a payout has come."""
        self.course.learn(
            {
                PAYOUT_PAID: self._become_paid,
                PAYOUT_FAILED: self._fail,
                PAYOUT_RETURNED: self._come_back,
            }
        )

    def decide(self, request: Request, now: datetime) -> Verdict:
        """Pay, refuse, or let it be pending; whether it is returned shows later.

        Raises: Rejected `unknown_card`, `unknown_payout`.
        """
        target = self.tokens.target(request.token, request.method)
        told: dict[str, Any] = {"method": request.method}
        if target.behaviour is Behaviour.PAYOUT_REFUSED:
            reason = {"reason": target.behaviour.value}
            return Verdict(402, "refused", told | reason, last4=target.last4)
        told["network_id"] = self.new_id(request.kind)
        fate = self._fate(target, request.kind)
        if fate in {PAYOUT_PAID, PAYOUT_FAILED}:
            return Verdict(
                202,
                "pending",
                told,
                last4=target.last4,
                behaviour=target.behaviour,
                then=lambda cursor: self.course.plan(now + PENDING_LASTS, fate, cursor),
            )
        return Verdict(
            201,
            "paid",
            told | {"paid_at": stamp(now)},
            fee_fen=PAYOUT_FEE_FEN,
            last4=target.last4,
            behaviour=target.behaviour,
            then=lambda cursor: self._plan_return(cursor, fate, now),
        )

    def _fate(self, target: Target, kind: str) -> str:
        """What becomes of a payout: by its card, or by a fault that is switched on."""
        for behaviour, fate in _COURSES.items():
            drawn = self.faults.draw(behaviour.value, last4=target.last4, kind=kind)
            if drawn or target.behaviour is behaviour:
                return fate
        return ""

    def _plan_return(self, cursor: int, fate: str, now: datetime) -> None:
        if fate:
            self.course.plan(now + RETURNED_AFTER, fate, cursor)

    def _become_paid(self, cursor: int, at: datetime) -> None:
        amount_fen = self._amount_fen(cursor)
        told = {"paid_at": stamp(at)}
        self.journal.change(cursor, Change("paid", at, told, amount_fen, PAYOUT_FEE_FEN))

    def _fail(self, cursor: int, at: datetime) -> None:
        told = {"reason": "payout_failed"}
        self.journal.change(cursor, Change("refused", at, told, self._amount_fen(cursor)))

    def _come_back(self, cursor: int, at: datetime) -> None:
        told = {"returned_at": stamp(at)}
        self.journal.change(cursor, Change("returned", at, told, self._amount_fen(cursor)))

    def _amount_fen(self, cursor: int) -> int:
        sql = "SELECT amount_fen FROM operation WHERE cursor = :cursor"
        return int(self.file.rows(sql, {"cursor": cursor})[0][0])
