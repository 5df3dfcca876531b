"""What moves a rehearsal: its clock let go, stopped and taken ahead, and each day's end kept."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from refund.core.calendar import SHANGHAI, day_of, end_of_day
from refund.core.errors import Refused
from refund.gateways.clock import SharedClock
from refund.ports import NetworkSilent, Ports
from refund.services.later import all_tasks, work_through
from refund.services.secure import poll_holds
from refund.simulation.lab_book import SNAPSHOT, LabBook, open_lab_book
from refund.simulation.rehearsal import snapshots
from refund.simulation.rehearsal.deadlines import Deadline, Happened, deadlines, happened
from refund.simulation.rehearsal.forks import CLOCK, DAY_ENDS_BEFORE, Change, check_name, fork
from refund.simulation.rehearsal.mornings import agency_morning
from refund.timepiece import Timepiece

RATES = (0, 1, 60)
"""The clock stands, runs, or runs fast."""

LOOK_SECONDS = 0.25
AHEAD_S = 30
"""How many of the machine's seconds the clock may go on without being let go again."""

AGAIN_S = 20
MORNING = time(10)
"""When the desks have opened on the days of a jump."""

STEP_MAX = timedelta(days=400)
NEXT = ".next"
"""The file beside all rehearsals that names the one to be run now."""

log = logging.getLogger(__name__)
Hook = Callable[[Ports], None]


@dataclass(frozen=True, slots=True)
class Moving:
    """A way of the clock that is not over: from where, to where, and how far it has come."""

    began_at: datetime
    target: datetime
    at: datetime

    @property
    def done_percent(self) -> int:
        """How much of the way lies behind."""
        whole = (self.target - self.began_at) / timedelta(seconds=1)
        return round(100 * ((self.at - self.began_at) / timedelta(seconds=1)) / (whole or 1))


@dataclass(frozen=True, slots=True)
class Way:
    """A way of the clock that is over, and what the books say of it."""

    start: datetime
    end: datetime
    happened: tuple[Happened, ...]


@dataclass(frozen=True, slots=True)
class View:
    """How the clock is: what it shows, how fast it goes, and where it is being taken."""

    now: datetime
    rate: int
    moving: Moving | None

    @property
    def seen(self) -> str:
        """A word for what is shown, which changes when it does."""
        percent = "" if self.moving is None else self.moving.done_percent
        return f"{self.now:%Y%m%d%H%M%S}-{self.rate}-{percent}"


class Host:
    """The rehearsal in the service's process, with a thread that keeps its time.

    Args:
        ports: of the service.
        folder: of the rehearsal.
        timepiece: the clock that all its processes read.
    """

    def __init__(self, ports: Ports, folder: Path, timepiece: Timepiece) -> None:
        self.ports = ports
        self.folder = folder
        self.timepiece = timepiece
        self.book: LabBook = open_lab_book(folder)
        self.mornings: list[Hook] = [lambda given: agency_morning(given, self.book.taken())]
        """What is done at the desks on each day of a jump, by whoever plays them."""
        self._tasks = all_tasks()
        self._changed = threading.Condition()
        self._rate = timepiece.going().rate
        self._moving: Moving | None = None
        self._way: tuple[datetime, datetime] | None = None
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="host", daemon=True)

    def start(self) -> None:
        """Begin to keep time beside the caller."""
        self._thread.start()

    def stop(self) -> None:
        """Let the clock stand, and the way under way end where it is."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self.timepiece.stand()
        self.book.close()

    def view(self) -> View:
        """How the clock is now."""
        with self._changed:
            return View(self.timepiece.now(), 0 if self._moving else self._rate, self._moving)

    def go(self, rate: int) -> None:
        """Let the clock stand, run, or run fast; a way under way ends where it is.

        Raises:
            Refused: `choice_unknown`.
        """
        if rate not in RATES:
            raise Refused("choice_unknown", "rate", known=RATES)
        with self._changed:
            self._rate, self._moving = rate, None
            if rate:
                self._let_go()
            else:
                self.timepiece.stand()
            self._changed.notify_all()

    def take_to(self, target: datetime) -> None:
        """Take the clock to a moment ahead, working through all that happens on the way.

        The clock stands there then.

        Raises:
            Refused: `value_out_of_range`, `clock_is_moving`.
        """
        with self._changed:
            if self._moving is not None:
                raise Refused("clock_is_moving")
            now = self.timepiece.stand()
            if not now < target <= now + STEP_MAX:
                raise Refused("value_out_of_range", "target", least=now, most=now + STEP_MAX)
            self._rate, self._moving = 0, Moving(now, target, now)
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait till the clock has arrived, but no longer than so; whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._moving is None, seconds)

    def next_deadlines(self, most: int = 8) -> list[Deadline]:
        """What time will do next."""
        return deadlines(self.ports, most)

    def last_way(self) -> Way | None:
        """What happened on the clock's last way; None before the first."""
        if self._way is None:
            return None
        start, end = self._way
        # What people did while the clock stood at the beginning is not of the way.
        instant = timedelta(microseconds=1)
        return Way(start, end, tuple(happened(self.ports, start + instant, end + instant)))

    def days(self) -> list[snapshots.Snapshot]:
        """The days that can be gone back to, newest first."""
        return snapshots.kept_days(self.folder)[::-1]

    def fork(self, name: str, day: date, change: Change) -> Path:
        """Begin a rehearsal of its own from a day of this one; its folder.

        Raises:
            Refused: `field_unreadable`, `rehearsal_known`, `choice_unknown`, or as
                `Change.check`.
        """
        known = {one.day: one for one in self.days()}
        if day not in known:
            raise Refused("choice_unknown", "day", known=[str(one) for one in known])
        folder = check_name(self.folder.parent, name)
        fork(known[day], self.book, folder, change)
        with self.book.write() as db:
            made_at = self.timepiece.now().isoformat()
            row = {"name": name, "day": str(day), "changed": str(change), "made_at": made_at}
            db.table("fork").upsert(row, pk="name")
        return folder

    def leave_for(self, name: str) -> None:
        """Ask whoever started this rehearsal to run another one in its place.

        Raises:
            Refused: `choice_unknown`.
        """
        if name not in self.rehearsals():
            raise Refused("choice_unknown", "name", known=self.rehearsals())
        (self.folder.parent / NEXT).write_text(name, encoding="utf-8")

    def rehearsals(self) -> list[str]:
        """All rehearsals beside this one, and this one."""
        return sorted(one.parent.name for one in self.folder.parent.glob(f"*/{CLOCK}"))

    def _let_go(self) -> None:
        """Let the clock go on for a while, and at most to the end of the day."""
        now = self.timepiece.now()
        ahead = now + timedelta(seconds=AHEAD_S * self._rate)
        self.timepiece.let_go(self._rate, min(ahead, _last_second(now)))

    def _run(self) -> None:
        """Keep time until stopped; whatever fails is logged without its words."""
        while not self._ends:
            try:
                self._keep()
            except Exception as error:  # noqa: BLE001 - an edge: a dead host keeps no time
                _tell(error)
                with self._changed:
                    self._moving = None
                    self._changed.notify_all()
            with self._changed:
                self._changed.wait_for(lambda: self._ends or self._moving, LOOK_SECONDS)

    def _keep(self) -> None:
        moving = self._moving
        if moving is not None:
            self._go_the_way(moving)
        elif self._rate:
            now = self.timepiece.now()
            if now >= _last_second(now):
                self._end_day(now)
                with self._changed:
                    if self._rate:
                        self.timepiece.set(end_of_day(day_of(now)))
                        self._let_go()
            elif self.timepiece.going().until - now < timedelta(seconds=AGAIN_S * self._rate):
                with self._changed:
                    if self._rate:
                        self._let_go()

    def _go_the_way(self, moving: Moving) -> None:
        for stop in _stops(moving.began_at, moving.target):
            with self._changed:
                if self._ends or not self._is_still(moving):
                    break
                self.timepiece.set(max(stop, self.timepiece.now()))
            self._work(stop)
            with self._changed:
                if self._is_still(moving):
                    self._moving = replace(moving, at=stop)
        with self._changed:
            self._way = moving.began_at, self.timepiece.now()
            if self._is_still(moving):
                self._moving = None
            self._changed.notify_all()

    def _is_still(self, moving: Moving) -> bool:
        """Whether the clock is on this way, and neither stopped nor sent on another since."""
        now = self._moving
        ways = [(one.began_at, one.target) for one in (moving, now) if one is not None]
        return len(ways) > 1 and ways[0] == ways[1]

    def _work(self, at: datetime) -> None:
        """Do what is due at a stop: the network's part, the worker's, and the desks'."""
        self._attempt(self._network)
        self._attempt(lambda ports: _ignore(work_through(ports, self._tasks)))
        if at == _morning(day_of(at)):
            for hook in self.mornings:
                self._attempt(hook)
        if at == _last_second(at):
            self._end_day(at)

    def _network(self, ports: Ports) -> None:
        """Let the network's time pass, and hear about every hold."""
        ports.network.book()
        after = poll_holds(ports, None)
        while after is not None:
            after = poll_holds(ports, after)

    def _attempt(self, do: Hook) -> None:
        try:
            do(self.ports)
        except Exception as error:  # noqa: BLE001 - an edge: what fails is tried at the next stop
            _tell(error)

    def _end_day(self, at: datetime) -> None:
        """Keep the day that is over."""
        day = day_of(at)
        kept = snapshots.take(self.folder, day)
        with self.book.write() as db:
            row = {
                "day": str(day),
                "taken_at": at.isoformat(),
                "folder": str(kept.folder.relative_to(self.folder)),
            }
            db.table(SNAPSHOT.name).upsert(row, pk=SNAPSHOT.key)


def _ignore(_count: int) -> None:
    """The count of what was done says nothing here."""


def _last_second(at: datetime) -> datetime:
    return end_of_day(day_of(at)) - DAY_ENDS_BEFORE


def _morning(day: date) -> datetime:
    return datetime.combine(day, MORNING, SHANGHAI)


def _stops(began_at: datetime, target: datetime) -> Iterator[datetime]:
    """Where the clock halts on its way: each morning, each day's end, and where it is taken."""
    day = day_of(began_at)
    while day <= day_of(target):
        for stop in (_morning(day), end_of_day(day) - DAY_ENDS_BEFORE):
            if began_at < stop < target:
                yield stop
        day += timedelta(days=1)
    yield target


def _tell(error: Exception) -> None:
    """Log what failed by its kind and place."""
    if isinstance(error, ExceptionGroup):
        for one in error.exceptions:
            _tell(one)
    elif isinstance(error, Refused | NetworkSilent):
        log.warning("rehearsal: put off: %s", getattr(error, "code", "the network is silent"))
    else:
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("rehearsal: %s\n%s", type(error).__name__, where)


def open_host(folder: Path, ports: Ports) -> Host:
    """The host of the rehearsal in a folder; it does not keep time before it is started.

    Ports whose clock is no shared one get a clock in the folder that begins where theirs is.
    """
    if isinstance(ports.clock, SharedClock):
        return Host(ports, folder, ports.clock.timepiece)
    timepiece = Timepiece(folder / CLOCK)
    if not timepiece.path.exists():
        timepiece.set(ports.clock.now())
    return Host(ports, folder, timepiece)
