"""`refund settle`: a month shown, closed once, and written to files."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from refund.app import wire
from refund.config import read_settings
from refund.core.ledger import Account, Entry, Posting, Side, reversal
from refund.core.settlement import month_of
from refund.transaction import Transaction
from tests.cli.terminal import Terminal

BY = "test"


@pytest.fixture
def month(demo: Terminal) -> str:
    """Return the month that runs."""
    wired = wire(read_settings({"REFUND_INSTANCE": str(demo.instance)}))
    now = wired.ports.clock.now()
    wired.database.close()
    return str(month_of(now))


def post(demo: Terminal, *entries: Entry) -> None:
    """Post entries that rest on no form."""
    wired = wire(read_settings({"REFUND_INSTANCE": str(demo.instance)}))
    now = wired.ports.clock.now()
    for entry in entries:
        wired.ports.storage.write(partial(_post, entry, now))
    wired.database.close()


def _post(entry: Entry, at: datetime, tx: Transaction) -> None:
    tx.post(entry, 0, BY, at)


ODD = Entry(
    "odd",
    "odd",
    "",
    (Posting(Account.TREASURY, Side.DEBIT, 7), Posting(Account.BANK, Side.CREDIT, 7)),
)


@pytest.mark.rule("settle_adds_up")
def test_a_month_is_shown_with_both_sums(demo: Terminal, month: str) -> None:
    found = demo.read("settle", month, "--json")
    assert (found["settled_fen"], found["ledger_fen"], found["lines"]) == (0, 0, [])
    assert "equal" in demo.done("settle", month)
    post(demo, ODD)
    assert "DIFFERENT" in demo.done("settle", month)
    assert demo.read("settle", month, "--json")["ledger_fen"] == 7


@pytest.mark.rule("settle_closes_once")
def test_a_month_that_runs_is_not_closed_and_the_sentence_says_why(
    demo: Terminal, month: str
) -> None:
    result = demo.run("settle", month, "--close")
    assert result.exit_code == 2
    assert "The month is not over" in result.stderr
    before = demo.run("settle", "2020-01", "--close")
    assert "there is nothing to settle" in before.stderr
    assert "not a month" in demo.run("settle", "2020-1").stderr


def test_the_files_are_written(demo: Terminal, month: str, tmp_path: Path) -> None:
    paths = tmp_path / "lines.csv", tmp_path / "lines.xlsx"
    demo.done("settle", month, "--csv", str(paths[0]), "--xlsx", str(paths[1]))
    rows = list(csv.reader(paths[0].read_text("utf-8-sig").splitlines()))
    assert rows[0][:2] == ["position", "form_number"]
    assert rows[-1][1] == "total"
    assert zipfile.is_zipfile(paths[1])


@pytest.mark.rule("settle_closes_once")
def test_a_month_that_is_over_is_closed_once(demo: Terminal, month: str) -> None:
    post(demo, ODD, reversal(ODD, "it was odd"))
    later = replace(demo, settings={"REFUND_CLOCK": "+768h"})
    found = later.read("settle", month, "--close", "--json")
    assert (found["number"], found["state"]) == (f"JS-{month}-01", "closed")
    assert f"JS-{month}-01, digest {found['digest']}" in later.done("settle", month)
    again = later.run("settle", month, "--close")
    assert again.exit_code == 2
    assert "closed already" in again.stderr
