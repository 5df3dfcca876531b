"""The bots of a rehearsal: they play every role that nobody has taken, by what waits where."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import GONE, IN_FLIGHT, Form, Status
from refund.core.goods import Goods
from refund.core.people import Actor, Role, Staff
from refund.ports import NetworkSilent, Ports
from refund.pulse import Pulse
from refund.services import issue, rehearsing
from refund.services.enrol import enrol_staff
from refund.services.life import the_form
from refund.simulation.lab_book import LabBook
from refund.simulation.rehearsal.bot_office import Office
from refund.simulation.rehearsal.bot_travellers import NEVER, SOON, Travellers
from refund.simulation.rehearsal.card_dealing import Dealer
from refund.simulation.rehearsal.crowd import Crowd
from refund.simulation.rehearsal.errand import Errand
from refund.simulation.rehearsal.fault_cards import CardTable, Dealt
from refund.simulation.rehearsal.network_hand import NetworkHand
from refund.simulation.rehearsal.roster import Roster
from refund.simulation.rehearsal.twist import brought_along, sent_to_port, twisted
from refund.simulation.runs.shopping import UNREACHABLE
from refund.simulation.world.chance import Streams
from refund.simulation.world.plans import FaultPlanned
from refund.simulation.world.population import Population
from refund.simulation.world.scenario import read_scenario, scenario_names
from refund.simulation.world.staffing import faults_of
from refund.transaction import Transaction

PERIOD_SECONDS = 0.5
ACTS_A_ROUND = 40
"""So many people are served in a round at most, so that others write in between."""

ROUNDS_A_MORNING = 60
DEFAULT_SCENARIO = "opening-week"
"""Whose travellers come where the book names no scenario that is shipped."""

PUT_OFF = timedelta(minutes=5)
"""How long somebody waits who was refused, before trying again."""

LOOK_AGAIN = timedelta(minutes=30)
"""How long what a person did with a form can stay unseen."""

BORDER = Actor("lab-border", Role.OPERATOR, "边检 Border of the rehearsal")
"""Who tells of departures; nobody can sign in so."""

FOLLOWED = tuple(one for one in Status if one not in GONE)
PAGE = 500
T = TypeVar("T")
log = logging.getLogger(__name__)


class Bots:
    """Everybody whom no person plays; what they do next follows from the database alone.

    Args:
        book: of the lab: who took which role, and the cards.
        crowd: the travellers.
        hand: in the payment network.
        faults: the outages of the scenario.
    """

    def __init__(
        self,
        ports: Ports,
        book: LabBook,
        crowd: Crowd,
        hand: NetworkHand,
        faults: Sequence[FaultPlanned] = (),
    ) -> None:
        self._faults = faults
        self.cards = CardTable(book)
        self.crowd = crowd
        self.dealer = Dealer(ports, book, self.cards, hand)
        self._ports = ports
        self._book = book
        self._turn = threading.RLock()
        self._office = Office(ports)
        self._travellers = Travellers(ports, hand, BORDER)
        self._look_at: dict[str, datetime] = {}
        self._tried: dict[str, datetime] = {}
        self._cards_seen: set[int] = set()
        self._goods: dict[str, Goods] = {}
        self._has_begun = False

    def go(self, *, serves: bool = True) -> int:
        """Do what is due now; how many acts that was.

        Where nobody `serves` the counters issue nothing, as on days that are passed over.
        """
        with self._turn:
            now = self._ports.clock.now()
            self._begin(now)
            self._attempt(partial(self.dealer.deal_outages, self._faults), now)
            roster = self.roster()
            self.dealer.look(roster)
            done = self._at_counters(roster, now) if serves else 0
            self._discover(now)
            done += self._with_forms(roster, now)
            done += self._office.go(roster, now)
            self.dealer.look(roster)
            return done

    def outlook(self) -> object:
        """What makes a further round worth while when it changes: time, desks, cards, people."""
        cards = [(one.card_id, one.form_id) for one in self.cards.open_cards()]
        return self._ports.clock.now(), self._book.taken(), cards, self.cards.sent_to_port()

    def look(self) -> None:
        """See what has become of the cards, and do nothing else."""
        with self._turn:
            self.dealer.look(self.roster())

    def work_through(self, _: Ports | None = None) -> None:
        """Do everything that waits now, as on the morning of a day that is passed over.

        Nobody comes to the counters on such a day.
        """
        for _round in range(ROUNDS_A_MORNING):
            if not self.go(serves=False):
                return

    def roster(self) -> Roster:
        """Who plays which desk now."""
        return Roster(rehearsing.desks(self._ports), self._book.taken())

    def errand(self, form: Form) -> Errand:
        """What the traveller of a form means to do, with all that was dealt."""
        errand = twisted(self.crowd.errand(form), form, self.cards.of_form(form.form_id))
        sent_at = self.cards.sent_to_port().get(form.form_id)
        return errand if sent_at is None else sent_to_port(errand, sent_at)

    def is_cut_off(self, port: str) -> bool:
        """Whether a card has cut the line of a port's customs desk now."""
        return port in self._cut_off(self.cards.open_cards(), self._ports.clock.now())

    @staticmethod
    def _cut_off(open_cards: list[Dealt], now: datetime) -> set[str]:
        cut = (one for one in open_cards if one.key == "customs_offline")
        return {one.port for one in cut if now < (one.moment("until") or now)}

    def customs_at(self, form: Form) -> datetime | None:
        """When the traveller of a form comes to customs, if at all and not before."""
        with self._turn:
            errand = self.errand(form)
            seen, roster = self._travellers.seen(form, errand), self.roster()
            if not self._travellers.comes_by_itself(seen, errand, roster):
                return None
            return self._travellers.customs_at(seen, errand, self._ports.clock.now())

    def send_to_port(self, form_id: str) -> None:
        """Let the traveller of a form, whom a person plays, come to customs now."""
        with self._turn:
            now = self._ports.clock.now()
            self.cards.send_to_port(form_id, now)
            self._look_at[form_id] = now

    def _begin(self, now: datetime) -> None:
        """Know the goods, the border, and every form that is under way."""
        if self._has_begun:
            return
        master = self._ports.storage.read(lambda tx: tx.goods_master())
        self._goods = {one.goods_code: one for one in master}
        if self._ports.storage.read(lambda tx: tx.staff(BORDER.staff_id)) is None:
            enrol_staff(self._ports, [Staff(BORDER, BORDER.staff_id, "", now)], "lab")
        found = self._ports.storage.read(lambda tx: tx.forms_in(FOLLOWED, PAGE))
        self._look_at = {form.form_id: now for form in found}
        self._has_begun = True

    # At the stores' counters.

    def _at_counters(self, roster: Roster, now: datetime) -> int:
        done = 0
        for visit in self.crowd.visits(now):
            clerk = roster.clerk(visit.purchase.store_number)
            served_at = self._travellers.served_at(f"store-{visit.purchase.store_number}", visit)
            if clerk is None or now < served_at or self._is_put_off(visit.key, now):
                continue
            self._tried[visit.key] = now
            draft = self.crowd.draft(visit, self._goods)
            found = self._attempt(
                partial(issue.issue_form, self._ports, clerk, draft, visit.key), now
            )
            done += found is not None and found.form is not None
            if done >= ACTS_A_ROUND:
                break
        return done

    def _is_put_off(self, key: str, now: datetime) -> bool:
        """Whether a purchase was refused a moment ago."""
        tried = self._tried.get(key)
        return tried is not None and tried <= now < tried + PUT_OFF

    # With each form.

    def _discover(self, now: datetime) -> None:
        """Take notice of the forms of the day, whoever issued them."""
        day = day_of(now)

        def of_today(tx: Transaction) -> list[Form]:
            stores = [store.store_number for store in tx.stores()]
            return [form for number in stores for form in tx.forms_of_store(number, day)]

        for form in self._ports.storage.read(of_today):
            if form.status not in GONE and form.form_id not in self._look_at:
                self._look_at[form.form_id] = now
                if not form.replaces:
                    brought = brought_along(self.crowd.errand(form), form, now)
                    self.dealer.bring_along(brought)

    def _with_forms(self, roster: Roster, now: datetime) -> int:
        kept, open_cards = self.cards.kept_forms(), self.cards.open_cards()
        for one in open_cards:
            if one.form_id and one.card_id not in self._cards_seen:
                # What was to be done at some later time may be due at once now.
                self._cards_seen.add(one.card_id)
                self._look_at[one.form_id] = now
        due = sorted((at, form_id) for form_id, at in self._look_at.items() if at <= now)
        done = 0
        for _, form_id in due:
            if form_id in kept:
                self._look_at[form_id] = now + SOON
                continue
            form = self._ports.storage.read(partial(the_form, form_id=form_id))
            did, self._look_at[form_id] = self._with_form(form, roster, now, open_cards)
            done += did
            if done >= ACTS_A_ROUND:
                break
        return done

    def _with_form(
        self, form: Form, roster: Roster, now: datetime, open_cards: list[Dealt]
    ) -> tuple[bool, datetime]:
        """Take the next step with a form, if it is due; whether, and when to look again."""
        if form.status in GONE:
            return False, NEVER
        if form.status in IN_FLIGHT:
            return False, now + SOON
        cut_off = self._cut_off(open_cards, now)
        errand = self.errand(form)
        step = partial(self._travellers.step, form, errand, roster, now, cut_off)
        found = self._attempt(step, now)
        if found is None:
            return False, now + PUT_OFF
        did, look_at = found
        return did, look_at if look_at == NEVER else min(look_at, now + LOOK_AGAIN)

    def _attempt(self, act: Callable[[], T], now: datetime) -> T | None:
        """Do what may be refused, or get no answer; None then."""
        try:
            return act()
        except Refused as refused:
            log.info("at %s: %s", now.isoformat(), refused.code)
            if refused.code == UNREACHABLE:
                self.dealer.note_silence()
        except NetworkSilent:
            log.info("at %s: the network is silent", now.isoformat())
            self.dealer.note_silence()
        return None


def open_bots(ports: Ports, book: LabBook, hand: NetworkHand) -> Bots:
    """The bots of a rehearsal, with the population of the scenario that its book names.

    Raises:
        Refused: as `read_scenario`.
    """
    facts = book.facts()
    known = facts.get("scenario", "")
    scenario = read_scenario(known if known in scenario_names() else DEFAULT_SCENARIO)
    streams = Streams(int(facts.get("seed", "1")))
    crowd = Crowd(ports, Population(scenario, streams).travellers_of, streams)
    return Bots(ports, book, crowd, hand, faults_of(scenario))


class BotThread(Pulse):
    """Lets the bots go on beside the service."""

    def __init__(self, bots: Bots, period_seconds: float = PERIOD_SECONDS) -> None:
        super().__init__("bots", period_seconds)
        self._bots = bots
        self._rested: object = None

    def once(self) -> None:
        """Let them do what there is to do.

        While the clock stands and nobody moved, there is nothing that was not looked at.
        """
        found = self._bots.outlook()
        if found == self._rested:
            self._bots.look()
        else:
            self._rested = None if self._bots.go() else found
