"""A walk past the pages of a counter's day; whoever walks along looks at each by its name."""

from __future__ import annotations

from playwright.sync_api import FilePayload

from tests.actors import Clerk, Purchase, Traveller
from tests.journeys.walks import See

WRONG_ZONE = ("H60", "H6O")
"""What makes a check digit wrong: a naught that was typed as a letter."""


def walk_past_the_counters_day(
    see: See, clerk: Clerk, traveller: Traveller, purchase: Purchase
) -> None:
    """Fill in on the phone after a mistake, look at the second screen, the lists and the sheet."""
    clerk.page.goto(f"{clerk.home}/store/display")
    clerk.page.locator('[data-shows="idle"]').wait_for()
    see("counter-display", clerk)
    counter = clerk.reads_code(clerk.page.screenshot()).rpartition("/I/")[2]
    traveller.page.goto(f"{traveller.home}/I/{counter}")
    see("fill-in", traveller)
    traveller.watch.allow(422)
    zone = traveller.page.locator('[name="mrz"]')
    zone.fill(purchase.zone.replace(*WRONG_ZONE, 1))
    send = traveller.button("Get my code")
    send.tap()
    traveller.page.get_by_role("alert").wait_for()
    see("fill-in-wrong", traveller)
    zone.fill(purchase.zone)
    traveller.page.locator('[name="last_entry"]').fill(purchase.last_entry)
    send.tap()
    traveller.arrives_at("My pick-up code")
    see("fill-in-code", traveller)
    clerk.page.goto(f"{clerk.home}/store/")
    clerk.sees("L. K. M.")
    see("clerk-arrivals", clerk)
    clerk.goes_to("forgotten", "Forgotten sales")
    see("forgotten-empty", clerk)
    till = f"invoice_number,day,amount,overseas\n{purchase.invoice},2025-07-08,1494.00,yes\n"
    file = FilePayload(name="till.csv", mimeType="text/csv", buffer=till.encode())
    clerk.field("File, CSV").set_input_files(files=[file])
    clerk.button("Compare").click()
    clerk.sees(purchase.invoice)
    see("forgotten", clerk)
    clerk.goes_to(f"forgotten/{purchase.invoice}", "No form for this sale?")
    see("forgotten-left", clerk)
    clerk.goes_to("shift", "Summary of the shift")
    see("shift", clerk)
    clerk.goes_to("first-day", "The first day at the counter")
    see("first-day", clerk)
