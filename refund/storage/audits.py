"""What the audit reads, and what its runs leave behind, as rows."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

from refund.core.audit import AuditRun, Figures, NetworkAccount, Waiting
from refund.core.calendar import day_of
from refund.core.operation import Guarantee, GuaranteeState
from refund.storage.checks import offending
from refund.storage.protocol import Row
from refund.storage.records import guarantee_of, moment, moment_or_none, text, whole, written
from refund.storage.rows import Rows

_SIGNED = "CASE posting.side WHEN 'debit' THEN posting.amount_fen ELSE -posting.amount_fen END"


# The case of a difference, or of one that was taken back.
_DIFFERENCE = "COALESCE(entry.reverses, entry.entry_key)"
_CASE = f"SUBSTR({_DIFFERENCE}, 1, LENGTH({_DIFFERENCE}) - {len('-difference')})"

_EPOCH = datetime.fromtimestamp(0, UTC)


class AuditQueries(Rows):
    """The checks of the books, and their runs."""

    __slots__ = ()

    def offending(self, invariant: str, now: datetime) -> list[dict[str, object]]:
        """The rows that break an invariant of the books at a moment; empty when it holds."""
        return offending(self._session, invariant, now)

    def last_moment(self) -> datetime:
        """The last moment that is written down; the first of all where nothing is."""
        row = self._session.row(
            "SELECT MAX(at) AS at FROM (SELECT MAX(at) AS at FROM audit_event"
            " UNION ALL SELECT MAX(posted_at) FROM entry"
            " UNION ALL SELECT MAX(audited_at) FROM audit_run) AS each_kind"
        )
        return _EPOCH if row is None or row["at"] is None else moment(row["at"])

    def network_account(self) -> NetworkAccount:
        """Our account at the network, with what of its own doings we have taken in."""
        returned_fen = self._sum(
            "posting.account = 'network' AND entry.kind = 'payout_returned'", ""
        )
        # What a case of a statement's fees took in stands beside what the statements told.
        settled_fen = self._sum(
            "posting.account = 'network' AND entry.kind IN ('difference', 'reversal')"
            " AND case_record.kind = 'fees_differ'",
            f" JOIN case_record ON case_record.case_id = {_CASE}",
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
        # Two runs of one moment are one: the first is kept.
        self._session.run(
            "INSERT INTO audit_run (audited_at, took_ms, broken, unchecked, findings)"
            " VALUES (:audited_at, :took_ms, :broken, :unchecked, :findings)"
            " ON CONFLICT (audited_at) DO NOTHING",
            audited_at=written(run.audited_at),
            took_ms=run.took_ms,
            broken=run.broken,
            unchecked=run.unchecked,
            findings=json.dumps(run.findings, ensure_ascii=False, default=str),
        )

    def audit_runs(self, limit: int) -> list[AuditRun]:
        """The last runs of the audit, newest first."""
        rows = self._session.rows(
            "SELECT * FROM audit_run ORDER BY audited_at DESC LIMIT :limit_rows", limit_rows=limit
        )
        return [_run(row) for row in rows]

    def audit_turn_until(self) -> datetime | None:
        """The moment until which nobody else audits; None when nobody ever did."""
        row = self._session.row("SELECT until FROM audit_turn WHERE name = 'audit'")
        return None if row is None else moment(row["until"])

    def take_audit_turn(self, now: datetime, until: datetime) -> bool:
        """Be the only one to audit until a moment; False when somebody else is.

        A turn that would last longer than this one was taken by a clock that ran ahead.
        """
        touched = self._session.run(
            "INSERT INTO audit_turn (name, until) VALUES ('audit', :until)"
            " ON CONFLICT (name) DO UPDATE SET until = excluded.until"
            " WHERE audit_turn.until <= :now OR audit_turn.until > excluded.until",
            now=written(now),
            until=written(until),
        )
        return touched == 1

    def end_audit_turn(self, taken: datetime, until: datetime) -> None:
        """Change the moment until which one's own turn was taken."""
        self._session.run(
            "UPDATE audit_turn SET until = :until WHERE name = 'audit' AND until = :taken",
            until=written(until),
            taken=written(taken),
        )

    def figures(self) -> Figures:
        """What is out and what waits, added up."""
        waiting = self._session.rows(
            "SELECT kind, COUNT(*) AS count, MIN(created_at) AS oldest, SUM(tries) AS tries,"
            " MAX(tries) AS most FROM operation WHERE state = 'pending' GROUP BY kind"
        )
        held = self._session.rows(
            "SELECT expires_at, COUNT(*) AS count, SUM(amount_fen) AS fen FROM guarantee"
            " WHERE state = 'held' GROUP BY expires_at"
        )
        holds: dict[date, tuple[int, int]] = {}
        for row in held:
            ends_on = day_of(moment(row["expires_at"]))
            count, fen = holds.get(ends_on, (0, 0))
            holds[ends_on] = (count + whole(row["count"]), fen + whole(row["fen"]))
        return Figures({text(row["kind"]): _waiting(row) for row in waiting}, holds)

    def guarantees_at(self, form_id: str, at: datetime) -> list[Guarantee]:
        """All holds of a form as they were at a moment, oldest first."""
        rows = self._session.rows(
            "SELECT guarantee.*, terms.amount_fen AS amount_then,"
            " terms.expires_at AS expires_then FROM guarantee"
            " JOIN guarantee_change AS terms ON terms.reference = guarantee.reference"
            " WHERE guarantee.form_id = :form_id AND guarantee.held_at <= :at AND terms.at <= :at"
            " ORDER BY guarantee.held_at, guarantee.reference, terms.at, terms.amount_fen,"
            " terms.expires_at",
            form_id=form_id,
            at=written(at),
        )
        # The last terms stand; a hold only grows and only becomes longer.
        return list({text(row["reference"]): _guarantee_then(row, at) for row in rows}.values())


def _guarantee_then(row: Row, at: datetime) -> Guarantee:
    """A hold with the terms of its row, which still stands where it ended later."""
    then = replace(
        guarantee_of(row),
        amount_fen=whole(row["amount_then"]),
        expires_at=moment(row["expires_then"]),
    )
    ended_at = moment_or_none(row["ended_at"])
    if ended_at is not None and ended_at <= at:
        return then
    return replace(then, state=GuaranteeState.HELD, captured_fen=0, released_fen=0)


def _waiting(row: Row) -> Waiting:
    return Waiting(
        count=whole(row["count"]),
        oldest=moment(row["oldest"]),
        tries=whole(row["tries"]),
        tries_most=whole(row["most"]),
    )


def _run(row: Row) -> AuditRun:
    return AuditRun(
        audited_at=moment(row["audited_at"]),
        took_ms=whole(row["took_ms"]),
        broken=whole(row["broken"]),
        unchecked=whole(row["unchecked"]),
        findings=tuple(json.loads(text(row["findings"]))),
    )
