"""Cases about what the network says: it is asked for its word once more, by a person."""

from dataclasses import dataclass, replace
from enum import Enum

from refund.core.calendar import parse_day
from refund.core.case import Case, Fix
from refund.core.errors import Refused
from refund.core.operation import ORDER, Answer, News, Operation, OperationState
from refund.core.people import Actor
from refund.ports import NetworkSilent, Ports
from refund.services.cases import close, require_idle, the_open_case
from refund.services.life import By
from refund.services.pay import carry_out, record_answer, refusal_of
from refund.services.reissue import offer_reissued
from refund.services.situation import offers, situation_of
from refund.services.statements import fetch
from refund.transaction import Transaction

LOOKING = frozenset({Fix.LOOK_UP, Fix.TREAT_AS_REFUSED, Fix.FETCH, Fix.ASK_BEFORE})
"""Fixes that begin with a question to the network, and are decided by what it says."""

NEVER_ARRIVED = "never_arrived"
"""Why a request counts as refused that the network never booked."""


class Outcome(Enum):
    """What became of a fix."""

    DONE = "done"
    WAITS = "waits"
    UNDER_WAY = "under_way"
    REFUSED = "refused"
    OFFERED = "offered"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A case after a fix: done, waiting for a second person or the network, or refused by it.

    After `offered` it is the new case, of the statement that is offered.
    """

    case: Case
    outcome: Outcome
    refusal: str = ""


def ask_again(ports: Ports, operator: Actor, case_id: str, fix: Fix, reason: str) -> Fixed:
    """Ask the network for its word on a case's request, and take in what it says.

    Where it never booked the request, that can be taken as a no, if it is asked for no more. A
    day's statement is fetched; of the days before one the earliest that is other now is offered.

    Raises:
        Refused: `network_unreachable`, `case_unknown`, `case_closed`, `case_under_way`,
            `approval_waits`, `fix_not_possible`; as `statements.fetch`, `offer_reissued`.
    """
    if fix is Fix.ASK_BEFORE:
        return _ask_before(ports, operator, case_id, reason)
    if fix is Fix.FETCH:
        return _fetch(ports, operator, case_id, reason)
    operation = ports.storage.write(lambda tx: _asked_about(tx, ports, case_id, fix))
    try:
        answer = ports.network.look_up(operation.sent_reference)
    except NetworkSilent:
        raise Refused("network_unreachable") from None
    if answer is None and fix is Fix.TREAT_AS_REFUSED:
        answer = refusal_of(operation, NEVER_ARRIVED)
    if answer is not None:
        following = record_answer(ports, operation, answer)
        if isinstance(following, Operation):
            carry_out(ports, following)
    by = By(operator.label, ports.clock.now())
    return ports.storage.write(lambda tx: _after(tx, case_id, operation, answer, (fix, by, reason)))


def _asked_about(tx: Transaction, ports: Ports, case_id: str, fix: Fix) -> Operation:
    case = the_open_case(tx, case_id)
    require_idle(tx, case)
    standing = situation_of(tx, ports, case)
    if standing.operation is None or all(one.fix is not fix for one in offers(standing)):
        raise Refused("fix_not_possible")
    return standing.operation


def _after(
    tx: Transaction,
    case_id: str,
    operation: Operation,
    answer: Answer | None,
    done: tuple[Fix, By, str],
) -> Fixed:
    """Note what was heard, and close the case where it answers it."""
    fix, by, reason = done
    case, known = tx.hold_case(case_id), tx.operation(operation.reference)
    if case is None or known is None:
        raise Refused("case_unknown")
    heard = "unknown_there" if answer is None else answer.heard.value
    tx.add_case_event(case_id, "looked_up", by.at, by.actor, heard)
    if case.is_open and not _is_answered(known, answer):
        return Fixed(case, Outcome.UNDER_WAY)
    fixed = replace(case, fix=fix, fixed_by=by.actor)
    close(tx, fixed, by, reason)
    return Fixed(fixed, Outcome.DONE)


def _is_answered(known: Operation, answer: Answer | None) -> bool:
    """Whether the request has its answer, and the network's last word does not contradict it."""
    if answer is None:
        return known.state is OperationState.REFUSED
    if known.state is OperationState.PENDING:
        return False
    return ORDER[known.state, answer.heard] is not News.CONTRADICTION


def _fetch(ports: Ports, operator: Actor, case_id: str, reason: str) -> Fixed:
    """Fetch the statement that a case is about; once it is taken in the case is over."""
    case = ports.storage.write(lambda tx: _idle(tx, ports, case_id, Fix.FETCH))
    fetch(ports, parse_day(case.subject, "day"), operator.label)
    by = By(operator.label, ports.clock.now())

    def note_it(tx: Transaction) -> Fixed:
        current = tx.hold_case(case_id) or case
        tx.add_case_event(case_id, "fetched", by.at, by.actor, reason)
        fixed = replace(current, fix=Fix.FETCH, fixed_by=by.actor)
        close(tx, fixed, by, reason)
        return Fixed(fixed, Outcome.DONE)

    return ports.storage.write(note_it)


def _ask_before(ports: Ports, operator: Actor, case_id: str, reason: str) -> Fixed:
    """Offer the day that was issued anew; the case stays until its own statement is taken in."""
    case = ports.storage.write(lambda tx: _idle(tx, ports, case_id, Fix.ASK_BEFORE))
    offered = offer_reissued(ports, parse_day(case.subject, "day"), operator.label)
    by = By(operator.label, ports.clock.now())
    detail = f"{offered.subject}: {reason}"
    ports.storage.write(lambda tx: tx.add_case_event(case_id, "offered", by.at, by.actor, detail))
    return Fixed(offered, Outcome.OFFERED)


def _idle(tx: Transaction, ports: Ports, case_id: str, fix: Fix) -> Case:
    case = the_open_case(tx, case_id)
    require_idle(tx, case)
    if all(one.fix is not fix for one in offers(situation_of(tx, ports, case))):
        raise Refused("fix_not_possible")
    return case
