"""A form's whole life on one line: every strand of it in the order in which it happened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from refund.core.case import Case, CaseEvent
from refund.core.ledger import Entry
from refund.core.matching import ExitRecord
from refund.core.operation import NetworkEvent, Operation
from refund.core.thread import Moved
from refund.core.trail import AuditEvent


class Strand(Enum):
    """Of what kind something is that happened to a form."""

    STEP = "step"
    MONEY = "money"
    NETWORK = "network"
    BORDER = "border"
    PAPER = "paper"
    CASE = "case"


BORDER = frozenset({"verify", "verify_partly", "refuse_at_customs"})
"""Changes of state that customs decide."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the card network, when it was asked or when it was answered."""

    operation: Operation
    is_answer: bool


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry of the ledger with who posted it."""

    entry: Entry
    actor: str


@dataclass(frozen=True, slots=True)
class OfCase:
    """Something that happened to a case of the form."""

    case: Case
    event: CaseEvent


Thing = AuditEvent | Posted | Asked | NetworkEvent | ExitRecord | OfCase


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened, and the money that it moved, where a step says so."""

    at: datetime
    strand: Strand
    thing: Thing
    moved: Moved | None = None

    @property
    def kind(self) -> str:
        """The name of what it is."""
        return _NAMES[type(self.thing)]


_NAMES: Mapping[type, str] = {
    AuditEvent: "event",
    Posted: "posted",
    Asked: "asked",
    NetworkEvent: "told",
    ExitRecord: "left",
    OfCase: "case",
}
_ORDER = tuple(_NAMES)
"""What happened at one moment stands in this order."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that is known of a form's life, strand by strand."""

    events: Iterable[AuditEvent]
    moved: Mapping[str, Moved]
    entries: Iterable[tuple[Entry, datetime, str]]
    operations: Iterable[Operation]
    notices: Iterable[NetworkEvent]
    exits: Iterable[ExitRecord]
    cases: Iterable[tuple[Case, CaseEvent]]


def line_of(parts: Parts) -> tuple[Item, ...]:
    """All strands in one line, oldest first."""
    items = [
        *(Item(one.at, _strand(one), one, parts.moved.get(one.event_id)) for one in parts.events),
        *(Item(at, Strand.MONEY, Posted(entry, who)) for entry, at, who in parts.entries),
        *(
            Item(one.created_at, Strand.NETWORK, Asked(one, is_answer=False))
            for one in parts.operations
        ),
        *(
            Item(one.answered_at, Strand.NETWORK, Asked(one, is_answer=True))
            for one in parts.operations
            if one.answered_at is not None
        ),
        *(Item(one.received_at, Strand.NETWORK, one) for one in parts.notices),
        *(Item(one.exited_at, Strand.BORDER, one) for one in parts.exits),
        *(Item(event.at, Strand.CASE, OfCase(case, event)) for case, event in parts.cases),
    ]
    return tuple(sorted(items, key=lambda item: (item.at, _ORDER.index(type(item.thing)))))


def _strand(event: AuditEvent) -> Strand:
    if event.kind.endswith("_shown"):
        return Strand.PAPER
    return Strand.BORDER if event.kind in BORDER else Strand.STEP
