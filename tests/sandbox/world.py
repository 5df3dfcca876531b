"""The merchant and the traveller as they meet the sandbox in tests, and a clock set by hand."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.sandbox.entry import read_entry
from refund.sandbox.network import Book
from refund.sandbox.sessions import SessionRequest
from refund.sandbox.settings import SandboxSettings, settings_to_environment

SECRET = "a secret of the test merchant"
WEBHOOK_SECRET = "a secret of the test webhooks"
RETURN_URL = "http://127.0.0.1:8000/traveller/back?form=7"
VISA = "4111111111111111"
DECLINED = "4000000000000002"
SLOW = "4000000000000077"
LOST_HOLD = "4000000000000101"
LOST_ADVANCE = "4000000000000119"
PAYOUT_REFUSED = "4000000000000127"
MASTERCARD = "5555555555554444"
UNIONPAY = "6200000000000005"
JCB = "3566002020360505"
DISCOVER = "6011111111111117"
HALF = "4000000000000135"
ENDED_BY_BANK = "4000000000000143"
CHARGE_DECLINED = "4000000000000150"
PENDING_PAID = "4000000000000168"
PENDING_FAILED = "4000000000000176"
RETURNED = "4000000000000184"
HELD_FEN = 13446


class HandClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2025, 7, 8, 4, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the moment that was set."""
        return self.now

    def pass_by(self, **span: float) -> None:
        """Let time pass, as in `hours=24`."""
        self.now += timedelta(**span)


class CountedIds:
    """Ids that anyone can guess, the same in every run."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def __call__(self, kind: str) -> str:
        """Return the next id."""
        return f"{kind}_{next(self._numbers):06}"


def card(book: Book, number: str = VISA, expiry: str = "12/34") -> str:
    """Give a card to the network and return its token."""
    return entered(book, number, expiry=expiry)[0]


def entered(
    book: Book, number: str, method: str = "card", expiry: str = "12/34"
) -> tuple[str, str]:
    """Give a card, and an account where the method wants one, and return their tokens."""
    reference = f"session-{number}-{method}-{expiry}"
    session = book.open_card_session(SessionRequest(reference, HELD_FEN, method, RETURN_URL, "en"))
    if session.state != "entered":
        typed = {"trial": number, "expiry": expiry, "account": "13800000021"}
        entry, faults = read_entry(typed, method, book.clock().date())
        assert entry is not None, faults
        session = book.submit_card(session.session_id, entry)
    assert session.card is not None
    return session.card.token, session.payout_token


@dataclass
class Merchant:
    """The refund service as the sandbox sees it, on Flask's test client."""

    client: FlaskClient
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def post(self, path: str, body: Any, key: str = "", **headers: str) -> TestResponse:
        """Send a request with a key of its own, unless one is given."""
        sent = {
            "Authorization": f"Bearer {SECRET}",
            "Idempotency-Key": key or f"key-{next(self.numbers)}",
            **headers,
        }
        how = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.client.post(path, headers=sent, **how)

    def get(self, path: str) -> TestResponse:
        """Ask with the secret."""
        return self.client.get(path, headers={"Authorization": f"Bearer {SECRET}"})

    def open_session(self, reference: str = "session-1", **changes: Any) -> dict[str, Any]:
        """Open the network's page."""
        answer = self.post("/v1/card-sessions", session_body(reference) | changes)
        assert answer.status_code == 201, answer.text
        return told(answer)

    def card(self, number: str = VISA, reference: str = "session-1", **changes: Any) -> Any:
        """Open a session, have a traveller give this card, and return what the network tells."""
        session = self.open_session(reference, **changes)
        page = f"/card/{session['session_id']}"
        answer = give_card(self.client, page, trial=number, account="13800000021")
        assert answer.status_code == 303, answer.text
        return told(self.get(f"/v1/card-sessions/{session['session_id']}"))


def told(answer: TestResponse) -> dict[str, Any]:
    """Return the object that an answer carries."""
    found: dict[str, Any] = answer.get_json()
    return found


def refusal(answer: TestResponse) -> str:
    """Return the code of a refused request."""
    return str(told(answer)["error"]["code"])


def session_body(reference: str = "session-1") -> dict[str, Any]:
    return {
        "reference": reference,
        "amount_fen": 13446,
        "currency": "CNY",
        "method": "card",
        "return_url": RETURN_URL,
        "language": "en",
    }


def hold_body(card_token: str, reference: str = "hold-1", amount_fen: int = 13446) -> Any:
    return {
        "reference": reference,
        "card_token": card_token,
        "amount_fen": amount_fen,
        "currency": "CNY",
    }


def advance_body(card_token: str, reference: str = "advance-1") -> dict[str, Any]:
    return {**hold_body(card_token, reference), "method": "card"}


def page_token(html: str) -> str:
    found = re.search(r'name="page_token" value="([^"]+)"', html)
    assert found, html
    return found[1]


def give_card(client: FlaskClient, page: str, **typed: str) -> TestResponse:
    """Fill in the network's page as a traveller does and send it."""
    token = page_token(client.get(page).text)
    return client.post(page, data={"page_token": token, "do": "give", **typed})


class Served:
    """The sandbox in its own process, reached over a socket as the service reaches it."""

    def __init__(self, database: Path, port: int, webhook_url: str = "") -> None:
        self.webhook_url = webhook_url
        self.url = f"http://127.0.0.1:{port}"
        self.database = database
        self.port = port
        self.log = database.with_suffix(".log")
        self.http = urllib3.PoolManager(maxsize=16, retries=False, timeout=20)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it answers."""
        settings = SandboxSettings(
            str(self.database),
            SECRET,
            self.url,
            webhook_url=self.webhook_url,
            webhook_secret=WEBHOOK_SECRET,
        )
        code = (
            "import os\n"
            "from refund.sandbox.serve import serve_sandbox\n"
            "from refund.sandbox.settings import settings_from_environment\n"
            f"serve_sandbox(settings_from_environment(os.environ), '127.0.0.1', {self.port})\n"
        )
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code],
                env={**os.environ, **settings_to_environment(settings)},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while not self.answers():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether the sandbox answers."""
        try:
            return self.http.request("GET", f"{self.url}/healthz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the process and return its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(20)

    def post(self, path: str, body: Any, key: str) -> urllib3.BaseHTTPResponse:
        """Send a request over the socket."""
        headers = {"Authorization": f"Bearer {SECRET}", "Idempotency-Key": key}
        return self.http.request("POST", self.url + path, json=body, headers=headers)

    def get(self, path: str) -> Any:
        """Ask over the socket."""
        headers = {"Authorization": f"Bearer {SECRET}"}
        return self.http.request("GET", self.url + path, headers=headers).json()

    def card(self, number: str, reference: str) -> str:
        """Give a card on the network's page and return its token."""
        session = self.post("/v1/card-sessions", session_body(reference), reference).json()
        page = session["page_url"]
        token = page_token(self.http.request("GET", page).data.decode())
        typed = {"page_token": token, "do": "give", "trial": number}
        given = self.http.request("POST", page, fields=typed, redirect=False)
        assert given.status == 303, given.data
        found = self.get(f"/v1/card-sessions/{session['session_id']}")
        return str(found["card"]["token"])


@contextmanager
def served_sandbox(folder: Path, webhook_url: str = "") -> Iterator[Served]:
    """Run a sandbox on a free port and a new book; it is gone at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    served = Served(folder / "sandbox.db", port, webhook_url)
    served.start()
    try:
        yield served
    finally:
        if served.process is not None and served.process.poll() is None:
            served.stop()
        served.http.clear()
