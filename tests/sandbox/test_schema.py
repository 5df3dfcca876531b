"""A book that an earlier version made is brought up to date, whole, with every row it had."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from refund.sandbox.network import Book
from refund.sandbox.schema import VERSION
from tests.sandbox.world import CountedIds, HandClock

VECTORS = Path(__file__).parents[1] / "vectors"
EARLIER = ("sandbox_1.sql", "sandbox_3.sql")
FIGURES = {"sandbox_1.sql": (26892, 13446), "sandbox_3.sql": (2351, 970)}
HELD = {"sandbox_1.sql": "0000000000000045-hold-1", "sandbox_3.sql": "hold-6"}
"""The last hold that was booked in each."""

KEPT = {
    "card": "SELECT token, brand, last4, expiry, behaviour FROM card ORDER BY 1",
    "payout": "SELECT token, method, label, behaviour FROM payout ORDER BY 1",
    "card_session": "SELECT session_id, reference, amount_fen, method, return_url, language,"
    " page_token, state, expires_at, card_token, payout_token FROM card_session ORDER BY 1",
    "idempotency_key": "SELECT * FROM idempotency_key ORDER BY 1",
    "hold": "SELECT reference, amount_fen, state, expires_at, captured_fen, released_fen"
    " FROM hold ORDER BY 1",
    "operation": "SELECT cursor, reference, kind, state, amount_fen, hold_reference, booked_at,"
    " parameters, status, answer FROM operation ORDER BY 1",
}
NOW_KEPT = KEPT | {
    "operation": "SELECT o.cursor, o.reference, o.kind, c.state, c.amount_fen, o.hold_reference,"
    " c.changed_at, o.parameters, o.status, o.answer FROM operation o JOIN change c"
    " ON c.operation = o.cursor AND c.version = 1 ORDER BY 1",
}


@pytest.fixture(params=EARLIER)
def version(request: pytest.FixtureRequest) -> str:
    """Return which earlier version wrote the book."""
    return str(request.param)


@pytest.fixture
def earlier(version: str, tmp_path: Path) -> str:
    """Return the path of a book that an earlier version wrote."""
    path = str(tmp_path / "sandbox.db")
    with closing(pysqlite3.connect(path)) as db:
        db.executescript((VECTORS / version).read_text("utf-8"))
    return path


def rows(path: str, kept: dict[str, str]) -> dict[str, list[Any]]:
    """Every row of every table, in the columns that the first version had."""
    return {table: asked(path, sql) for table, sql in kept.items()}


def asked(path: str, sql: str) -> list[Any]:
    with closing(pysqlite3.connect(path)) as db:
        found: list[Any] = db.execute(sql).fetchall()
        return found


def test_an_earlier_book_is_brought_up_to_date_with_every_row(
    earlier: str, version: str, clock: HandClock
) -> None:
    before = rows(earlier, KEPT)
    assert all(before.values())
    clock.pass_by(days=-400)
    Book(earlier, clock, CountedIds()).close()
    assert rows(earlier, NOW_KEPT) == before
    assert asked(earlier, "PRAGMA user_version") == [(VERSION,)]
    assert asked(earlier, "PRAGMA foreign_key_check") == []
    assert asked(earlier, "PRAGMA integrity_check") == [("ok",)]
    book = Book(earlier, clock, CountedIds())
    totals = book.book_totals()
    book.close()
    assert (totals["payouts_fen"], totals["captures_fen"]) == FIGURES[version]
    assert totals["operations"] == len(before["operation"])
    assert rows(earlier, NOW_KEPT) == before, "nothing was due yet"


def test_an_earlier_book_knows_what_each_end_concerns_and_which_card(
    earlier: str, clock: HandClock
) -> None:
    clock.pass_by(days=-400)
    Book(earlier, clock, CountedIds()).close()
    strays = """
        SELECT o.reference FROM operation o LEFT JOIN hold h ON h.cursor = o.hold
        WHERE o.hold_reference IS NOT NULL AND h.reference IS NOT o.hold_reference
    """
    assert asked(earlier, strays) == []
    cards = """
        SELECT h.reference FROM hold h JOIN card c ON c.token = h.card_token
        WHERE (c.brand, c.last4) <> (h.brand, h.last4) OR h.booked_at >= h.expires_at
    """
    assert asked(earlier, cards) == []
    behaved = """
        SELECT count(*) FROM payout WHERE last4 = '' AND behaviour <> 'approved'
    """
    assert asked(earlier, behaved) <= [(1,)], "only an account that no card was given with"


def test_an_earlier_book_closes_the_days_that_it_had(
    earlier: str, version: str, clock: HandClock
) -> None:
    clock.pass_by(days=60)
    book = Book(earlier, clock, CountedIds())
    days = book.statement_days()
    texts = [list(book.statement(day)) for day in days]
    payouts, captures = FIGURES[version]
    assert next(iter(days)) == "2025-07-08"
    assert sum(int(text[-1].split(",")[2]) for text in texts) == payouts
    assert sum(int(text[-1].split(",")[4]) for text in texts) == captures
    assert int(texts[-1][-1].split(",")[6]) == captures - payouts, "no fees were taken then"
    assert book.book_totals()["holds_open"] == 0
    book.close()


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


def test_an_earlier_book_goes_on_as_one_of_today(
    earlier: str, version: str, clock: HandClock
) -> None:
    clock.pass_by(days=18)
    reference = HELD[version]
    book = Book(earlier, clock, CountedIds())
    recorded = book.look_up(reference)
    assert recorded is not None
    assert (recorded.body["state"], recorded.body["version"]) == ("held", 1)
    assert book.release("part", reference, 46).status == 201
    assert book.capture("rest", reference, 1).status == 201
    token = str(asked(earlier, "SELECT token FROM card WHERE behaviour = 'approved'")[0][0])
    assert book.refund("refund", token, "card", 100).status == 201
    for statement in ("UPDATE operation SET amount_fen = 1", "DELETE FROM operation"):
        with pytest.raises(Exception, match="an operation is never"), book.file.write() as db:
            db.execute(statement)
    strange = "UPDATE hold SET card_token = 'strange'"
    with pytest.raises(pysqlite3.IntegrityError, match="FOREIGN KEY"), book.file.write() as db:
        db.execute(strange)
    book.close()


def test_a_reference_of_an_earlier_book_is_protected_for_a_day_after_its_booking(
    earlier: str, version: str, clock: HandClock
) -> None:
    reference = HELD[version]
    [(booked_at, parameters)] = asked(
        earlier,
        f"SELECT booked_at, parameters FROM operation WHERE reference = '{reference}'",
    )
    _, fen, _, token, *_ = parameters.split("|")
    clock.now = clock.now.fromisoformat(booked_at) + timedelta(hours=23)
    book = Book(earlier, clock, CountedIds())
    assert book.hold(reference, token, int(fen)).replayed
    clock.pass_by(hours=1)
    assert not book.hold(reference, token, int(fen)).replayed
    again = book.look_up(reference)
    assert again is not None
    assert again.body["bookings"] == 2
    book.close()


def test_a_book_whose_rows_do_not_fit_together_stays_as_it_was(
    earlier: str, clock: HandClock
) -> None:
    with closing(pysqlite3.connect(earlier)) as db:
        db.execute("INSERT INTO hold VALUES ('strange', 1, 'held', '2026', 0, 0)")
        db.commit()
    before = rows(earlier, KEPT)
    found = asked(earlier, "PRAGMA user_version")
    with pytest.raises(RuntimeError, match="does not fit together"):
        Book(earlier, clock, CountedIds())
    assert rows(earlier, KEPT) == before
    assert asked(earlier, "PRAGMA user_version") == found


def test_a_book_of_a_later_version_is_not_touched(tmp_path: Path, clock: HandClock) -> None:
    path = str(tmp_path / "sandbox.db")
    Book(path, clock, CountedIds()).close()
    with closing(pysqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(RuntimeError, match="above"):
        Book(path, clock, CountedIds())
