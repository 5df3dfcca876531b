"""What each side says of a case: our books, the network, and customs with the border."""

from collections.abc import Mapping
from dataclasses import dataclass

from refund.core.case import Case, CaseKind
from refund.core.operation import Answer, Heard, HeldState
from refund.ports import NetworkSilent, Ports
from refund.services.situation import Situation
from refund.transaction import Transaction

Said = Mapping[str, object]


ORDER = (
    *("reference", "kind", "amount_fen", "state", "refusal", "status", "outstanding_fen"),
    *("hold_state", "held_fen", "expires_at", "hold_reference", "asked_at", "answered_at"),
    *("booked_at", "day", "line", "network_id", "depart_by", "decision", "verified_at"),
    *("verified_port", "left_at", "left_port", "says"),
)
"""In which order a person reads them; what is not named here stands after."""

_DONE = frozenset({"succeeded", "paid", "held", "released", "captured", "extended", "increased"})
"""Words for what was done, each in its kind's own way."""


@dataclass(frozen=True, slots=True)
class SideRow:
    """One thing, as each side has it; None where a side says nothing of it."""

    name: str
    ours: object | None
    theirs: object | None
    border: object | None

    @property
    def differs(self) -> bool:
        """Whether two sides say something else of it."""
        said = [one for one in (self.ours, self.theirs, self.border) if one is not None]
        if self.name == "state":
            said = ["succeeded" if one in _DONE else one for one in said]
        return any(one != said[0] for one in said)


OF_STATEMENT = frozenset(
    {
        *(CaseKind.MISSING_THERE, CaseKind.AMOUNT_DIFFERS, CaseKind.CURRENCY_DIFFERS),
        *(CaseKind.KIND_DIFFERS, CaseKind.TWICE_THERE),
    }
)
"""Breaks in which the statement can be wrong and the network's own book right."""


@dataclass(frozen=True, slots=True)
class Present:
    """What the network's own book has now of what its statement has otherwise than ours.

    Args:
        times: how often it is booked there; 0 where it is not known.
        agrees: with our books, so that the statement is what is wrong.
    """

    kind: str
    state: str
    amount_fen: int
    times: int
    agrees: bool


@dataclass(frozen=True, slots=True)
class Sides:
    """The rows side by side; `network_heard` is False when the network could not be asked."""

    rows: tuple[SideRow, ...]
    network_heard: bool
    present: Present | None = None


def sides_of(ports: Ports, standing: Situation) -> Sides:
    """Put side by side what was found when the case was opened, or else what is known now.

    While a case is open whose opener kept no rows of the network, it is asked now.
    """
    case = standing.case
    ours, border = _kept(case, "ours"), _kept(case, "border")
    theirs, heard = _kept(case, "theirs"), True
    if not (ours or theirs) and case.is_open:
        told = _ask(ports, standing)
        theirs, heard = told or {}, told is not None
    ours = ours or _ours(standing)
    border = border or ports.storage.read(lambda tx: _border(tx, standing))
    known = {*ours, *theirs, *border}
    names = [*(name for name in ORDER if name in known), *sorted(known.difference(ORDER))]
    rows = (SideRow(name, ours.get(name), theirs.get(name), border.get(name)) for name in names)
    return Sides(tuple(rows), heard, present_of(ports, case))


def present_of(ports: Ports, case: Case) -> Present | None:
    """Ask the network's own book about a break of its statement.

    Returns:
        None where the case is over or about something else, and while the network is silent.
    """
    ours = _kept(case, "ours")
    reference = str(ours.get("reference", ""))
    if not case.is_open or case.kind not in OF_STATEMENT or not reference:
        return None
    try:
        answer = ports.network.look_up(reference)
    except NetworkSilent:
        return None
    if answer is None:
        return Present("", "unknown_there", 0, 0, agrees=False)
    told = _of_operation(answer)
    same = all(told.get(name) == ours.get(name) for name in ("kind", "state", "amount_fen"))
    return Present(
        kind=answer.kind.value,
        state=str(told["state"]),
        amount_fen=answer.amount_fen,
        times=answer.bookings,
        agrees=same and answer.bookings == 1,
    )


def _kept(case: Case, side: str) -> Said:
    found = case.facts.get(side)
    return found if isinstance(found, Mapping) else {}


def _ours(standing: Situation) -> Said:
    """What our own books say now."""
    said: dict[str, object] = {}
    if standing.form is not None:
        said |= {"status": standing.form.status.value}
        said |= {"outstanding_fen": standing.outstanding_fen}
        said |= {"depart_by": standing.form.depart_by}
    if standing.hold is not None:
        said |= {"hold_state": standing.hold.state.value, "held_fen": standing.hold.amount_fen}
        said |= {"expires_at": standing.hold.expires_at}
    if standing.operation is not None:
        asked = standing.operation
        said |= {"kind": asked.kind.value, "amount_fen": asked.amount_fen}
        said |= {"state": asked.state.value, "asked_at": asked.created_at}
        said |= {"reference": asked.sent_reference}
    return said


def _ask(ports: Ports, standing: Situation) -> Said | None:
    """What the network says now of the hold and the request; None when it is silent."""
    said: dict[str, object] = {}
    hold, asked = standing.hold, standing.operation
    try:
        if hold is not None:
            reference = hold.network_reference
            said |= _of_hold(ports.network.holds([reference]).get(reference))
        if asked is not None:
            said |= _of_operation(ports.network.look_up(asked.sent_reference))
    except NetworkSilent:
        return None
    return said


def _of_hold(held: HeldState | None) -> Said:
    if held is None:
        return {"hold_state": "unknown_there"}
    standing_fen = held.amount_fen - held.captured_fen - held.released_fen
    said = {"hold_state": held.state.value, "expires_at": held.expires_at}
    return {**said, "held_fen": standing_fen}


def _of_operation(answer: Answer | None) -> Said:
    if answer is None:
        return {"state": "unknown_there"}
    said: dict[str, object] = {
        "kind": answer.kind.value,
        "amount_fen": answer.amount_fen,
        "state": "succeeded" if answer.heard is Heard.DONE else answer.heard.value,
        "reference": answer.reference,
        "network_id": answer.network_id,
    }
    return {**said, "refusal": answer.refusal} if answer.refusal else said


def _border(tx: Transaction, standing: Situation) -> Said:
    """What customs and the border say now; no name and no document."""
    if standing.form is None:
        return {}
    said: dict[str, object] = {}
    verification = tx.verification_of(standing.form.form_id)
    if verification is not None:
        said |= {"decision": verification.decision.value, "verified_at": verification.verified_at}
        said |= {"verified_port": verification.port}
    seen = None if standing.proposal is None else standing.proposal.exit
    if seen is not None:
        said |= {"left_at": seen.exited_at, "left_port": seen.port}
    return said
