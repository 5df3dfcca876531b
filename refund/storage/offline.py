"""Shifts without the network, as rows."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from refund.core.customs import Decision, Place, RefusalReason
from refund.core.entitlement import ConfirmedLine
from refund.core.form import Form, Status
from refund.core.offline import (
    Act,
    DeskDecision,
    OfflineDecision,
    Outcome,
    Received,
    Resolution,
    Resolved,
    Shift,
)
from refund.storage.protocol import Row, Value
from refund.storage.records import (
    FORM_COLUMNS,
    form_of,
    moment,
    moment_or_none,
    text,
    whole,
    written,
)
from refund.storage.rows import Rows

_WAITS = (
    "outcome = 'review' AND NOT EXISTS (SELECT 1 FROM offline_resolution"
    " WHERE offline_resolution.decision_id = offline_decision.decision_id)"
)


class OfflineQueries(Rows):
    """Offline shifts, decisions that came in late, and the figures of a desk."""

    __slots__ = ()

    def add_offline_shift(self, shift: Shift) -> None:
        """Begin a shift."""
        self._insert(
            "offline_shift",
            {
                "shift_id": shift.shift_id,
                "device_id": shift.device_id,
                "staff_id": shift.staff_id,
                "port": shift.port,
                "began_at": written(shift.began_at),
                "ended_at": None,
                "taken": shift.taken,
            },
        )

    def offline_shift(self, shift_id: str) -> Shift | None:
        """A shift."""
        row = self._session.row(
            "SELECT * FROM offline_shift WHERE shift_id = :shift_id", shift_id=shift_id
        )
        if row is None:
            return None
        return Shift(
            shift_id=text(row["shift_id"]),
            device_id=text(row["device_id"]),
            staff_id=text(row["staff_id"]),
            port=text(row["port"]),
            began_at=moment(row["began_at"]),
            ended_at=moment_or_none(row["ended_at"]),
            taken=whole(row["taken"]),
        )

    def end_offline_shift(self, shift_id: str, at: datetime) -> None:
        """End a shift; one that has ended keeps its end."""
        self._session.run(
            "UPDATE offline_shift SET ended_at = :at"
            " WHERE shift_id = :shift_id AND ended_at IS NULL",
            at=written(at),
            shift_id=shift_id,
        )

    def forms_for_desk(
        self, port: str, statuses: Sequence[Status], today: date, limit: int
    ) -> list[Form]:
        """Forms that can leave through a port, the earliest promise first."""
        values: dict[str, Value] = {f"s{i}": status.value for i, status in enumerate(statuses)}
        holders = ", ".join(f":{name}" for name in values)
        rows = self._session.rows(
            f"SELECT {FORM_COLUMNS} FROM form WHERE status IN ({holders})"
            " AND depart_by >= :today AND (port_any = 1 OR port = :port OR port = '')"
            " ORDER BY depart_by, form_id LIMIT :limit_rows",
            today=today.isoformat(),
            port=port,
            limit_rows=limit,
            **values,
        )
        return [form_of(row) for row in rows]

    def add_offline_decision(self, received: Received) -> None:
        """Keep a decision with what became of it."""
        decision = received.decision
        self._insert(
            "offline_decision",
            {
                "decision_id": decision.decision_id,
                "shift_id": received.shift_id,
                "sequence": decision.sequence,
                "form_id": decision.form_id,
                "staff_id": received.staff_id,
                "port": received.port,
                "act": decision.act.value,
                "decided_at": written(decision.decided_at),
                "scanned_at": written(decision.scanned_at),
                "received_at": written(received.received_at),
                "outcome": received.outcome.value,
                "why": received.why,
                "content": _content(decision),
                "fingerprint": received.fingerprint,
            },
        )

    def offline_decision(self, decision_id: str) -> Received | None:
        """A decision that came in."""
        row = self._session.row(
            "SELECT * FROM offline_decision WHERE decision_id = :decision_id",
            decision_id=decision_id,
        )
        return None if row is None else _received(row)

    def open_reviews(self, port: str, limit: int) -> list[Received]:
        """What waits for a person, oldest first; of all ports when none is named."""
        where = "port = :port AND " if port else ""
        own: dict[str, Value] = {"port": port} if port else {}
        rows = self._session.rows(
            f"SELECT * FROM offline_decision WHERE {where}{_WAITS}"
            " ORDER BY received_at, decision_id LIMIT :limit_rows",
            limit_rows=limit,
            **own,
        )
        return [_received(row) for row in rows]

    def count_open_reviews(self, port: str) -> int:
        """How many wait; of all ports when none is named."""
        where = "port = :port AND " if port else ""
        own: dict[str, Value] = {"port": port} if port else {}
        row = self._session.row(
            f"SELECT COUNT(*) AS waiting FROM offline_decision WHERE {where}{_WAITS}", **own
        )
        return 0 if row is None else whole(row["waiting"])

    def add_resolution(self, resolution: Resolution) -> None:
        """End a review."""
        self._insert(
            "offline_resolution",
            {
                "decision_id": resolution.decision_id,
                "resolved": resolution.resolved.value,
                "reason": resolution.reason,
                "resolved_by": resolution.resolved_by,
                "resolved_at": written(resolution.resolved_at),
            },
        )

    def resolution_of(self, decision_id: str) -> Resolution | None:
        """How a review ended."""
        row = self._session.row(
            "SELECT * FROM offline_resolution WHERE decision_id = :decision_id",
            decision_id=decision_id,
        )
        if row is None:
            return None
        return Resolution(
            decision_id=text(row["decision_id"]),
            resolved=Resolved(text(row["resolved"])),
            reason=text(row["reason"]),
            resolved_by=text(row["resolved_by"]),
            resolved_at=moment(row["resolved_at"]),
        )

    def desk_decisions(self, port: str, start: datetime, end: datetime) -> list[DeskDecision]:
        """What a port decided in a span of time, oldest first."""
        rows = self._session.rows(
            "SELECT verification.verified_at, verification.decision, verification.reason,"
            " (SELECT MIN(seen.at) FROM audit_event AS seen"
            " WHERE seen.form_id = verification.form_id AND seen.kind = 'identity_shown'"
            " AND seen.actor = 'officer:' || verification.officer_id"
            " AND seen.at >= :start_at AND seen.at <= verification.verified_at) AS looked_at,"
            " (SELECT MIN(away.scanned_at) FROM offline_decision AS away"
            " WHERE away.form_id = verification.form_id"
            " AND away.decided_at = verification.verified_at) AS scanned_at"
            " FROM verification WHERE port = :port"
            " AND verified_at >= :start_at AND verified_at < :end_at ORDER BY verified_at, form_id",
            port=port,
            start_at=written(start),
            end_at=written(end),
        )
        return [_desk_decision(row) for row in rows]


def _desk_decision(row: Row) -> DeskDecision:
    scanned = moment_or_none(row["scanned_at"])
    return DeskDecision(
        verified_at=moment(row["verified_at"]),
        decision=Decision(text(row["decision"])),
        reason=RefusalReason(text(row["reason"])),
        looked_at=scanned or moment_or_none(row["looked_at"]),
        is_offline=scanned is not None,
    )


def _content(decision: OfflineDecision) -> str:
    """What was decided, as the text that is kept."""
    lines = decision.lines
    return json.dumps(
        {
            "lines": None if lines is None else [[*o.line, o.quantity, o.seal] for o in lines],
            "seen": None if decision.seen is None else [[*key, n] for key, n in decision.seen],
            "place": decision.place.value,
            "reason": decision.reason.value,
            "note": decision.note,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _received(row: Row) -> Received:
    said = json.loads(text(row["content"]))
    lines, seen = said["lines"], said["seen"]
    decision = OfflineDecision(
        decision_id=text(row["decision_id"]),
        sequence=whole(row["sequence"]),
        form_id=text(row["form_id"]),
        act=Act(text(row["act"])),
        decided_at=moment(row["decided_at"]),
        scanned_at=moment(row["scanned_at"]),
        lines=None if lines is None else tuple(ConfirmedLine((i, p), n, s) for i, p, n, s in lines),
        seen=None if seen is None else tuple(((i, p), n) for i, p, n in seen),
        place=Place(said["place"]),
        reason=RefusalReason(said["reason"]),
        note=said["note"],
    )
    return Received(
        decision=decision,
        shift_id=text(row["shift_id"]),
        staff_id=text(row["staff_id"]),
        port=text(row["port"]),
        received_at=moment(row["received_at"]),
        outcome=Outcome(text(row["outcome"])),
        why=text(row["why"]),
        fingerprint=text(row["fingerprint"]),
    )
