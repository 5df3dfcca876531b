"""Any order of events, any answers lost: the money fits each state, and all comes to rest."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from refund.core.calendar import day_of
from refund.core.entitlement import Recovery
from refund.core.errors import Refused
from refund.core.form import ENDED, Channel, Event, Form, Method, Status
from refund.core.matching import Action
from refund.core.operation import CardEntry
from refund.services import amend, claim, counter_desk, issue, reconcile, tills
from refund.services.audit import audit
from refund.services.issue import Draft
from refund.services.later import work_once
from refund.services.life import By, move, the_form
from refund.transaction import Transaction
from tests import make
from tests.services import till_steps
from tests.services.engine_steps import brought_back, confirmed, refused_at_customs, together
from tests.services.living import (
    WITHOUT_MONEY,
    assert_hold_lapsed,
    assert_money_fits,
    assert_nobody_is_paid_twice,
)
from tests.services.steps import PHONE, agreed, card, departs, issued, status, unlocked
from tests.twin import Fault
from tests.world import World, assert_audit_holds, open_world

CARDS = (make.VISA, make.VISA, make.VISA, make.DECLINED, make.PAYOUT_REFUSED, make.LOST_HOLD)
CHANCES = st.integers(0, 99)
QUANTITIES = st.integers(1, 3)
BAG_FEN = 150_00
"""Of three bags one is below the least sum, two are above it."""


class Life(RuleBasedStateMachine):
    """Forms of one traveller, a network that loses things, and a clock that runs on."""

    @initialize()
    def open(self) -> None:
        """Begin with an empty house, but for the cash at the counter."""
        self.closing = ExitStack()
        folder = Path(self.closing.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite://{folder / 'refund.db'}"
        self.world: World = self.closing.enter_context(open_world(folder, url))
        self.forms: list[Form] = []
        self.cards: dict[str, CardEntry] = {}
        self.pages = 0
        till_steps.till(self.world, 100_00)

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something that may be refused: a refusal changes nothing, which the books show."""
        try:
            act()
        except Refused as refused:
            self.refused = refused.code

    def pick(self, chance: int, *likely: Status) -> Form | None:
        """A form in one of the likely states; one time in ten any form, likely or not."""
        fit = [form for form in self.forms if status(self.world, form) in likely]
        among = self.forms if chance % 10 == 0 else fit
        return among[chance // 10 % len(among)] if among else None

    def page(self) -> str:
        """A key that no page had before."""
        self.pages += 1
        return f"page-{self.pages}"

    def draft(self, number: str, channel: Channel = Channel.INSTANT) -> Draft:
        """Three bags, bought today."""
        today = day_of(self.world.clock.now())
        bags = make.line(BAG_FEN, quantity=3)
        return make.draft(
            traveller=make.traveller(last_entry=today - timedelta(days=3)),
            invoices=(make.invoice(number, day=today, lines=(bags,)),),
            channel=channel,
        )

    @rule(
        far=st.sampled_from(["issued", "signed", "claimed", "claimed", "claimed"]),
        method=st.sampled_from([Method.CARD, Method.CARD, Method.ALIPAY]),
        number=st.sampled_from(CARDS),
    )
    def a_form_is_issued(self, far: str, method: Method, number: str) -> None:
        """At the counter, and mostly claimed at once."""
        form = self.issue()
        if far != "issued":
            self.attempt(lambda: agreed(self.world, form, method))
        if far == "claimed":
            self.attempt(lambda: self.give_card(form, number))

    def issue(self, channel: Channel = Channel.INSTANT) -> Form:
        """A form fresh from the counter."""
        number = f"{len(self.forms):020d}"
        form = issued(self.world, self.draft(number, channel), f"key-{number}")
        self.forms.append(form)
        return form

    @rule(number=st.sampled_from(CARDS))
    def two_forms_are_claimed_together(self, number: str) -> None:
        """At the refund point."""
        forms = [self.issue(), self.issue()]
        self.attempt(lambda: together(self.world, forms, number))

    @rule()
    def a_form_is_issued_for_the_refund_at_departure(self) -> None:
        """From the start."""
        self.issue(Channel.ORDINARY)

    def give_card(self, form: Form, number: str) -> None:
        """Fill in the network's page, and confirm the claim."""
        unlocked(self.world, form)
        entry = card(self.world, form, number)
        self.cards[form.form_id] = entry
        claim.claim_advance(self.world.ports, PHONE, form.form_id, entry)

    @rule(chance=CHANCES, number=st.sampled_from(CARDS))
    def a_card_is_given(self, chance: int, number: str) -> None:
        """After another one was declined."""
        if form := self.pick(chance, Status.AGREED):
            self.attempt(lambda: self.give_card(form, number))

    @rule(chance=CHANCES)
    def the_claim_is_repeated(self, chance: int) -> None:
        """By a reload or the back button."""
        form = self.pick(chance, *Status)
        entry = self.cards.get(form.form_id) if form else None
        if form is not None and entry is not None:
            self.attempt(lambda: claim.claim_advance(self.world.ports, PHONE, form.form_id, entry))

    @rule(chance=CHANCES, gives_up=st.booleans())
    def after_a_refused_payout(self, chance: int, gives_up: bool) -> None:  # noqa: FBT001
        """The advance is asked for again, or the ordinary refund is chosen."""
        act = claim.choose_ordinary if gives_up else claim.advance_again
        if form := self.pick(chance, Status.HELD):
            self.attempt(lambda: act(self.world.ports, PHONE, form.form_id))

    @rule(chance=CHANCES)
    def the_form_is_voided(self, chance: int) -> None:
        """At the counter."""
        if form := self.pick(chance, Status.ISSUED, Status.ORDINARY):
            self.attempt(
                lambda: issue.void_form(self.world.ports, self.world.clerk, form.form_id, "typed")
            )

    @rule(chance=CHANCES)
    def another_form_takes_its_place(self, chance: int) -> None:
        """Because a name was misspelt."""
        form = self.pick(chance, Status.ISSUED, Status.AGREED, Status.ORDINARY, Status.RETURNED)
        if form:
            self.attempt(lambda: self.replace(form))
            self.find_replacement(form)

    def replace(self, form: Form) -> None:
        """Correct a form."""
        ports, clerk = self.world.ports, self.world.clerk
        draft = amend.form_to_correct(ports, clerk, form.form_id).draft
        amend.replace_form(ports, clerk, form.form_id, draft, self.page(), "misspelt")

    def find_replacement(self, form: Form) -> None:
        """Go on with the form that took another one's place."""
        after = self.world.ports.storage.read(lambda tx: tx.form_replacing(form.form_id))
        if after is not None and all(after.form_id != known.form_id for known in self.forms):
            self.forms.append(after)

    @rule(
        chance=CHANCES,
        quantity=QUANTITIES,
        recovery=st.sampled_from([Recovery.STORE, Recovery.CAPTURE]),
    )
    def goods_are_brought_back(self, chance: int, quantity: int, recovery: Recovery) -> None:
        """To the store, some or all."""
        form = self.pick(chance, Status.ADVANCED, Status.ADVANCED, Status.ISSUED, Status.CAPTURED)
        if form:
            key = self.page()
            self.attempt(lambda: brought_back(self.world, form, quantity, recovery, key))
            self.find_replacement(form)

    @rule(chance=CHANCES, quantity=st.integers(0, 3))
    def customs_decide(self, chance: int, quantity: int) -> None:
        """At the airport, on what is shown; where nothing is, they refuse."""
        form = self.pick(chance, Status.ADVANCED, Status.ORDINARY, Status.ISSUED, Status.CAPTURED)
        if form and quantity:
            self.attempt(lambda: confirmed(self.world, form, quantity))
        elif form:
            self.attempt(lambda: refused_at_customs(self.world, form))

    @rule(port=st.sampled_from(["WUH", "WUH", "YIH"]), quantity=st.integers(0, 3))
    def the_traveller_departs(self, port: str, quantity: int) -> None:
        """Through a port, with goods shown or not, and the desk at work."""
        for form in self.forms if quantity else []:
            if status(self.world, form) is Status.ADVANCED:
                self.attempt(partial(confirmed, self.world, form, quantity))
        departs(self.world, self.world.clock.now(), port)
        self.settle_all()

    @rule(changes_mind=st.booleans())
    def the_exit_s_desk_settles(self, changes_mind: bool) -> None:  # noqa: FBT001
        """Everything that is proposed, once or twice."""
        self.settle_all()
        if changes_mind:
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

    @rule(chance=CHANCES, number=st.sampled_from(["", "", make.VISA, make.PAYOUT_REFUSED]))
    def the_counter_pays(self, chance: int, number: str) -> None:
        """Cash, or to a card; a form that was charged is taken up first."""
        if form := self.pick(chance, Status.ORDINARY_VERIFIED, Status.CAPTURED):
            self.attempt(lambda: self.pay(form, number))

    def pay(self, form: Form, number: str) -> None:
        """Show the document, sign, and take the money."""
        world = self.world
        till_steps.shown(world, form)
        counter_desk.accept_verification(world.ports, till_steps.counter(world), form.form_id)
        if number:
            till_steps.paid_by_network(world, form, number=number, page=self.page())
        else:
            till_steps.paid_in_cash(world, form, self.page())

    @rule(chance=CHANCES)
    def the_counter_denies(self, chance: int) -> None:
        """After its review."""
        counter = till_steps.counter(self.world)
        if form := self.pick(chance, Status.ORDINARY_VERIFIED):
            self.attempt(
                lambda: counter_desk.deny(self.world.ports, counter, form.form_id, "not the goods")
            )

    @rule(notes=st.integers(0, 2))
    def the_till_is_counted(self, notes: int) -> None:
        """With whatever is found in it, and a new one is opened."""
        ports, operator = self.world.ports, self.world.operator
        (till,) = tills.till_list(ports).open_tills
        tills.close_till(ports, operator, till.till_id, {100_00: notes}, "as it was found")
        till_steps.till(self.world, 100_00)

    @rule(faults=st.lists(st.sampled_from(Fault), min_size=1, max_size=3))
    def the_network_will_misbehave(self, faults: list[Fault]) -> None:
        """At the next calls."""
        self.world.network.faults.extend(faults)

    @rule(down=st.sampled_from([False, False, True]))
    def the_network_goes_and_comes(self, down: bool) -> None:  # noqa: FBT001
        """Whole."""
        self.world.network.unplugged = down

    @rule(span=st.sampled_from([{"seconds": 16}, {"minutes": 31}, {"hours": 2}, {"days": 6}]))
    def time_passes(self, span: dict[str, float]) -> None:
        """And the worker has a round."""
        self.world.clock.pass_by(**span)
        work_once(self.world.ports)

    @rule(chance=CHANCES, event=st.sampled_from(Event))
    def somebody_tries_what_nobody_may(self, chance: int, event: Event) -> None:
        """An event out of its turn is refused, and leaves nothing."""
        if form := self.pick(chance, *ENDED):
            self.attempt(lambda: self.try_in_vain(form, event))

    def try_in_vain(self, form: Form, event: Event) -> None:
        """Move a form, and think better of it."""

        def attempt(tx: Transaction) -> None:
            at = By("nobody", self.world.clock.now())
            move(tx, self.world.ports, the_form(tx, form.form_id), event, at)
            raise Refused("not_in_this_state")

        self.world.ports.storage.write(attempt)

    @invariant()
    def the_books_agree(self) -> None:
        """All of them; the network's only while it can be asked."""
        assert not [found for found in audit(self.world.ports) if found.holds is False]

    @invariant()
    def every_form_s_money_fits_its_state(self) -> None:
        """To the fen."""
        for form in self.forms:
            assert_money_fits(self.world, form)

    @invariant()
    def nobody_is_paid_twice(self) -> None:
        """By the network's own book."""
        assert_nobody_is_paid_twice(self.world, self.forms)

    def teardown(self) -> None:
        """Heal the world, let the clock run on, and see that everything comes to rest."""
        if not hasattr(self, "world"):
            return
        with self.closing:
            world = self.world
            world.network.unplugged = False
            world.network.faults.clear()
            self.let_pass(hours=4)
            self.the_traveller_departs("WUH", len(self.forms) % 4)
            for _ in range(24):
                self.let_pass(days=5)
                self.settle_all()
            assert_audit_holds(world.ports)
            assert world.ports.storage.read(lambda tx: tx.pending_operations()) == []
            self.every_form_is_at_rest()

    def let_pass(self, **span: float) -> None:
        """Let time pass until the worker has nothing left to do."""
        self.world.clock.pass_by(**span)
        while work_once(self.world.ports):
            self.world.clock.pass_by(seconds=16)

    def every_form_is_at_rest(self) -> None:
        """It has ended, or no money was ever out; or the network ended the hold in the meantime."""
        for form in self.forms:
            assert_money_fits(self.world, form)
            now = status(self.world, form)
            if now is Status.UNCOLLECTED:
                assert_hold_lapsed(self.world, form)
            else:
                assert now in ENDED | WITHOUT_MONEY, now


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
