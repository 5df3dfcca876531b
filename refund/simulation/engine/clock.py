"""Time that passes only when it is told to: our clock, and another's beside it."""

from __future__ import annotations

from datetime import datetime, timedelta


class VirtualClock:
    """A clock that moves only when it is told to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment that was set."""
        return self.at

    def pass_by(self, **span: float) -> None:
        """Let time pass, as in `days=17`."""
        self.at += timedelta(**span)


class TwoClocks(VirtualClock):
    """Our clock, and the network's beside it: each can be wrong in its own way."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.ahead = timedelta()
        self.theirs_ahead = timedelta()

    def set_wrong(self, ahead: timedelta) -> None:
        """Let our clock be wrong by so much from now on, against the true time."""
        self.at += ahead - self.ahead
        self.ahead = ahead

    def theirs(self) -> datetime:
        """The moment that the network's clock shows."""
        return self.at - self.ahead + self.theirs_ahead
