"""What can be read and written of operations, holds, advances and the ledger in a transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from refund.core.ledger import Entry
from refund.core.operation import Advance, Guarantee, Kind, NetworkEvent, Operation


class OperationRows(Protocol):
    """Operations: the outbox of what we ask of the network."""

    def add_operation(self, operation: Operation) -> None:
        """Store an intent with its key and fingerprint, before it is first sent."""
        ...

    def operation(self, reference: str) -> Operation | None:
        """An operation by its reference."""
        ...

    def operations_of(self, form_id: str) -> list[Operation]:
        """A form's operations, oldest first."""
        ...

    def is_answer_awaited(self, form_id: str) -> bool:
        """Whether the network owes an answer that a form waits for, as `Operation.is_awaited`."""
        ...

    def operations_sent_as(self, reference: str) -> list[Operation]:
        """The operation, or all shares of the joint one, that the network knows by a reference."""
        ...

    def count_operations(self, form_id: str, kind: Kind) -> int:
        """How often an operation of this kind was begun for a form."""
        ...

    def answer_operation(self, operation: Operation) -> bool:
        """Store an answer; False when the operation had one already."""
        ...

    def return_operation(self, reference: str) -> bool:
        """Store that a payout that was done came back; False when that is not its state."""
        ...

    def accept_operation(self, reference: str, network_id: str, until: datetime) -> None:
        """Note that the network has taken a pending operation in hand, and rest till a moment."""
        ...

    def park_operation(self, reference: str, until: datetime) -> None:
        """Let a pending operation rest until a moment, and count one try without an answer."""
        ...

    def lease_operations(self, now: datetime, until: datetime, limit: int) -> list[Operation]:
        """Take pending operations whose lease is over; each new lease has a higher fence."""
        ...

    def is_work_due(self, now: datetime) -> bool:
        """Whether a pending operation waits that nobody has in hand."""
        ...

    def may_send(self, operation: Operation, now: datetime) -> bool:
        """Note a sending; False when the lease went to somebody else, or the answer is there."""
        ...

    def pending_operations(self) -> list[Operation]:
        """All operations without an answer, oldest first."""
        ...

    def repeated_advances(self) -> list[Operation]:
        """The advances of every form for which more than one was asked."""
        ...

    def network_event(self, event_id: str) -> NetworkEvent | None:
        """What the network told by itself before, by its id."""
        ...

    def add_network_event(self, event: NetworkEvent) -> bool:
        """Keep what the network told by itself; False when it is there already."""
        ...


class GuaranteeRows(Protocol):
    """Holds and advances."""

    def add_guarantee(self, guarantee: Guarantee) -> None:
        """Add a hold; the database refuses a second live one."""
        ...

    def live_guarantee(self, form_id: str) -> Guarantee | None:
        """The hold that stands."""
        ...

    def guarantees_of(self, form_id: str) -> list[Guarantee]:
        """All holds of a form, oldest first."""
        ...

    def guarantees_under(self, network_reference: str) -> list[Guarantee]:
        """All shares of the network's hold of a reference, whatever their state."""
        ...

    def holds_ending(
        self, before: datetime, limit: int, after: Guarantee | None = None
    ) -> list[Guarantee]:
        """Holds that stand and end by themselves before a moment, the first to end first.

        `after` is the last one of the page before.
        """
        ...

    def advanced_without_hold(self, limit: int, after: str = "") -> list[str]:
        """Forms whose advance is out and for which no hold stands, by their ids."""
        ...

    def change_guarantee(self, guarantee: Guarantee, operation: str, at: datetime) -> None:
        """Store that a hold lasts longer or became larger, and by which operation."""
        ...

    def end_guarantee(self, guarantee: Guarantee, at: datetime) -> None:
        """Store how a hold ended."""
        ...

    def add_advance(self, advance: Advance) -> None:
        """Add the advance; the database refuses a second one for ever."""
        ...

    def advance_of(self, form_id: str) -> Advance | None:
        """The advance that was paid."""
        ...


class LedgerRows(Protocol):
    """The books."""

    def post(self, entry: Entry, store_number: int, actor: str, at: datetime) -> None:
        """Post an entry, and keep the balances, of all time and of the day."""
        ...

    def has_entry(self, event_key: str) -> bool:
        """Whether a business event was posted."""
        ...

    def entry(self, event_key: str) -> Entry | None:
        """What a business event posted."""
        ...

    def entries_of(self, form_id: str) -> list[tuple[Entry, datetime, str]]:
        """A form's entries with moment and actor, oldest first."""
        ...

    def outstanding_fen(self, form_id: str) -> int:
        """What a traveller owes of the advance; below zero what we owe the traveller."""
        ...

    def balances(self) -> dict[str, int]:
        """Every account's balance in fen, debits less credits."""
        ...

    def balances_at(self, at: datetime, day: date) -> dict[str, int]:
        """The same as it was at a moment of a day in Shanghai, what was posted at it included."""
        ...

    def entries_between(self, start: datetime, end: datetime, limit: int) -> Sequence[Entry]:
        """What was posted within a span of time, oldest first."""
        ...
