"""What can be read and written of cases inside one transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from refund.core.case import Approval, Case, CaseEvent, CaseKind


class CaseRows(Protocol):
    """Cases, their history, and what waits for a second person."""

    def add_case(self, case: Case) -> bool:
        """Open a case; False when one of this kind is open for the subject already."""
        ...

    def renew_case(self, case_id: str, amount_fen: int, facts: Mapping[str, object]) -> None:
        """Tell an open case what is known of its anomaly now."""
        ...

    def hold_case(self, case_id: str) -> Case | None:
        """A case by its id that nobody else changes until this transaction ends."""
        ...

    def case(self, case_id: str) -> Case | None:
        """A case by its id."""
        ...

    def open_case_of(self, kind: CaseKind, subject: str) -> Case | None:
        """The open case of a kind for a subject."""
        ...

    def open_cases_of(self, kinds: Collection[CaseKind], subject: str) -> list[Case]:
        """The open cases of some kinds for a subject, in the order of the kinds."""
        ...

    def open_cases(
        self, kinds: Collection[CaseKind] = (), owner: str | None = None, limit: int = 200
    ) -> list[Case]:
        """Open cases, the oldest first; of some kinds, of one owner (or nobody's: an empty one)."""
        ...

    def count_open_cases(self) -> dict[CaseKind, tuple[int, int, datetime]]:
        """How many are open of each kind, their sum in fen, and since when the oldest."""
        ...

    def posted_difference_fen(self, kind: CaseKind, subject: str) -> int:
        """What cases of a kind and subject have posted on the network's account, fen; signed."""
        ...

    def cases_of(self, form_id: str) -> list[Case]:
        """All cases of a form, oldest first."""
        ...

    def closed_cases(self, limit: int) -> list[Case]:
        """The cases that were closed last."""
        ...

    def take_case(self, case_id: str, owner: str) -> None:
        """Give a case an owner."""
        ...

    def last_case_of(self, kind: CaseKind, subject: str) -> Case | None:
        """The case of a kind for a subject that was opened last, whether it is open or not."""
        ...

    def begin_fix(self, case: Case) -> None:
        """Store what is asked of the network about an open case, or that nothing is any more."""
        ...

    def cases_under_way(self) -> list[Case]:
        """Open cases about which the network was asked, oldest first."""
        ...

    def close_case(self, case: Case) -> bool:
        """Store who closed it, when, why and by which fix; False when it was closed before."""
        ...

    def add_case_event(
        self, case_id: str, kind: str, at: datetime, actor: str, detail: str
    ) -> None:
        """Add to a case's history."""
        ...

    def case_events(self, case_id: str) -> list[CaseEvent]:
        """A case's history, oldest first."""
        ...

    def add_approval(self, approval: Approval) -> bool:
        """Ask for a second person; False when one request of this case waits already."""
        ...

    def approval_of(self, case_id: str) -> Approval | None:
        """The request that waits, if any."""
        ...

    def decide_approval(self, approval: Approval) -> bool:
        """Store the decision; False when it was decided before."""
        ...

    def approvals_waiting(self) -> list[Approval]:
        """All requests that wait, oldest first."""
        ...
