"""What happened to the stores of the register, as rows."""

import json

from refund.core.register import Act, StoreEvent
from refund.storage.protocol import Row
from refund.storage.records import moment, text, whole, written
from refund.storage.rows import Rows


class RegisterQueries(Rows):
    """What happened to the stores of the register."""

    __slots__ = ()

    def hold_store(self, store_number: int, *, to_change: bool = False) -> None:
        """Let nobody change a store until this transaction ends; to change it, wait for all.

        SQLite has one writer at a time, so there nobody else can.
        """
        if self._session.engine == "sqlite":
            return
        how = "UPDATE" if to_change else "SHARE"
        self._session.rows(
            f"SELECT store_number FROM store WHERE store_number = :store_number FOR {how}",
            store_number=store_number,
        )

    def add_store_event(self, event: StoreEvent) -> None:
        """Add an event; the database refuses a second one of the same sequence."""
        self._insert(
            "store_event",
            {
                "event_id": event.event_id,
                "store_number": event.store_number,
                "sequence": event.sequence,
                "kind": event.act.value,
                "at": written(event.at),
                "actor": event.actor,
                "reason": event.reason,
                "facts": json.dumps(event.facts, ensure_ascii=False, sort_keys=True),
            },
        )

    def events_of_store(self, store_number: int) -> list[StoreEvent]:
        """A store's history, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM store_event WHERE store_number = :store_number ORDER BY sequence",
            store_number=store_number,
        )
        return [_event(row) for row in rows]

    def acts_on_stores(self) -> dict[int, frozenset[Act]]:
        """Which acts there ever were on each store that has a history."""
        found: dict[int, set[Act]] = {}
        for row in self._session.rows("SELECT DISTINCT store_number, kind FROM store_event"):
            found.setdefault(whole(row["store_number"]), set()).add(Act(text(row["kind"])))
        return {number: frozenset(acts) for number, acts in found.items()}


def _event(row: Row) -> StoreEvent:
    return StoreEvent(
        event_id=text(row["event_id"]),
        store_number=whole(row["store_number"]),
        sequence=whole(row["sequence"]),
        act=Act(text(row["kind"])),
        at=moment(row["at"]),
        actor=text(row["actor"]),
        reason=text(row["reason"]),
        facts=json.loads(text(row["facts"])),
    )
