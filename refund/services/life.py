"""Moving a form from state to state: the one place where a state changes, with its audit event."""

from dataclasses import dataclass
from datetime import datetime

from refund.core.errors import Refused
from refund.core.form import GONE, Event, Form, follow
from refund.core.trail import AuditEvent
from refund.ports import Ports
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and when."""

    actor: str
    at: datetime


def move(tx: Transaction, ports: Ports, form: Form, event: Event, by: By, detail: str = "") -> Form:
    """Move a form on, and write the audit event of that version.

    Raises:
        Refused: `not_in_this_state` when the table has no such pair.
    """
    after = tx.save_status(form, follow(form.status, event))
    tx.add_event(
        AuditEvent(
            event_id=ports.ids.event_id(),
            at=by.at,
            actor=by.actor,
            kind=event.value,
            form_id=form.form_id,
            version=after.version,
            from_status=form.status.value,
            to_status=after.status.value,
            detail=detail,
        )
    )
    return after


def note(
    tx: Transaction, ports: Ports, kind: str, by: By, form_id: str = "", detail: str = ""
) -> None:
    """Write an audit event that changes no state."""
    tx.add_event(
        AuditEvent(ports.ids.event_id(), by.at, by.actor, kind, form_id=form_id, detail=detail)
    )


REASON_LENGTH_MAX = 200


def read_reason(text: str) -> str:
    """Why a person does what the rules leave to people, as the audit trail keeps it.

    Raises:
        Refused: `reason_missing`, `field_too_long`, `field_unreadable`.
    """
    reason = " ".join(text.split())
    if not reason:
        raise Refused("reason_missing", "reason")
    if len(reason) > REASON_LENGTH_MAX:
        raise Refused("field_too_long", "reason", most=REASON_LENGTH_MAX)
    if not reason.isprintable():
        raise Refused("field_unreadable", "reason")
    return reason


def the_form(tx: Transaction, form_id: str) -> Form:
    """A form that must be there.

    Raises:
        Refused: `form_unknown`.
    """
    form = tx.form(form_id)
    if form is None:
        raise Refused("form_unknown")
    return form


def replacement(tx: Transaction, form: Form) -> Form | None:
    """The newest form that took a form's place, whatever was replaced in between."""
    newest = after = tx.form_replacing(form.form_id)
    while after is not None:
        newest, after = after, tx.form_replacing(after.form_id)
    return newest


def why_gone(tx: Transaction, form: Form) -> Refused | None:
    """Why a form's code answers no more: void, brought back, or superseded, and by which number."""
    if form.status not in GONE:
        return None
    newer = replacement(tx, form)
    facts = {} if newer is None else {"number": newer.form_number}
    return Refused("form_void", status=form.status.value, **facts)
