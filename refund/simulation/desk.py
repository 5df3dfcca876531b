"""A desk with a queue: people come, wait for one of those who work there, are served and go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from refund.simulation.agenda import Agenda
from refund.simulation.chance import Chance
from refund.simulation.plans import DeskKind, DeskPlan

Doing = Callable[[], object]

_SENDS_HOME = (DeskKind.COUNTER, DeskKind.POINT)
"""These close their doors: who still waits then goes home."""


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


@dataclass(slots=True)
class _Waiting:
    who: int
    arrived: datetime
    do: Doing
    is_here: bool = True


class Desk:
    """First come, first served, by as many people as the plan says for the hour.

    Who is being served when a shift ends is served to the end.

    Args:
        plan: hours, people and times of service.
        agenda: on which everything happens; its clock says what time it is.
        chance: of this desk; a visitor's time of service does not depend on other visitors.
    """

    def __init__(self, plan: DeskPlan, agenda: Agenda, chance: Chance) -> None:
        self.plan = plan
        self.visits: list[Visit] = []
        self.gave_up = 0
        self.sent_home = 0
        self._agenda, self._chance = agenda, chance
        self._queue: deque[_Waiting] = deque()
        self._times: dict[int, int] = {}
        self._busy = 0
        self._wakes = False

    @property
    def name(self) -> str:
        """The plan's name."""
        return self.plan.name

    def __len__(self) -> int:
        """How many wait."""
        return sum(one.is_here for one in self._queue)

    def join(self, who: int, do: Doing, patience: timedelta | None = None) -> None:
        """Queue from now on.

        Args:
            who: the number of the traveller.
            do: what is done; it happens at the end of the service.
            patience: so long in the queue and no longer; None for ever.
        """
        now = self._agenda.now
        one = _Waiting(who, now, do)
        self._queue.append(one)
        self._serve()
        if patience is not None and self._queue and self._queue[-1] is one:
            self._agenda.at(now + patience, partial(self._give_up, one))

    def _give_up(self, one: _Waiting) -> None:
        if one.is_here:
            one.is_here = False
            self.gave_up += 1

    def _serve(self) -> None:
        """Let the next ones be served, as far as somebody is free for them."""
        now = self._agenda.now
        staff = self.plan.staff_at(now)
        while self._queue and (self._busy < staff or not self._queue[0].is_here):
            one = self._queue.popleft()
            if one.is_here:
                self._begin(one, now)
        if not self._queue:
            return
        if staff == 0 and self.plan.kind in _SENDS_HOME:
            self._send_home()
        elif not self._wakes:
            change = self.plan.next_change(now)
            if change is None and staff == 0:
                self._send_home()
            elif change is not None:
                self._wakes = True
                self._agenda.at(change, self._wake)

    def _begin(self, one: _Waiting, now: datetime) -> None:
        one.is_here = False
        self._busy += 1
        times = self._times[one.who] = self._times.get(one.who, 0) + 1
        share = self._chance.under(one.who).share(str(times))
        ended = now + self.plan.service.at(share)
        self._agenda.at(ended, partial(self._end, Visit(one.who, one.arrived, now, ended), one.do))

    def _end(self, visit: Visit, do: Doing) -> None:
        self.visits.append(visit)
        do()
        self._busy -= 1
        self._serve()

    def _wake(self) -> None:
        self._wakes = False
        self._serve()

    def _send_home(self) -> None:
        self.sent_home += len(self)
        self._queue.clear()
