"""The operator's long jobs: how far each is, what it did, and the button that cancels it."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import BinaryIO

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from refund.core.errors import Refused
from refund.core.job import Job, read_facts
from refund.core.people import Actor
from refund.services import jobs
from refund.services.jobs import Given
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.operator import pages

PIECE_BYTES = 64 * 1024
_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@pages.app_template_global()
def jobs_under_way() -> list[Job]:
    """The jobs that wait or run, for the frame of each page."""
    return jobs.under_way(ports())


def begin(
    who: Actor, kind: str, asked: Mapping[str, object], given: Given | None = None
) -> AnyResponse:
    """Ask for a job, and lead to its page."""
    job = jobs.start(ports(), who, kind, asked, given)
    return redirect(url_for("operator.job", job_id=job.job_id), 303)


@pages.get("/jobs")
def job_list() -> str:
    """The jobs that were asked for last."""
    return render_template("operator/jobs/jobs.html", jobs=jobs.latest(ports()), **_now())


@pages.get("/jobs/running")
def jobs_running() -> tuple[str, int]:
    """How many wait or run, for the frame; nothing while that is as it was seen."""
    found = len(jobs.under_way(ports()))
    if request.args.get("seen") == str(found):
        return "", 204
    return render_template("operator/jobs/_running.html", running=found), 200


@pages.get("/jobs/<job_id>")
def job(job_id: str) -> str:
    """A job: how far it is, or what it did."""
    return render_template("operator/jobs/job.html", **_shown(jobs.look(ports(), job_id)))


@pages.get("/jobs/<job_id>/live")
def job_live(job_id: str) -> tuple[str, int]:
    """The same alone; nothing while it is as it was seen."""
    shown = _shown(jobs.look(ports(), job_id))
    if request.args.get("seen") == shown["seen"]:
        return "", 204
    return render_template("operator/jobs/_job.html", **shown), 200


@pages.post("/jobs/<job_id>/cancel")
def cancel_job(job_id: str) -> AnyResponse:
    """Cancel a job; one that runs stops at its next step."""
    jobs.ask_cancel(ports(), actor(), job_id)
    return redirect(url_for("operator.job", job_id=job_id), 303)


@pages.get("/jobs/<job_id>/file")
def job_file(job_id: str) -> Response:
    """The file that a job made, sent as it is read."""
    found, file = jobs.result_of(ports(), job_id)
    mimetype = _TYPES.get(found.result_name.rpartition(".")[2], "application/octet-stream")
    response = Response(_pieces(file), mimetype=mimetype)
    response.call_on_close(file.close)
    response.headers["Content-Disposition"] = f'attachment; filename="{found.result_name}"'
    return response


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _now() -> dict[str, object]:
    return {"now": ports().at_the_door(), "kept_days": jobs.KEPT.days}


def _shown(found: Job) -> dict[str, object]:
    """What the page says of a job; `seen` changes with each of it, and with each second it runs."""
    now = ports().at_the_door()
    lasted = (found.ended_at or now) - found.started_at if found.started_at else timedelta(0)
    seconds = 0 if found.is_over else int(lasted.total_seconds())
    words = f"{found.state.value}|{found.done_units}|{found.total_units}|{found.cancel_by}|"
    digest = hashlib.sha256(f"{words}{seconds}|{found.tries}".encode()).hexdigest()
    outcome = read_facts(found.outcome)
    stopped = outcome.get("stopped")
    return {
        "job": found,
        "seen": digest[:16],
        "lasted": lasted,
        "left": found.left(now),
        "did": outcome,
        "stopped": Refused(stopped, "", **outcome.get("stopped_facts", {})) if stopped else None,
        "Refused": Refused,
        **_now(),
    }
