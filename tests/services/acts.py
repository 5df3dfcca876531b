"""What people do with forms, in any order and whatever the state: each act may be refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from refund.core.calendar import day_of
from refund.core.entitlement import Recovery
from refund.core.errors import Refused
from refund.core.form import IN_FLIGHT, Channel, Form, Method, Status
from refund.core.matching import Action
from refund.core.operation import CardEntry
from refund.core.people import Actor
from refund.services import amend, claim, counter_desk, issue, reconcile, returns
from refund.services.issue import Draft
from refund.services.later import work_once
from refund.services.returns import BroughtBack
from tests import make
from tests.services import till_steps
from tests.services.engine_steps import confirmed, refused_at_customs, together
from tests.services.steps import PHONE, agreed, card, departs, issued, status, unlocked
from tests.world import World

BAG_FEN = 150_00
"""Of three bags one is below the least sum, two are above it."""


class Acts:
    """The people around some forms, and their verbs; `refused` is the code of the last no."""

    cards: Sequence[str] = (make.VISA,)
    """The numbers that travellers give."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.forms: list[Form] = []
        self.entries: dict[str, CardEntry] = {}
        self.refused = ""
        self._pages = 0

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something that may be refused: a refusal changes nothing, which the books show."""
        self.refused = ""
        try:
            act()
        except Refused as refused:
            self.refused = refused.code

    def do(self, act: Act, form: Form, dice: int) -> None:
        """Do something with a form, and go on with the one that took its place if one did."""
        self.attempt(lambda: act(self, form, dice))
        after = self.world.ports.storage.read(lambda tx: tx.form_replacing(form.form_id))
        if after is not None and all(after.form_id != known.form_id for known in self.forms):
            self.take_over(form, after)

    def take_over(self, _: Form, after: Form) -> None:
        """Go on with a form that took another's place."""
        self.forms.append(after)

    def let_pass(self, span: timedelta) -> None:
        """Time passes."""
        self.world.clock.at += span

    def page(self) -> str:
        """A key that no page had before."""
        self._pages += 1
        return f"page-{self._pages}"

    def draft(self, number: str, channel: Channel = Channel.INSTANT) -> Draft:
        """Three bags, bought today."""
        today = day_of(self.world.clock.now())
        bags = make.line(BAG_FEN, quantity=3)
        return make.draft(
            traveller=make.traveller(last_entry=today - timedelta(days=3)),
            invoices=(make.invoice(number, day=today, lines=(bags,)),),
            channel=channel,
        )

    def document(self, _: Form) -> str:
        """The number of a form's traveller's document."""
        return make.traveller().document.number

    def clerk(self, form: Form) -> Actor:
        """Somebody of the form's store."""
        return make.clerk(form.store_number)

    def issue(self, channel: Channel = Channel.INSTANT) -> Form:
        """A form fresh from the counter."""
        number = f"{len(self.forms):020d}"
        form = issued(self.world, self.draft(number, channel), f"key-{number}")
        self.forms.append(form)
        return form

    def give_card(self, form: Form, number: str) -> None:
        """Fill in the network's page, and confirm the claim."""
        unlocked(self.world, form)
        entry = card(self.world, form, number)
        self.entries[form.form_id] = entry
        claim.claim_advance(self.world.ports, PHONE, form.form_id, entry)

    def repeat_claim(self, form: Form, _: int) -> None:
        """By a reload or the back button."""
        entry = self.entries.get(form.form_id)
        if entry is not None:
            claim.claim_advance(self.world.ports, PHONE, form.form_id, entry)

    def claim_together(self, forms: Sequence[Form], number: str) -> None:
        """At the refund point."""
        together(self.world, forms, number)

    def sign(self, form: Form, dice: int) -> None:
        """The phone is told which way, and the agreement is signed."""
        agreed(self.world, form, Method.CARD if dice % 3 else Method.ALIPAY)

    def claim(self, form: Form, dice: int) -> None:
        """A card is given."""
        self.give_card(form, self.cards[dice % len(self.cards)])

    def ask_again(self, form: Form, _: int) -> None:
        """After a refused payout."""
        unlocked(self.world, form)
        claim.advance_again(self.world.ports, PHONE, form.form_id)

    def choose_ordinary(self, form: Form, _: int) -> None:
        """On the phone."""
        unlocked(self.world, form)
        claim.choose_ordinary(self.world.ports, PHONE, form.form_id)

    def void(self, form: Form, _: int) -> None:
        """At the counter."""
        issue.void_form(self.world.ports, self.clerk(form), form.form_id, "typed twice")

    def replace(self, form: Form, _: int) -> None:
        """Because a name was misspelt."""
        ports, clerk = self.world.ports, self.clerk(form)
        draft = amend.form_to_correct(ports, clerk, form.form_id).draft
        amend.replace_form(ports, clerk, form.form_id, draft, self.page(), "misspelt")

    def bring_back(self, form: Form, dice: int) -> None:
        """To the store, some or all."""
        recovery = Recovery.STORE if dice % 2 else Recovery.CAPTURE
        brought = BroughtBack({(0, 0): 3 - dice // 2 % 3}, recovery, "a flaw", self.page())
        returns.return_goods(self.world.ports, self.clerk(form), form.form_id, brought)

    def show_goods(self, form: Form, dice: int) -> None:
        """To customs, all or fewer than listed."""
        confirmed(self.world, form, 3 - dice % 3)

    def be_refused(self, form: Form, _: int) -> None:
        """By customs."""
        refused_at_customs(self.world, form)

    def leave(self, form: Form, dice: int) -> None:
        """Through this port or another, now or late, and the desk at work; seldom very late."""
        days = (0, 0, 20, 0, 100)[dice % 5]
        self.let_pass(timedelta(days=days))
        port = "YIH" if dice % 4 == 3 else "WUH"
        departs(self.world, self.world.clock.now(), port, self.document(form))
        self.settle_all()

    def settle(self, _: Form, __: int) -> None:
        """At the exit's desk."""
        self.settle_all()

    def settle_all(self) -> None:
        """Confirm each proposal as it stands."""
        desk = reconcile.desk(self.world.ports)
        chosen = [
            reconcile.Chosen(p.form.form_id, p.action, p.why)
            for p in desk.proposals
            if p.action is not Action.NONE
        ]
        if chosen:
            reconcile.settle(self.world.ports, self.world.operator, chosen, "as proposed")

    def wait(self, _: Form, __: int) -> None:
        """For the network's answer."""
        self.let_pass(timedelta(seconds=16))
        work_once(self.world.ports)

    def be_paid(self, form: Form, dice: int) -> None:
        """At the agency's counter, a charged form taken up first: cash, or to a card."""
        world, counter = self.world, till_steps.counter(self.world)
        till_steps.shown(world, form, number=self.document(form))
        if status(world, form) is Status.CAPTURED:
            counter_desk.accept_verification(world.ports, counter, form.form_id)
        number = ("", make.VISA, make.PAYOUT_REFUSED)[dice % 3]
        if number:
            till_steps.paid_by_network(world, form, number=number, page=self.page())
        else:
            till_steps.paid_in_cash(world, form, self.page())

    def be_denied(self, form: Form, _: int) -> None:
        """After the review."""
        counter = till_steps.counter(self.world)
        counter_desk.deny(self.world.ports, counter, form.form_id, "not the goods")


Act = Callable[[Acts, Form, int], None]
_BEFORE = (Acts.choose_ordinary, Acts.void, Acts.replace, Acts.bring_back)
_SHOWN = (Acts.show_goods, Acts.show_goods, Acts.be_refused)
_GOES = (Acts.leave, Acts.leave, Acts.wait)
NEXT: dict[Status, tuple[Act, ...]] = {
    **dict.fromkeys(Status, ()),
    **dict.fromkeys(IN_FLIGHT, (Acts.wait,)),
    Status.ISSUED: (Acts.sign, Acts.sign, *_BEFORE, *_SHOWN),
    Status.AGREED: (Acts.claim, Acts.claim, Acts.claim, *_BEFORE, *_SHOWN),
    Status.HELD: (Acts.ask_again, Acts.choose_ordinary, Acts.wait),
    Status.ORDINARY: (*_SHOWN, Acts.void, Acts.replace, Acts.bring_back),
    Status.ADVANCED: (*_SHOWN, *_SHOWN, Acts.bring_back, Acts.bring_back, Acts.leave),
    **dict.fromkeys((Status.VERIFIED, Status.VERIFIED_PARTLY), _GOES),
    Status.CUSTOMS_REFUSED: (Acts.settle,),
    Status.UNCOLLECTED: (Acts.settle,),
    Status.CAPTURED: (*_SHOWN, Acts.be_paid, Acts.be_paid, Acts.bring_back),
    Status.ORDINARY_VERIFIED: (*[Acts.be_paid] * 4, Acts.be_denied),
    Status.RETURNED: (Acts.replace,),
}
"""What people do with a form in each of its states."""

EVERYTHING: tuple[Act, ...] = tuple(dict.fromkeys(act for acts in NEXT.values() for act in acts))
"""Every act once, to be tried where it may not fit."""
