"""A trainer deals a fault card, and a clerk of flesh and blood solves it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.actors import Clerk, Purchase
from tests.journeys.conftest import OpenDevice
from tests.journeys.rehearsal import Learner, Rehearsal
from tests.journeys.walks import See


@pytest.mark.rule("replaced_form_is_named")
def test_a_trainer_deals_a_fault_card_and_a_clerk_solves_it(
    practice: Rehearsal,
    purchases: Callable[..., Purchase],
    screen: OpenDevice,
    see: See,
) -> None:
    desk = screen()
    learner, clerk = Learner(desk, practice), Clerk(desk, practice.url)
    learner.signs_in("learner01")
    learner.plays("clerk01")
    clerk.arrives_at("Today's forms")
    slip = clerk.issues(purchases())

    trainer = Learner(screen(), practice)
    trainer.signs_in("trainer1")
    trainer.page.goto(f"{practice.url}/lab/cards")
    trainer.page.get_by_label("Fault card", exact=True).select_option("companions_passport")
    trainer.page.get_by_role("radio", name="The traveller of a form").check()
    trainer.field("Form number").fill(slip.form_number)
    see("the fault cards", trainer)
    trainer.button("Deal it").click()
    card = trainer.page.locator("#dealt-1")
    expect(card).to_have_attribute("data-stand", "waits")
    trainer.comes_to_the_lab()
    trainer.button("Run 60 times as fast").click()

    learner.page.goto(f"{practice.url}/lab/queue")
    person = learner.page.locator("[data-what=is_back]")
    expect(person).to_contain_text("the form names a companion's document", timeout=15_000)
    trainer.button("Stop").click()
    see("who stands before the desk", learner)
    zone = person.locator(".lab-zone bdi").inner_text()
    clerk.begins_to_correct(slip)
    clerk.field("Machine-readable zone").fill(zone)
    clerk.field("Reason").fill("The companion's document was scanned")
    clerk.button("Issue it anew").click()
    clerk.sees("Takes the place of an older form")

    trainer.page.goto(f"{practice.url}/lab/cards")
    expect(card).to_have_attribute("data-stand", "solved", timeout=15_000)
    expect(card).to_contain_text("learner01")
    learner.page.goto(f"{practice.url}/lab/queue")
    ended = learner.page.locator("[data-card=companions_passport]")
    expect(ended).to_contain_text("Solved")
    ended.locator("summary").click()
    learner.sees("a new form takes its place")
