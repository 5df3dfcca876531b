"""The officer's pages: scan, one answer that cannot be misread, confirm, and the next scan."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.errors import REFUSALS, Refused
from refund.core.nationalities import NATIONALITY_BY_CODE
from refund.core.people import Role
from refund.services.verify import (
    CODE_LENGTH_MIN,
    confirmed_form,
    find_form,
    verified_today,
    verify_form,
    view,
)
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.door import add_door
from refund.web.parse import typed_fields

pages = Blueprint("customs", __name__)
add_door(pages, Role.OFFICER)

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

OVER = frozenset({"capturing", "captured", "forfeiting", "forfeited", "uncollected"})
"""States in which the advance was charged back, or is being so: nothing to verify any more."""


@pages.context_processor
def who() -> dict[str, object]:
    """What the frame of each page says of the person at the desk."""
    return {"officer": g.get("actor")}


@pages.get("/")
def home() -> str:
    """Where the shift begins: the scan field, and what the port decided today."""
    return render_template("customs/home.html", count=verified_today(ports(), actor()))


@pages.post("/scan")
def scan() -> Response | tuple[str, int]:
    """Read a code or a number; the code itself stays out of every address."""
    text = request.form.get("code", "")
    try:
        form = find_form(ports(), text)
    except Refused as refused:
        shown = typed_fields(request.form)[0].get("code", "")
        typed = shown if len(shown) < CODE_LENGTH_MIN else ""
        kind = "care" if refused.code in CARE else "stop"
        page = render_template("customs/unread.html", refused=refused, kind=kind, typed=typed)
        return page, REFUSALS[refused.code].status
    return redirect(url_for("customs.show", form_id=form.form_id), 303)


@pages.get("/forms/<form_id>")
def show(form_id: str) -> str:
    """The answer: what to compare, and whether it can be confirmed."""
    seen = view(ports(), actor(), form_id)
    code, kind = "", "go"
    if seen.refusal is not None:
        over = seen.form.status.value in OVER
        code = "charged_back" if over else seen.refusal.code
        kind = "care" if code in CARE else "stop"
    return render_template(
        "customs/answer.html",
        seen=seen,
        kind=kind,
        code=code,
        lines=[line for invoice in seen.invoices for line in invoice.lines],
        nationality=NATIONALITY_BY_CODE[seen.traveller.nationality],
    )


@pages.post("/forms/<form_id>/confirm")
def confirm(form_id: str) -> Response:
    """Confirm all as listed; what stands against it is said on the form's own page."""
    try:
        verify_form(ports(), actor(), form_id)
    except Refused as refused:
        if refused.code == "form_unknown":
            raise
        if refused.code != "already_verified":
            return redirect(url_for("customs.show", form_id=form_id), 303)
    return redirect(url_for("customs.confirmed", form_id=form_id), 303)


@pages.get("/forms/<form_id>/confirmed")
def confirmed(form_id: str) -> Response | str:
    """What was confirmed, and the field for the next code; a colleague's decision shows there."""
    decided = confirmed_form(ports(), actor(), form_id)
    if decided is None:
        return redirect(url_for("customs.show", form_id=form_id), 303)
    form, verification, pieces = decided
    return render_template(
        "customs/confirmed.html",
        form=form,
        verification=verification,
        pieces=pieces,
        count=verified_today(ports(), actor()),
    )
