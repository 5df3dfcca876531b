"""What the network charges for itself, and which of its days a moment belongs to."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

PAYOUT_FEE_FEN = 60
CAPTURE_FEE_PER_MILLE = 3
CAPTURE_FEE_FEN_MIN = 1

_SHANGHAI = timezone(timedelta(hours=8))
"""The network closes its days by Shanghai's clock, which has known no summer time since 1991."""


def capture_fee_fen(captured_fen: int) -> int:
    """Return the fee of a capture: 0.3 %, halves rounded up to the fen, at least one fen."""
    return max(CAPTURE_FEE_FEN_MIN, (captured_fen * CAPTURE_FEE_PER_MILLE + 500) // 1000)


def network_day(moment: datetime) -> date:
    """Return the day in Shanghai to which a moment belongs."""
    return moment.astimezone(_SHANGHAI).date()


def end_of_day(day: date) -> datetime:
    """Return the moment at which a day is over: 00:00 in Shanghai of the next one."""
    return datetime.combine(day + timedelta(days=1), time(), _SHANGHAI)
