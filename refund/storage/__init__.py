"""The only place with SQL: tables, queries, and the two engines."""

from refund.storage.database import Database, open_storage

__all__ = ["Database", "open_storage"]
