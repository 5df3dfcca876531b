"""The network's protocol: who may speak, what is understood, what is answered twice."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from refund.sandbox.app import create_sandbox
from refund.sandbox.network import Book
from refund.sandbox.settings import SandboxSettings
from tests.sandbox.world import (
    LOST_HOLD,
    SECRET,
    SLOW,
    HandClock,
    Merchant,
    advance_body,
    hold_body,
    refusal,
    session_body,
    told,
)


@pytest.mark.parametrize("presented", ["", "Bearer ", f"Bearer {SECRET}x", SECRET, "Bearer é"])
def test_nobody_without_the_secret_is_let_in(sandbox: Flask, presented: str) -> None:
    client = sandbox.test_client()
    for path in ("/v1/book", "/v1/operations/x", "/v1/nowhere"):
        answer = client.get(path, headers={"Authorization": presented})
        assert answer.status_code in {401, 404}
        assert (answer.status_code == 404) == (path == "/v1/nowhere")
    held = client.post("/v1/holds", json={}, headers={"Authorization": presented})
    assert (held.status_code, refusal(held)) == (401, "unauthorised")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"[]", "bad_json"),
        (b"{", "bad_json"),
        (b'{"a": NaN}', "bad_json"),
        (b'{"a": "\xff"}', "bad_json"),
        (b"[" * 9000, "bad_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "bad_json"),
        (b'{"amount_fen": 1, "amount_fen": 2}', "duplicate_key"),
        (b'{"a": {"b": 1, "b": 2}}', "duplicate_key"),
        (b'{"strange": 1}', "unknown_field"),
    ],
)
def test_a_body_that_is_not_one_plain_object_is_refused(
    merchant: Merchant, body: bytes, code: str
) -> None:
    answer = merchant.post("/v1/holds", body)
    assert (answer.status_code, refusal(answer)) == (400, code)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("amount_fen", 0, "bad_field"),
        ("amount_fen", -1, "bad_field"),
        ("amount_fen", 1.0, "bad_field"),
        ("amount_fen", True, "bad_field"),
        ("amount_fen", "1", "bad_field"),
        ("amount_fen", 10**13, "bad_field"),
        ("currency", "USD", "bad_currency"),
        ("reference", "a/b", "bad_field"),
        ("reference", "", "bad_field"),
        ("reference", "r" * 101, "bad_field"),
        ("reference", "\ud800", "bad_field"),
        ("reference", None, "bad_field"),
        ("card_token", "card_nobody", "unknown_card"),
    ],
)
def test_a_wrong_field_is_refused_and_nothing_is_booked(
    merchant: Merchant, field: str, value: Any, code: str
) -> None:
    token = merchant.card()["card"]["token"]
    answer = merchant.post("/v1/holds", hold_body(token) | {field: value})
    assert refusal(answer) == code
    assert told(merchant.get("/v1/book"))["operations"] == 0


def test_a_body_above_its_limit_is_413(merchant: Merchant) -> None:
    answer = merchant.post("/v1/holds", b'{"reference": "' + b"x" * 20_000 + b'"}')
    assert answer.status_code == 413
    assert refusal(answer) == "request_entity_too_large"


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/",
        "http://refund.example.evil.example/",
        "http://refund.example@evil.example/",
        "javascript:alert(1)",
        "//refund.example/",
        "http://refund.example/#part",
        "http://refund.example\\@evil.example/",
        "http://127.0.0.1:99999/",
        "http://169.254.169.254/",
    ],
)
def test_a_traveller_is_sent_back_to_known_hosts_only(merchant: Merchant, url: str) -> None:
    answer = merchant.post("/v1/card-sessions", session_body() | {"return_url": url})
    assert (answer.status_code, refusal(answer)) == (422, "return_url_refused")


def test_a_known_host_may_be_returned_to(merchant: Merchant) -> None:
    merchant.open_session(return_url="https://refund.example/traveller/back")


def test_a_key_is_required(sandbox: Flask) -> None:
    answer = sandbox.test_client().post(
        "/v1/releases", json={}, headers={"Authorization": f"Bearer {SECRET}"}
    )
    assert (answer.status_code, refusal(answer)) == (400, "key_missing")


def test_the_same_key_gets_the_same_bytes_again(merchant: Merchant) -> None:
    body = hold_body(merchant.card()["card"]["token"])
    first = merchant.post("/v1/holds", body, "key-of-the-hold")
    turned = json.dumps(dict(reversed(body.items())), indent=4).encode()
    again = merchant.post("/v1/holds", turned, "key-of-the-hold")
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.data) == (first.status_code, first.data)


def test_a_key_is_good_for_one_request_only(merchant: Merchant) -> None:
    token = merchant.card()["card"]["token"]
    merchant.post("/v1/holds", hold_body(token), "one-key")
    for path, body in (
        ("/v1/holds", hold_body(token, "hold-2")),
        ("/v1/advances", advance_body(token)),
    ):
        answer = merchant.post(path, body, "one-key")
        assert (answer.status_code, refusal(answer)) == (422, "key_reused")
    assert told(merchant.get("/v1/book"))["operations"] == 1


def test_a_key_and_its_reference_are_forgotten_after_a_day(
    merchant: Merchant, clock: HandClock
) -> None:
    token = merchant.card()["card"]["token"]
    first = merchant.post("/v1/advances", advance_body(token), "key-1")
    clock.pass_by(hours=23, minutes=59)
    again = merchant.post("/v1/advances", advance_body(token), "key-2")
    assert again.data == first.data, "the reference protects, whatever the key"
    clock.pass_by(minutes=1)
    second = merchant.post("/v1/advances", advance_body(token), "key-1")
    assert second.status_code == 201
    assert told(second)["network_id"] != told(first)["network_id"]
    found = told(merchant.get("/v1/operations/advance-1"))
    assert found == told(second) | {"bookings": 2}
    assert told(merchant.get("/v1/book"))["payouts_fen"] == 2 * 13446


def test_another_key_with_the_same_reference_and_other_parameters_is_refused(
    merchant: Merchant,
) -> None:
    token = merchant.card()["card"]["token"]
    merchant.post("/v1/holds", hold_body(token))
    answer = merchant.post("/v1/holds", hold_body(token, amount_fen=1))
    assert (answer.status_code, refusal(answer)) == (409, "duplicate_reference")


def test_a_request_that_is_still_being_answered_is_not_answered_twice(tmp_path: Path) -> None:
    waiting, go_on = threading.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        waiting.set()
        assert go_on.wait(10)

    app = create_sandbox(
        SandboxSettings(str(tmp_path / "s.db"), SECRET, "http://localhost:1", wait=wait)
    )
    merchant = Merchant(app.test_client())
    body = hold_body(merchant.card(SLOW)["card"]["token"])
    with ThreadPoolExecutor() as pool:
        first = pool.submit(merchant.post, "/v1/holds", body, "slow-key")
        assert waiting.wait(10)
        second = Merchant(app.test_client()).post("/v1/holds", body, "slow-key")
        other = Merchant(app.test_client()).post(
            "/v1/holds", {**body, "reference": "x"}, "slow-key"
        )
        go_on.set()
        assert first.result().status_code == 201
    assert (second.status_code, refusal(second)) == (409, "in_flight")
    assert second.headers["Retry-After"] == "1"
    assert other.status_code == 422
    book: Book = app.extensions["book"]
    assert book.book_totals()["operations"] == 1
    book.close()


def test_a_slow_card_is_answered_after_two_seconds(merchant: Merchant, waits: list[float]) -> None:
    merchant.post("/v1/holds", hold_body(merchant.card(SLOW)["card"]["token"]))
    assert waits == [2.0]


def test_a_lost_answer_breaks_off_and_can_be_looked_up(merchant: Merchant) -> None:
    token = merchant.card(LOST_HOLD)["card"]["token"]
    lost = merchant.post("/v1/holds", hold_body(token), "lost-key")
    assert len(lost.data) < int(lost.headers["Content-Length"])
    found = told(merchant.get("/v1/operations/hold-1"))
    assert found["state"] == "held"
    again = merchant.post("/v1/holds", hold_body(token), "lost-key")
    assert told(again) | {"bookings": 1} == found


def test_what_was_refused_is_looked_up_like_the_rest(merchant: Merchant) -> None:
    token = merchant.card("4000000000000002")["card"]["token"]
    refused = merchant.post("/v1/holds", hold_body(token))
    assert refused.status_code == 402
    recorded = told(refused) | {"bookings": 1}
    assert told(merchant.get("/v1/operations/hold-1")) == recorded
    missing = merchant.get("/v1/operations/hold-2")
    assert (missing.status_code, refusal(missing)) == (404, "unknown_operation")
    references = {"references": ["hold-1", "hold-2"]}
    many = told(merchant.post("/v1/operations/lookup", references))
    assert many == {"operations": {"hold-1": recorded, "hold-2": None}}
    too_many = {"references": ["r"] * 501}
    assert merchant.post("/v1/operations/lookup", too_many).status_code == 422


def test_the_whole_life_of_a_guarantee_over_the_protocol(merchant: Merchant) -> None:
    given = merchant.card(method="alipay")
    card, payout = given["card"]["token"], given["payout"]["token"]
    assert merchant.post("/v1/holds", hold_body(card)).status_code == 201
    body = {**hold_body("", "advance-1"), "method": "alipay", "payout_token": payout}
    del body["card_token"]
    assert told(merchant.post("/v1/advances", body))["state"] == "paid"
    end = {"reference": "capture-1", "hold_reference": "hold-1", "currency": "CNY"}
    captured = told(merchant.post("/v1/captures", {**end, "amount_fen": 13000}))
    assert (captured["state"], captured["released_fen"]) == ("captured", 446)
    late = merchant.post("/v1/releases", {"reference": "r-1", "hold_reference": "hold-1"})
    assert (late.status_code, told(late)["hold_state"]) == (409, "captured")
    assert told(merchant.get("/v1/holds/hold-1"))["state"] == "captured"
    totals = told(merchant.get("/v1/book"))
    assert (totals["balance_fen"], totals["held_open_fen"]) == (13000 - 13446, 0)


def test_a_hold_is_ended_part_by_part_over_the_protocol(merchant: Merchant) -> None:
    token = merchant.card()["card"]["token"]
    merchant.post("/v1/holds", hold_body(token))
    release = {"reference": "release-1", "hold_reference": "hold-1", "part_fen": 446}
    assert told(merchant.post("/v1/releases", release))["amount_fen"] == 446
    capture = {**release, "reference": "capture-1", "currency": "CNY"}
    captured = told(merchant.post("/v1/captures", {**capture, "amount_fen": 400}))
    assert (captured["released_fen"], captured["hold_state"]) == (46, "held")
    above = merchant.post("/v1/releases", {**release, "reference": "r-2", "part_fen": 12555})
    assert (above.status_code, refusal(above)) == (422, "amount_above_hold")
    assert told(merchant.get("/v1/book"))["held_open_fen"] == 13446 - 2 * 446
    last = merchant.post("/v1/releases", {"reference": "r-3", "hold_reference": "hold-1"})
    assert (told(last)["amount_fen"], told(last)["hold_state"]) == (12554, "captured")


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "1", None, 10**13])
def test_a_part_that_is_no_amount_is_refused(merchant: Merchant, value: Any) -> None:
    token = merchant.card()["card"]["token"]
    merchant.post("/v1/holds", hold_body(token))
    body = {"reference": "end-1", "hold_reference": "hold-1", "part_fen": value}
    assert refusal(merchant.post("/v1/releases", body)) == "bad_field"
    charge = {**body, "amount_fen": 1, "currency": "CNY"}
    assert refusal(merchant.post("/v1/captures", charge)) == "bad_field"
    assert told(merchant.get("/v1/holds/hold-1"))["state"] == "held"


def test_a_refund_is_paid_over_the_protocol_and_counted_as_a_payout(merchant: Merchant) -> None:
    given = merchant.card(method="alipay")
    card, payout = given["card"]["token"], given["payout"]["token"]
    to_card = merchant.post("/v1/refunds", advance_body(card, "refund-1"))
    assert (to_card.status_code, told(to_card)["kind"]) == (201, "refund")
    body = {**advance_body("", "refund-2"), "method": "alipay", "payout_token": payout}
    del body["card_token"]
    assert told(merchant.post("/v1/refunds", body))["state"] == "paid"
    strange = merchant.post("/v1/refunds", {**body, "reference": "r-3", "part_fen": 1})
    assert refusal(strange) == "unknown_field"
    assert told(merchant.get("/v1/book"))["payouts_fen"] == 2 * 13446


def test_the_list_of_operations_is_read_page_by_page(merchant: Merchant) -> None:
    token = merchant.card()["card"]["token"]
    for number in range(3):
        merchant.post("/v1/holds", hold_body(token, f"hold-{number}"))
    first = told(merchant.get("/v1/book/operations?limit=2"))
    rest = told(merchant.get(f"/v1/book/operations?limit=2&after={first['next']}"))
    listed = [one["reference"] for one in first["operations"] + rest["operations"]]
    assert listed == ["hold-0", "hold-1", "hold-2"]
    assert rest["next"] is None
    assert merchant.get("/v1/book/operations?limit=-1").status_code == 422


def test_a_wrong_method_says_which_is_right(merchant: Merchant) -> None:
    answer = merchant.get("/v1/holds")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_health_says_how_durable_the_book_is(sandbox: Flask) -> None:
    health = told(sandbox.test_client().get("/healthz"))
    assert health["status"] == "ok"
    assert (health["journal_mode"], health["synchronous"]) == ("wal", "full")
