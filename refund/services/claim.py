"""The traveller's claim: scan, claim code, details, agreement, card, advance – each once."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from refund.core.agreement import AGREEMENT_VERSION, Agreement, Details, Signature
from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import Channel, Event, Form, Method, Status
from refund.core.ids import claim_code_hash, operation_reference
from refund.core.invoice import Invoice
from refund.core.operation import Advance, CardEntry, Guarantee, Operation
from refund.core.people import TRAVELLER
from refund.core.signing import read_code, verify
from refund.core.store import Store
from refund.ports import Ports
from refund.services.card_page import Wanted, entered, open_page
from refund.services.holds import why_no_hold
from refund.services.intent import begin_advance, begin_end_of_hold, begin_hold
from refund.services.life import By, move, note, the_form, why_gone
from refund.services.pay import carry_out
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ClaimView:
    """What a phone may see of a form; what names a person is there only once it is unlocked.

    `opened_at` is when this phone first scanned the form; `obstacle` says why no advance can be
    claimed any more.
    """

    form: Form
    store: Store
    opened_at: datetime
    unlocked: bool
    obstacle: Refused | None
    traveller_name: str
    invoices: tuple[Invoice, ...]
    details: Details | None
    agreement: Agreement | None
    guarantee: Guarantee | None
    advance: Advance | None
    operations: tuple[Operation, ...]
    moments: tuple[tuple[str, datetime], ...]

    @property
    def last_refusal(self) -> str:
        """Why the network said no the last time, or nothing."""
        return self.operations[-1].refusal if self.operations else ""

    @property
    def is_asked(self) -> bool:
        """Whether the network owes an answer that the form waits for."""
        return any(one.is_awaited for one in self.operations)

    @property
    def why_no_hold(self) -> str:
        """Why the card that was given secures nothing, while another one can be given."""
        return why_no_hold(self.operations) if self.form.status is Status.AGREED else ""


def read_form_code(ports: Ports, text: str) -> Form:
    """The form of a scanned or typed code: signature first, then the row.

    Raises:
        Refused: `code_torn`, `code_foreign`, `rehearsal_form`, `not_a_rehearsal`,
            `code_version_unknown`, `key_unknown`, `signature_invalid`, `form_unknown`.
    """
    code = read_code(text, ports.public_url, is_rehearsal=ports.is_rehearsal)
    payload = verify(code, ports.keys.ring(), day_of(ports.clock.now()))
    form = ports.storage.read(lambda tx: tx.form(payload.form_id))
    if form is None or not hmac.compare_digest(form.code, code):
        raise Refused("form_unknown")
    return form


def scan(ports: Ports, text: str, session_hash: str) -> Form:
    """Open a form on a phone.

    Raises:
        Refused: as `read_form_code`; `form_void` with the number of what took its place.
    """
    form = read_form_code(ports, text)
    refusal = ports.storage.read(lambda tx: why_gone(tx, form))
    if refusal is not None:
        raise refusal
    now = ports.clock.now()
    ports.storage.write(lambda tx: tx.put_visit(session_hash, form.form_id, now))
    return form


def view(ports: Ports, session_hash: str, form_id: str) -> ClaimView:
    """What the phone may see of a form that it scanned.

    Raises:
        Refused: `form_unknown` for a form that this phone did not scan.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> ClaimView:
        visit = tx.visit(session_hash, form_id)
        if visit is None:
            raise Refused("form_unknown")
        form = the_form(tx, form_id)
        store = tx.store(form.store_number)
        if store is None:
            raise Refused("store_unknown")
        unlocked = visit.unlocked_at is not None
        guarantees = tx.guarantees_of(form_id)
        return ClaimView(
            form=form,
            store=store,
            opened_at=visit.opened_at,
            unlocked=unlocked,
            obstacle=advance_obstacle(tx, form, now),
            traveller_name=tx.traveller_of(form_id).latin_name if unlocked else "",
            invoices=tuple(tx.invoices_of(form_id)) if unlocked else (),
            details=tx.details_of(form_id) if unlocked else None,
            agreement=tx.agreement_of(form_id),
            guarantee=guarantees[-1] if guarantees else None,
            advance=tx.advance_of(form_id),
            operations=tuple(tx.operations_of(form_id)) if unlocked else (),
            moments=tuple((e.kind, e.at) for e in tx.events_of(form_id) if e.version),
        )

    return ports.storage.read(read)


def my_forms(ports: Ports, session_hash: str) -> list[Form]:
    """All forms that this phone scanned, newest first."""

    def read(tx: Transaction) -> list[Form]:
        return [the_form(tx, visit.form_id) for visit in tx.visits(session_hash)]

    return ports.storage.read(read)


def enter_claim_code(ports: Ports, session_hash: str, form_id: str, code: str) -> None:
    """Let a phone act for a form; a wrong code costs one of five tries for the form's life.

    Raises:
        Refused: `form_unknown`, `claim_locked`, `claim_code_wrong` with the tries that are left.
    """
    given = claim_code_hash(ports.keys.secret("claim-hash"), form_id, code)
    now = ports.clock.now()

    def enter(tx: Transaction) -> Refused | None:
        visit = tx.visit(session_hash, form_id)
        if visit is None:
            return Refused("form_unknown")
        form = the_form(tx, form_id)
        if form.tries_left <= 0:
            return Refused("claim_locked", "claim_code")
        if hmac.compare_digest(form.claim_hash, given):
            tx.unlock_visit(session_hash, form_id, now)
            note(tx, ports, "claim_unlocked", By(TRAVELLER, now), form_id=form_id)
            return None
        left = tx.lose_try(form_id)
        note(tx, ports, "claim_code_wrong", By(TRAVELLER, now), form_id=form_id, detail=str(left))
        if left <= 0:
            return Refused("claim_locked", "claim_code")
        return Refused("claim_code_wrong", "claim_code", left=left)

    refused = ports.storage.write(enter)
    if refused is not None:
        raise refused


def _require_unlocked(tx: Transaction, session_hash: str, form_id: str) -> None:
    """Refuse a phone that may not act for a form.

    Raises:
        Refused: `form_unknown`, `claim_code_missing`.
    """
    visit = tx.visit(session_hash, form_id)
    if visit is None:
        raise Refused("form_unknown")
    if visit.unlocked_at is None:
        raise Refused("claim_code_missing", "claim_code")


def _unlocked(tx: Transaction, session_hash: str, form_id: str) -> Form:
    """The form that this phone may act for.

    Raises:
        Refused: `form_unknown`, `claim_code_missing`.
    """
    _require_unlocked(tx, session_hash, form_id)
    return the_form(tx, form_id)


def give_details(
    ports: Ports, session_hash: str, form_id: str, details: Details, document_tail: str
) -> Form:
    """Take what the traveller filled in; it can change until the card is asked.

    Raises:
        Refused: `details_differ` when the document is another's, `past_deadline` for a departure
            after the promise, `not_in_this_state`.
    """
    now = ports.clock.now()

    def give(tx: Transaction) -> Form:
        form = _unlocked(tx, session_hash, form_id)
        if form.status not in (Status.ISSUED, Status.AGREED, Status.HELD):
            raise Refused("not_in_this_state", status=form.status.value)
        is_held = form.status is Status.HELD
        if is_held and details.method not in {Method.CARD, tx.method_of(form_id)}:
            # The network knows no account of another kind; the card on hold it always knows.
            raise Refused("not_in_this_state", "method", status=form.status.value)
        number = tx.traveller_of(form_id).document.number
        if not hmac.compare_digest(number[-4:], document_tail):
            raise Refused("details_differ", "document_tail")
        if details.departs_on is not None:
            if details.departs_on < day_of(now):
                raise Refused("date_impossible", "departs_on")
            if details.departs_on > form.depart_by:
                raise Refused("past_deadline", "departs_on", depart_by=form.depart_by)
        tx.put_details(form_id, details, now)
        return form

    return ports.storage.write(give)


def sign_agreement(
    ports: Ports, session_hash: str, form_id: str, signature: Signature, language: str
) -> Form:
    """Sign the agreement on the advance, once.

    Raises:
        Refused: `past_deadline`, `field_missing` before the details, `not_in_this_state`.
    """
    now = ports.clock.now()

    def sign(tx: Transaction) -> Form:
        form = _unlocked(tx, session_hash, form_id)
        if tx.method_of(form_id) is None:
            raise Refused("field_missing", "method")
        _may_still_claim(tx, form, now)
        if form.status is Status.AGREED:
            return form
        agreed = move(tx, ports, form, Event.SIGN_AGREEMENT, By(TRAVELLER, now))
        agreement = Agreement(form_id, now, language, AGREEMENT_VERSION, signature.kind)
        tx.add_agreement(agreement, signature)
        return agreed

    return ports.storage.write(sign)


def advance_obstacle(tx: Transaction, form: Form, now: datetime) -> Refused | None:
    """Why no advance can be claimed any more: already paid, not offered here, or too late."""
    if tx.advance_of(form.form_id) is not None:
        return Refused("already_claimed")
    if form.channel is not Channel.INSTANT:
        # Whether the store offers advances was judged at issue: what it issued stays payable.
        return Refused("store_not_instant")
    if day_of(now) > form.depart_by:
        return Refused("past_deadline", depart_by=form.depart_by)
    return None


def _may_still_claim(tx: Transaction, form: Form, now: datetime) -> None:
    """Refuse what can no longer be advanced.

    Raises:
        Refused: `already_claimed`, `store_not_instant`, `past_deadline`.
    """
    obstacle = advance_obstacle(tx, form, now)
    if obstacle is not None:
        raise obstacle


def open_card_page(
    ports: Ports, session_hash: str, form_id: str, return_url: str, language: str
) -> str:
    """The address of the network's own page on which the traveller gives a card.

    Raises:
        Refused: `agreement_not_signed`, `already_claimed`, `past_deadline`, `network_unreachable`.
    """
    now = ports.clock.now()

    def look(tx: Transaction) -> tuple[Form, str, int]:
        form = _unlocked(tx, session_hash, form_id)
        _may_still_claim(tx, form, now)
        if form.status is Status.ISSUED:
            raise Refused("agreement_not_signed")
        method = tx.method_of(form_id)
        if form.status is not Status.AGREED or method is None:
            raise Refused("not_in_this_state", status=form.status.value)
        return form, method.value, tx.count_card_visits(form_id) + 1

    form, method, attempt = ports.storage.read(look)
    reference = operation_reference(form_id, "card", attempt)
    fen = form.amounts.net_fen
    wanted = Wanted(reference, form_id, fen, method, return_url, language)
    return open_page(ports, ports.network.open_card_page, wanted)


def card_given(ports: Ports, session_hash: str, form_id: str, session_id: str) -> CardEntry:
    """The card that the traveller gave on the network's page.

    Raises:
        Refused: `form_unknown`, `card_session_unfinished`, `network_unreachable`.
    """

    def look(tx: Transaction) -> None:
        _require_unlocked(tx, session_hash, form_id)
        visit = tx.card_visit(session_id)
        if visit is None or visit.form_id != form_id:
            raise Refused("form_unknown")

    ports.storage.read(look)
    return entered(ports, session_id)


def claim_advance(ports: Ports, session_hash: str, form_id: str, entry: CardEntry) -> Form:
    """Put the amount on hold and pay the advance; once per form, whatever is repeated.

    A repeated or raced call finds the form moved on and returns it as it is; a card that was
    refused is not asked again until the traveller gives it anew.

    Raises:
        Refused: `past_deadline`, `store_not_instant`, `agreement_not_signed`,
            `card_session_unfinished` for a page that was opened for another way to be paid.
    """
    now = ports.clock.now()

    def begin(tx: Transaction) -> Operation | Form:
        form = _unlocked(tx, session_hash, form_id)
        match form.status:
            case Status.AGREED:
                _may_still_claim(tx, form, now)
                method = tx.method_of(form_id)
                if method is None or method.value != entry.method:
                    raise Refused("card_session_unfinished")
                if any(o.card_token == entry.card_token for o in tx.operations_of(form_id)):
                    return form
                return begin_hold(tx, ports, form, entry, TRAVELLER)
            case Status.ISSUED:
                raise Refused("agreement_not_signed")
            case _:
                return form

    begun = ports.storage.write(begin)
    return begun if isinstance(begun, Form) else carry_out(ports, begun)


def advance_again(ports: Ports, session_hash: str, form_id: str) -> Form:
    """Ask for the advance once more after the network refused it; the hold still stands.

    Raises:
        Refused: `past_deadline`, `not_in_this_state`.
    """
    now = ports.clock.now()

    def begin(tx: Transaction) -> Operation:
        form = _unlocked(tx, session_hash, form_id)
        _may_still_claim(tx, form, now)
        guarantee = tx.live_guarantee(form_id)
        if guarantee is None:
            raise Refused("not_in_this_state", status=form.status.value)
        return begin_advance(tx, ports, form, guarantee, TRAVELLER)

    return carry_out(ports, ports.storage.write(begin))


def choose_ordinary(ports: Ports, session_hash: str, form_id: str) -> Form:
    """Take the ordinary refund at departure instead; a hold that stands is given up first.

    Raises:
        Refused: `form_unknown`, `claim_code_missing`, `not_in_this_state`.
    """
    now = ports.clock.now()

    def choose(tx: Transaction) -> Operation | Form:
        form = _unlocked(tx, session_hash, form_id)
        match form.status:
            case Status.ORDINARY | Status.WITHDRAWING:
                return form
            case Status.HELD if tx.is_answer_awaited(form_id):
                return form
            case Status.HELD:
                return begin_end_of_hold(
                    tx, ports, form, Event.WITHDRAW, TRAVELLER, reason="ordinary refund"
                )
            case _:
                return move(tx, ports, form, Event.CHOOSE_ORDINARY, By(TRAVELLER, now))

    chosen = ports.storage.write(choose)
    return chosen if isinstance(chosen, Form) else carry_out(ports, chosen)
