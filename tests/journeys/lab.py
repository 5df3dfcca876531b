"""The operator of the lab before the network's control page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.actors import Person
from tests.journeys.devices import Device
from tests.journeys.instance import Instance


def sign_in(device: Device, house: Instance) -> Page:
    """Come to the page, by the password that the sandbox printed where it is asked for."""
    password = re.findall(r"/control with the password ([A-Z2-7]{12})", house.log.read_text())[-1]
    page = device.page
    page.goto(f"{house.sandbox_url}/control")
    asked = page.get_by_label("Password of the control page")
    if asked.is_visible():
        asked.fill(password)
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Switch a fault on")).to_be_visible()
    return page


class Lab(Person):
    """Who makes the network fail, for one thing and for a while."""

    def __init__(self, device: Device, house: Instance) -> None:
        super().__init__(device, house.sandbox_url)
        self._device = device
        self._house = house

    def switches_on(self, name: str, kind: str = "", last4: str = "", times: str = "") -> None:
        """Let something go wrong, of a kind of operation or of a card alone."""
        page = sign_in(self._device, self._house)
        page.get_by_role("radio", name=re.compile(f"^{name} ")).check()
        page.get_by_label("Card", exact=True).select_option(last4)
        page.get_by_label("Kind of operation").select_option(kind)
        page.get_by_label("How many times").fill(times)
        page.get_by_role("button", name="Switch on", exact=True).click()
        expect(page.get_by_role("status")).to_have_text(f"Switched on: {name}")

    def heals(self) -> None:
        """Let everything go right again."""
        page = sign_in(self._device, self._house)
        page.get_by_role("button", name="Switch everything off").click()
        expect(page.get_by_role("status")).to_contain_text("Everything is switched off")
