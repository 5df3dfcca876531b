"""Any order of events, any answers lost: the books agree at every step and nobody is paid twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import IN_FLIGHT, Form, Method, Status
from refund.core.matching import Action
from refund.core.operation import CardEntry, Guarantee
from refund.services import claim, issue, later, reconcile, verify
from refund.services.audit import audit
from refund.services.later import work_once
from refund.transaction import Transaction
from tests import make
from tests.services.steps import PHONE, agreed, card, departs, issued, status, unlocked
from tests.twin import Fault
from tests.world import World, assert_audit_holds, open_world

CARDS = (make.VISA, make.VISA, make.DECLINED, make.PAYOUT_REFUSED, make.LOST_HOLD)
PAID = {
    *(Status.ADVANCED, Status.VERIFIED, Status.RELEASING, Status.RELEASED),
    *(Status.CAPTURING, Status.CAPTURED, Status.UNCOLLECTED),
}
AT_REST = {
    *(Status.ISSUED, Status.AGREED, Status.ORDINARY, Status.ORDINARY_VERIFIED, Status.VOID),
    *(Status.RELEASED, Status.CAPTURED, Status.UNCOLLECTED),
}
CHANCES = st.integers(0, 99)


class Life(RuleBasedStateMachine):
    """Forms of one traveller, a network that loses things, and a clock that runs on."""

    @initialize()
    def open(self) -> None:
        """Begin with an empty house."""
        self.closing = ExitStack()
        folder = Path(self.closing.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite://{folder / 'refund.db'}"
        self.world: World = self.closing.enter_context(open_world(folder, url))
        self.issued: list[Form] = []
        self.cards: dict[str, CardEntry] = {}

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something that may be refused: a refusal changes nothing, which the books show."""
        try:
            act()
        except Refused as refused:
            self.refused = refused.code

    def pick(self, chance: int, *likely: Status) -> Form | None:
        """A form in one of the likely states; one time in ten any form, likely or not."""
        fit = [form for form in self.issued if status(self.world, form) in likely]
        among = self.issued if chance % 10 == 0 else fit
        return among[chance // 10 % len(among)] if among else None

    @rule(
        far=st.sampled_from(["issued", "signed", "claimed", "claimed"]),
        method=st.sampled_from([Method.CARD, Method.CARD, Method.ALIPAY]),
        number=st.sampled_from(CARDS),
    )
    def a_form_is_issued(self, far: str, method: Method, number: str) -> None:
        """At the counter, and mostly claimed at once."""
        invoice_number = f"{len(self.issued):020d}"
        today = day_of(self.world.clock.now())
        draft = make.draft(
            traveller=make.traveller(last_entry=today - timedelta(days=3)),
            invoices=(make.invoice(invoice_number, day=today),),
        )
        form = issued(self.world, draft, f"key-{invoice_number}")
        self.issued.append(form)
        if far != "issued":
            self.attempt(lambda: agreed(self.world, form, method))
        if far == "claimed":
            self.attempt(lambda: self.give_card(form, number))

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

    @rule(chance=CHANCES)
    def the_advance_is_asked_again(self, chance: int) -> None:
        """After a refused payout."""
        if form := self.pick(chance, Status.HELD):
            self.attempt(lambda: claim.advance_again(self.world.ports, PHONE, form.form_id))

    @rule(chance=CHANCES)
    def the_ordinary_refund_is_chosen(self, chance: int) -> None:
        """Mostly by whom the advance was refused."""
        if form := self.pick(chance, Status.HELD):
            self.attempt(lambda: claim.choose_ordinary(self.world.ports, PHONE, form.form_id))

    @rule(chance=CHANCES)
    def the_form_is_voided(self, chance: int) -> None:
        """At the counter."""
        if form := self.pick(chance, Status.ISSUED):
            self.attempt(
                lambda: issue.void_form(
                    self.world.ports, self.world.clerk, form.form_id, "returned"
                )
            )

    @rule(chance=CHANCES)
    def customs_confirm(self, chance: int) -> None:
        """At the airport."""
        if form := self.pick(chance, Status.ADVANCED):
            self.attempt(
                lambda: verify.verify_form(self.world.ports, self.world.officer, form.form_id)
            )

    @rule(port=st.sampled_from(["WUH", "WUH", "YIH"]), steps=st.integers(0, 3))
    def the_traveller_departs(self, port: str, steps: int) -> None:
        """Through a port, with or without the goods being shown, and the desk at work."""
        self.depart_with(self.issued if steps > 0 else [], port)
        if steps > 1:
            self.settle_all()

    def depart_with(self, forms: list[Form], port: str = "WUH") -> None:
        """Show the goods of some forms, and leave."""
        for form in forms:
            if status(self.world, form) is Status.ADVANCED:
                verify.verify_form(self.world.ports, self.world.officer, form.form_id)
        departs(self.world, self.world.clock.now(), port)

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

    @rule(faults=st.lists(st.sampled_from(Fault), min_size=1, max_size=3))
    def the_network_will_misbehave(self, faults: list[Fault]) -> None:
        """At the next calls."""
        self.world.network.faults.extend(faults)

    @rule(down=st.sampled_from([False, False, True]))
    def the_network_goes_and_comes(self, down: bool) -> None:  # noqa: FBT001
        """Whole."""
        self.world.network.unplugged = down

    @rule(span=st.sampled_from([{"seconds": 16}, {"minutes": 31}, {"hours": 2}, {"days": 3}]))
    def time_passes(self, span: dict[str, float]) -> None:
        """And the worker has a round."""
        self.world.clock.pass_by(**span)
        work_once(self.world.ports)

    @invariant()
    def the_books_agree(self) -> None:
        """All of them; the network's only while it can be asked."""
        assert not [found for found in audit(self.world.ports) if found.holds is False]

    @invariant()
    def nobody_is_paid_twice(self) -> None:
        """By the network's own book."""
        booked = self.world.book.operations_after(0)
        paid = Counter(str(row["reference"])[:16] for row in booked if row["state"] == "paid")
        assert not {form_id for form_id, times in paid.items() if times > 1}

    def teardown(self) -> None:
        """Heal the world, let the clock run on, and see that everything comes to rest."""
        if not hasattr(self, "world"):
            return
        with self.closing:
            world = self.world
            world.network.unplugged = False
            world.network.faults.clear()
            self.let_pass(hours=4)
            self.depart_with(self.issued[::2])
            self.settle_all()
            self.let_pass(days=120)
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
        """And says of the money what the network's book says."""
        world = self.world
        paid = {
            str(row["reference"])[:16]
            for row in world.book.operations_after(0)
            if row["state"] == "paid"
        }
        for form in self.issued:
            is_paid = form.form_id in paid
            now = status(world, form)
            assert now in AT_REST - IN_FLIGHT, now
            assert (now in PAID) == is_paid, now
            kept = world.ports.storage.read(partial(_kept, form.form_id))
            assert kept == (is_paid, None)
        assert later.finish_open_operations(world.ports) == 0


def _kept(form_id: str, tx: Transaction) -> tuple[bool, Guarantee | None]:
    return tx.advance_of(form_id) is not None, tx.live_guarantee(form_id)


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
