"""Files of exit records: taken in whole and once, or refused by line and column."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Role
from refund.services.jobs import run_next
from tests.services import steps
from tests.web.agency import let_in, queue_text, shown, ticket, tickets
from tests.web.page import Page, check_page
from tests.web.people import SignIn, browser
from tests.world import World

HEAD = "document_kind,document_number,port,exited_at\n"
ROW = "hk_macao_permit,H12345678,WUH,2025-07-08T13:00:00+08:00\n"
MIB = 1024 * 1024


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def give(desk: FlaskClient, content: bytes | str, name: str = "exits.csv") -> TestResponse:
    """Give a file on its page."""
    token = check_page(desk.get("/operator/exit/import")).token
    raw = content.encode() if isinstance(content, str) else content
    fields = {"form_token": token, "file": FileStorage(BytesIO(raw), name)}
    return send(desk, "/operator/exit/import", fields)


def send(desk: FlaskClient, path: str, fields: Mapping[str, object]) -> TestResponse:
    """Send fields and files as one body that lies in memory."""
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return desk.post(path, data=body, content_type=kind)


def refused(
    desk: FlaskClient, content: bytes | str, status: int = 422, name: str = "exits.csv"
) -> Page:
    """The page that says why a file was not taken in."""
    response = give(desk, content, name)
    assert response.status_code == status
    page = check_page(response)
    assert "Nothing of the file was taken in" in page.text
    return page


def problems(page: Page) -> list[tuple[str, str]]:
    """Line and column of everything that is told."""
    table = next(t for t in page.root.iter("table"))
    found = []
    for row in list(table.iter("tr"))[1:]:
        cells = ["".join(cell.itertext()).replace("\u00a0", " ").strip() for cell in row]
        found.append((cells[0], cells[1]))
    return found


def strangers(desk: FlaskClient) -> str:
    """What the desk knows of departures of the day."""
    return queue_text(shown(desk, "/operator/exit?day=2025-07-08"), "strangers")


def test_a_file_is_taken_in_and_moves_its_forms(desk: FlaskClient, world: World) -> None:
    form = steps.verified(world)
    world.clock.pass_by(hours=2)
    let_in(desk)
    later = ROW.replace("T13", "T15")
    response = give(desk, HEAD + later + "passport,E00000017,YIH,2025-07-08T05:30:00Z\n")
    assert response.status_code == 303
    page = shown(desk, response.location)
    assert "2 departures of exits.csv" in page.text
    assert tickets(page, "release") == [ticket(form)]
    assert "from a file" in queue_text(page, "strangers")
    assert "exits.csv" in shown(desk, "/operator/exit/import").text


def test_the_same_file_is_recognised(desk: FlaskClient) -> None:
    give(desk, HEAD + ROW)
    page = refused(desk, HEAD + ROW, 409)
    assert "The same file was taken in on 8 Jul 2025, 14:00, with 1 rows." in page.text


def test_the_same_departure_in_another_file_is_there_once(desk: FlaskClient) -> None:
    give(desk, HEAD + ROW)
    assert give(desk, HEAD + ROW + "\n").status_code == 303
    assert strangers(desk).count("13:00") == 1


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + (HEAD + ROW).encode(),
        (HEAD + ROW).replace("\n", "\r\n").encode(),
        b"port,exited_at,document_number,document_kind\n%b"
        % b"WUH,2025-07-08T13:00+08:00,H12345678,hk_macao_permit\n",
        (HEAD.upper() + "\n" + ROW.replace("H12345678", " h12345678 ")).encode(),
    ],
    ids=["byte order mark", "line ends", "order of columns", "blanks and case"],
)
def test_what_is_the_same_file_to_a_person_is_taken_in(desk: FlaskClient, content: bytes) -> None:
    assert give(desk, content).status_code == 303
    assert "13:00" in strangers(desk)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ((HEAD + ROW.replace("WUH", "武汉")).encode("gbk"), "looks like GBK"),
        ((HEAD + ROW).encode("utf-16"), "looks like UTF-16"),
        (HEAD.replace(",port", "") + "x\n", "Missing: port."),
        (HEAD.replace("port", "port,port"), "There twice: port."),
        (HEAD.replace("port", "port,name"), "Not known: name."),
        ("", "no rows"),
        (HEAD, "no rows"),
        (b"\x00\x01\x02" * 100, "columns"),
        (b"\x89PNG\r\n\x1a\n", "UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(
    desk: FlaskClient, content: bytes | str, said: str
) -> None:
    assert said in refused(desk, content).text
    assert "13:00" not in strangers(desk)


def test_every_bad_place_is_named_by_line_and_column_and_nothing_is_kept(
    desk: FlaskClient,
) -> None:
    bad = (
        "visa,12345678,WUH,2025-07-08T09:00:00+08:00",
        "passport,=1+2,PEK,2025-07-42",
        "hk_macao_permit,C12345678,WUH,2025-07-08T09:00:00",
        "passport,E1234567,WUH,2025-07-09T09:00:00+08:00",
        "passport,E1234567,WUH",
    )
    content = HEAD + ROW + "".join(f"{line}\n" for line in bad) + ROW
    page = refused(desk, content)
    assert problems(page) == [
        ("Line 3", "document_kind"),
        ("Line 4", "document_number"),
        ("Line 4", "port"),
        ("Line 4", "exited_at"),
        ("Line 5", "document_number"),
        ("Line 5", "exited_at"),
        ("Line 6", "exited_at"),
        ("Line 7", "whole row"),
        ("Line 8", "whole row"),
    ]
    assert "9 places cannot be used." in page.text
    assert "This stands already in line 2." in page.text
    assert "13:00" not in strangers(desk)


@pytest.mark.parametrize("cell", ["=1+2", "+1", "-1", "@x", "＝1", "\t1"])
def test_a_formula_is_refused_wherever_it_stands(desk: FlaskClient, cell: str) -> None:
    page = refused(desk, HEAD + ROW.replace("H12345678", cell))
    assert ("Line 2", "document_number") in problems(page)


def test_the_first_fifty_places_are_told_and_all_are_counted(desk: FlaskClient) -> None:
    page = refused(desk, HEAD + "visa,1,WUH,2025-07-08T09:00:00+08:00\n" * 60)
    assert "60 places cannot be used. The first 50 are named." in page.text
    assert len(problems(page)) == 50


def test_no_file_is_said_beside_the_field(desk: FlaskClient) -> None:
    assert refused(desk, b"").status == 422
    token = check_page(desk.get("/operator/exit/import")).token
    response = desk.post("/operator/exit/import", data={"form_token": token})
    assert response.status_code == 422
    assert "has not been filled in" in check_page(response).error("file")


def test_a_file_larger_than_any_form_is_read(desk: FlaskClient, world: World) -> None:
    blank = ",,,\n" * (2 * MIB // 4)
    assert give(desk, HEAD + blank + ROW).status_code == 303
    assert run_next(world.ports)
    assert "13:00" in strangers(desk)


def test_seventy_megabytes_are_too_large_and_nothing_else_takes_two(desk: FlaskClient) -> None:
    response = give(desk, b"x" * (70 * MIB))
    assert response.status_code == 413
    assert check_page(response).h1 == "Too large"
    token = check_page(desk.get("/operator/forms")).token
    typed = {"form_token": token, "code": FileStorage(BytesIO(b"x" * (2 * MIB)), "x")}
    assert send(desk, "/operator/forms", typed).status_code == 413


def test_a_file_cut_short_says_how_many_rows_it_should_have(desk: FlaskClient) -> None:
    page = refused(desk, HEAD + ROW + "total,3\n")
    assert "The last line tells 3 rows, and the file has 1." in page.text
    assert "13:00" not in strangers(desk)
    assert give(desk, HEAD + ROW + "total,1,,\n").status_code == 303


def test_an_edited_file_says_what_was_known_and_what_is_new(desk: FlaskClient) -> None:
    give(desk, HEAD + ROW)
    response = give(desk, HEAD + ROW + ROW.replace("H1", "H2"), "edited.csv")
    page = shown(desk, response.location)
    assert "2 departures of edited.csv" in page.text
    assert "1 of them was known already, 1 are new." in page.text


def test_days_that_a_file_should_have_and_has_not_are_named(desk: FlaskClient) -> None:
    days = "days,2025-07-06,2025-07-08\n"
    response = give(desk, days + HEAD + ROW)
    page = shown(desk, response.location)
    assert "Days are missing" in page.text
    assert "There is no departure of: 6 Jul 2025 , 7 Jul 2025 ." in page.text
    page = refused(desk, HEAD + ROW, name="exits_2025-07-01_2025-07-07.csv")
    assert "The file covers 1 Jul 2025 to 7 Jul 2025, and this day is none of them." in page.text
    page = refused(desk, "days,2025-07-08\n" + HEAD + ROW)
    assert "The days that the file covers cannot be read." in page.text
    page = refused(desk, "days,2025-07-08,2025-07-09\n" + HEAD + ROW)
    assert "future" in page.text


def test_the_sample_file_can_be_imported_as_it_is(desk: FlaskClient, world: World) -> None:
    sample = desk.get("/operator/exit/sample.csv")
    assert sample.mimetype == "text/csv"
    assert "attachment" in sample.headers["Content-Disposition"]
    world.clock.pass_by(days=13)
    let_in(desk)
    response = give(desk, sample.data, "示例.csv")
    assert response.status_code == 303
    assert "3 departures of 示例.csv" in shown(desk, response.location).text


def test_the_reasons_are_told_in_chinese_too(app: Flask, sign_in: SignIn, world: World) -> None:
    desk = sign_in(browser(app, "zh_Hans"), Role.OPERATOR)
    page = check_page(give(desk, HEAD + ROW.replace("WUH", "PEK")))
    assert "有 1 处无法使用" in page.text
    assert "WUH" in page.text
