"""Customs' decisions and draws."""

from datetime import date, datetime
from typing import Protocol

from refund.core.customs import Verification


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

    def verifications_on(self, port: str, start: datetime, end: datetime) -> int:
        """How many decisions a port's officers took in a span of time."""
        ...

    def sampling_seed(self, port: str, day: date, fresh: str) -> str:
        """The seed of a port's day; the first to ask gives it."""
        ...
