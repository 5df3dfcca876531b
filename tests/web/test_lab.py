"""The lab's pages: the clock taken ahead, desks taken and given, days gone back to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Role
from refund.ports import Ports
from refund.sandbox.network import Book
from refund.sandbox.settings import random_id
from refund.simulation.engine.network import BookNetwork
from refund.simulation.rehearsal.host import Host
from refund.timepiece import Timepiece
from refund.web.lab import KEY
from tests.web.page import check_fragment, check_page
from tests.web.people import LEARNER, SignIn, browser

MORNING = datetime(2025, 7, 8, 6, 0, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return the settings of a rehearsal."""
    settings.instance.mkdir(parents=True)
    return replace(settings, is_rehearsal=True)


@pytest.fixture
def app(settings: Settings, ports: Ports) -> Iterator[Flask]:
    """Return the application of a rehearsal on its own clock, with the network's book beside."""
    clock = Timepiece(settings.instance / "clock.json")
    clock.set(MORNING)
    book = Book(str(settings.instance / "sandbox.db"), clock, random_id)
    moved = replace(ports, clock=clock, network=BookNetwork(book))
    app = create_app(settings, moved)
    host: Host = app.extensions[KEY]
    host.start()
    yield app
    host.stop()
    book.close()


@pytest.fixture
def host(app: Flask) -> Host:
    """Return what moves the clock."""
    found: Host = app.extensions[KEY]
    return found


@pytest.fixture
def trainer(app: Flask, sign_in: SignIn) -> FlaskClient:
    """Return the trainer's browser."""
    return sign_in(browser(app), Role.TRAINER)


@pytest.fixture
def learner(app: Flask, sign_in: SignIn) -> FlaskClient:
    """Return a learner's browser."""
    return sign_in(browser(app), Role.LEARNER)


def press(client: FlaskClient, path: str, **typed: str) -> int:
    """Send a form of the lab's home, and return how it was answered."""
    token = check_page(client.get("/lab/")).token
    return client.post(path, data={"form_token": token, **typed}).status_code


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_lab_shows_the_clock_and_who_plays_whom(
    app: Flask, sign_in: SignIn, language: str
) -> None:
    client = sign_in(browser(app, language), Role.TRAINER)
    page = check_page(client.get("/lab/"))
    assert "14:00:00" in page.text
    assert "clerk-1" in client.get("/lab/").text
    assert "REHEARSAL" in page.text
    check_page(client.get("/lab/days"))


def test_a_learner_sees_the_clock_and_cannot_move_it(learner: FlaskClient, host: Host) -> None:
    assert 'value="jump"' not in learner.get("/lab/").text
    assert press(learner, "/lab/clock", do="jump") == 403
    assert learner.get("/lab/days").status_code == 403
    assert host.view().now == MORNING


@pytest.mark.parametrize(
    ("do", "shows"),
    [
        ("minute", MORNING + timedelta(minutes=1)),
        ("hour", MORNING + timedelta(hours=1)),
        ("day", datetime(2025, 7, 8, 15, 59, 59, tzinfo=UTC)),
    ],
)
def test_the_clock_is_taken_a_step_ahead(
    trainer: FlaskClient, host: Host, do: str, shows: datetime
) -> None:
    assert press(trainer, "/lab/clock", do=do) == 303
    assert host.wait(10)
    assert host.view().now == shows
    assert host.view().rate == 0


def test_the_clock_is_let_go_and_stopped(trainer: FlaskClient, host: Host) -> None:
    for do, rate in (("run", 1), ("fast", 60), ("stop", 0)):
        assert press(trainer, "/lab/clock", do=do) == 303
        assert host.view().rate == rate
    stood = host.view().now
    assert stood >= MORNING
    assert host.view().now == stood


def test_the_clock_is_taken_to_a_deadline_and_never_back(trainer: FlaskClient, host: Host) -> None:
    at = host.next_deadlines()[0].at
    assert press(trainer, "/lab/clock", do="deadline", at=at.isoformat()) == 303
    assert host.wait(30)
    assert host.view().now == at
    assert press(trainer, "/lab/clock", do="deadline", at=MORNING.isoformat()) == 422
    assert host.view().now == at


def test_the_clock_alone_is_sent_when_it_shows_something_else(
    trainer: FlaskClient, host: Host
) -> None:
    page = check_fragment(trainer.get("/lab/clock"))
    assert "14:00:00" in page.text
    seen = host.view().seen
    assert trainer.get("/lab/clock", query_string={"seen": seen}).status_code == 204
    arrived = trainer.get("/lab/clock", query_string={"seen": "20250708060000-0-40"})
    assert arrived.headers["HX-Refresh"] == "true"


def test_whoever_takes_a_desk_works_there_as_its_person(
    learner: FlaskClient, app: Flask, host: Host
) -> None:
    assert learner.get("/store/").status_code == 302
    assert press(learner, "/lab/desks/clerk-1/take") == 303
    assert host.book.taken() == {"clerk-1": LEARNER.staff_id}
    assert "林晓" in learner.get("/store/").text
    assert press(learner, "/lab/desks/clerk-1/return") == 303
    assert host.book.taken() == {}


def test_a_desk_that_another_plays_is_the_trainers_to_give(
    learner: FlaskClient, trainer: FlaskClient, host: Host
) -> None:
    assert press(trainer, "/lab/desks/clerk-1/take") == 303
    assert press(learner, "/lab/desks/clerk-1/take") == 409
    assert press(learner, "/lab/desks/clerk-1/return") == 409
    assert press(learner, "/lab/desks/clerk-1/give", person=LEARNER.staff_id) == 403
    assert press(trainer, "/lab/desks/clerk-1/give", person=LEARNER.staff_id) == 303
    assert host.book.taken() == {"clerk-1": LEARNER.staff_id}
    assert press(trainer, "/lab/desks/clerk-1/give", person="") == 303
    assert host.book.taken() == {}
    assert press(trainer, "/lab/desks/clerk-1/give", person="nobody") == 404
    assert press(trainer, "/lab/desks/trainer-1/take") == 404


def test_a_session_outlives_a_jump_of_the_clock(trainer: FlaskClient, host: Host) -> None:
    host.take_to(MORNING + timedelta(days=28))
    assert host.wait(60)
    assert trainer.get("/lab/").status_code == 200


def test_a_day_is_gone_back_to_with_a_rule_that_differs(trainer: FlaskClient, host: Host) -> None:
    assert press(trainer, "/lab/clock", do="day") == 303
    assert host.wait(10)
    page = check_page(trainer.get("/lab/days"))
    typed = {"form_token": page.token, "day": "2025-07-08", "name": "again", "kind": "rule"}
    wrong = trainer.post("/lab/days", data=typed | {"rule": "promise_days", "value": "many"})
    assert wrong.status_code == 422
    assert check_page(wrong).error("value")
    assert not (host.folder.parent / "again").exists()
    made = trainer.post("/lab/days", data=typed | {"rule": "promise_days", "value": "28"})
    assert made.status_code == 303
    assert "rule promise_days=28" in trainer.get("/lab/days").text
    assert Timepiece(host.folder.parent / "again" / "clock.json").now() == host.view().now
    twice = trainer.post("/lab/days", data=typed | {"rule": "promise_days", "value": "28"})
    assert twice.status_code == 409
    check_page(twice)
    assert press(trainer, "/lab/rehearsals", name="nothing") == 422
    assert press(trainer, "/lab/rehearsals", name="again") == 200
    assert (host.folder.parent / ".next").read_text() == "again"
