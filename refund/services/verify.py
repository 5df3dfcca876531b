"""Customs: read a code, compare the person and the goods, and decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.calendar import day_of, end_of_day
from refund.core.customs import (
    Decision,
    Inspection,
    LinesShown,
    Place,
    RefusalReason,
    Verification,
    confirmation,
    read_refusal,
)
from refund.core.entitlement import LineKey, remaining_of
from refund.core.errors import Refused
from refund.core.form import GONE, Event, Form, Status
from refund.core.ids import read_form_number
from refund.core.invoice import Invoice
from refund.core.people import Actor
from refund.core.sampling import Draw, just_below
from refund.core.store import Store
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.claim import read_form_code
from refund.services.life import By, move, note, the_form
from refund.services.rules import rules_of
from refund.services.sampling import draw_for
from refund.services.worth import Worth, decided_worth, remaining_worth
from refund.transaction import Transaction

CODE_LENGTH_MIN = 60
"""Anything shorter that was typed is a form's number, not a code."""

VERIFIABLE = frozenset(
    {Status.ISSUED, Status.AGREED, Status.ORDINARY, Status.ADVANCED, Status.CAPTURED}
)
"""States in which customs can decide; a form that was charged back can be refunded later."""

DECIDED = frozenset(
    {
        *(Status.VERIFIED, Status.VERIFIED_PARTLY, Status.CUSTOMS_REFUSED),
        *(Status.ORDINARY_VERIFIED, Status.DENIED, Status.REFUNDING, Status.REFUNDED),
        *(Status.RELEASING, Status.RELEASED, Status.ADJUSTING, Status.ADJUSTED),
    }
)
"""States that only a decision of customs leads to, and that it stands in."""


@dataclass(frozen=True, slots=True)
class CustomsView:
    """What an officer compares: the state, the person, the lines; `refusal` says why not.

    Args:
        remaining: each line's quantity that did not go back to the store.
        verification: what customs decided last, by the officer named in `decided_by`.
        draw: whether the goods must be looked at; None while there is nothing to decide.
        worth: what confirming all that remains comes to.
        remarks: what does not hinder the confirmation: `promise_over` (the advance will be
            charged back), `other_port` (the promise names another one), `charged_back` (the
            ordinary refund of a form whose advance was charged), `goods_returned`.
        just_below: the forms of one day that together reach the amount of inspection.
        open_forms: all forms of this traveller that can be verified, this one among them.
    """

    form: Form
    store: Store
    traveller: Traveller
    invoices: tuple[Invoice, ...]
    remaining: Mapping[LineKey, int]
    verification: Verification | None
    decided_by: str
    refusal: Refused | None
    draw: Draw | None
    worth: Worth
    remarks: tuple[str, ...]
    just_below: tuple[Form, ...]
    open_forms: tuple[Form, ...]


def find_form(ports: Ports, text: str) -> Form:
    """The form of a scanned code or a typed number; nothing is recorded yet.

    Raises:
        Refused: as `claim.read_form_code`; `field_missing`, `form_number_unreadable`,
            `rehearsal_form`, `not_a_rehearsal`, `form_unknown`.
    """
    if len(text.strip()) < CODE_LENGTH_MIN and "/" not in text:
        number = read_form_number(text, "code", is_rehearsal=ports.is_rehearsal)
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
    """A form as customs see it; reading the identity is recorded, and the first look draws.

    Raises:
        Refused: `form_unknown`.

    Source: GAC 25/2015; 2026 package (the draw).
    """

    def read(tx: Transaction) -> CustomsView:
        now = ports.clock.now()
        today = day_of(now)
        form = the_form(tx, form_id)
        store = tx.store(form.store_number)
        if store is None:
            raise Refused("store_unknown")
        note(tx, ports, "identity_shown", By(officer.label, now), form_id=form_id)
        refusal = why_not(form, today)
        verification = tx.verification_of(form_id)
        decided_by = tx.staff(verification.officer_id) if verification else None
        invoices, returns = tuple(tx.invoices_of(form_id)), tx.returns_of(form_id)
        forms, rules = tx.forms_of_traveller(form.document_index), rules_of(tx, form)
        if refusal is None:
            drawn: Draw | None = draw_for(tx, ports, form, officer.port, now)
            value = remaining_worth(tx, form, invoices, returns, rules)
        else:
            drawn = tx.draw_of(form_id)
            value = decided_worth(tx, form, verification)
        return CustomsView(
            form=form,
            store=store,
            traveller=tx.traveller_of(form_id),
            invoices=invoices,
            remaining=remaining_of(invoices, returns),
            verification=verification,
            decided_by=decided_by.actor.name if decided_by else "",
            refusal=refusal,
            draw=drawn,
            worth=value,
            remarks=remarks_on(form, officer, today, returned=bool(returns)),
            just_below=just_below(form, forms, rules),
            open_forms=tuple(one for one in forms if why_not(one, today) is None),
        )

    return ports.storage.write(read)


def why_not(form: Form, today: date) -> Refused | None:
    """Why customs cannot decide on a form; None when they can."""
    if form.status in GONE:
        return Refused("form_void", status=form.status.value)
    if form.status in DECIDED:
        return Refused("already_verified")
    if form.status not in VERIFIABLE:
        return Refused("not_in_this_state", status=form.status.value)
    if today > form.export_by:
        return Refused("past_deadline", depart_by=form.export_by)
    return None


def remarks_on(form: Form, officer: Actor, today: date, *, returned: bool) -> tuple[str, ...]:
    """What an officer should know before deciding; none of it hinders a confirmation."""
    advanced = form.status is Status.ADVANCED
    known = (
        (form.status is Status.CAPTURED, "charged_back"),
        (advanced and today > form.depart_by, "promise_over"),
        (advanced and not form.port_any and form.port != officer.port, "other_port"),
        (returned, "goods_returned"),
    )
    return tuple(word for holds, word in known if holds)


def verify_form(ports: Ports, officer: Actor, form_id: str) -> Form:
    """Confirm all of a form's goods as listed, by whatever inspection the draw asks for.

    Raises:
        Refused: as `verify_lines`.
    """
    return verify_lines(ports, officer, form_id, LinesShown())


def verify_lines(ports: Ports, officer: Actor, form_id: str, decision: LinesShown) -> Form:
    """Confirm what was really shown, line by line; once.

    Raises:
        Refused: `already_verified`, `form_void`, `past_deadline`, `not_in_this_state`,
            `form_unknown`; as `core.customs.confirmation`; `inspection_required` when a form that
            must be inspected, or fewer goods than listed, is confirmed on its papers.

    Source: GAC 25/2015 item 2; 2026 package (a form that is not drawn goes by its papers).
    """
    return ports.storage.write(
        lambda tx: confirm_at(tx, ports, _now(ports, officer), form_id, decision)
    )


@dataclass(frozen=True, slots=True)
class Stamp:
    """When an officer decided, and who records it when: the same, but for what came in late."""

    officer: Actor
    at: datetime
    by: By


def _now(ports: Ports, officer: Actor) -> Stamp:
    now = ports.clock.now()
    return Stamp(officer, now, By(officer.label, now))


def confirm_at(
    tx: Transaction, ports: Ports, stamp: Stamp, form_id: str, decision: LinesShown
) -> Form:
    """Confirm within a transaction what was shown at the moment of the stamp, which counts.

    Raises:
        Refused: as `verify_lines`.
    """
    officer = stamp.officer
    form = _decidable(tx, form_id, stamp.at)
    invoices, returns = tx.invoices_of(form_id), tx.returns_of(form_id)
    decided, lines = confirmation(invoices, returns, decision.lines)
    drawn = draw_for(tx, ports, form, officer.port, stamp.at)
    all_there = {one.line: one.quantity for one in lines} == remaining_of(invoices, returns)
    inspection = _inspection(decision, drawn, all_there=all_there)
    event = Event.VERIFY if decided is Decision.CONFIRMED else Event.VERIFY_PARTLY
    after = move(tx, ports, form, event, stamp.by, detail=officer.port)
    tx.add_verification(
        Verification(
            form_id=form_id,
            officer_id=officer.staff_id,
            port=officer.port,
            verified_at=stamp.at,
            decision=decided,
            sequence=_next_sequence(tx, form_id),
            place=decision.place,
            inspection=inspection,
            lines=lines,
        )
    )
    return after


def _decidable(tx: Transaction, form_id: str, now: datetime) -> Form:
    """A form on which customs can decide.

    Raises:
        Refused: as `why_not`; `form_unknown`.
    """
    form = the_form(tx, form_id)
    refusal = why_not(form, day_of(now))
    if refusal is not None:
        raise refusal
    return form


def _inspection(decision: LinesShown, drawn: Draw, *, all_there: bool) -> Inspection:
    """How it was found: as the officer said, or else as the draw asks.

    Raises:
        Refused: `inspection_required`.
    """
    said = decision.inspection
    if said is Inspection.UNSAID:
        on_papers = decision.lines is None and not drawn.is_inspected
        said = Inspection.PAPERS if on_papers else Inspection.GOODS
    if said is Inspection.PAPERS and (drawn.is_inspected or not all_there):
        raise Refused("inspection_required", why=drawn.why.value)
    return said


def _next_sequence(tx: Transaction, form_id: str) -> int:
    last = tx.verification_of(form_id)
    return 1 if last is None else last.sequence + 1


def refuse_form(
    ports: Ports,
    officer: Actor,
    form_id: str,
    reason: RefusalReason,
    text: str,
    place: Place = Place.UNSAID,
) -> Form:
    """Refuse a form whole: an advance is charged back in full, and there is no refund any more.

    `text` is what the officer notes beside the reason.

    Raises:
        Refused: `already_verified`, `form_void`, `past_deadline`, `not_in_this_state`,
            `form_unknown`; as `core.customs.read_refusal`.

    Source: GAC 25/2015.
    """
    words = Refusal(reason, read_refusal(reason, text), place)
    return ports.storage.write(
        lambda tx: refuse_at(tx, ports, _now(ports, officer), form_id, words)
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was refused, and where."""

    reason: RefusalReason
    note: str
    place: Place = Place.UNSAID


def refuse_at(tx: Transaction, ports: Ports, stamp: Stamp, form_id: str, refusal: Refusal) -> Form:
    """Refuse within a transaction what was refused at the moment of the stamp, which counts.

    Raises:
        Refused: as `refuse_form`.
    """
    officer = stamp.officer
    form = _decidable(tx, form_id, stamp.at)
    after = move(tx, ports, form, Event.REFUSE_AT_CUSTOMS, stamp.by, detail=officer.port)
    tx.add_verification(
        Verification(
            form_id=form_id,
            officer_id=officer.staff_id,
            port=officer.port,
            verified_at=stamp.at,
            decision=Decision.REFUSED,
            sequence=_next_sequence(tx, form_id),
            place=refusal.place,
            reason=refusal.reason,
            note=refusal.note,
        )
    )
    return after


@dataclass(frozen=True, slots=True)
class Decided:
    """What an officer decided of a form, with what follows; nobody's identity is in it.

    Args:
        pieces: how many pieces of goods were confirmed, of `listed_pieces` on the form.
        worth: what the form comes to now.
        next_forms: what else of this traveller can be verified.
    """

    form: Form
    verification: Verification
    pieces: int
    listed_pieces: int
    worth: Worth
    next_forms: tuple[Form, ...]


def decided_form(ports: Ports, officer: Actor, form_id: str) -> Decided | None:
    """What this officer decided of a form; None when nobody did, or somebody else.

    Raises:
        Refused: `form_unknown`.
    """

    def read(tx: Transaction) -> Decided | None:
        form, verification = the_form(tx, form_id), tx.verification_of(form_id)
        if verification is None or verification.officer_id != officer.staff_id:
            return None
        today = day_of(ports.clock.now())
        lines = [line for invoice in tx.invoices_of(form_id) for line in invoice.lines]
        forms = tx.forms_of_traveller(form.document_index)
        return Decided(
            form=form,
            verification=verification,
            pieces=sum(line.quantity for line in verification.lines),
            listed_pieces=sum(line.quantity for line in lines),
            worth=decided_worth(tx, form, verification),
            next_forms=tuple(
                one for one in forms if one.form_id != form_id and why_not(one, today) is None
            ),
        )

    return ports.storage.read(read)


def verified_today(ports: Ports, officer: Actor) -> int:
    """How many forms the officer's port decided today."""
    today = day_of(ports.clock.now())
    start, end = end_of_day(today - timedelta(days=1)), end_of_day(today)
    return ports.storage.read(lambda tx: tx.verifications_on(officer.port, start, end))
