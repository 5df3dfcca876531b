"""The month's settlement: what is claimed of the treasury, closed once, paid, and corrected."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from refund.core import ledger
from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.people import Actor
from refund.core.settlement import (
    NO_TOTALS,
    Digest,
    Month,
    Prepared,
    SettledLine,
    Settlement,
    Totals,
    TreasuryPayment,
    check_order,
    month_of,
    settlement_number,
)
from refund.ports import Ports
from refund.services.life import By, note, read_reason
from refund.services.rules import rules_for
from refund.transaction import Transaction

BATCH = 2_000
"""Lines that are in memory at once."""


class MonthState(Enum):
    """How far a month is: it runs, waits for the month before it, can be closed, is closed.

    There is nothing of a month that was over before the first claim.
    """

    NOTHING = "nothing"
    RUNNING = "running"
    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class MonthView:
    """A month as the agency sees it.

    Args:
        due_on: the last day on which it is settled in time.
        is_overdue: that day is over and the month is not closed, or it was closed late.
        totals: of its lines; of a month that is open, count and gross alone.
    """

    month: Month
    state: MonthState
    due_on: date
    is_overdue: bool
    totals: Totals
    settlement: Settlement | None
    payment: TreasuryPayment | None


@dataclass(frozen=True, slots=True)
class MonthBook:
    """Every month from the first claim until now, newest first."""

    months: tuple[MonthView, ...]
    owed_fen: int

    @property
    def overdue(self) -> tuple[MonthView, ...]:
        """Months that should have been closed."""
        return tuple(one for one in self.months if one.is_overdue and one.settlement is None)


def months(ports: Ports) -> MonthBook:
    """Every month with its state, and what the treasury owes in all."""
    now = ports.clock.now()

    def read(tx: Transaction) -> MonthBook:
        closed = {one.month: one for one in tx.settlements()}
        paid = {one.month: one for one in tx.treasury_payments()}
        following = _following(tx)
        found: list[MonthView] = []
        month = min((*closed, following or month_of(now)))
        running = _by_month(tx.open_hours(), following or month)
        while month <= month_of(now):
            settlement = closed.get(month)
            totals = running.get(month, NO_TOTALS) if settlement is None else settlement.totals
            found.append(_view(tx, month, following, now, (totals, settlement, paid.get(month))))
            month = month.following
        owed_fen = tx.balances()[ledger.Account.TREASURY.value]
        return MonthBook(tuple(reversed(found)), owed_fen)

    return ports.storage.read(read)


_Known = tuple[Totals, Settlement | None, TreasuryPayment | None]


def _view(
    tx: Transaction, month: Month, following: Month | None, now: datetime, known: _Known
) -> MonthView:
    totals, settlement, payment = known
    settle_by_day = rules_for(tx, month.following.first_day).settle_by_day
    due_day = month.due_on(settle_by_day)
    if settlement is not None:
        state = MonthState.CLOSED if payment is None else MonthState.PAID
        is_overdue = settlement.is_late(settle_by_day)
    else:
        is_turn = month == following
        is_over = now >= month.end
        is_before = following is None or month < following
        state = MonthState.NOTHING if is_before else MonthState.WAITING
        state = MonthState.OPEN if is_turn else state
        state = state if is_over else MonthState.RUNNING
        # A month before the first claim has nothing to settle, so nothing of it can be late.
        is_overdue = following is not None and month >= following and day_of(now) > due_day
    return MonthView(month, state, due_day, is_overdue, totals, settlement, payment)


def _following(tx: Transaction) -> Month | None:
    """The month whose turn it is to be closed; None while nothing was ever confirmed."""
    closed = tx.settlements()
    if closed:
        return closed[-1].month.following
    first = tx.first_claim_day()
    return None if first is None else Month(first.year, first.month)


def months_to_close(tx: Transaction, now: datetime) -> list[Month]:
    """The months that are over and not closed, oldest first."""
    month = _following(tx)
    found: list[Month] = []
    while month is not None and now >= month.end:
        found.append(month)
        month = month.following
    return found


def due_on(tx: Transaction, month: Month) -> date:
    """The last day on which a month is settled in time."""
    return month.due_on(rules_for(tx, month.following.first_day).settle_by_day)


def _by_month(hours: Mapping[str, Totals], following: Month) -> dict[Month, Totals]:
    """What is open, by the month in which it will be claimed."""
    found: dict[Month, Totals] = {}
    for hour, totals in hours.items():
        month = max(month_of(datetime.fromisoformat(f"{hour}:00:00+00:00")), following)
        found[month] = found.get(month, NO_TOTALS) + totals
    return found


@dataclass(frozen=True, slots=True)
class StoreSum:
    """What one store's forms claim in a month."""

    store_number: int
    name_zh: str
    name_en: str
    totals: Totals


@dataclass(frozen=True, slots=True)
class MonthPage:
    """A month with some of its lines; before the closing, as it would be closed now.

    Args:
        lines: those whose position is beyond the one that was asked for.
        settled_fen: what all months till this one claim, this one included.
        ledger_fen: what the ledger says of it; the month closes only when both are equal.
        names: the staff's names by label.
    """

    view: MonthView
    total: Totals
    by_store: tuple[StoreSum, ...]
    by_way: Mapping[str, Totals]
    lines: tuple[SettledLine, ...]
    settled_fen: int
    ledger_fen: int
    names: Mapping[str, str]


def month_page(ports: Ports, month: Month, after: int = 0, limit: int = 100) -> MonthPage:
    """A month with its sums and a part of its lines."""
    now = ports.clock.now()

    def read(tx: Transaction) -> MonthPage:
        settlement = tx.settlement(month)
        payments = {one.month: one for one in tx.treasury_payments()}
        is_closed = settlement is not None
        sums = tx.settled_sums(month) if is_closed else tx.open_sums(month)
        lines = (tx.settled_lines if is_closed else tx.open_lines)(month, after, limit)
        total = sum(sums.values(), NO_TOTALS)
        known = (total, settlement, payments.get(month))
        settled_fen = tx.settled_gross_fen()
        return MonthPage(
            view=_view(tx, month, _following(tx), now, known),
            total=total,
            by_store=_by_store(tx, sums),
            by_way=_by_way(sums),
            lines=tuple(lines),
            settled_fen=settled_fen if is_closed else settled_fen + total.gross_fen,
            ledger_fen=tx.treasury_claims_fen(month.end),
            names={one.actor.label: one.actor.name for one in tx.staff_register()},
        )

    return ports.storage.read(read)


def _by_store(tx: Transaction, sums: Mapping[tuple[int, str], Totals]) -> tuple[StoreSum, ...]:
    stores = {store.store_number: store for store in tx.stores()}
    found: dict[int, Totals] = {}
    for (number, _), totals in sums.items():
        found[number] = found.get(number, NO_TOTALS) + totals
    return tuple(
        StoreSum(number, stores[number].name_zh, stores[number].name_en, totals)
        for number, totals in sorted(found.items())
    )


def _by_way(sums: Mapping[tuple[int, str], Totals]) -> dict[str, Totals]:
    found: dict[str, Totals] = {}
    for (_, way), totals in sums.items():
        found[way] = found.get(way, NO_TOTALS) + totals
    return found


def lines_of(ports: Ports, month: Month) -> Iterator[SettledLine]:
    """Every line of a month, a batch at a time; of a month that is open, as it stands now."""
    is_closed = ports.storage.read(lambda tx: tx.settlement(month)) is not None
    if not is_closed:
        yield from ports.storage.read(lambda tx: list(_batches(tx, month)))
        return
    after = 0
    while True:
        batch = ports.storage.read(_part(month, after))
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1].position


def _part(month: Month, after: int) -> Callable[[Transaction], list[SettledLine]]:
    return lambda tx: tx.settled_lines(month, after, BATCH)


def _batches(tx: Transaction, month: Month) -> Iterator[SettledLine]:
    after = 0
    while batch := tx.open_lines(month, after, BATCH):
        yield from batch
        after = batch[-1].position


def close_month(
    ports: Ports, actor: str, month: Month, prepared: Prepared | None = None
) -> Settlement:
    """Close a month, once: its lines are written out, and nothing of it changes any more.

    What was prepared is taken as it is while its lines are the ones that are written, so that
    others need not wait; else it is made anew.

    Raises:
        Refused: `month_closed`, `month_not_over`, `month_out_of_order`; `settlement_differs` when
            the lines and the ledger do not agree, and then nothing is closed.

    Source: SAT 41/2015 (monthly settlement); confirmed refunds only is a project decision.
    """

    def close(tx: Transaction) -> Settlement:
        now = ports.clock.now()
        check_order(month, _following(tx), now)
        tx.settle_lines(month)
        found = prepared
        if found is None or found.marks != tx.settled_marks(month):
            found = _digested(tx, month)
        settled_fen, ledger_fen = tx.settled_gross_fen(), tx.treasury_claims_fen(month.end)
        if settled_fen != ledger_fen:
            raise Refused("settlement_differs", settled_fen=settled_fen, ledger_fen=ledger_fen)
        settlement = Settlement(
            month=month,
            number=settlement_number(month),
            closed_at=now,
            closed_by=actor,
            totals=found.totals,
            digest=found.digest,
        )
        tx.add_settlement(settlement)
        note(tx, ports, "month_closed", By(actor, now), detail=settlement.number)
        return settlement

    return ports.storage.write(close)


def _digested(tx: Transaction, month: Month) -> Prepared:
    """What the lines come to that have just been written."""
    digest, after = Digest(settlement_number(month)), 0
    while batch := tx.settled_lines(month, after, BATCH):
        digest.add(batch)
        after = batch[-1].position
    return digest.prepared(0)


@dataclass(frozen=True, slots=True)
class Received:
    """What came from the treasury for a month, fen, and on which day."""

    amount_fen: int
    paid_on: date
    note: str = ""


def record_payment(ports: Ports, actor: str, month: Month, received: Received) -> TreasuryPayment:
    """Record that the treasury paid a month, once, and exactly what the month claims.

    A month whose corrections outweigh its claims is paid back to the treasury, by the same sum.

    Raises:
        Refused: `month_not_closed`, `payment_recorded`, `payment_differs`, `date_in_future`,
            `paid_before_closing`.

    Source: project decision.
    """

    def write(tx: Transaction) -> TreasuryPayment:
        now = ports.clock.now()
        settlement = tx.settlement(month)
        if settlement is None:
            raise Refused("month_not_closed", month=str(month))
        if any(one.month == month for one in tx.treasury_payments()):
            raise Refused("payment_recorded")
        claimed_fen = settlement.totals.gross_fen
        if received.amount_fen != abs(claimed_fen) or not claimed_fen:
            raise Refused("payment_differs", "amount", claimed_fen=claimed_fen)
        if received.paid_on > day_of(now):
            raise Refused("date_in_future", "paid_on")
        if received.paid_on < day_of(settlement.closed_at):
            raise Refused("paid_before_closing", "paid_on", first=day_of(settlement.closed_at))
        payment = TreasuryPayment(month, claimed_fen, received.paid_on, now, actor, received.note)
        tx.add_treasury_payment(payment)
        tx.post(ledger.treasury_paid_entry(settlement.number, claimed_fen), 0, actor, now)
        note(tx, ports, "treasury_paid", By(actor, now), detail=settlement.number)
        return payment

    return ports.storage.write(write)


def claim_of(ports: Ports, entry_key: str) -> SettledLine:
    """An entry that claims something of the treasury.

    Raises:
        Refused: `entry_not_claimed`, also for one that was corrected already.
    """
    return ports.storage.read(lambda tx: _the_claim(tx, entry_key))


def _the_claim(tx: Transaction, entry_key: str) -> SettledLine:
    claim = tx.claim(entry_key)
    if claim is None:
        raise Refused("entry_not_claimed")
    return claim


def withdraw_claim(ports: Ports, operator: Actor, entry_key: str, reason: str) -> SettledLine:
    """Take back what was claimed for a refund that should not have been confirmed.

    The entry is reversed, and what really moved is posted anew: the agency bears what it paid.
    A month that is closed stays as it is; the month that is open carries the line below zero.

    Returns:
        The claim as it was.

    Raises:
        Refused: `entry_not_claimed`; as `life.read_reason`.

    Source: project decision.
    """
    text = read_reason(reason)

    def write(tx: Transaction) -> SettledLine:
        now = ports.clock.now()
        claim = _the_claim(tx, entry_key)
        entries = (entry for entry, _, _ in tx.entries_of(claim.form_id))
        entry = next(one for one in entries if one.event_key == entry_key)
        for posted in (ledger.reversal(entry, text), ledger.unclaimed_entry(entry)):
            tx.post(posted, claim.store_number, operator.label, now)
        by = By(operator.label, now)
        note(tx, ports, "claim_withdrawn", by, form_id=claim.form_id, detail=text)
        return claim

    return ports.storage.write(write)
