"""What can be read and written of departures inside one transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from refund.core.exit_file import Days
from refund.core.matching import ExitRecord
from refund.core.trail import ExitImport, ExitLoad, Loaded, LoadedExit


class ExitRows(Protocol):
    """Departures, typed or of files that are complete; and files while they are taken in."""

    def put_exit(self, record: ExitRecord) -> bool:
        """Store a departure; False when the same one is there already."""
        ...

    def exits_of(self, document_index: str) -> tuple[ExitRecord, ...]:
        """A traveller's departures, oldest first."""
        ...

    def strangers(
        self, start: datetime, end: datetime, after: tuple[datetime, str], limit: int
    ) -> list[ExitRecord]:
        """Departures within a span of time that belong to no form, after one of them, in order."""
        ...

    def exit_import(self, import_id: str) -> ExitImport | None:
        """A file that was taken in before."""
        ...

    def exit_imports(self, limit: int) -> list[ExitImport]:
        """The files taken in last."""
        ...

    def last_day_covered(self, before: date) -> date | None:
        """The last day before one that a file says it covers."""
        ...

    def exit_load(self) -> ExitLoad | None:
        """The file that is being taken in."""
        ...

    def begin_exit_load(
        self, digest: str, file_name: str, at: datetime, lease_until: datetime, by: str
    ) -> int:
        """Begin to take a file in; its number. The database refuses a second one at once."""
        ...

    def add_loaded_exits(
        self, number: int, rows: Sequence[LoadedExit], lease_until: datetime
    ) -> Loaded | None:
        """Add rows to a file; None when it is not being taken in any more."""
        ...

    def complete_exit_load(
        self, number: int, days: Days | None, missing: Sequence[date], at: datetime
    ) -> ExitImport | None:
        """Make a file's rows seen, all at once; None when it is not being taken in any more."""
        ...

    def break_off_exit_load(self, number: int) -> None:
        """Give up a file that is being taken in."""
        ...

    def break_off_stale_exit_loads(self, now: datetime) -> None:
        """Give up a file whose lease is over: whoever took it in is gone."""
        ...

    def clear_broken_exits(self, limit: int) -> int:
        """Delete some rows of a file that was given up; 0 when nothing is left of any."""
        ...
