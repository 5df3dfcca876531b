"""A form and the books as they stood at any moment are what was seen at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from refund.core.case import CaseKind, Fix
from refund.core.entitlement import Recovery
from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.core.ledger import Account
from refund.core.operation import Guarantee, GuaranteeState, Operation, OperationState
from refund.services import claim, history, later, secure
from refund.services.pay import record_answer
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.case_steps import fixed, the_case
from tests.services.engine_steps import bags, brought_back, confirmed, own_accounts, together
from tests.services.hold_steps import claimed_in_2026, the_hold
from tests.services.steps import (
    PHONE,
    agreed,
    card,
    claimed,
    departs,
    issued,
    on,
    settled,
    status,
)
from tests.world import World

TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Seen:
    """What was seen at a moment."""

    at: datetime
    balances: dict[str, int]
    status: Status
    money: dict[str, int]
    guarantees: list[Guarantee]
    operations: list[Operation]


def look(world: World, form: Form) -> Seen:
    """See how things stand, and let some time pass."""
    form_id = form.form_id
    seen = Seen(
        at=world.clock.at,
        balances=world.ports.storage.read(lambda tx: tx.balances()),
        status=status(world, form),
        money=own_accounts(world, form),
        guarantees=world.ports.storage.read(lambda tx: tx.guarantees_of(form_id)),
        operations=world.ports.storage.read(lambda tx: tx.operations_of(form_id)),
    )
    world.clock.pass_by(hours=7, minutes=13)
    return seen


def heard(operations: list[Operation] | tuple[Operation, ...]) -> list[tuple[object, ...]]:
    """What was asked, and what was heard."""
    return [(one.reference, one.state, one.charged_fen, one.refusal) for one in operations]


def assert_seen(world: World, form: Form, seen: Seen) -> None:
    """The past says what was seen."""
    books = history.books_at(world.ports, seen.at)
    assert {account.value: fen for account, fen in books.balances.items()} == seen.balances
    assert books.debit_fen == books.credit_fen
    then = history.form_at(world.ports, form.form_id, seen.at)
    assert (then.status, then.form.status) == (seen.status, seen.status)
    assert {account.value: fen for account, fen in then.money.items()} == seen.money
    assert list(then.guarantees) == seen.guarantees
    assert heard(then.operations) == heard(seen.operations)


def a_life(world: World) -> tuple[Form, list[Seen]]:
    """A form's life over some days, seen after each step; others live beside it."""
    form = issued(world)
    seen = [look(world, form)]
    form = agreed(world, form)
    given = card(world, form)
    seen.append(look(world, form))
    del given
    world.network.faults.append(Fault.LOST)
    claimed(world, form)
    seen.append(look(world, form))
    later.work_once(world.ports)
    seen.append(look(world, form))
    together(world, [bags(world, "e"), bags(world, "f")])
    seen.append(look(world, form))
    other = claimed(world, bags(world, "g"))
    brought_back(world, other, 1, Recovery.STORE)
    seen.append(look(world, form))
    departs(world, max(world.clock.at, on(20)), "YIH")
    seen.append(look(world, form))
    assert settled(world, form).form.status is Status.CAPTURED
    seen.append(look(world, form))
    return form, seen


def test_the_past_of_a_form_and_of_the_books_is_what_was_seen(world: World) -> None:
    form, seen = a_life(world)
    assert len({one.status for one in seen}) == 5
    for one in seen:
        assert_seen(world, form, one)


def test_a_moment_before_an_entry_does_not_have_it_and_its_own_moment_does(world: World) -> None:
    claimed(world)
    at = world.clock.at
    world.clock.pass_by(hours=1)
    before = history.books_at(world.ports, at - TICK).balances
    assert set(before.values()) == {0}
    assert history.books_at(world.ports, at).balances[Account.ADVANCE] == make.NET_FEN


def test_midnight_in_shanghai_parts_two_days(world: World) -> None:
    world.clock.at = on(9, 0) - TICK
    claimed(world, bags(world, "a"))
    world.clock.at = on(9, 0)
    claimed(world, bags(world, "b"))
    world.clock.pass_by(days=40)
    advances = [
        history.books_at(world.ports, at).balances[Account.ADVANCE]
        for at in (on(9, 0) - 2 * TICK, on(9, 0) - TICK, on(9, 0), on(9, 0) + timedelta(days=30))
    ]
    assert advances == [0, 1350_00, 2700_00, 2700_00]


def test_a_form_was_nothing_before_it_was_issued(world: World) -> None:
    form = issued(world)
    world.clock.pass_by(hours=1)
    then = history.form_at(world.ports, form.form_id, form.issued_at - TICK)
    assert (then.status, then.money, then.guarantees, then.events) == (None, {}, (), ())
    at_issue = history.form_at(world.ports, form.form_id, form.issued_at)
    assert at_issue.status is Status.ISSUED


def test_what_customs_and_the_border_had_not_told_was_not_known(world: World) -> None:
    form = claimed(world, bags(world))
    before = world.clock.at
    world.clock.pass_by(hours=1)
    confirmed(world, form, 3)
    world.clock.at = on(20)
    left_at = world.clock.at - timedelta(hours=3)
    assert departs(world, left_at)
    world.clock.pass_by(hours=1)
    then = history.form_at(world.ports, form.form_id, before)
    assert (then.verifications, then.exits, then.returns, then.cases) == ((), (), (), ())
    gone = history.form_at(world.ports, form.form_id, left_at)
    assert (len(gone.verifications), gone.exits) == (1, ()), "nobody had recorded it yet"
    now = history.form_at(world.ports, form.form_id, world.clock.at)
    assert [one.exited_at for one in now.exits] == [left_at]


@pytest.mark.rule("hold_cover")
def test_a_hold_has_the_terms_that_it_had_then(world: World) -> None:
    form = claimed_in_2026(world, make.MASTERCARD)
    taken, first = world.clock.at, the_hold(world, form)
    world.clock.at = first.expires_at - timedelta(days=2)
    assert secure.extend_holds(world.ports) == 1
    extended, longer = world.clock.at, the_hold(world, form)
    assert longer.expires_at > first.expires_at
    world.clock.pass_by(hours=1)
    for at, held in ((taken, first), (extended - TICK, first), (extended, longer)):
        assert history.form_at(world.ports, form.form_id, at).guarantees == (held,)


def test_a_hold_that_grew_was_smaller_before(world: World) -> None:
    form = agreed(world)
    entry = card(world, form, make.HALF)
    world.network.faults += [Fault.NONE, Fault.LOST]
    claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    before = world.clock.at
    world.clock.pass_by(hours=1)
    later.work_once(world.ports)
    amounts = []
    for at in (before, world.clock.at - TICK, world.clock.at):
        (held,) = history.form_at(world.ports, form.form_id, at).guarantees
        amounts.append(held.amount_fen)
    assert amounts == [make.NET_FEN // 2, make.NET_FEN // 2, make.NET_FEN]


def test_a_payment_that_came_back_was_done_until_then(world: World) -> None:
    form = claimed(world, number=make.PAYOUT_RETURNED)
    paid = world.clock.at
    world.clock.pass_by(days=2, hours=1)
    (advance,) = [one for one in operations_at(world, form, paid) if one.kind.value == "advance"]
    assert advance.state is OperationState.SUCCEEDED
    answer = world.network.look_up(advance.reference)
    assert answer is not None
    record_answer(world.ports, advance, answer)
    back = world.clock.at
    world.clock.pass_by(hours=1)
    states = [
        [one.state for one in operations_at(world, form, at) if one.kind.value == "advance"]
        for at in (back - TICK, back)
    ]
    assert states == [[OperationState.SUCCEEDED], [OperationState.RETURNED]]
    case = the_case(world, CaseKind.ADVANCE_RETURNED, form.form_id)
    assert [one.case_id for one in history.form_at(world.ports, form.form_id, back).cases] == [
        case.case_id
    ]
    fixed(world, case, Fix.PAY_AGAIN)
    now = history.form_at(world.ports, form.form_id, world.clock.at)
    assert (now.cases, now.money[Account.ADVANCE]) == ((), make.NET_FEN)
    assert now.guarantees[0].state is GuaranteeState.HELD


def operations_at(world: World, form: Form, at: datetime) -> tuple[Operation, ...]:
    """What was asked of the network by then."""
    return history.form_at(world.ports, form.form_id, at).operations


def test_nothing_is_told_of_the_future_or_of_a_form_that_is_not_there(world: World) -> None:
    with pytest.raises(Refused, match="date_in_future"):
        history.books_at(world.ports, world.clock.at + TICK)
    with pytest.raises(Refused, match="form_unknown"):
        history.form_at(world.ports, "00000000000000ff", world.clock.at)
