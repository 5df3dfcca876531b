"""What travellers carry from the counter, and how they are brought to the last button."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from itertools import count
from urllib.parse import urlencode

from refund.core.form import Form
from refund.core.goods import Goods, load_goods
from refund.core.ids import claim_code
from refund.core.invoice import InvoiceLine
from refund.core.people import Actor, Role
from refund.core.signing import code_url
from refund.places import data_folder
from refund.ports import Ports
from refund.services import claim
from refund.services.issue import issue_form
from refund.services.sign_in import session_hash
from tests import make
from tests.journeys.instance import http

STORES = 3
_TOKEN = re.compile(r'name="page_token" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Slip:
    """A traveller's form on paper, and the card in the pocket.

    Args:
        address: what the phone's camera reads.
        card: the number that is given on the network's page.
    """

    form_id: str
    address: str
    claim_code: str
    document_tail: str
    net_fen: int
    card: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A phone on which nothing is left but to confirm."""

    form_id: str
    phone: str
    session_id: str
    net_fen: int

    @property
    def path(self) -> str:
        """Where the confirmation is sent."""
        return f"/traveller/forms/{self.form_id}/confirm/{self.session_id}"


class Counter:
    """The stores' counters: every purchase is another traveller's, of other prices."""

    def __init__(self) -> None:
        self._numbers = count(1)
        goods = load_goods((data_folder() / "goods.csv").read_text(encoding="utf-8"))
        self._goods: Goods = goods[0]

    def slips(self, ports: Ports, cards: Sequence[str]) -> list[Slip]:
        """Issue a form for each of these cards' holders."""
        return [self._slip(ports, next(self._numbers), card) for card in cards]

    def _slip(self, ports: Ports, number: int, card: str) -> Slip:
        form = self._issue(ports, number)
        scheme, _, rest = code_url(ports.public_url, form.code).partition("://")
        return Slip(
            form_id=form.form_id,
            address=f"{scheme.lower()}://{rest}",
            claim_code=claim_code(ports.keys.secret("claim"), form.form_id),
            document_tail=f"{number:08d}"[-4:],
            net_fen=form.amounts.net_fen,
            card=card,
        )

    def _issue(self, ports: Ports, number: int) -> Form:
        store_number = number % STORES + 1
        clerk = Actor(f"clerk-{store_number}", Role.CLERK, "Clerk", store_number=store_number)
        # No two sums alike among so many, so that money on the wrong form is seen.
        lines = (InvoiceLine(self._goods, 1, 900_00 + 7 * number),)
        invoice = make.invoice(f"25422{number:015d}", lines=lines)
        draft = make.draft(traveller=make.traveller(f"H{number:08d}"), invoices=(invoice,))
        issued = issue_form(ports, clerk, draft, f"kill-{number}")
        assert issued.form is not None, issued.refusals
        return issued.form


def bring_to_card(ports: Ports, slip: Slip) -> str:
    """Lead one phone from the scan to the question for a card; by which word we know it."""
    token, form_id = ports.ids.token(), slip.form_id
    phone = session_hash(token)
    claim.scan(ports, slip.address.upper(), phone)
    claim.enter_claim_code(ports, phone, form_id, slip.claim_code)
    given = make.details(departs_on=None)
    claim.give_details(ports, phone, form_id, given, slip.document_tail)
    claim.sign_agreement(ports, phone, form_id, make.signature(), "en")
    return token


def bring_to_confirm(ports: Ports, slip: Slip, card: str) -> Ready:
    """Lead one phone to the last button, its card given on the network's page."""
    token, form_id = bring_to_card(ports, slip), slip.form_id
    phone = session_hash(token)
    back = f"{ports.public_url}/traveller/forms/{form_id}/card"
    page_url = claim.open_card_page(ports, phone, form_id, back, "en")
    give_card(page_url, card)
    return Ready(form_id, token, page_url.rpartition("/")[2], slip.net_fen)


def give_card(page_url: str, number: str) -> None:
    """Give a card on the network's own page."""
    found = _TOKEN.search(http.request("GET", page_url).data.decode())
    assert found is not None, page_url
    fields = {"page_token": unescape(found[1]), "trial": number, "do": "give"}
    given = http.request(
        "POST",
        page_url,
        body=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        redirect=False,
    )
    assert given.status == 303, given.data
