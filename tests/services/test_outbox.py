"""The outbox: leases, fences, back-off, what is sent again and what never more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import pytest

from refund.core.form import Form, Status
from refund.core.operation import SEND_FOR, Answer, Kind, Operation, OperationState
from refund.ports import NetworkRejected, Ports
from refund.services import claim, later, pay
from refund.services.intent import LEASE
from refund.services.later import GIVEN_UP, NEVER_ARRIVED, finish, finish_open_operations
from refund.simulation.engine.network import BookNetwork, Fault
from tests import make
from tests.services.hold_steps import asked, open_kinds
from tests.services.steps import PHONE, agreed, card, issued, status
from tests.world import World


def begun(world: World, *faults: Fault) -> Form:
    """A claim on whose way the network's faults lie."""
    form = agreed(world)
    entry = card(world, form)
    world.network.faults.extend(faults)
    return claim.claim_advance(world.ports, PHONE, form.form_id, entry)


def leased(world: World) -> Operation:
    """The only pending operation, taken in hand."""
    now = world.clock.at
    (taken,) = world.ports.storage.write(lambda tx: tx.lease_operations(now, now + LEASE, 9))
    return taken


def operation(world: World, form: Form, place: int = -1) -> Operation:
    """One of a form's operations as it stands."""
    return asked(world, form)[place]


def test_a_worker_that_stood_still_after_its_lease_sends_nothing(world: World) -> None:
    form = begun(world, Fault.UNSENT)
    world.clock.at += LEASE + timedelta(seconds=1)
    frozen = leased(world)
    world.clock.at += LEASE + timedelta(seconds=1)
    other = leased(world)
    assert (frozen.fence, other.fence) == (1, 2)
    assert pay.send(world.ports, frozen) is None
    assert world.network.sent == []
    finish(world.ports, other)
    assert status(world, form) is Status.ADVANCED
    assert pay.send(world.ports, other) is None, "the answer is there"
    assert world.network.sent == [f"{form.form_id}-hold-1", f"{form.form_id}-advance-1"]
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])


def test_who_began_and_stood_still_sends_nothing_once_a_worker_has_it(world: World) -> None:
    form = begun(world, Fault.UNSENT)
    first = operation(world, form)
    assert first.fence == 0
    world.clock.at += LEASE * 2
    leased(world)
    assert pay.send(world.ports, first) is None
    assert world.network.sent == []


class Frozen(BookNetwork):
    """A network in front of which one sender stands still until it is woken."""

    def __init__(self, world: World) -> None:
        super().__init__(world.book)
        self.arrived, self.woken = Event(), Event()

    def send(self, operation: Operation) -> Answer:
        """Stand still, then send."""
        self.arrived.set()
        assert self.woken.wait(30)
        return super().send(operation)


def test_two_that_send_the_same_at_once_are_paid_once(world: World) -> None:
    form = begun(world, Fault.NONE, Fault.UNSENT)
    assert form.status is Status.ADVANCING
    network = Frozen(world)
    slow = replace(world.ports, network=network)
    world.clock.at += LEASE * 2
    frozen = leased(world)
    sending = Thread(target=pay.carry_out, args=[slow, frozen])
    sending.start()
    assert network.arrived.wait(30)
    world.clock.at += LEASE * 2
    assert finish_open_operations(world.ports) == 1
    assert status(world, form) is Status.ADVANCED
    network.woken.set()
    sending.join()
    assert (world.booked("advance"), world.paid_fen()) == (["paid"], make.NET_FEN)
    assert open_kinds(world) == []


class Late:
    """A clock that jumps the moment a sending is noted: the process stood still there."""

    def __init__(self, world: World, jump: timedelta) -> None:
        self._world, self._jump, self.asked = world, jump, 0

    def now(self) -> object:
        """Tell the time; the second question comes after the jump."""
        self.asked += 1
        if self.asked == 2:
            self._world.clock.at += self._jump
        return self._world.clock.at


def test_a_day_between_the_note_and_the_sending_sends_nothing(world: World) -> None:
    form = begun(world, Fault.NONE, Fault.UNSENT)
    world.clock.at += LEASE * 2
    taken = leased(world)
    slow = replace(world.ports, clock=Late(world, timedelta(hours=25)))  # type: ignore[arg-type]
    assert pay.send(slow, taken) is None
    assert world.booked("advance") == []
    assert status(world, form) is Status.ADVANCING


@pytest.mark.rule("advanced_once")
@pytest.mark.parametrize(
    ("fault", "after", "booked"),
    [(Fault.LOST, Status.ADVANCED, ["paid"]), (Fault.UNSENT, Status.HELD, [])],
)
def test_after_the_network_forgot_the_key_nothing_is_paid_twice(
    world: World, fault: Fault, after: Status, booked: list[str]
) -> None:
    form = begun(world, Fault.NONE, fault)
    world.clock.pass_by(hours=25)
    for _ in range(3):
        finish_open_operations(world.ports)
        world.clock.pass_by(hours=1)
    assert status(world, form) is after
    assert world.booked("advance") == booked
    assert world.paid_fen() == make.NET_FEN * len(booked)
    if fault is Fault.UNSENT:
        assert operation(world, form).refusal == NEVER_ARRIVED


def test_the_network_would_pay_a_second_time_under_a_key_that_it_forgot(
    broken_world: World,
) -> None:
    form = begun(broken_world, Fault.NONE, Fault.NONE)
    paid = operation(broken_world, form)
    broken_world.clock.pass_by(hours=25)
    broken_world.network.send(paid)
    assert broken_world.booked("advance") == ["paid", "paid"], "which is why we never do that"


def test_within_half_a_day_it_is_sent_again_and_later_only_looked_up(world: World) -> None:
    form = begun(world, Fault.NONE, *[Fault.UNSENT] * 3)
    began = operation(world, form).created_at
    tries = []
    for hours in (1, 11, 12.1, 18, 23.9):
        world.clock.at = began + timedelta(hours=hours)
        left = len(world.network.faults)
        finish_open_operations(world.ports)
        tries.append(left - len(world.network.faults))
    assert timedelta(hours=12) == SEND_FOR
    assert tries == [1, 1, 0, 0, 0]
    assert status(world, form) is Status.ADVANCING
    world.network.faults.clear()
    world.clock.at = began + GIVEN_UP + timedelta(minutes=7)
    finish_open_operations(world.ports)
    assert status(world, form) is Status.HELD
    assert operation(world, form).refusal == NEVER_ARRIVED
    again = claim.advance_again(world.ports, PHONE, form.form_id)
    assert again.status is Status.ADVANCED


def test_what_is_sent_again_has_the_key_and_the_words_of_the_first_time(world: World) -> None:
    form = begun(world, Fault.UNSENT)
    before = operation(world, form)
    assert before.fingerprint == before.print_of_request
    assert before.sent_at == before.created_at
    world.clock.at += LEASE * 2
    finish_open_operations(world.ports)
    after = operation(world, form, 0)
    assert (after.key, after.fingerprint, after.sent_at) == (
        before.key,
        before.fingerprint,
        before.sent_at,
    )


def test_each_try_without_an_answer_makes_the_next_one_later(world: World) -> None:
    form = begun(world, Fault.UNSENT)
    world.network.unplugged = True
    waits = []
    for _ in range(12):
        known = operation(world, form)
        waits.append((known.lease_until - world.clock.at).total_seconds())
        world.clock.at = known.lease_until + timedelta(seconds=1)
        assert finish_open_operations(world.ports) == 1
    assert operation(world, form).tries == 13
    grown = [round(wait, 3) for wait in waits]
    assert grown == sorted(grown)
    assert 300 <= grown[-1] <= 375
    assert grown[0] == 1


def test_operations_do_not_all_come_back_at_the_same_moment() -> None:
    one = make.operation(Kind.HOLD)
    rests = {
        pay.rest_after(replace(one, key=f"key-{n}-{n * 7}", tries=4)).total_seconds()
        for n in range(40)
    }
    assert len(rests) > 10
    assert min(rests) >= 30
    assert max(rests) <= 37.5


def test_while_it_rests_nobody_takes_it_in_hand(world: World) -> None:
    begun(world, Fault.UNSENT)
    assert finish_open_operations(world.ports) == 0
    world.clock.at += timedelta(seconds=2)
    assert finish_open_operations(world.ports) == 1


def refusing(world: World, code: str) -> Ports:
    """Ports to a network that takes no request."""

    class Refusing(BookNetwork):
        def send(self, operation: Operation) -> Answer:  # noqa: ARG002 - it is not looked at
            raise NetworkRejected(code)

    return replace(world.ports, network=Refusing(world.book))


@pytest.mark.parametrize("code", sorted(pay.NEVER_BOOKED))
def test_what_was_not_taken_and_cannot_have_been_booked_is_a_no(world: World, code: str) -> None:
    form = agreed(world)
    entry = card(world, form)
    after = claim.claim_advance(refusing(world, code), PHONE, form.form_id, entry)
    assert after.status is Status.AGREED
    assert operation(world, form).refusal == code


def test_what_was_not_taken_under_a_key_in_use_is_a_case_and_is_not_believed(
    world: World,
) -> None:
    form = agreed(world)
    entry = card(world, form)
    after = claim.claim_advance(refusing(world, "key_reused"), PHONE, form.form_id, entry)
    assert after.status is Status.HOLDING
    assert operation(world, form).state is OperationState.PENDING
    assert open_kinds(world) == ["not_taken"]
    world.clock.pass_by(minutes=10)
    finish_open_operations(world.ports)
    assert status(world, form) is Status.ADVANCED
    assert open_kinds(world) == []


class Poisoned(BookNetwork):
    """A network about one of whose references nothing can be asked without a defect."""

    poison = ""

    def look_up(self, reference: str) -> Answer | None:
        """Fail in a way that nobody expects."""
        if reference == self.poison:
            raise ZeroDivisionError
        return super().look_up(reference)


def test_one_operation_that_always_fails_keeps_no_other_from_its_turn(world: World) -> None:
    form = begun(world, Fault.UNSENT)
    other = begun_too(world, Fault.UNSENT)
    network = Poisoned(world.book)
    network.poison = operation(world, form).sent_reference
    world.clock.at += LEASE * 2
    with pytest.raises(ExceptionGroup) as caught:
        finish_open_operations(replace(world.ports, network=network))
    assert [type(one) for one in caught.value.exceptions] == [ZeroDivisionError]
    assert status(world, other) is Status.ADVANCED
    assert status(world, form) is Status.HOLDING


def begun_too(world: World, *faults: Fault) -> Form:
    """Another claim, of another form."""
    form = agreed(world, issued(world, make.draft("25422000000000000099"), "key-99"))
    entry = card(world, form)
    world.network.faults.extend(faults)
    return claim.claim_advance(world.ports, PHONE, form.form_id, entry)


def test_a_payout_that_is_pending_is_looked_up_each_minute_and_sent_once(world: World) -> None:
    form = agreed(world)
    entry = card(world, form, make.PENDING_THEN_PAID)
    after = claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    assert after.status is Status.ADVANCING
    assert operation(world, form).network_id, "the bank works on it"
    for _ in range(11):
        world.clock.pass_by(minutes=1, seconds=1)
        later.finish_open_operations(world.ports)
    assert status(world, form) is Status.ADVANCED
    assert world.network.sent.count(f"{form.form_id}-advance-1") == 1
