"""Months, their order and last days, and the digest of their lines."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.ledger import Account, balance_fen, refund_entry, release_entry, unclaimed_entry
from refund.core.money import Amounts
from refund.core.settlement import (
    NO_TOTALS,
    Digest,
    Month,
    SettledLine,
    Totals,
    canonical,
    check_order,
    month_of,
    read_month,
    settlement_number,
)

LINE = SettledLine(
    position=1,
    entry_key="00000000000000f1-release-1",
    form_id="00000000000000f1",
    form_number="250708000100011",
    store_number=1,
    store_zh="试验店",
    store_en="Trial store",
    issue_day=date(2025, 7, 8),
    verified_at=datetime(2025, 7, 20, 16, tzinfo=UTC),
    way="advance",
    is_correction=False,
    sales_fen=1494_00,
    gross_fen=164_34,
    fee_fen=29_88,
    net_fen=134_46,
    posted_at=datetime(2025, 7, 20, 17, tzinfo=UTC),
)
MONTHS = st.builds(Month, st.integers(2000, 2190), st.integers(1, 12))


@given(MONTHS)
def test_a_month_ends_where_the_next_one_begins_in_shanghai(month: Month) -> None:
    assert month.last_day + timedelta(days=1) == month.following.first_day
    assert month_of(month.end) == month.following
    assert month_of(month.end - timedelta(microseconds=1)) == month
    assert read_month(str(month)) == month
    assert month < month.following
    assert settlement_number(month) == f"JS-{month}-01"


@pytest.mark.rule("settle_by_day")
def test_a_month_is_due_on_the_fifteenth_of_the_next() -> None:
    assert Month(2025, 7).due_on(15) == date(2025, 8, 15)
    assert Month(2025, 12).due_on(15) == date(2026, 1, 15)


@pytest.mark.parametrize("text", ["", "2025", "2025-7", "2025-00", "2025-13", "２０２５-07"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="month_unreadable"):
        read_month(text)


@pytest.mark.rule("settle_closes_once")
@given(MONTHS, MONTHS | st.none(), MONTHS)
def test_only_the_month_whose_turn_it_is_and_that_is_over_is_closed(
    month: Month, following: Month | None, present: Month
) -> None:
    now = present.end - timedelta(seconds=1)
    allowed = month == following and month < present
    try:
        check_order(month, following, now)
    except Refused:
        assert not allowed
    else:
        assert allowed


def test_a_line_is_dated_by_the_day_in_shanghai() -> None:
    assert LINE.verified_on == date(2025, 7, 21)
    assert replace(LINE, verified_at=None).verified_on is None


@given(st.sampled_from([one.name for one in fields(SettledLine) if one.name != "form_id"]))
def test_whatever_differs_in_a_line_differs_in_the_digest(name: str) -> None:
    value = getattr(LINE, name)
    match value:
        case bool():
            other: object = not value
        case int():
            other = value + 1
        case str():
            other = f"{value}x"
        case datetime():
            other = value + timedelta(microseconds=1)
        case _:
            other = value + timedelta(days=1)
    changes: dict[str, Any] = {name: other}
    changed = replace(LINE, **changes)
    assert canonical(changed) != canonical(LINE)
    assert digest_of(changed) != digest_of(LINE)


def digest_of(*lines: SettledLine, number: str = "JS-2025-07-01") -> str:
    """The digest of some lines."""
    digest = Digest(number)
    digest.add(lines)
    return digest.hexdigest()


def test_the_digest_counts_number_order_and_every_line() -> None:
    other = replace(LINE, position=2, store_zh="甲\t乙\n丙")
    assert canonical(other).count(b"\t") == canonical(LINE).count(b"\t")
    assert canonical(other).count(b"\n") == 1
    found = {
        digest_of(),
        digest_of(LINE),
        digest_of(LINE, other),
        digest_of(other, LINE),
        digest_of(LINE, number="JS-2025-08-01"),
    }
    assert len(found) == 5


def test_a_digest_adds_up_what_it_takes_in() -> None:
    digest = Digest("JS-2025-07-01")
    assert digest.totals == NO_TOTALS
    digest.add([LINE, LINE])
    assert digest.totals == Totals(2, 2988_00, 328_68, 59_76, 268_92)


AMOUNTS = st.builds(
    lambda gross, share: Amounts(gross * 10, gross, gross * share // 100, 0),
    st.integers(1, 10**9),
    st.integers(0, 99),
).map(lambda one: replace(one, net_fen=one.gross_fen - one.fee_fen))


@pytest.mark.rule("settle_corrections_next")
@given(AMOUNTS, st.sampled_from([Account.TILL, Account.NETWORK]))
def test_what_is_claimed_no_more_is_borne_by_the_agency(due: Amounts, paid_from: Account) -> None:
    for entry in (
        release_entry("r", "f", due, due.net_fen),
        refund_entry("r", "f", due, paid_from),
    ):
        again = unclaimed_entry(entry)
        assert balance_fen(again.postings) == 0
        borne = [p.amount_fen for p in again.postings if p.account is Account.FEE]
        assert borne == [due.net_fen]
        assert all(p.account is not Account.TREASURY for p in again.postings)
