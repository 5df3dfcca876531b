"""Which page a form's state asks for, and what a traveller's page says besides the form itself."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template, url_for

from refund.core.agreement import AGREEMENT_VERSION
from refund.core.calendar import day_of
from refund.core.calendar_file import reminder_days
from refund.core.errors import REFUSALS, Refused
from refund.core.form import IN_FLIGHT, Event, Status
from refund.core.signing import code_url
from refund.services.claim import ClaimView
from refund.services.passes import pass_item
from refund.services.standing import Standing, standing
from refund.web.context import own_address, ports

PARTS: dict[Status, str] = {
    Status.ISSUED: "ordinary",
    Status.AGREED: "ordinary",
    Status.HOLDING: "waiting",
    Status.HELD: "held",
    Status.ADVANCING: "waiting",
    Status.ADVANCED: "advanced",
    Status.WITHDRAWING: "waiting",
    Status.ORDINARY: "ordinary",
    Status.VERIFIED: "verified",
    Status.VERIFIED_PARTLY: "verified",
    Status.CUSTOMS_REFUSED: "customs_refused",
    Status.ORDINARY_VERIFIED: "ordinary_verified",
    Status.RELEASING: "verified",
    Status.RELEASED: "released",
    Status.CAPTURING: "captured",
    Status.CAPTURED: "captured",
    Status.FORFEITING: "forfeited",
    Status.FORFEITED: "forfeited",
    Status.UNCOLLECTED: "uncollected",
    Status.VOID: "void",
    Status.SUPERSEDED: "void",
    Status.ADJUSTING: "verified",
    Status.ADJUSTED: "adjusted",
    Status.RETURNING: "waiting",
    Status.RETURNED: "returned",
    Status.REFUNDING: "ordinary_verified",
    Status.REFUNDED: "refunded",
    Status.DENIED: "denied",
    Status.WAIVING: "waiting",
    Status.WRITTEN_OFF: "written_off",
}
"""What the page of a form says first; a form that waits for its traveller has steps instead."""

UPDATING = IN_FLIGHT | {Status.FORFEITING}
"""States in which the page looks again by itself."""

WITH_PASS = frozenset({"advanced", "ordinary"})
"""Pages that end with the exit pass: what to do at departure, and the code to show there.

A form that was charged back has it too, while the ordinary refund is open: the same code counts.
"""


@dataclass(frozen=True, slots=True)
class Took:
    """How long it took from the first scan to the money."""

    minutes: int
    seconds: int


def took(seen: ClaimView) -> Took | None:
    """The time from this phone's first scan to the money; None for a phone that came later."""
    if seen.advance is None or seen.advance.advanced_at < seen.opened_at:
        return None
    span = seen.advance.advanced_at - seen.opened_at
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return Took(minutes, seconds) if minutes < 60 else None


def waits(seen: ClaimView) -> bool:
    """Whether a hold that stands is being made larger, before the money can come."""
    return seen.form.status is Status.HELD and seen.is_asked


def is_updating(seen: ClaimView) -> bool:
    """Whether the form's page looks again by itself."""
    return seen.form.status in UPDATING or waits(seen)


def wording(seen: ClaimView) -> int:
    """The wording of the agreement that was signed, or that would be signed now."""
    return seen.agreement.wording if seen.agreement else AGREEMENT_VERSION


def open_until(seen: ClaimView, stand: Standing, today: date) -> date | None:
    """Until when a form that was charged back can have the ordinary refund; None when no more.

    Source: SAT 9/2025.
    """
    charged = seen.form.status in (Status.CAPTURING, Status.CAPTURED)
    return stand.ordinary_until if charged and today <= stand.ordinary_until else None


CHARGES_FOR = frozenset({Event.REQUEST_CAPTURE.value, Event.REQUEST_FORFEIT.value})
"""Purposes of a charge that an operator's reason begins with a stable word for."""


def why_captured(seen: ClaimView) -> str:
    """The stable word of why the advance was charged back, or nothing."""
    captures = [o for o in seen.operations if o.purpose in CHARGES_FOR]
    return captures[-1].reason.partition(":")[0] if captures else ""


def return_url(form_id: str) -> str:
    """Where the network sends the traveller back to."""
    return own_address(url_for("traveller.card", form_id=form_id))


def render_state(seen: ClaimView, now: datetime) -> str:
    """The page of a form in which nothing is left to fill in, or nothing yet."""
    today = day_of(now)
    stand = standing(ports(), seen)
    item = pass_item(seen, stand, now)
    until = open_until(seen, stand, today)
    part = "waiting" if waits(seen) else PARTS[seen.form.status]
    return render_template(
        "traveller/form.html",
        seen=seen,
        form=seen.form,
        stand=stand,
        item=item,
        today=today,
        reminders=reminder_days(item.last_day, today) if item.last_day else (),
        part=part,
        took=took(seen),
        open_until=until,
        promise_over=today > seen.form.depart_by,
        updating=is_updating(seen),
        has_pass=part in WITH_PASS or (until is not None and part == seen.form.status.value),
        code=code_url(ports().public_url, seen.form.code),
        why=why_captured(seen),
    )


def render_summary(seen: ClaimView, refused: Refused | None = None) -> str:
    """What, where, how much, and what happens if; the claim code opens the rest."""
    return render_template(
        "traveller/summary.html",
        seen=seen,
        form=seen.form,
        refused=refused,
        code=code_url(ports().public_url, seen.form.code),
    )


def status_of(refused: Refused) -> int:
    """The HTTP status of the page on which a refusal is said."""
    return REFUSALS[refused.code].status
