"""The clerk's page for a new form: typed, scanned or filled in on a phone, then issued once."""

import re
from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of
from refund.core.errors import REFUSALS, Refused
from refund.core.fill_in import FilledIn
from refund.core.goods import Goods
from refund.services.claim import read_form_code
from refund.services.display import show_form, show_nothing, show_sum
from refund.services.enrol import goods_master
from refund.services.fill_in import pick_up, picked_up
from refund.services.issue import Issue, dry_run, form_seen_by_store, issue_form
from refund.services.known import NOBODY, Known, known_here
from refund.services.till_sales import forgotten_sale
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.parse import typed_fields
from refund.web.store import Page, coming, home_page, pages
from refund.web.store_display import own_session, reads
from refund.web.store_forms import (
    Typed,
    changed,
    new_page,
    newest,
    of_sale,
    read_typed,
    with_traveller,
)
from refund.web.store_reading import Reading, read_draft

_FORM_CODE = re.compile(r"\S+/F/[A-Z2-7]{136}", re.IGNORECASE)
_FILL_IN_ID = re.compile(r"[0-9a-f]{16}")


def _new() -> Typed:
    return new_page(ports().ids.token(), day_of(ports().clock.now()))


@pages.get("/issue")
def issue() -> str:
    """A new form's page, with a key of its own, so that it is issued once.

    `fill_in` names a traveller who let this store in, `sale` one of the till's forgotten sales.
    """
    typed = _new()
    show_nothing(ports(), own_session())
    fill_in_id = request.args.get("fill_in", "")
    if _FILL_IN_ID.fullmatch(fill_in_id):
        typed = with_traveller(typed, picked_up(ports(), actor(), fill_in_id).traveller)
    if "sale" in request.args:
        typed = of_sale(typed, forgotten_sale(ports(), actor(), request.args["sale"][:40]))
    return _begun(typed)


def _begun(typed: Typed) -> str:
    """A page on which something stands already; the focus is where the clerk goes on."""
    typed, reading, known = _recognised(typed)
    person = reading.draft.traveller
    focus = "mrz"
    if person is not None:
        focus = "last_entry" if person.last_entry is None else "invoices-0-number"
    shown = reading if person is not None else None
    return _issue_page(typed, shown, None, known=known, focus=focus)


@pages.post("/scanned")
def scanned() -> Page:
    """What was scanned anywhere at the counter: a form's code, a pick-up code, or a document."""
    text = typed_fields(request.form)[0].get("text", "").strip()
    try:
        if _FORM_CODE.fullmatch(text):
            return _to_form(text)
        if "<" in text:
            show_nothing(ports(), own_session())
            typed = _new()
            return _begun(read_typed({**typed.fields, "mrz": text}))
        filled = pick_up(ports(), actor(), text)
    except Refused as refused:
        return home_page(refused), REFUSALS[refused.code].status
    return redirect(url_for("store.issue", fill_in=filled.fill_in_id), 303)


def _to_form(text: str) -> Response:
    form = form_seen_by_store(ports(), actor(), read_form_code(ports(), text).form_id)
    return redirect(url_for("store.form", form_id=form.form_id), 303)


@pages.post("/issue")
def issue_or_check() -> Page:
    """Issue what was typed, check it, or change the page; what was typed stays."""
    today = day_of(ports().clock.now())
    typed = read_typed(request.form)
    other = changed(typed, request.form, today)
    if other is not None:
        return _issue_page(other, None, None, focus=newest(other, request.form))
    if "take" in request.form:
        return _with_filled_in(typed, request.form)
    if "check" in request.form:
        typed, reading, known = _recognised(typed)
        outcome = dry_run(ports(), actor(), reading.draft)
        page = _issue_page(typed, reading, outcome, known=known)
        return page, 422 if outcome.refusals else 200
    return _issue(typed, read_page(typed, asks_why_late=True))


def _issue(typed: Typed, reading: Reading) -> Page:
    try:
        outcome = issue_form(ports(), actor(), reading.draft, typed.submission)
    except Refused as refused:
        if refused.code != "submission_differs":
            raise
        outcome = dry_run(ports(), actor(), reading.draft)
        return _issue_page(typed, reading, outcome, (refused,)), 409
    if outcome.form is None:
        return _issue_page(typed, reading, outcome), 422
    show_form(ports(), own_session(), outcome.form, reads(reading.draft.traveller))
    return redirect(url_for("store.form", form_id=outcome.form.form_id), 303)


def _with_filled_in(typed: Typed, form: Mapping[str, str]) -> Page:
    """The same page with a traveller who filled in: by the code told now, or let in before."""
    try:
        filled = _chosen(typed, form["take"])
    except Refused as refused:
        return _issue_page(typed, None, None, (refused,)), REFUSALS[refused.code].status
    return _begun(with_traveller(typed, filled.traveller))


def _chosen(typed: Typed, take: str) -> FilledIn:
    if _FILL_IN_ID.fullmatch(take):
        return picked_up(ports(), actor(), take)
    return pick_up(ports(), actor(), typed["pick_up"])


@pages.post("/issue/dry-run")
def check() -> str:
    """The live sum with every refusal at once, as far as the page is filled in."""
    typed = read_typed(request.form)
    reading = read_page(typed, asks_why_late=True)
    outcome = dry_run(ports(), actor(), reading.draft)
    told = reading.put_right(outcome.refusals)
    show_sum(ports(), own_session(), outcome.assessment, reads(reading.draft.traveller))
    return render_template(
        "store/_dry_run.html",
        typed=typed,
        reading=reading,
        outcome=outcome,
        told=told,
        known=_known(typed, reading),
        live=True,
    )


def read_page(typed: Typed, *, asks_why_late: bool = False) -> Reading:
    """What was typed on a page for a form, read against the list of goods."""
    master: dict[str, Goods] = {kind.goods_code: kind for kind in goods_master(ports())}
    today = day_of(ports().clock.now())
    return read_draft(typed, master, today, asks_why_late=asks_why_late)


def _known(typed: Typed, reading: Reading) -> Known:
    """What this store knows of the traveller on the page."""
    traveller = reading.draft.traveller
    if traveller is None:
        return NOBODY
    fills = not typed["last_entry"].strip()
    return known_here(ports(), actor(), traveller, fills=fills)


def _recognised(typed: Typed) -> tuple[Typed, Reading, Known]:
    """The page with what is known filled in where nothing was typed, and read again."""
    reading = read_page(typed, asks_why_late=True)
    known = _known(typed, reading)
    if known.last_entry is None:
        return typed, reading, known
    filled = {"last_entry": known.last_entry.isoformat()}
    if known.local_name and not typed["local_name"].strip():
        filled["local_name"] = known.local_name
    typed = read_typed({**typed.fields, **filled})
    return typed, read_page(typed, asks_why_late=True), known


def _issue_page(
    typed: Typed,
    reading: Reading | None,
    outcome: Issue | None,
    besides: tuple[Refused, ...] = (),
    *,
    known: Known = NOBODY,
    focus: str = "",
) -> str:
    told = [*besides, *(reading.put_right(outcome.refusals) if reading and outcome else ())]
    return render_template(
        "store/issue.html",
        **coming(),
        typed=typed,
        reading=reading,
        outcome=outcome,
        told=told,
        known=known,
        errors=errors_by_field(told),
        focus=focus,
        today=day_of(ports().clock.now()),
    )
