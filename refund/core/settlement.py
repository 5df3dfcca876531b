"""The month's settlement with the treasury: its months, its lines, its sums, and its digest."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.calendar import SHANGHAI, day_of, end_of_day
from refund.core.errors import Refused
from refund.core.money import ASCII_BLANKS

WAYS = ("advance", "adjusted", "cash", "card", "alipay", "wechat_pay", "bank_account")
"""How a refund that stands was paid: by the advance, whole or less the difference, or later."""

_MONTH = re.compile(r"(20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar in Shanghai."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.following.first_day - timedelta(days=1)

    @property
    def end(self) -> datetime:
        """The UTC instant at which it is over: the first that is no longer in it."""
        return end_of_day(self.last_day)

    @property
    def following(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    def due_on(self, settle_by_day: int) -> date:
        """The last day on which it is settled in time, in the month after it.

        Source: SAT 41/2015 (by the 15th for the month before).
        """
        return self.following.first_day.replace(day=settle_by_day)


def month_of(at: datetime) -> Month:
    """The month that a moment falls into in Shanghai."""
    day = day_of(at)
    return Month(day.year, day.month)


def read_month(text: str, field: str = "month") -> Month:
    """Read a month as `2025-07`.

    Raises:
        Refused: `month_unreadable`.
    """
    found = _MONTH.fullmatch(text.strip(ASCII_BLANKS))
    if found is None:
        raise Refused("month_unreadable", field)
    return Month(int(found[1]), int(found[2]))


def settlement_number(month: Month) -> str:
    """The number of a month's settlement; there is one."""
    return f"JS-{month}-01"


@dataclass(frozen=True, slots=True)
class Totals:
    """Lines added up, fen; corrections of earlier months can make a sum negative."""

    line_count: int
    sales_fen: int
    gross_fen: int
    fee_fen: int
    net_fen: int

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.line_count + other.line_count,
            self.sales_fen + other.sales_fen,
            self.gross_fen + other.gross_fen,
            self.fee_fen + other.fee_fen,
            self.net_fen + other.net_fen,
        )


NO_TOTALS = Totals(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class SettledLine:
    """One entry of the ledger that the treasury is asked to pay, or to take back.

    Args:
        position: its place in the month, from 1.
        sales_fen: of the goods that count; like the other sums below zero in a correction.
        way: one of WAYS.
        is_correction: the entry reverses another one.
        posted_at: when it was posted; it may lie in an earlier month, whose closing it missed.
    """

    position: int
    entry_key: str
    form_id: str
    form_number: str
    store_number: int
    store_zh: str
    store_en: str
    issue_day: date
    verified_at: datetime | None
    way: str
    is_correction: bool
    sales_fen: int
    gross_fen: int
    fee_fen: int
    net_fen: int
    posted_at: datetime

    @property
    def verified_on(self) -> date | None:
        """The day on which customs confirmed the goods."""
        return None if self.verified_at is None else day_of(self.verified_at)

    @property
    def totals(self) -> Totals:
        """The line as a sum of one."""
        return Totals(1, self.sales_fen, self.gross_fen, self.fee_fen, self.net_fen)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A month that was closed; `digest` is of its lines, see `Digest`."""

    month: Month
    number: str
    closed_at: datetime
    closed_by: str
    totals: Totals
    digest: str

    def is_late(self, settle_by_day: int) -> bool:
        """Whether it was closed after its last day."""
        return day_of(self.closed_at) > self.month.due_on(settle_by_day)


@dataclass(frozen=True, slots=True)
class TreasuryPayment:
    """What the treasury paid for a month; a negative amount is what it got back."""

    month: Month
    amount_fen: int
    paid_on: date
    recorded_at: datetime
    recorded_by: str
    note: str


@dataclass(frozen=True, slots=True)
class Marks:
    """By what lines that were read earlier are known to be the lines that are written now.

    The set of lines and their sums stand in the ledger; the rest of a line can only change by a
    store's new name, or by one more decision of customs.

    Args:
        sums: by store and way.
        names: number, Chinese and English name of every store.
        verifications: how many decisions of customs there are on the forms.
    """

    sums: Mapping[tuple[int, str], Totals]
    names: frozenset[tuple[int, str, str]]
    verifications: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the lines of a month come to, read before its closing; `marks` say whether still."""

    totals: Totals
    digest: str
    marks: Marks


class Digest:
    """SHA-256 over a settlement's number and its lines, one line of text for each.

    Texts cannot hold a tab or a line's end, so different lines are different bytes.
    """

    def __init__(self, number: str) -> None:
        self._hash = hashlib.sha256(f"refund-settlement-v1\t{number}\n".encode())
        self.totals = NO_TOTALS
        self.sums: dict[tuple[int, str], Totals] = {}
        self.names: set[tuple[int, str, str]] = set()

    def add(self, lines: Iterable[SettledLine]) -> None:
        """Take in further lines, in the order of their positions."""
        for line in lines:
            self._hash.update(canonical(line))
            self.totals += line.totals
            place = (line.store_number, line.way)
            self.sums[place] = self.sums.get(place, NO_TOTALS) + line.totals
            self.names.add((line.store_number, line.store_zh, line.store_en))

    def prepared(self, verifications: int) -> Prepared:
        """What these lines come to; so many decisions of customs stood when they were read."""
        marks = Marks(self.sums, frozenset(self.names), verifications)
        return Prepared(self.totals, self.hexdigest(), marks)

    def hexdigest(self) -> str:
        """The digest of all that was taken in."""
        return self._hash.hexdigest()


def canonical(line: SettledLine) -> bytes:
    """A line as the bytes that are hashed."""
    verified = "" if line.verified_at is None else line.verified_at.astimezone(SHANGHAI).isoformat()
    fields = (
        *(line.position, line.entry_key, line.form_number, line.store_number, line.store_zh),
        *(line.store_en, line.issue_day.isoformat(), verified, line.way, int(line.is_correction)),
        *(line.sales_fen, line.gross_fen, line.fee_fen, line.net_fen),
        line.posted_at.astimezone(SHANGHAI).isoformat(),
    )
    return ("\t".join(" ".join(str(field).split()) for field in fields) + "\n").encode()


def check_order(month: Month, following: Month | None, now: datetime) -> None:
    """Let a month be closed that is over, and whose turn it is.

    Args:
        month: to be closed.
        following: the month whose turn it is; None while nothing was ever confirmed.
        now: this moment.

    Raises:
        Refused: `month_closed`, `month_not_over`, `month_out_of_order`.

    Source: SAT 41/2015 (by the 15th for the month before); the order is a project decision.
    """
    if following is not None and month < following:
        raise Refused("month_closed", month=str(month))
    if now < month.end:
        raise Refused("month_not_over", closes_from=month.following.first_day)
    if month != following:
        raise Refused("month_out_of_order", next="" if following is None else str(following))
