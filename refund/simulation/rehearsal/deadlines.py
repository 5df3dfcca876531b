"""What time will do next in a rehearsal: the moments to which the clock can be taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from refund.core.calendar import day_of, end_of_day
from refund.core.form import Form, Status
from refund.core.guarantee import (
    ALERT_BEFORE_END,
    CHARGE_BEFORE_END,
    EXTEND_BEFORE_END,
    last_charge,
)
from refund.core.ledger import Account, Entry, Side
from refund.core.operation import Guarantee
from refund.ports import Ports
from refund.services.rules import rules_of
from refund.simulation.runs.desk_work import next_closing
from refund.transaction import Transaction

LOOKED_AT = 200
"""Holds and forms that are looked at, the first to end first."""

PROMISED = (Status.ADVANCED, Status.VERIFIED, Status.VERIFIED_PARTLY, Status.CUSTOMS_REFUSED)
"""States in which somebody promised to leave."""

FAR = datetime(2200, 1, 1, tzinfo=UTC)


class What(Enum):
    """What happens at a moment."""

    EXTENSION = "extension"
    ALERT = "alert"
    CHARGE_IN_TIME = "charge_in_time"
    HOLD_ENDS = "hold_ends"
    PROMISE_ENDS = "promise_ends"
    LAST_CHARGE = "last_charge"
    MONTH_CLOSES = "month_closes"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment, what happens at it, to which form first, and to how many forms; 0 for none."""

    at: datetime
    what: What
    form_number: str = ""
    count: int = 0


def deadlines(ports: Ports, most: int) -> list[Deadline]:
    """What comes next, the nearest first; what is over or happens at this moment is left out."""
    now = ports.clock.now()

    def read(tx: Transaction) -> list[Deadline]:
        found = [Deadline(next_closing(now).astimezone(UTC), What.MONTH_CLOSES)]
        for guarantee in tx.holds_ending(FAR, LOOKED_AT):
            form = tx.form(guarantee.form_id)
            if form is not None:
                found += _of_hold(guarantee, form)
        for form in tx.forms_in(PROMISED, LOOKED_AT):
            found += _of_promise(tx, ports, form)
        return found

    ahead = {one for one in ports.storage.read(read) if one.at > now}
    together: dict[tuple[datetime, What], Deadline] = {}
    for one in sorted(ahead, key=lambda one: (one.at, one.what.value, one.form_number)):
        first = together.setdefault((one.at, one.what), one)
        together[one.at, one.what] = replace(first, count=first.count + bool(one.form_number))
    return list(together.values())[:most]


def _of_hold(guarantee: Guarantee, form: Form) -> list[Deadline]:
    ends, number = guarantee.expires_at, form.form_number
    found = [Deadline(ends, What.HOLD_ENDS, number)]
    if form.status not in PROMISED:
        return found
    is_short = guarantee.needed_until is not None and ends < guarantee.needed_until
    if is_short and guarantee.extendable:
        found.append(Deadline(ends - EXTEND_BEFORE_END, What.EXTENSION, number))
    if is_short:
        found.append(Deadline(ends - ALERT_BEFORE_END, What.ALERT, number))
    if form.depart_by < day_of(ends):
        found.append(Deadline(ends - CHARGE_BEFORE_END, What.CHARGE_IN_TIME, number))
    return found


def _of_promise(tx: Transaction, ports: Ports, form: Form) -> list[Deadline]:
    over = end_of_day(form.depart_by)
    working_days = rules_of(tx, form).capture_working_days
    last = last_charge(form.depart_by, working_days, ports.workdays.is_working_day)
    return [
        Deadline(over, What.PROMISE_ENDS, form.form_number),
        Deadline(last - timedelta(hours=12), What.LAST_CHARGE, form.form_number),
    ]


@dataclass(frozen=True, slots=True)
class Happened:
    """What the books say of a span of time: a kind of entry, how many, and their sum."""

    kind: str
    count: int
    amount_fen: int


MEMORANDUM = frozenset({Account.GUARANTEE_HELD, Account.GUARANTEE_GIVEN})
ENTRIES_MAX = 5_000


def happened(ports: Ports, start: datetime, end: datetime) -> list[Happened]:
    """What was posted within a span of time, in the order of its first happening."""
    entries = ports.storage.read(lambda tx: tx.entries_between(start, end, ENTRIES_MAX))
    sums: dict[str, Happened] = {}
    for entry in entries:
        before = sums.get(entry.kind, Happened(entry.kind, 0, 0))
        sums[entry.kind] = Happened(
            entry.kind, before.count + 1, before.amount_fen + _amount_of(entry)
        )
    return list(sums.values())


def _amount_of(entry: Entry) -> int:
    """What an entry moved: money where some did, else what is on hold at the card."""
    debits = [one for one in entry.postings if one.side is Side.DEBIT]
    money = [one.amount_fen for one in debits if one.account not in MEMORANDUM]
    return sum(money or [one.amount_fen for one in debits])
