"""Whatever is pressed twice, killed halfway or tried again happens once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.actors import Clerk, Purchase, Traveller
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance
from tests.make import VISA

SLOW = "4000000000000077"
LOOKED_UP_MS = 45_000
SEEN_S = 20.0


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_double_click_makes_one_form_and_pays_one_advance(
    house: Instance, purchase: Purchase, screen: OpenDevice, phone: OpenDevice, *, scripts: bool
) -> None:
    before = house.network_book()
    clerk = Clerk(screen(scripts=scripts), house.url)
    clerk.signs_in("clerk-1")
    forms = clerk.counts_forms()
    clerk.begins_a_form()
    clerk.fills_in(purchase)
    clerk.button("Issue the form").dblclick()
    clerk.arrives_at("Form")
    slip = clerk.hands_over_slip()
    assert clerk.counts_forms() == forms + 1

    traveller = Traveller(phone(scripts=scripts), house.url)
    traveller.comes_to_the_money(slip, purchase, VISA)
    traveller.button_for(purchase).dblclick()
    traveller.arrives_at("The money has arrived")
    traveller.page.go_back()
    traveller.page.reload()
    traveller.arrives_at("The money has arrived")
    after = house.network_book()
    assert after.payouts_fen - before.payouts_fen == purchase.net_fen
    assert after.held_open_fen - before.held_open_fen == purchase.net_fen


def test_a_power_cut_between_the_claim_and_its_answer_leaves_one_advance(
    own_house: Instance, purchase: Purchase, screen: OpenDevice, phone: OpenDevice
) -> None:
    clerk = Clerk(screen(), own_house.url)
    clerk.signs_in("clerk-1")
    slip = clerk.issues(purchase)
    traveller = Traveller(phone(), own_house.url)
    traveller.comes_to_the_money(slip, purchase, SLOW)
    for person in (clerk, traveller):
        person.watch.allow_lost_connections()
    traveller.button_for(purchase).tap(no_wait_after=True)
    own_house.waits_for_status(slip.form_number, "holding")
    own_house.kill_service()
    own_house.start_service()
    traveller.scans(slip.code)
    arrived = traveller.page.get_by_role("heading", name=traveller.say("The money has arrived"))
    expect(arrived).to_be_visible(timeout=LOOKED_UP_MS)
    assert own_house.network_book().payouts_fen == purchase.net_fen
    own_house.audit()
