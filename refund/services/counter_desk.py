"""The agency's counter behind the border: find a form, review it, accept or deny it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from refund.core.calendar import day_of, end_of_day
from refund.core.customs import Verification
from refund.core.entitlement import ConfirmedLine
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.money import Amounts
from refund.core.operation import Kind, Operation
from refund.core.people import Actor
from refund.core.places import read_port
from refund.core.review import Presented, Stand, review, stand_of
from refund.core.store import Store
from refund.core.till import Receipt, Till, cash_refusal
from refund.core.trail import AuditEvent
from refund.core.traveller import IdentityDocument, Traveller, document_key
from refund.ports import Ports
from refund.services.intent import entitlement
from refund.services.life import By, move, note, read_reason, the_form
from refund.services.rules import rules_of
from refund.services.tills import names_of
from refund.transaction import Transaction

WAITING = (Status.ORDINARY_VERIFIED, Status.REFUNDING)
"""States of forms that have passed customs and are still to be paid here."""

WAITING_LISTED = 50


@dataclass(frozen=True, slots=True)
class Counter:
    """Who stands at the counter of which port."""

    operator: Actor
    port: str

    @property
    def label(self) -> str:
        """How the audit trail names the operator."""
        return self.operator.label


def counter_at(operator: Actor, port: str) -> Counter:
    """The counter of a port, for an operator who may stand there.

    Raises:
        Refused: `not_found` for no port of ours, and for another port than the operator's own.
    """
    try:
        known = read_port(port)
    except Refused:
        raise Refused("not_found") from None
    if operator.port not in ("", known.code):
        raise Refused("not_found")
    return Counter(operator, known.code)


@dataclass(frozen=True, slots=True)
class CounterHome:
    """A counter's day: its till, who waits, and what was paid."""

    today: date
    till: Till | None
    waiting: tuple[tuple[Form, Amounts], ...]
    receipts: tuple[Receipt, ...]

    @property
    def paid_fen(self) -> int:
        """What the counter paid today, fen."""
        return sum(one.due.net_fen for one in self.receipts if one.paid_at is not None)


def home(ports: Ports, counter: Counter) -> CounterHome:
    """What waits at a counter; nobody's identity is read."""
    today = day_of(ports.clock.now())
    start, end = end_of_day(today - timedelta(days=1)), end_of_day(today)

    def read(tx: Transaction) -> CounterHome:
        waiting = tx.forms_verified_at(counter.port, WAITING, WAITING_LISTED)
        return CounterHome(
            today=today,
            till=tx.open_till(counter.port),
            waiting=tuple((form, entitlement(tx, form).due) for form in waiting),
            receipts=tuple(tx.receipts_between(counter.port, start, end)),
        )

    return ports.storage.read(read)


@dataclass(frozen=True, slots=True)
class CounterView:
    """A form as the counter sees it, with the review's result and the ways to pay.

    Args:
        presented: what was reviewed.
        stand: what can be done with it here.
        reasons: every reason against paying it here and now.
        cash: why not in cash; None when cash can be paid.
        operations: what the network was asked about the ordinary refund.
        others: the traveller's other forms, those that can be paid first.
        events: the form's changes of state from its issue on.
        names: the staff's names by id.
    """

    presented: Presented
    stand: Stand
    reasons: tuple[Refused, ...]
    cash: Refused | None
    store: Store
    traveller: Traveller
    till: Till | None
    receipts: tuple[Receipt, ...]
    operations: tuple[Operation, ...]
    others: tuple[Form, ...]
    events: tuple[AuditEvent, ...]
    names: Mapping[str, str]

    @property
    def form(self) -> Form:
        """The form itself."""
        return self.presented.form

    @property
    def due(self) -> Amounts:
        """What is due on it."""
        return self.presented.due

    @property
    def verification(self) -> Verification | None:
        """What customs decided last."""
        return self.presented.verification

    @property
    def confirmed_lines(self) -> tuple[ConfirmedLine, ...]:
        """What customs confirmed line by line; none where they confirmed all as listed."""
        verification = self.verification
        return () if verification is None else verification.confirmed or ()

    @property
    def may_pay(self) -> bool:
        """Whether it can be paid here and now."""
        return self.stand is Stand.PAY and not self.reasons

    @property
    def may_accept(self) -> bool:
        """Whether the verification that exists can be accepted here and now."""
        return self.stand is Stand.ACCEPT and not self.reasons

    @property
    def last_refusal(self) -> str:
        """Why the network would not pay the last time, or nothing."""
        return self.operations[-1].refusal if self.operations else ""


def view(ports: Ports, counter: Counter, form_id: str) -> CounterView:
    """A form at the counter; reading the identity is recorded.

    Raises:
        Refused: `form_unknown`.
    """

    def read(tx: Transaction) -> CounterView:
        now = ports.clock.now()
        form = the_form(tx, form_id)
        store = tx.store(form.store_number)
        if store is None:
            raise LookupError(form.store_number)
        note(tx, ports, "identity_shown", By(counter.label, now), form_id=form_id)
        presented = presented_at(tx, ports, counter, form)
        till = tx.open_till(counter.port)
        asked = [one for one in tx.operations_of(form_id) if one.kind is Kind.REFUND]
        return CounterView(
            presented=presented,
            stand=stand_of(form, presented.verification, counter.port, presented.today),
            reasons=review(presented),
            cash=cash_refusal(presented.due.net_fen, presented.rules, till),
            store=store,
            traveller=tx.traveller_of(form_id),
            till=till,
            receipts=tuple(tx.receipts_of_form(form_id)),
            operations=tuple(asked),
            others=_others(tx, form),
            events=tuple(e for e in tx.events_of(form_id) if e.version or e.kind == "issue"),
            names=names_of(tx),
        )

    return ports.storage.write(read)


def require_form(ports: Ports, form_id: str) -> None:
    """Refuse what is no form; nobody's identity is read.

    Raises:
        Refused: `form_unknown`.
    """
    ports.storage.read(lambda tx: the_form(tx, form_id))


def is_paying(ports: Ports, form_id: str) -> bool:
    """Whether the network still owes the answer to an ordinary refund.

    Raises:
        Refused: `form_unknown`.
    """
    return ports.storage.read(lambda tx: the_form(tx, form_id).status is Status.REFUNDING)


def presented_at(tx: Transaction, ports: Ports, counter: Counter, form: Form) -> Presented:
    """What lies on the counter now, as the review takes it."""
    today = day_of(ports.clock.now())
    since = end_of_day(today - timedelta(days=1))
    staff_id = counter.operator.staff_id
    return Presented(
        form=form,
        invoices=tuple(tx.invoices_of(form.form_id)),
        verification=tx.verification_of(form.form_id),
        last_entry=tx.traveller_of(form.form_id).last_entry,
        shown_index=tx.document_shown(form.form_id, counter.port, staff_id, since),
        port=counter.port,
        today=today,
        due=entitlement(tx, form).due,
        rules=rules_of(tx, form),
    )


def _others(tx: Transaction, form: Form) -> tuple[Form, ...]:
    found = [one for one in tx.forms_of_traveller(form.document_index) if one != form]
    return tuple(sorted(found, key=lambda one: one.status is not Status.ORDINARY_VERIFIED))


def find_by_document(ports: Ports, counter: Counter, document: IdentityDocument) -> Form:
    """A form of the traveller who shows a document, one to be paid first.

    That the document was shown counts for all of the traveller's forms.

    Raises:
        Refused: `form_unknown`.
    """
    index = ports.sealer.index("document", document_key(document))

    def find(tx: Transaction) -> Form:
        now = ports.clock.now()
        forms = tx.forms_of_traveller(index)
        if not forms:
            raise Refused("form_unknown")
        for form in forms:
            _shown(tx, ports, counter, form, index)
        note(tx, ports, "document_shown", By(counter.label, now), form_id=forms[0].form_id)
        return min(forms, key=lambda one: _URGENCY.get(one.status, len(_URGENCY)))

    return ports.storage.write(find)


_URGENCY = {
    Status.ORDINARY_VERIFIED: 0,
    Status.REFUNDING: 1,
    Status.CAPTURED: 2,
    Status.ORDINARY: 3,
    Status.ISSUED: 4,
    Status.AGREED: 5,
}
"""Which of a traveller's forms the counter opens first."""


def show_document(ports: Ports, counter: Counter, form_id: str, document: IdentityDocument) -> bool:
    """Compare the document that is shown with the form's; what was seen is recorded.

    Returns:
        Whether it is the form's.

    Raises:
        Refused: `form_unknown`.
    """
    index = ports.sealer.index("document", document_key(document))

    def show(tx: Transaction) -> bool:
        now = ports.clock.now()
        form = the_form(tx, form_id)
        same = form.document_index == index
        for one in tx.forms_of_traveller(index) if same else [form]:
            _shown(tx, ports, counter, one, index)
        kind = "document_shown" if same else "other_document_shown"
        note(tx, ports, kind, By(counter.label, now), form_id=form_id)
        return same

    return ports.storage.write(show)


def _shown(tx: Transaction, ports: Ports, counter: Counter, form: Form, index: str) -> None:
    staff_id, now = counter.operator.staff_id, ports.clock.now()
    tx.put_document_shown(form.form_id, counter.port, staff_id, index, now)


def accept_verification(ports: Ports, counter: Counter, form_id: str) -> Form:
    """Take up a form that was charged back, with the verification that customs gave before.

    The form goes on where it stands: one thread from the advance to the ordinary refund.

    Raises:
        Refused: `form_unknown`, `not_in_this_state`, and what the review says against it.

    Source: SAT 9/2025 (the ordinary refund stays open after a broken promise).
    """

    def accept(tx: Transaction) -> Form:
        now = ports.clock.now()
        form = the_form(tx, form_id)
        if form.status is Status.ORDINARY_VERIFIED:
            return form
        presented = presented_at(tx, ports, counter, form)
        stand = stand_of(form, presented.verification, counter.port, presented.today)
        if stand not in (Stand.ACCEPT, Stand.CUSTOMS_AGAIN):
            raise Refused("not_in_this_state", status=form.status.value)
        refuse_unreviewed(presented)
        return move(tx, ports, form, Event.REOPEN, By(counter.label, now), detail=counter.port)

    return ports.storage.write(accept)


def refuse_unreviewed(presented: Presented) -> None:
    """Refuse what the review does not let pass.

    Raises:
        Refused: the review's first reason.
    """
    for reason in review(presented):
        raise reason


def deny(ports: Ports, counter: Counter, form_id: str, why: str) -> Form:
    """Deny the refund for good, with the review's reasons and the operator's own words.

    Raises:
        Refused: `form_unknown`, `not_in_this_state`; as `read_reason` for the words.

    Source: SAT 41/2015 (review).
    """
    words = read_reason(why)

    def write(tx: Transaction) -> Form:
        now = ports.clock.now()
        form = the_form(tx, form_id)
        codes = [reason.code for reason in review(presented_at(tx, ports, counter, form))]
        detail = f"{' '.join(codes)}: {words}" if codes else words
        return move(tx, ports, form, Event.REFUSE_AT_REVIEW, By(counter.label, now), detail=detail)

    return ports.storage.write(write)
