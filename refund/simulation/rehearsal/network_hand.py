"""The hand in the network: what is done on its own pages, in its process or in this one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from http.cookies import SimpleCookie
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from refund.core.errors import Refused
from refund.sandbox.faults import Fault
from refund.sandbox.network import Book
from refund.sandbox.settings import LOOPBACK_HOSTS
from refund.simulation.runs.acts import gives_card_in

SECONDS = 10.0
_PAGE_TOKEN = re.compile(r'name="page_token" value="([^"]*)"')
_FORM_TOKEN = re.compile(r'name="form_token" value="([^"]*)"')
_SEE_OTHER = 303
_FORM = "application/x-www-form-urlencoded"


class NetworkHand(Protocol):
    """What people do at the network itself: a traveller on its page, a trainer at its controls."""

    def give(self, session_id: str, number: str, account: str) -> None:
        """Fill in the network's page for a card or an account.

        Raises:
            Refused: `card_session_unfinished` where the page does not take it.
        """
        ...

    def switch_on(self, fault: Fault) -> None:
        """Let something go wrong from now on.

        Raises:
            Refused: `network_unreachable`.
        """
        ...

    def end_hold(self, reference: str) -> None:
        """Do what a card's bank may do: end a hold that stands.

        Raises:
            Refused: `network_unreachable`, also for a hold that does not stand any more.
        """
        ...


class HandInBook:
    """The hand in a network that plays in this process, straight in its book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.give = gives_card_in(book)

    def switch_on(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self._book.faults.switch_on(fault)

    def end_hold(self, reference: str) -> None:
        """End a hold that stands."""
        hold = self._book.hold_state(reference)
        if hold is None or hold["state"] != "held":
            raise Refused("network_unreachable")
        self._book.end_hold_early(reference)


class HandOverHttp:
    """The hand in a network of another process on this machine, as a browser reaches it.

    Args:
        origin: where the network answers.
        password: of its control page.

    Raises:
        ValueError: the origin is not on this machine.
    """

    def __init__(self, origin: str, password: str) -> None:
        if urlsplit(origin).hostname not in LOOPBACK_HOSTS:
            raise ValueError("the network of a rehearsal is on this machine")
        self._origin = origin.rstrip("/")
        self._password = password
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(SECONDS))

    def give(self, session_id: str, number: str, account: str) -> None:
        """Fill in the network's page for a card or an account."""
        page = f"{self._origin}/card/{quote(session_id, safe='')}"
        _, shown, _ = self._asked("GET", page)
        token = _PAGE_TOKEN.search(shown)
        if token is None:
            raise Refused("card_session_unfinished")
        fields = {"page_token": unescape(token[1]), "do": "give"}
        fields |= {"trial": number} if number else {}
        fields |= {"account": account} if account else {}
        status, _, _ = self._asked("POST", page, fields)
        if status != _SEE_OTHER:
            raise Refused("card_session_unfinished")

    def switch_on(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self._control(
            {
                "do": "switch_on",
                "name": fault.name,
                "last4": fault.last4,
                "kind": fault.kind,
                "percent": f"{fault.probability_bp / 100:.2f}",
                "seed": str(fault.seed),
                "times": "" if fault.times is None else str(fault.times),
            }
        )

    def end_hold(self, reference: str) -> None:
        """End a hold that stands."""
        self._control({"do": "end_hold", "reference": reference})

    def _control(self, doing: Mapping[str, str]) -> None:
        """Press a button of the control page, signed in for it alone."""
        page = f"{self._origin}/control"
        _, shown, cookie = self._asked("GET", page)
        given = {"do": "sign_in", "password": self._password, **_token_of(shown)}
        _, _, cookie = self._asked("POST", page, given, cookie)
        _, shown, cookie = self._asked("GET", page, cookie=cookie)
        status, _, _ = self._asked("POST", page, {**doing, **_token_of(shown)}, cookie)
        if status != _SEE_OTHER:
            raise Refused("network_unreachable")

    def _asked(
        self, method: str, url: str, fields: Mapping[str, str] | None = None, cookie: str = ""
    ) -> tuple[int, str, str]:
        """The status and the text of an answer, and the cookie that the next request brings."""
        headers = {"Cookie": cookie} if cookie else {}
        body = None
        if fields is not None:
            body, headers["Content-Type"] = urlencode(fields), _FORM
        try:
            answer = self._http.request(method, url, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            raise Refused("network_unreachable") from None
        kept = SimpleCookie(answer.headers.get("Set-Cookie", ""))
        brought = "; ".join(f"{name}={one.value}" for name, one in kept.items())
        return answer.status, answer.data.decode(errors="replace"), brought or cookie


def _token_of(shown: str) -> dict[str, str]:
    """The token of a form of the control page.

    Raises:
        Refused: `network_unreachable` where it is another page.
    """
    found = _FORM_TOKEN.search(shown)
    if found is None:
        raise Refused("network_unreachable")
    return {"form_token": unescape(found[1])}
