"""The figures for a watching machine: behind a token, readable, and equal to the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from refund.app import create_app
from refund.config import Settings, read_settings
from refund.core.case import CaseKind
from refund.services import auditing, cases
from refund.simulation.engine.network import Fault
from tests import make
from tests.services import steps
from tests.world import World

TOKEN = "a word of the watching machine"


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return an application with a token, on a world where money moves."""
    return create_app(replace(settings, metrics_token=TOKEN), world.ports)


def figures(client: FlaskClient) -> dict[str, dict[str, float]]:
    """Every family by the value of its label."""
    response = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=")
    families = text_string_to_metric_families(response.text)
    return {
        family.name: {next(iter(s.labels.values()), ""): s.value for s in family.samples}
        for family in families
    }


def test_without_a_token_there_are_no_figures(settings: Settings, world: World) -> None:
    client = create_app(settings, world.ports).test_client()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", TOKEN, f"Basic {TOKEN}", "Bearer é"],
)
def test_another_token_gets_nothing(client: FlaskClient, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    response = client.get("/metrics", headers=headers)
    assert (response.status_code, response.data) == (401, b"")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["short", "fifteen letters", "not printable\n\n\n\n", "é" * 20])
def test_a_token_that_is_guessed_or_stands_in_no_header_is_no_setting(token: str) -> None:
    with pytest.raises(ValueError, match="REFUND_METRICS_TOKEN"):
        read_settings({"REFUND_METRICS_TOKEN": token})


def test_the_figures_are_those_of_the_books(client: FlaskClient, world: World) -> None:
    steps.claimed(world)
    auditing.run_audit(world.ports)
    world.clock.pass_by(seconds=30)
    found = figures(client)
    assert found["refund_audit_broken"] == {"": 0}
    assert found["refund_audit_unchecked"] == {"": 0}
    assert found["refund_audit_age_seconds"] == {"": 30}
    assert found["refund_advances_out_fen"] == {"": make.NET_FEN}
    assert found["refund_holds_ending"] == {"2025-08-07": 1}
    assert found["refund_holds_ending_fen"] == {"2025-08-07": make.NET_FEN}
    assert set(found["refund_open_cases"].values()) == {0}
    assert set(found["refund_pending_operations"].values()) == {0}


def test_what_waits_is_counted_with_its_age_and_its_tries(
    client: FlaskClient, world: World
) -> None:
    world.network.faults.append(Fault.UNSENT)
    form = steps.claimed(world)
    since = world.clock.at - timedelta(hours=2)
    world.ports.storage.write(
        lambda tx: cases.open_case(
            tx, world.ports, CaseKind.NOT_TAKEN, form.form_id, found_at=since
        )
    )
    world.clock.pass_by(minutes=10)
    found = figures(client)
    assert found["refund_pending_operations"]["hold"] == 1
    assert found["refund_oldest_pending_age_seconds"] == {"hold": 600}
    assert found["refund_outbox_tries"] == {"hold": 1}
    assert found["refund_outbox_tries_most"] == {"hold": 1}
    assert found["refund_network_line_up"] == {"": 1}
    world.network.unplugged = True
    assert figures(client)["refund_network_line_up"] == {"": 0}
    assert found["refund_open_cases"]["not_taken"] == 1
    assert found["refund_oldest_case_age_seconds"] == {"not_taken": 7800}
    assert "refund_audit_broken" not in found, "nothing was audited yet"
