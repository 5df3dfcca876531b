"""A quote is the form's own calculation: the shared cases, the published pair, and the refusals."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from refund.core.errors import Refused
from refund.core.money import Amounts, Vat, parse_yuan
from refund.core.policy import Rule
from refund.services.issue import void_form
from refund.services.quote import compare_form, compare_form_by_id, quote
from refund.services.rules import add_rule
from tests import make
from tests.services.steps import claimed, departs, issued, on
from tests.world import World

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "refund.json").read_text("utf-8"))
VAT = {11: Vat.V13, 8: Vat.V9}


def test_every_shared_case_is_there() -> None:
    assert len(VECTORS["cases"]) >= 11


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: json.dumps(case["lines"]))
def test_a_quote_gives_what_the_shared_case_says(case: dict[str, Any]) -> None:
    lines = [
        (parse_yuan(line["amount"]), VAT[line["refund_rate_percent"]]) for line in case["lines"]
    ]
    assert quote(make.DAY, lines).amounts == Amounts(**case["expect"])


def test_the_published_pair_is_met_to_the_fen() -> None:
    found = quote(date(2025, 7, 8), [(1494_00, Vat.V13)])
    assert (found.amounts.net_fen, found.refusals) == (134_46, ())


def test_the_form_pays_what_was_quoted(small_world: World) -> None:
    lines = ((333_33, Vat.V13), (333_33, Vat.V9), (10_01, Vat.V13))
    invoice = make.invoice(lines=tuple(make.line(fen, vat) for fen, vat in lines))
    form = issued(small_world, make.draft(invoices=(invoice,)))
    assert form.amounts == quote(make.DAY, lines).amounts


def test_a_quote_names_every_reason_against_a_form() -> None:
    found = quote(make.DAY, [(199_99, Vat.V13), (500_00, Vat.EXEMPT)])
    assert [(refused.code, refused.field) for refused in found.refusals] == [
        ("goods_out_of_scope", "line-1"),
        ("below_threshold", ""),
    ]
    assert found.amounts.sales_fen == 199_99


@pytest.mark.parametrize(("day", "refused"), [(26, True), (27, False)])
def test_a_quote_follows_the_rules_of_its_day(day: int, refused: bool) -> None:  # noqa: FBT001
    found = quote(date(2025, 4, day), [(200_00, Vat.V13)])
    assert bool(found.refusals) is refused


def test_a_quote_of_nothing_or_of_a_day_without_rules_is_refused() -> None:
    with pytest.raises(Refused, match="no_lines"):
        quote(make.DAY, [])
    with pytest.raises(Refused, match="date_before_rules"):
        quote(date(2019, 3, 31), [(200_00, Vat.V13)])


@pytest.mark.parametrize(
    ("day", "promise", "export"),
    [
        (date(2025, 6, 30), None, date(2025, 9, 28)),
        (date(2025, 7, 1), date(2025, 7, 18), date(2025, 9, 29)),
        (date(2026, 6, 30), date(2026, 7, 17), date(2026, 9, 28)),
        (date(2026, 7, 1), date(2026, 7, 29), date(2026, 9, 29)),
    ],
)
def test_a_quote_gives_the_last_days_of_promise_and_export(
    day: date, promise: date | None, export: date
) -> None:
    found = quote(day, [(1494_00, Vat.V13)])
    assert (found.promise_last_day, found.export_last_day) == (promise, export)


def test_a_quote_under_changed_rules_gives_what_they_say() -> None:
    lines = [(1494_00, Vat.V13)]
    changes = {"promise_days": 28, "min_purchase_fen": 1500_00, "fee_bp": 0}
    found = quote(make.DAY, lines, changes)
    assert found.promise_last_day == date(2025, 8, 5)
    assert [refused.code for refused in found.refusals] == ["below_threshold"]
    assert (found.amounts.fee_fen, found.amounts.net_fen) == (0, 164_34)
    long = quote(make.DAY, lines, {"promise_days": 120})
    assert long.promise_last_day == long.export_last_day


# A form under other rules.


def test_a_form_under_its_own_rules_is_what_it_is(world: World) -> None:
    form = issued(world)
    found = compare_form(world.ports, form.form_number, None)
    assert (found.differs, found.rules_differ) == ((), {})
    assert found.own.amounts == form.amounts
    assert (found.own.depart_by, found.own.export_by) == (form.depart_by, form.export_by)
    assert found.own.refusals == ()
    assert found.own.capture_by == date(2025, 7, 30)
    assert compare_form_by_id(world.ports, form.form_id, None) == found


def test_a_form_under_the_rules_of_another_day_differs_by_name(world: World) -> None:
    form = issued(world)
    found = compare_form(world.ports, form.form_number, date(2026, 7, 1))
    assert found.differs == ("depart_by", "port_any", "capture_by", "inspect_share_bp")
    assert found.other.depart_by == date(2025, 8, 5)
    assert found.rules_differ["promise_days"] == (17, 28)
    assert found.rules_differ["promise_any_port"] == (0, 1)
    before = compare_form(world.ports, form.form_number, date(2025, 4, 26))
    assert [refused.code for refused in before.other.refusals] == ["store_not_instant"]


def test_a_form_under_changed_values_differs_by_them_alone(world: World) -> None:
    form = issued(world)
    found = compare_form(world.ports, form.form_number, None, {"min_purchase_fen": 1500_00})
    assert found.differs == ("refusals",)
    assert [refused.code for refused in found.other.refusals] == ["below_threshold"]
    same = compare_form(world.ports, form.form_number, None, {"min_purchase_fen": 300_00})
    assert (same.differs, same.rules_differ) == ((), {"min_purchase_fen": (200_00, 300_00)})


def test_a_departure_that_was_late_would_have_been_in_time(world: World) -> None:
    form = claimed(world)
    departs(world, on(30))
    found = compare_form(world.ports, form.form_number, None, {"promise_days": 28})
    assert (found.own.departure, found.other.departure) == ("left_late", "promise_kept")
    assert "departure" in found.differs


def test_rows_that_operators_added_count_in_a_comparison(world: World) -> None:
    form = issued(world)
    day = date(2025, 8, 1)
    add_rule(world.ports, world.operator, Rule("promise_days", 21, day, "a text", "D"))
    found = compare_form(world.ports, form.form_number, day)
    assert found.rules_differ == {"promise_days": (17, 21)}


def test_earlier_forms_of_the_day_count_as_they_did_at_the_issue(world: World) -> None:
    gone = issued(world, make.draft("1" * 20), "key-0")
    void_form(world.ports, world.clerk, gone.form_id, "changed her mind")
    issued(world)
    small = make.draft("2" * 20, invoices=(make.invoice("2" * 20, lines=(make.line(50_00),)),))
    second = issued(world, small, "key-2")
    issued(world, make.draft("3" * 20), "key-3")
    found = compare_form(world.ports, second.form_number, None)
    assert found.own.refusals == ()
    assert found.own.amounts == second.amounts
    apart = compare_form(world.ports, second.form_number, None, {"min_purchase_fen": 2000_00})
    (refused,) = apart.other.refusals
    assert refused.code == "below_threshold"
    assert refused.facts["total_fen"] == make.PRICE_FEN + 50_00


def test_a_form_that_there_is_not_cannot_be_compared(small_world: World) -> None:
    with pytest.raises(Refused, match="form_unknown"):
        compare_form(small_world.ports, "250708000100011", None)
    with pytest.raises(Refused, match="form_unknown"):
        compare_form_by_id(small_world.ports, "0" * 16, None)
    form = issued(small_world)
    with pytest.raises(Refused, match="date_before_rules"):
        compare_form(small_world.ports, form.form_number, date(2019, 3, 31))
