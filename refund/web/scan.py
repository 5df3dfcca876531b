"""The scanned or typed code: it opens the form on this phone, and changes nothing else."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.exit_pass import read_pass, verify_pass
from refund.services.claim import my_forms, scan, view
from refund.services.sharing import take_share, waiting_share
from refund.services.sign_in import session_hash
from refund.web.auth import cookie_name, open_to_all, remember_phone
from refund.web.claim_forms import read_typed_code
from refund.web.claim_page import render_summary, status_of
from refund.web.context import ports

pages = Blueprint("scan", __name__)

TYPED_LENGTH_MAX = 2000


@pages.get("/F/<path:code>")
@open_to_all
def scanned(code: str) -> Response | tuple[str, int]:
    """What the phone's camera opens: the form's page at once, without a detour."""
    token = own_token() or ports().ids.token()
    try:
        form = scan(ports(), code, session_hash(token))
    except Refused as refused:
        return code_page(refused)
    seen = view(ports(), session_hash(token), form.form_id)
    if seen.unlocked:
        return redirect(url_for("traveller.form", form_id=form.form_id), 303)
    response = make_response(render_summary(seen))
    remember_phone(response, token)
    return response


def own_token() -> str:
    """The phone's own secret; "" unless it is a word that we gave and that opened something."""
    known = request.cookies.get(cookie_name("traveller"), "")
    return known if known and my_forms(ports(), session_hash(known)) else ""


@pages.get("/P/<path:code>")
@open_to_all
def pass_scanned(code: str) -> Response | tuple[str, int]:
    """An exit pass under a phone's camera: it is for the customs desk, and opens nothing here."""
    try:
        bare = read_pass(code, ports().public_url, is_rehearsal=ports().is_rehearsal)
        verify_pass(bare, ports().keys.ring(), day_of(ports().clock.now()))
    except Refused as refused:
        return code_page(refused)
    if own_token():
        return redirect(url_for("traveller.show_pass"), 303)
    return render_template("traveller/pass_code.html"), 200


@pages.get("/S/<code>")
@open_to_all
def offered(code: str) -> str:
    """What another phone offers; nothing is used up by looking, which also programs do.

    Raises:
        Refused: `share_over`.
    """
    waiting_share(ports(), code)
    return render_template("traveller/share_take.html")


@pages.post("/S/<code>")
@open_to_all
def take(code: str) -> Response:
    """Open on this phone what the other one has, once.

    Raises:
        Refused: `share_over`.
    """
    token = own_token() or ports().ids.token()
    take_share(ports(), code, session_hash(token))
    response = redirect(url_for("traveller.show_pass"), 303)
    remember_phone(response, token)
    return response


@pages.get("/I/<counter>")
@open_to_all
def counter_scanned(counter: str) -> Response:
    """The code that a store's counter shows leads to the details that are filled in once."""
    return redirect(url_for("traveller.filling_in", counter=counter), 303)


@pages.get("/F/")
@open_to_all
def typed() -> Response | tuple[str, int]:
    """A code that was typed or pasted leads to where the camera would have led."""
    text = request.args.get("code", "")[:TYPED_LENGTH_MAX]
    if "code" not in request.args:
        return render_template("traveller/code.html", refused=None, typed=""), 200
    try:
        code = read_typed_code(text, ports().public_url, is_rehearsal=ports().is_rehearsal)
    except Refused as refused:
        return code_page(refused, text)
    return redirect(url_for("scan.scanned", code=code), 303)


def code_page(refused: Refused, text: str = "") -> tuple[str, int]:
    """Say in the phone's language what is wrong with a code, and offer to type it."""
    page = render_template("traveller/code.html", refused=refused, typed=text)
    return page, status_of(refused)
