"""Every check that a drill's file can name, and the judging of an attempt by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from refund.simulation.drills.checks_agency import AGENCY_CHECKS
from refund.simulation.drills.checks_port import PORT_CHECKS
from refund.simulation.drills.checks_store import STORE_CHECKS
from refund.simulation.drills.parameters import Values
from refund.simulation.drills.scene import Check, Scene

CHECKS: Mapping[str, Check] = {**STORE_CHECKS, **PORT_CHECKS, **AGENCY_CHECKS}


@dataclass(frozen=True, slots=True)
class WantedCheck:
    """One check of a drill with its points, and what it is told."""

    check: str
    points: int
    values: Values


@dataclass(frozen=True, slots=True)
class Judged:
    """What one check of an attempt came to; `why` explains each lost point."""

    check: str
    points: int
    most: int
    why: str
    facts: Mapping[str, Any]


def judge(scene: Scene, checks: Iterable[WantedCheck]) -> list[Judged]:
    """Judge an attempt by each check, in the order of the drill's file.

    What was done is looked up in the database; how it was done is nobody's business.

    Raises:
        Refused: `form_unknown` when the rehearsal has lost a form of the attempt.
    """
    found = []
    for wanted in checks:
        verdict = CHECKS[wanted.check].judge(scene, wanted.values)
        points = verdict.points(wanted.points)
        facts = dict(verdict.facts)
        found.append(Judged(wanted.check, points, wanted.points, verdict.why, facts))
    return found
