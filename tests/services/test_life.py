"""Any order of events, any answers lost: the money fits each state, and all comes to rest."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from refund.core.case import CaseKind
from refund.core.errors import Refused
from refund.core.form import ENDED, Channel, Event, Form, Method, Status
from refund.services import tills
from refund.services.audit import audit
from refund.services.later import work_once
from refund.services.life import By, move, the_form
from refund.services.secure import (
    NEEDED,
    alert,
    charge_in_time,
    extend_holds,
    watch_pending,
)
from refund.simulation.engine.network import Fault
from refund.transaction import Transaction
from tests import make
from tests.services import till_steps
from tests.services.acts import EVERYTHING, NEXT, Acts
from tests.services.engine_steps import confirmed
from tests.services.living import (
    WITHOUT_MONEY,
    assert_hold_lapsed,
    assert_money_fits,
    assert_nobody_is_paid_twice,
)
from tests.services.steps import agreed, departs, status
from tests.world import World, assert_audit_holds, open_world

CARDS = (make.VISA, make.VISA, make.VISA, make.DECLINED, make.PAYOUT_REFUSED, make.LOST_HOLD)
CHANCES = st.integers(0, 99)
STEPS = st.lists(st.tuples(CHANCES, CHANCES), min_size=3, max_size=12)


class Travellers(Acts):
    """The forms of one traveller, and the people around them."""

    cards = CARDS


class Life(RuleBasedStateMachine):
    """Forms of one traveller, a network that loses things, and a clock that runs on."""

    @initialize()
    def open(self) -> None:
        """Begin with an empty house, but for the cash at the counter."""
        self.closing = ExitStack()
        folder = Path(self.closing.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite://{folder / 'refund.db'}"
        self.world: World = self.closing.enter_context(open_world(folder, url))
        self.people = Travellers(self.world)
        self.forms = self.people.forms
        till_steps.till(self.world, 100_00)

    def pick(self, chance: int, *likely: Status) -> Form | None:
        """A form in one of the likely states; one time in ten any form, likely or not."""
        fit = [form for form in self.forms if status(self.world, form) in likely]
        among = self.forms if chance % 10 == 0 else fit
        return among[chance // 10 % len(among)] if among else None

    @rule(
        far=st.sampled_from(["issued", "signed", "claimed", "claimed", "claimed"]),
        method=st.sampled_from([Method.CARD, Method.CARD, Method.ALIPAY]),
        number=st.sampled_from(CARDS),
    )
    def a_form_is_issued(self, far: str, method: Method, number: str) -> None:
        """At the counter, and mostly claimed at once."""
        people = self.people
        form = people.issue()
        if far != "issued":
            people.attempt(lambda: agreed(self.world, form, method))
        if far == "claimed":
            people.attempt(lambda: people.give_card(form, number))

    @rule(number=st.sampled_from(CARDS))
    def two_forms_are_claimed_together(self, number: str) -> None:
        """At the refund point."""
        people = self.people
        forms = [people.issue(), people.issue()]
        people.attempt(lambda: people.claim_together(forms, number))

    @rule()
    def a_form_is_issued_for_the_refund_at_departure(self) -> None:
        """From the start."""
        self.people.issue(Channel.ORDINARY)

    @rule(chance=CHANCES)
    def the_claim_is_repeated(self, chance: int) -> None:
        """By a reload or the back button."""
        form = self.pick(chance, *Status)
        if form is not None:
            self.people.attempt(lambda: self.people.repeat_claim(form, chance))

    @rule(steps=STEPS)
    def life_goes_on_for_long(self, steps: list[tuple[int, int]]) -> None:
        """The same once more, so that it comes about as often as all that hinders it."""
        self.life_goes_on(steps[::-1])

    @rule(steps=STEPS)
    def life_goes_on(self, steps: list[tuple[int, int]]) -> None:
        """Some forms come on by what people do with forms in their states."""
        for chance, dice in steps:
            moving = [form for form in self.forms if NEXT[status(self.world, form)]]
            if not moving:
                continue
            form = moving[chance % len(moving)]
            acts = NEXT[status(self.world, form)]
            self.people.do(acts[dice % len(acts)], form, dice)
            self.every_form_s_money_fits_its_state()

    @rule(chance=CHANCES, act=st.sampled_from(range(20)), dice=CHANCES)
    def somebody_does_what_may_not_fit(self, chance: int, act: int, dice: int) -> None:
        """With any form, whatever its state."""
        if self.forms:
            form = self.forms[chance % len(self.forms)]
            self.people.do(EVERYTHING[act % len(EVERYTHING)], form, dice)

    @rule(chance=CHANCES)
    def the_network_ends_a_hold_early(self, chance: int) -> None:
        """As issuers do."""
        found = self.world.book.file.rows("SELECT reference FROM hold WHERE state = 'held'")
        if found and chance % 3 == 0:
            self.world.book.end_hold_early(found[chance % len(found)][0])

    @rule(port=st.sampled_from(["WUH", "WUH", "YIH"]), quantity=st.integers(0, 3))
    def the_traveller_departs(self, port: str, quantity: int) -> None:
        """Through a port, with goods shown or not, and the desk at work."""
        for form in self.forms if quantity else []:
            if status(self.world, form) is Status.ADVANCED:
                self.people.attempt(partial(confirmed, self.world, form, quantity))
        departs(self.world, self.world.clock.now(), port)
        self.people.settle_all()

    @rule(changes_mind=st.booleans())
    def the_exit_s_desk_settles(self, changes_mind: bool) -> None:  # noqa: FBT001
        """Everything that is proposed, once or twice."""
        self.people.settle_all()
        if changes_mind:
            self.people.settle_all()

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
        self.watch()

    def watch(self) -> None:
        """Let the worker look after holds and after what is pending."""
        for task in (watch_pending, extend_holds, charge_in_time, alert):
            task(self.world.ports)

    @rule(chance=CHANCES, event=st.sampled_from(Event))
    def somebody_tries_what_nobody_may(self, chance: int, event: Event) -> None:
        """An event out of its turn is refused, and leaves nothing."""
        if form := self.pick(chance, *ENDED):
            self.people.attempt(lambda: self.try_in_vain(form, event))

    def try_in_vain(self, form: Form, event: Event) -> None:
        """Move a form, and think better of it."""

        def attempt(tx: Transaction) -> None:
            at = By("nobody", self.world.clock.now())
            move(tx, self.world.ports, the_form(tx, form.form_id), event, at)
            raise Refused("not_in_this_state")

        self.world.ports.storage.write(attempt)

    @invariant()
    def the_books_agree(self) -> None:
        """All of them, once the worker has looked; the network's only while it can be asked."""
        self.watch()
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
                self.people.settle_all()
            assert_audit_holds(world.ports)
            assert world.ports.storage.read(lambda tx: tx.pending_operations()) == []
            self.every_form_is_at_rest()

    def let_pass(self, **span: float) -> None:
        """Let time pass until the worker has nothing left to do."""
        self.world.clock.pass_by(**span)
        while work_once(self.world.ports):
            self.world.clock.pass_by(seconds=16)
        self.watch()

    def every_form_is_at_rest(self) -> None:
        """It has ended, or no money was ever out; or the network ended the hold in the meantime."""
        for form in self.forms:
            assert_money_fits(self.world, form)
            now = status(self.world, form)
            if now in NEEDED:
                # What cannot be charged any more is a person's to give up, by a case.
                assert_hold_lapsed(self.world, form)
                assert self.world.ports.storage.read(partial(_is_unsecured, form.form_id)), now
            else:
                assert now in ENDED | WITHOUT_MONEY, now


def _is_unsecured(form_id: str, tx: Transaction) -> bool:
    return tx.open_case_of(CaseKind.UNSECURED, form_id) is not None


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
