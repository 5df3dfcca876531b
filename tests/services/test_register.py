"""The register of stores: every act at its moment, once, with its trace; old forms stay payable."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refund.core.calendar import SHANGHAI
from refund.core.form import Form, Status
from refund.core.register import Act
from refund.core.store import StoreStatus
from refund.services import issue, register
from refund.services.enrol import Imported, import_stores
from refund.services.store_standing import StoreState, store_file
from tests import make
from tests.services.register_steps import (
    BY,
    code_of,
    may_issue,
    seen,
    stand,
    the_store,
)
from tests.services.steps import (
    agreed,
    card,
    claimed,
    departs,
    issued,
    on,
    settled,
    status,
    verified,
)
from tests.services.test_races import at_once
from tests.world import World

TWO = datetime(2025, 7, 8, 14, tzinfo=SHANGHAI)


@pytest.mark.rule("store_suspension")
@pytest.mark.parametrize("announced", [False, True])
def test_a_store_suspended_at_two_issues_nothing_from_two_o_clock_sharp(
    world: World,
    announced: bool,  # noqa: FBT001
) -> None:
    world.clock.at = TWO - timedelta(hours=1) if announced else TWO
    world.clock.at -= timedelta(microseconds=1)
    if announced:
        stand(world, Act.SUSPEND, TWO)
        world.clock.at = TWO - timedelta(microseconds=1)
    assert may_issue(world) == set()
    issued(world, make.draft("25422000000000000031"), "key-31")
    world.clock.at = TWO
    if not announced:
        stand(world, Act.SUSPEND)
    for at in (TWO, TWO + timedelta(minutes=1), TWO + timedelta(days=3)):
        world.clock.at = at
        assert may_issue(world) == {"store_not_active"}
        refused = issue.issue_form(world.ports, world.clerk, make.draft(), "key-late")
        assert refused.form is None
    stand(world, Act.RESUME)
    assert may_issue(world) == set()


@pytest.mark.rule("store_suspension")
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seconds=st.lists(st.integers(-3600, 3600), min_size=1, max_size=4),
    from_second=st.integers(1, 1800),
    length=st.integers(1, 1800),
)
def test_no_form_is_ever_issued_within_a_suspension(
    small_world: World, seconds: list[int], from_second: int, length: int
) -> None:
    world = small_world
    world.clock.at = TWO - timedelta(hours=1, seconds=1)
    if StoreStatus.SUSPENDED in (the_store(world).status, the_store(world).before.status):
        stand(world, Act.RESUME)
    start = TWO + timedelta(seconds=from_second - 1800)
    end = start + timedelta(seconds=length)
    stand(world, Act.SUSPEND, start)
    plan = the_store(world)
    for second in sorted(seconds):
        world.clock.at = TWO + timedelta(seconds=second)
        if world.clock.at >= end and the_store(world).status is StoreStatus.SUSPENDED:
            stand(world, Act.RESUME)
        within = start <= world.clock.at < end
        assert (may_issue(world) == {"store_not_active"}) is within
    assert plan.status_from == start
    world.clock.at = end + timedelta(hours=2)
    if the_store(world).status is StoreStatus.SUSPENDED:
        stand(world, Act.RESUME)


@pytest.mark.rule("store_suspension")
def test_forms_and_a_suspension_at_the_same_time_leave_no_form_after_it(world: World) -> None:
    class Ticking:
        """A clock that is later each time it is asked."""

        def __init__(self, at: datetime) -> None:
            self.at = at

        def now(self) -> datetime:
            """A moment that nobody was told before."""
            self.at += timedelta(microseconds=1)
            return self.at

    ports = replace(world.ports, clock=Ticking(world.clock.at))
    shown = seen(world)

    def act(number: int) -> object:
        if number == 3:
            return register.change_standing(ports, BY, shown, Act.SUSPEND, "x", None)
        draft = make.draft(f"254220000000{number:08d}")
        return issue.issue_form(ports, world.clerk, draft, f"key-{number}").form

    found = at_once(8, act)
    store = the_store(world)
    assert store.status is StoreStatus.SUSPENDED
    assert store.status_from is not None
    forms = [one for one in found if isinstance(one, Form)]
    assert all(form.issued_at < store.status_from for form in forms)


@pytest.mark.rule("store_termination")
def test_a_terminated_store_never_issues_again_and_no_act_is_open(world: World) -> None:
    stand(world, Act.TERMINATE, reason="the licence was withdrawn")
    world.clock.pass_by(days=1)
    assert may_issue(world) == {"store_not_active"}
    assert store_file(world.ports, 1).entry.acts == ()
    for act in (Act.RESUME, Act.SUSPEND, Act.TERMINATE):
        assert code_of(partial(stand, world, act)) == "store_act_closed"
    given_back = import_stores(world.ports, [make.store(1)], BY)
    assert given_back == Imported(0, 0, {1: ("status",)})
    assert may_issue(world) == {"store_not_active"}


def test_a_termination_for_later_can_be_withdrawn_until_it_counts(world: World) -> None:
    ahead = world.clock.now() + timedelta(days=1)
    stand(world, Act.TERMINATE, ahead)
    assert may_issue(world) == set()
    register.withdraw(world.ports, BY, seen(world), "settled")
    world.clock.pass_by(days=2)
    assert may_issue(world) == set()
    assert code_of(lambda: register.withdraw(world.ports, BY, seen(world), "x")) == (
        "store_act_closed"
    )


def test_withdrawing_a_plan_keeps_since_when_the_store_is_suspended(world: World) -> None:
    stand(world, Act.SUSPEND)
    since = the_store(world).status_from
    world.clock.pass_by(hours=1)
    stand(world, Act.RESUME, world.clock.now() + timedelta(days=1))
    register.withdraw(world.ports, BY, seen(world), "not yet")
    entry = store_file(world.ports, 1).entry
    assert (entry.state, entry.standing.since, entry.planned) == (
        StoreState.SUSPENDED,
        since,
        None,
    )


def test_a_moment_that_has_passed_is_refused(world: World) -> None:
    behind = world.clock.now() - timedelta(microseconds=1)
    assert code_of(lambda: stand(world, Act.SUSPEND, behind)) == "moment_passed"
    assert code_of(lambda: stand(world, Act.SUSPEND, world.clock.now())) == ""


@pytest.mark.rule("store_old_forms_payable")
@pytest.mark.parametrize("act", [Act.SUSPEND, Act.TERMINATE])
def test_the_forms_of_a_store_that_left_are_claimed_verified_released_and_charged(
    world: World, act: Act
) -> None:
    signed = agreed(world, issued(world))
    late = claimed(world, issued(world, _another(2), "key-2"))
    stand(world, act)
    advanced = claimed(world, signed)
    assert advanced.status is Status.ADVANCED
    verified(world, advanced)
    departs(world, on(9))
    assert settled(world, advanced).form.status is Status.RELEASED
    world.clock.pass_by(days=20)
    assert settled(world, late, "never seen").form.status is Status.CAPTURED
    assert status(world, late) is Status.CAPTURED


def _another(number: int) -> issue.Draft:
    return make.draft(f"2542200000{number:010d}", traveller=make.traveller(f"H{number:08d}"))


@pytest.mark.rule("store_old_forms_payable")
@pytest.mark.parametrize("act", [Act.SUSPEND, Act.TERMINATE])
def test_a_card_that_was_opened_before_is_held_after_the_store_has_left(
    world: World, act: Act
) -> None:
    form = agreed(world, issued(world))
    entry = card(world, form)
    stand(world, act)
    assert claimed(world, replace(form, status=Status.AGREED)).status is Status.ADVANCED
    assert entry.state == "entered"
