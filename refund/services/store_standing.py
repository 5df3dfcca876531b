"""Where the stores of the register stand: one by one, all of them, and each with its history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from refund.core.calendar import add_working_days, day_of
from refund.core.errors import Refused
from refund.core.people import Actor
from refund.core.register import Act, StoreEvent, open_acts
from refund.core.store import (
    Filing,
    Standing,
    Store,
    StoreStatus,
    is_instant_at,
    obstacles,
    planned_at,
    standing_at,
)
from refund.ports import Ports
from refund.services.rules import rules_for
from refund.transaction import Transaction


class StoreState(Enum):
    """How the register sorts its stores; each stands in exactly one."""

    RECEIVED = "received"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class Entry:
    """A store as the register shows it at a moment.

    Args:
        standing: what counts now; `planned` what was decided for later.
        obstacles: what keeps it from issuing now.
        decide_by: the last day on which its application is decided in time; None without one.
        is_overdue: that day is over.
        acts: what can be done about it now.
    """

    store: Store
    at: datetime
    standing: Standing
    planned: Standing | None
    obstacles: tuple[str, ...]
    is_instant: bool
    decide_by: date | None
    is_overdue: bool
    acts: tuple[Act, ...]

    @property
    def state(self) -> StoreState:
        """Where the register sorts it."""
        match self.standing.status:
            case StoreStatus.TERMINATED:
                return StoreState.TERMINATED
            case StoreStatus.SUSPENDED:
                return StoreState.SUSPENDED
            case StoreStatus.ACTIVE:
                if self.store.filing is Filing.RECEIVED:
                    return StoreState.RECEIVED
                return StoreState.UNFIT if self.obstacles else StoreState.ACTIVE


def store_entries(ports: Ports) -> list[Entry]:
    """Every store as it stands now, by number."""
    now = ports.clock.now()
    return ports.storage.read(lambda tx: [_entry(tx, ports, store, now) for store in tx.stores()])


def own_standing(ports: Ports, clerk: Actor) -> Entry:
    """Where the clerk's own store stands now.

    Raises:
        Refused: `store_unknown`.
    """
    number, now = clerk.store_number, ports.clock.now()
    if number is None:
        raise Refused("store_unknown")
    return ports.storage.read(lambda tx: _the_entry(tx, ports, number, now))


@dataclass(frozen=True, slots=True)
class StoreFile:
    """A store with its history, newest first; `names` gives the staff's names by label."""

    entry: Entry
    events: tuple[StoreEvent, ...]
    names: Mapping[str, str]


def store_file(ports: Ports, store_number: int) -> StoreFile:
    """Everything that the register knows of a store.

    Raises:
        Refused: `store_unknown`.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> StoreFile:
        return StoreFile(
            _the_entry(tx, ports, store_number, now),
            tuple(reversed(tx.events_of_store(store_number))),
            {one.actor.label: one.actor.name for one in tx.staff_register()},
        )

    return ports.storage.read(read)


def _the_entry(tx: Transaction, ports: Ports, store_number: int, now: datetime) -> Entry:
    store = tx.store(store_number)
    if store is None:
        raise Refused("store_unknown")
    return _entry(tx, ports, store, now)


def _entry(tx: Transaction, ports: Ports, store: Store, now: datetime) -> Entry:
    due = decide_by_of(tx, ports, store) if store.filing is Filing.RECEIVED else None
    return Entry(
        store=store,
        at=now,
        standing=standing_at(store, now),
        planned=planned_at(store, now),
        obstacles=obstacles(store, now),
        is_instant=is_instant_at(store, now),
        decide_by=due,
        is_overdue=due is not None and day_of(now) > due,
        acts=open_acts(store, now),
    )


def decide_by_of(tx: Transaction, ports: Ports, store: Store) -> date | None:
    """The last day on which an application is decided in time; None where no term is known.

    Source: SAT 11/2025.
    """
    if store.received_on is None:
        return None
    rules = rules_for(tx, store.received_on)
    if not rules.filing_working_days:
        return None
    is_working_day = ports.workdays.is_working_day
    return add_working_days(store.received_on, rules.filing_working_days, is_working_day)
