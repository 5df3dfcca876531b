"""The registers of the agency: the staff, the keys that sign, and the draws of customs."""

from datetime import timedelta

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of
from refund.core.errors import REFUSALS, Refused
from refund.core.people import Staff
from refund.core.places import HOME_PORT, PORTS
from refund.services import people as staff
from refund.services.sampling import DayOfDraws, check_draws
from refund.web.auth import actor
from refund.web.context import here, ports
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.parse import read_day, typed_fields

Page = str | Response | tuple[str, int]

SAID = frozenset({"disabled", "signed_out", "rotated"})


@pages.get("/people")
def people() -> str:
    """Everyone who may sign in, and who no more."""
    return _people({}, [])


def _people(
    typed: dict[str, str], refusals: list[Refused], told: tuple[Staff, str] | None = None
) -> str:
    said = request.args.get("done", "")
    return render_template(
        "operator/people/people.html",
        register=staff.register(ports()),
        typed=typed,
        errors=errors_by_field(refusals),
        told=told,
        done=said if said in SAID else "",
        roles=staff.IN_BROWSER,
        ports=list(PORTS),
        name_max=staff.NAME_LENGTH_MAX,
    )


@pages.post("/people")
def add_person() -> Page:
    """Let somebody sign in; the password is shown once."""
    typed, problems = typed_fields(request.form)
    names = ("login", "role", "name", "store_number", "port")
    try:
        if problems:
            raise problems[0]
        who = staff.Newcomer(**{name: typed.get(name, "") for name in names})
        told = staff.add_person(ports(), here().passwords, actor(), who)
    except Refused as refused:
        if not refused.field:
            raise
        return _people(typed, [refused]), REFUSALS[refused.code].status
    return _people({}, [], told)


@pages.get("/people/<staff_id>/<any(disable, password, 'sign-out'):deed>")
def preview_person(staff_id: str, deed: str) -> str:
    """What would be done to a person's access; nothing is done yet."""
    found = staff.register(ports())
    person = next((one for one in found.people if one.actor.staff_id == staff_id), None)
    if person is None:
        raise Refused("person_unknown")
    return render_template("operator/people/act.html", person=person, act=deed, stores=found.stores)


@pages.post("/people/<staff_id>/<any(disable, password, 'sign-out'):deed>")
def change_person(staff_id: str, deed: str) -> Page:
    """Do it, and end every session of the person at once."""
    if deed == "password":
        told = staff.new_password(ports(), here().passwords, actor(), staff_id)
        return _people({}, [], told)
    if deed == "disable":
        staff.disable(ports(), actor(), staff_id)
        return redirect(url_for("operator.people", done="disabled"), 303)
    staff.end_sessions(ports(), actor(), staff_id)
    return redirect(url_for("operator.people", done="signed_out"), 303)


@pages.get("/keys")
def keys() -> str:
    """The keys that sign and verify codes, with their days."""
    return render_template(
        "operator/people/keys.html",
        ring=ports().keys.ring(),
        today=day_of(ports().clock.now()),
        done=request.args.get("done", "") in SAID,
    )


@pages.get("/keys/rotate")
def preview_rotation() -> str:
    """What another signing key means; nothing is done yet."""
    signing = [key for key in ports().keys.ring().keys if key.issue_until is None]
    return render_template("operator/people/rotate.html", key=signing[-1] if signing else None)


@pages.post("/keys/rotate")
def rotate_keys() -> Response:
    """Make another signing key, and retire the one that was seen."""
    staff.rotate_keys(ports(), actor(), typed_fields(request.form)[0].get("kid", ""))
    return redirect(url_for("operator.keys", done="rotated"), 303)


@pages.get("/sampling")
def sampling() -> Page:
    """A day's draws for inspection, drawn again from the seed of the day."""
    typed = typed_fields(request.args)[0]
    yesterday = day_of(ports().clock.now()) - timedelta(days=1)
    port = typed.get("port", "") or HOME_PORT
    found: DayOfDraws | None = None
    refusals: list[Refused] = []
    try:
        day = read_day(typed["day"], "day") if typed.get("day") else yesterday
        found = check_draws(ports(), port, day)
    except Refused as refused:
        refusals.append(refused if refused.field else refused.at("port"))
    page = render_template(
        "operator/people/sampling.html",
        found=found,
        typed={"day": typed.get("day", "") or yesterday.isoformat(), "port": port},
        errors=errors_by_field(refusals),
        ports=list(PORTS),
    )
    return (page, REFUSALS[refusals[0].code].status) if refusals else page
