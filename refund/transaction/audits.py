"""What the audit reads inside one transaction, and what it leaves behind."""

from datetime import datetime
from typing import Protocol

from refund.core.audit import AuditRun, NetworkAccount


class AuditRows(Protocol):
    """The checks of the books, and their runs."""

    def offending(self, invariant: str, now: datetime) -> list[dict[str, object]]:
        """The rows that break an invariant of the books at a moment; empty when it holds."""
        ...

    def network_account(self) -> NetworkAccount:
        """Our account at the network, with what of its own doings we have taken in."""
        ...

    def add_audit_run(self, run: AuditRun) -> None:
        """Keep what a run of the audit found."""
        ...

    def audit_runs(self, limit: int) -> list[AuditRun]:
        """The last runs of the audit, newest first."""
        ...
