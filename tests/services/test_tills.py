"""The tills: one open at a port, never overdrawn, counted to the fen, every fen in the books."""

from __future__ import annotations

import pytest

from refund.core.ledger import Account
from refund.core.till import Till
from refund.services import oversee, tills
from tests import make
from tests.services.test_races import at_once
from tests.services.till_steps import ordinary, paid_in_cash, refused, shown, till
from tests.world import World


def close(world: World, opened: Till, pieces: dict[int, int], why: str = "") -> Till:
    """Count a till and close it."""
    return tills.close_till(world.ports, world.operator, opened.till_id, pieces, why)


def booked(world: World, account: Account) -> int:
    """What stands on an account, fen."""
    return oversee.balances(world.ports)[account]


@pytest.mark.rule("ordinary_till")
def test_a_port_has_one_open_till_and_its_cash_comes_from_the_bank(world: World) -> None:
    till(world, 500_00)
    refused("till_already_open", lambda: till(world, 500_00))
    till(world, 300_00, "YIH")
    assert (booked(world, Account.TILL), booked(world, Account.BANK)) == (800_00, -800_00)
    assert [one.port for one in tills.till_list(world.ports).open_tills] == ["YIH", "WUH"]


@pytest.mark.rule("ordinary_till")
def test_opened_twice_at_once_it_is_one_till(world: World) -> None:
    said = at_once(6, lambda _: till(world, 500_00).port)
    assert sorted(map(str, said)) == ["WUH"] + ["till_already_open"] * 5
    assert booked(world, Account.TILL) == 500_00


@pytest.mark.rule("ordinary_till")
def test_a_right_count_closes_the_till_and_brings_the_cash_back(world: World) -> None:
    form = shown(world, ordinary(world))
    opened = till(world, 200_00)
    paid_in_cash(world, form)
    rest = {50_00: 1, 10_00: 1, 5_00: 1, 50: 1, 2: 2}
    closed = close(world, opened, rest)
    assert (closed.paid_fen, closed.counted_fen, closed.difference_fen) == (134_46, 65_54, 0)
    assert (booked(world, Account.TILL), booked(world, Account.BANK)) == (0, -134_46)
    seen = tills.till_view(world.ports, opened.till_id)
    assert [one.due.net_fen for one in seen.receipts] == [make.NET_FEN]
    till(world, 100_00)


@pytest.mark.rule("ordinary_till")
@pytest.mark.parametrize(("count", "difference_fen"), [(3, 100_00), (1, -100_00)])
def test_a_difference_is_booked_with_what_explains_it(
    world: World, count: int, difference_fen: int
) -> None:
    opened = till(world, 200_00)
    told = refused("till_difference", lambda: close(world, opened, {100_00: count}))
    assert told.field == "note"
    assert told.facts["difference_fen"] == difference_fen
    assert tills.till_view(world.ports, opened.till_id).till.is_open
    closed = close(world, opened, {100_00: count}, "counted twice")
    assert (closed.difference_fen, closed.note) == (difference_fen, "counted twice")
    assert booked(world, Account.TILL_DIFFERENCE) == -difference_fen
    assert booked(world, Account.TILL) == 0
    assert tills.till_list(world.ports).closed_difference_fen == difference_fen


def test_an_explanation_that_cannot_be_kept_is_refused(small_world: World) -> None:
    opened = till(small_world, 100_00)
    assert (
        refused("field_too_long", lambda: close(small_world, opened, {}, "x" * 201)).field == "note"
    )
    assert (
        refused("field_unreadable", lambda: close(small_world, opened, {}, "a\x07b")).field
        == "note"
    )


def test_a_till_that_was_paid_empty_is_closed_without_an_entry(world: World) -> None:
    form = shown(world, ordinary(world))
    opened = till(world, make.NET_FEN)
    paid_in_cash(world, form)
    assert close(world, opened, {}).difference_fen == 0
    assert booked(world, Account.TILL) == 0


@pytest.mark.rule("ordinary_till")
def test_a_till_is_closed_once(world: World) -> None:
    opened = till(world, 100_00)
    said = at_once(4, lambda _: close(world, opened, {100_00: 1}).port)
    assert sorted(map(str, said)) == ["WUH"] + ["till_not_open"] * 3
    assert booked(world, Account.BANK) == 0


@pytest.mark.rule("ordinary_till")
@pytest.mark.parametrize("round_", range(4))
def test_closing_while_paying_never_loses_a_fen(world: World, round_: int) -> None:
    form = shown(world, ordinary(world))
    opened = till(world, 200_00)

    def act(number: int) -> str:
        if number == round_ % 2:
            return close(world, opened, {100_00: 2}, "counted while paying").port
        return paid_in_cash(world, form).receipt_number

    said = at_once(2, act)
    after = tills.till_view(world.ports, opened.till_id)
    assert not after.till.is_open
    paid_fen = sum(one.due.net_fen for one in after.receipts)
    assert after.till.paid_fen == paid_fen
    assert paid_fen == (0 if "till_not_open" in said else make.NET_FEN)
    assert after.till.difference_fen == paid_fen
    assert booked(world, Account.TILL) == 0
    assert booked(world, Account.TILL_DIFFERENCE) == -paid_fen


def test_an_unknown_till_is_refused(small_world: World) -> None:
    refused("till_unknown", lambda: tills.till_view(small_world.ports, "nothing"))
    refused(
        "till_unknown",
        lambda: tills.close_till(small_world.ports, small_world.operator, "nothing", {}),
    )
