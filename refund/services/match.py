"""The three-way match: forms and ledger, the network's statement, customs and the border.

A statement's day is matched when the statement is complete; what was found and still stands is
looked at again with every round. Each thing that does not agree is a case, once, and closes by
itself when it is gone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

from refund.core.breaks import (
    Booked,
    Break,
    Ours,
    Posted,
    Scope,
    breaks_of,
    fees_break,
    missing_there,
    unfounded,
)
from refund.core.calendar import day_of, end_of_day
from refund.core.case import CaseKind
from refund.core.departures import Left, left_break
from refund.core.errors import Refused
from refund.core.match_summary import Amount, BreakRow, Period
from refund.core.people import Actor
from refund.core.statement import Statement
from refund.ports import Ports
from refund.services.cases import close_by_itself, open_case
from refund.services.statements import (
    Fetched,
    fetch_missing,
    fetch_statements,
    missing_days,
)
from refund.services.steps import Step, no_step
from refund.transaction import Transaction

T = TypeVar("T")

ODD_MAX = 200
"""Odd rows that are read at a time, and breaks that are written in one transaction."""

FEES_SHOWN = 20
UNMATCHED_MAX = 400
PERIOD_DAYS_MAX = 400
LISTED = 50
"""Breaks that a page shows."""

_NO_MOMENT = end_of_day(date(1999, 12, 31))


def match(ports: Ports, first: date, last: date, step: Step = no_step) -> Period:
    """Match every day of a period of which there is a statement; what agrees leaves no trace.

    The same breaks are the same cases, however often it is done.  Its steps are days.

    Raises:
        Refused: as `read_period`.
        Stopped: a step asked for it; the days before stay matched, and no day is half done.
    """
    _require_period(first, last)
    found = ports.storage.read(lambda tx: tx.statements_between(first, last))
    for done, statement in enumerate(found):
        step(done, len(found))
        _match_day(ports, statement)
    return summary(ports, first, last)


def lines_between(ports: Ports, first: date, last: date) -> int:
    """How many lines the statements of a period have.

    Raises:
        Refused: as `match`.
    """
    _require_period(first, last)
    found = ports.storage.read(lambda tx: tx.statements_between(first, last))
    return sum(one.totals.lines for one in found)


def keep_matched(ports: Ports) -> int:
    """Fetch what is missing, match what is new, and look again at every break that stands.

    Returns:
        How many statements were matched.
    """
    fetch_statements(ports)
    return match_new(ports)


def fetch_and_match(ports: Ports, operator: Actor) -> Fetched:
    """The same at once, for a person who then sees why the next statement was not taken in."""
    fetched = fetch_missing(ports, operator.label)
    match_new(ports)
    return fetched


def match_new(ports: Ports) -> int:
    """Match the statements that never were, and look again at every break that stands.

    Returns:
        How many statements were matched.
    """
    unmatched = ports.storage.read(lambda tx: tx.statements_unmatched(UNMATCHED_MAX))
    for statement in unmatched:
        _match_day(ports, statement)
    look_again(ports)
    return len(unmatched)


def look_again(ports: Ports) -> None:
    """Look again at every break that stands, and at nothing else."""
    scope = Scope(0, _NO_MOMENT, _NO_MOMENT, _NO_MOMENT)
    run = ports.ids.event_id()
    if ports.storage.write(lambda tx: tx.mark_breaks(run, None)):
        for batch in _in_batches(_found(ports, scope, None)):
            ports.storage.write(partial(_note, ports=ports, found=batch))
        _end_unseen(ports, run)
    _judge_corrections(ports)


def _judge_corrections(ports: Ports) -> None:
    """What was posted for a break that stands no more is itself a break."""
    run = ports.ids.event_id()
    ports.storage.write(lambda tx: tx.mark_unfounded(run))
    after = ""
    while posted := ports.storage.read(partial(_unfounded, after=after)):
        found = [unfounded(one) for one in posted]
        ports.storage.write(partial(_note, ports=ports, found=found))
        after = posted[-1].case_id
    _end_unseen(ports, run)


def _unfounded(tx: Transaction, after: str) -> list[Posted]:
    return tx.unfounded_fixes(after, ODD_MAX)


def _match_day(ports: Ports, statement: Statement) -> None:
    run, now = ports.ids.event_id(), ports.clock.now()
    span = ports.storage.read(lambda tx: tx.statement_span())
    first = statement.day if span is None else span[0]
    scope = Scope(
        statement.number,
        _start_of(statement.day),
        end_of_day(statement.day),
        _start_of(first),
    )
    # What stood before and is still marked at the end was not found again.
    ports.storage.write(lambda tx: tx.mark_breaks(run, statement.day))
    for batch in _in_batches(_found(ports, scope, statement)):
        ports.storage.write(partial(_note, ports=ports, found=batch))
    _end_unseen(ports, run)
    ports.storage.write(lambda tx: tx.mark_matched(statement.number, now))


def _start_of(day: date) -> datetime:
    return end_of_day(day - timedelta(days=1))


def _in_batches(found: Iterator[list[Break]]) -> Iterator[list[Break]]:
    batch: list[Break] = []
    for some in found:
        batch += some
        if len(batch) >= ODD_MAX:
            yield batch
            batch = []
    if batch:
        yield batch


def _found(ports: Ports, scope: Scope, statement: Statement | None) -> Iterator[list[Break]]:
    """All that does not agree, some at a time."""
    read = ports.storage.read
    for query in (_odd_lines, _odd_joint_lines):
        after = 0
        while odd := read(partial(query, scope=scope, after=after)):
            yield [one for booked in odd for one in breaks_of(booked)]
            after = odd[-1].line_id
    yield from _absent(ports, scope, statement)
    left_after = ""
    while pairs := read(partial(_odd_departures, scope=scope, after=left_after)):
        days = (day_of(left.settled_at) if statement is None else statement.day for left in pairs)
        found = (left_break(left, day) for left, day in zip(pairs, days, strict=True))
        yield [one for one in found if one is not None]
        left_after = pairs[-1].form.form_id
    if statement is not None and statement.totals.fees_fen != statement.totals.agreed_fees_fen:
        lines = read(lambda tx: tx.odd_fees(statement.number, FEES_SHOWN))
        yield [fees_break(statement, lines)]


def _odd_lines(tx: Transaction, scope: Scope, after: int) -> list[Booked]:
    return [_with_holds(tx, one) for one in tx.odd_lines(scope, after, ODD_MAX)]


def _odd_joint_lines(tx: Transaction, scope: Scope, after: int) -> list[Booked]:
    return [_with_holds(tx, one) for one in tx.odd_joint_lines(scope, after, ODD_MAX)]


def _with_holds(tx: Transaction, booked: Booked) -> Booked:
    """An odd line with our shares of the hold that it names, and the form it may belong to."""
    line = booked.line
    hold = line.hold_reference or (line.reference if line.kind == "hold" else "")
    holds = tuple(tx.guarantees_under(hold)) if hold else ()
    form = None if booked.ours or holds else tx.form(line.reference.partition("-")[0])
    return replace(booked, holds=holds, form=form, origin=tx.line_origin(booked.line_id))


def _absent(ports: Ports, scope: Scope, statement: Statement | None) -> Iterator[list[Break]]:
    """What our books have as done and no statement has."""
    after: tuple[datetime, str] | None = None
    told: set[str] = set()
    while some := ports.storage.read(partial(_absent_some, scope=scope, after=after)):
        yield _missing(ports, some, statement, told)
        last = some[-1]
        after = (last.answered_at or last.asked_at, last.reference)
    returns = ports.storage.read(lambda tx: tx.absent_returns(scope, ODD_MAX))
    by_reference: dict[str, list[Ours]] = {}
    for one in returns:
        by_reference.setdefault(one.reference, []).append(one)
    yield [
        missing_there(shares, _day(shares, statement), is_return=True)
        for shares in by_reference.values()
    ]


def _absent_some(tx: Transaction, scope: Scope, after: tuple[datetime, str] | None) -> list[Ours]:
    return tx.absent_there(scope, after, ODD_MAX)


def _missing(
    ports: Ports, some: Sequence[Ours], statement: Statement | None, told: set[str]
) -> list[Break]:
    """One break for each request, which may be for several forms."""
    found = []
    for one in some:
        shares = ports.storage.read(partial(_shares_of, reference=one.reference))
        if shares[0].reference not in told:
            told.add(shares[0].reference)
            found.append(missing_there(shares, _day(shares, statement)))
    return found


def _shares_of(tx: Transaction, reference: str) -> list[Ours]:
    operation = tx.operation(reference)
    sent = reference if operation is None else operation.sent_reference
    return tx.shares_of(sent)


def _day(shares: Sequence[Ours], statement: Statement | None) -> date:
    if statement is not None:
        return statement.day
    return day_of(shares[0].answered_at or shares[0].asked_at)


def _odd_departures(tx: Transaction, scope: Scope, after: str) -> list[Left]:
    return [
        Left(
            form=form,
            verification=tx.verification_of(form.form_id),
            exits=tx.exits_of(form.document_index),
            settled_at=settled_at,
            settled_fen=form.amounts.net_fen,
        )
        for form, settled_at in tx.odd_departures(scope, after, ODD_MAX)
    ]


def _note(tx: Transaction, ports: Ports, found: Sequence[Break]) -> None:
    """Open the case of each break, or tell it what is known now."""
    now = ports.clock.now()
    for one in found:
        open_case(
            tx,
            ports,
            one.kind,
            one.subject,
            form_id=one.form_id,
            store_number=one.store_number,
            amount_fen=one.amount_fen,
            facts=one.facts,
            found_at=one.since,
        )
        case = tx.last_case_of(one.kind, one.subject)
        if case is None:
            raise LookupError(one.subject)
        known = tx.standing_break(one.kind.value, one.subject)
        if known is None:
            tx.add_break(ports.ids.event_id(), one, case.case_id, now)
        else:
            tx.see_break(known, one, case.case_id)


def _end_unseen(ports: Ports, run: str) -> None:
    """Close the cases of what stood and was not found any more."""

    def end(tx: Transaction) -> int:
        gone = tx.marked_breaks(run, ODD_MAX)
        for one in gone:
            close_by_itself(tx, ports, one.kind, one.subject, "agrees_now")
            tx.end_break(one.break_id, ports.clock.now())
        return len(gone)

    while ports.storage.write(end):
        pass


def _require_period(first: date, last: date) -> None:
    if last < first:
        raise Refused("dates_reversed", "last")
    if (last - first).days >= PERIOD_DAYS_MAX:
        raise Refused("period_too_long", "last", most_days=PERIOD_DAYS_MAX)


def summary(ports: Ports, first: date, last: date) -> Period:
    """What the match of a period came to, as it was last done.

    Raises:
        Refused: `dates_reversed`, `period_too_long`.
    """
    _require_period(first, last)
    missing = [day for day in missing_days(ports) if first <= day <= last]

    def read(tx: Transaction) -> Period:
        there = tx.statements_between(first, last)
        lines = sum(one.totals.lines for one in there)
        return Period(
            first=first,
            last=last,
            days=(last - first).days + 1,
            matched_days=sum(1 for one in there if one.matched_at is not None),
            missing_days=tuple(missing),
            lines=Amount(lines, sum(one.totals.amount_fen for one in there)),
            broken=tx.broken_lines(first, last),
            kinds=tuple(tx.break_sums(first, last)),
        )

    return ports.storage.read(read)


@dataclass(frozen=True, slots=True)
class BreakPage:
    """Some breaks of a period that stand, and after which one the next page begins."""

    rows: tuple[BreakRow, ...]
    next_after: str


def breaks(
    ports: Ports, first: date, last: date, kinds: Sequence[CaseKind] = (), after: str = ""
) -> BreakPage:
    """The breaks of a period that stand, in the order in which they were found."""
    found = ports.storage.read(lambda tx: tx.breaks_between(first, last, kinds, after, LISTED + 1))
    rows = tuple(found[:LISTED])
    return BreakPage(rows, rows[-1].break_id if len(found) > LISTED else "")


def latest_period(ports: Ports) -> tuple[date, date]:
    """The month of the latest statement up to it; today's where there is none."""
    found = ports.storage.read(lambda tx: tx.statement_span())
    last = day_of(ports.clock.now()) if found is None else found[1]
    return last.replace(day=1), last
