"""What the tests of the officer's pages do at the desk, and what they read from it."""

from __future__ import annotations

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.core.form import Form
from refund.core.signing import code_url
from tests.web.page import Page, check_page
from tests.web.people import PASSWORD
from tests.world import PUBLIC_URL, World


def code_of(form: Form) -> str:
    """What the hand scanner types for a form."""
    return code_url(PUBLIC_URL, form.code)


def scanned(desk: FlaskClient, text: str) -> TestResponse:
    """The service's answer to a scan."""
    token = check_page(desk.get("/customs/")).token
    return desk.post("/customs/scan", data={"form_token": token, "code": text})


def answered(desk: FlaskClient, text: str) -> Page:
    """The page that an officer sees after a scan."""
    response = scanned(desk, text)
    if response.status_code == 303:
        response = desk.get(response.location)
    return check_page(response)


def kind_of(page: Page) -> str:
    """What the whole screen says: go, care, stop or done."""
    return next(e.get("data-answer") or "" for e in page.root.iter() if e.get("data-answer"))


def confirmed(desk: FlaskClient, form: Form) -> TestResponse:
    """Press the large button of a form's page."""
    token = check_page(desk.get("/customs/")).token
    return desk.post(f"/customs/forms/{form.form_id}/confirm", data={"form_token": token})


def events(world: World, form: Form) -> list[str]:
    """What the audit trail of a form has, in order."""
    return [e.kind for e in world.ports.storage.read(lambda tx: tx.events_of(form.form_id))]


def post(desk: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form of the desk with its token; `lines_0_0_quantity` is `lines-0-0-quantity`."""
    token = check_page(desk.get("/customs/sign-in")).token
    typed = {
        name.replace("_", "-", 3) if name.startswith("lines_") else name: text
        for name, text in fields.items()
    }
    return desk.post(path, data={"form_token": token, **typed})


def shown(desk: FlaskClient, path: str) -> Page:
    """A page of the desk."""
    response = desk.get(path)
    assert response.status_code == 200, response.status_code
    return check_page(response)


def actions(page: Page) -> str:
    """Where the forms of a page lead."""
    return " ".join(form.get("action") or "" for form in page.root.iter("form"))


def sign_in_again(desk: FlaskClient) -> FlaskClient:
    """Sign in as the same officer after the session has ended."""
    token = check_page(desk.get("/customs/sign-in")).token
    typed = {"form_token": token, "login": "officer-1", "password": PASSWORD}
    assert desk.post("/customs/sign-in", data=typed).status_code == 303
    return desk
