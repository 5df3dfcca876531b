"""What goes wrong with a call: before it is taken, with its answer, and over a real socket."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import urllib3
from flask import Flask
from werkzeug.test import TestResponse

from refund.sandbox.app import create_sandbox
from refund.sandbox.call_faults import (
    BEFORE,
    INTERNAL_ADDRESS,
    LARGE_BYTES,
    LOST_SECONDS,
    SLOW_AT_ONCE,
    SLOW_BYTES_MAX,
)
from refund.sandbox.faults import Fault, FaultPlan
from refund.sandbox.network import Book
from refund.sandbox.settings import SandboxSettings
from refund.sandbox.store import BookFile
from tests.sandbox.world import (
    SECRET,
    VISA,
    Merchant,
    Served,
    advance_body,
    hold_body,
    refusal,
    session_body,
    told,
)

MASTERCARD = "5555555555554444"


def held(merchant: Merchant, reference: str = "hold-1", key: str = "hold-key") -> TestResponse:
    """Ask for a hold on a new card."""
    token = merchant.card(VISA, f"session-{reference}-{next(merchant.numbers)}")["card"]["token"]
    return merchant.post("/v1/holds", hold_body(token, reference), key)


@pytest.mark.parametrize(
    ("name", "status", "code", "retry_after"),
    [
        ("error_before", 500, "failed", None),
        ("in_flight", 409, "in_flight", "1"),
        ("other_parameters", 422, "key_reused", None),
        ("slow_down", 429, "slow_down", "5"),
        ("unavailable", 503, "unavailable", "30"),
    ],
)
def test_a_call_that_is_not_taken_is_told_so_and_books_nothing(
    merchant: Merchant, book: Book, name: str, status: int, code: str, retry_after: str | None
) -> None:
    book.faults.switch_on(Fault(name, kind="hold", times=1))
    answer = held(merchant)
    assert (answer.status_code, refusal(answer)) == (status, code)
    assert answer.headers.get("Retry-After") == retry_after
    assert book.look_up("hold-1") is None
    assert held(merchant).status_code == 201


def test_a_redirect_leads_inside_and_books_nothing(merchant: Merchant, book: Book) -> None:
    book.faults.switch_on(Fault("redirect", kind="hold"))
    answer = held(merchant)
    assert (answer.status_code, answer.headers["Location"]) == (302, INTERNAL_ADDRESS)
    assert book.look_up("hold-1") is None


@pytest.mark.parametrize(("name", "seconds"), [("refused", []), ("request_lost", [LOST_SECONDS])])
def test_a_call_without_an_answer_books_nothing(
    merchant: Merchant, book: Book, waits: list[float], name: str, seconds: list[float]
) -> None:
    book.faults.switch_on(Fault(name, kind="hold"))
    answer = held(merchant)
    assert answer.data == b""
    assert int(answer.headers["Content-Length"]) > 0
    assert waits == seconds
    assert book.look_up("hold-1") is None


def test_an_error_after_the_booking_leaves_it_booked(merchant: Merchant, book: Book) -> None:
    book.faults.switch_on(Fault("error_after", kind="hold", times=1))
    token = merchant.card()["card"]["token"]
    answer = merchant.post("/v1/holds", hold_body(token), "hold-key")
    assert (answer.status_code, refusal(answer)) == (500, "failed")
    found = book.look_up("hold-1")
    assert found is not None
    assert found.body["state"] == "held"
    again = merchant.post("/v1/holds", hold_body(token), "hold-key")
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("name", "field", "wrong"),
    [
        ("wrong_amount", "amount_fen", 13447),
        ("wrong_currency", "currency", "USD"),
        ("wrong_reference", "reference", "hold-1~"),
    ],
)
def test_a_wrong_answer_differs_in_one_field_from_what_is_booked(
    merchant: Merchant, book: Book, name: str, field: str, wrong: object
) -> None:
    book.faults.switch_on(Fault(name, kind="hold", times=1))
    token = merchant.card()["card"]["token"]
    answer = told(merchant.post("/v1/holds", hold_body(token), "hold-key"))
    right = told(merchant.post("/v1/holds", hold_body(token), "hold-key"))
    assert answer[field] == wrong
    assert {**answer, field: right[field]} == right
    assert right["reference"] == "hold-1"


def test_an_answer_of_half_its_json_is_whole_on_the_wire(merchant: Merchant, book: Book) -> None:
    book.faults.switch_on(Fault("half_json", kind="hold", times=1))
    answer = held(merchant)
    assert (answer.status_code, answer.content_type) == (201, "application/json")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)
    assert book.look_up("hold-1") is not None


def test_an_answer_can_be_a_page(merchant: Merchant, book: Book) -> None:
    book.faults.switch_on(Fault("html", kind="hold"))
    answer = held(merchant)
    assert (answer.status_code, answer.mimetype) == (201, "text/html")
    assert "<h1>" in answer.text
    assert book.look_up("hold-1") is not None


def test_an_answer_of_ten_megabytes_is_right_but_for_its_size(
    merchant: Merchant, book: Book
) -> None:
    book.faults.switch_on(Fault("ten_megabytes", kind="hold"))
    answer = held(merchant)
    assert len(answer.data) == LARGE_BYTES == int(answer.headers["Content-Length"])
    assert told(answer)["state"] == "held"


def test_a_byte_a_second_ends_before_the_answer_does(
    merchant: Merchant, book: Book, waits: list[float]
) -> None:
    book.faults.switch_on(Fault("byte_a_second", kind="hold", times=1))
    token = merchant.card()["card"]["token"]
    slow = merchant.post("/v1/holds", hold_body(token), "hold-key")
    assert len(slow.data) == SLOW_BYTES_MAX < int(slow.headers["Content-Length"])
    assert waits == [1.0] * SLOW_BYTES_MAX
    whole = merchant.post("/v1/holds", hold_body(token), "hold-key")
    assert whole.data.startswith(slow.data)


def test_a_forgotten_key_and_its_reference_book_a_second_time(
    merchant: Merchant, book: Book
) -> None:
    book.faults.switch_on(Fault("key_forgotten", kind="advance", times=1))
    token = merchant.card()["card"]["token"]
    for _ in range(3):
        answer = merchant.post("/v1/advances", advance_body(token), "advance-key")
        assert answer.status_code == 201
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert book.book_totals()["payouts_fen"] == 2 * 13446


def test_a_fault_of_one_card_leaves_the_others_alone(merchant: Merchant, book: Book) -> None:
    book.faults.switch_on(Fault("error_before", last4="4444"))
    for number, reference, status in ((MASTERCARD, "m", 500), (VISA, "v", 201)):
        token = merchant.card(number, f"session-{reference}")["card"]["token"]
        answer = merchant.post("/v1/holds", hold_body(token, reference), f"key-{reference}")
        assert answer.status_code == status


def test_a_fault_follows_a_card_to_its_holds_and_its_account(
    merchant: Merchant, book: Book
) -> None:
    given = merchant.card(MASTERCARD, method="alipay")
    held_answer = merchant.post("/v1/holds", hold_body(given["card"]["token"]))
    assert held_answer.status_code == 201
    book.faults.switch_on(Fault("error_before", last4="4444"))
    payout = {**hold_body("", "advance-1"), "method": "alipay"} | {
        "payout_token": given["payout"]["token"]
    }
    del payout["card_token"]
    release = {"reference": "release-1", "hold_reference": "hold-1"}
    assert merchant.post("/v1/advances", payout).status_code == 500
    assert merchant.post("/v1/releases", release).status_code == 500
    book.faults.heal()
    assert merchant.post("/v1/advances", payout).status_code == 201
    assert merchant.post("/v1/releases", release).status_code == 201


def test_a_fault_of_one_kind_leaves_the_others_alone(merchant: Merchant, book: Book) -> None:
    book.faults.switch_on(Fault("error_before", kind="release"))
    assert held(merchant).status_code == 201
    release = {"reference": "release-1", "hold_reference": "hold-1"}
    assert merchant.post("/v1/releases", release).status_code == 500


def test_a_card_page_is_opened_wrongly_too_but_has_no_amount_to_be_wrong(
    merchant: Merchant, book: Book
) -> None:
    for name in ("wrong_amount", "wrong_currency", "wrong_reference"):
        book.faults.switch_on(Fault(name))
    assert merchant.open_session()["state"] == "open"
    book.faults.switch_on(Fault("error_before", kind="session"))
    assert merchant.post("/v1/card-sessions", session_body()).status_code == 500


@pytest.mark.parametrize("token", [7, None, ["x"], "\ud800", "x" * 300])
def test_a_field_that_is_no_token_is_refused_as_ever(
    merchant: Merchant, book: Book, token: object
) -> None:
    for name in BEFORE:
        book.faults.switch_on(Fault(name, last4="1111"))
    answer = merchant.post("/v1/holds", {**hold_body(""), "card_token": token})
    assert (answer.status_code, refusal(answer)) == (422, "bad_field")


def test_the_secret_is_asked_for_before_anything_goes_wrong(sandbox: Flask, book: Book) -> None:
    book.faults.switch_on(Fault("error_before"))
    answer = sandbox.test_client().post("/v1/holds", json={})
    assert answer.status_code == 401


def test_slow_answers_never_take_up_every_thread(tmp_path: Path) -> None:
    """While some calls are kept waiting, the next one is broken off at once."""
    waiting, go_on = threading.Semaphore(0), threading.Event()

    def wait(_seconds: float) -> None:
        waiting.release()
        assert go_on.wait(20)

    app = create_sandbox(
        SandboxSettings(str(tmp_path / "s.db"), SECRET, "http://localhost:1", wait=wait)
    )
    app.extensions["book"].faults.switch_on(Fault("request_lost"))

    def send(number: int) -> bytes:
        body = session_body(f"session-{number}")
        data: bytes = Merchant(app.test_client()).post("/v1/card-sessions", body).data
        return data

    with ThreadPoolExecutor(SLOW_AT_ONCE + 1) as pool:
        kept = [pool.submit(send, number) for number in range(SLOW_AT_ONCE)]
        assert all(waiting.acquire(timeout=20) for _ in kept)
        assert pool.submit(send, SLOW_AT_ONCE).result(20) == b""
        assert not any(one.done() for one in kept)
        go_on.set()
    app.extensions["book"].close()


@pytest.mark.parametrize("name", ["refused", "answer_lost"])
def test_over_a_socket_a_broken_answer_is_no_answer(served: Served, name: str) -> None:
    token = served.card(VISA, "session-1")
    with closing(BookFile(str(served.database))) as file:
        FaultPlan(file).switch_on(Fault(name, kind="hold", times=1))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        served.post("/v1/holds", hold_body(token), "hold-key")
    found = served.post("/v1/operations/lookup", {"references": ["hold-1"]}, "").json()
    booked = found["operations"]["hold-1"] is not None
    assert booked == (name == "answer_lost")
    assert served.post("/v1/holds", hold_body(token), "hold-key").status == 201


@pytest.mark.parametrize(("name", "most_bytes"), [("request_lost", 0), ("byte_a_second", 5)])
def test_over_a_socket_a_slow_answer_keeps_its_caller_waiting_until_the_sandbox_stops(
    served: Served, name: str, most_bytes: int
) -> None:
    token = served.card(VISA, "session-1")
    with closing(BookFile(str(served.database))) as file:
        FaultPlan(file).switch_on(Fault(name, kind="hold"))
    body = json.dumps(hold_body(token)).encode()
    head = (
        f"POST /v1/holds HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {SECRET}\r\n"
        f"Idempotency-Key: key\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    received = bytearray()
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as caller:
        caller.sendall(head.encode() + body)
        caller.settimeout(0.1)
        began = time.monotonic()
        while time.monotonic() < began + 1.5:
            try:
                received += caller.recv(65536)
            except TimeoutError:
                continue
        assert len(received.partition(b"\r\n\r\n")[2]) <= most_bytes
        assert bool(received) == (name == "byte_a_second")
        assert served.get("/v1/book")["operations"] == int(name == "byte_a_second")
        began = time.monotonic()
        assert served.stop() == 0
        assert time.monotonic() < began + 5
