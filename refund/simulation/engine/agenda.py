"""What is to happen and when: moments in order, and what fell on one moment in the order asked."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from refund.simulation.engine.clock import VirtualClock

Doing = Callable[[], object]


class Agenda:
    """Moves a clock from one thing to the next, and does it.

    Things of one moment happen in the order in which they were put down, so that a run is the
    same each time.

    Args:
        clock: is set to each moment before what happens then; it never goes back.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.done = 0
        self._numbers = itertools.count()
        self._heap: list[tuple[datetime, int, Doing]] = []

    def __len__(self) -> int:
        """How many things are still to happen."""
        return len(self._heap)

    @property
    def now(self) -> datetime:
        """The clock's moment."""
        return self.clock.at

    def at(self, moment: datetime, do: Doing) -> None:
        """Let something happen at a moment; at once, where it is over already."""
        heapq.heappush(self._heap, (moment, next(self._numbers), do))

    def after(self, span: timedelta, do: Doing) -> None:
        """Let something happen so long from now."""
        self.at(self.clock.at + span, do)

    def every(self, span: timedelta, do: Doing, first: datetime | None = None) -> None:
        """Let something happen again and again, until the run ends.

        Args:
            span: between two times.
            do: what happens.
            first: when it happens first; None for one span from now.
        """
        if span <= timedelta():
            raise ValueError("what happens again takes time between")
        moment = self.clock.at + span if first is None else first

        def again() -> None:
            nonlocal moment
            moment += span
            self.at(moment, again)
            do()

        self.at(moment, again)

    def next_at(self) -> datetime | None:
        """When something happens next; None where nothing is put down."""
        return self._heap[0][0] if self._heap else None

    def run(self, until: datetime, tick: Callable[[datetime], object] | None = None) -> int:
        """Do everything up to a moment and leave the clock there; how many things were done.

        Args:
            until: what falls on this moment still happens.
            tick: is told each moment at which something happens, once, before it does.
        """
        heap, clock, pop = self._heap, self.clock, heapq.heappop
        before = self.done
        told: datetime | None = None
        while heap and heap[0][0] <= until:
            moment, _, do = pop(heap)
            clock.at = max(clock.at, moment)
            if tick is not None and clock.at != told:
                told = clock.at
                tick(told)
            self.done += 1
            do()
        clock.at = max(clock.at, until)
        return self.done - before
