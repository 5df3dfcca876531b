"""The clerk's journey in Chromium: actions, machine seconds, and an estimate of human time.

Actions are what a hand does: one scan, one field typed, one choice, one key that sends. Machine
time is what the page and the service take, keys pressed without a pause. Human time is estimated
by the keystroke-level model of Card, Moran and Newell (1980): 0.28 s for a key of an average
typist, 1.35 s for each mental preparation (one before each action), and, measured by nobody, 1.5 s
to take a hand scanner to a document. Nobody was timed with a clock.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.actors import Clerk, Purchase
from tests.journeys.devices import open_browser, open_phone, open_screen
from tests.journeys.instance import Instance

KEY_S = 0.28
PREPARE_S = 1.35
REACH_S = 1.5
SCANNER_MS = 3


@dataclass(slots=True)
class Counted:
    """What a hand does at a counter's page, counted while it is done."""

    page: Page
    actions: int = 0
    keys: int = 0
    scans: int = 0
    began: float = field(default_factory=time.perf_counter)

    def scan(self, text: str) -> None:
        """Scan something: fast keys, Enter after each line."""
        self.actions += 1
        self.scans += 1
        for line in text.split("\n"):
            self.page.keyboard.type(line, delay=SCANNER_MS)
            self.page.keyboard.press("Enter")

    def type(self, text: str, *then: str) -> None:
        """Fill in the field that has the focus, and press what leads on."""
        self.actions += 1
        self.keys += len(text) + len(then)
        self.page.keyboard.type(text)
        for key in then:
            if key == "Enter" and self.page.evaluate("document.activeElement.dataset.combobox"):
                self._suggested()
            self.page.keyboard.press(key)

    def press(self, key: str) -> None:
        """Press one key that does something."""
        self.actions += 1
        self.keys += 1
        self.page.keyboard.press(key)

    def _suggested(self) -> None:
        chosen = self.page.evaluate("document.activeElement.value").startswith("BAG01 ")
        if not chosen:
            expect(self.page.locator("#suggestions [aria-selected=true]")).to_be_visible()

    def figures(self) -> dict[str, float]:
        """What it came to."""
        human_s = self.keys * KEY_S + self.actions * PREPARE_S + self.scans * REACH_S
        return {
            "actions": self.actions,
            "scans": self.scans,
            "keys": self.keys,
            "machine_s": round(time.perf_counter() - self.began, 2),
            "estimated_human_s": round(human_s, 1),
        }


def goods_and_sum(counted: Counted, bought: Purchase) -> dict[str, float]:
    """The part that every form has: invoice, goods, price, and the key that issues."""
    page = counted.page
    expect(page.locator('[name="invoices-0-number"]')).to_be_focused()
    counted.scan(bought.invoice)
    counted.type("stb", "Enter", "Enter")
    counted.type(bought.price)
    counted.press("Control+Enter")
    expect(page.locator('main [data-status="issued"]').first).to_be_visible()
    return counted.figures()


def at_home(clerk: Clerk) -> Counted:
    """A clerk before the page Today, with nothing in hand."""
    clerk.page.goto(f"{clerk.home}/store/")
    clerk.page.wait_for_load_state("load")
    clerk.page.wait_for_function("window.htmx")
    return Counted(clerk.page)


def new_traveller(clerk: Clerk, bought: Purchase) -> dict[str, float]:
    """A traveller who was never here: document scanned, last entry typed."""
    counted = at_home(clerk)
    counted.scan(bought.zone)
    expect(clerk.page.locator('[name="last_entry"]')).to_be_focused()
    counted.type(bought.last_entry.replace("-", ""), "Enter")
    return goods_and_sum(counted, bought)


def repeat_traveller(clerk: Clerk, bought: Purchase) -> dict[str, float]:
    """The same traveller again on the same day in the same store."""
    counted = at_home(clerk)
    counted.scan(bought.zone)
    return goods_and_sum(counted, bought)


def filled_in(clerk: Clerk, bought: Purchase, pick_up: str) -> dict[str, float]:
    """A traveller who filled in on the phone: the phone's code is scanned."""
    counted = at_home(clerk)
    counted.scan(pick_up)
    return goods_and_sum(counted, bought)


def fills_in(phone: Page, home: str, address: str, bought: Purchase) -> None:
    """Fill in on a phone; its screen then shows the code."""
    phone.goto(f"{home}/{address}")
    phone.get_by_label("The lines at the foot of your document").fill(bought.zone)
    phone.get_by_label("Day of your last entry into mainland China").fill(bought.last_entry)
    phone.get_by_role("button", name="Get my code").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("My pick-up code")


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Play the three journeys once each on an instance of their own."""
    house = Instance(folder)
    bought = [Purchase(f"2542200000000000{n:04}", permit=f"H6081000{n // 2}") for n in range(2, 5)]
    try:
        house.start()
        with open_browser() as browser:
            clerk = Clerk(open_screen(browser), house.url)
            clerk.signs_in("clerk-1")
            journeys: list[tuple[str, Callable[[], dict[str, float]]]] = [
                ("new traveller", lambda: new_traveller(clerk, bought[0])),
                ("repeat traveller", lambda: repeat_traveller(clerk, bought[1])),
            ]
            told = {name: play() for name, play in journeys}
            clerk.page.goto(f"{clerk.home}/store/display")
            shown = clerk.reads_code(clerk.page.screenshot())
            phone = open_phone(browser).page
            fills_in(phone, house.url, "I/" + shown.rpartition("/I/")[2], bought[2])
            pick_up = clerk.reads_code(phone.screenshot(full_page=True))
            told["filled in once"] = filled_in(clerk, bought[2], pick_up)
    finally:
        house.stop()
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = measure(Path(folder) / "house")
    if arguments.json:
        print(json.dumps(told, indent=2))
        return
    print("from the page Today to the issued form; the human time is estimated, see the module")
    for name, figures in told.items():
        print(f"{name:>18}  " + "  ".join(f"{word} {value}" for word, value in figures.items()))


if __name__ == "__main__":
    main()
