"""The audit goes on all the time, by one process after the other; what is broken is a case."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from refund import pulse
from refund.core.case import Case, CaseKind
from refund.ports import Network
from refund.services import auditing, cases
from refund.services.audit import INVARIANTS
from refund.services.auditing import Auditor, audit_in_turn, last_check, run_audit
from tests.services.steps import claimed
from tests.services.tamper import behind_the_back
from tests.world import SetClock, World, open_world

OFF = "UPDATE balance SET debit_fen = debit_fen + 5 WHERE account = 'advance'"
ON_AGAIN = "UPDATE balance SET debit_fen = debit_fen - 5 WHERE account = 'advance'"
MINUTE = timedelta(minutes=1)


def broken_cases(world: World) -> list[Case]:
    """The open cases of invariants."""
    return world.ports.storage.read(lambda tx: tx.open_cases([CaseKind.INVARIANT_BROKEN]))


def test_a_run_is_kept_with_its_moment_and_its_result(world: World) -> None:
    assert last_check(world.ports) is None
    claimed(world)
    run = run_audit(world.ports)
    assert (run.audited_at, run.broken, run.unchecked, run.findings) == (world.clock.at, 0, 0, ())
    world.clock.pass_by(seconds=90)
    seen = last_check(world.ports)
    assert seen is not None
    assert (seen.run, seen.age, seen.is_late) == (run, timedelta(seconds=90), False)
    world.clock.pass_by(minutes=15)
    late = last_check(world.ports)
    assert late is not None
    assert late.is_late


def test_a_network_that_is_silent_is_counted_as_unchecked_and_is_no_case(world: World) -> None:
    claimed(world)
    world.network.unplugged = True
    run = run_audit(world.ports)
    assert (run.broken, run.unchecked) == (0, 1)
    (finding,) = run.findings
    assert (finding["invariant"], finding["holds"]) == ("I5", None)
    assert finding["why"] == "the network did not answer"
    assert broken_cases(world) == []


def test_what_is_broken_is_one_case_that_closes_when_it_holds_again(broken_world: World) -> None:
    world = broken_world
    claimed(world)
    behind_the_back(world, OFF)
    for _ in range(3):
        world.clock.pass_by(minutes=1)
        assert run_audit(world.ports).broken == 1
    (case,) = broken_cases(world)
    assert (case.subject, case.facts["promise"]) == ("I3", INVARIANTS["I3"])
    assert case.facts["count"] == 1
    rows = case.facts["rows"]
    assert isinstance(rows, list)
    assert rows[0]["account"] == "advance"
    behind_the_back(world, ON_AGAIN)
    world.clock.pass_by(minutes=1)
    assert run_audit(world.ports).broken == 0
    assert broken_cases(world) == []
    closed = world.ports.storage.read(lambda tx: tx.case(case.case_id))
    assert closed is not None
    assert (closed.closed_by, closed.reason) == ("worker", auditing.HOLDS_AGAIN)


def test_what_a_person_explained_is_opened_again_only_when_its_rows_change(
    broken_world: World,
) -> None:
    world = broken_world
    claimed(world)
    behind_the_back(world, OFF)
    run_audit(world.ports)
    (case,) = broken_cases(world)
    cases.close_with_reason(world.ports, world.operator, case.case_id, "a test of the alarm")
    world.clock.pass_by(minutes=1)
    assert run_audit(world.ports).broken == 1
    assert broken_cases(world) == []
    behind_the_back(world, OFF)
    world.clock.pass_by(minutes=1)
    run_audit(world.ports)
    (again,) = broken_cases(world)
    assert again.case_id != case.case_id


def test_a_run_keeps_some_rows_and_says_how_many_there_are(broken_world: World) -> None:
    world = broken_world
    claimed(world)
    behind_the_back(
        world, *(f"INSERT INTO balance VALUES ('fee', {number}, 5, 0)" for number in range(50, 70))
    )
    run = run_audit(world.ports)
    (finding,) = run.findings
    rows = finding["rows"]
    assert isinstance(rows, list)
    assert (len(rows), finding["count"]) == (auditing.ROWS_KEPT, 20)
    assert json.loads(json.dumps(run.findings)) == list(run.findings)


def test_the_next_run_comes_a_minute_after_the_last_began(world: World) -> None:
    assert audit_in_turn(world.ports) is not None
    world.clock.pass_by(seconds=59)
    assert audit_in_turn(world.ports) is None
    world.clock.pass_by(seconds=1)
    assert audit_in_turn(world.ports) is not None
    assert len(auditing.audit_runs(world.ports, 10)) == 2


class Slow(SetClock):
    """A clock that moves on whenever it is read."""

    def __init__(self, at: datetime, step: timedelta) -> None:
        super().__init__(at)
        self.step = step

    def now(self) -> datetime:
        """A moment later each time."""
        self.at += self.step
        return self.at


def test_a_run_that_takes_long_is_followed_by_ten_times_as_long_a_rest(world: World) -> None:
    clock = Slow(world.clock.at, timedelta(seconds=10))
    slow = replace(world.ports, clock=clock)
    run = audit_in_turn(slow)
    assert run is not None
    took = timedelta(milliseconds=run.took_ms)
    assert took > timedelta(seconds=6), "else a minute is longer"
    clock.step = timedelta(0)
    until = world.ports.storage.read(lambda tx: tx.audit_turn_until())
    assert until is not None
    clock.at = until - timedelta(milliseconds=1)
    assert clock.at - run.audited_at > 9 * took
    assert audit_in_turn(slow) is None
    clock.at = until
    assert audit_in_turn(slow) is not None


def test_two_processes_take_turns_and_none_audits_while_the_other_does(
    world: World, tmp_path: Path
) -> None:
    claimed(world)
    with open_world(tmp_path, world.url, world.clock.at, series=1, enrolled=False) as second:
        began = world.clock.at
        until = began + auditing.TURN_MAX
        assert world.ports.storage.write(lambda tx: tx.take_audit_turn(began, until))
        assert audit_in_turn(second.ports) is None, "the first is at it"
        assert not second.ports.storage.write(lambda tx: tx.take_audit_turn(began, until))
        second.clock.at = until
        assert audit_in_turn(second.ports) is not None, "the first was not heard of any more"
        world.ports.storage.write(lambda tx: tx.end_audit_turn(until, began + MINUTE))
        world.clock.at = until + timedelta(seconds=30)
        assert audit_in_turn(world.ports) is None, "whose turn was over ends nobody else's"
        world.clock.at = until + MINUTE
        assert audit_in_turn(world.ports) is not None


def test_of_auditors_that_begin_at_once_one_audits(world: World) -> None:
    ready = threading.Barrier(6)
    runs = []

    def begin() -> None:
        ready.wait()
        runs.append(audit_in_turn(world.ports))

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run for run in runs if run is not None] == auditing.audit_runs(world.ports, 10)
    assert len(auditing.audit_runs(world.ports, 10)) == 1


def test_a_clock_that_was_put_back_does_not_stop_the_audit(world: World) -> None:
    assert audit_in_turn(world.ports) is not None
    world.clock.pass_by(days=-100)
    assert audit_in_turn(world.ports) is not None


class Fallen:
    """A network whose book is a defect."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def __getattr__(self, name: str) -> object:
        """Everything as it is."""
        return getattr(self._network, name)

    def book(self) -> object:
        """Fall over."""
        raise ZeroDivisionError


def test_a_run_that_fails_is_logged_and_the_turn_is_given_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ports = replace(world.ports, network=Fallen(world.network))  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        audit_in_turn(ports)
    world.clock.pass_by(minutes=1)
    ended = threading.Event()

    class Logged(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            """Say that something was logged."""
            if "auditor: ZeroDivisionError" in record.getMessage():
                ended.set()

    pulse.log.addHandler(handler := Logged())
    auditor = Auditor(ports, look_seconds=0.01)
    auditor.start()
    assert ended.wait(20)
    auditor.stop()
    pulse.log.removeHandler(handler)
    assert "test_auditing.py" in caplog.text
    world.clock.pass_by(minutes=1)
    assert audit_in_turn(world.ports) is not None


def test_the_auditor_audits_beside_the_service_until_it_is_told_to_stop(world: World) -> None:
    auditor = Auditor(world.ports, look_seconds=0.01)
    auditor.start()
    seen = threading.Event()
    while not seen.wait(0.02):
        if auditing.audit_runs(world.ports, 1):
            seen.set()
    auditor.stop()
    assert len(auditing.audit_runs(world.ports, 10)) == 1
