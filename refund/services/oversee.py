"""The operator's overview: what waits and how old it is, and a form's whole life on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from refund.core.agreement import Agreement, Signature
from refund.core.case import Case
from refund.core.customs import Verification
from refund.core.entitlement import Entitlement, GoodsReturn
from refund.core.form import Form, Status
from refund.core.invoice import Invoice
from refund.core.ledger import Account, Entry
from refund.core.matching import Action, ExitRecord, Proposal, Why, most_urgent_first
from refund.core.operation import Advance, Guarantee, Operation
from refund.core.people import Actor
from refund.core.settlement import Month, SettledLine
from refund.core.store import Store
from refund.core.strands import Item, Parts, line_of
from refund.core.thread import Happened, LineOutcome, line_outcomes, thread_of
from refund.core.till import Receipt
from refund.core.trail import AuditEvent
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.intent import entitlement
from refund.services.life import By, note, the_form
from refund.services.reconcile import (
    LIMIT,
    Chosen,
    ExitDesk,
    Settled,
    count_open,
    desk,
    own_proposal,
    proposals_for,
)
from refund.transaction import Transaction


class Queue(Enum):
    """Where an open form waits at the exit's desk."""

    RELEASE = "release"
    ADJUST = "adjust"
    CAPTURE = "capture"
    FORFEIT = "forfeit"
    BREAK = "break"
    ANSWER = "answer"
    DEPARTURE = "departure"


def queue_of(proposal: Proposal) -> Queue:
    """The queue of a proposal: where records disagree a person looks first, whatever follows."""
    if proposal.is_break:
        return Queue.BREAK
    match proposal.action:
        case Action.RELEASE:
            return Queue.RELEASE
        case Action.ADJUST:
            return Queue.ADJUST
        case Action.CAPTURE:
            return Queue.CAPTURE
        case Action.FORFEIT:
            return Queue.FORFEIT
        case Action.NONE:
            return Queue.ANSWER if proposal.why is Why.AWAITING_ANSWER else Queue.DEPARTURE


def queues_of(proposals: Sequence[Proposal]) -> dict[Queue, list[Proposal]]:
    """All queues, in each the most urgent first."""
    found: dict[Queue, list[Proposal]] = {queue: [] for queue in Queue}
    for proposal in most_urgent_first(proposals):
        found[queue_of(proposal)].append(proposal)
    return found


@dataclass(frozen=True, slots=True)
class Overview:
    """The desk's queues, what the network owes an answer, and what stands in the books.

    `open_forms` is how many forms are on the desk in all; of so many as are previewed at once,
    those with the earliest promised day, the proposals are known.
    """

    now: datetime
    desk: ExitDesk
    open_forms: int
    queues: Mapping[Queue, Sequence[Proposal]]
    pending: tuple[Operation, ...]
    balances: Mapping[Account, int]

    @property
    def advanced_fen(self) -> int:
        """What travellers have and have not yet earned by leaving."""
        return self.balances[Account.ADVANCE]

    @property
    def held_fen(self) -> int:
        """What stands on hold at cards."""
        return self.balances[Account.GUARANTEE_HELD]

    @property
    def overdue(self) -> tuple[Proposal, ...]:
        """Charges that should have been made before today, the oldest first."""
        late = [p for p in self.desk.proposals if p.is_overdue]
        return tuple(most_urgent_first(late))

    @property
    def ending_early(self) -> tuple[Proposal, ...]:
        """Holds that end by themselves before the last day of their charge is over, first first."""
        early = [p for p in self.desk.proposals if p.ends_early]
        return tuple(most_urgent_first(early))


def overview(ports: Ports) -> Overview:
    """What an operator should see first."""
    seen = desk(ports, limit=LIMIT)
    pending = ports.storage.read(lambda tx: tx.pending_operations())
    return Overview(
        now=ports.clock.now(),
        desk=seen,
        open_forms=len(seen.proposals) if seen.following is None else count_open(ports),
        queues=queues_of(seen.proposals),
        pending=tuple(pending),
        balances=balances(ports),
    )


def balances(ports: Ports) -> dict[Account, int]:
    """The trial balance: every account's debits less its credits, fen; they sum to zero."""
    found = ports.storage.read(lambda tx: tx.balances())
    return {account: found[account.value] for account in Account}


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done now: what still stands as it was chosen, and what has changed since."""

    standing: tuple[Proposal, ...]
    changed: tuple[Proposal, ...]

    @property
    def charged_fen(self) -> int:
        """What all cards together would be charged."""
        return sum(p.charged_fen for p in self.standing)

    @property
    def released_fen(self) -> int:
        """What of all holds together would go back."""
        return sum(p.released_fen for p in self.standing)


def preview(ports: Ports, chosen: Sequence[Chosen]) -> Preview:
    """What a confirmation would do at this moment; nothing is done yet.

    Raises:
        Refused: `form_unknown`.
    """
    now = {p.form.form_id: p for p in proposals_for(ports, [c.form_id for c in chosen])}
    standing: list[Proposal] = []
    changed: list[Proposal] = []
    for one in chosen:
        found = now[one.form_id]
        same = (found.action, found.why) == (one.action, one.why)
        stands = same and found.action is not Action.NONE
        (standing if stands else changed).append(found)
    return Preview(tuple(standing), tuple(changed))


class Outcome(Enum):
    """What became of one confirmed proposal."""

    DONE = "done"
    UNDER_WAY = "under_way"
    REFUSED_BY_NETWORK = "refused_by_network"
    ALREADY = "already"
    REFUSED = "refused"


_UNDER_WAY = {
    Action.RELEASE: (Status.RELEASING,),
    Action.ADJUST: (Status.ADJUSTING,),
    Action.CAPTURE: (Status.CAPTURING,),
    Action.FORFEIT: (Status.FORFEITING,),
    Action.NONE: (),
}
_OVER = {
    Action.RELEASE: (Status.RELEASED,),
    Action.ADJUST: (Status.ADJUSTED,),
    Action.CAPTURE: (Status.CAPTURED,),
    Action.FORFEIT: (Status.FORFEITED,),
    Action.NONE: (),
}


def outcome_of(settled: Settled) -> Outcome:
    """Whether it was done by this confirmation, by an earlier one, or not at all."""
    status, action = settled.form.status, settled.action
    if status in _UNDER_WAY[action]:
        return Outcome.UNDER_WAY
    if status in _OVER[action]:
        return Outcome.DONE if settled.refusal is None else Outcome.ALREADY
    return Outcome.REFUSED_BY_NETWORK if settled.refusal is None else Outcome.REFUSED


@dataclass(frozen=True, slots=True)
class FormLife:
    """Everything that is known of one form; `names` gives the staff's names by id.

    `proposal` rests on our own records: the network's book was not asked for it.
    """

    form: Form
    store: Store
    traveller: Traveller
    invoices: tuple[Invoice, ...]
    guarantees: tuple[Guarantee, ...]
    advance: Advance | None
    agreement: Agreement | None
    signature: Signature | None
    operations: tuple[Operation, ...]
    entries: tuple[tuple[Entry, datetime, str], ...]
    verifications: tuple[Verification, ...]
    returns: tuple[GoodsReturn, ...]
    lines: tuple[LineOutcome, ...]
    worth: Entitlement
    exits: tuple[ExitRecord, ...]
    events: tuple[AuditEvent, ...]
    thread: tuple[Happened, ...]
    proposal: Proposal
    receipts: tuple[Receipt, ...]
    settled: tuple[tuple[Month, SettledLine], ...]
    replaces: Form | None
    replaced_by: Form | None
    cases: tuple[Case, ...]
    names: Mapping[str, str]
    line: tuple[Item, ...]


def form_life(ports: Ports, operator: Actor, form_id: str) -> FormLife:
    """A form's whole life; reading the identity is recorded, and that record is in it.

    Raises:
        Refused: `form_unknown`.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> FormLife:
        form = the_form(tx, form_id)
        verifications = tuple(tx.verifications_of(form_id))
        returns, invoices = tuple(tx.returns_of(form_id)), tuple(tx.invoices_of(form_id))
        store = tx.store(form.store_number)
        if store is None:
            raise LookupError(form.store_number)
        note(tx, ports, "identity_shown", By(operator.label, now), form_id=form_id)
        events, entries = tuple(tx.events_of(form_id)), tuple(tx.entries_of(form_id))
        last = verifications[-1] if verifications else None
        parts = _parts(tx, form, events, entries)
        return FormLife(
            form=form,
            store=store,
            traveller=tx.traveller_of(form_id),
            invoices=invoices,
            guarantees=tuple(tx.guarantees_of(form_id)),
            advance=tx.advance_of(form_id),
            agreement=tx.agreement_of(form_id),
            signature=tx.signature_of(form_id),
            operations=tuple(parts.operations),
            entries=entries,
            verifications=verifications,
            returns=returns,
            lines=line_outcomes(invoices, returns, last),
            worth=entitlement(tx, form),
            exits=tx.exits_of(form.document_index),
            events=events,
            thread=thread_of(events, entries),
            proposal=own_proposal(tx, ports, form),
            receipts=tuple(tx.receipts_of_form(form_id)),
            settled=tuple(tx.settled_of(form_id)),
            replaces=tx.form(form.replaces) if form.replaces else None,
            replaced_by=tx.form_replacing(form_id),
            cases=tuple(tx.cases_of(form_id)),
            names={one.actor.staff_id: one.actor.name for one in tx.staff_register()},
            line=line_of(parts),
        )

    return ports.storage.write(read)


def _parts(
    tx: Transaction,
    form: Form,
    events: tuple[AuditEvent, ...],
    entries: tuple[tuple[Entry, datetime, str], ...],
) -> Parts:
    """Every strand of a form's life."""
    operations = tx.operations_of(form.form_id)
    exits = tx.exits_of(form.document_index)
    about = {
        *(one.reference for one in operations),
        *(one.joint_reference for one in operations if one.joint_reference),
        *(one.network_reference for one in tx.guarantees_of(form.form_id)),
    }
    return Parts(
        events=events,
        moved={one.event.event_id: one.moved for one in thread_of(events, entries)},
        entries=entries,
        operations=operations,
        notices=tx.notices_about(about),
        exits=[one for one in exits if one.exited_at >= form.issued_at],
        cases=[
            (case, one)
            for case in tx.cases_of(form.form_id)
            for one in tx.case_events(case.case_id)
        ],
    )
