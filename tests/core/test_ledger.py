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
    advance_entry,
    balance_fen,
    capture_entry,
    hold_entry,
    hold_lapsed_entry,
    release_entry,
    reversal,
    withdrawal_entry,
)
from refund.core.money import FEN_MAX, Amounts

FEN = st.integers(1, FEN_MAX // 2)


@st.composite
def amounts(draw: st.DrawFn) -> Amounts:
    """Any amounts of a refund; the fee can be nothing."""
    net_fen, fee_fen = draw(FEN), draw(st.integers(0, FEN_MAX // 2))
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


@given(FEN)
def test_a_broken_promise_leaves_nothing(net_fen: int) -> None:
    assert not totals(
        hold_entry("h", "f", net_fen),
        advance_entry("a", "f", net_fen),
        capture_entry("c", "f", net_fen, net_fen),
    )


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
