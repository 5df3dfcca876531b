"""The operator's pages: what waits, a form's whole life, keys."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of, parse_past
from refund.core.errors import REFUSALS, Refused
from refund.core.nationalities import NATIONALITY_BY_CODE
from refund.core.people import Role
from refund.services import history, oversee
from refund.services.agenda import agenda
from refund.services.auditing import last_check
from refund.services.cases import work_queue
from refund.services.secure import watched
from refund.services.verify import CODE_LENGTH_MIN, find_form
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.door import add_door
from refund.web.parse import typed_fields

pages = Blueprint("operator", __name__)
add_door(pages, Role.OPERATOR)


@pages.context_processor
def who() -> dict[str, object]:
    """What the frame of each page says of the person at the desk."""
    return {"operator": g.get("actor")}


@pages.get("/")
def home() -> str:
    """What to do next, what waits, how old it is, and what is out."""
    seen = oversee.overview(ports())
    return render_template(
        "operator/home.html",
        seen=seen,
        agenda=agenda(ports(), actor(), seen.desk),
        cases=work_queue(ports(), actor(), limit=0),
        checked=last_check(ports()),
        watch=watched(ports()),
    )


@pages.get("/forms")
def forms() -> str:
    """Where a form is looked for."""
    return render_template("operator/forms.html", refused=None, typed="")


@pages.post("/forms")
def find() -> Response | tuple[str, int]:
    """Find a form by its number or its code; neither gets into an address."""
    text = request.form.get("code", "")
    try:
        form = find_form(ports(), text)
    except Refused as refused:
        shown = typed_fields(request.form)[0].get("code", "")
        typed = shown if len(shown) < CODE_LENGTH_MIN else ""
        page = render_template("operator/forms.html", refused=refused, typed=typed)
        return page, REFUSALS[refused.code].status
    return redirect(url_for("operator.form", form_id=form.form_id), 303)


@pages.get("/forms/<form_id>")
def form(form_id: str) -> str:
    """A form's whole life, whose identity is recorded as shown; or as it once stood."""
    typed = typed_fields(request.args)[0].get("at", "")
    if typed:
        at = parse_past(typed, ports().clock.now(), "at")
        then = history.form_at(ports(), form_id, at)
        return render_template("operator/form_then.html", then=then, form_id=form_id, typed=typed)
    life = oversee.form_life(ports(), actor(), form_id)
    nationality = NATIONALITY_BY_CODE[life.traveller.nationality]
    return render_template(
        "operator/form.html", life=life, nationality=nationality, form_id=form_id
    )


@pages.get("/keys")
def keys() -> str:
    """The keys that sign and verify codes, with their days."""
    return render_template(
        "operator/keys.html", ring=ports().keys.ring(), today=day_of(ports().clock.now())
    )
