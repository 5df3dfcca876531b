"""A day at the counter: a scanner that types anywhere, details from a phone, a second screen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.conftest import OpenDevice
from tests.journeys.counter_walks import walk_past_the_counters_day
from tests.journeys.instance import Instance
from tests.journeys.walks import See
from tests.journeys.watch import check_what_is_shown
from tests.web.people import PASSWORD

SCANNER_S = 0.003
"""A hand scanner sends a key every few milliseconds."""


def scans(page: Page, text: str) -> None:
    """Type as a scanner does: fast, each line ended with Enter, whatever has the focus.

    The keys tell the page themselves when they were pressed, so a busy machine is no slow scanner.
    """
    keyboard, began = page.context.new_cdp_session(page), time.time()
    for number, letter in enumerate(f"{text}\n"):
        is_end = letter == "\n"
        pressed = {
            "key": "Enter" if is_end else letter,
            "code": "Enter" if is_end else "",
            "windowsVirtualKeyCode": 13 if is_end else 0,
            "timestamp": began + number * SCANNER_S,
        }
        typed = "\r" if is_end else letter
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": typed, **pressed})
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **pressed})
    keyboard.detach()


@pytest.mark.parametrize(
    "field",
    [
        "invoices-0-number",
        "lines-0-unit_price",
        "lines-0-goods",
        "last_entry",
        "pick_up",
        "",
        "mrz",
    ],
)
def test_a_document_that_is_scanned_anywhere_reaches_its_field_and_no_other(
    house: Instance, purchase: Purchase, cast: CastAt, field: str
) -> None:
    clerk = cast(house).clerk()
    clerk.begins_a_form()
    page = clerk.page
    page.wait_for_function("window.htmx")
    if field == "":
        page.evaluate("document.activeElement.blur()")
    elif field != "mrz":
        page.locator(f'[name="{field}"]').fill("12")
    scans(page, purchase.zone)
    clerk.sees("LI KA MING")
    zone = clerk.field("Machine-readable zone")
    expect(zone).to_have_value(re.compile(rf"^{re.escape(purchase.zone)}\s*$"))
    if field not in ("", "mrz"):
        expect(page.locator(f'[name="{field}"]')).to_have_value("12")
    assert page.url.endswith("/store/issue")
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_the_next_traveller_scanned_over_the_last_one_takes_the_field(
    house: Instance, purchases: Callable[..., Purchase], cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    clerk.begins_a_form()
    first, second = purchases(), purchases()
    for bought in (first, second):
        scans(clerk.page, bought.zone)
        clerk.sees(bought.permit, within="#read")
    zone = clerk.field("Machine-readable zone")
    expect(zone).to_have_value(re.compile(rf"^{re.escape(second.zone)}\s*$"))


def test_a_repeat_traveller_takes_five_actions_from_scan_to_form(
    house: Instance, purchases: Callable[..., Purchase], cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    first = purchases()
    slip = clerk.issues(first)
    page, again = clerk.page, purchases(permit=first.permit)
    page.goto(f"{clerk.home}/store/")
    page.wait_for_load_state("networkidle")
    scans(page, first.zone)
    clerk.arrives_at("Issue a form")
    expect(page.locator('[name="last_entry"]')).to_have_value(first.last_entry)
    clerk.sees(slip.form_number, within="#read")
    expect(page.locator('[name="invoices-0-number"]')).to_be_focused()
    scans(page, again.invoice)
    expect(page.locator('[name="lines-0-goods"]')).to_be_focused()
    page.keyboard.type("stb")
    expect(page.get_by_role("option", name="BAG01")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type(again.price)
    page.keyboard.press("Control+Enter")
    clerk.sees_state("issued")
    clerk.sees(again.net)
    # A form's code, scanned on whatever page, opens that form.
    page.goto(f"{clerk.home}/store/goods")
    page.wait_for_load_state("networkidle")
    scans(page, slip.code)
    clerk.arrives_at("Form")
    clerk.sees(slip.form_number)


def test_a_forms_code_scanned_over_a_half_typed_form_opens_beside_it(
    house: Instance, purchases: Callable[..., Purchase], cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    slip = clerk.issues(purchases())
    clerk.begins_a_form()
    price = clerk.page.locator('[name="lines-0-unit_price"]')
    price.fill("12.50")
    with clerk.page.context.expect_page() as opened:
        scans(clerk.page, slip.code)
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text(slip.form_number)
    expect(price).to_have_value("12.50")
    opened.value.close()


def test_details_filled_in_on_the_phone_become_a_form_and_the_screen_follows(
    house: Instance, purchase: Purchase, cast: CastAt, phone: OpenDevice
) -> None:
    people = cast(house)
    clerk = people.clerk("clerk-3")
    screen = clerk.page.context.new_page()
    screen.goto(f"{clerk.home}/store/display")
    expect(screen.locator('[data-shows="idle"]')).to_be_visible()
    check_what_is_shown(screen)
    head, _, counter = clerk.reads_code(screen.screenshot()).rpartition("/I/")
    hand = phone().page
    hand.goto(f"{head.lower()}/I/{counter}")
    hand.get_by_label("The lines at the foot of your document").fill(purchase.zone)
    hand.get_by_label("Day of your last entry into mainland China").fill(purchase.last_entry)
    hand.get_by_role("button", name="Get my code").tap()
    expect(hand.get_by_role("heading", level=1)).to_have_text("My pick-up code")
    check_what_is_shown(hand)
    pick_up = clerk.reads_code(hand.screenshot(full_page=True))
    page = clerk.page
    page.bring_to_front()
    clerk.sees("L. K. M.", within="#arrivals")
    expect(page.get_by_text("LI KA MING")).to_have_count(0)
    scans(page, pick_up)
    clerk.arrives_at("Issue a form")
    expect(page.locator('[name="document_number"]')).to_have_value(purchase.permit)
    scans(page, purchase.invoice)
    page.locator('[name="lines-0-goods"]').fill(purchase.goods)
    clerk.field("Unit price").fill(purchase.price)
    clerk.sees(purchase.net)
    sum_on_screen = screen.locator('[data-shows="sum"]')
    expect(sum_on_screen).to_contain_text(purchase.net)
    assert purchase.permit not in screen.content()
    clerk.presses_issue()
    slip = clerk.hands_over_slip()
    expect(screen.locator('[data-shows="form"]')).to_contain_text(slip.form_number)
    assert clerk.reads_code(screen.screenshot()) == slip.code
    screen.close()


def test_a_session_that_ended_asks_in_the_page_and_what_was_typed_stays(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    clerk.watch.allow(401, 403)
    clerk.begins_a_form()
    clerk.fills_in(purchase)
    clerk.sees(purchase.net)
    page = clerk.page
    page.context.clear_cookies(name="refund_store")
    clerk.field("Unit price").fill("2000.00")
    door = page.get_by_role("dialog")
    expect(door).to_contain_text("What you typed is still on the page")
    for password, login, told in (
        ("wrong", "clerk-1", "do not belong together"),
        (PASSWORD, "clerk-2", "a clerk of another store"),
        (PASSWORD, "clerk-1", ""),
    ):
        door.get_by_label("Name at the counter").fill(login)
        door.get_by_label("Password").fill(password)
        door.get_by_role("button", name="Sign in").click()
        if told:
            expect(door.get_by_role("alert")).to_contain_text(told)
            expect(door.get_by_label("Password")).to_have_value("")
    expect(door).to_have_count(0)
    clerk.sees("180.00", within="#side")
    expect(clerk.field("Invoice number")).to_have_value(purchase.invoice)
    clerk.presses_issue()
    clerk.sees("180.00")


def test_a_forgotten_sale_is_issued_late_and_leaves_the_list(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk("clerk-2")
    clerk.goes_to("forgotten", "Forgotten sales")
    till = f"invoice_number,day,amount,overseas\n{purchase.invoice},2025-07-07,1494.00,yes\n"
    file = FilePayload(name="till.csv", mimeType="text/csv", buffer=till.encode())
    clerk.field("File, CSV").set_input_files(files=[file])
    clerk.button("Compare").click()
    clerk.page.get_by_role("link", name=f"Issue now {purchase.invoice}").click()
    clerk.arrives_at("Issue a form")
    why = clerk.field("Why is this form issued late?")
    expect(why).to_be_visible()
    clerk.field("Machine-readable zone").fill(purchase.zone)
    clerk.field("Last entry into the mainland").fill(purchase.last_entry)
    clerk.page.locator('[name="lines-0-goods"]').fill(purchase.goods)
    why.fill("tax-free was not switched on")
    clerk.presses_issue()
    clerk.sees("Issued late: tax-free was not switched on")
    clerk.goes_to("forgotten", "Forgotten sales")
    expect(clerk.page.get_by_text(purchase.invoice)).to_have_count(0)
    clerk.goes_to("shift", "Summary of the shift")
    clerk.sees("1,494.00")


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_pages_of_a_counters_day_can_be_used_by_everyone(
    own_house: Instance, purchase: Purchase, cast: CastAt, see: See, language: str
) -> None:
    people = cast(own_house)
    clerk = people.clerk(language=language)
    walk_past_the_counters_day(see, clerk, people.traveller(language), purchase)


def test_what_changes_on_the_page_of_today_is_marked(
    house: Instance, purchases: Callable[..., Purchase], cast: CastAt
) -> None:
    people = cast(house)
    watching, busy = people.clerk(), people.clerk()
    slip = busy.issues(purchases())
    row = watching.page.get_by_role("row", name=slip.form_number)
    expect(row).to_contain_text("changed just now", use_inner_text=True)
    watching.page.reload()
    expect(row).to_be_visible()
    expect(row).not_to_contain_text("changed just now", use_inner_text=True)
    busy.page.goto(f"{slip.page}/void")
    busy.field("Reason").fill("wrong passport")
    busy.button("Void the form").click()
    busy.sees_state("void")
    expect(row).to_contain_text("changed just now", use_inner_text=True)
