"""The figures of a desk: what its port decided today, how quickly, and how much of it offline."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from refund.core.calendar import SHANGHAI, day_of, end_of_day
from refund.core.customs import Decision, RefusalReason
from refund.core.offline import DeskDecision
from refund.core.people import Actor
from refund.ports import Ports
from refund.transaction import Transaction

MEASURED_MAX = timedelta(minutes=30)
"""A form that was looked at longer ago was sent away in between: it measures no decision."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What was decided within an hour of the day."""

    hour: int
    confirmed: int
    fewer: int
    refused: int

    @property
    def all(self) -> int:
        """How many decisions."""
        return self.confirmed + self.fewer + self.refused


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """A port's day in figures.

    Args:
        median_seconds: from the first look to the decision; None where nothing was measured.
        measured: how many decisions that is the median of.
        offline: how many were taken without the network.
        reviews: how many decisions wait for a person now.
    """

    day: date
    port: str
    hours: tuple[Hour, ...]
    reasons: dict[RefusalReason, int]
    median_seconds: int | None
    measured: int
    offline: int
    reviews: int

    def count(self, kind: str) -> int:
        """The decisions of the day: `confirmed`, `fewer`, `refused` or `all`."""
        return sum(getattr(hour, kind) for hour in self.hours)

    @property
    def offline_percent(self) -> int:
        """The share of decisions taken without the network, in whole percent."""
        return 0 if not self.count("all") else (self.offline * 100) // self.count("all")


def desk_figures(ports: Ports, officer: Actor) -> DeskFigures:
    """Today's figures of the officer's own port."""
    today = day_of(ports.clock.now())
    start, end = end_of_day(today - timedelta(days=1)), end_of_day(today)

    def read(tx: Transaction) -> tuple[list[DeskDecision], int]:
        found = tx.desk_decisions(officer.port, start, end)
        return found, tx.count_open_reviews(officer.port)

    decisions, reviews = ports.storage.read(read)
    spans = [
        one.verified_at - one.looked_at
        for one in decisions
        if one.looked_at is not None and one.verified_at - one.looked_at <= MEASURED_MAX
    ]
    return DeskFigures(
        day=today,
        port=officer.port,
        hours=_hours(decisions),
        reasons=dict(Counter(one.reason for one in decisions if one.decision is Decision.REFUSED)),
        median_seconds=int(median(span.total_seconds() for span in spans)) if spans else None,
        measured=len(spans),
        offline=sum(one.is_offline for one in decisions),
        reviews=reviews,
    )


def _hours(decisions: list[DeskDecision]) -> tuple[Hour, ...]:
    """Every hour between the first decision and the last one, the empty ones too."""
    counted = Counter(
        (one.verified_at.astimezone(SHANGHAI).hour, one.decision) for one in decisions
    )
    known = sorted({hour for hour, _ in counted})
    if not known:
        return ()
    return tuple(
        Hour(
            hour,
            counted[hour, Decision.CONFIRMED],
            counted[hour, Decision.PARTLY],
            counted[hour, Decision.REFUSED],
        )
        for hour in range(known[0], known[-1] + 1)
    )
