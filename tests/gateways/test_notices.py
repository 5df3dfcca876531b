"""Notices of the network: what is forged, changed, old, another's or not strict is not believed."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.gateways.notices import (
    BODY_BYTES_MAX,
    TOLERANCE,
    SignedNotices,
    webhook_secret,
)
from refund.ports import NoticeRefused
from refund.sandbox.webhooks import signature as signed_there
from tests import make

SECRET = b"0123456789abcdef0123456789abcdef"
NOTICES = SignedNotices(SECRET)
NOW = make.NOON
OPERATION = {
    "reference": "00000000000000f1-advance-1",
    "kind": "advance",
    "state": "paid",
    "amount_fen": 13446,
    "currency": "CNY",
    "at": "2025-07-08T04:00:00.000Z",
    "version": 2,
    "network_id": "advance_1",
}
HOLD = {
    "reference": "00000000000000f1-hold-1",
    "amount_fen": 13446,
    "state": "ended",
    "expires_at": "2025-08-07T04:00:00.000Z",
    "captured_fen": 0,
    "released_fen": 0,
    "extendable": False,
}
EVENT = {
    "event_id": "evt_0123456789abcdef0123456789abcdef",
    "type": "operation.changed",
    "merchant": "refund",
    "created_at": "2025-07-08T04:00:00.000Z",
    "operation": OPERATION,
}


def body(**changes: object) -> bytes:
    """A notice, but for what the test changes; None leaves a field out."""
    told = {name: value for name, value in {**EVENT, **changes}.items() if value is not None}
    return json.dumps(told).encode()


def signed(text: bytes, at: datetime = NOW, secret: bytes = SECRET) -> str:
    """The header that the network sends with it."""
    return signed_there(webhook_secret(secret), int(at.timestamp()), text)


def refusal(signature: str, text: bytes, at: datetime = NOW) -> str:
    """Why a notice is not believed, or nothing."""
    try:
        NOTICES.read(signature, text, at)
    except NoticeRefused as refused:
        return refused.code
    return ""


def test_what_the_network_signed_is_believed_to_be_about_something_and_no_more() -> None:
    text = body()
    event = NOTICES.read(signed(text), text, NOW)
    assert (event.event_id, event.kind) == (EVENT["event_id"], "operation.changed")
    assert (event.reference, event.version) == (OPERATION["reference"], 2)
    assert (event.received_at, event.outcome) == (NOW, "")
    told = body(type="hold.changed", operation=None, hold=HOLD)
    event = NOTICES.read(signed(told), told, NOW)
    assert (event.kind, event.reference, event.version) == ("hold.changed", HOLD["reference"], 0)


@pytest.mark.parametrize("secret", [b"another" * 5, b"", SECRET[:-1], SECRET.hex().encode()])
def test_a_notice_signed_by_another_secret_is_forged(secret: bytes) -> None:
    text = body()
    assert refusal(signed(text, secret=secret), text) == "unsigned"


def test_a_notice_signed_by_the_bare_digits_of_something_else_is_forged() -> None:
    text, seconds = body(), int(NOW.timestamp())
    for content in (text, f"{seconds}".encode() + text, text + f".{seconds}".encode()):
        proof = hmac.digest(webhook_secret(SECRET).encode(), content, hashlib.sha256).hex()
        assert refusal(f"t={seconds},v1={proof}", text) == "unsigned"


@given(st.integers(0, len(body()) - 1), st.integers(1, 255))
def test_no_byte_of_a_signed_notice_can_be_changed(place: int, other: int) -> None:
    text = bytearray(body())
    header = signed(bytes(text))
    text[place] ^= other
    assert refusal(header, bytes(text)) == "unsigned"


@given(st.integers(0, len(body()) - 1))
def test_no_notice_can_be_cut_short(length: int) -> None:
    text = body()
    assert refusal(signed(text), text[:length]) == "unsigned"


def test_the_header_says_one_moment_and_one_proof_and_nothing_else() -> None:
    text = body()
    good = signed(text)
    moment, proof = good.split(",")
    wrong = [
        "",
        moment,
        proof,
        f"{proof},{moment}",
        f"{good},{proof}",
        f"{moment},{good}",
        f"{good},v0=00",
        good.replace("v1=", "v0="),
        good.upper(),
        f" {good}",
        f"{good}\n",
        good.replace("t=", "t=+"),
        good.replace("t=", "t=0"),
        good.replace("t=1", "t=１"),
        f"{moment}.0,{proof}",
        f"{moment},{proof[:-1]}",
        f"t={'9' * 400},{proof}",
    ]
    for header in wrong:
        assert refusal(header, text) == "unsigned", header
    assert refusal(good, text) == ""


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_notice_signed_more_than_five_minutes_from_now_is_stale(sign: int) -> None:
    text = body()
    header = signed(text, NOW + sign * TOLERANCE)
    assert refusal(header, text) == ""
    assert refusal(signed(text, NOW + sign * (TOLERANCE + timedelta(seconds=1))), text) == "stale"
    assert refusal(signed(text, NOW - timedelta(days=3)), text) == "stale"


@pytest.mark.parametrize("merchant", ["another-merchant", "", "Refund", "refund "])
def test_a_notice_for_another_merchant_is_not_ours(merchant: str) -> None:
    text = body(merchant=merchant)
    assert refusal(signed(text), text) == "foreign"


NOT_STRICT = {
    "a key twice": body()[:-1] + b', "merchant": "refund"}',
    "a key twice further in": body().replace(b'"kind"', b'"state": "paid", "kind"'),
    "half": body()[:60],
    "two objects": body() + body(),
    "an array": b"[" + body() + b"]",
    "not a number": body()[:-1] + b', "x": NaN}',
    "not utf-8": body().replace(b"advance_1", b"advance_\xff"),
    "a mark of order": b"\xef\xbb\xbf" + body(),
    "nothing": b"",
    "too deep": b'{"a":' * 20_000,
    "too long": body(note="x" * BODY_BYTES_MAX),
    "no id": body(event_id=None),
    "an odd id": body(event_id="evt_; DROP TABLE"),
    "no merchant": body(merchant=None),
    "no such type": body(type="card.changed"),
    "a type that does not fit": body(type="hold.changed"),
    "both": body(hold=HOLD),
    "neither": body(operation=None),
    "an amount in words": body(operation={**OPERATION, "amount_fen": "13446"}),
    "an odd reference": body(operation={**OPERATION, "reference": "../../x"}),
}


@pytest.mark.parametrize("text", NOT_STRICT.values(), ids=NOT_STRICT)
def test_what_is_signed_and_not_one_strict_object_is_unreadable(text: bytes) -> None:
    assert refusal(signed(text), text) == "unreadable"
