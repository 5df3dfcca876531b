"""What the audit reads, what a run of it leaves behind, and the figures of a moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class NetworkAccount:
    """Our account at the network as our own books have it; fen.

    Args:
        kept_fen: the account's balance, debits less credits.
        returned_fen: payouts that came back, as far as we have heard.
        fees_fen: the network's fees, as far as we have taken them in.
    """

    kept_fen: int
    returned_fen: int
    fees_fen: int


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One run of the audit; `findings` are those that do not hold, as plain values."""

    audited_at: datetime
    took_ms: int
    broken: int
    unchecked: int
    findings: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Operations of a kind without an answer: how many, since when, how often they were tried."""

    count: int
    oldest: datetime
    tries: int
    tries_most: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What is out and what waits, at a moment.

    Args:
        waiting: by the operation's kind.
        holds: how many that stand end on a day in Shanghai, and their sum, fen.
    """

    waiting: Mapping[str, Waiting]
    holds: Mapping[date, tuple[int, int]]
