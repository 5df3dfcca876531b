"""Customs: read a code, compare the person and the goods, and decide."""

from dataclasses import dataclass
from datetime import date, timedelta

from refund.core.calendar import day_of, end_of_day
from refund.core.customs import Decision, Verification
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.ids import read_form_number
from refund.core.invoice import Invoice
from refund.core.people import Actor
from refund.core.store import Store
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.claim import read_form_code
from refund.services.life import By, move, note, the_form
from refund.transaction import Transaction

CODE_LENGTH_MIN = 60
"""Anything shorter that was typed is a form's number, not a code."""

VERIFIABLE = frozenset({Status.ISSUED, Status.AGREED, Status.ORDINARY, Status.ADVANCED})
VERIFIED = frozenset(
    {
        Status.VERIFIED,
        Status.VERIFIED_PARTLY,
        Status.ORDINARY_VERIFIED,
        Status.CUSTOMS_REFUSED,
        Status.RELEASING,
        Status.RELEASED,
    }
)


@dataclass(frozen=True, slots=True)
class CustomsView:
    """What an officer compares: the state, the person, the lines; `refusal` says why not.

    `decided_by` is the name of the officer who decided; `remarks` do not hinder the confirmation:
    `promise_over` (the advance will be charged back), `other_port` (the promise names another one).
    """

    form: Form
    store: Store
    traveller: Traveller
    invoices: tuple[Invoice, ...]
    verification: Verification | None
    decided_by: str
    refusal: Refused | None
    remarks: tuple[str, ...]


def find_form(ports: Ports, text: str) -> Form:
    """The form of a scanned code or a typed number; nothing is recorded yet.

    Raises:
        Refused: as `claim.read_form_code`; `field_missing`, `form_number_unreadable`,
            `form_unknown`.
    """
    if len(text.strip()) < CODE_LENGTH_MIN and "/" not in text:
        number = read_form_number(text, "code")
        form = ports.storage.read(lambda tx: tx.form_by_number(number))
        if form is None:
            raise Refused("form_unknown", "code")
        return form
    return read_form_code(ports, text)


def look_up(ports: Ports, officer: Actor, text: str) -> CustomsView:
    """The form of a scanned code or a typed number, with what the officer must compare.

    Raises:
        Refused: as `find_form`.
    """
    return view(ports, officer, find_form(ports, text).form_id)


def view(ports: Ports, officer: Actor, form_id: str) -> CustomsView:
    """A form as customs see it; reading the identity is recorded.

    Raises:
        Refused: `form_unknown`.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> CustomsView:
        form = the_form(tx, form_id)
        store = tx.store(form.store_number)
        if store is None:
            raise Refused("store_unknown")
        note(tx, ports, "identity_shown", By(officer.label, now), form_id=form_id)
        verification = tx.verification_of(form_id)
        decided_by = tx.staff(verification.officer_id) if verification else None
        return CustomsView(
            form=form,
            store=store,
            traveller=tx.traveller_of(form_id),
            invoices=tuple(tx.invoices_of(form_id)),
            verification=verification,
            decided_by=decided_by.actor.name if decided_by else "",
            refusal=_refusal(ports, form),
            remarks=_remarks(form, officer, day_of(now)),
        )

    return ports.storage.write(read)


def _refusal(ports: Ports, form: Form) -> Refused | None:
    if form.status in (Status.VOID, Status.SUPERSEDED):
        return Refused("form_void", status=form.status.value)
    if form.status in VERIFIED:
        return Refused("already_verified")
    if form.status not in VERIFIABLE:
        return Refused("not_in_this_state", status=form.status.value)
    if day_of(ports.clock.now()) > form.export_by:
        return Refused("past_deadline", depart_by=form.export_by)
    return None


def _remarks(form: Form, officer: Actor, today: date) -> tuple[str, ...]:
    """What an officer should know of a promise that binds this traveller."""
    if form.status is not Status.ADVANCED:
        return ()
    known = (
        (today > form.depart_by, "promise_over"),
        (not form.port_any and form.port != officer.port, "other_port"),
    )
    return tuple(word for holds, word in known if holds)


def verify_form(ports: Ports, officer: Actor, form_id: str) -> Form:
    """Confirm all of a form's goods as listed.

    Raises:
        Refused: `already_verified`, `form_void`, `past_deadline`, `not_in_this_state`,
            `form_unknown`.

    Source: GAC 25/2015.
    """
    now = ports.clock.now()

    def confirm(tx: Transaction) -> Form:
        form = the_form(tx, form_id)
        refusal = _refusal(ports, form)
        if refusal is not None:
            raise refusal
        verified = move(tx, ports, form, Event.VERIFY, By(officer.label, now), detail=officer.port)
        tx.add_verification(
            Verification(form_id, officer.staff_id, officer.port, now, Decision.CONFIRMED)
        )
        return verified

    return ports.storage.write(confirm)


def confirmed_form(
    ports: Ports, officer: Actor, form_id: str
) -> tuple[Form, Verification, int] | None:
    """What this officer decided of a form, with its pieces of goods; nobody's identity is read.

    Returns:
        None when nobody decided, or somebody else did.

    Raises:
        Refused: `form_unknown`.
    """

    def read(tx: Transaction) -> tuple[Form, Verification, int] | None:
        form, verification = the_form(tx, form_id), tx.verification_of(form_id)
        if verification is None or verification.officer_id != officer.staff_id:
            return None
        lines = [line for invoice in tx.invoices_of(form_id) for line in invoice.lines]
        return form, verification, sum(line.quantity for line in lines)

    return ports.storage.read(read)


def verified_today(ports: Ports, officer: Actor) -> int:
    """How many forms the officer's port decided today."""
    today = day_of(ports.clock.now())
    start, end = end_of_day(today - timedelta(days=1)), end_of_day(today)
    return ports.storage.read(lambda tx: tx.verifications_on(officer.port, start, end))
