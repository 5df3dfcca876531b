"""Links by which one phone opens its forms on another, and a phone that forgets."""

from datetime import datetime
from typing import Protocol

from refund.core.sharing import Share


class SharingRows(Protocol):
    """Links by which one phone opens its forms on another, and a phone that forgets."""

    def add_share(self, share: Share) -> None:
        """Keep a link that was made."""
        ...

    def share(self, share_id: str) -> Share | None:
        """A link by its id."""
        ...

    def share_by_code(self, code_hash: str) -> Share | None:
        """A link by what is kept of its code."""
        ...

    def links_of(self, owner: str) -> list[Share]:
        """A phone's links, newest first."""
        ...

    def use_share(self, share_id: str, used_by: str, at: datetime) -> bool:
        """Note that a link was used; False when it was used or revoked before."""
        ...

    def revoke_share(self, share_id: str, at: datetime) -> None:
        """End a link; a second time changes nothing."""
        ...

    def open_visit_by(
        self, share_id: str, session_hash: str, form_id: str, at: datetime, *, unlocked: bool
    ) -> None:
        """Open a form on the second phone, as far as it was not; what the link did is kept."""
        ...

    def close_visits_by(self, share_id: str, session_hash: str) -> None:
        """Take from the second phone what the link gave it, and nothing else."""
        ...

    def drop_visits(self, session_hash: str) -> int:
        """Forget what a phone opened; how many forms that were."""
        ...
