"""The pictures of the README, taken from the running service while the journey is played.

`python -m tests.journeys.pictures docs/pictures` writes those that are kept; a second word,
`all`, writes every page at both sizes and in both colour schemes, for whoever wants to look.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, ViewportSize, expect

from tests import pdf
from tests.actors import Clerk, Person, Purchase, Slip, Traveller
from tests.journeys.counter_walks import walk_past_the_counters_day
from tests.journeys.devices import (
    PHONE_SCREEN,
    STAFF_SCREEN,
    Colours,
    open_browser,
    open_phone,
    open_screen,
)
from tests.journeys.instance import Instance
from tests.journeys.lab import Lab
from tests.journeys.rehearsal import Learner, Rehearsal
from tests.journeys.walks import (
    walk_past_a_case,
    walk_past_a_return,
    walk_past_customs,
    walk_past_the_books,
    walk_past_the_counter,
    walk_past_the_exit,
    walk_past_the_items,
    walk_past_the_month,
    walk_past_the_offline_desk,
    walk_past_the_point,
    walk_past_the_refund_counter,
    walk_past_the_registers,
    walk_to_the_money,
)
from tests.make import DISCOVER, VISA
from tests.officials import Officer, Operator

DEPARTURE = datetime.fromisoformat("2025-07-20T13:00:00+08:00")
AUGUST = datetime.fromisoformat("2025-08-04T09:00:00+08:00")
EXIT_DESK = datetime.fromisoformat("2025-07-20T16:00:00+08:00")
LEFT_AT = "2025-07-20T15:30"
COLOURS_MAX = 64
BYTES_MAX = 200_000

KEPT: dict[str, tuple[Colours, ...]] = {
    "clerk-issue-ready": ("light",),
    "clerk-form": ("light",),
    "clerk-issue-refused": ("light",),
    "clerk-return": ("light",),
    "clerk-arrivals": ("light",),
    "counter-display": ("light",),
    "forgotten": ("light",),
    "traveller-scanned": ("light",),
    "traveller-agreement": ("light",),
    "traveller-confirm": ("light",),
    "traveller-money": ("light",),
    "traveller-pass": ("light", "dark"),
    "traveller-share-code": ("light",),
    "customs-scan": ("light",),
    "customs-answer": ("light",),
    "customs-lines": ("light",),
    "customs-refuse": ("light",),
    "offline-answer": ("light",),
    "offline-sent": ("light",),
    "customs-review": ("light",),
    "customs-figures": ("light",),
    "operator-waits": ("light",),
    "operator-figures": ("light",),
    "counter-pay": ("light",),
    "point-confirm": ("light",),
    "rules": ("light",),
    "month-closed": ("light",),
    "operator-form": ("light",),
    "traveller-too-short": ("light",),
    "control": ("light",),
    "case": ("light",),
    "match": ("light",),
    "exit-live": ("light",),
    "lab-clock": ("light",),
    "lab-days": ("light",),
    "lab-cards": ("light",),
    "lab-drill": ("light",),
    "lab-what-if": ("light",),
}
"""What the README and the pages of `docs/` show; the rest is for looking."""

SIZES: dict[str, ViewportSize] = {"wide": STAFF_SCREEN, "phone": PHONE_SCREEN}


class Album:
    """A folder of pictures, each small enough for a page to show."""

    def __init__(self, folder: Path, *, everything: bool) -> None:
        self.folder = folder
        self._everything = everything
        folder.mkdir(parents=True, exist_ok=True)

    def see(self, name: str, person: Person) -> None:
        """Take the pictures of a page that are wanted, and leave it as it was."""
        own = person.page.viewport_size or STAFF_SCREEN
        schemes = ("light", "dark") if self._everything else KEPT.get(name, ())
        for scheme in schemes:
            person.page.emulate_media(color_scheme=scheme)
            for size in SIZES.values() if self._everything else (own,):
                person.page.set_viewport_size(size)
                parts = [name, "dark" if scheme == "dark" else ""]
                parts.append(str(size["width"]) if self._everything else "")
                self._keep(person, "-".join(part for part in parts if part))
        person.page.emulate_media(color_scheme="light")
        person.page.set_viewport_size(own)

    def keep_papers(self, clerk: Clerk) -> None:
        """Take the papers of the form on a clerk's screen as they leave the printer."""
        for name, path, dots_per_inch in (("form", "paper", 80), ("slip", "slip", 160)):
            content = clerk.page.request.get(f"{clerk.page.url}/{path}.pdf").body()
            first, *_ = pdf.pages(content, dots_per_inch)
            self._save(first, f"paper-{name}")

    def _keep(self, person: Person, name: str) -> None:
        person.page.evaluate("document.fonts.ready.then(() => scrollTo(0, 0))")
        taken = person.page.screenshot(full_page=self._everything, animations="disabled")
        # The browser's driver hides the caret while it looks, and leaves an empty attribute.
        left = person.page.locator('[style=""]')
        left.evaluate_all("found => found.forEach(one => one.removeAttribute('style'))")
        self._save(Image.open(BytesIO(taken)), name)

    def _save(self, picture: Image.Image, name: str) -> None:
        path = self.folder / f"{name}.png"
        picture.convert("RGB").quantize(COLOURS_MAX).save(path, optimize=True)
        if not self._everything and path.stat().st_size > BYTES_MAX:
            raise ValueError(f"{path} has more than {BYTES_MAX} bytes")


class Street:
    """The people and the purchases of the pictures, at one instance."""

    def __init__(self, album: Album, instance: Instance, browser: Browser) -> None:
        self.album = album
        self.instance = instance
        self._browser = browser
        self.bought = Purchase(invoice="25422000000081562207", permit="H60812345")
        self.bags = replace(self.bought, invoice="25422000000081562331", permit="H60877711")
        self.bags = replace(self.bags, price="5000.00", quantity=3, net="1,350.00")
        self.later = Purchase(
            invoice="25422000000081562344", permit="H60855512", channel="Ordinary refund"
        )

    def clerk(self, login: str = "") -> Clerk:
        """A clerk, signed in under a login."""
        clerk = Clerk(open_screen(self._browser, "zh_Hans"), self.instance.url)
        if login:
            clerk.signs_in(login)
        return clerk

    def traveller(self) -> Traveller:
        """A traveller with a phone."""
        return Traveller(open_phone(self._browser), self.instance.url)

    def operator(self) -> Operator:
        """An operator, signed in."""
        operator = Operator(open_screen(self._browser), self.instance.url)
        operator.signs_in("operator-1")
        return operator

    def play(self) -> None:
        """Play the whole street, from the counter to the month's end."""
        see, instance = self.album.see, self.instance
        clerk, traveller = self.clerk(), self.traveller()
        slip = walk_past_the_counter(see, clerk, self.bought)
        self.album.keep_papers(clerk)
        self._plant_breaks()
        bags, later = clerk.issues(self.bags), clerk.issues(self.later)
        walk_to_the_money(see, traveller, slip, self.bought)
        self._claim_with_a_second_card(bags)
        walk_past_a_return(see, clerk, bags)
        self._claim_together(clerk)
        filled = replace(self.bought, invoice="25422000000081562410", permit="H60899914")
        walk_past_the_counters_day(see, clerk, self.traveller(), filled)
        clerk.leaves()
        instance.move_to(DEPARTURE)
        officer = Officer(open_screen(self._browser, "zh_Hans"), instance.url)
        officer.signs_in("officer-1")
        walk_past_the_items(see, officer, bags, self.bags)
        officer.verifies(later.form_number)
        officer.signs_out()
        walk_past_customs(see, officer, slip, bags)
        walk_past_the_offline_desk(see, officer, slip)
        traveller.page.reload()
        see("traveller-verified", traveller)
        instance.move_to(EXIT_DESK)
        operator = self.operator()
        walk_past_the_refund_counter(see, operator, later, self.later)
        walk_past_the_registers(see, operator, slip)
        walk_past_the_books(see, operator, "2025-07-08")
        walk_past_a_case(see, operator, "amount_differs")
        operator.signs_out()
        walk_past_the_exit(see, operator, slip, self.bought, LEFT_AT)
        traveller.page.reload()
        see("traveller-released", traveller)
        instance.move_to(AUGUST)
        walk_past_the_month(see, self.operator(), "2025-07")

    def _plant_breaks(self) -> None:
        """Let the statement of the day have three wrong lines."""
        lab = Lab(open_screen(self._browser), self.instance)
        for name in ("statement_line_missing", "statement_line_twice", "statement_line_amount"):
            lab.switches_on(name, times="1")
        self.album.see("control", lab)

    def _claim_with_a_second_card(self, slip: Slip) -> None:
        """A card whose hold ends too early, and one whose does not."""
        traveller = self.traveller()
        traveller.claims(slip, self.bags, DISCOVER)
        traveller.arrives_at("Another card is needed")
        self.album.see("traveller-too-short", traveller)
        traveller.button("Give a card").tap()
        traveller.gives_card(VISA)
        traveller.arrives_at("Get the money")
        traveller.asks_for_the_money(self.bags)
        traveller.arrives_at("The money has arrived")

    def _claim_together(self, clerk: Clerk) -> None:
        """Two stores' forms of one traveller, claimed at the refund point."""
        here = replace(self.bought, invoice="25422000000081562351", permit="H60866613")
        clerk.issues(here)
        self.clerk("clerk-2").issues(replace(here, invoice="25422000000081562399"))
        walk_past_the_point(self.album.see, self.operator(), here, "2,012.40")


def take(album: Album, folder: Path) -> None:
    """Play the journey on a fresh instance, and take the pictures on the way."""
    with ExitStack() as stack:
        instance = Instance(folder)
        stack.callback(instance.stop)
        instance.start()
        browser = stack.enter_context(open_browser())
        Street(album, instance, browser).play()
        rehearse(album, browser, folder / "lab")


def rehearse(album: Album, browser: Browser, folder: Path) -> None:
    """Begin a rehearsal, and see its lab when promises are out, and when a day is over."""
    house = Rehearsal(folder)
    try:
        house.start()
        trainer = Learner(open_screen(browser), house)
        trainer.signs_in("trainer1")
        trainer.moves_the_clock("To the next hour", "10:00:00")
        trainer.moves_the_clock("To the next hour", "11:00:00")
        trainer.button("Run 60 times as fast").click()
        trainer.waits_for("A promise to leave is over")
        trainer.plays("officer-wuh1")
        trainer.comes_to_the_lab()
        album.see("lab-clock", trainer)
        trainer.moves_the_clock("To the day's end", "23:59:59")
        trainer.page.goto(f"{house.url}/lab/days")
        trainer.page.locator("[name=kind][value=rule]").check()
        album.see("lab-days", trainer)
        trainer.page.goto(f"{house.url}/lab/cards")
        album.see("lab-cards", trainer)
        trainer.begins_drill("One piece is missing")
        album.see("lab-drill", trainer)
        trainer.asks_what_if("rules.min_purchase", "500, 200", days=3, seeds=8)
        picture = trainer.page.get_by_role("img", name="min_purchase = 200.00 yuan instead of")
        expect(picture).to_be_visible(timeout=240_000)
        album.see("lab-what-if", trainer)
    finally:
        house.stop()


def main() -> None:
    """Take the pictures into the folder that is named."""
    folder, *more = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="refund-pictures-") as temporary:
        take(Album(Path(folder), everything="all" in more), Path(temporary))


if __name__ == "__main__":
    main()
