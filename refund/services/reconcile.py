"""The exit: departures matched with verified forms and the network's book, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from refund.core.calendar import day_of, last_day
from refund.core.entitlement import ConfirmedLine, LineKey, entitlement_of, remaining_of
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.matching import (
    BEGINNING,
    Action,
    Departure,
    Place,
    Proposal,
    Why,
    exit_for,
    place_of,
    propose,
)
from refund.core.operation import HeldState, Operation
from refund.core.people import Actor
from refund.ports import NetworkSilent, Ports
from refund.services.ends import end_without_hold
from refund.services.holds import lapse
from refund.services.intent import begin_end_of_hold
from refund.services.life import By, read_reason, the_form
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
"""Forms that are previewed and settled at once at most."""

PAGE = 200
"""Forms that one page of the exit's desk shows at most."""

LEFT = (Status.VERIFIED, Status.VERIFIED_PARTLY, Status.UNCOLLECTED)
"""States in which a departure that was seen can be a promise kept."""


@dataclass(frozen=True, slots=True)
class ExitDesk:
    """A part of the desk's work: what to do with each open form, the earliest promise first.

    `network_heard` is False when the network's book could not be asked; then nothing is proposed
    against it and the page says so. `following` is where the next part begins, if there is one.
    """

    today: date
    proposals: tuple[Proposal, ...]
    network_heard: bool
    following: Place | None


def desk(
    ports: Ports, after: Place = BEGINNING, limit: int = PAGE, *, asks_network: bool = True
) -> ExitDesk:
    """What the exit's desk has to do: open forms with their proposals, breaks included.

    Where the network is not to be asked, our own records alone are looked at.
    """

    def read(tx: Transaction) -> list[Departure]:
        return [_departure(tx, form) for form in tx.forms_in(OPEN, limit + 1, after)]

    departures = ports.storage.read(read)
    shown = departures[:limit]
    book = _ask_book(ports, shown) if asks_network else None
    return ExitDesk(
        today=day_of(ports.clock.now()),
        proposals=tuple(_proposal(ports, departure, book) for departure in shown),
        network_heard=book is not None,
        following=place_of(shown[-1].form) if len(departures) > limit else None,
    )


def count_open(ports: Ports) -> int:
    """How many forms are on the desk in all."""
    return ports.storage.read(lambda tx: tx.count_forms_in(OPEN))


def releasable(ports: Ports, after: Place = BEGINNING, limit: int = LIMIT) -> ExitDesk:
    """The holds that can be released now, the earliest promise first."""
    found: list[Proposal] = []
    heard = True
    while True:
        read = partial(_left_after, after=after, limit=limit)
        departures = ports.storage.read(read)
        book = _ask_book(ports, departures)
        heard = heard and book is not None
        for departure in departures:
            if len(found) == limit:
                return ExitDesk(day_of(ports.clock.now()), tuple(found), heard, after)
            proposal, after = _proposal(ports, departure, book), place_of(departure.form)
            if proposal.action is Action.RELEASE:
                found.append(proposal)
        if len(departures) < limit:
            return ExitDesk(day_of(ports.clock.now()), tuple(found), heard, None)


def _left_after(tx: Transaction, after: Place, limit: int) -> list[Departure]:
    return [_departure(tx, form) for form in tx.forms_left(LEFT, limit, after)]


def _departure(tx: Transaction, form: Form) -> Departure:
    verification = tx.verification_of(form.form_id)
    confirmed = None if verification is None else verification.confirmed
    invoices, returns = tx.invoices_of(form.form_id), tx.returns_of(form.form_id)
    entry = tx.traveller_of(form.form_id).last_entry
    rules = rules_of(tx, form)
    return Departure(
        form=form,
        verification=verification,
        exit=exit_for(form, tx.exits_of(form.document_index), verification),
        guarantee=tx.live_guarantee(form.form_id),
        worth=entitlement_of(form, invoices, returns, confirmed, rules),
        stay_until=None if entry is None else last_day(entry, rules.stay_days),
        capture_working_days=rules.capture_working_days,
        book=None,
        book_asked=False,
        outstanding_fen=tx.outstanding_fen(form.form_id),
        all_shown=confirmed is None or _is_all(confirmed, remaining_of(invoices, returns)),
    )


def _is_all(confirmed: Sequence[ConfirmedLine], left: Mapping[LineKey, int]) -> bool:
    """Whether customs confirmed all that the traveller still had."""
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
