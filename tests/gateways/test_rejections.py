"""What the network did not take, and answers about something else than was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from refund.core.operation import Kind
from refund.gateways.network import HttpNetwork
from refund.ports import NetworkRejected, NetworkSilent
from tests import make
from tests.gateways.crooked import Crooked, crooked_server, said
from tests.gateways.test_network import SECRET, body


@pytest.fixture
def crooked() -> Iterator[Crooked]:
    with crooked_server() as server:
        yield server


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("400 Bad Request", "bad_field"),
        ("404 Not Found", "unknown_card"),
        ("422 Unprocessable Entity", "key_reused"),
        ("409 Conflict", "anything_else"),
    ],
)
def test_what_was_not_taken_is_told_by_its_code(crooked: Crooked, status: str, code: str) -> None:
    crooked.says = said(json.dumps({"error": {"code": code}}).encode(), status)
    network = HttpNetwork(crooked.url, SECRET)
    with pytest.raises(NetworkRejected) as caught:
        network.send(make.operation(Kind.HOLD, card_token="card_1"))
    assert caught.value.code == code
    network.close()


@pytest.mark.parametrize("status", ["301 Moved", "404 Not Found", "500 Failed", "503 Unavailable"])
def test_a_page_in_place_of_a_rejection_is_silence(crooked: Crooked, status: str) -> None:
    crooked.says = said(b"<p>unknown_card</p>", status, Content_Type="text/html")
    network = HttpNetwork(crooked.url, SECRET)
    with pytest.raises(NetworkSilent):
        network.send(make.operation(Kind.HOLD, card_token="card_1"))
    network.close()


@pytest.mark.parametrize(
    "changes",
    [{"amount_fen": 13445}, {"currency": "HKD"}, {"reference": "another"}, {"approved_fen": 13447}],
)
def test_an_answer_about_something_else_does_not_fit_what_was_asked(
    crooked: Crooked, changes: dict[str, object]
) -> None:
    crooked.says = said(body(**changes), "201 Created")
    network = HttpNetwork(crooked.url, SECRET)
    asked = make.operation(Kind.HOLD, card_token="card_1", amount_fen=13446)
    assert not network.send(asked).fits(asked)
    crooked.says = said(body(), "201 Created")
    assert network.send(asked).fits(asked)
    network.close()
