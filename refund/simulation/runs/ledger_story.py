"""What a run came to by its ledger: sums of each day, exposure at every moment, each form's end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby

from refund.core.calendar import day_of, end_of_day
from refund.core.ledger import Account, Entry, Side, balance_fen
from refund.ports import Ports
from refund.transaction import Transaction

BATCH = 500
"""Entries that are in memory at once."""

Posted = tuple[Entry, datetime, str, int]


@dataclass(slots=True)
class DayMoney:
    """What was posted on one day, fen; the two last are how things stood at its end.

    Args:
        paid_fen: advances that were paid, and what came back and was paid once more.
        returned_fen: payouts that came back from the bank.
        captured_fen: what was charged to cards.
        released_fen: holds that were given back, whole or what was left of them.
        lapsed_fen: holds that the network ended by itself.
        refunded_fen: ordinary refunds at the agency's counter.
        recovered_fen: what stores took back from travellers.
        written_off_fen: what the agency gave up.
        network_fees_fen: what the network charged.
        outstanding_fen: what travellers owed of advances.
        unsecured_fen: of that, what no hold covered.
    """

    paid_fen: int = 0
    returned_fen: int = 0
    captured_fen: int = 0
    released_fen: int = 0
    lapsed_fen: int = 0
    refunded_fen: int = 0
    recovered_fen: int = 0
    written_off_fen: int = 0
    network_fees_fen: int = 0
    outstanding_fen: int = 0
    unsecured_fen: int = 0


@dataclass(slots=True)
class FormMoney:
    """One form's money: when it was advanced and refunded, its last entry, and what stands."""

    advanced_at: datetime | None = None
    refunded_at: datetime | None = None
    last_at: datetime | None = None
    owed_fen: int = 0
    held_fen: int = 0

    @property
    def unsecured_fen(self) -> int:
        """What is owed and no hold covers."""
        return max(0, self.owed_fen - self.held_fen)


@dataclass(slots=True)
class LedgerStory:
    """All of it; `balances` are debits less credits of each account at the end.

    Args:
        exposure_fen_seconds: what was owed, added up over time.
        unsecured_seconds: for how long anything was owed that no hold covered.
    """

    began_at: datetime
    ended_at: datetime
    days: dict[date, DayMoney] = field(default_factory=dict)
    forms: dict[str, FormMoney] = field(default_factory=dict)
    balances: dict[Account, int] = field(default_factory=lambda: dict.fromkeys(Account, 0))
    entries: int = 0
    postings: int = 0
    outstanding_fen: int = 0
    unsecured_fen: int = 0
    exposure_peak_fen: int = 0
    unsecured_peak_fen: int = 0
    exposure_fen_seconds: float = 0.0
    unsecured_seconds: float = 0.0

    @property
    def exposure_fen_days(self) -> float:
        """What was owed, added up over days."""
        return self.exposure_fen_seconds / _seconds(timedelta(days=1))

    @property
    def unsecured_days(self) -> float:
        """For how many days anything was owed that no hold covered."""
        return self.unsecured_seconds / _seconds(timedelta(days=1))


def read_ledger(ports: Ports, began_at: datetime, ended_at: datetime) -> LedgerStory:
    """Read every entry of a span of time, in its order, a batch at a time."""
    story = LedgerStory(began_at, ended_at)
    at, day = began_at, day_of(began_at)
    story.days[day] = DayMoney()
    for moment, entries in groupby(_entries(ports, began_at, ended_at), key=lambda one: one[1]):
        _stand(story, moment - at)
        while day_of(moment) > day:
            day = _close(story, day)
        # All that is posted at one moment counts as one: a hold and its advance are one act.
        for entry, posted_at, _, _ in entries:
            _take(story, story.days[day], entry, posted_at)
        story.exposure_peak_fen = max(story.exposure_peak_fen, story.outstanding_fen)
        story.unsecured_peak_fen = max(story.unsecured_peak_fen, story.unsecured_fen)
        at = moment
    _stand(story, ended_at - at)
    while end_of_day(day) < ended_at:
        day = _close(story, day)
    _close(story, day)
    del story.days[day + timedelta(days=1)]
    return story


def _entries(ports: Ports, began_at: datetime, ended_at: datetime) -> Iterator[Posted]:
    after = (began_at, "")
    while True:
        batch = ports.storage.read(partial(_batch, after=after, end=ended_at))
        yield from batch
        if len(batch) < BATCH:
            return
        after = (batch[-1][1], batch[-1][0].event_key)


def _batch(tx: Transaction, after: tuple[datetime, str], end: datetime) -> list[Posted]:
    return tx.entries_after(after, end, BATCH)


def _stand(story: LedgerStory, span: timedelta) -> None:
    """Let things stand as they are for a while."""
    seconds = _seconds(span)
    story.exposure_fen_seconds += story.outstanding_fen * seconds
    story.unsecured_seconds += seconds if story.unsecured_fen else 0.0


def _seconds(span: timedelta) -> float:
    return span.total_seconds()


def _close(story: LedgerStory, day: date) -> date:
    """Note how things stand at a day's end, and begin the next."""
    story.days[day].outstanding_fen = story.outstanding_fen
    story.days[day].unsecured_fen = story.unsecured_fen
    following = day + timedelta(days=1)
    story.days[following] = DayMoney()
    return following


def _take(story: LedgerStory, day: DayMoney, entry: Entry, at: datetime) -> None:
    """Add one entry to the sums, and to its form."""
    moved = dict.fromkeys(Account, 0)
    for posting in entry.postings:
        moved[posting.account] += balance_fen((posting,))
    story.entries += 1
    story.postings += len(entry.postings)
    for account, fen in moved.items():
        story.balances[account] += fen
    _sum(day, entry, moved)
    if entry.form_id:
        _take_form(story, entry, moved, at)
    else:
        story.outstanding_fen += moved[Account.ADVANCE]


def _sum(day: DayMoney, entry: Entry, moved: dict[Account, int]) -> None:
    network_fen = moved[Account.NETWORK]
    match entry.kind:
        case "advance" | "pay_again":
            day.paid_fen -= network_fen
        case "payout_returned":
            day.returned_fen += network_fen
        case "refund":
            day.refunded_fen -= network_fen + moved[Account.TILL]
        case "capture" | "adjust":
            day.captured_fen += network_fen
        case "recovered":
            day.recovered_fen += moved[Account.STORE]
        case "network_fees":
            day.network_fees_fen -= network_fen
        case _:
            pass
    day.written_off_fen += moved[Account.WRITTEN_OFF]
    ended_fen = sum(
        posting.amount_fen
        for posting in entry.postings
        if posting.account is Account.GUARANTEE_HELD and posting.side is Side.CREDIT
    )
    if entry.kind == "hold_lapsed":
        day.lapsed_fen += ended_fen
    elif ended_fen:
        day.released_fen += ended_fen - max(0, network_fen)


def _take_form(story: LedgerStory, entry: Entry, moved: dict[Account, int], at: datetime) -> None:
    money = story.forms.setdefault(entry.form_id, FormMoney())
    before_fen = money.unsecured_fen
    money.owed_fen += moved[Account.ADVANCE]
    money.held_fen += moved[Account.GUARANTEE_HELD]
    story.outstanding_fen += moved[Account.ADVANCE]
    story.unsecured_fen += money.unsecured_fen - before_fen
    money.last_at = at
    if entry.kind == "advance" and money.advanced_at is None:
        money.advanced_at = at
    elif entry.kind == "refund":
        money.refunded_at = at
