"""The people of a journey, with the verbs of the field: each acts on a page as a person would.

Officers and operators have `tests.officials` for themselves.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from io import BytesIO

import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from refund.translations import load_catalogues, separated
from tests import pdf
from tests.journeys.devices import Device
from tests.journeys.watch import check_what_is_shown
from tests.web.people import PASSWORD
from tests.zones import td1

NUMBER = re.compile(r"\d{6}-\d{4}-\d{4}-\d")
"""How people read a form's number."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a traveller from Hong Kong bought: a handbag, a little over 1,000 yuan net."""

    invoice: str
    permit: str = "H60812345"
    goods: str = "BAG01"
    price: str = "11180.00"
    quantity: int = 1
    net: str = "1,006.20"
    net_fen: int = 1006_20
    last_entry: str = "2025-07-05"
    channel: str = "Instant refund"

    @property
    def zone(self) -> str:
        """The machine-readable zone of the traveller's permit."""
        return td1("CR", self.permit)


@dataclass(frozen=True, slots=True)
class Slip:
    """What the traveller takes along: the code as a camera reads it, and the claim code."""

    code: str
    claim_code: str
    form_number: str
    page: str


LISTENING = "html[data-ready], html:not(:has(script[src*='/js/app']))"
"""A page whose scripts are all there; the network's own pages have none."""


class Person:
    """Someone before a screen, who reads it in a language and touches what it names."""

    def __init__(self, device: Device, home: str) -> None:
        self.page: Page = device.page
        self.watch = device.watch
        self.has_scripts = device.has_scripts
        self.home = home
        self.language = device.language
        self._words = load_catalogues(device.language)

    def say(self, text: str, **facts: object) -> str:
        """What the pages write for an English text in this person's language."""
        return str(self._words.gettext(text)) % facts if facts else str(self._words.gettext(text))

    def button(self, text: str) -> Locator:
        """The button that says so."""
        return self.page.get_by_role("button", name=self.say(text))

    def link(self, text: str) -> Locator:
        """The link that says so."""
        return self.page.get_by_role("link", name=self.say(text))

    def field(self, text: str) -> Locator:
        """The field that is labelled so."""
        return self.page.get_by_label(self.say(text))

    def sees(self, text: str, within: str = "", **facts: object) -> None:
        """The page says so, now or in a moment; `within` is a CSS selector of where."""
        place = self.page.locator(within or "body")
        expect(place.get_by_text(self.say(text, **facts)).first).to_be_visible()

    def sees_state(self, state: str) -> None:
        """The page shows a form's state, now or in a moment."""
        expect(self.page.locator(f'main [data-status="{state}"]').first).to_be_visible()

    def arrives_at(self, heading: str, **facts: object) -> None:
        """The page with that heading is there, and keeps what every page promises."""
        title = self.page.get_by_role("heading", level=1)
        expect(title).to_contain_text(self.say(heading, **facts))
        if self.has_scripts:
            expect(self.page.locator(LISTENING)).to_be_attached()
        check_what_is_shown(self.page)

    def leaves(self) -> None:
        """Turn away from the screen: its page asks for nothing any more."""
        self.page.goto("about:blank")

    def reads_code(self, picture: bytes | None = None) -> str:
        """What a camera reads on this screen."""
        shown = Image.open(BytesIO(picture or self.page.screenshot(full_page=True)))
        found = zxingcpp.read_barcodes(shown.convert("L"))
        assert len(found) == 1, f"{len(found)} codes on {self.page.url}"
        return str(found[0].text)


class Staff(Person):
    """Someone with a door of their own."""

    door = ""
    desk = ""

    def signs_in(self, login: str) -> None:
        """Enter by the door; the page behind it is the desk."""
        self.page.goto(f"{self.home}/{self.door}/")
        self.arrives_at("Sign in")
        self.field("Name at the counter").fill(login)
        self.field("Password").fill(PASSWORD)
        self.button("Sign in").click()
        self.arrives_at(self.desk)

    def signs_out(self) -> None:
        """Leave by the door."""
        self.button("Sign out").click()
        expect(self.page).to_have_url(re.compile("sign-in"))

    def goes_to(self, path: str, heading: str, **facts: object) -> None:
        """Open a page behind the door by its address."""
        self.page.goto(f"{self.home}/{self.door}/{path}")
        self.arrives_at(heading, **facts)

    def link_alone(self, text: str) -> Locator:
        """The link that says this and nothing more."""
        return self.page.get_by_role("link", name=self.say(text), exact=True)


class Clerk(Staff):
    """Who issues forms at a store's counter."""

    door = "store"
    desk = "Today's forms"

    def begins_a_form(self) -> None:
        """Open an empty form."""
        self.page.goto(f"{self.home}/store/")
        self.link("Issue a form").click()
        self.arrives_at("Issue a form")
        expect(self.field("Machine-readable zone")).to_be_focused()

    def fills_in(self, purchase: Purchase) -> None:
        """Type the traveller, the invoice and the goods."""
        self.field("Machine-readable zone").fill(purchase.zone)
        self.field("Last entry into the mainland").fill(purchase.last_entry)
        self.field("Invoice number").fill(purchase.invoice)
        self.page.locator('[name="lines-0-goods"]').fill(purchase.goods)
        self.page.locator('[name="lines-0-quantity"]').fill(str(purchase.quantity))
        self.field("Unit price").fill(purchase.price)
        self.field(purchase.channel).check()

    def checks(self) -> None:
        """Ask what the form would be, before anything is created."""
        self.button("Check").click()

    def presses_issue(self) -> None:
        """Issue what was typed."""
        self.button("Issue the form").click()
        expect(self.page).to_have_url(re.compile("/store/forms/[0-9a-f]{16}$"))
        self.arrives_at("Form")

    def issues(self, purchase: Purchase) -> Slip:
        """Issue a form for a purchase, stay on its page, and hand over the slip."""
        self.begins_a_form()
        self.fills_in(purchase)
        self.presses_issue()
        return self.hands_over_slip()

    def counts_forms(self) -> int:
        """How many forms the store's day has."""
        self.page.goto(f"{self.home}/store/")
        self.arrives_at(self.desk)
        return self.page.get_by_role("link", name=NUMBER).count()

    def hands_over_slip(self) -> Slip:
        """Read the code from the screen, and show the claim code, which goes to the traveller."""
        code = self.reads_code()
        number = NUMBER.search(self.page.inner_text("h1"))
        assert number is not None
        return Slip(code, self._shows_claim_code(), number[0], self.page.url)

    def _shows_claim_code(self) -> str:
        """Show the six digits on the screen, or open the slip where no script shows them."""
        link = self.link("Show the claim code")
        if not self.has_scripts:
            slip = self.page.request.get(f"{self.home}{link.get_attribute('href')}")
            printed = re.search(r"\b(\d{3}) (\d{3})\b", pdf.text(slip.body()))
            assert printed is not None
            return "".join(printed.groups())
        link.click()
        shown = self.page.get_by_text(re.compile(r"^\s*\d{3} \d{3}\s*$"))
        return shown.first.inner_text().replace(" ", "").strip()

    def takes_back(self, slip: Slip, pieces: int, reason: str) -> None:
        """Say how many of the first goods come back, and read what that means."""
        self.page.goto(slip.page)
        self.link("Take goods back").click()
        self.arrives_at("Take goods back")
        self.page.locator('[name="lines-0-0"]').fill(str(pieces))
        self.field("Reason").fill(reason)
        expect(self.page.locator('#side [name="seen"]')).to_have_count(1)

    def takes_the_cash(self, back: str) -> None:
        """Count the cash that comes back, and end what is to end."""
        self.field("In cash, in the store, now").check()
        self.page.get_by_label(self.say("Taken back in cash: CNY %(sum)s", sum=back)).check()
        self.button("Take back").click()
        self.arrives_at("Form")

    def charges_the_card(self, words: str) -> None:
        """Let the money come back by the card, now or at the departure."""
        self.field(words).check()
        self.button("Take back").click()
        self.arrives_at("Form")

    def begins_to_correct(self, slip: Slip) -> None:
        """Open the page on which a form is issued anew."""
        self.page.goto(slip.page)
        self.link("Correct this form").click()
        self.arrives_at("Correct this form")

    def corrects(self, slip: Slip, right: Purchase, reason: str) -> Slip:
        """Put the traveller right, and issue the form anew."""
        self.begins_to_correct(slip)
        self.field("Machine-readable zone").fill(right.zone)
        self.field("Reason").fill(reason)
        self.button("Issue it anew").click()
        expect(self.page).to_have_url(re.compile("/store/forms/[0-9a-f]{16}$"))
        self.sees("Takes the place of an older form")
        return self.hands_over_slip()


class Traveller(Person):
    """Who holds a phone, and the slip of the store."""

    def __init__(self, device: Device, home: str) -> None:
        super().__init__(device, home)
        self.taps = 0

    def taps_on(self, place: Locator) -> None:
        """Touch something once."""
        place.tap()
        self.taps += 1

    def types(self, place: Locator, text: str) -> None:
        """Type into a field, which is touched first unless it waits already."""
        expect(place).to_be_visible()
        if not place.evaluate("field => field === document.activeElement"):
            self.taps_on(place)
        place.press_sequentially(text)

    def scans(self, code: str) -> None:
        """Open what the camera read."""
        self.page.goto(code)

    def gives_claim_code(self, claim_code: str) -> None:
        """Type the six digits of the slip."""
        self.types(self.field("Claim code: the six digits on your slip"), claim_code)
        self.taps_on(self.button("Continue"))

    def gives_details(self, purchase: Purchase, method: str = "") -> None:
        """Say which document it was, and how the money should come; the keyboard's key goes on."""
        if method:
            self.taps_on(self.field(method))
        tail = self.field("Last four characters of your document's number")
        self.types(tail, purchase.permit[-4:])
        tail.press("Enter")

    def draws_a_signature(self) -> None:
        """Draw with a finger on the pad."""
        pad = self.page.get_by_role("img", name=self.say("Sign with your finger"))
        expect(self.page.locator("[data-signature][data-ready]")).to_be_visible()
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        finger = self.page.context.new_cdp_session(self.page)
        wave = [(0.15 + step * 0.05, 0.5 + (-1) ** step * 0.2) for step in range(14)]
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in wave]
        for number, (x, y) in enumerate(points):
            kind = "touchMove" if number else "touchStart"
            touch = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
            finger.send("Input.dispatchTouchEvent", touch)
        # A finger that is lifted in full motion flings, and what it touches next only ends that.
        x, y = points[-1]
        for rest in range(8):
            touch = {"type": "touchMove", "touchPoints": [{"x": x + rest % 2, "y": y}]}
            finger.send("Input.dispatchTouchEvent", touch)
            time.sleep(0.02)
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        finger.detach()
        self.taps += 1

    def signs(self) -> None:
        """Sign the agreement, by finger where the pad works; it leads to the network's page."""
        if self.has_scripts:
            self.draws_a_signature()
        else:
            self.types(self.field("Or type your name"), "LI KA MING")
        self.taps_on(self.button("Sign and go to the card"))

    def gives_card(self, number: str) -> None:
        """Choose a trial card on the network's own page, and give it."""
        self.taps_on(self.page.get_by_text(self.say("Trial cards of the simulation")))
        self.taps_on(self.page.get_by_text(" ".join(re.findall("....", number))))
        self.taps_on(self.button("Give this card"))

    def asks_for_the_money(self, purchase: Purchase) -> None:
        """Answer the last question before the money."""
        self.taps_on(self.button_for(purchase))

    def button_for(self, purchase: Purchase) -> Locator:
        """The button that asks for the money."""
        net = separated(purchase.net, self.language)
        words = self.say("Get CNY %(sum)s now", sum=net)
        return self.page.get_by_role("button", name=words)

    def comes_to_the_money(self, slip: Slip, purchase: Purchase, card: str) -> None:
        """Go from the scan to the last question before the money, each page looked at."""
        self.scans(slip.code)
        self.arrives_at("Your tax refund")
        self.gives_claim_code(slip.claim_code)
        self.arrives_at("Your details")
        self.gives_details(purchase)
        self.arrives_at("Agreement on the advance")
        self.signs()
        self.gives_card(card)
        self.arrives_at("Get the money")

    def claims(self, slip: Slip, purchase: Purchase, card: str) -> None:
        """Go from the scan to the money, as far as the card goes."""
        self.comes_to_the_money(slip, purchase, card)
        self.asks_for_the_money(purchase)
