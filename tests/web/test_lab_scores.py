"""Score sheets of drills: per person and per class, as CSV, and who is let in to learn."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from refund.simulation.drills.drill import read_drills
from tests.web.page import check_page
from tests.web.people import browser
from tests.web.rehearsal import (
    LEARNER,
    OTHER_LEARNER,
    TRAINER,
    Rehearsal,
    open_rehearsal,
    post,
)

DRILL = "clerk-first-form"
CLASS = "周一班"
CLASS_PATH = f"/lab/classes/{quote(CLASS)}"


@pytest.fixture
def rehearsal(tmp_path: Path, sqlite_url: str, password_hash: str) -> Iterator[Rehearsal]:
    """Return a rehearsal in which a learner has handed one drill in."""
    with open_rehearsal(tmp_path, sqlite_url, password_hash) as opened:
        client = opened.browser(LEARNER)
        page = check_page(client.get(f"/lab/drills/{DRILL}"))
        post(client, page, f"/lab/drills/{DRILL}/start")
        post(client, page, "/lab/attempts/1/hand-in")
        yield opened


def rows_of(client: FlaskClient, path: str) -> list[dict[str, str]]:
    """A CSV file by its columns."""
    answer = client.get(path)
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def class_of_two(rehearsal: Rehearsal) -> FlaskClient:
    """The trainer's browser, with a class of both learners made."""
    trainer = rehearsal.browser(TRAINER)
    page = check_page(trainer.get("/lab/scores"))
    assert post(trainer, page, "/lab/classes", name=CLASS) == CLASS_PATH
    people = [LEARNER.staff_id, OTHER_LEARNER.staff_id, "nobody"]
    post(trainer, page, f"{CLASS_PATH}/enrol", person=people)
    return trainer


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_a_learner_finds_the_own_score_sheet(rehearsal: Rehearsal, language: str) -> None:
    client = rehearsal.browser(LEARNER, language)
    answer = client.get("/lab/scores")
    assert answer.headers["Location"] == f"/lab/scores/{LEARNER.staff_id}"
    page = check_page(client.get(answer.headers["Location"]))
    assert LEARNER.name in page.h1
    assert f"0 / {len(read_drills().drills)}" in page.text
    assert read_drills().drills[DRILL].title.said(language) in page.text


def test_a_person_s_scores_are_a_file_of_all_drills(rehearsal: Rehearsal) -> None:
    rows = rows_of(rehearsal.browser(LEARNER), f"/lab/scores/{LEARNER.staff_id}/scores.csv")
    assert {row["drill"] for row in rows} == set(read_drills().drills)
    (tried,) = [row for row in rows if row["tries"] != "0"]
    assert (tried["drill"], tried["best_points"], tried["passed"]) == (DRILL, "1", "no")


def test_a_trainer_makes_a_class_and_enrols_who_is_ticked(rehearsal: Rehearsal) -> None:
    trainer = class_of_two(rehearsal)
    page = check_page(trainer.get(CLASS_PATH))
    assert CLASS in page.h1
    for person in (LEARNER, OTHER_LEARNER):
        assert person.name in page.text
    rows = rows_of(trainer, f"{CLASS_PATH}/scores.csv")
    assert {row["person"] for row in rows} == {LEARNER.staff_id, OTHER_LEARNER.staff_id}
    assert {row["class"] for row in rows} == {CLASS}
    assert "2 learners" in check_page(trainer.get("/lab/scores")).text


def test_a_class_without_a_name_is_not_made(rehearsal: Rehearsal) -> None:
    trainer = rehearsal.browser(TRAINER)
    token = check_page(trainer.get("/lab/scores")).token
    answer = trainer.post("/lab/classes", data={"form_token": token, "name": " "})
    assert answer.status_code == 422
    assert check_page(answer).error("name")


def test_who_is_let_in_learns_with_the_password_that_was_shown(rehearsal: Rehearsal) -> None:
    trainer = rehearsal.browser(TRAINER)
    token = check_page(trainer.get("/lab/scores")).token
    typed = {"form_token": token, "login": "new-1", "person_name": "新人"}
    page = check_page(trainer.post("/lab/learners", data=typed))
    shown = next(e for e in page.root.iter("button") if e.get("data-copy"))
    client = browser(rehearsal.app)
    door = check_page(client.get("/lab/sign-in"))
    known = {"form_token": door.token, "login": "new-1", "password": shown.get("data-copy")}
    assert client.post("/lab/sign-in", data=known).status_code == 303
    assert check_page(client.get("/lab/drills")).status == 200
    again = trainer.post("/lab/learners", data=typed)
    assert again.status_code == 409
    assert check_page(again).error("login")


def test_the_classes_are_the_trainer_s(rehearsal: Rehearsal) -> None:
    class_of_two(rehearsal)
    client = rehearsal.browser(LEARNER)
    token = check_page(client.get("/lab/drills")).token
    for path in (CLASS_PATH, f"{CLASS_PATH}/scores.csv"):
        assert client.get(path).status_code == 403
    for path in ("/lab/classes", "/lab/learners", f"{CLASS_PATH}/enrol"):
        assert client.post(path, data={"form_token": token}).status_code == 403


def test_a_class_that_is_not_there_is_not_found(rehearsal: Rehearsal) -> None:
    trainer = rehearsal.browser(TRAINER)
    token = check_page(trainer.get("/lab/scores")).token
    assert trainer.get("/lab/classes/none").status_code == 404
    answer = trainer.post("/lab/classes/none/enrol", data={"form_token": token})
    assert answer.status_code == 404
