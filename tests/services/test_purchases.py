"""The purchases of a day carry each other's forms, less what was brought back."""

from __future__ import annotations

import pytest

from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.services import issue, later, returns
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.goods_back import (
    ONE,
    advance_left_fen,
    back,
    priced,
    refused,
    store_fen,
    three,
)
from tests.services.steps import (
    agreed,
    claimed,
    codes,
    issued,
    status,
    verified,
)
from tests.world import World


@pytest.mark.rule("threshold_over_forms")
def test_what_was_brought_back_no_longer_carries_another_form_of_the_day(world: World) -> None:
    form = claimed(world, issued(world, three(price_fen=200_00)))
    more = priced("25422000000000000002", 50_00)
    back(world, form, {ONE: 2})
    assert not issue.dry_run(world.ports, world.clerk, more).refusals
    back(world, form, {ONE: 1}, key="return-2")
    assert codes(issue.dry_run(world.ports, world.clerk, more).refusals) == {"below_threshold"}


@pytest.mark.rule("threshold_over_forms")
@pytest.mark.rule("below_threshold")
def test_a_form_that_rested_on_the_goods_ends_with_them(world: World) -> None:
    large = claimed(world, issued(world, priced("25422000000000000001", 200_00)))
    small = claimed(world, issued(world, priced("25422000000000000002", 50_00), "key-2"))
    third = issued(world, priced("25422000000000000003", 40_00), "key-3")
    offer = returns.offer_return(world.ports, world.clerk, large.form_id, {ONE: 1}, asked=False)
    assert {one.form.form_id for one in offer.falling} == {small.form_id, third.form_id}
    assert offer.back_fen == large.amounts.net_fen + small.amounts.net_fen
    with pytest.raises(Refused, match="other_forms_rely"):
        issue.void_form(world.ports, world.clerk, _voidable(world).form_id, "mistake")
    assert back(world, large, {ONE: 1}, seen=offer.seen).status is Status.RETURNED
    assert status(world, small) is Status.RETURNED
    assert status(world, third) is Status.VOID
    assert store_fen(world) == offer.back_fen
    assert advance_left_fen(world) == 0


def _voidable(world: World) -> Form:
    """A form of another traveller on which a second one rests."""
    other = make.traveller("H99999999")
    first = issued(world, priced("25422000000000000011", 200_00, traveller=other), "key-11")
    issued(world, priced("25422000000000000012", 50_00, traveller=other), "key-12")
    return first


@pytest.mark.rule("threshold_over_forms")
def test_a_form_that_customs_verified_stands_whatever_is_brought_back(world: World) -> None:
    large = claimed(world, issued(world, priced("25422000000000000001", 200_00)))
    small = claimed(world, issued(world, priced("25422000000000000002", 50_00), "key-2"))
    verified(world, small)
    assert back(world, large, {ONE: 1}).status is Status.RETURNED
    assert status(world, small) is Status.VERIFIED


@pytest.mark.rule("threshold_over_forms")
def test_a_form_that_is_being_paid_holds_up_the_return_on_which_it_rests(world: World) -> None:
    large = claimed(world, issued(world, priced("25422000000000000001", 200_00)))
    small = agreed(world, issued(world, priced("25422000000000000002", 50_00), "key-2"))
    world.network.faults.append(Fault.LOST)
    assert claimed(world, small).status is Status.HOLDING
    told = refused(world, large, {ONE: 1})
    assert (told.code, told.facts["numbers"]) == ("other_forms_rely", (small.form_number,))
    world.clock.pass_by(seconds=16)
    later.finish_open_operations(world.ports)
    assert back(world, large, {ONE: 1}).status is Status.RETURNED
    assert status(world, small) is Status.RETURNED
