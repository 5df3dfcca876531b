"""The draw: the large always, of the others the share that the rules name, and always the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refund.core.form import GONE, Form, Status
from refund.core.money import Amounts
from refund.core.policy import RuleSet, rules_on
from refund.core.sampling import Draw, DrawReason, draw, drawn_bp, just_below
from tests import make

DAY = date(2026, 7, 8)
BEFORE, SINCE = rules_on(date(2026, 6, 30)), rules_on(date(2026, 7, 1))
FORM_IDS = st.text("0123456789abcdef", min_size=16, max_size=16)
SEEDS = st.text(min_size=1, max_size=60)


def sold(fen: int, form_id: str = "00000000000000f1", **changes: Any) -> Form:
    """A form of so much."""
    form = make.form(form_id=form_id, issue_day=DAY, amounts=Amounts(fen, 0, 0, 0))
    return replace(form, **changes)


def drawn(form: Form, rules: RuleSet, seed: str = "a seed") -> Draw:
    """What is drawn at Wuhan."""
    return draw(form, rules, seed, "WUH", DAY, make.NOON)


@pytest.mark.rule("inspect_all")
@given(fen=st.integers(1, 9_999_999_99), form_id=FORM_IDS, seed=SEEDS)
def test_before_july_2026_every_form_is_inspected(fen: int, form_id: str, seed: str) -> None:
    found = drawn(sold(fen, form_id), BEFORE, seed)
    assert (found.why, found.is_inspected) == (DrawReason.ALL_FORMS, True)


@pytest.mark.rule("inspect_from_fen")
@pytest.mark.rule("customs_sampling")
@given(fen=st.integers(1, 9_999_999_99), form_id=FORM_IDS, seed=SEEDS)
def test_from_ten_thousand_yuan_on_every_form_is_inspected_and_below_the_lot_decides(
    fen: int, form_id: str, seed: str
) -> None:
    found = drawn(sold(fen, form_id), SINCE, seed)
    if fen >= 10_000_00:
        assert (found.why, found.is_inspected) == (DrawReason.FROM_AMOUNT, True)
    else:
        below = drawn_bp(seed, form_id) < 2000
        assert found.why is (DrawReason.DRAWN if below else DrawReason.NOT_DRAWN)
        assert found.is_inspected == below


@pytest.mark.rule("inspect_from_fen")
def test_the_amount_itself_is_inspected_and_a_fen_less_is_drawn() -> None:
    rules = replace(SINCE, inspect_share_bp=0)
    assert drawn(sold(10_000_00), rules).why is DrawReason.FROM_AMOUNT
    assert drawn(sold(9_999_99), rules).why is DrawReason.NOT_DRAWN


@pytest.mark.rule("inspect_share_bp")
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, share_bp=st.sampled_from([0, 1, 500, 2000, 5000, 9999, 10_000]))
def test_of_many_forms_the_share_is_inspected_that_the_rules_name(seed: str, share_bp: int) -> None:
    rules = replace(SINCE, inspect_share_bp=share_bp)
    count = 4000
    inspected = sum(
        drawn(sold(500_00, f"{number:016x}"), rules, seed).is_inspected for number in range(count)
    )
    # Seven standard deviations, squared, in whole numbers: a fair lot never gets there.
    off = inspected * 10_000 - count * share_bp
    assert off * off <= 49 * count * share_bp * (10_000 - share_bp) + 10_000**2


@pytest.mark.rule("customs_draw_recorded")
@given(fen=st.integers(1, 99_999_00), form_id=FORM_IDS, seed=SEEDS)
def test_a_draw_is_the_same_however_often_it_is_made(fen: int, form_id: str, seed: str) -> None:
    form = sold(fen, form_id)
    assert drawn(form, SINCE, seed) == drawn(form, SINCE, seed)
    digest = sha256(f"{seed}|{form_id}".encode()).digest()
    assert drawn(form, SINCE, seed).drawn_bp == int.from_bytes(digest[:8], "big") % 10_000


@pytest.mark.rule("customs_draw_recorded")
def test_the_lot_is_the_published_function_of_seed_and_form() -> None:
    assert drawn_bp("wuhan", "0123456789abcdef") == (
        int(sha256(b"wuhan|0123456789abcdef").hexdigest()[:16], 16) % 10_000
    )


@given(fens=st.lists(st.integers(1, 20_000_00), min_size=1, max_size=6))
def test_forms_of_one_day_just_below_are_remarked_when_they_reach_the_amount_together(
    fens: list[int],
) -> None:
    forms = [sold(fen, f"{at:016x}") for at, fen in enumerate(fens)]
    below = [form for form in forms if form.amounts.sales_fen < 10_000_00]
    found = just_below(forms[0], forms, SINCE)
    reach = sum(form.amounts.sales_fen for form in below) >= 10_000_00
    if forms[0] in below and len(below) > 1 and reach:
        assert list(found) == below
    else:
        assert found == ()


def test_forms_of_another_day_dead_forms_and_rules_without_sampling_remark_nothing() -> None:
    one = sold(9_000_00)
    other = sold(9_000_00, "00000000000000f2")
    assert just_below(one, [one, other], SINCE) == (one, other)
    assert just_below(one, [one, replace(other, issue_day=date(2026, 7, 7))], SINCE) == ()
    assert just_below(one, [one, other], BEFORE) == ()
    for status in GONE:
        assert just_below(one, [one, replace(other, status=status)], SINCE) == ()
    charged = replace(other, status=Status.CAPTURED)
    assert just_below(one, [one, charged], SINCE) == (one, charged)
