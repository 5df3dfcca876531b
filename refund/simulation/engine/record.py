"""What happened in a run: every event in one digest, the last ones in words, and counts."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass

LAST = 60
"""Events that are kept in words."""


class Record:
    """The events of a run, as they happen."""

    def __init__(self) -> None:
        self.last: deque[str] = deque(maxlen=LAST)
        self.counts: Counter[str] = Counter()
        self.events = 0
        self._digest = hashlib.sha256()

    def tell(self, text: str) -> None:
        """Add an event."""
        self.events += 1
        line = f"{self.events} {text}"
        self._digest.update(f"{line}\n".encode())
        self.last.append(line)

    def count(self, name: str, times: int = 1) -> None:
        """Count something that was done or reached."""
        self.counts[name] += times

    @property
    def digest(self) -> str:
        """The SHA-256 of all events so far."""
        return self._digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Report:
    """One run: the same seed gives the same report, byte for byte.

    Args:
        lives: how many forms there were.
        counts: how often each fault was injected and each state was reached, by name.
        failure: what was wrong, or nothing.
    """

    seed: int
    digest: str
    lives: int
    steps: int
    events: int
    counts: Mapping[str, int]
    failure: str
    last: tuple[str, ...]

    def text(self) -> str:
        """All of it as one text."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    def complaint(self) -> str:
        """What a person needs who looks into a failure."""
        events = "\n".join(self.last)
        return (
            f"seed {self.seed}: {self.failure}\n\nthe last events:\n{events}\n\n"
            f"again: python -m tests.simulation.soak --seed {self.seed}"
        )
