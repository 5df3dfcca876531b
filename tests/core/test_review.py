"""The agency's review: every reason at once, exact at every boundary; and what a state allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.customs import Decision, Verification
from refund.core.entitlement import NOTHING
from refund.core.form import Form, Status
from refund.core.money import Amounts
from refund.core.policy import rules_on
from refund.core.review import FINAL, Presented, Stand, review, stand_of
from tests import make

RULES = rules_on(make.DAY)
ENTRY = date(2025, 7, 1)
STAY_UNTIL = date(2025, 12, 31)
"""183 days after the entry, as published."""


def presented(**changes: object) -> Presented:
    """A form that can be paid, but for what the test changes."""
    form = make.form(Status.ORDINARY_VERIFIED)
    good = Presented(
        form=form,
        invoices=(make.invoice(),),
        verification=make.verification(),
        last_entry=ENTRY,
        shown_index=form.document_index,
        port="WUH",
        today=make.DAY,
        due=form.amounts,
        rules=RULES,
    )
    return replace(good, **changes)  # type: ignore[arg-type]  # each test names its own


def codes(found: Presented) -> set[str]:
    """What the review says against it."""
    return {reason.code for reason in review(found)}


def test_what_is_in_order_has_no_reason_against_it() -> None:
    assert codes(presented()) == set()


@given(st.integers(0, 400))
@pytest.mark.rule("review_stay")
@pytest.mark.rule("stay_days")
def test_the_departure_is_at_most_183_days_after_the_last_entry(days: int) -> None:
    today = ENTRY + timedelta(days=days)
    assert ("left_after_stay" in codes(presented(today=today))) == (days > 183)
    assert ("left_after_stay" in codes(presented(today=today))) == (today > STAY_UNTIL)


@given(st.integers(0, 400))
@pytest.mark.rule("review_export")
@pytest.mark.rule("export_days")
def test_the_departure_is_at_most_90_days_after_the_purchase(days: int) -> None:
    today = make.DAY + timedelta(days=days)
    assert ("left_after_export" in codes(presented(today=today))) == (days > 90)


@pytest.mark.rule("review_papers")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"shown_index": ""}, "document_not_shown"),
        ({"shown_index": "another"}, "document_differs"),
        ({"verification": None}, "verification_missing"),
        ({"verification": replace(make.verification(), port="YIH")}, "verified_elsewhere"),
        (
            {"verification": replace(make.verification(), decision=Decision.REFUSED)},
            "refused_by_customs",
        ),
        ({"last_entry": None}, "entry_date_unknown"),
        ({"due": NOTHING}, "nothing_due"),
        ({"invoices": ()}, "record_differs"),
        ({"invoices": (make.invoice(lines=(make.line(1494_01),)),)}, "record_differs"),
        ({"invoices": (make.invoice(day=date(2025, 7, 7)),)}, "record_differs"),
        ({"form": replace(make.form(Status.VOID), document_index="index")}, "form_void"),
    ],
)
def test_each_reason_is_said_by_its_own_code(changes: dict[str, object], code: str) -> None:
    assert codes(presented(**changes)) == {code}


@given(
    days=st.integers(0, 400),
    shown=st.sampled_from(["", "index", "other"]),
    is_verified=st.booleans(),
    is_due=st.booleans(),
)
@pytest.mark.rule("review_papers")
def test_no_reason_hides_another(*, days: int, shown: str, is_verified: bool, is_due: bool) -> None:
    found = codes(
        presented(
            today=make.DAY + timedelta(days=days),
            shown_index=shown,
            verification=make.verification() if is_verified else None,
            due=make.form().amounts if is_due else NOTHING,
        )
    )
    expected = {
        "left_after_export": days > 90,
        "left_after_stay": days + 7 > 183,
        "document_not_shown": shown == "",
        "document_differs": shown == "other",
        "verification_missing": not is_verified,
        "nothing_due": not is_due,
    }
    assert found == {code for code, holds in expected.items() if holds}


@given(st.integers(1, 3))
@pytest.mark.rule("pays_confirmed_quantity")
def test_fewer_goods_are_no_reason_against_paying_what_is_due(kept: int) -> None:
    due = Amounts(kept * 100_00, kept * 11_00, kept * 2_00, kept * 9_00)
    partly = replace(make.verification(), decision=Decision.PARTLY)
    assert codes(presented(due=due, verification=partly)) == set()


def test_what_ends_a_refund_for_good_is_not_what_a_paper_can_put_right() -> None:
    assert not FINAL & {"document_not_shown", "document_differs", "verified_elsewhere"}
    assert {"left_after_stay", "left_after_export"} <= FINAL


# What a counter can do with a form as it stands.


def stand(form: Form, verification: Verification | None = None, port: str = "WUH") -> Stand:
    """What the counter of a port can do with it on the day of issue."""
    return stand_of(form, verification, port, make.DAY)


@pytest.mark.parametrize("status", list(Status))
def test_every_state_says_what_the_counter_can_do(status: Status) -> None:
    assert isinstance(stand(make.form(status)), Stand)
    payable = stand(make.form(status)) is Stand.PAY
    assert payable == (status is Status.ORDINARY_VERIFIED)


@pytest.mark.rule("ordinary_after_capture")
@pytest.mark.parametrize(
    ("verification", "expected"),
    [
        (None, Stand.CUSTOMS_AGAIN),
        (make.verification(), Stand.ACCEPT),
        (replace(make.verification(), decision=Decision.PARTLY), Stand.ACCEPT),
        (replace(make.verification(), decision=Decision.REFUSED), Stand.CUSTOMS_AGAIN),
        (replace(make.verification(), port="YIH"), Stand.CUSTOMS_AGAIN),
    ],
)
def test_a_charged_form_is_taken_up_with_this_port_s_verification_only(
    verification: Verification | None, expected: Stand
) -> None:
    assert stand(make.form(Status.CAPTURED), verification) is expected


@given(days=st.integers(-10, 30), port=st.sampled_from(["WUH", "YIH"]), any_port=st.booleans())
@pytest.mark.rule("outcome_promise_broken")
@pytest.mark.rule("wrong_port")
def test_an_advance_is_charged_first_once_its_promise_is_broken(
    *, days: int, port: str, any_port: bool
) -> None:
    form = replace(make.form(Status.VERIFIED), port_any=any_port)
    today = form.depart_by + timedelta(days=days)
    broken = days > 0 or (port == "YIH" and not any_port)
    expected = Stand.CHARGE_FIRST if broken else Stand.ADVANCE_STANDS
    assert stand_of(form, make.verification(), port, today) is expected
