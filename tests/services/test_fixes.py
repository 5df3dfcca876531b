"""Fixes of cases: what can be done is offered, done once, posted, and above a limit by two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from refund.core.case import Case, CaseKind, Fix
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.operation import Kind, OperationState
from refund.services import cases, fixes, later
from refund.services.asking import Outcome
from refund.services.pay import record_answer
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.case_steps import (
    BIG_NET_FEN,
    CAPTURE_DECLINED,
    JCB,
    PAYOUT_RETURNED,
    SECOND,
    a_big_form,
    declined,
    fixed,
    history,
    now,
    offered,
    opened,
    request_of,
    the_case,
    without_hold,
)
from tests.services.engine_steps import balances, own_accounts
from tests.services.steps import claimed, departs, on, status
from tests.services.test_races import at_once
from tests.world import World


def an_unsecured(world: World, form: Form | None = None) -> Case:
    """The case of an advance whose hold had ended before it was charged."""
    known = without_hold(world, form)
    return the_case(world, CaseKind.UNSECURED, known.form_id)


def the_status(world: World, case: Case) -> Status | None:
    """Where the form of a case stands."""
    form = now(world, case).standing.form
    return None if form is None else form.status


def refusal(act: Callable[[], object]) -> str:
    """The code with which something is refused."""
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def test_an_advance_without_a_hold_is_written_off_by_one_person(world: World) -> None:
    case = an_unsecured(world)
    assert offered(world, case) == [Fix.WRITE_OFF, Fix.EXPLAIN]
    offer = now(world, case).offers[0]
    assert (offer.amount_fen, offer.needs_two) == (make.NET_FEN, False)
    assert [(p.account.value, p.amount_fen) for p in offer.postings] == [
        ("written_off", make.NET_FEN),
        ("advance", make.NET_FEN),
    ]
    done = fixed(world, case, Fix.WRITE_OFF, "moved away")
    assert done.outcome is Outcome.DONE
    found = now(world, case).case
    assert (found.is_open, found.fix, found.reason) == (False, Fix.WRITE_OFF, "moved away")
    assert found.closed_by == world.operator.label
    assert history(world, case) == ["opened", "fixed", "closed"]
    assert the_status(world, case) is Status.WRITTEN_OFF
    assert balances(world) == {"network": -make.NET_FEN, "written_off": make.NET_FEN}
    assert cases.work_queue(world.ports, world.operator).count == 0, "the charge's case is over too"


@pytest.mark.rule("two_persons")
def test_above_the_limit_a_second_person_approves_and_it_is_carried_out(world: World) -> None:
    case = an_unsecured(world, a_big_form(world))
    assert fixed(world, case, Fix.WRITE_OFF, "moved away").outcome is Outcome.WAITS
    assert the_status(world, case) is Status.VERIFIED
    approval_id = request_of(world, case)

    def approve(who: object) -> object:
        return fixes.approve(world.ports, who, case.case_id, approval_id)  # type: ignore[arg-type]

    assert refusal(lambda: approve(world.operator)) == "second_person_needed"
    assert refusal(lambda: fixed(world, case, Fix.WRITE_OFF)) == "approval_waits"
    seen = cases.work_queue(world.ports, SECOND)
    assert [row.case.case_id for row in seen.for_me] == [case.case_id]
    assert [r.case.case_id for r in cases.work_queue(world.ports, world.operator).of_mine]
    done = fixes.approve(world.ports, SECOND, case.case_id, approval_id)
    assert done.outcome is Outcome.DONE
    found = now(world, case).case
    assert (found.closed_by, found.owner) == (SECOND.label, SECOND.label)
    told = [(e.kind, e.actor, e.detail) for e in now(world, case).file.events]
    assert told[1:3] == [
        ("asked", world.operator.label, "write_off: moved away"),
        ("approved", SECOND.label, "write_off: moved away"),
    ]
    assert balances(world)["written_off"] == BIG_NET_FEN
    assert refusal(lambda: approve(SECOND)) == "case_closed"


@pytest.mark.rule("two_persons")
def test_a_request_is_declined_or_taken_back_with_a_reason(world: World) -> None:
    case = an_unsecured(world, a_big_form(world))
    for who, kind in ((SECOND, "declined"), (world.operator, "taken_back")):
        fixed(world, case, Fix.WRITE_OFF, "moved away")
        approval_id = request_of(world, case)
        fixes.decline(world.ports, who, case.case_id, approval_id, "not yet")
        assert history(world, case)[-1] == kind
        again = refusal(
            lambda w=who, a=approval_id: fixes.approve(world.ports, w, case.case_id, a)  # type: ignore[misc]
        )
        assert again == "approval_decided"
    assert now(world, case).case.is_open
    assert balances(world)["advance"] == BIG_NET_FEN


@pytest.mark.rule("two_persons")
def test_what_has_changed_since_it_was_asked_for_is_not_done(world: World) -> None:
    form = declined(world, a_big_form(world, CAPTURE_DECLINED))
    case = the_case(world, CaseKind.CHARGE_REFUSED, form.form_id)
    seen = now(world, case).offers[1]
    assert (seen.fix, seen.needs_two, seen.event) == (Fix.RELEASE, True, Event.REQUEST_WAIVE)
    assert fixed(world, case, Fix.RELEASE).outcome is Outcome.WAITS
    departs(world, on(20))
    approval_id = request_of(world, case)
    code = refusal(lambda: fixes.approve(world.ports, SECOND, case.case_id, approval_id))
    assert code == "case_changed", "the traveller left in time after all"
    fixes.decline(world.ports, world.operator, case.case_id, approval_id, "left in time")
    by = (world.ports, world.operator, case.case_id, Fix.RELEASE, "left in time")
    assert refusal(lambda: fixes.fix(*by, seen.seen)) == "case_changed"
    assert now(world, case).offers[0].event is Event.REQUEST_RELEASE
    fixed(world, case, Fix.RELEASE)
    done = fixes.approve(world.ports, SECOND, case.case_id, request_of(world, case))
    assert (done.outcome, the_status(world, case)) == (Outcome.DONE, Status.RELEASED)


def test_a_charge_that_was_refused_is_asked_for_again_or_given_up(world: World) -> None:
    form = declined(world)
    case = the_case(world, CaseKind.CHARGE_REFUSED, form.form_id)
    assert offered(world, case) == [Fix.CAPTURE, Fix.RELEASE, Fix.EXPLAIN]
    again = fixed(world, case, Fix.CAPTURE)
    assert (again.outcome, again.refusal) == (Outcome.REFUSED, "capture_declined")
    assert history(world, case) == ["opened", "fixed", "refused"]
    assert not now(world, case).case.under_way
    assert fixed(world, case, Fix.RELEASE, "the card is lost").outcome is Outcome.DONE
    assert the_status(world, case) is Status.WRITTEN_OFF
    assert world.booked("release") == ["released"]
    found = now(world, case).case
    assert (found.fix, found.closed_by) == (Fix.RELEASE, world.operator.label)
    assert own_accounts(world, form) == {"network": -make.NET_FEN, "written_off": make.NET_FEN}


@pytest.mark.rule("two_persons")
def test_a_release_that_customs_word_lacks_needs_two_however_small(world: World) -> None:
    form = claimed(world)
    case = opened(world, CaseKind.HOLD_ENDS_EARLY, form.form_id, form_id=form.form_id)
    assert offered(world, case) == [Fix.RELEASE, Fix.EXPLAIN]
    assert fixed(world, case, Fix.RELEASE).outcome is Outcome.WAITS
    assert world.booked("release") == []
    fixes.approve(world.ports, SECOND, case.case_id, request_of(world, case))
    assert the_status(world, case) is Status.WRITTEN_OFF


def test_a_hold_is_extended(world: World) -> None:
    form = claimed(world, number=JCB)
    before = world.ports.storage.read(lambda tx: tx.live_guarantee(form.form_id))
    case = opened(world, CaseKind.HOLD_ENDS_EARLY, form.form_id, form_id=form.form_id)
    assert offered(world, case)[0] is Fix.EXTEND
    world.clock.pass_by(days=5)
    assert fixed(world, case, Fix.EXTEND).outcome is Outcome.DONE
    after = world.ports.storage.read(lambda tx: tx.live_guarantee(form.form_id))
    assert before is not None
    assert after is not None
    assert after.expires_at == before.expires_at + timedelta(days=5)
    assert not now(world, case).case.is_open


def test_a_fix_that_the_network_leaves_unanswered_is_closed_by_its_answer(world: World) -> None:
    form = declined(world)
    case = the_case(world, CaseKind.CHARGE_REFUSED, form.form_id)
    world.network.faults.append(Fault.LOST)
    assert fixed(world, case, Fix.RELEASE).outcome is Outcome.UNDER_WAY
    assert refusal(lambda: fixed(world, case, Fix.EXPLAIN)) == "case_under_way"
    assert fixes.finish_fixes(world.ports) == 0
    world.clock.pass_by(seconds=16)
    later.finish_open_operations(world.ports)
    fixes.finish_fixes(world.ports)
    found = now(world, case).case
    assert (found.is_open, found.fix, found.closed_by) == (
        False,
        Fix.RELEASE,
        world.operator.label,
    )


def returned(world: World) -> tuple[Form, Case]:
    """A form whose advance came back from the bank after two days, with its case."""
    form = claimed(world, number=PAYOUT_RETURNED)
    world.clock.pass_by(days=3)
    operation = next(
        one
        for one in world.ports.storage.read(lambda tx: tx.operations_of(form.form_id))
        if one.kind is Kind.ADVANCE
    )
    answer = world.network.look_up(operation.reference)
    assert answer is not None
    record_answer(world.ports, operation, answer)
    return form, the_case(world, CaseKind.ADVANCE_RETURNED, form.form_id)


@pytest.mark.rule("returned_not_owed")
def test_an_advance_that_came_back_is_paid_again_to_the_card(world: World) -> None:
    form, case = returned(world)
    assert own_accounts(world, form).get("advance", 0) == 0
    assert offered(world, case) == [Fix.PAY_AGAIN, Fix.EXPLAIN]
    assert fixed(world, case, Fix.PAY_AGAIN, "the bank put it right").outcome is Outcome.DONE
    assert not now(world, case).case.is_open
    assert own_accounts(world, form)["advance"] == make.NET_FEN


def test_an_advance_that_came_back_is_paid_again_once(world: World) -> None:
    _, case = returned(world)
    offer = now(world, case).offers[0]

    def pay(number: int) -> Outcome:
        who = (world.operator, SECOND)[number % 2]
        by = (world.ports, who, case.case_id, Fix.PAY_AGAIN, "again", offer.seen)
        return fixes.fix(*by).outcome

    outcomes = at_once(6, pay)
    assert outcomes.count(Outcome.DONE) == 1, outcomes
    assert world.booked("refund") == ["paid"]


def pending(world: World, fault: Fault) -> Case:
    """The case of a hold about which nothing was heard."""
    world.network.faults.append(fault)
    form = claimed(world)
    (operation,) = world.ports.storage.read(lambda tx: tx.operations_of(form.form_id))
    assert operation.state is OperationState.PENDING
    world.clock.pass_by(minutes=16)
    return opened(
        world, CaseKind.PENDING_TOO_LONG, operation.reference, form_id=form.form_id, amount_fen=1
    )


def test_a_request_that_waits_is_looked_up_by_a_person(world: World) -> None:
    case = pending(world, Fault.LOST)
    assert offered(world, case) == [Fix.LOOK_UP]
    assert fixed(world, case, Fix.LOOK_UP).outcome is Outcome.DONE
    assert the_status(world, case) is Status.ADVANCED
    assert not now(world, case).case.is_open


def test_while_the_network_is_silent_nothing_is_taken_in(world: World) -> None:
    case = pending(world, Fault.LOST)
    world.network.unplugged = True
    assert refusal(lambda: fixed(world, case, Fix.LOOK_UP)) == "network_unreachable"
    assert now(world, case).case.is_open


def test_a_request_that_never_arrived_is_refused_once_it_is_sent_no_more(world: World) -> None:
    case = pending(world, Fault.UNSENT)
    assert fixed(world, case, Fix.LOOK_UP).outcome is Outcome.UNDER_WAY
    assert history(world, case) == ["opened", "looked_up"]
    asked = (world.ports, world.operator, case.case_id, Fix.TREAT_AS_REFUSED, "never taken")
    assert refusal(lambda: fixes.fix(*asked)) == "fix_not_possible"
    world.clock.pass_by(hours=12)
    assert fixed(world, case, Fix.TREAT_AS_REFUSED).outcome is Outcome.DONE
    assert the_status(world, case) is Status.AGREED
    assert world.booked("hold") == []
    assert claimed(world, now(world, case).standing.form).status is Status.ADVANCED


def stray(world: World, form: Form, amount_fen: int) -> Case:
    """The case of a payout of the network that our books do not have."""
    held = world.ports.storage.read(lambda tx: tx.live_guarantee(form.form_id))
    assert held is not None
    world.book.advance("stray-1", held.card_token, "card", amount_fen)
    facts = {"ours_fen": 0, "theirs_fen": -amount_fen, "ours": {}, "theirs": {"kind": "advance"}}
    return opened(
        world, CaseKind.MISSING_HERE, "stray-1", amount_fen=amount_fen, facts=facts, store_number=1
    )


def test_our_account_follows_the_networks_book_by_an_entry_of_its_own(world: World) -> None:
    case = stray(world, claimed(world), 50_00)
    assert offered(world, case) == [Fix.POST_THEIRS, Fix.EXPLAIN]
    assert fixed(world, case, Fix.POST_THEIRS, "theirs is right").outcome is Outcome.DONE
    found = balances(world)
    assert found["network_difference"] == 50_00
    assert found["network"] == -make.NET_FEN - 50_00
    assert world.ports.storage.read(lambda tx: tx.has_entry(f"{case.case_id}-difference"))


def test_a_difference_that_was_posted_is_not_posted_again_by_a_later_case(world: World) -> None:
    form = claimed(world)
    fixed(world, stray(world, form, 50_00), Fix.POST_THEIRS, "theirs is right")
    facts = {"ours_fen": 0, "theirs_fen": -50_00, "seen": "again"}
    again = opened(world, CaseKind.MISSING_HERE, "stray-1", amount_fen=50_00, facts=facts)
    assert offered(world, again) == [Fix.EXPLAIN]
    fixed(world, again, Fix.EXPLAIN, "it was posted before")
    held = world.ports.storage.read(lambda tx: tx.live_guarantee(form.form_id))
    assert held is not None
    world.book.advance("stray-2", held.card_token, "card", 20_00)
    more = {**facts, "theirs_fen": -70_00}
    grown = opened(world, CaseKind.MISSING_HERE, "stray-1", amount_fen=70_00, facts=more)
    assert fixed(world, grown, Fix.POST_THEIRS, "and more").outcome is Outcome.DONE
    assert balances(world)["network_difference"] == 70_00


@pytest.mark.rule("two_persons")
def test_a_large_difference_is_posted_once_by_two_of_many(world: World) -> None:
    case = stray(world, claimed(world), 1_000_01)
    offer = now(world, case).offers[0]
    assert offer.needs_two

    def ask(_: int) -> Outcome:
        by = (world.ports, world.operator, case.case_id, Fix.POST_THEIRS, "theirs", offer.seen)
        return fixes.fix(*by).outcome

    assert at_once(4, ask).count(Outcome.WAITS) == 1
    approval_id = request_of(world, case)

    def approve(_: int) -> Outcome:
        return fixes.approve(world.ports, SECOND, case.case_id, approval_id).outcome

    outcomes = at_once(6, approve)
    assert outcomes.count(Outcome.DONE) == 1, outcomes
    assert balances(world)["network_difference"] == 1_000_01


def test_what_is_still_under_way_is_not_posted_as_a_difference(small_world: World) -> None:
    world = small_world
    world.network.faults.append(Fault.LOST)
    form = claimed(world)
    facts = {"ours_fen": 0, "theirs_fen": -1_00}
    case = opened(world, CaseKind.MISSING_HERE, "x", form_id=form.form_id, facts=facts)
    assert offered(world, case) == [Fix.LOOK_UP, Fix.EXPLAIN]
    assert fixed(world, case, Fix.LOOK_UP).outcome is Outcome.DONE
    assert status(world, form) is Status.ADVANCED


def test_a_fix_has_a_reason(small_world: World) -> None:
    form = claimed(small_world)
    case = opened(small_world, CaseKind.UNSECURED, form.form_id, form_id=form.form_id)
    for reason, code in (("", "reason_missing"), ("x" * 201, "field_too_long")):
        by = (small_world.ports, small_world.operator, case.case_id, Fix.EXPLAIN, reason)
        assert refusal(lambda b=by: fixes.fix(*b)) == code  # type: ignore[misc]
