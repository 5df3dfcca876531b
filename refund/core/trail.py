"""What the service remembers besides forms and money: who acted, from where, and when."""

from dataclasses import dataclass
from datetime import date, datetime

from refund.core.people import Staff


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what when; `version` numbers a form's changes of state, 0 for anything else."""

    event_id: str
    at: datetime
    actor: str
    kind: str
    form_id: str = ""
    version: int = 0
    from_status: str = ""
    to_status: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a clerk's browser sent under one key; the same key again is the same form."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A signed-in browser of the staff."""

    staff: Staff
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """A phone that scanned a form; it may act for it once the claim code was right."""

    form_id: str
    opened_at: datetime
    unlocked_at: datetime | None


@dataclass(frozen=True, slots=True)
class CardVisit:
    """A card page that was opened for a form."""

    session_id: str
    form_id: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class ExitImport:
    """A file of exit records that was taken in, whole.

    Args:
        import_id: the file's SHA-256.
        known_rows: how many of its rows were there before.
        first_day, last_day: what it says that it covers, or nothing.
        missing_days: days without a departure: of those that it covers, and of those between it
            and the files before it.
    """

    import_id: str
    file_name: str
    rows: int
    imported_at: datetime
    imported_by: str
    known_rows: int = 0
    first_day: date | None = None
    last_day: date | None = None
    missing_days: tuple[date, ...] = ()

    @property
    def new_rows(self) -> int:
        """How many of its rows were not there before."""
        return self.rows - self.known_rows


@dataclass(frozen=True, slots=True)
class ExitLoad:
    """A file of exit records that is being taken in; nobody sees its rows yet."""

    file_name: str
    rows: int
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class LoadedExit:
    """One row of such a file; `document_index` is blind."""

    line: int
    exit_id: str
    document_index: str
    port: str
    exited_at: datetime


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of some rows: how many were known, and which stand in the file twice.

    `doubled` gives the line of such a row, and the line on which it stood first.
    """

    known: int
    doubled: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Throttle:
    """Failures to sign in under one key since a moment."""

    failures: int
    since: datetime
