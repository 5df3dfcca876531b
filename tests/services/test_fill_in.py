"""Filled in once: sealed, of one day, opened to a store by its code alone, and then gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from refund.core.errors import Refused
from refund.core.fill_in import ALPHABET, PICK_UP, FilledIn, mall_of
from refund.services import fill_in as once
from refund.services.enrol import import_stores
from refund.services.later import all_tasks
from tests import make
from tests.services.steps import codes
from tests.world import World

PHONE = once.Phone("phone-1", "192.0.2.1", "en")


def given(world: World, number: str = "H12345678", phone: once.Phone = PHONE) -> FilledIn:
    """Fill in at the counter of store 1."""
    code = once.code_of_counter(world.ports, 1)
    return once.fill_in(world.ports, code, make.traveller(number), phone)


def refusal(world: World, typed: str) -> str:
    """Why a code opens nothing to the clerk of store 1."""
    with pytest.raises(Refused) as caught:
        once.pick_up(world.ports, world.clerk, typed)
    return caught.value.code


def test_a_store_reads_what_was_filled_in_once_it_has_the_whole_code(world: World) -> None:
    filled = given(world)
    assert once.pick_up(world.ports, world.clerk, filled.code) == filled
    assert filled.traveller == make.traveller()
    assert once.picked_up(world.ports, world.clerk, filled.fill_in_id) == filled
    assert once.filled_in_here(world.ports, PHONE.session_hash) == [filled]


def test_before_that_it_sees_initials_and_two_characters(world: World) -> None:
    filled = given(world)
    (seen,) = once.arrivals(world.ports, world.clerk).shown
    assert (seen.initials, seen.hint, seen.name) == ("C. T. M.", filled.code[:2], "")
    with pytest.raises(Refused, match="fill_in_unknown"):
        once.picked_up(world.ports, world.clerk, filled.fill_in_id)
    once.pick_up(world.ports, world.clerk, filled.code)
    (seen,) = once.arrivals(world.ports, world.clerk).shown
    assert seen.name == "CHAN TAI MAN"


def test_a_store_that_was_let_in_lets_no_other_store_in(world: World) -> None:
    filled = given(world)
    once.pick_up(world.ports, world.clerk, filled.code)
    (seen,) = once.arrivals(world.ports, world.other_clerk).shown
    assert seen.name == ""
    with pytest.raises(Refused, match="fill_in_unknown"):
        once.picked_up(world.ports, world.other_clerk, filled.fill_in_id)
    assert once.pick_up(world.ports, world.other_clerk, filled.code) == filled


def test_a_store_of_another_building_sees_nobody_and_opens_nothing(world: World) -> None:
    moved = make.store(2, address_zh="宜昌 某处")
    import_stores(world.ports, [moved], "operator:operator-1")
    filled = given(world)
    assert once.arrivals(world.ports, world.other_clerk).shown == ()
    with pytest.raises(Refused, match="pick_up_unknown"):
        once.pick_up(world.ports, world.other_clerk, filled.code)


def test_a_building_is_the_address_without_its_unit() -> None:
    stores = [make.store(n, address_zh=f"武汉恒隆广场 铺位{n:02d}") for n in (1, 2)]
    assert {mall_of(store) for store in stores} == {"武汉恒隆广场"}
    assert mall_of(make.store(address_zh="武汉")) == "武汉"


def test_the_next_day_nothing_is_left_of_it(world: World) -> None:
    filled = given(world)
    once.pick_up(world.ports, world.clerk, filled.code)
    code = once.code_of_counter(world.ports, 1)
    world.clock.pass_by(hours=13)
    assert refusal(world, filled.code) == "pick_up_unknown"
    assert once.arrivals(world.ports, world.clerk).shown == ()
    assert once.filled_in_here(world.ports, PHONE.session_hash) == []
    with pytest.raises(Refused, match="fill_in_unknown"):
        once.picked_up(world.ports, world.clerk, filled.fill_in_id)
    with pytest.raises(Refused, match="counter_code_old"):
        once.counter_of(world.ports, code)
    task = next(one for one in all_tasks() if one.name == "filled in yesterday")
    assert task.do(world.ports) == 1
    assert task.do(world.ports) == 0


def test_of_today_the_task_forgets_nothing(world: World) -> None:
    filled = given(world)
    assert once.forget_yesterday(world.ports) == 0
    assert once.filled_in_here(world.ports, PHONE.session_hash) == [filled]


def test_a_phone_forgets_its_own_and_nobody_elses(world: World) -> None:
    filled = given(world)
    once.pick_up(world.ports, world.clerk, filled.code)
    once.forget(world.ports, "another phone", filled.fill_in_id)
    assert once.filled_in_here(world.ports, PHONE.session_hash) == [filled]
    once.forget(world.ports, PHONE.session_hash, filled.fill_in_id)
    assert once.filled_in_here(world.ports, PHONE.session_hash) == []
    assert refusal(world, filled.code) == "pick_up_unknown"


def test_a_code_is_read_as_it_is_told_typed_or_scanned(small_world: World) -> None:
    filled = given(small_world)
    assert set(filled.code) <= set(ALPHABET)
    for typed in (
        filled.code.lower(),
        f" {filled.code[:2]} {filled.code[2:]} ",
        PICK_UP + filled.code,
    ):
        assert once.pick_up(small_world.ports, small_world.clerk, typed) == filled
    assert refusal(small_world, "") == "field_missing"
    for typed in ("22222", "2222222", "22222O", "零零零零零零", PICK_UP):
        assert refusal(small_world, typed) in {"pick_up_unreadable", "field_missing"}


def test_whoever_guesses_codes_waits(world: World) -> None:
    filled = given(world)
    wrong = "222222" if filled.code != "222222" else "333333"
    for _ in range(once.WRONG_CODES_MAX):
        assert refusal(world, wrong) == "pick_up_unknown"
    assert refusal(world, filled.code) == "pick_up_throttled"
    world.clock.pass_by(minutes=16)
    assert once.pick_up(world.ports, world.clerk, filled.code) == filled


def test_nobody_fills_in_without_end(small_world: World) -> None:
    for n in range(once.GIVEN_MAX_OF_PHONE):
        given(small_world, f"H1234567{n}")
    with pytest.raises(Refused, match="fill_in_throttled"):
        given(small_world)
    for n in range(once.GIVEN_MAX_OF_ADDRESS - once.GIVEN_MAX_OF_PHONE):
        given(small_world, phone=replace(PHONE, session_hash=f"phone-{n + 2}"))
    with pytest.raises(Refused, match="fill_in_throttled"):
        given(small_world, phone=replace(PHONE, session_hash="one more"))
    given(small_world, phone=once.Phone("elsewhere", "192.0.2.2", "en"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"last_entry": None}, "entry_date_unknown"),
        ({"document_expiry": date(2025, 7, 7)}, "document_expired"),
    ],
)
def test_what_no_form_could_say_is_not_kept(
    small_world: World, changes: dict[str, Any], code: str
) -> None:
    counter = once.code_of_counter(small_world.ports, 1)
    person = make.traveller(**changes)
    with pytest.raises(Refused) as caught:
        once.fill_in(small_world.ports, counter, person, PHONE)
    assert codes((caught.value,)) == {code}
    assert once.arrivals(small_world.ports, small_world.clerk).count == 0


def test_a_counters_code_is_of_its_store_and_of_its_day(small_world: World) -> None:
    first = once.code_of_counter(small_world.ports, 1)
    assert once.counter_of(small_world.ports, first).store_number == 1
    forged = first.replace("0001-", "0002-")
    for text in (forged, first.lower(), first[:-1], "", "9999-" + "A" * 16):
        with pytest.raises(Refused, match="counter_code_old"):
            once.counter_of(small_world.ports, text)


def test_what_was_filled_in_stands_nowhere_in_clear(small_world: World) -> None:
    filled = given(small_world)
    once.pick_up(small_world.ports, small_world.clerk, filled.code)
    kept = b"".join(p.read_bytes() for p in small_world.folder.rglob("*") if p.is_file())
    assert kept
    for word in ("CHAN TAI MAN", "H12345678", "陳大文", filled.code):
        assert word.encode() not in kept
