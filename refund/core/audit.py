"""What an audit's run leaves behind: when it was, how long it took, and what it found."""

from dataclasses import dataclass
from datetime import datetime


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
