"""The lab's questions in the browser: asked, watched, cancelled, read, and taken along."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from refund.core.job import JobState
from refund.services import jobs
from refund.services.jobs import RESULT
from refund.simulation.questions.lab_jobs import SIMULATE, WHAT_IF
from refund.simulation.questions.study import begin_study
from refund.simulation.questions.what_if import read_question, what_if
from tests.simulation.pieces import simple_world
from tests.web.page import Page, check_page
from tests.web.rehearsal import LEARNER, TRAINER, Rehearsal, open_rehearsal, post

ASKED = {
    "scenario": "ordinary-week",
    "days": "1",
    "seeds": "2",
    "key-0": "min_purchase",
    "values-0": "500, 200",
}


@pytest.fixture
def rehearsal(tmp_path: Path, sqlite_url: str, password_hash: str) -> Iterator[Rehearsal]:
    """Return a rehearsal on 8 July 2025."""
    with open_rehearsal(tmp_path, sqlite_url, password_hash) as opened:
        yield opened


def asking(client: FlaskClient, **changes: str) -> str:
    """Ask a what-if; the address of its page."""
    return post(client, check_page(client.get("/lab/what-if")), "/lab/what-if", **ASKED | changes)


def test_a_what_if_is_asked_and_read_with_words_charts_and_tables(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(TRAINER)
    where = asking(client)
    waiting = check_page(client.get(where))
    assert "min_purchase=500, 200" in waiting.text
    assert jobs.run_next(rehearsal.ports)
    words = {"en": "How far to trust this", "zh_Hans": "可信到什么程度"}
    for language, word in words.items():
        reader = rehearsal.browser(TRAINER, language)
        page = check_page(reader.get(where))
        assert "rules.min_purchase" in page.text
        assert word in page.text
        pictures = [one for one in page.root.iter() if one.get("class") == "ch"]
        assert pictures, "an answer has a picture"
        assert all(one.get("aria-label") for one in pictures)
        report = reader.get(f"{where}/report.html")
        assert "attachment" in report.headers["Content-Disposition"]
        assert word in report.text
    assert client.get(f"{where}/results.db").data.startswith(b"SQLite format 3")
    assert ASKED["scenario"] in check_page(client.get("/lab/what-if")).text


def test_a_single_run_is_asked_and_read(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(TRAINER)
    page = check_page(client.get("/lab/what-if"))
    where = post(client, page, "/lab/simulate", **ASKED | {"seed": "7"})
    assert jobs.run_next(rehearsal.ports)
    read = check_page(client.get(where))
    for title in ("Issued and paid by day", "Outstanding exposure by day", "Queues at each desk"):
        assert title in read.text
    assert "Every invariant of the books holds." in read.text
    assert "Run of ordinary-week" in client.get(f"{where}/report.html").text


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"key-0": ""}, "key-0", "does not say what varies"),
        ({"key-0": "min_purchace"}, "key-0", "No parameter of a scenario"),
        ({"values-0": "500"}, "values-0", "does not say what varies"),
        ({"values-0": "500, -3"}, "values-0", "is no value of"),
        ({"key-1": "promise_days"}, "values-1", "does not say what varies"),
        ({"key-1": "min_purchase", "values-1": "1,2"}, "key-0", "does not say what varies"),
        ({"seeds": "1"}, "seeds", "between 2 and 1000"),
        ({"seeds": "many"}, "seeds", "between 2 and 1000"),
        ({"days": "0"}, "days", "between 1 and 366"),
        ({"given": "late_share 0.5"}, "given", "does not set a parameter"),
        ({"given": "late_share=lots"}, "given", "is no value of"),
        ({"given": "min_purchase=300"}, "given", "does not set a parameter"),
        ({"scenario": "../etc/passwd"}, "scenario", "Only these words"),
    ],
)
def test_what_cannot_be_asked_is_told_beside_its_field_and_kept(
    rehearsal: Rehearsal, changes: dict[str, str], field: str, words: str
) -> None:
    client = rehearsal.browser(TRAINER)
    token = check_page(client.get("/lab/what-if")).token
    answer = client.post("/lab/what-if", data={"form_token": token, **ASKED, **changes})
    assert answer.status_code == 422
    page = check_page(answer)
    assert words in page.error(field)
    typed = ASKED | changes
    assert page.value("values-0") == typed["values-0"]
    assert jobs.under_way(rehearsal.ports) == []


def test_what_is_set_counts_in_every_run_and_stands_in_the_answer(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(TRAINER)
    page = check_page(client.get("/lab/what-if"))
    nobody = ASKED | {"given": "crowd.travellers_per_store_day = 0\r\n", "seed": "7"}
    run = post(client, page, "/lab/simulate", **nobody)
    where = asking(client, **nobody)
    assert jobs.run_next(rehearsal.ports)
    assert jobs.run_next(rehearsal.ports)
    assert "Nobody came to a desk in this run." in check_page(client.get(run)).text
    answer = check_page(client.get(where)).text
    assert "crowd.travellers_per_store_day" in answer
    assert "in every variant" in answer


def test_a_question_that_waits_is_cancelled_and_the_live_part_ends(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(TRAINER)
    where = asking(client)
    page = check_page(client.get(where))
    assert client.get(f"{where}/live?seen=").status_code == 200
    seen = seen_of(page)
    assert client.get(f"{where}/live?seen={seen}").status_code == 204
    post(client, page, f"{where}/cancel")
    assert "nothing is left of it" in check_page(client.get(where)).text
    over = client.get(f"{where}/live?seen={seen}")
    assert (over.status_code, over.headers["HX-Refresh"]) == (204, "true")
    assert client.get(f"{where}/report.html").status_code == 404


def test_a_what_if_goes_on_after_a_power_cut(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(TRAINER)
    where = asking(client)
    job_id = where.rpartition("/")[2]
    place = jobs.spool_of(rehearsal.ports).place(job_id + RESULT)
    place.touch(mode=0o600)
    question = read_question("ordinary-week", ["min_purchase=500, 200"], 1)
    what_if(question, [1, 2], place, simple_world, seats=1)
    assert jobs.run_next(rehearsal.ports)
    job = jobs.look(rehearsal.ports, job_id)
    assert job.state is JobState.DONE
    with begin_study(place, question) as study:
        assert {run.digest for run in study.runs()} == {"1-0", "1-1", "2-0", "2-1"}


def test_learners_and_jobs_of_others_stay_outside(rehearsal: Rehearsal) -> None:
    learner = rehearsal.browser(LEARNER)
    assert learner.get("/lab/what-if").status_code in (303, 302, 403)
    jobs.register("other", lambda _ports, _job, _step: jobs.Made({}))
    given = jobs.Given(io.BytesIO(b"x"), "x.csv", 10)
    other = jobs.start(rehearsal.ports, TRAINER, "other", {}, given)
    trainer = rehearsal.browser(TRAINER)
    assert trainer.get(f"/lab/what-if/{other.job_id}").status_code == 404
    assert trainer.get(f"/lab/what-if/{other.job_id}/results.db").status_code == 404
    assert {SIMULATE, WHAT_IF} <= set(jobs.KINDS)


def seen_of(page: Page) -> str:
    """What the live part of a page has seen."""
    part = page.by_id("job")
    assert part is not None
    return (part.get("hx-get") or "").rpartition("seen=")[2]
