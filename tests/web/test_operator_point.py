"""The refund point's pages: a document, ticked forms, one signature, one card, one payment."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.form import Form, Status
from refund.core.people import Role
from refund.services import later, point
from refund.simulation.engine.network import Fault
from tests import make
from tests.services import steps
from tests.services.test_point import opened, two_forms
from tests.web.agency import post, shown
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


DOCUMENT = {"document_kind": "hk_macao_permit", "document_number": "H12345678"}


def joined(desk: FlaskClient, forms: list[Form]) -> str:
    """The path of a claim that was begun by ticking forms."""
    response = post(desk, "/operator/point/claims", form=[form.form_id for form in forms])
    assert response.status_code == 303
    return response.headers["Location"]


def to_card(desk: FlaskClient, world: World, path: str, number: str = make.VISA) -> str:
    """The page to which the network sends the traveller back, with a card given."""
    signed = {"method": "card", "contact": "", "signed_name": "CHAN TAI MAN"}
    response = post(desk, f"{path}/signature", **signed)
    assert response.status_code == 303
    session_id = response.headers["Location"].rpartition("/")[2]
    world.network.give_card(session_id, number)
    return f"{path}/card?session={session_id}"


@pytest.mark.rule("joint_advance")
def test_the_whole_way_from_the_document_to_one_payment(desk: FlaskClient, world: World) -> None:
    forms = two_forms(world)
    found = check_page(post(desk, "/operator/point", **DOCUMENT))
    ticked = [e.get("value") for e in found.root.iter("input") if e.get("name") == "form"]
    assert set(ticked) == {form.form_id for form in forms}
    path = joined(desk, forms)
    assert "268.92" in shown(desk, path).text
    back = to_card(desk, world, path)
    confirm = shown(desk, back)
    assert "Pay CNY 268.92 now" in confirm.text
    assert confirm.text.count("Visa") == 2
    session_id = back.rpartition("=")[2]
    assert post(desk, f"{path}/card/{session_id}").status_code == 303
    assert "Claimed together" in shown(desk, path).text
    assert world.booked("advance") == ["paid"]
    assert post(desk, f"{path}/card/{session_id}").status_code == 303
    assert world.paid_fen() == 268_92


def test_what_cannot_be_claimed_says_why_and_has_no_box(desk: FlaskClient, world: World) -> None:
    steps.claimed(world)
    page = check_page(post(desk, "/operator/point", **DOCUMENT))
    assert not [e for e in page.root.iter("input") if e.get("name") == "form"]
    assert "None of these forms can be claimed now." in page.text


def test_an_unknown_document_and_no_ticks_are_said_in_place(
    desk: FlaskClient, world: World
) -> None:
    response = post(desk, "/operator/point", **DOCUMENT)
    assert response.status_code == 404
    check_page(response)
    assert check_page(post(desk, "/operator/point", document_kind="", document_number="")).text
    nothing = post(desk, "/operator/point/claims")
    assert nothing.status_code == 422
    assert "No form is ticked." in check_page(nothing).text


def test_a_missing_signature_keeps_what_was_typed(desk: FlaskClient, world: World) -> None:
    path = joined(desk, two_forms(world))
    response = post(desk, f"{path}/signature", method="alipay", contact="mail@example.org")
    assert response.status_code == 422
    page = check_page(response)
    assert "mail@example.org" in response.text
    assert re.search(r'value="alipay"[^>]*checked', response.text)
    assert page.text
    assert {steps.status(world, f) for f in world_forms(world)} == {Status.ISSUED}


def test_a_drawing_is_longer_than_any_field_and_is_taken_as_a_signature(
    desk: FlaskClient, world: World
) -> None:
    path = joined(desk, two_forms(world))
    drawn = json.dumps([[[100 + step, 150 + step] for step in range(200)]])
    response = post(desk, f"{path}/signature", method="card", signature=drawn)
    assert response.status_code == 303
    assert {steps.status(world, f) for f in world_forms(world)} == {Status.AGREED}


def world_forms(world: World) -> list[Form]:
    """All forms of the traveller."""
    found = point.find(world.ports, world.operator, make.traveller().document)
    return [candidate.form for candidate in found.candidates]


def test_a_declined_card_is_told_and_another_is_asked_for(desk: FlaskClient, world: World) -> None:
    path = joined(desk, two_forms(world))
    back = to_card(desk, world, path, make.DECLINED)
    assert post(desk, f"{path}/card/{back.rpartition('=')[2]}").status_code == 303
    page = shown(desk, path)
    assert "The bank did not agree to the hold." in page.text
    assert post(desk, f"{path}/card").status_code == 303


def test_an_advance_without_an_answer_waits_and_then_shows_the_money(
    desk: FlaskClient, world: World
) -> None:
    path = joined(desk, two_forms(world))
    back = to_card(desk, world, path)
    world.network.faults.append(Fault.LOST)
    post(desk, f"{path}/card/{back.rpartition('=')[2]}")
    assert "The money is on its way" in shown(desk, path).text
    assert desk.get(f"{path}/live").status_code == 204


def test_a_refused_payment_can_be_asked_for_again(desk: FlaskClient, world: World) -> None:
    path = joined(desk, two_forms(world))
    back = to_card(desk, world, path, make.PAYOUT_REFUSED)
    post(desk, f"{path}/card/{back.rpartition('=')[2]}")
    assert "The hold stands, but the network would not pay." in shown(desk, path).text
    assert post(desk, f"{path}/again").status_code == 303
    assert desk.get(f"{path}/live").headers["HX-Refresh"] == "true"


def test_the_card_page_without_a_card_goes_back(desk: FlaskClient, world: World) -> None:
    path = joined(desk, two_forms(world))
    assert desk.get(f"{path}/card").status_code == 303
    assert desk.get(f"{path}/card?session=nothing").status_code == 303
    response = post(desk, f"{path}/signature", method="card", signed_name="CHAN TAI MAN")
    session_id = response.headers["Location"].rpartition("/")[2]
    unfinished = desk.get(f"{path}/card?session={session_id}")
    assert unfinished.status_code == 409
    check_page(unfinished)
    assert desk.get(f"{path}/card?session=nothing").status_code == 404


def test_a_network_that_is_away_is_told_and_nothing_is_lost(
    desk: FlaskClient, world: World
) -> None:
    path = joined(desk, two_forms(world))
    world.network.unplugged = True
    response = post(desk, f"{path}/signature", method="card", signed_name="CHAN TAI MAN")
    assert response.status_code == 503
    check_page(response)
    world.network.unplugged = False
    assert {steps.status(world, f) for f in world_forms(world)} == {Status.AGREED}


def test_a_claim_with_a_form_that_moved_says_so(desk: FlaskClient, world: World) -> None:
    forms = two_forms(world)
    path = f"/operator/point/{opened(world, forms)}"
    steps.claimed(world, forms[0])
    assert "A form has moved on" in shown(desk, path).text
    assert desk.get("/operator/point/ffffffffffffffff").status_code == 404


@pytest.mark.rule("hold_cover")
def test_a_hold_that_is_too_short_is_given_up_and_another_card_is_asked_for(
    desk: FlaskClient, world: World
) -> None:
    path = joined(desk, two_forms(world))
    session_id = to_card(desk, world, path, make.DISCOVER).rpartition("=")[2]
    world.network.faults.extend([Fault.NONE, Fault.LOST])
    assert post(desk, f"{path}/card/{session_id}").status_code == 303
    assert "The hold on the card is being given up" in shown(desk, path).text
    assert desk.get(f"{path}/live").status_code == 204
    world.clock.pass_by(minutes=1)
    later.finish_open_operations(world.ports)
    page = shown(desk, path).text
    assert "The card for all" in page
    assert "Another card can be given" in page
    assert world.paid_fen() == 0
