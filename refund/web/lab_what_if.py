"""The lab's questions: a scenario run once, or a what-if over many seeds, watched and read."""

from collections.abc import Mapping
from pathlib import Path

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from refund.core.errors import REFUSALS, Refused
from refund.core.job import Job, JobState, read_facts
from refund.services import jobs
from refund.simulation.questions.findings import Answer
from refund.simulation.questions.lab_jobs import (
    KINDS,
    SEEDS_DEFAULT,
    SIMULATE,
    WHAT_IF,
    register_lab_kinds,
)
from refund.simulation.questions.sayings import caveats, never_varied
from refund.simulation.questions.vary import read_varied
from refund.simulation.questions.what_if import answer_in, read_question
from refund.simulation.reports.answer_sections import answer_sections, asked_of
from refund.simulation.reports.report import (
    report_of,
    run_facts,
    run_sentence,
    study_report_of,
    study_sentence,
)
from refund.simulation.reports.results_read import read_results
from refund.simulation.reports.sections import headline, sections_of
from refund.simulation.runs.figure_words import Speech
from refund.simulation.world.parameters import parameters
from refund.simulation.world.scenario import (
    Scenario,
    default_scenario,
    read_changes,
    read_scenario,
    scenario_names,
)
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.lab import ROOMS, pages
from refund.web.language import chosen
from refund.web.parse import typed_fields

USUAL = "ordinary-week"
"""The scenario that is proposed."""

ROWS = 3
"""So many parameters can be varied at once from the page; the command takes more."""

SEEDS_MOST = 1_000
DAYS_MOST = 366
SEED_MOST = 2**31 - 1

FIELDS = (
    "scenario",
    "days",
    "seeds",
    "seed",
    "given",
    *(f"{of}-{n}" for n in range(ROWS) for of in ("key", "values")),
)

ROOMS.append(("what_if", lambda: _("What if"), True))
register_lab_kinds()


@pages.get("/what-if")
def what_if() -> str:
    """The question that can be asked, and those that were."""
    return _page({"scenario": USUAL, "seeds": str(SEEDS_DEFAULT), "seed": "1"}, [])


@pages.post("/what-if")
def ask_what_if() -> AnyResponse | tuple[str, int]:
    """Begin a what-if."""
    return _begin(WHAT_IF)


@pages.post("/simulate")
def ask_run() -> AnyResponse | tuple[str, int]:
    """Begin a single run of a scenario."""
    return _begin(SIMULATE)


@pages.get("/what-if/<job_id>")
def question(job_id: str) -> str:
    """How far a question is, or its answer."""
    job = _job(job_id)
    shown = _shown(job) | (_answer(job) if job.state is JobState.DONE else {})
    return render_template(f"lab/questions/{_template(job)}.html", **shown)


@pages.get("/what-if/<job_id>/live")
def question_live(job_id: str) -> AnyResponse | tuple[str, int]:
    """How far it is, alone; nothing while it is as it was seen, the whole page once it is over."""
    job = _job(job_id)
    shown = _shown(job)
    if request.args.get("seen") == shown["seen"]:
        return "", 204
    if job.is_over:
        return Response("", 204, {"HX-Refresh": "true"})
    return render_template("lab/questions/_progress.html", **shown), 200


@pages.post("/what-if/<job_id>/cancel")
def cancel_question(job_id: str) -> AnyResponse:
    """Cancel a question; what runs stops at once."""
    jobs.ask_cancel(ports(), actor(), _job(job_id).job_id)
    return redirect(url_for("lab.question", job_id=job_id), 303)


@pages.get("/what-if/<job_id>/report.html")
def question_report(job_id: str) -> Response:
    """The answer as one file, in the reader's language."""
    job = _job(job_id)
    path = _file_of(job)
    if job.kind == SIMULATE:
        report = report_of(read_results(path), chosen())
    else:
        report = study_report_of(answer_in(path), chosen())
    return _sent(report.encode(), "text/html", f"{Path(job.result_name).stem}.html")


@pages.get("/what-if/<job_id>/results.db")
def question_file(job_id: str) -> Response:
    """The study or results file itself, which opens in any browser of SQLite files."""
    job = _job(job_id)
    return _sent(_file_of(job).read_bytes(), "application/vnd.sqlite3", job.result_name)


def _begin(kind: str) -> AnyResponse | tuple[str, int]:
    typed, problems = typed_fields(request.form)
    facts = _facts(kind, typed, problems)
    if problems:
        return _page(typed, problems), REFUSALS[problems[0].code].status
    job = jobs.start(ports(), actor(), kind, facts)
    return redirect(url_for("lab.question", job_id=job.job_id), 303)


def _facts(kind: str, typed: Mapping[str, str], problems: list[Refused]) -> dict[str, object]:
    """What is asked, as a job keeps it; what is wrong with it is added to the problems."""
    facts: dict[str, object] = {"scenario": typed.get("scenario", "")}
    known = facts["scenario"] in scenario_names()
    world = read_scenario(str(facts["scenario"])) if known else default_scenario()
    if not known:
        problems.append(Refused("choice_unknown", "scenario", known=scenario_names()))
    facts["given"] = _given(typed, world, problems)
    days = typed.get("days", "").strip()
    facts["days"] = _whole(days, "days", 1, DAYS_MOST, problems) if days else None
    if kind == SIMULATE:
        facts["seed"] = _whole(typed.get("seed", ""), "seed", 0, SEED_MOST, problems)
        return facts
    facts["seeds"] = _whole(typed.get("seeds", ""), "seeds", 2, SEEDS_MOST, problems)
    facts["vary"] = _varied(typed, problems)
    if not problems:
        try:
            read_question(str(facts["scenario"]), facts["vary"], facts["days"], facts["given"])  # type: ignore[arg-type]  # read just above
        except Refused as refused:
            field = "given" if refused.code == "set_unreadable" else "key-0"
            problems.append(Refused(refused.code, field, **refused.facts))
    return facts


def _given(typed: Mapping[str, str], world: Scenario, problems: list[Refused]) -> list[str]:
    """What is set in every run, line by line."""
    texts = [line.strip() for line in typed.get("given", "").splitlines() if line.strip()]
    try:
        world.with_changes(read_changes(texts))
    except Refused as refused:
        problems.append(Refused(refused.code, "given", **refused.facts))
    return texts


def _varied(typed: Mapping[str, str], problems: list[Refused]) -> list[str]:
    """What varies, row by row; a row of which nothing is typed is none."""
    texts = []
    for n in range(ROWS):
        key, values = (typed.get(f"{of}-{n}", "").strip() for of in ("key", "values"))
        if not key and not values and n:
            continue
        text = f"{key}={values}"
        try:
            read_varied([text])
        except Refused as refused:
            wrong = "key" if refused.code == "scenario_key_unknown" or not key else "values"
            problems.append(Refused(refused.code, f"{wrong}-{n}", **refused.facts))
        texts.append(text)
    return texts


def _whole(text: str, field: str, least: int, most: int, problems: list[Refused]) -> int:
    typed = text.strip()
    if typed.isascii() and typed.isdecimal() and least <= int(typed[:12]) <= most:
        return int(typed)
    problems.append(
        Refused("value_out_of_range", field, parameter=field, least=str(least), most=str(most))
    )
    return 0


def _page(typed: Mapping[str, str], problems: list[Refused]) -> str:
    asked = [one for one in jobs.latest(ports()) if one.kind in KINDS]
    speech = Speech(chosen())
    return render_template(
        "lab/questions/questions.html",
        typed=dict.fromkeys(FIELDS, "") | dict(typed),
        errors=errors_by_field(problems),
        scenarios=[(one, _scenario_word(one, speech)) for one in scenario_names()],
        parameters=[
            (one.key, one.sentence_zh if speech.is_chinese else one.sentence_en)
            for one in parameters().values()
        ],
        rows=range(ROWS),
        asked=asked,
        asked_facts={one.job_id: read_facts(one.asked) for one in asked},
        kept_days=jobs.KEPT.days,
    )


def _scenario_word(name: str, speech: Speech) -> str:
    scenario = read_scenario(name)
    return f"{scenario.title_zh if speech.is_chinese else scenario.title_en} · {name}"


def _job(job_id: str) -> Job:
    """A run or a what-if.

    Raises:
        Refused: `not_found`, for a job of another kind too.
    """
    job = jobs.look(ports(), job_id)
    if job.kind not in KINDS:
        raise Refused("not_found")
    return job


def _template(job: Job) -> str:
    if job.state is not JobState.DONE:
        return "question"
    return "run" if job.kind == SIMULATE else "answer"


def _shown(job: Job) -> dict[str, object]:
    now = ports().at_the_door()
    lasted = int(((job.ended_at or now) - job.started_at).total_seconds()) if job.started_at else 0
    seen = f"{job.state.value}-{job.done_units}-{job.cancel_by != ''}-{lasted}"
    left = job.left(now)
    return {
        "job": job,
        "asked": read_facts(job.asked),
        "seen": seen,
        "lasted": Speech(chosen()).lasted(lasted),
        "left": None if left is None else Speech(chosen()).lasted(int(left.total_seconds())),
        "did": read_facts(job.outcome),
        "kept_days": jobs.KEPT.days,
    }


def _answer(job: Job) -> dict[str, object]:
    """What the page of an answer says besides how it came about."""
    speech, path = Speech(chosen()), _file_of(job)
    if job.kind == SIMULATE:
        results = read_results(path)
        return {
            "about": run_sentence(results, speech),
            "headline": headline(results, speech),
            "sections": sections_of(results, speech),
            "facts": run_facts(results, speech),
        }
    answer: Answer = answer_in(path)
    return {
        "about": study_sentence(answer, speech),
        "varied": asked_of(answer, speech),
        "sections": answer_sections(answer, speech),
        "caveats": caveats(answer, speech),
        "never_varied": speech.listed(never_varied(answer, speech)),
    }


def _file_of(job: Job) -> Path:
    """The file that a job made.

    Raises:
        Refused: `not_found`, `job_file_gone`.
    """
    _found, file = jobs.result_of(ports(), job.job_id)
    file.close()
    return jobs.spool_of(ports()).place(job.job_id + jobs.RESULT)


def _sent(content: bytes, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
