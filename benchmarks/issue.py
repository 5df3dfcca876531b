"""Forms issued per second with their QR codes: by the services, and over HTTP as a clerk does."""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks._browser import Browser
from benchmarks._load import HOST, Script, play, request_text, spread
from benchmarks._raw import copy_of, record_writes, run_bare
from benchmarks._serving import Served, environment_of, free_port, running, serving_with_twin
from benchmarks._world import (
    PASSWORD,
    STORES,
    fill_registers,
    issue,
    new_folder,
    open_world,
    read_world_settings,
)
from benchmarks.qr import by_qrcode
from refund.core.signing import code_url
from refund.web.qr import svg
from tests.web.counter import PURCHASE
from tests.zones import td1

THREADS = (1, 16)
BARE = 300
DRAWINGS = 100
CODE_BYTES = 85


def measure_services(folder: Path, first: int, count: int, threads: int) -> dict[str, Any]:
    """Issue forms and draw their codes on so many threads, without a server."""
    drawn: list[float] = []
    whole: list[float] = []
    with open_world(folder) as world, ThreadPoolExecutor(threads) as pool:
        goods = fill_registers(world.ports)[0]

        def one(number: int) -> None:
            begun = time.perf_counter()
            form = issue(world.ports, goods, number)
            issued = time.perf_counter()
            svg(code_url(world.ports.public_url, form.code), "form")
            done = time.perf_counter()
            drawn.append(done - issued)
            whole.append(done - begun)

        begun = time.perf_counter()
        list(pool.map(one, range(first, first + count)))
        passed = time.perf_counter() - begun
    return {
        "threads": threads,
        "per_second": round(count / passed, 1),
        **spread(whole),
        "qr_p50_ms": spread(drawn)["p50_ms"],
    }


def measure_bare(folder: Path, first: int) -> dict[str, Any]:
    """The statements of issues without anything around them, and without a code."""
    with open_world(folder) as world:
        goods = fill_registers(world.ports)[0]
    path = copy_of(folder, "bare")
    with open_world(folder) as world:
        numbers = range(first, first + BARE)
        writes = record_writes(world, [_issuing(goods, number) for number in numbers])
    return run_bare(path, writes, BARE)


def _issuing(goods: Any, number: int) -> Callable[[Any], object]:
    return lambda ports: issue(ports, goods, number)


def drawn_by_qrcode() -> float:
    """How long qrcode takes to draw such a code when nothing is decided for it; the median, ms."""
    spent = []
    for _ in range(DRAWINGS):
        code = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode("ascii")
        text = code_url("https://refund.example", code)
        begun = time.perf_counter()
        by_qrcode(text)
        spent.append(time.perf_counter() - begun)
    return spread(spent)["p50_ms"]


def counter(store_number: int, port: int) -> tuple[str, str]:
    """A clerk who has signed in: the cookies and the token of the pages."""
    home = f"http://{HOST}:{port}/store/issue"
    browser = Browser(home)
    browser.open(home)
    browser.send(login=f"clerk-{store_number}", password=PASSWORD)
    cookies, token = browser.cookies_for(home), browser.hidden["form_token"]
    browser.close()
    return cookies, token


def serve_customers(
    clerk: tuple[str, str], numbers: Iterator[int], port: int, until: float, told: list[float]
) -> Script:
    """Issue one form after another, and open the page that shows its code."""
    cookies, token = clerk
    for number in numbers:
        typed = {
            **PURCHASE,
            "mrz": td1("CR", f"H{number:08d}"),
            "invoices-0-number": f"25422{number:015d}",
            "form_token": token,
            "submission": secrets.token_urlsafe(16),
            "issue": "yes",
        }
        issued = yield request_text("POST", "/store/issue", port, cookies, urlencode(typed))
        assert issued.status == 303, issued
        shown = yield request_text("GET", issued.location, port, cookies)
        assert shown.status == 200, shown
        told.append(issued.seconds + shown.seconds)
        if time.perf_counter() > until:
            return


def measure_counters(
    served: Served, numbers: Iterator[int], clerks: Sequence[tuple[str, str]], seconds: float
) -> dict[str, Any]:
    """So many clerks at once, each with a browser."""
    told: list[float] = []
    until = time.perf_counter() + seconds
    scripts = [serve_customers(clerk, numbers, served.port, until, told) for clerk in clerks]
    found = play(served.port, scripts)
    return {
        "clerks": len(clerks),
        "per_second": round(len(told) / found.seconds, 1),
        **spread(told),
    }


def measure(forms: int, seconds: float) -> dict[str, Any]:
    """Measure everything on one new instance."""
    with new_folder() as folder:
        figures: dict[str, Any] = {"bare": measure_bare(folder, 0)}
        for place, threads in enumerate(THREADS):
            first = BARE + place * forms
            figures[f"services_{threads}"] = measure_services(folder, first, forms, threads)
        numbers = itertools.count(BARE + len(THREADS) * forms)
        settings = read_world_settings(folder, free_port())
        command, environment = serving_with_twin(settings), environment_of(settings)
        with running(command, environment, settings.port, "/healthz") as served:
            clerks = [counter(store, served.port) for store in range(1, STORES + 1)]
            measure_counters(served, numbers, clerks[:4], 1.0)
            for some in (clerks[:1], clerks):
                figures[f"http_{len(some)}"] = measure_counters(served, numbers, some, seconds)
    figures["qrcode_itself_ms"] = drawn_by_qrcode()
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=1000, help="for each figure of the services")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each figure over HTTP")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.forms, min(arguments.seconds, 60.0))
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    print("forms issued with their codes (http: the form, and the page that shows the code)")
    for name, one in figures.items():
        if isinstance(one, dict) and "p50_ms" in one:
            code = f"  the code {one['qr_p50_ms']:.2f} ms" if "qr_p50_ms" in one else ""
            print(
                f"{name:>16} {one['per_second']:8.0f}/s  p50 {one['p50_ms']:7.2f} ms"
                f"  p99 {one['p99_ms']:7.2f} ms{code}"
            )
    print(f"{'bare statements':>16} {figures['bare']['per_second']:8.0f}/s, without a code")
    print(f"{'qrcode itself':>16} {figures['qrcode_itself_ms']:8.2f} ms for a code")


if __name__ == "__main__":
    main()
