"""The operator's jobs: begun by pages that would take long, seen, left, cancelled, fetched."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.errors import REFUSALS
from refund.core.job import JobState
from refund.core.people import Role
from refund.services import jobs
from refund.services.job_kinds import LONG_LINES
from refund.services.jobs import Given, run_next
from tests.services.steps import on
from tests.services.test_exits import HEAD, many, row
from tests.web.agency import let_in, post, shown
from tests.web.page import check_page
from tests.web.people import SignIn
from tests.world import World

ROWS = LONG_LINES + 500


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world whose clock is set."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn, world: World) -> FlaskClient:
    """Return the operator's browser, signed in on a day when travellers have left."""
    world.clock.at = on(21)
    return sign_in(client, Role.OPERATOR)


def given(desk: FlaskClient, text: str) -> TestResponse:
    """Give a file of departures."""
    data = {"form_token": let_in(desk), "file": (BytesIO(text.encode()), "exits.csv")}
    return desk.post("/operator/exit/import", data=data)


def begun(desk: FlaskClient) -> str:
    """The page of a job that takes in a large file."""
    answer = given(desk, HEAD + many(ROWS))
    assert answer.status_code == 303
    assert answer.location.startswith("/operator/jobs/")
    return str(answer.location)


def worked(world: World) -> bool:
    """Do the job that waits, each step of it seen."""
    return run_next(world.ports, seen_every=timedelta(0))


def test_a_large_file_becomes_a_job_and_a_small_one_is_taken_in_at_once(
    desk: FlaskClient, world: World
) -> None:
    small = given(desk, HEAD + many(10))
    assert small.location.startswith("/operator/exit?file=")
    page = begun(desk)
    waits = shown(desk, page)
    assert "exits.csv" in waits.text
    assert "Waits" in waits.text
    assert worked(world)
    ended = shown(desk, page)
    assert "Done" in ended.text
    assert "2,500" in ended.text
    assert "2,490" in ended.text, "ten of them were known"
    assert "/operator/exit?file=" in desk.get(page).text
    assert "Import of exit records" in shown(desk, "/operator/jobs").text


def test_the_page_of_a_running_job_renews_itself_only_when_something_changed(
    desk: FlaskClient, world: World
) -> None:
    page = begun(desk)
    taken = world.ports.storage.write(
        lambda tx: tx.take_job(world.clock.at, world.clock.at + timedelta(seconds=60))
    )
    assert taken is not None
    world.ports.storage.write(lambda tx: tx.see_job(taken, 1000, ROWS, taken.lease_until))
    world.clock.pass_by(seconds=20)
    text = desk.get(page).text
    assert f'value="1000" max="{ROWS}"' in text
    assert "1,000 of 2,500 rows" in text
    assert "about 30 s left" in text
    live = text.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    live = next(part for part in text.split('"') if part.startswith(f"{page}/live"))
    assert desk.get(live).status_code == 204
    world.clock.pass_by(seconds=1)
    changed = desk.get(live)
    assert changed.status_code == 200
    assert "<html" not in changed.text


def test_the_frame_says_how_many_jobs_are_under_way(desk: FlaskClient, world: World) -> None:
    assert "hx-get" not in desk.get("/operator/keys").text.partition('id="jobs-running"')[2][:90]
    begun(desk)
    assert "/operator/jobs/running?seen=1" in desk.get("/operator/keys").text
    assert desk.get("/operator/jobs/running?seen=1").status_code == 204
    assert worked(world)
    gone = desk.get("/operator/jobs/running?seen=1")
    assert (gone.status_code, "hx-get" in gone.text) == (200, False)


def test_a_job_is_cancelled_and_another_one_can_be_asked_for(
    desk: FlaskClient, world: World
) -> None:
    page = begun(desk)
    assert post(desk, f"{page}/cancel").status_code == 303
    assert "nothing is left of it" in shown(desk, page).text
    assert not worked(world)
    again = post(desk, f"{page}/cancel")
    assert again.status_code == 409
    assert "ended already" in again.text
    assert worked(world) is False
    begun(desk)
    assert worked(world)


def test_a_bad_file_names_its_places_on_the_job_s_page(desk: FlaskClient, world: World) -> None:
    page = given(desk, HEAD + many(ROWS) + row("", "never")).location
    assert worked(world)
    text = shown(desk, page).text
    assert "Failed" in text
    assert f"Line {ROWS + 2}" in text
    assert "Nothing of the file was taken in" in text


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_every_end_of_a_job_is_said_in_both_languages(
    desk: FlaskClient, world: World, language: str
) -> None:
    pages = [begun(desk)]
    assert worked(world)
    for kind, asked in (("fetch", {}), ("match", {"first": on(1).date(), "last": on(2).date()})):
        job = jobs.start(world.ports, world.operator, kind, asked)
        assert worked(world)
        assert jobs.look(world.ports, job.job_id).state is JobState.DONE
        pages.append(f"/operator/jobs/{job.job_id}")
    broken = jobs.start(world.ports, world.operator, "close", {"month": "2025-06"})
    assert worked(world)
    pages += [f"/operator/jobs/{broken.job_id}", "/operator/jobs"]
    for page in pages:
        check_page(desk.get(f"{page}?lang={language}"))


def test_a_file_is_prepared_by_a_job_and_fetched_from_its_page(
    desk: FlaskClient, world: World
) -> None:
    for ending, kind in (("csv", "text/csv"), ("xlsx", "spreadsheetml")):
        fields = {"first": "2025-07-01", "last": "2025-07-20", "ending": ending}
        page = post(desk, "/operator/exports/forms/prepare", **fields).location
        assert worked(world)
        assert f"Download SIMULATION-forms-2025-07-01-2025-07-20.{ending}" in shown(desk, page).text
        file = desk.get(f"{page}/file")
        assert kind in file.content_type
        assert file.data[:2] in (b"\xef\xbb", b"PK")
    assert desk.get("/operator/jobs/nothing/file").status_code == 404
    fields = {"first": "2025-07-01", "last": "2025-07-20", "ending": "exe"}
    assert post(desk, "/operator/exports/forms/prepare", **fields).status_code == 400


def test_jobs_are_for_every_operator_and_for_no_clerk(
    app: Flask, desk: FlaskClient, world: World, sign_in: SignIn
) -> None:
    content = BytesIO((HEAD + many(3)).encode())
    other = jobs.start(
        world.ports, world.operator, "exits", {"lines": 4}, Given(content, "theirs.csv", 1000)
    )
    page = f"/operator/jobs/{other.job_id}"
    assert "theirs.csv" in shown(desk, page).text
    clerk = sign_in(app.test_client(), Role.CLERK)
    for path in (page, "/operator/jobs", f"{page}/file"):
        assert clerk.get(path).status_code == 302
    token = check_page(clerk.get("/operator/sign-in")).token
    asked = clerk.post(f"{page}/cancel", data={"form_token": token})
    assert asked.status_code == REFUSALS["sign_in_required"].status
    assert jobs.look(world.ports, other.job_id).state is JobState.QUEUED
