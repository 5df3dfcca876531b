"""The breaker: silent at once while nothing answers, one probe at a time, open again at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from refund.core.operation import Kind
from refund.gateways.breaker import FAILURES_MAX, PAUSE_S, PAUSE_S_MAX, Breaker, NoAnswer
from refund.gateways.network import HttpNetwork
from refund.ports import NetworkSilent
from tests import make
from tests.gateways.crooked import Crooked, crooked_server, said

SECRET = b"0123456789abcdef0123456789abcdef"


class Seconds:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        """Tell the time that was set."""
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def breaker(seconds: Seconds) -> Breaker:
    return Breaker(seconds, lambda: 0.5)


@pytest.fixture
def crooked() -> Iterator[Crooked]:
    with crooked_server() as server:
        yield server


def fails(breaker: Breaker, times: int = 1) -> int:
    """How many of so many calls were let through; none of them is answered."""
    through: list[int] = []

    def ask(number: int) -> None:
        with breaker.call():
            through.append(number)
            raise NoAnswer

    for number in range(times):
        with pytest.raises(NetworkSilent):
            ask(number)
    return len(through)


def test_it_opens_after_five_failures_in_a_row_and_no_sooner(breaker: Breaker) -> None:
    assert fails(breaker, FAILURES_MAX - 1) == FAILURES_MAX - 1
    assert breaker.line().is_up
    with breaker.call():
        pass
    assert fails(breaker, FAILURES_MAX) == FAILURES_MAX, "an answer in between counts anew"
    assert not breaker.line().is_up
    assert fails(breaker, 20) == 0


def test_while_it_is_open_one_probe_at_a_time_is_let_through(
    breaker: Breaker, seconds: Seconds
) -> None:
    fails(breaker, FAILURES_MAX)
    seconds.at += PAUSE_S
    with breaker.call():
        assert fails(breaker) == 0, "the probe is under way"
    assert breaker.line().is_up
    assert fails(breaker) == 1


def test_each_probe_that_fails_doubles_the_pause_up_to_a_limit(
    breaker: Breaker, seconds: Seconds
) -> None:
    fails(breaker, FAILURES_MAX)
    pauses = []
    for _ in range(6):
        pauses.append(breaker.line().retry_s)
        seconds.at += breaker.line().retry_s
        assert fails(breaker) == 1
    assert pauses == [1.0, 2.0, 4.0, PAUSE_S_MAX, PAUSE_S_MAX, PAUSE_S_MAX]


def test_a_probe_that_never_ends_does_not_keep_the_line_down(
    breaker: Breaker, seconds: Seconds
) -> None:
    fails(breaker, FAILURES_MAX)
    seconds.at += PAUSE_S
    with pytest.raises(KeyboardInterrupt), breaker.call():
        raise KeyboardInterrupt
    assert fails(breaker) == 0
    seconds.at += PAUSE_S
    with breaker.call():
        pass
    assert breaker.line().is_up


def test_pauses_differ_by_chance_up_to_a_quarter(seconds: Seconds) -> None:
    waits = []
    for chance in (0.0, 0.25, 1.0):
        breaker = Breaker(seconds, lambda chance=chance: chance)  # type: ignore[misc]
        fails(breaker, FAILURES_MAX)
        waits.append(breaker.line().retry_s)
    assert waits == [0.75, 0.875, 1.25]


def test_of_many_threads_exactly_one_probes(breaker: Breaker, seconds: Seconds) -> None:
    fails(breaker, FAILURES_MAX)
    seconds.at += PAUSE_S
    through, gate, over = [], threading.Barrier(16), threading.Event()

    def ask(number: int) -> None:
        gate.wait()
        try:
            with breaker.call():
                through.append(number)
                over.wait(10)
        except NetworkSilent:
            refused.append(number)
            if len(refused) == 15:
                over.set()

    refused: list[int] = []
    threads = [threading.Thread(target=ask, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(through), len(refused)) == (1, 15)


def test_a_network_that_is_gone_costs_no_time_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        port = closed_at_once.getsockname()[1]
    network = HttpNetwork(f"http://127.0.0.1:{port}", SECRET)
    for _ in range(FAILURES_MAX):
        with pytest.raises(NetworkSilent):
            network.look_up("r-1")
    assert (network.line().is_up, network.line().failures) == (False, FAILURES_MAX)
    began = time.monotonic()
    for _ in range(1000):
        with pytest.raises(NetworkSilent):
            network.send(make.operation(Kind.HOLD, card_token="card_1"))
    assert time.monotonic() - began < 0.5
    network.close()


@pytest.mark.parametrize(
    "answer",
    [said(b"{}", "500 Failed"), said(b"<p>", Content_Type="text/html"), said(b'{"half":')],
)
def test_nonsense_is_an_answer_and_does_not_open_the_breaker(
    crooked: Crooked, answer: bytes
) -> None:
    crooked.says = answer
    network = HttpNetwork(crooked.url, SECRET)
    for _ in range(FAILURES_MAX + 1):
        with pytest.raises(NetworkSilent):
            network.look_up("r-1")
    assert network.line().is_up
    assert len(crooked.asked) == FAILURES_MAX + 1
    network.close()


def test_a_byte_a_second_is_no_answer(crooked: Crooked) -> None:
    crooked.says, crooked.piece, crooked.pause_s = said(b"{}", Content_Length="9999"), 1, 0.02
    network = HttpNetwork(crooked.url, SECRET, deadline_seconds=0.1)
    for _ in range(FAILURES_MAX):
        with pytest.raises(NetworkSilent):
            network.look_up("r-1")
    assert not network.line().is_up
    network.close()
