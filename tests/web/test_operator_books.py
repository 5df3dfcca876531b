"""The operator's books as they stand or stood, and the audit with its last runs."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Role
from refund.services import auditing
from refund.services.audit import INVARIANTS
from tests.services import steps
from tests.services.tamper import past_guards
from tests.web.agency import kept, let_in, post, shown
from tests.web.page import Page, check_page
from tests.web.people import SignIn
from tests.world import World

MINUTE_LATER = "2025-07-08T14:01"
BEFORE = "2025-07-08T13:59"


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def results(page: Page) -> dict[str, str]:
    """What the page says of each invariant."""
    found = [one for one in page.root.iter("li") if one.get("data-invariant")]
    return {str(one.get("data-invariant")): str(one.get("data-holds")) for one in found}


def test_the_trial_balance_sums_to_zero(desk: FlaskClient, world: World) -> None:
    steps.claimed(world)
    page = shown(desk, "/operator/books")
    assert "Debits and credits are equal" in page.text
    assert "268.92 268.92" in page.text


def test_the_books_are_shown_as_they_stood(desk: FlaskClient, world: World) -> None:
    steps.claimed(world)
    world.clock.pass_by(days=1)
    let_in(desk)
    then = shown(desk, f"/operator/books?at={MINUTE_LATER}")
    assert "as it stood at 8 Jul 2025" in then.text
    assert "268.92 268.92" in then.text
    assert "0.00 0.00" in shown(desk, f"/operator/books?at={BEFORE}").text
    assert "268.92 268.92" in shown(desk, "/operator/books?at=2025-07-08").text


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("2025-07-08T23:00", 422, "future"),
        ("yesterday", 422, "date"),
        ("2025-02-30", 422, "day"),
        ("2025-07-08T25:00", 422, "day"),
    ],
)
def test_a_moment_that_is_none_or_is_not_over_is_told_beside_its_field(
    desk: FlaskClient, typed: str, status: int, said: str
) -> None:
    response = desk.get(f"/operator/books?at={typed}")
    assert response.status_code == status
    page = check_page(response)
    errors = [one for one in page.root.iter("p") if one.get("id") == "f-at-error"]
    assert len(errors) == 1
    assert said in page.text.lower()


def test_a_form_is_shown_as_it_stood_without_its_traveller(desk: FlaskClient, world: World) -> None:
    form = kept(world)
    before = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    let_in(desk)
    page = shown(desk, f"/operator/forms/{form.form_id}?at={MINUTE_LATER}")
    assert "As it stood at 8 Jul 2025" in page.text
    assert "Advance paid" in page.text
    assert "CHAN TAI MAN" not in page.text
    assert "H12345678" not in page.text
    assert "Recorded at" not in page.text, "nobody had left yet"
    assert world.ports.storage.read(lambda tx: tx.events_of(form.form_id)) == before
    early = shown(desk, f"/operator/forms/{form.form_id}?at={BEFORE}")
    assert "The form was not issued yet" in early.text
    assert desk.get(f"/operator/forms/{form.form_id}?at=2026-01-01").status_code == 422
    assert desk.get(f"/operator/forms/00000000000000ff?at={BEFORE}").status_code == 404


def test_before_the_first_run_nothing_is_claimed(desk: FlaskClient) -> None:
    page = shown(desk, "/operator/audit")
    assert results(page) == {}
    assert "The books were not checked yet" in page.text
    assert "The books were not checked yet" in shown(desk, "/operator/").text


def test_the_audit_names_each_promise_and_whether_it_holds(desk: FlaskClient, world: World) -> None:
    steps.claimed(world)
    assert post(desk, "/operator/audit").status_code == 303
    page = shown(desk, "/operator/audit")
    assert results(page) == dict.fromkeys(INVARIANTS, "True")
    assert "Every promise holds" in page.text
    home = shown(desk, "/operator/")
    assert "Every promise holds Checked at 8 Jul 2025" in home.text


def test_a_silent_network_is_said_and_what_is_not_compared_is_named(
    desk: FlaskClient, world: World
) -> None:
    kept(world)
    world.network.unplugged = True
    auditing.run_audit(world.ports)
    page = shown(desk, "/operator/audit")
    assert "Not everything could be checked" in page.text
    assert [name for name, holds in results(page).items() if holds == "None"] == ["I5"]


def test_what_is_broken_is_shown_with_its_rows_and_as_a_case(
    desk: FlaskClient, world: World
) -> None:
    steps.claimed(world)
    past_guards(world, "UPDATE balance SET debit_fen = debit_fen + 5 WHERE account = 'advance'")
    auditing.run_audit(world.ports)
    page = shown(desk, "/operator/audit")
    assert results(page)["I3"] == "False"
    assert "Rows that break I3" in page.text
    assert "13451" in page.text
    assert "1 promise is broken" in shown(desk, "/operator/").text
    past_guards(world, "UPDATE balance SET debit_fen = debit_fen - 5 WHERE account = 'advance'")


def test_the_last_runs_are_listed_and_a_late_one_is_said(desk: FlaskClient, world: World) -> None:
    for _ in range(3):
        auditing.run_audit(world.ports)
        world.clock.pass_by(minutes=1)
    page = shown(desk, "/operator/audit")
    assert len(list(page.root.iter("tr"))) == 4
    assert "were not checked for" not in page.text
    world.clock.pass_by(minutes=20)
    assert "The books were not checked for" in shown(desk, "/operator/audit").text
