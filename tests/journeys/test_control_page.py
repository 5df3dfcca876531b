"""The operator of the lab at the network's control page, on a phone too, and without scripts."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance
from tests.journeys.lab import sign_in


def sees_nothing_wrong(page: Page) -> None:
    """Let axe look at the page in both colour schemes; it scrolls in one direction alone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in found] == []
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide


def test_the_control_page_is_opened_by_the_password_that_was_printed(
    house: Instance, screen: OpenDevice
) -> None:
    device = screen()
    device.page.goto(f"{house.sandbox_url}/control")
    sees_nothing_wrong(device.page)
    sees_nothing_wrong(sign_in(device, house))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_fault_is_switched_on_and_off_on_a_phone(
    house: Instance, phone: OpenDevice, *, scripts: bool
) -> None:
    device = phone(scripts=scripts)
    device.watch.allow(422)
    page = sign_in(device, house)
    page.get_by_role("radio", name=re.compile("^redirect")).check()
    page.get_by_label("Card", exact=True).select_option("0005")
    page.get_by_label("Share in per cent").fill("0")
    page.get_by_role("button", name="Switch on", exact=True).click()
    expect(page.get_by_text("Type a share from 0.01 to 100")).to_be_visible()
    page.get_by_label("Share in per cent").fill("2.5")
    page.get_by_role("button", name="Switch on", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Switched on: redirect")
    row = page.get_by_role("row").filter(has=page.get_by_text("···· 0005"))
    expect(row).to_contain_text("2.5 %")
    if scripts:
        sees_nothing_wrong(page)
    row.get_by_role("button", name="Switch off: redirect").click()
    expect(page.get_by_role("status")).to_have_text("Switched off.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password of the control page")).to_be_visible()
