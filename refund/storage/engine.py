"""Opens the engine that a database's address names, and gathers what engines are spoken to with."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from refund.storage.protocol import (
    Conflict,
    ConstraintFailed,
    Engine,
    EngineBusy,
    EngineUnfit,
    OutcomeUnknown,
    Row,
    SchemaMismatch,
    Session,
    Step,
    Value,
)
from refund.storage.sqlite import SqliteEngine
from refund.storage.sqlite_fleeting import MEMORY, FleetingEngine

IN_MEMORY = f"sqlite:{MEMORY}"
"""The address of a database without any file, which is gone when it is closed."""

__all__ = [
    "IN_MEMORY",
    "Conflict",
    "ConstraintFailed",
    "Engine",
    "EngineBusy",
    "EngineUnfit",
    "OutcomeUnknown",
    "Row",
    "SchemaMismatch",
    "Session",
    "Step",
    "Value",
    "open_engine",
]


def open_engine(url: str, *, fleeting: bool = False) -> Engine:
    """Open the database at an address, in the process that will use it.

    Args:
        url: `sqlite:///absolute/path.db` or `postgresql://…`; `IN_MEMORY` where it is fleeting.
        fleeting: whether a file is one thread's alone and is thrown away, so that nothing need
            wait for the disk; a server's promises are its own.

    Raises: ValueError for another address; EngineUnfit when it cannot keep the promises.
    """
    if url == IN_MEMORY and fleeting:
        return FleetingEngine(MEMORY)
    parts = urlsplit(url)
    match parts.scheme:
        case "sqlite":
            is_plain = not (parts.netloc or parts.query or parts.fragment)
            if not is_plain or not parts.path.startswith("/") or len(parts.path) < 2:
                raise ValueError("a SQLite database is named sqlite:///absolute/path.db")
            path = unquote(parts.path)
            return FleetingEngine(path) if fleeting else SqliteEngine(path)
        case "postgresql" | "postgres":
            # Its driver takes a third of a second to load, which SQLite need not wait for.
            from refund.storage.postgres import PostgresEngine  # noqa: PLC0415

            return PostgresEngine(url)
        case _:
            raise ValueError("a database is named sqlite:///… or postgresql://…")
