"""When travellers came, when and where they mean to leave, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.customs import Place
from refund.simulation.world.chance import Chance
from refund.simulation.world.flights import Timetable, later
from refund.simulation.world.plans import CustomsPlan, Departure, Fraud, Turn
from refund.simulation.world.scenario import Scenario

LONG_DAYS_MOST = 85
SHORT_DAYS_MOST = 60
LATE_DAYS_MOST = 120
ENTRY_DAYS_MOST = 90
STAY_DAYS = 183
"""The longest stay with which a purchase counts. Source: MOF 3/2015."""

OVERSTAY_DAYS_MOST = 120
TO_THE_PORT = timedelta(hours=4)
"""So long before the flight nobody shops in the city any more. Source: assumption."""

_BEFORE_LEAST_MIN = 5


@dataclass(frozen=True, slots=True)
class Journey:
    """A way through the country."""

    last_entry: date
    told: Departure
    leaves: Departure | None
    turn: Turn


class Itineraries:
    """Makes up the journeys of one world."""

    def __init__(self, scenario: Scenario) -> None:
        number = scenario.number
        self._timetable = Timetable(scenario)
        self._ports = scenario.weights("port")
        self._since_entry, self._leaves = (
            number("stay.since_entry_days"),
            number("stay.leaves_days"),
        )
        self._long, self._long_days = number("stay.long_share"), number("stay.long_days")
        self._overstay = number("document.overstay_share")
        self._late, self._late_days = number("change.late_share"), number("change.late_days")
        self._other_port = number("change.other_port_share")
        self._never = number("change.never_share")
        self._before_min = number("border.before_flight_min")
        self._before_spread = number("border.before_spread")
        self._boards_min = number("border.boards_min")
        self._before_check_in = number("border.before_check_in_share")
        self._forgets = number("border.forgets_share")
        self._bags_first = number("border.bags_first_share")
        self._cash = number("border.cash_share")

    def journey(self, chance: Chance, day: date, last_purchase: datetime) -> Journey:
        """The journey of somebody who shops on a day, until a moment of it."""
        is_long = chance.is_so("long", self._long)
        told = self._told(chance, day, last_purchase, is_long=is_long)
        turn, leaves = self._turned(chance, told)
        return Journey(self._entry(chance, day, is_long=is_long), told, leaves, turn)

    def _entry(self, chance: Chance, day: date, *, is_long: bool) -> date:
        days = min(chance.geometric("entry", self._since_entry), ENTRY_DAYS_MOST)
        if is_long:
            days = chance.whole("entry-long", 15, ENTRY_DAYS_MOST)
        if chance.is_so("overstay", self._overstay):
            days = STAY_DAYS + chance.whole("overstay-days", 1, OVERSTAY_DAYS_MOST)
        return day - timedelta(days=days)

    def _told(
        self, chance: Chance, day: date, last_purchase: datetime, *, is_long: bool
    ) -> Departure:
        days = min(chance.geometric("leaves", self._leaves), SHORT_DAYS_MOST)
        if is_long:
            days = 1 + chance.geometric("leaves-long", self._long_days - 1)
            days = min(days, LONG_DAYS_MOST)
        port = chance.pick("port", self._ports)
        told = self._timetable.drawn(port, day + timedelta(days=days), chance.share("flight"))
        return told if told.at >= last_purchase + TO_THE_PORT else later(told, 1)

    def _turned(self, chance: Chance, told: Departure) -> tuple[Turn, Departure | None]:
        """What becomes of what was told."""
        more = 1 + chance.geometric("late-days", self._late_days - 1)
        others = [(port, 1.0) for port, _ in self._ports if port != told.port]
        other_port = chance.pick("other-port", others)
        if chance.is_so("never", self._never):
            return Turn.NEVER, None
        if chance.is_so("late", self._late):
            return Turn.LATE, later(told, min(more, LATE_DAYS_MOST))
        if chance.is_so("other", self._other_port):
            return Turn.OTHER_PORT, Departure(told.at, other_port, f"SIM {other_port}")
        return Turn.AS_PLANNED, told

    def at_the_border(self, chance: Chance, fraud: Fraud, payout_card: str) -> CustomsPlan:
        """What is done there; who is up to something neither forgets nor loses the bags."""
        before_min = chance.lognormal("before", self._before_min, self._before_spread)
        before_min = max(before_min, self._boards_min + _BEFORE_LEAST_MIN)
        before = timedelta(seconds=int(before_min * 60))
        first = chance.is_so("check-in", self._before_check_in)
        is_honest = fraud in (Fraud.NONE, Fraud.SAME_INVOICE)
        forgets = is_honest and chance.is_so("forgets", self._forgets)
        bags_first = is_honest and chance.is_so("bags", self._bags_first)
        return CustomsPlan(
            before=before,
            where=Place.BEFORE_CHECK_IN if first and not bags_first else Place.AFTER_CHECK_IN,
            forgets=forgets or fraud is Fraud.EMPTY_HANDED,
            bags_first=bags_first,
            other_person=fraud is Fraud.LENT_PASSPORT,
            cash=chance.is_so("cash", self._cash),
            payout_cards=(payout_card,),
            patience=before - timedelta(minutes=self._boards_min),
        )
