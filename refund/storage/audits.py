"""What the audit reads, and what its runs leave behind, as rows."""

import json
from datetime import datetime

from refund.core.audit import AuditRun, NetworkAccount
from refund.storage.checks import offending
from refund.storage.protocol import Row
from refund.storage.records import moment, text, whole, written
from refund.storage.rows import Rows

_SIGNED = "CASE posting.side WHEN 'debit' THEN posting.amount_fen ELSE -posting.amount_fen END"


class AuditQueries(Rows):
    """The checks of the books, and their runs."""

    __slots__ = ()

    def offending(self, invariant: str, now: datetime) -> list[dict[str, object]]:
        """The rows that break an invariant of the books at a moment; empty when it holds."""
        return offending(self._session, invariant, now)

    def network_account(self) -> NetworkAccount:
        """Our account at the network, with what of its own doings we have taken in."""
        returned_fen = self._sum(
            "posting.account = 'network' AND entry.kind = 'payout_returned'", ""
        )
        # What a case of a statement's fees took in stands beside what the statements told.
        settled_fen = self._sum(
            "posting.account = 'network' AND entry.kind = 'difference'"
            " AND case_record.kind = 'fees_differ'",
            " JOIN case_record ON case_record.case_id || '-difference' = entry.entry_key",
        )
        return NetworkAccount(
            kept_fen=self._balance("network"),
            returned_fen=returned_fen,
            fees_fen=self._balance("network_fee") - settled_fen,
        )

    def _balance(self, account: str) -> int:
        row = self._session.row(
            "SELECT COALESCE(SUM(debit_fen) - SUM(credit_fen), 0) AS total FROM balance"
            " WHERE account = :account",
            account=account,
        )
        return 0 if row is None else whole(row["total"])

    def _sum(self, where: str, join: str) -> int:
        row = self._session.row(
            f"SELECT COALESCE(SUM({_SIGNED}), 0) AS total FROM entry"
            f" JOIN posting ON posting.entry_key = entry.entry_key{join} WHERE {where}"
        )
        return 0 if row is None else whole(row["total"])

    def add_audit_run(self, run: AuditRun) -> None:
        """Keep what a run of the audit found."""
        self._insert(
            "audit_run",
            {
                "audited_at": written(run.audited_at),
                "took_ms": run.took_ms,
                "broken": run.broken,
                "unchecked": run.unchecked,
                "findings": json.dumps(run.findings, ensure_ascii=False, default=str),
            },
        )

    def audit_runs(self, limit: int) -> list[AuditRun]:
        """The last runs of the audit, newest first."""
        rows = self._session.rows(
            "SELECT * FROM audit_run ORDER BY audited_at DESC LIMIT :limit_rows", limit_rows=limit
        )
        return [_run(row) for row in rows]


def _run(row: Row) -> AuditRun:
    return AuditRun(
        audited_at=moment(row["audited_at"]),
        took_ms=whole(row["took_ms"]),
        broken=whole(row["broken"]),
        unchecked=whole(row["unchecked"]),
        findings=tuple(json.loads(text(row["findings"]))),
    )
