"""The control page, on which the operator of the lab decides what goes wrong in the network."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from refund.core.calendar import SHANGHAI
from refund.sandbox.answers import stamp
from refund.sandbox.cards import TRIAL_CARDS
from refund.sandbox.faults import GROUPS, KIND_WORDS, NAMES
from refund.sandbox.network import Book
from refund.sandbox.overview import open_holds, pending_payouts, webhooks
from refund.sandbox.restore import HOURS_MAX, restore_backup
from refund.sandbox.settings import SandboxSettings
from refund.sandbox.switching import read_fault, read_hours

control = Blueprint("control", __name__, url_prefix="/control")

FIELD = "form_token"
SIGNED_IN_FOR = timedelta(hours=12)
_COOKIE = "sandbox_control"
_AS_TYPED = {"percent": "100", "seed": "1"}

Wrong = dict[str, str]
"""What is wrong with a form: for each field the code of its message; nothing where all is well."""


def install_control(app: Flask, settings: SandboxSettings) -> None:
    """Put the control page into the sandbox; without a password it is a page that is not there."""
    told = f"control page\0{settings.control_password}".encode()
    app.secret_key = hmac.digest(settings.secret.encode(), told, hashlib.sha256)
    app.config["SESSION_COOKIE_NAME"] = _COOKIE
    app.config["SESSION_COOKIE_PATH"] = control.url_prefix
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"
    app.config["SESSION_COOKIE_SECURE"] = settings.public_url.startswith("https://")
    app.jinja_env.filters["moment"] = _moment
    app.jinja_env.filters["percent"] = _percent
    app.register_blueprint(control)


@control.before_request
def be_there() -> None:
    """Hide the page where it has no password, and remember the language that was chosen."""
    if not _settings().control_password:
        abort(404)
    if "language" in request.args:
        session["language"] = request.args["language"][:20]
    g.language = session.get("language", "")
    if FIELD not in session:
        session[FIELD] = _settings().new_id("control")


@control.get("")
def show() -> ResponseReturnValue:
    """Show what is switched on and what can be, or ask for the password."""
    return _page({}, {})


@control.post("")
def act() -> ResponseReturnValue:
    """Do what a button says, and show the page again."""
    typed = {name: value[:200] for name, value in request.form.items()}
    if not _same(typed.get(FIELD, ""), session[FIELD]):
        return _page(typed, {"page": "page_stale"}), 400
    if typed.get("do") == "sign_in":
        return _sign_in(typed)
    if not _is_signed_in():
        return _page({}, {"page": "signed_out"}), 403
    doing = _DOINGS.get(typed.get("do", ""))
    if doing is None:
        return _page(typed, {"page": "page_stale"}), 400
    wrong = doing(typed)
    return (_page(typed, wrong), 422) if wrong else redirect(url_for("control.show"), 303)


def _sign_in(typed: Mapping[str, str]) -> ResponseReturnValue:
    if not _same(typed.get("password", "").strip(), _settings().control_password):
        return _page({}, {"password": "password_wrong"}), 403
    session[FIELD] = _settings().new_id("control")
    session["until"] = stamp(_settings().clock() + SIGNED_IN_FOR)
    return redirect(url_for("control.show"), 303)


def _sign_out(_typed: Mapping[str, str]) -> Wrong:
    session.pop("until", None)
    session.pop(FIELD, None)
    return {}


def _switch_on(typed: Mapping[str, str]) -> Wrong:
    fault, wrong = read_fault(typed)
    if fault is not None:
        _book().faults.switch_on(fault)
        _note("switched_on", fault.name)
    return wrong


def _switch_off(typed: Mapping[str, str]) -> Wrong:
    number = typed.get("fault_id", "")
    known = number.isascii() and number.isdigit() and len(number) < 19
    if known and _book().faults.switch_off(int(number)):
        _note("switched_off")
    return {}


def _heal(_typed: Mapping[str, str]) -> Wrong:
    _note("healed", _book().faults.heal())
    return {}


def _end_hold(typed: Mapping[str, str]) -> Wrong:
    reference = typed.get("reference", "")
    hold = _book().hold_state(reference)
    if hold is None or hold["state"] != "held":
        return {"page": "hold_not_open"}
    _book().end_hold_early(reference)
    _note("hold_ended", reference)
    return {}


def _pass_time(_typed: Mapping[str, str]) -> Wrong:
    _note("time_passed", _book().pass_time())
    return {}


def _restore(typed: Mapping[str, str]) -> Wrong:
    hours, wrong = read_hours(typed)
    if hours is not None:
        _note("restored", restore_backup(_book(), timedelta(hours=hours)))
    return wrong


_DOINGS: Mapping[str, Callable[[Mapping[str, str]], Wrong]] = {
    "sign_out": _sign_out,
    "switch_on": _switch_on,
    "switch_off": _switch_off,
    "heal": _heal,
    "end_hold": _end_hold,
    "pass_time": _pass_time,
    "restore": _restore,
}


def _page(typed: Mapping[str, str], wrong: Wrong) -> str:
    """Render the page with what was typed and what is wrong with it."""
    if not _is_signed_in():
        return render_template("sandbox/control_sign_in.html", wrong=wrong, token=session[FIELD])
    book = _book()
    by_group = {g: [n for n, known in NAMES.items() if known.group == g] for g in GROUPS}
    return render_template(
        "sandbox/control.html",
        token=session[FIELD],
        typed={**_AS_TYPED, "hours": "24", **typed},
        wrong=wrong,
        note=session.pop("note", None),
        now=book.clock(),
        switched=book.faults.switched(),
        groups=[(GROUPS[group], names) for group, names in by_group.items()],
        told={name: known.told for name, known in NAMES.items()},
        cards=TRIAL_CARDS,
        kinds=KIND_WORDS,
        holds=open_holds(book),
        payouts=pending_payouts(book),
        webhooks=webhooks(book),
        hours_max=HOURS_MAX,
    )


def _moment(moment: datetime | str) -> str:
    """A moment of the network's clock as it is read in Shanghai."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _percent(basis_points: int) -> str:
    return f"{Decimal(basis_points) / 100:f} %"


def _is_signed_in() -> bool:
    return str(session.get("until", "")) > stamp(_settings().clock())


def _note(code: str, told: str | int = "") -> None:
    """Say on the next page what was done."""
    session["note"] = {"code": code, "told": told}


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _book() -> Book:
    book: Book = current_app.extensions["book"]
    return book


def _settings() -> SandboxSettings:
    settings: SandboxSettings = current_app.extensions["sandbox_settings"]
    return settings
