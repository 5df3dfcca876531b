"""Enrolling stores, goods and staff: what stands before the first form."""

from collections.abc import Sequence
from dataclasses import replace

from refund.core.goods import Goods
from refund.core.people import Actor, Staff
from refund.core.store import Store
from refund.ports import Ports
from refund.services.life import By, note
from refund.transaction import Transaction


def import_stores(ports: Ports, stores: Sequence[Store], actor: str) -> tuple[int, int]:
    """Add or change stores, all or none.

    Returns:
        How many were new, and how many changed.
    """
    now = ports.clock.now()

    def put(tx: Transaction) -> tuple[int, int]:
        before = {store.store_number: store for store in tx.stores()}
        new = [s for s in stores if s.store_number not in before]
        changed = [s for s in stores if s.store_number in before and before[s.store_number] != s]
        for store in [*new, *changed]:
            tx.put_store(store)
        if new or changed:
            note(
                tx,
                ports,
                "stores_imported",
                By(actor, now),
                detail=f"{len(new)} new, {len(changed)} changed",
            )
        return len(new), len(changed)

    return ports.storage.write(put)


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
