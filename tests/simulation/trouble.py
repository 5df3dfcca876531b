"""What hinders people: every fault of the line, of the network, of processes and of clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from refund.sandbox.faults import KINDS as ALLOWED
from refund.sandbox.faults import NAMES, Fault
from refund.sandbox.restore import restore_backup
from refund.simulation.engine.record import Record
from refund.simulation.engine.seams import Killed
from tests.simulation.place import Place

KINDS = ("", "", "hold", "advance", "refund", "release", "capture", "extend", "increase")
ALWAYS = ("call", "holds", "payouts", "webhooks", "kill", "freeze", "clock", "outage", "cut")
WITH_STATEMENTS = ("statement", "tearing", "backup")
"""Kinds of trouble; the second ones come to light by the network's statements alone."""

TEARING = frozenset({"release_and_capture", *(n for n in NAMES if n.startswith("statement_line"))})
"""Faults after which the two books differ, until the statement is matched and a person decides."""

SPANS = (
    timedelta(seconds=16),
    timedelta(minutes=2),
    timedelta(minutes=31),
    timedelta(hours=2),
    timedelta(hours=13),
    timedelta(hours=25),
    timedelta(days=2),
    timedelta(days=6),
    timedelta(days=17),
)
FROZEN = (
    timedelta(seconds=20),
    timedelta(minutes=20),
    timedelta(hours=3),
    timedelta(hours=11),
)
OVERTAKEN = timedelta(seconds=20)
LONG_FROZEN = (*FROZEN, timedelta(hours=30), timedelta(days=3))
"""How long a process stands still; not as long where it is about to send, for nobody can know."""

BEGINNINGS = (
    "2025-07-08T04:00:00+00:00",  # noon of the first day
    "2025-07-31T15:59:30+00:00",  # half a minute before midnight of a month's end in Shanghai
    "2025-09-05T09:00:00+00:00",  # the promise ends before the golden week
    "2025-09-10T01:00:00+00:00",  # the hold ends within it
    "2025-12-20T12:00:00+00:00",  # the turn of the year
    "2026-01-25T06:00:00+00:00",  # Spring Festival
    "2028-02-10T03:00:00+00:00",  # 29 February
)
"""When runs begin."""


class Trouble:
    """Draws what goes wrong; which kinds of trouble there are at all differs from run to run.

    Where the run `is_deaf` no webhook ever arrives; then there are statements to learn from.
    """

    def __init__(self, place: Place, record: Record, chance: Random) -> None:
        self._place = place
        self._record = record
        self._chance = chance
        self.with_statements = chance.randrange(3) == 0
        self.kinds = self._some()
        self.is_deaf = self.with_statements and chance.randrange(3) == 0
        self.is_torn = False

    def _some(self) -> frozenset[str]:
        """About half of all kinds of trouble, in one run of ten none."""
        if self._chance.randrange(10) == 0:
            return frozenset()
        every = [*ALWAYS, *WITH_STATEMENTS] if self.with_statements else ALWAYS
        return frozenset(kind for kind in every if self._chance.randrange(2))

    def told(self, text: str, name: str) -> None:
        """Note and count a fault."""
        self._record.tell(text)
        self._record.count(f"fault {name}")

    def switch_on(self) -> None:
        """One fault of the network's own list, for some calls."""
        names = [n for n, known in NAMES.items() if known.group in self.kinds]
        if "tearing" not in self.kinds:
            names = [name for name in names if name not in TEARING]
        if not names:
            return
        name = self._chance.choice(names)
        self.is_torn |= name in TEARING
        fault = Fault(
            name,
            kind=self._kind(name),
            probability_bp=self._chance.choice((10_000, 10_000, 5_000)),
            seed=self._chance.randrange(2**32),
            times=self._chance.choice((1, 1, 2, 5)),
        )
        self._place.book.faults.switch_on(fault)
        self.told(f"switched on {name} {fault.kind} x{fault.times}", name)

    def _kind(self, name: str) -> str:
        kind = self._chance.choice(KINDS)
        return kind if kind in ALLOWED[NAMES[name].group] else ""

    def backup(self) -> None:
        """The network comes back from a backup: what it booked since then is gone.

        Of days that were closed since it issues other statements, which two persons let count.
        """
        age = timedelta(hours=self._chance.choice((1, 6, 24, 50)))
        gone = restore_backup(self._place.book, age)
        self.is_torn |= bool(gone)
        self.told(f"the network restored from {age} ago, {gone} operations are gone", "backup")

    def outage(self) -> None:
        """The network goes or comes, whole."""
        wire = self._place.wire
        wire.unplugged = not wire.unplugged
        self.told(f"network {'gone' if wire.unplugged else 'back'}", "outage")

    def cut(self) -> None:
        """Some calls are lost on the line, look-ups too."""
        self._place.wire.cut = self._chance.choice((1, 1, 2, 4))
        self.told(f"the next {self._place.wire.cut} calls are lost", "cut")

    def wrong_clock(self) -> None:
        """Our clock or the network's is wrong from now on."""
        clock = self._place.clock
        minutes = self._chance.choice((-10, -5, 0, 5, 10))
        if self._chance.randrange(3):
            clock.theirs_ahead = timedelta(minutes=minutes)
            self.told(f"their clock {minutes} min", "their clock")
        else:
            clock.set_wrong(timedelta(minutes=self._chance.choice((-60, -10, 0, 10, 60))))
            self.told(f"our clock {clock.ahead}", "our clock")

    def arm_kill(self) -> None:
        """Let the process be killed at one of the next crossings."""

        def kill(crossing: str) -> None:
            self.told(f"killed {crossing}", f"kill {crossing}")
            raise Killed

        self._place.crossings.arm(self._chance.randrange(1, 9), kill)

    def arm_freeze(self, meanwhile: Callable[[], None]) -> None:
        """Let the process stand still at one of the next crossings, while others go on."""
        number = self._chance.randrange(10**6)

        def freeze(crossing: str) -> None:
            spans = FROZEN if crossing == "before a call" else LONG_FROZEN
            span = spans[number % len(spans)]
            self.told(f"frozen {crossing} for {span}", f"freeze {crossing}")
            # Others find it standing still as soon as its lease is over, and long before it wakes.
            soon = min(span, OVERTAKEN)
            self._place.clock.at += soon
            meanwhile()
            self._place.clock.at += span - soon
            self._record.tell("thawed")

        self._place.crossings.arm(self._chance.randrange(1, 9), freeze)
