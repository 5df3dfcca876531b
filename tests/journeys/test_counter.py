"""The counter by keyboard alone, the scanner that types anywhere, and what comes out on paper."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import pdf
from tests.actors import Clerk, Purchase
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance

TABS_MAX = 40


def tabs_to(page: Page, name: str) -> None:
    """Press Tab until a field has the focus; a field that Tab never reaches fails the test."""
    for _ in range(TABS_MAX):
        if page.evaluate("document.activeElement.name") == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {name}")


def test_a_form_is_issued_by_keyboard_alone(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk(language="zh_Hans")
    clerk.page.wait_for_load_state("load")
    keys = clerk.page.keyboard
    keys.press("Alt+n")
    clerk.arrives_at("Issue a form")
    expect(clerk.field("Machine-readable zone")).to_be_focused()
    keys.type(purchase.zone)
    tabs_to(clerk.page, "last_entry")
    keys.type(purchase.last_entry)
    tabs_to(clerk.page, "invoices-0-number")
    keys.type(purchase.invoice)
    tabs_to(clerk.page, "lines-0-goods")
    keys.type("pgstb")
    expect(clerk.page.get_by_role("option", name="BAG01")).to_be_visible()
    keys.press("ArrowDown")
    keys.press("Enter")
    tabs_to(clerk.page, "lines-0-unit_price")
    keys.type(purchase.price)
    clerk.sees(purchase.net)
    keys.press("Control+Enter")
    clerk.sees_state("issued")
    clerk.sees(purchase.net)


def test_a_scanner_that_types_into_another_field_still_fills_the_zone(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    clerk.begins_a_form()
    invoice = clerk.field("Invoice number")
    invoice.fill("2542")
    invoice.focus()
    for line in purchase.zone.split("\n"):
        clerk.page.keyboard.type(line)
        clerk.page.keyboard.press("Enter")
    zone = clerk.field("Machine-readable zone")
    expect(zone).to_have_value(re.compile(rf"^{re.escape(purchase.zone)}\s*$"))
    expect(invoice).to_have_value("2542")
    clerk.sees("LI KA MING")
    clerk.arrives_at("Issue a form")


def test_every_reason_against_a_form_is_named_at_once_and_what_was_typed_stays(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk(language="zh_Hans")
    clerk.watch.allow(422)
    clerk.begins_a_form()
    clerk.field("Machine-readable zone").fill(purchase.zone.replace("H608", "H609"))
    clerk.field("Last entry into the mainland").fill("2025-02-30")
    clerk.field("Invoice number").fill(purchase.invoice)
    clerk.page.locator('[name="lines-0-goods"]').fill("pgstb")
    clerk.field("Unit price").fill("1e9")
    clerk.checks()
    told = clerk.page.get_by_role("alert")
    expect(told).to_be_focused()
    for name in ("mrz", "last_entry", "lines-0-unit_price"):
        expect(clerk.page.locator(f'[name="{name}"]')).to_have_attribute("aria-invalid", "true")
        expect(told.locator(f'a[href="#f-{name}"]')).to_have_count(1)
    expect(clerk.page.locator('[name="last_entry"]')).to_have_value("2025-02-30")
    expect(clerk.field("Unit price")).to_have_value("1e9")
    clerk.arrives_at("Issue a form")


def opens(clerk: Clerk, paper: str) -> bytes:
    """What the browser gets for a paper's button."""
    address = clerk.button(paper).evaluate(
        "one => one.hasAttribute('formaction') ? one.formAction : one.form.action"
    )
    answer = clerk.page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    return answer.body()


def test_the_printed_form_is_one_page_whose_code_a_camera_reads(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    content = opens(clerk, "Application form, A4")
    (page,) = pdf.pages(content, 200)
    assert pdf.codes(page) == [slip.code]
    text = pdf.text(content)
    assert slip.form_number in text
    assert purchase.permit in text
    assert slip.claim_code not in text.replace(" ", "")


def test_the_slip_fits_its_paper_and_carries_the_claim_code(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    content = opens(clerk, "Slip, 80 mm")
    assert [width for width, _ in pdf.sizes_mm(content)] == [80]
    text = pdf.text(content)
    assert slip.claim_code in text.replace(" ", "")
    assert purchase.permit not in text
