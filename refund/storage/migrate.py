"""Applies the schema's steps in order, once, whoever else is starting at the same time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from refund.storage.protocol import EngineName, SchemaMismatch, Session, Step

TYPES: Final[Mapping[EngineName, Mapping[str, str]]] = {
    "sqlite": {"integer": "INTEGER", "text": "TEXT", "bytes": "BLOB", "strict": " STRICT"},
    # COLLATE "C" compares text by its bytes, as SQLite does, so that both sort alike.
    "postgresql": {
        "integer": "BIGINT",
        "text": 'TEXT COLLATE "C"',
        "bytes": "BYTEA",
        "strict": "",
    },
}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

TABLE: Final = """
CREATE TABLE IF NOT EXISTS migration (
    number {integer} PRIMARY KEY,
    name {text} NOT NULL,
    digest {text} NOT NULL,
    applied_at {integer} NOT NULL
){strict}
"""
APPLIED: Final = "SELECT number, digest FROM migration ORDER BY number"
RECORD: Final = """
INSERT INTO migration (number, name, digest, applied_at)
VALUES (:number, :name, :digest, :applied_at)
"""


def render(statement: str, engine: EngineName) -> str:
    """Write the engine's types in place of the placeholders.

    Raises: ValueError for a placeholder that does not exist.
    """

    def replace(found: re.Match[str]) -> str:
        word = found[1]
        if word not in TYPES[engine]:
            raise ValueError(f"unknown placeholder {{{word}}}")
        return TYPES[engine][word]

    return _PLACEHOLDER.sub(replace, statement)


def statements(step: Step, engine: EngineName) -> Iterator[str]:
    """Yield a step's statements for one engine, ready to run."""
    own = step.sqlite if engine == "sqlite" else step.postgresql
    for text in (*step.sql, *own):
        yield render(text, engine)


def digest(step: Step) -> str:
    """Fingerprint a step's texts for both engines, so that a later edit is noticed."""
    summary = hashlib.sha256()
    for part in ((step.name,), step.sql, step.sqlite, step.postgresql):
        summary.update(len(part).to_bytes(4, "big"))
        for text in part:
            encoded = text.encode()
            summary.update(len(encoded).to_bytes(4, "big") + encoded)
    return summary.hexdigest()


def apply_steps(session: Session, steps: Sequence[Step], now: int) -> int:
    """Apply what is missing within the session's transaction, which must exclude all others.

    Args:
        session: a transaction that holds the engine's lock for migrations.
        steps: every step, numbered 1, 2, 3 … without a gap.
        now: microseconds since 1970 UTC.

    Returns: how many steps were newly applied.

    Raises: SchemaMismatch when the database is newer or a step in it reads otherwise.
    """
    if [step.number for step in steps] != list(range(1, len(steps) + 1)):
        raise ValueError("migration steps must be numbered 1, 2, 3 … without a gap")
    session.run(render(TABLE, session.engine))
    known = {step.number: digest(step) for step in steps}
    applied = _applied(session, known)
    missing = [step for step in steps if step.number not in applied]
    for step in missing:
        for statement in statements(step, session.engine):
            session.run(statement)
        session.run(
            RECORD, number=step.number, name=step.name, digest=known[step.number], applied_at=now
        )
    return len(missing)


def require_applied(session: Session, steps: Sequence[Step]) -> None:
    """Let a database pass in which every step was applied.

    Raises: SchemaMismatch when one is missing, or the database is newer or reads otherwise.
    """
    applied = _applied(session, {step.number: digest(step) for step in steps})
    if len(applied) != len(steps):
        raise SchemaMismatch(f"the database has {len(applied)} migrations of {len(steps)}")


def _applied(session: Session, known: Mapping[int, str]) -> set[int]:
    """The numbers of the steps that were applied, each as it is known."""
    found: set[int] = set()
    for row in session.rows(APPLIED):
        number = row["number"]
        if not isinstance(number, int) or number not in known:
            raise SchemaMismatch(
                f"the database has migration {number!r}, this program knows {len(known)}"
            )
        if known[number] != row["digest"]:
            raise SchemaMismatch(f"migration {number!r} was applied with another text")
        found.add(number)
    return found
