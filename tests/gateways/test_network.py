"""The network over HTTP answers as its book does, and is silent for all that is not whole."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from refund.core.operation import CardEntry, Kind, Operation
from refund.gateways.network import HttpNetwork, merchant_secret
from refund.ports import Network, NetworkRejected, NetworkSilent
from refund.sandbox.app import create_sandbox
from refund.sandbox.network import Book
from refund.sandbox.settings import SandboxSettings
from refund.simulation.engine.ids import CountedIds
from refund.simulation.engine.network import PAGES, BookNetwork
from tests import make
from tests.gateways.crooked import Crooked, crooked_server, said
from tests.world import SetClock

SECRET = b"0123456789abcdef0123456789abcdef"
HELD = {
    "reference": "00000000000000f1-hold-1",
    "kind": "hold",
    "state": "held",
    "amount_fen": 13446,
    "currency": "CNY",
    "at": "2025-07-08T04:00:00.000Z",
    "network_id": "hold_1",
    "authorisation_code": "ABC123",
    "expires_at": "2025-08-07T04:00:00.000Z",
    "brand": "Visa",
    "last4": "1111",
}
PAID = {**HELD, "kind": "advance", "state": "paid", "reference": "00000000000000f1-advance-1"}


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- its name there
        """Say nothing."""


@pytest.fixture
def clock() -> SetClock:
    return SetClock(make.NOON)


@pytest.fixture
def http(tmp_path: Path, clock: SetClock) -> Iterator[tuple[HttpNetwork, Book]]:
    """Serve a sandbox from a thread, and reach it as the service does."""
    (tmp_path / "http").mkdir()
    settings = SandboxSettings(
        str(tmp_path / "http" / "sandbox.db"),
        merchant_secret(SECRET),
        PAGES,
        clock=clock.now,
        new_id=CountedIds().network_id,
        wait=lambda _seconds: None,
    )
    app = create_sandbox(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    network = HttpNetwork(f"http://127.0.0.1:{server.port}", SECRET)
    yield network, app.extensions["book"]
    network.close()
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["book"].close()


@pytest.fixture
def twin(tmp_path: Path, clock: SetClock) -> Iterator[BookNetwork]:
    book = Book(str(tmp_path / "twin.db"), clock.now, CountedIds().network_id)
    yield BookNetwork(book)
    book.close()


@pytest.fixture
def crooked() -> Iterator[Crooked]:
    with crooked_server() as server:
        yield server


def outcome(ask: Callable[[], object]) -> object:
    """What a call gives, or that it stayed silent, or why it was not taken."""
    try:
        return ask()
    except NetworkSilent:
        return "silent"
    except NetworkRejected as rejected:
        return rejected.code


def account_alone(network: Network, give: Callable[[str, str], None]) -> CardEntry:
    """An account that was given for a refund, without a card."""
    page = network.open_refund_page("c8", 900, "bank_account", "http://127.0.0.1:8000/b", "en")
    give(page.session_id, "")
    entry = network.card_entry(page.session_id)
    assert entry is not None
    assert not entry.card_token
    return entry


def life(network: Network, give: Callable[[str, str], None], clock: SetClock) -> list[object]:
    """Everything that can be asked of a network, in one life of several cards."""
    seen: list[object] = []

    def card(reference: str, number: str, method: str = "card") -> str:
        page = network.open_card_page(reference, 13446, method, "http://127.0.0.1:8000/b", "en")
        seen.extend([page, network.card_entry(page.session_id)])
        give(page.session_id, number)
        entry = network.card_entry(page.session_id)
        seen.append(entry)
        assert entry is not None
        return entry.card_token if method == "card" else entry.payout_token

    def ask(kind: Kind, name: str, **fields: Any) -> None:
        asked = make.operation(kind, reference=f"r-{name}", key=f"k-{name}", **fields)
        seen.extend(outcome(lambda: network.send(asked)) for _ in range(2))
        seen.append(outcome(lambda: network.look_up(asked.sent_reference)))

    good = card("c1", make.VISA)
    ask(Kind.HOLD, "hold", card_token=good)
    ask(Kind.ADVANCE, "advance", card_token=good)
    ask(Kind.HOLD, "lost", card_token=card("c2", make.LOST_HOLD))
    ask(Kind.HOLD, "declined", card_token=card("c3", make.DECLINED))
    ask(Kind.ADVANCE, "refused", card_token=card("c4", make.PAYOUT_REFUSED))
    account = card("c5", make.VISA, "alipay")
    ask(Kind.ADVANCE, "account", payout_token=account, method="alipay")
    ask(Kind.ADVANCE, "other-way", payout_token=account, method="wechat_pay")
    ask(Kind.CAPTURE, "capture", hold_reference="r-hold")
    ask(Kind.RELEASE, "too-late", hold_reference="r-hold")
    ask(Kind.RELEASE, "release", hold_reference="r-lost")
    ask(Kind.RELEASE, "nothing", hold_reference="r-nothing")
    ask(Kind.HOLD, "joint", card_token=good, joint_reference="j-hold-1", joint_fen=900)
    ask(Kind.ADVANCE, "share", card_token=good, joint_reference="j-advance-1", joint_fen=900)
    part: dict[str, Any] = {"hold_reference": "j-hold-1", "amount_fen": 300, "part_fen": 300}
    ask(Kind.RELEASE, "part-1", **part)
    ask(Kind.CAPTURE, "part-2", **{**part, "amount_fen": 120})
    ask(Kind.CAPTURE, "part-too-much", **{**part, "amount_fen": 301, "part_fen": 301})
    ask(Kind.CAPTURE, "part-3", **part)
    ask(Kind.RELEASE, "part-none", **part)
    ask(Kind.REFUND, "refund", card_token=good, method="card")
    ask(Kind.REFUND, "to-account", payout_token=account, method="alipay")
    ask(Kind.REFUND, "refund-lost", card_token=card("c6", make.LOST_ADVANCE), method="card")
    ask(Kind.REFUND, "refund-refused", card_token=card("c7", make.PAYOUT_REFUSED), method="card")
    alone = account_alone(network, give)
    seen.append(alone)
    ask(Kind.REFUND, "alone", payout_token=alone.payout_token, method="bank_account")
    ask(Kind.HOLD, "expiring", card_token=good)
    clock.pass_by(days=31)
    ask(Kind.RELEASE, "expired", hold_reference="r-expiring")
    seen.append(network.card_entry("unknown"))
    names = ["r-hold", "r-capture", "r-declined", "r-unknown", "j-hold-1", "r-part-2", "r-refund"]
    seen.append(network.look_up_many(names + [f"other-{n}" for n in range(250)]))
    seen.append(network.book())
    return seen


def test_the_network_answers_over_http_as_its_book_does(
    http: tuple[HttpNetwork, Book], twin: BookNetwork, clock: SetClock
) -> None:
    network, book = http
    account = "13800000021"
    over_http = life(network, lambda s, n: BookNetwork(book).give_card(s, n, account), clock)
    clock.at = make.NOON
    straight = life(twin, lambda s, n: twin.give_card(s, n, account), clock)
    assert over_http == straight
    # What was booked and whose answer was lost is silence; what was not taken is told by name.
    assert over_http.count("silent") == 2
    rejected = [one for one in over_http if isinstance(one, str) and one != "silent"]
    assert len(rejected) == 6, rejected


def test_the_parts_of_a_hold_and_the_refunds_reach_the_book_as_they_were_asked(
    http: tuple[HttpNetwork, Book], clock: SetClock
) -> None:
    network, book = http
    life(network, lambda s, n: BookNetwork(book).give_card(s, n, "13800000021"), clock)
    joint = book.hold_state("j-hold-1")
    assert joint is not None
    assert (joint["state"], joint["captured_fen"], joint["released_fen"]) == ("captured", 420, 480)
    paid = [row for row in book.operations_after(0) if row["state"] == "paid"]
    assert [row["reference"] for row in paid if row["kind"] == "refund"] == [
        "r-refund",
        "r-to-account",
        "r-refund-lost",
        "r-alone",
    ]
    assert [row["amount_fen"] for row in paid if row["reference"] == "j-advance-1"] == [900]


def test_the_health_of_the_network_is_its_version(http: tuple[HttpNetwork, Book]) -> None:
    assert http[0].health()[0].isdigit()


def test_many_threads_share_one_network(http: tuple[HttpNetwork, Book]) -> None:
    network, _ = http
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: network.look_up(f"r-{n}"), range(64)))
    assert found == [None] * 64


def test_a_wrong_secret_is_silence(http: tuple[HttpNetwork, Book]) -> None:
    other = HttpNetwork(f"http://127.0.0.1:{http[0]._wire._pool.port}", b"another" * 5)
    assert outcome(lambda: other.look_up("r-1")) == "silent"
    other.close()


def body(**changes: object) -> bytes:
    return json.dumps({**HELD, **changes}).encode()


NOT_WHOLE = {
    "html": said(b"<html>held</html>", "201 Created", Content_Type="text/html"),
    "json named as html": said(body(), "201 Created", Content_Type="text/html"),
    "half of json": said(body()[:80], "201 Created"),
    "a body cut short": said(body(), "201 Created", Content_Length="9999"),
    "a doubled key": said(body()[:-1] + b',"amount_fen":1}', "201 Created"),
    "not a number": said(body()[:-1] + b',"fee":NaN}', "201 Created"),
    "an array": said(b"[" + body() + b"]", "201 Created"),
    "too deep": said(b"[" * 30_000, "201 Created"),
    "not utf-8": said(body(brand="x").replace(b'"x"', b'"\xff"'), "201 Created"),
    "ten megabytes": said(body(brand="x" * 10_000_000), "201 Created"),
    "an endless head": b"HTTP/1.1 201 Created\r\nX: " + b"x" * 100_000,
    "no http": b"SSH-2.0-OpenSSH\r\n",
    "nothing": b"",
    "500": said(body(), "500 Internal Server Error"),
    "503": said(b'{"error":{"code":"unavailable"}}', "503 Service Unavailable"),
    "429": said(b'{"error":{"code":"slow_down"}}', "429 Too Many Requests"),
    "409 in flight": said(b'{"error":{"code":"in_flight"}}', "409 Conflict"),
    "a yes that is a no": said(body(state="refused", reason="declined"), "201 Created"),
    "a no that is a yes": said(body(), "402 Payment Required"),
    "a no without a reason": said(body(state="refused"), "402 Payment Required"),
    "a state of another kind": said(body(state="captured"), "201 Created"),
    "an unknown state": said(body(state="perhaps"), "201 Created"),
    "a hold without an end": said(body(expires_at=None), "201 Created"),
    "a moment without its offset": said(body(expires_at="2025-08-07T04:00:00"), "201 Created"),
    "an amount in words": said(body(amount_fen="13446"), "201 Created"),
    "an amount that is true": said(body(amount_fen=True), "201 Created"),
    "an amount with a point": said(body(amount_fen=13446.0), "201 Created"),
    "an amount of nothing": said(body(amount_fen=0), "201 Created"),
    "no id": said(body(network_id=None), "201 Created"),
    "compressed": said(body(), "201 Created", Content_Encoding="gzip")[:-1],
}


@pytest.mark.parametrize("answer", NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_what_is_not_one_whole_fitting_answer_is_silence(crooked: Crooked, answer: bytes) -> None:
    crooked.says = answer
    network = HttpNetwork(crooked.url, SECRET, deadline_seconds=3)
    with pytest.raises(NetworkSilent):
        network.send(make.operation(Kind.HOLD, card_token="card_1"))
    network.close()


def test_a_proper_answer_is_believed_as_it_stands(crooked: Crooked) -> None:
    network = HttpNetwork(crooked.url, SECRET)
    crooked.says = said(body(), "201 Created")
    held = network.send(make.operation(Kind.HOLD, card_token="card_1"))
    assert (held.refusal, held.amount_fen, held.last4) == ("", 13446, "1111")
    crooked.says = said(body(amount_fen=1, currency="EUR"), "201 Created")
    other = network.send(make.operation(Kind.HOLD, card_token="card_1"))
    assert (other.amount_fen, other.currency) == (1, "EUR"), "whoever asked compares"
    crooked.says = said(body(state="refused", reason="declined"), "402 Payment Required")
    assert network.send(make.operation(Kind.HOLD)).refusal == "declined"
    network.close()


def test_an_operation_is_asked_for_under_its_key_and_our_secret(crooked: Crooked) -> None:
    network = HttpNetwork(crooked.url, SECRET)
    crooked.says = said(body(), "201 Created")
    network.send(make.operation(Kind.HOLD, card_token="card_1", key="k-7"))
    head = crooked.asked[0].decode()
    assert head.startswith("POST /v1/holds HTTP/1.1\r\n")
    assert "Idempotency-Key: k-7\r\n" in head
    assert f"Authorization: Bearer {merchant_secret(SECRET)}\r\n" in head
    network.close()


def test_a_redirect_is_not_followed(crooked: Crooked) -> None:
    with crooked_server() as elsewhere:
        elsewhere.says = said(body(), "201 Created")
        network = HttpNetwork(crooked.url, SECRET)
        for status in ("301 Moved", "303 See Other", "307 Temporary", "308 Permanent"):
            crooked.says = said(b"{}", status, Location=elsewhere.url + "/v1/holds")
            with pytest.raises(NetworkSilent):
                network.send(make.operation(Kind.HOLD, card_token="card_1"))
        network.close()
        assert elsewhere.asked == []


@pytest.mark.parametrize("answer", [said(json.dumps(PAID).encode(), "200 OK"), said(b"{}")])
def test_a_look_up_believes_only_an_answer_about_what_it_asked(
    crooked: Crooked, answer: bytes
) -> None:
    crooked.says = answer
    network = HttpNetwork(crooked.url, SECRET)
    with pytest.raises(NetworkSilent):
        network.look_up("00000000000000f1-hold-1")
    network.close()


def test_never_received_is_said_only_by_the_network_itself(crooked: Crooked) -> None:
    network = HttpNetwork(crooked.url, SECRET)
    crooked.says = said(b"{}", "404 Not Found")
    assert outcome(lambda: network.look_up("r-1")) == "silent"
    crooked.says = said(b'{"error":{"code":"unknown_operation"}}', "404 Not Found")
    assert network.look_up("r-1") is None
    crooked.says = said(b'{"operations":{"r-2":null}}')
    assert outcome(lambda: network.look_up_many(["r-1"])) == "silent"
    network.close()


@pytest.mark.parametrize("piece", [1, 4096], ids=["a byte at a time", "never the end"])
def test_no_answer_takes_longer_than_the_deadline(crooked: Crooked, piece: int) -> None:
    crooked.says = said(body(), "201 Created", Content_Length="9999")
    crooked.piece, crooked.pause_s = piece, 0.02 if piece == 1 else 30
    network = HttpNetwork(crooked.url, SECRET, deadline_seconds=0.3)
    began = time.monotonic()
    with pytest.raises(NetworkSilent):
        network.send(make.operation(Kind.HOLD, card_token="card_1"))
    assert time.monotonic() - began < 2
    network.close()


def test_a_network_that_is_not_there_is_silence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        port = closed_at_once.getsockname()[1]
    network = HttpNetwork(f"http://127.0.0.1:{port}", SECRET)
    for ask in (network.book, network.health, lambda: network.look_up("r-1")):
        assert outcome(ask) == "silent"
    assert outcome(lambda: network.open_card_page("r", 1, "card", "http://x/", "en")) == "silent"
    network.close()


def test_the_log_names_neither_cards_nor_secrets_nor_bodies(
    crooked: Crooked, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    crooked.says = said(b'{"error":{"code":"key_reused","message":"card_9 of CHAN"}}', "422 No")
    network = HttpNetwork(crooked.url, SECRET)
    asked: Operation = make.operation(Kind.HOLD, card_token="card_9", key="key-9")
    with pytest.raises(NetworkRejected, match="key_reused"):
        network.send(asked)
    network.close()
    assert "key_reused" in caplog.text
    for secret in ("card_9", "CHAN", "key-9", merchant_secret(SECRET)):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:1", "https://x:1", "http://", "http://u:p@x/", "http://x/v1", "http://x/?a"],
)
def test_only_a_plain_address_is_taken(url: str) -> None:
    with pytest.raises(ValueError, match="http://host:port"):
        HttpNetwork(url, SECRET)
