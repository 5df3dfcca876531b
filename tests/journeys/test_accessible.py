"""Every main page, light and dark, is free of what axe calls serious or critical."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.actors import Clerk, Person, Purchase, Traveller
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance
from tests.journeys.walks import (
    See,
    walk_past_customs,
    walk_past_the_counter,
    walk_past_the_exit,
    walk_to_the_money,
)
from tests.make import VISA
from tests.officials import Officer, Operator

SERIOUS = {"serious", "critical"}
DEPARTURE = datetime.fromisoformat("2025-07-20T13:00:00+08:00")
EXIT_DESK = datetime.fromisoformat("2025-07-20T16:00:00+08:00")


@pytest.fixture
def see() -> See:
    """Return what examines a page in both colour schemes."""
    axe = Axe()

    def examine(name: str, person: Person) -> None:
        for scheme in ("light", "dark"):
            person.page.emulate_media(color_scheme=scheme)
            found = axe.run(person.page).response["violations"]
            told = [
                f"{name}, {scheme}: {one['id']} at {[node['target'] for node in one['nodes']]}"
                for one in found
                if one["impact"] in SERIOUS
            ]
            assert told == []
        person.page.emulate_media(color_scheme="light")

    return examine


def test_the_counter_and_the_phone_can_be_used_by_everyone(
    house: Instance, purchase: Purchase, screen: OpenDevice, phone: OpenDevice, see: See
) -> None:
    slip = walk_past_the_counter(see, Clerk(screen("zh_Hans"), house.url), purchase)
    walk_to_the_money(see, Traveller(phone(), house.url), slip, purchase)


def test_customs_and_the_exit_can_be_used_by_everyone(
    own_house: Instance,
    purchases: Callable[[], Purchase],
    screen: OpenDevice,
    phone: OpenDevice,
    see: See,
) -> None:
    bought, also = purchases(), purchases()
    clerk = Clerk(screen(), own_house.url)
    clerk.signs_in("clerk-1")
    slip, other = clerk.issues(bought), clerk.issues(also)
    traveller = Traveller(phone(), own_house.url)
    traveller.claims(slip, bought, VISA)
    traveller.arrives_at("The money has arrived")
    clerk.leaves()
    own_house.move_to(DEPARTURE)
    walk_past_customs(see, Officer(screen("zh_Hans"), own_house.url), slip, other)
    own_house.move_to(EXIT_DESK)
    left_at = "2025-07-20T13:59"
    walk_past_the_exit(see, Operator(screen(), own_house.url), slip, bought, left_at)
    traveller.page.reload()
    traveller.arrives_at("All done: the hold is released")
    see("traveller-released", traveller)
