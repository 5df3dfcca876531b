"""Score sheets of drills: per person and per class, as a page, on paper and as CSV; who learns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response as Answer
from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from refund.core.errors import REFUSALS, Refused
from refund.core.people import Role
from refund.core.tables import write_table
from refund.services import rehearsing
from refund.services.learners import add_learner
from refund.simulation.drills.drill import PASS_SHARE, Audience, Drill
from refund.simulation.drills.room import DrillRoom
from refund.simulation.drills.scores import Standing
from refund.web.auth import actor, for_learners
from refund.web.context import here as context
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.lab import ROOMS, pages
from refund.web.lab_drills import person_names, room
from refund.web.parse import typed_fields

ROOMS.append(("scores", lambda: _("Scores"), False))


@dataclass(frozen=True, slots=True)
class Row:
    """How one person stands with every drill."""

    person: str
    name: str
    standings: Mapping[str, Standing]

    @property
    def passed(self) -> int:
        """How many drills were passed."""
        return sum(one.is_passed for one in self.standings.values())

    @property
    def points(self) -> int:
        """The best points of all drills."""
        return sum(one.best.points for one in self.standings.values() if one.best)


def _row(here: DrillRoom, person: str, names: Mapping[str, str]) -> Row:
    return Row(person, names.get(person, person), here.scores.standings(person))


@pages.get("/scores")
@for_learners
def scores() -> str | Response:
    """The classes; a learner finds the own score sheet."""
    if rehearsing.is_learner(actor()):
        return redirect(url_for("lab.score_sheet", person=actor().staff_id))
    return _scores({}, [], "")


def _scores(typed: Mapping[str, str], refusals: Sequence[Refused], password: str) -> str:
    here, names = room(), person_names(room())
    classes = here.scores.classes()
    return render_template(
        "lab/drills/scores.html",
        classes=classes,
        rows=[_row(here, person, names) for person in names],
        drill_count=len(here.shelf.drills),
        typed=typed,
        password=password,
        errors=errors_by_field(refusals),
    )


@pages.get("/scores/<person>")
@for_learners
def score_sheet(person: str) -> str:
    """One person's score sheet: every drill, best and last; on paper too."""
    here = room()
    found = _person(here, person)
    return render_template(
        "lab/drills/sheet.html",
        row=found,
        groups=[(one.value, here.shelf.of(one)) for one in Audience],
        most=sum(one.points for one in here.shelf.drills.values()),
        drill_count=len(here.shelf.drills),
        pass_share=PASS_SHARE,
        now=ports().clock.now(),
    )


def _person(here: DrillRoom, person: str) -> Row:
    """Somebody who trains or learns; a learner sees the own sheet alone.

    Raises:
        Refused: `not_found`.
    """
    names = person_names(here)
    is_own = person == actor().staff_id
    if person not in names or (actor().role is not Role.TRAINER and not is_own):
        raise Refused("not_found")
    return _row(here, person, names)


@pages.get("/scores/<person>/scores.csv")
@for_learners
def score_csv(person: str) -> Answer:
    """The same as CSV."""
    here = room()
    found = _person(here, person)
    return _file(_table(here, [("", found)]), f"scores_{person}.csv")


@pages.post("/classes")
def make_class() -> Response | tuple[str, int]:
    """Make a class."""
    typed, _problems = typed_fields(request.form)
    try:
        name = room().scores.make_class(typed.get("name", ""), actor(), ports().clock.now())
    except Refused as refused:
        return _scores(typed, [refused], ""), REFUSALS[refused.code].status
    return redirect(url_for("lab.class_sheet", name=name), 303)


@pages.post("/learners")
def let_learn() -> str | tuple[str, int]:
    """Let somebody learn here; the password is shown once."""
    typed, _problems = typed_fields(request.form)
    login, name = typed.get("login", ""), typed.get("person_name", "")
    try:
        _added, password = add_learner(ports(), context().passwords, actor(), login, name)
    except Refused as refused:
        field = "person_name" if refused.field == "name" else refused.field
        return _scores(typed, [refused.at(field)], ""), REFUSALS[refused.code].status
    return _scores({"login": login}, [], password)


@pages.get("/classes/<name>")
def class_sheet(name: str) -> str:
    """A class: who is in it, and how each stands with every drill."""
    here = room()
    people = _class(here, name)
    names = person_names(here)
    return render_template(
        "lab/drills/class.html",
        name=name,
        rows=[_row(here, person, names) for person in people],
        everyone=names,
        groups=[(one.value, here.shelf.of(one)) for one in Audience],
        drill_count=len(here.shelf.drills),
        now=ports().clock.now(),
    )


def _class(here: DrillRoom, name: str) -> tuple[str, ...]:
    """Who is in a class.

    Raises:
        Refused: `not_found`.
    """
    found = here.scores.classes().get(name)
    if found is None:
        raise Refused("not_found")
    return found


@pages.post("/classes/<name>/enrol")
def enrol(name: str) -> Response:
    """Let exactly those who are ticked be in a class."""
    here = room()
    known = person_names(here)
    wanted = [one for one in request.form.getlist("person") if one in known]
    here.scores.enrol(name, wanted)
    return redirect(url_for("lab.class_sheet", name=name), 303)


@pages.get("/classes/<name>/scores.csv")
def class_csv(name: str) -> Answer:
    """A class's scores as CSV: one row for each person and drill."""
    here = room()
    names = person_names(here)
    rows = [(name, _row(here, person, names)) for person in _class(here, name)]
    return _file(_table(here, rows), "scores_class.csv")


_COLUMNS = (
    *("class", "person", "name", "drill", "role", "grade", "tries"),
    *("best_points", "last_points", "most_points", "passed", "best_at", "best_seconds"),
)


def _table(here: DrillRoom, rows: Sequence[tuple[str, Row]]) -> bytes:
    drills = sorted(here.shelf.drills.values(), key=lambda one: (one.audience.value, one.grade))
    return write_table(
        _COLUMNS,
        (
            [name, row.person, row.name, *_cells(one, row.standings.get(one.drill_id))]
            for name, row in rows
            for one in drills
        ),
    )


def _cells(drill: Drill, standing: Standing | None) -> list[str]:
    best, last = (standing.best, standing.last) if standing else (None, None)
    return [
        drill.drill_id,
        drill.audience.value,
        str(drill.grade),
        str(standing.tries if standing else 0),
        str(best.points) if best else "",
        str(last.points) if last else "",
        str(drill.points),
        "yes" if standing and standing.is_passed else "no",
        best.ended_at.isoformat() if best and best.ended_at else "",
        str(round(best.watch.total_seconds())) if best else "",
    ]


def _file(content: bytes, name: str) -> Answer:
    answer = Answer(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
