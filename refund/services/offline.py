"""Customs without the network: what a desk takes along, and what it decided, taken in late."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from refund.core.calendar import day_of
from refund.core.customs import Decision, Inspection, LinesShown, read_refusal
from refund.core.entitlement import remaining_of
from refund.core.errors import Refused
from refund.core.exit_pass import is_like_a_pass, read_pass, verify_pass
from refund.core.form import GONE, Form, Status
from refund.core.offline import (
    DRIFT,
    SHIFT,
    TAKEN_MAX,
    Act,
    OfflineDecision,
    Outcome,
    Received,
    Shift,
    moment_problem,
    seal_row,
    seen_differs,
)
from refund.core.people import Actor
from refund.core.signing import read_code, verify
from refund.core.store import Store
from refund.ports import Ports
from refund.services.life import By, note
from refund.services.verify import DECIDED, Refusal, Stamp, confirm_at, refuse_at
from refund.transaction import Transaction

TAKEN_ALONG = (Status.ADVANCED, Status.ORDINARY, Status.AGREED, Status.ISSUED)
"""States of the forms that a desk takes along; what was charged back is for the desk online."""

CLAWED_BACK = frozenset(
    {Status.CAPTURING, Status.CAPTURED, Status.FORFEITING, Status.FORFEITED, Status.UNCOLLECTED}
)
"""States in which the agency has begun to take an advance back, or has."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a device gets at the start of a shift.

    Args:
        rows: what it has of each form, sealed, by the name that only the form's id gives.
    """

    shift: Shift
    until: datetime
    rows: dict[str, bytes]
    stores: tuple[Store, ...]


def begin_shift(ports: Ports, officer: Actor, device_id: str) -> Kit:
    """Begin a shift on a device, with the forms that may come to this port.

    What is taken along of a form is sealed under a key that only the form's own code gives, so a
    device that is lost says nothing of travellers who never stood before it. The taking is noted.

    Raises:
        Refused: `field_unreadable` for a device without a name of its own.

    Source: project decision.
    """
    if not (device_id.isascii() and device_id.isalnum() and 8 <= len(device_id) <= 64):
        raise Refused("field_unreadable", "device_id")

    def begin(tx: Transaction) -> Kit:
        now = ports.clock.now()
        shift_id = ports.ids.event_id()
        forms = tx.forms_for_desk(officer.port, TAKEN_ALONG, day_of(now), TAKEN_MAX)
        rows = dict(seal_row(shift_id, form.form_id, _row(tx, form)) for form in forms)
        shift = Shift(
            shift_id, device_id, officer.staff_id, officer.port, now, None, taken=len(forms)
        )
        tx.add_offline_shift(shift)
        detail = f"{officer.port}: {len(forms)} forms sealed for {device_id[:8]}"
        note(tx, ports, "taken_along", By(officer.label, now), detail=detail)
        return Kit(shift, now + SHIFT, rows, tuple(tx.stores()))

    return ports.storage.write(begin)


def _row(tx: Transaction, form: Form) -> bytes:
    """What an officer compares: the name, the document's end, and every line that remains."""
    traveller = tx.traveller_of(form.form_id)
    invoices = tx.invoices_of(form.form_id)
    remaining = remaining_of(invoices, tx.returns_of(form.form_id))
    lines = [
        {
            "key": [at, position],
            "zh": line.goods.name_zh,
            "en": line.goods.name_en,
            "unit_zh": line.goods.unit_zh,
            "unit_en": line.goods.unit_en,
            "specification": line.specification,
            "remaining": remaining[at, position],
            "price_fen": line.unit_price_fen,
        }
        for at, invoice in enumerate(invoices)
        for position, line in enumerate(invoice.lines)
    ]
    said = {
        "number": form.form_number,
        "name": traveller.latin_name,
        "nationality": traveller.nationality,
        "document_kind": traveller.document.kind.value,
        "document_end": traveller.document.number[-4:],
        "depart_by": form.depart_by.isoformat(),
        "export_by": form.export_by.isoformat(),
        "advanced": form.status is Status.ADVANCED,
        "lines": lines,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def own_shift(tx: Transaction, officer: Actor, shift_id: str) -> Shift:
    """A shift of this officer.

    Raises:
        Refused: `shift_unknown`.
    """
    shift = tx.offline_shift(shift_id)
    if shift is None or shift.staff_id != officer.staff_id:
        raise Refused("shift_unknown")
    return shift


def end_shift(ports: Ports, officer: Actor, shift_id: str) -> Shift:
    """End a shift; once is as good as twice. What it decided before can still be sent.

    Raises:
        Refused: `shift_unknown`.
    """

    def end(tx: Transaction) -> Shift:
        own_shift(tx, officer, shift_id)
        tx.end_offline_shift(shift_id, ports.clock.now())
        return own_shift(tx, officer, shift_id)

    return ports.storage.write(end)


@dataclass(frozen=True, slots=True)
class Sent:
    """A decision as it was sent, with the code that was scanned for it."""

    decision: OfflineDecision
    code: str


def take_in(
    ports: Ports, officer: Actor, shift_id: str, sent_at: datetime, batch: Iterable[Sent]
) -> list[Received]:
    """Take in what an officer decided offline, each decision in a transaction of its own.

    What was stamped in time counts as in time. The same decision again is answered as before.
    Whatever does not fit what the service knows waits for a person, and moves no money.

    `sent_at` is the device's own now: a clock that moved since the shift began is not believed.

    Raises:
        Refused: `shift_unknown`; `submission_differs` for another decision under a known key.
    """
    shift = ports.storage.read(lambda tx: own_shift(tx, officer, shift_id))
    now = ports.clock.now()
    has_drifted = abs(now - sent_at) > DRIFT

    def take(sent: Sent) -> Received:
        doubt = _code_problem(ports, sent) or ("clock_moved" if has_drifted else "")
        desk = _Desk(officer, shift, now, doubt)
        return ports.storage.write(lambda tx: _take_in(tx, ports, desk, sent))

    return [take(sent) for sent in batch]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who sends, from which shift, when, and what is already in doubt."""

    officer: Actor
    shift: Shift
    now: datetime
    doubt: str


def _code_problem(ports: Ports, sent: Sent) -> str:
    """Why the scanned code is no proof that this form was shown; empty when it is one."""
    day, ring = day_of(sent.decision.decided_at), ports.keys.ring()
    try:
        if is_like_a_pass(sent.code):
            bare = read_pass(sent.code, ports.public_url, is_rehearsal=ports.is_rehearsal)
            exit_pass = verify_pass(bare, ring, day)
            known = {form.form_id for form in exit_pass.forms}
        else:
            bare = read_code(sent.code, ports.public_url, is_rehearsal=ports.is_rehearsal)
            known = {verify(bare, ring, day).form_id}
    except Refused as refused:
        return refused.code
    return "" if sent.decision.form_id in known else "code_foreign"


def _take_in(tx: Transaction, ports: Ports, desk: _Desk, sent: Sent) -> Received:
    decision = sent.decision
    fingerprint = sha256(repr((desk.shift.shift_id, decision)).encode()).hexdigest()
    known = tx.offline_decision(decision.decision_id)
    if known is not None:
        if known.fingerprint != fingerprint:
            raise Refused("submission_differs")
        return known
    form = tx.form(decision.form_id)
    why = _obstacle(tx, desk, decision, form)
    outcome = Outcome.REVIEW if why else Outcome.APPLIED
    if form is not None and why == "already_verified" and _stands_so(tx, decision):
        outcome, why = Outcome.AGREED, ""
    by = By(desk.officer.label, desk.now)
    if outcome is Outcome.APPLIED:
        try:
            apply(tx, ports, Stamp(desk.officer, decision.decided_at, by), decision)
        except Refused as refused:
            outcome, why = Outcome.REVIEW, refused.code
    port, staff = desk.shift.port, desk.shift.staff_id
    received = Received(
        decision, desk.shift.shift_id, staff, port, desk.now, outcome, why, fingerprint
    )
    tx.add_offline_decision(received)
    detail = f"{outcome.value} {why}".strip()
    form_id = "" if form is None else form.form_id
    note(tx, ports, "offline_decision", by, form_id=form_id, detail=detail)
    if form is not None and decision.seen is not None:
        note(tx, ports, "identity_shown", by, form_id=form_id, detail=desk.shift.shift_id)
    return received


def _obstacle(tx: Transaction, desk: _Desk, decision: OfflineDecision, form: Form | None) -> str:
    """Why a decision waits for a person; empty when it can be applied as it stands."""
    if form is None:
        return desk.doubt or "form_unknown"
    doubt = desk.doubt or moment_problem(decision, desk.shift, form.issued_at, desk.now)
    if doubt:
        return doubt
    invoices = tx.invoices_of(form.form_id)
    remaining = remaining_of(invoices, tx.returns_of(form.form_id))
    listed = sum(line.quantity for invoice in invoices for line in invoice.lines)
    is_bound = form.status is Status.ADVANCED and not form.port_any
    known = (
        (form.status in GONE, "form_void"),
        (form.status in DECIDED, "already_verified"),
        (form.status in CLAWED_BACK, "claw_back"),
        (is_bound and form.port != desk.officer.port, "other_port"),
        (seen_differs(decision, remaining, listed), "goods_changed"),
    )
    return next((word for holds, word in known if holds), "")


def _stands_so(tx: Transaction, decision: OfflineDecision) -> bool:
    """Whether customs decided the very same already."""
    stands = tx.verification_of(decision.form_id)
    if stands is None:
        return False
    if decision.act is Act.REFUSE or stands.decision is Decision.REFUSED:
        return decision.act is Act.REFUSE and stands.decision is Decision.REFUSED
    if decision.lines is None:
        return stands.decision is Decision.CONFIRMED
    said = {(one.line, one.quantity) for one in decision.lines}
    return said == {(one.line, one.quantity) for one in stands.lines}


def apply(tx: Transaction, ports: Ports, stamp: Stamp, decision: OfflineDecision) -> None:
    """Let a decision count at the moment of its stamp; offline the goods are always looked at.

    Raises:
        Refused: as `verify.verify_lines` and `verify.refuse_form`.
    """
    if decision.act is Act.REFUSE:
        words = read_refusal(decision.reason, decision.note)
        refusal = Refusal(decision.reason, words, decision.place)
        refuse_at(tx, ports, stamp, decision.form_id, refusal)
        return
    shown = LinesShown(decision.lines, decision.place, Inspection.GOODS)
    confirm_at(tx, ports, stamp, decision.form_id, shown)
