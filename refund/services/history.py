"""How a form and the books stood at a moment that is over, from what was written down by then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from refund.core.calendar import day_of
from refund.core.case import Case
from refund.core.customs import Verification
from refund.core.entitlement import GoodsReturn
from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.core.ledger import Account, Entry, balance_fen
from refund.core.matching import ExitRecord
from refund.core.operation import Guarantee, Operation, OperationState
from refund.core.trail import AuditEvent
from refund.ports import Ports
from refund.services.life import the_form
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class BooksThen:
    """The trial balance of a moment: every account's debits less its credits, fen."""

    at: datetime
    balances: Mapping[Account, int]

    @property
    def debit_fen(self) -> int:
        """All balances on the debit side."""
        return sum(fen for fen in self.balances.values() if fen > 0)

    @property
    def credit_fen(self) -> int:
        """All balances on the credit side; equal to the debits."""
        return -sum(fen for fen in self.balances.values() if fen < 0)


@dataclass(frozen=True, slots=True)
class FormThen:
    """A form at a moment, as the service knew it then; nothing of the traveller's identity.

    Args:
        form: with the state and version of then.
        status: None before it was issued.
        money: what its entries came to, account by account, fen; none that is zero.
        guarantees: its holds with the terms and the state of then.
        operations: what was asked of the network, with what was heard by then.
        exits: departures that were recorded by then.
        cases: those that were open then.
    """

    at: datetime
    form: Form
    status: Status | None
    money: Mapping[Account, int]
    guarantees: tuple[Guarantee, ...]
    operations: tuple[Operation, ...]
    entries: tuple[tuple[Entry, datetime, str], ...]
    events: tuple[AuditEvent, ...]
    verifications: tuple[Verification, ...]
    returns: tuple[GoodsReturn, ...]
    exits: tuple[ExitRecord, ...]
    cases: tuple[Case, ...]


def books_at(ports: Ports, at: datetime) -> BooksThen:
    """The trial balance of a moment, with what was posted at it.

    Raises:
        Refused: `date_in_future`.
    """
    _require_past(ports, at)
    found = ports.storage.read(lambda tx: tx.balances_at(at, day_of(at)))
    return BooksThen(at, {account: found[account.value] for account in Account})


def form_at(ports: Ports, form_id: str, at: datetime) -> FormThen:
    """A form as it stood at a moment, with what happened at it.

    Raises:
        Refused: `form_unknown`, `date_in_future`.
    """
    _require_past(ports, at)
    return ports.storage.read(lambda tx: _form_then(tx, the_form(tx, form_id), at))


def _require_past(ports: Ports, at: datetime) -> None:
    if at > ports.clock.now():
        raise Refused("date_in_future", "at")


def _form_then(tx: Transaction, form: Form, at: datetime) -> FormThen:
    form_id = form.form_id
    events = tuple(one for one in tx.events_of(form_id) if one.at <= at)
    entries = tuple(one for one in tx.entries_of(form_id) if one[1] <= at)
    then = _status_then(form, events)
    is_issued = form.issued_at <= at
    came_back = {entry.event_key for entry, _, _ in entries if entry.kind == "payout_returned"}
    asked = [one for one in tx.operations_of(form_id) if one.created_at <= at]
    exits = tx.exits_of(form.document_index) if is_issued else ()
    return FormThen(
        at=at,
        form=then,
        status=then.status if is_issued else None,
        money=_money(entries),
        guarantees=tuple(tx.guarantees_at(form_id, at)),
        operations=tuple(_operation_then(one, came_back, at) for one in asked),
        entries=entries,
        events=events,
        verifications=tuple(one for one in tx.verifications_of(form_id) if one.verified_at <= at),
        returns=tuple(one for one in tx.returns_of(form_id) if one.returned_at <= at),
        exits=tuple(one for one in exits if one.recorded_at <= at),
        cases=tuple(one for one in tx.cases_of(form_id) if _was_open(one, at)),
    )


def _status_then(form: Form, events: tuple[AuditEvent, ...]) -> Form:
    """The form with the state that its last change by then led to."""
    changes = [one for one in events if one.version]
    if not changes:
        return replace(form, status=Status.ISSUED, version=0)
    last = max(changes, key=lambda one: one.version)
    return replace(form, status=Status(last.to_status), version=last.version)


def _operation_then(operation: Operation, came_back: set[str], at: datetime) -> Operation:
    """An operation with what was heard of it by then."""
    if operation.answered_at is None or operation.answered_at > at:
        return replace(
            operation,
            state=OperationState.PENDING,
            refusal="",
            network_id="",
            answered_at=None,
            charged_fen=0,
        )
    is_back = operation.state is OperationState.RETURNED
    if is_back and f"{operation.reference}-returned" not in came_back:
        return replace(operation, state=OperationState.SUCCEEDED)
    return operation


def _money(entries: tuple[tuple[Entry, datetime, str], ...]) -> dict[Account, int]:
    sums: dict[Account, int] = {}
    for entry, _, _ in entries:
        for posting in entry.postings:
            sums[posting.account] = sums.get(posting.account, 0) + balance_fen((posting,))
    return {account: sums[account] for account in Account if sums.get(account)}


def _was_open(case: Case, at: datetime) -> bool:
    return case.opened_at <= at and (case.closed_at is None or case.closed_at > at)
