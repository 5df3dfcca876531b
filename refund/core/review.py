"""The agency's review at the counter: what can be done with a form there, and every reason not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from refund.core.calendar import last_day
from refund.core.customs import Decision, Verification
from refund.core.entitlement import amounts_for, quantities_of
from refund.core.errors import Refused
from refund.core.form import GONE, Form, Status
from refund.core.invoice import Invoice
from refund.core.money import Amounts
from refund.core.policy import RuleSet


class Stand(Enum):
    """What a counter can do with a form as it stands."""

    PAY = "pay"
    PAYING = "paying"
    PAID = "paid"
    ACCEPT = "accept"
    CUSTOMS_FIRST = "customs_first"
    CUSTOMS_AGAIN = "customs_again"
    CHARGE_FIRST = "charge_first"
    CHARGING = "charging"
    ADVANCE_STANDS = "advance_stands"
    ADVANCE_KEPT = "advance_kept"
    ON_PHONE = "on_phone"
    GIVEN_UP = "given_up"
    LOST = "lost"
    GONE = "gone"


S = Status

_STANDS: dict[Status, Stand] = {
    **dict.fromkeys((S.ISSUED, S.AGREED, S.ORDINARY), Stand.CUSTOMS_FIRST),
    **dict.fromkeys((S.HOLDING, S.HELD, S.ADVANCING, S.WITHDRAWING), Stand.ON_PHONE),
    **dict.fromkeys((S.ADVANCED, S.VERIFIED, S.VERIFIED_PARTLY), Stand.ADVANCE_STANDS),
    **dict.fromkeys((S.RELEASING, S.RELEASED, S.ADJUSTING, S.ADJUSTED), Stand.ADVANCE_KEPT),
    **dict.fromkeys((S.CUSTOMS_REFUSED, S.FORFEITING, S.FORFEITED, S.DENIED), Stand.LOST),
    **dict.fromkeys((S.VOID, S.SUPERSEDED, S.RETURNING, S.RETURNED), Stand.GONE),
    **dict.fromkeys((S.WAIVING, S.WRITTEN_OFF), Stand.GIVEN_UP),
    S.UNCOLLECTED: Stand.CHARGE_FIRST,
    S.CAPTURING: Stand.CHARGING,
    S.CAPTURED: Stand.CUSTOMS_AGAIN,
    S.ORDINARY_VERIFIED: Stand.PAY,
    S.REFUNDING: Stand.PAYING,
    S.REFUNDED: Stand.PAID,
}
"""What each state means at a counter, before the promise and the verification are looked at."""


def stand_of(form: Form, verification: Verification | None, port: str, today: date) -> Stand:
    """What the counter of a port can do with a form today.

    Source: SAT 9/2025 (a broken promise is charged first, then refunded the ordinary way).
    """
    stand = _STANDS[form.status]
    if stand is Stand.CUSTOMS_AGAIN and _is_usable(verification, port):
        return Stand.ACCEPT
    if stand is Stand.ADVANCE_STANDS and _is_broken(form, port, today):
        return Stand.CHARGE_FIRST
    return stand


def _is_usable(verification: Verification | None, port: str) -> bool:
    """Whether customs of this very port have confirmed goods."""
    if verification is None or verification.decision is Decision.REFUSED:
        return False
    return verification.port == port


def _is_broken(form: Form, port: str, today: date) -> bool:
    """Whether leaving through this port today breaks the promise of the advance."""
    return today > form.depart_by or not (form.port_any or form.port == port)


@dataclass(frozen=True, slots=True)
class Presented:
    """What lies on the counter: the form, its record, the document shown, and customs' word.

    Args:
        shown_index: the blind index of the document that was shown; "" for none.
        last_entry: as the form's document says.
        port: of the counter.
        today: the day of the departure: the counter stands behind the border.
        due: what customs' decision leaves due.
    """

    form: Form
    invoices: Sequence[Invoice]
    verification: Verification | None
    last_entry: date | None
    shown_index: str
    port: str
    today: date
    due: Amounts
    rules: RuleSet


def review(presented: Presented) -> tuple[Refused, ...]:
    """Every reason at once for which the agency does not pay this form here and now.

    Source: SAT 41/2015 (review), MOF 3/2015 (183 and 90 days).
    """
    return (
        *_of_papers(presented),
        *_of_person(presented),
        *_of_days(presented),
        *_of_record(presented),
        *_of_amount(presented),
    )


def _of_papers(presented: Presented) -> list[Refused]:
    """Papers complete: the document, and customs' verification of this departure."""
    reasons = []
    if not presented.shown_index:
        reasons.append(Refused("document_not_shown"))
    verification = presented.verification
    if verification is None:
        reasons.append(Refused("verification_missing"))
    elif verification.decision is Decision.REFUSED:
        reasons.append(Refused("refused_by_customs"))
    elif verification.port != presented.port:
        reasons.append(Refused("verified_elsewhere", port=verification.port))
    return reasons


def _of_person(presented: Presented) -> list[Refused]:
    """The person at the counter is the one on the form."""
    differs = presented.shown_index not in ("", presented.form.document_index)
    return [Refused("document_differs")] if differs else []


def _of_days(presented: Presented) -> list[Refused]:
    """The departure is within the longest stay, and the goods leave within their days."""
    reasons = []
    form, rules, today = presented.form, presented.rules, presented.today
    if presented.last_entry is None:
        reasons.append(Refused("entry_date_unknown"))
    else:
        stay_until = last_day(presented.last_entry, rules.stay_days)
        if today > stay_until:
            reasons.append(
                Refused("left_after_stay", stay_until=stay_until, most_days=rules.stay_days)
            )
    if today > form.export_by:
        reasons.append(
            Refused("left_after_export", export_by=form.export_by, most_days=rules.export_days)
        )
    return reasons


def _of_record(presented: Presented) -> list[Refused]:
    """The form is live, and says what the record of its purchase comes to."""
    form, invoices, rules = presented.form, presented.invoices, presented.rules
    if form.status in GONE:
        return [Refused("form_void", status=form.status.value)]
    bought = min((invoice.day for invoice in invoices), default=form.issue_day)
    same = (
        amounts_for(invoices, quantities_of(invoices), rules) == form.amounts
        and last_day(bought, rules.export_days) == form.export_by
    )
    return [] if same else [Refused("record_differs")]


def _of_amount(presented: Presented) -> list[Refused]:
    """Something is due."""
    return [] if presented.due.net_fen > 0 else [Refused("nothing_due")]


FINAL = frozenset(
    {
        "refused_by_customs",
        "left_after_stay",
        "left_after_export",
        "record_differs",
        "nothing_due",
    }
)
"""Reasons that no other paper and no other counter can put right."""
