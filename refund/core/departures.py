"""The match with the border: settled forms of which customs and exit records say otherwise."""

from dataclasses import dataclass
from datetime import date, datetime

from refund.core.breaks import Break, iso
from refund.core.calendar import day_of, is_within
from refund.core.case import CaseKind
from refund.core.customs import Decision, Verification
from refund.core.form import Form, Status
from refund.core.matching import MINUTE, ExitRecord, exit_for


@dataclass(frozen=True, slots=True)
class Left:
    """A settled form beside what customs and the border have recorded of its traveller."""

    form: Form
    verification: Verification | None
    exits: tuple[ExitRecord, ...]
    settled_at: datetime
    settled_fen: int


def left_break(left: Left, day: date) -> Break | None:
    """Whether the records say otherwise than the form was settled, and how.

    Source: SAT 9/2025, GAC 25/2015 item 2 (what a kept promise is).
    """
    form = left.form
    seen = exit_for(form, left.exits, left.verification)
    verdict = _verdict(left, seen)
    is_kept = form.status in (Status.RELEASED, Status.ADJUSTED)
    kind = verdict
    if not is_kept:
        is_wrong = form.status is Status.CAPTURED and verdict is None
        kind = CaseKind.LEFT_UNVERIFIED if is_wrong else None
    if kind is None:
        return None
    verification = left.verification
    return Break(
        kind=kind,
        subject=form.form_id,
        day=day,
        since=left.settled_at,
        amount_fen=left.settled_fen,
        form_id=form.form_id,
        store_number=form.store_number,
        ours={
            "status": form.status.value,
            "settled_at": iso(left.settled_at),
            "depart_by": form.depart_by.isoformat(),
            **({} if form.port_any else {"port": form.port}),
        },
        border=_border_row(verification, seen, "not_kept" if is_kept else "kept"),
    )


def _border_row(
    verification: Verification | None, seen: ExitRecord | None, says: str
) -> dict[str, object]:
    """What customs and the border have recorded; no name and no document."""
    row: dict[str, object] = {"says": says}
    if verification is not None:
        row["decision"] = verification.decision.value
        row["verified_at"] = iso(verification.verified_at)
        row["verified_port"] = verification.port
    if seen is not None:
        row |= {"left_at": iso(seen.exited_at), "left_port": seen.port}
        row["left_on"] = day_of(seen.exited_at).isoformat()
    return row


def _precedes(seen: ExitRecord, verification: Verification | None) -> bool:
    return verification is not None and seen.exited_at + MINUTE <= verification.verified_at


def _verdict(left: Left, seen: ExitRecord | None) -> CaseKind | None:
    """What the records have against a promise that was kept; None when they prove it."""
    form, verification = left.form, left.verification
    if verification is None or verification.decision is Decision.REFUSED:
        return CaseKind.RELEASED_UNVERIFIED
    if seen is None or _precedes(seen, verification):
        return CaseKind.LEFT_UNVERIFIED
    if not is_within(seen.exited_at, form.depart_by):
        return CaseKind.LEFT_LATE
    if not form.port_any and seen.port != form.port:
        return CaseKind.LEFT_ELSEWHERE
    return None
