"""The till's pages: opened with an amount, counted by pieces, closed once."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Role
from refund.services import tills
from tests.services.till_steps import ordinary, paid_in_cash
from tests.services.till_steps import shown as document_shown
from tests.web.agency import post, shown
from tests.web.page import check_page
from tests.web.people import SignIn
from tests.world import World

HOME = "/operator/counter/WUH"


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def opened(desk: FlaskClient, yuan: str = "1000") -> None:
    """Open the till with its cash."""
    assert post(desk, f"{HOME}/till", float=yuan).location == HOME


@pytest.mark.rule("ordinary_till")
def test_a_till_is_counted_by_pieces_and_a_difference_explained(
    desk: FlaskClient, world: World
) -> None:
    opened(desk)
    paid_in_cash(world, document_shown(world, ordinary(world)))
    (till,) = tills.till_list(world.ports).open_tills
    close = f"{HOME}/till/{till.till_id}"
    pieces = {"pieces-10000": "8", "pieces-5000": "1", "pieces-1000": "1", "pieces-500": "1"}
    page = check_page(post(desk, close, **pieces))
    assert "CNY 0.54 is missing" in page.error("note")
    assert page.value("pieces-10000") == "8"
    assert check_page(post(desk, close, **{"pieces-100": "many"})).error("pieces-100")
    right = {**pieces, "pieces-50": "1", "pieces-2": "2"}
    answer = post(desk, close, **right)
    assert answer.location == f"/operator/counter/tills/{till.till_id}"
    page = shown(desk, answer.location)
    assert "right to the fen" in page.text
    assert post(desk, close, **right).location == answer.location
    assert answer.location in shown(desk, "/operator/counter/tills").links()
    assert "Open the till" in shown(desk, f"{HOME}/till").h1


@pytest.mark.parametrize("yuan", ["", "0", "-5", "1,000", "1e5", "１００", "0.001", "999999999"])
def test_a_float_that_is_no_amount_stays_in_its_field(desk: FlaskClient, yuan: str) -> None:
    page = check_page(post(desk, f"{HOME}/till", float=yuan))
    assert page.status == 422
    assert page.error("float")


def test_a_till_that_is_open_is_not_opened_twice(desk: FlaskClient) -> None:
    opened(desk)
    assert post(desk, f"{HOME}/till", float="5").location == f"{HOME}/till"
    assert desk.get("/operator/counter/tills/nothing").status_code == 404
    assert post(desk, f"{HOME}/till/nothing").status_code == 404
