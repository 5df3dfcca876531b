"""The tills of the agency's counters: opened with a float, paid from, counted and closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from refund.core import ledger
from refund.core.errors import Refused
from refund.core.people import Actor
from refund.core.till import Receipt, Till, counted_fen
from refund.ports import Ports
from refund.services.life import By, note, read_reason
from refund.transaction import Transaction

NO_STORE = 0
"""The number under which the books keep what belongs to no store."""

TILLS_LISTED = 100


@dataclass(frozen=True, slots=True)
class TillView:
    """A till with what was paid out of it; `names` gives the staff's names by id."""

    till: Till
    receipts: tuple[Receipt, ...]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TillList:
    """The tills that were opened last, newest first."""

    tills: tuple[Till, ...]
    names: Mapping[str, str]

    @property
    def open_tills(self) -> tuple[Till, ...]:
        """Those that cash can be paid out of."""
        return tuple(till for till in self.tills if till.is_open)

    @property
    def closed_tills(self) -> tuple[Till, ...]:
        """Those that were counted."""
        return tuple(till for till in self.tills if not till.is_open)

    @property
    def closed_difference_fen(self) -> int:
        """What all counts together found too much, or too little."""
        return sum(till.difference_fen for till in self.closed_tills)


def till_list(ports: Ports) -> TillList:
    """The tills that were opened last."""

    def read(tx: Transaction) -> TillList:
        return TillList(tuple(tx.tills(TILLS_LISTED)), names_of(tx))

    return ports.storage.read(read)


def names_of(tx: Transaction) -> dict[str, str]:
    """The staff's names by id."""
    return {one.actor.staff_id: one.actor.name for one in tx.staff_register()}


def till_view(ports: Ports, till_id: str) -> TillView:
    """A till with what was paid out of it.

    Raises:
        Refused: `till_unknown`.
    """

    def read(tx: Transaction) -> TillView:
        till = _the_till(tx, till_id)
        return TillView(till, tuple(tx.receipts_of_till(till_id)), names_of(tx))

    return ports.storage.read(read)


def open_till(ports: Ports, operator: Actor, port: str, float_fen: int) -> Till:
    """Open the till of a port with the cash that it got.

    Raises:
        Refused: `till_already_open`.
    """

    def write(tx: Transaction) -> Till:
        now = ports.clock.now()
        if tx.open_till(port) is not None:
            raise Refused("till_already_open")
        till = Till(ports.ids.event_id(), port, now, operator.staff_id, float_fen)
        tx.add_till(till)
        entry = ledger.till_opened_entry(till.till_id, float_fen)
        tx.post(entry, NO_STORE, operator.label, now)
        note(tx, ports, "till_opened", By(operator.label, now), detail=f"{port} {till.till_id}")
        return till

    return ports.storage.write(write)


def close_till(
    ports: Ports, operator: Actor, till_id: str, pieces: Mapping[int, int], why: str = ""
) -> Till:
    """Close a till with its count: so many pieces of each denomination.

    `why` is what explains a difference.

    Raises:
        Refused: `till_unknown`, `till_not_open`; `till_difference` for a count that differs while
            nothing explains it; as `read_reason` for the explanation.
    """
    found_fen = counted_fen(pieces)

    def write(tx: Transaction) -> Till:
        now = ports.clock.now()
        till = _the_till(tx, till_id)
        if not till.is_open:
            raise Refused("till_not_open")
        counted = replace(till, closed_at=now, closed_by=operator.staff_id, counted_fen=found_fen)
        closed = replace(counted, note=_explained(counted, why))
        if not tx.close_till(closed):
            raise Refused("till_not_open")
        entry = ledger.till_closed_entry(till_id, found_fen, till.expected_fen)
        if entry is not None:
            tx.post(entry, NO_STORE, operator.label, now)
        by = By(operator.label, now)
        note(tx, ports, "till_closed", by, detail=f"{till.port} {till_id}")
        return closed

    return ports.storage.write(write)


def _explained(counted: Till, why: str) -> str:
    """Why a count differs, as the till keeps it; what was written beside a right one too."""
    if why.strip():
        try:
            return read_reason(why)
        except Refused as refused:
            raise refused.at("note") from None
    if counted.difference_fen:
        raise Refused(
            "till_difference",
            "note",
            counted_fen=counted.counted_fen,
            expected_fen=counted.expected_fen,
            difference_fen=counted.difference_fen,
        )
    return ""


def _the_till(tx: Transaction, till_id: str) -> Till:
    till = tx.till(till_id)
    if till is None:
        raise Refused("till_unknown")
    return till


def cash_of(tills: Sequence[Till]) -> dict[str, Till]:
    """The open tills by port."""
    return {till.port: till for till in tills if till.is_open}
