"""The back office: from the one search to a form's life, from a chart to the table behind it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.journeys.walks import See
from tests.officials import Operator


def finds(operator: Operator, text: str) -> None:
    """Press the slash and type what is known."""
    operator.page.keyboard.press("/")
    box = operator.page.locator("#f-code")
    expect(box).to_be_focused()
    box.fill(text)
    box.press("Enter")


def test_a_form_is_found_and_its_whole_life_read(
    own_house: Instance, cast: CastAt, purchase: Purchase, see: See
) -> None:
    people = cast(own_house)
    clerk = people.clerk()
    slip, traveller = people.advanced(clerk, purchase)
    for person in (clerk, traveller):
        person.leaves()
    operator = people.operator()
    see("office-queues", operator)
    finds(operator, purchase.permit)
    operator.arrives_at("Find")
    found = operator.page.locator('[data-group="document"]')
    expect(found.get_by_role("link", name=slip.form_number)).to_be_visible()
    see("office-found", operator)
    finds(operator, "zz-nothing-has-this")
    operator.sees("Nothing was found")
    see("office-nothing", operator)
    finds(operator, slip.form_number)
    operator.page.wait_for_url("**/operator/forms/*")
    line = operator.page.locator("#line")
    steps = line.locator('[data-strand="step"]')
    money = line.locator('[data-strand="money"]')
    expect(steps.first).to_be_visible()
    line.get_by_role("radio", name=re.compile(re.escape(operator.say("Ledger")))).check(force=True)
    expect(steps.first).to_be_hidden()
    expect(money.first).to_be_visible()
    see("office-life", operator)


def test_a_chart_is_drawn_from_the_table_behind_it(
    own_house: Instance, cast: CastAt, purchase: Purchase, see: See
) -> None:
    people = cast(own_house)
    clerk = people.clerk()
    _, traveller = people.advanced(clerk, purchase)
    for person in (clerk, traveller):
        person.leaves()
    operator = people.operator()
    operator.goes_to("figures?days=30", "Figures")
    chart = operator.page.locator("#days [data-chart]")
    expect(chart).to_have_attribute("data-drawn", "30")
    see("office-figures", operator)
    details = operator.page.locator("#days details")
    details.locator("summary").click()
    rows = details.locator("tbody tr")
    expect(rows).to_have_count(30)
    advanced = operator.page.locator('[data-figure="advanced"]').inner_text()
    total = sum(
        float(cell.get_attribute("data-value") or 0)
        for cell in rows.locator("td:nth-child(2)").all()
    )
    assert f"{total:,.2f}" in advanced
    for path, heading in (("exports", "Exports"), ("people", "People"), ("sampling", "Sampling")):
        operator.goes_to(path, heading)
        see(f"office-{path}", operator)
    operator.goes_to("people/clerk-1/password", "New password")
    see("office-person", operator)
    operator.goes_to("keys/rotate", "Another signing key")
    see("office-rotate", operator)
    operator.goes_to("reviews", "Reviews of customs")
    see("office-reviews", operator)
