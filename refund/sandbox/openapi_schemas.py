"""What travels between merchant and network, as the schemas of OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from refund.sandbox.cards import BRANDS
from refund.sandbox.entry import METHODS
from refund.sandbox.journal import CURRENCY, PAGE_MAX
from refund.sandbox.requests import (
    AMOUNT_FEN_MAX,
    HOLD_LOOKUPS_MAX,
    LANGUAGE_PATTERN,
    LOOKUPS_MAX,
    REFERENCE_PATTERN,
)
from refund.sandbox.sessions import PURPOSES

Schema = dict[str, Any]

REFUSALS = {
    "hold": (
        *("declined", "insufficient_funds", "expired_card", "do_not_honour", "restricted_card"),
    ),
    "extend": ("not_extendable", "hold_expired", "hold_already_ended"),
    "increase": ("not_incremental", "declined", "hold_expired", "hold_already_ended"),
    "advance": ("payout_refused", "payout_failed"),
    "refund": ("payout_refused", "payout_failed"),
    "release": ("hold_expired", "hold_already_ended"),
    "capture": ("capture_declined", "hold_expired", "hold_already_ended"),
}
"""Why an operation of each kind can be refused."""

HOLD_STATES = ("held", "released", "captured", "expired", "ended")


def ref(name: str) -> Schema:
    """Point to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def one_of(*values: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(values)}


def thing(required: Schema, optional: Schema | None = None) -> Schema:
    """An object with these fields and no other."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def by_reference(name: str) -> Schema:
    """An object whose fields are references, each with this or null."""
    return {"type": "object", "additionalProperties": _or_null(ref(name))}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _whole(least: int = 0, most: int | None = None) -> Schema:
    limits = {"minimum": least} | ({} if most is None else {"maximum": most})
    return {"type": "integer", **limits}


def _booked(kinds: tuple[str, ...], states: tuple[str, ...], told: Schema) -> Schema:
    """An operation of some kind in some state."""
    required = {
        "reference": ref("Reference"),
        "kind": one_of(*kinds),
        "state": one_of(*states),
        "amount_fen": ref("Fen"),
        "currency": one_of(CURRENCY),
        "at": ref("Moment"),
        "version": _whole(1),
        "changed_at": ref("Moment"),
    }
    return thing(required | told, {"bookings": _whole(1)})


def _refused() -> Schema:
    """What was refused, at once or later, by its kind."""
    states = []
    for kind, reasons in REFUSALS.items():
        refused = _booked((kind,), ("refused",), {"reason": one_of(*reasons)})
        refused["properties"] |= {
            "hold_reference": ref("Reference"),
            "hold_state": one_of(*HOLD_STATES),
            "method": one_of(*METHODS),
            "network_id": ref("Reference"),
        }
        states.append(refused)
    return {"oneOf": states}


_ID = {"network_id": {"$ref": "#/components/schemas/Reference"}}
_HOLD = {"hold_reference": ref("Reference"), "hold_state": one_of(*HOLD_STATES)}
_MONEY = {"amount_fen": ref("Fen"), "currency": one_of(CURRENCY)}
_PAYOUTS = ("advance", "refund")
_METHOD = {"method": one_of(*METHODS)}


def _values() -> dict[str, Schema]:
    return {
        "Reference": {"type": "string", "pattern": f"^{REFERENCE_PATTERN}$"},
        "Fen": _whole(1, AMOUNT_FEN_MAX),
        "Sum": _whole(0),
        "Moment": {
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
        },
        "Day": {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        "Error": thing({"error": thing({"code": ref("Word"), "message": {"type": "string"}})}),
        "Word": {"type": "string", "pattern": "^[a-z_]{1,60}$"},
    }


def _requests() -> dict[str, Schema]:
    reference = {"reference": ref("Reference")}
    address = {"type": "string", "format": "uri", "pattern": r"^https?://[\x21-\x7e]{1,1990}$"}
    language = {"type": "string", "pattern": f"^{LANGUAGE_PATTERN}$"}
    ends = {**reference, "hold_reference": ref("Reference")}
    to_card = thing(
        {**reference, "card_token": ref("Reference"), "method": one_of("card"), **_MONEY}
    )
    methods = [method for method in METHODS if method != "card"]
    to_account = thing(
        {**reference, "payout_token": ref("Reference"), "method": one_of(*methods), **_MONEY}
    )
    return {
        "SessionRequest": thing(
            {**reference, **_MONEY, **_METHOD, "return_url": address, "language": language},
            {"purpose": one_of(*PURPOSES)},
        ),
        "HoldRequest": thing({**reference, "card_token": ref("Reference"), **_MONEY}),
        "ExtensionRequest": thing(ends),
        "IncreaseRequest": thing({**ends, **_MONEY}),
        "PayoutRequest": {"oneOf": [to_card, to_account]},
        "ReleaseRequest": thing(ends, {"part_fen": ref("Fen")}),
        "CaptureRequest": thing({**ends, **_MONEY}, {"part_fen": ref("Fen")}),
        "Lookup": thing({"references": _list(ref("Reference"), LOOKUPS_MAX)}),
        "HoldLookup": thing({"references": _list(ref("Reference"), HOLD_LOOKUPS_MAX)}),
    }


def _list(items: Schema, most: int) -> Schema:
    return {"type": "array", "items": items, "maxItems": most}


def _operations() -> dict[str, Schema]:
    booleans = {"extendable": {"type": "boolean"}, "increments": {"type": "boolean"}}
    held = {
        **_ID,
        "authorisation_code": {"type": "string", "pattern": "^[A-Z2-7]{6}$"},
        "approved_fen": ref("Fen"),
        "expires_at": ref("Moment"),
        "brand": one_of(*BRANDS),
        "last4": {"type": "string", "pattern": "^[0-9]{4}$"},
        **booleans,
    }
    extended = {**_HOLD, **_ID, "expires_at": ref("Moment"), "extendable": {"type": "boolean"}}
    paid = {**_ID, **_METHOD, "paid_at": ref("Moment")}
    released = {**_HOLD, **_ID, "released_fen": ref("Fen"), "released_at": ref("Moment")}
    captured = {
        **_HOLD,
        **_ID,
        "captured_fen": ref("Fen"),
        "released_fen": ref("Sum"),
        "captured_at": ref("Moment"),
    }
    returned = {**paid, "returned_at": ref("Moment")}
    return {
        "Held": _booked(("hold",), ("held",), held),
        "Extended": _booked(("extend",), ("extended",), extended),
        "Increased": _booked(
            ("increase",), ("increased",), {**_HOLD, **_ID, "approved_fen": ref("Fen")}
        ),
        "Pending": _booked(_PAYOUTS, ("pending",), {**_ID, **_METHOD}),
        "Paid": _booked(_PAYOUTS, ("paid",), paid),
        "Returned": _booked(_PAYOUTS, ("returned",), returned),
        "Released": _booked(("release",), ("released",), released),
        "Captured": _booked(("capture",), ("captured",), captured),
        "Refused": _refused(),
        "Operation": {
            "oneOf": [
                ref(name)
                for name in (
                    *("Held", "Extended", "Increased", "Pending", "Paid", "Returned"),
                    *("Released", "Captured", "Refused"),
                )
            ]
        },
    }


def _session_answers() -> dict[str, Schema]:
    card = {
        "token": ref("Reference"),
        "brand": {"type": "string"},
        "last4": {"type": "string"},
        "expiry": {"type": "string"},
    }
    payout = {**_METHOD, "token": ref("Reference"), "label": {"type": "string"}}
    return {
        "OpenedSession": thing(
            {
                "session_id": ref("Reference"),
                "page_url": {"type": "string"},
                "state": ref("Word"),
                "expires_at": ref("Moment"),
            }
        ),
        "Session": thing(
            {
                "session_id": ref("Reference"),
                "reference": ref("Reference"),
                "state": one_of("open", "entered", "cancelled", "expired"),
                "card": _or_null(thing(card)),
                "payout": _or_null(thing(payout)),
            }
        ),
    }


def _found_answers() -> dict[str, Schema]:
    return {
        "HoldState": thing(
            {
                "reference": ref("Reference"),
                "amount_fen": ref("Fen"),
                "state": one_of(*HOLD_STATES),
                "expires_at": ref("Moment"),
                "captured_fen": ref("Sum"),
                "released_fen": ref("Sum"),
                "extendable": {"type": "boolean"},
            }
        ),
        "HoldsFound": thing({"holds": by_reference("HoldState")}),
        "OperationsFound": thing({"operations": by_reference("Operation")}),
    }


def _book_answers() -> dict[str, Schema]:
    listed = {
        "cursor": _whole(1),
        "reference": ref("Reference"),
        "kind": one_of(*REFUSALS),
        "state": ref("Word"),
        "amount_fen": ref("Fen"),
        "at": ref("Moment"),
        "hold_reference": _or_null(ref("Reference")),
        "hold_state": _or_null(one_of(*HOLD_STATES)),
    }
    sums = ("payouts_fen", "returned_fen", "captures_fen", "fees_fen")
    return {
        "Book": thing(
            {
                **{name: ref("Sum") for name in sums},
                "balance_fen": {"type": "integer"},
                "holds_open": ref("Sum"),
                "held_open_fen": ref("Sum"),
                "operations": ref("Sum"),
                "at": ref("Moment"),
            }
        ),
        "OperationList": thing(
            {"operations": _list(thing(listed), PAGE_MAX), "next": _or_null(_whole(1))}
        ),
        "StatementDays": thing(
            {
                "days": {"type": "array", "items": ref("Day")},
                "available_at": {"type": "object", "additionalProperties": ref("Moment")},
            }
        ),
    }


def _events() -> dict[str, Schema]:
    about = {
        "event_id": {"type": "string", "pattern": "^evt_[0-9a-f]{32}$"},
        "merchant": {"type": "string"},
        "created_at": ref("Moment"),
    }
    return {
        "OperationChanged": thing(
            {**about, "type": one_of("operation.changed"), "operation": ref("Operation")}
        ),
        "HoldChanged": thing({**about, "type": one_of("hold.changed"), "hold": ref("HoldState")}),
    }


def schemas() -> dict[str, Schema]:
    """Return every schema by its name."""
    answers = _session_answers() | _found_answers() | _book_answers()
    return {**_values(), **_requests(), **_operations(), **answers, **_events()}
