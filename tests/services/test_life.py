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
from refund.core.form import ENDED, IN_FLIGHT, Channel, Event, Form, Method, Status
from refund.core.matching import Action
from refund.core.operation import CardEntry
from refund.sandbox.answers import stamp
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
STEPS = st.lists(st.tuples(CHANCES, CHANCES), min_size=3, max_size=12)
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

    @rule(chance=CHANCES)
    def the_claim_is_repeated(self, chance: int) -> None:
        """By a reload or the back button."""
        form = self.pick(chance, *Status)
        entry = self.cards.get(form.form_id) if form else None
        if form is not None and entry is not None:
            self.attempt(lambda: claim.claim_advance(self.world.ports, PHONE, form.form_id, entry))

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
            self.do(acts[dice % len(acts)], form, dice)
            self.every_form_s_money_fits_its_state()

    @rule(chance=CHANCES, act=st.sampled_from(range(20)), dice=CHANCES)
    def somebody_does_what_may_not_fit(self, chance: int, act: int, dice: int) -> None:
        """With any form, whatever its state."""
        if self.forms:
            everything = sorted({act for acts in NEXT.values() for act in acts}, key=str)
            self.do(everything[act % len(everything)], self.forms[chance % len(self.forms)], dice)

    def do(self, act: Act, form: Form, dice: int) -> None:
        """Do something with a form, and go on with the one that took its place if one did."""
        self.attempt(lambda: act(self, form, dice))
        after = self.world.ports.storage.read(lambda tx: tx.form_replacing(form.form_id))
        if after is not None and all(after.form_id != known.form_id for known in self.forms):
            self.forms.append(after)

    def sign(self, form: Form, dice: int) -> None:
        """The phone is told which way, and the agreement is signed."""
        agreed(self.world, form, Method.CARD if dice % 3 else Method.ALIPAY)

    def claim(self, form: Form, dice: int) -> None:
        """A card is given."""
        self.give_card(form, CARDS[dice % len(CARDS)])

    def ask_again(self, form: Form, _: int) -> None:
        """After a refused payout."""
        claim.advance_again(self.world.ports, PHONE, form.form_id)

    def choose_ordinary(self, form: Form, _: int) -> None:
        """On the phone."""
        unlocked(self.world, form)
        claim.choose_ordinary(self.world.ports, PHONE, form.form_id)

    def void(self, form: Form, _: int) -> None:
        """At the counter."""
        issue.void_form(self.world.ports, self.world.clerk, form.form_id, "typed twice")

    def replace(self, form: Form, _: int) -> None:
        """Because a name was misspelt."""
        ports, clerk = self.world.ports, self.world.clerk
        draft = amend.form_to_correct(ports, clerk, form.form_id).draft
        amend.replace_form(ports, clerk, form.form_id, draft, self.page(), "misspelt")

    def bring_back(self, form: Form, dice: int) -> None:
        """To the store, some or all."""
        recovery = Recovery.STORE if dice % 2 else Recovery.CAPTURE
        brought_back(self.world, form, 3 - dice // 2 % 3, recovery, self.page())

    def show_goods(self, form: Form, dice: int) -> None:
        """To customs, all or fewer than listed."""
        confirmed(self.world, form, 3 - dice % 3)

    def be_refused(self, form: Form, _: int) -> None:
        """By customs."""
        refused_at_customs(self.world, form)

    def leave(self, _: Form, dice: int) -> None:
        """Through this port or another, now or late, and the desk at work; seldom very late."""
        days = (0, 0, 20, 0, 100)[dice % 5]
        self.world.clock.pass_by(days=days)
        departs(self.world, self.world.clock.now(), "YIH" if dice % 4 == 3 else "WUH")
        self.settle_all()

    def settle(self, _: Form, __: int) -> None:
        """At the exit's desk."""
        self.settle_all()

    def wait(self, _: Form, __: int) -> None:
        """For the network's answer."""
        self.world.clock.pass_by(seconds=16)
        work_once(self.world.ports)

    def be_paid(self, form: Form, dice: int) -> None:
        """At the agency's counter, a charged form taken up first: cash, or to a card."""
        world, counter = self.world, till_steps.counter(self.world)
        till_steps.shown(world, form)
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

    @rule(chance=CHANCES)
    def the_network_ends_a_hold_early(self, chance: int) -> None:
        """As issuers do."""
        with self.world.book.file.write() as db:
            held = db.execute("SELECT reference FROM hold WHERE state = 'held'").fetchall()
            if held and chance % 3 == 0:
                early = {"at": stamp(self.world.clock.now()), "one": held[chance % len(held)][0]}
                db.execute("UPDATE hold SET expires_at = :at WHERE reference = :one", early)

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


Act = Callable[[Life, Form, int], None]
_BEFORE = (Life.choose_ordinary, Life.void, Life.replace, Life.bring_back)
_SHOWN = (Life.show_goods, Life.show_goods, Life.be_refused)
_GOES = (Life.leave, Life.leave, Life.wait)
NEXT: dict[Status, tuple[Act, ...]] = {
    **dict.fromkeys(Status, ()),
    **dict.fromkeys(IN_FLIGHT, (Life.wait,)),
    Status.ISSUED: (Life.sign, Life.sign, *_BEFORE, *_SHOWN),
    Status.AGREED: (Life.claim, Life.claim, Life.claim, *_BEFORE, *_SHOWN),
    Status.HELD: (Life.ask_again, Life.choose_ordinary, Life.wait),
    Status.ORDINARY: (*_SHOWN, Life.void, Life.replace, Life.bring_back),
    Status.ADVANCED: (*_SHOWN, *_SHOWN, Life.bring_back, Life.bring_back, Life.leave),
    **dict.fromkeys((Status.VERIFIED, Status.VERIFIED_PARTLY), _GOES),
    Status.CUSTOMS_REFUSED: (Life.settle,),
    Status.UNCOLLECTED: (Life.settle,),
    Status.CAPTURED: (*_SHOWN, Life.be_paid, Life.be_paid, Life.bring_back),
    Status.ORDINARY_VERIFIED: (*[Life.be_paid] * 4, Life.be_denied),
    Status.RETURNED: (Life.replace,),
}
"""What people do with a form in each of its states."""

TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
