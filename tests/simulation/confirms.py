"""Sixty-four confirmations of one claim whose last bytes are let go together.

Each is a whole request on a connection of its own, but for its last byte; then one thread sends
the last byte on all of them.  Half of the forms are confirmed from one phone, half from four
phones that have given four cards.

    python -m tests.simulation.confirms --forms 100
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from http.client import HTTPResponse
from urllib.parse import urlencode

from refund.core.form import Status
from refund.core.money import format_yuan
from refund.ports import Ports
from refund.web.auth import cookie_name
from tests import make
from tests.journeys.instance import http
from tests.simulation.outcome import engines, keep
from tests.simulation.parts import PROCESSES, SERVICE, Parts, find_form, running
from tests.simulation.phone import ARRIVED
from tests.simulation.slips import Counter, Ready, Slip, bring_to_confirm

CONNECTIONS = 64
PHONES = 4
ANSWER_S = 60.0
ARRIVES_S = 30.0
CARDS = (make.VISA, make.MASTERCARD, "6200000000000005", make.VISA)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a salvo on one form came to.

    Args:
        answers: how many of the sixty-four were which: a status, and where it leads.
        pages: what the form's page says afterwards on each phone.
        spread_ms: from the first last byte to the last one.
    """

    slip: Slip
    answers: Tally[tuple[int, str]]
    pages: frozenset[str]
    spread_ms: float

    def complaints(self) -> Iterator[str]:
        """Tell what is wrong with it."""
        whole = {(303, f"/traveller/forms/{self.slip.form_id}")}
        if set(self.answers) != whole or self.answers.total() != CONNECTIONS:
            yield f"{self.slip.form_id} was answered {dict(self.answers)}"
        if self.pages != {ARRIVED}:
            yield f"{self.slip.form_id} says {sorted(self.pages)}"


@contextmanager
def connections(parts: Parts) -> Iterator[list[socket.socket]]:
    """Open the connections that all salvos are sent on."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                socket.create_connection(("127.0.0.1", parts.port), timeout=ANSWER_S)
            )
            for _ in range(CONNECTIONS)
        ]


def come_to_confirm(parts: Parts, count: int) -> list[tuple[Slip, list[Ready]]]:
    """Issue so many forms and lead phones to their last button, one phone or four a form."""
    counter = Counter()
    with parts.opened() as ports:
        slips = counter.slips(ports, [make.VISA] * count)
        return [(slip, list(_ready(ports, slip, place))) for place, slip in enumerate(slips)]


def _ready(ports: Ports, slip: Slip, place: int) -> Iterator[Ready]:
    for number in range(PHONES if place % 2 else 1):
        yield bring_to_confirm(ports, slip, CARDS[number])


def confirm(
    parts: Parts, lines: Sequence[socket.socket], slip: Slip, phones: Sequence[Ready]
) -> Confirmed:
    """Send each request but for its last byte, then the last bytes together; read the answers."""
    requests = [_request(parts, phone) for phone in phones]
    for place, line in enumerate(lines):
        line.sendall(requests[place % len(requests)][:-1])
    last = [requests[place % len(requests)][-1:] for place in range(len(lines))]
    begun = time.perf_counter()
    for line, byte in zip(lines, last, strict=True):
        line.sendall(byte)
    spread_ms = 1000 * (time.perf_counter() - begun)
    answers = Tally(_answer(line) for line in lines)
    pages = frozenset(_page(parts, phone) for phone in phones)
    return Confirmed(slip, answers, pages, spread_ms)


def _request(parts: Parts, phone: Ready) -> bytes:
    """Look at the last question, as a browser does, and write down what its button sends."""
    cookie = f"{cookie_name('traveller')}={phone.phone}"
    asked = http.request(
        "GET",
        parts.url + phone.path,
        headers={"Cookie": cookie, "Accept-Language": "en"},
        redirect=False,
    )
    assert asked.status == 200, (asked.status, asked.data)
    for line in asked.headers.getlist("Set-Cookie"):
        cookie += f"; {line.partition(';')[0]}"
    fields = {name: unescape(value) for name, value in _HIDDEN.findall(asked.data.decode())}
    body = urlencode(fields)
    assert body
    head = (
        f"POST {phone.path} HTTP/1.1",
        f"Host: 127.0.0.1:{parts.port}",
        f"Cookie: {cookie}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(head) + f"\r\n\r\n{body}").encode()


def _answer(line: socket.socket) -> tuple[int, str]:
    """Read one whole answer, so that the connection can be used again."""
    answer = HTTPResponse(line, method="POST")
    answer.begin()
    answer.read()
    return answer.status, answer.headers.get("Location", "")


def _page(parts: Parts, phone: Ready) -> str:
    """Return the heading of the form's page once nothing is under way, with its sum looked at."""
    cookie = f"{cookie_name('traveller')}={phone.phone}"
    until = time.monotonic() + ARRIVES_S
    while True:
        page = http.request(
            "GET",
            f"{parts.url}/traveller/forms/{phone.form_id}",
            headers={"Cookie": cookie, "Accept-Language": "en"},
        ).data.decode()
        if ARRIVED in page:
            return ARRIVED if format_yuan(phone.net_fen) in page else "another sum"
        if time.monotonic() > until:
            found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
            return found[1] if found else page
        time.sleep(0.05)


def salvos(parts: Parts, count: int) -> list[str]:
    """Confirm so many forms sixty-four times each; what is wrong, nothing when all is well."""
    ready = come_to_confirm(parts, count)
    before = parts.cpu_seconds(SERVICE)
    with connections(parts) as lines:
        done = [confirm(parts, lines, slip, phones) for slip, phones in ready]
    idle = [a for a, b in zip(parts.cpu_seconds(SERVICE), before, strict=True) if a == b]
    wrong = [complaint for one in done for complaint in one.complaints()]
    if idle:
        wrong.append(f"{len(idle)} processes of the service did nothing")
    with parts.opened() as ports:
        wrong += _paid_once(parts, ports, [slip for slip, _ in ready])
    audited = parts.command("audit")
    if audited.returncode != 0:
        wrong.append(f"the audit ends {audited.returncode}: {audited.stdout}{audited.stderr}")
    return wrong


def _paid_once(parts: Parts, ports: Ports, slips: Sequence[Slip]) -> Iterator[str]:
    """Where the network's own book, or ours, has not one payment and one hold of a form."""
    booked = parts.booked(ports)
    for slip in slips:
        due, found = (slip.net_fen,), booked.pop(slip.form_id, None)
        if found is None or (found.paid_fen, found.held_fen) != (due, due):
            yield f"{slip.form_id} of {due}: the network's book has {found}"
        form = find_form(ports, slip.form_id)
        if form is None or form.status is not Status.ADVANCED:
            yield f"{slip.form_id} is {form and form.status.value}"
    yield from (f"{form_id} is nobody's: {found}" for form_id, found in booked.items())


def soak(forms: int) -> list[dict[str, object]]:
    """Confirm so many forms on each engine; what came of it."""
    found: list[dict[str, object]] = []
    with engines() as places:
        for folder, url in places:
            processes = PROCESSES if url else 1
            begun = time.monotonic()
            with running(folder, url, CONNECTIONS // processes) as parts:
                wrong = salvos(parts, forms)
            found.append(
                {
                    "engine": "postgresql" if url else "sqlite",
                    "processes": processes,
                    "forms": forms,
                    "confirmations": forms * CONNECTIONS,
                    "seconds": round(time.monotonic() - begun, 1),
                    "complaints": wrong,
                }
            )
    return found


def main() -> None:
    """Confirm as told, write what came of it to a file, and fail when something went wrong."""
    asked = argparse.ArgumentParser(prog="tests.simulation.confirms", description=__doc__)
    asked.add_argument("--forms", type=int, default=100, help="on each engine")
    given = asked.parse_args()
    began = datetime.now(UTC)
    found = soak(given.forms)
    keep("confirms", began, {"engines": found})
    sys.exit(1 if any(one["complaints"] for one in found) else 0)


if __name__ == "__main__":
    main()
