"""Statements: taken in whole and once, in order; what is late or wrong is a case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from refund.core.calendar import SHANGHAI, end_of_day
from refund.core.case import Case, CaseKind
from refund.core.errors import Refused
from refund.core.ledger import Account
from refund.core.statement import Statement
from refund.ports import NetworkSilent
from refund.sandbox.faults import Fault
from refund.services import statements
from refund.services.statements import Given, take_in
from tests import make
from tests.services.steps import claimed
from tests.services.tamper import behind_the_back
from tests.statements import Booked, Sheet
from tests.world import World, open_world

GIVEN = Given("file", "2025-07-08.csv", "operator:operator-1")
FIRST = Sheet(lines=[Booked(), Booked("f2-capture-1", "capture", "captured", 100_00)])
SECOND = FIRST.next_day(Booked("f3-advance-1"))
TOMORROW = make.DAY + timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path, engine_url: str) -> Iterator[World]:
    """Open a world on each engine; what is given as a file is in no book of the network."""
    with open_world(tmp_path, engine_url) as opened:
        yield opened


def after(world: World, day: date, hours: int = 1) -> None:
    """Let it be so many hours after the end of a day."""
    world.clock.at = end_of_day(day) + timedelta(hours=hours)


def given(world: World, sheet: Sheet | bytes) -> Statement:
    """Take in a file the day after."""
    text = sheet if isinstance(sheet, bytes) else sheet.text()
    if isinstance(sheet, Sheet):
        world.clock.at = max(world.clock.at, end_of_day(sheet.day))
    return take_in(world.ports, [text], GIVEN)


def refused(world: World, sheet: Sheet | bytes) -> Refused:
    """Why a file is not taken in."""
    with pytest.raises(Refused) as caught:
        given(world, sheet)
    return caught.value


def days(world: World) -> list[date]:
    """The days that are there."""
    listed = statements.statement_days(world.ports)
    return sorted(one.day for one in listed if one.statement is not None)


def cases(world: World, *kinds: CaseKind) -> list[Case]:
    """The open cases about statements."""
    wanted = kinds or (CaseKind.STATEMENT_MISSING, CaseKind.STATEMENT_WRONG)
    return world.ports.storage.read(lambda tx: tx.open_cases(wanted))


def leftovers(world: World) -> int:
    """Take away what was left behind; how many lines that were at least."""
    return world.ports.storage.write(lambda tx: tx.clear_broken_lines(5000))


def test_a_file_is_taken_in_whole_with_its_sums_and_posts_its_fees(world: World) -> None:
    statement = given(world, FIRST)
    assert (statement.day, statement.totals.lines) == (make.DAY, 2)
    assert (statement.opening_fen, statement.closing_fen) == (0, -134_46 - 60 + 100_00 - 30)
    assert (statement.source, statement.file_name) == ("file", "2025-07-08.csv")
    assert statement.imported_at == world.clock.at
    assert world.ports.storage.read(lambda tx: tx.statement_of(make.DAY)) == statement
    balances = world.ports.storage.read(lambda tx: tx.balances())
    assert balances[Account.NETWORK_FEE.value] == 90
    assert balances[Account.NETWORK.value] == -90


def test_the_same_file_is_recognised_and_an_edited_one_too(world: World) -> None:
    kept = given(world, FIRST)
    again = refused(world, FIRST)
    assert (again.code, again.facts["at"]) == ("statement_already_imported", kept.imported_at)
    other = Sheet(lines=[*FIRST.lines[:1], Booked("f2-capture-1", "capture", "captured", 100_01)])
    assert refused(world, other).code == "statement_edited"
    assert refused(world, FIRST.text()[:-70]).code == "statement_truncated"
    assert given(world, SECOND).opening_fen == kept.closing_fen
    assert refused(world, FIRST).code == "statement_already_imported"
    assert world.ports.storage.read(lambda tx: tx.balances())[Account.NETWORK_FEE.value] == 150


def test_a_day_that_is_not_over_or_that_leaves_a_gap_is_refused(world: World) -> None:
    world.clock.at = end_of_day(make.DAY) - timedelta(seconds=1)
    assert refused(world, FIRST.text()).code == "statement_day_not_over"
    given(world, FIRST)
    third = SECOND.next_day()
    gap = refused(world, third)
    assert (gap.code, gap.facts) == (
        "statement_gap",
        {"day": third.day, "missing": SECOND.day},
    )
    given(world, SECOND)
    given(world, third)
    assert days(world) == [make.DAY, SECOND.day, third.day]


def test_the_days_before_the_first_one_can_be_given_backwards(world: World) -> None:
    given(world, SECOND)
    assert refused(world, Sheet(make.DAY, 5, FIRST.lines)).code == "statement_opening_differs"
    early = Sheet(make.DAY - timedelta(days=1))
    assert refused(world, early).facts["missing"] == make.DAY
    given(world, FIRST)
    given(world, early)
    assert days(world) == [early.day, FIRST.day, SECOND.day]


def test_an_opening_balance_that_is_not_the_closing_of_the_day_before_is_refused(
    world: World,
) -> None:
    given(world, FIRST)
    wrong = refused(world, Sheet(SECOND.day, FIRST.closing_fen + 1, SECOND.lines))
    assert (wrong.code, wrong.facts["said"]) == (
        "statement_opening_differs",
        FIRST.closing_fen + 1,
    )


def test_whatever_is_wrong_nothing_is_left(world: World) -> None:
    text = Sheet(lines=[Booked()] * 1500).text()
    wrong = (text[:-200], text.replace(b",134", b",135"), text.replace(b"T,1500", b"T,1501"))
    for one in wrong:
        world.clock.at = end_of_day(make.DAY)
        refused(world, one)
        assert days(world) == []
        assert leftovers(world) == 0
    assert given(world, text).totals.lines == 1500


def test_an_import_that_was_broken_off_is_invisible_and_cleared_by_the_next(world: World) -> None:
    class Gone(Exception):
        """The process ends here."""

    def broken_off() -> Iterator[bytes]:
        text = Sheet(lines=[Booked()] * 3500).text()
        yield text[: len(text) * 3 // 4]
        raise Gone

    after(world, make.DAY)
    with pytest.raises(Gone):
        take_in(world.ports, broken_off(), GIVEN)
    assert days(world) == []
    assert world.ports.storage.read(lambda tx: tx.balances())[Account.NETWORK_FEE.value] == 0
    # The same day takes its place at once; another day's import lets it go on for some hours.
    statement = given(world, FIRST)
    assert statement.totals.lines == 2
    statements.clear_leftovers(world.ports)
    assert leftovers(world) == 0
    after(world, SECOND.day)
    with pytest.raises(Gone):
        take_in(world.ports, _until(SECOND.text()[:120], Gone()), GIVEN)
    assert leftovers(world) == 0
    world.clock.pass_by(hours=7)
    statements.clear_leftovers(world.ports)
    assert given(world, SECOND).totals.lines == 1


def _until(text: bytes, gone: Exception) -> Iterator[bytes]:
    yield text
    raise gone


def test_of_two_imports_of_a_day_the_one_that_began_later_goes_on(world: World) -> None:
    def with_another_between() -> Iterator[bytes]:
        text = Sheet(lines=[Booked()] * 2500).text()
        half = len(text) // 2
        yield text[:half]
        assert given(world, FIRST).totals.lines == 2
        yield text[half:]

    after(world, make.DAY)
    with pytest.raises(Refused, match="statement_superseded"):
        take_in(world.ports, with_another_between(), GIVEN)
    assert days(world) == [make.DAY]
    statements.clear_leftovers(world.ports)
    assert leftovers(world) == 0


def test_what_is_complete_never_changes(broken_world: World) -> None:
    world = broken_world
    given(world, FIRST)
    for change in (
        "UPDATE statement_line SET amount_fen = 1",
        "DELETE FROM statement_line",
        "DELETE FROM statement",
        "UPDATE statement SET closing_fen = 0",
        "UPDATE statement SET state = 'broken'",
    ):
        with pytest.raises(Exception, match=r"append-only|keeps its"):
            behind_the_back(world, change)


def test_a_statement_is_fetched_from_the_network_and_equals_its_book(world: World) -> None:
    claimed(world)
    after(world, make.DAY)
    assert statements.missing_days(world.ports) == [make.DAY]
    assert statements.fetch_statements(world.ports) == 1
    assert statements.fetch_statements(world.ports) == 0
    statement = world.ports.storage.read(lambda tx: tx.statement_of(make.DAY))
    assert statement is not None
    assert (statement.totals.lines, statement.totals.payouts_fen) == (2, make.NET_FEN)
    assert statement.closing_fen == world.book.book_totals()["balance_fen"]
    balances = world.ports.storage.read(lambda tx: tx.balances())
    assert balances[Account.NETWORK.value] == statement.closing_fen
    world.clock.pass_by(days=3)
    assert statements.fetch_statements(world.ports) == 3
    assert statements.missing_days(world.ports) == []


def test_a_statement_that_is_not_there_by_noon_is_a_case_until_it_is(world: World) -> None:
    claimed(world)
    world.network.unplugged = True
    world.clock.at = datetime(2025, 7, 9, 11, 59, tzinfo=SHANGHAI)
    assert statements.fetch_statements(world.ports) == 0
    assert cases(world) == []
    world.clock.at = datetime(2025, 7, 9, 12, 0, tzinfo=SHANGHAI)
    statements.fetch_statements(world.ports)
    statements.fetch_statements(world.ports)
    (case,) = cases(world)
    assert (case.kind, case.subject) == (CaseKind.STATEMENT_MISSING, "2025-07-08")
    assert case.found_at == world.clock.at
    world.network.unplugged = False
    assert statements.fetch_statements(world.ports) == 1
    assert cases(world) == []


def test_a_statement_that_does_not_pass_is_a_case_until_a_good_one_is_there(world: World) -> None:
    claimed(world)
    after(world, make.DAY, hours=13)
    good = b"".join(line.encode() for line in world.book.statement("2025-07-08"))
    with pytest.raises(Refused, match="statement_totals_differ"):
        given(world, good.replace(b"T,2,13446", b"T,2,13447"))
    assert cases(world) == []
    cut_off = world.book.faults.switch_on(Fault("statement_truncated"))
    assert statements.fetch_statements(world.ports) == 0
    (case,) = cases(world)
    assert (case.kind, case.subject) == (CaseKind.STATEMENT_WRONG, "2025-07-08")
    assert case.facts["theirs"]["code"] == "statement_truncated"  # type: ignore[index]
    statements.fetch_statements(world.ports)
    assert len(cases(world)) == 1
    world.book.faults.switch_off(cut_off)
    given(world, good)
    assert cases(world) == []


def test_a_network_that_falls_silent_half_way_leaves_nothing(world: World) -> None:
    claimed(world)
    after(world, make.DAY)
    good = b"".join(line.encode() for line in world.book.statement("2025-07-08"))

    def silent() -> Iterator[bytes]:
        yield good[:150]
        raise NetworkSilent

    with pytest.raises(NetworkSilent):
        take_in(world.ports, silent(), GIVEN)
    assert leftovers(world) == 0
    assert statements.fetch(world.ports, make.DAY).totals.lines == 2
    with pytest.raises(Refused, match="statement_not_there"):
        statements.fetch(world.ports, TOMORROW)


def test_the_network_gives_another_day_than_was_asked_for(world: World) -> None:
    after(world, TOMORROW)
    with pytest.raises(Refused) as caught:
        take_in(world.ports, [FIRST.text()], Given("network", "", "worker", TOMORROW))
    assert (caught.value.code, caught.value.facts["missing"]) == ("statement_gap", TOMORROW)


def test_the_list_shows_missing_days_first(world: World) -> None:
    claimed(world)
    after(world, make.DAY)
    statements.fetch_statements(world.ports)
    world.network.unplugged = True
    after(world, make.DAY + timedelta(days=2), hours=13)
    statements.fetch_statements(world.ports)
    listed = statements.statement_days(world.ports)
    assert [(one.day.day, one.statement is None, one.is_late) for one in listed] == [
        (10, True, True),
        (9, True, True),
        (8, False, False),
    ]
    assert [one.case is not None for one in listed] == [True, True, False]
