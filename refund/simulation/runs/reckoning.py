"""The rows of a results file: forms, days, desks, cases and figures, from books and tally."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from math import fsum
from typing import Any

from refund.core.calendar import SHANGHAI, end_of_day
from refund.core.case import Case
from refund.core.form import ENDED, Form
from refund.core.ledger import Account
from refund.core.store import Store
from refund.ports import Ports
from refund.services import settle
from refund.simulation.runs.ledger_story import DayMoney, FormMoney, LedgerStory
from refund.simulation.runs.results import quantile
from refund.simulation.runs.tally import Marks, Tally
from refund.simulation.world.desk import Desk
from refund.simulation.world.plans import DeskKind, Shift
from refund.transaction import Transaction

BATCH = 1_000
HOUR_S = 3600.0
_SOME_DAY = date(2026, 1, 1)

Row = Mapping[str, Any]

_NOTHING_MARKED = Marks()
_NO_MONEY = FormMoney()


@dataclass(slots=True)
class Counted:
    """What is added up over all forms while their rows are written."""

    forms: int = 0
    instant: int = 0
    net_fen: int = 0
    scan_to_money_s: list[float] = field(default_factory=list)
    by_status: Counter[str] = field(default_factory=Counter)
    by_day: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    by_store: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))


@dataclass(frozen=True, slots=True)
class Reckoning:
    """All that the rows are made of.

    Args:
        ports: of the world, to look alone.
        first: the first day.
        last: the last day of the run.
        story: what the ledger says.
        open_cases: at the end of each day.
        shopping_days: on how many days people bought.
        numbers: of forms by their ids, filled while forms are read.
    """

    ports: Ports
    first: date
    last: date
    story: LedgerStory
    tally: Tally
    desks: Sequence[Desk]
    open_cases: Mapping[date, int]
    shopping_days: int
    counted: Counted = field(default_factory=Counted)
    numbers: dict[str, str] = field(default_factory=dict)

    def forms(self) -> Iterator[Row]:
        """Every form, in the order of their numbers."""
        after, last = f"{self.first:%y%m%d}", f"{self.last:%y%m%d}999999999"
        while True:
            batch = self.ports.storage.read(partial(_forms_after, after=after, last=last))
            for form in batch:
                yield self._form(form)
            if len(batch) < BATCH:
                return
            after = batch[-1].form_number

    def _form(self, form: Form) -> Row:
        marks = self.tally.marks.get(form.form_id, _NOTHING_MARKED)
        money = self.story.forms.get(form.form_id, _NO_MONEY)
        self._count(form, marks, money)
        self.numbers[form.form_id] = form.form_number
        ended_at = money.last_at or marks.verified_at if form.status in ENDED else None
        amounts = form.amounts
        return {
            "form_number": form.form_number,
            "store_number": form.store_number,
            "day": form.issue_day.isoformat(),
            "channel": form.channel.value,
            "status": form.status.value,
            "gross_fen": amounts.gross_fen,
            "fee_fen": amounts.fee_fen,
            "net_fen": amounts.net_fen,
            "issued_at": _iso(form.issued_at),
            "scanned_at": _iso(marks.scanned_at),
            "paid_at": _iso(money.advanced_at),
            "refunded_at": _iso(money.refunded_at),
            "verified_at": _iso(marks.verified_at),
            "left_at": _iso(marks.left_at),
            "ended_at": _iso(ended_at),
        }

    def _count(self, form: Form, marks: Marks, money: FormMoney) -> None:
        counted, net_fen = self.counted, form.amounts.net_fen
        counted.forms += 1
        counted.instant += form.channel.value == "instant"
        counted.net_fen += net_fen
        counted.by_status[form.status.value] += 1
        for sums in (counted.by_day[form.issue_day], counted.by_store[form.store_number]):
            sums[0] += 1
            sums[1] += net_fen
        if marks.scanned_at is not None and money.advanced_at is not None:
            counted.scan_to_money_s.append((money.advanced_at - marks.scanned_at).total_seconds())

    def days(self) -> Iterator[Row]:
        """Every day of the run."""
        day = self.first
        while day <= self.last:
            money = self.story.days.get(day, DayMoney())
            issued, net_fen = self.counted.by_day.get(day, (0, 0))
            yield {
                "day": day.isoformat(),
                "issued": issued,
                "issued_net_fen": net_fen,
                **{name: getattr(money, name) for name in DayMoney.__slots__},
                "open_cases": self.open_cases.get(day, 0),
            }
            day += timedelta(days=1)

    def stores(self) -> Iterator[Row]:
        """Every store of the register."""
        stores: list[Store] = self.ports.storage.read(lambda tx: tx.stores())
        for store in stores:
            forms, net_fen = self.counted.by_store.get(store.store_number, (0, 0))
            name = store.name_en or store.name_zh
            yield {"number": store.store_number, "name": name, "forms": forms, "net_fen": net_fen}

    def cases(self) -> Iterator[Row]:
        """Every case, in the order of their opening."""
        for number, case in enumerate(self._cases(), 1):
            yield {
                "number": number,
                "kind": case.kind.value,
                "form_number": self.numbers.get(case.form_id),
                "amount_fen": case.amount_fen,
                "opened_at": _iso(case.opened_at),
                "closed_at": _iso(case.closed_at),
                "closed_by": case.closed_by,
                "fix": case.fix.value if case.fix else "",
            }

    def _cases(self) -> Iterator[Case]:
        after = (end_of_day(self.first - timedelta(days=1)), "")
        end = end_of_day(self.last)
        while True:
            batch = self.ports.storage.read(partial(_cases_after, after=after, end=end))
            yield from batch
            if len(batch) < BATCH:
                return
            after = (batch[-1].opened_at, batch[-1].case_id)

    def settlements(self) -> Iterator[Row]:
        """Every month that was closed, the oldest first."""
        for view in reversed(settle.months(self.ports).months):
            closed, payment = view.settlement, view.payment
            if closed is None:
                continue
            totals = closed.totals
            yield {
                "month": str(closed.month),
                "number": closed.number,
                "closed_at": _iso(closed.closed_at),
                "lines": totals.line_count,
                "gross_fen": totals.gross_fen,
                "fee_fen": totals.fee_fen,
                "net_fen": totals.net_fen,
                "paid_on": None if payment is None else payment.paid_on.isoformat(),
            }

    def refusals(self) -> Iterator[Row]:
        """Every refusal's code, with how often it was told."""
        for code, times in sorted(self.tally.refusals.items()):
            yield {"code": code, "times": times}


def _forms_after(tx: Transaction, after: str, last: str) -> list[Form]:
    return tx.forms_numbered(after, last, BATCH)


def _cases_after(tx: Transaction, after: tuple[datetime, str], end: datetime) -> list[Case]:
    return tx.cases_after(after, end, BATCH)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number for the whole run; None where nothing was measured."""

    name: str
    value: float | None
    unit: str
    meaning: str


def figures_of(reckoning: Reckoning, settled: Sequence[Row], cases: int) -> list[Figure]:
    """The figures, once all forms were counted."""
    counted, story = reckoning.counted, reckoning.story
    days = story.days.values()

    def total(name: str) -> int:
        return sum(getattr(day, name) for day in days)

    # By Little's law: what is owed over time, for each day of buying.  It is what a world that goes
    # on like this comes to, and so can be above the peak of a run of few days.
    steady_fen = story.exposure_fen_days / reckoning.shopping_days
    found = [
        Figure("forms", counted.forms, "number", "Forms issued"),
        Figure("forms_instant", counted.instant, "number", "Of these, for the instant refund"),
        Figure("issued_net_fen", counted.net_fen, "fen", "What the forms were worth to travellers"),
        Figure("paid_fen", total("paid_fen"), "fen", "Advances paid"),
        Figure("captured_fen", total("captured_fen"), "fen", "Charged to cards"),
        Figure("refunded_ordinary_fen", total("refunded_fen"), "fen", "Ordinary refunds"),
        Figure("released_fen", total("released_fen"), "fen", "Holds given back"),
        Figure("lapsed_fen", total("lapsed_fen"), "fen", "Holds that ended by themselves"),
        Figure("written_off_fen", total("written_off_fen"), "fen", "Given up"),
        Figure("network_fees_fen", total("network_fees_fen"), "fen", "Fees of the network"),
        Figure("fees_earned_fen", -story.balances[Account.FEE], "fen", "Fees of the agency"),
        Figure("exposure_peak_fen", story.exposure_peak_fen, "fen", "Most that travellers owed"),
        Figure("exposure_steady_fen", steady_fen, "fen", "Owed in the long run, were it so"),
        Figure("unsecured_peak_fen", story.unsecured_peak_fen, "fen", "Most that no hold covered"),
        Figure("unsecured_days", story.unsecured_days, "days", "While anything was uncovered"),
        *_spans("scan_to_money", counted.scan_to_money_s, "From the first scan to the money"),
        *_of_desks(reckoning.desks, reckoning.shopping_days),
        Figure("refusals", sum(reckoning.tally.refusals.values()), "number", "Refusals told"),
        Figure("cases_opened", cases, "number", "Cases opened"),
        Figure("settled_gross_fen", _sum(settled, "gross_fen"), "fen", "Claimed of the treasury"),
        Figure("settled_net_fen", _sum(settled, "net_fen"), "fen", "Of it, what travellers got"),
    ]
    found += [
        Figure(f"forms_{status}", times, "number", f"Forms that stood as {status} at the end")
        for status, times in sorted(counted.by_status.items())
    ]
    return found


def _sum(rows: Sequence[Row], name: str) -> int:
    return sum(row[name] for row in rows)


def _spans(name: str, seconds: list[float], meaning: str) -> Iterator[Figure]:
    """Half of some spans, and 95 of 100 of them, were no longer than this."""
    ordered = sorted(seconds)
    yield Figure(f"{name}_p50_s", quantile(ordered, 0.5), "s", f"{meaning}: half, at most")
    yield Figure(f"{name}_p95_s", quantile(ordered, 0.95), "s", f"{meaning}: 95 of 100, at most")


def desk_rows(desks: Sequence[Desk], days: int) -> Iterator[Row]:
    """Every desk, with its waits and its times over the days on which people bought."""
    for desk in desks:
        waits = sorted(visit.wait_s for visit in desk.visits)
        yield {
            "name": desk.name,
            "kind": desk.plan.kind.value,
            "staff": max((desk.plan.staff_at(_begins(one)) for one in desk.plan.shifts), default=0),
            "served": len(waits),
            "left": desk.gave_up + desk.sent_home,
            "wait_p50_s": quantile(waits, 0.5),
            "wait_p95_s": quantile(waits, 0.95),
            "wait_mean_s": fsum(waits) / len(waits) if waits else None,
            "serving_s": fsum(visit.busy_s for visit in desk.visits),
            "open_s": desk.plan.staff_s_a_day * days,
        }


def _begins(shift: Shift) -> datetime:
    return datetime.combine(_SOME_DAY, shift.begins, SHANGHAI)


def desk_hour_rows(desks: Sequence[Desk]) -> Iterator[Row]:
    """Every desk's visits by the hour of the day in which people came."""
    for desk in desks:
        hours: dict[int, list[float]] = defaultdict(list)
        for visit in desk.visits:
            hours[visit.arrived.astimezone(SHANGHAI).hour].append(visit.wait_s)
        for hour, waits in sorted(hours.items()):
            mean_s = fsum(waits) / len(waits)
            yield {"desk": desk.name, "hour": hour, "served": len(waits), "wait_mean_s": mean_s}


_WAITS: Sequence[tuple[DeskKind, str]] = (
    (DeskKind.COUNTER, "Wait at the stores' counters"),
    (DeskKind.POINT, "Wait at the refund point"),
    (DeskKind.CUSTOMS, "Wait at the customs desks"),
    (DeskKind.AGENCY, "Wait at the agency's counters"),
)


def _of_desks(desks: Sequence[Desk], days: int) -> Iterator[Figure]:
    for kind, meaning in _WAITS:
        waits = [one.wait_s for desk in desks if desk.plan.kind is kind for one in desk.visits]
        yield from _spans(f"{kind.value}_wait", waits, meaning)
    open_s = sum(desk.plan.staff_s_a_day * days for desk in desks)
    yield Figure("staff_hours", open_s / HOUR_S, "hours", "Time in which staff stood at desks")
    away = sum(desk.gave_up + desk.sent_home for desk in desks)
    yield Figure("queues_left", away, "number", "People who left a queue without being served")


def day_span(first: date, last: date) -> tuple[datetime, datetime]:
    """The first moment of a day, and the one after the last moment of another."""
    return end_of_day(first - timedelta(days=1)), end_of_day(last)
