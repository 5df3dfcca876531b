"""Enrolling stores, goods and staff: what stands before the first form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from refund.core.goods import Goods
from refund.core.people import Actor, Staff
from refund.core.register import Act, StoreEvent, differences, merged
from refund.core.store import Store
from refund.ports import Ports
from refund.services.life import By, note
from refund.services.register import add_event
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    `kept` names, by store number, what of the file did not count because a person had decided
    otherwise, or because no file resumes a store: `status`, `filed_on`, `instant`.
    """

    new: int
    changed: int
    kept: Mapping[int, tuple[str, ...]]


def import_stores(ports: Ports, stores: Sequence[Store], actor: str) -> Imported:
    """Add or change stores, all or none, each change an event of its store's history.

    What people decided on the register outranks the file: see `core.register.merged`.
    """
    now = ports.clock.now()

    def put(tx: Transaction) -> Imported:
        before = {store.store_number: store for store in tx.stores()}
        acts = tx.acts_on_stores()
        new, changed = 0, 0
        kept: dict[int, tuple[str, ...]] = {}
        for given in stores:
            number = given.store_number
            known = before.get(number)
            if known is None:
                new += 1
                _add(tx, ports, given, By(actor, now), {"status": given.status.value})
                continue
            store, words = merged(known, given, now, acts.get(number, frozenset()))
            if words:
                kept[number] = words
            if store != known:
                changed += 1
                facts = {"changes": differences(known, store), "kept": list(words)}
                _add(tx, ports, store, By(actor, now), facts)
        if new or changed:
            detail = f"{new} new, {changed} changed"
            note(tx, ports, "stores_imported", By(actor, now), detail=detail)
        return Imported(new, changed, kept)

    return ports.storage.write(put)


def _add(tx: Transaction, ports: Ports, store: Store, by: By, facts: Mapping[str, object]) -> None:
    event = StoreEvent("", 0, 0, Act.IMPORT, by.at, by.actor, "", facts)
    add_event(tx, ports, store, event)


def put_goods_master(ports: Ports, goods: Sequence[Goods]) -> int:
    """Add or change the goods master; how many differ from before.

    What a VAT rate rests on stays in the file: the tables keep what forms need.
    """
    kept = [replace(item, vat_basis="") for item in goods]

    def put(tx: Transaction) -> int:
        before = {item.goods_code: item for item in tx.goods_master()}
        differing = [item for item in kept if before.get(item.goods_code) != item]
        for item in differing:
            tx.put_goods(item)
        return len(differing)

    return ports.storage.write(put)


def enrol_staff(ports: Ports, people: Sequence[Staff], actor: str) -> None:
    """Add people, or change them; who changed must sign in anew."""
    now = ports.clock.now()

    def put(tx: Transaction) -> None:
        for person in people:
            if tx.staff(person.actor.staff_id) not in (None, person):
                tx.end_sessions_of(person.actor.staff_id, now)
            tx.put_staff(person)
            note(tx, ports, "staff_enrolled", By(actor, now), detail=person.actor.staff_id)

    ports.storage.write(put)


def staff_register(ports: Ports) -> list[Staff]:
    """Everyone of the staff."""
    return ports.storage.read(lambda tx: tx.staff_register())


def store_register(ports: Ports) -> list[Store]:
    """All stores, by number."""
    return ports.storage.read(lambda tx: tx.stores())


def goods_master(ports: Ports) -> list[Goods]:
    """All goods, by code."""
    return ports.storage.read(lambda tx: tx.goods_master())


def store_of(ports: Ports, clerk: Actor) -> Store | None:
    """The clerk's own store."""
    number = clerk.store_number
    return None if number is None else ports.storage.read(lambda tx: tx.store(number))
