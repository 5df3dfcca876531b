"""The exit pass: all forms of a phone in one code, believed at the desk only by the rows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from refund.core.errors import Refused
from refund.core.exit_pass import PassForm, make_pass, pass_url, verify_pass
from refund.core.form import Form
from refund.services import claim, passes
from refund.services.issue import void_form
from tests import make
from tests.services.steps import (
    PHONE,
    claimed,
    departs,
    issued,
    on,
    settled,
    unlocked,
    verified,
)
from tests.world import PUBLIC_URL, World


def second(world: World, number: str = "H12345678", store: int = 2) -> Form:
    """Another form, of another store."""
    draft = make.draft("25422000000000000002", traveller=make.traveller(number))
    return issued(world, draft, "key-2", make.clerk(store))


def said(world: World, view: passes.PassView) -> list[str]:
    read = verify_pass(view.code, world.ports.keys.ring(), date(2025, 7, 8))
    return [form.form_id for form in read.forms]


def test_one_code_names_the_forms_of_all_stores(world: World) -> None:
    first, other = claimed(world), second(world)
    claim.scan(world.ports, other.code, PHONE)
    view = passes.exit_pass(world.ports, PHONE)
    assert said(world, view) == sorted([first.form_id, other.form_id])
    assert [item.form.form_id for item in view.live] == [first.form_id, other.form_id]
    [promise, ordinary] = view.live
    assert promise.is_promise
    assert promise.last_day == first.depart_by
    assert not ordinary.is_promise
    assert ordinary.stand is None
    found = passes.forms_of_pass(world.ports, pass_url(PUBLIC_URL, view.code))
    assert {form.form_id for form in found} == {first.form_id, other.form_id}


def test_the_same_forms_give_the_same_code_all_day(world: World) -> None:
    claimed(world)
    before = passes.exit_pass(world.ports, PHONE).code
    world.clock.at += timedelta(hours=3)
    assert passes.exit_pass(world.ports, PHONE).code == before


def test_what_customs_have_decided_is_no_longer_in_the_code(world: World) -> None:
    first = verified(world)
    view = passes.exit_pass(world.ports, PHONE)
    assert view.code == ""
    [item] = view.live
    assert item.form.form_id == first.form_id
    assert not item.for_customs
    assert item.last_day == first.depart_by


def test_a_released_form_is_over(world: World) -> None:
    form = verified(world)
    departs(world, on(10))
    settled(world, form)
    view = passes.exit_pass(world.ports, PHONE)
    assert view.live == ()
    [item] = view.over
    assert item.stand is not None
    assert item.stand.left is not None
    assert item.stand.left.exited_at == on(10)


def test_a_void_form_is_not_shown_to_customs(world: World) -> None:
    form = unlocked(world)
    void_form(world.ports, world.clerk, form.form_id, "a mistake")
    view = passes.exit_pass(world.ports, PHONE)
    assert view.code == ""
    assert view.live == ()


def test_after_the_promise_the_ordinary_refunds_last_day_counts(world: World) -> None:
    form = claimed(world)
    world.clock.at = on(form.depart_by.day, 23, form.depart_by.month) + timedelta(hours=2)
    [item] = passes.exit_pass(world.ports, PHONE).live
    assert not item.is_promise
    assert item.last_day is not None
    assert item.last_day > form.depart_by


def test_a_phone_without_forms_has_no_code(world: World) -> None:
    view = passes.exit_pass(world.ports, "nobody's phone")
    assert (view.items, view.code, view.left_out) == ((), "", 0)


def test_a_signed_pass_of_a_form_that_is_not_ours_opens_nothing(world: World) -> None:
    form = claimed(world)
    key = world.ports.keys.signing_key()
    day = date(2025, 7, 8)
    for wrong in (PassForm("00000000000000ff", 100), PassForm(form.form_id, 1)):
        with pytest.raises(Refused, match="form_unknown"):
            passes.forms_of_pass(world.ports, make_pass([wrong], day, key))


def test_the_desk_sees_first_what_can_be_decided(world: World) -> None:
    done, other = verified(world), second(world)
    found = passes.forms_at_the_desk(world.ports, [done.form_id, other.form_id], date(2025, 7, 8))
    assert [one.form.form_id for one in found] == [other.form_id, done.form_id]
    assert [one.refusal is None for one in found] == [True, False]


def test_a_document_adds_the_other_forms_locked(world: World) -> None:
    unlocked(world)
    other = second(world)
    assert passes.add_other_forms(world.ports, PHONE, "h 1234 5678") == 1
    assert passes.add_other_forms(world.ports, PHONE, "H12345678") == 0
    assert not claim.view(world.ports, PHONE, other.form_id).unlocked


def test_a_foreign_document_adds_nothing_whether_it_has_forms_or_not(world: World) -> None:
    unlocked(world)
    foreign = second(world, "H87654321")
    for number in ("H87654321", "H00000000", "nothing"):
        with pytest.raises(Refused, match="details_differ"):
            passes.add_other_forms(world.ports, PHONE, number)
    with pytest.raises(Refused, match="form_unknown"):
        claim.view(world.ports, PHONE, foreign.form_id)


def test_documents_cannot_be_tried_through(world: World) -> None:
    unlocked(world)
    for number in range(passes.DOCUMENT_TRIES_MAX):
        with pytest.raises(Refused, match="details_differ"):
            passes.add_other_forms(world.ports, PHONE, f"H0000000{number}")
    with pytest.raises(Refused, match="too_many_tries"):
        passes.add_other_forms(world.ports, PHONE, "H12345678")
    world.clock.at += timedelta(minutes=15)
    assert passes.add_other_forms(world.ports, PHONE, "H12345678") == 0


def test_before_any_claim_code_a_document_adds_nothing(world: World) -> None:
    claim.scan(world.ports, issued(world).code, PHONE)
    second(world)
    with pytest.raises(Refused, match="claim_code_missing"):
        passes.add_other_forms(world.ports, PHONE, "H12345678")
    assert len(claim.my_forms(world.ports, PHONE)) == 1
