"""The network's own page for a card or an account: opened, and what was given on it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from refund.core.errors import Refused
from refund.core.operation import CardEntry, CardPage
from refund.core.trail import CardVisit
from refund.ports import NetworkSilent, Ports

Opening = Callable[[str, int, str, str, str], CardPage]
"""One of the network's ways to open a page: reference, fen, method, return address, language."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The page that is asked for; `reference` counts the attempts of one form or claim."""

    reference: str
    form_id: str
    amount_fen: int
    method: str
    return_url: str
    language: str


def open_page(ports: Ports, opening: Opening, wanted: Wanted) -> str:
    """The address of a page of the network's own; which form it is for is noted.

    Raises:
        Refused: `network_unreachable`.
    """
    # Asked for differently, it is another page: an answer that was lost must not block the next.
    words = f"{wanted.method}|{wanted.return_url}|{wanted.language}"
    reference = f"{wanted.reference}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"
    try:
        page = opening(
            reference, wanted.amount_fen, wanted.method, wanted.return_url, wanted.language
        )
    except NetworkSilent:
        raise Refused("network_unreachable") from None
    visit = CardVisit(page.session_id, wanted.form_id, ports.clock.now())
    ports.storage.write(lambda tx: tx.put_card_visit(visit))
    return page.url


def entered(ports: Ports, session_id: str) -> CardEntry:
    """What was given on a page.

    Raises:
        Refused: `card_session_unfinished`, `network_unreachable`.
    """
    try:
        entry = ports.network.card_entry(session_id)
    except NetworkSilent:
        raise Refused("network_unreachable") from None
    if entry is None or entry.state != "entered":
        raise Refused("card_session_unfinished")
    return entry
