"""Departures: typed once, and files of them taken in whole or not at all, whatever happens."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from datetime import date
from io import BytesIO
from typing import Any

import psycopg
import pysqlite3
import pytest

from refund.core.errors import Refused
from refund.core.exit_file import ExitLine, read_exit_moment
from refund.core.form import Status
from refund.core.trail import ExitImport
from refund.core.traveller import document_key
from refund.services import departing, exits
from tests import make
from tests.services.steps import claimed, departs, on, settled, verified
from tests.services.tamper import behind_the_back
from tests.services.test_races import StartProcess, start_process
from tests.world import World

__all__ = ["start_process"]

HEAD = "document_kind,document_number,port,exited_at\n"
BY = "operator:operator-1"


def row(number: str = "H12345678", at: str = "2025-07-20T12:00:00+08:00") -> str:
    """A line of a file."""
    return f"hk_macao_permit,{number},WUH,{at}\n"


def many(count: int, first: int = 0) -> str:
    """Lines of so many travellers, each another one."""
    return "".join(row(f"H{first + n:08d}") for n in range(count))


def taken(world: World, text: str, name: str = "exits.csv") -> ExitImport:
    """A file that was taken in."""
    return exits.import_exits(world.ports, BY, BytesIO(text.encode()), name)


def refused(world: World, text: str, name: str = "exits.csv") -> Refused:
    """Why a file was not taken in."""
    with pytest.raises(Refused) as caught:
        taken(world, text, name)
    return caught.value


def count(world: World, table: str) -> int:
    """How many rows a table has, whoever may see them."""
    sql = f"SELECT COUNT(*) FROM {table}"
    if world.url.startswith("sqlite"):
        with closing(pysqlite3.connect(world.url.removeprefix("sqlite://"))) as file:
            return int(file.execute(sql).fetchone()[0])
    with psycopg.connect(world.url) as db:
        found = db.execute(sql.encode()).fetchone()
        assert found is not None
        return int(found[0])


def seen(world: World) -> int:
    """How many departures anybody can see."""
    return count(world, "exit_seen")


class KilledError(Exception):
    """The process that took a file in is gone; no program of ours catches this."""


class Stream(BytesIO):
    """A file that does something when its reader comes to a line."""

    def __init__(self, text: str, line: int, then: Callable[[], object]) -> None:
        super().__init__(text.encode())
        self._left, self._then = line, then

    def readline(self, size: int | None = -1, /) -> bytes:
        """Give a line; at the one that was told, first do it."""
        self._left -= 1
        if not self._left:
            self._then()
        return super().readline(size)


def killed() -> None:
    """End the import without any word."""
    raise KilledError


def broken_off(world: World, rows: int = 2500) -> None:
    """Let an import be killed behind so many rows."""
    stream = Stream(HEAD + many(rows + 10), rows + 2, killed)
    with pytest.raises(KilledError):
        exits.import_exits(world.ports, BY, stream, "killed.csv")


# One departure, typed.


def test_an_exit_of_nobody_s_form_is_listed_on_its_day(world: World) -> None:
    claimed(world)
    departs(world, on(9, 10), number="H99999999")
    departs(world, on(9, 11))
    found = departing.strangers(world.ports, on(9).date())
    assert [one.exited_at for one in found.exits] == [on(9, 10)]
    assert departing.strangers(world.ports, on(10).date()).exits == ()
    assert departing.strangers(world.ports, on(9).date(), (on(9, 10), "z")).exits == ()


def test_an_exit_seen_twice_is_one_exit(world: World) -> None:
    assert departs(world, on(9))
    assert not departs(world, on(9))
    assert departs(world, on(9), "YIH")


def test_an_exit_in_the_future_or_through_no_port_is_refused(small_world: World) -> None:
    document = make.traveller().document
    for line, code in (
        (ExitLine(document, "WUH", on(9)), "date_in_future"),
        (ExitLine(document, "PEK", on(8, 1)), "port_unknown"),
    ):
        with pytest.raises(Refused, match=code):
            exits.record_exit(small_world.ports, small_world.operator, line)
    with pytest.raises(Refused, match="date_in_future"):
        read_exit_moment("2025-07-08T14:00:00+08:00", make.NOON, "exited_at")
    for text in ("", "yesterday", "2025-02-30T10:00:00+08:00"):
        with pytest.raises(Refused):
            read_exit_moment(text, make.NOON, "exited_at")
    assert read_exit_moment("2025-07-08T10:00:00+08:00", make.NOON, "exited_at") == on(8, 10)


# A file.


def test_a_file_of_exits_is_taken_in_once_and_whole(world: World) -> None:
    form = verified(world)
    world.clock.at = on(21)
    done = taken(world, HEAD + row() + row("H99999999"))
    assert (done.rows, done.new_rows, done.known_rows) == (2, 2, 0)
    again = refused(world, HEAD + row() + row("H99999999"), "again.csv")
    assert again.code == "file_already_imported"
    assert (again.facts["rows"], again.facts["at"]) == (2, world.clock.at)
    wrong = HEAD + row("H00000001") + row("H00000002").replace("WUH", "PEK")
    assert refused(world, wrong).code == "file_bad_rows"
    assert refused(world, HEAD).code == "file_empty"
    assert [i.file_name for i in exits.imports(world.ports)] == ["exits.csv"]
    assert (seen(world), count(world, "exit_load")) == (2, 1), "nothing of the others is left"
    assert settled(world, form).form.status is Status.RELEASED


def test_an_edited_file_says_how_many_of_its_rows_are_known(world: World) -> None:
    departs(world, on(20))
    taken(world, HEAD + row("H00000001") + row("H00000002"))
    edited = taken(world, HEAD + row() + row("H00000002") + row("H00000003"), "edited.csv")
    assert (edited.rows, edited.known_rows, edited.new_rows) == (3, 2, 1)
    assert seen(world) == 4, "each departure is there once"
    found = world.ports.storage.read(lambda tx: tx.exits_of(exits_index(world, "H00000002")))
    assert len(found) == 1


def exits_index(world: World, number: str) -> str:
    """The blind index of a traveller's document."""
    document = make.traveller(number).document
    return world.ports.sealer.index("document", document_key(document))


def test_a_row_that_stands_twice_is_told_with_its_first_line_however_far_away(
    world: World,
) -> None:
    world.clock.at = on(21)
    text = HEAD + many(2300) + row("H00000005") + row("H99999999") * 2
    told: Any = refused(world, text).facts["problems"]
    problems = [(p["line"], p["code"], p["facts"]) for p in told]
    assert problems == [
        (2302, "row_doubled", {"first_line": 7}),
        (2304, "row_doubled", {"first_line": 2303}),
    ]
    assert (seen(world), count(world, "loaded_exit")) == (0, 0)


def test_days_between_two_files_are_missing_and_those_of_a_file_too(world: World) -> None:
    world.clock.at = on(21)
    first = taken(world, "days,2025-07-09,2025-07-10\n" + HEAD + row(at="2025-07-09T10:00+08:00"))
    assert first.missing_days == (date(2025, 7, 10),)
    text = HEAD + row(at="2025-07-14T10:00+08:00")
    second = taken(world, text, "exits_2025-07-13_2025-07-14.csv")
    assert (second.first_day, second.last_day) == (date(2025, 7, 13), date(2025, 7, 14))
    assert second.missing_days == tuple(date(2025, 7, day) for day in (11, 12, 13))
    inside = taken(world, "days,2025-07-10,2025-07-12\n" + HEAD + many_days(10, 11, 12))
    assert inside.missing_days == ()
    assert [len(one.missing_days) for one in exits.imports(world.ports)] == [0, 3, 1]


def many_days(*days: int) -> str:
    """A departure on each of some days of July."""
    return "".join(row(at=f"2025-07-{day:02d}T09:00+08:00") for day in days)


# Nothing half done.


def test_of_a_file_that_is_broken_off_nothing_is_seen_and_the_next_one_clears_it(
    world: World,
) -> None:
    form = verified(world)
    world.clock.at = on(21)
    broken_off(world)
    assert (count(world, "loaded_exit"), seen(world)) == (2000, 0)
    assert world.ports.storage.read(lambda tx: tx.exits_of(exits_index(world, "H00000001"))) == ()
    assert exits.imports(world.ports) == []
    under_way = exits.under_way(world.ports)
    assert under_way is not None
    assert under_way.rows == 2000
    early = refused(world, HEAD + row())
    assert (early.code, early.facts["rows"]) == ("exits_under_way", 2000)
    world.clock.pass_by(seconds=61)
    done = taken(world, HEAD + row() + many(5))
    assert (done.rows, done.known_rows) == (6, 0), "what was broken off is not known"
    assert (count(world, "loaded_exit"), seen(world), count(world, "exit_load")) == (6, 6, 1)
    assert settled(world, form).form.status is Status.RELEASED


def test_the_file_that_was_broken_off_can_be_taken_in_again(world: World) -> None:
    world.clock.at = on(21)
    broken_off(world, 1200)
    world.clock.pass_by(seconds=61)
    assert taken(world, HEAD + many(1210), "killed.csv").new_rows == 1210
    assert seen(world) == 1210


def test_a_kill_in_the_middle_leaves_nothing_that_anybody_sees(
    world: World, start_process: StartProcess
) -> None:
    world.clock.at = on(21)
    path = world.folder / "exits.csv"
    path.write_text(HEAD + many(2200) + "total,2200\n")
    runner = start_process("exits", str(path), "2100", world.clock.at.isoformat())
    runner.await_ready()
    runner.go()
    assert runner.said() == (-signal.SIGKILL, "")
    assert (count(world, "loaded_exit"), seen(world), exits.imports(world.ports)) == (2000, 0, [])
    world.clock.pass_by(seconds=61)
    with path.open("rb") as stream:
        done = exits.import_exits(world.ports, BY, stream, path.name)
    assert (done.rows, done.new_rows, seen(world)) == (2200, 2200, 2200)


def test_an_import_that_stood_still_is_out_of_the_race(world: World) -> None:
    world.clock.at = on(21)

    def other() -> None:
        world.clock.pass_by(seconds=61)
        assert taken(world, HEAD + many(3), "other.csv").rows == 3

    stream = Stream(HEAD + many(2500), 1500, other)
    with pytest.raises(Refused, match="exits_superseded"):
        exits.import_exits(world.ports, BY, stream, "slow.csv")
    assert (seen(world), count(world, "loaded_exit")) == (3, 3)
    assert [one.file_name for one in exits.imports(world.ports)] == ["other.csv"]


def test_an_import_that_is_slow_but_alive_keeps_its_place(world: World) -> None:
    world.clock.at = on(21)
    stream = Stream(HEAD + many(2500), 1800, lambda: world.clock.pass_by(seconds=59))
    done = exits.import_exits(world.ports, BY, stream, "slow.csv")
    assert done.rows == 2500


def test_what_is_typed_while_a_file_is_taken_in_is_there_once(world: World) -> None:
    form = verified(world)
    world.clock.at = on(21)

    def typed() -> None:
        assert departs(world, on(20))

    stream = Stream(HEAD + row() + many(1500), 1400, typed)
    done = exits.import_exits(world.ports, BY, stream, "exits.csv")
    assert (done.rows, done.known_rows) == (1501, 1)
    assert seen(world) == 1501
    assert not departs(world, on(20)), "it is known"
    assert not departs(world, on(20), number="H00000003"), "so is what the file told"
    assert settled(world, form).form.status is Status.RELEASED


def test_what_a_complete_file_told_stays_as_it_was_written(world: World) -> None:
    world.clock.at = on(21)
    taken(world, HEAD + many(2))
    for change in (
        "UPDATE loaded_exit SET port = 'YIH'",
        "DELETE FROM loaded_exit",
        "UPDATE exit_load SET row_count = 9",
        "UPDATE exit_load SET state = 'broken', completed_at = NULL",
        "DELETE FROM exit_load",
    ):
        with pytest.raises((pysqlite3.Error, psycopg.Error)):
            behind_the_back(world, change)
    assert seen(world) == 2
