"""The register of stores: filings, changes, agreements, files, and the history of it all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refund.core.calendar import SHANGHAI
from refund.core.errors import Refused
from refund.core.form import Channel
from refund.core.register import Act, StoreEvent
from refund.core.store import Filing, StoreStatus
from refund.services import register
from refund.services.enrol import Imported, import_stores
from refund.services.register import Seen
from refund.services.store_standing import StoreState, store_entries, store_file
from refund.storage.engine import ConstraintFailed
from refund.transaction import Transaction
from tests import make
from tests.services.months import kept
from tests.services.register_steps import (
    APPLICATION,
    BY,
    code_of,
    may_issue,
    seen,
    stand,
    the_store,
)
from tests.services.test_races import at_once
from tests.world import World


@pytest.mark.rule("store_filing", "filing_working_days", "working_days")
def test_an_application_is_decided_within_five_working_days(world: World) -> None:
    store = register.receive_application(world.ports, BY, APPLICATION)
    assert (store.store_number, store.filing, store.filed_on) == (3, Filing.RECEIVED, None)
    entry = store_file(world.ports, 3).entry
    # Received on a Friday: Monday to Friday of the next week are the five.
    assert entry.decide_by == date(2025, 7, 11)
    assert not entry.is_overdue
    assert "not_filed" in entry.obstacles
    world.clock.at = datetime(2025, 7, 12, 0, tzinfo=SHANGHAI)
    assert store_file(world.ports, 3).entry.is_overdue
    register.decide_filing(world.ports, BY, Seen(3, 1), Act.ACCEPT)
    file = store_file(world.ports, 3)
    assert file.events[0].facts["is_late"] is True
    assert (file.entry.state, file.entry.store.filed_on) == (StoreState.ACTIVE, date(2025, 7, 12))


@pytest.mark.rule("filing_working_days", "working_days")
def test_the_days_of_a_holiday_do_not_count_and_make_up_days_do(world: World) -> None:
    world.clock.at = datetime(2025, 9, 26, 12, tzinfo=SHANGHAI)
    late = replace(APPLICATION, received_on=date(2025, 9, 26))
    register.receive_application(world.ports, BY, late)
    # Sunday 28 September is worked, 1 to 8 October are not, Saturday 11 October is worked again.
    assert store_file(world.ports, 3).entry.decide_by == date(2025, 10, 10)


@pytest.mark.rule("store_filing")
@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"tax_credit_grade": "C"}, "tax_credit_grade"),
        ({"general_taxpayer": False}, "general_taxpayer"),
        ({"goods_ledger_kept": False}, "goods_ledger_kept"),
        ({"sign_displayed": False}, "sign_displayed"),
    ],
)
def test_a_store_joins_only_with_every_condition_met(
    small_world: World, changes: dict[str, object], missing: str
) -> None:
    ports = small_world.ports
    details = replace(APPLICATION.details, **changes)  # type: ignore[arg-type]
    register.receive_application(ports, BY, replace(APPLICATION, details=details))
    with pytest.raises(Refused, match="filing_conditions") as caught:
        register.decide_filing(ports, BY, Seen(3, 1), Act.ACCEPT)
    assert caught.value.facts["obstacles"] == (missing,)
    register.decide_filing(ports, BY, Seen(3, 1), Act.REJECT, "a condition is missing")
    assert store_file(ports, 3).entry.store.filing is Filing.REJECTED
    register.receive_again(ports, BY, Seen(3, 2), date(2025, 7, 8))
    register.change_store(ports, BY, Seen(3, 3), APPLICATION.details, date(2025, 7, 8))
    assert register.decide_filing(ports, BY, Seen(3, 4), Act.ACCEPT).version == 5


@pytest.mark.rule("store_change", "store_change_days")
@pytest.mark.parametrize(("days", "is_late"), [(0, False), (10, False), (11, True)])
def test_a_change_reported_after_more_than_ten_days_is_late(
    small_world: World,
    days: int,
    is_late: bool,  # noqa: FBT001
) -> None:
    world = small_world
    changed_on = date(2025, 7, 8) - timedelta(days=days)
    register.change_store(world.ports, BY, seen(world), APPLICATION.details, changed_on)
    event = store_file(world.ports, 1).events[0]
    assert (event.act, event.facts["is_late"]) == (Act.CHANGE, is_late)
    changes = event.facts["changes"]
    assert isinstance(changes, dict)
    assert changes["name_zh"] == ["试验店1", "新店"]
    again = seen(world)
    for change in (
        partial(register.change_store, world.ports, BY, again, APPLICATION.details, changed_on),
        partial(
            register.change_store, world.ports, BY, again, APPLICATION.details, date(2025, 7, 9)
        ),
    ):
        assert code_of(change) in {"nothing_changed", "date_in_future"}


@pytest.mark.rule("store_instant_dates")
@given(first=st.integers(0, 20), length=st.integers(0, 20), day=st.integers(-2, 45))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_advances_are_given_from_the_first_to_the_last_day(
    small_world: World, first: int, length: int, day: int
) -> None:
    world = small_world
    world.clock.at = make.NOON
    store = make.store(
        1,
        instant_from=make.DAY + timedelta(days=first),
        instant_to=make.DAY + timedelta(days=first + length),
    )
    world.ports.storage.write(lambda tx: tx.put_store(store))
    world.clock.pass_by(days=day)
    within = first <= day <= first + length
    assert ("store_not_instant" in may_issue(world)) is not within
    assert may_issue(world, Channel.ORDINARY) == set()


@pytest.mark.rule("store_instant_dates")
def test_an_agreement_is_made_for_days_ahead_and_ended_on_a_day_that_still_counts(
    world: World,
) -> None:
    ports, today = world.ports, make.DAY
    assert code_of(lambda: register.agree(ports, BY, seen(world), today, None)) == (
        "store_act_closed"
    )
    yesterday = today - timedelta(days=1)
    assert code_of(lambda: register.end(ports, BY, seen(world), yesterday, "x")) == "day_passed"
    register.end(ports, BY, seen(world), today, "no more")
    assert may_issue(world) == set()
    world.clock.pass_by(days=1)
    assert may_issue(world) == {"store_not_instant"}
    assert code_of(lambda: register.agree(ports, BY, seen(world), today, None)) == "day_passed"
    ahead = today + timedelta(days=5)
    reversed_ = partial(register.agree, ports, BY, seen(world), ahead, today + timedelta(days=4))
    assert code_of(reversed_) == "dates_reversed"
    register.agree(ports, BY, seen(world), ahead, None)
    dropped = register.end(ports, BY, seen(world), today + timedelta(days=2), "never began")
    assert (dropped.instant_from, dropped.instant_to) == (None, None)


def test_of_eight_operators_at_once_one_acts_and_no_act_is_lost(world: World) -> None:
    shown = seen(world)

    def act(number: int) -> str:
        reason = f"operator {number}"
        return str(
            register.change_standing(world.ports, BY, shown, Act.SUSPEND, reason, None).version
        )

    said = at_once(8, act)
    assert sorted(said) == ["2", *["register_changed"] * 7]
    events = store_file(world.ports, 1).events
    assert [event.sequence for event in events] == [2, 1]


def test_the_history_is_never_changed_and_has_no_sequence_twice(world: World) -> None:
    stand(world, Act.SUSPEND)
    with pytest.raises(ConstraintFailed):
        world.ports.storage.write(partial(_run, "UPDATE store_event SET reason = 'y'"))
    with pytest.raises(ConstraintFailed):
        world.ports.storage.write(partial(_run, "DELETE FROM store_event"))
    event = StoreEvent("e", 1, 2, Act.RESUME, world.clock.now(), BY, "", {})
    assert code_of(lambda: world.ports.storage.write(lambda tx: tx.add_store_event(event))) == (
        "register_changed"
    )


def _run(sql: str, tx: Transaction) -> None:
    tx._session.run(sql)  # type: ignore[attr-defined]


def test_every_version_of_a_store_has_its_event(world: World) -> None:
    stand(world, Act.SUSPEND)
    stand(world, Act.RESUME)
    register.end(world.ports, BY, seen(world), make.DAY, "over")
    for entry in store_entries(world.ports):
        file = store_file(world.ports, entry.store.store_number)
        sequences = [event.sequence for event in reversed(file.events)]
        assert sequences == list(range(1, entry.store.version + 1))


@pytest.mark.rule("store_suspension")
def test_a_file_suspends_and_never_resumes(world: World) -> None:
    suspended = [make.store(1, status=StoreStatus.SUSPENDED)]
    assert import_stores(world.ports, suspended, BY) == Imported(0, 1, {})
    assert may_issue(world) == {"store_not_active"}
    active = [make.store(1, phone="027-0000-9999")]
    assert import_stores(world.ports, active, BY) == Imported(0, 1, {1: ("status",)})
    assert may_issue(world) == {"store_not_active"}
    assert the_store(world).phone == "027-0000-9999"
    stand(world, Act.RESUME)
    assert import_stores(world.ports, suspended, BY).kept == {1: ("status",)}
    assert may_issue(world) == set()


def test_what_people_agreed_outranks_a_file(world: World) -> None:
    register.end(world.ports, BY, seen(world), make.DAY, "over")
    assert import_stores(world.ports, [make.store(1)], BY) == Imported(0, 0, {1: ("instant",)})
    assert the_store(world).instant_to == make.DAY
    later = make.store(2, instant_to=date(2026, 1, 1))
    assert import_stores(world.ports, [later], BY) == Imported(0, 1, {})
    store = register.receive_application(world.ports, BY, APPLICATION)
    given_filed = make.store(store.store_number)
    kept_words = import_stores(world.ports, [given_filed], BY).kept[store.store_number]
    assert kept_words == ("filed_on",)


def test_a_store_that_is_not_there_is_told(world: World) -> None:
    nobody = partial(register.withdraw, world.ports, BY, Seen(77, 0), "x")
    assert code_of(nobody) == "store_unknown"
    assert code_of(lambda: store_file(world.ports, 77)) == "store_unknown"
    assert kept(world).status is not None
