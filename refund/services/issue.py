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
from refund.core.signing import Payload, sign
from refund.core.store import Store, is_instant_on, obstacles
from refund.core.trail import Submission
from refund.core.traveller import Traveller, document_key
from refund.ports import Ports
from refund.services.life import By, move, note, read_reason
from refund.services.rules import rules_for
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Draft:
    """What the clerk has typed, read; `problems` are the fields that could not be read.

    `last_entry` is judged even while the traveller is not known.
    """

    traveller: Traveller | None
    invoices: tuple[Invoice, ...]
    channel: Channel
    port: str
    problems: tuple[Refused, ...] = ()
    last_entry: date | None = None


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
    now = ports.clock.now()
    index = _index(ports, draft)
    return ports.storage.read(lambda tx: Issue(_assess(tx, clerk, draft, index, now)))


def issue_form(ports: Ports, clerk: Actor, draft: Draft, submission_key: str) -> Issue:
    """Issue a form once per submission key: the same key and draft give the same form.

    Raises:
        Refused: `submission_differs` for the same key with another draft; `store_unknown`;
            `no_signing_key` when nothing can be signed, and then nothing is issued.
    """
    now = ports.clock.now()
    index = _index(ports, draft)
    submission = Submission(submission_key, _fingerprint(ports, draft))
    form_id = ports.ids.form_id()

    def issue(tx: Transaction) -> Issue:
        earlier = tx.form_by_submission(_store_number(clerk), submission_key)
        if earlier is not None:
            form, fingerprint = earlier
            if fingerprint != submission.fingerprint:
                raise Refused("submission_differs")
            return Issue(_assessment_of(form), form)
        assessment = _assess(tx, clerk, draft, index, now)
        if not assessment.may_issue or draft.traveller is None:
            return Issue(assessment)
        form = _new_form(tx, ports, clerk, draft, _New(form_id, now, index, assessment))
        tx.add_form(form, draft.traveller, submission)
        tx.add_invoices(form_id, draft.invoices)
        note(tx, ports, "issue", By(clerk.label, now), form_id=form_id)
        return Issue(assessment, form)

    return ports.storage.write(issue)


@dataclass(frozen=True, slots=True)
class _New:
    """What is fixed before a form is made."""

    form_id: str
    issued_at: datetime
    document_index: str
    assessment: Assessment


def _new_form(tx: Transaction, ports: Ports, clerk: Actor, draft: Draft, new: _New) -> Form:
    """A form with its number, its signed code and the hash of its claim code."""
    day, store_number = day_of(new.issued_at), _store_number(clerk)
    assessment, key = new.assessment, ports.keys.signing_key()
    payload = Payload(
        kid=key.kid,
        store_number=store_number,
        form_id=new.form_id,
        issue_day=day,
        net_fen=assessment.amounts.net_fen,
    )
    expected = claim_code(ports.keys.secret("claim"), new.form_id)
    return Form(
        form_id=new.form_id,
        form_number=make_form_number(day, store_number, tx.next_sequence(store_number, day)),
        store_number=store_number,
        staff_id=clerk.staff_id,
        status=Status.ISSUED,
        version=0,
        channel=draft.channel,
        issued_at=new.issued_at,
        issue_day=day,
        document_index=new.document_index,
        amounts=assessment.amounts,
        port=draft.port,
        port_any=assessment.port_any,
        depart_by=assessment.depart_by,
        export_by=assessment.export_by,
        code=sign(payload, key),
        tries_left=TRIES,
        claim_hash=claim_code_hash(ports.keys.secret("claim-hash"), new.form_id, expected),
    )


def _store_number(clerk: Actor) -> int:
    if clerk.store_number is None:
        raise Refused("store_unknown")
    return clerk.store_number


def _index(ports: Ports, draft: Draft) -> str:
    if draft.traveller is None:
        return ""
    return document_index(ports, draft.traveller)


def document_index(ports: Ports, traveller: Traveller) -> str:
    """The blind index of a traveller's document."""
    return ports.sealer.index("document", document_key(traveller.document))


def _assess(tx: Transaction, clerk: Actor, draft: Draft, index: str, now: datetime) -> Assessment:
    store = tx.store(_store_number(clerk))
    if store is None:
        raise Refused("store_unknown")
    day = day_of(now)
    purchase = Purchase(
        traveller=draft.traveller,
        invoices=draft.invoices,
        day=day,
        channel=draft.channel,
        port=draft.port,
        earlier_fen=tx.sales_of_day_fen(store.store_number, index, day) if index else 0,
        last_entry=draft.last_entry,
    )
    assessment = assess(purchase, rules_for(tx, day))
    refusals = [*_of_the_store(store, draft, now), *draft.problems, *assessment.refusals]
    refusals += _of_the_invoice_numbers(tx, draft)
    return replace(assessment, refusals=_once(refusals))


def _once(refusals: list[Refused]) -> tuple[Refused, ...]:
    """Each field's problem once: a field that could not be read is not also missing."""
    seen: dict[tuple[str, str], Refused] = {}
    known = _SEVEN | _ABSENT.keys()
    unreadable = {r.field for r in refusals if r.field and r.code not in known}
    for refused in refusals:
        if refused.code in _ABSENT and unreadable & _ABSENT[refused.code]:
            continue
        seen.setdefault((refused.code, refused.field), refused)
    return tuple(seen.values())


_SEVEN = frozenset(
    {
        "no_valid_document",
        "entry_date_unknown",
        "stay_too_long",
        "invoice_before_entry",
        "goods_out_of_scope",
        "invoice_not_ordinary",
        "below_threshold",
    }
)
_ABSENT = {
    "entry_date_unknown": frozenset({"last_entry"}),
    "no_lines": frozenset({"lines-0-goods", "lines-0-quantity", "lines-0-unit_price"}),
}


def _of_the_store(store: Store, draft: Draft, now: datetime) -> list[Refused]:
    found = obstacles(store, day_of(now))
    if found:
        return [Refused("store_not_active", obstacles=found)]
    if draft.channel is Channel.INSTANT and not is_instant_on(store, day_of(now)):
        return [Refused("store_not_instant", "channel")]
    return []


def _of_the_invoice_numbers(tx: Transaction, draft: Draft) -> list[Refused]:
    refusals = []
    seen: set[str] = set()
    for position, invoice in enumerate(draft.invoices):
        if not invoice.number:
            continue
        if invoice.number in seen or tx.live_invoice(invoice.number) is not None:
            refusals.append(
                Refused(
                    "invoice_already_used", f"invoices-{position}-number", number=invoice.number
                )
            )
        seen.add(invoice.number)
    return refusals


def _assessment_of(form: Form) -> Assessment:
    return Assessment(form.amounts, form.depart_by, form.export_by, form.port_any, ())


def _fingerprint(ports: Ports, draft: Draft) -> str:
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
    text = json.dumps([person, lines, draft.channel.value, draft.port], ensure_ascii=False)
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
    return ports.storage.read(lambda tx: tx.forms_of_store(_store_number(clerk), day))


def void_form(ports: Ports, clerk: Actor, form_id: str, reason: str) -> Form:
    """Void a form before any money is on hold; its invoices can be used again.

    Raises:
        Refused: `form_unknown`, `not_in_this_state`; as `life.read_reason`.
    """
    now = ports.clock.now()
    text = read_reason(reason)

    def void(tx: Transaction) -> Form:
        form = form_of_store(tx, clerk, form_id)
        if form.status not in UNSECURED_BEFORE_ADVANCE:
            raise Refused("not_in_this_state", status=form.status.value)
        tx.free_invoices(form_id)
        return move(tx, ports, form, Event.VOID, By(clerk.label, now), detail=text)

    return ports.storage.write(void)


def form_seen_by_store(ports: Ports, clerk: Actor, form_id: str) -> Form:
    """A form's present state, for the store's live page.

    Raises:
        Refused: `form_unknown`.
    """
    return ports.storage.read(lambda tx: form_of_store(tx, clerk, form_id))
