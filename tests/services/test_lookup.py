"""A form that was lost is found by the document, and every look leaves its trace."""

from __future__ import annotations

import pytest

from refund.core.errors import Refused
from refund.core.traveller import DocumentKind, IdentityDocument
from refund.services import issue, lookup, verify
from tests import make
from tests.services.steps import claimed, issued, verified
from tests.world import World

MINE = IdentityDocument(DocumentKind.HK_MACAO_PERMIT, "H12345678")


@pytest.mark.rule("lost_form")
def test_a_lost_form_is_found_by_the_travellers_document(world: World) -> None:
    first = verified(world, claimed(world))
    second = issued(world, make.draft("25422000000000000002"), "key-2")
    third = issued(world, make.draft("25422000000000000003"), "key-3", clerk=make.clerk(2))
    dead = issued(world, make.draft("25422000000000000004"), "key-4")
    issue.void_form(world.ports, world.clerk, dead.form_id, "twice")
    stranger = make.draft("25422000000000000005", traveller=make.traveller("H99999999"))
    issued(world, stranger, "key-5")
    form = lookup.find_by_document(world.ports, world.officer, MINE)
    found = lookup.forms_of_traveller(world.ports, world.officer, form.form_id)
    assert found.traveller == make.traveller()
    assert {one.form.form_id for one in found.open_forms} == {second.form_id, third.form_id}
    assert {one.store.store_number for one in found.open_forms if one.store} == {1, 2}
    said = {one.form.form_id: one.refusal.code for one in found.others if one.refusal}
    assert said == {first.form_id: "already_verified", dead.form_id: "form_void"}


@pytest.mark.rule("lost_form")
def test_forms_of_one_traveller_are_verified_one_after_the_other(small_world: World) -> None:
    world = small_world
    forms = [
        issued(world, make.draft(f"2542200000000000000{number}"), f"key-{number}")
        for number in (1, 2, 3)
    ]
    todo = {form.form_id for form in forms}
    at = lookup.find_by_document(world.ports, world.officer, MINE).form_id
    while todo:
        verify.verify_form(world.ports, world.officer, at)
        todo.remove(at)
        decided = verify.decided_form(world.ports, world.officer, at)
        assert decided is not None
        assert {form.form_id for form in decided.next_forms} == todo
        at = decided.next_forms[0].form_id if decided.next_forms else ""


def test_a_document_that_is_on_no_form_finds_none_and_the_search_is_recorded(
    small_world: World,
) -> None:
    unknown = IdentityDocument(DocumentKind.PASSPORT, "E00000017")
    with pytest.raises(Refused, match="form_unknown") as caught:
        lookup.find_by_document(small_world.ports, small_world.officer, unknown)
    assert caught.value.field == "document_number"


def test_looking_at_a_travellers_forms_leaves_its_trace(small_world: World) -> None:
    form = issued(small_world)
    lookup.find_by_document(small_world.ports, small_world.officer, MINE)
    lookup.forms_of_traveller(small_world.ports, small_world.officer, form.form_id)
    events = small_world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    shown = [(e.actor, e.kind) for e in events if e.kind == "identity_shown"]
    assert shown == [("officer:officer-WUH", "identity_shown")]
