"""The operator's months: seen, closed with a preview, paid, corrected, and taken along as files."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.calendar import SHANGHAI
from refund.core.people import Role
from refund.core.settlement import Month
from refund.services import settle
from tests import make
from tests.services.months import kept
from tests.web.agency import let_in, post, shown
from tests.web.page import check_page
from tests.web.people import SignIn, browser
from tests.world import World

JULY = "/operator/settlements/2025-07"


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def released(world: World, count: int = 1) -> None:
    """Let so many travellers leave in time, and their holds be released."""
    for number in range(count):
        kept(world, number)


def taken(desk: FlaskClient, path: str) -> TestResponse:
    """What an address gives; after some days the operator signs in again."""
    response = desk.get(path)
    if response.status_code == 302:
        let_in(desk)
        response = desk.get(path)
    return response


def in_august(world: World, day: int = 1) -> None:
    """Let it be August."""
    world.clock.at = datetime(2025, 8, day, 9, tzinfo=SHANGHAI)


def states(desk: FlaskClient) -> dict[str, str]:
    """Every month with its state, as the list shows it."""
    page = shown(desk, "/operator/settlements")
    return {
        row.get("data-month") or "": next(
            e.get("data-state") or "" for e in row.iter("span") if e.get("data-state")
        )
        for row in page.root.iter("tr")
        if row.get("data-month")
    }


def test_a_month_is_previewed_closed_and_paid(desk: FlaskClient, world: World) -> None:
    released(world, 2)
    assert states(desk) == {"2025-07": "running"}
    assert "It cannot be closed now." in shown(desk, f"{JULY}/close").text
    in_august(world)
    assert states(desk) == {"2025-08": "running", "2025-07": "open"}
    page = shown(desk, f"{JULY}/close")
    assert "328.68" in page.text
    assert "agree to the fen" in page.text
    response = post(desk, f"{JULY}/close")
    assert response.status_code == 303
    page = shown(desk, response.headers["Location"])
    assert "The month is closed" in page.text
    assert "JS-2025-07-01" in page.text
    assert page.value("amount") == "328.68"
    wrong = post(desk, f"{JULY}/payment", amount="328.67", paid_on="2025-08-01", note="")
    assert wrong.status_code == 422
    assert "The month claims 328.68 yuan" in check_page(wrong).error("amount")
    paid = post(desk, f"{JULY}/payment", amount="328.68", paid_on="2025-08-01", note="slip 7")
    assert "slip 7" in shown(desk, paid.headers["Location"]).text
    assert states(desk)["2025-07"] == "paid"
    again = post(desk, f"{JULY}/close")
    assert again.status_code == 409
    assert "closed already" in check_page(again).text


def test_an_overdue_month_is_said_on_the_list_and_on_its_page(
    desk: FlaskClient, world: World
) -> None:
    released(world)
    in_august(world, 16)
    for path in ("/operator/settlements", JULY):
        assert "2025-07 is overdue" in shown(desk, path).text
        assert "by 15 Aug 2025" in shown(desk, path).text


def test_a_claim_is_withdrawn_with_a_reason_and_stands_in_the_open_month(
    desk: FlaskClient, world: World
) -> None:
    released(world)
    in_august(world)
    assert post(desk, f"{JULY}/close").status_code == 303
    (line,) = settle.lines_of(world.ports, Month(2025, 7))
    path = f"/operator/settlements/claims/{line.entry_key}/withdraw"
    assert "is borne by the agency" in shown(desk, path).text
    assert check_page(post(desk, path, reason="")).error("reason")
    assert post(desk, path, reason="never confirmed").status_code == 303
    page = shown(desk, "/operator/settlements/2025-08")
    assert "Correction" in page.text
    assert "-164.34" in page.text
    form = shown(desk, f"/operator/forms/{line.form_id}")
    assert "The claim on the treasury was withdrawn" in form.text
    assert taken(desk, path).status_code == 409
    assert "-164.34" not in shown(desk, JULY).text


def test_the_csv_can_be_read_back_and_runs_nothing(desk: FlaskClient, world: World) -> None:
    changed = make.store(1, name_zh="=1+1", name_en="+cmd")
    world.ports.storage.write(lambda tx: tx.put_store(changed))
    released(world, 3)
    response = taken(desk, f"{JULY}/lines.csv")
    assert "SIMULATION-2025-07-draft.csv" in response.headers["Content-Disposition"]
    assert response.data.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))
    assert [row["position"] for row in rows] == ["1", "2", "3", ""]
    assert rows[-1]["refund"] == "493.02"
    assert rows[0]["store_zh"] == "'=1+1"
    assert rows[0]["store_en"] == "'+cmd"
    assert {row["way"] for row in rows[:-1]} == {"advance"}


def test_the_spreadsheet_holds_numbers_and_texts_and_no_formula(
    desk: FlaskClient, world: World
) -> None:
    changed = make.store(1, name_zh="=1+1", name_en="http://example.org")
    world.ports.storage.write(lambda tx: tx.put_store(changed))
    released(world, 2)
    in_august(world)
    post(desk, f"{JULY}/close")
    response = taken(desk, f"{JULY}/lines.xlsx")
    assert "SIMULATION-JS-2025-07-01.xlsx" in response.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(response.data)) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own file
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = {cell.get("r") or "": cell for cell in sheet.iter(f"{space}c")}
    assert not list(sheet.iter(f"{space}f"))
    assert not list(sheet.iter(f"{space}hyperlink"))
    assert cells["B2"].get("t") == "inlineStr"
    assert "".join(cells["D2"].itertext()) == "=1+1"
    for place, value in (("J2", "1494"), ("K2", "164.34"), ("L2", "29.88"), ("M4", "268.92")):
        assert cells[place].get("t", "n") == "n"
        assert "".join(cells[place].itertext()) == value


def test_only_a_closed_month_has_a_paper(desk: FlaskClient, world: World) -> None:
    released(world)
    assert taken(desk, f"{JULY}/paper.pdf").status_code == 409
    in_august(world)
    post(desk, f"{JULY}/close")
    response = taken(desk, f"{JULY}/paper.pdf")
    assert response.status_code == 200
    assert response.data.startswith(b"%PDF")


def test_further_lines_stand_on_further_pages(desk: FlaskClient, world: World) -> None:
    released(world, 3)
    page = shown(desk, f"{JULY}?after=1")
    assert "Lines 2 to 3 of 3" in page.text
    assert f"{JULY}?after=0" in page.links()
    assert shown(desk, f"{JULY}?after=x").text == shown(desk, JULY).text


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_every_page_of_the_months_is_whole_in_both_languages(
    app: Flask, sign_in: SignIn, language: str, world: World
) -> None:
    desk = sign_in(browser(app, language), Role.OPERATOR)
    released(world)
    in_august(world)
    for path in ("/operator/settlements", JULY, f"{JULY}/close", "/operator/settlements/2025-08"):
        shown(desk, path)
    post(desk, f"{JULY}/close")
    (line,) = settle.lines_of(world.ports, Month(2025, 7))
    shown(desk, JULY)
    shown(desk, f"/operator/settlements/claims/{line.entry_key}/withdraw")


@pytest.mark.parametrize("path", ["2025-13", "soon", "1999-01", "2025-7"])
def test_what_is_no_month_is_refused(desk: FlaskClient, path: str) -> None:
    assert taken(desk, f"/operator/settlements/{path}").status_code == 422


def test_a_month_without_refunds_says_so(desk: FlaskClient) -> None:
    assert "No refund was confirmed in this month" in shown(desk, JULY).text
    early = post(desk, "/operator/settlements/2025-06/close")
    assert early.status_code == 409
    assert "there is nothing to settle" in check_page(early).text
