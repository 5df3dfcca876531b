"""What happened to the stores of the register."""

from collections.abc import Mapping
from typing import Protocol

from refund.core.register import Act, StoreEvent


class RegisterRows(Protocol):
    """What happened to the stores of the register; it is added to, and never changed."""

    def hold_store(self, store_number: int, *, to_change: bool = False) -> None:
        """Let nobody change a store until this transaction ends; to change it, wait for all."""
        ...

    def add_store_event(self, event: StoreEvent) -> None:
        """Add an event; the database refuses a second one of the same sequence."""
        ...

    def events_of_store(self, store_number: int) -> list[StoreEvent]:
        """A store's history, oldest first."""
        ...

    def acts_on_stores(self) -> Mapping[int, frozenset[Act]]:
        """Which acts there ever were on each store that has a history."""
        ...
