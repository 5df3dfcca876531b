"""What the tests of the operator's pages do at the desk, and what they read from it."""

from __future__ import annotations

from collections import Counter

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.core.form import Form
from tests import make
from tests.services import steps
from tests.web.page import Page, check_page
from tests.web.people import PASSWORD
from tests.world import World


def let_in(desk: FlaskClient) -> str:
    """Sign in again, for days have passed; the token of the forms."""
    token = check_page(desk.get("/operator/sign-in")).token
    typed = {"form_token": token, "login": "operator-1", "password": PASSWORD}
    assert desk.post("/operator/sign-in", data=typed).status_code == 303
    return token


def post(desk: FlaskClient, path: str, **fields: object) -> TestResponse:
    """Send a form with its token."""
    token = check_page(desk.get("/operator/sign-in")).token
    response = desk.post(path, data={"form_token": token, **fields})
    if response.status_code == 401:
        response = desk.post(path, data={"form_token": let_in(desk), **fields})
    return response


def shown(desk: FlaskClient, path: str) -> Page:
    """A page as the operator sees it."""
    response = desk.get(path)
    if response.status_code == 302:
        let_in(desk)
        response = desk.get(path)
    assert response.status_code == 200
    return check_page(response)


def another(world: World, number: str, key: str, invoice: str) -> Form:
    """A form of another traveller, with its advance paid."""
    draft = make.draft(invoice, traveller=make.traveller(number))
    return steps.claimed(world, steps.issued(world, draft, key))


def kept(world: World, form: Form | None = None, number: str = "H12345678") -> Form:
    """A form whose traveller has left in time, verified, through the right port."""
    form = steps.verified(world, form)
    steps.departs(world, steps.on(9), number=number)
    return form


def ticket(form: Form, action: str = "release", why: str = "promise_kept") -> str:
    """What the desk's page carries of a proposal."""
    return f"{form.form_id}:{action}:{why}"


def tickets(page: Page, queue: str = "") -> list[str]:
    """What can be ticked on a page, in one queue or in all."""
    root = page.by_id(queue) if queue else page.root
    assert root is not None
    boxes = [e for e in root.iter("input") if e.get("name") == "proposal"]
    return [e.get("value") or "" for e in boxes]


def queue_text(page: Page, queue: str) -> str:
    """All that a queue of the desk says."""
    section = page.by_id(queue)
    assert section is not None
    return " ".join(" ".join(section.itertext()).split())


def settle(desk: FlaskClient, reason: str, *chosen: str) -> TestResponse:
    """Confirm a preview."""
    return post(desk, "/operator/exit/settle", proposal=list(chosen), reason=reason)


def outcomes(page: Page) -> Counter[str]:
    """How many forms ended in which way."""
    found: Counter[str] = Counter()
    for element in page.root.iter("section"):
        if element.get("data-outcome"):
            number = next(element.iter("b"))
            found[element.get("data-outcome") or ""] += int(number.text or "0")
    return found


def figures(page: Page) -> dict[str, str]:
    """The queues of the first page with their counts."""
    found = {}
    for section in page.root.iter("section"):
        if section.get("data-queue"):
            found[section.get("data-queue") or ""] = next(section.iter("b")).text or ""
    return found
