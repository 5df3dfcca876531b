"""What a clerk does at the counter, as a browser sends it."""

from __future__ import annotations

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.web.security import FIELD
from tests.web.page import Page, check_page

PERMIT = """CRCHNH123456783<<<<<<<<<<<<<<<
8001014M3001019CHN<<<<<<<<<<<6
LI<<KA<MING<<<<<<<<<<<<<<<<<<<"""
PASSPORT = """P<JPNTANAKA<<HARUKA<<<<<<<<<<<<<<<<<<<<<<<<<
TK12345671JPN9102033F3102031<<<<<<<<<<<<<<<4"""
INVOICE = "25422000000012345678"

PURCHASE = {
    "mrz": PERMIT,
    "local_name": "李嘉明",
    "last_entry": "2025-07-01",
    "invoices-0-number": INVOICE,
    "invoices-0-day": "2025-07-08",
    "invoices-0-kind": "e_invoice",
    "lines-0-invoice": "0",
    "lines-0-goods": "BAG01",
    "lines-0-specification": "",
    "lines-0-quantity": "1",
    "lines-0-unit_price": "1494.00",
    "channel": "instant",
    "port": "WUH",
}
"""A purchase of 1,494.00 yuan at 13 %: 134.46 come back."""

BY_FIELDS = {
    "mrz": "",
    "document_kind": "passport",
    "document_number": "TK1234567",
    "nationality": "JPN",
    "latin_name": "Tanaka Haruka",
    "birth": "1991-02-03",
    "document_expiry": "2031-02-03",
}
"""The same traveller as PASSPORT, in the fields."""


def open_issue(clerk: FlaskClient) -> Page:
    """Open a new page for a form."""
    return check_page(clerk.get("/store/issue"))


def send(clerk: FlaskClient, button: str = "issue", **changes: str) -> TestResponse:
    """Open a page, type the purchase with some changes, and press a button."""
    return send_from(open_issue(clerk), clerk, button, changes)


def send_from(page: Page, clerk: FlaskClient, button: str, changes: dict[str, str]) -> TestResponse:
    """Type the purchase with some changes on a page that is open, and press a button.

    Names are written as in Python: `lines_0_goods` is `lines-0-goods`.
    """
    typed = {**PURCHASE, FIELD: page.token, "submission": page.value("submission"), button: "yes"}
    for name, text in changes.items():
        group = name.startswith(("lines_", "invoices_"))
        typed[name.replace("_", "-", 2) if group else name] = text
    return clerk.post("/store/issue", data=typed)


def issue(clerk: FlaskClient, **changes: str) -> str:
    """Issue a form; return where its page is."""
    response = send(clerk, **changes)
    assert response.status_code == 303, response.get_data(as_text=True)
    return response.headers["Location"]


def post(clerk: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Post from a page of ours."""
    return clerk.post(path, data={FIELD: open_issue(clerk).token, **fields})
