"""Operations, holds, advances and the ledger, as rows."""

from datetime import datetime

from refund.core.ledger import Account, Entry, Posting, Side
from refund.core.operation import Advance, Guarantee, Kind, Operation
from refund.storage.protocol import Row, Value
from refund.storage.records import (
    guarantee_of,
    moment,
    operation_of,
    text,
    whole,
    written,
)
from refund.storage.rows import Rows

_ADD_TO_BALANCE = (
    " ON CONFLICT (account, store_number) DO UPDATE SET"
    " debit_fen = balance.debit_fen + excluded.debit_fen,"
    " credit_fen = balance.credit_fen + excluded.credit_fen"
)


def _changes(entry: Entry, store_number: int) -> list[dict[str, Value]]:
    """What an entry adds to the balances: each account once, and always in the same order."""
    debits: dict[str, int] = {}
    credited: dict[str, int] = {}
    for posting in entry.postings:
        sums = debits if posting.side is Side.DEBIT else credited
        account = posting.account.value
        sums[account] = sums.get(account, 0) + posting.amount_fen
    return [
        {
            "account": account,
            "store_number": store_number,
            "debit_fen": debits.get(account, 0),
            "credit_fen": credited.get(account, 0),
        }
        for account in sorted({*debits, *credited})
    ]


class MoneyQueries(Rows):
    """Operations, holds, advances and the ledger."""

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
            " CASE kind WHEN 'hold' THEN 1 WHEN 'advance' THEN 2 ELSE 3 END, attempt",
            form_id=form_id,
        )
        return [operation_of(row) for row in rows]

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
            " answered_at = :answered_at WHERE reference = :reference AND state = 'pending'",
            state=operation.state.value,
            network_id=operation.network_id,
            refusal=operation.refusal,
            answered_at=None if answered_at is None else written(answered_at),
            reference=operation.reference,
        )
        return touched == 1

    def park_operation(self, reference: str, until: datetime) -> None:
        """Let a pending operation rest until a moment."""
        self._session.run(
            "UPDATE operation SET lease_until = :until"
            " WHERE reference = :reference AND state = 'pending'",
            until=written(until),
            reference=reference,
        )

    def lease_operations(self, now: datetime, until: datetime, limit: int) -> list[Operation]:
        """Take pending operations whose lease is over, and lease them anew."""
        lock = " FOR UPDATE SKIP LOCKED" if self._session.engine == "postgresql" else ""
        rows = self._session.rows(
            "UPDATE operation SET lease_until = :until WHERE reference IN ("
            "SELECT reference FROM operation WHERE state = 'pending' AND lease_until < :now"
            f" ORDER BY lease_until LIMIT :limit_rows{lock}) RETURNING *",
            until=written(until),
            now=written(now),
            limit_rows=limit,
        )
        return [operation_of(row) for row in rows]

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

    def add_guarantee(self, guarantee: Guarantee) -> None:
        """Add a hold; the database refuses a second live one."""
        self._insert(
            "guarantee",
            {
                "reference": guarantee.reference,
                "form_id": guarantee.form_id,
                "amount_fen": guarantee.amount_fen,
                "brand": guarantee.brand,
                "last4": guarantee.last4,
                "authorisation_code": guarantee.authorisation_code,
                "held_at": written(guarantee.held_at),
                "expires_at": written(guarantee.expires_at),
                "state": guarantee.state.value,
                "card_token": guarantee.card_token,
                "payout_token": guarantee.payout_token,
                "payout_label": guarantee.payout_label,
                "captured_fen": 0,
                "released_fen": 0,
                "hold_reference": guarantee.hold_reference,
            },
        )

    def live_guarantee(self, form_id: str) -> Guarantee | None:
        """The hold that stands."""
        row = self._session.row(
            "SELECT * FROM guarantee WHERE form_id = :form_id AND state = 'held'", form_id=form_id
        )
        return None if row is None else guarantee_of(row)

    def guarantees_of(self, form_id: str) -> list[Guarantee]:
        """All holds of a form, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM guarantee WHERE form_id = :form_id ORDER BY held_at", form_id=form_id
        )
        return [guarantee_of(row) for row in rows]

    def end_guarantee(self, guarantee: Guarantee, at: datetime) -> None:
        """Store how a hold ended, once."""
        touched = self._session.run(
            "UPDATE guarantee SET state = :state, captured_fen = :captured_fen,"
            " released_fen = :released_fen, ended_at = :at"
            " WHERE reference = :reference AND state = 'held'",
            state=guarantee.state.value,
            captured_fen=guarantee.captured_fen,
            released_fen=guarantee.released_fen,
            at=written(at),
            reference=guarantee.reference,
        )
        if touched != 1:
            raise LookupError(guarantee.reference)

    def add_advance(self, advance: Advance) -> None:
        """Add the advance; the database refuses a second one for ever."""
        self._insert(
            "advance",
            {
                "form_id": advance.form_id,
                "reference": advance.reference,
                "amount_fen": advance.amount_fen,
                "method": advance.method,
                "label": advance.label,
                "advanced_at": written(advance.advanced_at),
            },
        )

    def advance_of(self, form_id: str) -> Advance | None:
        """The advance that was paid."""
        row = self._session.row("SELECT * FROM advance WHERE form_id = :form_id", form_id=form_id)
        if row is None:
            return None
        return Advance(
            text(row["form_id"]),
            text(row["reference"]),
            whole(row["amount_fen"]),
            text(row["method"]),
            text(row["label"]),
            moment(row["advanced_at"]),
        )

    def post(self, entry: Entry, store_number: int, actor: str, at: datetime) -> None:
        """Post an entry, and keep the balances."""
        self._insert(
            "entry",
            {
                "entry_key": entry.event_key,
                "kind": entry.kind,
                "form_id": entry.form_id or None,
                "store_number": store_number,
                "posted_at": written(at),
                "actor": actor,
                "reverses": entry.reverses or None,
                "reason": entry.reason,
            },
        )
        self._insert_all(
            "posting",
            [
                {
                    "entry_key": entry.event_key,
                    "position": position,
                    "account": posting.account.value,
                    "side": posting.side.value,
                    "amount_fen": posting.amount_fen,
                }
                for position, posting in enumerate(entry.postings)
            ],
        )
        self._insert_all("balance", _changes(entry, store_number), _ADD_TO_BALANCE)

    def entries_of(self, form_id: str) -> list[tuple[Entry, datetime, str]]:
        """A form's entries with moment and actor, oldest first."""
        heads = self._session.rows(
            "SELECT * FROM entry WHERE form_id = :form_id ORDER BY posted_at, entry_key",
            form_id=form_id,
        )
        return [
            (self._entry(head), moment(head["posted_at"]), text(head["actor"])) for head in heads
        ]

    def _entry(self, head: Row) -> Entry:
        rows = self._session.rows(
            "SELECT account, side, amount_fen FROM posting WHERE entry_key = :entry_key"
            " ORDER BY position",
            entry_key=head["entry_key"],
        )
        postings = tuple(
            Posting(Account(row["account"]), Side(row["side"]), whole(row["amount_fen"]))
            for row in rows
        )
        reverses = head["reverses"]
        return Entry(
            text(head["entry_key"]),
            text(head["kind"]),
            "" if head["form_id"] is None else text(head["form_id"]),
            postings,
            "" if reverses is None else text(reverses),
            text(head["reason"]),
        )

    def balances(self) -> dict[str, int]:
        """Every account's balance in fen, debits less credits."""
        rows = self._session.rows(
            "SELECT account, SUM(debit_fen) - SUM(credit_fen) AS total FROM balance"
            " GROUP BY account"
        )
        found = {text(row["account"]): whole(row["total"]) for row in rows}
        return {account.value: found.get(account.value, 0) for account in Account}
