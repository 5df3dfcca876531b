"""The clerk's pages around a form: today, its state, its papers, voiding, and nobody else's."""

from __future__ import annotations

import io
import re

import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from refund.core.people import Role
from refund.core.signing import code_url
from refund.ports import Ports
from refund.services.counter import progress
from refund.services.issue import forms_today, slip
from tests.web.counter import PASSPORT, issue, post, send
from tests.web.page import check_fragment, check_page
from tests.web.people import CLERK, HandClock, SignIn, browser

PARTS = ("", "/state", "/claim-code", "/code.png", "/paper.pdf", "/slip.pdf", "/void")


def form_id_of(path: str) -> str:
    """The form's id in the address of its page."""
    return path.rsplit("/", 1)[1]


def test_home_is_empty_before_the_first_form(clerk: FlaskClient) -> None:
    page = check_page(clerk.get("/store/"))
    assert "No form today yet" in page.text
    assert "/store/issue" in page.links()


def test_home_lists_the_forms_of_today_with_their_sums(clerk: FlaskClient) -> None:
    first = issue(clerk)
    second = issue(clerk, mrz=PASSPORT, invoices_0_number="25422000000012345679")
    page = check_page(clerk.get("/store/"))
    assert [link for link in page.links() if "/forms/" in link] == [second, first]
    assert "268.92" in page.text
    assert page.statuses() == ["issued", "issued"]


def test_yesterdays_forms_are_not_todays(
    clerk: FlaskClient, clock: HandClock, sign_in: SignIn
) -> None:
    issue(clerk)
    clock.move(hours=10)
    page = check_page(sign_in(clerk, Role.CLERK).get("/store/"))
    assert "No form today yet" in page.text


def test_the_table_is_sent_again_only_when_it_changed(clerk: FlaskClient) -> None:
    part = check_fragment(clerk.get("/store/forms"))
    again = next(e.get("hx-get") for e in part.root.iter() if e.get("hx-get"))
    assert again is not None
    assert clerk.get(again).status_code == 204
    issue(clerk)
    assert clerk.get(again).status_code == 200


def test_the_page_of_a_form_shows_the_code_and_not_the_claim_code(
    clerk: FlaskClient, ports: Ports
) -> None:
    path = issue(clerk)
    page = check_page(clerk.get(path))
    secret = slip(ports, CLERK, form_id_of(path)).claim_code
    assert secret not in re.sub(r"\D", "", page.text.replace(page.h1, ""))
    assert [e for e in page.root.iter() if str(e.tag).endswith("svg") and e.get("viewBox")]
    assert "25 Jul 2025" in page.text


def test_the_claim_code_is_shown_when_asked_for_and_that_is_recorded(
    clerk: FlaskClient, ports: Ports
) -> None:
    path = issue(clerk)
    part = check_fragment(clerk.get(f"{path}/claim-code"))
    code = slip(ports, CLERK, form_id_of(path)).claim_code
    assert f"{code[:3]} {code[3:]}" in part.text
    events = ports.storage.read(lambda tx: tx.events_of(form_id_of(path)))
    assert [e.kind for e in events].count("slip_shown") == 2


def test_the_state_is_sent_again_only_when_it_changed(clerk: FlaskClient) -> None:
    path = issue(clerk)
    assert clerk.get(f"{path}/state?seen=0").status_code == 204
    post(clerk, f"{path}/void", reason="goods returned")
    part = check_fragment(clerk.get(f"{path}/state?seen=0"))
    assert part.statuses() == ["void"]
    assert not [e for e in part.root.iter() if e.get("hx-get")], "a void form changes no more"


def test_the_code_can_be_kept_as_a_picture(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk)
    answer = clerk.get(f"{path}/code.png")
    assert answer.mimetype == "image/png"
    assert "250708-0001-0001-" in answer.headers["Content-Disposition"]
    form = forms_today(ports, CLERK)[0]
    with Image.open(io.BytesIO(answer.data)) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    assert [one.text for one in found] == [code_url(ports.public_url, form.code)]


def test_a_form_is_voided_with_a_reason(clerk: FlaskClient, ports: Ports) -> None:
    path = issue(clerk)
    page = check_page(clerk.get(f"{path}/void"))
    assert "cannot be undone" in page.text
    answer = post(clerk, f"{path}/void", reason="wrong passport")
    assert answer.status_code == 303
    page = check_page(clerk.get(path))
    assert page.statuses() == ["void"]
    assert "wrong passport" in page.text
    assert "Its code no longer works" in page.text
    issue(clerk)
    assert len(forms_today(ports, CLERK)) == 2, "the invoice is free again"


def test_a_form_is_not_voided_without_a_reason(clerk: FlaskClient) -> None:
    path = issue(clerk)
    for reason in ("", "  ", "x" * 201):
        answer = post(clerk, f"{path}/void", reason=reason)
        assert answer.status_code == 422
        assert check_page(answer).error("reason")
    assert check_page(clerk.get(path)).statuses() == ["issued"]


def test_a_void_form_is_not_voided_again(clerk: FlaskClient) -> None:
    path = issue(clerk)
    post(clerk, f"{path}/void", reason="lost")
    assert clerk.get(f"{path}/void").status_code == 409
    assert post(clerk, f"{path}/void", reason="lost").status_code == 409


def test_another_stores_form_and_an_unknown_one_look_alike(
    app: Flask, clerk: FlaskClient, sign_in: SignIn, ports: Ports
) -> None:
    path = issue(clerk)
    other = sign_in(browser(app), Role.CLERK, "clerk-2")
    unknown = "/store/forms/" + "0" * 16
    for part in PARTS:
        foreign, missing = other.get(path + part), other.get(unknown + part)
        assert foreign.status_code == missing.status_code == 404, part
        assert foreign.data == missing.data, part
    assert post(other, f"{path}/void", reason="mine now").status_code == 404
    assert progress(ports, CLERK, form_id_of(path)).form.status.value == "issued"
    assert check_page(other.get("/store/")).statuses() == []


def test_goods_are_searched_in_both_languages_and_by_initials(clerk: FlaskClient) -> None:
    for query in ("BAG01", "手提包", "handbag", "pgstb"):
        page = check_page(clerk.get("/store/goods", query_string={"q": query}))
        assert "BAG01" in page.text, query
    assert "precious metal" in check_page(clerk.get("/store/goods?q=JEW13")).text
    assert "Nothing like this" in check_page(clerk.get("/store/goods?q=%00zz")).text


def test_suggestions_say_what_gives_no_refund(clerk: FlaskClient) -> None:
    part = check_fragment(clerk.get("/store/goods", query_string={"q": "金", "part": "1"}))
    options = [e for e in part.root.iter("li") if e.get("role") == "option"]
    assert options
    assert any(e.get("data-out") is not None for e in options)
    assert (options[0].get("data-value") or "").split()[0].isalnum()


def test_the_pages_are_whole_in_chinese_too(app: Flask, sign_in: SignIn) -> None:
    clerk = sign_in(browser(app, "zh_Hans"), Role.CLERK)
    path = issue(clerk)
    for address in ("/store/", "/store/issue", "/store/goods", path, f"{path}/void"):
        page = check_page(clerk.get(address))
        assert page.root.get("lang") == "zh-Hans"
        assert re.search(r"[\u4e00-\u9fff]", page.h1), address
    assert check_page(send(clerk, lines_0_unit_price="1,00")).error("lines-0-unit_price")
