"""A book that an earlier version made is brought up to date, whole, with every row it had."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from refund.sandbox.network import Book
from refund.sandbox.schema import VERSION
from tests.sandbox.world import CountedIds, HandClock

FIRST_VERSION = Path(__file__).parents[1] / "vectors" / "sandbox_1.sql"
TABLES = ("card", "payout", "card_session", "operation", "hold", "idempotency_key")
HELD = "0000000000000045-hold-1"
ADDED = {"purpose"}


@pytest.fixture
def earlier(tmp_path: Path) -> str:
    """Return the path of a book that the first version wrote."""
    path = str(tmp_path / "sandbox.db")
    with closing(pysqlite3.connect(path)) as db:
        db.executescript(FIRST_VERSION.read_text("utf-8"))
    return path


def rows(path: str) -> dict[str, list[Any]]:
    """Every row of every table, in the columns that the first version had."""
    with closing(pysqlite3.connect(path)) as db:
        found = {}
        for table in TABLES:
            names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            columns = ", ".join(name for name in names if name not in ADDED)
            found[table] = db.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
        return found


def asked(path: str, sql: str) -> list[Any]:
    with closing(pysqlite3.connect(path)) as db:
        found: list[Any] = db.execute(sql).fetchall()
        return found


def test_an_earlier_book_is_brought_up_to_date_with_every_row(
    earlier: str, clock: HandClock
) -> None:
    before = rows(earlier)
    assert all(before.values())
    book = Book(earlier, clock, CountedIds())
    totals = book.book_totals()
    book.close()
    assert rows(earlier) == before
    assert (totals["payouts_fen"], totals["captures_fen"]) == (26892, 13446)
    assert asked(earlier, "SELECT DISTINCT purpose FROM card_session") == [("guarantee",)]
    assert asked(earlier, "PRAGMA user_version") == [(VERSION,)]
    assert asked(earlier, "PRAGMA foreign_key_check") == []
    assert asked(earlier, "PRAGMA integrity_check") == [("ok",)]
    Book(earlier, clock, CountedIds()).close()
    assert rows(earlier) == before


def test_a_book_brought_up_to_date_has_the_tables_of_a_new_one(
    earlier: str, tmp_path: Path, clock: HandClock
) -> None:
    new = str(tmp_path / "new.db")
    for path in (earlier, new):
        Book(path, clock, CountedIds()).close()
    sql = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"

    def written(path: str) -> dict[str, str]:
        """Each text without what naming and blanks differ in."""
        texts = {name: str(text).replace('"', "") for name, text in asked(path, sql)}
        return {n: " ".join(t.replace("IF NOT EXISTS ", "").split()) for n, t in texts.items()}

    assert written(earlier) == written(new)


def test_an_earlier_book_goes_on_as_one_of_today(earlier: str, clock: HandClock) -> None:
    clock.pass_by(days=18)
    book = Book(earlier, clock, CountedIds())
    recorded = book.look_up(HELD)
    assert recorded is not None
    assert recorded.body["state"] == "held"
    assert book.release("part", HELD, 446).status == 201
    assert book.capture("rest", HELD, 1).status == 201
    token = str(asked(earlier, "SELECT token FROM card WHERE behaviour = 'approved'")[0][0])
    assert book.refund("refund", token, "card", 100).status == 201
    for statement in ("UPDATE operation SET amount_fen = 1", "DELETE FROM operation"):
        with pytest.raises(Exception, match="an operation is never"), book.file.write() as db:
            db.execute(statement)
    with pytest.raises(pysqlite3.IntegrityError, match="FOREIGN KEY"), book.file.write() as db:
        db.execute("INSERT INTO hold VALUES ('strange', 1, 'held', '2026', 0, 0)")
    book.close()


def test_a_book_whose_rows_do_not_fit_together_stays_as_it_was(
    earlier: str, clock: HandClock
) -> None:
    with closing(pysqlite3.connect(earlier)) as db:
        db.execute("INSERT INTO hold VALUES ('strange', 1, 'held', '2026', 0, 0)")
        db.commit()
    before = rows(earlier)
    with pytest.raises(RuntimeError, match="does not fit together"):
        Book(earlier, clock, CountedIds())
    assert rows(earlier) == before
    assert asked(earlier, "PRAGMA user_version") == [(0,)]


def test_a_book_of_a_later_version_is_not_touched(tmp_path: Path, clock: HandClock) -> None:
    path = str(tmp_path / "sandbox.db")
    Book(path, clock, CountedIds()).close()
    with closing(pysqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(RuntimeError, match="above"):
        Book(path, clock, CountedIds())
