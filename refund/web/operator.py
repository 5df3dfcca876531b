"""The operator's pages: what waits, the search, a form's whole life, keys."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import parse_past
from refund.core.errors import REFUSALS, Refused
from refund.core.nationalities import NATIONALITY_BY_CODE
from refund.core.people import Role
from refund.services import history, oversee
from refund.services.queues import board, load
from refund.services.search import CODE_LENGTH_LEAST, FIELD, Found, search
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.door import add_door
from refund.web.parse import typed_fields

pages = Blueprint("operator", __name__)
add_door(pages, Role.OPERATOR)


@pages.context_processor
def who() -> dict[str, object]:
    """What the frame of each page says of the person at the desk, and what waits for them."""
    here = g.get("actor")
    return {"operator": here, "load": load(ports(), here) if here is not None else None}


@pages.get("/")
def home() -> str:
    """Every queue with its count and age, what is due first at the top, and what is out."""
    return render_template("operator/home.html", board=board(ports(), actor()))


@pages.get("/queues")
def queues() -> str | tuple[str, int]:
    """The queues alone; nothing when they are as they were seen."""
    found = board(ports(), actor())
    if request.args.get("seen") == found.seen:
        return "", 204
    return render_template("operator/_board.html", board=found)


@pages.get("/forms")
def forms() -> str:
    """Where anything is looked for."""
    return _searched("", None, None)


@pages.post("/forms")
def find() -> Response | str | tuple[str, int]:
    """Find what a text means; nothing that names a person or a form gets into an address."""
    text = request.form.get(FIELD, "")
    try:
        found = search(ports(), actor(), text)
    except Refused as refused:
        if refused.field != FIELD:
            raise
        return _searched(text, None, refused), REFUSALS[refused.code].status
    if found.only_form is not None:
        return redirect(url_for("operator.form", form_id=found.only_form.form_id), 303)
    return _searched(text, found, None)


def _searched(text: str, found: Found | None, refused: Refused | None) -> str:
    shown = typed_fields({FIELD: text})[0][FIELD]
    return render_template(
        "operator/forms.html",
        found=found,
        refused=refused,
        searched=shown if len(shown) < CODE_LENGTH_LEAST else "",
    )


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
