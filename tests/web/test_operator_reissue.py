"""The pages of a day that is issued anew: offered, compared, approved, and seen on the list."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Actor, Role, Staff
from refund.services.enrol import enrol_staff
from tests import make
from tests.services.reissue_steps import ANEW, FIRST
from tests.services.statement_steps import matched, over
from tests.web.agency import let_in, post, shown
from tests.web.page import check_page
from tests.web.people import PASSWORD, browser
from tests.world import World

COLLEAGUE = Actor("operator-2", Role.OPERATOR, "李娜 Li Na")
LIST = "/operator/statements"
SECOND = FIRST.next_day()


@pytest.fixture
def app(settings: Settings, world: World, password_hash: str) -> Flask:
    """Return the application where two days were taken in, with two operators."""
    enrol_staff(world.ports, [Staff(COLLEAGUE, COLLEAGUE.staff_id, password_hash)], "")
    matched(world, FIRST, SECOND)
    over(world, SECOND.day)
    return create_app(settings, world.ports)


def desk(app: Flask, login: str = "operator-1", language: str = "en") -> FlaskClient:
    """The browser of an operator."""
    client = browser(app, language)
    token = check_page(client.get("/operator/sign-in")).token
    typed = {"form_token": token, "login": login, "password": PASSWORD}
    assert client.post("/operator/sign-in", data=typed).status_code == 303
    return client


def give(client: FlaskClient, content: bytes, name: str = "anew.csv") -> TestResponse:
    """Offer a file, as a browser sends it."""
    body = (
        f'--cut\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{let_in(client)}\r\n'
        f'--cut\r\nContent-Disposition: form-data; name="offered"; filename="{name}"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode()
    return client.post(
        f"{LIST}/offer",
        data=body + content + b"\r\n--cut--\r\n",
        content_type="multipart/form-data; boundary=cut",
    )


def asked(client: FlaskClient, case: str) -> TestResponse:
    """Ask for the offered statement to count, as the preview shows it."""
    path = f"{case}/fix/replace_statement"
    seen = shown(client, path).value("seen")
    return post(client, path, seen=seen, reason="the backup was restored")


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_both_statements_stand_side_by_side_with_what_follows(app: Flask, language: str) -> None:
    first = desk(app, language=language)
    answer = give(first, ANEW.text())
    assert answer.status_code == 303
    page = shown(first, answer.headers["Location"])
    texts = {
        "en": ("The two statements", "1 line is on one of them alone", "1 later day is set aside"),
        "zh_Hans": ("两份对账单", "1 条明细仅见于其中一份", "之后的 1 日也将停用"),
    }
    for words in (*texts[language], "stranger-1", "50.00"):
        assert words in page.text, words
    assert len(page.root.findall(".//tr[@data-differs]")) == 5
    preview = shown(first, f"{answer.headers['Location'].partition('?')[0]}/fix/replace_statement")
    assert texts[language][2] in preview.text


def test_one_asks_and_another_approves_and_the_list_says_so(app: Flask, world: World) -> None:
    first, second = desk(app), desk(app, "operator-2")
    case = give(first, ANEW.text()).headers["Location"].partition("?")[0]
    assert "Another one is offered" in shown(first, LIST).text
    assert "It waits for a second person" in shown(first, asked(first, case).location or "").text
    approval = shown(second, case).value("approval")
    mine = post(first, f"{case}/approve", approval=approval)
    assert mine.status_code == 403
    done = post(second, f"{case}/approve", approval=approval)
    assert done.status_code == 303
    page = shown(second, done.headers["Location"])
    assert "How it ended" in page.text
    assert "stranger-1" in page.text
    page = shown(first, LIST)
    assert page.text.count("was superseded on") == 2
    assert "Li Na" in page.text
    assert case in page.links()
    assert world.ports.storage.read(lambda tx: tx.statement_of(SECOND.day)) is None


def test_whoever_declines_gives_it_up(app: Flask, world: World) -> None:
    first, second = desk(app), desk(app, "operator-2")
    case = give(first, ANEW.text()).headers["Location"].partition("?")[0]
    asked(first, case)
    approval = shown(second, case).value("approval")
    assert check_page(post(second, f"{case}/decline", approval=approval, reason="")).error("reason")
    post(second, f"{case}/decline", approval=approval, reason="it is a forgery")
    assert "it is a forgery" in shown(first, case).text
    assert world.ports.storage.read(lambda tx: tx.offered_of(make.DAY)) is None


def test_what_cannot_be_offered_is_said_beside_its_field(app: Flask) -> None:
    first = desk(app)
    for content, status, words in (
        (FIRST.text(), 409, "was taken in on"),
        (SECOND.next_day().text(), 422, "is not over"),
        (ANEW.text()[:-80], 422, "cut off"),
        (b"", 422, "There are no rows"),
    ):
        answer = give(first, content)
        assert answer.status_code == status
        page = check_page(answer)
        assert words in page.text
        assert page.error("offered")
    give(first, ANEW.text())
    assert "was offered on" in check_page(give(first, ANEW.text())).text
