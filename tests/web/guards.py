"""Every route of the service with every id it may be asked for, made from the map of addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from refund.core.form import Form
from refund.core.people import Actor
from refund.ports import Ports
from refund.services.claim import scan
from refund.services.issue import issue_form
from refund.services.sign_in import session_hash
from refund.web import AUDIENCES
from refund.web.security import FIELD
from tests import make
from tests.web.people import CLERK, CLERK_OF_ANOTHER_STORE

UNKNOWN_ID = "00000000000000ff"
NOBODYS_CODE = "A" * 136
PHONE = "a phone that scanned the form of store 1"
OTHER_PHONE = "a phone that scanned the form of store 2"
OTHERS = {
    "session_id": "card_nobody",
    "filename": "x",
    "joint_id": UNKNOWN_ID,
    "month": "2025-06",
    "entry_key": "nothing",
    "name": "cash_fen_max",
    "store_number": "1",
    "act": "suspend",
    "port": "WUH",
    "till_id": "nothing",
    "receipt_number": "WUH-250708-0001",
    "case_id": UNKNOWN_ID,
    "decision_id": UNKNOWN_ID,
    "share_id": UNKNOWN_ID,
    "job_id": "nothing",
    "fix": "explain",
    "counter": "0001-AAAAAAAAAAAAAAAA",
    "fill_in_id": UNKNOWN_ID,
    "invoice_number": "25422000000000009999",
    "staff_id": "nobody",
    "deed": "disable",
    "what": "forms",
    "desk": "nobody",
    "drill_id": "nothing",
    "number": "999",
    "person": "nobody",
    "card": "nothing",
    "deal_id": "999",
}
"""What the other parts of addresses may be; nobody has these."""
GUARDS = {pages.name: guard for pages, _, guard in AUDIENCES}
PREFIXES = {pages.name: prefix for pages, prefix, _ in AUDIENCES}


@dataclass(frozen=True, slots=True)
class Route:
    """One address with one method, and who may use it."""

    rule: Rule
    method: str
    guard: str

    @property
    def name(self) -> str:
        """How a failure names it."""
        return f"{self.method} {self.rule.rule}"

    @property
    def names_a_form(self) -> bool:
        """Whether the address says which form it is about."""
        return "form_id" in self.rule.arguments

    def path(self, form_id: str = UNKNOWN_ID, code: str = NOBODYS_CODE) -> str:
        """The address for a form; a part that is not known here fails the test."""
        values = {**OTHERS, "form_id": form_id, "code": code}
        path = self.rule.rule
        for argument in self.rule.arguments:
            assert argument in values, f"{self.name}: say here what <{argument}> may be"
            part = next(p for p in path.split("/") if argument in p and p.startswith("<"))
            path = path.replace(part, values[argument])
        return path

    def ask(self, client: FlaskClient, path: str = "", token: str = "") -> tuple[int, bytes]:
        """Ask for it, with the form's token when it is posted; how it ended and what it said."""
        data = {FIELD: token} if self.method != "GET" else None
        answer = client.open(path or self.path(), method=self.method, data=data)
        return answer.status_code, answer.data


@dataclass(frozen=True, slots=True)
class Forms:
    """A form of each of two stores."""

    ours: Form
    foreign: Form


def routes(app: Flask) -> list[Route]:
    """Every route but the static files, with its guard; one without a guard fails the test."""
    return [
        Route(rule, method, guard_of(app, rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})
        if rule.endpoint != "static"
    ]


def guard_of(app: Flask, rule: Rule) -> str:
    """Who may see a rule's pages: a role, `traveller`, `network`, or `open`.

    What is the learners' is the trainers' too.
    """
    audience = rule.endpoint.partition(".")[0]
    assert audience in GUARDS, f"{rule.rule} has no declared guard"
    marked = getattr(app.view_functions[rule.endpoint], "open_to_all", False)
    if GUARDS[audience] == "network":
        assert getattr(app.view_functions[rule.endpoint], "signed_by_network", False), rule.rule
    elif GUARDS[audience] == "open":
        assert marked, f"{rule.rule} stands outside the audiences and is not declared open"
    else:
        assert app.before_request_funcs.get(audience), f"the pages of {audience} have no guard"
        assert rule.rule.startswith(PREFIXES[audience] + "/") or marked, rule.rule
        learns = getattr(app.view_functions[rule.endpoint], "for_learners", False)
        if audience == "lab" and learns:
            return "open" if marked else "learner"
    return "open" if marked else GUARDS[audience]


def of_guard(app: Flask, *guards: str) -> Iterator[Route]:
    """The routes of some guards."""
    return (route for route in routes(app) if route.guard in guards)


def issue_one(ports: Ports, clerk: Actor, number: str) -> Form:
    """Issue a form for a traveller from Hong Kong."""
    issued = issue_form(ports, clerk, make.draft(number), f"key-{number}")
    assert issued.form is not None, issued.refusals
    return issued.form


def two_forms(ports: Ports) -> Forms:
    """Issue a form in each of two stores, and let a phone scan each."""
    forms = Forms(
        issue_one(ports, CLERK, "25422000000000000001"),
        issue_one(ports, CLERK_OF_ANOTHER_STORE, "25422000000000000002"),
    )
    for token, form in ((PHONE, forms.ours), (OTHER_PHONE, forms.foreign)):
        scan(ports, f"{ports.public_url}/F/{form.code}", session_hash(token))
    return forms
