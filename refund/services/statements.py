"""The network's daily statements: fetched or given as a file, taken in whole or not, and once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TypeVar

from refund.core import ledger
from refund.core.calendar import DAY_MOST, day_of, end_of_day
from refund.core.case import Case, CaseKind
from refund.core.errors import Refused
from refund.core.people import WORKER
from refund.core.statement import Head, Statement, StatementLine, StatementReader, Trailer
from refund.ports import NetworkRejected, NetworkSilent, Ports
from refund.services.cases import close_by_itself, open_case
from refund.services.life import By, note
from refund.services.steps import Step, Stopped, no_step
from refund.transaction import Transaction

T = TypeVar("T")

BATCH = 1000
"""Lines that are written in one transaction, so that others write in between."""

ABANDONED = timedelta(hours=6)
"""An import that began longer ago than this does not go on any more."""

DUE_AFTER = timedelta(hours=12)
"""A statement is late from noon of the next day on. Source: project decision."""

NAME_CHARS_MAX = 120
SHOWN = 100
"""Days that the list of statements shows at most."""


@dataclass(frozen=True, slots=True)
class Given:
    """Where a statement comes from: `network` or `file`, under which name, brought by whom.

    `day` is the one that was asked for, or none.
    """

    source: str
    file_name: str
    by: str
    day: date | None = None


def take_in(ports: Ports, chunks: Iterable[bytes], given: Given, step: Step = no_step) -> Statement:
    """Take in a day's statement, whole or not at all; until it is complete nobody sees it.

    It is read once, as it comes, and written in transactions of a thousand lines.

    Raises:
        Refused: as `StatementReader`; `statement_already_imported`, `statement_edited`,
            `statement_gap`, `statement_opening_differs`, `statement_superseded`.
        Stopped: a step asked for it; nothing is left of the statement.
    """
    clear_leftovers(ports)
    reader = StatementReader(chunks, ports.clock.now())
    day = reader.head.day
    if given.day not in (None, day):
        raise Refused("statement_gap", "file", day=day, missing=given.day)
    known = ports.storage.read(lambda tx: tx.statement_of(day))
    if known is not None:
        # It is read to its end all the same, for only then it is known which of them it is.
        for _ in reader.lines():
            pass
        raise _known_already(known, reader.trailer)
    begin = partial(_begin, ports=ports, head=reader.head, given=given)
    number = ports.storage.write(begin)
    try:
        load_lines(ports, number, reader, step)
        finish = partial(_finish, ports=ports, number=number, reader=reader, by=given.by)
        return ports.storage.write(finish)
    except (Refused, NetworkSilent, Stopped):
        ports.storage.write(lambda tx: tx.break_off_statement(number))
        clear_leftovers(ports)
        raise


def clear_leftovers(ports: Ports) -> None:
    """Delete, some lines at a time, what imports that were broken off have left behind."""
    long_ago = ports.clock.now() - ABANDONED
    ports.storage.write(lambda tx: tx.break_off_statements(long_ago))
    while ports.storage.write(lambda tx: tx.clear_broken_lines(BATCH)):
        pass


def load_lines(ports: Ports, number: int, reader: StatementReader, step: Step = no_step) -> None:
    """Write the lines of a statement that is being read, a thousand in each transaction.

    Raises:
        Refused: as `StatementReader`; `statement_superseded` where another import took its place.
        Stopped: a step asked for it.
    """
    done = 0
    for batch in _in_batches(reader.lines(), BATCH):
        ports.storage.write(partial(_add, number=number, lines=batch))
        done += len(batch)
        step(done, None)


def _known_already(known: Statement, trailer: Trailer) -> Refused:
    same = trailer.digest == known.digest
    code = "statement_already_imported" if same else "statement_edited"
    return Refused(code, "file", day=known.day, at=known.imported_at)


def _in_batches(lines: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(lines, size)):
        yield batch


def _begin(tx: Transaction, ports: Ports, head: Head, given: Given) -> int:
    _require_place(tx, head)
    name, now = given.file_name[:NAME_CHARS_MAX], ports.clock.now()
    return tx.begin_statement(head, given.source, name, now, given.by)


def _require_place(tx: Transaction, head: Head) -> None:
    """Refuse a statement that does not join on to those that are there.

    Raises:
        Refused: `statement_gap`, `statement_opening_differs`.
    """
    span = tx.statement_span()
    if span is None:
        return
    first, last = span
    missing = last + timedelta(days=1) if head.day > last else first - timedelta(days=1)
    if head.day != missing:
        raise Refused("statement_gap", "file", day=head.day, missing=missing)
    require_opening(tx, head.day, head.opening_fen)


def require_opening(tx: Transaction, day: date, opening_fen: int) -> None:
    """Refuse a statement that does not begin where the day before ended.

    Raises:
        Refused: `statement_opening_differs`.
    """
    before = tx.statement_of(day - timedelta(days=1))
    if before is not None and before.closing_fen != opening_fen:
        raise _apart(day, opening_fen, before.closing_fen)


def _apart(day: date, said_fen: int, counted_fen: int) -> Refused:
    return Refused("statement_opening_differs", "file", day=day, said=said_fen, counted=counted_fen)


def _add(tx: Transaction, number: int, lines: list[StatementLine]) -> None:
    if not tx.add_statement_lines(number, lines):
        raise Refused("statement_superseded", "file")


def _finish(
    tx: Transaction, ports: Ports, number: int, reader: StatementReader, by: str
) -> Statement:
    """Make a statement visible, post its fees, and close the cases of its day."""
    head, trailer, now = reader.head, reader.trailer, ports.clock.now()
    known = tx.statement_of(head.day)
    if known is not None:
        raise _known_already(known, trailer)
    _require_place(tx, head)
    after = tx.statement_of(head.day + timedelta(days=1))
    if after is not None and after.opening_fen != trailer.closing_fen:
        raise _apart(head.day, trailer.closing_fen, after.opening_fen)
    statement = tx.complete_statement(number, trailer, now)
    if statement is None:
        raise Refused("statement_superseded", "file")
    post_fees(tx, statement, By(by, now))
    detail = f"{head.day.isoformat()} {trailer.totals.lines}"
    note(tx, ports, "statement_imported", By(by, now), detail=detail)
    for kind in (CaseKind.STATEMENT_MISSING, CaseKind.STATEMENT_WRONG):
        close_by_itself(tx, ports, kind, head.day.isoformat(), "statement_imported")
    return statement


def post_fees(tx: Transaction, statement: Statement, by: By) -> None:
    """Post the fees that were agreed, under a key of this statement's own.

    What was charged beyond them is a break until a person accepts it.
    """
    fees_fen = statement.totals.agreed_fees_fen
    if fees_fen:
        key = ledger.network_fees_key(statement.day)
        if tx.has_entry(key):
            key = ledger.network_fees_key(statement.day, statement.number)
        tx.post(ledger.network_fees_entry(key, fees_fen), 0, by.actor, by.at)


def fetch(ports: Ports, day: date, by: str = WORKER, step: Step = no_step) -> Statement:
    """Fetch a day's statement from the network, and take it in.

    What does not pass opens a case.

    Raises:
        Refused: `statement_not_there`, `network_unreachable`; as `take_in`.
    """
    try:
        with ports.network.statement(day) as chunks:
            return take_in(ports, chunks, Given("network", "", by, day), step)
    except NetworkRejected:
        raise Refused("statement_not_there", "file", day=day) from None
    except NetworkSilent:
        raise Refused("network_unreachable", "file") from None
    except Refused as refused:
        if refused.code not in _NOT_WRONG:
            ports.storage.write(partial(_is_wrong, ports=ports, day=day, refused=refused))
        raise


_NOT_WRONG = frozenset({"statement_already_imported", "statement_superseded", "busy"})
"""Refusals that say nothing against the statement."""


def _is_wrong(tx: Transaction, ports: Ports, day: date, refused: Refused) -> None:
    # Somebody else may have taken it in meanwhile.
    if tx.statement_of(day) is not None:
        return
    facts = {name: _plain(value) for name, value in refused.facts.items()}
    said = {"theirs": {"code": refused.code, **facts}, "ours": {"day": day.isoformat()}}
    open_case(tx, ports, CaseKind.STATEMENT_WRONG, day.isoformat(), facts=said)


def _plain(value: object) -> object:
    return value if isinstance(value, int | str) else str(value)


def fetch_statements(ports: Ports) -> int:
    """Fetch every statement that is missing and there, the oldest first; late ones are cases.

    Returns:
        How many were taken in.
    """
    return fetch_missing(ports, WORKER).taken


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many statements were taken in, and why the next one was not; None when none is left."""

    taken: int
    stopped: Refused | None


def fetch_missing(ports: Ports, by: str, step: Step = no_step) -> Fetched:
    """Fetch what is missing, the oldest day first, until one is not there or does not pass.

    Its steps are days; one that is stopped in the middle leaves nothing of its day.
    """
    missing = missing_days(ports)
    taken, stopped = 0, None
    try:
        there = set(ports.network.statement_days()) if missing else set()
    except NetworkSilent:
        there, stopped = set(), Refused("network_unreachable", "file")

    def within(_lines: int, _all: int | None) -> None:
        step(taken, len(missing))

    for day in missing:
        if stopped is None and day not in there:
            stopped = Refused("statement_not_there", "file", day=day)
        if stopped is not None:
            break
        try:
            within(0, None)
            fetch(ports, day, by, within)
        except Refused as refused:
            stopped = refused
        else:
            taken += 1
    if stopped is not None:
        ports.storage.write(partial(_tell_late, ports=ports, missing=missing[taken:]))
    return Fetched(taken, stopped)


def _tell_late(tx: Transaction, ports: Ports, missing: list[date]) -> None:
    for day in missing:
        subject = day.isoformat()
        wrong = tx.open_case_of(CaseKind.STATEMENT_WRONG, subject)
        # Somebody else may have taken it in meanwhile.
        is_there = tx.statement_of(day) is not None
        if due_at(day) > ports.clock.now() or wrong is not None or is_there:
            continue
        facts = {"theirs": {}, "ours": {"day": subject}}
        open_case(tx, ports, CaseKind.STATEMENT_MISSING, subject, facts=facts, found_at=due_at(day))


def due_at(day: date) -> datetime:
    """When a day's statement is late."""
    return end_of_day(day) + DUE_AFTER


def missing_days(ports: Ports) -> list[date]:
    """The days that are over and whose statement is not there, oldest first.

    The first is that of the first answer that the network gave us.
    """
    today = day_of(ports.clock.now())
    return ports.storage.read(lambda tx: _missing(tx, today))


def _missing(tx: Transaction, today: date) -> list[date]:
    span, first = tx.statement_span(), tx.first_answer_at()
    if span is not None:
        start = span[1] + timedelta(days=1)
    elif first is not None:
        start = day_of(first)
    else:
        return []
    return [start + timedelta(days=n) for n in range((today - start).days)]


@dataclass(frozen=True, slots=True)
class StatementDay:
    """A day on the list; `case` is the open one about it, `open_breaks` those of its match.

    `superseded` are the statements of the day that counted before, the latest first.
    """

    day: date
    statement: Statement | None
    case: Case | None
    is_late: bool
    open_breaks: int = 0
    superseded: tuple[Statement, ...] = ()


def statement_days(ports: Ports, before: date = DAY_MOST) -> list[StatementDay]:
    """The latest days, those whose statement is missing too, the latest first."""
    now = ports.clock.now()

    def read(tx: Transaction) -> list[StatementDay]:
        found: list[tuple[date, Statement | None]] = [
            (day, None) for day in _missing(tx, day_of(now)) if day < before
        ]
        found += [(one.day, one) for one in tx.statements(before, SHOWN)]
        found.sort(key=lambda pair: pair[0], reverse=True)
        return [_listed(tx, day, statement, now) for day, statement in found[:SHOWN]]

    return ports.storage.read(read)


def _listed(tx: Transaction, day: date, statement: Statement | None, now: datetime) -> StatementDay:
    breaks = sum(one.open.count for one in tx.break_sums(day, day)) if statement else 0
    is_late = statement is None and now >= due_at(day)
    superseded = tuple(tx.superseded_of(day))
    return StatementDay(day, statement, _case(tx, day), is_late, breaks, superseded)


def _case(tx: Transaction, day: date) -> Case | None:
    kinds = (CaseKind.STATEMENT_REISSUED, CaseKind.STATEMENT_WRONG, CaseKind.STATEMENT_MISSING)
    found = (tx.open_case_of(kind, day.isoformat()) for kind in kinds)
    return next((case for case in found if case is not None), None)
