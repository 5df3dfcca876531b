"""What is a break and what is none: a line of the statement beside what our books have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from refund.core.breaks import Booked, Ours, Scope, breaks_of, missing_there
from refund.core.calendar import end_of_day
from refund.core.case import MATCH, CaseKind
from refund.core.match_summary import GROUPS, Amount, KindSum, Period
from refund.core.operation import GuaranteeState
from refund.core.statement import StatementLine
from tests import make

LINE = StatementLine(
    number=7,
    network_id="id_7",
    reference="f1-advance-1",
    kind="advance",
    state="paid",
    amount_fen=make.NET_FEN,
    currency="CNY",
    fee_fen=60,
    booked_at=make.NOON,
    hold_reference="",
)
OURS = Ours(
    reference="f1-advance-1",
    kind="advance",
    state="succeeded",
    amount_fen=make.NET_FEN,
    is_posted=True,
    forms=1,
    form_id="f1",
    store_number=1,
    asked_at=make.NOON,
    answered_at=make.NOON,
)
BOOKED = Booked(make.DAY, 10_000_007, LINE, OURS, is_again=False)


def kinds(booked: Booked) -> list[CaseKind]:
    return [one.kind for one in breaks_of(booked)]


def with_line(**changes: object) -> Booked:
    return replace(BOOKED, line=replace(LINE, **changes))  # type: ignore[arg-type]


def with_ours(**changes: object) -> Booked:
    return replace(BOOKED, ours=replace(OURS, **changes))  # type: ignore[arg-type]


def test_a_line_that_agrees_in_everything_is_no_break() -> None:
    assert breaks_of(BOOKED) == []


def test_each_difference_has_its_kind() -> None:
    assert kinds(replace(BOOKED, ours=None)) == [CaseKind.MISSING_HERE]
    assert kinds(replace(BOOKED, is_again=True)) == [CaseKind.TWICE_THERE]
    assert kinds(with_line(kind="refund")) == [CaseKind.KIND_DIFFERS]
    assert kinds(with_line(currency="USD", amount_fen=1)) == [CaseKind.CURRENCY_DIFFERS]
    assert kinds(with_line(amount_fen=1)) == [CaseKind.AMOUNT_DIFFERS]
    late = make.NOON + timedelta(days=1, microseconds=1)
    assert kinds(with_line(booked_at=late)) == [CaseKind.LATE_THERE]
    assert kinds(with_line(booked_at=late, amount_fen=1)) == [
        CaseKind.AMOUNT_DIFFERS,
        CaseKind.LATE_THERE,
    ]
    assert kinds(with_line(booked_at=make.NOON + timedelta(days=1))) == []


@pytest.mark.parametrize(
    ("changes", "ours_fen"),
    [
        ({"state": "pending"}, 0),
        ({"state": "refused", "is_posted": False}, 0),
        ({"is_posted": False}, 0),
    ],
)
def test_what_is_not_done_or_not_posted_here_is_missing_here(
    changes: dict[str, object], ours_fen: int
) -> None:
    (found,) = breaks_of(with_ours(**changes))
    assert (found.kind, found.subject) == (CaseKind.MISSING_HERE, "2025-07-08/7")
    assert (found.ours_fen, found.theirs_fen) == (ours_fen, -make.NET_FEN)


def test_what_stands_of_a_hold_is_the_networks_to_say() -> None:
    extended = replace(LINE, kind="extend", state="extended", amount_fen=5)
    ours = replace(OURS, kind="extend", is_posted=False)
    assert breaks_of(replace(BOOKED, line=extended, ours=ours)) == []


def test_a_payment_that_came_back_agrees_only_where_our_books_have_it_back() -> None:
    line = replace(LINE, state="returned", booked_at=make.NOON + timedelta(days=9))
    back = replace(OURS, state="returned")
    assert breaks_of(replace(BOOKED, line=line, ours=back)) == []
    (found,) = breaks_of(replace(BOOKED, line=line))
    assert (found.kind, found.theirs_fen) == (CaseKind.MISSING_HERE, make.NET_FEN)
    assert breaks_of(replace(BOOKED, ours=back)) == []


@pytest.mark.parametrize("state", [GuaranteeState.RELEASED, GuaranteeState.ENDED])
def test_a_charge_of_a_hold_that_is_over_is_told_whoever_asked_for_it(
    state: GuaranteeState,
) -> None:
    line = replace(LINE, kind="capture", state="captured", hold_reference="f1-hold-1")
    over = make.guarantee(state=state)
    unknown = replace(BOOKED, line=line, ours=None, holds=(over,))
    assert kinds(unknown) == [CaseKind.CAPTURED_AFTER_RELEASE]
    release = replace(OURS, kind="release", is_posted=False)
    assert kinds(replace(unknown, ours=release)) == [CaseKind.CAPTURED_AFTER_RELEASE]
    standing = replace(unknown, holds=(make.guarantee(),))
    assert kinds(standing) == [CaseKind.MISSING_HERE]
    (found,) = breaks_of(unknown)
    assert (found.form_id, found.ours_fen, found.theirs_fen) == (over.form_id, 0, make.NET_FEN)


def test_the_shares_of_one_request_are_missing_together() -> None:
    shares = [OURS, replace(OURS, form_id="f2", amount_fen=100)]
    found = missing_there(shares, make.DAY)
    assert (found.amount_fen, found.ours_fen) == (make.NET_FEN + 100, -make.NET_FEN - 100)
    assert found.ours["forms"] == 2
    back = missing_there([replace(OURS, state="returned")], make.DAY, is_return=True)
    assert (back.subject, back.ours_fen) == ("f1-advance-1/returned", make.NET_FEN)


def test_the_facts_are_plain_and_name_nobody() -> None:
    (found,) = breaks_of(with_line(amount_fen=1))
    assert found.facts["border"] == {}
    for side in ("ours", "theirs"):
        row = found.facts[side]
        assert isinstance(row, dict)
        assert {type(value) for value in row.values()} <= {str, int}


def test_an_answer_must_stand_on_a_statement_an_hour_before_the_day_is_over() -> None:
    start, end = end_of_day(make.DAY - timedelta(days=1)), end_of_day(make.DAY)
    scope = Scope(1, start, end, start - timedelta(days=9))
    assert scope.heard_from == start - timedelta(hours=1)
    assert scope.heard_until == end - timedelta(hours=1)
    assert Scope(1, start, end, start).heard_from == start


def test_every_kind_belongs_to_one_group() -> None:
    assert sorted(kind.value for group in GROUPS.values() for kind in group) == sorted(
        kind.value for kind in MATCH
    )


def test_a_period_adds_up() -> None:
    amounts = KindSum(CaseKind.AMOUNT_DIFFERS, Amount(2, 30), Amount(1, 10))
    late = KindSum(CaseKind.LATE_THERE, Amount(1, 5), Amount(1, 5))
    lines, broken = Amount(10, 1000), Amount(3, 35)
    period = Period(make.DAY, make.DAY, 1, 1, (), lines, broken, (amounts, late))
    assert period.matched == Amount(7, 965)
    assert period.of("different") == Amount(3, 35)
    assert period.of("border") == Amount()
    assert period.open == Amount(2, 15)
