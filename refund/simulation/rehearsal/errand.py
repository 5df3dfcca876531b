"""What a traveller is going to do with a form: when, with which cards, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from refund.core.calendar import SHANGHAI, day_of
from refund.core.customs import Place
from refund.core.entitlement import LineKey
from refund.core.form import Form, Method
from refund.core.traveller import Traveller
from refund.simulation.runs.acts import ACCOUNT, VISA, Payee, Wish
from refund.simulation.runs.shopping import quantities_of
from refund.simulation.world.chance import Chance
from refund.simulation.world.plans import PurchasePlan, TravellerPlan, Turn

EVERYTHING: LineKey = (-1, -1)
"""Stands for every unit of a form, where all of it is brought back."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What the traveller of one form means to do.

    Args:
        traveller: who really stands there.
        cards: given on the network's page, one after the other.
        customs_at: when the traveller joins the queue at customs; None where that is forgotten.
        leaves_at: of the flight; None for somebody who is never seen.
        is_sent: whether the person who plays the traveller sent that one to the port.
        last_day_counts: whether a departure that was missed is only made up within the promise.
        hidden: how many of each line customs will not see.
        other_person: who stands at customs is not the traveller of the form.
        notices_at: when the traveller sees that the form is made out on another's document.
        back_at: when goods are brought back to the store.
        back: how many of each line; EVERYTHING for all.
        is_photographed: a stranger has taken a picture of the code, and guesses at the claim code.
    """

    traveller: Traveller
    scan_at: datetime
    claim_at: datetime
    retry_after: timedelta
    cards: tuple[str, ...]
    method: Method
    account: str
    contact: str
    language: str
    gives_up: bool
    told_at: datetime
    customs_at: datetime | None
    place: Place
    leaves_at: datetime | None
    port: str
    pays_cash: bool
    payout_cards: tuple[str, ...]
    hidden: Mapping[LineKey, int] = field(default_factory=dict)
    other_person: bool = False
    notices_at: datetime | None = None
    back_at: datetime | None = None
    back: Mapping[LineKey, int] = field(default_factory=dict)
    is_photographed: bool = False
    last_day_counts: bool = True
    is_sent: bool = False

    def wish(self, form: Form, shown: Traveller, tried: int) -> Wish:
        """How the money should come, with the card that is next after so many."""
        return Wish(
            name=shown.latin_name,
            document_tail=shown.document.number[-4:],
            method=self.method,
            card=self.cards[min(tried, len(self.cards) - 1)],
            account=self.account,
            departs_on=min(day_of(self.told_at), form.depart_by),
            port=form.port,
            contact=self.contact,
            language=self.language,
        )

    def payee(self) -> Payee:
        """Who stands at the agency's counter."""
        card = self.payout_cards[0] if self.payout_cards else VISA
        return Payee(self.traveller.document, self.traveller.latin_name, card=card)


def planned(form: Form, plan: TravellerPlan, purchase: PurchasePlan) -> Errand:
    """What a traveller of the population does with a form of one of the purchases."""
    phone, leaves, customs = purchase.phone, plan.leaves, plan.customs
    scan_at = form.issued_at + (phone.scan_after if phone else timedelta(minutes=2))
    back, wrong = purchase.goods_back, purchase.wrong_passport
    noticed_after = None if wrong is None else wrong.noticed_after
    whole = {EVERYTHING: 1}
    return Errand(
        traveller=plan.traveller,
        scan_at=scan_at,
        claim_at=scan_at + (phone.claim_after if phone else timedelta(minutes=2)),
        retry_after=phone.retry_after if phone else timedelta(minutes=2),
        cards=(phone.cards if phone else ()) or (VISA,),
        method=phone.method if phone else Method.CARD,
        account=phone.account if phone else ACCOUNT,
        contact=plan.contact,
        language=plan.language,
        gives_up=phone is None or phone.gives_up,
        told_at=plan.told.at,
        customs_at=None if leaves is None or customs.forgets else leaves.at - customs.before,
        place=customs.where,
        leaves_at=None if leaves is None else leaves.at,
        port=(leaves or plan.told).port,
        pays_cash=customs.cash,
        payout_cards=customs.payout_cards,
        hidden=quantities_of(purchase.not_shown),
        other_person=customs.other_person,
        notices_at=None if noticed_after is None else form.issued_at + noticed_after,
        back_at=None if back is None else back.at,
        back={} if back is None else quantities_of(back.units) or whole,
        last_day_counts=plan.turn is Turn.AS_PLANNED,
    )


def improvised(form: Form, traveller: Traveller, chance: Chance) -> Errand:
    """What somebody does of whom nobody has a plan: a person made the form, or a drill."""
    scan_at = form.issued_at + timedelta(seconds=chance.whole("scan", 60, 180))
    stay_days = (form.depart_by - form.issue_day).days
    day = form.issue_day + timedelta(days=chance.whole("days", 1, max(1, min(5, stay_days))))
    flight = time(chance.whole("hour", 9, 21), 5 * chance.whole("minute", 0, 11))
    leaves_at = datetime.combine(day, flight, SHANGHAI)
    return Errand(
        traveller=traveller,
        scan_at=scan_at,
        claim_at=scan_at + timedelta(seconds=chance.whole("claim", 60, 180)),
        retry_after=timedelta(minutes=2),
        cards=(VISA,),
        method=Method.CARD,
        account=ACCOUNT,
        contact="",
        language="en",
        gives_up=False,
        told_at=leaves_at,
        customs_at=leaves_at - timedelta(minutes=chance.whole("before", 90, 150)),
        place=Place.BEFORE_CHECK_IN,
        leaves_at=leaves_at,
        port=form.port,
        pays_cash=True,
        payout_cards=(),
    )
