"""Who may see what: every route × role × another's ids, made from the map of addresses itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from urllib3 import encode_multipart_formdata

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Actor, Role, Staff
from refund.ports import Ports
from refund.services.enrol import enrol_staff
from refund.services.issue import issue_form
from refund.web import BODY_BYTES_MAX, FIELD_BYTES_MAX, PARTS_MAX
from refund.web.auth import AUDIENCE_OF
from refund.web.security import FIELD
from tests import make
from tests.web.guards import (
    OTHER_PHONE,
    PHONE,
    UNKNOWN_ID,
    Forms,
    Route,
    of_guard,
    routes,
    two_forms,
)
from tests.web.page import check_page
from tests.web.people import CLERK, LEARNER, OFFICER, OPERATOR, TRAINER, SignIn, browser

PEOPLE = {
    "clerk": CLERK,
    "officer": OFFICER,
    "operator": OPERATOR,
    "trainer": TRAINER,
    "learner": LEARNER,
}
ROLES = ("nobody", *PEOPLE, "traveller")
DOORS = {role: AUDIENCE_OF[Role(role)] for role in PEOPLE}
ALSO = {"trainer": {"learner"}}
"""Whose pages a role sees besides its own."""

WRONG_TOKENS: tuple[dict[str, str], ...] = ({}, {FIELD: ""}, {FIELD: "0" * 64}, {FIELD: "零" * 64})

Enter = Callable[..., FlaskClient]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return the settings of a rehearsal, which has every page that there is."""
    return replace(settings, is_rehearsal=True)


@pytest.fixture
def forms(ports: Ports) -> Forms:
    """Return a form of each of two stores, each scanned by a phone."""
    return two_forms(ports)


@pytest.fixture
def enter(app: Flask, sign_in: SignIn) -> Enter:
    """Return what gives a browser to a role: `enter("clerk", login="clerk-2")`."""

    def give(role: str, phone: str = PHONE, login: str = "") -> FlaskClient:
        client = browser(app)
        if role == "traveller":
            client.set_cookie("refund_traveller", phone)
        elif role != "nobody":
            sign_in(client, Role(role), login)
        return client

    return give


def pages_of(app: Flask) -> list[Route]:
    """The routes that people use; what the network tells has a signature and no form of ours."""
    return [route for route in routes(app) if route.guard != "network"]


def is_open_to(role: str, route: Route) -> bool:
    """Whether a role may see a route."""
    return route.guard in {"open", role, *ALSO.get(role, ())}


def token_of(client: FlaskClient) -> str:
    """The token of this browser's forms."""
    return check_page(client.get("/store/sign-in")).token


def test_every_route_has_a_declared_guard(app: Flask) -> None:
    declared = {route.guard for route in routes(app)}
    assert declared == {*PEOPLE, "traveller", "network", "open"}


def test_the_lab_is_not_there_where_nothing_is_rehearsed(settings: Settings, ports: Ports) -> None:
    usual = create_app(replace(settings, is_rehearsal=False), replace(ports, is_rehearsal=False))
    assert usual.test_client().get("/lab/").status_code == 404
    assert [route.name for route in routes(usual) if route.rule.rule.startswith("/lab")] == []


@pytest.mark.parametrize("role", ROLES)
def test_nobody_sees_the_pages_of_another_role(
    app: Flask, forms: Forms, enter: Enter, role: str
) -> None:
    client = enter(role)
    token = token_of(client)
    guarded = [route for route in routes(app) if not is_open_to(role, route)]
    assert guarded
    for route in guarded:
        for form in (forms.ours, forms.foreign):
            status, body = route.ask(client, route.path(form.form_id, form.code), token)
            # A learner is in the lab already, and is told that a page is not for learners.
            inside = (role, route.guard) == ("learner", "trainer")
            door = route.method == "GET" and route.guard != "traveller" and not inside
            expected = {302} if door else {401, 403, 404}
            assert status in expected, f"{role}: {route.name} answered {status}"
            assert form.form_number not in body.decode(), route.name


@pytest.mark.parametrize("role", [role for role in ROLES if role != "nobody"])
def test_the_right_role_is_let_in(app: Flask, forms: Forms, enter: Enter, role: str) -> None:
    client = enter(role)
    for route in of_guard(app, role):
        status, _ = route.ask(client, route.path(forms.ours.form_id, forms.ours.code))
        assert status != 401, route.name
        assert status < 500, f"{route.name} answered {status}"


def test_a_form_of_another_store_answers_as_one_that_does_not_exist(
    app: Flask, forms: Forms, enter: Enter
) -> None:
    client = enter("clerk")
    token = token_of(client)
    asked = [route for route in of_guard(app, "clerk") if route.names_a_form]
    assert asked
    for route in asked:
        assert_alike(route, client, forms.foreign.form_id, token)


def test_a_form_that_another_phone_scanned_answers_as_one_that_does_not_exist(
    app: Flask, forms: Forms, enter: Enter
) -> None:
    client = enter("traveller", phone=OTHER_PHONE)
    token = token_of(client)
    asked = [route for route in of_guard(app, "traveller") if route.names_a_form]
    assert asked
    for route in asked:
        assert_alike(route, client, forms.ours.form_id, token)


@pytest.mark.parametrize("role", ["officer", "operator"])
def test_an_unknown_form_is_not_found(app: Flask, forms: Forms, enter: Enter, role: str) -> None:
    client = enter(role)
    token = token_of(client)
    for route in of_guard(app, role):
        if route.names_a_form:
            assert route.ask(client, route.path(UNKNOWN_ID), token)[0] == 404, route.name


def assert_alike(route: Route, client: FlaskClient, foreign_id: str, token: str) -> None:
    """Hold a foreign form and one that does not exist to the same bytes."""
    foreign = route.ask(client, route.path(foreign_id), token)
    unknown = route.ask(client, route.path(UNKNOWN_ID), token)
    # A redirection says nothing either: it names what was asked for, and leads to a 404.
    assert unknown[0] in {303, 404}, f"{route.name} answered {unknown[0]}"
    blank = foreign[1].replace(foreign_id.encode(), UNKNOWN_ID.encode())
    assert (foreign[0], blank) == unknown, route.name
    if foreign[0] == 303:
        assert client.get(route.path(foreign_id), follow_redirects=True).status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_no_post_is_taken_without_the_forms_own_token(
    app: Flask, forms: Forms, enter: Enter, role: str
) -> None:
    client = enter(role)
    others = token_of(browser(app))
    token_of(client)
    posts = [route for route in pages_of(app) if route.method != "GET"]
    assert posts
    for route in posts:
        path = route.path(forms.ours.form_id, forms.ours.code)
        for data in (*WRONG_TOKENS, {FIELD: others}):
            answer = client.open(path, method=route.method, data=data)
            assert answer.status_code == 400, f"{route.name} took {data}"
            assert b"csrf_failed" in answer.data, route.name


def test_a_post_from_another_site_is_refused_even_with_the_token(app: Flask, enter: Enter) -> None:
    client = enter("clerk")
    token = token_of(client)
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site}
        answer = client.post("/store/sign-out", data={FIELD: token}, headers=headers)
        assert b"csrf_failed" in answer.data
    assert client.get("/store/").status_code == 200


@pytest.mark.parametrize("role", list(PEOPLE))
def test_a_session_ends_when_its_person_signs_out(app: Flask, enter: Enter, role: str) -> None:
    client = enter(role)
    home = f"/{DOORS[role]}/"
    stolen = client.get_cookie(f"refund_{DOORS[role]}", path=f"/{DOORS[role]}")
    assert stolen is not None
    assert client.get(home).status_code == 200
    left = client.post(f"{home}sign-out", data={FIELD: token_of(client)})
    assert left.status_code == 303
    assert client.get(home).status_code == 302
    thief = browser(app)
    thief.set_cookie(f"refund_{DOORS[role]}", stolen.value, path=f"/{DOORS[role]}")
    assert thief.get(home).status_code == 302


@pytest.mark.parametrize("role", list(PEOPLE))
def test_a_session_ends_when_its_person_is_disabled(
    ports: Ports, enter: Enter, password_hash: str, role: str
) -> None:
    client = enter(role)
    person = PEOPLE[role]
    at = datetime(2025, 7, 8, 6, 0, tzinfo=UTC)
    enrol_staff(ports, [Staff(person, person.staff_id, password_hash, at)], "test")
    assert client.get(f"/{DOORS[role]}/").status_code == 302


@pytest.mark.parametrize("role", list(PEOPLE))
def test_a_session_ends_when_its_persons_role_changes(
    ports: Ports, enter: Enter, password_hash: str, role: str
) -> None:
    client = enter(role)
    person = PEOPLE[role]
    other = Role.OPERATOR if person.role is not Role.OPERATOR else Role.OFFICER
    changed = Actor(person.staff_id, other, person.name, port="WUH")
    enrol_staff(ports, [Staff(changed, "another-login", password_hash)], "test")
    for door in DOORS.values():
        assert client.get(f"/{door}/").status_code == 302


def test_a_session_of_one_door_opens_no_other(app: Flask, enter: Enter) -> None:
    for role, door in DOORS.items():
        cookie = enter(role).get_cookie(f"refund_{door}", path=f"/{door}")
        assert cookie is not None
        for other in set(DOORS.values()) - {door}:
            client = browser(app)
            client.set_cookie(f"refund_{other}", cookie.value, path=f"/{other}")
            assert client.get(f"/{other}/").status_code == 302


@pytest.mark.parametrize("role", ROLES)
def test_every_answer_carries_the_headers_that_browsers_enforce(
    app: Flask, forms: Forms, enter: Enter, role: str
) -> None:
    client = enter(role)
    paths = [("GET", "/nowhere"), ("GET", "/F/nonsense"), ("DELETE", "/")]
    paths += [(r.method, r.path(forms.ours.form_id, forms.ours.code)) for r in routes(app)]
    for method, path in paths:
        headers = client.open(path, method=method).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Cache-Control"] == "no-store", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not {"unsafe-inline", "unsafe-eval", "*"} & set(policy.replace("'", " ").split())


def test_a_cookie_is_out_of_reach_of_scripts_and_of_other_sites(enter: Enter) -> None:
    for role, door in DOORS.items():
        client = enter(role)
        for name, path in ((f"refund_{door}", f"/{door}"), ("refund_form", "/")):
            cookie = client.get_cookie(name, path=path)
            assert cookie is not None
            assert cookie.http_only
            assert cookie.same_site == "Lax"


@pytest.mark.parametrize(
    "typed",
    [
        {"x": "a" * (BODY_BYTES_MAX + 1)},
        {"x": "a" * (FIELD_BYTES_MAX + 1)},
        {f"x{number}": "a" for number in range(PARTS_MAX + 1)},
    ],
    ids=["body", "field", "parts"],
)
def test_what_is_over_a_limit_is_refused_as_too_large(
    app: Flask, forms: Forms, enter: Enter, typed: dict[str, str]
) -> None:
    client = enter("nobody")
    body, kind = encode_multipart_formdata(typed | {FIELD: token_of(client)})
    for route in pages_of(app):
        if route.method != "GET":
            path = route.path(forms.ours.form_id, forms.ours.code)
            answer = client.open(path, method=route.method, data=body, content_type=kind)
            assert answer.status_code == 413, f"{route.name} answered {answer.status_code}"
            check_page(answer)


def test_no_identity_is_left_in_files_or_logs(
    app: Flask, ports: Ports, settings: Settings, enter: Enter, caplog: pytest.LogCaptureFixture
) -> None:
    name, local_name, number = "KANARIENVOGEL PAULA", "黃絲雀", "H98765432"
    person = make.traveller(number, latin_name=name, local_name=local_name)
    draft = replace(make.draft(), traveller=person)
    with caplog.at_level(logging.DEBUG):
        form = issue_form(ports, CLERK, draft, "a key of the canary").form
        assert form is not None
        for role in PEOPLE:
            client = enter(role)
            for route in of_guard(app, role):
                if route.method == "GET":
                    route.ask(client, route.path(form.form_id, form.code))
    parts = {name, *name.split(), local_name, number, number[1:], form.code}
    written = {path: path.read_bytes() for path in settings.instance.rglob("*") if path.is_file()}
    assert any(form.form_number.encode() in text for text in written.values())
    for word in parts - {form.code}:
        assert [path for path, text in written.items() if word.encode() in text] == [], word
    assert [word for word in parts if word in caplog.text] == []


def test_a_nul_in_an_address_is_a_page_that_is_not_there(enter: Enter) -> None:
    clerk = enter("clerk")
    assert clerk.get("/store/forms/%00").status_code == 404
    assert enter("nobody").get("/F/%00").status_code == 404
    assert clerk.get("/store/goods?q=%00").status_code == 200
