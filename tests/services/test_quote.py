"""A quote is the form's own calculation: the shared cases, the published pair, and the refusals."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from refund.core.errors import Refused
from refund.core.money import Amounts, Vat, parse_yuan
from refund.services.quote import quote
from tests import make
from tests.services.steps import issued
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
