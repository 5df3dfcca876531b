"""Ids that are counted and not drawn, so that every run of a seed has the same."""

from __future__ import annotations

import itertools


class CountedIds:
    """Ids that are the same in every run; `series` keeps those of two processes apart."""

    def __init__(self, series: int = 0) -> None:
        self._series = series
        self._numbers = itertools.count(1)

    def form_id(self) -> str:
        """16 hexadecimal digits."""
        return f"{self._series:04x}{next(self._numbers):012x}"

    def event_id(self) -> str:
        """A unique word that sorts in the order of making."""
        return f"event-{self._series:04x}-{next(self._numbers):08d}"

    def token(self) -> str:
        """A word for a cookie."""
        return f"token-{self._series:04x}-{next(self._numbers):08d}"

    def network_id(self, kind: str) -> str:
        """An id of the network's own."""
        return f"{kind}_{self._series:04x}{next(self._numbers):08d}"
