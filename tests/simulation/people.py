"""The people of a run: travellers with documents and habits, clerks, officers and operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from refund.core.calendar import day_of
from refund.core.customs import LinesShown
from refund.core.entitlement import ConfirmedLine
from refund.core.form import Channel, Form, Method, Status
from refund.core.till import Way
from refund.sandbox.cards import TRIAL_CARDS
from refund.services import claim, counter_desk, counter_pay, verify
from refund.services.issue import Draft
from tests import make
from tests.services import till_steps
from tests.services.acts import Acts
from tests.services.steps import PHONE, agreed, departs, issued
from tests.world import World

PORTS = ("WUH", "YIH", "ENH")
PRICES = (150_00, 1494_00, 5000_00)
"""What a bag costs: of the first, one alone is below the least sum; three of the last are advanced
with more than one person may decide about."""

GOOD = ("4111111111111111", "5555555555554444", "6200000000000005", "3566002020360505")
TRIAL = tuple(card.number for card in TRIAL_CARDS)
ACCOUNTS = {
    Method.ALIPAY: "13800000021",
    Method.WECHAT_PAY: "13800000021",
    Method.BANK_ACCOUNT: "6222020200012345678",
}


@dataclass(frozen=True, slots=True)
class Habit:
    """What distinguishes a traveller: a document, a port, and a card that is given first."""

    document: str
    port: str
    card: str
    method: Method


class People(Acts):
    """Travellers of all habits, and everybody around them."""

    cards: Sequence[str] = GOOD * 3 + TRIAL

    def __init__(self, world: World, habits: Sequence[Habit], chance: Random) -> None:
        super().__init__(world)
        self.habits = habits
        self._chance = chance
        self._of: dict[str, Habit] = {}
        self.passing: Callable[[timedelta], None] = super().let_pass
        self._buying = habits[0]

    def let_pass(self, span: timedelta) -> None:
        """Time passes, as the run lets it."""
        self.passing(span)

    def habit(self, form: Form) -> Habit:
        """The traveller of a form."""
        return self._of[form.form_id]

    def take_over(self, form: Form, after: Form) -> None:
        """Go on with a form that took another's place."""
        super().take_over(form, after)
        self._of[after.form_id] = self._of[form.form_id]

    def document(self, form: Form) -> str:
        """The number of a form's traveller's document."""
        return self.habit(form).document

    def draft(self, number: str, channel: Channel = Channel.INSTANT) -> Draft:
        """Three bags of one price, bought today by whoever is buying."""
        today = day_of(self.world.clock.now())
        bags = make.line(self._chance.choice(PRICES), quantity=3)
        buyer = self._buying
        return make.draft(
            traveller=make.traveller(buyer.document, last_entry=today - timedelta(days=3)),
            invoices=(make.invoice(number, day=today, lines=(bags,)),),
            channel=channel,
            port=buyer.port,
        )

    def buy(self, channel: Channel, habit: Habit | None = None) -> Form:
        """A form fresh from the counter of some store."""
        self._buying = habit or self._chance.choice(self.habits)
        number = f"{self._chance.randrange(10**9):09d}{len(self.forms):011d}"
        clerk = make.clerk(self._chance.choice((1, 1, 2)))
        form = issued(self.world, self.draft(number, channel), f"key-{number}", clerk)
        self.forms.append(form)
        self._of[form.form_id] = self._buying
        return form

    def sign(self, form: Form, dice: int) -> None:
        """The phone is told which way, and the agreement is signed."""
        method = self.habit(form).method if dice % 4 else Method.CARD
        agreed(self.world, form, method)

    def claim(self, form: Form, dice: int) -> None:
        """The traveller's usual card is given, or another one."""
        number = self.habit(form).card if dice % 3 else self.cards[dice // 3 % len(self.cards)]
        self.give_card(form, number)

    def show_goods(self, form: Form, dice: int) -> None:
        """To customs, all or fewer than listed; mostly at the port of the promise."""
        port = PORTS[dice // 3 % 3] if dice % 7 == 0 else form.port
        quantity = (3, 3, 3, 2, 1)[dice % 5]
        shown = LinesShown((ConfirmedLine((0, 0), quantity),))
        verify.verify_lines(self.world.ports, make.officer(port), form.form_id, shown)

    def leave(self, form: Form, dice: int) -> None:
        """Mostly in time and through the port of the promise, and the desk at work."""
        late = form.depart_by - day_of(self.world.clock.now()) + timedelta(days=1)
        days = (0, 0, 0, 1, max(0, late.days), 20, 100)[dice % 7]
        self.let_pass(timedelta(days=days))
        port = PORTS[dice // 7 % 3] if dice % 6 == 0 else form.port
        departs(self.world, self.world.clock.now(), port, self.document(form))
        self.settle_all()

    def be_paid(self, form: Form, dice: int) -> None:
        """At the agency's counter of some port: cash, or by the network."""
        counter = till_steps.counter(self.world, PORTS[dice % 2] if dice % 9 == 0 else form.port)
        till_steps.shown(self.world, form, counter, number=self.document(form))
        if form_status(self.world, form) is Status.CAPTURED:
            counter_desk.accept_verification(self.world.ports, counter, form.form_id)
        self._take_payment(counter, form, dice)

    def _take_payment(self, counter: counter_desk.Counter, form: Form, dice: int) -> None:
        page = till_steps.signed(self.page())
        if dice % 3 == 0:
            counter_pay.pay_cash(self.world.ports, counter, form.form_id, page)
            return
        way = (Way.CARD, Way.BANK_ACCOUNT)[dice % 2] if dice % 5 else Way.CARD
        url = counter_pay.open_payout_page(
            self.world.ports, counter, form.form_id, way, till_steps.BACK
        )
        session_id = url.rpartition("/")[2]
        number = self.cards[dice // 5 % len(self.cards)] if way is Way.CARD else ""
        self.world.network.give_card(session_id, number, "" if number else "6222020200012345678")
        entry = counter_pay.payout_given(self.world.ports, counter, form.form_id, session_id)
        counter_pay.pay_through_network(self.world.ports, counter, form.form_id, entry, page)

    def change_mind(self, form: Form, _: int) -> None:
        """Give the details anew, with the card as the way to be paid."""
        tail = self.document(form)[-4:]
        given = make.details(Method.CARD, departs_on=None)
        claim.give_details(self.world.ports, PHONE, form.form_id, given, tail)


def form_status(world: World, form: Form) -> Status:
    """Where a form stands now, read past all seams."""
    found = world.database.read(lambda tx: tx.form(form.form_id))
    assert found is not None
    return found.status
