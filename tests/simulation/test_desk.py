"""A desk's queue is what the theory of queues says, and what can be worked out by hand."""

from __future__ import annotations

import math
import statistics
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import pytest

from refund.core.calendar import SHANGHAI
from refund.simulation.engine.agenda import Agenda
from refund.simulation.engine.clock import VirtualClock
from refund.simulation.world.busy_days import BusyDays
from refund.simulation.world.chance import Streams, exponential_quantile
from refund.simulation.world.desk import Desk
from refund.simulation.world.erlang import erlang_b, erlang_c, mean_wait_s
from refund.simulation.world.plans import DeskKind, DeskPlan, Others, ServiceTime, Shape, Shift

DAY = date(2026, 9, 7)
MIDNIGHT = datetime.combine(DAY, time.min, SHANGHAI).astimezone(UTC)
ALWAYS = (time.min, time.max)
SEEDS = range(1, 21)
STUDENT_19 = 2.093
"""What 95 % of all means of twenty lie within, in standard errors: Student's, 19 degrees."""


def desk_of(
    service: ServiceTime,
    *shifts: Shift,
    kind: DeskKind = DeskKind.CUSTOMS,
    seed: int = 1,
    others: Others | None = None,
) -> tuple[Desk, Agenda]:
    plan = DeskPlan("customs-WUH", kind, 0, "WUH", shifts, service, others)
    agenda = Agenda(VirtualClock(MIDNIGHT))
    return Desk(plan, agenda, Streams(seed).of_names("desk", plan.name)), agenda


def constant(seconds: float) -> ServiceTime:
    return ServiceTime(Shape.CONSTANT, seconds)


def comes(desk: Desk, agenda: Agenda, after_s: float, who: int, patience_s: float = 0) -> None:
    patience = timedelta(seconds=patience_s) if patience_s else None
    do = partial(desk.join, who, lambda: None, patience)
    agenda.at(MIDNIGHT + timedelta(seconds=after_s), do)


def whole_day(agenda: Agenda, days: int = 1) -> None:
    agenda.run(MIDNIGHT + timedelta(days=days))


def mean_wait_of(seed: int, servers: int, arrivals_a_second: float, service_s: float) -> float:
    """The mean wait at a desk where people come and are served without memory."""
    service = ServiceTime(Shape.EXPONENTIAL, service_s)
    desk, agenda = desk_of(service, Shift(*ALWAYS, servers), seed=seed)
    gaps, after_s = Streams(seed).of("gaps"), 0.0
    for who in range(2500):
        after_s += exponential_quantile(gaps.random()) / arrivals_a_second
        comes(desk, agenda, after_s, who)
    whole_day(agenda, 40)
    assert len(desk.visits) == 2500
    # The first ones find an empty desk, which the formula knows nothing of.
    return statistics.fmean(visit.wait_s for visit in desk.visits[300:])


@pytest.mark.parametrize(("servers", "load"), [(1, 0.6), (2, 0.75), (5, 0.8)])
def test_a_desk_waits_as_erlang_s_formula_says_within_its_interval(
    servers: int, load: float
) -> None:
    service_s = 70.0
    rate = load * servers / service_s
    means = [mean_wait_of(seed, servers, rate, service_s) for seed in SEEDS]
    half = STUDENT_19 * statistics.stdev(means) / math.sqrt(len(means))
    expected = mean_wait_s(servers, rate, service_s)
    assert abs(statistics.fmean(means) - expected) <= half
    # An interval that everything fits into would say nothing.
    assert half < 0.35 * expected


def test_who_comes_among_others_waits_as_the_formula_says_too() -> None:
    # Others come at random, and so do ours: what ours find is what everybody finds.
    servers, service_s, an_hour = 2, 70.0, 75.0
    means = []
    for seed in SEEDS:
        others = Others(an_hour, timedelta(days=9), *ALWAYS, BusyDays(1, 1, 1))
        service = ServiceTime(Shape.EXPONENTIAL, service_s)
        desk, agenda = desk_of(service, Shift(*ALWAYS, servers), seed=seed, others=others)
        gaps, after_s = Streams(seed).of("ours"), 3600.0
        for who in range(400):
            after_s += exponential_quantile(gaps.random()) * 800
            comes(desk, agenda, after_s, who)
        whole_day(agenda, 10)
        assert len(desk.visits) == 400
        assert desk.others_busy_s == pytest.approx(service_s * desk.others_served, rel=0.1)
        means.append(statistics.fmean(visit.wait_s for visit in desk.visits))
    half = STUDENT_19 * statistics.stdev(means) / math.sqrt(len(means))
    expected = mean_wait_s(servers, an_hour / 3600 + 1 / 800, service_s)
    assert abs(statistics.fmean(means) - expected) <= half
    assert half < 0.2 * expected


def test_others_who_would_wait_too_long_go_on_and_come_on_their_days_alone() -> None:
    patience = timedelta(minutes=20)
    others = Others(600, patience, time(6), time(22), BusyDays(2, 2, 2))
    desk, agenda = desk_of(constant(60), Shift(*ALWAYS, 1), others=others)
    comes(desk, agenda, 5.9 * 3600, 1)
    comes(desk, agenda, 14 * 3600, 2)
    comes(desk, agenda, 23 * 3600, 3)
    whole_day(agenda)
    waits = [visit.wait_s for visit in desk.visits]
    assert waits[0] == 0
    # At ten times what one person can do, the queue is as long as people bear.
    assert 19 * 60 <= waits[1] <= 21 * 60
    assert waits[2] == 0
    assert desk.others_served == pytest.approx(16 * 60 + 20, abs=2)


def test_the_formula_agrees_with_tables() -> None:
    # One server: who comes finds it busy with the probability of its load.
    assert erlang_c(1, 0.6) == pytest.approx(0.6)
    assert mean_wait_s(1, 0.01, 60) == pytest.approx(0.6 * 60 / 0.4)
    # Two servers at one erlang, by hand: B = (1/2) / (1 + 1 + 1/2), C = B / (1 - (1 - B) / 2).
    assert erlang_b(2, 1.0) == pytest.approx(0.2)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(3, 3.0) == 1.0
    # A desk that cannot keep up has no mean wait.
    with pytest.raises(ValueError, match="2"):
        mean_wait_s(2, 1.0, 2.0)


def test_enough_people_leave_no_queue() -> None:
    desk, agenda = desk_of(constant(90), Shift(*ALWAYS, 2))
    for who in range(20):
        comes(desk, agenda, 60 * who, who)
    whole_day(agenda)
    assert [visit.wait_s for visit in desk.visits] == [0.0] * 20
    assert [visit.busy_s for visit in desk.visits] == [90.0] * 20
    assert [visit.arrived for visit in desk.visits] == [
        MIDNIGHT + timedelta(minutes=who) for who in range(20)
    ]


def test_one_person_who_is_too_slow_lets_each_wait_longer_by_the_same() -> None:
    desk, agenda = desk_of(constant(90), Shift(*ALWAYS, 1))
    for who in range(20):
        comes(desk, agenda, 60 * who, who)
    whole_day(agenda)
    assert [visit.wait_s for visit in desk.visits] == [30.0 * who for who in range(20)]
    assert [visit.who for visit in desk.visits] == list(range(20))


def test_what_is_wanted_is_done_when_the_service_ends() -> None:
    desk, agenda = desk_of(constant(90), Shift(*ALWAYS, 1))
    done: list[datetime] = []
    for who in range(2):
        desk.join(who, lambda: done.append(agenda.now))
    whole_day(agenda)
    assert done == [MIDNIGHT + timedelta(seconds=90), MIDNIGHT + timedelta(seconds=180)]


def test_who_has_waited_long_enough_leaves_and_holds_nobody_up() -> None:
    desk, agenda = desk_of(constant(600), Shift(*ALWAYS, 1))
    comes(desk, agenda, 0, 1)
    comes(desk, agenda, 1, 2, patience_s=60)
    comes(desk, agenda, 2, 3, patience_s=3000)
    whole_day(agenda)
    assert [visit.who for visit in desk.visits] == [1, 3]
    assert desk.gave_up == 1
    assert desk.visits[1].wait_s == 598.0


def test_a_store_that_closes_sends_home_who_still_waits_and_serves_out_who_began() -> None:
    shift = Shift(time(10), time(12), 1)
    desk, agenda = desk_of(constant(1800), shift, kind=DeskKind.COUNTER)
    comes(desk, agenda, 9 * 3600, 1)
    comes(desk, agenda, 11.9 * 3600, 2)
    comes(desk, agenda, 11.95 * 3600, 3)
    whole_day(agenda)
    assert [visit.who for visit in desk.visits] == [2]
    assert desk.sent_home == 2
    assert desk.visits[0].ended == MIDNIGHT + timedelta(hours=12.4)


def test_a_port_s_desk_keeps_its_queue_over_a_break_and_works_as_its_shifts_say() -> None:
    shifts = (
        Shift(time.min, time(6), 0),
        Shift(time(6), time(22), 2),
        Shift(time(22), time.max, 1),
    )
    desk, agenda = desk_of(constant(600), *shifts)
    for who in range(3):
        comes(desk, agenda, 5 * 3600 + who, who)
    whole_day(agenda)
    begun = [(visit.begun - MIDNIGHT) / timedelta(hours=1) for visit in desk.visits]
    assert begun == [6.0, 6.0, 6.0 + 1 / 6]
    assert desk.plan.staff_s_a_day == 16 * 3600 * 2 + 2 * 3600


def test_a_desk_where_nobody_ever_stands_serves_nobody() -> None:
    desk, agenda = desk_of(constant(60), Shift(*ALWAYS, 0))
    comes(desk, agenda, 0, 1)
    whole_day(agenda)
    assert (desk.visits, desk.sent_home) == ([], 1)


def test_one_more_traveller_leaves_the_others_times_of_service_alone() -> None:
    times: list[dict[int, float]] = []
    for crowd in ((1, 2, 3), (9, 1, 2, 3)):
        desk, agenda = desk_of(ServiceTime(Shape.LOGNORMAL, 70, 0.5), Shift(*ALWAYS, 1))
        for place, who in enumerate(crowd):
            comes(desk, agenda, place, who)
        whole_day(agenda)
        times.append({visit.who: visit.busy_s for visit in desk.visits})
    assert times[0] == {who: spent for who, spent in times[1].items() if who != 9}
    assert len(set(times[0].values())) == 3


@pytest.mark.parametrize("shape", list(Shape))
def test_every_shape_has_the_mean_that_the_scenario_says(shape: Shape) -> None:
    service = ServiceTime(shape, 70, 0.5)
    shares = [(place + 0.5) / 20_000 for place in range(20_000)]
    mean = statistics.fmean(service.at(share).total_seconds() for share in shares)
    assert mean == pytest.approx(70, rel=2e-3)
