"""The lab's drills in the browser: chosen, started, done at the desk, handed in, and on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from refund.core.calendar import day_of
from refund.simulation.drills.drill import read_drills
from tests.web.page import check_page
from tests.web.rehearsal import (
    LEARNER,
    OTHER_LEARNER,
    TRAINER,
    Rehearsal,
    open_rehearsal,
    post,
)

FIRST = "/lab/drills/clerk-first-form"


@pytest.fixture
def rehearsal(tmp_path: Path, sqlite_url: str, password_hash: str) -> Iterator[Rehearsal]:
    """Return a rehearsal on 8 July 2025."""
    with open_rehearsal(tmp_path, sqlite_url, password_hash) as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_every_drill_is_listed_with_its_grade_and_has_a_page(
    rehearsal: Rehearsal, language: str
) -> None:
    client = rehearsal.browser(LEARNER, language)
    page = check_page(client.get("/lab/drills"))
    shelf = read_drills()
    for drill in shelf.drills.values():
        title = drill.title.said(language)
        assert title in page.text
        assert check_page(client.get(f"/lab/drills/{drill.drill_id}")).h1 == title


def test_a_drill_is_started_done_at_the_desk_and_handed_in(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(LEARNER)
    page = check_page(client.get(FIRST))
    post(client, page, f"{FIRST}/start")
    page = check_page(client.get(FIRST))
    assert "TANAKA HARUKA" in page.text
    assert "1,494.00" in page.text
    assert "Hint 1" in page.text
    assert rehearsal.host.book.taken() == {"clerk-1": LEARNER.staff_id}
    assert check_page(client.get("/store/")).h1, "the learner is signed in at the counter"
    result = check_page(client.get(post(client, page, "/lab/attempts/1/hand-in")))
    assert "Not passed yet" in result.text
    assert "No form was issued for this traveller." in result.text
    assert "134.46 yuan" in result.text, "the right answer is shown"
    assert "SAT 9/2025" in result.text, "with the source of its rule"
    assert "Not passed yet" in check_page(client.get("/lab/drills")).text
    assert rehearsal.host.book.taken() == {}, "the desk is left to the bots again"


def test_a_desk_that_was_one_s_own_before_stays_so(rehearsal: Rehearsal) -> None:
    rehearsal.host.book.take("clerk-1", LEARNER.staff_id, rehearsal.ports.clock.now())
    client = rehearsal.browser(LEARNER)
    page = check_page(client.get(FIRST))
    post(client, page, f"{FIRST}/start")
    post(client, page, "/lab/attempts/1/give-up")
    assert rehearsal.host.book.taken() == {"clerk-1": LEARNER.staff_id}


def test_people_do_drills_at_one_desk_each_with_papers_of_their_own(rehearsal: Rehearsal) -> None:
    numbers = set()
    for person in (LEARNER, OTHER_LEARNER, TRAINER):
        client = rehearsal.browser(person)
        path = "/lab/drills/operator-promise-kept"
        post(client, check_page(client.get(path)), f"{path}/start")
        page = check_page(client.get(path))
        numbers |= {e.get("data-copy") for e in page.root.iter("button") if e.get("data-copy")}
        assert check_page(client.get("/operator/exit")).status == 200
    assert len([one for one in numbers if one and one.isdigit()]) == 3


def test_what_was_handed_in_stays_as_it_was(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(LEARNER)
    post(client, check_page(client.get(FIRST)), f"{FIRST}/start")
    page = check_page(client.get(FIRST))
    where = post(client, page, "/lab/attempts/1/hand-in")
    assert post(client, page, "/lab/attempts/1/hand-in") == where
    assert "1 / 10" in check_page(client.get(where)).text, "the time alone counted"


def test_nobody_sees_or_hands_in_what_another_learner_does(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(LEARNER)
    page = check_page(client.get(FIRST))
    post(client, page, f"{FIRST}/start")
    other = rehearsal.browser(OTHER_LEARNER)
    token = check_page(other.get(FIRST)).token
    assert other.get("/lab/attempts/1").status_code == 404
    for act in ("hand-in", "give-up"):
        answer = other.post(f"/lab/attempts/1/{act}", data={"form_token": token})
        assert answer.status_code == 404
    assert other.get(f"/lab/scores/{LEARNER.staff_id}").status_code == 404
    assert rehearsal.browser(TRAINER).get(f"/lab/scores/{LEARNER.staff_id}").status_code == 200


def test_a_drill_of_other_days_says_so(rehearsal: Rehearsal) -> None:
    client = rehearsal.browser(LEARNER)
    page = check_page(client.get("/lab/drills/customs-sampled"))
    assert "They count from 1 Jul 2026 on" in page.text
    token = check_page(client.get(FIRST)).token
    answer = client.post("/lab/drills/customs-sampled/start", data={"form_token": token})
    assert answer.status_code == 409


def test_a_learner_does_not_move_the_clock_of_others(rehearsal: Rehearsal) -> None:
    rehearsal.host.book.take("clerk-1", OTHER_LEARNER.staff_id, rehearsal.ports.clock.now())
    client = rehearsal.browser(LEARNER)
    page = check_page(client.get("/lab/drills/operator-never-seen"))
    assert "others are at work in it" in page.text


def test_a_drill_that_takes_days_is_prepared_meanwhile(rehearsal: Rehearsal) -> None:
    rehearsal.host.start()
    before = day_of(rehearsal.ports.clock.now())
    client = rehearsal.browser(LEARNER)
    path = "/lab/drills/operator-record-departure"
    post(client, check_page(client.get(path)), f"{path}/start")
    while "It is being prepared" in (page := check_page(client.get(path))).text:
        assert client.get(path, headers={"HX-Request": "true"}).status_code in (200, 204)
    assert "What lies before you" in page.text
    assert day_of(rehearsal.ports.clock.now()) == before


def test_a_bad_file_of_a_trainer_is_told_by_file_and_key(rehearsal: Rehearsal) -> None:
    folder = rehearsal.folder / "drills"
    folder.mkdir()
    (folder / "mine.toml").write_text('id = "mine"\nrole = "cook"\n', encoding="utf-8")
    page = check_page(rehearsal.browser(TRAINER).get("/lab/drills"))
    for told in ("mine.toml role : cook is not one of", "mine.toml grade : This key is missing."):
        assert told in page.text
    assert "mine.toml" not in check_page(rehearsal.browser(LEARNER).get("/lab/drills")).text
