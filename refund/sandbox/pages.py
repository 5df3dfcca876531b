"""The network's own page, on which a traveller gives it a card: the only place for card numbers."""

from __future__ import annotations

import hmac
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from refund.sandbox.cards import TRIAL_CARDS, TRIAL_CODE, TRIAL_EXPIRY, TRIAL_NAME
from refund.sandbox.entry import CardEntry, filled, read_account, read_entry
from refund.sandbox.errors import Rejected
from refund.sandbox.network import Book
from refund.sandbox.sessions import CardSession
from refund.translations import LOCALES, TRAVELLER_LOCALES, nearest

pages = Blueprint("card", __name__)


def page_locales() -> tuple[str, ...]:
    """The languages of this page: the control page is for staff."""
    return LOCALES if request.blueprint == "control" else TRAVELLER_LOCALES


def page_language() -> str:
    """Return the locale of the page: asked for, or the session's, or the browser's."""
    asked = (request.args.get("language", ""), g.get("language", ""))
    browsers = (tag for tag, _ in request.accept_languages)
    found = (nearest(tag, page_locales()) for tag in (*asked, *browsers))
    return next((locale for locale in found if locale is not None), "en")


def way_back(session: CardSession) -> str:
    """Return the merchant's address with the session's id in its query."""
    parts = urlsplit(session.request.return_url)
    ours = urlencode({"session": session.session_id})
    return urlunsplit(parts._replace(query=f"{parts.query}&{ours}" if parts.query else ours))


@pages.get("/card/<session_id>")
def show_card(session_id: str) -> ResponseReturnValue:
    """Show the form of an open session, or say that the session is over."""
    session = _session(session_id)
    if session.state != "open":
        return render_template("sandbox/over.html", session=session, back=way_back(session))
    return _form(session, {}, {})


@pages.post("/card/<session_id>")
def take_card(session_id: str) -> ResponseReturnValue:
    """Take the card and send the traveller back; a second click finds the first one's result."""
    session = _session(session_id)
    if session.state in {"entered", "cancelled"}:
        return redirect(way_back(session), 303)
    if session.state != "open":
        return render_template("sandbox/over.html", session=session, back=way_back(session)), 409
    typed = {name: value[:200] for name, value in request.form.items()}
    if not hmac.compare_digest(typed.get("page_token", "").encode(), session.page_token.encode()):
        return _form(session, typed, {"page": "page_stale"}), 400
    if typed.get("do") == "back":
        return _finish(session_id, None)
    if session.request.wants_card:
        entry, faults = read_entry(typed, session.request.method, _book().clock().date())
    else:
        entry, faults = read_account(typed, session.request.method)
    if entry is None:
        return _form(session, typed, faults), 422
    return _finish(session_id, entry)


def _finish(session_id: str, entry: CardEntry | None) -> ResponseReturnValue:
    """End the session, with a card or without; whoever was faster has decided."""
    book = _book()
    try:
        if entry is None:
            book.cancel_card_session(session_id)
        else:
            book.submit_card(session_id, entry)
    except Rejected as rejected:
        if rejected.code != "session_not_open":
            raise
    return redirect(way_back(_session(session_id)), 303)


def _form(session: CardSession, typed: dict[str, str], faults: dict[str, str]) -> str:
    """Render the form with what was typed, the security code left out."""
    values = filled(typed) | {"code": "", "trial": typed.get("trial", "")}
    return render_template(
        "sandbox/card.html",
        session=session,
        values=values,
        faults=faults,
        cards=TRIAL_CARDS,
        fill={"expiry": TRIAL_EXPIRY, "code": TRIAL_CODE, "name": TRIAL_NAME},
    )


def _book() -> Book:
    book: Book = current_app.extensions["book"]
    return book


def _session(session_id: str) -> CardSession:
    """Find a session and remember its language and where its form may lead."""
    session = _book().card_session(session_id)
    if session is None:
        raise Rejected(404, "unknown_session", "There is no such card session.")
    g.language = session.request.language
    parts = urlsplit(session.request.return_url)
    g.return_origin = f"{parts.scheme}://{parts.netloc}"
    return session
