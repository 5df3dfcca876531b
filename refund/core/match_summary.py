"""What the match of a period came to: how much agrees, what is missing, what differs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.breaks import BORDER
from refund.core.case import CaseKind

GROUPS: dict[str, frozenset[CaseKind]] = {
    "missing_here": frozenset(
        {CaseKind.MISSING_HERE, CaseKind.TWICE_THERE, CaseKind.CAPTURED_AFTER_RELEASE}
    ),
    "missing_there": frozenset({CaseKind.MISSING_THERE}),
    "different": frozenset(
        {
            *(CaseKind.AMOUNT_DIFFERS, CaseKind.CURRENCY_DIFFERS, CaseKind.KIND_DIFFERS),
            *(CaseKind.LATE_THERE, CaseKind.FEES_DIFFER, CaseKind.FIX_UNFOUNDED),
        }
    ),
    "border": BORDER,
}
"""What breaks have in common: the network has it and we have not, or only once; we have it and the
network has not; both have it, and not alike; settled otherwise than the border says.
"""


@dataclass(frozen=True, slots=True)
class Amount:
    """A count and a sum in fen."""

    count: int = 0
    fen: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.count + other.count, self.fen + other.fen)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.count - other.count, self.fen - other.fen)


@dataclass(frozen=True, slots=True)
class KindSum:
    """The breaks of a kind that stand: all of them, and those whose case is still open."""

    kind: CaseKind
    standing: Amount
    open: Amount


@dataclass(frozen=True, slots=True)
class BreakRow:
    """A break that stands, with its rows and its case.

    `is_open` is False where a person has settled it; then `closed_by` says who, and `reason` why.
    """

    break_id: str
    kind: CaseKind
    subject: str
    day: date
    amount_fen: int
    reference: str
    form_id: str
    form_number: str
    facts: Mapping[str, object]
    case_id: str
    found_at: datetime
    owner: str = ""
    is_open: bool = True
    closed_by: str = ""
    reason: str = ""
    fix: str = ""

    def age(self, now: datetime) -> timedelta:
        """For how long it has been known to be so."""
        return now - self.found_at

    def side(self, name: str) -> Mapping[str, object]:
        """One of its rows: `ours`, `theirs` or `border`."""
        found = self.facts.get(name)
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Period:
    """A period's match.

    Args:
        days: how many it has; `matched_days` of them have a statement that was matched, and
            `missing_days` are over and have none.
        lines: what the statements have.
        broken: lines of the statements with a break.
        kinds: the breaks that stand, by kind.
    """

    first: date
    last: date
    days: int
    matched_days: int
    missing_days: tuple[date, ...]
    lines: Amount
    broken: Amount
    kinds: tuple[KindSum, ...]

    @property
    def matched(self) -> Amount:
        """Lines that agree with our books in everything."""
        return self.lines - self.broken

    def of(self, group: str) -> Amount:
        """The breaks of a group that stand."""
        total = Amount()
        for one in self.kinds:
            if one.kind in GROUPS[group]:
                total += one.standing
        return total

    @property
    def open(self) -> Amount:
        """Breaks whose case is open."""
        total = Amount()
        for one in self.kinds:
            total += one.open
        return total
