"""What /openapi.json says of the network is what the served network does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from refund.sandbox.openapi import document
from refund.sandbox.openapi_schemas import REFUSALS
from tests.sandbox.world import (
    CHARGE_DECLINED,
    DECLINED,
    MASTERCARD,
    PENDING_PAID,
    SECRET,
    UNIONPAY,
    VISA,
    Merchant,
    Served,
    advance_body,
    hold_body,
    session_body,
)

DOCUMENT = document()
POSTED = [path for path, item in DOCUMENT["paths"].items() if "post" in item]


def described(path: str, method: str) -> dict[str, Any]:
    """The description of a real path's operation."""
    for template, item in DOCUMENT["paths"].items():
        pattern = re.sub(r"\{[a-z_]+\}", "[^/]+", template)
        literal = "{" not in template
        if re.fullmatch(pattern, path) and (literal or path not in DOCUMENT["paths"]):
            found: dict[str, Any] = item[method.lower()]
            return found
    raise LookupError(path)


def error_schema(path: str, status: int) -> dict[str, Any]:
    """What is described of a rejection."""
    response = described(path, "POST")["responses"][str(status)]
    schema: dict[str, Any] = response["content"]["application/json"]["schema"]
    return schema


def fits(value: Any, schema: dict[str, Any]) -> None:
    """Check a value, and say what of it does not fit."""
    whole = {**schema, "components": DOCUMENT["components"]}
    faults = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(whole).iter_errors(value)
    ]
    assert faults == [], value


@dataclass
class Checked:
    """A merchant whose every request and answer is held against the description."""

    served: Served
    seen: set[tuple[str, str, int]] = field(default_factory=set)
    keys: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    def post(self, path: str, body: Any, key: str = "") -> Any:
        """Send a request and give what is told."""
        answer = self.served.post(path, body, key or f"key-{next(self.keys)}")
        told = self._check("POST", path, answer)
        if answer.status < 300:
            content = described(path, "POST")["requestBody"]["content"]
            fits(body, content["application/json"]["schema"])
        return told

    def get(self, path: str) -> Any:
        """Ask and give what is told."""
        headers = {"Authorization": f"Bearer {SECRET}"}
        answer = self.served.http.request("GET", self.served.url + path, headers=headers)
        return self._check("GET", path.partition("?")[0], answer)

    def _check(self, method: str, path: str, answer: Any) -> Any:
        self.seen.add((method, path, answer.status))
        response = described(path, method)["responses"][str(answer.status)]
        kind = answer.headers["Content-Type"].partition(";")[0]
        schema = response["content"][kind]["schema"]
        told = answer.json() if kind == "application/json" else answer.data.decode()
        fits(told, schema)
        return told


def test_the_description_is_sound() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_the_description_names_every_route_and_no_other(sandbox: Flask) -> None:
    served = {
        (method, re.sub(r"<([a-z_]+)>", r"{\1}", rule.rule))
        for rule in sandbox.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        if rule.rule.startswith("/v1")
    }
    paths = DOCUMENT["paths"]
    assert served == {(method.upper(), path) for path in paths for method in paths[path]}


def test_anybody_may_read_the_description(sandbox: Flask) -> None:
    answer = sandbox.test_client().get("/openapi.json")
    assert (answer.status_code, answer.get_json()) == (200, DOCUMENT)


def test_every_answer_of_a_guarantees_life_fits_the_description(served: Served) -> None:
    ask = Checked(served)
    card = served.card(MASTERCARD, "session-1")
    plain = served.card(UNIONPAY, "session-2")
    declined = served.card(DECLINED, "session-3")
    money = {"amount_fen": 100, "currency": "CNY"}
    assert ask.post("/v1/holds", hold_body(card))["state"] == "held"
    ask.post("/v1/holds", hold_body(plain, "plain"))
    assert ask.post("/v1/holds", hold_body(declined, "declined"))["reason"] == "declined"
    ends = {"hold_reference": "hold-1"}
    ask.post("/v1/extensions", {"reference": "x-1", **ends})
    ask.post("/v1/increases", {"reference": "i-1", **ends, **money})
    for path in ("/v1/extensions", "/v1/increases"):
        more = money if path == "/v1/increases" else {}
        refused = ask.post(path, {"reference": path[4:], "hold_reference": "plain", **more})
        assert refused["reason"] in REFUSALS[refused["kind"]]
    ask.post("/v1/releases", {"reference": "r-1", **ends, "part_fen": 100})
    ask.post("/v1/captures", {"reference": "c-1", **ends, **money, "part_fen": 150})
    ask.post("/v1/releases", {"reference": "r-2", **ends})
    assert ask.post("/v1/releases", {"reference": "r-3", **ends})["state"] == "refused"
    assert ask.post("/v1/captures", {"reference": "c-2", **ends, **money})["state"] == "refused"
    firm = served.card(CHARGE_DECLINED, "session-4")
    ask.post("/v1/holds", hold_body(firm, "firm"))
    charge = {"reference": "c-3", "hold_reference": "firm", **money}
    assert ask.post("/v1/captures", charge)["reason"] == "capture_declined"
    for reference in ("hold-1", "plain", "unknown"):
        ask.get(f"/v1/holds/{reference}")
    ask.post("/v1/holds/lookup", {"references": ["hold-1", "unknown"]})
    assert {status for _, _, status in ask.seen} == {200, 201, 402, 404, 409}


def test_every_answer_about_payouts_and_books_fits_the_description(served: Served) -> None:
    ask = Checked(served)
    card, slow = served.card(VISA, "session-1"), served.card(PENDING_PAID, "session-2")
    assert ask.post("/v1/advances", advance_body(card))["state"] == "paid"
    assert ask.post("/v1/refunds", advance_body(slow, "refund-1"))["state"] == "pending"
    ask.post("/v1/advances", {**advance_body(card), "amount_fen": 1})
    ask.post("/v1/advances", advance_body("unknown", "a-2"))
    session = ask.post("/v1/card-sessions", session_body("session-3"))
    ask.get(f"/v1/card-sessions/{session['session_id']}")
    ask.get("/v1/card-sessions/unknown")
    references = {"references": ["advance-1", "refund-1", "unknown"]}
    found = ask.post("/v1/operations/lookup", references)["operations"]
    assert [found[name] and found[name]["state"] for name in references["references"]] == [
        "paid",
        "pending",
        None,
    ]
    for path in (
        *("/v1/operations/advance-1", "/v1/operations/unknown", "/v1/book", "/v1/statements"),
        *(
            "/v1/book/operations?limit=1",
            "/v1/book/operations?limit=x",
            "/v1/statements/2025-07-08",
        ),
    ):
        ask.get(path)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"{}", 422), (b'{"strange": 1, "method": "card"}', 400)],
)
def test_every_rejection_fits_the_description(served: Served, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "Idempotency-Key": "key"}
    for path in POSTED:
        answer = served.http.request("POST", served.url + path, body=body, headers=headers)
        assert answer.status == status, path
        fits(answer.json(), error_schema(path, status))
        nobody = served.http.request("POST", served.url + path, body=body)
        assert nobody.status == 401
        fits(nobody.json(), error_schema(path, 401))


def test_a_body_that_is_too_large_fits_the_description_of_its_refusal(merchant: Merchant) -> None:
    for path in POSTED:
        answer = merchant.post(path, b" " * 20_000)
        assert answer.status_code == 413
        fits(answer.get_json(), error_schema(path, 413))
