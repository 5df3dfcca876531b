"""Learners of a test: they do a drill through the services, in the right way or in a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from refund.core.case import CaseKind, Fix
from refund.core.customs import Inspection, LinesShown, Place, RefusalReason
from refund.core.entitlement import ConfirmedLine, Recovery
from refund.core.errors import Refused
from refund.core.exit_file import ExitLine
from refund.core.form import Channel
from refund.core.goods import Goods, load_goods
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.core.offline import Act, OfflineDecision, Resolved
from refund.core.people import Actor, Role, Staff
from refund.core.store import Store, read_stores
from refund.core.till import Way
from refund.places import data_folder
from refund.sandbox.faults import Fault
from refund.services import (
    amend,
    counter_desk,
    exits,
    fixes,
    issue,
    offline,
    offline_review,
    reconcile,
    returns,
    settle,
    verify,
)
from refund.services.issue import Draft
from refund.simulation.drills.checks import Judged, judge
from refund.simulation.drills.drill import Audience, Drill, prepare
from refund.simulation.drills.scene import Scene
from refund.simulation.drills.stage import Stage, Theatre, document_from, traveller_from
from refund.simulation.engine import place as places
from refund.simulation.runs import acts
from refund.transaction import Transaction

SEATS = {
    Audience.CLERK: Actor("clerk-1", Role.CLERK, "Clerk", store_number=1),
    Audience.CUSTOMS: Actor("officer-1", Role.OFFICER, "Officer", port="WUH"),
    Audience.OPERATOR: Actor("operator-1", Role.OPERATOR, "Operator"),
}
OLD_RULES = datetime(2025, 7, 8, 6, 0, tzinfo=UTC)
NEW_RULES = datetime(2026, 7, 8, 6, 0, tzinfo=UTC)
"""Two in the afternoon, under the rules of 2025 and under those since July 2026."""


@cache
def register() -> tuple[Sequence[Store], Sequence[Goods]]:
    """The stores and the goods that are shipped."""
    folder = data_folder()
    stores = read_stores((folder / "stores.csv").read_bytes())
    return stores, load_goods((folder / "goods.csv").read_text(encoding="utf-8"))


@dataclass
class Player:
    """Who does a drill; `stage` has what was prepared."""

    place: places.Place
    stage: Stage
    drill: Drill
    began_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.began_at = self.stage.now

    @property
    def seat(self) -> Actor:
        """Whom the learner plays."""
        return self.stage.seat

    def made(self, name: str) -> dict[str, object]:
        """What was prepared under a name."""
        return self.stage.made[name]

    def form_id(self, name: str) -> str:
        """A form that was prepared."""
        return str(self.stage.made[name]["form_id"])

    def judged(self, minutes: float = 1.0) -> list[Judged]:
        """What each check says now."""
        watch = timedelta(minutes=minutes)
        scene = Scene(self.place.ports, self.seat, self.stage.made, self.began_at, watch)
        return judge(scene, self.drill.checks)

    def points(self) -> int:
        """What is earned now."""
        return sum(one.points for one in self.judged())

    # At the counter.

    def draft(
        self, of: str, papers: Sequence[str], only: Sequence[str], channel: Channel, late: str
    ) -> Draft:
        """What a clerk types from the sheet."""
        invoices = tuple(self.invoice(name, only) for name in papers)
        person = traveller_from(self.stage.made[of])
        return Draft(
            person,
            tuple(one for one in invoices if one.lines),
            channel,
            "WUH",
            last_entry=person.last_entry,
            late_reason=late,
        )

    def invoice(self, name: str, only: Sequence[str] = ()) -> Invoice:
        """An invoice from the sheet, with those goods alone."""
        kept = self.stage.made[name]
        goods = {one.goods_code: one for one in register()[1]}
        lines = tuple(
            InvoiceLine(goods[line["code"]], line["quantity"], line["price_fen"])
            for line in kept["lines"]
            if not only or line["code"] in only
        )
        day = datetime.fromisoformat(kept["day"]).date()
        return Invoice(kept["number"], day, InvoiceKind(kept["invoice_kind"]), lines)

    def issues(
        self,
        of: str,
        *papers: str,
        only: Sequence[str] = (),
        channel: Channel = Channel.INSTANT,
        late: str = "",
    ) -> issue.Issue:
        """Issue a form from the sheet."""
        draft = self.draft(of, papers, only, channel, late)
        return issue.issue_form(self.place.ports, self.seat, draft, f"{of}-{papers}-{only}")

    def corrects(self, form: str, of: str) -> None:
        """Put another form in a form's place, with the right document."""
        form_id, person = self.form_id(form), traveller_from(self.stage.made[of])
        draft = amend.form_to_correct(self.place.ports, self.seat, form_id).draft
        right = replace(draft, traveller=person, last_entry=person.last_entry)
        words = "the companion's passport"
        amend.replace_form(self.place.ports, self.seat, form_id, right, "correct", words)

    def takes_back(self, form: str, count: int, recovery: Recovery) -> None:
        """Take goods back."""
        brought = returns.BroughtBack({(0, 0): count}, recovery, "brought back", "back")
        returns.return_goods(self.place.ports, self.seat, self.form_id(form), brought)

    # At customs.

    def confirms(
        self,
        form: str,
        *shown: int,
        seals: Sequence[str] = (),
        place: Place = Place.UNSAID,
        inspection: Inspection = Inspection.UNSAID,
    ) -> None:
        """Confirm all, or so many of each line."""
        verify.view(self.place.ports, self.seat, self.form_id(form))
        lines = tuple(
            ConfirmedLine((0, at), count, seals[at] if seals else "")
            for at, count in enumerate(shown)
        )
        decision = LinesShown(lines or None, place, inspection)
        verify.verify_lines(self.place.ports, self.seat, self.form_id(form), decision)

    def refuses(self, form: str, reason: RefusalReason, note: str = "") -> None:
        """Refuse a form whole."""
        verify.refuse_form(self.place.ports, self.seat, self.form_id(form), reason, note)

    def decides_offline(self, form: str) -> None:
        """Confirm everything without the network, and send it later."""
        ports, kept = self.place.ports, self.stage.made[form]
        kit = offline.begin_shift(ports, self.seat, "deviceoflearner1")
        now = ports.clock.now()
        seen = tuple(((0, at), line["quantity"]) for at, line in enumerate(kept["lines"]))
        decision = OfflineDecision("ab" * 16, 1, kept["form_id"], Act.CONFIRM, now, now, None, seen)
        sent = offline.Sent(decision, kept["code"])
        offline.take_in(ports, self.seat, kit.shift.shift_id, now, [sent])

    def resolves(self, form: str, resolved: Resolved) -> None:
        """End a review."""
        decision_id = str(self.stage.made[form]["decision_id"])
        offline_review.resolve(self.place.ports, self.seat, decision_id, resolved, "it stands")

    # At the agency.

    def settles(self, form: str) -> None:
        """Carry out what the exit's desk proposes."""
        seen = reconcile.proposals_for(self.place.ports, [self.form_id(form)])[0]
        chosen = reconcile.Chosen(self.form_id(form), seen.action, seen.why)
        done = reconcile.settle(self.place.ports, self.seat, [chosen], "as proposed")
        assert done[0].refusal is None, done

    def records(self, of: str, port: str) -> None:
        """Record a departure by hand."""
        document = document_from(self.stage.made[of])
        at = self.stage.now - timedelta(minutes=2)
        exits.record_exit(self.place.ports, self.seat, ExitLine(document, port, at))

    def case_id(self, form: str, kind: CaseKind) -> str:
        """The case of a kind of a form."""

        def look(tx: Transaction) -> str:
            found = [one for one in tx.cases_of(self.form_id(form)) if one.kind is kind]
            assert found, [one.kind for one in tx.cases_of(self.form_id(form))]
            return found[-1].case_id

        return self.place.ports.storage.read(look)

    def fixes(self, form: str, kind: CaseKind, fix: Fix) -> None:
        """Do something about a case, or ask for it."""
        case_id = self.case_id(form, kind)
        fixes.fix(self.place.ports, self.seat, case_id, fix, "for a reason")

    def approves(self, form: str, kind: CaseKind, *, yes: bool = True) -> None:
        """Decide what another one asked for."""
        ports, case_id = self.place.ports, self.case_id(form, kind)
        waiting = ports.storage.read(lambda tx: tx.approval_of(case_id))
        assert waiting is not None
        if yes:
            fixes.approve(ports, self.seat, case_id, waiting.approval_id)
        else:
            fixes.decline(ports, self.seat, case_id, waiting.approval_id, "not now")

    def pays(self, form: str, way: Way) -> None:
        """Pay the ordinary refund at the counter."""
        counter = counter_desk.counter_at(self.seat, "WUH")
        who = self.stage.made[self.stage.made[form]["of"]]
        payee = acts.Payee(document_from(who), who["latin_name"], way)
        give = self.stage.theatre.give
        acts.take_refund(self.place.ports, counter, self.form_id(form), payee, "page", give)

    def denies(self, form: str) -> None:
        """Deny the refund at the counter."""
        counter = counter_desk.counter_at(self.seat, "WUH")
        counter_desk.deny(self.place.ports, counter, self.form_id(form), "no")

    def closes_months(self) -> None:
        """Close every month that is over."""
        ports = self.place.ports
        now = ports.clock.now()
        for month in ports.storage.read(lambda tx: settle.months_to_close(tx, now)):
            settle.close_month(ports, self.seat.label, month)


Deed = Callable[[Player], object]


@contextmanager
def playing(drill: Drill, serial: int = 7) -> Iterator[Player]:
    """Somebody before a drill that has been prepared, in a world of its own."""
    at = OLD_RULES if drill.fits(OLD_RULES.date()) else NEW_RULES
    with world_at(at) as place:
        yield player(place, drill, serial)


@contextmanager
def world_at(at: datetime) -> Iterator[places.Place]:
    """A world with the shipped stores and goods, and one person at each desk."""
    stores, goods = register()
    people = [Staff(one, one.staff_id, "") for one in SEATS.values()]
    settings = places.PlaceSettings(seed=1, at=at, stores=stores, goods=goods, people=people)
    with places.open_place(settings) as place:
        yield place


def player(place: places.Place, drill: Drill, serial: int) -> Player:
    """Somebody at the drill's desk, for whom it has been prepared."""

    def pass_by(span: timedelta) -> None:
        place.clock.at += span
        place.beat()

    def switch_on(fault: Fault) -> None:
        place.book.faults.switch_on(fault)

    theatre = Theatre(
        give=acts.gives_card_in(place.book),
        pass_by=pass_by,
        switch_on=switch_on,
        keep_from_bots=lambda _: None,
    )
    stage = Stage(place.ports, SEATS[drill.audience], serial, theatre)
    prepare(drill, stage)
    return Player(place, stage, drill)


def refused(deed: Callable[[], object]) -> None:
    """The service does not let it happen."""
    try:
        done = deed()
    except Refused:
        return
    assert isinstance(done, issue.Issue)
    assert done.form is None
