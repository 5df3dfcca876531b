"""Filled in once for all stores of a mall: given by phone, seen arriving, opened by its code."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.fill_in import (
    SHOWN_LENGTH,
    FilledIn,
    counter_code,
    initials_of,
    mall_of,
    pick_up_code,
    read_counter_code,
    read_pick_up_code,
)
from refund.core.people import TRAVELLER, Actor
from refund.core.store import Store
from refund.core.trail import Throttle
from refund.core.traveller import Traveller, eligibility
from refund.ports import Ports
from refund.services.issue import store_number_of
from refund.services.life import By, note
from refund.transaction import Transaction

WINDOW = timedelta(minutes=15)
GIVEN_MAX_OF_ADDRESS = 60
"""A mall's guests often share one address; more than these in the window are no guests."""

GIVEN_MAX_OF_PHONE = 6
"""A family fills in on one phone: so many in a day."""

WRONG_CODES_MAX = 10
"""After so many wrong pick-up codes within the window a clerk waits. Source: project decision."""

SHOWN_MAX = 30
"""Those who come are listed, the newest first; no counter looks through more."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A traveller's phone: its session, where it asks from, and the language it reads."""

    session_hash: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One who filled in today, as any store of the mall may see it.

    Args:
        hint: the first characters of the pick-up code.
        name: the whole name where this store was let in, else "".
    """

    fill_in_id: str
    initials: str
    hint: str
    given_at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Those who come, the newest first, and how many there are in all."""

    shown: tuple[Arrival, ...]
    count: int


def code_of_counter(ports: Ports, store_number: int) -> str:
    """The code that a store's counter shows today."""
    key = ports.keys.secret("session")
    return counter_code(key, store_number, day_of(ports.clock.now()))


def counter_of(ports: Ports, code: str) -> Store:
    """The store whose counter shows a code today.

    Raises:
        Refused: `counter_code_old` for any other code.
    """
    key = ports.keys.secret("session")
    number = read_counter_code(key, code, day_of(ports.clock.now()))
    store = ports.storage.read(lambda tx: tx.store(number))
    if store is None:
        raise Refused("counter_code_old")
    return store


def fill_in(ports: Ports, code: str, traveller: Traveller, phone: Phone) -> FilledIn:
    """Keep what a traveller filled in, sealed, until the day is over.

    Raises:
        Refused: `counter_code_old`; what `eligibility` names first; `entry_date_unknown`;
            `fill_in_throttled` with `minutes`.
    """
    now = ports.clock.now()
    store, today = counter_of(ports, code), day_of(now)
    for reason in eligibility(traveller, today):
        raise reason
    if traveller.last_entry is None:
        raise Refused("entry_date_unknown", "last_entry")

    def give(tx: Transaction) -> FilledIn | Refused:
        refusal = _too_often(tx, phone, now)
        if refusal is not None:
            return refusal
        filled = _new(tx, ports, store, traveller, phone)
        index = ports.sealer.index("pick_up", filled.code)
        tx.add_fill_in(filled, index, phone.session_hash)
        note(tx, ports, "filled_in", By(TRAVELLER, now), detail=filled.fill_in_id)
        return filled

    filled = ports.storage.write(give)
    if isinstance(filled, Refused):
        raise filled
    return filled


def _new(
    tx: Transaction, ports: Ports, store: Store, traveller: Traveller, phone: Phone
) -> FilledIn:
    """What was filled in, under a pick-up code that nobody else has today."""
    now = ports.clock.now()
    mall, day = mall_of(store), day_of(now)
    while True:
        fill_in_id = ports.ids.form_id()
        code = pick_up_code(ports.keys.secret("session"), fill_in_id)
        if tx.fill_in_of_code(mall, day, ports.sealer.index("pick_up", code)) is None:
            return FilledIn(fill_in_id, mall, day, code, traveller, phone.language, now)


def _too_often(tx: Transaction, phone: Phone, now: datetime) -> Refused | None:
    """Count one more of an address and of a phone, or say that there were too many."""
    if len(tx.fill_ins_of_phone(phone.session_hash, day_of(now))) >= GIVEN_MAX_OF_PHONE:
        return Refused("fill_in_throttled", minutes=0)
    key = f"fill-in:{phone.address}"
    refusal = _closed(tx, key, GIVEN_MAX_OF_ADDRESS, now, "fill_in_throttled")
    if refusal is None:
        _count(tx, key, now)
    return refusal


def _closed(tx: Transaction, key: str, most: int, now: datetime, code: str) -> Refused | None:
    before = tx.throttle(key)
    if before is None or before.failures < most or before.since + WINDOW <= now:
        return None
    return Refused(code, minutes=int((before.since + WINDOW - now).total_seconds() // 60) + 1)


def _count(tx: Transaction, key: str, now: datetime) -> None:
    before = tx.throttle(key)
    if before is None or before.since + WINDOW <= now:
        tx.put_throttle(key, Throttle(1, now))
    else:
        tx.put_throttle(key, Throttle(before.failures + 1, before.since))


def filled_in_here(ports: Ports, session_hash: str) -> list[FilledIn]:
    """What a phone filled in today, oldest first."""
    if not session_hash:
        return []
    today = day_of(ports.clock.now())
    return ports.storage.read(lambda tx: tx.fill_ins_of_phone(session_hash, today))


def forget(ports: Ports, session_hash: str, fill_in_id: str) -> None:
    """Forget what this phone filled in, at once; of another phone's nothing is touched."""
    now = ports.clock.now()

    def drop(tx: Transaction) -> None:
        if tx.drop_fill_in(fill_in_id, session_hash):
            note(tx, ports, "fill_in_forgotten", By(TRAVELLER, now), detail=fill_in_id)

    ports.storage.write(drop)


def arrivals(ports: Ports, clerk: Actor) -> Arrivals:
    """Who filled in today for the mall of the clerk's store: initials, until a code opens more.

    Raises:
        Refused: `store_unknown`.
    """
    today = day_of(ports.clock.now())

    def read(tx: Transaction) -> Arrivals:
        store = _own_store(tx, clerk)
        mall = mall_of(store)
        opened = tx.fill_ins_opened(store.store_number, mall, today)
        found = tx.fill_ins_of_mall(mall, today, SHOWN_MAX)
        shown = tuple(_arrival(one, is_open=one.fill_in_id in opened) for one in found)
        return Arrivals(shown, tx.count_fill_ins_of_mall(mall, today))

    return ports.storage.read(read)


def _arrival(filled: FilledIn, *, is_open: bool) -> Arrival:
    return Arrival(
        fill_in_id=filled.fill_in_id,
        initials=initials_of(filled.traveller),
        hint=filled.code[:SHOWN_LENGTH],
        given_at=filled.given_at,
        name=filled.traveller.latin_name if is_open else "",
    )


def _own_store(tx: Transaction, clerk: Actor) -> Store:
    store = tx.store(store_number_of(clerk))
    if store is None:
        raise Refused("store_unknown")
    return store


def pick_up(ports: Ports, clerk: Actor, typed: str) -> FilledIn:
    """Let the clerk's store in to what a traveller filled in, by the whole code; it is recorded.

    Raises:
        Refused: `field_missing`, `pick_up_unreadable`; `pick_up_unknown` for a code that nobody
            of this mall has today; `pick_up_throttled` with `minutes`; `store_unknown`.
    """
    code, now = read_pick_up_code(typed), ports.clock.now()

    def enter(tx: Transaction) -> FilledIn | Refused:
        store, key = _own_store(tx, clerk), f"pick-up:{clerk.staff_id}"
        refusal = _closed(tx, key, WRONG_CODES_MAX, now, "pick_up_throttled")
        if refusal is not None:
            return refusal.at("pick_up")
        index = ports.sealer.index("pick_up", code)
        filled = tx.fill_in_of_code(mall_of(store), day_of(now), index)
        if filled is None:
            _count(tx, key, now)
            return Refused("pick_up_unknown", "pick_up")
        tx.open_fill_in(filled.fill_in_id, store.store_number, clerk.label, now)
        detail = f"{store.store_number}: {filled.fill_in_id}"
        note(tx, ports, "fill_in_opened", By(clerk.label, now), detail=detail)
        return filled

    filled = ports.storage.write(enter)
    if isinstance(filled, Refused):
        raise filled
    return filled


def picked_up(ports: Ports, clerk: Actor, fill_in_id: str) -> FilledIn:
    """What the clerk's store was let in to today.

    Raises:
        Refused: `fill_in_unknown`; what is not there and what is not open look alike.
    """
    today, number = day_of(ports.clock.now()), store_number_of(clerk)
    found = ports.storage.read(lambda tx: tx.opened_fill_in(fill_in_id, number, today))
    if found is None:
        raise Refused("fill_in_unknown")
    return found


def forget_yesterday(ports: Ports) -> int:
    """Forget what was filled in before today; how many were forgotten."""
    today: date = day_of(ports.clock.now())
    if not ports.storage.read(lambda tx: tx.is_fill_in_older(today)):
        return 0
    return ports.storage.write(lambda tx: tx.drop_fill_ins_before(today))
