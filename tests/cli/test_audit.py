"""`refund audit` says of every promise whether it holds, and its exit code says the worst."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from refund.services.audit import INVARIANTS
from tests.cli.terminal import Terminal
from tests.cli.within import tamper

PROMISES = list(INVARIANTS)
_ENTRY = (
    "INSERT INTO entry VALUES ('made-up', 'advance', '00112233aabbccdd', 1,"
    " '2025-07-08T04:00:00.000000Z', 'nobody', NULL, '')"
)
_POSTING = "INSERT INTO posting VALUES ('made-up', 0, 'advance', 'debit', 100)"
_EVENT = (
    "INSERT INTO audit_event VALUES ('e', '2025-07-08T04:00:00.000000Z', 'x',"
    " 'released', '00112233aabbccdd', 1, 'issued', 'released', '')"
)


def _by_promise(terminal: Terminal, *words: str, code: int) -> dict[str, dict[str, Any]]:
    result = terminal.run("audit", "--json", *words)
    assert result.exit_code == code, result.output
    found = json.loads(result.stdout)
    assert [one["invariant"] for one in found] == PROMISES
    return {one["invariant"]: one for one in found}


def test_all_promises_of_new_books_hold(demo: Terminal) -> None:
    found = _by_promise(demo, "--without-network", code=0)
    assert {name for name, one in found.items() if one["holds"]} == set(PROMISES) - {"I5"}
    assert found["I5"]["why"] == "left out on request"
    said = demo.done("audit", "--without-network")
    assert "I1   holds        every entry sums to zero" in said


def test_a_network_that_does_not_answer_gives_exit_code_3(demo: Terminal) -> None:
    found = _by_promise(demo, code=3)
    assert found["I5"]["holds"] is None
    assert "did not answer" in found["I5"]["why"]


def test_the_network_s_own_book_is_compared_when_it_answers(demo: Terminal) -> None:
    with demo.process("sandbox") as sandbox:
        sandbox.await_answer(f"http://127.0.0.1:{demo.sandbox_port}/healthz")
        assert _by_promise(demo, code=0)["I5"]["holds"] is True
        tamper(demo, "INSERT INTO balance VALUES ('network', 1, 0, 100)")
        broken = _by_promise(demo, code=1)["I5"]
        assert broken["rows"] == [
            {
                "our_account_fen": -100,
                "network_book_fen": 0,
                "in_flight_fen": 0,
                "fees_not_posted_fen": 0,
            }
        ]


@pytest.mark.parametrize(
    ("promise", "statements", "row"),
    [
        ("I1", (_ENTRY, _POSTING), {"entry_key": "made-up", "off_by_fen": 100}),
        ("I2", ("DROP TRIGGER posting_no_update",), {"trigger": "posting_no_update"}),
        ("I3", ("INSERT INTO balance VALUES ('advance', 1, 7, 0)",), {"debit_fen": 7}),
        ("I6", (_ENTRY,), {"entry_key": "made-up", "kind": "advance"}),
        (
            "I17",
            (_EVENT,),
            {"form_id": "00112233aabbccdd"},
        ),
    ],
)
def test_a_broken_promise_is_shown_with_its_rows_and_gives_exit_code_1(
    demo: Terminal, promise: str, statements: tuple[str, ...], row: dict[str, object]
) -> None:
    tamper(demo, *statements)
    found = _by_promise(demo, "--without-network", code=1)
    assert found[promise]["holds"] is False
    assert row.items() <= found[promise]["rows"][0].items()
    result = demo.run("audit", "--without-network")
    assert result.exit_code == 1
    assert f"{promise:4} BROKEN" in result.stdout


def test_a_copy_is_checked_without_instance_keys_or_network(demo: Terminal, tmp_path: Path) -> None:
    copy, elsewhere = tmp_path / "copy.db", Terminal(tmp_path / "elsewhere")
    with closing(pysqlite3.connect(str(demo.instance / "refund.db"))) as database:
        database.execute("VACUUM INTO ?", (str(copy),))
    found = _by_promise(elsewhere, "--database", f"sqlite://{copy}", code=0)
    assert {name for name, one in found.items() if one["holds"]} == set(PROMISES) - {"I5"}
    assert found["I5"]["why"] == "left out: a copy has no network"
    with closing(pysqlite3.connect(str(copy))) as database:
        database.execute("INSERT INTO balance VALUES ('advance', 1, 7, 0)")
        database.commit()
    assert _by_promise(elsewhere, "--database", f"sqlite://{copy}", code=1)["I3"]["holds"] is False
    assert not elsewhere.instance.exists()


def test_a_copy_of_postgresql_is_checked_too(demo: Terminal, postgres_url: str) -> None:
    result = demo.run("audit", "--database", postgres_url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "tables" in result.stderr
    replace(demo, settings={"REFUND_DATABASE_URL": postgres_url}).done("migrate")
    found = _by_promise(demo, "--database", postgres_url, code=0)
    assert found["I2"]["holds"] is True


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (None, "there is no database at"),
        ("", "not those of this program"),
        ("CREATE TABLE migration (number INTEGER, digest TEXT)", "not those of this program"),
        ("no database", "cannot be used"),
    ],
)
def test_what_is_no_copy_of_ours_is_told(
    terminal: Terminal, tmp_path: Path, make: str | None, said: str
) -> None:
    path = tmp_path / "copy.db"
    if make is not None and make.startswith("CREATE"):
        with closing(pysqlite3.connect(str(path))) as database:
            database.execute(make)
    elif make is not None:
        path.write_text(make * 1000, encoding="utf-8")
    result = terminal.run("audit", "--database", f"sqlite://{path}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert path.exists() is (make is not None)


def test_an_instance_that_is_not_there_is_not_made_by_looking_at_it(terminal: Terminal) -> None:
    for words in (["audit"], ["stores", "list"], ["keys", "list"], ["people", "list"]):
        result = terminal.run(*words)
        assert result.exit_code == 2
        assert "there is no instance in" in result.stderr
    assert not terminal.instance.exists()
