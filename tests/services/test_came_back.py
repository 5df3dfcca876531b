"""Payouts that came back from the bank are heard of, owed, and paid again once."""

from __future__ import annotations

from datetime import timedelta

from refund.core.case import CaseKind, Fix
from refund.core.form import Form, Status
from refund.core.operation import OperationState
from refund.services import fixes
from refund.services.asking import Outcome
from refund.services.pay import record_answer
from tests import make
from tests.services.case_steps import offered, opened, the_case
from tests.services.engine_steps import operations, own_accounts, payout_came_back
from tests.services.steps import claimed, status
from tests.services.till_steps import ordinary, paid_by_network, refused, shown
from tests.world import World


def refunded_in_vain(world: World) -> Form:
    """A form whose ordinary refund came back from the bank, and the network told of it."""
    form = shown(world, ordinary(world))
    paid_by_network(world, form, number=make.PAYOUT_RETURNED)
    world.clock.at += timedelta(days=2, minutes=1)
    (refund,) = operations(world, form)
    told = world.network.look_up(refund.reference)
    assert told is not None
    record_answer(world.ports, refund, told)
    return form


def test_an_ordinary_refund_that_came_back_is_paid_again_once(world: World) -> None:
    form = refunded_in_vain(world)
    assert own_accounts(world, form)["advance"] == -make.NET_FEN, "owed to the traveller"
    case = the_case(world, CaseKind.ADVANCE_RETURNED, form.form_id)
    paid = fixes.fix(world.ports, world.operator, case.case_id, Fix.PAY_AGAIN, "once more")
    assert paid.outcome is Outcome.DONE
    assert status(world, form) is Status.REFUNDED
    assert "advance" not in own_accounts(world, form)
    first, second = operations(world, form)
    assert (first.state, second.state) == (OperationState.RETURNED, OperationState.SUCCEEDED)
    facts = {"reference": first.reference}
    again = opened(
        world,
        CaseKind.ADVANCE_RETURNED,
        form.form_id,
        form_id=form.form_id,
        amount_fen=make.NET_FEN,
        facts=facts,
    )
    refused(
        "not_in_this_state",
        lambda: fixes.fix(world.ports, world.operator, again.case_id, Fix.PAY_AGAIN, "twice"),
    )
    fixes.fix(world.ports, world.operator, again.case_id, Fix.EXPLAIN, "it was paid again")


def test_an_advance_that_came_back_is_paid_again_no_more_than_once(world: World) -> None:
    form = claimed(world, None, make.PAYOUT_RETURNED)
    payout_came_back(world, form)
    case = the_case(world, CaseKind.ADVANCE_RETURNED, form.form_id)
    fixes.fix(world.ports, world.operator, case.case_id, Fix.PAY_AGAIN, "once more")
    about = {"form_id": form.form_id, "amount_fen": make.NET_FEN}
    again = opened(world, CaseKind.ADVANCE_RETURNED, form.form_id, **about)
    refused(
        "not_in_this_state",
        lambda: fixes.fix(world.ports, world.operator, again.case_id, Fix.PAY_AGAIN, "twice"),
    )
    fixes.fix(world.ports, world.operator, again.case_id, Fix.EXPLAIN, "it was paid again")


def test_what_a_statement_says_came_back_is_asked_about_and_not_posted_by_hand(
    world: World,
) -> None:
    form = claimed(world, None, make.PAYOUT_RETURNED)
    world.clock.at += timedelta(days=2, minutes=1)
    reference = f"{form.form_id}-advance-1"
    facts = {
        "theirs": {"reference": reference, "state": "returned", "amount_fen": make.NET_FEN},
        "ours_fen": 0,
        "theirs_fen": make.NET_FEN,
    }
    about = {"form_id": form.form_id, "amount_fen": make.NET_FEN, "facts": facts}
    case = opened(world, CaseKind.MISSING_HERE, "2025-07-10/1", **about)
    assert offered(world, case) == [Fix.LOOK_UP, Fix.EXPLAIN]
    fixed = fixes.fix(world.ports, world.operator, case.case_id, Fix.LOOK_UP, "what happened?")
    assert fixed.outcome is Outcome.DONE
    assert the_case(world, CaseKind.ADVANCE_RETURNED, form.form_id).amount_fen == make.NET_FEN
    assert "advance" not in own_accounts(world, form)
