"""Where drills are done: prepared for a learner at a desk, handed in, and judged."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.people import Actor, Role
from refund.core.store import is_instant_at, obstacles
from refund.ports import Ports
from refund.services import rehearsing
from refund.simulation.drills.checks import judge
from refund.simulation.drills.drill import Audience, Drill, DrillShelf, prepare
from refund.simulation.drills.scene import Scene
from refund.simulation.drills.scores import Attempt, Prepared, Scores, Seat
from refund.simulation.drills.stage import FIRST_PORT, Stage, Theatre
from refund.simulation.lab_book import LabBook
from refund.transaction import Transaction

UNPREPARED = "network_unreachable"
"""What is told of a drill whose preparing broke off."""

log = logging.getLogger(__name__)


class DrillRoom:
    """The drills of one rehearsal.

    Args:
        ports: of the service that is rehearsed.
        book: of the lab.
        theatre: how the world is moved while a drill is prepared.
        shelf: the drills that there are.
    """

    def __init__(self, ports: Ports, book: LabBook, theatre: Theatre, shelf: DrillShelf) -> None:
        self.ports = ports
        self.shelf = shelf
        self.scores = Scores(book)
        self._book = book
        self._theatre = theatre
        self._turn = threading.Lock()

    def begin(self) -> None:
        """Begin in a process that has just started: nothing is being prepared by it."""
        self.scores.fail_unprepared(UNPREPARED)

    def drill(self, drill_id: str) -> Drill:
        """A drill by its id.

        Raises:
            Refused: `not_found`.
        """
        found = self.shelf.drills.get(drill_id)
        if found is None:
            raise Refused("not_found")
        return found

    def desk_for(self, person: Actor, audience: Audience) -> Actor:
        """The desk at which somebody does a drill: an own one, one that nobody plays, or any.

        Several people can do drills at one desk: each has forms of one's own.

        Raises:
            Refused: `desk_taken` where there is no desk of the kind.
        """
        taken = self._book.taken()
        desks = [one for one in rehearsing.desks(self.ports) if self._fits(one.actor, audience)]
        # The tasks speak of the first port.
        desks.sort(key=lambda one: one.actor.port not in ("", FIRST_PORT))
        own = [one.actor for one in desks if taken.get(one.login) == person.staff_id]
        free = [one.actor for one in desks if one.login not in taken]
        for actor in (*own, *free, *(one.actor for one in desks)):
            return actor
        raise Refused("desk_taken")

    def _fits(self, desk: Actor, audience: Audience) -> bool:
        """Whether a desk is of the kind; a counter's store gives advances now."""
        if desk.role is not audience.role or desk.store_number is None:
            return desk.role is audience.role
        number, now = desk.store_number, self.ports.clock.now()
        store = self.ports.storage.read(lambda tx: tx.store(number))
        return store is not None and not obstacles(store, now) and is_instant_at(store, now)

    def login_of(self, desk: Actor) -> str:
        """By which name a desk's person signs in."""
        found = rehearsing.desks(self.ports)
        return next(one.login for one in found if one.actor.staff_id == desk.staff_id)

    def why_not(self, person: Actor, drill: Drill) -> Refused | None:
        """Why a drill cannot be started now; None when it can.

        A learner does not move the clock of others; a trainer knows what that means.
        """
        if not drill.fits(day_of(self.ports.clock.now())):
            return Refused("drill_other_days", since=drill.since, until=drill.until)
        if drill.ahead and person.role is Role.LEARNER:
            others = {*self._book.taken().values()} - {person.staff_id}
            if others or self.scores.others_at_work(person.staff_id):
                return Refused("clock_is_shared")
        return None

    def start(self, person: Actor, drill: Drill, desk: Actor) -> Attempt:
        """Prepare a drill for somebody at a desk; what moves the clock is prepared meanwhile.

        Raises:
            Refused: as `why_not`; whatever hinders the preparing.
        """
        refused = self.why_not(person, drill)
        if refused is not None:
            raise refused
        now, watch = self.ports.clock.now(), self.ports.at_the_door()
        # The desk is taken first, so that no bot is at work there while time passes.
        seat = Seat(person, desk, self._sits_down(person, desk))
        number = self.scores.begin(seat, drill, now, watch)
        if drill.ahead > timedelta():
            doing = threading.Thread(
                target=self._prepare_apart, args=(number, drill, desk), name=f"drill-{number}"
            )
            doing.daemon = True
            doing.start()
        else:
            self._prepare(number, drill, desk)
        return self.scores.attempt(number)

    def _sits_down(self, person: Actor, desk: Actor) -> bool:
        """Take a desk that nobody plays; whether it was one."""
        login = self.login_of(desk)
        if login in self._book.taken():
            return False
        self._book.take(login, person.staff_id, self.ports.clock.now())
        return True

    def _gets_up(self, attempt: Attempt) -> None:
        """Leave a desk that was taken for an attempt to the bots again."""
        login = self.login_of(self._desk(attempt.desk))
        if attempt.sat_down and self._book.taken().get(login) == attempt.person:
            self._book.give_back(login)

    def give_up(self, person: Actor, number: int) -> Attempt:
        """End an attempt that is not handed in.

        Raises:
            Refused: `not_found`.
        """
        attempt = self.own_attempt(person, number)
        if attempt.state in ("open", "preparing"):
            self.scores.give_up(attempt)
            self._gets_up(attempt)
        return attempt

    def _prepare(self, number: int, drill: Drill, desk: Actor) -> None:
        stage = Stage(self.ports, desk, number, self._theatre)
        try:
            # One at a time: what one moves another one would stumble over.
            with self._turn:
                prepare(drill, stage)
        except Refused as refused:
            self.scores.failed(number, refused.code)
            raise
        things = Prepared(stage.made, stage.sheet)
        watch = self.ports.at_the_door()
        self.scores.prepared(number, self.ports.clock.now(), watch, things)

    def _prepare_apart(self, number: int, drill: Drill, desk: Actor) -> None:
        """The same in a thread of its own; what fails is told on the drill's page."""
        try:
            self._prepare(number, drill, desk)
        except Refused as refused:
            log.warning("drill %s: not prepared: %s", drill.drill_id, refused.code)
        finally:
            if self.scores.attempt(number).state == "preparing":
                self.scores.failed(number, UNPREPARED)

    def own_attempt(self, person: Actor, number: int) -> Attempt:
        """An attempt of somebody's own; a trainer sees everybody's.

        Raises:
            Refused: `not_found`, also for another learner's.
        """
        found = self.scores.attempt(number)
        if found.person != person.staff_id and person.role is not Role.TRAINER:
            raise Refused("not_found")
        return found

    def hand_in(self, person: Actor, number: int) -> Attempt:
        """Judge an attempt by what stands in the database now, once.

        Raises:
            Refused: `not_found`; `form_unknown` where the rehearsal went back before the attempt.
        """
        attempt = self.own_attempt(person, number)
        if not attempt.is_open:
            return attempt
        drill, watch = self.drill(attempt.drill_id), self.ports.at_the_door()
        scene = Scene(
            ports=self.ports,
            seat=self._desk(attempt.desk),
            made=attempt.made,
            began_at=attempt.began_at,
            watch=watch - attempt.began_by_watch,
        )
        judged = judge(scene, drill.checks)
        self._gets_up(attempt)
        return self.scores.hand_in(attempt, judged, self.ports.clock.now(), watch)

    def _desk(self, staff_id: str) -> Actor:
        def look(tx: Transaction) -> Actor:
            found = tx.staff(staff_id)
            if found is None:
                raise Refused("person_unknown")
            return found.actor

        return self.ports.storage.read(look)
