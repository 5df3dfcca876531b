"""What the service remembers besides forms and money: who acted, from where, and when."""

from dataclasses import dataclass
from datetime import datetime

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
    """A file of exit records that was taken in, whole."""

    import_id: str
    file_name: str
    rows: int
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class Throttle:
    """Failures to sign in under one key since a moment."""

    failures: int
    since: datetime
