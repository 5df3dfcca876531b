"""The officer's pages: one scan, one answer, one confirmation, and nothing changed by looking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.customs import RefusalReason
from refund.core.form import Channel, Status
from refund.core.people import Role
from refund.services.claim import claim_advance
from refund.services.issue import void_form
from refund.services.verify import refuse_form, verified_today
from tests import make
from tests.services import steps
from tests.web.customs_desk import (
    actions,
    answered,
    code_of,
    confirmed,
    events,
    kind_of,
    scanned,
    sign_in_again,
)
from tests.web.page import check_page
from tests.web.people import OFFICER, SignIn, browser
from tests.world import World


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the browser at the customs desk of Wuhan, signed in."""
    return sign_in(client, Role.OFFICER)


def test_the_shift_begins_at_the_scan_field_with_todays_count(
    desk: FlaskClient, world: World
) -> None:
    steps.verified(world, officer=OFFICER)
    page = check_page(desk.get("/customs/"))
    field = page.named("code")
    assert field.get("autofocus") is not None
    assert field.get("data-scanner") == "code"
    assert "Decided today at this port 1 " in page.text


def test_a_scan_is_answered_on_an_address_without_the_code(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    response = scanned(desk, code_of(form))
    assert response.status_code == 303
    assert response.location == f"/customs/forms/{form.form_id}"
    assert form.code not in desk.get(response.location).text


def test_the_answer_shows_the_person_the_goods_and_the_money(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    page = answered(desk, code_of(form))
    assert kind_of(page) == "go"
    assert page.h1 == "Compare and confirm"
    for text in ("CHAN TAI MAN", "陳大文", "H12345678", "Hong Kong", "Trial store 1"):
        assert text in page.text
    for text in ("Leather handbag", "1 piece", "1,494.00", "164.34", "29.88", "134.46"):
        assert text in page.text
    assert "8 Jul 2025" in page.text
    assert "25 Jul 2025" in page.text
    assert page.statuses() == ["advanced"]


@pytest.mark.parametrize("written", ["{}", " {} ", "{0[0]}-{0[1]}"])
def test_a_typed_form_number_does_as_well(desk: FlaskClient, world: World, written: str) -> None:
    number = steps.issued(world).form_number
    text = written.format(number if "0[" not in written else (number[:6], number[6:]))
    assert kind_of(answered(desk, text)) == "go"


def test_the_large_button_confirms_all_as_listed(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    page = answered(desk, code_of(form))
    buttons = [b for b in page.root.iter("button") if b.get("aria-keyshortcuts")]
    assert [b.get("aria-keyshortcuts") for b in buttons] == ["Control+Enter"]
    response = confirmed(desk, form)
    assert response.status_code == 303
    result = check_page(desk.get(response.location))
    assert kind_of(result) == "done"
    assert result.named("code").get("autofocus") is not None
    assert "All goods as listed: 1 piece." in result.text
    assert steps.status(world, form) is Status.VERIFIED
    assert verified_today(world.ports, OFFICER) == 1


def test_an_ordinary_form_is_confirmed_the_same_way(desk: FlaskClient, world: World) -> None:
    form = steps.issued(world, make.draft(channel=Channel.ORDINARY))
    assert confirmed(desk, form).status_code == 303
    assert steps.status(world, form) is Status.ORDINARY_VERIFIED


def test_a_second_press_confirms_nothing_twice_and_ends_on_the_same_page(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    first, second = confirmed(desk, form), confirmed(desk, form)
    assert first.location == second.location
    assert kind_of(check_page(desk.get(second.location))) == "done"
    assert events(world, form).count("verify") == 1


def test_a_colleagues_decision_is_shown_with_name_place_and_time(
    desk: FlaskClient, world: World
) -> None:
    form = steps.verified(world)
    response = confirmed(desk, form)
    page = check_page(desk.get(desk.get(response.location).location))
    assert kind_of(page) == "care"
    assert page.h1 == "Already decided"
    assert "Officer · Wuhan Tianhe International Airport · 8 Jul 2025, 14:00" in page.text
    assert events(world, form).count("verify") == 1


def test_a_void_form_stops(desk: FlaskClient, world: World) -> None:
    form = steps.issued(world)
    void_form(world.ports, world.clerk, form.form_id, "wrong name")
    page = answered(desk, code_of(form))
    assert (kind_of(page), page.h1) == ("stop", "Void")
    assert "confirm" not in actions(page)


def test_a_form_past_the_last_day_of_export_stops_and_stays(
    desk: FlaskClient, world: World
) -> None:
    form = steps.issued(world)
    world.clock.pass_by(days=91)
    page = answered(sign_in_again(desk), form.form_number)
    assert (kind_of(page), page.h1) == ("stop", "Too late")
    assert "6 Oct 2025" in page.text
    assert confirmed(desk, form).location == f"/customs/forms/{form.form_id}"
    assert steps.status(world, form) is Status.ISSUED


@pytest.mark.rule("ordinary_after_capture")
def test_a_charged_back_form_can_be_confirmed_and_the_officer_is_told_so(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    world.clock.pass_by(days=18)
    steps.settled(world, form)
    page = answered(sign_in_again(desk), code_of(form))
    assert (kind_of(page), page.h1) == ("go", "Compare and confirm")
    assert "Charged back: a second chance" in page.text
    result = check_page(desk.get(confirmed(desk, form).location))
    assert kind_of(result) == "done"
    assert steps.status(world, form) is Status.ORDINARY_VERIFIED


def test_a_form_whose_refund_is_lost_stops(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    world.clock.pass_by(days=18)
    steps.settled(world, form)
    refuse_form(world.ports, OFFICER, form.form_id, RefusalReason.GOODS_DIFFER, "")
    page = answered(sign_in_again(desk), code_of(form))
    assert (kind_of(page), page.h1) == ("stop", "Charged back")
    assert "confirm" not in actions(page)


def test_a_form_whose_payment_is_under_way_asks_for_care(desk: FlaskClient, world: World) -> None:
    form = steps.agreed(world)
    given = steps.card(world, form)
    world.network.unplugged = True
    claim_advance(world.ports, steps.PHONE, form.form_id, given)
    page = answered(desk, code_of(form))
    assert (kind_of(page), page.h1) == ("care", "Payment under way")
    assert confirmed(desk, form).location == f"/customs/forms/{form.form_id}"


def test_an_altered_code_is_not_genuine(desk: FlaskClient, world: World) -> None:
    code = code_of(steps.issued(world))
    altered = code[:-5] + ("A" if code[-5] != "A" else "B") + code[-4:]
    response = scanned(desk, altered)
    page = check_page(response)
    assert response.status_code == 422
    assert (kind_of(page), page.h1) == ("stop", "Not genuine")
    assert page.value("code") == ""
    assert altered not in response.text


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("", "care", "Nothing was scanned"),
        ("   ", "care", "Nothing was scanned"),
        ("12345", "care", "Cannot be read"),
        ("250708000100019", "care", "Cannot be read"),
        ("１２３４５", "care", "Cannot be read"),
        ("\x00\x01", "care", "Cannot be read"),
        ("250708-9999-0001-{}", "care", "No such form"),
        ("HTTPS://REFUND.EXAMPLE/F/ABC", "care", "Cannot be read"),
        ("A" * 136, "stop", "Unknown code"),
        ("HTTPS://SHOP.EXAMPLE/F/" + "A" * 136, "stop", "Not our code"),
        ("x" * 5000, "care", "Cannot be read"),
    ],
)
def test_what_cannot_be_read_is_answered_at_once(
    desk: FlaskClient, text: str, kind: str, word: str
) -> None:
    digits = [text.format(d) for d in range(10)] if "{}" in text else [text]
    pages = [answered(desk, one) for one in digits]
    assert all(page.named("code").get("autofocus") is not None for page in pages)
    assert (kind, word) in {(kind_of(page), page.h1) for page in pages}


def test_a_typed_number_stays_in_the_field_for_correction(desk: FlaskClient) -> None:
    assert answered(desk, "2507080001").value("code") == "2507080001"


def test_looking_changes_nothing_but_the_note_that_the_identity_was_shown(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    before = events(world, form)
    for _ in range(2):
        desk.get(f"/customs/forms/{form.form_id}")
        desk.get(f"/customs/forms/{form.form_id}/confirmed")
        desk.get(f"/customs/forms/{form.form_id}/confirm")
    after = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    shown = [e for e in after if e.kind == "identity_shown"]
    assert len(after) == len(before) + len(shown)
    assert {e.actor for e in shown} == {"officer:officer-1"}
    assert steps.status(world, form) is Status.ADVANCED


def test_another_port_than_the_promised_one_is_remarked_and_can_be_confirmed(
    client: FlaskClient, sign_in: SignIn, world: World
) -> None:
    form = steps.claimed(world)
    yichang = sign_in(client, Role.OFFICER, "officer-2")
    page = answered(yichang, form.form_number)
    assert kind_of(page) == "go"
    assert "Promised for another port" in page.text
    assert confirmed(yichang, form).status_code == 303
    assert steps.status(world, form) is Status.VERIFIED


def test_a_promise_that_is_over_is_remarked(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    world.clock.at += timedelta(days=20)
    page = answered(sign_in_again(desk), form.form_number)
    assert kind_of(page) == "go"
    assert "The promised day is over" in page.text


def test_an_unknown_form_is_no_page(desk: FlaskClient) -> None:
    for path in ("", "/confirmed"):
        response = desk.get(f"/customs/forms/00000000000000ff{path}")
        assert response.status_code == 404
        check_page(response)
    token = check_page(desk.get("/customs/")).token
    gone = desk.post("/customs/forms/00000000000000ff/confirm", data={"form_token": token})
    assert gone.status_code == 404


@pytest.mark.parametrize("role", [Role.CLERK, Role.OPERATOR])
def test_people_of_other_desks_are_shown_the_door(
    client: FlaskClient, sign_in: SignIn, world: World, role: Role
) -> None:
    form = steps.claimed(world)
    stranger = sign_in(client, role)
    seen = stranger.get(f"/customs/forms/{form.form_id}")
    assert seen.status_code == 302
    assert seen.location.startswith("/customs/sign-in")
    token = check_page(stranger.get("/customs/sign-in")).token
    for path in ("/customs/scan", f"/customs/forms/{form.form_id}/confirm"):
        assert stranger.post(path, data={"form_token": token}).status_code == 401
    assert steps.status(world, form) is Status.ADVANCED


def test_a_confirmation_without_the_forms_token_is_refused(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    assert desk.post(f"/customs/forms/{form.form_id}/confirm").status_code == 400
    assert steps.status(world, form) is Status.ADVANCED


def test_the_pages_speak_chinese(app: Flask, sign_in: SignIn, world: World) -> None:
    desk = sign_in(browser(app, "zh_Hans"), Role.OFFICER)
    form = steps.claimed(world)
    page = answered(desk, code_of(form))
    assert page.h1 == "请核对并确认"
    assert "手提包" in page.text
    result = check_page(desk.get(confirmed(desk, form).location))
    assert result.h1 == "已确认"
