"""A rehearsal in one process: a small world, its lab's book, and bots that a test lets go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from refund.core.calendar import SHANGHAI, day_of
from refund.core.form import Channel, Form, Status
from refund.core.goods import Goods
from refund.core.money import Vat
from refund.core.operation import Advance
from refund.core.people import Actor, Role
from refund.core.store import Store
from refund.simulation.engine.place import Place, PlaceSettings, open_place
from refund.simulation.lab_book import LabBook, open_lab_book
from refund.simulation.rehearsal.bots import Bots
from refund.simulation.rehearsal.crowd import Crowd
from refund.simulation.rehearsal.network_hand import HandInBook
from refund.simulation.runs import acts
from refund.simulation.world.baskets import goods_master
from refund.simulation.world.chance import Streams
from refund.simulation.world.plans import TravellerPlan
from refund.simulation.world.population import Population
from refund.simulation.world.scenario import read_scenario
from refund.simulation.world.staffing import stores_of
from refund.transaction import Transaction
from tests import make

MORNING = datetime(2025, 7, 8, 10, tzinfo=SHANGHAI)
SECOND = Actor("operator-2", Role.OPERATOR, "Second operator")
TRAINER = "trainer"
LEARNER = "learner-1"


def nobody(_: date) -> Sequence[TravellerPlan]:
    """A day on which no traveller comes by himself."""
    return ()


@dataclass
class Rehearsed:
    """A rehearsal that a test drives."""

    place: Place
    book: LabBook
    bots: Bots
    issued_forms: int = field(default=0)

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.place.clock.now()

    def take(self, desk: str) -> None:
        """Let a person sit down at a desk."""
        self.book.take(desk, LEARNER, self.now)

    def issued(self, channel: Channel = Channel.INSTANT, quantity: int = 3) -> Form:
        """A form that a person at the counter made, for somebody of whom there is no plan."""
        self.issued_forms += 1
        number = f"{self.issued_forms:08d}"
        today = day_of(self.now)
        draft = make.draft(
            traveller=make.traveller(f"H{number}", last_entry=today - timedelta(days=3)),
            invoices=(
                make.invoice(
                    f"2542{number:0>16}", day=today, lines=(make.line(500_00, quantity=quantity),)
                ),
            ),
            channel=channel,
        )
        return acts.issue_form(self.place.ports, make.clerk(), draft, f"page-{number}")

    def form(self, form: Form) -> Form:
        """A form as it stands."""
        found = self.place.ports.storage.read(lambda tx: tx.form(form.form_id))
        assert found is not None
        return found

    def forms(self) -> list[Form]:
        """All forms."""
        return self.place.ports.storage.read(lambda tx: tx.forms_in(tuple(Status), 1000))

    def advances(self) -> list[Advance]:
        """All advances that were paid."""

        def look(tx: Transaction) -> list[Advance]:
            found = [tx.advance_of(form.form_id) for form in tx.forms_in(tuple(Status), 1000)]
            return [one for one in found if one is not None]

        return self.place.ports.storage.read(look)

    def lets_pass(self, span: timedelta, step: timedelta = timedelta(minutes=1)) -> None:
        """Let time pass, with the network, the worker and the bots at work."""
        until = self.now + span
        while self.now < until:
            self.place.clock.at = min(until, self.now + step)
            self.place.beat()
            self.bots.go()

    def until(self, form: Form, *wanted: Status, within: timedelta) -> Form:
        """Let time pass until a form has come to a state."""
        end = self.now + within
        while self.form(form).status not in wanted:
            assert self.now < end, self.form(form).status
            self.lets_pass(timedelta(minutes=10), timedelta(minutes=5))
        return self.form(form)


@contextmanager
def open_rehearsal(
    folder: Path, *, scenario: str = "", at: datetime = MORNING, seed: int = 1, url: str = ""
) -> Iterator[Rehearsed]:
    """A rehearsal with the population of a scenario, or with nobody in it who was not asked."""
    stores, goods = _furniture(scenario, seed)
    clerks = [make.clerk(store.store_number) for store in stores]
    officers = [make.officer(port) for port in ("WUH", "YIH", "ENH")]
    people = [*clerks, *officers, make.operator(), SECOND]
    settings = PlaceSettings(seed, at, stores, goods, [make.staff(one) for one in people], url=url)
    with open_place(settings) as place, open_lab_book(folder) as book:
        yield Rehearsed(place, book, new_bots(place, book, scenario, seed))


def new_bots(place: Place, book: LabBook, scenario: str, seed: int) -> Bots:
    """Bots that remember nothing, as after a restart."""
    streams = Streams(seed)
    plans = Population(read_scenario(scenario), streams).travellers_of if scenario else nobody
    crowd = Crowd(place.ports, plans, streams)
    return Bots(place.ports, book, crowd, HandInBook(place.book))


def _furniture(scenario: str, seed: int) -> tuple[Sequence[Store], Sequence[Goods]]:
    if not scenario:
        return [make.store(1), make.store(2)], [make.goods(vat) for vat in Vat]
    world = read_scenario(scenario)
    return stores_of(world, Streams(seed)), list(goods_master().values())
