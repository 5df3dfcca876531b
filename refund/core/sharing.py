"""One phone opens its forms on another: what is kept of such a link."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LIFE = timedelta(minutes=10)
"""How long a link waits for the other phone."""


@dataclass(frozen=True, slots=True)
class Share:
    """A link that opens one phone's forms on another, once.

    Args:
        share_id: by which the first phone speaks of it; it opens nothing.
        owner: the first phone, as its session's hash.
        code_hash: what is kept of the code that opens it.
        until: when it is over if nobody has used it.
        used_by: the second phone, as its session's hash; "" while nobody has used it.
    """

    share_id: str
    owner: str
    code_hash: str
    made_at: datetime
    until: datetime
    used_at: datetime | None = None
    used_by: str = ""
    revoked_at: datetime | None = None

    def is_waiting(self, now: datetime) -> bool:
        """Whether the other phone can still use it."""
        return self.used_at is None and self.revoked_at is None and now < self.until

    @property
    def is_open(self) -> bool:
        """Whether the second phone has the forms by it."""
        return self.used_at is not None and self.revoked_at is None
