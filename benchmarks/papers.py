"""Time of one page of each paper after warm-up, beside a page of HTML rendered in the same run."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from flask import render_template

from benchmarks._world import new_folder, open_world, read_world_settings
from refund.app import create_app
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.papers import ReceiptSheet
from refund.web import papers
from tests import pdf, sheets

WARM_UP = 3
AIM_MS = 50
HTML = "html_page"
Spent = tuple[float, float]
LOCALES = ("ja", "ar", "fr", "zh_Hant")


def makers(ports: Ports) -> dict[str, Callable[[int], bytes]]:
    """How each paper is made, the round's number being on it, so that nothing can be reused."""

    def who(number: int) -> tuple[Traveller, str]:
        locale = LOCALES[number % len(LOCALES)]
        return replace(sheets.TRAVELLERS[locale], latin_name=f"TRAVELLER NUMBER {number}"), locale

    def receipt(number: int) -> ReceiptSheet:
        return sheets.receipt(receipt_number=f"WUH-250720-{number:04d}", net_fen=number)

    return {
        "application": lambda n: papers.application_pdf(ports, sheets.application(who(n)[0], 4)),
        "application_60_lines": lambda n: papers.application_pdf(
            ports, sheets.application(who(n)[0], 60)
        ),
        "slip": lambda n: papers.slip_pdf(ports, sheets.slip(who(n)[0])),
        "slip_for_printer": lambda n: papers.slip_strip(ports, sheets.slip(who(n)[0])),
        "agreement": lambda n: papers.agreement_pdf(ports, sheets.agreement(who(n)[0])),
        "authorisation": lambda n: papers.authorisation_pdf(ports, sheets.authorisation(who(n)[0])),
        "receipt": lambda n: papers.receipt_pdf(ports, receipt(n), who(n)[1]),
        "settlement_60_lines": lambda n: papers.settlement_pdf(
            ports, replace(sheets.settlement(60), number=f"2025-{n:04d}")
        ),
    }


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Make every paper in turn, round after round, so that all meet the same machine."""
    with new_folder() as folder, open_world(folder) as world:
        made = makers(world.ports)
        app = create_app(read_world_settings(folder), world.ports)
        spent: dict[str, list[Spent]] = {name: [] for name in (*made, HTML)}
        pages = {
            name: 1 if name.endswith("printer") else len(pdf.texts(one(0)))
            for name, one in made.items()
        }
        with app.test_request_context("/"):
            for number in range(1, rounds + WARM_UP + 1):
                for name, one in made.items():
                    spent[name].append(timed(one, number))
                spent[HTML].append(timed(html, number))
    baseline = statistics.median(whole for whole, _ in spent[HTML][WARM_UP:])
    return {
        name: figures(times[WARM_UP:], pages.get(name, 1), baseline)
        for name, times in spent.items()
    }


def html(number: int) -> str:
    """The error page: the frame of every page with a little text in it."""
    return render_template("errors/error.html", code="glyph_missing", facts={"points": str(number)})


def timed(work: Callable[[int], object], number: int) -> Spent:
    """How long it takes, by the clock and of the processor, ms."""
    begun, used = time.perf_counter(), time.process_time()
    work(number)
    return (time.perf_counter() - begun) * 1000, (time.process_time() - used) * 1000


def figures(times: list[Spent], pages: int, baseline: float) -> dict[str, float]:
    """What is told of one paper."""
    per_page = [whole / pages for whole, _ in times]
    whole = statistics.median(whole for whole, _ in times)
    return {
        "pages": pages,
        "page_p50_ms": round(statistics.median(per_page), 2),
        "page_p99_ms": round(statistics.quantiles(per_page, n=100)[98], 2),
        "page_cpu_ms": round(statistics.median(used for _, used in times) / pages, 2),
        "whole_p50_ms": round(whole, 2),
        "html_pages": round(whole / baseline, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.rounds)
    if arguments.json:
        print(json.dumps({"rounds": arguments.rounds, "figures": found}, indent=2))
        return
    print(f"papers, {arguments.rounds} rounds after {WARM_UP} to warm up; aim {AIM_MS} ms a page")
    for name, one in found.items():
        print(
            f"{name:22} {one['pages']:2.0f} p   a page p50 {one['page_p50_ms']:6.2f} ms"
            f"   p99 {one['page_p99_ms']:6.2f} ms   processor {one['page_cpu_ms']:6.2f} ms"
            f"   whole {one['whole_p50_ms']:6.2f} ms = {one['html_pages']:5.1f} pages of HTML"
        )


if __name__ == "__main__":
    main()
