"""The agency's counter: who is found, who is reviewed how, and what becomes of a broken promise."""

from __future__ import annotations

import pytest

from refund.core.form import Form, Status
from refund.core.ledger import Account
from refund.core.people import Actor, Role
from refund.core.review import Stand
from refund.services import counter_desk, oversee
from tests import make
from tests.services import steps
from tests.services.till_steps import (
    counter,
    look,
    ordinary,
    paid_in_cash,
    reasons,
    refused,
    shown,
    till,
)
from tests.world import World

# Who stands there, and what is found.


def test_an_operator_with_a_port_has_that_port_s_counter_only() -> None:
    own = Actor("operator-9", Role.OPERATOR, "Operator", port="YIH")
    assert counter_desk.counter_at(own, "YIH").port == "YIH"
    refused("not_found", lambda: counter_desk.counter_at(own, "WUH"))
    refused("not_found", lambda: counter_desk.counter_at(make.operator(), "XXX"))


@pytest.mark.rule("lost_form")
def test_a_form_that_was_lost_is_found_by_the_document(small_world: World) -> None:
    form = ordinary(small_world)
    document = make.traveller().document
    found = counter_desk.find_by_document(small_world.ports, counter(small_world), document)
    assert found.form_id == form.form_id
    assert look(small_world, form).may_pay
    stranger = make.traveller("H00000009").document
    refused(
        "form_unknown",
        lambda: counter_desk.find_by_document(small_world.ports, counter(small_world), stranger),
    )


def test_the_form_that_can_be_paid_is_opened_first_and_the_others_are_named(
    small_world: World,
) -> None:
    ready = ordinary(small_world)
    small_world.clock.pass_by(minutes=1)
    later_form = steps.issued(small_world, make.draft("25422000000000000002"), "key-2")
    document = make.traveller().document
    found = counter_desk.find_by_document(small_world.ports, counter(small_world), document)
    assert found.form_id == ready.form_id
    assert [one.form_id for one in look(small_world, ready).others] == [later_form.form_id]


def test_looking_at_a_form_is_recorded(small_world: World) -> None:
    form = ordinary(small_world)
    look(small_world, form)
    events = small_world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    assert [e.actor for e in events if e.kind == "identity_shown"] == ["operator:operator-1"]


# The review.


@pytest.mark.rule("review_papers")
def test_nothing_is_paid_before_the_document_was_shown(small_world: World) -> None:
    form = ordinary(small_world)
    till(small_world)
    assert reasons(small_world, form) == {"document_not_shown"}
    refused("document_not_shown", lambda: paid_in_cash(small_world, form))
    paid_in_cash(small_world, shown(small_world, form))
    assert steps.status(small_world, form) is Status.REFUNDED


@pytest.mark.rule("review_papers")
def test_another_person_s_document_is_seen_and_nothing_is_paid(small_world: World) -> None:
    form = ordinary(small_world)
    till(small_world)
    stranger = make.traveller("H00000009").document
    here = counter(small_world)
    assert not counter_desk.show_document(small_world.ports, here, form.form_id, stranger)
    assert reasons(small_world, form) == {"document_differs"}
    refused("document_differs", lambda: paid_in_cash(small_world, form))
    assert counter_desk.show_document(
        small_world.ports, here, form.form_id, make.traveller().document
    )
    assert look(small_world, form).may_pay


def test_a_document_that_was_shown_yesterday_is_asked_for_again(small_world: World) -> None:
    form = shown(small_world, ordinary(small_world))
    small_world.clock.at = steps.on(8, 23)
    assert look(small_world, form).may_pay
    small_world.clock.at = steps.on(9, 0)
    assert reasons(small_world, form) == {"document_not_shown"}


def test_a_document_that_a_colleague_saw_is_asked_for_again(small_world: World) -> None:
    form = shown(small_world, ordinary(small_world))
    colleague = Actor("operator-2", Role.OPERATOR, "Colleague")
    seen = counter_desk.view(
        small_world.ports, counter(small_world, operator=colleague), form.form_id
    )
    assert steps.codes(seen.reasons) == {"document_not_shown"}


@pytest.mark.rule("review_papers")
def test_a_form_that_customs_have_not_seen_is_sent_to_them(small_world: World) -> None:
    form = shown(small_world, steps.issued(small_world))
    till(small_world)
    seen = look(small_world, form)
    assert seen.stand is Stand.CUSTOMS_FIRST
    assert steps.codes(seen.reasons) == {"verification_missing"}
    refused("not_in_this_state", lambda: paid_in_cash(small_world, form))


@pytest.mark.rule("review_papers")
def test_the_counter_of_another_port_than_customs_does_not_pay(small_world: World) -> None:
    form = ordinary(small_world)
    elsewhere = counter(small_world, "YIH")
    shown(small_world, form, elsewhere)
    assert reasons(small_world, form, "YIH") == {"verified_elsewhere"}


@pytest.mark.rule("review_export")
@pytest.mark.rule("review_stay")
def test_every_reason_is_said_at_once(small_world: World) -> None:
    form = ordinary(small_world)
    small_world.clock.pass_by(days=200)
    expected = {"document_not_shown", "left_after_export", "left_after_stay"}
    assert reasons(small_world, form) == expected


@pytest.mark.rule("review_export")
def test_the_last_second_of_the_ninetieth_day_is_paid_and_the_next_is_not(
    small_world: World,
) -> None:
    form = ordinary(small_world)
    till(small_world)
    small_world.clock.at = steps.on(6, 23, month=10).replace(minute=59, second=59)
    assert look(small_world, shown(small_world, form)).may_pay
    small_world.clock.pass_by(seconds=1)
    shown(small_world, form)
    refused("left_after_export", lambda: paid_in_cash(small_world, form))


def test_a_denial_keeps_the_reasons_and_the_words_and_is_final(small_world: World) -> None:
    form = ordinary(small_world)
    till(small_world)
    small_world.clock.at = steps.on(7, month=10)
    shown(small_world, form)
    here = counter(small_world)
    refused("reason_missing", lambda: counter_desk.deny(small_world.ports, here, form.form_id, " "))
    denied = counter_desk.deny(small_world.ports, here, form.form_id, "told at the counter")
    assert denied.status is Status.DENIED
    events = small_world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    said = [e.detail for e in events if e.kind == "refuse_at_review"]
    assert said == ["left_after_export: told at the counter"]
    refused("not_in_this_state", lambda: paid_in_cash(small_world, form))


# The broken promise: one thread.


def charged(world: World, officer: Actor | None = None) -> Form:
    """A form that was verified, whose traveller left too late, and which was charged back."""
    form = steps.verified(world, officer=officer)
    steps.departs(world, steps.on(30))
    assert steps.settled(world, form).form.status is Status.CAPTURED
    return form


@pytest.mark.rule("ordinary_after_capture")
@pytest.mark.rule("outcome_promise_broken")
def test_a_broken_promise_is_refunded_later_on_the_same_thread(world: World) -> None:
    form = charged(world)
    till(world)
    world.clock.at = steps.on(20, month=8)
    shown(world, form)
    assert look(world, form).may_accept
    here = counter(world)
    assert (
        counter_desk.accept_verification(world.ports, here, form.form_id).status
        is Status.ORDINARY_VERIFIED
    )
    again = counter_desk.accept_verification(world.ports, here, form.form_id)
    assert again.status is Status.ORDINARY_VERIFIED
    paid_in_cash(world, form)
    events = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    thread = [e.kind for e in events if e.version]
    assert thread[-5:] == [
        "verify",
        "request_capture",
        "capture_succeeded",
        "reopen",
        "pay_cash",
    ]
    balances = oversee.balances(world.ports)
    assert balances[Account.ADVANCE] == 0
    assert balances[Account.TREASURY] == 164_34


@pytest.mark.rule("ordinary_after_capture")
@pytest.mark.rule("wrong_port")
def test_the_verification_of_another_port_is_not_accepted(small_world: World) -> None:
    form = charged(small_world)
    elsewhere = counter(small_world, "YIH")
    shown(small_world, form, elsewhere)
    seen = look(small_world, form, "YIH")
    assert seen.stand is Stand.CUSTOMS_AGAIN
    assert not seen.may_accept
    refused(
        "verified_elsewhere",
        lambda: counter_desk.accept_verification(small_world.ports, elsewhere, form.form_id),
    )


@pytest.mark.rule("ordinary_after_capture")
@pytest.mark.rule("wrong_port")
def test_a_promise_broken_at_another_port_is_refunded_there(small_world: World) -> None:
    form = steps.verified(small_world, officer=make.officer("YIH"))
    steps.departs(small_world, steps.on(9), port="YIH")
    assert look(small_world, form, "YIH").stand is Stand.CHARGE_FIRST
    assert steps.settled(small_world, form).form.status is Status.CAPTURED
    elsewhere = counter(small_world, "YIH")
    shown(small_world, form, elsewhere)
    assert look(small_world, form, "YIH").may_accept


@pytest.mark.rule("ordinary_after_capture")
@pytest.mark.rule("review_export")
def test_after_the_ninetieth_day_a_charged_form_is_not_taken_up(small_world: World) -> None:
    form = charged(small_world)
    small_world.clock.at = steps.on(7, month=10)
    shown(small_world, form)
    refused(
        "left_after_export",
        lambda: counter_desk.accept_verification(
            small_world.ports, counter(small_world), form.form_id
        ),
    )
    assert steps.status(small_world, form) is Status.CAPTURED


def test_an_advance_whose_promise_is_broken_is_charged_back_first(small_world: World) -> None:
    form = steps.verified(small_world)
    assert look(small_world, form).stand is Stand.ADVANCE_STANDS
    small_world.clock.pass_by(days=18)
    shown(small_world, form)
    till(small_world)
    assert look(small_world, form).stand is Stand.CHARGE_FIRST
    refused("not_in_this_state", lambda: paid_in_cash(small_world, form))
    refused(
        "not_in_this_state",
        lambda: counter_desk.accept_verification(
            small_world.ports, counter(small_world), form.form_id
        ),
    )


def test_the_home_of_a_counter_shows_who_waits_and_what_was_paid(small_world: World) -> None:
    form = shown(small_world, ordinary(small_world))
    other = ordinary(small_world, "key-2", "25422000000000000002")
    till(small_world)
    paid_in_cash(small_world, form)
    seen = counter_desk.home(small_world.ports, counter(small_world))
    assert [(one.form_id, due.net_fen) for one, due in seen.waiting] == [
        (other.form_id, make.NET_FEN)
    ]
    assert seen.paid_fen == make.NET_FEN
    assert seen.till is not None
    assert seen.till.expected_fen == 1_000_00 - make.NET_FEN
    elsewhere = counter_desk.home(small_world.ports, counter(small_world, "YIH"))
    assert (elsewhere.waiting, elsewhere.receipts, elsewhere.till) == ((), (), None)
