"""What a counter's day leaves behind: who filled in, the second screen, the till's sales."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from refund.core.counter_display import Display
from refund.core.fill_in import FilledIn
from refund.core.till_file import KeptFile, Sale


class FillInRows(Protocol):
    """What travellers filled in once for all stores of a mall."""

    def add_fill_in(self, filled: FilledIn, pick_up_index: str, session_hash: str) -> None:
        """Seal what a phone filled in."""
        ...

    def fill_in_of_code(self, mall: str, day: date, pick_up_index: str) -> FilledIn | None:
        """What a pick-up code of a day opens."""
        ...

    def fill_ins_of_phone(self, session_hash: str, day: date) -> list[FilledIn]:
        """What a phone filled in on a day, oldest first."""
        ...

    def fill_ins_of_mall(self, mall: str, day: date, limit: int) -> list[FilledIn]:
        """Who filled in for a mall on a day, newest first."""
        ...

    def count_fill_ins_of_mall(self, mall: str, day: date) -> int:
        """How many filled in for a mall on a day."""
        ...

    def open_fill_in(
        self, fill_in_id: str, store_number: int, opened_by: str, at: datetime
    ) -> None:
        """Let a store in; a second time changes nothing."""
        ...

    def opened_fill_in(self, fill_in_id: str, store_number: int, day: date) -> FilledIn | None:
        """What a store was let in to on that day."""
        ...

    def fill_ins_opened(self, store_number: int, mall: str, day: date) -> frozenset[str]:
        """Which of a day a store was let in to."""
        ...

    def drop_fill_in(self, fill_in_id: str, session_hash: str) -> int:
        """Forget what a phone filled in; how many were forgotten."""
        ...

    def is_fill_in_older(self, day: date) -> bool:
        """Whether anything is left of the days before a day."""
        ...

    def drop_fill_ins_before(self, day: date) -> int:
        """Forget what was filled in before a day; how many were forgotten."""
        ...


class DisplayRows(Protocol):
    """The second screens of the counters."""

    def display(self, session_hash: str) -> Display | None:
        """The screen of a session."""
        ...

    def put_display(self, session_hash: str, display: Display) -> None:
        """Keep what a screen shows."""
        ...

    def is_display_older(self, at: datetime) -> bool:
        """Whether a screen has not asked since a moment."""
        ...

    def drop_displays_before(self, at: datetime) -> int:
        """Forget screens that have not asked since a moment; how many were forgotten."""
        ...


class TillFileRows(Protocol):
    """The files of stores' tills, and sales that have no form."""

    def till_file(self, store_number: int, digest: str) -> KeptFile | None:
        """A file that a store handed in before, by the digest of its bytes."""
        ...

    def last_till_file(self, store_number: int) -> KeptFile | None:
        """The file that a store handed in last."""
        ...

    def add_till_file(self, store_number: int, digest: str, file: KeptFile, read_by: str) -> None:
        """Note that a file was read."""
        ...

    def add_till_sales(self, store_number: int, file_id: str, sales: Sequence[Sale]) -> int:
        """Add sales to overseas travellers; how many were not known before."""
        ...

    def till_sale(self, store_number: int, invoice_number: str) -> Sale | None:
        """A sale of a store that nobody has decided about."""
        ...

    def forgotten_sales(self, store_number: int, limit: int) -> list[Sale]:
        """A store's sales to overseas travellers that have no live form, the oldest first."""
        ...

    def count_forgotten_sales(self, store_number: int) -> int:
        """How many there are."""
        ...

    def leave_sale(
        self, store_number: int, invoice_number: str, decided_by: str, at: datetime, reason: str
    ) -> int:
        """Note why a sale gets no form; 0 when somebody has decided before."""
        ...


class CounterDayRows(FillInRows, DisplayRows, TillFileRows, Protocol):
    """All of it together."""
