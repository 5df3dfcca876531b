"""The exit's reconciliation: a form, the exit seen, the network's book, and what follows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from refund.core.calendar import add_working_days, day_of, end_of_day, is_within, working_days_since
from refund.core.customs import Decision, Verification
from refund.core.entitlement import Entitlement
from refund.core.form import Form, Status
from refund.core.operation import Guarantee, GuaranteeState, HeldState, HoldState


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """A traveller left through a port; `document_index` is blind."""

    exit_id: str
    document_index: str
    port: str
    exited_at: datetime
    recorded_at: datetime
    source: str


class Action(Enum):
    """What can be done with a hold now."""

    RELEASE = "release"
    ADJUST = "adjust"
    CAPTURE = "capture"
    FORFEIT = "forfeit"
    NONE = "none"


class Why(Enum):
    """Why, in a word that is stable for ever."""

    KEPT = "promise_kept"
    LATE = "left_late"
    WRONG_PORT = "left_elsewhere"
    NEVER_SEEN = "never_seen"
    LEFT_UNVERIFIED = "left_unverified"
    LEFT_BEFORE = "left_before_verification"
    AWAITING_EXIT = "awaiting_exit"
    AWAITING_ANSWER = "awaiting_answer"
    HOLD_ENDED = "hold_ended"
    HOLD_MISSING = "hold_missing_at_network"
    AMOUNT_DIFFERS = "amount_differs_at_network"
    ALREADY_SETTLED = "already_settled"
    NO_ADVANCE = "no_advance"
    FEWER_GOODS = "fewer_goods"
    PART_RETURNED = "part_returned"
    REFUSED = "refused_by_customs"
    STAYED_TOO_LONG = "stayed_too_long"
    EXPORTED_LATE = "exported_too_late"
    FOR_REVIEW = "for_review"


CHARGES = frozenset({Action.ADJUST, Action.CAPTURE, Action.FORFEIT})
"""Actions that take money from the card."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the exit's desk should do with one form, and why.

    Args:
        amount_fen: what a release frees, or what the others charge; the advance for none.
        collect_by: the last working day on which a broken promise is to be captured.
        held_fen: what stands on hold for the form; 0 when nothing does.
        hold_ends_at: when that hold ends by itself; None when nothing is held.
        overdue_days: how many working days have begun since `collect_by` without the charge;
            None while it is not overdue.
        has_lapsed: whether our books have a hold that has ended by itself, as the network says.
    """

    form: Form
    action: Action
    why: Why
    amount_fen: int
    exit: ExitRecord | None
    collect_by: date | None
    held_fen: int = 0
    hold_ends_at: datetime | None = None
    overdue_days: int | None = None
    has_lapsed: bool = False

    @property
    def is_break(self) -> bool:
        """Whether records disagree, so that a person must look."""
        return self.why in BREAKS

    @property
    def charged_fen(self) -> int:
        """What the card would be charged."""
        return self.amount_fen if self.action in CHARGES else 0

    @property
    def released_fen(self) -> int:
        """What of the hold would go back to the traveller."""
        return 0 if self.action is Action.NONE else max(0, self.held_fen - self.charged_fen)

    @property
    def is_overdue(self) -> bool:
        """Whether a charge should have been made before today."""
        return self.overdue_days is not None

    @property
    def charge_by(self) -> date | None:
        """The day until which a charge is both in time and secured by the hold.

        Source: project decision (a hold can end before the last day for the charge).
        """
        if self.collect_by is None or not self.ends_early:
            return self.collect_by
        return None if self.hold_ends_at is None else day_of(self.hold_ends_at)

    @property
    def ends_early(self) -> bool:
        """Whether the hold ends by itself before the last day for a charge is over."""
        if self.hold_ends_at is None or self.collect_by is None:
            return False
        return self.hold_ends_at < end_of_day(self.collect_by)


def most_urgent_first(proposals: Iterable[Proposal]) -> list[Proposal]:
    """What is overdue first, and everything by the day until which it is to be done."""

    def urgency(proposal: Proposal) -> tuple[bool, date, str]:
        by = proposal.charge_by or proposal.form.depart_by
        return (not proposal.is_overdue, by, proposal.form.form_number)

    return sorted(proposals, key=urgency)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of promised days, after which a list goes on."""

    depart_by: date
    form_id: str


BEGINNING = Place(date.min, "")


def place_of(form: Form) -> Place:
    """Where a form stands in that order."""
    return Place(form.depart_by, form.form_id)


MINUTE = timedelta(minutes=1)

BREAKS = frozenset(
    {
        Why.LEFT_UNVERIFIED,
        Why.LEFT_BEFORE,
        Why.HOLD_ENDED,
        Why.HOLD_MISSING,
        Why.AMOUNT_DIFFERS,
        Why.FOR_REVIEW,
    }
)


@dataclass(frozen=True, slots=True)
class Departure:
    """All that is known of a form at the exit; `book` is the network's present word on the hold.

    Args:
        outstanding_fen: what the traveller still owes by the ledger; below zero we owe it.
        stay_until: the last day on which the traveller could leave and still be a traveller.
        all_shown: whether customs confirmed all that the traveller still had.
    """

    form: Form
    verification: Verification | None
    exit: ExitRecord | None
    guarantee: Guarantee | None
    worth: Entitlement
    stay_until: date | None
    capture_working_days: int
    book: HeldState | None
    book_asked: bool
    outstanding_fen: int
    all_shown: bool = True


def propose(
    departure: Departure,
    today: date,
    is_working_day: Callable[[date], bool],
) -> Proposal:
    """Say what follows from what was seen.

    On time through the right port and verified: release, or adjust where fewer goods left. Late,
    elsewhere or never: capture, and the ordinary refund stays open. Refused by customs, or left
    after the longest stay or the last day of export: forfeit, and nothing stays open. Departed
    without verification: nothing proves that the goods left, so the promise is broken.

    Source: SAT 9/2025, GAC 25/2015 item 2.
    """
    form, held = departure.form, _held(departure)
    count = departure.capture_working_days
    collect_by = add_working_days(form.depart_by, count, is_working_day)
    action, why = _said(departure, today)
    amount_fen = _amount_fen(departure, action)
    is_overdue = action in CHARGES and amount_fen > 0 and today > collect_by
    return Proposal(
        form=form,
        action=action,
        why=why,
        amount_fen=amount_fen,
        exit=departure.exit,
        collect_by=collect_by,
        held_fen=0 if held is None else held.amount_fen,
        hold_ends_at=None if held is None else held.expires_at,
        overdue_days=working_days_since(collect_by, today, is_working_day) if is_overdue else None,
        has_lapsed=_has_lapsed(departure),
    )


def _held(departure: Departure) -> Guarantee | None:
    """The hold, while it stands at the network as in our books."""
    guarantee = departure.guarantee
    stands = guarantee is not None and guarantee.state is GuaranteeState.HELD
    return guarantee if stands and not _has_lapsed(departure) else None


def _has_lapsed(departure: Departure) -> bool:
    """Whether the network says that a hold of our books has ended by itself."""
    guarantee, book = departure.guarantee, departure.book
    stands = guarantee is not None and guarantee.state is GuaranteeState.HELD
    return stands and book is not None and book.has_lapsed


def _said(departure: Departure, today: date) -> tuple[Action, Why]:
    """What to do, and why, as the form stands."""
    match departure.form.status:
        case (
            Status.RELEASING
            | Status.ADJUSTING
            | Status.CAPTURING
            | Status.FORFEITING
            | Status.ADVANCING
            | Status.RETURNING
            | Status.WAIVING
        ):
            return Action.NONE, Why.AWAITING_ANSWER
        case (
            Status.RELEASED
            | Status.ADJUSTED
            | Status.CAPTURED
            | Status.FORFEITED
            | Status.RETURNED
            | Status.WRITTEN_OFF
        ):
            return Action.NONE, Why.ALREADY_SETTLED
        case (
            Status.ADVANCED
            | Status.VERIFIED
            | Status.VERIFIED_PARTLY
            | Status.CUSTOMS_REFUSED
            | Status.UNCOLLECTED
        ):
            pass
        case _:
            return Action.NONE, Why.NO_ADVANCE
    if _held(departure) is None:
        return _without_hold(departure, today)
    trouble = _trouble(departure)
    return _outcome(departure, today) if trouble is None else (Action.NONE, trouble)


def _without_hold(departure: Departure, today: date) -> tuple[Action, Why]:
    """What is left to do when the hold is over: whatever charges nothing; else a person looks.

    Source: project decision (a hold that has ended by itself is as good as released).
    """
    action, why = _outcome(departure, today)
    if action is Action.NONE or action is Action.RELEASE:
        return action, why
    if not _amount_fen(departure, action):
        return action, why
    return Action.NONE, Why.FOR_REVIEW if action is Action.ADJUST else Why.HOLD_ENDED


def _amount_fen(departure: Departure, action: Action) -> int:
    """What an action moves, fen: what a release frees, or what the others charge."""
    outstanding_fen = max(0, departure.outstanding_fen)
    match action:
        case Action.RELEASE | Action.NONE:
            return departure.form.amounts.net_fen
        case Action.ADJUST:
            return max(0, outstanding_fen - departure.worth.due.net_fen)
        case Action.CAPTURE | Action.FORFEIT:
            return outstanding_fen


def _trouble(departure: Departure) -> Why | None:
    """What the network's book says against acting at all."""
    guarantee, book = _held(departure), departure.book
    if guarantee is not None and departure.book_asked:
        if book is None:
            return Why.HOLD_MISSING
        if book.state is not HoldState.HELD:
            return Why.HOLD_ENDED
        standing_fen = book.amount_fen - book.captured_fen - book.released_fen
        fits = guarantee.is_shared or standing_fen == guarantee.amount_fen
        if not fits or standing_fen < guarantee.amount_fen:
            return Why.AMOUNT_DIFFERS
    return None


def _outcome(departure: Departure, today: date) -> tuple[Action, Why]:
    form, seen, verification = departure.form, departure.exit, departure.verification
    if verification is not None and verification.decision is Decision.REFUSED:
        return Action.FORFEIT, Why.REFUSED
    if seen is None:
        never = form.status is Status.UNCOLLECTED or today > form.depart_by
        return (Action.CAPTURE, Why.NEVER_SEEN) if never else (Action.NONE, Why.AWAITING_EXIT)
    if _precedes(seen, verification):
        # Until the promise is over the departure that was proved may still be seen.
        over = today > form.depart_by
        return Action.CAPTURE if over else Action.NONE, Why.LEFT_BEFORE
    unmet, broken = _unmet(departure, seen), _broken(departure, seen)
    if unmet is not None:
        return Action.FORFEIT, unmet
    if broken is not None:
        return Action.CAPTURE, broken
    return _kept(departure)


def _kept(departure: Departure) -> tuple[Action, Why]:
    """What follows from a promise that was kept."""
    verification, status = departure.verification, departure.form.status
    as_listed = verification is not None and verification.decision is Decision.CONFIRMED
    # A charge may have been refused before this exit became known.
    whole = departure.worth.is_whole and as_listed
    if whole and status in {Status.VERIFIED, Status.UNCOLLECTED}:
        return Action.RELEASE, Why.KEPT
    return Action.ADJUST, Why.PART_RETURNED if departure.all_shown else Why.FEWER_GOODS


def _unmet(departure: Departure, seen: ExitRecord) -> Why | None:
    """Which condition of the policy this exit shows to be unmet, if any.

    Source: MOF 3/2015 (183 and 90 days).
    """
    if not is_within(seen.exited_at, departure.form.export_by):
        return Why.EXPORTED_LATE
    if departure.stay_until is not None and not is_within(seen.exited_at, departure.stay_until):
        return Why.STAYED_TOO_LONG
    return None


def _broken(departure: Departure, seen: ExitRecord) -> Why | None:
    """How the promise was broken by this exit, if it was."""
    form = departure.form
    if not is_within(seen.exited_at, form.depart_by):
        return Why.LATE
    if not form.port_any and seen.port != form.port:
        return Why.WRONG_PORT
    if departure.verification is None:
        return Why.LEFT_UNVERIFIED
    return None


def _precedes(seen: ExitRecord, verification: Verification | None) -> bool:
    """Whether an exit lies before the verification; departures are noted by the minute."""
    return verification is not None and seen.exited_at + MINUTE <= verification.verified_at


def exit_for(
    form: Form, exits: tuple[ExitRecord, ...], verification: Verification | None
) -> ExitRecord | None:
    """The first exit after customs verified the form, or else after the form was issued.

    Where customs verified a second time, only what follows counts: the exits before it belong to
    the promise that was broken.
    """
    after = [e for e in exits if e.exited_at >= form.issued_at]
    proved = [e for e in after if not _precedes(e, verification)]
    is_again = verification is not None and verification.sequence > 1
    counted = proved if is_again else proved or after
    return min(counted, key=lambda e: e.exited_at, default=None)
