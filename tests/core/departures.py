"""What is known at the exit of a form whose traveller kept every promise, but for what changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from refund.core.calendar import SHANGHAI
from refund.core.entitlement import Entitlement
from refund.core.form import Status
from refund.core.matching import Action, Departure, Proposal, Why, propose
from refund.core.operation import GuaranteeState
from tests import make

TODAY = date(2025, 7, 20)
IN_TIME = datetime(2025, 7, 20, 12, tzinfo=SHANGHAI)
HOLD = make.held_state()
OVER = make.guarantee(state=GuaranteeState.ENDED)


def is_weekday(day: date) -> bool:
    return day.weekday() < 5


def departure(status: Status = Status.VERIFIED, **changes: object) -> Departure:
    """A verified form whose traveller left in time through the right port, all books agreeing."""
    good = Departure(
        form=make.form(status),
        verification=make.verification(),
        exit=make.exit_record(IN_TIME),
        guarantee=make.guarantee(),
        worth=Entitlement(make.form(status).amounts, 0, is_whole=True),
        stay_until=None,
        capture_working_days=3,
        book=HOLD,
        book_asked=True,
        outstanding_fen=make.NET_FEN,
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def proposed(seen: Departure, today: date = TODAY) -> Proposal:
    """What follows, with three working days to collect."""
    return propose(seen, today, is_weekday)


def said(seen: Departure, today: date = TODAY) -> tuple[Action, Why]:
    """What to do, and why."""
    found = proposed(seen, today)
    return found.action, found.why
