"""A past day of a rehearsal gone back to, with one thing changed, as a rehearsal of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path

from refund.core.calendar import day_of, end_of_day
from refund.core.errors import Refused
from refund.core.parameters import the_parameter
from refund.core.policy import AddedRule, Rule
from refund.gateways.clock import SystemIds
from refund.gateways.keyless import Keyless
from refund.ports import Storage
from refund.sandbox.faults import NAMES, Fault, FaultPlan
from refund.sandbox.store import BookFile
from refund.simulation.lab_book import LabBook, open_lab_book
from refund.simulation.rehearsal.snapshots import BOOK, DATABASE, Snapshot, put_back
from refund.storage import open_storage
from refund.timepiece import Timepiece
from refund.transaction import Transaction

CLOCK = "clock.json"
DAY_ENDS_BEFORE = timedelta(seconds=1)
"""A day's end is its last second."""

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
"""What a rehearsal can be called: it names a folder."""

OF_CARDS = {
    name: known.told for name, known in NAMES.items() if known.group in {"holds", "payouts"}
}
"""What a card can do to whoever holds on it or pays to it, and what says so in English."""

OF_NETWORK = {name: known.told for name, known in NAMES.items()}
"""What can go wrong in the network, and what says so in English."""

_SOURCE = "changed in a rehearsal"


class Kind(Enum):
    """What can be changed in a fork."""

    NOTHING = ""
    RULE = "rule"
    FAULT = "fault"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was: which, and what it is now.

    A rule is named by its parameter; a fault by its name, with how often it happens, "" for
    always; a card by its last four digits, with what it does from now on.
    """

    kind: Kind = Kind.NOTHING
    name: str = ""
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}={self.value}" if self.kind.value else ""

    def check(self) -> None:
        """Let a change pass that can be made.

        Raises:
            Refused: `parameter_unknown`, `value_unreadable`, `value_out_of_range`,
                `choice_unknown`.
        """
        match self.kind:
            case Kind.RULE:
                the_parameter(self.name).read(self.value, "value")
            case Kind.FAULT | Kind.CARD:
                self.fault()
            case Kind.NOTHING:
                pass

    def fault(self) -> Fault:
        """The fault that is switched on.

        Raises:
            Refused: `choice_unknown`.
        """
        try:
            if self.kind is Kind.CARD:
                return Fault(self.value, last4=self.name)
            return Fault(self.name, times=int(self.value) if self.value else None)
        except ValueError:
            known = [*(OF_CARDS if self.kind is Kind.CARD else OF_NETWORK)]
            field = "card" if self.kind is Kind.CARD else "times"
            raise Refused("choice_unknown", field, known=known) from None


def read_change(text: str) -> Change:
    """Read what was typed: `promise_days=28`, `fault answer_lost=3`, `card 1111=capture_declined`.

    Raises:
        Refused: as `Change.check`.
    """
    first, _, rest = text.strip().partition(" ")
    kinds = {kind.value: kind for kind in Kind if kind.value}
    kind = kinds.get(first, Kind.RULE if text.strip() else Kind.NOTHING)
    name, _, value = (rest if first in kinds else text).partition("=")
    change = Change(kind, name.strip(), value.strip())
    change.check()
    return change


def check_name(rehearsals: Path, name: str) -> Path:
    """The folder of a rehearsal that is not there yet.

    Raises:
        Refused: `field_unreadable`, `rehearsal_known`.
    """
    if NAME.fullmatch(name) is None:
        raise Refused("field_unreadable", "name")
    if (rehearsals / name).exists():
        raise Refused("rehearsal_known", "name", name=name)
    return rehearsals / name


def fork(snapshot: Snapshot, origin: LabBook, folder: Path, change: Change) -> datetime:
    """Begin a rehearsal of its own from a day's end; its clock stands there. What time it is.

    Raises:
        Refused: as `Change.check`; nothing was made then.
    """
    change.check()
    put_back(snapshot, folder)
    at = end_of_day(snapshot.day) - DAY_ENDS_BEFORE
    Timepiece(folder / CLOCK).set(at)
    _make(change, folder, at)
    told = origin.facts()
    told |= {
        "name": folder.name,
        "began_at": at.isoformat(),
        "forked_from": f"{told.get('name', '')}@{snapshot.day}",
        "changed": str(change),
    }
    with open_lab_book(folder) as book:
        book.tell(**told)
    return at


def _make(change: Change, folder: Path, at: datetime) -> None:
    """Write the one change into the fork's books."""
    match change.kind:
        case Kind.RULE:
            _add_rule(change, folder, at)
        case Kind.FAULT | Kind.CARD:
            file = BookFile(str(folder / BOOK))
            try:
                FaultPlan(file, lambda: at).switch_on(change.fault())
            finally:
                file.close()
        case Kind.NOTHING:
            pass


def _add_rule(change: Change, folder: Path, at: datetime) -> None:
    """Add the row by the rule of the table: it counts from the next day on."""
    value = the_parameter(change.name).read(change.value, "value")
    database = open_storage(f"sqlite:///{folder / DATABASE}", Keyless())
    try:
        put_rules(database, {change.name: value}, day_of(at) + timedelta(days=1), at)
    finally:
        database.close()


def put_rules(storage: Storage, rules: Mapping[str, int], first_day: date, at: datetime) -> None:
    """Let values of the table of rules count from a day on, in a rehearsal."""
    rows = [
        AddedRule(SystemIds().event_id(), Rule(name, value, first_day, _SOURCE, "D"), at, "trainer")
        for name, value in rules.items()
    ]

    def write(tx: Transaction) -> None:
        for row in rows:
            tx.add_rule(row)

    storage.write(write)
