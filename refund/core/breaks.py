"""The three-way match: what our books, the network's statement and the border do not agree on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from refund.core.case import CaseKind
from refund.core.form import Form
from refund.core.operation import Guarantee, GuaranteeState
from refund.core.statement import CURRENCY, Statement, StatementLine, effect_fen

LATE = timedelta(days=1)
"""The network should have booked within a day what we asked for. Source: project decision."""

OVER_MIDNIGHT = timedelta(hours=1)
"""What we heard in the last hour of a day may stand on the next day's statement."""

DONE = ("succeeded", "returned")
POSTED = ("advance", "refund", "capture")
"""Kinds whose money must stand in our ledger."""

BORDER = frozenset(
    {
        *(CaseKind.RELEASED_UNVERIFIED, CaseKind.LEFT_LATE, CaseKind.LEFT_ELSEWHERE),
        CaseKind.LEFT_UNVERIFIED,
    }
)
"""Breaks between how a form was settled and what customs and the border have recorded."""

MISSING = (CaseKind.MISSING_HERE, CaseKind.MISSING_THERE)


@dataclass(frozen=True, slots=True)
class Scope:
    """What one run of the match looks at: a statement's day, or what was found and still stands.

    Args:
        number: of the statement; 0 for what still stands.
        start, end: of its day.
        since: when the first of all statements begins; what was asked before is on none.
    """

    number: int
    start: datetime
    end: datetime
    since: datetime

    @property
    def heard_from(self) -> datetime:
        """From when on an answer must stand on a statement by now."""
        return max(self.start - OVER_MIDNIGHT, self.since)

    @property
    def heard_until(self) -> datetime:
        """Till when an answer must stand on a statement by now."""
        return self.end - OVER_MIDNIGHT


@dataclass(frozen=True, slots=True)
class Ours:
    """What our books have under a reference of the network; the shares of several forms summed.

    `amount_fen` is the ledger's where something was posted, else the request's.
    """

    reference: str
    kind: str
    state: str
    amount_fen: int
    is_posted: bool
    forms: int
    form_id: str
    store_number: int
    asked_at: datetime
    answered_at: datetime | None
    refusal: str = ""

    @property
    def is_done(self) -> bool:
        """Whether we have it as done."""
        return self.state in DONE and (self.is_posted or self.kind not in POSTED)

    @property
    def row(self) -> dict[str, object]:
        """It as a page shows it."""
        row: dict[str, object] = {
            "reference": self.reference,
            "kind": self.kind,
            "state": self.state,
            "amount_fen": self.amount_fen,
            "asked_at": iso(self.asked_at),
        }
        if self.answered_at is not None:
            row["answered_at"] = iso(self.answered_at)
        if self.forms > 1:
            row["forms"] = self.forms
        if self.refusal:
            row["refusal"] = self.refusal
        if self.state in DONE and not self.is_posted and self.kind in POSTED:
            row["ledger"] = "missing"
        return row


@dataclass(frozen=True, slots=True)
class Booked:
    """A line of a day's statement, with what our books have beside it.

    Args:
        line_id: the line's place among all statements' lines.
        ours: None when our books know nothing of the reference.
        is_again: the same was booked under the same reference before.
        holds: our shares of the hold that the line names.
        form: a form whose number the reference carries, where `ours` does not name it.
        origin: the line's place on an earlier statement of its day that was replaced; else empty.
    """

    day: date
    line_id: int
    line: StatementLine
    ours: Ours | None
    is_again: bool
    holds: tuple[Guarantee, ...] = ()
    form: Form | None = None
    origin: str = ""

    @property
    def subject(self) -> str:
        """The day and the line's number, the same however often the day is issued anew."""
        return f"{self.day.isoformat()}/{self.origin or self.line.number}"

    @property
    def form_id(self) -> str:
        """The form that it concerns, as far as that is known."""
        if self.ours is not None:
            return self.ours.form_id
        if self.holds:
            return self.holds[0].form_id
        return "" if self.form is None else self.form.form_id

    @property
    def row(self) -> dict[str, object]:
        """It as a page shows it."""
        line = self.line
        row: dict[str, object] = {
            "reference": line.reference,
            "kind": line.kind,
            "state": "returned" if line.is_return else "succeeded",
            "amount_fen": line.amount_fen,
            "booked_at": iso(line.booked_at),
            "day": self.day.isoformat(),
            "line": line.number,
            "network_id": line.network_id,
        }
        if line.currency != CURRENCY:
            row["currency"] = line.currency
        if line.hold_reference:
            row["hold_reference"] = line.hold_reference
        return row


@dataclass(frozen=True, slots=True)
class Break:
    """One thing on which the three do not agree; a case is opened for it.

    Args:
        day: of the statement whose match found it.
        amount_fen: what is at stake.
        line_id: the statement's line, 0 for none; `line_fen` its amount.
        ours_fen, theirs_fen: what our account at the network gained by our books and by the
            network's statement.
        ours, theirs, border: the rows side by side.
        since: when it began.
    """

    kind: CaseKind
    subject: str
    day: date
    since: datetime
    amount_fen: int
    reference: str = ""
    form_id: str = ""
    store_number: int = 0
    line_id: int = 0
    line_fen: int = 0
    ours_fen: int = 0
    theirs_fen: int = 0
    ours: Mapping[str, object] = field(default_factory=dict)
    theirs: Mapping[str, object] = field(default_factory=dict)
    border: Mapping[str, object] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, object]:
        """The rows side by side, and what a correction would post."""
        return {
            "ours": dict(self.ours),
            "theirs": dict(self.theirs),
            "border": dict(self.border),
            "ours_fen": self.ours_fen,
            "theirs_fen": self.theirs_fen,
        }


def breaks_of(booked: Booked) -> list[Break]:
    """What a line of the statement and our books do not agree on; nothing where they do."""
    line, ours = booked.line, booked.ours
    if booked.is_again:
        return [_of_line(booked, CaseKind.TWICE_THERE, 0)]
    is_done = ours is not None and ours.is_done
    if line.is_return:
        is_done = is_done and ours is not None and ours.state == "returned" and ours.is_posted
    if ours is None or not is_done or ours.kind != line.kind:
        return [_of_line(booked, _unlike(booked, is_done=is_done), _ours_fen(booked))]
    found = []
    if line.currency != CURRENCY:
        found.append(_of_line(booked, CaseKind.CURRENCY_DIFFERS, _ours_fen(booked)))
    elif line.amount_fen != ours.amount_fen and line.kind != "extend":
        found.append(_of_line(booked, CaseKind.AMOUNT_DIFFERS, _ours_fen(booked)))
    if not line.is_return and line.booked_at - ours.asked_at > LATE:
        found.append(_of_line(booked, CaseKind.LATE_THERE, line.effect_fen))
    return found


def _unlike(booked: Booked, *, is_done: bool) -> CaseKind:
    """How a line breaks that our books do not have, or have as something else."""
    ended = (GuaranteeState.RELEASED, GuaranteeState.ENDED)
    if booked.line.kind == "capture" and any(hold.state in ended for hold in booked.holds):
        return CaseKind.CAPTURED_AFTER_RELEASE
    return CaseKind.KIND_DIFFERS if is_done else CaseKind.MISSING_HERE


def _ours_fen(booked: Booked) -> int:
    """What our account gained by our books for this line."""
    ours, line = booked.ours, booked.line
    if ours is None or not ours.is_posted:
        return 0
    if line.is_return:
        return ours.amount_fen if ours.state == "returned" else 0
    return effect_fen(ours.kind, "", ours.amount_fen) if ours.state in DONE else 0


def _of_line(booked: Booked, kind: CaseKind, ours_fen: int) -> Break:
    line, ours = booked.line, booked.ours
    # Of another currency no fen can be told, so nothing is proposed to be posted for it.
    theirs_fen = ours_fen if kind is CaseKind.CURRENCY_DIFFERS else line.effect_fen
    amount_fen = line.amount_fen
    if kind is CaseKind.AMOUNT_DIFFERS and ours is not None:
        amount_fen = abs(line.amount_fen - ours.amount_fen)
    by_line = kind in (CaseKind.TWICE_THERE, CaseKind.MISSING_HERE, CaseKind.CAPTURED_AFTER_RELEASE)
    subject = f"{line.reference}/returned" if line.is_return else line.reference
    return Break(
        kind=kind,
        subject=booked.subject if by_line else subject,
        day=booked.day,
        since=line.booked_at,
        amount_fen=amount_fen,
        reference=line.reference,
        form_id=booked.form_id,
        store_number=0 if ours is None else ours.store_number,
        line_id=booked.line_id,
        line_fen=line.amount_fen,
        ours_fen=ours_fen,
        theirs_fen=theirs_fen,
        ours=_holds_row(booked.holds) if ours is None else ours.row,
        theirs=booked.row,
    )


def _holds_row(holds: Sequence[Guarantee]) -> dict[str, object]:
    """What our books say of the hold that a line names; empty where it names none."""
    if not holds:
        return {}
    return {
        "hold_reference": holds[0].network_reference,
        "hold_state": holds[0].state.value,
        "held_fen": sum(hold.amount_fen for hold in holds),
    }


def missing_there(shares: Sequence[Ours], day: date, *, is_return: bool = False) -> Break:
    """What our books have as done, and no statement has; the shares of one request together."""
    first = shares[0]
    amount_fen = sum(share.amount_fen for share in shares)
    effect = amount_fen if is_return else effect_fen(first.kind, "", amount_fen)
    whole = Ours(
        reference=first.reference,
        kind=first.kind,
        state="returned" if is_return else first.state,
        amount_fen=amount_fen,
        is_posted=all(share.is_posted for share in shares),
        forms=len(shares),
        form_id=first.form_id,
        store_number=first.store_number,
        asked_at=first.asked_at,
        answered_at=first.answered_at,
    )
    return Break(
        kind=CaseKind.MISSING_THERE,
        subject=f"{first.reference}/returned" if is_return else first.reference,
        day=day,
        since=first.answered_at or first.asked_at,
        amount_fen=amount_fen,
        reference=first.reference,
        form_id=first.form_id,
        store_number=first.store_number,
        ours_fen=effect,
        ours=whole.row,
    )


def fees_break(statement: Statement, lines: Sequence[Mapping[str, object]]) -> Break:
    """A day's fees that are not what was agreed; `lines` are some that cost too much or little."""
    charged_fen, agreed_fen = statement.totals.fees_fen, statement.totals.agreed_fees_fen
    day = statement.day.isoformat()
    return Break(
        kind=CaseKind.FEES_DIFFER,
        subject=day,
        day=statement.day,
        since=statement.imported_at,
        amount_fen=abs(charged_fen - agreed_fen),
        ours_fen=-agreed_fen,
        theirs_fen=-charged_fen,
        ours={"day": day, "fee_fen": agreed_fen},
        theirs={"day": day, "fee_fen": charged_fen, "lines": [dict(line) for line in lines]},
    )


@dataclass(frozen=True, slots=True)
class Posted:
    """What a case posted for a break that stands no more, and that was not taken back."""

    case_id: str
    day: date
    posted_at: datetime
    posted_fen: int
    form_id: str
    store_number: int
    reference: str


def unfounded(posted: Posted) -> Break:
    """A correction that nothing bears out any more: what it posted is to be taken back."""
    return Break(
        kind=CaseKind.FIX_UNFOUNDED,
        subject=posted.case_id,
        day=posted.day,
        since=posted.posted_at,
        amount_fen=abs(posted.posted_fen),
        reference=posted.reference,
        form_id=posted.form_id,
        store_number=posted.store_number,
        ours_fen=posted.posted_fen,
        ours={
            "reference": posted.reference,
            "amount_fen": posted.posted_fen,
            "day": posted.day.isoformat(),
        },
    )


def iso(at: datetime | None) -> str:
    """A moment as a row has it; empty for none."""
    return "" if at is None else at.isoformat()
