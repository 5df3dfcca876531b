"""Whole travellers from the scanned code to the money, with the sandbox as a process of its own."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._browser import Browser
from benchmarks._serving import environment_of, free_port, running
from benchmarks._world import fill_registers, issue, open_world, read_world_settings
from refund.core.ids import claim_code
from refund.core.signing import code_url
from tests import make

THREADS = 48
WARM_UP = 4


@dataclass(frozen=True, slots=True)
class Slip:
    """What a traveller carries from the counter."""

    address: str
    claim_code: str
    document_tail: str


def slips(folder: Path, port: int, count: int) -> list[Slip]:
    """Issue some forms at the counters."""
    with open_world(folder, port) as world:
        ports = world.ports
        goods = fill_registers(ports)[0]
        key = ports.keys.secret("claim")

        def one(number: int) -> Slip:
            form = issue(ports, goods, number)
            address = code_url(ports.public_url, form.code)
            scheme, _, rest = address.partition("://")
            return Slip(
                f"{scheme.lower()}://{rest}", claim_code(key, form.form_id), f"{number:08d}"[-4:]
            )

        with ThreadPoolExecutor(16) as threads:
            return list(threads.map(one, range(count)))


def travel(slip: Slip) -> Browser:
    """Lead one traveller from the scan to the money; every page is fetched, nothing is left out."""
    browser = Browser(slip.address)
    browser.open(slip.address)
    browser.send_to(_action(browser, "claim-code"), claim_code=slip.claim_code)
    browser.send(document_tail=slip.document_tail, method="card")
    browser.send(signed_name="CHAN TAI MAN")
    browser.send(trial=make.VISA, do="give")
    assert "/confirm/" in browser.at, browser.at
    browser.send()
    assert "The money has arrived" in browser.page, browser.at
    browser.close()
    return browser


def _action(browser: Browser, word: str) -> str:
    """Where the form of this page that ends in a word is sent."""
    found = [part.partition('"')[0] for part in browser.page.split('action="')[1:]]
    return next(address for address in found if address.endswith(word))


def measure_travellers(folder: Path, a_second: int, seconds: float) -> dict[str, Any]:
    """Let so many travellers begin in each second, however long the others take."""
    settings = read_world_settings(folder, free_port(), free_port())
    count = int(a_second * seconds)
    found = slips(folder, settings.port, count + WARM_UP)
    command = [sys.executable, "-m", "refund"]
    environment = environment_of(settings)
    places = {"sandbox": settings.sandbox_port, "serve": settings.port}
    with ExitStack() as stack:
        served = {
            name: stack.enter_context(running([*command, name], environment, port, "/healthz"))
            for name, port in places.items()
        }
        for slip in found[:WARM_UP]:
            travel(slip)
        before = {name: one.cpu_seconds() for name, one in served.items()}
        figures = _offer(found[WARM_UP:], a_second)
        for name, one in served.items():
            spent = one.cpu_seconds() - before[name]
            figures[f"{name}_cpu_ms"] = round(1000 * spent / count, 1)
        return figures


def _offer(found: Sequence[Slip], a_second: int) -> dict[str, Any]:
    begun = time.perf_counter()

    def one(place_and_slip: tuple[int, Slip]) -> tuple[float, float, int]:
        place, slip = place_and_slip
        due = begun + place / a_second
        while (left := due - time.perf_counter()) > 0:
            time.sleep(left)
        browser = travel(slip)
        return browser.waited_ms, 1000 * (time.perf_counter() - due), browser.requests

    with ThreadPoolExecutor(THREADS) as threads:
        each = list(threads.map(one, enumerate(found)))
    passed = time.perf_counter() - begun
    waited = sorted(ms for ms, _, _ in each)
    late = sorted(ms for _, ms, _ in each)
    return {
        "offered_per_second": a_second,
        "served_per_second": round(len(each) / passed, 1),
        "travellers": len(each),
        "requests_each": each[0][2],
        "machine_p50_ms": round(statistics.median(waited), 1),
        "machine_p99_ms": round(waited[int(len(waited) * 0.99)], 1),
        "whole_p50_ms": round(statistics.median(late), 1),
    }
