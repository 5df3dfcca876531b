"""From the scan to the money in each language: nothing is left in another, nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from refund.translations import FURTHER_LOCALES, RIGHT_TO_LEFT, load_catalogues, separated
from tests.actors import Person, Purchase, Slip, Traveller
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.journeys.walks import See
from tests.make import VISA
from tests.translations.wanted import travellers

SAID_BY_ITSELF = """() => [...document.body.querySelectorAll("main *, header *")]
    .filter(one => one.checkVisibility() && !one.closest("[lang]:not(html)"))
    .flatMap(one => [...one.childNodes].filter(node => node.nodeType === 3))
    .map(node => node.textContent.trim().replace(/\\s+/g, " ")).filter(Boolean)"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("language", FURTHER_LOCALES)
def test_the_phone_speaks_one_language_from_the_scan_to_the_money(
    language: str,
    house: Instance,
    cast: CastAt,
    purchases: Callable[..., Purchase],
    see: See,
) -> None:
    people, bought = cast(house), purchases()
    clerk = people.clerk()
    slip = clerk.issues(bought)
    clerk.leaves()
    traveller = people.traveller(language)
    _walk(_checked(see, language), traveller, slip, bought)


def _walk(see: See, traveller: Traveller, slip: Slip, bought: Purchase) -> None:
    traveller.scans(slip.code)
    traveller.arrives_at("Your tax refund")
    net = separated(bought.net, traveller.language)
    expect(traveller.page.get_by_role("main").get_by_text(net).first).to_be_visible()
    see("scanned", traveller)
    traveller.gives_claim_code(slip.claim_code)
    traveller.arrives_at("Your details")
    see("details", traveller)
    traveller.gives_details(bought)
    traveller.arrives_at("Agreement on the advance")
    see("agreement", traveller)
    traveller.signs()
    traveller.sees("Amount to be held")
    see("card", traveller)
    traveller.gives_card(VISA)
    traveller.arrives_at("Get the money")
    see("confirm", traveller)
    traveller.asks_for_the_money(bought)
    traveller.arrives_at("The money has arrived")
    see("money", traveller)


def _checked(see: See, language: str) -> See:
    """Look, and tell what stands in English or stands out of the page."""
    english = {text for text in travellers() if load_catalogues(language).gettext(text) != text}

    def look(name: str, person: Person) -> None:
        page = person.page
        direction = page.evaluate("() => document.documentElement.dir")
        assert direction == ("rtl" if language in RIGHT_TO_LEFT else "ltr")
        assert [text for text in page.evaluate(SAID_BY_ITSELF) if text in english] == []
        assert page.evaluate(WIDER) <= 0
        see(f"{language}-{name}", person)

    return look
