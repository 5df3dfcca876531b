"""Steps with statements: those of the sandbox's book, changed on purpose, taken in and matched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from refund.core.calendar import day_of, end_of_day
from refund.core.case import Case, CaseKind
from refund.core.form import Form
from refund.core.match_summary import BreakRow, Period
from refund.core.statement import Statement, StatementReader
from refund.services import match as matching
from refund.services.statements import Given, take_in
from tests import make
from tests.services.steps import claimed, issued
from tests.statements import Booked, Sheet
from tests.world import World

GIVEN = Given("file", "statement.csv", "operator:operator-1")
LAST = date(2025, 12, 31)


def over(world: World, day: date) -> None:
    """Let a day be over."""
    world.clock.at = max(world.clock.at, end_of_day(day) + timedelta(minutes=1))


def sheet_of(world: World, day: date = make.DAY, opening_fen: int | None = None) -> Sheet:
    """The network's own statement of a day, to be changed."""
    over(world, day)
    text = (line.encode() for line in world.book.statement(day.isoformat()))
    reader = StatementReader(text, world.clock.at)
    lines = [
        Booked(
            reference=line.reference,
            kind=line.kind,
            state=line.state,
            amount_fen=line.amount_fen,
            currency=line.currency,
            fee_fen=line.fee_fen,
            at=line.booked_at,
            hold_reference=line.hold_reference,
            network_id=line.network_id,
        )
        for line in reader.lines()
    ]
    return Sheet(day, reader.head.opening_fen if opening_fen is None else opening_fen, lines)


def given(world: World, sheet: Sheet) -> Statement:
    """Take in a statement as a file."""
    over(world, sheet.day)
    return take_in(world.ports, [sheet.text()], GIVEN)


def fetched(world: World) -> int:
    """Fetch and match all that is there; how many days were matched."""
    return matching.keep_matched(world.ports)


def matched(world: World, *sheets: Sheet) -> Period:
    """Take in some statements, and match every day."""
    for sheet in sheets:
        given(world, sheet)
    matching.match_new(world.ports)
    return matching.summary(world.ports, make.DAY, LAST)


def standing(world: World) -> list[BreakRow]:
    """The breaks that stand."""
    return list(matching.breaks(world.ports, make.DAY, LAST).rows)


def only(world: World, kind: CaseKind) -> BreakRow:
    """The only break that stands, which is of a kind."""
    (found,) = standing(world)
    assert found.kind is kind, found
    return found


def case_of(world: World, found: BreakRow) -> Case:
    """The case of a break."""
    case = world.ports.storage.read(lambda tx: tx.case(found.case_id))
    assert case is not None
    return case


def open_cases(world: World) -> list[Case]:
    """All open cases of the match."""
    cases = world.ports.storage.read(lambda tx: tx.open_cases())
    return [case for case in cases if case.is_break]


def days_from(first: date, count: int) -> Iterator[date]:
    """Some days."""
    return (first + timedelta(days=n) for n in range(count))


def today(world: World) -> date:
    """The day in Shanghai."""
    return day_of(world.clock.at)


def line_of(sheet: Sheet, kind: str, state: str = "") -> Booked:
    """The first line of a kind."""
    return next(line for line in sheet.lines if line.kind == kind and state in ("", line.state))


def moment(text: str) -> datetime:
    """A moment as a row of a break has it."""
    return datetime.fromisoformat(text)


def all_days(world: World) -> None:
    """Take in every day till now."""
    over(world, today(world))
    fetched(world)


def another(world: World, number: int = 2, card: str = make.VISA) -> Form:
    """A form of another traveller, with its advance paid."""
    draft = make.draft(f"2542200001{number:010d}", traveller=make.traveller(f"H{number:08d}"))
    return claimed(world, issued(world, draft, f"key-{number}"), card)


def reference(form: Form, kind: str, attempt: int = 1) -> str:
    """The reference of an operation of a form."""
    return f"{form.form_id}-{kind}-{attempt}"
