"""`refund cases`: what stands open, oldest first, and one case with its rows and history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.case import Case, CaseKind
from refund.ports import Ports
from refund.services import cases
from tests import make
from tests.cli.terminal import Terminal
from tests.cli.within import filled

ROWS = {
    "ours": {"reference": "ref-1", "amount_fen": 100_00},
    "theirs": {"reference": "ref-1", "amount_fen": 99_00},
    "ours_fen": -100_00,
    "theirs_fen": -99_00,
}


def opened(ports: Ports, kind: CaseKind, subject: str, **about: object) -> Case:
    """A case that is open."""
    ports.storage.write(lambda tx: cases.open_case(tx, ports, kind, subject, **about))  # type: ignore[arg-type]
    found = ports.storage.read(lambda tx: tx.open_case_of(kind, subject))
    assert found is not None
    return found


@pytest.fixture
def case(terminal: Terminal) -> tuple[Terminal, Case]:
    """Return a terminal on an instance with two cases, and the older one of them."""
    with filled(terminal) as (ports, here):
        opened(ports, CaseKind.STATEMENT_MISSING, "2025-07-07")
        before = ports.clock.now() - timedelta(days=2, hours=1)
        older = opened(
            ports, CaseKind.AMOUNT_DIFFERS, "ref-1", amount_fen=1_00, facts=ROWS, found_at=before
        )
        cases.take(ports, make.operator(), older.case_id, "")
    return here, older


def test_open_cases_are_listed_oldest_first(case: tuple[Terminal, Case]) -> None:
    here, older = case
    listed = here.read("cases", "--json")
    assert [one["kind"] for one in listed] == ["amount_differs", "statement_missing"]
    first = listed[0]
    assert (first["case_id"], first["proposed"]) == (older.case_id, "post_theirs")
    assert (first["amount_fen"], first["age_seconds"] // 86400) == (1_00, 2)
    assert first["facts"] == ROWS
    lines = here.done("cases").splitlines()
    assert [line.split("\t")[1] for line in lines] == [
        *("kind", "amount_differs", "statement_missing"),
    ]
    assert "Operator" in lines[1]
    (only,) = here.read("cases", "--kind", "statement_missing", "--json")
    assert only["subject"] == "2025-07-07"


def test_a_case_is_shown_with_its_rows_and_history(case: tuple[Terminal, Case]) -> None:
    here, older = case
    found = here.read("cases", "show", older.case_id, "--json")
    assert [one["fix"] for one in found["fixes"]] == ["post_theirs", "explain"]
    assert {row["name"]: (row["ours"], row["theirs"]) for row in found["sides"]} == {
        "reference": ("ref-1", "ref-1"),
        "amount_fen": (100_00, 99_00),
    }
    assert [event["kind"] for event in found["history"]] == ["opened", "taken"]
    said = here.done("cases", "show", older.case_id)
    for words in ("amount_differs ref-1: open, 2 days old", "can be done: post_theirs 1.00"):
        assert words in said


def test_an_unknown_case_is_refused(case: tuple[Terminal, Case]) -> None:
    here, _ = case
    result = here.run("cases", "show", "none")
    assert result.exit_code != 0
    assert "There is no such case." in result.stderr
