"""A day that the network issues anew: offered in the old one's place, decided by two persons."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from refund.core import ledger
from refund.core.calendar import parse_day
from refund.core.case import Case, CaseKind
from refund.core.errors import Refused
from refund.core.ledger import reversal
from refund.core.money import FEN_MAX
from refund.core.statement import Apart, Head, Reissue, Statement, StatementReader
from refund.ports import NetworkRejected, NetworkSilent, Ports
from refund.services.cases import close_by_itself, open_case, staff_names
from refund.services.life import By, note
from refund.services.statements import (
    NAME_CHARS_MAX,
    Given,
    clear_leftovers,
    load_lines,
    post_fees,
    require_opening,
)
from refund.transaction import Transaction

REFERENCES_SHOWN = 50
DAYS_BACK_MAX = 40
"""How many days are asked for again at most; no backup of a network is older."""


def offer(ports: Ports, chunks: Iterable[bytes], given: Given) -> Case:
    """Keep a statement of a day that is there already, whole, without letting it count.

    It waits with a case of its own until two persons decide which of the two counts.

    Raises:
        Refused: as `StatementReader`; `statement_day_free` where nothing is to be replaced,
            `statement_already_imported`, `statement_already_offered`,
            `statement_opening_differs`, `statement_superseded`.
    """
    clear_leftovers(ports)
    reader = StatementReader(chunks, ports.clock.now())
    head = reader.head
    if given.day not in (None, head.day):
        raise Refused("statement_gap", "file", day=head.day, missing=given.day)
    number, known = ports.storage.write(partial(_begin, ports=ports, head=head, given=given))
    try:
        load_lines(ports, number, reader)
        apart = ports.storage.read(
            lambda tx: tx.lines_apart(known.number, number, REFERENCES_SHOWN)
        )
        loaded = _Loaded(number, reader, known, apart)
        return ports.storage.write(partial(_finish, ports=ports, loaded=loaded, by=given.by))
    except (Refused, NetworkSilent):
        ports.storage.write(lambda tx: tx.break_off_statement(number))
        clear_leftovers(ports)
        raise


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A statement whose lines are written, beside the one that counts."""

    number: int
    reader: StatementReader
    known: Statement
    apart: Apart


def _begin(tx: Transaction, ports: Ports, head: Head, given: Given) -> tuple[int, Statement]:
    known = _require_free(tx, head)
    name, now = given.file_name[:NAME_CHARS_MAX], ports.clock.now()
    return tx.begin_statement(head, given.source, name, now, given.by), known


def _require_free(tx: Transaction, head: Head) -> Statement:
    """The statement that counts, where another one can be offered now."""
    known, waiting = tx.statement_of(head.day), tx.offered_of(head.day)
    if known is None:
        raise Refused("statement_day_free", "file", day=head.day)
    if waiting is not None:
        at = waiting.imported_at
        raise Refused("statement_already_offered", "file", day=head.day, at=at)
    require_opening(tx, head.day, head.opening_fen)
    return known


def _finish(tx: Transaction, ports: Ports, loaded: _Loaded, by: str) -> Case:
    """Let it wait, with its case."""
    head, now = loaded.reader.head, ports.clock.now()
    known = _require_free(tx, head)
    if loaded.reader.trailer.digest == known.digest:
        at = known.imported_at
        raise Refused("statement_already_imported", "file", day=head.day, at=at)
    offered = tx.offer_statement(loaded.number, loaded.reader.trailer, now)
    if offered is None or known.number != loaded.known.number:
        raise Refused("statement_superseded", "file")
    subject = head.day.isoformat()
    facts = {
        "taken_in": told(known),
        "offered": told(offered),
        "apart": {"lines": loaded.apart.lines, "references": list(loaded.apart.references)},
    }
    at_stake_fen = min(FEN_MAX, abs(offered.closing_fen - known.closing_fen))
    kind = CaseKind.STATEMENT_REISSUED
    open_case(tx, ports, kind, subject, amount_fen=at_stake_fen, facts=facts)
    note(tx, ports, "statement_offered", By(by, now), detail=f"{subject} {offered.number}")
    case = tx.open_case_of(kind, subject)
    if case is None:
        raise LookupError(subject)
    tx.add_case_event(case.case_id, "offered", now, by, "")
    return case


def told(statement: Statement) -> dict[str, object]:
    """A statement as its case keeps it."""
    totals = statement.totals
    return {
        "opening_fen": statement.opening_fen,
        "lines": totals.lines,
        "payouts_fen": totals.payouts_fen,
        "returned_fen": totals.returned_fen,
        "captures_fen": totals.captures_fen,
        "fees_fen": totals.fees_fen,
        "closing_fen": statement.closing_fen,
        "digest": statement.digest,
        "source": statement.source,
        "file_name": statement.file_name,
        "imported_at": statement.imported_at.isoformat(),
        "imported_by": statement.imported_by,
        "number": statement.number,
    }


def offer_reissued(ports: Ports, day: date, by: str) -> Case:
    """Ask the network for the days before one again, and offer the earliest that is other now.

    Raises:
        Refused: `statement_not_reissued` where it delivers the day before as it was taken in;
            `network_unreachable`, `statement_not_there`; as `offer`.
    """
    try:
        earliest = _earliest_reissued(ports, day)
        if earliest is None:
            raise Refused("statement_not_reissued", "file", day=day - timedelta(days=1))
        with ports.network.statement(earliest) as chunks:
            return offer(ports, chunks, Given("network", "", by, earliest))
    except NetworkRejected:
        raise Refused("statement_not_there", "file", day=day) from None
    except NetworkSilent:
        raise Refused("network_unreachable", "file") from None


def _earliest_reissued(ports: Ports, day: date) -> date | None:
    """The first of the days just before one that the network delivers otherwise now."""
    found = None
    for back in range(1, DAYS_BACK_MAX + 1):
        before = day - timedelta(days=back)
        known = ports.storage.read(partial(_known, day=before))
        if known is None or _digest_there(ports, before) == known.digest:
            break
        found = before
    return found


def _known(tx: Transaction, day: date) -> Statement | None:
    return tx.statement_of(day)


def _digest_there(ports: Ports, day: date) -> str:
    """By what a day's statement is recognised, as the network delivers it now."""
    with ports.network.statement(day) as chunks:
        reader = StatementReader(chunks, ports.clock.now())
        for _ in reader.lines():
            pass
    return reader.trailer.digest


def names_by_label(ports: Ports) -> dict[str, str]:
    """The staff's names, to say who let a statement count no more."""
    return ports.storage.read(staff_names)


def reissue_of(tx: Transaction, case: Case) -> Reissue | None:
    """What would be replaced by what, as things stand; None where nothing is offered any more."""
    day = parse_day(case.subject, "day")
    taken_in, offered = tx.statement_of(day), tx.offered_of(day)
    if taken_in is None or offered is None:
        return None
    later = tx.statements_after(day)
    joins_on = not later or later[0].opening_fen == offered.closing_fen
    return Reissue(taken_in, offered, () if joins_on else tuple(later))


def replace_statement(tx: Transaction, ports: Ports, case: Case, by: By, reason: str) -> None:
    """Let the offered statement count, and set the old one aside with every day that hangs on it.

    All of it is one transaction; the match of the day, and the later days, follow.

    Raises:
        Refused: `fix_not_possible` where nothing is offered; `statement_opening_differs`.
    """
    found = reissue_of(tx, case)
    if found is None:
        raise Refused("fix_not_possible")
    require_opening(tx, found.offered.day, found.offered.opening_fen)
    for statement in (found.taken_in, *found.set_aside):
        _set_aside(tx, statement, case, by, reason)
    accepted = tx.accept_offer(found.offered.number, by.at)
    if accepted is None:
        raise Refused("fix_not_possible")
    post_fees(tx, accepted, by)
    for one in found.set_aside:
        subject, kind = one.day.isoformat(), CaseKind.STATEMENT_REISSUED
        close_by_itself(tx, ports, kind, subject, "statement_superseded")
    days = " ".join(one.day.isoformat() for one in (accepted, *found.set_aside))
    note(tx, ports, "statement_replaced", by, detail=days)


def _set_aside(tx: Transaction, statement: Statement, case: Case, by: By, reason: str) -> None:
    """Let a statement count no more, and take back its fees."""
    if not tx.supersede_statement(statement.number, by.at, by.actor, case.case_id):
        raise Refused("case_changed")
    numbered = ledger.network_fees_key(statement.day, statement.number)
    entry = tx.entry(numbered) or tx.entry(ledger.network_fees_key(statement.day))
    if entry is not None and statement.totals.agreed_fees_fen:
        tx.post(reversal(entry, reason), 0, by.actor, by.at)
