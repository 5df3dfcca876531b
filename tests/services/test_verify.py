"""Customs: what an officer sees and decides, once, and what stays closed to them."""

from __future__ import annotations

import pytest

from refund.core.errors import Refused
from refund.core.form import Status
from refund.core.ids import group_form_number, make_form_number
from refund.core.signing import code_url
from refund.services import claim, issue, verify
from tests import make
from tests.services.steps import (
    PHONE,
    agreed,
    claimed,
    departs,
    issued,
    on,
    settled,
    unlocked,
    verified,
)
from tests.twin import Fault
from tests.world import PUBLIC_URL, World


def test_a_form_is_found_by_its_code_its_address_and_its_number(world: World) -> None:
    form = claimed(world)
    for text in (
        form.code,
        code_url(PUBLIC_URL, form.code),
        form.form_number,
        group_form_number(form.form_number),
    ):
        seen = verify.look_up(world.ports, world.officer, text)
        assert seen.form == form
        assert seen.refusal is None
    assert seen.traveller == make.traveller()
    assert [line.amount_fen for line in seen.invoices[0].lines] == [make.PRICE_FEN]


def test_what_is_no_form_is_refused_by_name(small_world: World) -> None:
    form = issued(small_world)
    last = form.form_number[-1]
    wrong = form.form_number[:-1] + str((int(last) + 1) % 10)
    for text, code in (
        ("", "field_missing"),
        (wrong, "form_number_unreadable"),
        (make_form_number(make.DAY, 2, 77), "form_unknown"),
        (form.code[:-1], "code_torn"),
    ):
        with pytest.raises(Refused, match=code):
            verify.look_up(small_world.ports, small_world.officer, text)


def test_every_reading_of_an_identity_leaves_its_trace(small_world: World) -> None:
    form = issued(small_world)
    verify.look_up(small_world.ports, small_world.officer, form.form_number)
    events = small_world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    shown = [(e.actor, e.kind) for e in events if e.kind == "identity_shown"]
    assert shown == [("officer:officer-WUH", "identity_shown")]


def test_a_confirmed_form_is_verified_once(world: World) -> None:
    form = verified(world)
    assert form.status is Status.VERIFIED
    with pytest.raises(Refused, match="already_verified"):
        verify.verify_form(world.ports, world.officer, form.form_id)
    seen = verify.view(world.ports, world.officer, form.form_id)
    assert seen.verification is not None
    assert (seen.verification.port, seen.verification.officer_id) == ("WUH", "officer-WUH")
    assert seen.refusal is not None
    assert verify.verified_today(world.ports, world.officer) == 1
    assert verify.verified_today(world.ports, make.officer("YIH")) == 0
    world.clock.pass_by(days=1)
    assert verify.verified_today(world.ports, world.officer) == 0


def test_goods_of_an_ordinary_refund_are_verified_without_an_advance(world: World) -> None:
    forms = [issued(world)]
    forms.append(agreed(world, issued(world, make.draft("25422000000000000002"), "key-2")))
    forms.append(unlocked(world, issued(world, make.draft("25422000000000000003"), "key-3")))
    claim.choose_ordinary(world.ports, PHONE, forms[2].form_id)
    for form in forms:
        done = verify.verify_form(world.ports, world.officer, form.form_id)
        assert done.status is Status.ORDINARY_VERIFIED
        with pytest.raises(Refused, match="not_in_this_state"):
            claim.choose_ordinary(world.ports, PHONE, unlocked(world, form).form_id)
    assert world.booked("hold") == []


def test_a_form_in_the_network_s_hands_waits_for_its_answer(small_world: World) -> None:
    small_world.network.faults.append(Fault.LOST)
    form = claimed(small_world)
    assert form.status is Status.HOLDING
    with pytest.raises(Refused, match="not_in_this_state"):
        verify.verify_form(small_world.ports, small_world.officer, form.form_id)


def test_a_void_form_and_an_unknown_one_are_not_verified(small_world: World) -> None:
    form = issued(small_world)
    issue.void_form(small_world.ports, small_world.clerk, form.form_id, "returned")
    for form_id, code in ((form.form_id, "form_void"), ("ffffffffffffffff", "form_unknown")):
        with pytest.raises(Refused, match=code):
            verify.verify_form(small_world.ports, small_world.officer, form_id)


def test_goods_are_verified_until_the_ninetieth_day_and_no_later(small_world: World) -> None:
    form, other = claimed(small_world), issued(small_world, make.draft("2542200000000002"), "k2")
    small_world.clock.at = on(6, 23, month=10)
    assert verified(small_world, form).status is Status.VERIFIED
    small_world.clock.at = on(7, 0, month=10)
    with pytest.raises(Refused, match="past_deadline"):
        verify.verify_form(small_world.ports, small_world.officer, other.form_id)


def test_a_settled_form_is_not_verified_again(small_world: World) -> None:
    form = verified(small_world)
    departs(small_world, on(20))
    assert settled(small_world, form).form.status is Status.RELEASED
    with pytest.raises(Refused, match="already_verified"):
        verify.verify_form(small_world.ports, small_world.officer, form.form_id)
