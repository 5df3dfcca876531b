"""The audit that goes on all the time: each run is kept, and what is broken is a case."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from refund.core.audit import AuditRun
from refund.core.case import Case, CaseKind
from refund.core.errors import Refused
from refund.core.people import WORKER
from refund.ports import Ports
from refund.pulse import Pulse
from refund.services.audit import INVARIANTS, Finding, audit
from refund.services.cases import close_by_itself, open_case
from refund.transaction import Transaction

PERIOD = timedelta(seconds=60)
"""How long the audit rests after it began. Source: project decision."""

SLOWER = 10
"""A run that takes long is followed by a rest so many times as long."""

TURN_MAX = timedelta(minutes=15)
"""How long an auditor that is not heard of any more keeps the others from auditing."""

LOOK_SECONDS = 2.0
"""How often an auditor looks whether a run is due."""

ROWS_KEPT = 10
"""Rows of a broken invariant that its run and its case keep."""

HOLDS_AGAIN = "holds_again"
"""Why the case of an invariant was closed by itself."""

log = logging.getLogger(__name__)


def run_audit(ports: Ports) -> AuditRun:
    """Check everything once, keep what was found, and open and close its cases."""
    began = ports.clock.now()
    findings = audit(ports)
    took = ports.clock.now() - began
    run = AuditRun(
        audited_at=began,
        took_ms=max(0, round(took / timedelta(milliseconds=1))),
        broken=sum(one.holds is False for one in findings),
        unchecked=sum(one.holds is None for one in findings),
        findings=tuple(_plain(one) for one in findings if not one.holds),
    )
    ports.storage.write(lambda tx: _keep(tx, ports, run, findings))
    return run


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "invariant": finding.invariant,
        "holds": finding.holds,
        "why": finding.why,
        "rows": [_texts(row) for row in finding.rows[:ROWS_KEPT]],
        "count": len(finding.rows),
    }


def _texts(row: dict[str, object]) -> dict[str, object]:
    """A row of nothing but numbers and words."""
    return {
        name: value if isinstance(value, int) or value is None else str(value)
        for name, value in row.items()
    }


def _keep(tx: Transaction, ports: Ports, run: AuditRun, findings: list[Finding]) -> None:
    tx.add_audit_run(run)
    known = {case.subject for case in tx.open_cases([CaseKind.INVARIANT_BROKEN])}
    for finding in findings:
        subject = finding.invariant
        if finding.holds is False:
            _open(tx, ports, finding)
        elif finding.holds and subject in known:
            close_by_itself(tx, ports, CaseKind.INVARIANT_BROKEN, subject, HOLDS_AGAIN)


def _open(tx: Transaction, ports: Ports, finding: Finding) -> None:
    """Open the case of a broken invariant; what a person explained stays explained as it is."""
    told = _plain(finding)
    facts = {
        "promise": INVARIANTS[finding.invariant],
        "rows": told["rows"],
        "count": told["count"],
    }
    last = tx.last_case_of(CaseKind.INVARIANT_BROKEN, finding.invariant)
    if not _is_explained(last, facts):
        open_case(tx, ports, CaseKind.INVARIANT_BROKEN, finding.invariant, facts=facts)


def _is_explained(last: Case | None, facts: dict[str, object]) -> bool:
    if last is None or last.is_open or last.closed_by == WORKER:
        return False
    return last.facts == facts


def audit_in_turn(ports: Ports) -> AuditRun | None:
    """Check everything once, if it is due and nobody else is at it; None when it is not.

    The next run is due after PERIOD, or after SLOWER times as long as this one took.
    """
    began = ports.clock.now()
    until = began + TURN_MAX
    if not _is_due(ports.storage.read(lambda tx: tx.audit_turn_until()), began):
        return None
    if not ports.storage.write(lambda tx: tx.take_audit_turn(began, until)):
        return None
    rest = PERIOD
    try:
        run = run_audit(ports)
        rest = max(PERIOD, SLOWER * timedelta(milliseconds=run.took_ms))
    finally:
        ports.storage.write(lambda tx: tx.end_audit_turn(until, began + rest))
    return run


def _is_due(until: datetime | None, now: datetime) -> bool:
    """Whether the last turn is over; also when the clock was put back."""
    return until is None or not now < until <= now + TURN_MAX


@dataclass(frozen=True, slots=True)
class Checked:
    """When the books were last checked, and with what result; `age` counts from its begin."""

    run: AuditRun
    age: timedelta

    @property
    def is_late(self) -> bool:
        """Whether the next run should have been there long ago."""
        return self.age > TURN_MAX


def last_check(ports: Ports) -> Checked | None:
    """The last run; None when there was none yet."""
    runs = audit_runs(ports, 1)
    return Checked(runs[0], ports.clock.now() - runs[0].audited_at) if runs else None


def audit_runs(ports: Ports, limit: int) -> list[AuditRun]:
    """The last runs, newest first."""
    return ports.storage.read(lambda tx: tx.audit_runs(limit))


class Auditor(Pulse):
    """Audits whenever it is due; the processes of a service take turns."""

    def __init__(self, ports: Ports, look_seconds: float = LOOK_SECONDS) -> None:
        super().__init__("auditor", look_seconds)
        self._ports = ports

    def once(self) -> None:
        """Audit if it is due and nobody else is at it."""
        try:
            audit_in_turn(self._ports)
        except Refused as refused:
            log.warning("audit put off: %s", refused.code)
