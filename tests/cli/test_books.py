"""`refund books` shows the trial balance, now or as it stood."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from refund.core.ledger import till_opened_entry
from tests.cli.terminal import Terminal
from tests.cli.within import filled

NOON = datetime(2025, 7, 8, 4, 0, tzinfo=UTC)
TILL_FEN = 5_000_00


@pytest.fixture
def here(terminal: Terminal) -> Terminal:
    """Return a terminal of an instance with one entry of the eighth, at noon in Shanghai."""
    with filled(terminal) as (ports, found):
        ports.storage.write(
            lambda tx: tx.post(till_opened_entry("till", TILL_FEN), 0, "test", NOON)
        )
    return found


def balances(terminal: Terminal, *words: str) -> dict[str, int]:
    """Every account that is not zero."""
    found = terminal.read("books", "--json", *words)
    assert found["debit_fen"] == found["credit_fen"]
    kept: dict[str, int] = found["balances"]
    return {account: fen for account, fen in kept.items() if fen}


def test_the_books_are_shown_as_they_stand(here: Terminal) -> None:
    assert balances(here) == {"till": TILL_FEN, "bank": -TILL_FEN}
    said = here.done("books")
    assert "till\t5,000.00\t" in said
    assert "all\t5,000.00\t5,000.00" in said


@pytest.mark.parametrize(
    ("words", "is_there"),
    [
        (("--on", "2025-07-07"), False),
        (("--on", "2025-07-08"), True),
        (("--at", "2025-07-08T11:59:59"), False),
        (("--at", "2025-07-08T12:00"), True),
        (("--at", "2025-07-08T04:00:00Z"), True),
        (("--at", "2025-07-08T03:59:59.999999Z"), False),
    ],
)
def test_the_books_are_shown_as_they_stood(
    here: Terminal, words: tuple[str, str], *, is_there: bool
) -> None:
    assert bool(balances(here, *words)) is is_there


@pytest.mark.parametrize(
    "words",
    [
        ("--at", "2025-07-08T23:59"),
        ("--on", "2025-07-09"),
        ("--on", "never"),
        ("--at", ""),
        ("--on", "2025-07-08", "--at", "2025-07-08T12:00"),
    ],
)
def test_a_moment_that_is_none_or_is_not_over_is_refused(
    here: Terminal, words: tuple[str, ...]
) -> None:
    result = here.run("books", *words)
    assert result.exit_code != 0
    assert result.stderr
