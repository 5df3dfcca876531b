"""Webhooks: each change is announced once it is booked, signed, and until it is heard."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from refund.sandbox.app import create_sandbox
from refund.sandbox.beat import Beat
from refund.sandbox.errors import Rejected
from refund.sandbox.faults import Fault
from refund.sandbox.network import Book
from refund.sandbox.openapi import document
from refund.sandbox.settings import SandboxSettings
from refund.sandbox.webhooks import WebhookSender, posting_to
from tests.sandbox.listener import Listener, listening
from tests.sandbox.world import (
    HELD_FEN,
    PENDING_PAID,
    RETURNED,
    SECRET,
    VISA,
    WEBHOOK_SECRET,
    CountedIds,
    HandClock,
    Merchant,
    card,
    hold_body,
    served_sandbox,
)


class Mailbox:
    """Takes what is sent, and answers with a status that is set by hand."""

    def __init__(self, book: Book, clock: HandClock) -> None:
        self.status = 200
        self.came: list[tuple[bytes, Mapping[str, str]]] = []
        self._clock = clock
        self._sender = WebhookSender(book, self._take, WEBHOOK_SECRET)

    def _take(self, body: bytes, headers: Mapping[str, str]) -> int:
        self.came.append((body, headers))
        return self.status

    def deliver(self) -> list[Any]:
        """Have everything sent that is due, and return the events."""
        self.came.clear()
        assert self._sender.send_due(self._clock.now) >= 0
        return [json.loads(body) for body, _ in self.came]


@pytest.fixture
def book(tmp_path: Path, clock: HandClock) -> Any:
    book = Book(str(tmp_path / "announcing.db"), clock, CountedIds())
    yield book
    book.close()


@pytest.fixture
def mailbox(book: Book, clock: HandClock) -> Mailbox:
    return Mailbox(book, clock)


def states(book: Book) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in book.file.rows("SELECT state, attempts FROM webhook")]


def test_every_change_is_announced_as_the_look_up_tells_it(
    book: Book, mailbox: Mailbox, clock: HandClock
) -> None:
    token = card(book, PENDING_PAID)
    book.hold("hold-1", token, HELD_FEN)
    book.advance("advance-1", token, "card", HELD_FEN)
    first = mailbox.deliver()
    assert [event["operation"]["state"] for event in first] == ["held", "pending"]
    for event in first:
        found = book.look_up(event["operation"]["reference"])
        assert found is not None
        assert event["operation"] == found.body
        assert (event["type"], event["merchant"]) == ("operation.changed", "refund")
        assert event["created_at"] == "2025-07-08T04:00:00.000Z"
    assert mailbox.deliver() == [], "an event that was taken is not sent again"
    clock.pass_by(minutes=10)
    book.pass_time()
    [paid] = mailbox.deliver()
    assert (paid["operation"]["state"], paid["operation"]["version"]) == ("paid", 2)
    assert paid["event_id"] not in {event["event_id"] for event in first}


def test_a_refused_operation_is_announced_too_and_a_rejected_one_is_not(
    book: Book, mailbox: Mailbox
) -> None:
    book.hold("hold-1", card(book, "4000000000000002"), HELD_FEN)
    with pytest.raises(Rejected, match="no such hold"):
        book.release("release-1", "nothing")
    assert [event["operation"]["state"] for event in mailbox.deliver()] == ["refused"]


@pytest.mark.parametrize("how", ["expired", "ended"])
def test_a_hold_that_ends_by_itself_is_announced(
    book: Book, mailbox: Mailbox, clock: HandClock, how: str
) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    mailbox.deliver()
    if how == "expired":
        clock.pass_by(days=30)
        book.pass_time()
    else:
        book.end_hold_early("hold-1")
    [event] = mailbox.deliver()
    assert event["type"] == "hold.changed"
    assert event["hold"] == book.hold_state("hold-1")
    assert event["hold"]["state"] == how


def test_an_event_fits_the_description(book: Book, mailbox: Mailbox, clock: HandClock) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    book.advance("advance-1", card(book, RETURNED), "card", 5)
    clock.pass_by(days=30)
    book.pass_time()
    names = {"operation.changed": "OperationChanged", "hold.changed": "HoldChanged"}
    described = {"components": document()["components"]}
    events = mailbox.deliver()
    assert [event["type"] for event in events].count("hold.changed") == 1
    for event in events:
        schema = {"$ref": f"#/components/schemas/{names[event['type']]}", **described}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(event)] == []


def test_what_is_sent_is_signed_with_its_moment(
    book: Book, mailbox: Mailbox, clock: HandClock
) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    mailbox.status = 500
    signatures = []
    for _ in range(2):
        mailbox.deliver()
        [(body, headers)] = mailbox.came
        moment = int(clock.now.timestamp())
        proof = hmac.new(WEBHOOK_SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256)
        assert headers["Network-Signature"] == f"t={moment},v1={proof.hexdigest()}"
        assert headers["Content-Type"] == "application/json"
        signatures.append((headers["Network-Signature"], body))
        clock.pass_by(seconds=10)
    assert signatures[0][0] != signatures[1][0], "freshly signed"
    assert signatures[0][1] == signatures[1][1], "the same event"


@pytest.mark.parametrize("status", [0, 302, 404, 500])
def test_what_is_not_taken_is_sent_again_for_three_days_and_then_given_up(
    book: Book, mailbox: Mailbox, clock: HandClock, status: int
) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    mailbox.status = status
    made, tried = clock.now, []
    while clock.now < made + timedelta(days=5):
        if mailbox.deliver():
            tried.append(clock.now - made)
        waits = book.file.rows("SELECT next_at FROM webhook WHERE next_at IS NOT NULL")
        clock.now = datetime.fromisoformat(waits[0][0]) if waits else made + timedelta(days=9)
    spans = [later - earlier for earlier, later in pairwise(tried)]
    assert spans[:6] == [
        timedelta(seconds=10),
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
    ]
    assert set(spans[5:]) == {timedelta(hours=6)}
    assert tried[-1] <= timedelta(hours=72) < tried[-1] + timedelta(hours=6)
    assert states(book) == [("given_up", len(tried))]


def test_an_event_that_is_taken_at_last_is_done(
    book: Book, mailbox: Mailbox, clock: HandClock
) -> None:
    book.hold("hold-1", card(book), HELD_FEN)
    mailbox.status = 503
    mailbox.deliver()
    assert mailbox.deliver() == [], "not before its time"
    clock.pass_by(seconds=10)
    mailbox.status = 204
    assert len(mailbox.deliver()) == 1
    assert states(book) == [("delivered", 2)]


def test_an_event_is_kept_in_the_operations_own_transaction(book: Book, mailbox: Mailbox) -> None:
    token = card(book)

    def ask() -> Any:
        book.hold("hold-1", token, HELD_FEN)
        raise KeyError

    with pytest.raises(KeyError):
        book.answer_once("key-1", "print", ask)
    assert book.look_up("hold-1") is None
    assert mailbox.deliver() == []


def test_two_senders_send_an_event_once(book: Book, clock: HandClock) -> None:
    came: list[bytes] = []

    def take(body: bytes, _headers: Mapping[str, str]) -> int:
        came.append(body)
        return 200

    other = WebhookSender(book, take)

    def post(body: bytes, _headers: Mapping[str, str]) -> int:
        came.append(body)
        other.send_due(clock.now)
        return 200

    book.hold("hold-1", card(book), HELD_FEN)
    WebhookSender(book, post).send_due(clock.now)
    assert len(came) == 1


def test_what_was_being_sent_when_the_process_ended_is_sent_again(
    book: Book, mailbox: Mailbox, clock: HandClock
) -> None:
    class Ended(Exception):
        """The process is gone."""

    def end(_body: bytes, _headers: Mapping[str, str]) -> int:
        raise Ended

    book.hold("hold-1", card(book), HELD_FEN)
    with pytest.raises(Ended):
        WebhookSender(book, end).send_due(clock.now)
    clock.pass_by(seconds=10)
    assert len(mailbox.deliver()) == 1
    assert states(book) == [("delivered", 2)]


def test_a_network_without_an_address_announces_nothing(sandbox: Any, merchant: Merchant) -> None:
    merchant.post("/v1/holds", hold_body(merchant.card()["card"]["token"]))
    book: Book = sandbox.extensions["book"]
    assert states(book) == []
    Beat(book, sandbox.extensions["webhook_sender"]).once()


@pytest.fixture
def listener() -> Any:
    with listening() as listener:
        yield listener


def test_an_event_can_come_before_the_answer(
    tmp_path: Path, clock: HandClock, listener: Listener
) -> None:
    settings = SandboxSettings(
        database=str(tmp_path / "first.db"),
        secret=SECRET,
        public_url="http://127.0.0.1:8100",
        clock=clock,
        webhook_url=listener.url,
        webhook_secret=WEBHOOK_SECRET,
    )
    app = create_sandbox(settings)
    book: Book = app.extensions["book"]
    merchant = Merchant(app.test_client())
    token = merchant.card()["card"]["token"]
    book.faults.switch_on(Fault("webhook_first", kind="hold"))
    merchant.post("/v1/holds", hold_body(token))
    assert [event["operation"]["reference"] for event in listener.events()] == ["hold-1"]
    merchant.post("/v1/releases", {"reference": "release-1", "hold_reference": "hold-1"})
    assert len(listener.events()) == 1, "this one comes by the beat"
    Beat(book, app.extensions["webhook_sender"]).once()
    assert len(listener.events()) == 2
    book.close()


@pytest.mark.parametrize(
    ("status", "headers"),
    [(200, {}), (500, {}), (302, {"Location": "http://127.0.0.1:9/"})],
)
def test_a_post_tells_the_status_and_follows_nothing(
    listener: Listener, status: int, headers: dict[str, str]
) -> None:
    listener.status, listener.headers = status, headers
    post = posting_to(listener.url)
    assert post(b"{}", {"Network-Signature": "t=1,v1=2"}) == status
    assert listener.await_count(1) == [("/network/events", "t=1,v1=2", b"{}")]


def test_nobody_at_the_address_is_no_answer() -> None:
    assert posting_to("http://127.0.0.1:9/x")(b"{}", {}) == 0


def test_the_served_network_announces_by_itself_and_after_a_kill(
    tmp_path: Path, listener: Listener
) -> None:
    listener.status = 500
    with served_sandbox(tmp_path, listener.url) as served:
        token = served.card(VISA, "session-1")
        served.post("/v1/holds", hold_body(token), "key-1")
        listener.await_count(1)
        served.stop(signal.SIGKILL)
        listener.status = 200
        served.start()
        came = listener.await_count(2)
        assert served.stop() == 0
    assert came[0][2] == came[1][2]
    assert json.loads(came[1][2])["operation"]["reference"] == "hold-1"
    book = Book(str(served.database), HandClock(), CountedIds())
    assert states(book)[0][0] == "delivered"
    book.close()
