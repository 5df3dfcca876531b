"""The exit's desk: departures, and what follows, with preview and reason, each form once."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.form import Status
from refund.core.people import Role
from refund.services.later import work_once
from tests import make
from tests.services import steps
from tests.web.agency import (
    another,
    figures,
    kept,
    let_in,
    outcomes,
    post,
    queue_text,
    settle,
    shown,
    ticket,
    tickets,
)
from tests.web.page import check_page
from tests.web.people import SignIn
from tests.world import World


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


# The exit's desk.


def test_the_desk_groups_forms_by_what_follows_and_says_why(
    desk: FlaskClient, world: World
) -> None:
    late = another(world, "H00000002", "key-2", "25422000000000000002")
    steps.verified(world, late)
    unseen = another(world, "H00000003", "key-3", "25422000000000000003")
    gone = another(world, "H00000004", "key-4", "25422000000000000004")
    first = kept(world)
    steps.departs(world, steps.on(20), number="H00000004")
    steps.departs(world, steps.on(26), number="H00000002")
    page = shown(desk, "/operator/exit")
    assert tickets(page, "release") == [ticket(first)]
    assert set(tickets(page, "capture")) == {
        ticket(late, "capture", "left_late"),
        ticket(unseen, "capture", "never_seen"),
    }
    assert tickets(page, "break") == [ticket(gone, "capture", "left_unverified")]
    assert "9 Jul 2025, 12:00 Wuhan Tianhe International Airport" in queue_text(page, "release")
    assert "Left after the promised day." in queue_text(page, "capture")
    assert "Left, but customs never verified the goods." in queue_text(page, "break")
    assert "Nothing is waiting here." in queue_text(page, "answer")


def test_departures_that_belong_to_no_form_are_listed_by_day(
    desk: FlaskClient, world: World
) -> None:
    steps.departs(world, steps.on(8, 13), "YIH", "H99999999")
    assert "Yichang" in queue_text(shown(desk, "/operator/exit"), "strangers")
    assert "Yichang" in queue_text(shown(desk, "/operator/exit?day=2025-07-08"), "strangers")
    before = shown(desk, "/operator/exit?day=2025-07-07")
    assert "None on this day" in queue_text(before, "strangers")


@pytest.mark.parametrize("day", ["2025-02-30", "x", "９", "2025-07-08%00", "9" * 40])
def test_a_day_that_does_not_exist_is_refused_beside_its_field(desk: FlaskClient, day: str) -> None:
    page = shown(desk, f"/operator/exit?day={day}")
    assert page.error("day")


def test_an_unknown_word_in_the_address_is_not_repeated(desk: FlaskClient) -> None:
    page = shown(desk, "/operator/exit?said=%3Cb%3Ehello&file=hello")
    assert "hello" not in page.text


# One departure.

DEPARTURE = {
    "document_kind": "hk_macao_permit",
    "document_number": "h1234 5678",
    "port": "WUH",
    "exited_at": "2025-07-08T13:00",
}


def test_a_recorded_departure_moves_its_form_to_be_released(
    desk: FlaskClient, world: World
) -> None:
    form = steps.verified(world)
    world.clock.pass_by(hours=2)
    response = post(desk, "/operator/exit/record", **DEPARTURE | {"exited_at": "2025-07-08T15:00"})
    assert response.status_code == 303
    page = shown(desk, response.location)
    assert "The departure is recorded" in page.text
    assert tickets(page, "release") == [ticket(form)]
    again = post(desk, "/operator/exit/record", **DEPARTURE | {"exited_at": "2025-07-08T15:00"})
    assert "This departure was known already" in shown(desk, again.location).text


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("document_kind", "", "has not been filled in"),
        ("document_kind", "visa", "No valid document"),
        ("document_number", "", "has not been filled in"),
        ("document_number", "12 €", "does not fit"),
        ("document_number", "A" * 41, "does not fit"),
        ("document_number", "C12345678", "permit"),
        ("port", "", "not a port"),
        ("port", "PEK", "not a port"),
        ("exited_at", "", "has not been filled in"),
        ("exited_at", "2025-02-30T10:00", "calendar"),
        ("exited_at", "2025-07-08T25:00", "calendar"),
        ("exited_at", "tomorrow", "cannot be read as a date"),
        ("exited_at", "2025-07-08T14:01", "future"),
        ("exited_at", "２０２５-07-08T13:00", "cannot be read as a date"),
    ],
)
def test_what_is_wrong_with_a_departure_stands_beside_its_field(
    desk: FlaskClient, field: str, typed: str, said: str
) -> None:
    response = post(desk, "/operator/exit/record", **DEPARTURE | {field: typed})
    assert response.status_code == 422
    page = check_page(response)
    assert said in page.error(field)
    for name in ("document_number", "exited_at"):
        assert page.value(name) == (DEPARTURE | {field: typed})[name]


def test_a_departure_with_characters_that_nobody_writes_is_refused(desk: FlaskClient) -> None:
    response = post(desk, "/operator/exit/record", **DEPARTURE | {"document_number": "H1\x00"})
    assert response.status_code == 422
    assert check_page(response).error("document_number")


# Preview and confirmation.


def test_the_preview_shows_exactly_what_was_ticked_and_does_nothing(
    desk: FlaskClient, world: World
) -> None:
    form = kept(world)
    another(world, "H00000002", "key-2", "25422000000000000002")
    response = post(desk, "/operator/exit/preview", proposal=[ticket(form)])
    page = check_page(response)
    assert tickets(page) == [ticket(form)]
    assert "Release the hold" in page.text
    assert "CNY 134.46" in page.text
    assert steps.status(world, form) is Status.VERIFIED


def test_nothing_ticked_leads_back_to_the_desk(desk: FlaskClient) -> None:
    response = post(desk, "/operator/exit/preview")
    assert response.status_code == 303
    assert "No form was ticked" in shown(desk, response.location).text


@pytest.mark.parametrize(
    "forged",
    ["x", "a:b:c", "0" * 16 + ":release:because", "\x00:release:promise_kept", "0" * 16 + ":x:y:z"],
)
def test_a_proposal_that_no_page_sends_is_refused(desk: FlaskClient, forged: str) -> None:
    for path in ("/operator/exit/preview", "/operator/exit/settle"):
        response = post(desk, path, proposal=[forged], reason="because")
        assert response.status_code == 400
        check_page(response)
    assert post(desk, "/operator/exit/settle", reason="because").status_code == 422


def test_a_proposal_for_an_unknown_form_is_no_page(desk: FlaskClient) -> None:
    unknown = "00000000000000ff:release:promise_kept"
    response = post(desk, "/operator/exit/preview", proposal=[unknown])
    assert response.status_code == 404


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_without_a_reason_nothing_is_done_and_the_preview_stays(
    desk: FlaskClient, world: World, reason: str
) -> None:
    form = kept(world)
    response = settle(desk, reason, ticket(form))
    assert response.status_code == 422
    page = check_page(response)
    assert page.error("reason")
    assert page.value("reason").strip() == reason.strip()
    assert tickets(page) == [ticket(form)]
    assert steps.status(world, form) is Status.VERIFIED


def test_a_confirmed_release_ends_the_hold_once(desk: FlaskClient, world: World) -> None:
    form = kept(world)
    page = check_page(settle(desk, "seen at the gate", ticket(form)))
    assert outcomes(page) == {"done": 1}
    assert page.statuses() == ["released"]
    assert steps.status(world, form) is Status.RELEASED
    again = check_page(settle(desk, "seen at the gate", ticket(form)))
    assert outcomes(again) == {"already": 1}
    assert world.booked("release") == ["released"]


def test_a_form_that_is_ticked_twice_is_settled_once(desk: FlaskClient, world: World) -> None:
    form = kept(world)
    page = check_page(settle(desk, "seen at the gate", ticket(form), ticket(form)))
    assert outcomes(page) == {"done": 1}
    assert world.booked("release") == ["released"]


def test_a_broken_promise_is_charged_back_with_its_reason(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    world.clock.pass_by(days=18)
    chosen = tickets(shown(desk, "/operator/exit"), "capture")
    preview = check_page(post(desk, "/operator/exit/preview", proposal=chosen))
    assert "Charge the advance back" in preview.text
    page = check_page(settle(desk, "never seen", *tickets(preview)))
    assert outcomes(page) == {"done": 1}
    assert steps.status(world, form) is Status.CAPTURED
    life = shown(desk, f"/operator/forms/{form.form_id}")
    assert "The promised day is over and no departure was seen. never seen" in life.text
    assert "Operator 苏敏 Su Min" in life.text


def test_a_mixed_confirmation_tells_each_forms_end(desk: FlaskClient, world: World) -> None:
    first = kept(world)
    second = another(world, "H00000002", "key-2", "25422000000000000002")
    page = check_page(settle(desk, "seen", ticket(first), ticket(second)))
    assert outcomes(page) == {"done": 1, "refused": 1}
    assert "What was proposed has changed" in page.text
    assert steps.status(world, second) is Status.ADVANCED


def test_what_changed_between_ticking_and_preview_is_left_out(
    desk: FlaskClient, world: World
) -> None:
    form = kept(world)
    page = check_page(
        post(desk, "/operator/exit/preview", proposal=[ticket(form, "capture", "never_seen")])
    )
    assert tickets(page) == []
    assert "These have changed" in page.text
    assert "Nothing is left to confirm" in page.text


def test_what_changed_between_preview_and_confirmation_is_not_done(
    desk: FlaskClient, world: World
) -> None:
    form = kept(world)
    preview = check_page(post(desk, "/operator/exit/preview", proposal=[ticket(form)]))
    steps.departs(world, steps.on(9, 11), "YIH")
    page = check_page(settle(desk, "seen at the gate", *tickets(preview)))
    assert outcomes(page) == {"refused": 1}
    assert steps.status(world, form) is Status.VERIFIED
    assert world.booked("release") == []


def test_an_answer_that_is_lost_is_under_way_and_finished_later(
    desk: FlaskClient, world: World
) -> None:
    form = kept(world)
    world.network.unplugged = True
    page = check_page(settle(desk, "seen at the gate", ticket(form)))
    assert outcomes(page) == {"under_way": 1}
    again = check_page(settle(desk, "seen at the gate", ticket(form)))
    assert outcomes(again) == {"under_way": 1}
    assert figures(shown(desk, "/operator/exit"))["answer"] == "1"
    world.network.unplugged = False
    world.clock.pass_by(minutes=1)
    work_once(world.ports)
    assert steps.status(world, form) is Status.RELEASED
    assert world.booked("release") == ["released"]


def test_a_refusal_of_the_network_is_told_as_such(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world, number=make.CHARGE_DECLINED)
    world.clock.pass_by(days=19)
    let_in(desk)
    page = check_page(settle(desk, "never seen", ticket(form, "capture", "never_seen")))
    assert outcomes(page) == {"refused_by_network": 1}
    life = shown(desk, f"/operator/forms/{form.form_id}")
    assert life.statuses() == ["uncollected"]
    assert "the bank declined the charge" in life.text
