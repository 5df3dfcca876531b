"""Months that were settled with the treasury, as rows."""

from refund.storage.rows import Rows


class SettlementQueries(Rows):
    """Months that were settled with the treasury."""

    __slots__ = ()
