"""The travellers of a rehearsal: who is coming, what they mean to do, who waits at which desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.calendar import day_of
from refund.core.form import Form
from refund.core.goods import Goods
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.traveller import Traveller, document_key
from refund.ports import Ports
from refund.services.issue import Draft
from refund.simulation.rehearsal.errand import Errand, improvised, planned
from refund.simulation.world.chance import Streams
from refund.simulation.world.plans import PurchasePlan, TravellerPlan
from refund.transaction import Transaction

PATIENCE = timedelta(hours=2)
"""How long a traveller waits at a store's counter, and then goes without a form."""

DAYS_KEPT = 4
"""Days whose travellers are kept in memory, those asked for last."""

PlansOn = Callable[[date], Iterable[TravellerPlan]]
"""The travellers who buy on a day."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at a store's counter with something bought."""

    plan: TravellerPlan
    number: int
    purchase: PurchasePlan

    @property
    def key(self) -> str:
        """Under which a bot issues the form, once whatever happens."""
        return f"bot-{self.plan.number}-{self.number}"

    @property
    def shown(self) -> Traveller:
        """Whose document lies on the counter."""
        wrong = self.purchase.wrong_passport
        return self.plan.traveller if wrong is None else wrong.shown


class Crowd:
    """Everybody who is not staff; it remembers nothing that cannot be had again.

    Args:
        plans_on: the population.
        streams: of the rehearsal's seed, for whoever is not in the population.
    """

    def __init__(self, ports: Ports, plans_on: PlansOn, streams: Streams) -> None:
        self._ports = ports
        self._plans_on = plans_on
        self._streams = streams
        self._days: dict[date, dict[str, TravellerPlan]] = {}

    def visits(self, now: datetime) -> list[Visit]:
        """Who came to a counter by now and still waits there, the first first.

        A bot's form is found by its key, a person's by the document and the store.
        """
        found = list(self._due(now))

        def waits(tx: Transaction) -> list[Visit]:
            return [visit for visit in found if not self._is_served(tx, visit)]

        return self._ports.storage.read(waits)

    def _due(self, now: datetime) -> Iterator[Visit]:
        plans = self._plans(day_of(now)).values()
        due = [
            Visit(plan, number, purchase)
            for plan in plans
            for number, purchase in enumerate(plan.purchases)
            if purchase.at <= now < purchase.at + PATIENCE
        ]
        return iter(sorted(due, key=lambda one: (one.purchase.at, one.plan.number)))

    def _is_served(self, tx: Transaction, visit: Visit) -> bool:
        store, purchase = visit.purchase.store_number, visit.purchase
        if tx.form_by_submission(store, visit.key) is not None:
            return True
        numbers = [invoice.number for invoice in purchase.invoices]
        return any(tx.live_invoice(number) is not None for number in numbers)

    def draft(self, visit: Visit, goods: dict[str, Goods]) -> Draft:
        """What a clerk types for somebody at the counter."""
        invoices = tuple(
            Invoice(
                number=invoice.number,
                day=visit.purchase.day,
                kind=invoice.kind,
                lines=tuple(
                    InvoiceLine(goods[line.goods_code], line.quantity, line.unit_price_fen)
                    for line in invoice.lines
                ),
            )
            for invoice in visit.purchase.invoices
        )
        shown, purchase = visit.shown, visit.purchase
        port = visit.plan.told.port
        return Draft(shown, invoices, purchase.channel, port, last_entry=shown.last_entry)

    def errand(self, form: Form) -> Errand:
        """What the traveller of a form means to do, before anything is dealt."""
        traveller = self._ports.storage.read(lambda tx: tx.traveller_of(form.form_id))
        plan = self._plan_of(form)
        if plan is None:
            chance = self._streams.of_names("improvised", form.form_number)
            return improvised(form, traveller, chance)
        return planned(form, plan, self._purchase_of(form, plan))

    def _plan_of(self, form: Form) -> TravellerPlan | None:
        return self._plans(form.issue_day).get(form.document_index)

    def _purchase_of(self, form: Form, plan: TravellerPlan) -> PurchasePlan:
        """Which of the purchases a form is for."""
        invoices = self._ports.storage.read(lambda tx: tx.invoices_of(form.form_id))
        numbers = {invoice.number for invoice in invoices}
        for purchase in plan.purchases:
            if numbers & {invoice.number for invoice in purchase.invoices}:
                return purchase
        of_store = (one for one in plan.purchases if one.store_number == form.store_number)
        return next(of_store, plan.purchases[0])

    def _plans(self, day: date) -> dict[str, TravellerPlan]:
        """The travellers of a day by the indexes of the documents that clerks may have seen."""
        known = self._days.pop(day, None)
        if known is None:
            known = {}
            for plan in self._plans_on(day):
                for one in (plan.traveller, *_others(plan)):
                    known[self._index(one)] = plan
        self._days[day] = known
        for oldest in list(self._days)[:-DAYS_KEPT]:
            del self._days[oldest]
        return known

    def _index(self, traveller: Traveller) -> str:
        return self._ports.sealer.index("document", document_key(traveller.document))


def _others(plan: TravellerPlan) -> Iterator[Traveller]:
    """Whose documents are shown by mistake in a traveller's place."""
    for purchase in plan.purchases:
        if purchase.wrong_passport is not None:
            yield purchase.wrong_passport.shown
