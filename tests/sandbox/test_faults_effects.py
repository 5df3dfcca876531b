"""Every fault by its name: switched on, it changes what the network does, each in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from refund.sandbox.app import create_sandbox
from refund.sandbox.beat import Beat
from refund.sandbox.faults import NAMES, Fault
from refund.sandbox.network import Book
from refund.sandbox.settings import SandboxSettings
from refund.sandbox.webhooks import WebhookSender
from tests.sandbox.world import (
    SECRET,
    VISA,
    CountedIds,
    HandClock,
    Merchant,
    advance_body,
    hold_body,
)

WEBHOOK_SECRET = "the secret of the webhooks"
QUIET = "nothing"
HEADERS = ("Content-Length", "Content-Type", "Location", "Retry-After", "Idempotent-Replayed")
SHOWN = 2000


class Day:
    """Some days of the network with one fault switched on; `seen` is all that anyone saw of it."""

    def __init__(self, path: Path, name: str) -> None:
        self.clock = HandClock()
        self.seen: list[object] = []
        settings = SandboxSettings(
            database=str(path / f"{name}.db"),
            secret=SECRET,
            public_url="http://127.0.0.1:8100",
            clock=self.clock,
            new_id=CountedIds(),
            wait=lambda seconds: self.seen.append(("waits", seconds)),
            webhook_url="http://127.0.0.1:1/told",
            webhook_secret=WEBHOOK_SECRET,
        )
        app = create_sandbox(settings)
        self.book: Book = app.extensions["book"]
        sender = WebhookSender(self.book, self.be_told, WEBHOOK_SECRET)
        app.extensions["webhook_sender"] = sender
        self.beat = Beat(self.book, sender)
        self.merchant = Merchant(app.test_client())
        self.token = self.merchant.card(VISA)["card"]["token"]
        if name != QUIET:
            self.book.faults.switch_on(Fault(name))

    def be_told(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Take a webhook."""
        self.seen.append(("webhook", self.clock(), body, headers["Network-Signature"]))
        return 200

    def see(self, answer: TestResponse) -> None:
        """Note an answer as it came."""
        headers = [answer.headers.get(name) for name in HEADERS]
        self.seen.append((answer.status_code, headers, answer.data[:SHOWN], len(answer.data)))

    def ask(self, path: str, body: object) -> None:
        """Send a request of its own, twice under its key."""
        for _ in range(2):
            self.see(self.merchant.post(path, body, f"key-of-{path}-{body}"[:200].replace(" ", "")))

    def look(self) -> None:
        """Look at all that can be looked at."""
        for path in ("book", "book/operations", "statements", "statements/2025-07-08"):
            self.see(self.merchant.get(f"/v1/{path}"))
        for reference in ("hold-1", "hold-2", "hold-3"):
            self.see(self.merchant.get(f"/v1/holds/{reference}"))
        self.see(self.merchant.get("/v1/operations/advance-1"))

    def pass_by(self, span: timedelta) -> None:
        """Let the time pass, with a beat at its end, and look around."""
        self.clock.now += span
        self.beat.once()
        self.look()

    def live(self) -> None:
        """Do one of each kind, and let four days pass."""
        for number in (1, 2, 3):
            self.ask("/v1/holds", hold_body(self.token, f"hold-{number}"))
        part = {"amount_fen": 1000, "currency": "CNY"}
        self.ask("/v1/captures", {"reference": "capture", "hold_reference": "hold-1", **part})
        self.ask("/v1/releases", {"reference": "release", "hold_reference": "hold-2"})
        self.ask("/v1/advances", advance_body(self.token))
        for minutes in (1, 15, 60, 13 * 60, 24 * 60, 24 * 60, 24 * 60):
            self.pass_by(timedelta(minutes=minutes))
        self.book.close()


def lived(path: Path, name: str) -> list[object]:
    """Live some days with a fault; returns what was seen."""
    day = Day(path, name)
    day.live()
    return day.seen


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """Return what was seen with each fault, and with none."""
    path = tmp_path_factory.mktemp("faults")
    return {name: lived(path, name) for name in (QUIET, *NAMES)}


@pytest.mark.parametrize("name", NAMES)
def test_each_fault_changes_what_the_network_does(seen: dict[str, list[object]], name: str) -> None:
    assert seen[name] != seen[QUIET]


def test_no_two_faults_do_the_same(seen: dict[str, list[object]]) -> None:
    alike = [(a, b) for a in seen for b in seen if a < b and seen[a] == seen[b]]
    assert alike == []


def test_without_a_fault_the_same_days_are_the_same(
    seen: dict[str, list[object]], tmp_path: Path
) -> None:
    assert lived(tmp_path, QUIET) == seen[QUIET]
