"""Months that were settled with the treasury."""

from typing import Protocol


class SettlementRows(Protocol):
    """Months that were settled with the treasury."""
