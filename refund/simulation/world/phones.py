"""How travellers claim: how soon, how they want the money, and which cards they have with them."""

from __future__ import annotations

from datetime import timedelta

from refund.core.form import Method
from refund.sandbox.cards import TRIAL_CARDS, Behaviour
from refund.simulation.world.chance import Chance
from refund.simulation.world.plans import PhonePlan
from refund.simulation.world.scenario import Scenario

_BEHAVIOURS = {
    "declined": Behaviour.DECLINED,
    "insufficient": Behaviour.INSUFFICIENT,
    "expired": Behaviour.EXPIRED,
    "do_not_honour": Behaviour.DO_NOT_HONOUR,
    "restricted": Behaviour.RESTRICTED,
    "partial": Behaviour.PARTIAL,
    "hold_ended": Behaviour.HOLD_ENDED,
    "capture_declined": Behaviour.CAPTURE_DECLINED,
    "payout_refused": Behaviour.PAYOUT_REFUSED,
    "payout_pending_paid": Behaviour.PAYOUT_PENDING_PAID,
    "payout_pending_failed": Behaviour.PAYOUT_PENDING_FAILED,
    "payout_returned": Behaviour.PAYOUT_RETURNED,
    "lost_hold": Behaviour.LOST_HOLD,
    "lost_advance": Behaviour.LOST_ADVANCE,
}
"""Which trial card stands for which parameter of the group `card`."""

TROUBLE: dict[str, str] = {
    name: next(card.number for card in TRIAL_CARDS if card.behaviour is behaviour)
    for name, behaviour in _BEHAVIOURS.items()
}
GOOD: dict[str, str] = {
    card.brand.lower(): card.number for card in TRIAL_CARDS if card.behaviour is Behaviour.APPROVED
}
ACCOUNTS = {
    Method.CARD: "",
    Method.ALIPAY: "13800000021",
    Method.WECHAT_PAY: "13800000021",
    Method.BANK_ACCOUNT: "6222020200012345678",
}
"""Accounts that the simulated network knows."""

_LEAST_S = 2.0


class Phones:
    """Makes up how the travellers of one world claim."""

    def __init__(self, scenario: Scenario) -> None:
        number = scenario.number
        self._gives_up = number("phone.gives_up_share")
        self._scan_s, self._claim_s = number("phone.scan_after_s"), number("phone.claim_after_s")
        self._retry_s, self._spread = number("phone.retry_after_s"), number("phone.spread")
        self._methods = scenario.weights("method")
        self._brands = scenario.weights("brand")
        self._troubles = [(name, number(f"card.{name}")) for name in TROUBLE]
        self._second = number("card.second_share")

    def plan(self, traveller: Chance, purchase: Chance) -> PhonePlan:
        """What is done with the phone after one purchase; cards and method are the traveller's."""
        method = Method(traveller.pick("method", self._methods))
        return PhonePlan(
            scan_after=self._span(purchase, "scan", self._scan_s),
            claim_after=self._span(purchase, "claim", self._claim_s),
            gives_up=purchase.is_so("gives-up", self._gives_up),
            method=method,
            account=ACCOUNTS[method],
            cards=self._cards(traveller),
            retry_after=self._span(purchase, "retry", self._retry_s),
        )

    def good_card(self, traveller: Chance) -> str:
        """The card that the traveller has, if nothing is wrong with it."""
        return GOOD[traveller.pick("brand", self._brands)]

    def _cards(self, traveller: Chance) -> tuple[str, ...]:
        first = self.good_card(traveller)
        share = traveller.share("card")
        for name, probability in self._troubles:
            share -= probability
            if share < 0:
                first = TROUBLE[name]
                break
        if not traveller.is_so("second", self._second):
            return (first,)
        second = GOOD[traveller.pick("second-brand", self._brands)]
        return (first,) if second == first else (first, second)

    def _span(self, chance: Chance, name: str, mean_s: float) -> timedelta:
        seconds = chance.lognormal(name, mean_s, self._spread)
        return timedelta(seconds=int(max(seconds, _LEAST_S if mean_s else 0.0)))
