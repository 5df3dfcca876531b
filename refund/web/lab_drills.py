"""The lab's drills: chosen by role and grade, done at a desk, handed in, and judged."""

import threading
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from flask import Response as Answer
from flask import current_app, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from refund.core.errors import Refused
from refund.services import rehearsing
from refund.simulation.drills.drill import PASS_SHARE, Audience, Drill, DrillShelf, read_drills
from refund.simulation.drills.parameters import Words
from refund.simulation.drills.room import DrillRoom
from refund.simulation.drills.scores import Attempt
from refund.simulation.drills.stage import Theatre
from refund.simulation.rehearsal.fault_cards import CardTable
from refund.simulation.rehearsal.host import Host
from refund.simulation.rehearsal.network_hand import NetworkHand
from refund.web.auth import actor, for_learners, let_in
from refund.web.context import ports
from refund.web.lab import ROOMS, host, pages

ROOMS.append(("drills", lambda: _("Drills"), False))

KEY = "lab_drills"
HAND = "lab_hand"
"""Under which the application keeps the hand in the rehearsal's network."""

ARRIVES_SECONDS = 900.0
"""How long a drill waits at most for the rehearsal's clock to get where its setup takes it."""

OWN_FOLDER = "drills"
_STARTS = {
    "issue": "store.issue",
    "today": "store.home",
    "find": "store.find",
    "forgotten": "store.forgotten",
    "scan": "customs.home",
    "reviews": "customs.reviews",
    "offline": "customs.offline",
    "home": "operator.home",
    "exit": "operator.exit_desk",
    "cases": "operator.cases",
    "counter": "operator.counters",
    "settlements": "operator.settlements",
    "statements": "operator.statements",
    "forms": "operator.forms",
}
"""Where the work of a drill begins: the page's word, and its view."""


class _Shelves:
    """The drills of the folders, read again when a file has changed."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._shelf = DrillShelf({}, ())

    def read(self, folders: Iterable[Path]) -> DrillShelf:
        """What the folders have now."""
        found = tuple(folders)
        with self._turn:
            seen = tuple(_marks(found))
            if seen != self._seen:
                self._shelf, self._seen = read_drills(*found), seen
            return self._shelf


def _marks(folders: Iterable[Path]) -> Iterable[tuple[str, int, int]]:
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            stat = path.stat()
            yield str(path), stat.st_mtime_ns, stat.st_size


_shelves = _Shelves()


def own_folders(of: Host) -> tuple[Path, Path]:
    """Where a trainer puts drills: for this rehearsal alone, and for all beside it."""
    return of.folder / OWN_FOLDER, of.folder.parent / OWN_FOLDER


def room() -> DrillRoom:
    """The drills of the rehearsal that answers."""
    here, rooms = host(), current_app.extensions
    shelf = _shelves.read(own_folders(here))
    known = cast("DrillRoom | None", rooms.get(KEY))
    if known is not None and known.shelf is shelf:
        return known
    made = rooms[KEY] = DrillRoom(ports(), here.book, _theatre(here), shelf)
    if known is None:
        made.begin()
    return made


def _theatre(here: Host) -> Theatre:
    """How the rehearsal is moved while a drill is prepared."""
    hand = cast("NetworkHand", current_app.extensions[HAND])

    def pass_by(span: timedelta) -> None:
        if span <= timedelta():
            return
        rate = here.view().rate
        here.take_to(here.view().now + span)
        if not here.wait(ARRIVES_SECONDS):
            raise Refused("clock_is_moving")
        here.go(rate)

    return Theatre(hand.give, pass_by, hand.switch_on, CardTable(here.book).keep_from_bots)


@pages.app_template_filter("said")
def said(words: Words | Mapping[str, str]) -> str:
    """A text of a drill in the reader's language."""
    known = words if isinstance(words, Words) else Words(words["zh"], words["en"])
    return known.said(str(get_locale()))


@pages.app_template_filter("named")
def named(thing: Mapping[str, str]) -> str:
    """The name of something that lies before the learner, in the reader's language."""
    return Words(thing["name_zh"], thing["name_en"]).said(str(get_locale()))


pages.add_app_template_filter(date.fromisoformat, "read_day")


@pages.get("/drills")
@for_learners
def drills() -> str:
    """Every drill by role and grade, with one's own progress."""
    here = room()
    person, shelf = actor(), here.shelf
    return render_template(
        "lab/drills/list.html",
        groups=[(one.value, shelf.of(one)) for one in Audience],
        standings=here.scores.standings(person.staff_id),
        problems=shelf.problems if not rehearsing.is_learner(person) else (),
        folders=own_folders(host()),
        today=ports().clock.now(),
        pass_share=PASS_SHARE,
    )


@pages.get("/drills/<drill_id>")
@for_learners
def drill(drill_id: str) -> str | Answer:
    """One drill: its task, what lies before the learner, and what was earned so far."""
    here = room()
    found = here.drill(drill_id)
    latest = next(iter(here.scores.attempts_of(actor().staff_id, drill_id)), None)
    if latest is not None and latest.state == "preparing" and "HX-Request" in request.headers:
        return Answer(status=204)
    return _drill(here, found, latest)


def _drill(here: DrillRoom, found: Drill, latest: Attempt | None) -> str:
    person = actor()
    return render_template(
        "lab/drills/drill.html",
        drill=found,
        attempt=latest if latest is not None and latest.state in ("open", "preparing") else None,
        failed=latest.why if latest is not None and latest.state == "failed" else "",
        earlier=[
            one
            for one in here.scores.attempts_of(person.staff_id, found.drill_id)
            if one.state == "handed_in"
        ],
        why_not=here.why_not(person, found),
        desk_name=_name_of(here, latest),
        starts_at=url_for(_STARTS[found.page]),
        pass_share=PASS_SHARE,
    )


def _name_of(here: DrillRoom, attempt: Attempt | None) -> str:
    if attempt is None or not attempt.is_open:
        return ""
    found = rehearsing.desks(here.ports)
    return next((one.actor.name for one in found if one.actor.staff_id == attempt.desk), "")


@pages.post("/drills/<drill_id>/start")
@for_learners
def start_drill(drill_id: str) -> Response:
    """Prepare a drill, and sit down at its desk."""
    here, person = room(), actor()
    found = here.drill(drill_id)
    desk = here.desk_for(person, found.audience)
    here.start(person, found, desk)
    token, played = rehearsing.sit_down(ports(), person, here.login_of(desk))
    response = redirect(url_for("lab.drill", drill_id=drill_id), 303)
    let_in(response, played.role, token)
    return response


@pages.get("/attempts/<int:number>")
@for_learners
def attempt(number: int) -> str | Response:
    """What an attempt came to: each point, why it was lost, and the right answer."""
    here = room()
    found = here.own_attempt(actor(), number)
    if found.state != "handed_in":
        return redirect(url_for("lab.drill", drill_id=found.drill_id))
    return render_template(
        "lab/drills/result.html",
        attempt=found,
        drill=here.drill(found.drill_id),
        judged=here.scores.judged(number),
        is_own=found.person == actor().staff_id,
        person_name=person_names(here).get(found.person, found.person),
    )


def person_names(here: DrillRoom) -> dict[str, str]:
    """The names of trainers and learners, by their id."""
    found = rehearsing.learners(here.ports)
    return {one.actor.staff_id: one.actor.name for one in found}


@pages.post("/attempts/<int:number>/hand-in")
@for_learners
def hand_in(number: int) -> Response:
    """Judge what stands in the database now."""
    here = room()
    try:
        here.hand_in(actor(), number)
    except Refused as refused:
        if refused.code == "form_unknown":
            # The rehearsal went back to a day before it was prepared.
            here.give_up(actor(), number)
        raise
    return redirect(url_for("lab.attempt", number=number), 303)


@pages.post("/attempts/<int:number>/give-up")
@for_learners
def give_up(number: int) -> Response:
    """End an attempt that is not handed in."""
    found = room().give_up(actor(), number)
    return redirect(url_for("lab.drill", drill_id=found.drill_id), 303)
