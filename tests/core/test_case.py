"""What can be done about each kind of case, and when a second person is needed."""

from __future__ import annotations

import pytest

from refund.core.case import (
    FIXES,
    MATCH,
    MOVES_MONEY,
    TWO_ALWAYS,
    TWO_PERSONS_FEN,
    CaseKind,
    Fix,
    needs_two,
)


@pytest.mark.parametrize("kind", CaseKind)
def test_each_kind_has_something_that_can_be_done(kind: CaseKind) -> None:
    assert FIXES[kind]
    assert len(set(FIXES[kind])) == len(FIXES[kind])


@pytest.mark.parametrize("kind", sorted(MATCH, key=str))
def test_a_break_of_the_match_can_always_be_explained(kind: CaseKind) -> None:
    assert FIXES[kind][-1] is Fix.EXPLAIN


@pytest.mark.rule("two_persons")
@pytest.mark.parametrize("fix", sorted(set(Fix) - TWO_ALWAYS, key=str))
def test_what_moves_money_needs_two_persons_from_the_first_fen_above_the_limit(fix: Fix) -> None:
    assert not needs_two(fix, TWO_PERSONS_FEN, is_verified=True)
    assert needs_two(fix, TWO_PERSONS_FEN + 1, is_verified=True) is (fix in MOVES_MONEY)


@pytest.mark.rule("two_persons")
@pytest.mark.parametrize("fix", sorted(set(Fix) - TWO_ALWAYS, key=str))
def test_only_a_release_needs_customs_word_or_two_persons(fix: Fix) -> None:
    assert needs_two(fix, 1, is_verified=False) is (fix is Fix.RELEASE)


@pytest.mark.rule("two_persons")
def test_another_statement_counts_by_the_word_of_two_persons_alone() -> None:
    assert {Fix.REPLACE_STATEMENT} == TWO_ALWAYS
    assert needs_two(Fix.REPLACE_STATEMENT, 0, is_verified=True)


def test_the_limit_is_a_thousand_yuan() -> None:
    assert TWO_PERSONS_FEN == 1_000_00
