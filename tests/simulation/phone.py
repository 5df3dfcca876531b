"""A traveller's phone without a screen: it does what a page asks, and repeats what is lost."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from html import unescape
from http.client import HTTPConnection, HTTPException
from random import Random
from urllib.parse import urlencode, urljoin, urlsplit

from refund.core.money import format_yuan
from refund.web.auth import cookie_name
from tests.simulation.slips import Slip

ANSWER_S = 12.0
"""How long a phone waits for an answer before it repeats."""

PAUSE_S = 0.5
"""How long it waits before it repeats or looks again, give or take a half; where it is told that
something does not answer, twice as long."""

ARRIVED = "The money has arrived"
ENDS = {
    ARRIVED: "advanced",
    "The card was declined": "declined",
    "Your refund is paid at departure": "ordinary",
}
"""Headings after which a traveller puts the phone away."""

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_ACTION = re.compile(r'action="([^"]+)"')


class Surprise(AssertionError):
    """A page that no traveller should ever see."""


class Pulse:
    """How many requests all phones have made so far, answered or lost; others wait for a number.

    Args:
        phones: how many there are.
    """

    def __init__(self, phones: int) -> None:
        self._beats = 0
        self._phones = phones
        self._changed = threading.Condition()

    def beat(self) -> None:
        """Count one request."""
        with self._changed:
            self._beats += 1
            self._changed.notify_all()

    def leave(self) -> None:
        """Count one phone less."""
        with self._changed:
            self._phones -= 1
            self._changed.notify_all()

    def reaches(self, beats: int) -> bool:
        """Wait until there were so many, or no phone is left; whether there were."""
        with self._changed:
            self._changed.wait_for(lambda: self._beats >= beats or not self._phones)
            return self._beats >= beats


class Phone:
    """One traveller with one form.

    Args:
        slip: the form and the card.
        pulse: counts the requests of all phones.
        chance: of this phone alone.
        until: the moment of the monotonic clock at which patience ends.
    """

    def __init__(self, slip: Slip, pulse: Pulse, chance: Random, until: float) -> None:
        self.slip = slip
        self.counts: Counter[str] = Counter()
        self.trace: list[str] = []
        self._pulse = pulse
        self._chance = chance
        self._until = until
        self._begins_at = slip.address
        self._at, self._page, self._status = "", "", 0
        self._cookies: dict[str, dict[str, str]] = {}
        self._connections: dict[str, HTTPConnection] = {}

    def knows(self, token: str, path: str = "") -> None:
        """Go on from where a phone of this word has got to, instead of the scan.

        Args:
            token: by which the service knows the phone.
            path: of the page that is open on it; else it is the form's own.
        """
        self._cookies[urlsplit(self.slip.address).netloc] = {cookie_name("traveller"): token}
        self._begins_at = urljoin(self._form_url, path)

    def claims(self, begins_at: float) -> str:
        """Go from the first page to an end, whatever happens meanwhile; which end it is.

        Raises:
            Surprise: a page that should not be, or no end in time.
        """
        while (left := begins_at - time.monotonic()) > 0:
            time.sleep(left)
        try:
            self._open(self._begins_at)
            while not (end := self._does_what_it_reads()):
                continue
            return end
        finally:
            self._put_away()
            self._pulse.leave()

    def still_reads(self, until: float) -> str:
        """Open the form's page once more, after everything; which end it tells."""
        self._until = until
        self._open(self._form_url)
        self._put_away()
        return self._end()

    @property
    def _form_url(self) -> str:
        parts = urlsplit(self.slip.address)
        return f"{parts.scheme}://{parts.netloc}/traveller/forms/{self.slip.form_id}"

    def _end(self) -> str:
        end = ENDS.get(self._heading, "")
        if end == "advanced" and format_yuan(self.slip.net_fen) not in self._page:
            raise self._surprise("another sum")
        return end

    def _does_what_it_reads(self) -> str:
        """Take the next step that the open page asks for; the end that it tells, or nothing."""
        path = urlsplit(self._at).path
        if self._status != 200:
            self.counts[f"told {self._status}"] += 1
            self._looks_again()
        elif end := self._end():
            return end
        elif path.startswith("/card/"):
            self._at_the_network()
        elif action := self._action("/claim-code"):
            self._send(action, claim_code=self.slip.claim_code)
        elif path.endswith("/details"):
            self._send(self._at, document_tail=self.slip.document_tail, method="card")
        elif path.endswith("/agreement") and 'name="signed_name"' in self._page:
            self._send(self._at, signed_name="CHAN TAI MAN")
        elif path.endswith("/card"):
            self._send(self._action("/card"))
        elif "/confirm/" in path:
            self.counts["claims"] += 1
            self._send(self._at)
        elif self._heading == "The money could not be paid":
            self._send(self._action("/ordinary"))
        else:
            self._looks_again()
        return ""

    def _at_the_network(self) -> None:
        """Give the card, or go back from a page on which it was given."""
        if "page_token" in self.hidden:
            self._send(self._at, trial=self.slip.card, do="give")
        else:
            self._open(self._form_url)

    def _looks_again(self) -> None:
        self.counts["looked again"] += 1
        is_told = self._status != 200
        self._rests(2 if is_told else 1)
        self._open(self._at if is_told else self._form_url)

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the open page."""
        return {name: unescape(value) for name, value in _HIDDEN.findall(self._page)}

    @property
    def _heading(self) -> str:
        found = _HEADING.search(self._page)
        return unescape(found[1].strip()) if found else ""

    def _action(self, ending: str) -> str:
        """Where the form of this page that ends so is sent."""
        return next((found for found in _ACTION.findall(self._page) if found.endswith(ending)), "")

    def _open(self, address: str) -> None:
        self._go("GET", address, "")

    def _send(self, address: str, **typed: str) -> None:
        self._go("POST", address, urlencode({**self.hidden, **typed}))

    def _go(self, method: str, address: str, body: str) -> None:
        address = urljoin(self._at, address)
        while True:
            status, location = self._asks_until_answered(method, address, body)
            if status in (302, 303):
                method, body, address = "GET", "", urljoin(address, location)
                continue
            self._at, self._status = address, status
            self.trace.append(f"{method} {urlsplit(address).path} {status} {self._heading}")
            if status not in (200, 429, 503):
                raise self._surprise("a page that should not be")
            return

    def _asks_until_answered(self, method: str, address: str, body: str) -> tuple[int, str]:
        """Send a request, and the same again as long as the connection is lost."""
        while True:
            if time.monotonic() > self._until:
                raise self._surprise("no end in time")
            try:
                return self._asks(method, address, body)
            except (OSError, HTTPException) as error:
                self.counts["lost"] += 1
                self.trace.append(f"{method} {urlsplit(address).path} lost: {error!r}")
                self._connections.pop(urlsplit(address).netloc).close()
                self._rests()
            finally:
                self._pulse.beat()

    def _asks(self, method: str, address: str, body: str) -> tuple[int, str]:
        parts = urlsplit(address)
        cookies = self._cookies.setdefault(parts.netloc, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        headers["Accept-Language"] = "en"
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = self._connections.setdefault(
            parts.netloc, HTTPConnection(parts.netloc, timeout=ANSWER_S)
        )
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body.encode() or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.counts["requests"] += 1
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        self._page = content.decode()
        return answer.status, answer.headers.get("Location", "")

    def _rests(self, times: int = 1) -> None:
        until = time.monotonic() + times * PAUSE_S * self._chance.uniform(0.5, 1.5)
        while (left := until - time.monotonic()) > 0:
            time.sleep(left)

    def _put_away(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _surprise(self, what: str) -> Surprise:
        told = "\n".join(self.trace[-30:])
        return Surprise(f"{what} on form {self.slip.form_id}, at {self._at}:\n{told}")
