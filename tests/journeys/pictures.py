"""The pictures of the README, taken from the running service while the journey is played.

`python -m tests.journeys.pictures docs/pictures` writes those that are kept; a second word,
`all`, writes every page at both sizes and in both colour schemes, for whoever wants to look.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize

from tests.actors import Clerk, Person, Purchase, Traveller
from tests.journeys.devices import (
    PHONE_SCREEN,
    STAFF_SCREEN,
    Colours,
    open_browser,
    open_phone,
    open_screen,
)
from tests.journeys.instance import Instance
from tests.journeys.walks import (
    walk_past_customs,
    walk_past_the_counter,
    walk_past_the_exit,
    walk_to_the_money,
)
from tests.make import VISA
from tests.officials import Officer, Operator

DEPARTURE = datetime.fromisoformat("2025-07-20T13:00:00+08:00")
EXIT_DESK = datetime.fromisoformat("2025-07-20T16:00:00+08:00")
LEFT_AT = "2025-07-20T13:40"
COLOURS_MAX = 64
BYTES_MAX = 200_000

KEPT: dict[str, tuple[Colours, ...]] = {
    "clerk-issue-ready": ("light",),
    "clerk-form": ("light",),
    "clerk-issue-refused": ("light",),
    "traveller-scanned": ("light",),
    "traveller-agreement": ("light",),
    "traveller-confirm": ("light",),
    "traveller-money": ("light", "dark"),
    "customs-scan": ("light",),
    "customs-answer": ("light",),
    "operator-waits": ("light",),
    "operator-preview": ("light",),
    "operator-form": ("light",),
}
"""What the README shows; the rest is for looking."""

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

    def _keep(self, person: Person, name: str) -> None:
        person.page.evaluate("document.fonts.ready.then(() => scrollTo(0, 0))")
        taken = person.page.screenshot(full_page=self._everything, animations="disabled")
        picture = Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS_MAX)
        path = self.folder / f"{name}.png"
        picture.save(path, optimize=True)
        if not self._everything and path.stat().st_size > BYTES_MAX:
            raise ValueError(f"{path} has more than {BYTES_MAX} bytes")


def take(album: Album, folder: Path) -> None:
    """Play the journey on a fresh instance, and take the pictures on the way."""
    bought = Purchase(invoice="25422000000081562207", permit="H60812345")
    also = Purchase(invoice="25422000000081562331", permit="H60877711", goods="BAG02")
    with ExitStack() as stack:
        instance = Instance(folder)
        stack.callback(instance.stop)
        instance.start()
        browser = stack.enter_context(open_browser())
        clerk = Clerk(open_screen(browser, "zh_Hans"), instance.url)
        slip = walk_past_the_counter(album.see, clerk, bought)
        other = clerk.issues(also)
        traveller = Traveller(open_phone(browser), instance.url)
        walk_to_the_money(album.see, traveller, slip, bought)
        second = Traveller(open_phone(browser), instance.url)
        second.claims(other, also, VISA)
        second.arrives_at("The money has arrived")
        clerk.leaves()
        instance.move_to(DEPARTURE)
        officer = Officer(open_screen(browser, "zh_Hans"), instance.url)
        walk_past_customs(album.see, officer, slip, other)
        traveller.page.reload()
        album.see("traveller-verified", traveller)
        instance.move_to(EXIT_DESK)
        operator = Operator(open_screen(browser), instance.url)
        walk_past_the_exit(album.see, operator, slip, bought, LEFT_AT)
        traveller.page.reload()
        album.see("traveller-released", traveller)


def main() -> None:
    """Take the pictures into the folder that is named."""
    folder, *more = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="refund-pictures-") as temporary:
        take(Album(Path(folder), everything="all" in more), Path(temporary))


if __name__ == "__main__":
    main()
