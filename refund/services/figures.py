"""The figures that a watching machine reads: the audit, cases, what waits, what is out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from refund.core.audit import AuditRun, Waiting
from refund.core.case import CaseKind
from refund.core.ledger import Account
from refund.ports import Ports
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Watched:
    """All of them, of one moment.

    Args:
        run: the last run of the audit, and `run_age` since it began.
        cases: how many are open of each kind, and how old the oldest is.
        waiting: operations without an answer by kind, and `waiting_age` of the oldest.
        holds: how many that stand end on a day in Shanghai, and their sum, fen.
    """

    run: AuditRun | None
    run_age: timedelta
    cases: Mapping[CaseKind, tuple[int, timedelta]]
    waiting: Mapping[str, Waiting]
    waiting_age: Mapping[str, timedelta]
    advances_fen: int
    holds: Mapping[date, tuple[int, int]]


def watched(ports: Ports) -> Watched:
    """The figures as they are now."""
    now = ports.clock.now()

    def read(tx: Transaction) -> Watched:
        runs, figures = tx.audit_runs(1), tx.figures()
        cases = tx.count_open_cases()
        return Watched(
            run=runs[0] if runs else None,
            run_age=now - runs[0].audited_at if runs else timedelta(0),
            cases={kind: (count, now - since) for kind, (count, _, since) in cases.items()},
            waiting=figures.waiting,
            waiting_age={kind: now - one.oldest for kind, one in figures.waiting.items()},
            advances_fen=tx.balances()[Account.ADVANCE.value],
            holds=figures.holds,
        )

    return ports.storage.read(read)
