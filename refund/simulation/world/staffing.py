"""Who stands where in a world: its stores, their counters, the refund point, the ports' desks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from refund.core.calendar import SHANGHAI
from refund.core.places import PORTS
from refund.core.store import Store, StoreStatus, read_stores
from refund.places import data_folder
from refund.simulation.world.baskets import trade_of
from refund.simulation.world.busy_days import busy_days_of
from refund.simulation.world.chance import Streams
from refund.simulation.world.plans import (
    CUSTOMS_DOWN,
    NETWORK_DOWN,
    DeskKind,
    DeskPlan,
    FaultPlanned,
    Others,
    ServiceTime,
    Shape,
    Shift,
    Staffing,
)
from refund.simulation.world.scenario import Scenario

TIANHE = "WUH"
DAY_FROM = time(6)
DAY_TO = time(22)
"""When the ports' desks have their day shift. Source: assumption."""

HUBEI_FROM = date(2025, 7, 1)
"""Since when Hubei takes part. Source: reports of July 2025."""


_RUNS_ON = timedelta(days=400)
"""No promise, hold, case or settlement outlives the last purchase by as much."""


def stores_of(scenario: Scenario, streams: Streams) -> tuple[Store, ...]:
    """The stores of a world: the register's first, then made up ones that say so in their names."""
    number = scenario.count("world.stores")
    known = _register()
    further = (
        _illustrative(count, scenario, streams) for count in range(len(known) + 1, number + 1)
    )
    return (*known[:number], *further)


@cache
def _register() -> tuple[Store, ...]:
    return read_stores((data_folder() / "stores.csv").read_bytes())


def _illustrative(store_number: int, scenario: Scenario, streams: Streams) -> Store:
    """A store that does not exist; whether it agrees on advances is drawn."""
    trade = trade_of(store_number, streams)
    share = scenario.number("world.instant_share")
    is_instant = streams.of_names("store", store_number).is_so("instant", share)
    return Store(
        store_number=store_number,
        name_zh=f"示例商店{store_number:04d} {trade.name_zh}",
        name_en=f"Illustrative Store {store_number:04d} – {trade.name_en}",
        taxpayer_number=f"SIM{store_number:015d}",
        address_zh=f"湖北省 模拟地址{store_number:04d}",
        address_en=f"Simulated address {store_number:04d}, Hubei",
        phone=f"027-0000-{store_number:04d}",
        tax_credit_grade="A",
        general_taxpayer=True,
        goods_ledger_kept=True,
        sign_displayed=True,
        status=StoreStatus.ACTIVE,
        filed_on=HUBEI_FROM,
        instant_from=HUBEI_FROM if is_instant else None,
        instant_to=None,
        illustrative=True,
        source="made up for a scenario",
        note="The store does not exist; every field is simulated.",
    )


def staffing_of(scenario: Scenario) -> Staffing:
    """Every desk of a world."""
    rest_days = scenario.word("desk.office_rest_days") == "yes"
    return Staffing((*_in_the_city(scenario), *_at_the_ports(scenario)), rest_days)


def _in_the_city(scenario: Scenario) -> Iterator[DeskPlan]:
    numbers = range(1, scenario.count("world.stores") + 1)
    shifts = _opening(scenario, scenario.count("desk.counter_staff"))
    service = _service(scenario, "counter")
    for number in numbers:
        yield DeskPlan(f"store-{number:04d}", DeskKind.COUNTER, number, "", shifts, service)
    if scenario.count("desk.point_staff"):
        shifts = _opening(scenario, scenario.count("desk.point_staff"))
        yield DeskPlan("point-1", DeskKind.POINT, 0, "", shifts, _service(scenario, "point"))


def _opening(scenario: Scenario, staff: int) -> tuple[Shift, ...]:
    opens, closes = scenario.clock("desk.opens"), scenario.clock("desk.closes")
    return (Shift(opens, closes, staff),) if opens < closes else ()


def _at_the_ports(scenario: Scenario) -> Iterator[DeskPlan]:
    for port in PORTS:
        for kind in (DeskKind.CUSTOMS, DeskKind.AGENCY):
            shifts = _round_the_clock(scenario, kind, port)
            if any(shift.staff for shift in shifts):
                service, others = _service(scenario, kind.value), _others(scenario, kind, port)
                yield DeskPlan(f"{kind.value}-{port}", kind, 0, port, shifts, service, others)


def _round_the_clock(scenario: Scenario, kind: DeskKind, port: str) -> tuple[Shift, ...]:
    if port != TIANHE:
        staff = scenario.count(f"desk.{kind.value}_staff_elsewhere")
        return (Shift(time.min, time.max, staff),)
    by_day = scenario.count(f"desk.{kind.value}_staff_day")
    by_night = scenario.count(f"desk.{kind.value}_staff_night")
    return (
        Shift(time.min, DAY_FROM, by_night),
        Shift(DAY_FROM, DAY_TO, by_day),
        Shift(DAY_TO, time.max, by_night),
    )


def _others(scenario: Scenario, kind: DeskKind, port: str) -> Others | None:
    """Who uses a desk besides; at Tianhe alone, for the other ports are small."""
    an_hour = scenario.number(f"desk.{kind.value}_others_an_hour")
    if port != TIANHE or an_hour == 0:
        return None
    patience = timedelta(minutes=scenario.number("desk.others_patience_min"))
    return Others(an_hour, patience, DAY_FROM, DAY_TO, busy_days_of(scenario))


def _service(scenario: Scenario, desk: str) -> ServiceTime:
    return ServiceTime(
        shape=Shape(scenario.word("desk.shape")),
        mean_s=scenario.number(f"desk.{desk}_service_s"),
        spread=scenario.number("desk.spread"),
    )


def faults_of(scenario: Scenario) -> tuple[FaultPlanned, ...]:
    """Everything that goes wrong by itself: the outages of one day, and the network's own faults.

    The network's faults last from the first moment of the world until all has come to rest.
    """
    begins = scenario.starts_at
    ends = begins + timedelta(days=scenario.days) + _RUNS_ON
    network = (
        FaultPlanned(begins, ends, name, share_bp=int(share))
        for name, share in scenario.weights("network")
        if share > 0
    )
    return (*_outages(scenario), *network)


def _outages(scenario: Scenario) -> Iterator[FaultPlanned]:
    day = scenario.day(scenario.count("outage.day"))
    begins = datetime.combine(day, scenario.clock("outage.begins_at"), SHANGHAI).astimezone(UTC)
    for name, key in ((NETWORK_DOWN, "network_hours"), (CUSTOMS_DOWN, "customs_hours")):
        hours = scenario.number(f"outage.{key}")
        if hours > 0:
            yield FaultPlanned(begins, begins + timedelta(hours=hours), name)
