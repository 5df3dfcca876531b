"""Tills and receipts of the agency's counters, as rows."""

from refund.storage.rows import Rows


class CounterQueries(Rows):
    """Tills and receipts of the agency's counters."""

    __slots__ = ()
