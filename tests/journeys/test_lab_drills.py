"""Drills on the real pages: a learner at the counter and at customs, and the score sheet after."""

from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import Locator, Page, expect

from tests.actors import Clerk
from tests.journeys.conftest import OpenDevice
from tests.journeys.rehearsal import Learner, Rehearsal
from tests.journeys.walks import See
from tests.officials import Officer


def test_a_learner_does_drills_at_two_desks_and_finds_them_on_the_score_sheet(
    practice: Rehearsal, screen: OpenDevice, see: See
) -> None:
    device = screen()
    learner = Learner(device, practice)
    learner.signs_in("learner01")
    learner.page.goto(f"{practice.url}/lab/drills")
    learner.arrives_at("Drills")
    see("drills", learner)

    learner.begins_drill("Issue an instant refund form")
    see("a drill at the counter", learner)
    sheet = learner.page
    zone, invoice = copied(sheet, "Document"), copied(sheet, "Invoice")
    entry = sheet.locator("dd", has_text="2025").first.inner_text()
    desk = goes_to_the_desk(learner)
    clerk = Clerk(replace(device, page=desk), practice.url)
    clerk.field("Machine-readable zone").fill(zone)
    clerk.field("Last entry into the mainland").fill(iso_of(entry))
    clerk.field("Invoice number").fill(invoice)
    clerk.page.locator('[name="lines-0-goods"]').fill("BAG01")
    clerk.page.locator('[name="lines-0-quantity"]').fill("1")
    clerk.field("Unit price").fill("1494.00")
    clerk.field("Instant refund").check()
    clerk.presses_issue()
    desk.close()
    hands_in(learner, "passed")
    expect(learner.page.locator(".drill-result__points")).to_have_text("10 / 10")
    learner.sees("The right answer")
    learner.sees("SAT 9/2025 · grade A")
    see("a drill's result", learner)

    learner.begins_drill("One piece is missing")
    code = copied(learner.page, "Form", 1)
    desk = goes_to_the_desk(learner)
    officer = Officer(replace(device, page=desk), practice.url)
    officer.scans(code)
    officer.arrives_at("Compare and confirm")
    officer.counts(2, 1)
    officer.confirms_what_was_shown()
    desk.close()
    hands_in(learner, "passed")

    learner.page.goto(f"{practice.url}/lab/scores")
    learner.arrives_at("Score sheet of")
    see("a score sheet", learner)
    passed = learner.page.locator("tbody tr", has=learner.page.get_by_text("Passed", exact=True))
    expect(passed).to_have_count(2)
    sees_the_class(Learner(screen("zh_Hans"), practice), see)


def sees_the_class(trainer: Learner, see: See) -> None:
    """The trainer makes a class, enrols the learner, and takes the scores along."""
    trainer.signs_in("trainer1")
    trainer.page.goto(f"{trainer.home}/lab/scores")
    trainer.arrives_at("Scores")
    see("everybody's scores", trainer)
    trainer.field("Name of the class").fill("周一班")
    trainer.button("Make the class").click()
    trainer.arrives_at("Class %(name)s", name="周一班")
    trainer.page.get_by_role("checkbox", name="learner01").check()
    trainer.button("Enrol who is ticked").click()
    expect(trainer.page.locator(".drill-cell--passed")).to_have_count(2)
    see("a class", trainer)
    with trainer.page.expect_download() as taken:
        trainer.page.get_by_role("link", name="CSV").click()
    rows = taken.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len([row for row in rows if ",yes," in row]) == 2


def card_of(page: Page, word: str) -> Locator:
    """What lies before the learner under a word."""
    heading = page.get_by_role("heading", name=word, exact=True, level=3)
    return page.locator(".drill-sheet .card", has=heading).first


def copied(page: Page, word: str, place: int = 0) -> str:
    """What the copy button of a card takes along."""
    found = card_of(page, word).locator("[data-copy]").nth(place).get_attribute("data-copy")
    assert found
    return found


def iso_of(told: str) -> str:
    """A day as fields take it."""
    day, month, year = told.split()
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{year}-{months.index(month) + 1:02d}-{int(day):02d}"


def goes_to_the_desk(learner: Learner) -> Page:
    """The desk's page, which opens beside."""
    with learner.page.expect_popup() as opened:
        learner.page.get_by_role("link", name=learner.say("Go to the desk")).click()
    opened.value.wait_for_load_state()
    return opened.value


def hands_in(learner: Learner, result: str) -> None:
    """Hand the drill in."""
    learner.button("Hand it in").click()
    expect(learner.page.locator(f'[data-result="{result}"]')).to_be_visible()
