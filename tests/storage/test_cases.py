"""Cases as rows: one open for a subject, closed once, decided once, and their history stays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from refund.core.case import Approval, Case, CaseKind, Fix
from refund.gateways.sealing import Sealer
from refund.storage import Database, open_storage
from refund.storage.protocol import ConstraintFailed

NOW = datetime(2026, 7, 8, 4, 0, tzinfo=UTC)
ANN, BEN = "operator:ann", "operator:ben"
AT_ONCE = 8


@pytest.fixture
def database(engine_url: str) -> Iterator[Database]:
    """Open a migrated database, once on each engine."""
    opened = open_storage(engine_url, Sealer(bytes(32), bytes([1] * 32)))
    try:
        opened.migrate(NOW)
        yield opened
    finally:
        opened.close()


def a_case(number: int, kind: CaseKind = CaseKind.PENDING_TOO_LONG, **more: object) -> Case:
    """A case of its own subject, older the smaller its number."""
    found = NOW + timedelta(minutes=number)
    case = Case(
        case_id=f"case-{number}",
        kind=kind,
        subject=f"subject-{number}",
        form_id="",
        store_number=1,
        amount_fen=100 * number,
        facts={"ours": {"amount_fen": 100 * number}, "words": ["一", "two"]},
        found_at=found,
        opened_at=NOW + timedelta(days=1),
    )
    return replace(case, **more)  # type: ignore[arg-type]


def a_request(number: int, case_id: str = "case-1") -> Approval:
    """A request for a second person."""
    return Approval(f"approval-{number}", case_id, Fix.WRITE_OFF, 200_000, "gone", ANN, NOW, "v3")


def closed(case: Case) -> Case:
    """The case with its end."""
    return replace(case, closed_at=NOW, closed_by=BEN, reason="explained", fix=Fix.EXPLAIN)


def how_many(work: Callable[[int], bool]) -> int:
    """Do the same work on several threads from one starting signal; how many were told yes."""
    gate = threading.Barrier(AT_ONCE)

    def wait_then_work(place: int) -> bool:
        gate.wait()
        return work(place)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(wait_then_work, range(AT_ONCE)))


def test_a_case_is_read_as_it_was_stored(database: Database) -> None:
    assert database.write(lambda tx: tx.add_case(a_case(1)))
    assert database.read(lambda tx: tx.case("case-1")) == a_case(1)
    assert database.write(lambda tx: tx.hold_case("case-1")) == a_case(1)
    assert database.read(lambda tx: tx.case("case-2")) is None
    found = database.read(lambda tx: tx.open_case_of(CaseKind.PENDING_TOO_LONG, "subject-1"))
    assert found == a_case(1)


def test_one_case_of_a_kind_is_open_for_a_subject(database: Database) -> None:
    assert database.write(lambda tx: tx.add_case(a_case(1)))
    assert not database.write(lambda tx: tx.add_case(a_case(2, subject="subject-1")))
    assert database.write(
        lambda tx: tx.add_case(a_case(3, CaseKind.NOT_TAKEN, subject="subject-1"))
    )
    assert database.write(lambda tx: tx.close_case(closed(a_case(1))))
    assert database.write(lambda tx: tx.add_case(a_case(2, subject="subject-1")))


def test_one_of_many_opens_a_case(database: Database) -> None:
    def open_it(place: int) -> bool:
        return database.write(lambda tx: tx.add_case(a_case(place, subject="same")))

    assert how_many(open_it) == 1
    assert len(database.read(lambda tx: tx.open_cases())) == 1


def test_open_cases_are_listed_oldest_first_by_kind_and_by_owner(database: Database) -> None:
    for number in (3, 1, 2):
        kind = CaseKind.UNSECURED if number == 2 else CaseKind.MISSING_HERE
        database.write(lambda tx, n=number, k=kind: tx.add_case(a_case(n, k)))  # type: ignore[misc]
    database.write(lambda tx: tx.take_case("case-3", ANN))

    def listed(**terms: object) -> list[str]:
        found = database.read(lambda tx: tx.open_cases(**terms))  # type: ignore[arg-type]
        return [case.case_id for case in found]

    assert listed() == ["case-1", "case-2", "case-3"]
    assert listed(limit=2) == ["case-1", "case-2"]
    assert listed(kinds=[CaseKind.MISSING_HERE]) == ["case-1", "case-3"]
    assert listed(owner=ANN) == ["case-3"]
    assert listed(owner="") == ["case-1", "case-2"]
    assert listed(kinds=[CaseKind.UNSECURED], owner=ANN) == []


def test_open_cases_are_counted_by_kind_with_sum_and_age(database: Database) -> None:
    assert database.read(lambda tx: tx.count_open_cases()) == {}
    for number in (2, 1, 3):
        database.write(lambda tx, n=number: tx.add_case(a_case(n)))  # type: ignore[misc]
    database.write(lambda tx: tx.close_case(closed(a_case(3))))
    counted = database.read(lambda tx: tx.count_open_cases())
    assert counted == {CaseKind.PENDING_TOO_LONG: (2, 300, a_case(1).found_at)}


def test_a_case_is_closed_once_and_stays_as_it_was_closed(database: Database) -> None:
    database.write(lambda tx: tx.add_case(a_case(1)))
    assert database.write(lambda tx: tx.close_case(closed(a_case(1))))
    again = replace(closed(a_case(1)), closed_by=ANN)
    assert not database.write(lambda tx: tx.close_case(again))
    database.write(lambda tx: tx.take_case("case-1", ANN))
    database.write(lambda tx: tx.renew_case("case-1", 5, {}))
    assert database.read(lambda tx: tx.case("case-1")) == closed(a_case(1))
    assert database.read(lambda tx: tx.closed_cases(5)) == [closed(a_case(1))]
    assert database.read(lambda tx: tx.open_cases()) == []


def test_a_case_is_not_closed_without_a_reason(database: Database) -> None:
    database.write(lambda tx: tx.add_case(a_case(1)))
    with pytest.raises(ConstraintFailed):
        database.write(lambda tx: tx.close_case(replace(closed(a_case(1)), reason="")))


def test_what_is_known_of_an_open_case_can_change(database: Database) -> None:
    database.write(lambda tx: tx.add_case(a_case(1)))
    database.write(lambda tx: tx.renew_case("case-1", 7, {"ours": 7}))
    renewed = replace(a_case(1), amount_fen=7, facts={"ours": 7})
    assert database.read(lambda tx: tx.case("case-1")) == renewed


def test_the_history_of_a_case_is_counted_and_stays(database: Database) -> None:
    database.write(lambda tx: tx.add_case(a_case(1)))
    for kind in ("opened", "taken", "noted"):
        database.write(lambda tx, k=kind: tx.add_case_event("case-1", k, NOW, ANN, "why"))  # type: ignore[misc]
    events = database.read(lambda tx: tx.case_events("case-1"))
    assert [(one.sequence, one.kind) for one in events] == [
        (1, "opened"),
        (2, "taken"),
        (3, "noted"),
    ]
    assert (events[0].at, events[0].actor, events[0].detail) == (NOW, ANN, "why")


def test_one_request_for_a_second_person_waits_for_a_case(database: Database) -> None:
    database.write(lambda tx: tx.add_case(a_case(1)))
    assert database.write(lambda tx: tx.add_approval(a_request(1)))
    assert not database.write(lambda tx: tx.add_approval(a_request(2)))
    assert database.read(lambda tx: tx.approval_of("case-1")) == a_request(1)
    assert database.read(lambda tx: tx.approvals_waiting()) == [a_request(1)]
    declined = replace(a_request(1), decided_by=BEN, decided_at=NOW)
    assert database.write(lambda tx: tx.decide_approval(declined))
    assert database.read(lambda tx: tx.approvals_waiting()) == []
    assert database.write(lambda tx: tx.add_approval(a_request(2)))


def test_one_of_many_decides_a_request(database: Database) -> None:
    database.write(lambda tx: tx.add_case(a_case(1)))
    database.write(lambda tx: tx.add_approval(a_request(1)))

    def decide(place: int) -> bool:
        by = f"operator:{place}"
        approved = replace(a_request(1), decided_by=by, decided_at=NOW, is_approved=True)
        return database.write(lambda tx: tx.decide_approval(approved))

    assert how_many(decide) == 1


def test_nobody_approves_what_that_person_asked_for(database: Database) -> None:
    database.write(lambda tx: tx.add_case(a_case(1)))
    database.write(lambda tx: tx.add_approval(a_request(1)))
    own = replace(a_request(1), decided_by=ANN, decided_at=NOW, is_approved=True)
    with pytest.raises(ConstraintFailed):
        database.write(lambda tx: tx.decide_approval(own))
    taken_back = replace(own, is_approved=False)
    assert database.write(lambda tx: tx.decide_approval(taken_back))
