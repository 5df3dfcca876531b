"""The operator's pages: what waits, the exit's desk, a form's whole life, stores, books, keys."""

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from refund.core.calendar import day_of, parse_day, parse_past
from refund.core.errors import REFUSALS, Refused
from refund.core.nationalities import NATIONALITY_BY_CODE
from refund.core.people import Role
from refund.core.places import HOME_PORT, PORTS
from refund.core.traveller import DocumentKind
from refund.services import history, oversee
from refund.services.auditing import last_check
from refund.services.cases import work_queue
from refund.services.life import REASON_LENGTH_MAX
from refund.services.reconcile import (
    Chosen,
    desk,
    import_exits,
    imports,
    record_exit,
    settle,
)
from refund.services.secure import watched
from refund.services.verify import CODE_LENGTH_MIN, find_form
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.door import add_door
from refund.web.exit_forms import (
    COLUMNS,
    FILE_BYTES_MAX,
    read_departure,
    read_exit_file,
    read_tickets,
    sample_file,
    ticket,
)
from refund.web.filters import errors_by_field
from refund.web.parse import typed_fields

pages = Blueprint("operator", __name__)
add_door(pages, Role.OPERATOR)

SAID = frozenset({"recorded", "known", "nothing"})
"""What the exit's desk can be asked to say after a step; nothing else of an address is shown."""


pages.add_app_template_filter(ticket)


@pages.url_value_preprocessor
def allow_a_file(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let a file of exits be larger than any form; this runs before the body is read."""
    if endpoint == "operator.take_in":
        request.max_content_length = FILE_BYTES_MAX


@pages.context_processor
def who() -> dict[str, object]:
    """What the frame of each page says of the person at the desk."""
    return {"operator": g.get("actor")}


@pages.get("/")
def home() -> str:
    """What waits, how old it is, and what is out."""
    waiting = work_queue(ports(), actor(), limit=0)
    return render_template(
        "operator/home.html",
        seen=oversee.overview(ports()),
        cases=waiting,
        checked=last_check(ports()),
        watch=watched(ports()),
    )


@pages.get("/exit")
def exit_desk() -> str:
    """The exit's desk: every open form with its proposal, and the day's strangers."""
    day, refused = None, None
    typed = typed_fields(request.args)[0].get("day", "")
    try:
        day = parse_day(typed, "day") if typed else None
    except Refused as refusal:
        refused = refusal
    seen = desk(ports(), day)
    said = request.args.get("said", "")
    file_id = request.args.get("file", "")
    taken = [one for one in imports(ports()) if one.import_id[:12] == file_id]
    return render_template(
        "operator/exit.html",
        seen=seen,
        queues=oversee.queues_of(seen.proposals),
        said=said if said in SAID else "",
        taken=taken[0] if taken else None,
        typed_day=typed or seen.today.isoformat(),
        refused=refused,
    )


@pages.post("/exit/preview")
def preview() -> AnyResponse | str:
    """What would be done to exactly these forms, and why."""
    try:
        chosen = read_tickets(request.form.getlist("proposal"))
    except Refused as refused:
        if refused.code != "field_missing":
            raise
        return redirect(url_for("operator.exit_desk", said="nothing"), 303)
    return _preview(chosen, None)


@pages.post("/exit/settle")
def confirm() -> tuple[str, int] | str:
    """Do it, each form once; what has changed since the preview is not done."""
    chosen = read_tickets(request.form.getlist("proposal"))
    try:
        settled = settle(ports(), actor(), chosen, request.form.get("reason", ""))
    except Refused as refused:
        if refused.field != "reason":
            raise
        return _preview(chosen, refused), REFUSALS[refused.code].status
    rows = [(one, oversee.outcome_of(one)) for one in settled]
    return render_template("operator/settled.html", rows=rows)


def _preview(chosen: list[Chosen], refused: Refused | None) -> str:
    return render_template(
        "operator/preview.html",
        preview=oversee.preview(ports(), chosen),
        reason=typed_fields(request.form)[0].get("reason", ""),
        reason_max=REASON_LENGTH_MAX,
        errors=errors_by_field([refused] if refused else []),
    )


@pages.get("/exit/record")
def departure() -> str:
    """One departure, typed."""
    return _departure({"port": HOME_PORT}, [])


@pages.post("/exit/record")
def record() -> AnyResponse | tuple[str, int]:
    """Take in one departure; what cannot be read stays in its field, with the reason beside it."""
    typed, problems = typed_fields(request.form)
    line, refusals = read_departure(typed, ports().clock.now())
    if line is None or problems:
        return _departure(typed, [*problems, *refusals]), 422
    is_new = record_exit(ports(), actor(), line)
    return redirect(url_for("operator.exit_desk", said="recorded" if is_new else "known"), 303)


def _departure(typed: dict[str, str], refusals: list[Refused]) -> str:
    return render_template(
        "operator/record.html",
        typed=typed,
        errors=errors_by_field(refusals),
        kinds=list(DocumentKind),
        ports=list(PORTS),
    )


@pages.get("/exit/import")
def file_of_exits() -> str:
    """Where a file of exit records is given, and the files that were."""
    return _file(None)


@pages.post("/exit/import")
def take_in() -> AnyResponse | tuple[str, int]:
    """Take in a whole file, once, or say line by line why not."""
    try:
        file = read_exit_file(request.files.get("file"), ports().clock.now())
        imported = import_exits(ports(), actor(), file.lines, file.name, file.digest)
    except Refused as refused:
        return _file(refused), REFUSALS[refused.code].status
    return redirect(url_for("operator.exit_desk", file=imported.import_id[:12]), 303)


def _file(refused: Refused | None) -> str:
    problems = [] if refused is None else refused.facts.get("problems", [])
    return render_template(
        "operator/import.html",
        refused=refused,
        problems=problems,
        columns=[column.name for column in COLUMNS],
        imports=imports(ports()),
        Refused=Refused,
    )


@pages.get("/exit/sample.csv")
def sample() -> Response:
    """A file as it should look."""
    headers = {"Content-Disposition": 'attachment; filename="exits-sample.csv"'}
    return Response(sample_file(), mimetype="text/csv", headers=headers)


@pages.get("/forms")
def forms() -> str:
    """Where a form is looked for."""
    return render_template("operator/forms.html", refused=None, typed="")


@pages.post("/forms")
def find() -> AnyResponse | tuple[str, int]:
    """Find a form by its number or its code; neither gets into an address."""
    text = request.form.get("code", "")
    try:
        form = find_form(ports(), text)
    except Refused as refused:
        shown = typed_fields(request.form)[0].get("code", "")
        typed = shown if len(shown) < CODE_LENGTH_MIN else ""
        page = render_template("operator/forms.html", refused=refused, typed=typed)
        return page, REFUSALS[refused.code].status
    return redirect(url_for("operator.form", form_id=form.form_id), 303)


@pages.get("/forms/<form_id>")
def form(form_id: str) -> str:
    """A form's whole life, whose identity is recorded as shown; or as it once stood."""
    typed = typed_fields(request.args)[0].get("at", "")
    if typed:
        at = parse_past(typed, ports().clock.now(), "at")
        then = history.form_at(ports(), form_id, at)
        return render_template("operator/form_then.html", then=then, form_id=form_id, typed=typed)
    life = oversee.form_life(ports(), actor(), form_id)
    nationality = NATIONALITY_BY_CODE[life.traveller.nationality]
    return render_template(
        "operator/form.html", life=life, nationality=nationality, form_id=form_id
    )


@pages.get("/keys")
def keys() -> str:
    """The keys that sign and verify codes, with their days."""
    return render_template(
        "operator/keys.html", ring=ports().keys.ring(), today=day_of(ports().clock.now())
    )
