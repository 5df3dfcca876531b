"""Forms whose hold is over: what charges nothing goes ahead, and what is owed is for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from refund.core.calendar import SHANGHAI
from refund.core.customs import Decision
from refund.core.entitlement import Entitlement
from refund.core.form import Status
from refund.core.matching import Action, Why
from refund.core.operation import Guarantee, GuaranteeState, HoldState
from tests import make
from tests.core.departures import OVER, departure, proposed, said


@pytest.mark.rule("outcome_kept")
def test_a_kept_promise_that_became_known_after_a_refused_charge_is_a_kept_promise() -> None:
    assert said(departure(Status.UNCOLLECTED)) == (Action.RELEASE, Why.KEPT)
    unasked = said(departure(Status.UNCOLLECTED, book=None))
    assert unasked == (Action.NONE, Why.HOLD_MISSING)


WITHOUT_HOLD: list[dict[str, Any]] = [
    {"guarantee": None},
    {"guarantee": OVER},
    {"guarantee": make.guarantee(state=GuaranteeState.RELEASED)},
    {"book": make.held_state(HoldState.ENDED)},
    {"book": make.held_state(HoldState.EXPIRED)},
]


@pytest.mark.rule("outcome_kept")
@pytest.mark.parametrize("hold", WITHOUT_HOLD)
@pytest.mark.parametrize("status", [Status.VERIFIED, Status.UNCOLLECTED])
def test_without_a_hold_a_kept_promise_goes_ahead(status: Status, hold: dict[str, Any]) -> None:
    found = proposed(replace(departure(status), **hold))
    assert (found.action, found.why) == (Action.RELEASE, Why.KEPT)
    assert found.has_lapsed is ("book" in hold)
    assert (found.charged_fen, found.released_fen) == (0, 0)


@pytest.mark.rule("outcome_fewer_goods")
@pytest.mark.parametrize("status", [Status.VERIFIED_PARTLY, Status.UNCOLLECTED])
def test_without_a_hold_what_is_still_owed_is_for_a_person(status: Status) -> None:
    partly = replace(make.verification(), decision=Decision.PARTLY)
    fewer = {"verification": partly, "all_shown": False, "guarantee": OVER}
    worth = Entitlement(make.form().amounts, 0, is_whole=False)
    paid_back = said(departure(status, worth=worth, **fewer))
    assert paid_back == (Action.ADJUST, Why.FEWER_GOODS)
    due = replace(worth.due, net_fen=worth.due.net_fen - 1, fee_fen=worth.due.fee_fen + 1)
    owes = said(departure(status, worth=replace(worth, due=due), **fewer))
    assert owes == (Action.NONE, Why.FOR_REVIEW)


LATE_EXIT = datetime(2025, 7, 26, 12, tzinfo=SHANGHAI)


@pytest.mark.rule("outcome_promise_broken")
@pytest.mark.parametrize("hold", WITHOUT_HOLD)
@pytest.mark.parametrize("status", [Status.VERIFIED, Status.UNCOLLECTED])
@pytest.mark.parametrize("exit_at", [None, LATE_EXIT])
def test_without_a_hold_a_broken_promise_is_an_open_case(
    exit_at: datetime | None, status: Status, hold: dict[str, Any]
) -> None:
    seen = None if exit_at is None else make.exit_record(exit_at)
    known = replace(departure(status, exit=seen), **hold)
    found = proposed(known, date(2025, 7, 26))
    assert (found.action, found.why, found.is_break) == (Action.NONE, Why.HOLD_ENDED, True)


@pytest.mark.rule("returned_not_owed")
@pytest.mark.rule("outcome_promise_broken")
@pytest.mark.rule("outcome_policy_not_met")
@pytest.mark.parametrize("outstanding_fen", [0, -1])
@pytest.mark.parametrize("guarantee", [make.guarantee(), OVER])
def test_of_a_payout_that_came_back_nothing_is_charged_and_the_form_moves_on(
    guarantee: Guarantee, outstanding_fen: int
) -> None:
    late = make.exit_record(LATE_EXIT)
    refused = replace(make.verification(), decision=Decision.REFUSED)
    for seen, said_so in (
        (departure(exit=late), (Action.CAPTURE, Why.LATE)),
        (
            departure(Status.CUSTOMS_REFUSED, verification=refused),
            (Action.FORFEIT, Why.REFUSED),
        ),
    ):
        known = replace(seen, guarantee=guarantee, outstanding_fen=outstanding_fen)
        found = proposed(known, date(2025, 8, 20))
        assert (found.action, found.why) == said_so
        assert (found.charged_fen, found.is_overdue, found.is_break) == (0, False, False)
