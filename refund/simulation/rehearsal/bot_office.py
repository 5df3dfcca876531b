"""The bots of the agency's office: exits settled, cases seen to, tills filled, months closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.people import Actor
from refund.core.places import PORTS
from refund.core.till import Till
from refund.ports import NetworkSilent, Ports
from refund.simulation.rehearsal.roster import Roster
from refund.simulation.runs import desk_work
from refund.transaction import Transaction

Doing = Callable[[Ports, Actor, Actor], int]


def _departed(ports: Ports, first: Actor, _: Actor) -> int:
    return len(desk_work.settle_departed(ports, first))


def _broken(ports: Ports, first: Actor, _: Actor) -> int:
    return len(desk_work.settle_broken(ports, first))


def _cases(ports: Ports, first: Actor, second: Actor) -> int:
    return desk_work.see_to_cases(ports, desk_work.Desk(first, second))


def _months(ports: Ports, first: Actor, _: Actor) -> int:
    if day_of(ports.clock.now()).day < desk_work.MONTH_CLOSES:
        return 0
    return len(desk_work.close_months(ports, first)) + desk_work.record_payments(ports, first)


def _tills(ports: Ports, first: Actor, _: Actor) -> int:
    for code in PORTS:
        if ports.storage.read(partial(_till_of, code=code)) is None:
            desk_work.fill_till(ports, first, code)
    return 0


def _till_of(tx: Transaction, code: str) -> Till | None:
    return tx.open_till(code)


DUTIES: tuple[tuple[str, timedelta, Doing], ...] = (
    ("departed", timedelta(minutes=10), _departed),
    ("broken", timedelta(hours=1), _broken),
    ("cases", timedelta(hours=1), _cases),
    ("tills", timedelta(hours=12), _tills),
    ("months", timedelta(hours=12), _months),
)
"""What is done in the office, and how often by the rehearsal's clock."""


class Office:
    """Does the duties that are due, while no person sits in the office."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._done_at: dict[str, datetime] = {}

    def go(self, roster: Roster, now: datetime) -> int:
        """Do what is due now; how many things were settled."""
        first, second = roster.operator(), roster.second_operator()
        if first is None or second is None:
            return 0
        done = 0
        for name, every, do in DUTIES:
            last = self._done_at.get(name)
            if last is not None and last <= now < last + every:
                continue
            self._done_at[name] = now
            try:
                done += do(self._ports, first, second)
            except (Refused, NetworkSilent):
                # It is done again when it is due the next time.
                continue
        return done
