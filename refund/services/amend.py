"""A form corrected: the new one takes the old one's place, and a lost one is found again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from refund.core.entitlement import LineKey, remaining_of
from refund.core.errors import Refused
from refund.core.form import UNSECURED_BEFORE_ADVANCE, Event, Form, Status
from refund.core.invoice import Invoice
from refund.core.people import Actor
from refund.core.traveller import IdentityDocument, document_key
from refund.ports import Ports
from refund.services.issue import (
    Draft,
    Issue,
    Writing,
    assess_draft,
    begin_writing,
    form_of_store,
    issued_before,
    store_number_of,
    write_form,
)
from refund.services.life import By, move, note, read_reason, why_gone
from refund.transaction import Transaction

REPLACEABLE = UNSECURED_BEFORE_ADVANCE | {Status.RETURNED}
"""States in which another form can take a form's place: no money is out, and no hold stands."""


@dataclass(frozen=True, slots=True)
class ToCorrect:
    """A form that is to be corrected, and what stands on it now."""

    form: Form
    draft: Draft


def form_to_correct(ports: Ports, clerk: Actor, form_id: str, *, again: bool = False) -> ToCorrect:
    """A form of the clerk's own store with all that it says; reading the identity is recorded.

    `again` is for the same page after its first time, which is not recorded anew.

    Raises:
        Refused: as `replace_form`.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> ToCorrect:
        form = form_of_store(tx, clerk, form_id)
        require_replaceable(tx, form)
        if not again:
            note(tx, ports, "identity_shown", By(clerk.label, now), form_id=form_id)
        return ToCorrect(form, draft_of(tx, form))

    return ports.storage.read(read) if again else ports.storage.write(read)


def draft_of(tx: Transaction, form: Form) -> Draft:
    """What a form says, less what was brought back, as if a clerk had typed it again."""
    invoices, returns = tx.invoices_of(form.form_id), tx.returns_of(form.form_id)
    traveller = tx.traveller_of(form.form_id)
    return Draft(
        traveller=traveller,
        invoices=tuple(_left_of(invoices, remaining_of(invoices, returns))),
        channel=form.channel,
        port=form.port,
        last_entry=traveller.last_entry,
    )


def _left_of(invoices: Sequence[Invoice], left: dict[LineKey, int]) -> list[Invoice]:
    """The invoices with those goods only; an invoice without any is left out."""
    kept = []
    for at, invoice in enumerate(invoices):
        lines = tuple(
            replace(line, quantity=left[at, position])
            for position, line in enumerate(invoice.lines)
            if left[at, position]
        )
        if lines:
            kept.append(replace(invoice, lines=lines))
    return kept


def require_replaceable(tx: Transaction, form: Form) -> None:
    """Refuse a form whose place no other can take.

    Raises:
        Refused: `form_void`, with the number of the form that took its place already;
            `already_verified`; `advance_outstanding`; `not_in_this_state`.

    Source: project decision.
    """
    gone = why_gone(tx, form)
    if gone is not None and form.status is Status.SUPERSEDED:
        raise gone
    if tx.verification_of(form.form_id) is not None:
        raise Refused("already_verified")
    if form.status is Status.ADVANCED:
        raise Refused("advance_outstanding")
    left = remaining_of(tx.invoices_of(form.form_id), tx.returns_of(form.form_id))
    if form.status not in REPLACEABLE or not any(left.values()):
        raise Refused("not_in_this_state", status=form.status.value)


def dry_replacement(ports: Ports, clerk: Actor, form_id: str, draft: Draft) -> Issue:
    """Say what the form in another one's place would be, or every reason why it cannot be.

    Raises:
        Refused: as `replace_form`, but for its reason and its submission.
    """
    writing = begin_writing(ports, draft, "", replaces=form_id)

    def read(tx: Transaction) -> Issue:
        require_replaceable(tx, form_of_store(tx, clerk, form_id))
        return Issue(assess_draft(tx, clerk, draft, writing))

    return ports.storage.read(read)


def replace_form(
    ports: Ports, clerk: Actor, form_id: str, draft: Draft, submission_key: str, reason: str
) -> Issue:
    """Issue a form in another one's place, which counts no more: both or nothing, once per key.

    The new form is judged like any form of its own issue day; the purchase stays that of the day
    on its invoices.

    Raises:
        Refused: `form_unknown`, for another store's form too; `submission_differs`; `form_void`
            for a form that was replaced already; `already_verified`; `advance_outstanding`;
            `not_in_this_state`; `no_signing_key`; as `life.read_reason`.

    Source: project decision.
    """
    text = read_reason(reason)
    writing = begin_writing(ports, draft, submission_key, replaces=form_id)

    def write(tx: Transaction) -> Issue:
        form = form_of_store(tx, clerk, form_id)
        earlier = issued_before(tx, clerk, writing)
        if earlier is not None:
            return earlier
        require_replaceable(tx, form)
        return put_in_place(tx, ports, clerk, form, Correction(draft, writing, text))

    return ports.storage.write(write)


@dataclass(frozen=True, slots=True)
class Correction:
    """What takes a form's place, and why."""

    draft: Draft
    writing: Writing
    reason: str


def put_in_place(
    tx: Transaction, ports: Ports, clerk: Actor, form: Form, correction: Correction
) -> Issue:
    """Supersede a form and write the one in its place; nothing at all when the rules refuse it."""
    draft, writing = correction.draft, correction.writing
    assessment = assess_draft(tx, clerk, draft, writing)
    if not assessment.may_issue:
        return Issue(assessment)
    by = By(clerk.label, writing.issued_at)
    tx.free_invoices(form.form_id)
    move(tx, ports, form, Event.SUPERSEDE, by, detail=correction.reason)
    return write_form(tx, ports, clerk, draft, writing, assessment)


def forms_of_document(
    ports: Ports, clerk: Actor, documents: Sequence[IdentityDocument]
) -> list[Form]:
    """The forms of a document in the clerk's own store, newest first; the search is recorded.

    `documents` are what a number can mean when its kind was not said.

    Raises:
        Refused: `store_unknown`.
    """
    now, store_number = ports.clock.now(), store_number_of(clerk)
    indexes = [ports.sealer.index("document", document_key(one)) for one in documents]

    def read(tx: Transaction) -> list[Form]:
        found = [
            form
            for index in indexes
            for form in tx.forms_of_traveller(index)
            if form.store_number == store_number
        ]
        for form in found:
            note(tx, ports, "found_by_document", By(clerk.label, now), form_id=form.form_id)
        return sorted(found, key=lambda form: form.issued_at, reverse=True)

    return ports.storage.write(read)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a correction changes; the field is named as on the page, empty is what is not there."""

    field: str
    before: object
    after: object


def differences(before: Draft, after: Draft) -> tuple[Difference, ...]:
    """What differs between two drafts, in the order of the page."""
    old, new = _said(before), _said(after)
    return tuple(
        Difference(field, old.get(field, ""), new.get(field, ""))
        for field in dict.fromkeys((*old, *new))
        if old.get(field, "") != new.get(field, "")
    )


def _said(draft: Draft) -> dict[str, object]:
    """Everything that a draft says, by the name of its field."""
    said: dict[str, object] = {}
    traveller = draft.traveller
    if traveller is not None:
        said |= {
            "document_kind": traveller.document.kind,
            "document_number": traveller.document.number,
            "latin_name": traveller.latin_name,
            "nationality": traveller.nationality,
            "birth": traveller.birth or "",
            "document_expiry": traveller.document_expiry or "",
            "local_name": traveller.local_name,
            "last_entry": traveller.last_entry or "",
        }
    place = 0
    for at, invoice in enumerate(draft.invoices):
        said[f"invoices-{at}-number"] = invoice.number
        said[f"invoices-{at}-day"] = invoice.day
        said[f"invoices-{at}-kind"] = invoice.kind
        for line in invoice.lines:
            said[f"lines-{place}-goods"] = line.goods
            said[f"lines-{place}-specification"] = line.specification
            said[f"lines-{place}-quantity"] = line.quantity
            said[f"lines-{place}-unit_price"] = line.unit_price_fen
            place += 1
    return said | {"channel": draft.channel, "port": draft.port}
