"""The network's protocol in OpenAPI 3.1, as it is served beside the network."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from refund import __version__
from refund.sandbox.answers import written
from refund.sandbox.journal import PAGE_MAX
from refund.sandbox.openapi_schemas import Schema, ref, schemas

described = Blueprint("openapi", __name__)

_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Within 24 hours the same key gets the same bytes again, then it is forgotten.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
}
_REPLAYED: Schema = {"Idempotent-Replayed": {"schema": {"type": "string", "enum": ["true"]}}}
_LATER: Schema = {"Retry-After": {"schema": {"type": "string", "pattern": "^[0-9]{1,9}$"}}}


@described.get("/openapi.json")
def openapi() -> Response:
    """Describe the protocol; nobody needs a secret to read it."""
    return Response(written(document()), content_type="application/json")


def document() -> dict[str, Any]:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The sandbox card network",
            "version": __version__,
            "description": "A simulation: no real bank, no real money.",
        },
        "security": [{"merchant": []}],
        "paths": _sessions() | _holds() | _payouts() | _ends() | _lookups() | _books(),
        "webhooks": {
            "operation.changed": {"post": _event("OperationChanged", "An operation changed")},
            "hold.changed": {"post": _event("HoldChanged", "A hold ended by itself")},
        },
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"merchant": {"type": "http", "scheme": "bearer"}},
        },
    }


def _sessions() -> dict[str, Any]:
    return {
        "/v1/card-sessions": _post(
            "Open the page on which a traveller gives a card",
            "SessionRequest",
            {201: "OpenedSession", 409: "Error"},
        ),
        "/v1/card-sessions/{session_id}": _get(
            "What became of a page", {200: "Session", 404: "Error"}, "session_id"
        ),
    }


def _holds() -> dict[str, Any]:
    refused = {402: "Refused", 404: "Error", 409: "Refused,Error"}
    return {
        "/v1/holds": _post(
            "Reserve an amount on a card",
            "HoldRequest",
            {201: "Held", 402: "Refused", 404: "Error", 409: "Error"},
        ),
        "/v1/holds/{reference}": _get(
            "Where a hold stands now", {200: "HoldState", 404: "Error"}, "reference"
        ),
        "/v1/holds/lookup": _post(
            "Where many holds stand now", "HoldLookup", {200: "HoldsFound"}, keyed=False
        ),
        "/v1/extensions": _post(
            "Let a hold last longer", "ExtensionRequest", {201: "Extended", **refused}
        ),
        "/v1/increases": _post(
            "Let a hold stand for more", "IncreaseRequest", {201: "Increased", **refused}
        ),
    }


def _payouts() -> dict[str, Any]:
    answers = {201: "Paid", 202: "Pending", 402: "Refused", 404: "Error", 409: "Error"}
    return {
        "/v1/advances": _post("Pay an advance out", "PayoutRequest", answers),
        "/v1/refunds": _post("Pay an ordinary refund out", "PayoutRequest", answers),
    }


def _ends() -> dict[str, Any]:
    refused = {402: "Refused", 404: "Error", 409: "Refused,Error"}
    return {
        "/v1/releases": _post(
            "Give a hold back, all or a part", "ReleaseRequest", {201: "Released", **refused}
        ),
        "/v1/captures": _post(
            "Charge a hold, all or a part", "CaptureRequest", {201: "Captured", **refused}
        ),
    }


def _lookups() -> dict[str, Any]:
    return {
        "/v1/operations/{reference}": _get(
            "How an operation stands now", {200: "Operation", 404: "Error"}, "reference"
        ),
        "/v1/operations/lookup": _post(
            "How many operations stand now", "Lookup", {200: "OperationsFound"}, keyed=False
        ),
    }


def _books() -> dict[str, Any]:
    listing = _get("The booked operations in their order", {200: "OperationList", 422: "Error"})
    listing["get"]["parameters"] = [
        {"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0}},
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 0, "maximum": PAGE_MAX},
        },
    ]
    statement = _get("The statement of a day", {404: "Error"}, "day")
    statement["get"]["responses"]["200"] = {
        "description": "CSV, a line at a time",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
    return {
        "/v1/book": _get("The sums of the whole book", {200: "Book"}),
        "/v1/book/operations": listing,
        "/v1/statements": _get("The days that are over", {200: "StatementDays"}),
        "/v1/statements/{day}": statement,
    }


def _post(
    summary: str, request: str, answers: dict[int, str], *, keyed: bool = True
) -> dict[str, Any]:
    """Describe a POST; under a key there are more ways to be rejected."""
    known = {400: "Error", 401: "Error", 413: "Error", 422: "Error", 500: "Error"}
    limited = {409: "Error", 429: "Error", 503: "Error"} if keyed else {}
    operation: dict[str, Any] = {
        "summary": summary,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref(request)}},
        },
        "responses": _responses({**known, **limited, **answers}, keyed=keyed),
    }
    return {"post": operation | ({"parameters": [_KEY]} if keyed else {})}


def _get(summary: str, answers: dict[int, str], parameter: str = "") -> dict[str, Any]:
    """Describe a GET, with the parameter of its path where it has one."""
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": _responses({401: "Error", **answers}, keyed=False),
    }
    if parameter:
        schema = ref("Day") if parameter == "day" else ref("Reference")
        named = {"name": parameter, "in": "path", "required": True, "schema": schema}
        operation["parameters"] = [named]
    return {"get": operation}


def _responses(answers: dict[int, str], *, keyed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in sorted(answers):
        names = answers[status].split(",")
        schema = ref(names[0]) if len(names) == 1 else {"oneOf": [ref(name) for name in names]}
        found[str(status)] = {
            "description": " or ".join(names),
            "content": {"application/json": {"schema": schema}},
        }
        if status in {409, 429, 503}:
            found[str(status)]["headers"] = _LATER
        elif keyed and status in {201, 202, 402}:
            found[str(status)]["headers"] = _REPLAYED
    return found


def _event(schema: str, summary: str) -> dict[str, Any]:
    """Describe an event that the network sends."""
    signed = {
        "name": "Network-Signature",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": "^t=[0-9]+,v1=[0-9a-f]{64}$"},
    }
    return {
        "summary": summary,
        "parameters": [signed],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref(schema)}},
        },
        "responses": {"2XX": {"description": "Taken; whatever else is answered, it comes again"}},
    }
