"""What the operator's home says of holds and of the network's answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Role
from refund.services import claim, secure
from refund.simulation.engine.network import Fault
from tests.services.hold_steps import issued_today, the_hold
from tests.services.steps import PHONE, agreed, card, claimed
from tests.web.agency import shown
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


def test_while_all_is_well_nothing_is_said(desk: FlaskClient, world: World) -> None:
    claimed(world, agreed(world, issued_today(world)))
    page = shown(desk, "/operator/")
    assert not [
        e for e in page.root.iter("li") if e.get("data-queue") in ("holds_end", "unsecured")
    ]


@pytest.mark.rule("hold_outlives")
def test_what_ends_is_unsecured_or_overdue_is_said_with_its_age(
    desk: FlaskClient, world: World
) -> None:
    form = claimed(world, agreed(world, issued_today(world)))
    world.clock.at = the_hold(world, form).expires_at - timedelta(hours=1)
    page = shown(desk, "/operator/").text
    assert "Holds that end before their deadline" in page
    assert "by 7 Aug 2025" in page
    world.clock.pass_by(hours=2)
    secure.alert(world.ports)
    other = agreed(world, issued_today(world, "25422000000000000055", "key-55"))
    entry = card(world, other)
    world.network.faults.append(Fault.LOST)
    claim.claim_advance(world.ports, PHONE, other.form_id, entry)
    world.clock.pass_by(minutes=20)
    secure.watch_pending(world.ports)
    home = shown(desk, "/operator/")
    waiting = {
        row.get("data-queue"): " ".join(row.itertext())
        for row in home.root.iter("li")
        if row.get("data-queue")
    }
    assert "134.46" in waiting["unsecured"]
    assert "20 minutes" in waiting["answers"]
    for queue in ("unsecured", "answers"):
        (row,) = (r for r in home.root.iter("li") if r.get("data-queue") == queue)
        (link,) = row.iter("a")
        assert shown(desk, link.get("href") or "").text.count("134.46")


def test_that_the_line_is_down_is_said(desk: FlaskClient, world: World) -> None:
    world.network.unplugged = True
    assert "tried again now and then" in shown(desk, "/operator/").text
