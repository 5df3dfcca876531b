"""What the counter sees of its own forms: how far one has come, and what has happened to it."""

from dataclasses import dataclass

from refund.core.form import UNSECURED_BEFORE_ADVANCE, Event, Form
from refund.core.people import Actor
from refund.core.trail import AuditEvent
from refund.ports import Ports
from refund.services.issue import form_of_store
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Progress:
    """A form with what has happened to it: its issue and every change of state, oldest first."""

    form: Form
    events: tuple[AuditEvent, ...]

    @property
    def may_be_voided(self) -> bool:
        """Whether no money and no hold stands in the way."""
        return self.form.status in UNSECURED_BEFORE_ADVANCE

    @property
    def is_signed(self) -> bool:
        """Whether the agreement on the advance was signed."""
        return any(event.kind == Event.SIGN_AGREEMENT.value for event in self.events)


def progress(ports: Ports, clerk: Actor, form_id: str) -> Progress:
    """How far a form of the clerk's own store has come.

    Raises:
        Refused: `form_unknown`, for another store's form too.
    """

    def read(tx: Transaction) -> Progress:
        form = form_of_store(tx, clerk, form_id)
        events = (e for e in tx.events_of(form_id) if e.version or e.kind == "issue")
        return Progress(form, tuple(events))

    return ports.storage.read(read)
