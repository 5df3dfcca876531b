"""Goods brought back to the store: offered with its consequences, then done once, money and all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from refund.core import ledger
from refund.core.entitlement import GoodsReturn, LineKey, Recovery
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.ids import operation_reference
from refund.core.operation import Operation
from refund.core.people import Actor
from refund.core.returning import RETURNABLE, Known, Plan, plan_return
from refund.ports import Ports
from refund.services.amend import Correction, draft_of, put_in_place
from refund.services.intent import begin_end_of_hold
from refund.services.issue import begin_writing, form_of_store
from refund.services.life import By, move, read_reason, the_form
from refund.services.pay import carry_out
from refund.services.purchases import falling_with, known_form
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Falling:
    """Another form of the day that ends too, and what of its advance comes back, fen."""

    form: Form
    back_fen: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a return would mean, as a clerk says it to the traveller before it is done.

    `can_charge` says whether every hold that would be charged still stands.
    """

    known: Known
    plan: Plan
    falling: tuple[Falling, ...]
    can_charge: bool

    @property
    def back_fen(self) -> int:
        """What comes back to the agency in all."""
        return self.plan.back_fen + sum(one.back_fen for one in self.falling)

    @property
    def seen(self) -> str:
        """A word for what was offered, which changes when the offer does."""
        ends = "-".join(one.form.form_number for one in self.falling)
        return f"{self.known.form.version}-{self.plan.end.value}-{self.back_fen}-{ends}"


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """What a clerk takes back: how many of each line, how its money returns, and why.

    `asked` ends the form whatever comes back; `seen` is the offer that was confirmed, or empty
    where none was shown; the same `submission_key` is the same return.
    """

    quantities: Mapping[LineKey, int]
    recovery: Recovery
    reason: str
    submission_key: str
    asked: bool = False
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of a return: the form, and the one in its place when nothing was advanced."""

    form: Form
    replaced_by: Form | None = None


def returnable_form(ports: Ports, clerk: Actor, form_id: str) -> Known:
    """A form of the clerk's own store of which goods can be brought back.

    Raises:
        Refused: `form_unknown`, `already_verified`, `not_in_this_state`.
    """

    def read(tx: Transaction) -> Known:
        form = form_of_store(tx, clerk, form_id)
        _require_returnable(tx, form)
        return known_form(tx, form)

    return ports.storage.read(read)


def offer_return(
    ports: Ports, clerk: Actor, form_id: str, quantities: Mapping[LineKey, int], *, asked: bool
) -> Offer:
    """Say what bringing these goods back would mean; nothing is done.

    Raises:
        Refused: as `returnable_form`; `nothing_brought_back`, `quantity_above_remaining`,
            `other_forms_rely`.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> Offer:
        return _offer(tx, form_of_store(tx, clerk, form_id), quantities, now, asked=asked)

    return ports.storage.read(read)


def _require_returnable(tx: Transaction, form: Form) -> None:
    if tx.verification_of(form.form_id) is not None:
        raise Refused("already_verified")
    if form.status not in RETURNABLE:
        raise Refused("not_in_this_state", status=form.status.value)


def _offer(
    tx: Transaction, form: Form, quantities: Mapping[LineKey, int], now: datetime, *, asked: bool
) -> Offer:
    _require_returnable(tx, form)
    known = known_form(tx, form)
    plan = plan_return(known, quantities, asked=asked)
    if form.status is Status.CAPTURED and not plan.is_whole:
        # The advance is back already: customs confirm what is shown for the ordinary refund.
        raise Refused("not_in_this_state", status=form.status.value)
    falling = falling_with(tx, form, 0 if plan.is_whole else plan.left_fen)
    busy = tuple(one.form_number for one in falling if one.status not in RETURNABLE)
    if busy:
        raise Refused("other_forms_rely", numbers=busy)
    ends = tuple(Falling(one, known_form(tx, one).outstanding_fen) for one in falling)
    charged = [one.form for one in ends if one.back_fen]
    if plan.back_fen:
        charged.append(form)
    can_charge = all(_is_held(tx, one, now) for one in charged)
    return Offer(known, plan, ends, can_charge)


def _is_held(tx: Transaction, form: Form, now: datetime) -> bool:
    guarantee = tx.live_guarantee(form.form_id)
    return guarantee is not None and now < guarantee.expires_at


def return_goods(ports: Ports, clerk: Actor, form_id: str, brought: BroughtBack) -> Returned:
    """Take goods of a form back, with the difference of the advance and no more, once per key.

    Before any advance the form is void, or another takes its place with what is left. After it,
    the difference is paid back in the store now or charged to the held card at the exit; where the
    form ends, the hold is released or charged at once, and its invoices are free once the money is
    back. Forms of the day that cannot stand without these purchases end with it.

    Raises:
        Refused: as `offer_return`; `proposal_changed` when it is no longer what was seen;
            `choice_unknown` when it is not said how the money returns; `hold_ended` when a hold is
            to be charged that stands no more; `submission_differs`; as `life.read_reason`; when
            nothing was advanced, whatever refuses the form in its place.

    Source: project decision, resting on SAT 9/2025 and MOF 3/2015.
    """
    reason = read_reason(brought.reason)

    def begin(tx: Transaction) -> list[Operation]:
        form = form_of_store(tx, clerk, form_id)
        if _is_known(tx, form, brought, reason):
            return []
        now = ports.clock.now()
        offer = _offer(tx, form, brought.quantities, now, asked=brought.asked)
        if brought.seen and brought.seen != offer.seen:
            raise Refused("proposal_changed")
        _require_way(offer, brought.recovery)
        doing = _Doing(ports, clerk, brought.recovery, reason)
        begun = [doing.take_back(tx, offer.known, offer.plan, brought.submission_key)]
        for one in offer.falling:
            known = known_form(tx, one.form)
            key = f"{brought.submission_key}/{one.form.form_id}"
            begun.append(doing.take_back(tx, known, plan_return(known, {}, asked=True), key))
        return [operation for operation in begun if operation is not None]

    for operation in ports.storage.write(begin):
        carry_out(ports, operation)
    return ports.storage.read(
        lambda tx: Returned(the_form(tx, form_id), tx.form_replacing(form_id))
    )


def _is_known(tx: Transaction, form: Form, brought: BroughtBack, reason: str) -> bool:
    """Whether this very return was made before."""
    earlier = tx.return_by_submission(form.store_number, brought.submission_key)
    if earlier is None:
        return False
    lines = tuple(sorted((key, count) for key, count in brought.quantities.items() if count))
    if (earlier.form_id, earlier.lines, earlier.reason) != (form.form_id, lines, reason):
        raise Refused("submission_differs")
    return True


def _require_way(offer: Offer, recovery: Recovery) -> None:
    if not offer.back_fen:
        return
    if recovery is Recovery.NONE:
        raise Refused("choice_unknown", "recovery")
    if recovery is Recovery.CAPTURE and not offer.can_charge:
        raise Refused("hold_ended", "recovery")


@dataclass(frozen=True, slots=True)
class _Doing:
    """Who takes goods back, how the money returns, and why; the same for all forms that end."""

    ports: Ports
    clerk: Actor
    recovery: Recovery
    reason: str

    def take_back(self, tx: Transaction, known: Known, plan: Plan, key: str) -> Operation | None:
        """Do what a plan says; what the network is to be asked for it."""
        form = known.form
        if form.status is Status.ADVANCED:
            returned = self._record(tx, known, plan, key, self._way(plan))
            return self._after_advance(tx, form, plan, returned)
        self._record(tx, known, plan, key, Recovery.NONE)
        if plan.is_whole:
            tx.free_invoices(form.form_id)
            self._move(tx, form, Event.VOID)
        else:
            self._replace(tx, form, key)
        return None

    def _way(self, plan: Plan) -> Recovery:
        return self.recovery if plan.back_fen else Recovery.NONE

    def _record(
        self, tx: Transaction, known: Known, plan: Plan, key: str, recovery: Recovery
    ) -> GoodsReturn:
        form_id, number = known.form.form_id, len(known.returns) + 1
        returned = GoodsReturn(
            return_id=operation_reference(form_id, "return", number),
            form_id=form_id,
            store_number=known.form.store_number,
            returned_at=self.ports.clock.now(),
            staff_id=self.clerk.staff_id,
            lines=plan.lines,
            recovery=recovery,
            recovered_fen=plan.back_fen if recovery is Recovery.STORE else 0,
            is_whole=plan.is_whole,
            reason=self.reason,
            submission_key=key,
        )
        tx.add_return(returned)
        return returned

    def _after_advance(
        self, tx: Transaction, form: Form, plan: Plan, returned: GoodsReturn
    ) -> Operation | None:
        """Post what was paid back in the store, and end the hold if the form ends."""
        if returned.recovered_fen:
            entry = ledger.recovered_entry(returned.return_id, form.form_id, returned.recovered_fen)
            tx.post(entry, form.store_number, self.clerk.label, returned.returned_at)
        if not plan.is_whole:
            self._move(tx, form, Event.RETURN_PART)
            return None
        if tx.live_guarantee(form.form_id) is not None:
            return begin_end_of_hold(
                tx, self.ports, form, Event.REQUEST_RETURN, self.clerk.label, self.reason
            )
        # The hold ended by itself before, and all the money is back in cash.
        returning = self._move(tx, form, Event.REQUEST_RETURN)
        tx.free_invoices(form.form_id)
        self._move(tx, returning, Event.RETURN_SUCCEEDED)
        return None

    def _replace(self, tx: Transaction, form: Form, key: str) -> None:
        """Put a form with what is left in a form's place: its code and its sums are signed."""
        draft = draft_of(tx, form)
        writing = begin_writing(self.ports, draft, key, replaces=form.form_id)
        correction = Correction(draft, writing, self.reason)
        issue = put_in_place(tx, self.ports, self.clerk, form, correction)
        if issue.form is None:
            raise issue.refusals[0]

    def _move(self, tx: Transaction, form: Form, event: Event) -> Form:
        by = By(self.clerk.label, self.ports.clock.now())
        return move(tx, self.ports, form, event, by, detail=self.reason)
