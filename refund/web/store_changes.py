"""The clerk's pages for goods brought back, and for forms that were lost."""

from collections.abc import Sequence

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from refund.core.calendar import day_of
from refund.core.entitlement import Recovery
from refund.core.errors import REFUSALS, Refused
from refund.core.form import Status
from refund.services.amend import forms_of_document
from refund.services.life import read_reason
from refund.services.returns import offer_return, return_goods, returnable_form
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.parse import Reader, typed_fields
from refund.web.store import Page, pages
from refund.web.store_lookup import read_documents
from refund.web.store_returns import TypedReturn, new_return, read_return


@pages.get("/forms/<form_id>/return")
def returning(form_id: str) -> str:
    """The lines of a form, of which some or all are brought back."""
    reason = _("Mistake on the form") if "mistake" in request.args else ""
    return _return_page(form_id, new_return(ports().ids.token(), mistake=reason))


@pages.post("/forms/<form_id>/return")
def take_back(form_id: str) -> Page:
    """Calculate what a return would mean, or do what was calculated."""
    typed = read_return(request.form)
    if "step" in request.form:
        known = returnable_form(ports(), actor(), form_id)
        return _return_page(form_id, typed.stepped(request.form["step"], known))
    if "confirm" not in request.form or not typed["seen"]:
        return _return_page(form_id, typed)
    wrong = _unconfirmed(typed)
    if wrong:
        return _return_page(form_id, typed, wrong), 422
    try:
        done = return_goods(ports(), actor(), form_id, typed.brought())
    except Refused as refused:
        return _return_page(form_id, typed, (refused,)), REFUSALS[refused.code].status
    if typed["mistake"] == "yes" and done.form.status is Status.RETURNED:
        return redirect(url_for("store.correcting", form_id=form_id), 303)
    shown = done.replaced_by or done.form
    return redirect(url_for("store.form", form_id=shown.form_id), 303)


def _unconfirmed(typed: TypedReturn) -> list[Refused]:
    """All that is wrong with what was typed, and cash that the clerk has not confirmed."""
    reader = Reader()
    reader.problems.extend(typed.problems)
    reader.read(lambda text, _: read_reason(text), typed["reason"], "reason")
    if typed.recovery is Recovery.STORE and typed["taken"] != "yes":
        reader.refuse("cash_not_counted", "taken")
    return reader.problems


@pages.post("/forms/<form_id>/return/offer")
def offer(form_id: str) -> str:
    """What the return would mean, as far as the page is filled in."""
    return render_template("store/_offer.html", **_offered(form_id, read_return(request.form)))


def _offered(
    form_id: str, typed: TypedReturn, besides: Sequence[Refused] = ()
) -> dict[str, object]:
    """The form with what the return would mean, or why it cannot be."""
    known = returnable_form(ports(), actor(), form_id)
    shown = {"typed": typed, "form": known.form, "known": known, "offer": None}
    told = [*(besides or typed.problems)]
    if not typed.problems and (known.is_ending or not typed.is_blank):
        try:
            quantities, asked = typed.quantities, typed.asked
            shown["offer"] = offer_return(ports(), actor(), form_id, quantities, asked=asked)
        except Refused as refused:
            told = told or [refused]
    return shown | {"told": told, "errors": errors_by_field(told)}


def _return_page(form_id: str, typed: TypedReturn, besides: Sequence[Refused] = ()) -> str:
    return render_template("store/return.html", **_offered(form_id, typed, besides))


@pages.get("/find")
def find() -> str:
    """The way back to a form that was lost: by the traveller's document."""
    return render_template("store/find.html", typed="", found=None, errors={})


@pages.post("/find")
def found() -> Page:
    """The forms of a document in the clerk's own store; the search is recorded."""
    texts, problems = typed_fields(request.form)
    typed = texts.get("document", "")
    try:
        documents = read_documents(typed, day_of(ports().clock.now()), problems)
    except Refused as refused:
        errors = errors_by_field([refused])
        return render_template("store/find.html", typed=typed, found=None, errors=errors), 422
    forms = forms_of_document(ports(), actor(), documents)
    return render_template("store/find.html", typed=typed, found=forms, errors={})
