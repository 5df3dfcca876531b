"""Customs' decisions and draws."""

from datetime import date, datetime
from typing import Protocol

from refund.core.customs import Verification
from refund.core.sampling import Draw


class CustomsRows(Protocol):
    """What customs decided, and which forms were drawn for inspection."""

    def add_verification(self, verification: Verification) -> None:
        """Store what customs decided, with its lines."""
        ...

    def verification_of(self, form_id: str) -> Verification | None:
        """What customs decided last."""
        ...

    def verifications_of(self, form_id: str) -> list[Verification]:
        """All that customs decided of a form, oldest first."""
        ...

    def decisions_between(
        self, start: datetime, end: datetime, before: tuple[datetime, str], limit: int
    ) -> list[Verification]:
        """What customs decided in a span of time, the newest first, before a moment and a form."""
        ...

    def verifications_on(self, port: str, start: datetime, end: datetime) -> int:
        """How many decisions a port's officers took in a span of time."""
        ...

    def sampling_seed(self, port: str, day: date, fresh: str) -> str:
        """The seed of a port's day; the first to ask gives it."""
        ...

    def seed_of(self, port: str, day: date) -> str | None:
        """The seed of a port's day; None when nobody has drawn."""
        ...

    def add_draw(self, draw: Draw) -> None:
        """Record a draw; the first one of a form stays."""
        ...

    def draw_of(self, form_id: str) -> Draw | None:
        """What was drawn for a form, at whatever port."""
        ...

    def draws_on(self, port: str, day: date) -> list[Draw]:
        """Every draw of a port's day, oldest first."""
        ...
