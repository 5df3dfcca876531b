"""The exit's desk, live: decisions as they come, what broke, releases in bulk, what is next."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.case import CaseKind
from refund.core.form import Status
from refund.core.people import Role
from refund.services.cases import open_case
from tests.services import steps
from tests.services.engine_steps import bags, confirmed
from tests.web.agency import (
    another,
    kept,
    let_in,
    outcomes,
    post,
    queue_text,
    shown,
    ticket,
    tickets,
)
from tests.web.page import Page, check_page
from tests.web.people import SignIn, browser
from tests.world import World


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def renewing(page: Page) -> str:
    """The address from which the list renews itself."""
    section = page.by_id("live")
    assert section is not None
    return section.get("hx-get") or ""


def tasks(page: Page) -> list[tuple[str, str]]:
    """What to do next, in order: the kind and all that is said."""
    found = [e for e in page.root.iter("li") if e.get("data-task")]
    return [(e.get("data-task") or "", " ".join(" ".join(e.itertext()).split())) for e in found]


# Decisions as they come.


def test_a_decision_appears_with_its_pieces_and_what_follows(
    desk: FlaskClient, world: World
) -> None:
    page = shown(desk, "/operator/exit")
    assert "Nothing decided yet today" in queue_text(page, "live")
    address = renewing(page)
    assert desk.get(address).status_code == 204
    form = confirmed(world, steps.claimed(world, bags(world)), 2)
    fresh = desk.get(address)
    assert fresh.status_code == 200
    said = fresh.get_data(as_text=True)
    assert said.startswith("<section")
    for text in (form.form_id, "2 of 3", "fewer than listed", "Wuhan Tianhe"):
        assert text in said
    steps.departs(world, steps.on(8, 14))
    text = queue_text(shown(desk, "/operator/exit"), "live")
    assert "Charge the difference, release the rest. Customs confirmed fewer goods" in text
    assert "450.00 900.00" in text


def test_earlier_decisions_have_a_page_and_an_address_that_nobody_sends_is_refused(
    desk: FlaskClient, world: World
) -> None:
    form = steps.verified(world)
    page = shown(desk, f"/operator/exit/live?before=1999999999000000.{form.form_id}")
    assert "Earlier today at customs" in page.text
    assert form.form_id in desk.get("/operator/exit").get_data(as_text=True)
    for path in ("live?before=x", "live?before=9999999999999999999.aa", "release?after=2025-13-01"):
        assert desk.get(f"/operator/exit/{path}").status_code == 400
    assert desk.get("/operator/exit?after=2025-02-30.0000000000000000").status_code == 400
    assert desk.get("/operator/exit?later=1").status_code == 400


# What broke today.


def test_what_broke_today_stands_by_itself_and_is_previewed(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    assert "None today." in queue_text(shown(desk, "/operator/exit"), "broken")
    world.clock.at = steps.on(26, 9)
    let_in(desk)
    page = shown(desk, "/operator/exit")
    chosen = ticket(form, "capture", "never_seen")
    assert tickets(page, "broken") == tickets(page, "capture") == [chosen]
    assert "CNY 134.46" in queue_text(page, "broken")
    preview = check_page(post(desk, "/operator/exit/preview", proposal=[chosen]))
    assert tickets(preview) == [chosen]
    world.clock.at = steps.on(27, 9)
    assert tickets(shown(desk, "/operator/exit"), "broken") == []


# Releases in bulk.


def test_all_that_can_be_released_is_previewed_and_done_once(
    desk: FlaskClient, world: World
) -> None:
    assert "Nothing can be released now" in shown(desk, "/operator/exit/release").text
    forms = [kept(world)]
    waiting = another(world, "H00000002", "key-2", "25422000000000000002")
    steps.verified(world, waiting)
    let_in(desk)
    page = shown(desk, "/operator/exit/release")
    assert tickets(page) == [ticket(form) for form in forms]
    assert "CNY 134.46" in page.text
    fields = {"proposal": tickets(page), "bulk": "release"}
    nothing = post(desk, "/operator/exit/settle", reason=" ", **fields)
    assert nothing.status_code == 422
    again = check_page(nothing)
    assert again.error("reason")
    assert tickets(again) == tickets(page)
    done = check_page(post(desk, "/operator/exit/settle", reason="seen at the gate", **fields))
    assert outcomes(done) == {"done": 1}
    assert "/operator/exit/release" in done.links()
    twice = check_page(post(desk, "/operator/exit/settle", reason="seen at the gate", **fields))
    assert outcomes(twice) == {"already": 1}
    assert world.booked("release") == ["released"]
    assert steps.status(world, waiting) is Status.VERIFIED
    assert "Nothing can be released now" in shown(desk, "/operator/exit/release").text


# What to do next.


def test_the_first_page_says_what_to_do_next_and_why(desk: FlaskClient, world: World) -> None:
    assert "Nothing has to be done now" in shown(desk, "/operator/exit").text
    kept(world)
    another(world, "H00000002", "key-2", "25422000000000000002")
    world.clock.at = steps.on(28, 9)
    world.ports.storage.write(
        lambda tx: open_case(tx, world.ports, CaseKind.MISSING_HERE, "x", amount_fen=5_00)
    )
    let_in(desk)
    found = tasks(shown(desk, "/operator/exit"))
    assert [what for what, _ in found] == ["release", "case", "charge"]
    released, opened, charged = (text for _, text in found)
    assert released.startswith("Release 1 hold The promise was kept;")
    assert "was due" in released
    assert "explained within a day" in opened
    assert "the last working day for the charge is 30 Jul 2025" in charged
    assert "CNY 134.46" in charged
    world.clock.at = steps.on(1, 9, month=8)
    let_in(desk)
    found = tasks(shown(desk, "/operator/exit"))
    assert [what for what, _ in found] == ["release", "case", "charge_overdue"]
    assert "over, by up to 2 working days." in found[2][1]


@pytest.mark.parametrize("path", ["/operator/exit", "/operator/exit/release", "/operator/"])
def test_the_desk_is_written_in_chinese_too(
    app: Flask, sign_in: SignIn, world: World, path: str
) -> None:
    kept(world)
    world.clock.at = steps.on(26, 9)
    page = shown(sign_in(browser(app, "zh_Hans"), Role.OPERATOR), path)
    assert page.root.get("lang") == "zh-Hans"
