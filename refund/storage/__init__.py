"""The only place with SQL: tables, queries, and the two engines."""

from refund.storage.database import Database, open_storage
from refund.storage.engine import IN_MEMORY

__all__ = ["IN_MEMORY", "Database", "open_storage"]
