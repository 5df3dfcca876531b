"""Travellers in the city: at the stores' counters, with their phones, at the refund point."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from refund.core.calendar import day_of
from refund.core.entitlement import LineKey
from refund.core.errors import Refused
from refund.core.form import Channel, Form, Status
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.traveller import Traveller
from refund.services import issue
from refund.services.issue import Draft
from refund.simulation.runs import acts
from refund.simulation.runs.acts import Wish
from refund.simulation.runs.scene import Scene
from refund.simulation.world.plans import (
    GoodsBack,
    PhonePlan,
    PurchasePlan,
    TravellerPlan,
    Units,
    WrongPassport,
)

NOT_INSTANT = "store_not_instant"
UNREACHABLE = "network_unreachable"
TRIES = 3
"""How often a traveller tries again where the payment network is not reached."""

TRY_AGAIN_AFTER = timedelta(minutes=5)

Quantities = dict[LineKey, int]


@dataclass(slots=True)
class Ware:
    """A form in a traveller's hands: its purchase, and how far the traveller came with it.

    Args:
        shown: whose document the clerk took.
        left: how many of each line did not go back to the store.
        missing: of these, what customs will not see.
        tried: cards that were given.
        silent: how often the network was not reached.
    """

    purchase: PurchasePlan
    form: Form
    code: str
    shown: Traveller
    left: Quantities
    missing: Quantities
    tried: int = 0
    silent: int = 0


@dataclass(slots=True)
class Trip:
    """A traveller under way."""

    plan: TravellerPlan
    wares: list[Ware] = field(default_factory=list)
    keys: int = 0

    @property
    def phone(self) -> str:
        """How the service knows the traveller's phone."""
        return f"phone-{self.plan.number}"

    def holds(self, ware: Ware) -> bool:
        """Whether a form is still in the traveller's hands, and no other took its place."""
        return any(known is ware for known in self.wares)

    def key(self) -> str:
        """A key that no page of this traveller's had before."""
        self.keys += 1
        return f"page-{self.plan.number}-{self.keys}"


class Shopping:
    """What happens in the city."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def begin(self, trip: Trip) -> None:
        """Put all that a traveller means to do in the city on the agenda."""
        agenda = self._scene.agenda
        for purchase in trip.plan.purchases:
            agenda.at(purchase.at, partial(self._queue, trip, purchase))
            if purchase.again is not None:
                agenda.at(purchase.again, partial(self._queue, trip, purchase))
        if trip.plan.point_at is not None:
            agenda.at(trip.plan.point_at, partial(self._to_the_point, trip))

    def _queue(self, trip: Trip, purchase: PurchasePlan) -> None:
        """Stand in the queue of the store's counter."""
        self._at_counter(trip, purchase, partial(self._issue, trip, purchase))

    # At the counter.

    def _issue(self, trip: Trip, purchase: PurchasePlan) -> None:
        """Get a form for the purchase, or be told every reason why not."""
        scene, wrong = self._scene, purchase.wrong_passport
        shown = trip.plan.traveller if wrong is None else wrong.shown
        draft = self._draft(trip.plan, purchase, shown)
        clerk, key = scene.crew.clerks[purchase.store_number], trip.key()
        found = issue.issue_form(scene.ports, clerk, draft, key)
        if [one.code for one in found.refusals] == [NOT_INSTANT]:
            ordinary = replace(draft, channel=Channel.ORDINARY)
            found = issue.issue_form(scene.ports, clerk, ordinary, key)
        scene.tally.refused(found.refusals)
        if found.form is None:
            return
        ware = self._hand_over(purchase, found.form, shown)
        trip.wares.append(ware)
        if purchase.goods_back is not None:
            do = partial(self._bring_back, trip, ware, purchase.goods_back)
            scene.agenda.at(purchase.goods_back.at, partial(self._at_counter, trip, purchase, do))
        if wrong is not None and wrong.noticed_after is not None:
            do = partial(self._correct, trip, ware, wrong)
            scene.agenda.after(wrong.noticed_after, partial(self._at_counter, trip, purchase, do))
        self._use_phone(trip, ware)

    def _at_counter(self, trip: Trip, purchase: PurchasePlan, do: partial[None]) -> None:
        counter = self._scene.staffing.counter(purchase.store_number)
        self._scene.desks[counter.name].join(trip.plan.number, do)

    def _draft(self, plan: TravellerPlan, purchase: PurchasePlan, shown: Traveller) -> Draft:
        """What the clerk types."""
        goods = self._scene.goods
        invoices = tuple(
            Invoice(
                number=invoice.number,
                day=purchase.day,
                kind=invoice.kind,
                lines=tuple(
                    InvoiceLine(goods[line.goods_code], line.quantity, line.unit_price_fen)
                    for line in invoice.lines
                ),
            )
            for invoice in purchase.invoices
        )
        return Draft(
            traveller=shown,
            invoices=invoices,
            channel=purchase.channel,
            port=plan.told.port,
            last_entry=shown.last_entry,
        )

    def _hand_over(self, purchase: PurchasePlan, form: Form, shown: Traveller) -> Ware:
        """Give the traveller the slip."""
        clerk = self._scene.crew.clerks[form.store_number]
        code = acts.claim_code(self._scene.ports, clerk, form.form_id)
        gone = quantities_of(purchase.not_shown)
        return Ware(purchase, form, code, shown, all_of(purchase), gone)

    def _bring_back(self, trip: Trip, ware: Ware, back: GoodsBack) -> None:
        """Bring goods back to the store; where nothing was advanced, a form takes the place."""
        scene, brought = self._scene, quantities_of(back.units) or dict(ware.left)
        clerk = scene.crew.clerks[ware.form.store_number]
        done = scene.tally.attempt(
            lambda: acts.bring_back(scene.ports, clerk, ware.form.form_id, brought, trip.key())
        )
        if done is None:
            return
        for line, quantity in brought.items():
            ware.left[line] -= quantity
        scene.follow(done.form)
        ware.form = done.form
        if done.replaced_by is not None:
            self._take_instead(trip, ware, done.replaced_by, ware.shown)

    def _correct(self, trip: Trip, ware: Ware, _: WrongPassport) -> None:
        """Get the form anew with the right document: what was advanced is paid back first."""
        scene, right = self._scene, trip.plan.traveller
        clerk, form_id = scene.crew.clerks[ware.form.store_number], ware.form.form_id
        if scene.form(form_id).status is Status.ADVANCED:
            undone = scene.tally.attempt(
                lambda: acts.undo_form(scene.ports, clerk, form_id, trip.key())
            )
            if undone is None or undone.status is not Status.RETURNED:
                return

        def with_right_document(draft: Draft) -> Draft:
            return replace(draft, traveller=right, last_entry=right.last_entry)

        after = scene.tally.attempt(
            lambda: acts.correct_form(scene.ports, clerk, form_id, with_right_document, trip.key())
        )
        if after is not None:
            self._take_instead(trip, ware, after, right)

    def _take_instead(self, trip: Trip, ware: Ware, form: Form, shown: Traveller) -> None:
        """Go on with the form that took another one's place."""
        position = next(at for at, known in enumerate(trip.wares) if known is ware)
        clerk = self._scene.crew.clerks[form.store_number]
        code = acts.claim_code(self._scene.ports, clerk, form.form_id)
        places = places_after(ware.left)
        left = {place: ware.left[key] for key, place in places.items()}
        gone = {places[key]: fewer for key, fewer in ware.missing.items() if key in places}
        after = Ware(ware.purchase, form, code, shown, left, gone)
        trip.wares[position] = after
        self._use_phone(trip, after)

    # On the phone.

    def _use_phone(self, trip: Trip, ware: Ware) -> None:
        phone = ware.purchase.phone
        claims = ware.form.channel is Channel.INSTANT and trip.plan.point_at is None
        if phone is not None and claims:
            self._scene.agenda.after(phone.scan_after, partial(self._scan, trip, ware, phone))

    def _scan(self, trip: Trip, ware: Ware, phone: PhonePlan) -> None:
        scene, form = self._scene, ware.form
        if not trip.holds(ware):
            return  # Another form took its place before it was ever scanned.
        opened = scene.tally.attempt(lambda: acts.scan(scene.ports, trip.phone, form, ware.code))
        if opened is None:
            return
        scene.tally.scanned(form.form_id, scene.now)
        if not phone.gives_up:
            scene.agenda.after(phone.claim_after, partial(self._sign, trip, ware, phone))

    def _sign(self, trip: Trip, ware: Ware, phone: PhonePlan) -> None:
        scene = self._scene
        if not trip.holds(ware):
            return
        wish = wish_of(trip, ware, phone)
        signed = scene.tally.attempt(
            lambda: acts.sign(scene.ports, trip.phone, ware.form.form_id, wish)
        )
        if signed is not None:
            self._claim(trip, ware, phone)

    def _claim(self, trip: Trip, ware: Ware, phone: PhonePlan) -> None:
        """Give the next card; a silent network is tried again, a refused card gives way."""
        scene, form_id = self._scene, ware.form.form_id
        wish = wish_of(trip, ware, phone)
        try:
            form = acts.claim_advance(scene.ports, trip.phone, form_id, wish, scene.give)
        except Refused as refusal:
            scene.tally.refused([refusal])
            ware.silent += 1
            if refusal.code == UNREACHABLE and ware.silent < TRIES:
                scene.agenda.after(TRY_AGAIN_AFTER, partial(self._claim, trip, ware, phone))
            return
        self._after_claim(trip, ware, phone, form)

    def _after_claim(self, trip: Trip, ware: Ware, phone: PhonePlan, form: Form) -> None:
        scene = self._scene
        ware.tried += 1
        scene.follow(form)
        match form.status:
            case Status.AGREED if ware.tried < len(phone.cards):
                scene.agenda.after(phone.retry_after, partial(self._claim, trip, ware, phone))
            case Status.HELD:
                scene.tally.attempt(
                    lambda: acts.choose_ordinary(scene.ports, trip.phone, form.form_id)
                )
            case Status.HOLDING | Status.ADVANCING | Status.WITHDRAWING:
                scene.agenda.after(phone.retry_after, partial(self._look, trip, ware, phone))
            case _:
                pass

    def _look(self, trip: Trip, ware: Ware, phone: PhonePlan) -> None:
        """Look at the phone again, where the network had not answered."""
        form = self._scene.form(ware.form.form_id)
        if form.status in (Status.AGREED, Status.HELD) and ware.tried < TRIES:
            self._after_claim(trip, ware, phone, form)

    # At the refund point.

    def _to_the_point(self, trip: Trip) -> None:
        point, scene = self._scene.point, self._scene
        if point is not None and trip.wares:
            for ware in trip.wares:
                if self._is_claimable(ware):
                    scene.tally.scanned(ware.form.form_id, scene.now)
            point.join(trip.plan.number, partial(self._together, trip))

    def _together(self, trip: Trip) -> None:
        """Claim all forms in one go, with the cards one after the other."""
        scene = self._scene
        wares = [one for one in trip.wares if self._is_claimable(one)]
        if not wares:
            return
        first, phone = wares[0], wares[0].purchase.phone
        if phone is None or first.tried >= len(phone.cards) or first.silent >= TRIES:
            return
        ids = [one.form.form_id for one in wares]
        wish = wish_of(trip, first, phone)
        try:
            acts.claim_together(scene.ports, scene.crew.operator, ids, wish, scene.give)
        except Refused as refusal:
            scene.tally.refused([refusal])
            first.silent += 1
            if refusal.code == UNREACHABLE:
                scene.agenda.after(TRY_AGAIN_AFTER, partial(self._together, trip))
            return
        first.tried += 1
        after = scene.form(ids[0])
        scene.follow(after)
        if after.status is Status.AGREED:
            scene.agenda.after(phone.retry_after, partial(self._together, trip))

    def _is_claimable(self, ware: Ware) -> bool:
        form = self._scene.form(ware.form.form_id)
        instant = form.channel is Channel.INSTANT
        return instant and form.status in (Status.ISSUED, Status.AGREED)


def wish_of(trip: Trip, ware: Ware, phone: PhonePlan) -> Wish:
    """How the traveller wants the money of a form, with the next of the cards."""
    card = phone.cards[min(ware.tried, len(phone.cards) - 1)]
    return Wish(
        name=ware.shown.latin_name,
        document_tail=ware.shown.document.number[-4:],
        method=phone.method,
        card=card,
        account=phone.account,
        departs_on=day_of(trip.plan.told.at),
        port=trip.plan.told.port,
        contact=trip.plan.contact,
        language=trip.plan.language,
    )


def quantities_of(units: tuple[Units, ...]) -> Quantities:
    """How many of each line."""
    return {one.place: one.quantity for one in units}


def all_of(purchase: PurchasePlan) -> Quantities:
    """Every line of a purchase, with all of its units."""
    return {
        (at, position): line.quantity
        for at, invoice in enumerate(purchase.invoices)
        for position, line in enumerate(invoice.lines)
    }


def places_after(left: Quantities) -> dict[LineKey, LineKey]:
    """Where each line that is left stands on a form that lists only these."""
    kept = sorted(key for key, quantity in left.items() if quantity)
    invoices = sorted({at for at, _ in kept})
    return {
        key: (place, position)
        for place, at in enumerate(invoices)
        for position, key in enumerate(one for one in kept if one[0] == at)
    }
