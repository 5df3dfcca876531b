"""Real Chromium, real processes, and the people of a journey with devices of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.actors import Person, Purchase
from tests.journeys.cast import Cast, CastAt
from tests.journeys.devices import Device, open_browser, open_phone, open_screen
from tests.journeys.instance import Instance
from tests.journeys.rehearsal import Rehearsal
from tests.journeys.walks import See

OpenDevice = Callable[..., Device]
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every journey: each drives a real Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one Chromium for this test process."""
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Serve one instance on the afternoon of 8 July 2025, for all journeys that share it.

    At the end its books are audited, whatever the journeys did.
    """
    instance = Instance(tmp_path_factory.mktemp("house"))
    try:
        instance.start()
        yield instance
        instance.audit()
    finally:
        instance.stop()


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[Instance]:
    """Serve an instance for one journey alone, which may stop, kill or move it in time."""
    instance = Instance(tmp_path / "own")
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Rehearsal]:
    """Run a rehearsal for one journey alone."""
    house = Rehearsal(tmp_path / "lab")
    try:
        house.start()
        yield house
    finally:
        house.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def street(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    """Serve an instance on each engine, with its worker where the engine wants one."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    instance = Instance(tmp_path / "street", url)
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[list[Device]]:
    """Return the devices of this journey; none of them may have complained of anything."""
    opened: list[Device] = []
    yield opened
    for number, device in enumerate(opened):
        picture = tmp_path / f"last-seen-{number}.png"
        device.page.screenshot(path=picture)
        print(device.page.url, device.page.title(), picture)  # noqa: T201 - told when a journey fails
        device.page.context.close()
    for device in opened:
        device.watch.assert_silent()


@pytest.fixture
def screen(browser: Browser, devices: list[Device]) -> OpenDevice:
    """Return what opens a counter's screen: `screen("zh_Hans", colours="dark")`."""

    def give(language: str = "en", **looks: Any) -> Device:
        devices.append(open_screen(browser, language, **looks))
        return devices[-1]

    return give


@pytest.fixture
def phone(browser: Browser, devices: list[Device]) -> OpenDevice:
    """Return what opens a phone: `phone("en", scripts=False)`."""

    def give(language: str = "en", **looks: Any) -> Device:
        devices.append(open_phone(browser, language, **looks))
        return devices[-1]

    return give


@pytest.fixture
def cast(screen: OpenDevice, phone: OpenDevice) -> CastAt:
    """Return what brings people before an instance: `cast(house).clerk()`."""
    return lambda instance: Cast(instance, screen, phone)


@pytest.fixture
def purchases() -> Callable[..., Purchase]:
    """Return what makes purchases, each of a traveller who comes in this journey alone."""
    return new_purchase


@pytest.fixture
def purchase() -> Purchase:
    """Return a purchase of a traveller who comes in this journey alone."""
    return new_purchase()


def new_purchase(**changes: Any) -> Purchase:
    """Make a purchase under numbers that no other journey of this process has."""
    number = next(_numbers)
    own = {"invoice": f"{25422:05}{number:015}", "permit": f"H{60810000 + number}"}
    return Purchase(**{**own, **changes})


SERIOUS = {"serious", "critical"}
NARROWEST = 320
TOO_WIDE = """() => {
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    return [...document.querySelectorAll("body *")]
        .filter(one => one.getBoundingClientRect().right > page.clientWidth + 1)
        .map(one => one.tagName + "." + one.className).slice(0, 8);
}"""


@pytest.fixture
def see() -> See:
    """Return what examines a page in both colour schemes, and on the narrowest screen."""
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
        assert_fits(name, person.page)

    return examine


def assert_fits(name: str, page: Page) -> None:
    """Nothing of a page stands out of a screen of 320 pixels, as 400 % of enlargement leaves."""
    own = page.viewport_size
    assert own is not None
    page.set_viewport_size({"width": NARROWEST, "height": own["height"]})
    wide = page.evaluate(TOO_WIDE)
    page.set_viewport_size(own)
    assert wide == [], f"{name}: wider than {NARROWEST} pixels"
