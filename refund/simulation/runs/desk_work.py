"""The operator's day: exits taken in, proposals settled, cases seen to, months closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from io import BytesIO

from refund.core.calendar import SHANGHAI, day_of
from refund.core.case import Case, CaseKind, Fix
from refund.core.errors import Refused
from refund.core.exit_file import COLUMNS, ExitLine
from refund.core.form import Form
from refund.core.matching import BEGINNING, CHARGES, Action, Place, Proposal, Why, place_of
from refund.core.operation import Answer, Heard
from refund.core.people import Actor
from refund.core.settlement import Settlement
from refund.core.tables import write_table
from refund.core.till import pieces_for
from refund.ports import NetworkSilent, Ports
from refund.services import exits, fixes, reconcile, settle, tills
from refund.services.asking import Outcome
from refund.services.fixes import CaseView
from refund.services.reconcile import Chosen, Settled
from refund.services.settle import MonthState, Received
from refund.services.situation import Offer
from refund.transaction import Transaction

REASON = "as proposed"
PAGE = 200
CASES_MAX = 500
TRIES = 2
"""How often a refused charge, or what came back, is tried again before it is given up."""

MATCHED_AGAIN_WITHIN = timedelta(days=3)
"""By when a break is gone that was only not matched anew."""

FLOAT_FEN = 5_000_000
"""Cash that a till gets in the morning. Source: assumption."""

PAID_AFTER = timedelta(days=5)
"""How long after the closing of a month the treasury pays. Source: assumption."""

MONTH_CLOSES = 15
"""The day on which the month before is closed. Source: SAT 41/2015 (by the fifteenth)."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The two operators of a back office: who works, and who approves."""

    first: Actor
    second: Actor


def take_in_departures(
    ports: Ports, operator: Actor, lines: Sequence[ExitLine], days: tuple[date, date]
) -> int:
    """Take in the border's file of some days; how many departures it has.

    Raises:
        Refused: as `exits.import_exits`.
    """
    rows = (
        (
            line.document.kind.value,
            line.document.number,
            line.port,
            line.exited_at.astimezone(SHANGHAI).isoformat(),
        )
        for line in lines
    )
    first, last = days
    table = write_table([column.name for column in COLUMNS], rows)
    file = BytesIO(table + f"total,{len(lines)}\n".encode())
    return exits.import_exits(ports, operator.label, file, f"exits_{first}_{last}.csv").rows


def settle_departed(ports: Ports, operator: Actor) -> list[Settled]:
    """Settle every open form whose traveller was seen leaving, as is proposed."""
    return _settle(ports, operator, _departed(ports))


def settle_broken(ports: Ports, operator: Actor) -> list[Settled]:
    """Settle every open form whose promise is over, as is proposed."""
    return _settle(ports, operator, _broken(ports))


def _departed(ports: Ports) -> Iterator[list[Proposal]]:
    """What is proposed for the open forms of travellers who left, a page at a time."""
    after = BEGINNING
    while True:
        forms = ports.storage.read(partial(_left_after, after=after))
        if forms:
            after = place_of(forms[-1])
            yield reconcile.proposals_for(ports, [form.form_id for form in forms])
        if len(forms) < PAGE:
            return


def _left_after(tx: Transaction, after: Place) -> list[Form]:
    return tx.forms_left(reconcile.OPEN, PAGE, after)


def _broken(ports: Ports) -> Iterator[list[Proposal]]:
    """What is proposed for the open forms whose last day is over, a page at a time."""
    after: Place | None = BEGINNING
    today = day_of(ports.clock.now())
    while after is not None:
        forms = ports.storage.read(partial(_open_after, after=after))
        over = [form for form in forms if form.depart_by < today]
        if over:
            yield reconcile.proposals_for(ports, [form.form_id for form in over])
        after = place_of(over[-1]) if len(over) == PAGE else None


def _open_after(tx: Transaction, after: Place) -> list[Form]:
    return tx.forms_in(reconcile.OPEN, PAGE, after)


def _settle(ports: Ports, operator: Actor, pages: Iterator[list[Proposal]]) -> list[Settled]:
    """Confirm each proposal that asks for something, page by page, as it stands."""
    done: list[Settled] = []
    for page in pages:
        chosen = [
            Chosen(one.form.form_id, one.action, one.why)
            for one in page
            if one.action is not Action.NONE
        ]
        if chosen:
            done += reconcile.settle(ports, operator, chosen, REASON)
    return done


def see_to_cases(ports: Ports, desk: Desk) -> int:
    """Do about each open case what is proposed; how many were closed or moved on.

    The second person approves what the first one asked for. A case about which nothing can be
    decided yet stays open: a hold that ends early while the promise can still be kept, and an
    advance without a hold whose traveller may still leave.
    """
    found = ports.storage.read(lambda tx: tx.open_cases((), None, CASES_MAX))
    return sum(_see_to(ports, desk, case) for case in found if not case.under_way)


def _see_to(ports: Ports, desk: Desk, case: Case) -> bool:
    try:
        view = fixes.view(ports, case.case_id)
        offer = _chosen(ports, view) if view.case.is_open else None
        if offer is None:
            return False
        fixed = fixes.fix(ports, desk.first, case.case_id, offer.fix, REASON, offer.seen)
        if fixed.outcome is Outcome.WAITS:
            approval = ports.storage.read(lambda tx: tx.approval_of(case.case_id))
            if approval is None:
                return False
            fixed = fixes.approve(ports, desk.second, case.case_id, approval.approval_id)
    except Refused:
        # Things moved on meanwhile, or the network is silent: it is looked at again tomorrow.
        return False
    return fixed.outcome in (Outcome.DONE, Outcome.OFFERED)


def _chosen(ports: Ports, view: CaseView) -> Offer | None:
    """What an operator does about a case now; None where it is better to wait."""
    match view.case.kind:
        case CaseKind.HOLD_ENDS_EARLY:
            return view.offer(Fix.EXTEND) or view.offer(Fix.CAPTURE)
        case CaseKind.UNSECURED:
            return view.offer(Fix.WRITE_OFF) if _is_lost(view) else None
        case CaseKind.CHARGE_REFUSED if _times_refused(view) >= TRIES:
            return view.offer(Fix.WRITE_OFF) or view.offer(Fix.RELEASE) or view.offer(Fix.EXPLAIN)
        case CaseKind.ADVANCE_RETURNED if _times_fixed(ports, view) >= TRIES:
            return view.offer(Fix.EXPLAIN)
        case _ if not view.offers:
            return None
        case _:
            return _of_a_break(ports, view) if view.case.is_break else view.offers[0]


def _is_lost(view: CaseView) -> bool:
    """Whether an advance without a hold will not be secured or earned any more."""
    proposal = view.standing.proposal
    if proposal is None:
        return False
    broken = proposal.action in CHARGES or proposal.why in (Why.HOLD_ENDED, Why.FOR_REVIEW)
    return broken and day_of(view.standing.now) > proposal.form.depart_by


def _times_refused(view: CaseView) -> int:
    """How often the network refused what was asked about a case."""
    return sum(event.kind == "refused" for event in view.file.events)


def _times_fixed(ports: Ports, view: CaseView) -> int:
    """How often this form's payment was made once more, in all its cases."""
    form_id = view.case.form_id
    found = ports.storage.read(lambda tx: tx.cases_of(form_id))
    return sum(one.fix is Fix.PAY_AGAIN for one in found if not one.is_open)


def _of_a_break(ports: Ports, view: CaseView) -> Offer | None:
    """What is done about a break: the network's own word counts more than its statement."""
    proposed, told = view.offers[0], _word_on(ports, view.case)
    if told is None:
        return proposed
    if view.case.kind is CaseKind.MISSING_THERE and told.heard in (Heard.DONE, Heard.RETURNED):
        # It is in the network's book: its statement left it out.
        return view.offer(Fix.EXPLAIN)
    if told.heard is Heard.RETURNED and proposed.fix is not Fix.LOOK_UP:
        # Where we have heard of it by now, the next match finds that both agree.
        return proposed if view.file.row.age > MATCHED_AGAIN_WITHIN else None
    if told.heard is Heard.DONE and _moved_fen(told) == view.case.facts.get("ours_fen"):
        return view.offer(Fix.EXPLAIN)
    return proposed


def _word_on(ports: Ports, case: Case) -> Answer | None:
    """What the network says now of what a break is about; None where that is nothing."""
    reference = _reference(case)
    try:
        return ports.network.look_up(reference) if reference else None
    except NetworkSilent:
        return None


def _moved_fen(told: Answer) -> int:
    """What the network says that it moved for our account: money in less money out."""
    return told.charged_fen or -told.amount_fen


def _reference(case: Case) -> str:
    """The network's reference that a break is about."""
    for side in ("theirs", "ours"):
        told = case.facts.get(side)
        if isinstance(told, dict) and told.get("reference"):
            return str(told["reference"])
    return ""


def close_months(ports: Ports, operator: Actor) -> list[Settlement]:
    """Close every month that can be closed, the oldest first."""
    over = (MonthState.OPEN, MonthState.WAITING)
    months = [one.month for one in reversed(settle.months(ports).months) if one.state in over]
    return [settle.close_month(ports, operator.label, month) for month in months]


def record_payments(ports: Ports, operator: Actor) -> int:
    """Record what the treasury has paid for closed months by now; how many months."""
    now, done = ports.clock.now(), 0
    for closed in ports.storage.read(_unpaid):
        if closed.totals.gross_fen and closed.closed_at + PAID_AFTER <= now:
            received = Received(abs(closed.totals.gross_fen), day_of(now))
            settle.record_payment(ports, operator.label, closed.month, received)
            done += 1
    return done


def _unpaid(tx: Transaction) -> list[Settlement]:
    """The closed months that the treasury has not paid, the last one first."""
    paid = {one.month for one in tx.treasury_payments()}
    return [one for one in reversed(tx.settlements()) if one.month not in paid]


def next_closing(at: datetime) -> datetime:
    """The next morning on which a month is closed, after a moment."""
    day = day_of(at)
    month = day if day.day < MONTH_CLOSES else day.replace(day=28) + timedelta(days=7)
    return datetime.combine(month.replace(day=MONTH_CLOSES), time(9), SHANGHAI)


def is_owed(ports: Ports) -> bool:
    """Whether the treasury owes anything that was not paid yet, closed months or open ones."""
    return settle.months(ports).owed_fen != 0


def fill_till(ports: Ports, operator: Actor, port: str, float_fen: int = FLOAT_FEN) -> None:
    """Give a port's counter a till with cash in it; one that ran low is counted and filled anew."""
    till = ports.storage.read(lambda tx: tx.open_till(port))
    if till is not None:
        if till.expected_fen * 2 >= till.float_fen:
            return
        tills.close_till(ports, operator, till.till_id, dict(pieces_for(till.expected_fen)))
    tills.open_till(ports, operator, port, float_fen)
