"""Papers as people get them: complete, bilingual and one more, theirs alone, and put on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.agreement import Details
from refund.core.form import Method
from refund.core.people import Role
from refund.gateways.printing import NetworkPrinter
from refund.ports import Ports
from refund.services.claim import give_details, sign_agreement
from refund.services.issue import forms_today, slip
from tests import pdf, sheets
from tests.gateways.receipt_printer import PlayedPrinter, played_printer
from tests.web.counter import BY_FIELDS, INVOICE, issue, post
from tests.web.page import check_page
from tests.web.people import CLERK, SignIn, browser

SECOND_LINE = {
    "lines_1_goods": "FOO01",
    "lines_1_specification": "500 ml",
    "lines_1_quantity": "2",
    "lines_1_unit_price": "250.00",
}
PHONE = "phone-of-a-test"


def form_id_of(path: str) -> str:
    """The id in the address of a form's page."""
    return path.rsplit("/", 1)[1]


def words(client: FlaskClient, address: str) -> str:
    """What a PDF says."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("inline;")
    assert answer.headers["Cache-Control"] == "no-store"
    return pdf.text(answer.data)


def sign(ports: Ports, form_id: str) -> None:
    """Let the traveller open, fill in and sign on a phone."""
    now = ports.clock.now()
    ports.storage.write(lambda tx: tx.put_visit(PHONE, form_id, now))
    ports.storage.write(lambda tx: tx.unlock_visit(PHONE, form_id, now))
    give_details(ports, PHONE, form_id, Details("a@example.org", None, "WUH", Method.CARD), "5678")
    sign_agreement(ports, PHONE, form_id, sheets.DRAWN, "zh-Hans")


def test_the_application_form_carries_all_that_it_must(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk, **SECOND_LINE)
    text = words(clerk, f"{path}/paper.pdf?language=en")
    number = forms_today(ports, CLERK)[0].form_number
    for word in (
        "境外旅客购物离境退税申请单", "SIMULATION · 模拟", "no official document",
        f"{number[:6]}-{number[6:10]}-{number[10:14]}-{number[14]}", "2025-07-08 14:00", "instant",
        "迪奥 武汉恒隆广场店", "Dior, Wuhan Heartland 66", "SIM000000000000001", "027-0000-0001",
        "Simulated unit 01", "林晓 Lin Xiao",
        "LI KA MING", "李嘉明", "中国", "港澳居民来往内地通行证", "H12345678", "2025-07-01",
        INVOICE, "皮革手提包", "Leather handbag", "piece", "1,494.00", "13 %", "11 %", "164.34",
        "橄榄油", "500 ml", "bottle", "250.00", "500.00", "9 %", "8 %", "40.00", "Customs' count",
        "1,994.00", "204.34", "39.88", "CNY 164.46",
        "2025-07-25", "武汉天河国际机场", "Traveller's signature", "Customs verification",
        "退税代理机构审核",
    ):  # fmt: skip
        assert word in text, word


def test_a_paper_speaks_the_language_that_the_document_suggests(clerk: FlaskClient) -> None:
    assert "最後入境日期" in words(clerk, f"{issue(clerk)}/paper.pdf")
    japanese = issue(clerk, **BY_FIELDS, invoices_0_number="25422000000012345679")
    assert "直近の入国日" in words(clerk, f"{japanese}/paper.pdf")


def test_the_clerk_chooses_the_language(clerk: FlaskClient) -> None:
    path = issue(clerk)
    assert "Последний въезд" in words(clerk, f"{path}/paper.pdf?language=ru")
    assert "最後入境日期" not in words(clerk, f"{path}/paper.pdf?language=en")
    assert "最後入境日期" in words(clerk, f"{path}/paper.pdf?language=klingon")


def test_the_page_offers_every_language_of_papers(clerk: FlaskClient) -> None:
    page = check_page(clerk.get(issue(clerk)))
    for name in ("As the document suggests", "中文 · English", "繁體中文", "日本語", "العربية"):
        assert name in page.text, name


def test_the_claim_code_is_on_the_slip_alone(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk)
    code = slip(ports, CLERK, form_id_of(path)).claim_code
    shown = f"{code[:3]} {code[3:]}"
    sign(ports, form_id_of(path))
    assert shown in words(clerk, f"{path}/slip.pdf")
    for paper in ("paper", "agreement", "authorisation"):
        said = words(clerk, f"{path}/{paper}.pdf")
        assert shown not in said
        assert code not in said.replace(" ", "")


def test_the_slip_says_what_to_do_and_names_nobody(clerk: FlaskClient) -> None:
    answer = clerk.get(f"{issue(clerk)}/slip.pdf")
    said = pdf.text(answer.data)
    for word in ("SIMULATION · 模拟", "CNY 134.46", "2025-07-25", "Scan the code", "领款码"):
        assert word in said, word
    for word in ("LI KA MING", "H12345678", "李嘉明"):
        assert word not in said, word
    assert [width for width, _ in pdf.sizes_mm(answer.data)] == [80]


def test_an_ordinary_form_names_no_phone(clerk: FlaskClient) -> None:
    path = issue(clerk, channel="ordinary")
    assert "Scan the code" not in words(clerk, f"{path}/slip.pdf")
    assert "the refund is paid at" in words(clerk, f"{path}/paper.pdf?language=en")


def test_a_void_form_s_papers_say_so_and_carry_no_code(clerk: FlaskClient) -> None:
    path = issue(clerk)
    assert post(clerk, f"{path}/void", reason="wrong name").status_code == 303
    for paper in ("paper", "slip", "authorisation"):
        content = clerk.get(f"{path}/{paper}.pdf").data
        assert "VOID" in pdf.text(content)
        assert "已作废" in pdf.text(content)
    assert pdf.codes(pdf.pages(clerk.get(f"{path}/paper.pdf").data, 150)[0]) == []


def test_the_agreement_is_printed_once_it_is_signed(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk)
    assert clerk.get(f"{path}/agreement.pdf").status_code == 422
    assert "agreement.pdf" not in clerk.get(path).get_data(as_text=True)
    sign(ports, form_id_of(path))
    assert "agreement.pdf" in clerk.get(path).get_data(as_text=True)
    said = words(clerk, f"{path}/agreement.pdf?language=fr")
    for word in (
        "LI KA MING", "a@example.org", "CNY 134.46", "2025-07-25", "一、预付金", "2. The guarantee",
        "3. L'engagement", "武汉天河国际机场", "简体中文", "2025-07-08 14:00",
    ):  # fmt: skip
        assert word in said, word


def test_the_letter_lets_another_person_s_account_be_paid(clerk: FlaskClient) -> None:
    said = words(clerk, f"{issue(clerk)}/authorisation.pdf?language=es")
    for word in (
        "委托书",
        "Letter of authorisation",
        "Carta de autorización",
        "LI KA MING",
        "134.46",
    ):
        assert word in said, word


@pytest.mark.parametrize("paper", ["paper", "slip", "agreement", "authorisation"])
def test_another_store_s_paper_is_none(
    clerk: FlaskClient, app: Flask, sign_in: SignIn, ports: Ports, paper: str
) -> None:
    path = issue(clerk)
    sign(ports, form_id_of(path))
    stranger = sign_in(browser(app), Role.CLERK, "clerk-2")
    answers = [stranger.get(f"{where}/{paper}.pdf") for where in (path, f"/store/forms/{'f' * 16}")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].get_data() == answers[1].get_data()


def test_the_agency_prints_any_store_s_papers(
    clerk: FlaskClient, app: Flask, sign_in: SignIn, ports: Ports
) -> None:
    form_id = form_id_of(issue(clerk))
    sign(ports, form_id)
    operator = sign_in(browser(app), Role.OPERATOR)
    for paper in ("paper", "agreement", "authorisation"):
        assert "LI KA MING" in words(operator, f"/operator/forms/{form_id}/{paper}.pdf")
    page = check_page(operator.get(f"/operator/forms/{form_id}"))
    assert "Language of the papers" in page.text


def test_a_paper_is_shown_to_those_alone_who_signed_in(clerk: FlaskClient, app: Flask) -> None:
    form_id = form_id_of(issue(clerk))
    for audience in ("store", "operator"):
        answer = browser(app).get(f"/{audience}/forms/{form_id}/paper.pdf")
        assert (answer.status_code, answer.mimetype) == (302, "text/html")


def test_a_phone_gets_the_agreement_of_a_form_that_it_opened_alone(
    clerk: FlaskClient, app: Flask, ports: Ports
) -> None:
    form_id = form_id_of(issue(clerk))
    sign(ports, form_id)
    answer = browser(app).get(f"/traveller/forms/{form_id}/agreement.pdf")
    assert answer.mimetype == "text/html"


def test_what_was_read_is_recorded(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk)
    sign(ports, form_id_of(path))
    for paper in ("paper", "slip", "agreement", "authorisation"):
        clerk.get(f"{path}/{paper}.pdf")
    events = ports.storage.read(lambda tx: tx.events_of(form_id_of(path)))
    shown = [(e.kind, e.actor) for e in events if e.kind.endswith("_shown")]
    assert shown == [
        (f"{paper}_shown", "clerk:clerk-1")
        for paper in ("paper", "slip", "agreement", "authorisation")
    ]


def test_a_name_that_no_font_has_is_refused_in_the_reader_s_words(clerk: FlaskClient) -> None:
    path = issue(clerk, local_name="李ཀ明")
    for language, word in (("en", "No font of the papers has"), ("zh_Hans", "单据字库中没有字符")):
        answer = clerk.get(f"{path}/paper.pdf?lang={language}")
        assert answer.status_code == 422
        assert word in check_page(answer).text
        assert "U+0F40" in check_page(answer).text
        assert "ཀ" in check_page(answer).text


@pytest.fixture
def printer() -> Iterator[PlayedPrinter]:
    """Return a receipt printer that is on."""
    with played_printer(PlayedPrinter()) as played:
        yield played


@pytest.fixture
def counter(
    settings: Settings, ports: Ports, printer: PlayedPrinter, sign_in: SignIn
) -> FlaskClient:
    """Return the browser at a counter that has a receipt printer."""
    gateway = NetworkPrinter("127.0.0.1", printer.port)
    app = create_app(settings, replace(ports, printer=gateway))
    return sign_in(browser(app), Role.CLERK)


def test_the_slip_is_printed_at_the_counter(counter: FlaskClient, printer: PlayedPrinter) -> None:
    path = issue(counter)
    assert "Print the slip here" in check_page(counter.get(path)).text
    answer = post(counter, f"{path}/slip/print", language="ko")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?printed=slip")
    assert len(printer.strips) == 1
    assert "The slip is printed" in check_page(counter.get(answer.headers["Location"])).text


def test_a_printer_without_paper_loses_nothing(
    counter: FlaskClient, printer: PlayedPrinter
) -> None:
    path = issue(counter)
    printer.paper = 0x72
    answer = post(counter, f"{path}/slip/print")
    assert answer.status_code == 503
    page = check_page(answer)
    assert "no paper" in page.text
    assert "Application form, A4" in page.text, "the clerk is still at the form"
    printer.paper = 0x12
    assert post(counter, f"{path}/slip/print").status_code == 303
    assert len(printer.strips) == 1


def test_without_a_printer_none_is_offered(clerk: FlaskClient) -> None:
    path = issue(clerk)
    assert "Print the slip here" not in check_page(clerk.get(path)).text
    answer = post(clerk, f"{path}/slip/print")
    assert answer.status_code == 503
    assert "No receipt printer" in check_page(answer).text
