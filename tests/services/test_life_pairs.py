"""Every pair of state and event, with forms that people brought there: followed, or refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import pytest

from refund.core.entitlement import Recovery
from refund.core.errors import Refused
from refund.core.form import TRANSITIONS, Event, Form, Status
from refund.core.operation import CardEntry, Operation
from refund.services import claim, counter_desk, counter_pay, issue, pay
from refund.services.intent import begin_end_of_hold
from refund.services.life import By, move
from refund.transaction import Transaction
from tests import make
from tests.services import till_steps
from tests.services.engine_steps import brought_back, confirmed, refused_at_customs
from tests.services.statuses import brought_to, replaced
from tests.services.steps import PHONE
from tests.world import World, assert_audit_holds

E = Event


class Undone(Exception):
    """What ends a trial, so that nothing of it stays."""


@dataclass(frozen=True)
class Kept:
    """All that the books and the network know of a form."""

    rows: tuple[object, ...]
    balances: dict[str, int]
    network: dict[str, object]


def kept(world: World, form: Form) -> Kept:
    """What stands there now."""

    def read(tx: Transaction) -> tuple[object, ...]:
        form_id = form.form_id
        states = [event for event in tx.events_of(form_id) if event.version]
        return (
            *(tx.form(form_id), tuple(tx.operations_of(form_id)), tx.advance_of(form_id)),
            *(tuple(tx.guarantees_of(form_id)), tuple(tx.entries_of(form_id)), tuple(states)),
            *(tuple(tx.returns_of(form_id)), tuple(tx.verifications_of(form_id))),
            *(tuple(tx.invoices_of(form_id)), tuple(tx.receipts_of_form(form_id))),
        )

    storage = world.ports.storage
    totals = {name: fen for name, fen in world.book.book_totals().items() if name != "at"}
    return Kept(storage.read(read), storage.read(lambda tx: tx.balances()), totals)


def tried(world: World, form: Form, event: Event) -> Status | Refused:
    """Where an event would lead a form, or why it is refused; nothing of it stays."""
    found: list[Form] = []

    def attempt(tx: Transaction) -> None:
        after = move(tx, world.ports, form, event, By("a test", world.clock.now()))
        last = [one for one in tx.events_of(form.form_id) if one.version][-1]
        assert (last.version, last.kind) == (form.version + 1, event.value)
        assert (last.from_status, last.to_status) == (form.status.value, after.status.value)
        found.append(after)
        raise Undone

    try:
        world.ports.storage.write(attempt)
    except Refused as refused:
        return refused
    except Undone:
        return found[-1].status
    raise AssertionError(event)


@pytest.mark.parametrize("status", Status, ids=lambda status: status.value)
def test_every_event_leads_where_the_table_says_or_is_refused_and_changes_nothing(
    world: World, status: Status
) -> None:
    form = brought_to(world, status)
    before = kept(world, form)
    for event in Event:
        outcome = tried(world, form, event)
        wanted = TRANSITIONS.get((status, event))
        if wanted is None:
            assert isinstance(outcome, Refused), event
            facts = {"status": status.value, "event": event.value}
            assert (outcome.code, outcome.facts) == ("not_in_this_state", facts)
        else:
            assert outcome is wanted, event
        assert kept(world, form) == before, event


Act = Callable[[World, Form], object]


def _give_details(world: World, form: Form) -> object:
    details = make.details(departs_on=None)
    claim.give_details(world.ports, PHONE, form.form_id, details, "5678")
    return claim.sign_agreement(world.ports, PHONE, form.form_id, make.signature(), "en")


def _claim(world: World, form: Form) -> object:
    token = str(world.book.file.rows("SELECT min(token) FROM card")[0][0] or "card_none")
    entry = CardEntry("session", "reference", "entered", f"{token}-again")
    return claim.claim_advance(world.ports, PHONE, form.form_id, entry)


def _end(event: Event) -> Act:
    """Ask for a hold's end; for a broken promise while it stands, too."""

    def end(world: World, form: Form) -> object:
        def begin(tx: Transaction) -> object:
            current = tx.form(form.form_id)
            assert current is not None
            return begin_end_of_hold(tx, world.ports, current, event, "a test", "for a test")

        return world.ports.storage.write(begin)

    return end


def _at_counter(act: Callable[..., object], *more: object) -> Act:
    return lambda world, form: act(world.ports, till_steps.counter(world), form.form_id, *more)


def _pay_out(world: World, form: Form) -> object:
    token = str(world.book.file.rows("SELECT min(token) FROM card")[0][0] or "card_none")
    entry = CardEntry("session", "reference", "entered", f"{token}-payout", "Visa", "1111")
    counter = till_steps.counter(world)
    page = till_steps.signed("page-9")
    return counter_pay.pay_through_network(world.ports, counter, form.form_id, entry, page)


def _pay_cash(world: World, form: Form) -> object:
    till_steps.till(world, 5_000_00)
    return till_steps.paid_in_cash(world, form, "page-9")


ACTS: dict[str, tuple[set[Event], Act]] = {
    "sign": ({E.SIGN_AGREEMENT}, _give_details),
    "claim": ({E.REQUEST_HOLD}, _claim),
    "ask again": (
        {E.REQUEST_ADVANCE},
        lambda w, f: claim.advance_again(w.ports, PHONE, f.form_id),
    ),
    "choose ordinary": (
        {E.CHOOSE_ORDINARY, E.WITHDRAW},
        lambda w, f: claim.choose_ordinary(w.ports, PHONE, f.form_id),
    ),
    "void": ({E.VOID}, lambda w, f: issue.void_form(w.ports, w.clerk, f.form_id, "a mistake")),
    "replace": ({E.SUPERSEDE}, lambda w, f: replaced(w, f, "another in its place")),
    "bring a bag back": (
        {E.RETURN_PART, E.SUPERSEDE},
        lambda w, f: brought_back(w, f, 1, Recovery.STORE, "one more"),
    ),
    "bring all back": (
        {E.REQUEST_RETURN, E.VOID},
        lambda w, f: brought_back(w, f, 3, Recovery.CAPTURE, "all of it"),
    ),
    "confirm": ({E.VERIFY}, lambda w, f: confirmed(w, f, 3)),
    "confirm fewer": ({E.VERIFY_PARTLY}, lambda w, f: confirmed(w, f, 1)),
    "refuse at customs": ({E.REFUSE_AT_CUSTOMS}, refused_at_customs),
    "reopen": ({E.REOPEN}, _at_counter(counter_desk.accept_verification)),
    "pay in cash": ({E.PAY_CASH}, _pay_cash),
    "pay to a card": ({E.REQUEST_REFUND}, _pay_out),
    "deny": ({E.REFUSE_AT_REVIEW}, _at_counter(counter_desk.deny, "not the goods")),
    **{
        event.value: ({event}, _end(event))
        for event in (E.REQUEST_RELEASE, E.REQUEST_ADJUST, E.REQUEST_CAPTURE, E.REQUEST_FORFEIT)
    },
}
"""What people do, each with the events that it brings about."""


@pytest.mark.parametrize("status", Status, ids=lambda status: status.value)
def test_what_people_do_where_the_table_has_it_not_changes_nothing(
    small_world: World, status: Status
) -> None:
    world = small_world
    form = brought_to(world, status)
    till_steps.shown(world, form)
    before = kept(world, form)
    tried_here = 0
    for name, (events, act) in ACTS.items():
        if any((status, event) in TRANSITIONS for event in events):
            continue
        tried_here += 1
        with suppress(Refused):
            act(world, form)
        after = kept(world, form)
        assert after.rows == before.rows, name
        assert after.network == before.network, name
    assert tried_here > 8
    assert_audit_holds(world.ports)


@pytest.mark.parametrize("status", Status, ids=lambda status: status.value)
def test_an_answer_that_comes_again_changes_nothing(small_world: World, status: Status) -> None:
    world = small_world
    form = brought_to(world, status)
    before = kept(world, form)
    done = world.ports.storage.read(partial(_answered, form.form_id))
    for operation in done:
        answer = world.network.look_up(operation.sent_reference)
        assert answer is not None
        assert pay.record_answer(world.ports, operation, answer) is None
    assert kept(world, form) == before


def _answered(form_id: str, tx: Transaction) -> list[Operation]:
    return [one for one in tx.operations_of(form_id) if one.answered_at is not None]
