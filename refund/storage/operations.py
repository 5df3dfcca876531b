"""Operations, the outbox of what we ask of the network, as rows."""

from datetime import datetime

from refund.core.operation import Kind, NetworkEvent, Operation
from refund.storage.records import moment, operation_of, text, whole, written
from refund.storage.rows import Rows


class OperationQueries(Rows):
    """Operations."""

    __slots__ = ()

    def add_operation(self, operation: Operation) -> None:
        """Store an intent with its key, before it is first sent."""
        self._insert(
            "operation",
            {
                "reference": operation.reference,
                "idempotency_key": operation.key,
                "form_id": operation.form_id,
                "store_number": operation.store_number,
                "kind": operation.kind.value,
                "attempt": operation.attempt,
                "amount_fen": operation.amount_fen,
                "state": operation.state.value,
                "created_at": written(operation.created_at),
                "lease_until": written(operation.lease_until),
                "hold_reference": operation.hold_reference,
                "card_token": operation.card_token,
                "payout_token": operation.payout_token,
                "payout_label": operation.payout_label,
                "method": operation.method,
                "purpose": operation.purpose,
                "reason": operation.reason,
                "actor": operation.actor,
                "network_id": operation.network_id,
                "refusal": operation.refusal,
                "part_fen": operation.part_fen,
                "joint_reference": operation.joint_reference,
                "joint_fen": operation.joint_fen,
                "fingerprint": operation.fingerprint,
            },
        )

    def operation(self, reference: str) -> Operation | None:
        """An operation by its reference."""
        row = self._session.row(
            "SELECT * FROM operation WHERE reference = :reference", reference=reference
        )
        return None if row is None else operation_of(row)

    def operations_of(self, form_id: str) -> list[Operation]:
        """A form's operations, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM operation WHERE form_id = :form_id ORDER BY created_at,"
            " CASE kind WHEN 'hold' THEN 1 WHEN 'increase' THEN 2 WHEN 'advance' THEN 3 ELSE 4 END,"
            " attempt",
            form_id=form_id,
        )
        return [operation_of(row) for row in rows]

    def is_answer_awaited(self, form_id: str) -> bool:
        """Whether the network owes an answer that a form waits for, as `Operation.is_awaited`."""
        row = self._session.row(
            "SELECT 1 AS awaited FROM operation"
            " WHERE form_id = :form_id AND state = 'pending' AND kind <> 'extend'",
            form_id=form_id,
        )
        return row is not None

    def operations_sent_as(self, reference: str) -> list[Operation]:
        """The operation, or all shares of the joint one, that the network knows by a reference."""
        rows = self._session.rows(
            "SELECT * FROM operation WHERE reference = :reference AND joint_reference = ''"
            " UNION ALL SELECT * FROM operation WHERE joint_reference = :reference"
            " AND joint_reference <> ''",
            reference=reference,
        )
        return sorted((operation_of(row) for row in rows), key=lambda one: one.reference)

    def count_operations(self, form_id: str, kind: Kind) -> int:
        """How often an operation of this kind was begun for a form."""
        # The kind stands in the text: as a parameter, SQLite would plan anew for each other kind.
        row = self._session.row(
            "SELECT COUNT(*) AS begun FROM operation"
            f" WHERE form_id = :form_id AND kind = '{kind.value}'",
            form_id=form_id,
        )
        return 0 if row is None else whole(row["begun"])

    def answer_operation(self, operation: Operation) -> bool:
        """Store an answer; False when the operation had one already."""
        answered_at = operation.answered_at
        touched = self._session.run(
            "UPDATE operation SET state = :state, network_id = :network_id, refusal = :refusal,"
            " answered_at = :answered_at, charged_fen = :charged_fen"
            " WHERE reference = :reference AND state = 'pending'",
            state=operation.state.value,
            network_id=operation.network_id,
            refusal=operation.refusal,
            answered_at=None if answered_at is None else written(answered_at),
            charged_fen=operation.charged_fen,
            reference=operation.reference,
        )
        return touched == 1

    def return_operation(self, reference: str) -> bool:
        """Store that a payout that was done came back; False when that is not its state."""
        touched = self._session.run(
            "UPDATE operation SET state = 'returned'"
            " WHERE reference = :reference AND state = 'succeeded'",
            reference=reference,
        )
        return touched == 1

    def accept_operation(self, reference: str, network_id: str, until: datetime) -> None:
        """Note that the network has taken a pending operation in hand, and rest till a moment."""
        self._session.run(
            "UPDATE operation SET network_id = :network_id, lease_until = :until"
            " WHERE reference = :reference AND state = 'pending'",
            network_id=network_id,
            until=written(until),
            reference=reference,
        )

    def park_operation(self, reference: str, until: datetime) -> None:
        """Let a pending operation rest until a moment, and count one try without an answer."""
        self._session.run(
            "UPDATE operation SET lease_until = :until, tries = tries + 1"
            " WHERE reference = :reference AND state = 'pending'",
            until=written(until),
            reference=reference,
        )

    def lease_operations(self, now: datetime, until: datetime, limit: int) -> list[Operation]:
        """Take pending operations whose lease is over; each new lease has a higher fence."""
        lock = " FOR UPDATE SKIP LOCKED" if self._session.engine == "postgresql" else ""
        rows = self._session.rows(
            "UPDATE operation SET lease_until = :until, fence = fence + 1 WHERE reference IN ("
            "SELECT reference FROM operation WHERE state = 'pending' AND lease_until < :now"
            f" ORDER BY lease_until LIMIT :limit_rows{lock}) RETURNING *",
            until=written(until),
            now=written(now),
            limit_rows=limit,
        )
        return [operation_of(row) for row in rows]

    def is_work_due(self, now: datetime) -> bool:
        """Whether a pending operation waits that nobody has in hand."""
        row = self._session.row(
            "SELECT 1 AS due FROM operation WHERE state = 'pending' AND lease_until < :now LIMIT 1",
            now=written(now),
        )
        return row is not None

    def may_send(self, operation: Operation, now: datetime) -> bool:
        """Note a sending; False when the lease went to somebody else, or the answer is there."""
        touched = self._session.run(
            "UPDATE operation SET sent_at = COALESCE(sent_at, :now)"
            " WHERE reference = :reference AND fence = :fence AND state = 'pending'",
            now=written(now),
            reference=operation.reference,
            fence=operation.fence,
        )
        return touched == 1

    def pending_operations(self) -> list[Operation]:
        """All operations without an answer, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM operation WHERE state = 'pending' ORDER BY created_at"
        )
        return [operation_of(row) for row in rows]

    def repeated_advances(self) -> list[Operation]:
        """The advances of every form for which more than one was asked."""
        rows = self._session.rows(
            "SELECT * FROM operation WHERE kind = 'advance' AND form_id IN ("
            "SELECT form_id FROM operation WHERE kind = 'advance' GROUP BY form_id"
            " HAVING COUNT(*) > 1) ORDER BY form_id, attempt"
        )
        return [operation_of(row) for row in rows]

    def network_event(self, event_id: str) -> NetworkEvent | None:
        """What the network told by itself before, by its id."""
        row = self._session.row(
            "SELECT * FROM network_event WHERE event_id = :event_id", event_id=event_id
        )
        if row is None:
            return None
        return NetworkEvent(
            text(row["event_id"]),
            text(row["kind"]),
            text(row["reference"]),
            whole(row["version"]),
            moment(row["received_at"]),
            text(row["outcome"]),
        )

    def add_network_event(self, event: NetworkEvent) -> bool:
        """Keep what the network told by itself; False when it is there already."""
        touched = self._session.run(
            "INSERT INTO network_event (event_id, kind, reference, version, received_at, outcome)"
            " VALUES (:event_id, :kind, :reference, :version, :received_at, :outcome)"
            " ON CONFLICT (event_id) DO NOTHING",
            event_id=event.event_id,
            kind=event.kind,
            reference=event.reference,
            version=event.version,
            received_at=written(event.received_at),
            outcome=event.outcome,
        )
        return touched == 1
