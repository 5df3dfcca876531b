"""A whole run: the same seed is the same world everywhere, and its sums can be worked out."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from refund.core.calendar import day_of
from refund.core.form import Channel
from refund.services.steps import Stopped
from refund.simulation.runs.results import write_results
from refund.simulation.runs.results_tables import TABLES
from refund.simulation.runs.run import Outcome, simulate
from refund.simulation.world.chance import Streams
from refund.simulation.world.population import Population
from refund.simulation.world.scenario import Scenario, read_scenario
from tests.house.tree import ROOT

SEED = 7
DAYS = 2

PLAIN_PRICE_YUAN = 1494
PLAIN_NET_FEN = 134_46
"""What a purchase at that price is worth: the published example."""

CLAIM_AFTER_S = 75

PLAIN: Mapping[str, object] = {
    "desk.shape": "constant",
    "desk.counter_staff": 100,
    "desk.customs_staff_day": 100,
    "desk.customs_staff_night": 100,
    "desk.customs_staff_elsewhere": 100,
    "basket.constant_yuan": PLAIN_PRICE_YUAN,
    "phone.spread": 0,
    "phone.claim_after_s": CLAIM_AFTER_S,
    "visit.stores_mean": 1,
    "world.instant_share": 1,
    "stay.leaves_days": 1,
    # These schemes' holds are too short for the promise, so that another card is asked for.
    "brand.discover": 0,
    "brand.jcb": 0,
}
"""A world in which nobody waits, and everything has one price."""

OFF = (
    *("card.", "fraud.", "change.", "network.", "document."),
    *("phone.gives_up_share", "visit.ordinary_share", "visit.together_share", "stay.long_share"),
    *("border.forgets_share", "border.bags_first_share", "border.fewer_share"),
    *("basket.out_of_scope_share", "basket.special_invoice_share"),
)
"""Whatever can go another way than planned; in the plain world none of it does."""


def plain_world() -> Scenario:
    """A world whose every sum is arithmetic."""
    world = read_scenario("ordinary-week")
    counted = ("_share", "network.", "card.")
    off = {
        key: 0
        for key in world.world
        if key.startswith(OFF) and (key.endswith("_share") or key.startswith(counted))
    }
    return world.with_changes({**off, **PLAIN})


def ran(
    scenario: str = "ordinary-week", seed: int = SEED, days: int = DAYS, **more: Any
) -> Outcome:
    """A short run."""
    return simulate(read_scenario(scenario), seed=seed, days=days, **more)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A results file, as any browser of SQLite files opens it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as found:
        found.row_factory = sqlite3.Row
        yield found


def rows(file: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    return [dict(row) for row in file.execute(f'SELECT * FROM "{table}"')]


def test_the_same_seed_is_the_same_world_and_another_seed_another() -> None:
    first, again, other = ran(days=1), ran(days=1), ran(seed=SEED + 1, days=1)
    assert first.digest == again.digest
    assert first.figures == again.figures
    assert other.digest != first.digest


def test_another_process_whose_hashes_fall_otherwise_has_the_same_digest() -> None:
    words = ("simulate", "fraud-ring", "--seed", str(SEED), "--days", "1")
    there = subprocess.run(
        [sys.executable, "-m", "refund", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert there.stdout.splitlines()[-1] == f"digest: {ran('fraud-ring', days=1).digest}"


@pytest.mark.postgres
def test_the_digest_is_the_same_on_both_engines(postgres_url: str) -> None:
    here, there = ran(days=1), ran(days=1, url=postgres_url)
    assert (here.engine, there.engine) == ("sqlite", "postgresql")
    assert here.digest == there.digest
    assert here.figures == there.figures


def test_where_nobody_waits_and_all_is_of_one_price_the_sums_are_arithmetic() -> None:
    world = plain_world().with_changes({"world.days": DAYS})
    people = Population(world, Streams(SEED))
    plans = [plan for day in world.shopping_days() for plan in people.travellers_of(day)]
    purchases = [purchase for plan in plans for purchase in plan.purchases]
    outcome = simulate(world, seed=SEED)
    figures = outcome.figures
    count = len(purchases)
    assert count > 20
    instant = sum(purchase.channel is Channel.INSTANT for purchase in purchases)
    assert figures["forms"] == count
    assert figures["issued_net_fen"] == count * PLAIN_NET_FEN
    assert figures["forms_instant"] <= instant
    assert figures["paid_fen"] == figures["forms_instant"] * PLAIN_NET_FEN
    assert figures["released_fen"] == figures["paid_fen"]
    ordinary = count - figures["forms_instant"]
    assert figures["refunded_ordinary_fen"] == ordinary * PLAIN_NET_FEN
    assert figures["settled_net_fen"] == count * PLAIN_NET_FEN
    nothing = ("captured_fen", "written_off_fen", "unsecured_peak_fen", "cases_opened", "refusals")
    assert {name: figures[name] for name in nothing} == dict.fromkeys(nothing, 0)
    seconds = {figures["scan_to_money_p50_s"], figures["scan_to_money_p95_s"]}
    assert seconds == {CLAIM_AFTER_S}
    assert figures["counter_wait_p95_s"] == figures["customs_wait_p95_s"] == 0
    assert outcome.is_whole


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run in which much goes wrong."""
    path = tmp_path_factory.mktemp("results") / "results.db"
    world = read_scenario("fraud-ring").with_changes(
        {"change.late_share": 0.2, "change.returns_share": 0.1, "border.fewer_share": 0.1}
    )
    outcome = simulate(world, seed=SEED, days=DAYS, out=path)
    assert not outcome.findings, outcome.findings
    assert outcome.is_whole
    return path


def test_a_results_file_opens_with_keys_that_hold_and_every_column_explained(
    results: Path,
) -> None:
    with opened(results) as file:
        assert file.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert not file.execute("PRAGMA foreign_key_check").fetchall()
        told = {(row["table"], row["column"]) for row in rows(file, "about") if row["meaning"]}
        for name, table in TABLES.items():
            columns = [
                (row["name"], row["pk"]) for row in file.execute(f"PRAGMA table_info({name})")
            ]
            assert [column for column, _ in columns] == list(table.columns)
            wanted = {table.key} if isinstance(table.key, str) else set(table.key)
            assert {column for column, key in columns if key} == wanted
            assert {(name, column) for column, _ in columns} <= told
            assert (name, "") in told
        (run,) = rows(file, "run")
        assert json.loads(run["parameters"])["fraud.split_share"]
        assert run["audit"] == ""


def test_all_sums_of_a_results_file_add_up_once_more(results: Path) -> None:
    with opened(results) as file:
        figures = {row["name"]: row["value"] for row in rows(file, "figure")}
        forms, days = rows(file, "form"), rows(file, "day")
        stores, settled = rows(file, "store"), rows(file, "settlement")

    def total(table: list[dict[str, Any]], column: str) -> int:
        return sum(row[column] for row in table)

    assert figures["forms"] == len(forms) == total(days, "issued") == total(stores, "forms")
    assert (
        figures["issued_net_fen"]
        == total(forms, "net_fen")
        == total(days, "issued_net_fen")
        == total(stores, "net_fen")
    )
    assert all(row["gross_fen"] - row["fee_fen"] == row["net_fen"] for row in forms)
    for figure, column in (
        ("paid_fen", "paid_fen"),
        ("captured_fen", "captured_fen"),
        ("released_fen", "released_fen"),
        ("refunded_ordinary_fen", "refunded_fen"),
        ("written_off_fen", "written_off_fen"),
    ):
        assert figures[figure] == total(days, column)
    statuses = Counter(row["status"] for row in forms)
    assert {f"forms_{status}": times for status, times in statuses.items()} == {
        name: value
        for name, value in figures.items()
        if name.startswith("forms_") and name != "forms_instant"
    }
    assert figures["captured_fen"] > 0
    assert days[-1]["outstanding_fen"] == 0
    # What travellers got is what was paid less what came back, and all of it is claimed.
    got_fen = (
        total(days, "paid_fen")
        + total(days, "refunded_fen")
        - total(days, "returned_fen")
        - total(days, "captured_fen")
        - total(days, "recovered_fen")
        - total(days, "written_off_fen")
    )
    assert figures["settled_net_fen"] == got_fen == total(settled, "net_fen")
    assert total(settled, "gross_fen") - total(settled, "fee_fen") == total(settled, "net_fen")


MOVED = """
    SELECT COALESCE(SUM(CASE posting.side WHEN 'debit' THEN amount_fen ELSE -amount_fen END), 0)
    FROM posting JOIN entry USING (entry_key)
    WHERE entry.kind IN ({kinds}) AND posting.account IN ({accounts})
"""
"""What some kinds of entries moved on some accounts, debits less credits, fen."""


def test_the_figures_are_what_the_ledger_says_when_it_is_asked_itself(
    sqlite_url: str,
) -> None:
    world = read_scenario("ordinary-week").with_changes(
        {"change.late_share": 0.2, "border.fewer_share": 0.2, "card.payout_returned": 0.05}
    )
    figures = simulate(world, seed=SEED, days=1, url=sqlite_url).figures

    def moved_fen(kinds: str, accounts: str) -> int:
        found = books.execute(MOVED.format(kinds=kinds, accounts=accounts)).fetchone()
        return int(found[0])

    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite://"))) as books:
        forms, net_fen = books.execute("SELECT count(*), sum(net_fen) FROM form").fetchone()
        claims = books.execute("SELECT sum(net_fen) FROM settlement").fetchone()
        assert figures["paid_fen"] == -moved_fen("'advance', 'pay_again'", "'network'")
        assert figures["captured_fen"] == moved_fen("'capture', 'adjust'", "'network'")
        assert figures["refunded_ordinary_fen"] == -moved_fen("'refund'", "'network', 'till'")
        assert figures["fees_earned_fen"] == -moved_fen("SELECT kind FROM entry", "'fee'")
    assert (figures["forms"], figures["issued_net_fen"]) == (forms, net_fen)
    assert figures["settled_net_fen"] == claims[0]
    assert figures["captured_fen"] > 0


def test_every_moment_of_a_form_comes_after_the_one_before(results: Path) -> None:
    with opened(results) as file:
        forms = rows(file, "form")
    for form in forms:
        moments = [form[name] for name in ("issued_at", "scanned_at", "verified_at")]
        known = [moment for moment in moments if moment]
        assert known == sorted(known), form
        if form["paid_at"] and form["scanned_at"]:
            assert form["paid_at"] >= form["scanned_at"], form


def test_an_outage_of_customs_is_made_up_for_and_the_books_hold(tmp_path: Path) -> None:
    world = read_scenario("customs-outage").with_changes({"outage.day": 2, "stay.leaves_days": 1})
    outcome = simulate(world, seed=SEED, days=3, out=tmp_path / "results.db")
    assert not outcome.findings, outcome.findings
    assert outcome.is_whole
    with opened(tmp_path / "results.db") as file:
        day = day_of(world.starts_at).isoformat()
        assert file.execute("SELECT count(*) FROM form WHERE day >= ?", [day]).fetchone()[0]


def test_an_outage_of_the_network_is_told_to_travellers_and_the_books_hold() -> None:
    world = read_scenario("network-outage").with_changes({"outage.day": 1})
    outcome = simulate(world, seed=SEED, days=1)
    assert not outcome.findings, outcome.findings
    assert outcome.is_whole


def test_a_run_that_is_stopped_in_the_middle_leaves_no_half_file(tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    path.write_bytes(b"what was there before")

    def stop(done: int, _total: int | None) -> None:
        if done == 2:
            raise Stopped("cancelled")

    with pytest.raises(Stopped):
        ran(out=path, progress=stop)
    assert [one.name for one in tmp_path.iterdir()] == ["results.db"]
    assert path.read_bytes() == b"what was there before"


def test_results_that_cannot_be_finished_leave_no_half_file(tmp_path: Path) -> None:
    def half() -> Iterator[dict[str, object]]:
        yield {"code": "below_threshold", "times": 1}
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        write_results(tmp_path / "results.db", {"refusal": half()})
    assert not list(tmp_path.iterdir())
