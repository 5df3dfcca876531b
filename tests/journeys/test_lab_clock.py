"""A rehearsal's clock: a jump of 28 days shows the captures, and a day is gone back to."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.actors import Clerk, Purchase, Traveller
from tests.journeys.conftest import OpenDevice
from tests.journeys.rehearsal import Learner, Rehearsal
from tests.journeys.walks import See
from tests.make import VISA


def test_a_jump_of_28_days_shows_the_captures_and_a_day_can_be_gone_back_to(
    practice: Rehearsal,
    purchases: Callable[..., Purchase],
    screen: OpenDevice,
    phone: OpenDevice,
    see: See,
) -> None:
    device = screen()
    trainer = Learner(device, practice)
    trainer.signs_in("trainer1")
    trainer.plays("clerk01")
    clerk, purchase = Clerk(device, practice.url), purchases()
    clerk.arrives_at("Today's forms")
    slip = clerk.issues(purchase)
    traveller = Traveller(phone(), practice.url)
    traveller.claims(slip, purchase, VISA)
    traveller.arrives_at("The money has arrived")

    trainer.comes_to_the_lab()
    trainer.sees("A promise to leave is over")
    see("the lab", trainer)
    trainer.moves_the_clock("To the day's end", "23:59:59")
    trainer.moves_the_clock("28 days ahead", "Tuesday, 5 Aug 2025")

    way = trainer.page.locator("[data-happened=capture]")
    expect(way).to_contain_text("Advance charged back")
    expect(way).to_contain_text("1,006.20")
    traveller.page.reload()
    traveller.sees("Charged")

    trainer.page.goto(f"{practice.url}/lab/days")
    trainer.page.get_by_label("From", exact=True).select_option("2025-07-08")
    trainer.field("Name of the new rehearsal").fill("longer")
    trainer.page.get_by_role("radio", name=re.compile("^A rule")).check()
    trainer.page.get_by_label("Rule", exact=True).select_option("promise_days")
    trainer.field("Value").fill("28")
    see("the days", trainer)
    trainer.button("Begin the rehearsal").click()
    trainer.sees("rule promise_days=28")
    trainer.page.get_by_role("button", name="longer").click()
    trainer.arrives_at("Another rehearsal begins")
    practice.says("Ctrl-C ends it", times=2)
    practice.says("2025-07-08 23:59; the clock")
