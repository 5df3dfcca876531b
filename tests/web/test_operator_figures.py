"""Figures, files, people, keys and draws in the operator's browser."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Role
from tests.services import steps
from tests.web.agency import kept, post, shown
from tests.web.page import Page, check_page
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


def figure(page: Page, name: str) -> str:
    """One of the large figures."""
    found = next(e for e in page.root.iter("b") if e.get("data-figure") == name)
    return " ".join("".join(found.itertext()).split())


def test_each_chart_has_its_table_with_the_same_figures(desk: FlaskClient, world: World) -> None:
    steps.claimed(world)
    page = shown(desk, "/operator/figures?days=7")
    charts = [e for e in page.root.iter("div") if e.get("data-chart")]
    assert len(charts) == 3
    for chart in charts:
        table = page.by_id(chart.get("data-table") or "")
        assert table is not None
        assert [e.get("data-day") for e in table.iter("th") if e.get("data-day")]
    values = [e.get("data-value") for e in page.root.iter("td") if e.get("data-value")]
    assert values.count("134.46") == 3
    assert figure(page, "advanced") == "CNY134.46"
    assert "1 hold" in page.text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("first=2025-07-09&last=2025-07-08", "last"),
        ("first=2025-01-01&last=2026-06-30", "last"),
        ("first=x&last=2025-07-08", "first"),
    ],
)
def test_a_period_that_is_none_is_refused_beside_its_field(
    desk: FlaskClient, asked: str, said: str
) -> None:
    for path in ("figures", "exports"):
        answer = desk.get(f"/operator/{path}?{asked}")
        assert answer.status_code == 422
        assert check_page(answer).error(said)
    assert desk.get(f"/operator/exports/forms/rows.csv?{asked}").status_code == 422


def test_a_file_adds_up_to_the_screen(desk: FlaskClient, world: World) -> None:
    steps.claimed(world)
    days = "first=2025-07-08&last=2025-07-08"
    page = shown(desk, f"/operator/figures?{days}")
    answer = desk.get(f"/operator/exports/forms/rows.csv?{days}")
    assert "SIMULATION-forms-2025-07-08" in answer.headers["Content-Disposition"]
    last = answer.data.decode("utf-8-sig").splitlines()[-1]
    assert f"CNY{last.rsplit(',', 1)[1]}" == figure(page, "issued")
    for what in ("forms", "ledger", "cases", "days", "stores"):
        sheet = desk.get(f"/operator/exports/{what}/rows.xlsx?{days}")
        assert sheet.data.startswith(b"PK")
    assert desk.get(f"/operator/exports/secrets/rows.csv?{days}").status_code == 404


def test_a_person_is_added_and_disabled_in_the_browser(desk: FlaskClient, world: World) -> None:
    typed = {"name": "李娜", "login": "li.na", "role": "clerk", "store_number": "1"}
    page = check_page(post(desk, "/operator/people", **typed))
    assert "The password is shown this once" in page.text
    rows = [e for e in page.root.iter("tr") if e.get("data-person") == "li.na"]
    assert len(rows) == 1
    preview = shown(desk, "/operator/people/li.na/disable")
    assert "every session ends at once" in preview.text
    assert post(desk, "/operator/people/li.na/disable").status_code == 303
    assert "not since" in shown(desk, "/operator/people?done=disabled").text
    again = check_page(post(desk, "/operator/people/li.na/password"))
    assert "The password is shown this once" in again.text
    refused = post(desk, "/operator/people", **{**typed, "login": "Li Na"})
    assert refused.status_code == 422
    assert check_page(refused).value("login") == "Li Na"
    assert desk.get("/operator/people/nobody/disable").status_code == 404


def test_a_key_is_rotated_after_a_preview(desk: FlaskClient, world: World) -> None:
    before = world.ports.keys.signing_key().kid
    preview = shown(desk, "/operator/keys/rotate")
    assert before in preview.text
    assert world.ports.keys.signing_key().kid == before
    assert post(desk, "/operator/keys/rotate", kid=before).status_code == 303
    page = shown(desk, "/operator/keys?done=rotated")
    assert "Another key signs from now on" in page.text
    assert page.text.count("verifies only") == 1
    assert post(desk, "/operator/keys/rotate", kid=before).status_code == 409


def test_a_day_of_draws_is_drawn_again_once_it_is_over(desk: FlaskClient, world: World) -> None:
    kept(world)
    world.clock.pass_by(days=2)
    assert "Every draw agrees" in shown(desk, "/operator/sampling?day=2025-07-08&port=WUH").text
    early = desk.get("/operator/sampling?day=2025-07-11&port=WUH")
    assert early.status_code >= 400
    assert "Nothing was drawn" in shown(desk, "/operator/sampling?day=2025-07-08&port=YIH").text


def test_a_form_s_line_tells_money_network_and_border(desk: FlaskClient, world: World) -> None:
    form = kept(world)
    page = shown(desk, f"/operator/forms/{form.form_id}")
    strands = [e.get("data-strand") for e in page.root.iter("li") if e.get("data-strand")]
    assert {"step", "money", "network", "border", "paper"} == set(strands)
    assert "Hold: asked" in page.text
    assert "The traveller left" in page.text


def test_reviews_of_customs_have_a_page(desk: FlaskClient) -> None:
    assert "Nothing waits for a person" in shown(desk, "/operator/reviews").text
    assert desk.get("/operator/reviews/nothing").status_code == 404
