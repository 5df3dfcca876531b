"""What a run counts while it goes on: refusals, and the moments of each form that no ledger has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from refund.core.errors import Refused

T = TypeVar("T")


@dataclass(slots=True)
class Marks:
    """When a form was scanned and verified, and when its traveller left."""

    scanned_at: datetime | None = None
    verified_at: datetime | None = None
    left_at: datetime | None = None


class Tally:
    """Refusals by code, and every form's marks by its id."""

    def __init__(self) -> None:
        self.refusals: Counter[str] = Counter()
        self.marks: dict[str, Marks] = {}

    def refused(self, refusals: Iterable[Refused]) -> None:
        """Count what somebody was told."""
        for refusal in refusals:
            self.refusals[refusal.code] += 1

    def words(self, codes: Iterable[str]) -> None:
        """Count codes that were not raised."""
        self.refusals.update(codes)

    def attempt(self, act: Callable[[], T]) -> T | None:
        """Do something that may be refused, which is counted; None then."""
        try:
            return act()
        except Refused as refusal:
            self.refusals[refusal.code] += 1
            return None

    def scanned(self, form_id: str, at: datetime) -> None:
        """Note the first scan of a form."""
        marks = self.marks.setdefault(form_id, Marks())
        if marks.scanned_at is None:
            marks.scanned_at = at

    def verified(self, form_id: str, at: datetime) -> None:
        """Note the last decision of customs."""
        self.marks.setdefault(form_id, Marks()).verified_at = at

    def left(self, form_id: str, at: datetime) -> None:
        """Note that a form's traveller left, for the first time."""
        marks = self.marks.setdefault(form_id, Marks())
        if marks.left_at is None:
            marks.left_at = at
