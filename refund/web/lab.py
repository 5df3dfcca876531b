"""The lab's pages of a rehearsal: what time it is and where it is taken, and who plays whom."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from refund.core.calendar import day_of, end_of_day, parse_moment
from refund.core.errors import Refused
from refund.core.people import Role
from refund.services import rehearsing
from refund.simulation.rehearsal.forks import DAY_ENDS_BEFORE
from refund.simulation.rehearsal.host import Host
from refund.web.auth import AUDIENCE_OF, actor, for_learners, let_in
from refund.web.context import ports
from refund.web.door import add_door
from refund.web.filters import day

pages = Blueprint("lab", __name__)
add_door(pages, Role.TRAINER, Role.LEARNER)

KEY = "lab"
"""Under which the application keeps the rehearsal's host."""

ROOMS: list[tuple[str, Callable[[], str], bool]] = [
    ("home", lambda: _("Rehearsal"), False),
    ("days", lambda: _("Days"), True),
]
"""What the lab's navigation leads to: the view, its word, and whether it is the trainer's alone.

A module that adds a room to the lab appends it here.
"""

WAIT_SECONDS = 1.5
"""How long a page waits for the clock to arrive, before it shows it on its way."""

JUMP = timedelta(days=28)
DEADLINES_SHOWN = 8


def host() -> Host:
    """The host of the rehearsal that answers."""
    return cast("Host", current_app.extensions[KEY])


@pages.context_processor
def frame() -> dict[str, object]:
    """What the frame of each page says of the person who is here."""
    return {"person": g.get("actor"), "lab_rooms": ROOMS}


@pages.get("/")
@for_learners
def home() -> str:
    """What time it is here, what comes next, and who plays whom."""
    desks = rehearsing.desks(ports())
    groups = {role: [one for one in desks if one.actor.role is role] for role in Role}
    return render_template(
        "lab/home.html",
        clock=host().view(),
        deadlines=host().next_deadlines(DEADLINES_SHOWN),
        way=host().last_way(),
        groups={role.value: found for role, found in groups.items() if found},
        taken=host().book.taken(),
        people={one.actor.staff_id: one.actor.name for one in rehearsing.learners(ports())},
        traveller_desk=rehearsing.TRAVELLER_DESK,
        facts=host().book.facts(),
    )


@pages.get("/clock")
@for_learners
def clock() -> Response:
    """The clock alone; nothing when it is as it was seen, and the whole page once it arrived."""
    view, seen = host().view(), request.args.get("seen", "")
    if seen == view.seen:
        return Response(status=204)
    if view.moving is None and seen and not seen.endswith("-"):
        return Response(headers={"HX-Refresh": "true"})
    return Response(render_template("lab/_clock.html", clock=view), mimetype="text/html")


def long_day(value: datetime) -> str:
    """The day of a moment in Shanghai, with the name of the weekday."""
    there = day_of(value)
    return f"{format_date(there, 'EEEE')}, {day(there)}"


pages.add_app_template_filter(long_day, "long_day")


@pages.post("/clock")
def move_clock() -> Response:
    """Stop the clock, let it run, or take it ahead."""
    now, wanted = host().view().now, request.form.get("do", "")
    match wanted:
        case "stop" | "run" | "fast":
            host().go({"stop": 0, "run": 1, "fast": 60}[wanted])
        case _:
            host().take_to(_target(wanted, now))
            host().wait(WAIT_SECONDS)
    return redirect(url_for("lab.home"), 303)


def _target(wanted: str, now: datetime) -> datetime:
    """Where the clock is to be taken.

    Raises:
        Refused: `choice_unknown`, `field_unreadable`.
    """
    minute = now.replace(second=0, microsecond=0)
    last_second = end_of_day(day_of(now)) - DAY_ENDS_BEFORE
    steps = {
        "minute": minute + timedelta(minutes=1),
        "hour": minute.replace(minute=0) + timedelta(hours=1),
        "day": last_second if last_second > now else last_second + timedelta(days=1),
        "jump": now + JUMP,
    }
    if wanted in steps:
        return steps[wanted]
    if wanted != "deadline":
        raise Refused("choice_unknown", "do", known=[*steps, "deadline"])
    return parse_moment(request.form.get("at", ""), "at")


@pages.post("/desks/<desk>/take")
@for_learners
def take(desk: str) -> Response:
    """Sit down at a desk: from now on no bot plays it."""
    person = actor()
    held_by = host().book.taken().get(desk)
    if held_by not in {None, person.staff_id} and rehearsing.is_learner(person):
        raise Refused("desk_taken")
    if desk == rehearsing.TRAVELLER_DESK:
        host().book.take(desk, person.staff_id, ports().clock.now())
        return redirect(url_for("lab.home"), 303)
    token, played = rehearsing.sit_down(ports(), person, desk)
    host().book.take(desk, person.staff_id, ports().clock.now())
    response = redirect(url_for(f"{AUDIENCE_OF[played.role]}.home"), 303)
    let_in(response, played.role, token)
    return response


@pages.post("/desks/<desk>/give")
def give(desk: str) -> Response:
    """Give a desk to a learner, or to the bots."""
    known = {one.actor.staff_id for one in rehearsing.learners(ports())}
    desks = {rehearsing.TRAVELLER_DESK, *(one.login for one in rehearsing.desks(ports()))}
    person = request.form.get("person", "")
    if desk not in desks or (person and person not in known):
        raise Refused("person_unknown")
    if person:
        host().book.take(desk, person, ports().clock.now())
    else:
        host().book.give_back(desk)
    return redirect(url_for("lab.home"), 303)


@pages.post("/desks/<desk>/return")
@for_learners
def give_back(desk: str) -> Response:
    """Leave a desk to the bots again."""
    if rehearsing.is_learner(actor()) and host().book.taken().get(desk) != actor().staff_id:
        raise Refused("desk_taken")
    host().book.give_back(desk)
    return redirect(url_for("lab.home"), 303)
