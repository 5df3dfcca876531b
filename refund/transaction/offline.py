"""Shifts without the network, what was decided in them, and the reviews of what did not fit."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from refund.core.form import Form, Status
from refund.core.offline import DeskDecision, Received, Resolution, Shift


class OfflineRows(Protocol):
    """Offline shifts, decisions that came in late, and the figures of a desk."""

    def add_offline_shift(self, shift: Shift) -> None:
        """Begin a shift."""
        ...

    def offline_shift(self, shift_id: str) -> Shift | None:
        """A shift."""
        ...

    def end_offline_shift(self, shift_id: str, at: datetime) -> None:
        """End a shift; one that has ended keeps its end."""
        ...

    def forms_for_desk(
        self, port: str, statuses: Sequence[Status], today: date, limit: int
    ) -> list[Form]:
        """Forms that can leave through a port, the earliest promise first."""
        ...

    def add_offline_decision(self, received: Received) -> None:
        """Keep a decision with what became of it."""
        ...

    def offline_decision(self, decision_id: str) -> Received | None:
        """A decision that came in."""
        ...

    def open_reviews(self, port: str, limit: int) -> list[Received]:
        """What waits for a person, oldest first; of all ports when none is named."""
        ...

    def count_open_reviews(self, port: str) -> int:
        """How many wait; of all ports when none is named."""
        ...

    def add_resolution(self, resolution: Resolution) -> None:
        """End a review."""
        ...

    def resolution_of(self, decision_id: str) -> Resolution | None:
        """How a review ended."""
        ...

    def desk_decisions(self, port: str, start: datetime, end: datetime) -> list[DeskDecision]:
        """What a port decided in a span of time, oldest first."""
        ...
