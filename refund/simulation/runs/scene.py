"""What everybody in a run shares: the place, the agenda, the desks with their people, the tally."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from refund.core.errors import Refused
from refund.core.exit_file import ExitLine
from refund.core.form import IN_FLIGHT, Form, Status
from refund.core.goods import Goods
from refund.core.people import Actor, Role, Staff
from refund.ports import Ports
from refund.services.life import the_form
from refund.services.offline import Sent
from refund.simulation.engine.agenda import Agenda
from refund.simulation.engine.place import Place
from refund.simulation.runs.acts import GivesCard
from refund.simulation.runs.desk_work import Desk as BackOffice
from refund.simulation.runs.tally import Tally
from refund.simulation.world.desk import Desk
from refund.simulation.world.plans import DeskKind, Staffing

FOLLOW_UPS = (
    *(timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=20), timedelta(minutes=1)),
    *(timedelta(minutes=5), timedelta(minutes=20), timedelta(minutes=40), timedelta(hours=2)),
)
"""How long after a request that is not answered the worker and the network's events have a turn."""

MINUTE = timedelta(minutes=1)


class Crew:
    """The people of the staff: a clerk for each store, an officer for each port, two operators."""

    def __init__(self, staffing: Staffing) -> None:
        self.clerks: dict[int, Actor] = {}
        self.officers: dict[str, Actor] = {}
        for desk in staffing.desks:
            if desk.kind is DeskKind.COUNTER:
                number = desk.store_number
                staff_id = f"clerk-{number:04d}"
                self.clerks[number] = Actor(staff_id, Role.CLERK, "Clerk", store_number=number)
            elif desk.kind is DeskKind.CUSTOMS:
                staff_id = f"officer-{desk.port}"
                self.officers[desk.port] = Actor(staff_id, Role.OFFICER, "Officer", port=desk.port)
        self.office = BackOffice(
            Actor("operator-1", Role.OPERATOR, "First operator"),
            Actor("operator-2", Role.OPERATOR, "Second operator"),
        )

    @property
    def operator(self) -> Actor:
        """Who works in the back office, at the point and at the agency's counters."""
        return self.office.first

    @property
    def register(self) -> Sequence[Staff]:
        """All of them, as the staff register has them; nobody signs in with a password."""
        office = (self.office.first, self.office.second)
        everybody = (*self.clerks.values(), *self.officers.values(), *office)
        return [Staff(actor, actor.staff_id, "") for actor in everybody]


@dataclass(slots=True)
class Scene:
    """All that the lives in a run have in common.

    Args:
        goods: the master, by code.
        left: departures that the border has recorded and the agency has not taken in.
        offline: by port, what customs decided while they were cut off; no port while they are not.
        lives: how many travellers are still under way.
    """

    place: Place
    agenda: Agenda
    give: GivesCard
    staffing: Staffing
    desks: Mapping[str, Desk]
    crew: Crew
    goods: Mapping[str, Goods]
    tally: Tally = field(default_factory=Tally)
    left: list[ExitLine] = field(default_factory=list)
    offline: dict[str, list[Sent]] = field(default_factory=dict)
    lives: int = 0
    _beat_at: datetime | None = None

    @property
    def ports(self) -> Ports:
        """The services' ports."""
        return self.place.ports

    @property
    def now(self) -> datetime:
        """The moment of the run."""
        return self.place.clock.at

    def form(self, form_id: str) -> Form:
        """A form as it stands."""
        return self.ports.storage.read(lambda tx: the_form(tx, form_id))

    def replacing(self, form_id: str) -> Form | None:
        """The form that took another one's place."""
        return self.ports.storage.read(lambda tx: tx.form_replacing(form_id))

    def desk_at(self, kind: DeskKind, port: str) -> Desk | None:
        """The desk of a kind at a port, None where nobody ever stands."""
        plan = self.staffing.at_port(kind, port)
        return None if plan is None else self.desks[plan.name]

    @property
    def point(self) -> Desk | None:
        """The refund point of the mall, None where there is none."""
        plans = (one for one in self.staffing.desks if one.kind is DeskKind.POINT)
        return next((self.desks[plan.name] for plan in plans), None)

    @property
    def agency_ports(self) -> list[str]:
        """The ports at which the agency has a counter."""
        return [one.port for one in self.staffing.desks if one.kind is DeskKind.AGENCY]

    def follow(self, form: Form) -> None:
        """Let the worker have its turns where a form waits for the network."""
        if form.status in IN_FLIGHT:
            self.follow_up()
        elif form.status is Status.HELD:
            self.agenda.after(31 * MINUTE, self.beat)

    def beat(self) -> None:
        """Let the network's events arrive and the worker do what is due, once a moment."""
        if self._beat_at == self.now:
            return
        self._beat_at = self.now
        try:
            self.place.beat()
        except* Refused as refused:
            self.tally.refused(one for one in refused.exceptions if isinstance(one, Refused))

    def follow_up(self) -> None:
        """Let the worker have its turns soon: something may wait for the network."""
        for span in FOLLOW_UPS:
            self.agenda.after(span, self.beat)

    def begin(self) -> None:
        """A traveller comes into the run."""
        self.lives += 1

    def end(self) -> None:
        """A traveller has nothing more to do."""
        self.lives -= 1
