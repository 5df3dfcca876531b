"""Scenarios are read whole or refused by key, and every parameter says what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

from refund.core.errors import Refused
from refund.core.parameters import PARAMETER_BY_NAME
from refund.core.policy import rules_on
from refund.gateways.workdays import is_working_day
from refund.sandbox.cards import BRANDS
from refund.sandbox.faults import NAMES
from refund.simulation.world.chance import Streams
from refund.simulation.world.parameters import ASSUMPTION, Value, find, parameters, written
from refund.simulation.world.plans import CUSTOMS_DOWN, NETWORK_DOWN, OUTAGES, DeskKind
from refund.simulation.world.population import Population
from refund.simulation.world.scenario import (
    default_scenario,
    parse_scenario,
    read_scenario,
    scenario_names,
)
from refund.simulation.world.staffing import faults_of, staffing_of, stores_of
from tests.cli.terminal import Terminal
from tests.house.tree import ROOT

SHIPPED = (
    "customs-outage",
    "fraud-ring",
    "golden-week",
    "long-holiday",
    "network-outage",
    "opening-week",
    "ordinary-week",
    "province",
)
SAID = 'title_en = "A"\ntitle_zh = "甲"\nabout_en = "B."\nabout_zh = "乙。"\n'
SOURCES = (
    *(ASSUMPTION, "project decision", "official", "practice", "SAT ", "MOF ", "GAC "),
    *("39/2019", "84/2025", "2026 package", "Shanghai's ceiling"),
)
"""How the origin of a default may begin."""


def refusal_of(text: str) -> Refused:
    with pytest.raises(Refused) as caught:
        parse_scenario("own", (SAID + text).encode())
    return caught.value


def test_eight_scenarios_are_shipped_and_each_reads() -> None:
    assert scenario_names() == SHIPPED
    for name in SHIPPED:
        scenario = read_scenario(name)
        assert scenario.name == name
        assert all((scenario.title_en, scenario.title_zh, scenario.about_en, scenario.about_zh))
        assert len(staffing_of(scenario).desks) > scenario.count("world.stores")


def test_every_parameter_says_where_its_default_comes_from_and_lies_within_its_bounds() -> None:
    for key, one in parameters().items():
        assert one.origin.startswith(SOURCES), key
        assert one.sentence_en.endswith("."), key
        assert one.sentence_zh.endswith("。") or one.sentence_zh.endswith("）。"), key
        if not one.rule:
            value = one.read(one.default)
            assert one.read(written(value)) == value, key


class Watched(dict[str, Value]):
    """The values of a world that remember which of them were asked for."""

    def __init__(self, world: Mapping[str, Value]) -> None:
        super().__init__(world)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> Value:
        self.asked.add(key)
        return super().__getitem__(key)


def test_every_parameter_of_the_world_is_asked_for_when_a_world_is_made() -> None:
    watched = Watched(default_scenario().world)
    scenario = replace(default_scenario(), world=watched)
    assert stores_of(scenario, Streams(1))
    assert staffing_of(scenario).desks
    assert faults_of(scenario)
    population = Population(scenario, Streams(1))
    assert [plan for day in scenario.shopping_days() for plan in population.travellers_of(day)]
    # Asked for where there are more stores than the register has.
    not_here = {"world.instant_share"}
    assert set(parameters()) - watched.asked - not_here == {
        key for key, one in parameters().items() if one.rule
    }


def test_every_rule_of_the_table_can_be_varied() -> None:
    assert {one.rule for one in parameters().values() if one.rule} == set(PARAMETER_BY_NAME)


def test_the_ordinary_week_is_all_defaults_and_has_no_holiday() -> None:
    week = read_scenario("ordinary-week")
    assert week.changed == ()
    assert week.world == default_scenario().world
    assert [is_working_day(day) for day in week.shopping_days()] == [True] * 5 + [False] * 2


def test_the_opening_week_is_under_the_rules_of_its_time() -> None:
    rules = rules_on(read_scenario("opening-week").begins)
    assert (rules.promise_days, rules.promise_any_port, rules.inspect_all) == (17, False, True)


def test_the_long_holiday_lets_promises_end_where_no_hold_lasts() -> None:
    scenario = read_scenario("long-holiday")
    begins = scenario.begins
    promised = rules_on(begins).promise_days
    assert promised == 28
    ends = date.fromordinal(begins.toordinal() + promised)
    rest = [date.fromordinal(ends.toordinal() + count) for count in range(1, 12)]
    working = [day for day in rest if is_working_day(day)]
    assert (working[2] - begins).days > max(brand.hold_days for brand in BRANDS.values())


def test_changes_are_read_as_people_write_them_by_key_or_by_name() -> None:
    week = read_scenario("ordinary-week").with_changes(
        {
            "min_purchase": "500",
            "rules.promise_days": 17,
            "promise_any_port": "no",
            "fee": "1.5",
            "late_share": 0.05,
            "peak_at": "15:30",
            "world.begins": "2026-09-14",
        }
    )
    assert dict(week.rules) == {
        "min_purchase_fen": 500_00,
        "promise_days": 17,
        "promise_any_port": 0,
        "fee_bp": 150,
    }
    assert week.number("change.late_share") == 0.05
    assert week.clock("crowd.peak_at") == time(15, 30)
    assert week.begins == date(2026, 9, 14)
    assert set(week.changed) == {
        *("rules.min_purchase", "rules.promise_days", "rules.promise_any_port", "rules.fee"),
        *("change.late_share", "crowd.peak_at", "world.begins"),
    }
    again = default_scenario().with_changes(week.as_written())
    assert (again.world, again.rules, again.changed) == (week.world, week.rules, week.changed)


def test_a_scenario_of_one_s_own_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = f"{SAID}[world]\nbegins = 2026-10-01\n[desk]\nopens = 09:30:00\nshape = 'constant'\n"
    path.write_text(text + "[rules]\nmin_purchase = 350.5\npromise_any_port = false\n")
    mine = read_scenario(path)
    assert (mine.name, mine.title_zh, mine.begins) == ("mine", "甲", date(2026, 10, 1))
    assert mine.clock("desk.opens") == time(9, 30)
    assert dict(mine.rules) == {"min_purchase_fen": 350_50, "promise_any_port": 0}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[change]\nlate_share = 1.5\n", "change.late_share"),
        ("[change]\nlate_share = -0.1\n", "change.late_share"),
        ("[change]\nlate_share = 'often'\n", "change.late_share"),
        ("[change]\nlate_share = nan\n", "change.late_share"),
        ("[change]\nlate_share = [0.1]\n", "change.late_share"),
        ("[change]\nlate_share = true\n", "change.late_share"),
        ("[world]\ndays = 1.5\n", "world.days"),
        ("[world]\ndays = 0\n", "world.days"),
        ("[world]\nbegins = '2025-02-30'\n", "world.begins"),
        ("[world]\nbegins = 2025-06-30\n", "world.begins"),
        ("[world]\nbegins = 2026-09-07T10:00:00\n", "world.begins"),
        ("[crowd]\npeak_at = '25:00'\n", "crowd.peak_at"),
        ("[desk]\nshape = 'gauss'\n", "desk.shape"),
        ("[rules]\npromise_days = 0\n", "rules.promise_days"),
        ("[rules]\npromise_days = 'soon'\n", "rules.promise_days"),
        ("[rules]\nmin_purchase = 0.001\n", "rules.min_purchase"),
        ("[rules]\npromise_any_port = 'perhaps'\n", "rules.promise_any_port"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_key(text: str, field: str) -> None:
    refused = refusal_of(text)
    assert (refused.code, refused.field) == ("scenario_value", field)
    assert refused.facts["unit"]


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("[change]\nlate_shar = 0.1\n", "change.late_share"),
        ("[world]\nlate_share = 0.1\n", "change.late_share"),
        ("[rules]\nmin_purchase_fen = 20000\n", "rules.min_purchase"),
    ],
)
def test_a_key_that_is_not_known_is_refused_with_what_was_likely_meant(
    text: str, likely: str
) -> None:
    refused = refusal_of(text)
    assert refused.code == "scenario_key_unknown"
    assert likely in str(refused.facts["likely"])


def test_a_name_that_several_parameters_have_needs_its_group() -> None:
    with pytest.raises(Refused) as caught:
        find("spread")
    assert caught.value.facts["likely"] == ("phone.spread", "desk.spread")
    assert find("desk.spread").key == "desk.spread"
    with pytest.raises(Refused):
        find("min_purchase_fen")


@pytest.mark.parametrize(
    "content", [b"title_en = ", b"\xff", b"title_en = 'A'", SAID.replace('"A"', "7").encode()]
)
def test_a_file_that_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        parse_scenario("own", content)
    assert caught.value.code == "scenario_unreadable"


@pytest.mark.parametrize("name", ["no-such", "../../etc/passwd", "no/such.toml", ""])
def test_a_scenario_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(Refused) as caught:
        read_scenario(name)
    assert caught.value.code == "scenario_unknown"
    assert caught.value.facts["known"] == SHIPPED


def test_a_province_has_a_thousand_stores_that_say_that_they_do_not_exist() -> None:
    province = read_scenario("province")
    stores = stores_of(province, Streams(1))
    register = stores_of(read_scenario("ordinary-week"), Streams(1))
    assert len(stores) == 1000
    assert stores[:14] == register
    made_up = stores[14:]
    assert all(one.illustrative and "Illustrative" in one.name_en for one in made_up)
    assert all("示例" in one.name_zh and one.taxpayer_number.startswith("SIM") for one in made_up)
    assert len({one.store_number for one in stores}) == 1000
    instant = sum(one.instant_from is not None for one in made_up) / len(made_up)
    assert abs(instant - province.number("world.instant_share")) < 0.05


def test_outages_and_faults_are_planned_for_their_time() -> None:
    (down, *others) = faults_of(read_scenario("network-outage"))
    assert down.name == NETWORK_DOWN
    assert (down.ends - down.begins).total_seconds() == 5 * 3600
    assert f"{down.begins:%Y-%m-%d %H:%M}" == "2026-09-12 06:00"
    assert {one.name for one in others} <= set(NAMES)
    names = [one.name for one in faults_of(read_scenario("customs-outage"))]
    assert names[0] == CUSTOMS_DOWN
    assert not set(OUTAGES) & {one.name for one in faults_of(read_scenario("ordinary-week"))}


def test_ports_have_both_desks_and_a_desk_without_people_is_not_there() -> None:
    staffing = staffing_of(read_scenario("ordinary-week"))
    assert [one.name for one in staffing.desks if one.kind is DeskKind.CUSTOMS] == [
        *("customs-WUH", "customs-YIH", "customs-ENH")
    ]
    assert staffing.at_port(DeskKind.AGENCY, "WUH") is not None
    fewer = read_scenario("ordinary-week").with_changes({"agency_staff_elsewhere": 0})
    assert staffing_of(fewer).at_port(DeskKind.AGENCY, "YIH") is None
    assert staffing.counter(3).name == "store-0003"


def test_the_command_lists_shows_and_refuses(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "none")
    assert [one["name"] for one in terminal.read("scenarios", "list", "--json")] == list(SHIPPED)
    assert terminal.done("scenarios").splitlines()[0].startswith("scenario\tbegins")
    shown = terminal.read("scenarios", "show", "network-outage", "--json")
    assert [row["key"] for row in shown["parameters"]] == list(parameters())
    hours = next(row for row in shown["parameters"] if row["key"] == "outage.network_hours")
    assert (hours["value"], hours["default"], hours["unit"]) == ("5", "0", "hours")
    brief = terminal.done("scenarios", "show", "network-outage", "--changed")
    assert [line.split("\t")[0] for line in brief.splitlines()[4:]] == list(shown["changed"])
    refused = terminal.run("scenarios", "show", "no-such")
    assert refused.exit_code == 2
    assert "ordinary-week" in refused.stderr
    assert not (ROOT / "no-such").exists()
    assert not (tmp_path / "none").exists()
