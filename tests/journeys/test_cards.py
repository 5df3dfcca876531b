"""The card that is declined, and the answer that is lost: the money comes once, or not at all."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.make import DECLINED, LOST_ADVANCE, LOST_HOLD, PAYOUT_REFUSED, VISA

LOOKED_UP_MS = 45_000
"""An operation is left alone for its lease, then the worker looks it up."""


def test_a_declined_card_is_followed_by_another_one_in_the_same_step(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    before = house.network_book()
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    traveller = cast(house).traveller("zh_Hans")
    traveller.claims(slip, purchase, DECLINED)
    traveller.arrives_at("The card was declined")
    clerk.sees_state("agreed")
    traveller.button("Give a card").tap()
    traveller.gives_card(VISA)
    traveller.arrives_at("Get the money")
    traveller.asks_for_the_money(purchase)
    traveller.arrives_at("The money has arrived")
    clerk.sees_state("advanced")
    after = house.network_book()
    assert after.payouts_fen - before.payouts_fen == purchase.net_fen
    assert after.held_open_fen - before.held_open_fen == purchase.net_fen


def test_a_declined_card_is_followed_by_the_refund_at_departure(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    before = house.network_book()
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    traveller = cast(house).traveller()
    traveller.claims(slip, purchase, DECLINED)
    traveller.arrives_at("The card was declined")
    traveller.button("Refund at departure").tap()
    traveller.arrives_at("Your refund is paid at departure")
    clerk.sees_state("ordinary")
    after = house.network_book()
    assert (after.payouts_fen, after.held_open_fen) == (before.payouts_fen, before.held_open_fen)


def test_a_payout_that_is_refused_leaves_the_choice_and_gives_up_the_hold(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    before = house.network_book()
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    traveller = cast(house).traveller()
    traveller.claims(slip, purchase, PAYOUT_REFUSED)
    traveller.arrives_at("The money could not be paid")
    clerk.sees_state("held")
    traveller.button("Refund at departure").tap()
    traveller.arrives_at("Your refund is paid at departure")
    after = house.network_book()
    assert (after.payouts_fen, after.held_open_fen) == (before.payouts_fen, before.held_open_fen)


@pytest.mark.parametrize("card", [LOST_HOLD, LOST_ADVANCE], ids=["hold", "advance"])
def test_an_answer_that_is_lost_is_looked_up_and_the_money_comes_once(
    house: Instance, purchase: Purchase, card: str, cast: CastAt
) -> None:
    before = house.network_book()
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    traveller = cast(house).traveller()
    traveller.claims(slip, purchase, card)
    waits = {LOST_HOLD: "We are asking your bank", LOST_ADVANCE: "Your money is on its way"}
    traveller.arrives_at(waits[card])
    arrived = traveller.page.get_by_role("heading", name=traveller.say("The money has arrived"))
    expect(arrived).to_be_visible(timeout=LOOKED_UP_MS)
    clerk.sees_state("advanced")
    assert house.network_book().payouts_fen - before.payouts_fen == purchase.net_fen
    house.audit()
