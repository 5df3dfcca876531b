"""Claims per second over HTTP, beside an empty view, the bare statements, and the services."""

from __future__ import annotations

import argparse
import itertools
import json
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import urllib3

from benchmarks._load import Script, play, request_text
from benchmarks._raw import measure_bare_claims
from benchmarks._serving import (
    EMPTY,
    Served,
    environment_of,
    free_port,
    running,
    serving_with_twin,
)
from benchmarks._world import (
    Ready,
    claim_once,
    many_ready,
    new_folder,
    open_world,
    read_world_settings,
)
from refund.core.ledger import Account

CLIENTS = (1, 16, 64)
BARE = 200
WARM_UP = 60
EMPTY_SHARE = 0.25


def press(claims: Iterator[Ready], form: tuple[str, str], port: int, until: float) -> Script:
    """Press the last button of one traveller after another, each on a phone of its own."""
    seed, token = form
    for each in claims:
        at = f"/traveller/forms/{each.form_id}"
        cookies = f"refund_traveller={each.token}; refund_form={seed}; refund_language=en"
        path = f"{at}/confirm/{each.session_id}"
        answer = yield request_text("POST", path, port, cookies, f"form_token={token}")
        assert (answer.status, answer.location) == (303, at), answer
        if time.perf_counter() > until:
            return


def look(port: int, until: float) -> Script:
    """Ask for the empty view, again and again."""
    request = request_text("GET", EMPTY, port)
    while time.perf_counter() < until:
        answer = yield request
        assert answer.status == 200, answer


def form_token(port: int) -> tuple[str, str]:
    """The cookie of a browser's forms and the token that its forms carry, off a page of ours."""
    with urllib3.PoolManager(retries=False, timeout=10.0) as http:
        page = http.request("GET", f"http://127.0.0.1:{port}/store/sign-in")
    cookie = re.search(r"refund_form=([^;]+)", page.headers["Set-Cookie"])
    token = re.search(r'name="form_token" value="([^"]+)"', page.data.decode())
    assert cookie is not None
    assert token is not None
    return cookie[1], token[1]


def measured(served: Served, scripts: Sequence[Script]) -> dict[str, float]:
    """One round on the server, with the processor time that each answer took there."""
    before = served.cpu_seconds()
    found = play(served.port, scripts)
    spent = served.cpu_seconds() - before
    return {**found.figures(), "cpu_ms": round(1000 * spent / len(found.latencies), 3)}


def measure_empty(served: Served, clients: int, seconds: float) -> dict[str, float]:
    """The empty view for so many clients."""
    until = time.perf_counter() + seconds
    return measured(served, [look(served.port, until) for _ in range(clients)])


def measure_claims(
    served: Served, claims: Sequence[Ready], clients: int, seconds: float
) -> dict[str, float]:
    """Claims of so many clients, until none is left or the time is over."""
    form, left = form_token(served.port), iter(claims)
    until = time.perf_counter() + seconds
    return measured(served, [press(left, form, served.port, until) for _ in range(clients)])


def measure_level(
    served: Served, claims: Sequence[Ready], clients: int, seconds: float
) -> dict[str, Any]:
    """Claims of so many clients, between two rounds of the empty view."""
    empties = [measure_empty(served, clients, seconds * EMPTY_SHARE)]
    figures = measure_claims(served, claims, clients, seconds)
    empties.append(measure_empty(served, clients, seconds * EMPTY_SHARE))
    per_second = sum(empty["per_second"] for empty in empties) / 2
    cpu_ms = sum(empty["cpu_ms"] for empty in empties) / 2
    return {
        "claim": figures,
        "empty": empties,
        "claim_of_empty": round(figures["per_second"] / per_second, 3),
        "cpu_of_empty": round(cpu_ms / figures["cpu_ms"], 3),
        "memory_mb": served.memory_mb(),
    }


def measure_services(folder: Path, claims: Sequence[Ready], threads: int) -> dict[str, Any]:
    """The same claims by calling the services, without a server."""
    with open_world(folder) as world, ThreadPoolExecutor(threads) as pool:
        begun = time.perf_counter()
        list(pool.map(lambda each: claim_once(world.ports, each), claims))
        passed = time.perf_counter() - begun
    return {"threads": threads, "per_second": round(len(claims) / passed, 1)}


def require_books(folder: Path, claims: Sequence[Ready], answered: int) -> None:
    """Stop when the books hold another number of advances than were answered."""
    with open_world(folder) as world:
        advanced_fen = world.ports.storage.read(lambda tx: tx.balances())[Account.ADVANCE.value]
    assert advanced_fen == answered * claims[0].net_fen, (advanced_fen, answered)


def measure(forms: int, seconds: float) -> dict[str, Any]:
    """Measure everything on one new instance."""
    with new_folder() as folder:
        with open_world(folder) as world:
            ready = iter(many_ready(world, BARE + WARM_UP + forms * (len(CLIENTS) + 1)))

        def take(count: int) -> list[Ready]:
            return list(itertools.islice(ready, count))

        bare_claims = take(BARE)
        figures: dict[str, Any] = {"bare": measure_bare_claims(folder, bare_claims)}
        in_process = take(forms)
        figures["services"] = measure_services(folder, in_process, 16)
        settings = read_world_settings(folder, free_port())
        answered = len(bare_claims) + len(in_process)
        command, environment = serving_with_twin(settings), environment_of(settings)
        with running(command, environment, settings.port, "/healthz") as served:
            answered += int(measure_claims(served, take(WARM_UP), 4, 60.0)["answered"])
            for clients in CLIENTS:
                level = measure_level(served, take(forms), clients, seconds)
                figures[f"clients_{clients}"] = level
                answered += level["claim"]["answered"]
        require_books(folder, bare_claims, answered)
    return figures


def show(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    bare, services = figures["bare"], figures["services"]
    print("claims: three durable writes each (hold asked; held and advance asked; advanced)")
    print(f"{'bare statements':>24} {bare['per_second']:8.0f}/s")
    print(f"{'services, 16 threads':>24} {services['per_second']:8.0f}/s")
    for clients in CLIENTS:
        level = figures[f"clients_{clients}"]
        lines = (("claim", level["claim"]), *(("empty view", each) for each in level["empty"]))
        for name, one in lines:
            label = f"{name}, {clients} clients"
            print(
                f"{label:>24} {one['per_second']:8.0f}/s  p50 {one['p50_ms']:7.2f} ms"
                f"  p99 {one['p99_ms']:7.2f} ms  max {one['max_ms']:7.2f} ms"
                f"  processor {one['cpu_ms']:.2f} ms"
            )
        print(
            f"{'of the empty view':>24} {level['claim_of_empty']:8.3f}"
            f"  by processor time {level['cpu_of_empty']:.3f}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=1500, help="for each figure")
    parser.add_argument("--seconds", type=float, default=6.0, help="at most, for each figure")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.forms, arguments.seconds)
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)


if __name__ == "__main__":
    main()
