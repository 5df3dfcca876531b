"""The traveller's pages on the phone: from the scanned code to the money and the exit."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import TRIES, Status
from refund.core.operation import Kind
from refund.services import claim
from refund.services.claim import ClaimView
from refund.services.enrol import store_register
from refund.web import claim_forms as forms
from refund.web.auth import open_to_all, visit
from refund.web.claim_page import (
    is_updating,
    render_state,
    render_summary,
    return_url,
    status_of,
    wording,
)
from refund.web.context import ports
from refund.web.errors import refusal_page
from refund.web.filters import errors_by_field
from refund.web.language import TAGS, chosen

pages = Blueprint("traveller", __name__)

Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]

SAID_BY_THE_FORM = frozenset(
    {
        "already_claimed",
        "agreement_not_signed",
        "claim_code_missing",
        "not_in_this_state",
        "past_deadline",
        "store_not_instant",
    }
)
"""Refusals that the form's own page says better: it shows where the form stands now."""


@pages.errorhandler(Refused)
def lead_on(refused: Refused) -> Answer:
    """Lead whoever came too late, twice or from an old page to where the form stands."""
    form_id = (request.view_args or {}).get("form_id")
    if refused.code in SAID_BY_THE_FORM and form_id:
        return to_form(form_id)
    return refusal_page(refused)


COSTS_A_TRY = frozenset({"claim_code_wrong", "claim_locked"})
"""Refusals after which the page must bear to be loaded again: each sending of it would count."""


def lost_try(seen: ClaimView) -> Refused | None:
    """What is said after a wrong claim code; nothing to a phone that lost no try."""
    left = seen.form.tries_left
    return Refused("claim_code_wrong", "claim_code", left=left) if 0 < left < TRIES else None


def to_form(form_id: str) -> Response:
    """The form's page, which always knows what comes next."""
    return redirect(url_for("traveller.form", form_id=form_id), 303)


def look(form_id: str) -> ClaimView:
    """What this phone may see of the form."""
    return claim.view(ports(), visit(), form_id)


@pages.get("/")
@open_to_all
def home() -> str:
    """All forms that this phone scanned."""
    found = claim.my_forms(ports(), visit()) if visit() else []
    stores = {store.store_number: store for store in store_register(ports())} if found else {}
    return render_template("traveller/home.html", forms=found, stores=stores)


@pages.get("/forms/<form_id>")
def form(form_id: str) -> Answer:
    """Where the form stands, or the next step that is the traveller's."""
    seen = look(form_id)
    if not seen.unlocked:
        return render_summary(seen, lost_try(seen) if "wrong" in request.args else None)
    if seen.obstacle is None and seen.form.status is Status.ISSUED:
        step = "details" if seen.details is None else "agreement"
        return redirect(url_for(f"traveller.{step}", form_id=form_id), 303)
    if seen.obstacle is None and seen.form.status is Status.AGREED:
        if seen.why_no_hold:
            return render_template("traveller/declined.html", seen=seen, form=seen.form)
        return redirect(url_for("traveller.card", form_id=form_id), 303)
    return render_state(seen, ports().clock.now())


@pages.get("/forms/<form_id>/live")
def live(form_id: str) -> Answer:
    """Nothing while nothing changed; else the page is told to load itself anew."""
    seen = look(form_id)
    if str(seen.form.version) == request.args.get("v") and is_updating(seen):
        return "", 204
    return "", 200, {"HX-Refresh": "true"}


@pages.get("/forms/<form_id>/claim-code")
def claim_code(form_id: str) -> Answer:
    """The form's page, on which the claim code is asked for."""
    return to_form(form_id)


@pages.post("/forms/<form_id>/claim-code")
def enter_claim_code(form_id: str) -> Answer:
    """Open the form with the six digits of the slip."""
    seen = look(form_id)
    if seen.unlocked:
        return to_form(form_id)
    try:
        claim.enter_claim_code(ports(), visit(), form_id, forms.read_claim(request.form))
    except Refused as refused:
        if refused.code not in COSTS_A_TRY:
            return render_summary(look(form_id), refused), status_of(refused)
        return redirect(url_for("traveller.form", form_id=form_id, wrong="yes"), 303)
    return to_form(form_id)


def details_page(
    seen: ClaimView, typed: Mapping[str, str] | None, problems: Sequence[Refused]
) -> str:
    """The details, with what was typed and what is wrong with it."""
    return render_template(
        "traveller/details.html",
        seen=seen,
        form=seen.form,
        typed=forms.details_as_typed(seen) if typed is None else typed,
        errors=errors_by_field(problems),
        methods=forms.open_methods(seen),
        ports=forms.open_ports(seen.form),
        today=day_of(ports().clock.now()),
    )


def may_change_details(seen: ClaimView) -> bool:
    """Whether the details are still the traveller's to change."""
    steps = (Status.ISSUED, Status.AGREED, Status.HELD)
    return seen.unlocked and seen.form.status in steps and seen.obstacle is None


@pages.get("/forms/<form_id>/details")
def details(form_id: str) -> Answer:
    """Who it is, and how the money should come."""
    seen = look(form_id)
    return details_page(seen, None, []) if may_change_details(seen) else to_form(form_id)


@pages.post("/forms/<form_id>/details")
def give_details(form_id: str) -> Answer:
    """Keep the details; what is wrong is said beside its field."""
    seen = look(form_id)
    given = forms.read_details(request.form, seen.form)
    if given.details is None:
        return details_page(seen, request.form, given.problems), 422
    try:
        claim.give_details(ports(), visit(), form_id, given.details, given.document_tail)
    except Refused as refused:
        if not refused.field or not may_change_details(seen):
            raise
        return details_page(seen, request.form, [refused]), status_of(refused)
    return to_form(form_id)


def agreement_page(seen: ClaimView, typed: Mapping[str, str], refused: Refused | None) -> str:
    """The agreement's whole text, to be signed, or as it was signed."""
    return render_template(
        "traveller/agreement.html",
        seen=seen,
        form=seen.form,
        typed=typed,
        refused=refused,
        errors=errors_by_field([refused]) if refused else {},
        wording=f"traveller/wording/{wording(seen)}.html",
    )


@pages.get("/forms/<form_id>/agreement")
def agreement(form_id: str) -> Answer:
    """The agreement on the advance."""
    seen = look(form_id)
    may_sign = seen.form.status is Status.ISSUED and seen.obstacle is None
    if not seen.unlocked or seen.details is None or not (may_sign or seen.agreement):
        return to_form(form_id)
    return agreement_page(seen, {}, None)


@pages.post("/forms/<form_id>/agreement")
def sign(form_id: str) -> Answer:
    """Take the signature, and go on to the network's own page."""
    seen = look(form_id)
    if seen.details is None:
        return to_form(form_id)
    if seen.agreement is None:
        try:
            signature = forms.read_signature(request.form)
        except Refused as refused:
            return agreement_page(seen, request.form, refused), status_of(refused)
        claim.sign_agreement(ports(), visit(), form_id, signature, TAGS[chosen()])
    return to_network(form_id)


def to_network(form_id: str) -> Answer:
    """Open the network's page; when it does not answer, the card's page says so."""
    try:
        language = TAGS[chosen()]
        url = claim.open_card_page(ports(), visit(), form_id, return_url(form_id), language)
    except Refused as refused:
        if refused.code != "network_unreachable":
            raise
        return card_page(look(form_id), refused), status_of(refused)
    return redirect(url, 303)


def card_page(seen: ClaimView, refused: Refused | None) -> str:
    """What a hold is, before the card is given."""
    return render_template("traveller/card.html", seen=seen, form=seen.form, refused=refused)


def waits_for_card(seen: ClaimView) -> bool:
    """Whether a card is what comes next."""
    return seen.unlocked and seen.form.status is Status.AGREED and seen.obstacle is None


@pages.get("/forms/<form_id>/card")
def card(form_id: str) -> Answer:
    """Before the network's page, and the way back from it."""
    session_id = request.args.get("session", "")
    if session_id:
        target = url_for("traveller.confirm", form_id=form_id, session_id=session_id)
        return redirect(target, 303)
    seen = look(form_id)
    return card_page(seen, None) if waits_for_card(seen) else to_form(form_id)


@pages.post("/forms/<form_id>/card")
def open_card(form_id: str) -> Answer:
    """Go to the network's own page, the only place for a card's number."""
    return to_network(form_id)


@pages.get("/forms/<form_id>/confirm/<session_id>")
def confirm(form_id: str, session_id: str) -> Answer:
    """The card as the network tells of it, and the last question before the money."""
    seen = look(form_id)
    if not waits_for_card(seen):
        return to_form(form_id)
    try:
        entry = claim.card_given(ports(), visit(), form_id, session_id)
    except Refused as refused:
        return unfinished(seen, refused)
    asked = {o.card_token for o in seen.operations if o.kind is Kind.HOLD}
    if entry.card_token in asked:
        return to_form(form_id)
    return render_template("traveller/confirm.html", seen=seen, form=seen.form, entry=entry)


@pages.post("/forms/<form_id>/confirm/<session_id>")
def claim_advance(form_id: str, session_id: str) -> Answer:
    """Hold the amount and pay the advance, once."""
    try:
        entry = claim.card_given(ports(), visit(), form_id, session_id)
        claim.claim_advance(ports(), visit(), form_id, entry)
    except Refused as refused:
        seen = look(form_id)
        return unfinished(seen, refused) if waits_for_card(seen) else to_form(form_id)
    return to_form(form_id)


def unfinished(seen: ClaimView, refused: Refused) -> Answer:
    """No card came back from the network: give one, or take the ordinary refund."""
    if refused.code not in {"card_session_unfinished", "network_unreachable"}:
        raise refused
    page = render_template(
        "traveller/unfinished.html", seen=seen, form=seen.form, code=refused.code
    )
    return page, status_of(refused)


@pages.post("/forms/<form_id>/again")
def advance_again(form_id: str) -> Answer:
    """Ask for the money once more while the hold stands."""
    look(form_id)
    claim.advance_again(ports(), visit(), form_id)
    return to_form(form_id)


@pages.get("/forms/<form_id>/ordinary")
def ordinary(form_id: str) -> Answer:
    """What the ordinary refund means, before it is chosen for good."""
    seen = look(form_id)
    if not may_change_details(seen):
        return to_form(form_id)
    return render_template("traveller/ordinary.html", seen=seen, form=seen.form)


@pages.post("/forms/<form_id>/ordinary")
def choose_ordinary(form_id: str) -> Answer:
    """Take the refund at departure instead."""
    look(form_id)
    claim.choose_ordinary(ports(), visit(), form_id)
    return to_form(form_id)
