"""What was changed about a form after its issue, and what a clerk can still change."""

from dataclasses import dataclass

from refund.core.form import Form, Status
from refund.core.people import Actor
from refund.core.returning import RETURNABLE, Known
from refund.ports import Ports
from refund.services.amend import REPLACEABLE
from refund.services.issue import form_of_store
from refund.services.purchases import known_form
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Changes:
    """A form with its returns, the form whose place it took, and the one that took its own."""

    known: Known
    replaces: Form | None
    replaced_by: Form | None
    is_verified: bool

    @property
    def may_return(self) -> bool:
        """Whether goods can be brought back."""
        return not self.is_verified and self.known.form.status in RETURNABLE

    @property
    def needs_cash(self) -> bool:
        """Whether all came back but the money, because the card could not be charged."""
        return self.known.is_ending and self.known.form.status is Status.ADVANCED

    @property
    def may_correct(self) -> bool:
        """Whether another form can take its place, at once or once its advance has come back."""
        within = self.known.form.status in REPLACEABLE | {Status.ADVANCED}
        return within and not self.is_verified and any(self.known.remaining.values())


def changes_of(ports: Ports, clerk: Actor, form_id: str) -> Changes:
    """What was changed about a form of the clerk's own store.

    Raises:
        Refused: `form_unknown`, for another store's form too.
    """

    def read(tx: Transaction) -> Changes:
        form = form_of_store(tx, clerk, form_id)
        return Changes(
            known=known_form(tx, form),
            replaces=tx.form(form.replaces) if form.replaces else None,
            replaced_by=tx.form_replacing(form_id),
            is_verified=tx.verification_of(form_id) is not None,
        )

    return ports.storage.read(read)
