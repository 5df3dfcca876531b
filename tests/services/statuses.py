"""A form brought into each of its states, by the people and machines who bring it there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from refund.core.case import CaseKind, Fix
from refund.core.entitlement import Recovery
from refund.core.form import Channel, Event, Form, Status
from refund.services import amend, claim, counter_desk, fixes, issue
from refund.services.asking import Outcome
from refund.simulation.engine.network import Fault
from tests import make
from tests.services import till_steps
from tests.services.engine_steps import (
    bags,
    brought_back,
    confirmed,
    ended,
    refused_at_customs,
    three_bags,
)
from tests.services.steps import PHONE, agreed, claimed, status, unlocked
from tests.world import World

HOLD_ENDS = timedelta(days=30)
Way = Callable[[World], Form]


def scanned(world: World) -> Form:
    """A form of three bags that a phone may act for."""
    return unlocked(world, bags(world))


def advanced(world: World) -> Form:
    """The advance is paid."""
    return claimed(world, scanned(world))


def unheard(way: Way, act: Callable[[World, Form], object]) -> Way:
    """The state after an act of which the network has not heard."""

    def bring(world: World) -> Form:
        form = way(world)
        world.network.faults.append(Fault.UNSENT)
        act(world, form)
        return form

    return bring


def then(way: Way, act: Callable[[World, Form], object]) -> Way:
    """The state after one more act."""

    def bring(world: World) -> Form:
        form = way(world)
        act(world, form)
        return form

    return bring


def _ended(event: Event) -> Callable[[World, Form], object]:
    return lambda world, form: ended(world, form, event)


def _shown(quantity: int) -> Callable[[World, Form], object]:
    return lambda world, form: confirmed(world, form, quantity)


def _advancing(world: World) -> Form:
    form = agreed(world, scanned(world))
    world.network.faults.extend([Fault.NONE, Fault.UNSENT])
    return claimed(world, form)


def _held(world: World) -> Form:
    return claimed(world, scanned(world), make.PAYOUT_REFUSED)


def _choose_ordinary(world: World, form: Form) -> Form:
    return claim.choose_ordinary(world.ports, PHONE, form.form_id)


def _ordinary(world: World) -> Form:
    return unlocked(world, bags(world, channel=Channel.ORDINARY))


def _lapse(world: World, form: Form) -> None:
    world.clock.at += HOLD_ENDS
    ended(world, form, Event.REQUEST_CAPTURE)


def _written_off(world: World, form: Form) -> None:
    """Two operators agree that nothing will come back."""
    (case,) = world.ports.storage.read(lambda tx: tx.open_cases([CaseKind.UNSECURED]))
    asked = fixes.fix(world.ports, world.operator, case.case_id, Fix.WRITE_OFF, "gone for good")
    assert asked.outcome is Outcome.WAITS
    waiting = world.ports.storage.read(lambda tx: tx.approval_of(case.case_id))
    assert waiting is not None
    second = make.operator("operator-2")
    fixes.approve(world.ports, second, case.case_id, waiting.approval_id)


def _void(world: World, form: Form) -> Form:
    return issue.void_form(world.ports, world.clerk, form.form_id, "typed twice")


def replaced(world: World, form: Form, key: str = "in its place") -> object:
    """Another form in a form's place, for the same purchase."""
    number = world.ports.storage.read(lambda tx: tx.invoices_of(form.form_id))[0].number
    draft = three_bags(number)
    return amend.replace_form(world.ports, world.clerk, form.form_id, draft, key, "misspelt")


def _pay_by_network(world: World, form: Form) -> Form:
    return till_steps.paid_by_network(world, till_steps.shown(world, form))


def _deny(world: World, form: Form) -> Form:
    counter = till_steps.counter(world)
    return counter_desk.deny(world.ports, counter, form.form_id, "not the goods")


_verified = then(advanced, _shown(3))
_partly = then(advanced, _shown(2))
_refused = then(advanced, refused_at_customs)
_ordinary_verified = then(_ordinary, _shown(3))


def _bring_back(world: World, form: Form) -> Form:
    return brought_back(world, form, 3, Recovery.CAPTURE)


BROUGHT: Mapping[Status, Way] = {
    Status.ISSUED: scanned,
    Status.AGREED: lambda world: agreed(world, scanned(world)),
    Status.HOLDING: unheard(lambda world: agreed(world, scanned(world)), claimed),
    Status.HELD: _held,
    Status.ADVANCING: _advancing,
    Status.ADVANCED: advanced,
    Status.WITHDRAWING: unheard(_held, _choose_ordinary),
    Status.ORDINARY: then(_held, _choose_ordinary),
    Status.VERIFIED: _verified,
    Status.VERIFIED_PARTLY: _partly,
    Status.CUSTOMS_REFUSED: _refused,
    Status.ORDINARY_VERIFIED: _ordinary_verified,
    Status.RELEASING: unheard(_verified, _ended(Event.REQUEST_RELEASE)),
    Status.RELEASED: then(_verified, _ended(Event.REQUEST_RELEASE)),
    Status.CAPTURING: unheard(advanced, _ended(Event.REQUEST_CAPTURE)),
    Status.CAPTURED: then(advanced, _ended(Event.REQUEST_CAPTURE)),
    Status.FORFEITING: unheard(_refused, _ended(Event.REQUEST_FORFEIT)),
    Status.FORFEITED: then(_refused, _ended(Event.REQUEST_FORFEIT)),
    Status.UNCOLLECTED: then(advanced, _lapse),
    Status.VOID: then(scanned, _void),
    Status.SUPERSEDED: then(scanned, replaced),
    Status.ADJUSTING: unheard(_partly, _ended(Event.REQUEST_ADJUST)),
    Status.ADJUSTED: then(_partly, _ended(Event.REQUEST_ADJUST)),
    Status.RETURNING: unheard(advanced, _bring_back),
    Status.RETURNED: then(advanced, _bring_back),
    Status.REFUNDING: unheard(_ordinary_verified, _pay_by_network),
    Status.REFUNDED: then(_ordinary_verified, _pay_by_network),
    Status.DENIED: then(_ordinary_verified, _deny),
    Status.WAIVING: unheard(_verified, _ended(Event.REQUEST_WAIVE)),
    Status.WRITTEN_OFF: then(then(advanced, _lapse), _written_off),
}
"""How a form comes into each state."""


def brought_to(world: World, wanted: Status) -> Form:
    """A form in a state."""
    form = BROUGHT[wanted](world)
    assert status(world, form) is wanted
    found = world.ports.storage.read(lambda tx: tx.form(form.form_id))
    assert found is not None
    return found
