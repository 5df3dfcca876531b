"""The operator's statements and their match: seen, fetched, given as files, and gone through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Role, Staff
from refund.services.enrol import enrol_staff
from refund.services.jobs import run_next
from tests import make
from tests.services.statement_steps import over, sheet_of, standing
from tests.services.steps import claimed
from tests.statements import Booked, Sheet
from tests.web.agency import let_in, post, shown
from tests.web.page import Page, check_page
from tests.web.people import EVERYONE, START, SignIn
from tests.world import World, open_world

NEXT = make.DAY + timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str, password_hash: str) -> Iterator[World]:
    """Open a world whose statements are changed, so that the network's book is not ours."""
    with open_world(tmp_path, sqlite_url, datetime.fromisoformat(START)) as opened:
        enrol_staff(opened.ports, [Staff(one, one.staff_id, password_hash) for one in EVERYONE], "")
        yield opened


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def give(desk: FlaskClient, content: bytes, name: str = "2025-07-08.csv") -> TestResponse:
    """Give a statement as a file, as a browser sends it."""
    parts = (
        f'--cut\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{let_in(desk)}\r\n'
        f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    )
    body = parts.encode() + content + b"\r\n--cut--\r\n"
    path = "/operator/statements/import"
    return desk.post(path, data=body, content_type="multipart/form-data; boundary=cut")


def rows(page: Page, name: str) -> list[str]:
    """What every row of a table that has an attribute says."""
    found = [row for row in page.root.iter("tr") if row.get(name)]
    return [" ".join(" ".join(row.itertext()).split()) for row in found]


def broken(world: World) -> Sheet:
    """A day's statement with an amount that differs, a stranger, and a payment left out."""
    claimed(world)
    sheet = sheet_of(world)
    sheet.lines[0] = replace(sheet.lines[0], amount_fen=make.NET_FEN + 100)
    sheet.lines[1] = Booked("stranger-1")
    return sheet


def test_the_list_names_every_day_and_what_is_late(desk: FlaskClient, world: World) -> None:
    assert "No day yet" in shown(desk, "/operator/statements").text
    claimed(world)
    over(world, NEXT)
    world.clock.pass_by(hours=2)
    listed = rows(shown(desk, "/operator/statements"), "data-day")
    assert [row.startswith(day) for row, day in zip(listed, ("9 Jul", "8 Jul"), strict=True)]
    assert "Not there yet" in listed[0]
    assert "Late" in listed[1]
    page = check_page(post(desk, "/operator/statements/fetch"))
    assert "2 statements were taken in and matched." in page.text
    listed = rows(page, "data-day")
    assert "Matched" in listed[0]
    assert "134.46" in listed[1]
    page = check_page(post(desk, "/operator/statements/fetch"))
    assert "No statement is missing" in page.text


def test_a_network_that_does_not_answer_is_said(desk: FlaskClient, world: World) -> None:
    claimed(world)
    over(world, make.DAY)
    world.network.unplugged = True
    page = check_page(post(desk, "/operator/statements/fetch"))
    assert "The next statement was not taken in" in page.text
    assert "0 statements" not in page.text


def test_a_file_is_taken_in_once_and_leads_to_its_match(desk: FlaskClient, world: World) -> None:
    sheet = broken(world)
    response = give(desk, sheet.text())
    assert response.status_code == 303
    page = shown(desk, response.headers["Location"])
    assert "The statement was taken in and matched" in page.text
    found = rows(page, "data-break")
    assert len(found) == 3
    amount, stranger, absent = found
    assert "The amount differs" in amount
    assert "134.46" in amount
    assert "135.46" in amount
    assert "stranger-1" in stranger
    assert "line 2" in stranger
    assert "In our books, not on the statement" in absent
    cases = [row.case_id for row in standing(world)]
    assert [f"/operator/cases/{case}" in page.links() for case in cases] == [True] * 3
    again = give(desk, sheet.text())
    assert again.status_code == 409
    assert "was taken in on" in check_page(again).text


def test_what_is_wrong_with_a_file_is_said_and_nothing_is_kept(
    desk: FlaskClient, world: World
) -> None:
    text = broken(world).text()
    for content, said in (
        (b"", "There are no rows"),
        (text[:-100], "cut off after line"),
        (text.replace(b"13446", b"13447", 1), "A sum of the statement is wrong"),
        (b"document_kind,port\n", "does not begin as a daily statement"),
    ):
        response = give(desk, content)
        assert response.status_code == 422
        page = check_page(response)
        assert "Nothing of the file was taken in" in page.text
        assert said in page.text
    token = let_in(desk)
    nothing = desk.post("/operator/statements/import", data={"form_token": token})
    assert nothing.status_code == 422
    assert standing(world) == []


def test_a_period_is_shown_by_group_and_matched_again(desk: FlaskClient, world: World) -> None:
    give(desk, broken(world).text())
    page = shown(desk, "/operator/match?first=2025-07-08&last=2025-07-08")
    assert (page.value("first"), page.value("last")) == ("2025-07-08", "2025-07-08")
    for group, count in (
        ("missing_here", 1),
        ("missing_there", 1),
        ("different", 1),
        ("border", 0),
    ):
        page = shown(desk, f"/operator/match?first=2025-07-08&last=2025-07-08&group={group}")
        assert len(rows(page, "data-break")) == count
    response = post(desk, "/operator/match", first="2025-07-01", last="2025-07-31")
    assert response.status_code == 303
    page = shown(desk, response.headers["Location"])
    assert "The period was matched again" in page.text
    assert len(rows(page, "data-break")) == 3


def test_a_period_that_is_none_is_said_beside_its_field(desk: FlaskClient) -> None:
    page = shown(desk, "/operator/match?first=nonsense&last=2025-13-01")
    assert page.error("first")
    assert page.error("last")
    assert "Nothing was matched yet" in page.text
    page = shown(desk, "/operator/match?first=2025-07-08&last=2025-07-01")
    assert page.error("last")
    reversed_period = post(desk, "/operator/match", first="2025-07-08", last="2025-07-01")
    assert reversed_period.status_code == 422
    assert shown(desk, "/operator/match?group=nonsense&after=zzz").text


def test_a_statement_may_be_larger_than_any_form(desk: FlaskClient, world: World) -> None:
    many = [Booked(f"{number:016x}-hold-1", "hold", "held", 100) for number in range(14_000)]
    sheet = Sheet(lines=many)
    over(world, make.DAY)
    text = sheet.text()
    assert len(text) > 1024 * 1024
    page = give(desk, text[:-6] + b"00000\n").location
    assert page.startswith("/operator/jobs/")
    assert run_next(world.ports)
    assert "checksum" in check_page(desk.get(page)).text
