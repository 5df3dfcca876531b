"""The pages of cases: the queue, one case side by side, its fix with a preview, two persons."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.case import FIXES, Case, CaseKind, Fix
from refund.core.form import Form, Status
from refund.core.people import Actor, Role, Staff
from refund.services.enrol import enrol_staff
from refund.simulation.engine.network import Fault
from tests.services.case_steps import (
    a_big_form,
    declined,
    opened,
    the_case,
    without_hold,
)
from tests.services.steps import claimed, departs, on, status
from tests.web.agency import post, shown
from tests.web.page import Page, check_page
from tests.web.people import PASSWORD, SignIn, browser
from tests.world import World

COLLEAGUE = Actor("operator-2", Role.OPERATOR, "李娜 Li Na")


@pytest.fixture
def app(settings: Settings, world: World, password_hash: str) -> Flask:
    """Return the application on a world where money moves, with two operators."""
    enrol_staff(world.ports, [Staff(COLLEAGUE, COLLEAGUE.staff_id, password_hash)], "")
    return create_app(settings, world.ports)


def signed_in(app: Flask, login: str, language: str = "en") -> FlaskClient:
    """The browser of an operator, who signs in when the days of the case have passed."""
    client = browser(app, language)
    token = check_page(client.get("/operator/sign-in")).token
    typed = {"form_token": token, "login": login, "password": PASSWORD}
    assert client.post("/operator/sign-in", data=typed).status_code == 303
    return client


def at(case: Case, rest: str = "") -> str:
    """The address of a case's page, or of something below it."""
    return f"/operator/cases/{case.case_id}{rest}"


def unsecured(world: World, form: Form | None = None) -> Case:
    """The case of an advance whose hold has ended by itself."""
    return the_case(world, CaseKind.UNSECURED, without_hold(world, form).form_id)


def confirmed(desk: FlaskClient, case: Case, fix: Fix, reason: str = "moved away") -> TestResponse:
    """The answer to a fix, confirmed as its preview shows it."""
    path = at(case, f"/fix/{fix.value}")
    return post(desk, path, seen=shown(desk, path).value("seen"), reason=reason)


def proposed(page: Page) -> list[str]:
    """The fixes that a page offers, in its order."""
    links = [link for link in page.links() if "/fix/" in link]
    return [link.rpartition("/")[2] for link in links]


def test_the_home_says_how_many_cases_there_are_and_how_old(app: Flask, world: World) -> None:
    desk = signed_in(app, "operator-1")
    assert "Cases" in shown(desk, "/operator/").text
    opened(world, CaseKind.STATEMENT_MISSING, "2025-07-07", found_at=on(8, 9))
    page = shown(desk, "/operator/")
    assert "oldest: 5 hours" in page.text
    assert "/operator/cases" in page.links()


def test_the_queue_shows_the_oldest_first_with_the_proposed_fix(app: Flask, world: World) -> None:
    case = unsecured(world)
    late = opened(world, CaseKind.STATEMENT_MISSING, "2025-08-19")
    desk = signed_in(app, "operator-1")
    page = shown(desk, "/operator/cases")
    assert "Do this next: An advance without a hold" in page.text
    assert "134.46" in page.text
    assert proposed(page) == ["write_off", "write_off", "fetch"]
    only = shown(desk, "/operator/cases?kind=statement_missing")
    assert proposed(only) == ["fetch", "fetch"]
    assert post(desk, at(late, "/take"), owner="").status_code == 303
    mine = shown(desk, "/operator/cases?whose=mine")
    assert at(late) in mine.links()
    assert at(case) not in mine.links()


def test_a_case_is_fixed_with_a_preview_and_a_reason(app: Flask, world: World) -> None:
    case = unsecured(world)
    desk = signed_in(app, "operator-1")
    page = shown(desk, at(case))
    assert proposed(page) == ["write_off", "explain"]
    assert "no hold on a card stands against it" in page.text
    preview = shown(desk, at(case, "/fix/write_off"))
    for words in ("Given up by the agency", "Advances owed by travellers", "134.46"):
        assert words in preview.text
    assert check_page(confirmed(desk, case, Fix.WRITE_OFF, " ")).error("reason")
    done = confirmed(desk, case, Fix.WRITE_OFF)
    assert done.status_code == 303
    page = shown(desk, done.headers["Location"])
    for words in ("How it ended", "moved away", "苏敏 Su Min", "Carried out"):
        assert words in page.text
    assert "An advance without a hold" in shown(desk, "/operator/cases/closed").text
    again = desk.get(at(case, "/fix/write_off"))
    assert again.status_code == 409
    assert "closed already" in check_page(again).text


@pytest.mark.rule("two_persons")
def test_two_persons_write_off_a_large_sum(app: Flask, world: World) -> None:
    case = unsecured(world, a_big_form(world))
    desk = signed_in(app, "operator-1")
    assert "needs two persons" in shown(desk, at(case)).text
    asked = confirmed(desk, case, Fix.WRITE_OFF)
    page = shown(desk, asked.headers["Location"])
    assert "Another operator must approve it" in page.text
    assert "Approve and carry out" not in page.text
    assert "1 request of yours waits for somebody else" in shown(desk, "/operator/cases").text
    approval = page.value("approval")
    own = post(desk, at(case, "/approve"), approval=approval)
    assert own.status_code == 403
    assert "cannot approve it" in check_page(own).text
    colleague = signed_in(app, COLLEAGUE.staff_id)
    assert "1 request waits for your decision" in shown(colleague, "/operator/cases").text
    page = shown(colleague, at(case))
    assert "moved away" in page.text
    approved = post(colleague, at(case, "/approve"), approval=approval)
    page = shown(colleague, approved.headers["Location"])
    for words in ("苏敏 Su Min", "李娜 Li Na", "Approved", "The case was closed"):
        assert words in page.text
    assert status(world, form_of(world, case)) is Status.WRITTEN_OFF


def form_of(world: World, case: Case) -> Form:
    form = world.ports.storage.read(lambda tx: tx.form(case.form_id))
    assert form is not None
    return form


def test_a_request_is_declined_with_a_reason(app: Flask, world: World) -> None:
    case = unsecured(world, a_big_form(world))
    desk, colleague = signed_in(app, "operator-1"), signed_in(app, COLLEAGUE.staff_id)
    confirmed(desk, case, Fix.WRITE_OFF)
    approval = shown(colleague, at(case)).value("approval")
    empty = post(colleague, at(case, "/decline"), approval=approval, reason="")
    assert check_page(empty).error("reason")
    done = post(colleague, at(case, "/decline"), approval=approval, reason="he has just paid")
    page = shown(colleague, done.headers["Location"])
    assert "Not approved" in page.text
    assert "he has just paid" in page.text
    late = post(colleague, at(case, "/approve"), approval=approval)
    assert late.status_code == 409


def test_what_has_changed_since_the_preview_is_not_done(app: Flask, world: World) -> None:
    form = declined(world)
    case = the_case(world, CaseKind.CHARGE_REFUSED, form.form_id)
    desk = signed_in(app, "operator-1")
    seen = shown(desk, at(case, "/fix/release")).value("seen")
    departs(world, on(20))
    answer = post(desk, at(case, "/fix/release"), seen=seen, reason="lost")
    assert answer.status_code == 409
    page = check_page(answer)
    assert "is not as the page showed it" in page.text
    assert "The promise was kept" in page.text
    assert status(world, form) is Status.UNCOLLECTED
    missing = post(desk, at(case, "/fix/release"), reason="lost")
    assert missing.status_code == 409


def test_the_sides_stand_beside_each_other_and_differences_are_marked(
    app: Flask, world: World
) -> None:
    facts = {
        "ours": {"kind": "advance", "amount_fen": 100_00, "booked_at": "2025-07-08T04:00:00+00:00"},
        "theirs": {"kind": "advance", "amount_fen": 99_00, "fee_fen": 60},
        "border": {"left_port": "WUH", "left_at": "2025-07-08T03:00:00+00:00"},
        "ours_fen": -100_00,
        "theirs_fen": -99_00,
    }
    case = opened(world, CaseKind.AMOUNT_DIFFERS, "ref-1", amount_fen=1_00, facts=facts)
    desk = signed_in(app, "operator-1")
    page = shown(desk, at(case))
    marked = [r.get("data-side") for r in page.root.iter("tr") if r.get("data-differs")]
    assert marked == ["amount_fen"]
    for words in ("CNY 100.00", "CNY 99.00", "8 Jul 2025, 11:00", "Wuhan"):
        assert words in page.text
    assert proposed(page) == ["post_theirs", "explain"]


def test_while_the_network_is_silent_its_side_is_left_out(app: Flask, world: World) -> None:
    form = claimed(world)
    case = opened(world, CaseKind.HOLD_ENDS_EARLY, form.form_id, form_id=form.form_id)
    desk = signed_in(app, "operator-1")
    assert "Authorisation" not in shown(desk, at(case)).text
    world.network.unplugged = True
    assert "What it has of this is not shown." in shown(desk, at(case)).text


def test_a_request_under_way_is_said_and_nothing_else_is_offered(app: Flask, world: World) -> None:
    form = declined(world)
    case = the_case(world, CaseKind.CHARGE_REFUSED, form.form_id)
    desk = signed_in(app, "operator-1")
    world.network.faults.append(Fault.LOST)
    done = confirmed(desk, case, Fix.RELEASE)
    page = shown(desk, done.headers["Location"])
    assert "The card network has been asked" in page.text
    assert proposed(page) == []
    assert "under way" in shown(desk, "/operator/cases").text


def test_a_note_is_kept_and_an_empty_one_is_told(app: Flask, world: World) -> None:
    case = opened(world, CaseKind.STATEMENT_MISSING, "2025-07-07")
    desk = signed_in(app, "operator-1")
    assert check_page(post(desk, at(case, "/note"), note="")).error("note")
    done = post(desk, at(case, "/note"), note="I have called the bank")
    assert "I have called the bank" in shown(desk, done.headers["Location"]).text


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_every_kind_and_fix_has_its_words(app: Flask, world: World, language: str) -> None:
    form = claimed(world)
    desk = signed_in(app, "operator-1", language)
    for kind in CaseKind:
        about = "2025-07-08" if kind is CaseKind.STATEMENT_REISSUED else form.form_id
        case = opened(world, kind, about, form_id=form.form_id, amount_fen=5)
        page = shown(desk, at(case))
        assert kind.value not in page.text
        for fix in FIXES[kind]:
            answer = desk.get(at(case, f"/fix/{fix.value}"))
            assert answer.status_code in (200, 409)
            assert fix.value not in check_page(answer).text or "_" not in fix.value
    page = shown(desk, "/operator/cases")
    assert not [kind.value for kind in CaseKind if kind.value in page.text]


@pytest.mark.parametrize("path", ["/fix/explain", "", "/fix/nothing"])
def test_an_unknown_case_is_not_found(app: Flask, sign_in: SignIn, path: str) -> None:
    desk = sign_in(browser(app), Role.OPERATOR)
    assert desk.get(f"/operator/cases/none{path}").status_code == 404
