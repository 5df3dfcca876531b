"""The traveller's own details, filled in once on the phone for every store of the mall, today."""

from collections.abc import Mapping

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of
from refund.core.errors import REFUSALS, Refused
from refund.core.fill_in import PICK_UP
from refund.core.mrz_help import Suspect, help_with_mrz
from refund.core.nationalities import NATIONALITIES
from refund.core.store import Store
from refund.core.traveller import Traveller
from refund.services.claim import my_forms
from refund.services.fill_in import Phone, counter_of, fill_in, filled_in_here, forget
from refund.services.sign_in import session_hash
from refund.web.auth import cookie_name, open_to_all, remember_phone, visit
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.identity_forms import read_traveller, read_zone
from refund.web.language import chosen
from refund.web.parse import Reader, typed_fields
from refund.web.traveller import Answer, pages

FIELDS = (
    *("mrz", "last_entry", "local_name", "document_kind", "document_number", "nationality"),
    *("latin_name", "birth", "document_expiry"),
)


@pages.get("/fill-in")
@open_to_all
def fill_ins() -> str:
    """The pick-up codes of this phone, each with the picture that a counter scans."""
    return render_template(
        "traveller/fill_ins.html", filled=filled_in_here(ports(), visit()), prefix=PICK_UP
    )


@pages.get("/fill-in/<counter>")
@open_to_all
def filling_in(counter: str) -> Answer:
    """The details to fill in, at the counter whose code of today was scanned."""
    try:
        store = counter_of(ports(), counter)
    except Refused as refused:
        return _old_code(refused)
    return _page(store, dict.fromkeys(FIELDS, ""), [])


@pages.post("/fill-in/<counter>")
@open_to_all
def give(counter: str) -> Answer:
    """Keep the details until the day is over; what is wrong is said beside its field."""
    try:
        store = counter_of(ports(), counter)
    except Refused as refused:
        return _old_code(refused)
    sent, problems = typed_fields(request.form)
    typed = {name: sent.get(name, "") for name in FIELDS}
    reader = Reader()
    reader.problems.extend(problem for problem in problems if problem.field in FIELDS)
    traveller = _read(reader, typed)
    if traveller is None or reader.problems:
        return _page(store, typed, reader.problems), 422
    token = _token()
    phone = Phone(session_hash(token), request.remote_addr or "", chosen())
    try:
        fill_in(ports(), counter, traveller, phone)
    except Refused as refused:
        return _page(store, typed, [_placed(refused, typed)]), REFUSALS[refused.code].status
    response = redirect(url_for("traveller.fill_ins"), 303)
    remember_phone(response, token)
    return response


@pages.post("/fill-in/<fill_in_id>/forget")
@open_to_all
def forget_mine(fill_in_id: str) -> Response:
    """Forget what this phone filled in, at once."""
    forget(ports(), visit(), fill_in_id)
    return redirect(url_for("traveller.fill_ins"), 303)


def _read(reader: Reader, typed: Mapping[str, str]) -> Traveller | None:
    """Who fills in; the zone as it was tidied, so that missing fillers do no harm."""
    today = day_of(ports().clock.now())
    zone_typed = typed["mrz"].strip()
    texts = {**typed, "mrz": help_with_mrz(zone_typed, today).text if zone_typed else ""}
    zone = read_zone(reader, texts, today)
    traveller, last_entry = read_traveller(reader, texts, zone, today)
    unread = {problem.field for problem in reader.problems}
    if last_entry is None and "last_entry" not in unread:
        reader.refuse("entry_date_unknown", "last_entry")
    if traveller is None and not unread - {"last_entry"}:
        reader.refuse("no_valid_document", "mrz")
    return traveller


def _placed(refused: Refused, typed: Mapping[str, str]) -> Refused:
    """A refusal at the field that the traveller typed."""
    own = refused.field in FIELDS and bool(typed[refused.field].strip())
    return refused if own or refused.field in ("", "last_entry") else refused.at("mrz")


def _token() -> str:
    """The word by which this phone is known again: its own, where it is one that we gave."""
    known = request.cookies.get(cookie_name("traveller"), "")
    if not known:
        return ports().ids.token()
    hashed = session_hash(known)
    is_ours = bool(my_forms(ports(), hashed)) or bool(filled_in_here(ports(), hashed))
    return known if is_ours else ports().ids.token()


def _suspects(typed: Mapping[str, str]) -> tuple[Suspect, ...]:
    """The characters of the zone that look wrong."""
    text = typed["mrz"]
    return help_with_mrz(text, day_of(ports().clock.now())).suspects if text.strip() else ()


def _page(store: Store, typed: Mapping[str, str], problems: list[Refused]) -> str:
    return render_template(
        "traveller/fill_in.html",
        store=store,
        typed=typed,
        errors=errors_by_field(problems),
        told=problems,
        suspects=_suspects(typed) if problems else (),
        nationalities=sorted(NATIONALITIES, key=lambda one: one.code),
        mine=filled_in_here(ports(), visit()),
    )


def _old_code(refused: Refused) -> Response:
    page = render_template("traveller/fill_in_old.html", refused=refused)
    return make_response(page, REFUSALS[refused.code].status)
