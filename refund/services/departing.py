"""Today at the border: what customs decide as they decide it, and the promises that broke."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.calendar import day_of, end_of_day
from refund.core.customs import Decision, Verification
from refund.core.form import Form, Status
from refund.core.matching import (
    BEGINNING,
    CHARGES,
    ExitRecord,
    Place,
    Proposal,
    most_urgent_first,
)
from refund.core.office import Waiting
from refund.ports import Ports
from refund.services.life import the_form
from refund.services.reconcile import LIMIT, ExitDesk, desk, own_proposal
from refund.transaction import Transaction

LIVE_MAX = 50
"""Decisions that one page shows at most."""

STRANGERS_MAX = 100
"""Departures of nobody's form that one page shows at most."""

Since = tuple[datetime, str]
"""A moment and an id, before or after which a list goes on."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What customs decided of a form, and what follows by our own records.

    Args:
        pieces: how many pieces of goods were confirmed, of the `listed_pieces` of the form.
    """

    form: Form
    verification: Verification
    pieces: int
    listed_pieces: int
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Live:
    """A day's decisions of all ports, the newest first; `following` is where the next page begins.

    `seen` is a word for what is shown, which changes when it does.
    """

    day: date
    rows: tuple[Decided, ...]
    following: Since | None

    @property
    def seen(self) -> str:
        """The newest decision, and the versions of all forms that are shown."""
        if not self.rows:
            return "none"
        newest = self.rows[0]
        versions = sum(row.form.version for row in self.rows)
        left = sum(row.proposal.exit is not None for row in self.rows)
        return f"{newest.form.form_id}-{newest.verification.sequence}-{versions}-{left}"


def live(ports: Ports, before: Since | None = None) -> Live:
    """What customs of all ports decided today, the newest first, before one of them."""
    today = day_of(ports.clock.now())
    start, end = end_of_day(today - timedelta(days=1)), end_of_day(today)
    since = before or (end, "")

    def read(tx: Transaction) -> list[Decided]:
        found = tx.decisions_between(start, end, since, LIVE_MAX + 1)
        return [_decided(tx, ports, verification) for verification in found]

    rows = ports.storage.read(read)
    shown = tuple(rows[:LIVE_MAX])
    following = None
    if len(rows) > LIVE_MAX:
        last = shown[-1].verification
        following = (last.verified_at, last.form_id)
    return Live(today, shown, following)


def _decided(tx: Transaction, ports: Ports, verification: Verification) -> Decided:
    form = the_form(tx, verification.form_id)
    lines = [line for invoice in tx.invoices_of(form.form_id) for line in invoice.lines]
    listed = sum(line.quantity for line in lines)
    pieces = sum(line.quantity for line in verification.lines)
    if not verification.lines and verification.decision is Decision.CONFIRMED:
        pieces = listed
    return Decided(form, verification, pieces, listed, own_proposal(tx, ports, form))


@dataclass(frozen=True, slots=True)
class Broken:
    """The promises that broke today: their last day ended yesterday, or their charge is due.

    `more` says that there are so many open promises that not all were looked at.
    """

    proposals: tuple[Proposal, ...]
    more: bool

    @property
    def charged_fen(self) -> int:
        """What all cards together would be charged."""
        return sum(one.charged_fen for one in self.proposals)


def broken_today(ports: Ports, seen: ExitDesk | None = None) -> Broken:
    """The promises that broke today by our own records, what is overdue first.

    `seen` is a part of the desk: then nothing but that is looked at.
    """
    today = day_of(ports.clock.now())
    if seen is not None:
        broke = [one for one in seen.proposals if _broke_on(one, today)]
        return Broken(tuple(most_urgent_first(broke)), more=not _reaches(seen, today))
    found: list[Proposal] = []
    after: Place | None = BEGINNING
    while after is not None and len(found) < LIMIT:
        seen = desk(ports, after, LIMIT, asks_network=False)
        found += [one for one in seen.proposals if _broke_on(one, today)]
        after = seen.following
        if seen.proposals and seen.proposals[-1].form.depart_by >= today:
            # Promises stand in the order of their days: from here on they are still to come.
            after = None
    return Broken(tuple(most_urgent_first(found))[:LIMIT], after is not None)


def _reaches(seen: ExitDesk, today: date) -> bool:
    """Whether a part of the desk reaches the promises that are still to come."""
    return seen.following is None or seen.proposals[-1].form.depart_by >= today


def _broke_on(proposal: Proposal, today: date) -> bool:
    """Whether a promise ended yesterday unkept, or has to be charged today at the latest."""
    if proposal.action not in CHARGES or not proposal.charged_fen:
        return False
    ended = proposal.form.depart_by == today - timedelta(days=1)
    return ended or (proposal.charge_by is not None and proposal.charge_by <= today)


DEPARTING = (
    *(Status.ADVANCED, Status.ADVANCING, Status.VERIFIED, Status.VERIFIED_PARTLY),
    *(Status.CUSTOMS_REFUSED, Status.RELEASING, Status.ADJUSTING, Status.RELEASED),
)
"""States of forms whose promised day can be looked forward to, or was kept."""


@dataclass(frozen=True, slots=True)
class Today:
    """The day in four figures that can be read across a room.

    Args:
        departing: forms whose travellers promised to leave today at the latest.
        verified: what customs have confirmed today.
        released: holds that were given back today.
        broken: promises whose last day ended yesterday, of forms that were never verified.
    """

    departing: Waiting
    verified: int
    released: int
    broken: Waiting


def today(ports: Ports) -> Today:
    """The day so far, by our own records."""
    day = day_of(ports.clock.now())
    start, end = end_of_day(day - timedelta(days=1)), end_of_day(day)

    def read(tx: Transaction) -> Today:
        verified, released = tx.counts_of(start, end)
        yesterday = day - timedelta(days=1)
        return Today(
            departing=_only(tx.promises_of_days(DEPARTING, day, day)),
            verified=verified,
            released=released,
            broken=_only(tx.promises_of_days((Status.ADVANCED,), yesterday, yesterday)),
        )

    return ports.storage.read(read)


def _only(days: list[tuple[date, Waiting]]) -> Waiting:
    return days[0][1] if days else Waiting()


@dataclass(frozen=True, slots=True)
class Strangers:
    """A day's departures that belong to no form; `following` is where the next page begins."""

    day: date
    exits: tuple[ExitRecord, ...]
    following: Since | None


def strangers(ports: Ports, day: date | None = None, after: Since | None = None) -> Strangers:
    """A day's departures that belong to no form, in their order, after one of them."""
    shown_day = day or day_of(ports.clock.now())
    start, end = end_of_day(shown_day - timedelta(days=1)), end_of_day(shown_day)
    since = after or (start, "")
    found = ports.storage.read(lambda tx: tx.strangers(start, end, since, STRANGERS_MAX + 1))
    shown = tuple(found[:STRANGERS_MAX])
    following = None
    if len(found) > STRANGERS_MAX:
        following = (shown[-1].exited_at, shown[-1].exit_id)
    return Strangers(shown_day, shown, following)
