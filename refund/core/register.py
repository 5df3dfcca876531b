"""What can happen to a store of the register: each act, when it is open, and what it makes of it.

What people decided by an act outranks a file: see `merged`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from refund.core.calendar import day_of, last_day
from refund.core.errors import Refused
from refund.core.store import (
    Filing,
    Standing,
    Store,
    StoreStatus,
    has_agreement_on,
    obstacles,
    planned_at,
    standing_at,
)


class Act(Enum):
    """What happens to a store; each time one event of its history."""

    RECEIVE = "receive"
    ACCEPT = "accept"
    REJECT = "reject"
    CHANGE = "change"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    WITHDRAW = "withdraw"
    AGREE = "agree"
    END = "end"
    IMPORT = "import"


STANDING_AFTER: dict[Act, StoreStatus] = {
    Act.SUSPEND: StoreStatus.SUSPENDED,
    Act.RESUME: StoreStatus.ACTIVE,
    Act.TERMINATE: StoreStatus.TERMINATED,
}
"""The acts that change where a store stands. Source: SAT 41/2015 (termination is final)."""

OF_STANDING = frozenset({*STANDING_AFTER, Act.WITHDRAW})
OF_FILING = frozenset({Act.RECEIVE, Act.ACCEPT, Act.REJECT})
OF_AGREEMENT = frozenset({Act.AGREE, Act.END})

_STRICTNESS = (StoreStatus.ACTIVE, StoreStatus.SUSPENDED, StoreStatus.TERMINATED)


@dataclass(frozen=True, slots=True)
class StoreEvent:
    """One act in a store's history; `sequence` counts from 1, `facts` are plain values."""

    event_id: str
    store_number: int
    sequence: int
    act: Act
    at: datetime
    actor: str
    reason: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoreDetails:
    """What a store reports when it changes."""

    name_zh: str
    name_en: str
    address_zh: str
    address_en: str
    phone: str
    tax_credit_grade: str
    general_taxpayer: bool
    goods_ledger_kept: bool
    sign_displayed: bool


DETAILS = tuple(StoreDetails.__dataclass_fields__)
"""The fields of a store that a change can touch."""

_OF_THE_FILE = (*DETAILS, "taxpayer_number", "illustrative", "source", "note")


def open_acts(store: Store, at: datetime) -> tuple[Act, ...]:
    """The acts that are possible now; none once a store is terminated."""
    status = standing_at(store, at).status
    if status is StoreStatus.TERMINATED:
        return ()
    acts = [Act.CHANGE]
    if store.filing is Filing.RECEIVED:
        acts = [Act.ACCEPT, Act.REJECT, Act.CHANGE]
    elif store.filed_on is None:
        acts = [Act.RECEIVE, Act.CHANGE]
    if store.filed_on is not None:
        is_over = store.instant_to is not None and store.instant_to < day_of(at)
        acts.append(Act.AGREE if store.instant_from is None or is_over else Act.END)
        acts.append(Act.RESUME if status is StoreStatus.SUSPENDED else Act.SUSPEND)
        acts.append(Act.TERMINATE)
    if planned_at(store, at) is not None:
        acts.append(Act.WITHDRAW)
    return tuple(acts)


def require_open(store: Store, act: Act, at: datetime) -> None:
    """Let an act pass that is possible now.

    Raises:
        Refused: `store_act_closed`.
    """
    if act not in open_acts(store, at):
        raise Refused("store_act_closed", act=act.value, status=standing_at(store, at).status.value)


def set_standing(store: Store, act: Act, at: datetime, effective_at: datetime | None) -> Store:
    """Suspend, resume or terminate a store, at once or from a moment that is still to come.

    What was planned before gives way.

    Raises:
        Refused: `store_act_closed`; `moment_passed` for a moment that lies behind.

    Source: SAT 41/2015; a suspension that counts from its very second is a project decision.
    """
    require_open(store, act, at)
    if effective_at is not None and effective_at < at:
        raise Refused("moment_passed", "effective_at", now=at)
    return replace(
        store,
        status=STANDING_AFTER[act],
        status_from=at if effective_at is None else effective_at,
        before=standing_at(store, at),
    )


def withdraw_plan(store: Store, at: datetime) -> Store:
    """Drop what was decided for a moment that is still to come.

    Raises:
        Refused: `store_act_closed` when nothing is planned.
    """
    require_open(store, Act.WITHDRAW, at)
    return replace(store, status=store.before.status, status_from=store.before.since)


def receive_filing(store: Store, received_on: date, at: datetime) -> Store:
    """Take in a store's application.

    Raises:
        Refused: `store_act_closed` for a store that is filed; `date_in_future`.
    """
    require_open(store, Act.RECEIVE, at)
    if received_on > day_of(at):
        raise Refused("date_in_future", "received_on")
    return replace(store, filing=Filing.RECEIVED, received_on=received_on)


def accept_filing(store: Store, at: datetime) -> Store:
    """Accept an application: from this day on the store may issue forms.

    Raises:
        Refused: `store_act_closed`; `filing_conditions` names the conditions that are not met.

    Source: SAT 41/2015, SAT 11/2025 (conditions of a refund store).
    """
    require_open(store, Act.ACCEPT, at)
    missing = tuple(word for word in obstacles(store, at) if word != "not_filed")
    if missing:
        raise Refused("filing_conditions", obstacles=missing)
    return replace(store, filing=Filing.ACCEPTED, filed_on=day_of(at))


def reject_filing(store: Store, at: datetime) -> Store:
    """Reject an application; the store can apply again.

    Raises:
        Refused: `store_act_closed`.
    """
    require_open(store, Act.REJECT, at)
    return replace(store, filing=Filing.REJECTED)


def change_details(store: Store, details: StoreDetails, changed_on: date, at: datetime) -> Store:
    """Change what a store reported.

    Raises:
        Refused: `store_act_closed`; `date_in_future`; `nothing_changed`.
    """
    require_open(store, Act.CHANGE, at)
    if changed_on > day_of(at):
        raise Refused("date_in_future", "changed_on")
    after = replace(store, **{name: getattr(details, name) for name in DETAILS})
    if after == store:
        raise Refused("nothing_changed")
    return after


def is_reported_late(changed_on: date, at: datetime, most_days: int) -> bool:
    """Whether a store reported a change later than within so many days.

    Source: SAT 41/2015.
    """
    return day_of(at) > last_day(changed_on, most_days)


def agree_on_advances(store: Store, first: date, last: date | None, at: datetime) -> Store:
    """Note the agreement on advances, from a day to a day or open, both days included.

    Raises:
        Refused: `store_act_closed` while an agreement counts or is to come; `day_passed` for a
            first day that lies behind; `dates_reversed`.

    Source: SAT 9/2025.
    """
    require_open(store, Act.AGREE, at)
    if first < day_of(at):
        raise Refused("day_passed", "instant_from", today=day_of(at))
    if last is not None and last < first:
        raise Refused("dates_reversed", "instant_to", first=first, last=last)
    return replace(store, instant_from=first, instant_to=last)


def end_agreement(store: Store, last: date, at: datetime) -> Store:
    """Set the last day of the agreement on advances; an agreement that never began is dropped.

    Raises:
        Refused: `store_act_closed` when there is none; `day_passed` for a last day that lies
            behind.

    Source: SAT 9/2025.
    """
    require_open(store, Act.END, at)
    today = day_of(at)
    if last < today:
        raise Refused("day_passed", "instant_to", today=today)
    if not has_agreement_on(store, today) and store.instant_from and last < store.instant_from:
        return replace(store, instant_from=None, instant_to=None)
    return replace(store, instant_to=last)


def merged(
    store: Store, given: Store, at: datetime, acts: Collection[Act]
) -> tuple[Store, tuple[str, ...]]:
    """What a file makes of a store that the register has, and what of the file does not count.

    Names, addresses, telephone and conditions are the file's. Filing, agreement and standing are
    the file's only as long as nobody has decided on them by an act; and a file can suspend or
    terminate a store, but never resume it.

    Returns:
        The store, and words among `status`, `filed_on`, `instant` for what stays as it was.

    Source: project decision.
    """
    after = replace(store, **{name: getattr(given, name) for name in _OF_THE_FILE})
    kept: list[str] = []
    if given.status is not store.status:
        stricter = _STRICTNESS.index(given.status) > _STRICTNESS.index(store.status)
        if stricter and not OF_STANDING & set(acts):
            before = standing_at(store, at)
            after = replace(after, status=given.status, status_from=at, before=before)
        else:
            kept.append("status")
    if given.filed_on != store.filed_on:
        if OF_FILING & set(acts):
            kept.append("filed_on")
        else:
            after = replace(after, filed_on=given.filed_on)
    if (given.instant_from, given.instant_to) != (store.instant_from, store.instant_to):
        if OF_AGREEMENT & set(acts):
            kept.append("instant")
        else:
            after = replace(after, instant_from=given.instant_from, instant_to=given.instant_to)
    return after, tuple(kept)


def differences(before: Store, after: Store) -> dict[str, list[object]]:
    """What changed of a store, each with the value before and after, in plain values."""
    return {
        name: [_plain(getattr(before, name)), _plain(getattr(after, name))]
        for name in Store.__dataclass_fields__
        if name not in ("version", "before") and getattr(before, name) != getattr(after, name)
    }


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case Standing():
            raise TypeError(value)
        case _:
            return value
