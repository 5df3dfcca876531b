"""Reviews: decisions taken offline that did not fit, both sides, and how a person ends them."""

from dataclasses import dataclass

from refund.core.customs import Verification
from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.invoice import Invoice
from refund.core.offline import Received, Resolution, Resolved
from refund.core.people import Actor, Role
from refund.ports import Ports
from refund.services.life import By, note, read_reason
from refund.services.offline import apply
from refund.services.verify import VERIFIABLE, Stamp
from refund.transaction import Transaction

LISTED_MAX = 100

NEVER_APPLIED = frozenset(
    {"form_unknown", "code_torn", "code_foreign", "code_version_unknown", "key_unknown"}
    | {"signature_invalid", "moment_future", "moment_before_issue"}
)
"""Doubts for which a decision is set aside and nothing else."""


@dataclass(frozen=True, slots=True)
class Review:
    """Both sides of a decision that waits for a person.

    Args:
        form: where the form stands now; None for one that does not exist.
        stands: what customs decided otherwise, if they did.
        decided_by: the officer of the offline decision; `stands_by` that of the other one.
        can_apply: whether the decision can still count.
        resolution: how it ended; None while it waits.
    """

    received: Received
    form: Form | None
    invoices: tuple[Invoice, ...]
    stands: Verification | None
    decided_by: str
    stands_by: str
    can_apply: bool
    resolution: Resolution | None


def port_of(reader: Actor) -> str:
    """Whose reviews a person sees: an officer those of the own port, an operator all."""
    return reader.port if reader.role is Role.OFFICER else ""


def waiting_reviews(ports: Ports, reader: Actor) -> list[Review]:
    """What waits for a person, oldest first."""
    port = port_of(reader)

    def read(tx: Transaction) -> list[Review]:
        return [_review(tx, one) for one in tx.open_reviews(port, LISTED_MAX)]

    return ports.storage.read(read)


def count_waiting(ports: Ports, reader: Actor) -> int:
    """How many reviews wait."""
    port = port_of(reader)
    return ports.storage.read(lambda tx: tx.count_open_reviews(port))


def review(ports: Ports, reader: Actor, decision_id: str) -> Review:
    """One review with both sides.

    Raises:
        Refused: `review_unknown`, for another port's too.
    """
    return ports.storage.read(lambda tx: _review(tx, _found(tx, reader, decision_id)))


def _found(tx: Transaction, reader: Actor, decision_id: str) -> Received:
    received = tx.offline_decision(decision_id)
    port = port_of(reader)
    if received is None or not received.why or (port and received.port != port):
        raise Refused("review_unknown")
    return received


def _review(tx: Transaction, received: Received) -> Review:
    form_id = received.decision.form_id
    form = tx.form(form_id)
    stands = tx.verification_of(form_id) if form else None
    by, other = tx.staff(received.staff_id), tx.staff(stands.officer_id) if stands else None
    is_open = form is not None and form.status in VERIFIABLE
    return Review(
        received=received,
        form=form,
        invoices=tuple(tx.invoices_of(form_id)) if form else (),
        stands=stands,
        decided_by=by.actor.name if by else "",
        stands_by=other.actor.name if other else "",
        can_apply=is_open and received.why not in NEVER_APPLIED,
        resolution=tx.resolution_of(received.decision.decision_id),
    )


def resolve(
    ports: Ports, person: Actor, decision_id: str, resolved: Resolved, reason: str
) -> Resolution:
    """End a review: let the decision count at the moment of its stamp, or set it aside.

    Nothing here releases a hold: a decision that counts leads where customs' word always leads.

    Raises:
        Refused: `review_unknown`, `review_resolved`; `review_own` for letting one's own decision
            count; `reason_missing`, `field_too_long`; as `offline.apply`.

    Source: project decision.
    """
    words = read_reason(reason)

    def end(tx: Transaction) -> Resolution:
        now = ports.clock.now()
        received = _found(tx, person, decision_id)
        if tx.resolution_of(decision_id) is not None:
            raise Refused("review_resolved")
        by = By(person.label, now)
        if resolved is Resolved.APPLIED:
            _let_count(tx, ports, received, by)
        resolution = Resolution(decision_id, resolved, words, person.label, now)
        tx.add_resolution(resolution)
        detail = f"{resolved.value}: {words}"
        form = tx.form(received.decision.form_id)
        form_id = "" if form is None else form.form_id
        note(tx, ports, "offline_reviewed", by, form_id=form_id, detail=detail)
        return resolution

    return ports.storage.write(end)


def _let_count(tx: Transaction, ports: Ports, received: Received, by: By) -> None:
    """Let a decision count.

    Raises:
        Refused: `review_own`, `not_in_this_state`; as `offline.apply`.
    """
    officer = tx.staff(received.staff_id)
    if officer is None or by.actor == officer.actor.label:
        raise Refused("review_own")
    seen = _review(tx, received)
    if not seen.can_apply:
        status = seen.form.status.value if seen.form else ""
        raise Refused("not_in_this_state", status=status)
    apply(tx, ports, Stamp(officer.actor, received.decision.decided_at, by), received.decision)
