"""A desk with a queue: people come, wait for one of those who work there, are served and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from refund.simulation.engine.agenda import Agenda
from refund.simulation.world.chance import Chance, exponential_quantile
from refund.simulation.world.desk_hours import (
    DAY_US,
    MICROSECOND,
    DeskHours,
    moment_of,
    us_of,
    us_of_day,
)
from refund.simulation.world.plans import DeskKind, DeskPlan, Others

Doing = Callable[[], object]

_SENDS_HOME = (DeskKind.COUNTER, DeskKind.POINT)
"""These close their doors: who would still wait then goes home at once."""

_HOUR_US = timedelta(hours=1) // MICROSECOND
_STEPS = 2048
"""Into so many equal parts the times of others are cut, of which one is drawn."""

_GAPS = tuple(exponential_quantile((step + 0.5) / _STEPS) for step in range(_STEPS))


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who was served: when they came, when it began, when it was done."""

    who: int
    arrived: datetime
    begun: datetime
    ended: datetime

    @property
    def wait_s(self) -> float:
        """Seconds in the queue."""
        return (self.begun - self.arrived).total_seconds()

    @property
    def busy_s(self) -> float:
        """Seconds of service."""
        return (self.ended - self.begun).total_seconds()


class Desk:
    """First come, first served, by as many people as the plan says for the hour.

    Because nobody overtakes, it is known at the moment of joining when the service begins.  Who is
    being served when a shift ends is served to the end; a queue outlives a break at a port, and is
    sent home by a store.

    Args:
        plan: hours, people, times of service, and who comes besides.
        agenda: on which everything happens; its clock says what time it is.
        chance: of this desk; a visitor's time of service does not depend on other visitors.
    """

    def __init__(self, plan: DeskPlan, agenda: Agenda, chance: Chance) -> None:
        self.plan = plan
        self.visits: list[Visit] = []
        self.gave_up = 0
        self.sent_home = 0
        self._agenda, self._chance = agenda, chance
        self._hours = DeskHours(plan.shifts)
        self._free = [0] * self._hours.most
        self._times: dict[int, int] = {}
        self._others = None if plan.others is None else _Stream(plan, chance.under("others"))

    @property
    def name(self) -> str:
        """The plan's name."""
        return self.plan.name

    @property
    def others_served(self) -> int:
        """How many others were served up to the last traveller's arrival."""
        return 0 if self._others is None else self._others.served

    @property
    def others_busy_s(self) -> float:
        """Seconds of service that they took."""
        return 0.0 if self._others is None else self._others.busy_us / 1e6

    def join(self, who: int, do: Doing, patience: timedelta | None = None) -> None:
        """Queue from now on.

        Args:
            who: the number of the traveller.
            do: what is done; it happens at the end of the service.
            patience: so long in the queue and no longer; None for ever.
        """
        arrived = self._agenda.now
        arrived_us = us_of(arrived)
        if self._others is not None:
            self._let_others_come(self._others, arrived_us)
        found = self._begin(arrived_us)
        if found is None or not self._stays_open(arrived_us, found[0]):
            self.sent_home += 1
            return
        begun_us, person = found
        if patience is not None and begun_us - arrived_us > patience // MICROSECOND:
            self.gave_up += 1
            return
        times = self._times[who] = self._times.get(who, 0) + 1
        ended_us = (
            begun_us
            + self.plan.service.at(self._chance.under(who).share(str(times))) // MICROSECOND
        )
        self._free[person] = ended_us
        visit = Visit(who, arrived, moment_of(begun_us), moment_of(ended_us))
        self._agenda.at(visit.ended, partial(self._end, visit, do))

    def _begin(self, arrived_us: int) -> tuple[int, int] | None:
        """When somebody is free for who arrives then, and who; None for never."""
        found: tuple[int, int] | None = None
        for person, free_us in enumerate(self._free):
            at = self._hours.from_when(person, max(arrived_us, free_us))
            if at is not None and (found is None or at < found[0]):
                found = at, person
        return found

    def _stays_open(self, arrived_us: int, begun_us: int) -> bool:
        """Whether nobody is sent home between an arrival and the beginning of the service."""
        if self.plan.kind not in _SENDS_HOME:
            return True
        return self._hours.is_through(arrived_us, begun_us)

    def _let_others_come(self, others: _Stream, until_us: int) -> None:
        """Serve everybody else who came before a moment; they are counted and no more."""
        for arrived_us, service_us in others.until(until_us):
            found = self._begin(arrived_us)
            if found is not None and found[0] - arrived_us <= others.patience_us:
                self._free[found[1]] = found[0] + service_us
                others.note(service_us)

    def _end(self, visit: Visit, do: Doing) -> None:
        self.visits.append(visit)
        do()


class _Stream:
    """The others of a desk, one after the other, each day with chance of its own."""

    def __init__(self, plan: DeskPlan, chance: Chance) -> None:
        if plan.others is None:
            raise ValueError(plan)
        self.served = 0
        self.busy_us = 0
        self.patience_us = plan.others.patience // MICROSECOND
        self._plan: Others = plan.others
        self._chance = chance
        self._services = [
            plan.service.at((step + 0.5) / _STEPS) // MICROSECOND for step in range(_STEPS)
        ]
        self._day_us: int | None = None
        self._coming: Iterator[tuple[int, int]] = iter(())
        self._next: tuple[int, int] | None = None

    def note(self, service_us: int) -> None:
        """Count somebody who was served."""
        self.served += 1
        self.busy_us += service_us

    def until(self, until_us: int) -> Iterator[tuple[int, int]]:
        """Who arrives before a moment and was not told yet: the arrival, and the service's time."""
        today = until_us - until_us % DAY_US
        day = today if self._day_us is None else self._day_us
        while True:
            if self._day_us != day:
                self._day_us, self._coming = day, self._day(day)
                self._next = next(self._coming, None)
            while self._next is not None and self._next[0] < until_us:
                yield self._next
                self._next = next(self._coming, None)
            if day == today:
                return
            day += DAY_US

    def _day(self, day_us: int) -> Iterator[tuple[int, int]]:
        plan = self._plan
        day = moment_of(day_us + DAY_US // 2).date()
        an_hour = plan.an_hour * plan.busy.factor(day)
        if an_hour <= 0:
            return
        chance: Random = self._chance.under(day).generator()
        draw, gap_us = chance.random, _HOUR_US / an_hour
        at = day_us + us_of_day(plan.begins)
        ends = day_us + us_of_day(plan.ends)
        while True:
            at += int(_GAPS[int(draw() * _STEPS)] * gap_us)
            if at >= ends:
                return
            yield at, self._services[int(draw() * _STEPS)]
