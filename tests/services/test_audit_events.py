"""The audit finds each event without its entry, and each entry without its event."""

from __future__ import annotations

import pytest

from refund.core.entitlement import Recovery
from refund.core.form import Channel, Event, Status
from refund.services import tills
from tests.services import till_steps
from tests.services.engine_steps import bags, brought_back, confirmed, ended, together
from tests.services.steps import claimed
from tests.services.tamper import broken, unguarded, without_check
from tests.world import World, assert_audit_holds


def busy_house(world: World) -> None:
    """Goods brought back, a refund in cash and one by the network, tills opened and counted."""
    returned = claimed(world, bags(world, "a"))
    brought_back(world, returned, 1, Recovery.STORE)
    till_steps.till(world, 5_000_00)
    for key, pay in (("b", till_steps.paid_in_cash), ("c", till_steps.paid_by_network)):
        form = confirmed(world, bags(world, key, Channel.ORDINARY), 3)
        pay(world, till_steps.shown(world, form), page=f"page-{key}")
    (till,) = tills.till_list(world.ports).open_tills
    tills.close_till(world.ports, world.operator, till.till_id, {100_00: 36}, "one note too few")
    lapsed = claimed(world, bags(world, "d"))
    together(world, [bags(world, "e"), bags(world, "f")])
    world.clock.pass_by(days=31)
    assert ended(world, lapsed, Event.REQUEST_CAPTURE).status is Status.UNCOLLECTED


STRANGE_EVENTS = {
    "a return without its entry": ("goods_return", "recovered_fen = recovered_fen + 1", "", 1),
    "cash without a receipt": ("receipt", "paid_at = NULL", "way = 'cash'", 2),
    "cash of another receipt": ("receipt", "net_fen = net_fen + 1", "way = 'cash'", 2),
    "a receipt in another way": ("receipt", "net_fen = net_fen + 1", "way <> 'cash'", 1),
    "a receipt that claims to be cash": (
        *("receipt", "way = 'cash', till_id = (SELECT till_id FROM till)", "way <> 'cash'", 2),
    ),
    "a till of another float": ("till", "float_fen = float_fen + 1", "", 2),
    "a till of another count": ("till", "counted_fen = counted_fen + 1", "", 1),
    "a till that is not closed": ("till", "closed_at = NULL, counted_fen = NULL", "", 1),
    "a till that paid otherwise": ("till", "paid_fen = paid_fen + 1", "", 2),
    "a joint request of another sum": (
        *("operation", "joint_fen = joint_fen + 1", "joint_reference <> ''", 2),
    ),
    "a refund of another amount": (
        *("operation", "amount_fen = amount_fen + 1", "kind = 'refund'", 2),
    ),
    "a refund that was refused": ("operation", "state = 'refused'", "kind = 'refund'", 2),
    "a charge that went through after all": (
        *("operation", "state = 'succeeded'", "kind = 'capture'", 1),
    ),
    "an entry of no known kind": ("entry", "kind = 'gift'", "kind = 'hold_lapsed'", 1),
    "a hold that did not lapse": ("operation", "kind = 'hold', attempt = 9", "kind = 'capture'", 1),
    "an entry of another form": (
        *("entry", "form_id = (SELECT MAX(form_id) FROM form)", "kind = 'recovered'", 1),
    ),
}
"""What is changed behind the back of a busy house: table, change, where, and rows that break I6."""


@pytest.mark.rule("ordinary_till")
@pytest.mark.parametrize("case", STRANGE_EVENTS)
def test_an_event_and_its_entry_that_differ_are_found(broken_world: World, case: str) -> None:
    busy_house(broken_world)
    assert_audit_holds(broken_world.ports)
    table, change, where, count = STRANGE_EVENTS[case]
    unguarded(broken_world, table, "DELETE FROM throttle")
    without_check(
        broken_world, table, f"UPDATE {table} SET {change}" + (f" WHERE {where}" if where else "")
    )
    rows = broken(broken_world)["I6"].rows
    assert len(rows) == count, rows


def test_an_event_that_was_never_posted_is_found(broken_world: World) -> None:
    busy_house(broken_world)
    unguarded(broken_world, "posting", "DELETE FROM posting")
    unguarded(broken_world, "entry", "DELETE FROM entry")
    missing = {next(iter(row)) for row in broken(broken_world)["I6"].rows}
    assert missing == {"reference", "return_id", "receipt_number", "till_id", "form_id"}
