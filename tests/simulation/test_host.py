"""A rehearsal's host: days kept and gone back to, and its clock from one day into the next."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pysqlite3
import pytest

from refund.core.calendar import SHANGHAI, end_of_day
from refund.core.errors import Refused
from refund.core.form import Status
from refund.core.people import Actor, Role
from refund.gateways.keyless import Keyless
from refund.sandbox.faults import Fault, FaultPlan
from refund.sandbox.store import BookFile
from refund.services.audit import audit
from refund.services.enrol import enrol_staff
from refund.services.rules import rules_for
from refund.simulation.engine.network import BookNetwork
from refund.simulation.lab_book import open_lab_book
from refund.simulation.rehearsal.deadlines import What
from refund.simulation.rehearsal.forks import check_name, read_change
from refund.simulation.rehearsal.host import Host
from refund.simulation.rehearsal.snapshots import kept_days, put_back, take
from refund.storage import open_storage
from refund.timepiece import Timepiece
from tests import make
from tests.services.engine_steps import bags
from tests.services.statuses import advanced
from tests.services.steps import claimed, unlocked
from tests.services.steps import status as the_status
from tests.world import SetClock, World, open_book, open_world, wire_ports

MORNING = datetime(2025, 7, 8, 9, 0, tzinfo=SHANGHAI)
WAIT_S = 60.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return a world in the folder of a rehearsal, whose clock is a file."""
    folder = tmp_path / "rehearsals" / "practice"
    folder.mkdir(parents=True)
    with open_world(folder, f"sqlite:///{folder}/refund.db", MORNING) as opened:
        clock = Timepiece(folder / "clock.json")
        clock.set(MORNING)
        opened.book.clock = clock
        opened.ports = replace(opened.ports, clock=clock, is_rehearsal=True)
        yield opened


@pytest.fixture
def host(world: World) -> Iterator[Host]:
    """Return the host that keeps the world's time."""
    host = Host(world.ports, world.folder, Timepiece(world.folder / "clock.json"))
    host.start()
    yield host
    host.stop()


def go_to(host: Host, at: datetime) -> None:
    """Take the clock to a moment, and wait till it is there."""
    host.take_to(at)
    assert host.wait(WAIT_S)
    assert host.view().now == at


def second_operator() -> Actor:
    """The operator without whom nothing above the limit is approved."""
    return Actor("operator-2", Role.OPERATOR, "高远 Gao Yuan")


def statuses(database: Path) -> list[str]:
    """The states of all forms in a book."""
    with closing(pysqlite3.connect(str(database))) as copy:
        return [status for (status,) in copy.execute("SELECT status FROM form")]


@pytest.mark.rule("promise_days")
def test_a_jump_of_28_days_charges_what_was_promised_and_keeps_each_day(
    world: World, host: Host
) -> None:
    enrol_staff(world.ports, [make.staff(second_operator())], "test")
    form = advanced(world)
    ahead = host.next_deadlines()
    assert [one.what for one in ahead][:1] == [What.MONTH_CLOSES]
    promised = next(one for one in ahead if one.what is What.PROMISE_ENDS)
    assert (promised.form_number, promised.count) == (form.form_number, 1)
    assert promised.at == end_of_day(form.depart_by)
    go_to(host, MORNING + timedelta(days=28))
    assert the_status(world, form) is Status.CAPTURED
    way = host.last_way()
    assert way is not None
    moved = {one.kind: one.count for one in way.happened}
    assert moved["capture"] == 1
    assert "advance" not in moved
    kept = kept_days(world.folder)
    assert [one.day for one in kept] == [date(2025, 7, 8) + timedelta(days=n) for n in range(28)]
    seen = [statuses(one.folder / "refund.db")[0] for one in kept]
    assert seen == ["advanced"] * 18 + ["captured"] * 10


def test_what_happens_to_several_forms_at_one_moment_stands_in_one_row(
    world: World, host: Host
) -> None:
    forms = [claimed(world, unlocked(world, bags(world, key))) for key in ("one", "another")]
    found = [one for one in host.next_deadlines() if one.what is What.PROMISE_ENDS]
    assert [(one.count, one.form_number) for one in found] == [
        (2, min(form.form_number for form in forms))
    ]


@pytest.mark.rule("promise_days")
def test_nobody_settles_for_an_operator_whom_a_person_plays(world: World, host: Host) -> None:
    enrol_staff(world.ports, [make.staff(second_operator())], "test")
    form = advanced(world)
    host.book.take("operator-2", "trainer-1", MORNING)
    go_to(host, MORNING + timedelta(days=20))
    assert the_status(world, form) is Status.ADVANCED


def test_the_clock_stands_where_a_way_was_stopped(world: World, host: Host) -> None:
    host.take_to(MORNING + timedelta(days=300))
    with pytest.raises(Refused) as refused:
        host.take_to(MORNING + timedelta(days=301))
    assert refused.value.code == "clock_is_moving"
    host.go(0)
    assert host.wait(WAIT_S)
    stood = host.view()
    assert (stood.rate, stood.moving) == (0, None)
    assert MORNING <= stood.now < MORNING + timedelta(days=300)
    host.take_to(stood.now + timedelta(days=300))
    host.go(0)
    stood = host.view()
    go_to(host, stood.now + timedelta(minutes=1))


def test_a_running_clock_keeps_the_day_before_the_next_one_begins(host: Host, world: World) -> None:
    last_second = MORNING.replace(hour=23, minute=59, second=59)
    go_to(host, last_second - timedelta(seconds=30))
    assert kept_days(world.folder) == []
    host.go(60)
    until = time.monotonic() + WAIT_S
    while host.view().now.astimezone(SHANGHAI).date() == date(2025, 7, 8):
        assert time.monotonic() < until
        time.sleep(0.02)
    host.go(0)
    assert [one.day for one in kept_days(world.folder)] == [date(2025, 7, 8)]
    assert host.book.rows("SELECT taken_at FROM snapshot") == [
        {"taken_at": last_second.astimezone(UTC).isoformat()}
    ]


def test_a_day_is_copied_whole_and_can_be_put_back(world: World, tmp_path: Path) -> None:
    form = advanced(world)
    snapshot = take(world.folder, date(2025, 7, 8))
    back = tmp_path / "rehearsals" / "back"
    put_back(snapshot, back)
    with pytest.raises(FileExistsError):
        put_back(snapshot, back)
    clock = SetClock(MORNING)
    book = open_book(back, clock)
    network = BookNetwork(book)
    ports, database, _ = wire_ports(back, f"sqlite:///{back}/refund.db", network, clock)
    try:
        found = ports.storage.read(lambda tx: tx.form(form.form_id))
        assert found is not None
        assert found.status is Status.ADVANCED
        assert [one for one in audit(ports) if not one.holds] == []
        assert book.book_totals()["payouts_fen"] == world.paid_fen()
    finally:
        database.close()
        book.close()
    assert all(file.stat().st_mode & 0o077 == 0 for file in (back / "keys").iterdir())


@pytest.mark.rule("promise_days")
def test_a_fork_differs_in_one_rule_from_the_next_day_on(world: World, host: Host) -> None:
    go_to(host, MORNING + timedelta(days=1))
    folder = host.fork("longer", date(2025, 7, 8), read_change("promise_days=28"))
    database = open_storage(f"sqlite:///{folder}/refund.db", Keyless())
    try:
        for day, days in ((8, 17), (9, 28)):
            rules = database.read(partial(rules_for, day=date(2025, 7, day)))
            assert rules.promise_days == days
    finally:
        database.close()
    rules = world.ports.storage.read(lambda tx: rules_for(tx, date(2025, 7, 9)))
    assert rules.promise_days == 17
    forked = Timepiece(folder / "clock.json").now()
    assert forked == MORNING.replace(hour=23, minute=59, second=59)
    with open_lab_book(folder) as book:
        told = book.facts()
    assert told["changed"] == "rule promise_days=28"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("fault answer_lost=3", Fault("answer_lost", times=3)),
        ("card 1111=capture_declined", Fault("capture_declined", last4="1111")),
    ],
)
def test_a_fork_differs_in_one_fault_or_one_card(host: Host, words: str, fault: Fault) -> None:
    go_to(host, MORNING + timedelta(days=1))
    folder = host.fork("other", date(2025, 7, 8), read_change(words))
    for place, switched in ((folder, [fault]), (host.folder, [])):
        file = BookFile(str(place / "sandbox.db"))
        assert [one.fault for one in FaultPlan(file).switched()] == switched
        file.close()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("promise_days=many", "value_unreadable"),
        ("nothing=1", "parameter_unknown"),
        ("fault nothing", "choice_unknown"),
        ("card 12=capture_declined", "choice_unknown"),
        ("card 1111=nothing", "choice_unknown"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(words: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_change(words)
    assert refused.value.code == code


def test_a_rehearsal_is_named_so_that_it_can_be_a_folder(tmp_path: Path) -> None:
    for name in ("", "../x", "A", "a b", "-a", "a" * 41):
        with pytest.raises(Refused) as refused:
            check_name(tmp_path, name)
        assert refused.value.code == "field_unreadable"
    (tmp_path / "there").mkdir()
    with pytest.raises(Refused) as refused:
        check_name(tmp_path, "there")
    assert refused.value.code == "rehearsal_known"
    assert check_name(tmp_path, "a-2") == tmp_path / "a-2"


def test_a_book_of_before_that_named_its_columns_otherwise_is_opened(tmp_path: Path) -> None:
    with open_lab_book(tmp_path) as book:
        book.tell(scenario="golden-week")
        with book.write() as db:
            db.table("about").drop()
            db.table("about").create({"of_table": str, "of_column": str, "meaning": str})
    with open_lab_book(tmp_path) as book:
        assert book.facts()["scenario"] == "golden-week"
        assert book.rows("SELECT meaning FROM about WHERE [table] = 'fact' AND [column] = 'name'")


def test_the_labs_book_says_what_each_column_means(host: Host) -> None:
    tables = {row["name"] for row in host.book.rows("SELECT name FROM pragma_table_list")}
    for table in tables - {"sqlite_schema", "sqlite_temp_schema", "sqlite_stat1"}:
        columns = {
            row["name"] for row in host.book.rows("SELECT name FROM pragma_table_info(:t)", t=table)
        }
        told = host.book.rows("SELECT * FROM about WHERE [table] = :t AND [column] <> ''", t=table)
        assert {row["column"] for row in told} == columns, table
        assert all(row["meaning"] for row in told)
