"""A traveller's phone on a slow line: bytes, requests, time to first paint, taps, seconds.

The browser is made slow by its own emulation: 400 ms to the service and back, 400 kbit/s each way,
a processor four times slower than this machine's. The phone comes with nothing in its cache. The
worker that keeps the pass is left out: it fetches when a page is complete, unseen by the counters.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from tests.actors import Clerk, Purchase, Slip, Traveller
from tests.journeys.devices import PHONE_SCREEN, WAIT_MS, Device, open_browser, open_screen
from tests.journeys.instance import Instance
from tests.journeys.watch import Watch
from tests.make import VISA

ROUND_TRIP_MS = 400
BYTES_PER_SECOND = 400_000 / 8
SLOWER = 4
PAINTS = """() => Object.fromEntries(
  performance.getEntriesByType("paint").map((one) => [one.name, Math.round(one.startTime)]))"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One page as it came: what it cost, and when something could be read; times in ms."""

    page: str
    wire_bytes: int
    requests: int
    first_paint_ms: int
    first_contentful_paint_ms: int


class Meter:
    """Counts what one page loads over the line, and slows that line down."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._bytes = self._requests = 0
        self._line = page.context.new_cdp_session(page)
        self._line.on("Network.loadingFinished", self._finished)
        self._line.on("Network.requestServedFromCache", self._from_cache)
        self._line.send("Network.enable")
        limits = {"latency": ROUND_TRIP_MS, "offline": False}
        speed = {"downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
        self._line.send("Network.emulateNetworkConditions", {**limits, **speed})
        self._line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})

    def begin(self) -> None:
        """Count from here."""
        self._bytes = self._requests = 0

    def seen(self, name: str) -> Seen:
        """What has come since, once nothing comes any more."""
        self._page.wait_for_load_state("networkidle")
        paints = self._page.evaluate(PAINTS)
        return Seen(
            page=name,
            wire_bytes=self._bytes,
            requests=self._requests,
            first_paint_ms=paints.get("first-paint", 0),
            first_contentful_paint_ms=paints.get("first-contentful-paint", 0),
        )

    def _finished(self, event: dict[str, Any]) -> None:
        self._bytes += int(event["encodedDataLength"])
        self._requests += 1

    def _from_cache(self, _: dict[str, Any]) -> None:
        self._requests -= 1


def measure(folder: Path) -> dict[str, Any]:
    """Issue one form, claim it on a slow phone, and look at the pass."""
    purchase = Purchase(invoice="25422000000081562207", permit="H60812345")
    instance = Instance(folder)
    try:
        instance.start()
        with open_browser() as browser:
            clerk = Clerk(open_screen(browser), instance.url)
            clerk.signs_in("clerk-1")
            slip = clerk.issues(purchase)
            clerk.page.context.close()
            traveller = Traveller(_phone(browser), instance.url)
            return _on_the_phone(traveller, slip, purchase)
    finally:
        instance.stop()


def _phone(browser: Browser) -> Device:
    context = browser.new_context(
        viewport=PHONE_SCREEN,
        locale="en-GB",
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        service_workers="block",
    )
    context.set_default_timeout(2 * WAIT_MS)
    return Device(context.new_page(), Watch(context), "en", has_scripts=True)


def _on_the_phone(traveller: Traveller, slip: Slip, purchase: Purchase) -> dict[str, Any]:
    meter, seen = Meter(traveller.page), []
    began = time.monotonic()
    meter.begin()
    traveller.scans(slip.code)
    seen.append(meter.seen("scan"))
    traveller.gives_claim_code(slip.claim_code)
    traveller.arrives_at("Your details")
    traveller.gives_details(purchase)
    traveller.arrives_at("Agreement on the advance")
    traveller.signs()
    meter.begin()
    traveller.gives_card(VISA)
    traveller.arrives_at("Get the money")
    seen.append(meter.seen("confirm"))
    meter.begin()
    traveller.asks_for_the_money(purchase)
    traveller.arrives_at("The money has arrived")
    seconds = time.monotonic() - began
    seen.append(meter.seen("money"))
    meter.begin()
    traveller.page.goto(f"{traveller.home}/traveller/pass")
    traveller.arrives_at("Exit pass")
    seen.append(meter.seen("pass"))
    return {
        "pages": [asdict(one) for one in seen],
        "taps_from_scan_to_money": traveller.taps,
        "machine_seconds_from_scan_to_money": round(seconds, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "instance")
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{'page':>10} {'bytes':>8} {'requests':>9} {'first paint':>12} {'contentful':>11}")
    for one in figures["pages"]:
        print(
            f"{one['page']:>10} {one['wire_bytes']:8} {one['requests']:9}"
            f" {one['first_paint_ms']:9} ms {one['first_contentful_paint_ms']:8} ms"
        )
    print(f"taps from scan to money: {figures['taps_from_scan_to_money']}")
    print(f"machine seconds on that line: {figures['machine_seconds_from_scan_to_money']}")


if __name__ == "__main__":
    main()
