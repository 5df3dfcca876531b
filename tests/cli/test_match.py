"""`refund statements` and `refund match`: what they print, and their exit codes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from refund.app import wire
from refund.config import read_settings
from refund.core.calendar import day_of
from tests.cli.terminal import Terminal
from tests.statements import Booked, Sheet


@pytest.fixture
def sheet(demo: Terminal) -> Sheet:
    """Return yesterday's statement, with a payment that is in no book of ours."""
    wired = wire(read_settings({"REFUND_INSTANCE": str(demo.instance)}))
    today = day_of(wired.ports.clock.now())
    wired.database.close()
    return Sheet(today - timedelta(days=1), 0, [Booked("stranger-1", amount_fen=50_00)])


def given(sheet: Sheet, folder: Path) -> str:
    """The file of a statement."""
    file = folder / "statement.csv"
    file.write_bytes(sheet.text())
    return str(file)


def test_a_statement_is_taken_in_once_and_listed(
    demo: Terminal, sheet: Sheet, tmp_path: Path
) -> None:
    assert demo.read("statements", "list", "--json") == []
    file = given(sheet, tmp_path)
    assert "1 lines, balance -50.60" in demo.done("statements", "import", file)
    (listed,) = demo.read("statements", "list", "--json")
    assert (listed["state"], listed["lines"], listed["closing_fen"]) == ("taken in", 1, -50_60)
    assert listed["file_name"] == "statement.csv"
    assert sheet.day.isoformat() in demo.done("statements", "list")
    again = demo.run("statements", "import", file)
    assert again.exit_code == 2
    assert "was taken in on" in again.stderr


def test_a_file_of_a_day_that_is_there_is_offered_and_counts_nowhere(
    demo: Terminal, sheet: Sheet, tmp_path: Path
) -> None:
    demo.done("statements", "import", given(sheet, tmp_path))
    anew = given(Sheet(sheet.day, 0, []), tmp_path)
    assert "is not the same" in demo.run("statements", "import", anew).stderr
    told = demo.read("statements", "offer", anew, "--json")
    assert isinstance(told, dict)
    assert told["day"] == sheet.day.isoformat()
    assert told["apart"] == {"lines": 1, "references": ["stranger-1"]}
    (listed,) = demo.read("statements", "list", "--json")
    assert (listed["state"], listed["lines"]) == ("another offered", 1)
    again = demo.run("statements", "offer", anew)
    assert again.exit_code == 2
    assert "waits for a decision" in again.stderr
    (case,) = demo.read("cases", "--json", "--kind", "statement_reissued")
    assert (case["case_id"], case["proposed"]) == (told["case_id"], "replace_statement")


def test_a_file_that_is_wrong_is_refused_whole(
    demo: Terminal, sheet: Sheet, tmp_path: Path
) -> None:
    file = tmp_path / "cut.csv"
    file.write_bytes(sheet.text()[:-20])
    cut = demo.run("statements", "import", str(file))
    assert cut.exit_code == 2
    assert "cut off" in cut.stderr
    assert demo.read("statements", "list", "--json") == []


def test_a_network_that_does_not_answer_is_told(demo: Terminal, sheet: Sheet) -> None:
    assert demo.read("statements", "fetch", "--json") == {"taken": 0, "stopped": None}
    assert "0 taken in" in demo.done("statements", "fetch")
    assert sheet.lines


def test_a_match_names_its_breaks_and_fails_while_one_is_open(
    demo: Terminal, sheet: Sheet, tmp_path: Path
) -> None:
    assert "0 of" in demo.done("match")
    demo.done("statements", "import", given(sheet, tmp_path))
    day = sheet.day.isoformat()
    failed = demo.run("match", "--from", day, "--to", day)
    assert failed.exit_code == 1
    assert "stranger" not in failed.stdout.splitlines()[0]
    assert "missing_here" in failed.stdout
    assert "open" in failed.stdout
    told = demo.run("match", "--from", day, "--to", day, "--json")
    assert told.exit_code == 1
    assert '"theirs_fen": -5000' in told.stdout
    assert '"missing_here"' in told.stdout
    reversed_days = demo.run("match", "--from", day, "--to", "2025-07-01")
    assert reversed_days.exit_code == 2
