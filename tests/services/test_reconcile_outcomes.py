"""Each outcome at the exit, carried out: what is charged, what the books say, and one thread."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from refund.core.calendar import SHANGHAI
from refund.core.entitlement import Recovery
from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.core.matching import Action, Why
from refund.core.signing import code_url
from refund.services import amend, claim, oversee, reconcile
from refund.services.standing import Standing, standing
from tests import make
from tests.services import till_steps
from tests.services.engine_steps import (
    ADVANCE_FEN,
    bags,
    balances,
    brought_back,
    confirmed,
    refused_at_customs,
    together,
)
from tests.services.steps import (
    PHONE,
    claimed,
    departs,
    issued,
    on,
    proposal,
    settled,
    status,
    verified,
)
from tests.world import PUBLIC_URL, World, assert_audit_holds, open_world


def stands(world: World, form: Form) -> Standing:
    """Where the form stands for the traveller's phone."""
    return standing(world.ports, claim.view(world.ports, PHONE, form.form_id))


def outcome(world: World, form: Form) -> tuple[Action, Why, int, int]:
    """What is proposed, why, and the two sums of fen."""
    found = proposal(world, form)
    return found.action, found.why, found.charged_fen, found.released_fen


@pytest.mark.rule("outcome_fewer_goods")
@pytest.mark.rule("pays_confirmed_quantity")
def test_for_two_bags_of_three_the_third_is_charged_and_the_rest_released(world: World) -> None:
    form = confirmed(world, claimed(world, bags(world)), 2)
    departs(world, on(20))
    assert outcome(world, form) == (Action.ADJUST, Why.FEWER_GOODS, 450_00, 900_00)
    done = settled(world, form)
    assert (done.form.status, done.charged_fen, done.released_fen) == (
        Status.ADJUSTED,
        450_00,
        900_00,
    )
    assert balances(world) == {"network": -900_00, "treasury": 1_100_00, "fee": -200_00}
    found = stands(world, form)
    assert (found.charged_fen, found.released_fen, found.worth.due.net_fen) == (
        450_00,
        900_00,
        900_00,
    )
    assert [(one.line.quantity, one.confirmed) for one in found.lines] == [(3, 2)]


@pytest.mark.rule("outcome_fewer_goods")
@pytest.mark.rule("outcome_goods_brought_back")
@pytest.mark.parametrize("recovery", [Recovery.STORE, Recovery.CAPTURE])
def test_a_bag_that_went_back_is_paid_for_once_in_the_store_or_at_the_exit(
    small_world: World, recovery: Recovery
) -> None:
    form = brought_back(small_world, claimed(small_world, bags(small_world)), 1, recovery)
    form = confirmed(small_world, form, 2)
    departs(small_world, on(20))
    charged_fen = 0 if recovery is Recovery.STORE else 450_00
    assert outcome(small_world, form) == (
        Action.ADJUST,
        Why.PART_RETURNED,
        charged_fen,
        ADVANCE_FEN - charged_fen,
    )
    assert settled(small_world, form).form.status is Status.ADJUSTED
    assert balances(small_world)["treasury"] == 1_100_00
    assert "advance" not in balances(small_world)
    found = stands(small_world, form)
    assert found.charged_fen + found.taken_back_fen == 450_00


@pytest.mark.rule("outcome_policy_not_met")
def test_what_customs_refuse_is_charged_whole_and_gives_no_refund_any_more(world: World) -> None:
    form = refused_at_customs(world, claimed(world, bags(world)))
    assert outcome(world, form) == (Action.FORFEIT, Why.REFUSED, ADVANCE_FEN, 0)
    departs(world, on(20))
    assert outcome(world, form)[:2] == (Action.FORFEIT, Why.REFUSED)
    assert settled(world, form).form.status is Status.FORFEITED
    assert balances(world) == {}
    with pytest.raises(Refused):
        verified(world, form)


@pytest.mark.rule("outcome_policy_not_met")
@pytest.mark.rule("stay_days")
def test_who_leaves_after_183_days_loses_the_refund_though_the_promise_was_kept(
    small_world: World,
) -> None:
    long_ago = make.traveller(last_entry=on(20, month=1).date())
    form = verified(
        small_world, claimed(small_world, issued(small_world, make.draft(traveller=long_ago)))
    )
    departs(small_world, on(23))
    assert outcome(small_world, form)[:2] == (Action.FORFEIT, Why.STAYED_TOO_LONG)
    assert settled(small_world, form).form.status is Status.FORFEITED
    assert balances(small_world) == {}


def test_the_last_day_of_the_stay_is_still_in_time(small_world: World) -> None:
    long_ago = make.traveller(last_entry=on(20, month=1).date())
    form = verified(
        small_world, claimed(small_world, issued(small_world, make.draft(traveller=long_ago)))
    )
    departs(small_world, on(22, 23))
    assert outcome(small_world, form)[:2] == (Action.RELEASE, Why.KEPT)


@pytest.mark.rule("ordinary_after_capture")
@pytest.mark.rule("outcome_promise_broken")
@pytest.mark.rule("no_show")
def test_a_no_show_is_charged_and_later_refunded_at_the_counter_on_one_thread(
    world: World,
) -> None:
    form = claimed(world)
    world.clock.at = on(28)
    assert outcome(world, form)[:2] == (Action.CAPTURE, Why.NEVER_SEEN)
    assert settled(world, form).form.status is Status.CAPTURED
    assert stands(world, form).ordinary_until == on(6, month=10).date()
    world.clock.at = on(20, month=8)
    assert verified(world, form).status is Status.ORDINARY_VERIFIED
    till_steps.till(world)
    till_steps.shown(world, form)
    till_steps.paid_in_cash(world, form)
    assert status(world, form) is Status.REFUNDED
    life = oversee.form_life(world.ports, world.operator, form.form_id)
    assert [one.event.kind for one in life.thread][-4:] == [
        "request_capture",
        "capture_succeeded",
        "verify",
        "pay_cash",
    ]
    moved = [one.moved for one in life.thread]
    assert sum(one.paid_fen for one in moved) == 2 * make.NET_FEN
    assert sum(one.charged_fen for one in moved) == make.NET_FEN
    assert [one.sequence for one in life.verifications] == [1]
    assert balances(world)["treasury"] == 164_34


@pytest.mark.rule("ordinary_after_capture")
def test_the_exit_after_a_second_verification_is_the_one_that_counts(small_world: World) -> None:
    form = verified(small_world)
    departs(small_world, on(26))
    assert settled(small_world, form).form.status is Status.CAPTURED
    small_world.clock.at = on(20, month=8)
    verified(small_world, form)
    life = oversee.form_life(small_world.ports, small_world.operator, form.form_id)
    assert [one.sequence for one in life.verifications] == [1, 2]
    assert life.proposal.exit is None
    departs(small_world, on(20, 15, month=8))
    life = oversee.form_life(small_world.ports, small_world.operator, form.form_id)
    assert life.proposal.exit is not None
    assert life.proposal.exit.exited_at == on(20, 15, month=8)


@pytest.mark.rule("joint_forms_apart")
def test_forms_with_a_common_hold_each_have_an_outcome_of_their_own(small_world: World) -> None:
    first, second = bags(small_world, "first"), bags(small_world, "second")
    together(small_world, [first, second])
    verified(small_world, first)
    confirmed(small_world, second, 1)
    departs(small_world, on(20))
    assert outcome(small_world, first) == (Action.RELEASE, Why.KEPT, 0, ADVANCE_FEN)
    assert outcome(small_world, second) == (Action.ADJUST, Why.FEWER_GOODS, 900_00, 450_00)
    chosen = [
        reconcile.Chosen(one.form_id, action, why)
        for one, action, why in (
            (first, Action.RELEASE, Why.KEPT),
            (second, Action.ADJUST, Why.FEWER_GOODS),
        )
    ]
    done = reconcile.settle(small_world.ports, small_world.operator, chosen, "seen")
    assert [one.form.status for one in done] == [Status.RELEASED, Status.ADJUSTED]
    assert "advance" not in balances(small_world)


@pytest.mark.rule("superseded_code_answers")
@pytest.mark.rule("replaced_form_is_named")
def test_a_code_that_was_superseded_answers_with_the_number_of_the_newest(
    small_world: World,
) -> None:
    forms = [issued(small_world)]
    for n in (2, 3):
        corrected = make.draft(traveller=make.traveller(f"H0000000{n}"))
        found = amend.replace_form(
            small_world.ports,
            small_world.clerk,
            forms[-1].form_id,
            corrected,
            f"key-{n}",
            "wrong permit",
        )
        assert found.form is not None, found.refusals
        forms.append(found.form)
    for old in forms[:2]:
        with pytest.raises(Refused, match="form_void") as caught:
            claim.scan(small_world.ports, code_url(PUBLIC_URL, old.code), PHONE)
        assert caught.value.facts == {"status": "superseded", "number": forms[2].form_number}
    newest = claim.scan(small_world.ports, code_url(PUBLIC_URL, forms[2].code), PHONE)
    assert newest.replaces == forms[1].form_id


@pytest.mark.rule("outcome_goods_brought_back")
def test_the_code_of_a_form_whose_goods_went_back_is_dead(small_world: World) -> None:
    form = brought_back(small_world, claimed(small_world, bags(small_world)), 3, Recovery.STORE)
    assert form.status is Status.RETURNED
    with pytest.raises(Refused, match="form_void") as caught:
        claim.scan(small_world.ports, code_url(PUBLIC_URL, form.code), PHONE)
    assert caught.value.facts == {"status": "returned"}
    assert stands(small_world, form).taken_back_fen == ADVANCE_FEN
    assert balances(small_world) == {"network": -ADVANCE_FEN, "store": ADVANCE_FEN}


@pytest.mark.rule("capture_working_days")
def test_the_overview_tells_what_is_overdue_and_by_how_many_working_days(
    small_world: World,
) -> None:
    claimed(small_world)
    small_world.clock.at = on(30, 23)
    assert oversee.overview(small_world.ports).overdue == ()
    for day, month, days in ((31, 7, 1), (2, 8, 2), (5, 8, 4)):
        small_world.clock.at = on(day, month=month)
        assert [p.overdue_days for p in oversee.overview(small_world.ports).overdue] == [days]


@pytest.mark.rule("hold_outlives")
def test_a_hold_that_ends_in_the_holidays_is_seen_at_once_and_charged_before(
    tmp_path: Path, sqlite_url: str
) -> None:
    """The promise ends on 1 October 2026, the hold on the 3rd, the three days on the 10th."""
    at = datetime(2026, 9, 3, 12, tzinfo=SHANGHAI)
    with open_world(tmp_path, sqlite_url, at) as world:
        traveller = make.traveller(last_entry=at.date())
        draft = make.draft(traveller=traveller, invoices=(make.invoice(day=at.date()),))
        form = claimed(world, issued(world, draft))
        seen = oversee.overview(world.ports).ending_early
        assert [one.form.form_id for one in seen] == [form.form_id]
        assert (seen[0].charge_by, seen[0].collect_by) == (date(2026, 10, 3), date(2026, 10, 10))
        world.clock.at = datetime(2026, 10, 2, 0, tzinfo=SHANGHAI)
        assert settled(world, form).form.status is Status.CAPTURED
        assert_audit_holds(world.ports)


def test_a_long_hold_is_not_told(small_world: World) -> None:
    claimed(small_world)
    assert oversee.overview(small_world.ports).ending_early == ()


def test_a_form_that_no_phone_opened_has_no_standing(small_world: World) -> None:
    form = issued(small_world)
    claim.scan(small_world.ports, code_url(PUBLIC_URL, form.code), PHONE)
    with pytest.raises(PermissionError):
        stands(small_world, form)
