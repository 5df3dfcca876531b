"""The exit's desk: today's departures as they come, what follows, releases in bulk, and files."""

from datetime import date

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from refund.core.calendar import parse_day
from refund.core.errors import REFUSALS, Refused
from refund.core.exit_file import COLUMNS, FILE_BYTES_MAX, FILE_ROWS_MAX, MARKS, sample_file
from refund.core.matching import BEGINNING
from refund.core.places import HOME_PORT, PORTS
from refund.core.traveller import DocumentKind
from refund.services import departing, exits, oversee
from refund.services.agenda import agenda
from refund.services.job_kinds import EXITS, LONG_LINES, lines_in
from refund.services.jobs import Given
from refund.services.life import REASON_LENGTH_MAX
from refund.services.reconcile import LIMIT, Chosen, desk, releasable, settle
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.exit_forms import (
    given_file,
    read_departure,
    read_place,
    read_since,
    read_tickets,
    ticket,
    told_place,
    told_since,
)
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.operator_jobs import begin
from refund.web.parse import typed_fields

SHOWN = 50
"""Open forms that one page of the board shows."""

SAID = frozenset({"recorded", "known", "nothing"})
"""What the exit's desk can be asked to say after a step; nothing else of an address is shown."""

for _filter in (ticket, told_place, told_since):
    pages.add_app_template_filter(_filter)


@pages.url_value_preprocessor
def allow_a_file(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let a file of exits be larger than any form; this runs before the body is read."""
    if endpoint == "operator.take_in":
        request.max_content_length = FILE_BYTES_MAX + 1024 * 1024


@pages.get("/exit")
def exit_desk() -> str:
    """The exit's desk: today at the border, what broke, every open form, and the strangers."""
    seen = desk(ports(), read_place(request.args.get("after", "")), SHOWN)
    typed, day, refused = _day()
    after = read_since(request.args.get("later", ""))
    said = request.args.get("said", "")
    file_id = request.args.get("file", "")
    taken = [one for one in exits.imports(ports()) if one.import_id[:12] == file_id]
    return render_template(
        "operator/exit.html",
        seen=seen,
        agenda=agenda(ports(), actor(), seen),
        today=departing.today(ports()),
        live=departing.live(ports()),
        now=ports().clock.now(),
        broken=departing.broken_today(ports(), seen),
        queues=oversee.queues_of(seen.proposals),
        strangers=departing.strangers(ports(), day, after),
        said=said if said in SAID else "",
        taken=taken[0] if taken else None,
        typed_day=typed or seen.today.isoformat(),
        refused=refused,
    )


def _day() -> tuple[str, date | None, Refused | None]:
    """The day that was asked for, as it was typed and as it was read."""
    typed = typed_fields(request.args)[0].get("day", "")
    try:
        return typed, parse_day(typed, "day") if typed else None, None
    except Refused as refused:
        return typed, None, refused


@pages.get("/exit/today")
def exit_today() -> str:
    """The day's four figures alone."""
    return render_template("operator/_exit_today.html", today=departing.today(ports()))


@pages.get("/exit/live")
def exit_live() -> str | tuple[str, int]:
    """What customs decided today, alone; nothing when it is as it was seen."""
    before = read_since(request.args.get("before", ""))
    found = departing.live(ports(), before)
    if request.args.get("seen") == found.seen:
        return "", 204
    if before is not None:
        return render_template("operator/exit_earlier.html", live=found)
    return render_template("operator/_exit_live.html", live=found)


@pages.get("/exit/release")
def release_all() -> str:
    """Everything that can be released now, previewed page by page; nothing is done."""
    place = read_place(request.args.get("after", ""))
    found = releasable(ports(), place)
    return render_template(
        "operator/exit_release.html",
        found=found,
        begins=place == BEGINNING,
        released_fen=sum(one.released_fen for one in found.proposals),
        limit=LIMIT,
        reason="",
        reason_max=REASON_LENGTH_MAX,
        errors={},
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
    in_bulk = request.form.get("bulk") == "release"
    return render_template("operator/settled.html", rows=rows, in_bulk=in_bulk)


def _preview(chosen: list[Chosen], refused: Refused | None) -> str:
    return render_template(
        "operator/preview.html",
        preview=oversee.preview(ports(), chosen),
        reason=typed_fields(request.form)[0].get("reason", ""),
        reason_max=REASON_LENGTH_MAX,
        errors=errors_by_field([refused] if refused else []),
        bulk=request.form.get("bulk") == "release",
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
    is_new = exits.record_exit(ports(), actor(), line)
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
    """Take in a whole file, once, or say line by line why not; a large one is a job."""
    try:
        stream, name = given_file(request.files.get("file"))
        lines = lines_in(stream)
        if lines > LONG_LINES:
            given = Given(stream, name, FILE_BYTES_MAX)
            return begin(actor(), EXITS, {"lines": lines}, given)
        imported = exits.import_exits(ports(), actor().label, stream, name)
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
        imports=exits.imports(ports()),
        under_way=exits.under_way(ports()),
        marks=MARKS,
        limits=(FILE_BYTES_MAX // (1024 * 1024), FILE_ROWS_MAX),
        Refused=Refused,
    )


@pages.get("/exit/sample.csv")
def sample() -> Response:
    """A file as it should look."""
    headers = {"Content-Disposition": 'attachment; filename="exits-sample.csv"'}
    return Response(sample_file(), mimetype="text/csv", headers=headers)
