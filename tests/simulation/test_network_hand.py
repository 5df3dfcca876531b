"""The hand in the network over HTTP: the same pages that people use, on this machine alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from refund.core.errors import Refused
from refund.sandbox.app import create_sandbox
from refund.sandbox.faults import Fault
from refund.sandbox.network import Book
from refund.sandbox.sessions import SessionRequest
from refund.sandbox.settings import SandboxSettings
from refund.simulation.rehearsal.network_hand import HandInBook, HandOverHttp
from tests import make

PASSWORD = "A2B3C4D5E6F7"
BACK = "http://127.0.0.1:8000/back"


@dataclass
class Network:
    """A network that answers, and its book."""

    origin: str
    book: Book


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Serve a sandbox from a thread of this process."""
    settings = SandboxSettings(
        str(tmp_path / "sandbox.db"),
        "a merchant's secret",
        "http://127.0.0.1",
        control_password=PASSWORD,
    )
    app = create_sandbox(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    book: Book = app.extensions["book"]
    yield Network(f"http://127.0.0.1:{server.server_port}", book)
    server.shutdown()
    thread.join()
    server.server_close()
    book.close()


def session(book: Book, method: str = "card") -> str:
    """A page of the network's that is open."""
    asked = SessionRequest(f"form-card-{method}", 134_46, method, BACK, "en")
    return book.open_card_session(asked).session_id


def test_a_card_and_an_account_are_given_on_the_networks_own_page(network: Network) -> None:
    hand = HandOverHttp(network.origin, PASSWORD)
    with_card = session(network.book)
    hand.give(with_card, make.VISA, "")
    known = network.book.card_session(with_card)
    assert known is not None
    assert known.card is not None
    assert known.card.last4 == make.VISA[-4:]
    with_account = session(network.book, "alipay")
    hand.give(with_account, make.VISA, "13800000021")
    known = network.book.card_session(with_account)
    assert known is not None
    assert known.payout_label.startswith("Alipay")


def test_what_the_page_does_not_take_is_refused(network: Network) -> None:
    hand = HandOverHttp(network.origin, PASSWORD)
    open_page = session(network.book)
    for session_id, number in (("nobody", make.VISA), (open_page, "4111111111111112")):
        with pytest.raises(Refused, match="card_session_unfinished"):
            hand.give(session_id, number, "")


def test_a_fault_is_switched_on_and_a_hold_is_ended_at_the_controls(network: Network) -> None:
    hand, book = HandOverHttp(network.origin, PASSWORD), network.book
    fault = Fault("capture_declined", last4="1111", kind="capture", probability_bp=2550, times=2)
    hand.switch_on(fault)
    assert [one.fault for one in book.faults.switched()] == [fault]
    session_id = session(book)
    hand.give(session_id, make.VISA, "")
    given = book.card_session(session_id)
    assert given is not None
    assert given.card is not None
    assert book.hold("form-hold-1", given.card.token, 134_46).body["state"] == "held"
    hand.end_hold("form-hold-1")
    state = book.hold_state("form-hold-1")
    assert state is not None
    assert state["state"] == "ended"
    for either in (hand, HandInBook(book)):
        with pytest.raises(Refused, match="network_unreachable"):
            either.end_hold("form-hold-1")


def test_without_the_password_nothing_is_switched_on(network: Network) -> None:
    with pytest.raises(Refused, match="network_unreachable"):
        HandOverHttp(network.origin, "wrong").switch_on(Fault("statement_late"))
    assert not network.book.faults.switched()


def test_a_network_that_does_not_answer_or_is_elsewhere_is_not_reached() -> None:
    with pytest.raises(Refused, match="network_unreachable"):
        HandOverHttp("http://127.0.0.1:9", PASSWORD).switch_on(Fault("statement_late"))
    with pytest.raises(ValueError, match="on this machine"):
        HandOverHttp("https://example.org", PASSWORD)
