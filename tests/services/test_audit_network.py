"""The audit compares our network account with the network's own book, whatever is on its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refund.core.operation import Kind
from refund.services.audit import audit
from refund.services.pay import record_answer
from refund.services.statements import fetch_statements
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.engine_steps import operations, three_bags
from tests.services.hold_steps import returned
from tests.services.steps import agreed, claimed, issued
from tests.services.tamper import broken
from tests.world import World, assert_audit_holds


def test_a_payment_on_its_way_back_is_in_flight_until_it_is_heard_of(world: World) -> None:
    form = claimed(world, number=make.PAYOUT_RETURNED)
    world.clock.pass_by(days=2, hours=1)
    assert world.network.book().returned_fen == make.NET_FEN
    assert_audit_holds(world.ports)
    (advance,) = [one for one in operations(world, form) if one.kind is Kind.ADVANCE]
    answer = world.network.look_up(advance.reference)
    assert answer is not None
    record_answer(world.ports, advance, answer)
    assert_audit_holds(world.ports)


def test_a_return_that_we_posted_and_the_network_did_not_book_is_found(
    broken_world: World,
) -> None:
    form = returned(broken_world)
    with broken_world.book.file.write() as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'change'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE change SET amount_fen = 1 WHERE state = 'returned'")
    (row,) = broken(broken_world)["I5"].rows
    assert row["our_account_fen"] == 0, form
    assert row["in_flight_fen"] == 0, "what we know of came back is on its way no more"


@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST])
def test_what_is_pending_is_in_flight_if_the_network_booked_it(world: World, fault: Fault) -> None:
    form = agreed(world)
    world.network.faults += [Fault.NONE, fault]
    claimed(world, form)
    assert [one.answered_at for one in operations(world, form)][-1] is None
    assert_audit_holds(world.ports)
    assert (world.paid_fen() > 0) is (fault is Fault.LOST)


def test_fees_that_no_statement_told_yet_are_no_difference(world: World) -> None:
    claimed(world)
    world.clock.pass_by(days=1, hours=12)
    assert world.network.book().fees_fen > 0
    assert_audit_holds(world.ports)
    fetch_statements(world.ports)
    known = world.ports.storage.read(lambda tx: tx.network_account())
    assert known.fees_fen == world.network.book().fees_fen
    assert_audit_holds(world.ports)


class Restless:
    """A network whose book is another one each time."""

    def __init__(self, world: World, moves: int, number: int) -> None:
        self._world, self._network, self.moves, self._round = world, world.network, moves, number

    def __getattr__(self, name: str) -> object:
        """Everything else as it is."""
        return getattr(self._network, name)

    def book(self) -> object:
        """A book in which something has just been paid for us."""
        if self.moves:
            self.moves -= 1
            key = f"{self._round:03d}{self.moves:03d}"
            claimed(self._world, issued(self._world, three_bags(f"{key:0>20}"), key))
        return self._network.book()


def test_books_that_move_are_compared_again_until_they_rest(small_world: World) -> None:
    for number, (moves, holds) in enumerate(((2, True), (21, None))):
        restless = Restless(small_world, moves, number)
        ports = replace(small_world.ports, network=restless)  # type: ignore[arg-type]
        (found,) = [one for one in audit(ports) if one.invariant == "I5"]
        assert found.holds is holds
        assert found.why == ("" if holds else "money moved all the while")
