"""The sandbox as its own process, over real sockets: races, lost answers, kills and restarts."""

from __future__ import annotations

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import urllib3

from refund.sandbox.cards import TRIAL_CARDS
from refund.sandbox.serve import serve_sandbox
from refund.sandbox.settings import SandboxSettings
from tests.sandbox.world import (
    LOST_ADVANCE,
    LOST_HOLD,
    SECRET,
    VISA,
    Served,
    advance_body,
    hold_body,
)


def test_eight_threads_with_one_key_book_one_advance(served: Served) -> None:
    token = served.card(VISA, "session-1")
    start = Barrier(8)

    def send(_number: int) -> tuple[int, bytes]:
        start.wait(10)
        answer = served.post("/v1/advances", advance_body(token), "one-key")
        return answer.status, answer.data

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    paid = {body for status, body in answers if status == 201}
    assert len(paid) == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert served.get("/v1/book")["payouts_fen"] == 13446


def test_eight_threads_with_eight_keys_end_a_hold_once(served: Served) -> None:
    token = served.card(VISA, "session-1")
    served.post("/v1/holds", hold_body(token), "hold-key")
    start = Barrier(8)

    def send(number: int) -> int:
        start.wait(10)
        body = {"reference": f"release-{number}", "hold_reference": "hold-1"}
        return served.post("/v1/releases", body, f"key-{number}").status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(send, range(8)))
    assert statuses == [201] + [409] * 7
    assert served.get("/v1/holds/hold-1")["state"] == "released"


@pytest.mark.rule("joint_forms_apart")
def test_eight_threads_end_eight_parts_of_a_hold_and_a_ninth_finds_nothing(
    served: Served,
) -> None:
    token = served.card(VISA, "session-1")
    served.post("/v1/holds", hold_body(token, amount_fen=800), "hold-key")
    start = Barrier(8)

    def send(number: int) -> int:
        start.wait(10)
        body = {"reference": f"part-{number}", "hold_reference": "hold-1", "part_fen": 100}
        if number % 2:
            charge = {**body, "amount_fen": 60, "currency": "CNY"}
            return served.post("/v1/captures", charge, f"key-{number}").status
        return served.post("/v1/releases", body, f"key-{number}").status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(8))) == {201}
    hold = served.get("/v1/holds/hold-1")
    assert (hold["state"], hold["captured_fen"], hold["released_fen"]) == ("captured", 240, 560)
    ninth = {"reference": "part-9", "hold_reference": "hold-1", "part_fen": 100}
    assert served.post("/v1/releases", ninth, "key-9").status == 409


def test_a_lost_answer_of_a_hold_is_truncated_on_the_wire_and_booked(served: Served) -> None:
    token = served.card(LOST_HOLD, "session-1")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        served.post("/v1/holds", hold_body(token), "hold-key")
    found = served.get("/v1/operations/hold-1")
    assert found["state"] == "held"
    again = served.post("/v1/holds", hold_body(token), "hold-key")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() | {"bookings": 1} == found


def test_a_lost_answer_of_an_advance_is_paid_once(served: Served) -> None:
    token = served.card(LOST_ADVANCE, "session-1")
    assert served.post("/v1/holds", hold_body(token), "hold-key").status == 201
    with pytest.raises(urllib3.exceptions.ProtocolError):
        served.post("/v1/advances", advance_body(token), "advance-key")
    assert served.post("/v1/advances", advance_body(token), "advance-key").status == 201
    assert served.post("/v1/advances", advance_body(token), "other-key").status == 201
    assert served.get("/v1/book")["payouts_fen"] == 13446


def test_a_slow_card_takes_two_seconds_for_itself_alone(served: Served) -> None:
    slow = served.card("4000000000000077", "session-1")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(served.post, "/v1/holds", hold_body(slow), "slow-key")
        quick = served.get("/v1/book")
        assert not waiting.done()
        assert waiting.result().status == 201
    assert quick["operations"] <= 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_restart_keeps_the_book_and_the_keys(served: Served, how: signal.Signals) -> None:
    token = served.card(VISA, "session-1")
    first = served.post("/v1/holds", hold_body(token), "hold-key")
    code = served.stop(how)
    assert code == (-signal.SIGKILL if how is signal.SIGKILL else 0)
    served.start()
    again = served.post("/v1/holds", hold_body(token), "hold-key")
    assert (again.status, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert served.get("/v1/operations/hold-1") == first.json() | {"bookings": 1}


def test_no_card_number_is_left_in_files_or_logs(served: Served) -> None:
    for place, card in enumerate(TRIAL_CARDS):
        served.card(card.number, f"session-{place}")
    page = served.post(
        "/v1/card-sessions",
        {
            "reference": "typed",
            "amount_fen": 1,
            "currency": "CNY",
            "method": "bank_account",
            "return_url": "http://localhost/",
            "language": "en",
        },
        "typed-key",
    ).json()["page_url"]
    html = served.http.request("GET", page).data.decode()
    token = html.partition('name="page_token" value="')[2].partition('"')[0]
    typed = {
        "number": "4111 1111 1111 1111",
        "expiry": "12/34",
        "code": "9876",
        "name": "WONG SIU MING",
        "account": "6222000098765432",
        "page_token": token,
    }
    given = served.http.request("POST", page, fields=typed, redirect=False)
    assert given.status == 303
    secrets = [card.number for card in TRIAL_CARDS]
    secrets += [typed["number"], typed["account"], "WONG SIU MING", SECRET]
    left = [*served.database.parent.iterdir()]
    assert {served.database.name, f"{served.database.name}-wal"} <= {path.name for path in left}
    served.stop()
    for path in [*left, *served.database.parent.iterdir()]:
        if path.exists():
            found = path.read_bytes()
            assert [secret for secret in secrets if secret.encode() in found] == [], path.name


def test_half_a_request_does_not_stop_the_others(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as half:
        half.sendall(b"POST /v1/holds HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert served.answers()


def test_the_sandbox_listens_on_this_machine_alone(tmp_path: Path) -> None:
    settings = SandboxSettings(str(tmp_path / "s.db"), SECRET, "http://localhost")
    with pytest.raises(ValueError, match="this machine alone"):
        serve_sandbox(settings, "0.0.0.0", 1)  # noqa: S104 - what must be refused
