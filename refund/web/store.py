"""The clerk's pages: issue a form, follow it, print it, void it; never another store's."""

import hashlib
import re

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.errors import Refused
from refund.core.form import GONE, Form, Status
from refund.core.goods import search_goods
from refund.core.ids import group_form_number
from refund.core.nationalities import NATIONALITIES, NATIONALITY_BY_CODE
from refund.core.people import Role
from refund.core.places import PORTS
from refund.core.signing import code_url
from refund.services.changes import changes_of
from refund.services.counter import Progress, progress
from refund.services.enrol import goods_master, store_of
from refund.services.fill_in import arrivals
from refund.services.issue import form_seen_by_store, forms_today, slip, void_form
from refund.services.store_standing import own_standing
from refund.services.till_sales import forgotten_sales
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.door import add_door
from refund.web.filters import errors_by_field, local
from refund.web.parse import typed_fields
from refund.web.qr import REHEARSAL, png

pages = Blueprint("store", __name__)
add_door(pages, Role.CLERK)

Page = str | Response | tuple[str, int]

GOODS_SUGGESTED = 8
GOODS_LISTED = 50
QUERY_LENGTH_MAX = 100
PNG_SCALE = 10
FORM_ID = re.compile(r"[0-9a-f]{16}")
OVER = frozenset(
    {
        *(Status.RELEASED, Status.ADJUSTED, Status.REFUNDED, Status.FORFEITED, Status.DENIED),
        *(Status.VOID, Status.SUPERSEDED, Status.RETURNED),
    }
)
"""States after which nothing happens by itself, so that a page need not ask again."""


@pages.url_value_preprocessor
def known_shape(_: str | None, values: dict[str, str] | None) -> None:
    """Let no text reach the storage as a form's id that never was one.

    Raises:
        Refused: `form_unknown`.
    """
    if values and "form_id" in values and not FORM_ID.fullmatch(values["form_id"]):
        raise Refused("form_unknown")


@pages.context_processor
def words() -> dict[str, object]:
    """What the clerk's templates can ask for."""
    return {
        "own_standing": lambda: own_standing(ports(), actor()),
        "own_store": lambda: store_of(ports(), actor()),
        "clerk_name": lambda: actor().name,
        "nationality_of": NATIONALITY_BY_CODE.__getitem__,
        "nationalities": sorted(NATIONALITIES, key=lambda one: one.code),
        "port_of": PORTS.__getitem__,
        "ports_of_departure": [(port.code, local(port)) for port in PORTS.values()],
    }


@pages.get("/")
def home() -> str:
    """Today's forms, who is coming, what was forgotten, and the way to the next form."""
    return home_page(None)


def home_page(told: Refused | None) -> str:
    """The same, with what was wrong with a code that was typed or scanned."""
    return render_template(
        "store/home.html",
        **_today(),
        **coming(),
        forgotten=forgotten_sales(ports(), actor()).count,
        told=told,
    )


@pages.get("/session")
def session_now() -> Response:
    """The number of the store that this browser is signed in to; a page asks before it sends."""
    return Response(str(actor().store_number), mimetype="text/plain")


@pages.get("/arrivals")
def arriving() -> Page:
    """Who filled in today, for the list alone; nothing when it is as it was seen."""
    shown = coming()
    if request.args.get("seen") == shown["arrivals_seen"]:
        return "", 204
    return render_template("store/_arrivals.html", **shown, in_form="in_form" in request.args)


def coming() -> dict[str, object]:
    """Who filled in today, as templates want it."""
    found = arrivals(ports(), actor())
    text = "|".join(f"{one.fill_in_id}:{bool(one.name)}" for one in found.shown)
    seen = hashlib.sha256(f"{found.count}|{text}".encode()).hexdigest()[:16]
    return {"arrivals": found, "arrivals_seen": seen}


@pages.get("/forms")
def forms() -> Page:
    """The table of today's forms alone; nothing when it is as it was seen."""
    today = _today()
    if request.args.get("seen") == today["seen"]:
        return "", 204
    return render_template("store/_forms.html", **today)


def _today() -> dict[str, object]:
    found = forms_today(ports(), actor())
    live = [form for form in found if form.status not in GONE]
    return {"forms": found, "live": live, "seen": _seen(found)}


def _seen(found: list[Form]) -> str:
    """One short word for what a table shows; it changes when the table does."""
    text = "|".join(f"{form.form_id}:{form.version}" for form in found)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pages.get("/goods")
def goods() -> str:
    """The goods that can stand on a form, searched; for the goods field, its suggestions alone."""
    query = typed_fields(request.args)[0].get("q", "")[:QUERY_LENGTH_MAX]
    master = goods_master(ports())
    if "part" in request.args:
        found = search_goods(master, query, GOODS_SUGGESTED)
        return render_template("store/_suggestions.html", goods=found)
    found = search_goods(master, query, GOODS_LISTED)
    return render_template("store/goods.html", goods=found, query=query, all=len(master))


@pages.get("/forms/<form_id>")
def form(form_id: str) -> str:
    """A form after its issue: the code to scan, the papers, and how far it has come."""
    return form_page(form_id, None)


def form_page(form_id: str, told: Refused | None) -> str:
    """The same, with what a printer refused."""
    seen = progress(ports(), actor(), form_id)
    shown = {**_progress(seen), "told": told}
    return render_template("store/form.html", **shown, code=_code(seen.form))


@pages.get("/forms/<form_id>/state")
def state(form_id: str) -> Page:
    """How far a form has come; nothing when that is as it was seen."""
    seen = progress(ports(), actor(), form_id)
    if request.args.get("seen") == str(seen.form.version):
        return "", 204
    return render_template("store/_state.html", **_progress(seen))


def _progress(seen: Progress) -> dict[str, object]:
    changes = changes_of(ports(), actor(), seen.form.form_id)
    return {
        "form": seen.form,
        "progress": seen,
        "changes": changes,
        "is_over": seen.form.status in OVER,
    }


def _code(form: Form) -> str:
    return code_url(ports().public_url, form.code)


@pages.get("/forms/<form_id>/claim-code")
def claim_code(form_id: str) -> str:
    """The claim code, shown when it is asked for; that is recorded."""
    return render_template("store/_claim_code.html", slip=slip(ports(), actor(), form_id))


@pages.get("/forms/<form_id>/code.png")
def code_png(form_id: str) -> Response:
    """The form's QR code as a picture to keep."""
    form = form_seen_by_store(ports(), actor(), form_id)
    caption = REHEARSAL if ports().is_rehearsal else ""
    response = Response(png(_code(form), PNG_SCALE, caption), mimetype="image/png")
    name = f"{group_form_number(form.form_number)}.png"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.get("/forms/<form_id>/void")
def confirm_void(form_id: str) -> str:
    """What voiding a form means, and why it is to be void."""
    seen = progress(ports(), actor(), form_id)
    if not seen.may_be_voided:
        raise Refused("not_in_this_state", status=seen.form.status.value)
    return render_template("store/void.html", form=seen.form, reason="", errors={})


@pages.post("/forms/<form_id>/void")
def void(form_id: str) -> Page:
    """Void a form before any money is on hold."""
    typed = typed_fields(request.form)[0].get("reason", "")
    try:
        void_form(ports(), actor(), form_id, typed)
    except Refused as refused:
        if refused.field != "reason":
            raise
        form = form_seen_by_store(ports(), actor(), form_id)
        shown = {"form": form, "reason": typed}
        page = render_template("store/void.html", **shown, errors=errors_by_field([refused]))
        return page, 422
    return redirect(url_for("store.form", form_id=form_id), 303)
