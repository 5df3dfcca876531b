"""Tills and receipts of the agency's counters."""

from typing import Protocol


class CounterRows(Protocol):
    """Tills and receipts of the agency's counters."""
