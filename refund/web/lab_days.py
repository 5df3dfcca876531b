"""The days of a rehearsal that are over: one of them gone back to, with one thing changed."""

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import parse_day
from refund.core.errors import REFUSALS, Refused
from refund.core.parameters import PARAMETER_BY_NAME
from refund.simulation.rehearsal.forks import OF_CARDS, OF_NETWORK, Change, Kind
from refund.web.filters import errors_by_field
from refund.web.lab import host, pages
from refund.web.parse import typed_fields

FIELDS = ("day", "name", "kind", "rule", "value", "fault", "times", "card", "does")


@pages.get("/days")
def days() -> str:
    """The days that can be gone back to, and the rehearsals that were begun from one."""
    return _page({}, [])


@pages.post("/days")
def go_back() -> Response | tuple[str, int]:
    """Begin a rehearsal of its own from a day of this one."""
    given, problems = typed_fields(request.form)
    typed = dict.fromkeys(FIELDS, "") | given
    try:
        for problem in problems:
            raise problem
        day = parse_day(typed["day"], "day")
        host().fork(typed["name"].strip(), day, _change(typed))
    except Refused as refused:
        return _page(typed, [refused]), REFUSALS[refused.code].status
    return redirect(url_for("lab.days"), 303)


@pages.post("/rehearsals")
def leave() -> str:
    """Run another rehearsal in this one's place."""
    name = request.form.get("name", "")
    host().leave_for(name)
    return render_template("lab/leaving.html", name=name)


def _change(typed: Mapping[str, str]) -> Change:
    match typed["kind"]:
        case "rule":
            return Change(Kind.RULE, typed["rule"], typed["value"].strip())
        case "fault":
            return Change(Kind.FAULT, typed["fault"], typed["times"].strip())
        case "card":
            return Change(Kind.CARD, typed["card"].strip(), typed["does"])
        case _:
            return Change()


def _page(typed: Mapping[str, str], refusals: list[Refused]) -> str:
    kept = host().days()
    return render_template(
        "lab/days.html",
        days=[one.day for one in kept],
        forks=host().book.forks(),
        here=host().folder.name,
        rehearsals=host().rehearsals(),
        facts=host().book.facts(),
        parameters=list(PARAMETER_BY_NAME),
        faults=list(OF_NETWORK.items()),
        of_cards=list(OF_CARDS.items()),
        typed=typed,
        errors=errors_by_field(refusals),
    )
