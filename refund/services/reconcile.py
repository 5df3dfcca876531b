"""The exit: departures matched with verified forms and the network's book, and what follows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from refund.core.calendar import day_of, end_of_day, last_day, parse_moment
from refund.core.customs import Verification
from refund.core.entitlement import remaining_of
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.matching import Action, Departure, ExitRecord, Proposal, Why, exit_for, propose
from refund.core.operation import HeldState, Operation
from refund.core.people import Actor
from refund.core.places import read_port
from refund.core.trail import ExitImport
from refund.core.traveller import IdentityDocument, document_key
from refund.ports import NetworkSilent, Ports
from refund.services.ends import end_without_hold
from refund.services.holds import lapse
from refund.services.intent import begin_end_of_hold, entitlement
from refund.services.life import By, note, read_reason, the_form
from refund.services.pay import carry_out
from refund.services.rules import rules_of
from refund.transaction import Transaction

OPEN = (
    Status.ADVANCED,
    Status.VERIFIED,
    Status.VERIFIED_PARTLY,
    Status.CUSTOMS_REFUSED,
    Status.RELEASING,
    Status.ADJUSTING,
    Status.CAPTURING,
    Status.FORFEITING,
    Status.RETURNING,
    Status.UNCOLLECTED,
    Status.WAIVING,
)
"""States in which an advance is out and the exit's desk is not done."""

LIMIT = 500
"""Forms that one page of the exit's desk shows at most."""


@dataclass(frozen=True, slots=True)
class ExitDesk:
    """The desk's work: what to do with each open form, and exits that belong to no form.

    `network_heard` is False when the network's book could not be asked; then nothing is proposed
    against it and the page says so.
    """

    today: date
    proposals: tuple[Proposal, ...]
    strangers: tuple[ExitRecord, ...]
    network_heard: bool
    more: bool


@dataclass(frozen=True, slots=True)
class ExitLine:
    """One line of a file of exits, read."""

    document: IdentityDocument
    port: str
    exited_at: datetime


def record_exit(ports: Ports, operator: Actor, line: ExitLine) -> bool:
    """Take in one departure that an operator saw.

    Returns:
        Whether it was new.

    Raises:
        Refused: `date_in_future`, `port_unknown`.
    """
    now = ports.clock.now()
    record = _exit_record(ports, line, now, operator.label)

    def put(tx: Transaction) -> bool:
        new = tx.put_exit(record, "")
        if new:
            note(tx, ports, "exit_recorded", By(operator.label, now), detail=record.exit_id)
        return new

    return ports.storage.write(put)


def read_exit_moment(text: str, now: datetime, field: str) -> datetime:
    """Read a moment of departure, which lies in the past.

    Raises:
        Refused: `date_unreadable`, `date_impossible`, `date_in_future`.
    """
    moment = parse_moment(text, field)
    if moment > now:
        raise Refused("date_in_future", field)
    return moment


def _exit_record(ports: Ports, line: ExitLine, now: datetime, source: str) -> ExitRecord:
    read_port(line.port)
    if line.exited_at > now:
        raise Refused("date_in_future", "exited_at")
    index = ports.sealer.index("document", document_key(line.document))
    exit_id = ports.sealer.index("exit", f"{index}|{line.port}|{line.exited_at.isoformat()}")
    return ExitRecord(exit_id[:32], index, line.port, line.exited_at, now, source)


def import_exits(
    ports: Ports, operator: Actor, lines: Sequence[ExitLine], file_name: str, digest: str
) -> ExitImport:
    """Take in a file of departures, whole or not at all, once.

    `digest` is the SHA-256 of the file, by which it is recognised.

    Raises:
        Refused: `file_already_imported`, `file_empty`.
    """
    if not lines:
        raise Refused("file_empty", "file")
    now = ports.clock.now()
    records = [_exit_record(ports, line, now, f"file:{digest[:12]}") for line in lines]
    imported = ExitImport(digest, file_name[:120], len(records), now, operator.label)

    def take_in(tx: Transaction) -> ExitImport:
        before = tx.exit_import(digest)
        if before is not None:
            raise Refused("file_already_imported", "file", at=before.imported_at, rows=before.rows)
        tx.add_exit_import(imported)
        for record in records:
            tx.put_exit(record, digest)
        note(
            tx,
            ports,
            "exits_imported",
            By(operator.label, now),
            detail=f"{digest[:12]} {len(records)}",
        )
        return imported

    return ports.storage.write(take_in)


def imports(ports: Ports) -> list[ExitImport]:
    """The files taken in last."""
    return ports.storage.read(lambda tx: tx.exit_imports(10))


def desk(ports: Ports, day: date | None = None) -> ExitDesk:
    """What the exit's desk has to do: every open form with its proposal, breaks included.

    The exits of `day` (today when None) that belong to no form are listed too.
    """
    now = ports.clock.now()
    today = day or day_of(now)
    start, end = end_of_day(today - timedelta(days=1)), end_of_day(today)

    def read(tx: Transaction) -> tuple[list[Departure], list[ExitRecord]]:
        departures = [_departure(tx, form) for form in tx.forms_in(OPEN, LIMIT + 1)]
        strangers = [
            seen
            for seen in tx.exits_between(start, end)
            if not tx.forms_of_traveller(seen.document_index)
        ]
        return departures, strangers

    departures, strangers = ports.storage.read(read)
    book = _ask_book(ports, departures)
    proposals = [_proposal(ports, departure, book) for departure in departures[:LIMIT]]
    return ExitDesk(
        today=today,
        proposals=tuple(proposals),
        strangers=tuple(strangers),
        network_heard=book is not None,
        more=len(departures) > LIMIT,
    )


def _departure(tx: Transaction, form: Form) -> Departure:
    verification = tx.verification_of(form.form_id)
    entry = tx.traveller_of(form.form_id).last_entry
    rules = rules_of(tx, form)
    return Departure(
        form=form,
        verification=verification,
        exit=exit_for(form, tx.exits_of(form.document_index), verification),
        guarantee=tx.live_guarantee(form.form_id),
        worth=entitlement(tx, form),
        stay_until=None if entry is None else last_day(entry, rules.stay_days),
        capture_working_days=rules.capture_working_days,
        book=None,
        book_asked=False,
        outstanding_fen=tx.outstanding_fen(form.form_id),
        all_shown=_all_shown(tx, form, verification),
    )


def _all_shown(tx: Transaction, form: Form, verification: Verification | None) -> bool:
    """Whether customs confirmed all that the traveller still had."""
    confirmed = None if verification is None else verification.confirmed
    if confirmed is None:
        return True
    left = remaining_of(tx.invoices_of(form.form_id), tx.returns_of(form.form_id))
    return {line.line: line.quantity for line in confirmed} == left


def _ask_book(ports: Ports, departures: Sequence[Departure]) -> dict[str, HeldState | None] | None:
    # Forms that were claimed together share a hold: it is asked for once.
    held = {d.guarantee.network_reference: True for d in departures if d.guarantee is not None}
    if not held:
        return {}
    try:
        return ports.network.holds(list(held))
    except NetworkSilent:
        return None


def _proposal(
    ports: Ports, departure: Departure, book: dict[str, HeldState | None] | None
) -> Proposal:
    guarantee = departure.guarantee
    known = departure
    if book is not None and guarantee is not None:
        found = book.get(guarantee.network_reference)
        known = replace(departure, book=found, book_asked=True)
    today = day_of(ports.clock.now())
    return propose(known, today, ports.workdays.is_working_day)


def own_proposal(tx: Transaction, ports: Ports, form: Form) -> Proposal:
    """What follows for a form by our own records alone; the network's book is not asked."""
    return _proposal(ports, _departure(tx, form), None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an operator saw in the preview and confirmed for one form."""

    form_id: str
    action: Action
    why: Why


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one confirmed proposal; `refusal` says why nothing was done.

    The two sums are what the card network was asked for.
    """

    form: Form
    action: Action
    refusal: Refused | None
    charged_fen: int = 0
    released_fen: int = 0


def proposals_for(ports: Ports, form_ids: Sequence[str]) -> list[Proposal]:
    """The proposals of some forms as they are now, for the preview.

    Raises:
        Refused: `form_unknown`.
    """

    def read(tx: Transaction) -> list[Departure]:
        return [_departure(tx, the_form(tx, form_id)) for form_id in form_ids]

    departures = ports.storage.read(read)
    book = _ask_book(ports, departures)
    return [_proposal(ports, departure, book) for departure in departures]


def settle(ports: Ports, operator: Actor, chosen: Sequence[Chosen], reason: str) -> list[Settled]:
    """Carry out what was confirmed, each form once; what has changed since is refused by name.

    Raises:
        Refused: `form_unknown`; as `life.read_reason`.
    """
    text = read_reason(reason)
    now_proposed = {p.form.form_id: p for p in proposals_for(ports, [c.form_id for c in chosen])}
    return [_settle(ports, operator, now_proposed[c.form_id], c, text) for c in chosen]


_EVENTS = {
    Action.RELEASE: Event.REQUEST_RELEASE,
    Action.ADJUST: Event.REQUEST_ADJUST,
    Action.CAPTURE: Event.REQUEST_CAPTURE,
    Action.FORFEIT: Event.REQUEST_FORFEIT,
}


def _settle(
    ports: Ports, operator: Actor, proposal: Proposal, chosen: Chosen, reason: str
) -> Settled:
    form = proposal.form
    same = (proposal.action, proposal.why) == (chosen.action, chosen.why)
    if not same or chosen.action is Action.NONE:
        return Settled(form, chosen.action, Refused("proposal_changed"))
    event = _EVENTS[chosen.action]

    noted = f"{chosen.why.value}: {reason}"

    def begin(tx: Transaction) -> Operation | Form | Refused:
        current = the_form(tx, form.form_id)
        if current.version != form.version:
            return Refused("proposal_changed")
        guarantee = tx.live_guarantee(form.form_id)
        if guarantee is not None and proposal.has_lapsed:
            lapse(tx, ports, guarantee, "seen_at_exit")
            guarantee = None
        if guarantee is None:
            by = By(operator.label, ports.clock.now())
            return end_without_hold(tx, ports, current, event, by, noted)
        return begin_end_of_hold(tx, ports, current, event, operator.label, noted)

    begun = ports.storage.write(begin)
    if isinstance(begun, Refused):
        return Settled(form, chosen.action, begun)
    form = carry_out(ports, begun) if isinstance(begun, Operation) else begun
    return Settled(form, chosen.action, None, proposal.charged_fen, proposal.released_fen)
