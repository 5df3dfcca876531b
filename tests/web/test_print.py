"""What is handed over on paper: all that the form must carry, and a code that a camera reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from refund.core.signing import code_url
from refund.ports import Ports
from refund.services.issue import forms_today, slip
from tests.journeys.devices import open_browser
from tests.web.counter import INVOICE, issue
from tests.web.page import check_page
from tests.web.people import CLERK

DOTS_PER_INCH = 150
SECOND_LINE = {
    "lines_1_goods": "FOO01",
    "lines_1_specification": "500 ml",
    "lines_1_quantity": "2",
    "lines_1_unit_price": "250.00",
}


def test_the_application_form_carries_all_that_it_must(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk, **SECOND_LINE)
    text = check_page(clerk.get(f"{path}/paper")).text
    form = forms_today(ports, CLERK)[0]
    number = form.form_number
    for word in (
        "境外旅客购物离境退税申请单", "SIMULATION · 模拟", "not the official form",
        f"{number[:6]}-{number[6:10]}-{number[10:14]}-{number[14]}", "2025-07-08 14:00", "instant",
        "迪奥 武汉恒隆广场店", "Dior, Wuhan Heartland 66", "SIM000000000000001", "027-0000-0001",
        "Simulated unit 01", "林晓 Lin Xiao",
        "LI KA MING", "李嘉明", "中国", "港澳居民来往内地通行证", "H12345678", "2025-07-01",
        INVOICE, "皮革手提包", "Leather handbag", "piece", "1,494.00", "13 %", "11 %", "164.34",
        "橄榄油", "500 ml", "bottle", "250.00", "500.00", "9 %", "8 %", "40.00", "Customs qty",
        "1,994.00", "204.34", "39.88", "CNY 164.46",
        "2025-07-25", "武汉天河国际机场", "Traveller's signature", "Customs verification",
        "Refund agency",
    ):  # fmt: skip
        assert word in text, word


def test_the_claim_code_is_on_the_slip_alone(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk)
    code = slip(ports, CLERK, path.rsplit("/", 1)[1]).claim_code
    shown = f"{code[:3]} {code[3:]}"
    assert shown in check_page(clerk.get(f"{path}/slip")).text
    assert shown not in check_page(clerk.get(f"{path}/paper")).text
    assert code not in clerk.get(f"{path}/paper").get_data(as_text=True)


def test_the_slip_says_what_to_do_and_names_nobody(clerk: FlaskClient) -> None:
    page = check_page(clerk.get(f"{issue(clerk)}/slip"))
    for word in (
        "SIMULATION · 模拟",
        "CNY 134.46",
        "2025-07-25",
        "Scan the code",
        "扫描",
        "领款码",
    ):
        assert word in page.text, word
    for word in ("LI KA MING", "H12345678", "李嘉明"):
        assert word not in page.text, word
    assert not [e for e in page.root.iter() if str(e.tag).endswith("svg") and e.get("viewBox")]


def test_that_the_identity_was_read_is_recorded(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk)
    clerk.get(f"{path}/paper")
    events = ports.storage.read(lambda tx: tx.events_of(path.rsplit("/", 1)[1]))
    assert [e.actor for e in events if e.kind == "paper_shown"] == ["clerk:clerk-1"]


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a free loopback port, and return its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Run one Chromium for the papers of this module."""
    with open_browser() as browser:
        yield browser


def printed(browser: Browser, clerk: FlaskClient, address: str) -> list[Image.Image]:
    """Print a page as the clerk's browser does; a picture of each sheet."""
    cookie = clerk.get_cookie("refund_store", path="/store")
    assert cookie is not None
    context = browser.new_context(color_scheme="dark")
    context.add_cookies([{"name": "refund_store", "value": cookie.value, "url": address}])
    page = context.new_page()
    page.goto(address)
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    context.close()
    return [sheet.render(scale=DOTS_PER_INCH / 72).to_pil() for sheet in document]


@pytest.mark.browser
def test_the_code_is_read_back_from_the_printed_form(
    chromium: Browser, served: str, clerk: FlaskClient, ports: Ports
) -> None:
    path = issue(clerk, **SECOND_LINE)
    sheets = printed(chromium, clerk, f"{served}{path}/paper")
    assert len(sheets) == 1
    found = zxingcpp.read_barcodes(sheets[0].convert("L"))
    assert [one.text for one in found] == [
        code_url(ports.public_url, forms_today(ports, CLERK)[0].code)
    ]
    assert sheets[0].convert("L").getpixel((5, 5)) == 255, "paper is white in the dark too"


@pytest.mark.browser
def test_a_slip_is_one_strip_of_80_mm_without_a_code(
    chromium: Browser, served: str, clerk: FlaskClient
) -> None:
    sheets = printed(chromium, clerk, f"{served}{issue(clerk)}/slip")
    assert len(sheets) == 1
    assert round(sheets[0].width / DOTS_PER_INCH * 25.4) == 80
    assert zxingcpp.read_barcodes(sheets[0].convert("L")) == []


@pytest.mark.browser
def test_a_form_of_many_lines_goes_on_over_the_page(
    chromium: Browser, served: str, clerk: FlaskClient
) -> None:
    many = {
        f"lines_{place}_{name}": text
        for place in range(1, 20)
        for name, text in (("goods", "BAG02"), ("quantity", "1"), ("unit_price", "100.00"))
    }
    sheets = printed(chromium, clerk, f"{served}{issue(clerk, **many)}/paper")
    assert len(sheets) == 2
    assert len(zxingcpp.read_barcodes(sheets[0].convert("L"))) == 1
