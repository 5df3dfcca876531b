"""The exit pass: all forms of a phone, what is to be done with them, and their one code."""

from dataclasses import dataclass
from datetime import date, datetime

from refund.core.calendar import day_of, end_of_day
from refund.core.errors import Refused
from refund.core.exit_pass import FORMS_MAX, PassForm, make_pass, read_pass, verify_pass
from refund.core.form import ENDED, GONE, Form, Status
from refund.core.mrz import read_mrz
from refund.core.people import TRAVELLER
from refund.core.store import Store
from refund.core.traveller import document_key, read_document
from refund.ports import Ports
from refund.services.claim import ClaimView, view
from refund.services.life import By, note, the_form
from refund.services.sharing import count_try
from refund.services.standing import Standing, standing
from refund.services.verify import VERIFIABLE, why_not
from refund.transaction import Transaction

DOCUMENT_TRIES_MAX = 5
"""Documents that one phone can try within a quarter of an hour."""

TO_LEAVE = frozenset({Status.VERIFIED, Status.VERIFIED_PARTLY})
"""Customs have decided; what is left to do is to leave."""


@dataclass(frozen=True, slots=True)
class PassItem:
    """One form on the pass.

    Args:
        stand: where it stands; None on a phone that has not given its claim code.
        is_promise: whether an advance hangs on its last day.
        last_day: until when there is something to do; None when nothing is.
        for_customs: whether it is to be shown to customs, and so is in the code.
    """

    seen: ClaimView
    stand: Standing | None
    is_promise: bool
    last_day: date | None
    for_customs: bool

    @property
    def form(self) -> Form:
        """The form itself."""
        return self.seen.form

    @property
    def ends_at(self) -> datetime | None:
        """The moment at which its last day is over."""
        return end_of_day(self.last_day) if self.last_day else None


@dataclass(frozen=True, slots=True)
class PassView:
    """The exit pass of a phone.

    Args:
        at: the moment for which it says all this.
        items: what is to be done first is first; what is over is last.
        code: for the customs desk; "" when no form is to be shown there.
        left_out: forms for customs that the code has no room for.
    """

    at: datetime
    items: tuple[PassItem, ...]
    code: str
    left_out: int

    @property
    def live(self) -> tuple[PassItem, ...]:
        """The forms with which there is something to do."""
        return tuple(item for item in self.items if item.last_day is not None)

    @property
    def over(self) -> tuple[PassItem, ...]:
        """The forms with which nothing is to be done any more."""
        return tuple(item for item in self.items if item.last_day is None)

    @property
    def for_customs(self) -> tuple[PassItem, ...]:
        """The forms that customs are to see."""
        return tuple(item for item in self.items if item.for_customs)


def exit_pass(ports: Ports, session_hash: str) -> PassView:
    """All forms that a phone has opened, of all stores, with one signed code for customs."""
    now = ports.clock.now()
    visits = ports.storage.read(lambda tx: tx.visits(session_hash))
    seen = [view(ports, session_hash, one.form_id) for one in visits]
    items = [pass_item(one, standing(ports, one) if one.unlocked else None, now) for one in seen]
    items.sort(key=lambda item: (item.last_day or date.max, item.form.form_number))
    for_customs = [item.form for item in items if item.for_customs]
    code = ""
    if for_customs:
        named = [PassForm(one.form_id, one.amounts.net_fen) for one in for_customs[:FORMS_MAX]]
        try:
            code = make_pass(named, day_of(now), ports.keys.signing_key())
        except Refused as refused:
            # Without a key to sign with, each form's own code still does.
            if refused.code != "no_signing_key":
                raise
    return PassView(now, tuple(items), code, max(0, len(for_customs) - FORMS_MAX))


def pass_item(seen: ClaimView, stand: Standing | None, now: datetime) -> PassItem:
    """What there is to do with one form, and until when."""
    form, today = seen.form, day_of(now)
    ordinary_until = stand.ordinary_until if stand else form.export_by
    in_promise = form.status is Status.ADVANCED or form.status in TO_LEAVE
    is_promise = in_promise and today <= form.depart_by
    last_day = form.depart_by if is_promise else ordinary_until
    is_over = form.status in GONE or (form.status in ENDED and form.status is not Status.CAPTURED)
    acts = form.status in VERIFIABLE or form.status in TO_LEAVE
    acts = acts or form.status in (Status.HELD, Status.ORDINARY_VERIFIED)
    if is_over or not acts or today > last_day:
        return PassItem(seen, stand, is_promise, None, for_customs=False)
    shows = form.status in VERIFIABLE and today <= form.export_by
    return PassItem(seen, stand, is_promise, last_day, for_customs=shows)


def forms_of_pass(ports: Ports, text: str) -> list[Form]:
    """The forms of a scanned pass: signature first, then each row, which must say the same.

    Raises:
        Refused: `code_torn`, `code_foreign`, `rehearsal_form`, `not_a_rehearsal`,
            `code_version_unknown`, `key_unknown`, `signature_invalid`; `form_unknown` when one
            of its forms is not ours.
    """
    code = read_pass(text, ports.public_url, is_rehearsal=ports.is_rehearsal)
    said = verify_pass(code, ports.keys.ring(), day_of(ports.clock.now()))

    def find(tx: Transaction) -> list[Form]:
        found = []
        for one in said.forms:
            form = the_form(tx, one.form_id)
            if form.amounts.net_fen != one.net_fen:
                raise Refused("form_unknown")
            found.append(form)
        return found

    return ports.storage.read(find)


def add_other_forms(ports: Ports, session_hash: str, document: str) -> int:
    """Open on this phone the other forms of a document that one of its own forms bears.

    The whole number must be typed, and this phone must have given that form's claim code. What is
    opened can be seen and shown to customs; each form's money still asks for its own claim code.
    What is typed is a number, or a machine-readable zone.

    Returns:
        How many forms are new on this phone.

    Raises:
        Refused: `claim_code_missing` before any code was given; `details_differ` for another
            document; `too_many_tries`; as `read_document` and `read_mrz`.
    """
    now = ports.clock.now()
    zone = read_mrz(document, day_of(now), "document") if "<" in document else None
    typed = zone.number if zone else document

    def add(tx: Transaction) -> int | Refused:
        unlocked = [one for one in tx.visits(session_hash) if one.unlocked_at is not None]
        if not unlocked:
            return Refused("claim_code_missing")
        try:
            count_try(tx, f"document:{session_hash}", DOCUMENT_TRIES_MAX, now)
        except Refused as refused:
            return refused
        known = {one.form_id for one in tx.visits(session_hash)}
        indexes = {the_form(tx, one.form_id).document_index for one in unlocked}
        kinds = {tx.traveller_of(one.form_id).document.kind for one in unlocked}
        proved = indexes & {_index(ports, kind.value, typed) for kind in kinds}
        if not proved:
            return Refused("details_differ", "document")
        new = 0
        for index in proved:
            for form in tx.forms_of_traveller(index)[:FORMS_MAX]:
                if form.form_id not in known and form.status not in GONE:
                    tx.put_visit(session_hash, form.form_id, now)
                    note(tx, ports, "added_by_document", By(TRAVELLER, now), form_id=form.form_id)
                    new += 1
        return new

    added = ports.storage.write(add)
    if isinstance(added, Refused):
        raise added
    return added


def may_prove(ports: Ports, session_hash: str) -> bool:
    """Whether a phone has given some form's claim code, so that a document can add others."""
    visits = ports.storage.read(lambda tx: tx.visits(session_hash))
    return any(one.unlocked_at is not None for one in visits)


def _index(ports: Ports, kind: str, typed: str) -> str:
    """The blind index of a number as a document of some kind; "" where it cannot be one."""
    try:
        return ports.sealer.index("document", document_key(read_document(kind, typed)))
    except Refused:
        return ""


@dataclass(frozen=True, slots=True)
class DeskForm:
    """One form of a pass at the customs desk; `refusal` says why nothing can be decided on it."""

    form: Form
    store: Store
    refusal: Refused | None


def forms_at_the_desk(ports: Ports, form_ids: list[str], today: date) -> list[DeskForm]:
    """The forms of a pass as an officer sees them: what can be decided comes first.

    No identity is opened: the officer compares it on each form's own page.

    Raises:
        Refused: `form_unknown`.
    """

    def read(tx: Transaction) -> list[DeskForm]:
        found = []
        for form_id in form_ids:
            form = the_form(tx, form_id)
            store = tx.store(form.store_number)
            if store is None:
                raise Refused("store_unknown")
            found.append(DeskForm(form, store, why_not(form, today)))
        return found

    found = ports.storage.read(read)
    return sorted(found, key=lambda one: (one.refusal is not None, one.form.form_number))
