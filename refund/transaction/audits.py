"""What the audit reads inside one transaction, and what it leaves behind."""

from datetime import datetime
from typing import Protocol

from refund.core.audit import AuditRun, Figures, NetworkAccount
from refund.core.operation import Guarantee


class AuditRows(Protocol):
    """The checks of the books, and their runs."""

    def offending(self, invariant: str, now: datetime) -> list[dict[str, object]]:
        """The rows that break an invariant of the books at a moment; empty when it holds."""
        ...

    def last_moment(self) -> datetime:
        """The last moment that is written down; the first of all where nothing is."""
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

    def audit_turn_until(self) -> datetime | None:
        """The moment until which nobody else audits; None when nobody ever did."""
        ...

    def take_audit_turn(self, now: datetime, until: datetime) -> bool:
        """Be the only one to audit until a moment; False when somebody else is."""
        ...

    def end_audit_turn(self, taken: datetime, until: datetime) -> None:
        """Change the moment until which one's own turn was taken."""
        ...

    def figures(self) -> Figures:
        """What is out and what waits, added up."""
        ...

    def guarantees_at(self, form_id: str, at: datetime) -> list[Guarantee]:
        """All holds of a form as they were at a moment, oldest first."""
        ...
