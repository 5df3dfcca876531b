"""The books: every entry sums to zero, and only a reversal corrects one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.ledger import (
    Account,
    Entry,
    Posting,
    Side,
    adjust_entry,
    advance_entry,
    balance_fen,
    capture_entry,
    hold_entry,
    hold_lapsed_entry,
    recovered_entry,
    refund_entry,
    release_entry,
    returned_entry,
    reversal,
    till_closed_entry,
    till_opened_entry,
    treasury_paid_entry,
    withdrawal_entry,
)
from refund.core.money import FEN_MAX, Amounts

FEN = st.integers(1, FEN_MAX // 4)
PAID_FROM = (Account.TILL, Account.NETWORK)


@st.composite
def amounts(draw: st.DrawFn) -> Amounts:
    """Any amounts of a refund; the fee can be nothing."""
    net_fen, fee_fen = draw(FEN), draw(st.integers(0, FEN_MAX // 4))
    return Amounts(net_fen + fee_fen, net_fen + fee_fen, fee_fen, net_fen)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry that a business event makes."""
    fen, held = draw(FEN), draw(FEN)
    return draw(
        st.sampled_from(
            [
                hold_entry("r", "f", fen),
                withdrawal_entry("r", "f", held),
                advance_entry("r", "f", fen),
                release_entry("r", "f", draw(amounts()), held),
                capture_entry("r", "f", fen, held),
                hold_lapsed_entry("r", "f", held),
                adjust_entry("r", "f", draw(amounts()), draw(st.integers(0, FEN_MAX // 4)), held),
                recovered_entry("r", "f", fen),
                returned_entry("r", "f", held),
                refund_entry("r", "f", draw(amounts()), draw(st.sampled_from(PAID_FROM))),
                till_opened_entry("t", fen),
                treasury_paid_entry("s", fen),
            ]
        )
    )


def totals(*made: Entry) -> dict[Account, int]:
    """What each account gains by entries, debits less credits."""
    found = dict.fromkeys(Account, 0)
    for entry in made:
        for posting in entry.postings:
            found[posting.account] += balance_fen((posting,))
    return {account: fen for account, fen in found.items() if fen}


@given(entries())
def test_every_entry_sums_to_zero(entry: Entry) -> None:
    assert balance_fen(entry.postings) == 0
    assert all(0 < posting.amount_fen <= FEN_MAX for posting in entry.postings)


@given(entries(), st.text(min_size=1).filter(str.strip))
def test_a_reversal_undoes_its_entry_and_names_it_with_a_reason(entry: Entry, reason: str) -> None:
    back = reversal(entry, reason)
    assert totals(entry, back) == {}
    assert (back.reverses, back.kind, back.reason) == (
        entry.event_key,
        "reversal",
        reason.strip(),
    )
    assert back.event_key != entry.event_key


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reversal_without_a_reason_is_refused(reason: str) -> None:
    with pytest.raises(Refused, match="reason_missing"):
        reversal(hold_entry("r", "f", 1), reason)


@given(amounts())
def test_a_kept_promise_leaves_what_the_treasury_owes_and_what_was_earned(sums: Amounts) -> None:
    net_fen = sums.net_fen
    left = totals(
        hold_entry("h", "f", net_fen),
        advance_entry("a", "f", net_fen),
        release_entry("r", "f", sums, net_fen),
    )
    expected = {
        Account.NETWORK: -net_fen,
        Account.TREASURY: net_fen + sums.fee_fen,
        Account.FEE: -sums.fee_fen,
    }
    assert left == {account: fen for account, fen in expected.items() if fen}


@pytest.mark.rule("outcome_fewer_goods")
@pytest.mark.rule("pays_confirmed_quantity")
@given(amounts(), st.integers(0, FEN_MAX // 4), st.integers(0, FEN_MAX // 4))
def test_a_promise_kept_with_fewer_goods_leaves_what_is_due_for_them(
    due: Amounts, charged_fen: int, recovered_fen: int
) -> None:
    net_fen = due.net_fen + charged_fen + recovered_fen
    entries = [
        hold_entry("h", "f", net_fen),
        advance_entry("a", "f", net_fen),
        adjust_entry("c", "f", due, charged_fen, net_fen),
    ]
    if recovered_fen:
        entries.append(recovered_entry("r", "f", recovered_fen))
    expected = {
        Account.NETWORK: charged_fen - net_fen,
        Account.STORE: recovered_fen,
        Account.TREASURY: due.gross_fen,
        Account.FEE: -due.fee_fen,
    }
    assert totals(*entries) == {account: fen for account, fen in expected.items() if fen}


@given(FEN)
def test_fewer_goods_that_are_worth_nothing_earn_nothing(net_fen: int) -> None:
    nothing = Amounts(0, 0, 0, 0)
    assert not totals(
        hold_entry("h", "f", net_fen),
        advance_entry("a", "f", net_fen),
        adjust_entry("c", "f", nothing, net_fen, net_fen),
    )


@pytest.mark.rule("return_by_store_or_card")
@given(FEN, st.data())
def test_goods_brought_back_leave_only_what_the_store_took(
    net_fen: int, data: st.DataObject
) -> None:
    recovered_fen = data.draw(st.integers(1, net_fen))
    entries = [
        hold_entry("h", "f", net_fen),
        advance_entry("a", "f", net_fen),
        recovered_entry("r", "f", recovered_fen),
    ]
    charged_fen = net_fen - recovered_fen
    if charged_fen:
        entries.append(capture_entry("c", "f", charged_fen, net_fen))
    else:
        entries.append(returned_entry("c", "f", net_fen))
    expected = {Account.NETWORK: -recovered_fen, Account.STORE: recovered_fen}
    assert totals(*entries) == expected


@given(amounts(), st.sampled_from(PAID_FROM))
def test_an_ordinary_refund_leaves_what_was_paid_earned_and_claimed(
    due: Amounts, paid_from: Account
) -> None:
    expected = {paid_from: -due.net_fen, Account.TREASURY: due.gross_fen, Account.FEE: -due.fee_fen}
    left = totals(refund_entry("r", "f", due, paid_from))
    assert left == {account: fen for account, fen in expected.items() if fen}


@pytest.mark.rule("ordinary_till")
@given(FEN, st.integers(0, FEN_MAX // 4), st.data())
def test_a_till_that_is_counted_is_empty_and_says_what_was_missing_or_too_much(
    float_fen: int, counted_fen: int, data: st.DataObject
) -> None:
    paid_fen = data.draw(st.integers(0, float_fen))
    entries = [till_opened_entry("t", float_fen)]
    if paid_fen:
        due = Amounts(paid_fen, paid_fen, 0, paid_fen)
        entries.append(refund_entry("r", "f", due, Account.TILL))
    closed = till_closed_entry("t", counted_fen, float_fen - paid_fen)
    assert (closed is None) == (counted_fen == 0 == float_fen - paid_fen)
    left = totals(*entries, *([closed] if closed else []))
    assert left.pop(Account.TREASURY, 0) == paid_fen
    expected = {
        Account.BANK: counted_fen - float_fen,
        Account.TILL_DIFFERENCE: float_fen - paid_fen - counted_fen,
    }
    assert left == {account: fen for account, fen in expected.items() if fen}


@given(amounts())
def test_what_the_treasury_pays_settles_what_it_owed(due: Amounts) -> None:
    left = totals(
        hold_entry("h", "f", due.net_fen),
        advance_entry("a", "f", due.net_fen),
        release_entry("r", "f", due, due.net_fen),
        treasury_paid_entry("s", due.gross_fen),
    )
    assert Account.TREASURY not in left
    assert left[Account.BANK] == due.gross_fen


@given(FEN)
def test_a_broken_promise_leaves_nothing(net_fen: int) -> None:
    assert not totals(
        hold_entry("h", "f", net_fen),
        advance_entry("a", "f", net_fen),
        capture_entry("c", "f", net_fen, net_fen),
    )


@given(amounts(), FEN)
def test_every_entry_of_a_form_has_its_kind_its_key_and_its_form(due: Amounts, fen: int) -> None:
    made = {
        "hold": hold_entry("r", "f", fen),
        "withdrawal": withdrawal_entry("r", "f", fen),
        "advance": advance_entry("r", "f", fen),
        "release": release_entry("r", "f", due, fen),
        "adjust": adjust_entry("r", "f", due, fen, fen),
        "capture": capture_entry("r", "f", fen, fen),
        "recovered": recovered_entry("r", "f", fen),
        "returned": returned_entry("r", "f", fen),
        "refund": refund_entry("r", "f", due, Account.NETWORK),
        "hold_lapsed": hold_lapsed_entry("r", "f", fen),
    }
    for kind, entry in made.items():
        assert (entry.kind, entry.event_key, entry.form_id) == (kind, "r", "f")


@given(FEN)
def test_a_hold_that_ends_without_money_leaves_nothing(held_fen: int) -> None:
    for ended in (withdrawal_entry("w", "f", held_fen), hold_lapsed_entry("l", "f", held_fen)):
        assert not totals(hold_entry("h", "f", held_fen), ended)


@pytest.mark.parametrize("amount_fen", [0, -1, FEN_MAX + 1])
def test_a_posting_of_no_amount_is_a_defect(amount_fen: int) -> None:
    with pytest.raises(ValueError, match=str(amount_fen)):
        Posting(Account.FEE, Side.DEBIT, amount_fen)


@pytest.mark.parametrize(
    "postings",
    [
        (),
        (Posting(Account.FEE, Side.DEBIT, 1),),
        (Posting(Account.FEE, Side.DEBIT, 2), Posting(Account.ADVANCE, Side.CREDIT, 1)),
        (Posting(Account.FEE, Side.DEBIT, 1), Posting(Account.ADVANCE, Side.DEBIT, 1)),
    ],
)
def test_an_entry_that_does_not_sum_to_zero_is_a_defect(postings: tuple[Posting, ...]) -> None:
    with pytest.raises(ValueError, match="key-1"):
        Entry("key-1", "release", "f", postings)


def test_an_entry_that_reverses_without_a_reason_is_a_defect() -> None:
    entry = hold_entry("r", "f", 1)
    with pytest.raises(ValueError, match="key-1"):
        Entry("key-1", "reversal", "f", entry.postings, reverses="r")
