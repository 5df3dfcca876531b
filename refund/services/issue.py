"""Issuing a form: the dry run that names every refusal at once, and the issue itself, once."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import TRIES, UNSECURED_BEFORE_ADVANCE, Channel, Event, Form, Status
from refund.core.ids import claim_code, claim_code_hash, make_form_number
from refund.core.invoice import Invoice
from refund.core.people import Actor
from refund.core.policy import Assessment, Purchase, assess
from refund.core.refusing import each_once
from refund.core.signing import Payload, sign
from refund.core.store import Store, is_instant_at, obstacles
from refund.core.trail import Submission
from refund.core.traveller import Traveller, document_key
from refund.ports import Ports
from refund.services.life import By, move, note, read_reason
from refund.services.purchases import require_unleaned
from refund.services.rules import rules_for
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Draft:
    """What the clerk has typed, read; `problems` are the fields that could not be read.

    `last_entry` is judged even while the traveller is not known. `late_reason` says why a form is
    issued on a later day than its purchase.
    """

    traveller: Traveller | None
    invoices: tuple[Invoice, ...]
    channel: Channel
    port: str
    problems: tuple[Refused, ...] = ()
    last_entry: date | None = None
    late_reason: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """What became of a draft: the rules' word, and the form when there is one."""

    assessment: Assessment
    form: Form | None = None

    @property
    def refusals(self) -> tuple[Refused, ...]:
        """Every reason for a no, at once."""
        return self.assessment.refusals


def dry_run(ports: Ports, clerk: Actor, draft: Draft) -> Issue:
    """Say what a form of this draft would be, or every reason at once why it cannot be.

    Raises:
        Refused: `store_unknown`.
    """
    writing = begin_writing(ports, draft, "")
    return ports.storage.read(lambda tx: Issue(assess_draft(tx, clerk, draft, writing)))


def issue_form(ports: Ports, clerk: Actor, draft: Draft, submission_key: str) -> Issue:
    """Issue a form once per submission key: the same key and draft give the same form.

    Raises:
        Refused: `submission_differs` for the same key with another draft; `store_unknown`;
            `no_signing_key` when nothing can be signed, and then nothing is issued.
    """
    writing = begin_writing(ports, draft, submission_key)

    def issue(tx: Transaction) -> Issue:
        earlier = issued_before(tx, clerk, writing)
        if earlier is not None:
            return earlier
        assessment = assess_draft(tx, clerk, draft, writing)
        if not assessment.may_issue:
            return Issue(assessment)
        return write_form(tx, ports, clerk, draft, writing, assessment)

    return ports.storage.write(issue)


@dataclass(frozen=True, slots=True)
class Writing:
    """What is fixed before a form is written; `replaces` is the form whose place it takes."""

    form_id: str
    issued_at: datetime
    document_index: str
    submission: Submission
    replaces: str = ""


def begin_writing(
    ports: Ports, draft: Draft, submission_key: str, replaces: str = "", given: str = ""
) -> Writing:
    """Fix what a form of a draft will be known by; nothing is stored yet.

    `given` is what else the submission said, so that the same key is the same request.
    """
    index = "" if draft.traveller is None else document_index(ports, draft.traveller)
    fingerprint = _fingerprint(ports, draft, replaces, given, draft.late_reason)
    return Writing(
        form_id=ports.ids.form_id(),
        issued_at=ports.clock.now(),
        document_index=index,
        submission=Submission(submission_key, fingerprint),
        replaces=replaces,
    )


def issued_before(tx: Transaction, clerk: Actor, writing: Writing) -> Issue | None:
    """What the same submission issued before, if it did.

    Raises:
        Refused: `submission_differs` when it asked for something else; `store_unknown`.
    """
    earlier = tx.form_by_submission(store_number_of(clerk), writing.submission.key)
    if earlier is None:
        return None
    form, fingerprint = earlier
    if fingerprint != writing.submission.fingerprint:
        raise Refused("submission_differs")
    return Issue(_assessment_of(form), form)


def write_form(
    tx: Transaction,
    ports: Ports,
    clerk: Actor,
    draft: Draft,
    writing: Writing,
    assessment: Assessment,
) -> Issue:
    """Store the form of a draft that the rules allow; what it takes the place of is free by then.

    Raises:
        Refused: `no_signing_key`; the first refusal of a draft that the rules do not allow.
    """
    tx.hold_store(store_number_of(clerk))
    if draft.traveller is None or not assessment.may_issue:
        raise assessment.refusals[0]
    form = _new_form(tx, ports, clerk, draft, writing, assessment)
    tx.add_form(form, draft.traveller, writing.submission)
    tx.add_invoices(form.form_id, draft.invoices)
    by = By(clerk.label, writing.issued_at)
    note(tx, ports, "issue", by, form_id=form.form_id, detail=draft.late_reason)
    return Issue(assessment, form)


def _new_form(
    tx: Transaction,
    ports: Ports,
    clerk: Actor,
    draft: Draft,
    writing: Writing,
    assessment: Assessment,
) -> Form:
    """A form with its number, its signed code and the hash of its claim code."""
    form_id, day = writing.form_id, day_of(writing.issued_at)
    store_number, key = store_number_of(clerk), ports.keys.signing_key()
    payload = Payload(
        kid=key.kid,
        store_number=store_number,
        form_id=form_id,
        issue_day=day,
        net_fen=assessment.amounts.net_fen,
    )
    sequence = tx.next_sequence(store_number, day)
    expected = claim_code(ports.keys.secret("claim"), form_id)
    return Form(
        form_id=form_id,
        form_number=make_form_number(day, store_number, sequence, is_rehearsal=ports.is_rehearsal),
        store_number=store_number,
        staff_id=clerk.staff_id,
        status=Status.ISSUED,
        version=0,
        channel=draft.channel,
        issued_at=writing.issued_at,
        issue_day=day,
        document_index=writing.document_index,
        amounts=assessment.amounts,
        port=draft.port,
        port_any=assessment.port_any,
        depart_by=assessment.depart_by,
        export_by=assessment.export_by,
        code=sign(payload, key),
        tries_left=TRIES,
        claim_hash=claim_code_hash(ports.keys.secret("claim-hash"), form_id, expected),
        replaces=writing.replaces,
    )


def store_number_of(clerk: Actor) -> int:
    """The clerk's own store.

    Raises:
        Refused: `store_unknown` for somebody without a store.
    """
    if clerk.store_number is None:
        raise Refused("store_unknown")
    return clerk.store_number


def document_index(ports: Ports, traveller: Traveller) -> str:
    """The blind index of a traveller's document."""
    return ports.sealer.index("document", document_key(traveller.document))


def assess_draft(tx: Transaction, clerk: Actor, draft: Draft, writing: Writing) -> Assessment:
    """What the rules say of a draft, with the day's other purchases, and every reason for a no.

    The form whose place it takes counts no more, neither its purchases nor its invoices.

    Raises:
        Refused: `store_unknown`.
    """
    store = tx.store(store_number_of(clerk))
    if store is None:
        raise Refused("store_unknown")
    day = day_of(writing.issued_at)
    purchase = Purchase(
        traveller=draft.traveller,
        invoices=draft.invoices,
        day=day,
        channel=draft.channel,
        port=draft.port,
        earlier_fen=_earlier_fen(tx, store, draft, writing),
        last_entry=draft.last_entry,
    )
    assessment = assess(purchase, rules_for(tx, day))
    refusals = [*_of_the_store(store, draft, writing.issued_at)]
    refusals += [*draft.problems, *assessment.refusals]
    if assessment.export_by < day:
        refusals.append(Refused("too_late_to_issue", "invoices-0-day", last=assessment.export_by))
    refusals += _of_the_invoice_numbers(tx, draft, writing.replaces)
    return replace(assessment, refusals=each_once(refusals))


def _earlier_fen(tx: Transaction, store: Store, draft: Draft, writing: Writing) -> int:
    """What the same traveller bought in the store on the day of these purchases, on other forms."""
    index = writing.document_index
    if not index or not draft.invoices:
        return 0
    found = tx.purchases_of_day(store.store_number, index, draft.invoices[0].day)
    return sum(sales_fen for form, sales_fen in found if form.form_id != writing.replaces)


def _of_the_store(store: Store, draft: Draft, now: datetime) -> list[Refused]:
    found = obstacles(store, now)
    if found:
        return [Refused("store_not_active", obstacles=found)]
    if draft.channel is Channel.INSTANT and not is_instant_at(store, now):
        return [Refused("store_not_instant", "channel")]
    return []


def _of_the_invoice_numbers(tx: Transaction, draft: Draft, replaces: str) -> list[Refused]:
    refusals = []
    seen: set[str] = set()
    for position, invoice in enumerate(draft.invoices):
        if not invoice.number:
            continue
        if invoice.number in seen or tx.live_invoice(invoice.number) not in (None, replaces):
            refusals.append(
                Refused(
                    "invoice_already_used", f"invoices-{position}-number", number=invoice.number
                )
            )
        seen.add(invoice.number)
    return refusals


def _assessment_of(form: Form) -> Assessment:
    return Assessment(form.amounts, form.depart_by, form.export_by, form.port_any, ())


def _fingerprint(ports: Ports, draft: Draft, *more: str) -> str:
    """What was asked for, as one word; blind, for it rests on an identity."""
    lines = [
        [i.number, i.day.isoformat(), i.kind.value]
        + [[n.goods.goods_code, n.quantity, n.unit_price_fen, n.specification] for n in i.lines]
        for i in draft.invoices
    ]
    traveller = draft.traveller
    person = (
        []
        if traveller is None
        else [
            document_key(traveller.document),
            traveller.latin_name,
            traveller.local_name,
            traveller.nationality,
            *(str(d) for d in (traveller.birth, traveller.document_expiry, traveller.last_entry)),
        ]
    )
    # A form that replaces none keeps the fingerprint that such forms always had.
    asked = [person, lines, draft.channel.value, draft.port, *(word for word in more if word)]
    text = json.dumps(asked, ensure_ascii=False)
    return ports.sealer.index("submission", text)


@dataclass(frozen=True, slots=True)
class Slip:
    """What is handed to the traveller: the form, its lines, and the claim code on its own."""

    form: Form
    store: Store
    traveller: Traveller
    invoices: tuple[Invoice, ...]
    claim_code: str


def slip(ports: Ports, clerk: Actor, form_id: str) -> Slip:
    """The slip of a form of the clerk's own store, with its claim code; reading it is recorded.

    Raises:
        Refused: `form_unknown`, for another store's form too.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> Slip:
        form = form_of_store(tx, clerk, form_id)
        store = tx.store(form.store_number)
        if store is None:
            raise Refused("store_unknown")
        note(tx, ports, "slip_shown", By(clerk.label, now), form_id=form_id)
        return Slip(
            form=form,
            store=store,
            traveller=tx.traveller_of(form_id),
            invoices=tuple(tx.invoices_of(form_id)),
            claim_code=claim_code(ports.keys.secret("claim"), form_id),
        )

    return ports.storage.write(read)


def form_of_store(tx: Transaction, clerk: Actor, form_id: str) -> Form:
    """A form of the clerk's own store.

    Raises:
        Refused: `form_unknown`; a foreign form and a missing one look alike.
    """
    form = tx.form(form_id)
    if form is None or form.store_number != clerk.store_number:
        raise Refused("form_unknown")
    return form


def forms_today(ports: Ports, clerk: Actor) -> list[Form]:
    """The store's forms of today, newest first."""
    day = day_of(ports.clock.now())
    return ports.storage.read(lambda tx: tx.forms_of_store(store_number_of(clerk), day))


def void_form(ports: Ports, clerk: Actor, form_id: str, reason: str) -> Form:
    """Void a form before any money is on hold; its invoices can be used again.

    Raises:
        Refused: `form_unknown`, `not_in_this_state`; `other_forms_rely` when other forms of the day
            cannot stand without it; as `life.read_reason`.
    """
    now = ports.clock.now()
    text = read_reason(reason)

    def void(tx: Transaction) -> Form:
        form = form_of_store(tx, clerk, form_id)
        if form.status not in UNSECURED_BEFORE_ADVANCE:
            raise Refused("not_in_this_state", status=form.status.value)
        require_unleaned(tx, form)
        tx.free_invoices(form_id)
        return move(tx, ports, form, Event.VOID, By(clerk.label, now), detail=text)

    return ports.storage.write(void)


def form_seen_by_store(ports: Ports, clerk: Actor, form_id: str) -> Form:
    """A form's present state, for the store's live page.

    Raises:
        Refused: `form_unknown`.
    """
    return ports.storage.read(lambda tx: form_of_store(tx, clerk, form_id))
