"""What is sent of an operation: its own, or what it shares with other forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from refund.core.ids import operation_key
from refund.core.operation import Answer, Kind
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
    whole = Answer("j-hold-1", Kind.HOLD, 900_00, "CNY", "hold_1", expires_at=until)
    share = make.operation(Kind.HOLD, **SHARED)
    assert whole.fits(share)
    assert not replace(whole, amount_fen=make.NET_FEN).fits(share)
    assert not replace(whole, reference=share.reference).fits(share)
    assert not whole.fits(make.operation(Kind.HOLD))


def test_a_hold_of_its_own_is_its_own_at_the_network_and_a_share_is_not() -> None:
    alone, shared = make.guarantee(), make.guarantee(hold_reference="j-hold-1")
    assert (alone.network_reference, alone.is_shared) == (alone.reference, False)
    assert (shared.network_reference, shared.is_shared) == ("j-hold-1", True)
