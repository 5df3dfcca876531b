"""The travellers of a world, day by day, each with all that they are going to do."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

from refund.core.calendar import SHANGHAI
from refund.core.form import Channel
from refund.simulation.world.baskets import Baskets, everything, fewer, trade_of
from refund.simulation.world.busy_days import busy_days_of
from refund.simulation.world.chance import Chance, Streams
from refund.simulation.world.identities import Identities, Person
from refund.simulation.world.itineraries import Itineraries, Journey
from refund.simulation.world.phones import Phones
from refund.simulation.world.plans import (
    Fraud,
    GoodsBack,
    PurchasePlan,
    TravellerPlan,
    Units,
    WrongPassport,
)
from refund.simulation.world.scenario import Scenario

NUMBERS_A_DAY = 100_000
"""How far the numbers of two days' travellers are apart; no day has as many."""

STORES_MOST = 6
MALL = 14
"""So many stores stand together, as in the register: a traveller's stores are of one mall."""

_BEFORE_CLOSING = timedelta(minutes=30)
_SPLIT_STORES = 4
_COMPANION = 1


class Population:
    """Everybody who shops in a world; the same scenario and seed give the same people."""

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        self._scenario, self._streams = scenario, streams
        self._identities, self._itineraries = Identities(scenario), Itineraries(scenario)
        self._phones, self._baskets = Phones(scenario), Baskets(scenario, streams)
        number = scenario.number
        self._busy = busy_days_of(scenario)
        self._stores = scenario.count("world.stores")
        shares = (trade_of(one, streams).share for one in range(1, self._stores + 1))
        self._store_shares = list(accumulate(shares))
        self._stores_more = number("visit.stores_mean") - 1
        self._between_min = number("visit.between_min")
        self._ordinary = number("visit.ordinary_share")
        self._together = number("visit.together_share")
        self._together_min = number("visit.together_after_min")
        self._has_point = scenario.count("desk.point_staff") > 0
        self._fewer = number("border.fewer_share")
        self._returns = number("change.returns_share")
        self._wrong = number("change.wrong_passport_share")
        self._noticed = number("change.wrong_passport_noticed_share")
        self._frauds = [
            (fraud, number(f"fraud.{fraud.value}_share"))
            for fraud in Fraud
            if fraud is not Fraud.NONE
        ]

    def travellers_of(self, day: date) -> Iterator[TravellerPlan]:
        """Everybody who shops on a day, in the order in which they begin to."""
        places = range(self.count_of(day))
        plans = (self._traveller(day, place) for place in places)
        shopping = [plan for plan in plans if plan.purchases]
        return iter(sorted(shopping, key=lambda plan: (plan.purchases[0].at, plan.number)))

    def count_of(self, day: date) -> int:
        """How many come to shop on a day; another mean adds or takes away the last ones."""
        mean = self._scenario.number("crowd.travellers_per_store_day") * self._stores
        mean *= self._busy.factor(day)
        count = self._streams.of_names("crowd", day).poisson("count", mean)
        return min(count, NUMBERS_A_DAY // 2)

    def _traveller(self, day: date, place: int) -> TravellerPlan:
        chance = self._streams.of_names("traveller", day, place)
        day_number = (day - self._scenario.begins).days
        number = (day_number * NUMBERS_A_DAY) + 2 * place + 1
        person = self._identities.person(number, chance, day)
        fraud = self._fraud(chance)
        moments = self._moments(chance, day, fraud)
        last = moments[-1] if moments else self._opens(day)
        journey = self._itineraries.journey(chance, day, last)
        purchases = self._purchases(chance, number, moments, fraud)
        purchases = self._changed(chance, purchases, journey, fraud)
        purchases = self._mistaken(chance, purchases, number, journey, day)
        card = self._phones.good_card(chance)
        return TravellerPlan(
            number=number,
            traveller=person.entered(journey.last_entry),
            sex=person.sex,
            language=person.language,
            contact=f"traveller-{number}@example.org",
            purchases=purchases,
            point_at=self._point_at(chance, purchases),
            told=journey.told,
            leaves=journey.leaves,
            turn=journey.turn,
            customs=self._itineraries.at_the_border(chance, fraud, card),
            fraud=fraud,
        )

    def _fraud(self, chance: Chance) -> Fraud:
        share = chance.share("fraud")
        for fraud, probability in self._frauds:
            share -= probability
            if share < 0:
                return fraud
        return Fraud.NONE

    # Purchases.

    def _opens(self, day: date) -> datetime:
        return _moment(day, self._scenario.clock("desk.opens"))

    def _closes(self, day: date) -> datetime:
        return _moment(day, self._scenario.clock("desk.closes"))

    def _moments(self, chance: Chance, day: date, fraud: Fraud) -> list[datetime]:
        """When the traveller comes to each counter; none after the doors close."""
        opens, closes = self._opens(day), self._closes(day) - _BEFORE_CLOSING
        if closes <= opens:
            return []
        peak = min(max(_moment(day, self._scenario.clock("crowd.peak_at")), opens), closes)
        at = _triangular(chance.share("begins"), opens, peak, closes)
        count = min(1 + chance.geometric("stores", self._stores_more), STORES_MOST)
        if fraud is Fraud.SPLIT:
            count = _SPLIT_STORES
        moments = []
        for place in range(count):
            moments.append(at)
            minutes = chance.exponential(f"between-{place}", self._between_min)
            at += timedelta(seconds=int(60 * max(minutes, 1.0)))
        return [moment for moment in moments if moment <= closes]

    def _purchases(
        self, chance: Chance, number: int, moments: list[datetime], fraud: Fraud
    ) -> tuple[PurchasePlan, ...]:
        is_ordinary = chance.is_so("ordinary", self._ordinary) and fraud is Fraud.NONE
        found = []
        for place, at in enumerate(moments):
            own = chance.under("purchase", place)
            store_number = self._store(chance, place)
            fill = self._baskets.just_below if fraud is Fraud.SPLIT else self._baskets.fill
            purchase = PurchasePlan(
                at=at,
                store_number=store_number,
                invoices=fill(store_number, own, f"SIM{number:012d}{place}"),
                channel=Channel.ORDINARY if is_ordinary else Channel.INSTANT,
                phone=None if is_ordinary else self._phones.plan(chance, own),
            )
            found.append(purchase)
        return tuple(found)

    def _store(self, chance: Chance, place: int) -> int:
        """The first store by the trades' shares, then the ones beside it, one way or the other."""
        target = chance.share("store") * self._store_shares[-1]
        first = min(bisect_right(self._store_shares, target), self._stores - 1)
        mall = first // MALL * MALL
        size = min(MALL, self._stores - mall)
        step = 1 if chance.is_so("onwards", 0.5) else -1
        return mall + (first - mall + place * step) % size + 1

    def _point_at(self, chance: Chance, purchases: tuple[PurchasePlan, ...]) -> datetime | None:
        """When all forms are claimed together, if they are."""
        phones = [one for one in purchases if one.phone is not None]
        wants = chance.is_so("together", self._together)
        if not (wants and len(phones) > 1 and self._has_point):
            return None
        minutes = chance.exponential("together-after", self._together_min)
        at = phones[-1].at + timedelta(minutes=10, seconds=int(60 * minutes))
        closes = self._closes(phones[-1].day) - _BEFORE_CLOSING / 2
        return at if at <= closes else None

    # What becomes of them.

    def _changed(
        self, chance: Chance, purchases: tuple[PurchasePlan, ...], journey: Journey, fraud: Fraud
    ) -> tuple[PurchasePlan, ...]:
        """The purchases with what is not shown, brought back, or brought twice."""
        if not purchases:
            return purchases
        chosen = chance.whole("chosen", 0, len(purchases) - 1)
        found = list(purchases)
        one = found[chosen]
        if fraud in (Fraud.SPLIT, Fraud.EMPTY_HANDED):
            return tuple(replace(each, not_shown=everything(each.invoices)) for each in found)
        if fraud is Fraud.SAME_INVOICE:
            again = one.at + timedelta(minutes=chance.whole("again", 20, 120))
            found[chosen] = replace(one, again=again)
            return tuple(found)
        if chance.is_so("fewer", self._fewer):
            one = replace(one, not_shown=fewer(one.invoices, chance))
        if chance.is_so("returns", self._returns):
            back = self._goods_back(chance, one, journey)
            # What is at the store again is not missing at customs.
            missing: tuple[Units, ...] = () if back is not None else one.not_shown
            one = replace(one, goods_back=back, not_shown=missing)
        found[chosen] = one
        return tuple(found)

    def _goods_back(
        self, chance: Chance, purchase: PurchasePlan, journey: Journey
    ) -> GoodsBack | None:
        """Goods brought back on the same day, or on a later one before the departure."""
        units = fewer(purchase.invoices, chance) if chance.is_so("part-back", 0.5) else ()
        days = chance.whole("back-days", 0, 2)
        minutes = chance.whole("back-minutes", 40, 180)
        at = purchase.at + timedelta(minutes=minutes)
        if days:
            opens = self._opens(purchase.day + timedelta(days=days))
            at = opens + timedelta(minutes=minutes)
        left = journey.told.at - timedelta(hours=4)
        closes = self._closes(purchase.day + timedelta(days=days)) - _BEFORE_CLOSING
        return GoodsBack(at, units) if at < min(left, closes) else None

    def _mistaken(
        self,
        chance: Chance,
        purchases: tuple[PurchasePlan, ...],
        number: int,
        journey: Journey,
        day: date,
    ) -> tuple[PurchasePlan, ...]:
        """The first purchase with a companion's document, where the clerk took that."""
        if not purchases or not chance.is_so("wrong", self._wrong):
            return purchases
        own = chance.under("companion")
        companion: Person = self._identities.person(number + _COMPANION, own, day)
        after = timedelta(minutes=own.whole("after", 5, 40))
        noticed = after if own.is_so("noticed", self._noticed) else None
        wrong = WrongPassport(companion.entered(journey.last_entry), noticed)
        return (replace(purchases[0], wrong_passport=wrong), *purchases[1:])


def travellers_of(scenario: Scenario, streams: Streams, day: date) -> Iterator[TravellerPlan]:
    """Everybody who shops on one day of a world; for many days, keep a `Population`."""
    return Population(scenario, streams).travellers_of(day)


def _triangular(share: float, least: datetime, peak: datetime, most: datetime) -> datetime:
    """The quantile of a triangle whose top is at the peak, in whole seconds."""
    width, rise = (most - least).total_seconds(), (peak - least).total_seconds()
    if share * width < rise:
        seconds = math.sqrt(share * width * rise)
    else:
        seconds = width - math.sqrt((1 - share) * width * (width - rise))
    return least + timedelta(seconds=int(seconds))


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SHANGHAI).astimezone(UTC)
