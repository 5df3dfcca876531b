"""What operators do about cases: by one person, or asked for by one and approved by another."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from refund.core import ledger
from refund.core.case import Approval, Case, CaseKind, Fix
from refund.core.errors import Refused
from refund.core.operation import Operation, OperationState
from refund.core.people import Actor
from refund.ports import Ports
from refund.services.asking import LOOKING, Fixed, Outcome, ask_again
from refund.services.cases import (
    CaseFile,
    CaseRow,
    case_file,
    close,
    close_with_reason,
    decided,
    require_idle,
    the_open_case,
)
from refund.services.ends import write_off
from refund.services.intent import begin_end_of_hold, begin_extension, begin_pay_again
from refund.services.life import By, read_reason
from refund.services.match import match_new
from refund.services.pay import carry_out
from refund.services.reissue import replace_statement
from refund.services.situation import Offer, Situation, offers, propose_fix, situation_of
from refund.services.statements import clear_leftovers
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case with all that its page says; `standing` is how it stands by our own records."""

    file: CaseFile
    standing: Situation
    offers: tuple[Offer, ...]

    @property
    def case(self) -> Case:
        """The case itself."""
        return self.file.row.case

    def offer(self, fix: Fix) -> Offer | None:
        """A fix, where it can be done now."""
        return next((one for one in self.offers if one.fix is fix), None)


def view(ports: Ports, case_id: str) -> CaseView:
    """One case with its history, and what can be done about it now.

    Raises:
        Refused: `case_unknown`.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> CaseView:
        file = case_file(tx, case_id, now)
        standing = situation_of(tx, ports, file.row.case)
        found = offers(standing) if file.row.case.is_open else []
        return CaseView(file, standing, tuple(found))

    return ports.storage.read(read)


def proposed(ports: Ports, rows: Iterable[CaseRow]) -> dict[str, Fix]:
    """What is proposed for each case of a list, by the case's id."""

    def read(tx: Transaction) -> dict[str, Fix]:
        return {
            row.case.case_id: propose_fix(situation_of(tx, ports, row.case))
            for row in rows
            if row.case.is_open
        }

    return ports.storage.read(read)


def fix(
    ports: Ports, operator: Actor, case_id: str, fix: Fix, reason: str, seen: str = ""
) -> Fixed:
    """Do something about a case, or ask for it where a second person must approve.

    `seen` is the offer's word for what the person saw: what has changed since is not done.

    Raises:
        Refused: `case_unknown`, `case_closed`, `case_changed`, `case_under_way`, `approval_waits`,
            `fix_not_possible`; `network_unreachable` where it must be heard first; as
            `life.read_reason`.
    """
    text = read_reason(reason)
    if fix is Fix.EXPLAIN:
        return Fixed(close_with_reason(ports, operator, case_id, text), Outcome.DONE)
    if fix in LOOKING:
        return ask_again(ports, operator, case_id, fix, text)
    by = By(operator.label, ports.clock.now())

    def begin(tx: Transaction) -> Operation | Fixed:
        case = the_open_case(tx, case_id)
        require_idle(tx, case)
        offer, standing = _offer(tx, ports, case, fix, seen)
        if offer.needs_two:
            return _ask(tx, ports, case, offer, by, text)
        return _begin(tx, ports, standing, offer, by, text)

    return _carry_out(ports, case_id, ports.storage.write(begin))


def _offer(
    tx: Transaction, ports: Ports, case: Case, fix: Fix, seen: str
) -> tuple[Offer, Situation]:
    standing = situation_of(tx, ports, case)
    offer = next((one for one in offers(standing) if one.fix is fix), None)
    if offer is None:
        raise Refused("fix_not_possible")
    if seen not in ("", offer.seen):
        raise Refused("case_changed")
    return offer, standing


def _ask(tx: Transaction, ports: Ports, case: Case, offer: Offer, by: By, reason: str) -> Fixed:
    """Let the fix wait for a second person."""
    approval = Approval(
        approval_id=ports.ids.event_id(),
        case_id=case.case_id,
        fix=offer.fix,
        amount_fen=offer.amount_fen,
        reason=reason,
        asked_by=by.actor,
        asked_at=by.at,
        seen=offer.seen,
    )
    if not tx.add_approval(approval):
        raise Refused("approval_waits")
    owned = replace(case, owner=case.owner or by.actor)
    tx.take_case(case.case_id, owned.owner)
    _tell(tx, case, "asked", by, offer.fix, reason)
    return Fixed(owned, Outcome.WAITS)


def _tell(tx: Transaction, case: Case, kind: str, by: By, fix: Fix, reason: str) -> None:
    tx.add_case_event(case.case_id, kind, by.at, by.actor, f"{fix.value}: {reason}")


def approve(ports: Ports, operator: Actor, case_id: str, approval_id: str) -> Fixed:
    """Approve what somebody else asked for, and carry it out.

    Raises:
        Refused: `second_person_needed` for whoever asked; `approval_decided`; `case_changed` when
            things are not as that person saw them; `case_unknown`, `case_closed`.

    Source: project decision (two persons above 1,000 yuan).
    """
    by = By(operator.label, ports.clock.now())

    def begin(tx: Transaction) -> Operation | Fixed:
        case, approval = _request(tx, case_id, approval_id)
        if approval.asked_by == by.actor:
            raise Refused("second_person_needed")
        offer, standing = _offer(tx, ports, case, approval.fix, approval.seen)
        if not tx.decide_approval(decided(approval, by, is_approved=True)):
            raise Refused("approval_decided")
        _tell(tx, case, "approved", by, approval.fix, approval.reason)
        return _begin(tx, ports, standing, offer, by, approval.reason)

    fixed = _carry_out(ports, case_id, ports.storage.write(begin))
    if fixed.case.fix is Fix.REPLACE_STATEMENT:
        match_new(ports)
    return fixed


def decline(ports: Ports, operator: Actor, case_id: str, approval_id: str, reason: str) -> Case:
    """Decline what somebody else asked for, or take back one's own request.

    A statement that is offered, and that another person declines, is given up with its case.

    Raises:
        Refused: `approval_decided`, `case_unknown`, `case_closed`; as `life.read_reason`.
    """
    text = read_reason(reason)
    by = By(operator.label, ports.clock.now())

    def write(tx: Transaction) -> Case:
        case, approval = _request(tx, case_id, approval_id)
        if not tx.decide_approval(decided(approval, by, is_approved=False)):
            raise Refused("approval_decided")
        kind = "taken_back" if approval.asked_by == by.actor else "declined"
        _tell(tx, case, kind, by, approval.fix, text)
        if approval.fix is Fix.REPLACE_STATEMENT and kind == "declined":
            close(tx, replace(case, fix=Fix.EXPLAIN, fixed_by=by.actor), by, text)
        return case

    found = ports.storage.write(write)
    if found.kind is CaseKind.STATEMENT_REISSUED:
        clear_leftovers(ports)
    return found


def _request(tx: Transaction, case_id: str, approval_id: str) -> tuple[Case, Approval]:
    case = the_open_case(tx, case_id)
    approval = tx.approval_of(case_id)
    if approval is None or approval.approval_id != approval_id:
        raise Refused("approval_decided")
    return case, approval


def _begin(
    tx: Transaction, ports: Ports, standing: Situation, offer: Offer, by: By, reason: str
) -> Operation | Fixed:
    """Do at once what our books alone can do; store the intent of what the network must do."""
    case, form = standing.case, standing.form
    begun = replace(
        case, owner=by.actor, fix=offer.fix, fixed_by=by.actor, reason=reason, under_way="-"
    )
    tx.begin_fix(begun)
    _tell(tx, case, "fixed", by, offer.fix, reason)
    operation: Operation | None = None
    match offer.fix:
        case Fix.POST_THEIRS | Fix.REVERSE_OURS:
            entry = ledger.difference_entry(case.case_id, "", standing.difference_fen)
            tx.post(replace(entry, reason=reason), case.store_number, by.actor, by.at)
        case Fix.TAKE_BACK if posted := tx.entry(f"{case.subject}-difference"):
            tx.post(ledger.reversal(posted, reason), case.store_number, by.actor, by.at)
        case Fix.REPLACE_STATEMENT:
            replace_statement(tx, ports, case, by, reason)
        case Fix.WRITE_OFF if form is not None:
            write_off(tx, ports, form, by, reason, kept=standing.kept_event)
        case Fix.RELEASE | Fix.CAPTURE if form is not None and offer.event is not None:
            operation = begin_end_of_hold(tx, ports, form, offer.event, by.actor, reason)
        case Fix.PAY_AGAIN if form is not None:
            operation = begin_pay_again(tx, ports, form, offer.amount_fen, by.actor, reason)
        case Fix.EXTEND if form is not None and standing.hold is not None:
            operation = begin_extension(tx, ports, form, standing.hold, by.actor)
        case _:
            raise Refused("fix_not_possible")
    if operation is None:
        # What ended the form may have closed its cases already, this one among them.
        close(tx, begun, by, reason)
        return Fixed(begun, Outcome.DONE)
    tx.begin_fix(replace(begun, under_way=operation.reference))
    return operation


def _carry_out(ports: Ports, case_id: str, begun: Operation | Fixed) -> Fixed:
    """Ask the network what was begun, and close the case where it said yes."""
    if isinstance(begun, Fixed):
        return begun
    carry_out(ports, begun)
    return ports.storage.write(lambda tx: finish(tx, ports, case_id))


def finish(tx: Transaction, ports: Ports, case_id: str) -> Fixed:
    """Close a case whose fix the network has carried out, or leave it open for another one."""
    case = tx.hold_case(case_id)
    if case is None:
        raise Refused("case_unknown")
    if not case.is_open or not case.under_way:
        return Fixed(case, Outcome.REFUSED if case.is_open else Outcome.DONE)
    operation = tx.operation(case.under_way)
    if operation is None or operation.state is OperationState.PENDING:
        return Fixed(case, Outcome.UNDER_WAY)
    by = By(case.fixed_by, ports.clock.now())
    if not operation.refusal:
        close(tx, case, by, case.reason)
        return Fixed(case, Outcome.DONE)
    tx.begin_fix(replace(case, fix=None, fixed_by="", reason="", under_way=""))
    refused = f"{'' if case.fix is None else case.fix.value}: {operation.refusal}"
    tx.add_case_event(case_id, "refused", by.at, by.actor, refused)
    return Fixed(case, Outcome.REFUSED, operation.refusal)


def finish_fixes(ports: Ports) -> int:
    """Close every case whose fix the network has answered meanwhile; how many there were."""
    waiting = ports.storage.read(lambda tx: tx.cases_under_way())
    return sum(_is_finished(ports, case.case_id) for case in waiting)


def _is_finished(ports: Ports, case_id: str) -> bool:
    found = ports.storage.write(lambda tx: finish(tx, ports, case_id))
    return found.outcome is not Outcome.UNDER_WAY
