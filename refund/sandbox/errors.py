"""What the network answers when it cannot take a request at all: nothing was booked."""

from __future__ import annotations


class Rejected(Exception):
    """The request is malformed, unknown or at odds with an earlier one; it left no trace.

    Unlike a refused operation, which is booked and can be looked up, a rejection is forgotten.
    `retry_after` is in seconds, None when trying again would not help.
    """

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
