"""The officer's answer: over HTTP at sixteen desks, and from a frame to the screen offline."""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from io import BytesIO
from itertools import cycle
from typing import Any
from urllib.parse import quote

import qrcode
from playwright.sync_api import Page, sync_playwright

from benchmarks._load import HOST, Script, play, request_text, spread
from benchmarks._serving import environment_of, free_port, running, serving_with_twin
from benchmarks._world import PASSWORD, World, fill_registers, issue, new_folder, open_world
from benchmarks.claims import form_token
from refund.core.form import Form
from refund.core.people import Actor, Role, Staff
from refund.core.signing import code_url
from refund.gateways.passwords import ArgonPasswords
from refund.services.enrol import enrol_staff
from refund.services.sign_in import session_hash
from tests.journeys.devices import FLAGS, chromium

CLIENTS = 16
FORMS = 200
CODES = 50
OFFICER = Actor("officer-1", Role.OFFICER, "Officer", port="WUH")
TOKEN = "a-session-of-the-benchmark"  # noqa: S105 - it opens nothing but this instance

READ = """async (picture) => {
    const { BarcodeDetector } = await import("/static/vendor/barcode-detector/ponyfill.js");
    const image = new Image();
    image.src = picture;
    await image.decode();
    const frame = new OffscreenCanvas(1280, 720);
    const drawn = frame.getContext("2d");
    drawn.fillStyle = "#888";
    drawn.fillRect(0, 0, 1280, 720);
    drawn.drawImage(image, 340, 60, 600, 600);
    const began = performance.now();
    const [found] = await new BarcodeDetector({ formats: ["qr_code"] }).detect(frame);
    const read = performance.now();
    const place = document.querySelector("[data-answer-place]");
    delete place.dataset.answeredMs;
    const scan = document.querySelector("[data-offline-scan]");
    scan.dispatchEvent(new CustomEvent("scanned", { detail: { text: found.rawValue, began } }));
    while (!place.dataset.answeredMs) await new Promise((next) => requestAnimationFrame(next));
    return [read - began, Number(place.dataset.answeredMs)];
}"""


def scan(
    codes: Iterator[str], form: tuple[str, str], port: int, until: float, took: list[float]
) -> Script:
    """Scan one form after another, and wait for each answer's page."""
    seed, token = form
    cookies = f"refund_customs={TOKEN}; refund_form={seed}; refund_language=en"
    while time.perf_counter() < until:
        body = f"form_token={token}&code={quote(next(codes), safe='')}"
        sent = yield request_text("POST", "/customs/scan", port, cookies, body)
        assert sent.status == 303, sent
        seen = yield request_text("GET", sent.location, port, cookies)
        assert seen.status == 200, seen
        took.append(sent.seconds + seen.seconds)


def measure_answers(port: int, codes: Sequence[str], seconds: float) -> dict[str, float]:
    """Sixteen desks at once; an answer is the scan and the page that it leads to."""
    form, left, took = form_token(port), cycle(codes), list[float]()
    until = time.perf_counter() + seconds
    play(port, [scan(left, form, port, until, took) for _ in range(CLIENTS)])
    return {"clients": CLIENTS, "per_second": round(len(took) / seconds, 1), **spread(took)}


def picture_of(code: str) -> str:
    """A code as a picture that a page can draw."""
    drawn = qrcode.QRCode(version=7, box_size=8, border=4)
    drawn.add_data(code)
    buffer = BytesIO()
    drawn.make_image().save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def measure_offline(port: int, codes: Sequence[str]) -> dict[str, Any]:
    """A desk without a network: from the frame to the answer, each of fifty codes."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_context(locale="en-GB").new_page()
        _begin_shift(page, f"http://{HOST}:{port}/customs/offline")
        page.context.set_offline(True)
        page.evaluate(READ, picture_of(codes[0]))
        found = [page.evaluate(READ, picture_of(code)) for code in codes]
        browser.close()
    return {
        "read": spread([each[0] / 1000 for each in found]),
        "answer": spread([each[1] / 1000 for each in found]),
        "codes": len(found),
    }


def _begin_shift(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("[name=login]", OFFICER.staff_id)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.click("[data-begin-shift]")
    page.wait_for_selector("[data-part=desk]:not([hidden])")


def issued(world: World, count: int) -> list[Form]:
    """So many forms, and an officer with a session."""
    goods = fill_registers(world.ports)[0]
    hashed = ArgonPasswords().hash(PASSWORD)
    enrol_staff(world.ports, [Staff(OFFICER, OFFICER.staff_id, hashed)], "benchmark")
    now = world.ports.clock.now() - timedelta(seconds=1)
    world.ports.storage.write(
        lambda tx: tx.open_session(session_hash(TOKEN), OFFICER.staff_id, now)
    )
    return [issue(world.ports, goods, number) for number in range(1, count + 1)]


def measure(seconds: float) -> dict[str, Any]:
    """Measure both on one new instance."""
    port = free_port()
    with new_folder() as folder:
        with open_world(folder, port) as world:
            settings = world.settings
            codes = [code_url(settings.public_url, form.code) for form in issued(world, FORMS)]
        command, environment = serving_with_twin(settings), environment_of(settings)
        with running(command, environment, port, "/healthz"):
            measure_answers(port, codes, 2.0)
            return {
                "online": measure_answers(port, codes, seconds),
                "offline": measure_offline(port, codes[:CODES]),
            }


def show(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    lines = (
        (f"scan to answer, {CLIENTS} desks", figures["online"]),
        ("offline, frame to code", figures["offline"]["read"]),
        ("offline, frame to answer", figures["offline"]["answer"]),
    )
    for name, one in lines:
        print(
            f"{name:>26}  p50 {one['p50_ms']:7.1f} ms  p99 {one['p99_ms']:7.1f} ms"
            f"  max {one['max_ms']:7.1f} ms"
        )
    print(f"{'answers':>26} {figures['online']['per_second']:8.0f}/s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.seconds)
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)


if __name__ == "__main__":
    main()
