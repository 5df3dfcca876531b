"""The registers: stores, goods and staff, added, changed, and left alone when nothing changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refund.core.goods import load_goods
from refund.core.money import Vat
from refund.core.people import Actor, Role
from refund.core.store import Store, StoreStatus
from refund.places import data_folder
from refund.services import enrol
from refund.storage.engine import ConstraintFailed
from tests import make
from tests.world import World

BY = "operator:operator-1"


def test_an_import_says_how_many_stores_are_new_and_how_many_changed(world: World) -> None:
    changed = make.store(2, status=StoreStatus.SUSPENDED)
    again = [make.store(1), changed, make.store(3)]
    assert enrol.import_stores(world.ports, again, BY) == enrol.Imported(1, 1, {})
    assert enrol.import_stores(world.ports, again, BY) == enrol.Imported(0, 0, {})
    register = enrol.store_register(world.ports)
    assert [(one.store_number, one.version, one.status) for one in register] == [
        (1, 1, StoreStatus.ACTIVE),
        (2, 2, StoreStatus.SUSPENDED),
        (3, 1, StoreStatus.ACTIVE),
    ]
    assert enrol.store_of(world.ports, make.clerk(2)) == register[1]
    assert enrol.store_of(world.ports, world.operator) is None


def test_an_import_that_breaks_a_rule_of_the_tables_imports_nothing(world: World) -> None:
    bad: list[Store] = [make.store(4), make.store(10_000)]
    with pytest.raises(ConstraintFailed):
        enrol.import_stores(world.ports, bad, BY)
    assert [store.store_number for store in enrol.store_register(world.ports)] == [1, 2]


def test_the_whole_master_is_kept_as_it_was_read(world: World) -> None:
    master = load_goods((data_folder() / "goods.csv").read_text("utf-8"))
    assert len(master) >= 60
    before = {item.goods_code for item in enrol.goods_master(world.ports)}
    assert enrol.put_goods_master(world.ports, master) >= len(master) - len(before)
    assert enrol.put_goods_master(world.ports, master) == 0
    kept = {item.goods_code: item for item in enrol.goods_master(world.ports)}
    assert all(kept[item.goods_code] == replace(item, vat_basis="") for item in master)
    assert enrol.put_goods_master(world.ports, [make.goods(Vat.V9)]) == 0


def test_people_are_added_changed_and_found_by_role_and_login(world: World) -> None:
    mei = make.staff(make.clerk(), "mei", "hash")
    enrol.enrol_staff(world.ports, [mei], BY)
    assert mei in enrol.staff_register(world.ports)
    found = world.ports.storage.read(lambda tx: tx.staff_by_login(Role.CLERK, "mei"))
    assert found == mei
    assert world.ports.storage.read(lambda tx: tx.staff_by_login(Role.OFFICER, "mei")) is None


def test_only_a_clerk_has_a_store(world: World) -> None:
    nobody = Actor("clerk-9", Role.CLERK, "Clerk")
    with pytest.raises(ConstraintFailed):
        enrol.enrol_staff(world.ports, [make.staff(nobody)], BY)
    lost = Actor("operator-9", Role.OPERATOR, "Operator", store_number=1)
    with pytest.raises(ConstraintFailed):
        enrol.enrol_staff(world.ports, [make.staff(lost)], BY)
