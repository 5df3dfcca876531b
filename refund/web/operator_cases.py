"""Cases: the work queue, one case with its rows and its history, its fixes, and two persons."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.case import Approval, CaseKind, Fix
from refund.core.errors import REFUSALS, Refused
from refund.services import cases as work
from refund.services import fixes
from refund.services.asking import Outcome
from refund.services.fixes import CaseView
from refund.services.life import REASON_LENGTH_MAX
from refund.services.sides import Present, SideRow, Sides, present_of, sides_of
from refund.services.situation import Offer
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.parse import typed_fields

Page = str | Response | tuple[str, int]

SAID = frozenset({*(one.value for one in Outcome), "taken", "noted", "declined"})
"""What a case's page can be asked to say after a step."""

FOLLOWING = (Fix.POST_THEIRS, Fix.REVERSE_OURS)
"""Fixes that make our books follow the network's statement."""

ONE = "/cases/<case_id>"
FIX = f"{ONE}/fix/<any({', '.join(fix.value for fix in Fix)}):fix>"


@pages.get("/cases")
def cases() -> str:
    """The work queue: what waits for a second person, what to do next, and all that is open."""
    whose = _whose(request.args.get("whose", ""))
    kinds = [kind for kind in CaseKind if kind.value == request.args.get("kind", "")]
    seen = work.work_queue(ports(), actor(), kinds, whose)
    proposed = fixes.proposed(ports(), seen.rows)
    mine = (actor().label, "")
    can = (r for r in seen.rows if r.case.owner in mine and not (r.case.under_way or r.approval))
    return render_template(
        "operator/cases/list.html",
        seen=seen,
        first=next(can, None),
        fixes=proposed,
        whose=whose.value,
        kind=kinds[0].value if kinds else "",
        list_max=work.LIST_MAX,
    )


def _whose(word: str) -> work.Whose:
    return next((one for one in work.Whose if one.value == word), work.Whose.ALL)


@pages.get("/cases/closed")
def cases_closed() -> str:
    """The cases that were closed last, by whom, how and why."""
    found, names = work.closed_lately(ports())
    return render_template("operator/cases/closed.html", found=found, names=names)


@pages.get(ONE)
def case(case_id: str) -> str:
    """One case: what happened, what each side has of it, what can be done, and its history."""
    return _case(case_id, {}, [])


def _case(case_id: str, typed: Mapping[str, str], refusals: list[Refused]) -> str:
    view = fixes.view(ports(), case_id)
    sides = _read(sides_of(ports(), view.standing))
    said = request.args.get("done", "")
    return render_template(
        "operator/cases/case.html",
        view=view,
        sides=sides,
        offers=_ordered(view, sides.present),
        asked=_asked(view, view.file.row.approval),
        done=said if said in SAID else "",
        typed_note=typed.get("note", ""),
        errors=errors_by_field(refusals),
        reason_max=REASON_LENGTH_MAX,
    )


def _ordered(view: CaseView, present: Present | None) -> list[Offer]:
    """What can be done, the proposed fix first: nothing is posted because of a wrong statement."""
    is_explained = present is not None and present.agrees
    return sorted(view.offers, key=lambda one: is_explained and one.fix is not Fix.EXPLAIN)


def _asked(view: CaseView, approval: Approval | None) -> Offer | None:
    """What would be approved, as long as it is what was asked for."""
    offer = None if approval is None else view.offer(approval.fix)
    same = offer is not None and approval is not None and offer.seen == approval.seen
    return offer if same else None


def _read(sides: Sides) -> Sides:
    """Rows with their moments and days read, where they were kept as text."""
    rows = (
        SideRow(row.name, *(_value(row.name, one) for one in (row.ours, row.theirs, row.border)))
        for row in sides.rows
    )
    return replace(sides, rows=tuple(rows))


def _value(name: str, value: object | None) -> object | None:
    if not isinstance(value, str) or not value:
        return value
    try:
        if name.endswith("_at"):
            return datetime.fromisoformat(value)
        return date.fromisoformat(value) if name == "day" or name.endswith("_by") else value
    except ValueError:
        return value


def _to_case(case_id: str, done: str) -> Response:
    return redirect(url_for("operator.case", case_id=case_id, done=done), 303)


@pages.post(f"{ONE}/take")
def case_take(case_id: str) -> Page:
    """Make a case one's own."""
    work.take(ports(), actor(), case_id, typed_fields(request.form)[0].get("owner", ""))
    return _to_case(case_id, "taken")


@pages.post(f"{ONE}/note")
def case_note(case_id: str) -> Page:
    """Add to a case's history."""
    typed, _ = typed_fields(request.form)
    try:
        work.note_on(ports(), actor(), case_id, typed.get("note", ""))
    except Refused as refused:
        if refused.field != "note":
            raise
        return _case(case_id, typed, [refused]), REFUSALS[refused.code].status
    return _to_case(case_id, "noted")


@pages.get(FIX)
def case_fix(case_id: str, fix: str) -> str:
    """What a fix would do and post, before it is done."""
    return _fix(case_id, Fix(fix), "", [])


def _fix(case_id: str, fix: Fix, reason: str, refusals: list[Refused]) -> str:
    view = fixes.view(ports(), case_id)
    if not view.case.is_open:
        raise Refused("case_closed", by=view.case.closed_by, at=view.case.closed_at)
    offer = view.offer(fix)
    if offer is None:
        raise Refused("fix_not_possible")
    return render_template(
        "operator/cases/fix.html",
        view=view,
        offer=offer,
        present=present_of(ports(), view.case) if fix in FOLLOWING else None,
        reason=reason,
        errors=errors_by_field(refusals),
        refused=[one for one in refusals if one.field != "reason"],
        reason_max=REASON_LENGTH_MAX,
    )


def _is_said_by_the_preview(refused: Refused) -> bool:
    """Whether the preview is shown again after a refusal, as things stand now."""
    code = refused.code
    is_told = code in ("case_changed", "network_unreachable") or code.startswith("statement_")
    return is_told or refused.field == "reason"


@pages.post(FIX)
def do_case_fix(case_id: str, fix: str) -> Page:
    """Do it once, or ask for a second person; what has changed since the preview is not done."""
    typed, _ = typed_fields(request.form)
    reason, seen = typed.get("reason", ""), typed.get("seen", "") or "-"
    try:
        done = fixes.fix(ports(), actor(), case_id, Fix(fix), reason, seen)
    except Refused as refused:
        if not _is_said_by_the_preview(refused):
            raise
        return _fix(case_id, Fix(fix), reason, [refused]), REFUSALS[refused.code].status
    # What was offered has a case of its own.
    return _to_case(done.case.case_id, done.outcome.value)


@pages.post(f"{ONE}/approve")
def case_approve(case_id: str) -> Page:
    """Approve what somebody else asked for, and carry it out."""
    approval_id = typed_fields(request.form)[0].get("approval", "")
    return _to_case(case_id, fixes.approve(ports(), actor(), case_id, approval_id).outcome.value)


@pages.post(f"{ONE}/decline")
def case_decline(case_id: str) -> Page:
    """Decline what somebody else asked for, or take back one's own request."""
    typed, _ = typed_fields(request.form)
    approval_id, reason = typed.get("approval", ""), typed.get("reason", "")
    try:
        fixes.decline(ports(), actor(), case_id, approval_id, reason)
    except Refused as refused:
        if refused.field != "reason":
            raise
        return _case(case_id, typed, [refused]), REFUSALS[refused.code].status
    return _to_case(case_id, "declined")
