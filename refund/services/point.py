"""The refund point of a mall: forms of several stores for one traveller, claimed in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from refund.core.agreement import AGREEMENT_VERSION, Agreement, Details, Signature
from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.ids import operation_reference
from refund.core.joint import FORMS_MAX, JointClaim
from refund.core.operation import CardEntry, Guarantee, Operation
from refund.core.people import Actor
from refund.core.store import Store
from refund.core.traveller import IdentityDocument, document_key
from refund.ports import Ports
from refund.services.card_page import Wanted, entered, open_page
from refund.services.claim import advance_obstacle
from refund.services.holds import UNFIT, why_no_hold
from refund.services.intent import begin_joint_advance, begin_joint_hold
from refund.services.life import By, move, note, the_form
from refund.services.pay import carry_out
from refund.transaction import Transaction

CLAIMABLE = (Status.ISSUED, Status.AGREED)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A form of the traveller at the point; `refusal` says why it cannot be claimed here."""

    form: Form
    store: Store
    refusal: Refused | None


@dataclass(frozen=True, slots=True)
class Found:
    """The forms that a document opens, newest first, and whose they are."""

    traveller_name: str
    candidates: tuple[Candidate, ...]


def find(ports: Ports, operator: Actor, document: IdentityDocument) -> Found:
    """The forms of the traveller whose document lies on the desk; reading the name is recorded.

    Raises:
        Refused: `form_unknown` when there is none.
    """
    now = ports.clock.now()
    index = ports.sealer.index("document", document_key(document))

    def read(tx: Transaction) -> Found:
        forms = tx.forms_of_traveller(index)
        if not forms:
            raise Refused("form_unknown", "document_number")
        by, form_id = By(operator.label, now), forms[0].form_id
        note(tx, ports, "identity_shown", by, form_id=form_id)
        name = tx.traveller_of(form_id).latin_name
        return Found(name, tuple(_candidate(tx, form, now) for form in forms))

    return ports.storage.write(read)


def _candidate(tx: Transaction, form: Form, now: datetime) -> Candidate:
    return Candidate(form, _store(tx, form), _refusal(tx, form, now))


def _store(tx: Transaction, form: Form) -> Store:
    store = tx.store(form.store_number)
    if store is None:
        raise LookupError(form.store_number)
    return store


def _refusal(tx: Transaction, form: Form, now: datetime) -> Refused | None:
    obstacle = advance_obstacle(tx, form, now)
    if obstacle is None and form.status not in CLAIMABLE:
        return Refused("not_in_this_state", status=form.status.value)
    return obstacle


def open_claim(ports: Ports, operator: Actor, form_ids: Sequence[str]) -> JointClaim:
    """Put forms of one traveller together; nothing is signed and nothing is paid yet.

    Raises:
        Refused: `no_forms_chosen`, `too_many_forms`, `form_unknown`, `other_traveller` for forms
            of two documents, `not_in_this_state`, `store_not_instant`, `past_deadline`,
            `already_claimed`.
    """
    now, joint_id = ports.clock.now(), ports.ids.form_id()
    chosen = tuple(dict.fromkeys(form_ids))
    if not chosen:
        raise Refused("no_forms_chosen", "document_number")
    if len(chosen) > FORMS_MAX:
        raise Refused("too_many_forms", "form", most=FORMS_MAX)

    def put(tx: Transaction) -> JointClaim:
        forms = [the_form(tx, form_id) for form_id in chosen]
        if len({form.document_index for form in forms}) > 1:
            raise Refused("other_traveller", "form")
        for form in forms:
            refusal = _refusal(tx, form, now)
            if refusal is not None:
                raise refusal
        joint = JointClaim(joint_id, forms[0].document_index, chosen, now, operator.label)
        tx.add_joint(joint)
        for form in forms:
            by = By(operator.label, now)
            note(tx, ports, "joined", by, form_id=form.form_id, detail=joint_id)
        return joint

    return ports.storage.write(put)


@dataclass(frozen=True, slots=True)
class PointView:
    """A claim as the desk sees it; `has_moved` when its forms no longer stand alike."""

    joint: JointClaim
    candidates: tuple[Candidate, ...]
    traveller_name: str
    details: Details | None
    agreement: Agreement | None
    guarantee: Guarantee | None
    why_no_hold: str

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms of the claim."""
        return tuple(candidate.form for candidate in self.candidates)

    @property
    def net_fen(self) -> int:
        """What is advanced in all."""
        return sum(form.amounts.net_fen for form in self.forms)

    @property
    def statuses(self) -> frozenset[Status]:
        """Where the forms stand."""
        return frozenset(form.status for form in self.forms)

    @property
    def has_moved(self) -> bool:
        """Whether a form went on by itself before the claim was through."""
        if Status.WITHDRAWING in self.statuses:
            return False
        return len(self.statuses) > 1 and not self.statuses.isdisjoint(CLAIMABLE)


def view(ports: Ports, operator: Actor, joint_id: str) -> PointView:
    """A claim with its forms; reading the name is recorded.

    Raises:
        Refused: `not_found`.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> PointView:
        joint = _joint(tx, joint_id)
        forms = [the_form(tx, form_id) for form_id in joint.form_ids]
        first = forms[0].form_id
        note(tx, ports, "identity_shown", By(operator.label, now), form_id=first)
        guarantees, operations = tx.guarantees_of(first), tx.operations_of(first)
        return PointView(
            joint=joint,
            candidates=tuple(_candidate(tx, form, now) for form in forms),
            traveller_name=tx.traveller_of(first).latin_name,
            details=tx.details_of(first),
            agreement=tx.agreement_of(first),
            guarantee=guarantees[-1] if guarantees else None,
            why_no_hold=why_no_hold(operations) if forms[0].status is Status.AGREED else "",
        )

    return ports.storage.write(read)


def _joint(tx: Transaction, joint_id: str) -> JointClaim:
    joint = tx.joint(joint_id)
    if joint is None:
        raise Refused("not_found")
    return joint


def sign(
    ports: Ports,
    operator: Actor,
    joint_id: str,
    details: Details,
    signature: Signature,
    language: str,
) -> None:
    """One agreement for all: the traveller signs once, and it stands on each form.

    A form that was agreed before keeps the agreement that was signed for it.

    Raises:
        Refused: `not_found`, `joint_changed` when a form can no longer be claimed.
    """
    now = ports.clock.now()

    def put(tx: Transaction) -> None:
        for form in _claimable(tx, _joint(tx, joint_id), now):
            tx.put_details(form.form_id, details, now)
            if form.status is Status.AGREED:
                continue
            by = By(operator.label, now)
            move(tx, ports, form, Event.SIGN_AGREEMENT, by, detail=joint_id)
            agreed = Agreement(form.form_id, now, language, AGREEMENT_VERSION, signature.kind)
            tx.add_agreement(agreed, signature)

    ports.storage.write(put)


def _claimable(tx: Transaction, joint: JointClaim, now: datetime) -> list[Form]:
    """The forms of a claim, each of which can still be claimed.

    Raises:
        Refused: `joint_changed`.
    """
    forms = [the_form(tx, form_id) for form_id in joint.form_ids]
    for form in forms:
        if _refusal(tx, form, now) is not None:
            raise Refused("joint_changed", form_number=form.form_number)
    return forms


def open_card_page(ports: Ports, joint_id: str, return_url: str, language: str) -> str:
    """The address of the network's own page on which the traveller gives a card for all.

    Raises:
        Refused: `not_found`, `joint_changed`, `agreement_not_signed`, `network_unreachable`.
    """
    now = ports.clock.now()

    def look(tx: Transaction) -> tuple[JointClaim, int, str, int]:
        joint = _joint(tx, joint_id)
        forms = _claimable(tx, joint, now)
        method = tx.method_of(joint.form_ids[0])
        if method is None or any(form.status is not Status.AGREED for form in forms):
            raise Refused("agreement_not_signed")
        total_fen = sum(form.amounts.net_fen for form in forms)
        return joint, total_fen, method.value, tx.count_card_visits(joint.form_ids[0]) + 1

    joint, total_fen, method, attempt = ports.storage.read(look)
    reference = operation_reference(joint_id, "card", attempt)
    wanted = Wanted(reference, joint.form_ids[0], total_fen, method, return_url, language)
    return open_page(ports, ports.network.open_card_page, wanted)


def card_given(ports: Ports, joint_id: str, session_id: str) -> CardEntry:
    """The card that the traveller gave on the network's page.

    Raises:
        Refused: `not_found`, `card_session_unfinished`, `network_unreachable`.
    """

    def look(tx: Transaction) -> None:
        joint, visit = _joint(tx, joint_id), tx.card_visit(session_id)
        if visit is None or visit.form_id != joint.form_ids[0]:
            raise Refused("not_found")

    ports.storage.read(look)
    return entered(ports, session_id)


def claim_together(ports: Ports, operator: Actor, joint_id: str, entry: CardEntry) -> None:
    """Put the sum on hold and pay all advances, once, whatever is repeated.

    A card that was refused is not asked again until the traveller gives it anew.

    Raises:
        Refused: `not_found`, `joint_changed`, `agreement_not_signed`, `card_session_unfinished`
            for a page that was opened for another way to be paid.
    """
    now = ports.clock.now()

    def begin(tx: Transaction) -> Operation | None:
        joint = _joint(tx, joint_id)
        forms = [the_form(tx, form_id) for form_id in joint.form_ids]
        asked = [o.card_token for o in tx.operations_of(joint.form_ids[0])]
        if all(form.status not in CLAIMABLE for form in forms) or entry.card_token in asked:
            return None
        forms = _claimable(tx, joint, now)
        if any(form.status is Status.ISSUED for form in forms):
            raise Refused("agreement_not_signed")
        method = tx.method_of(joint.form_ids[0])
        if method is None or method.value != entry.method:
            raise Refused("card_session_unfinished")
        return begin_joint_hold(tx, ports, forms, joint_id, entry, operator.label)

    begun = ports.storage.write(begin)
    if begun is not None:
        carry_out(ports, begun)
        _give_up_shares(ports, joint_id)


def _give_up_shares(ports: Ports, joint_id: str) -> None:
    """Where their one hold was given up, give up every form's share of it at once."""

    def waiting(tx: Transaction) -> list[Operation]:
        form_ids = _joint(tx, joint_id).form_ids
        asked = [one for form_id in form_ids for one in tx.operations_of(form_id)]
        unsent = [one for one in asked if one.is_awaited and one.sent_at is None]
        return [one for one in unsent if one.reason in UNFIT]

    for operation in ports.storage.read(waiting):
        carry_out(ports, operation)


def advance_again(ports: Ports, operator: Actor, joint_id: str) -> None:
    """Ask for the advances once more after the network refused them; the hold still stands.

    Raises:
        Refused: `not_found`, `joint_changed` when the forms no longer stand on the hold together,
            `past_deadline`.
    """
    now = ports.clock.now()

    def begin(tx: Transaction) -> Operation:
        forms = [the_form(tx, form_id) for form_id in _joint(tx, joint_id).form_ids]
        for form in forms:
            if form.status is not Status.HELD:
                raise Refused("joint_changed", form_number=form.form_number)
            if day_of(now) > form.depart_by:
                raise Refused("past_deadline", depart_by=form.depart_by)
        return begin_joint_advance(tx, ports, forms, joint_id, operator.label)

    carry_out(ports, ports.storage.write(begin))
