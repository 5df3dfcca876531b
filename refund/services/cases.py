"""Cases: opened once for each anomaly, taken, noted on, and closed with a reason."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import TypedDict, Unpack

from refund.core.case import MATCH, Approval, Case, CaseEvent, CaseKind, Fix
from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.people import WORKER, Actor
from refund.ports import Ports
from refund.services.life import By, read_reason
from refund.transaction import Transaction


class About(TypedDict, total=False):
    """What is known of an anomaly; `found_at` is now unless it began before."""

    form_id: str
    store_number: int
    amount_fen: int
    facts: Mapping[str, object]
    found_at: datetime | None


def open_case(
    tx: Transaction, ports: Ports, kind: CaseKind, subject: str, **about: Unpack[About]
) -> bool:
    """Open a case for an anomaly, once while it stands.

    Where one is open already it is told what is known now; its age, owner and history stay. A
    break of the match that a person has settled is not opened again, unless its rows changed.

    Returns:
        Whether it is new.
    """
    now = ports.clock.now()
    form_id, facts = about.get("form_id", ""), _as_stored(about.get("facts", {}))
    amount_fen = about.get("amount_fen", 0)
    if kind in MATCH and _is_settled(tx, tx.last_case_of(kind, subject), amount_fen, facts):
        return False
    case = Case(
        case_id=ports.ids.event_id(),
        kind=kind,
        subject=subject,
        form_id=form_id,
        store_number=about.get("store_number", 0) or _store_number(tx, form_id),
        amount_fen=amount_fen,
        facts=facts,
        found_at=about.get("found_at") or now,
        opened_at=now,
    )
    if tx.add_case(case):
        tx.add_case_event(case.case_id, "opened", now, WORKER, "")
        return True
    known = tx.open_case_of(kind, subject)
    if known is not None and (known.amount_fen, known.facts) != (amount_fen, facts):
        tx.renew_case(known.case_id, amount_fen, facts)
        if known.amount_fen != amount_fen:
            tx.add_case_event(known.case_id, "seen_again", now, WORKER, "")
    return False


def _as_stored(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts as they are read back, so that the same ones are equal."""
    stored: dict[str, object] = json.loads(json.dumps(facts))
    return stored


def _is_settled(
    tx: Transaction, last: Case | None, amount_fen: int, facts: Mapping[str, object]
) -> bool:
    """Whether a person has closed a case of exactly these rows, and what it posted still stands."""
    if last is None or last.is_open or last.closed_by == WORKER:
        return False
    if tx.has_entry(f"{last.case_id}-difference-reversed"):
        return False
    return (last.amount_fen, _said(last.facts)) == (amount_fen, _said(facts))


def _said(value: object) -> object:
    """What rows say but for a line's number, which differs where a day was issued anew."""
    if isinstance(value, Mapping):
        return {name: _said(each) for name, each in value.items() if name != "line"}
    return [_said(each) for each in value] if isinstance(value, list) else value


def _store_number(tx: Transaction, form_id: str) -> int:
    form = tx.form(form_id) if form_id else None
    return 0 if form is None else form.store_number


def close_by_itself(tx: Transaction, ports: Ports, kind: CaseKind, subject: str, why: str) -> bool:
    """Close the open case of an anomaly that is gone; `why` says how, in words or a code.

    Where a person had asked the network for a fix, the case is closed as fixed by that person.

    Returns:
        Whether one was open.
    """
    return close_all_by_themselves(tx, ports, (kind,), subject, why)


def close_all_by_themselves(
    tx: Transaction, ports: Ports, kinds: Collection[CaseKind], subject: str, why: str
) -> bool:
    """Close the open cases of some kinds for a subject, as `close_by_itself` does each.

    Returns:
        Whether any was open.
    """
    now = ports.clock.now()
    closed = [_close_by_itself(tx, case, now, why) for case in tx.open_cases_of(kinds, subject)]
    return any(closed)


def _close_by_itself(tx: Transaction, case: Case, now: datetime, why: str) -> bool:
    if case.under_way:
        return close(tx, case, By(case.fixed_by, now), case.reason)
    return close(tx, replace(case, fix=None), By(WORKER, now), why)


def close(tx: Transaction, case: Case, by: By, reason: str) -> bool:
    """Close a case once, and with it the request for a second person that waits.

    A statement that is offered, and does not count by then, is given up with its case.

    Returns:
        False when it was closed before.
    """
    closed = replace(case, closed_at=by.at, closed_by=by.actor, reason=reason)
    if not tx.close_case(closed):
        return False
    if case.kind is CaseKind.STATEMENT_REISSUED:
        tx.give_up_offer(date.fromisoformat(case.subject))
    waiting = tx.approval_of(case.case_id)
    if waiting is not None:
        tx.decide_approval(decided(waiting, By(WORKER, by.at), is_approved=False))
    tx.add_case_event(case.case_id, "closed", by.at, by.actor, reason)
    return True


def decided(approval: Approval, by: By, *, is_approved: bool) -> Approval:
    """A request with what was decided about it."""
    return replace(approval, decided_by=by.actor, decided_at=by.at, is_approved=is_approved)


def the_open_case(tx: Transaction, case_id: str) -> Case:
    """A case that is open, and that nobody else changes until the transaction ends.

    Raises:
        Refused: `case_unknown`, `case_closed`.
    """
    case = tx.hold_case(case_id)
    if case is None:
        raise Refused("case_unknown")
    if not case.is_open:
        raise Refused("case_closed", by=case.closed_by, at=case.closed_at)
    return case


def require_idle(tx: Transaction, case: Case) -> None:
    """Refuse to do anything about a case about which something is being done.

    Raises:
        Refused: `case_under_way`, `approval_waits`.
    """
    if case.under_way:
        raise Refused("case_under_way")
    if tx.approval_of(case.case_id) is not None:
        raise Refused("approval_waits")


def take(ports: Ports, operator: Actor, case_id: str, seen_owner: str) -> Case:
    """Make a case one's own, if it belongs to whom the page said, or to nobody.

    Raises:
        Refused: `case_unknown`, `case_closed`; `case_changed` when somebody else took it first.
    """

    def write(tx: Transaction) -> Case:
        case = the_open_case(tx, case_id)
        if case.owner == operator.label:
            return case
        if case.owner != seen_owner:
            raise Refused("case_changed")
        tx.take_case(case_id, operator.label)
        tx.add_case_event(case_id, "taken", ports.clock.now(), operator.label, "")
        return replace(case, owner=operator.label)

    return ports.storage.write(write)


def note_on(ports: Ports, operator: Actor, case_id: str, text: str) -> None:
    """Add what somebody found out to a case's history.

    Raises:
        Refused: `case_unknown`, `case_closed`; as `life.read_reason`, of the field `note`.
    """
    try:
        said = read_reason(text)
    except Refused as refused:
        raise refused.at("note") from None

    def write(tx: Transaction) -> None:
        the_open_case(tx, case_id)
        tx.add_case_event(case_id, "noted", ports.clock.now(), operator.label, said)

    ports.storage.write(write)


def close_with_reason(ports: Ports, operator: Actor, case_id: str, reason: str) -> Case:
    """Close a case about which nothing is to be done: the reason says why.

    Raises:
        Refused: `case_unknown`, `case_closed`, `case_under_way`, `approval_waits`; as
            `life.read_reason`.
    """
    text = read_reason(reason)

    def write(tx: Transaction) -> Case:
        case = the_open_case(tx, case_id)
        require_idle(tx, case)
        explained = replace(case, fix=Fix.EXPLAIN, fixed_by=operator.label)
        close(tx, explained, By(operator.label, ports.clock.now()), text)
        return explained

    return ports.storage.write(write)


class Whose(Enum):
    """Which cases a list is of."""

    ALL = "all"
    MINE = "mine"
    NOBODYS = "nobodys"


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case on a list, with the form that it concerns and the request that waits."""

    case: Case
    form: Form | None
    approval: Approval | None
    age: timedelta


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many cases of a kind are open, their sum, and how old the oldest is."""

    count: int
    amount_fen: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class CaseList:
    """The work queue: what is to be decided by this person, and the cases, oldest first.

    `counts` is of all that are open, whatever the list shows; `names` are the staff's by label.
    """

    now: datetime
    rows: tuple[CaseRow, ...]
    counts: Mapping[CaseKind, KindCount]
    for_me: tuple[CaseRow, ...]
    of_mine: tuple[CaseRow, ...]
    names: Mapping[str, str]

    @property
    def count(self) -> int:
        """How many cases are open."""
        return sum(one.count for one in self.counts.values())

    @property
    def amount_fen(self) -> int:
        """What is at stake in all of them."""
        return sum(one.amount_fen for one in self.counts.values())

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest is known."""
        return min((one.oldest for one in self.counts.values()), default=None)


LIST_MAX = 100
"""Cases that a list shows at most."""


def work_queue(
    ports: Ports,
    operator: Actor,
    kinds: Collection[CaseKind] = (),
    whose: Whose = Whose.ALL,
    limit: int = LIST_MAX,
) -> CaseList:
    """Open cases, oldest first, and the requests that wait for a second person."""
    owner = {Whose.ALL: None, Whose.MINE: operator.label, Whose.NOBODYS: ""}[whose]

    def read(tx: Transaction) -> CaseList:
        waiting = tx.approvals_waiting()
        asked = [_row(tx, tx.case(one.case_id), ports.clock.now()) for one in waiting]
        requests = [row for row in asked if row is not None and row.approval is not None]
        mine = operator.label
        return CaseList(
            now=ports.clock.now(),
            rows=_rows(tx, tx.open_cases(kinds, owner, limit), ports.clock.now()),
            counts={kind: KindCount(*one) for kind, one in tx.count_open_cases().items()},
            for_me=tuple(row for row in requests if _asked_by(row) != mine),
            of_mine=tuple(row for row in requests if _asked_by(row) == mine),
            names=staff_names(tx),
        )

    return ports.storage.read(read)


def _asked_by(row: CaseRow) -> str:
    return "" if row.approval is None else row.approval.asked_by


def _rows(tx: Transaction, cases: Collection[Case], now: datetime) -> tuple[CaseRow, ...]:
    found = (_row(tx, case, now) for case in cases)
    return tuple(row for row in found if row is not None)


def _row(tx: Transaction, case: Case | None, now: datetime) -> CaseRow | None:
    if case is None:
        return None
    form = tx.form(case.form_id) if case.form_id else None
    until = case.closed_at or now
    return CaseRow(case, form, tx.approval_of(case.case_id), until - case.found_at)


def staff_names(tx: Transaction) -> dict[str, str]:
    """The staff's names by the label under which each acts."""
    return {one.actor.label: one.actor.name for one in tx.staff_register()}


def closed_lately(
    ports: Ports, limit: int = LIST_MAX
) -> tuple[tuple[CaseRow, ...], dict[str, str]]:
    """The cases that were closed last, and the staff's names by label."""

    def read(tx: Transaction) -> tuple[tuple[CaseRow, ...], dict[str, str]]:
        return _rows(tx, tx.closed_cases(limit), ports.clock.now()), staff_names(tx)

    return ports.storage.read(read)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case with its history; `others` are further cases of its form."""

    row: CaseRow
    events: tuple[CaseEvent, ...]
    others: tuple[Case, ...]
    names: Mapping[str, str]


def case_file(tx: Transaction, case_id: str, now: datetime) -> CaseFile:
    """One case, open or closed, with what happened to it.

    Raises:
        Refused: `case_unknown`.
    """
    row = _row(tx, tx.case(case_id), now)
    if row is None:
        raise Refused("case_unknown")
    form_id = row.case.form_id
    others = [one for one in tx.cases_of(form_id) if one.case_id != case_id] if form_id else []
    return CaseFile(row, tuple(tx.case_events(case_id)), tuple(others), staff_names(tx))
