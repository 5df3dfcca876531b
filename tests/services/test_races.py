"""Many at once, and processes that die: one hold, one advance, and everyone is told the truth."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest

from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.services import claim, issue, later, reconcile, verify
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.steps import (
    PHONE,
    RETURN_URL,
    agreed,
    card,
    claimed,
    departs,
    issued,
    on,
    proposal,
    status,
    unlocked,
    verified,
)
from tests.world import World, open_world

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


def at_once(count: int, act: Callable[[int], T]) -> list[T | str]:
    """Let so many threads act at the same moment; what each got, a refusal as its code."""
    start = Barrier(count)

    def go(number: int) -> T | str:
        start.wait(20)
        try:
            return act(number)
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(go, range(count)))


class Process:
    """Another process of the service, which acts when it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def await_ready(self) -> None:
        """Wait until it has opened everything."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        """Give the starting signal."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def said(self) -> tuple[int, str]:
        """Its exit code, and what it said."""
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said.strip()


StartProcess = Callable[..., Process]


@pytest.fixture
def start_process(world: World) -> Iterator[StartProcess]:
    """Return a function that starts another process on the same world."""
    with ExitStack() as stack:
        numbers = iter(range(1, 100))

        def start(*words: str) -> Process:
            place = [str(next(numbers)), str(world.folder), world.url]
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.services.process", *place, *words],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return Process(process)

        yield start


def given_card(world: World, form: Form) -> str:
    """The session of a card page that the traveller has filled in."""
    url = claim.open_card_page(world.ports, PHONE, form.form_id, RETURN_URL, "en")
    session_id = url.rpartition("/")[2]
    world.network.give_card(session_id, make.VISA)
    return session_id


@pytest.mark.rule("advanced_once")
@pytest.mark.rule("advanced_once")
def test_sixteen_confirms_at_once_are_one_hold_and_one_advance(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)
    said = at_once(
        16, lambda _: claim.claim_advance(world.ports, PHONE, form.form_id, entry).status
    )
    assert set(said) <= {Status.HOLDING, Status.HELD, Status.ADVANCING, Status.ADVANCED}
    assert status(world, form) is Status.ADVANCED
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])
    again = claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    assert again.status is Status.ADVANCED


@pytest.mark.rule("advanced_once")
@pytest.mark.rule("advanced_once")
def test_two_phones_with_two_cards_at_once_are_one_advance(world: World) -> None:
    form = agreed(world)
    unlocked(world, form, "phone-2")
    phones = [PHONE, "phone-2"]
    entries = [card(world, form, make.VISA, phone) for phone in phones]
    at_once(
        2, lambda n: claim.claim_advance(world.ports, phones[n], form.form_id, entries[n]).status
    )
    assert status(world, form) is Status.ADVANCED
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])


def test_guesses_sent_together_cost_a_try_each(world: World) -> None:
    form = issued(world)
    for number in range(12):
        claim.scan(world.ports, form.code, f"phone-{number}")

    def guess(number: int) -> None:
        claim.enter_claim_code(world.ports, f"phone-{number}", form.form_id, f"wrong{number}")

    said = at_once(12, guess)
    assert said.count("claim_code_wrong") == 4
    assert said.count("claim_locked") == 8


def test_four_processes_race_for_one_claim(world: World, start_process: StartProcess) -> None:
    form = agreed(world)
    session_id = given_card(world, form)
    runners = [start_process("claim", form.form_id, session_id) for _ in range(4)]
    for runner in runners:
        runner.await_ready()
    for runner in runners:
        runner.go()
    said = [runner.said() for runner in runners]
    assert {code for code, _ in said} == {0}
    told = {word for _, word in said}
    assert "advanced" in told
    assert told <= {"advanced", "advancing", "holding", "held"}
    assert status(world, form) is Status.ADVANCED
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])


@pytest.mark.parametrize("kind", ["hold", "advance"])
def test_a_kill_between_the_answer_and_our_record_pays_once(
    world: World, start_process: StartProcess, kind: str
) -> None:
    form = agreed(world)
    runner = start_process("die", kind, form.form_id, given_card(world, form))
    runner.await_ready()
    runner.go()
    assert runner.said() == (-signal.SIGKILL, "")
    assert status(world, form) is (Status.HOLDING if kind == "hold" else Status.ADVANCING)
    world.clock.pass_by(seconds=16)
    assert later.finish_open_operations(world.ports) == 1
    assert status(world, form) is Status.ADVANCED
    assert (world.booked("hold"), world.booked("advance")) == (["held"], ["paid"])
    assert world.paid_fen() == make.NET_FEN
    assert len(world.network.sent) == (1 if kind == "hold" else 0), "looked up, not sent again"


def test_two_services_finish_an_operation_once(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)
    world.network.faults.extend([Fault.NONE, Fault.LOST])
    claim.claim_advance(world.ports, PHONE, form.form_id, entry)
    world.clock.pass_by(seconds=16)
    with open_world(world.folder, world.url, world.clock.at, series=1, enrolled=False) as second:
        services = [world.ports, second.ports]
        taken = at_once(2, lambda n: later.finish_open_operations(services[n]))
    assert sorted(map(str, taken)) == ["0", "1"]
    assert status(world, form) is Status.ADVANCED
    assert world.booked("advance") == ["paid"]


def test_a_form_voided_while_it_is_claimed_is_one_or_the_other(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)

    def act(number: int) -> Status:
        if number:
            return issue.void_form(world.ports, world.clerk, form.form_id, "race").status
        return claim.claim_advance(world.ports, PHONE, form.form_id, entry).status

    at_once(2, act)
    if status(world, form) is Status.VOID:
        assert world.booked("hold") == []
    else:
        assert status(world, form) is Status.ADVANCED
        assert world.booked("advance") == ["paid"]


def test_customs_and_a_second_officer_at_once_verify_once(world: World) -> None:
    form = claimed(world)
    said = at_once(8, lambda _: verify.verify_form(world.ports, world.officer, form.form_id).status)
    assert said.count(Status.VERIFIED) == 1
    assert said.count("already_verified") == 7


@pytest.mark.rule("outcome_kept")
def test_eight_operators_at_once_release_a_hold_once(world: World) -> None:
    form = verified(world)
    departs(world, on(20))
    seen = proposal(world, form)
    chosen = reconcile.Chosen(form.form_id, seen.action, seen.why)

    def act(_: int) -> str:
        done = reconcile.settle(world.ports, world.operator, [chosen], "at the gate")[0]
        return done.refusal.code if done.refusal else done.form.status.value

    said = at_once(8, act)
    assert said.count("released") == 1
    assert said.count("proposal_changed") == 7
    assert world.booked("release") == ["released"]
