"""The course of a run: days with their travellers, the office's routine, faults, the worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial

from refund.core.calendar import SHANGHAI, day_of, end_of_day
from refund.core.errors import Refused
from refund.core.form import IN_FLIGHT, Status
from refund.core.offline import Resolved
from refund.core.people import Actor
from refund.sandbox.faults import Fault, FaultPlan
from refund.services import offline, offline_review, reconcile
from refund.simulation.runs import desk_work
from refund.simulation.runs.leaving import Leaving
from refund.simulation.runs.scene import Scene
from refund.simulation.runs.shopping import Shopping, Trip
from refund.simulation.world.plans import CUSTOMS_DOWN, NETWORK_DOWN, FaultPlanned, TravellerPlan
from refund.transaction import Transaction

BEATS = (time(6), time(18))
"""When the worker and the network's events have their turn, whatever else asks for one.

Everything that has a deadline within minutes asks for its own turns; what is left are tasks whose
periods are hours and days.
"""

OFFICE_OPENS = time(9)
"""When the back office takes in the border's file and settles. Source: assumption."""

TILLS_FILLED = time(5, 30)
UNDER_WAY = (*sorted(IN_FLIGHT, key=lambda one: one.value), Status.HELD)
"""States in which the network's word is awaited, or a hold has no advance yet."""

PASSED_OVER_MAX = timedelta(days=4)
"""As far the clock goes at once when nothing is open."""

REVIEWED = "as stamped at the desk"


class Course:
    """Days one after the other, each with what is planned for it.

    Args:
        scene: what everybody shares.
        faults: what goes wrong, and when.
        seed: from which the network's faults are drawn.
    """

    def __init__(self, scene: Scene, faults: Iterable[FaultPlanned], seed: int) -> None:
        self.scene = scene
        self.open_cases: dict[date, int] = {}
        self._shopping, self._leaving = Shopping(scene), Leaving(scene)
        self._taken_in: date | None = None
        self._shifts: dict[str, str] = {}
        for planned in faults:
            self._plan_fault(planned, seed)

    # Days.

    def run_day(self, day: date, plans: Iterable[TravellerPlan]) -> None:
        """Live through a day of Shanghai, with those who begin to shop on it."""
        for plan in plans:
            self._begin(Trip(plan))
        self._plan_office(day)
        self.scene.agenda.run(end_of_day(day) - timedelta(microseconds=1))
        counts = self.scene.ports.storage.read(lambda tx: tx.count_open_cases())
        self.open_cases[day] = sum(count for count, _, _ in counts.values())

    def _begin(self, trip: Trip) -> None:
        self.scene.begin()
        self._shopping.begin(trip)
        self._leaving.begin(trip)

    def _plan_office(self, day: date) -> None:
        """Put the day's routine on the agenda."""
        agenda = self.scene.agenda
        for turn in BEATS:
            agenda.at(datetime.combine(day, turn, SHANGHAI), self.scene.beat)
        agenda.at(datetime.combine(day, TILLS_FILLED, SHANGHAI), self._fill_tills)
        morning = datetime.combine(day, OFFICE_OPENS, SHANGHAI)
        if self.scene.staffing.has_office_on(day):
            agenda.at(morning, partial(self.office, day))
        if day.day == desk_work.MONTH_CLOSES:
            agenda.at(morning, self._close_months)

    def _fill_tills(self) -> None:
        scene = self.scene
        for port in scene.agency_ports:
            desk_work.fill_till(scene.ports, scene.crew.operator, port)

    # The back office.

    def office(self, day: date) -> None:
        """What operators do in a morning, in this order."""
        scene, operator = self.scene, self.scene.crew.operator
        self._take_in(day - timedelta(days=1))
        settled = [
            *desk_work.settle_departed(scene.ports, operator),
            *desk_work.settle_broken(scene.ports, operator),
        ]
        scene.tally.refused(one.refusal for one in settled if one.refusal is not None)
        for one in settled:
            scene.follow(one.form)
        if desk_work.see_to_cases(scene.ports, scene.crew.office):
            scene.follow_up()
        desk_work.record_payments(scene.ports, operator)

    def _close_months(self) -> None:
        """Settle with the treasury on the day by which it must be, whatever day that is."""
        desk_work.close_months(self.scene.ports, self.scene.crew.operator)

    def _take_in(self, last: date) -> None:
        """Take in the border's file of the days up to one that were not taken in yet."""
        scene = self.scene
        first = last if self._taken_in is None else self._taken_in + timedelta(days=1)
        lines = sorted(
            (line for line in scene.left if day_of(line.exited_at) <= last),
            key=lambda line: (line.exited_at, line.document.number),
        )
        if not lines:
            return
        scene.left = [line for line in scene.left if day_of(line.exited_at) > last]
        first = min(first, day_of(lines[0].exited_at))
        desk_work.take_in_departures(scene.ports, scene.crew.operator, lines, (first, last))
        self._taken_in = last

    # What goes wrong.

    def _plan_fault(self, planned: FaultPlanned, seed: int) -> None:
        agenda = self.scene.agenda
        if planned.name == NETWORK_DOWN:
            agenda.at(planned.begins, partial(self._plug, is_up=False))
            agenda.at(planned.ends, partial(self._plug, is_up=True))
        elif planned.name == CUSTOMS_DOWN:
            agenda.at(planned.begins, self._cut_customs)
            agenda.at(planned.ends, self._join_customs)
        else:
            fault = Fault(
                name=planned.name,
                last4=planned.last4,
                kind=planned.operation,
                probability_bp=planned.share_bp,
                seed=seed,
            )
            ids: list[int] = []
            faults = self.scene.place.book.faults
            agenda.at(planned.begins, partial(_switch_on, faults, fault, ids))
            agenda.at(planned.ends, partial(_switch_off, faults, ids))

    def _plug(self, *, is_up: bool) -> None:
        self.scene.place.wire.unplugged = not is_up
        if is_up:
            self.scene.follow_up()

    def _cut_customs(self) -> None:
        """The desks lose the line: each has begun a shift on its device just before."""
        scene = self.scene
        for port, officer in scene.crew.officers.items():
            kit = offline.begin_shift(scene.ports, officer, f"device{port}0000")
            self._shifts[port] = kit.shift.shift_id
            scene.offline[port] = []

    def _join_customs(self) -> None:
        """The line is back: the desks hand their decisions in, and somebody reviews the rest."""
        scene = self.scene
        for port, officer in scene.crew.officers.items():
            sent = scene.offline.pop(port, [])
            shift_id = self._shifts.pop(port)
            received = offline.take_in(scene.ports, officer, shift_id, scene.now, sent)
            scene.tally.words(one.why for one in received if one.why)
            offline.end_shift(scene.ports, officer, shift_id)
        self._review(scene.crew.operator)

    def _review(self, operator: Actor) -> None:
        """Let decisions count that were rightly taken, and set aside what cannot count."""
        scene = self.scene
        while found := offline_review.waiting_reviews(scene.ports, operator):
            for one in found:
                resolved = Resolved.APPLIED if one.can_apply else Resolved.SET_ASIDE
                decision_id = one.received.decision.decision_id
                try:
                    self._resolve(operator, decision_id, resolved)
                except Refused as refusal:
                    scene.tally.refused([refusal])
                    self._resolve(operator, decision_id, Resolved.SET_ASIDE)

    def _resolve(self, operator: Actor, decision_id: str, resolved: Resolved) -> None:
        ports = self.scene.ports
        offline_review.resolve(ports, operator, decision_id, resolved, REVIEWED)

    # The end.

    def is_at_rest(self) -> bool:
        """Whether nobody is under way, no money is out, nothing is awaited and no case is open."""
        return not self.scene.lives and self._owes_nothing()

    def _owes_nothing(self) -> bool:
        """Whether no money is out, nothing is awaited and no case is open."""
        scene = self.scene
        if scene.left or scene.offline or reconcile.count_open(scene.ports):
            return False
        return scene.ports.storage.read(_is_quiet)

    def next_day(self, day: date) -> date:
        """The next day to live through; where nothing is open, the next on which anybody acts.

        Some days in between are not passed over, for the network may tell of something by itself.
        """
        following = day + timedelta(days=1)
        at = self.scene.agenda.next_at()
        if at is None or not self._owes_nothing():
            return following
        return max(following, min(day_of(at), day + PASSED_OVER_MAX))

    def close_books(self) -> None:
        """Let time pass until the last claims are settled with the treasury and paid."""
        scene = self.scene
        for _ in range(2):
            self._pass_to(desk_work.next_closing(scene.now))
            scene.beat()
            desk_work.close_months(scene.ports, scene.crew.operator)
            self._pass_to(scene.now + desk_work.PAID_AFTER)
            scene.beat()
            desk_work.record_payments(scene.ports, scene.crew.operator)
            if not desk_work.is_owed(scene.ports):
                return

    def _pass_to(self, at: datetime) -> None:
        self.scene.agenda.run(at)


def _is_quiet(tx: Transaction) -> bool:
    return not tx.pending_operations() and not tx.forms_in(UNDER_WAY, 1) and not tx.open_cases(())


def _switch_on(faults: FaultPlan, fault: Fault, ids: list[int]) -> None:
    ids.append(faults.switch_on(fault))


def _switch_off(faults: FaultPlan, ids: Sequence[int]) -> None:
    for fault_id in ids:
        faults.switch_off(fault_id)
