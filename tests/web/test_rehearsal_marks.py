"""In a rehearsal every page, paper and code says so; elsewhere none does."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from refund.config import Settings
from refund.core.people import Role
from refund.core.signing import code_url
from refund.gateways.keyfile import KeyFile, KeysBroken
from refund.gateways.typesetting import TypstTypesetter
from refund.places import fonts_folder, papers_folder
from refund.ports import Ports
from refund.services.issue import issue_form
from refund.web import papers, qr
from refund.web.filters import qr_svg
from tests import make, pdf, sheets
from tests.web.page import check_page
from tests.web.people import SignIn
from tests.web.test_paper_codes import MADE, NUMBER
from tests.world import World

REHEARSING = TypstTypesetter(papers_folder(), fonts_folder(), is_rehearsal=True)
MARK, OTHER_MARK = "REHEARSAL · 演练", "SIMULATION · 模拟"
CODE = code_url("https://refund.example", sheets.CODE)


@pytest.fixture(params=[True, False], ids=["rehearsal", "service"])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Return the settings of a rehearsal, and those of another service."""
    return replace(settings, is_rehearsal=request.param)


def test_the_bar_of_every_page_says_which_it_is(
    client: FlaskClient, settings: Settings, sign_in: SignIn
) -> None:
    sign_in(client, Role.CLERK)
    for path in ("/", "/store/", "/F/", "/customs/sign-in", "/no-such-page"):
        text = check_page(client.get(path)).text
        assert ("REHEARSAL · 演练" in text) == settings.is_rehearsal, path
        assert ("SIMULATION · 模拟" in text) != settings.is_rehearsal, path


def test_the_offline_shift_is_told_which_it_is(
    client: FlaskClient, settings: Settings, sign_in: SignIn
) -> None:
    sign_in(client, Role.OFFICER)
    token = client.get("/customs/offline/state").get_json()["token"]
    typed = {"device_id": "a" * 32, "form_token": token}
    answer = client.post("/customs/offline/shift", data=typed)
    assert answer.get_json()["rehearsal"] == settings.is_rehearsal


def test_a_code_in_a_page_carries_the_mark(app: Flask, settings: Settings) -> None:
    with app.test_request_context():
        assert (MARK in qr_svg(CODE, "title")) == settings.is_rehearsal


def test_a_picture_of_a_code_carries_the_mark_and_is_read_as_before() -> None:
    plain = Image.open(BytesIO(qr.png(CODE, 8)))
    marked = Image.open(BytesIO(qr.png(CODE, 8, qr.REHEARSAL)))
    assert marked.width == plain.width
    assert marked.height == plain.height + 8 * qr.CAPTION_ROOM
    below = marked.crop((0, plain.height, *marked.size)).convert("L")
    share = below.histogram()[255] / (below.width * below.height)
    assert 0.02 < share < 0.5
    assert [one.text for one in zxingcpp.read_barcodes(marked.convert("L"))] == [CODE]


@pytest.mark.parametrize("paper", MADE)
def test_every_page_of_every_paper_of_a_rehearsal_is_marked(world: World, paper: str) -> None:
    make_it, code = MADE[paper]
    content = make_it(replace(world.ports, typesetter=REHEARSING), "ja")
    assert pdf.standard(content) == ("2", "B")
    for text in pdf.texts(content):
        assert text.count(MARK) >= 2
        assert OTHER_MARK not in text
    assert [code] in [pdf.codes(page) for page in pdf.pages(content)]
    plain = make_it(world.ports, "ja")
    assert MARK not in pdf.text(plain)


def test_the_printed_strip_of_a_rehearsal_is_marked_in_full_black(world: World) -> None:
    sheet = sheets.slip(sheets.TRAVELLERS["ja"])
    rehearsing = replace(world.ports, typesetter=REHEARSING)
    marked = Image.open(BytesIO(papers.slip_strip(rehearsing, sheet, "ja"))).convert("L")
    plain = Image.open(BytesIO(papers.slip_strip(world.ports, sheet, "ja"))).convert("L")
    assert marked.width == plain.width == 576
    assert black_lines(marked) > 3 * 20
    assert black_lines(plain) < 20
    assert NUMBER in pdf.codes(marked)


def black_lines(picture: Image.Image) -> int:
    """Lines of dots that are black over most of their width."""
    rows = (picture.crop((0, at, picture.width, at + 1)) for at in range(picture.height))
    return sum(sum(row.histogram()[:100]) > picture.width * 0.9 for row in rows)


def test_keys_never_change_sides(tmp_path: Path) -> None:
    for is_rehearsal in (True, False):
        folder = tmp_path / str(is_rehearsal)
        KeyFile(folder, is_rehearsal=is_rehearsal).create_missing(make.NOON)
        with pytest.raises(KeysBroken, match="REFUND_REHEARSAL"):
            KeyFile(folder, is_rehearsal=not is_rehearsal).signing_key()
        assert KeyFile(folder, is_rehearsal=is_rehearsal).ring().is_rehearsal == is_rehearsal


def test_a_form_is_numbered_and_signed_for_the_side_that_issued_it(
    ports: Ports, settings: Settings
) -> None:
    form = issue_form(ports, make.clerk(1), make.draft(), "key").form
    assert form is not None
    assert (form.code[0] == "Q") == settings.is_rehearsal
    assert form.form_number.startswith("252708" if settings.is_rehearsal else "250708")
