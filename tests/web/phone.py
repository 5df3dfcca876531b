"""A traveller's phone: what it scans, types, signs and taps, each page checked on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from refund.core.calendar import day_of
from refund.core.form import Channel, Form, Status
from refund.core.ids import claim_code
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.core.people import Actor
from refund.ports import Ports
from refund.services.enrol import goods_master
from refund.services.issue import Draft, issue_form
from refund.simulation.engine.network import BookNetwork
from tests import make
from tests.web.page import Page, check_page
from tests.web.people import CLERK, browser

STROKES = "[[[10,200],[60,120],[120,240],[200,100],[300,220],[400,120],[520,200]]]"


def issued(ports: Ports, number: int = 1, clerk: Actor = CLERK, **changes: Any) -> Form:
    """A form of today over 11,488.00 yuan, a little over 1,000 yuan net."""
    today = day_of(ports.clock.now())
    goods = next(item for item in goods_master(ports) if item.in_scope)
    invoice = Invoice(
        f"2542200000{number:010d}",
        today,
        InvoiceKind.E_INVOICE,
        (InvoiceLine(goods, 1, 11_488_00),),
    )
    draft = replace(Draft(make.traveller(), (invoice,), Channel.INSTANT, "WUH"), **changes)
    form = issue_form(ports, clerk, draft, f"submission-{number}").form
    assert form is not None
    return form


def code_of(ports: Ports, form: Form) -> str:
    """The six digits on the slip."""
    return claim_code(ports.keys.secret("claim"), form.form_id)


def a_wrong_code(ports: Ports, form: Form) -> str:
    """Six other digits."""
    return f"{(int(code_of(ports, form)) + 1) % 1_000_000:06d}"


@dataclass
class Phone:
    """One phone with one form in hand."""

    app: Flask
    ports: Ports
    network: BookNetwork
    form: Form
    language: str = "en"

    def __post_init__(self) -> None:
        """Unpack it."""
        self.client = browser(self.app, self.language)

    @property
    def at(self) -> str:
        """Where the form's pages begin."""
        return f"/traveller/forms/{self.form.form_id}"

    def scan(self) -> Page:
        """Open what the camera opens."""
        return check_page(self.client.get(f"/F/{self.form.code}"))

    def get(self, path: str = "") -> TestResponse:
        """Open one of the form's pages, and follow where it leads."""
        return self.client.get(self.at + path, follow_redirects=True)

    def page(self, path: str = "") -> Page:
        """The page that the phone then shows."""
        return check_page(self.get(path))

    def post(self, path: str, **typed: str) -> TestResponse:
        """Send a form with this browser's token, as an old page would that is still open."""
        return self.client.post(self.at + path, data={"form_token": self.token, **typed})

    @property
    def token(self) -> str:
        """The token that every form in this browser carries."""
        return check_page(self.client.get("/store/sign-in")).token

    @property
    def cookies(self) -> str:
        """This phone's cookies, as it would send them to the same service by another name."""
        names = ("refund_traveller", "refund_form", "refund_language")
        held = [self.client.get_cookie(name) for name in names]
        return "; ".join(f"{one.key}={one.value}" for one in held if one is not None)

    def unlock(self) -> None:
        """Scan, and type the code of the slip."""
        self.scan()
        typed = self.post("/claim-code", claim_code=code_of(self.ports, self.form))
        assert typed.status_code == 303, typed.text

    def details(self, method: str = "card", **typed: str) -> TestResponse:
        """Say who it is and how the money should come."""
        return self.post("/details", **{"document_tail": "5678", "method": method, **typed})

    def sign(self, **typed: str) -> str:
        """Sign; the network's page that opens."""
        signed = self.post("/agreement", **(typed or {"signature": STROKES}))
        assert signed.status_code == 303, signed.text
        return signed.location.rpartition("/")[2]

    def agree(self, method: str = "card") -> str:
        """Everything up to the network's page."""
        self.unlock()
        assert self.details(method).status_code == 303
        return self.sign()

    def give_card(self, session_id: str, number: str = make.VISA) -> str:
        """Give a card on the network's page and come back; where one then confirms."""
        self.network.give_card(session_id, number, "13800000021")
        back = self.client.get(f"{self.at}/card?session={session_id}")
        assert back.status_code == 303
        return str(back.location).removeprefix(self.at)

    def another_card(self, number: str = make.VISA) -> str:
        """Open the network's page once more and give another card; where one then confirms."""
        opened = self.post("/card")
        assert opened.status_code == 303, opened.text
        return self.give_card(opened.location.rpartition("/")[2], number)

    def claim(self, number: str = make.VISA, method: str = "card") -> Page:
        """The whole way; the page that says what became of it."""
        confirm = self.give_card(self.agree(method), number)
        assert self.post(confirm).status_code == 303
        return self.page()


def status(ports: Ports, form: Form) -> Status:
    """Where a form stands now."""
    found = ports.storage.read(lambda tx: tx.form(form.form_id))
    assert found is not None
    return found.status


def paid(network: BookNetwork) -> list[str]:
    """The references of every advance that the network paid."""
    booked = network.kept.operations_after(0)
    return [str(row["reference"]) for row in booked if row["kind"] == "advance"]
