"""The register of stores: filings, changes, suspension, termination, agreements on advances.

Every act is one event of the store's history and one version of its row, in one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.ids import STORE_NUMBER_MAX
from refund.core.register import (
    Act,
    StoreDetails,
    StoreEvent,
    accept_filing,
    agree_on_advances,
    change_details,
    differences,
    end_agreement,
    is_reported_late,
    receive_filing,
    reject_filing,
    set_standing,
    withdraw_plan,
)
from refund.core.store import Store, StoreStatus, planned_at
from refund.ports import Ports
from refund.services.life import read_reason
from refund.services.rules import rules_for
from refund.services.store_standing import decide_by_of
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Seen:
    """The store that a person decided about, as it was then: `version` is what the page showed."""

    store_number: int
    version: int


Change = Callable[[Transaction, Store, datetime], tuple[Store, Mapping[str, object]]]
"""What an act makes of a store at a moment, and what else its event says."""


def _act(ports: Ports, actor: str, seen: Seen, act: Act, reason: str, change: Change) -> Store:
    """Do one act.

    Raises:
        Refused: `store_unknown`; `register_changed` when somebody else acted since; what the act
            refuses.
    """

    def write(tx: Transaction) -> Store:
        # Held before the clock is read: who issues has issued, or will see what happens here.
        tx.hold_store(seen.store_number, to_change=True)
        store = tx.store(seen.store_number)
        if store is None:
            raise Refused("store_unknown")
        if store.version != seen.version:
            raise Refused("register_changed")
        now = ports.clock.now()
        after, facts = change(tx, store, now)
        told = {"changes": differences(store, after), **facts}
        return add_event(tx, ports, after, StoreEvent("", 0, 0, act, now, actor, reason, told))

    return ports.storage.write(write)


def add_event(tx: Transaction, ports: Ports, store: Store, event: StoreEvent) -> Store:
    """Store the next version of a store with its event, which gets its id and number here."""
    after = replace(store, version=store.version + 1)
    tx.put_store(after)
    tx.add_store_event(
        replace(
            event,
            event_id=ports.ids.event_id(),
            store_number=after.store_number,
            sequence=after.version,
        )
    )
    return after


@dataclass(frozen=True, slots=True)
class Application:
    """What a store that is new to the register hands in."""

    details: StoreDetails
    taxpayer_number: str
    illustrative: bool
    source: str
    note: str
    received_on: date


def receive_application(ports: Ports, actor: str, application: Application) -> Store:
    """Take a new store into the register under the next free number; it may not issue yet.

    Raises:
        Refused: `date_in_future`; `register_full` when no number is left.

    Source: SAT 41/2015, SAT 11/2025.
    """

    def write(tx: Transaction) -> Store:
        numbers = {store.store_number for store in tx.stores()}
        number = max(numbers, default=0) + 1
        if number > STORE_NUMBER_MAX:
            raise Refused("register_full")
        now = ports.clock.now()
        details = application.details
        store = Store(
            store_number=number,
            **{name: getattr(details, name) for name in StoreDetails.__dataclass_fields__},
            taxpayer_number=application.taxpayer_number,
            status=StoreStatus.ACTIVE,
            filed_on=None,
            instant_from=None,
            instant_to=None,
            illustrative=application.illustrative,
            source=application.source,
            note=application.note,
        )
        store = receive_filing(store, application.received_on, now)
        facts = {"received_on": application.received_on.isoformat()}
        return add_event(tx, ports, store, StoreEvent("", 0, 0, Act.RECEIVE, now, actor, "", facts))

    return ports.storage.write(write)


def receive_again(ports: Ports, actor: str, seen: Seen, received_on: date) -> Store:
    """Take in a further application of a store that was rejected, or never filed.

    Raises:
        Refused: `store_act_closed`, `date_in_future`; as every act: `store_unknown`,
            `register_changed`.
    """

    def change(_: Transaction, store: Store, at: datetime) -> tuple[Store, Mapping[str, object]]:
        return receive_filing(store, received_on, at), {}

    return _act(ports, actor, seen, Act.RECEIVE, "", change)


def decide_filing(ports: Ports, actor: str, seen: Seen, act: Act, reason: str = "") -> Store:
    """Accept or reject an application; the event says by when it was due.

    Raises:
        Refused: `store_act_closed`, `filing_conditions`; as `life.read_reason` for a rejection;
            as every act.

    Source: SAT 11/2025 (5 working days).
    """
    text = read_reason(reason) if act is Act.REJECT or reason.strip() else ""

    def change(tx: Transaction, store: Store, at: datetime) -> tuple[Store, Mapping[str, object]]:
        decide = accept_filing if act is Act.ACCEPT else reject_filing
        due = decide_by_of(tx, ports, store)
        facts = {} if due is None else {"due_on": due.isoformat(), "is_late": day_of(at) > due}
        return decide(store, at), facts

    return _act(ports, actor, seen, act, text, change)


def change_store(
    ports: Ports, actor: str, seen: Seen, details: StoreDetails, changed_on: date
) -> Store:
    """Change what a store reported; the event says on which day it changed, and if that was late.

    Raises:
        Refused: `store_act_closed`, `date_in_future`, `nothing_changed`; as every act.

    Source: SAT 41/2015 (changes are reported within 10 days).
    """

    def change(tx: Transaction, store: Store, at: datetime) -> tuple[Store, Mapping[str, object]]:
        most_days = rules_for(tx, changed_on).store_change_days
        facts = {
            "changed_on": changed_on.isoformat(),
            "is_late": is_reported_late(changed_on, at, most_days),
            "most_days": most_days,
        }
        return change_details(store, details, changed_on, at), facts

    return _act(ports, actor, seen, Act.CHANGE, "", change)


def change_standing(
    ports: Ports, actor: str, seen: Seen, act: Act, reason: str, effective_at: datetime | None
) -> Store:
    """Suspend, resume or terminate a store, at once or from a moment that is still to come.

    Raises:
        Refused: `store_act_closed`, `moment_passed`; as `life.read_reason`; as every act.

    Source: SAT 41/2015.
    """
    text = read_reason(reason)

    def change(_: Transaction, store: Store, at: datetime) -> tuple[Store, Mapping[str, object]]:
        dropped = planned_at(store, at)
        after = set_standing(store, act, at, effective_at)
        facts: dict[str, object] = {"effective_at": _written(after.status_from)}
        if dropped is not None:
            facts["dropped"] = [dropped.status.value, _written(dropped.since)]
        return after, facts

    return _act(ports, actor, seen, act, text, change)


def withdraw(ports: Ports, actor: str, seen: Seen, reason: str) -> Store:
    """Drop what was decided for a moment that is still to come.

    Raises:
        Refused: `store_act_closed`; as `life.read_reason`; as every act.
    """
    text = read_reason(reason)

    def change(_: Transaction, store: Store, at: datetime) -> tuple[Store, Mapping[str, object]]:
        dropped = planned_at(store, at)
        after = withdraw_plan(store, at)
        if dropped is None:
            raise LookupError(store.store_number)
        return after, {"dropped": [dropped.status.value, _written(dropped.since)]}

    return _act(ports, actor, seen, Act.WITHDRAW, text, change)


def agree(ports: Ports, actor: str, seen: Seen, first: date, last: date | None) -> Store:
    """Note the agreement on advances from a day to a day, or open.

    Raises:
        Refused: `store_act_closed`, `day_passed`, `dates_reversed`; as every act.

    Source: SAT 9/2025.
    """

    def change(_: Transaction, store: Store, at: datetime) -> tuple[Store, Mapping[str, object]]:
        return agree_on_advances(store, first, last, at), {}

    return _act(ports, actor, seen, Act.AGREE, "", change)


def end(ports: Ports, actor: str, seen: Seen, last: date, reason: str) -> Store:
    """Set the last day of the agreement on advances.

    Raises:
        Refused: `store_act_closed`, `day_passed`; as `life.read_reason`; as every act.

    Source: SAT 9/2025.
    """
    text = read_reason(reason)

    def change(_: Transaction, store: Store, at: datetime) -> tuple[Store, Mapping[str, object]]:
        return end_agreement(store, last, at), {"last_day": last.isoformat()}

    return _act(ports, actor, seen, Act.END, text, change)


def _written(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()
