"""The agency's figures of a period: advanced, refused, how fast, and what is still exposed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.calendar import day_of, end_of_day
from refund.core.errors import Refused
from refund.core.office import DayFigure, DayTime, RefusalCount, percentile
from refund.core.store import Store
from refund.ports import Ports
from refund.transaction import Transaction

DAYS_MAX = 400
"""Days of a period at most."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many, and their sum."""

    count: int = 0
    amount_fen: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.count + other.count, self.amount_fen + other.amount_fen)


@dataclass(frozen=True, slots=True)
class Fast:
    """How long it took from the first scan to the money, seconds, for so many forms.

    `half` is the time within which half of them had it, `most` 95 of a hundred.
    """

    count: int = 0
    half: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the figures: a day's, a store's, or all."""

    issued: Sum
    advanced: Sum
    fast: Fast


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a period, each day and each store of the register with its own.

    Args:
        ends: the holds that stand, by the day on which they end; of all time.
        refusals: who refused what and why, the most frequent first.
    """

    first: date
    last: date
    today: date
    total: Line
    days: Mapping[date, Line]
    stores: Mapping[int, Line]
    names: Mapping[int, Store]
    ends: Mapping[date, Sum]
    refusals: tuple[RefusalCount, ...]

    @property
    def exposed(self) -> Sum:
        """What stands on hold in all."""
        return sum(self.ends.values(), Sum())


def read_period(first: date, last: date) -> None:
    """Let a period pass that is one.

    Raises:
        Refused: `dates_reversed`, `period_too_long` with `most_days`.
    """
    if first > last:
        raise Refused("dates_reversed", "last")
    if (last - first).days >= DAYS_MAX:
        raise Refused("period_too_long", "last", most_days=DAYS_MAX)


def figures(ports: Ports, first: date, last: date) -> Figures:
    """The figures of a period, from what was added up as it happened.

    Raises:
        Refused: as `read_period`.
    """
    read_period(first, last)
    start, end = end_of_day(first - timedelta(days=1)), end_of_day(last)

    def read(tx: Transaction) -> Figures:
        sums, times = tx.day_figures(first, last), tx.day_times(first, last)
        stores = {store.store_number: store for store in tx.stores()}
        refusals = _refusals(tx, start, end)
        span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return Figures(
            first=first,
            last=last,
            today=day_of(ports.clock.now()),
            total=_line(sums, times),
            days={
                day: _line(
                    [one for one in sums if one.day == day],
                    [one for one in times if one.day == day],
                )
                for day in span
            },
            stores=_by_store(sums, times),
            names=stores,
            ends=_ends(tx),
            refusals=refusals,
        )

    return ports.storage.read(read)


def _refusals(tx: Transaction, start: datetime, end: datetime) -> tuple[RefusalCount, ...]:
    counts: dict[tuple[str, str], int] = {}
    for one in tx.refusals_between(start, end):
        # A review keeps the codes of its reasons before what a person wrote.
        codes, colon, _ = one.reason.partition(": ")
        reason = (codes if colon else "") if one.by == "review" else one.reason
        counts[one.by, reason] = counts.get((one.by, reason), 0) + one.count
    found = [RefusalCount(by, reason, count) for (by, reason), count in counts.items()]
    return tuple(sorted(found, key=lambda one: (-one.count, one.by, one.reason)))


def _ends(tx: Transaction) -> dict[date, Sum]:
    return {day: Sum(*found) for day, found in sorted(tx.figures().holds.items())}


def _by_store(sums: list[DayFigure], times: list[DayTime]) -> dict[int, Line]:
    numbers = sorted({one.store_number for one in sums})
    return {
        number: _line(
            [one for one in sums if one.store_number == number],
            [one for one in times if one.store_number == number],
        )
        for number in numbers
    }


def _line(sums: Iterable[DayFigure], times: Iterable[DayTime]) -> Line:
    found = {"issued": Sum(), "advanced": Sum()}
    for one in sums:
        found[one.name] += Sum(one.count, one.amount_fen)
    seconds = [(one.seconds, one.count) for one in times]
    fast = Fast(
        sum(count for _, count in seconds), percentile(seconds, 50), percentile(seconds, 95)
    )
    return Line(found["issued"], found["advanced"], fast)
