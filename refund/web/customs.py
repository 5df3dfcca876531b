"""The officer's pages: scan, one answer that cannot be misread, decide, and the next scan."""

import re
from collections.abc import Callable

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as AnyResponse

from refund.core.calendar import day_of
from refund.core.customs import NOTE_LENGTH_MAX, LinesShown, Place, RefusalReason, read_refusal
from refund.core.errors import REFUSALS, Refused
from refund.core.exit_pass import is_like_a_pass
from refund.core.form import Form
from refund.core.nationalities import NATIONALITY_BY_CODE
from refund.core.people import Role
from refund.core.traveller import DocumentKind
from refund.services.lookup import find_by_document, forms_of_traveller
from refund.services.passes import forms_of_pass
from refund.services.verify import (
    CODE_LENGTH_MIN,
    CustomsView,
    decided_form,
    find_form,
    refuse_form,
    verified_today,
    verify_lines,
    view,
)
from refund.services.worth import form_lines, worth_of
from refund.web.auth import actor, reads_with_camera
from refund.web.context import ports
from refund.web.customs_forms import (
    LinesRead,
    goods_rows,
    place_here,
    read_inspection,
    read_lines,
    read_place,
    read_reason,
    read_shown_document,
    remember_place,
)
from refund.web.door import add_door
from refund.web.filters import errors_by_field
from refund.web.parse import typed_fields

pages = Blueprint("customs", __name__)
add_door(pages, Role.OFFICER)

Page = str | AnyResponse | tuple[str, int]

CARE = frozenset(
    {
        "already_verified",
        "not_in_this_state",
        "code_torn",
        "field_missing",
        "form_number_unreadable",
        "form_unknown",
    }
)
"""Answers that ask for care; every other refusal is a stop."""

STANDS_AGAINST = frozenset(
    {"already_verified", "not_in_this_state", "form_void", "past_deadline", "inspection_required"}
)
"""Refusals that the form's own page says in its large word."""

OVER = frozenset({"capturing", "forfeiting", "forfeited", "uncollected"})
"""States in which the advance was lost, or is being charged: nothing to verify now."""

DOCUMENT_LINE = re.compile(r"[A-Z0-9<]*<[A-Z0-9<]*", re.IGNORECASE)
"""A line of a document's machine-readable zone, which no code of ours looks like."""


@pages.context_processor
def who() -> dict[str, object]:
    """What the frame of each page says of the person at the desk, and where it stands."""
    return {
        "officer": g.get("actor"),
        "place": place_here().value,
        "places": [one.value for one in Place if one is not Place.UNSAID],
        "nationality_of": NATIONALITY_BY_CODE.__getitem__,
    }


@pages.get("/")
@reads_with_camera
def home() -> str:
    """Where the shift begins: the scan field, where the desk stands, what was decided today."""
    return render_template("customs/home.html", count=verified_today(ports(), actor()))


@pages.post("/desk")
def desk() -> Response:
    """Say where this desk stands: before check-in, or after it."""
    back = Response(status=303, headers={"Location": url_for("customs.home")})
    return remember_place(back, read_place(request.form.get("place", "")))


@pages.post("/scan")
@reads_with_camera
def scan() -> Page:
    """Read a code or a number; the code itself stays out of every address."""
    text = request.form.get("code", "")
    if len(text) < CODE_LENGTH_MIN and DOCUMENT_LINE.fullmatch(text.strip()):
        return redirect(url_for("customs.document"), 303)
    try:
        if is_like_a_pass(text):
            named = [one.form_id for one in forms_of_pass(ports(), text)]
            return redirect(url_for("customs.exit_pass", form=named), 303)
        form = find_form(ports(), text)
    except Refused as refused:
        shown = typed_fields(request.form)[0].get("code", "")
        typed = shown if len(shown) < CODE_LENGTH_MIN else ""
        kind = "care" if refused.code in CARE else "stop"
        page = render_template("customs/unread.html", refused=refused, kind=kind, typed=typed)
        return page, REFUSALS[refused.code].status
    return redirect(url_for("customs.show", form_id=form.form_id), 303)


@pages.get("/forms/<form_id>")
@reads_with_camera
def show(form_id: str) -> str:
    """The answer: what to compare, whether to inspect, and whether it can be confirmed."""
    seen = view(ports(), actor(), form_id)
    code, kind = "", "go"
    if seen.refusal is not None:
        over = seen.form.status.value in OVER
        code = "charged_back" if over else seen.refusal.code
        kind = "care" if code in CARE else "stop"
    rows = goods_rows(seen.invoices, seen.remaining, seen.verification if code else None)
    return render_template("customs/answer.html", seen=seen, kind=kind, code=code, rows=rows)


@pages.post("/forms/<form_id>/confirm")
def confirm(form_id: str) -> AnyResponse:
    """Confirm all as listed; what stands against it is said on the form's own page."""
    place = read_place(request.form.get("place", ""))
    inspection = read_inspection(request.form.get("inspection", ""))
    decision = LinesShown(None, place, inspection)
    return _decided(form_id, place, lambda: verify_lines(ports(), actor(), form_id, decision))


def _decided(form_id: str, place: Place, decide: Callable[[], Form]) -> AnyResponse:
    """Decide, and show what came of it: what was decided, or what stands against it.

    Raises:
        Refused: what belongs to a field, and `form_unknown`.
    """
    done = url_for("customs.confirmed", form_id=form_id)
    try:
        decide()
    except Refused as refused:
        if refused.code not in STANDS_AGAINST:
            raise
        if refused.code != "already_verified":
            done = url_for("customs.show", form_id=form_id)
    return remember_place(Response(status=303, headers={"Location": done}), place)


@pages.get("/forms/<form_id>/confirmed")
@reads_with_camera
def confirmed(form_id: str) -> Page:
    """What was decided, what else of this traveller waits, and the field for the next code."""
    decided = decided_form(ports(), actor(), form_id)
    if decided is None:
        return redirect(url_for("customs.show", form_id=form_id), 303)
    count = verified_today(ports(), actor())
    return render_template("customs/confirmed.html", decided=decided, count=count)


@pages.get("/forms/<form_id>/lines")
def lines(form_id: str) -> Page:
    """Item by item: each line to tick, to count, or to confirm by the seal of its bag."""
    seen = view(ports(), actor(), form_id)
    if seen.refusal is not None:
        return redirect(url_for("customs.show", form_id=form_id), 303)
    return _lines_page(seen, {}, [])


@pages.post("/forms/<form_id>/lines")
def confirm_lines(form_id: str) -> Page:
    """Confirm what was really shown, or only calculate what it comes to."""
    typed, problems = typed_fields(request.form)
    found = form_lines(ports(), form_id)
    read = read_lines(goods_rows(found.invoices, found.remaining, typed=typed))
    place = read_place(typed.get("place", ""))
    decision = LinesShown(read.lines, place, read_inspection("goods"))
    problems += read.problems
    if "calculate" not in typed and not problems:
        try:
            return _decided(
                form_id, place, lambda: verify_lines(ports(), actor(), form_id, decision)
            )
        except Refused as refused:
            if refused.code != "nothing_shown":
                raise
            problems.append(refused)
    seen = view(ports(), actor(), form_id)
    if seen.refusal is not None:
        return redirect(url_for("customs.show", form_id=form_id), 303)
    if "calculate" in typed:
        return _lines_page(seen, typed, [one for one in problems if one.code != "line_undecided"])
    return _lines_page(seen, typed, problems), 422


def _lines_page(seen: CustomsView, typed: dict[str, str], problems: list[Refused]) -> str:
    rows = goods_rows(seen.invoices, seen.remaining, typed=typed)
    return render_template(
        "customs/lines.html",
        seen=seen,
        rows=rows,
        problems=problems,
        errors=errors_by_field(problems),
        here=typed.get("place", ""),
        **_sum(seen.form, read_lines(rows)),
    )


@pages.post("/forms/<form_id>/lines/sum")
def lines_sum(form_id: str) -> str:
    """The live sum: what the traveller gets for what is ticked so far, and what is charged back."""
    found = form_lines(ports(), form_id)
    rows = goods_rows(found.invoices, found.remaining, typed=typed_fields(request.form)[0])
    return render_template("customs/_sum.html", **_sum(found.form, read_lines(rows)))


def _sum(form: Form, read: LinesRead) -> dict[str, object]:
    worth = worth_of(ports(), form.form_id, read.lines)
    today = day_of(ports().clock.now())
    return {"form": form, "read": read, "worth": worth, "is_late": today > form.depart_by}


@pages.get("/forms/<form_id>/refuse")
def refuse(form_id: str) -> Page:
    """The reasons for which customs refuse a form, with what each of them means for it."""
    seen = view(ports(), actor(), form_id)
    if seen.refusal is not None:
        return redirect(url_for("customs.show", form_id=form_id), 303)
    return _refuse_page(seen, {}, None)


@pages.post("/forms/<form_id>/refuse")
def refuse_for_good(form_id: str) -> Page:
    """Ask once more with the consequences; when that is confirmed, refuse the form for good."""
    typed, _ = typed_fields(request.form)
    reason, text = read_reason(typed.get("reason", "")), typed.get("note", "")
    place = read_place(typed.get("place", ""))
    try:
        words = read_refusal(reason, text)
    except Refused as refused:
        seen = view(ports(), actor(), form_id)
        return _refuse_page(seen, typed, refused), 422
    if "for_good" in typed:
        return _decided(
            form_id,
            place,
            lambda: refuse_form(ports(), actor(), form_id, reason, words, place),
        )
    seen = view(ports(), actor(), form_id)
    if seen.refusal is not None:
        return redirect(url_for("customs.show", form_id=form_id), 303)
    said = {"reason": reason, "note": words, "here": place.value}
    return render_template("customs/refuse_confirm.html", seen=seen, **said)


def _refuse_page(seen: CustomsView, typed: dict[str, str], refused: Refused | None) -> str:
    return render_template(
        "customs/refuse.html",
        seen=seen,
        typed=typed,
        reasons=[one for one in RefusalReason if one is not RefusalReason.NONE],
        note_max=NOTE_LENGTH_MAX,
        errors=errors_by_field([refused] if refused else []),
    )


@pages.get("/document")
def document() -> str:
    """Find a form that was lost: by the traveller's document."""
    return _document_page({}, [])


@pages.post("/document")
def find_document() -> Page:
    """Look a document up; its number stays out of every address."""
    typed, problems = typed_fields(request.form)
    shown, unread = read_shown_document(typed, day_of(ports().clock.now()))
    problems += unread
    if shown is None or problems:
        return _document_page(typed, problems), 422
    try:
        form = find_by_document(ports(), actor(), shown)
    except Refused as refused:
        return _document_page(typed, [refused]), REFUSALS[refused.code].status
    return redirect(url_for("customs.traveller", form_id=form.form_id), 303)


def _document_page(typed: dict[str, str], problems: list[Refused]) -> str:
    return render_template(
        "customs/document.html",
        typed=typed,
        kinds=list(DocumentKind),
        unknown=any(one.code == "form_unknown" for one in problems),
        errors=errors_by_field(one for one in problems if one.code != "form_unknown"),
    )


@pages.get("/forms/<form_id>/traveller")
@reads_with_camera
def traveller(form_id: str) -> str:
    """All forms of one traveller, of all stores: verified one after the other."""
    return render_template(
        "customs/traveller.html", found=forms_of_traveller(ports(), actor(), form_id)
    )
