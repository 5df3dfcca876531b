"""What is sent of an operation: its own, or what it shares with other forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from refund.core.ids import operation_key
from refund.core.operation import ORDER, Answer, Heard, Kind, News, OperationState
from tests import make

SHARED = {"joint_reference": "j-hold-1", "joint_fen": 900_00}


def test_an_operation_of_one_form_is_sent_as_it_is() -> None:
    asked = make.operation(Kind.HOLD)
    assert (asked.sent_reference, asked.sent_key) == (asked.reference, asked.key)
    assert asked.sent_fen == make.NET_FEN


@pytest.mark.rule("joint_hold")
def test_every_share_of_a_request_is_sent_as_the_one_request_under_its_one_key() -> None:
    shares = [make.operation(Kind.HOLD, reference=f"r-{n}", key=f"k-{n}", **SHARED) for n in "ab"]
    sent = {(one.sent_reference, one.sent_key, one.sent_fen) for one in shares}
    assert sent == {("j-hold-1", operation_key("j-hold-1"), 900_00)}


@pytest.mark.rule("joint_hold")
def test_an_answer_fits_the_whole_request_and_not_a_share_of_it() -> None:
    until = datetime(2025, 8, 7, tzinfo=UTC)
    whole = Answer(
        "j-hold-1", Kind.HOLD, 900_00, "CNY", "hold_1", expires_at=until, approved_fen=900_00
    )
    share = make.operation(Kind.HOLD, **SHARED)
    assert whole.fits(share)
    assert not replace(whole, amount_fen=make.NET_FEN).fits(share)
    assert not replace(whole, reference=share.reference).fits(share)
    assert not whole.fits(make.operation(Kind.HOLD))


def test_a_hold_of_its_own_is_its_own_at_the_network_and_a_share_is_not() -> None:
    alone, shared = make.guarantee(), make.guarantee(hold_reference="j-hold-1")
    assert (alone.network_reference, alone.is_shared) == (alone.reference, False)
    assert (shared.network_reference, shared.is_shared) == ("j-hold-1", True)


def test_every_pair_of_what_is_known_and_what_is_heard_is_decided() -> None:
    assert set(ORDER) == {(known, heard) for known in OperationState for heard in Heard}


def test_whatever_is_heard_twice_is_kept_out_the_second_time() -> None:
    after = {
        Heard.DONE: OperationState.SUCCEEDED,
        Heard.REFUSED: OperationState.REFUSED,
        Heard.RETURNED: OperationState.RETURNED,
        Heard.PENDING: OperationState.PENDING,
    }
    for (_, heard), news in ORDER.items():
        if news is News.TAKE:
            assert ORDER[after[heard], heard] is News.KEEP


def test_a_no_never_follows_a_yes_nor_a_yes_a_no() -> None:
    for known in (OperationState.SUCCEEDED, OperationState.RETURNED):
        assert ORDER[known, Heard.REFUSED] is News.CONTRADICTION
    for heard in (Heard.DONE, Heard.RETURNED, Heard.PENDING):
        assert ORDER[OperationState.REFUSED, heard] is News.CONTRADICTION


def test_money_comes_back_only_from_what_was_or_becomes_done() -> None:
    taken = {known for (known, heard), news in ORDER.items() if (heard, news) == BACK}
    assert taken == {OperationState.PENDING, OperationState.SUCCEEDED}


BACK = (Heard.RETURNED, News.TAKE)


def test_an_old_word_that_it_is_pending_never_undoes_an_answer() -> None:
    for known in (OperationState.SUCCEEDED, OperationState.RETURNED):
        assert ORDER[known, Heard.PENDING] is News.KEEP


def test_a_changed_request_has_another_print_and_the_same_request_has_one() -> None:
    asked = make.operation(Kind.HOLD)
    assert asked.print_of_request == make.operation(Kind.HOLD).print_of_request
    changes = (
        {"amount_fen": asked.amount_fen + 1},
        {"card_token": "another"},
        {"kind": Kind.ADVANCE},
        {"reference": "another"},
        {"method": "alipay"},
        {"hold_reference": "another"},
        {"part_fen": 7},
        {"payout_token": "another"},
    )
    prints = {replace(asked, **change).print_of_request for change in changes}
    assert len(prints | {asked.print_of_request}) == len(changes) + 1


@pytest.mark.rule("never_captured_above_hold")
@pytest.mark.parametrize(("charged_fen", "fits"), [(0, False), (1, True), (450_00, True)])
def test_a_charge_says_what_it_took_and_never_more_than_was_asked(
    charged_fen: int, *, fits: bool
) -> None:
    asked = make.operation(Kind.CAPTURE, amount_fen=450_00)
    took = Answer(
        asked.reference, Kind.CAPTURE, 450_00, "CNY", "capture_1", charged_fen=charged_fen
    )
    assert took.fits(asked) is fits
    assert not replace(took, charged_fen=450_01).fits(asked)


@pytest.mark.parametrize(("approved_fen", "fits"), [(0, False), (1, True), (900_00, True)])
def test_a_hold_that_is_granted_says_for_how_much_and_how_long(
    approved_fen: int, *, fits: bool
) -> None:
    asked = make.operation(Kind.HOLD, amount_fen=900_00)
    until = datetime(2025, 8, 7, tzinfo=UTC)
    granted = Answer(
        asked.reference,
        Kind.HOLD,
        900_00,
        "CNY",
        "hold_1",
        expires_at=until,
        approved_fen=approved_fen,
    )
    assert granted.fits(asked) is fits
    assert not replace(granted, approved_fen=900_01).fits(asked)
    assert not replace(granted, expires_at=None).fits(asked)
