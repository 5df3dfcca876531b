"""Forms corrected: one takes another's place, wholly or not at all; lost ones are found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from refund.core.entitlement import Recovery
from refund.core.errors import Refused
from refund.core.form import Channel, Form, Status
from refund.core.store import StoreStatus
from refund.core.traveller import DocumentKind, IdentityDocument
from refund.services import amend, claim, issue, returns, verify
from refund.services.enrol import import_stores
from refund.services.returns import BroughtBack
from tests import make
from tests.services.steps import (
    PHONE,
    agreed,
    claim_code_of,
    claimed,
    codes,
    issued,
    status,
    unlocked,
    verified,
)
from tests.services.test_races import at_once
from tests.world import World

RIGHT = make.traveller("H87654321")


def corrected(world: World, form: Form, key: str = "key-2", **changes: object) -> Form:
    """The form in the place of another one, with the right document."""
    draft = make.draft(**{"traveller": RIGHT, **changes})  # type: ignore[arg-type]
    found = amend.replace_form(world.ports, world.clerk, form.form_id, draft, key, "wrong permit")
    assert found.form is not None, found.refusals
    return found.form


def refused(world: World, form: Form, key: str = "key-9") -> Refused:
    """Why no other form can take its place."""
    with pytest.raises(Refused) as caught:
        corrected(world, form, key)
    return caught.value


@pytest.mark.rule("replaced_form_is_named")
@pytest.mark.parametrize("state", [Status.ISSUED, Status.AGREED, Status.ORDINARY])
def test_a_form_without_money_is_replaced_and_the_new_one_says_so(
    world: World, state: Status
) -> None:
    old = issued(world)
    if state is Status.AGREED:
        old = agreed(world, old)
    elif state is Status.ORDINARY:
        unlocked(world, old)
        old = claim.choose_ordinary(world.ports, PHONE, old.form_id)
    new = corrected(world, old)
    assert status(world, old) is Status.SUPERSEDED
    assert (new.replaces, new.status) == (old.form_id, Status.ISSUED)
    assert new.code != old.code
    assert claim_code_of(world, new) != claim_code_of(world, old)
    assert world.ports.storage.read(lambda tx: tx.live_invoice(make.invoice().number)) == (
        new.form_id
    )
    assert claimed(world, new).status is Status.ADVANCED


@pytest.mark.rule("superseded_code_answers")
def test_the_code_of_a_replaced_form_is_refused_and_the_old_phone_sees_it(world: World) -> None:
    old = unlocked(world)
    new = corrected(world, old)
    with pytest.raises(Refused, match="form_void") as caught:
        claim.scan(world.ports, old.code, "phone-2")
    assert caught.value.facts["status"] == "superseded"
    assert claim.view(world.ports, PHONE, old.form_id).form.status is Status.SUPERSEDED
    told = refused(world, old)
    assert (told.code, told.facts["number"]) == ("form_void", new.form_number)


@pytest.mark.rule("replaced_form_is_named")
def test_a_form_is_replaced_once_and_its_successor_can_be_replaced_too(world: World) -> None:
    first = issued(world)
    second = corrected(world, first)
    assert refused(world, first).code == "form_void"
    third = corrected(world, second, "key-3", traveller=make.traveller("H11112222"))
    assert third.replaces == second.form_id
    assert [status(world, one) for one in (first, second, third)] == [
        Status.SUPERSEDED,
        Status.SUPERSEDED,
        Status.ISSUED,
    ]


def test_eight_clicks_at_once_are_one_correction(world: World) -> None:
    old = issued(world)
    said = at_once(8, lambda _: corrected(world, old).form_number)
    assert len(set(said)) == 1
    assert len(issue.forms_today(world.ports, world.clerk)) == 2


def test_two_corrections_at_once_are_one(world: World) -> None:
    old = issued(world)
    said = at_once(4, lambda n: corrected(world, old, f"key-{n}1").form_number)
    assert said.count("form_void") == 3


def test_a_correction_that_the_rules_refuse_changes_nothing(world: World) -> None:
    old = issued(world)
    draft = make.draft(invoices=(make.invoice(lines=(make.line(199_99),)),))
    args = (world.ports, world.clerk, old.form_id)
    found = amend.replace_form(*args, draft, "key-2", "price mistyped")
    assert codes(found.refusals) == {"below_threshold"}
    assert codes(amend.dry_replacement(*args, draft).refusals) == {"below_threshold"}
    assert status(world, old) is Status.ISSUED
    assert world.ports.storage.read(lambda tx: tx.live_invoice(make.invoice().number)) == (
        old.form_id
    )
    with pytest.raises(Refused, match="reason_missing"):
        amend.replace_form(*args, make.draft(), "key-3", " ")


def test_a_correction_may_keep_its_own_invoices_and_no_others(world: World) -> None:
    old = issued(world)
    issued(world, make.draft("25422000000000000007"), "key-7")
    args = (world.ports, world.clerk, old.form_id)
    assert not amend.dry_replacement(*args, make.draft()).refusals
    other = amend.dry_replacement(*args, make.draft("25422000000000000007"))
    assert codes(other.refusals) == {"invoice_already_used"}


@pytest.mark.rule("threshold_over_forms")
def test_the_old_forms_purchases_do_not_count_for_the_new_one(world: World) -> None:
    old = issued(world)
    small = make.draft(invoices=(make.invoice(lines=(make.line(100_00),)),))
    run = amend.dry_replacement(world.ports, world.clerk, old.form_id, small)
    assert codes(run.refusals) == {"below_threshold"}
    issued(world, make.draft("25422000000000000002"), "key-2")
    run = amend.dry_replacement(world.ports, world.clerk, old.form_id, small)
    assert not run.refusals


@pytest.mark.rule("rules_of_issue_day")
@pytest.mark.rule("threshold_over_forms")
def test_a_correction_on_a_later_day_promises_anew_and_keeps_the_day_of_purchase(
    world: World,
) -> None:
    old = issued(world)
    lines = (make.line(50_00),)
    small = make.draft(invoices=(make.invoice("25422000000000000002", lines=lines),))
    second = issued(world, small, "key-2")
    world.clock.pass_by(days=3)
    again = replace(small, traveller=make.traveller(local_name="陳大明"))
    args = (world.ports, world.clerk, second.form_id)
    found = amend.replace_form(*args, again, "key-3", "name").form
    assert found is not None, "the first form of the day of purchase carries it still"
    assert found.issue_day == date(2025, 7, 11)
    assert (found.depart_by, found.export_by) == (date(2025, 7, 28), old.export_by)


def test_a_store_that_may_issue_no_more_corrects_no_more(world: World) -> None:
    old = issued(world)
    import_stores(world.ports, [make.store(1, status=StoreStatus.SUSPENDED)], "operator:op")
    run = amend.dry_replacement(world.ports, world.clerk, old.form_id, make.draft())
    assert codes(run.refusals) == {"store_not_active"}


def test_an_advance_comes_back_before_the_form_is_corrected(world: World) -> None:
    old = claimed(world)
    assert refused(world, old).code == "advance_outstanding"
    brought = BroughtBack({}, Recovery.STORE, "mistake on the form", "return-1", asked=True)
    assert returns.return_goods(world.ports, world.clerk, old.form_id, brought).form.status is (
        Status.RETURNED
    )
    new = corrected(world, old)
    assert status(world, old) is Status.SUPERSEDED
    assert claimed(world, new).status is Status.ADVANCED
    assert world.booked("advance") == ["paid", "paid"]


def test_a_form_whose_goods_all_came_back_has_nothing_to_correct(world: World) -> None:
    old = claimed(world)
    brought = BroughtBack({(0, 0): 1}, Recovery.STORE, "did not fit", "return-1")
    returns.return_goods(world.ports, world.clerk, old.form_id, brought)
    assert refused(world, old).code == "not_in_this_state"


@pytest.mark.rule("nothing_after_verification")
def test_nothing_is_corrected_once_customs_have_verified(world: World) -> None:
    paid = verified(world)
    assert refused(world, paid).code == "already_verified"
    draft = make.draft("25422000000000000005", channel=Channel.ORDINARY)
    ordinary = issued(world, draft, "key-5")
    verify.verify_form(world.ports, world.officer, ordinary.form_id)
    assert refused(world, ordinary).code == "already_verified"


def test_a_void_form_is_not_corrected(world: World) -> None:
    form = issued(world)
    issue.void_form(world.ports, world.clerk, form.form_id, "changed her mind")
    assert refused(world, form).code == "not_in_this_state"


def test_another_stores_form_and_no_form_look_alike(small_world: World) -> None:
    form = issued(small_world)
    for form_id in (form.form_id, "ffffffffffffffff"):
        with pytest.raises(Refused, match="form_unknown") as caught:
            amend.form_to_correct(small_world.ports, small_world.other_clerk, form_id)
        assert caught.value.facts == {}


def test_the_same_key_for_another_request_is_refused(small_world: World) -> None:
    form = issued(small_world)
    corrected(small_world, form)
    with pytest.raises(Refused, match="submission_differs"):
        corrected(small_world, form, traveller=make.traveller("H11112222"))


def test_what_differs_is_named_field_by_field(small_world: World) -> None:
    form = issued(small_world)
    old = amend.form_to_correct(small_world.ports, small_world.clerk, form.form_id)
    assert amend.differences(old.draft, old.draft) == ()
    new = replace(old.draft, traveller=RIGHT, channel=Channel.ORDINARY)
    found = amend.differences(old.draft, new)
    assert [(one.field, one.before, one.after) for one in found] == [
        ("document_number", "H12345678", "H87654321"),
        ("channel", Channel.INSTANT, Channel.ORDINARY),
    ]
    events = small_world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    assert [event.kind for event in events] == ["issue", "identity_shown"]


@pytest.mark.rule("lost_form")
def test_a_lost_form_is_found_by_its_document_in_its_own_store_and_that_is_recorded(
    world: World,
) -> None:
    form = issued(world)
    document = make.traveller().document
    found = amend.forms_of_document(world.ports, world.clerk, [document])
    assert [one.form_id for one in found] == [form.form_id]
    assert amend.forms_of_document(world.ports, world.other_clerk, [document]) == []
    other = IdentityDocument(DocumentKind.PASSPORT, document.number)
    assert amend.forms_of_document(world.ports, world.clerk, [other]) == []
    events = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    assert [event.kind for event in events].count("found_by_document") == 1


@pytest.mark.rule("lost_form")
def test_a_reprint_shows_the_same_code_and_claim_code_and_is_recorded(world: World) -> None:
    form = issued(world)
    first = issue.slip(world.ports, world.clerk, form.form_id)
    again = issue.slip(world.ports, world.clerk, form.form_id)
    assert (again.claim_code, again.form.code) == (first.claim_code, first.form.code)
    events = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    assert [event.kind for event in events].count("slip_shown") == 2
