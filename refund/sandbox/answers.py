"""What the network answers, written once: the text that is stored is the text that is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

KNOWN_MAX = 1024
"""Moments whose text is kept in mind: what happens at one of them says it many times."""

_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `delay_seconds` and `lost` are what happens to it on its way, the first time."""

    status: int
    text: str
    delay_seconds: float = 0.0
    lost: bool = False
    replayed: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """The answer as a dictionary of JSON values."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def written(body: dict[str, Any]) -> str:
    """Return the JSON text of an answer, without blanks, in the order given."""
    return _WRITER.encode(body)


def _stamp(moment: datetime) -> str:
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


stamp: Callable[[datetime], str] = lru_cache(maxsize=KNOWN_MAX)(_stamp)
"""A moment as ISO 8601 UTC of fixed width, so that texts compare like moments."""
