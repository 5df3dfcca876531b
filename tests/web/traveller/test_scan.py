"""The code on the phone: it opens the form, an altered one opens nothing, and neither acts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from refund.core.form import Form, Status
from refund.core.ids import group_form_number
from refund.gateways.keyfile import KeyFile
from refund.places import static_folder
from refund.ports import Ports
from refund.services.claim import my_forms
from refund.services.issue import void_form
from refund.services.sign_in import session_hash
from refund.translations import load_catalogues
from tests.web.page import check_page
from tests.web.people import CLERK, browser
from tests.web.phone import Phone, issued, status

WEIGHT_MOST = 60 * 1024


def test_scanning_again_and_again_changes_nothing(phone: Phone, ports: Ports, form: Form) -> None:
    texts = {phone.client.get(f"/F/{form.code}").text for _ in range(3)}
    assert len(texts) == 1
    assert phone.client.head(f"/F/{form.code}").status_code == 200
    assert status(ports, form) is Status.ISSUED
    cookie = phone.client.get_cookie("refund_traveller")
    assert cookie is not None
    assert len(my_forms(ports, session_hash(cookie.value))) == 1


def test_a_phone_keeps_its_word_and_takes_none_from_others(phone: Phone, form: Form) -> None:
    phone.client.set_cookie("refund_traveller", "a word that someone planted")
    phone.scan()
    given = phone.client.get_cookie("refund_traveller")
    assert given is not None
    assert given.value != "a word that someone planted"
    assert given.http_only
    phone.client.get(f"/F/{form.code}")
    kept = phone.client.get_cookie("refund_traveller")
    assert kept is not None
    assert kept.value == given.value


def test_a_phone_that_is_let_in_goes_on_where_it_was(phone: Phone, form: Form) -> None:
    phone.unlock()
    answer = phone.client.get(f"/F/{form.code}")
    assert answer.status_code == 303
    assert answer.location.endswith(phone.at)


def test_every_changed_character_opens_nothing(phone: Phone, form: Form) -> None:
    for place in range(0, len(form.code), 3):
        other = "A" if form.code[place] != "A" else "B"
        answer = phone.client.get(f"/F/{form.code[:place]}{other}{form.code[place + 1 :]}")
        assert answer.status_code == 422, place
        assert form.form_number not in answer.text
    assert phone.client.get_cookie("refund_traveller") is None


@pytest.mark.parametrize(
    ("change", "heading"),
    [
        (lambda code: code[:-1], "The code is not complete"),
        (lambda code: code + "A", "The code is not complete"),
        (lambda code: code[:40] + "1" + code[41:], "The code is not complete"),
        (lambda _: "what-is-this", "This is another code"),
        (lambda code: code + "/more", "This is another code"),
    ],
)
def test_a_torn_or_foreign_code_says_what_to_do(
    phone: Phone, form: Form, change: object, heading: str
) -> None:
    assert callable(change)
    page = check_page(phone.client.get(f"/F/{change(form.code)}"))
    assert page.status == 422
    assert page.h1 == heading
    assert page.named("code") is not None


def test_a_code_in_small_letters_is_not_the_code(phone: Phone, form: Form) -> None:
    assert phone.client.get(f"/F/{form.code.lower()}").status_code == 422


def test_a_void_form_says_so(phone: Phone, ports: Ports, form: Form) -> None:
    phone.unlock()
    void_form(ports, CLERK, form.form_id, "wrong name")
    page = check_page(browser(phone.app).get(f"/F/{form.code}"))
    assert (page.status, page.h1) == (410, "The form is void")
    assert phone.page().h1 == "The store made this form void"


@pytest.mark.parametrize("wrap", ["{url}/F/{code}", " {code} ", "{lower}", "{spaced}", "{lines}"])
def test_a_typed_code_is_read_as_it_was_meant(
    phone: Phone, ports: Ports, form: Form, wrap: str
) -> None:
    spaced = " ".join(re.findall("....", form.code))
    text = wrap.format(
        url=ports.public_url,
        code=form.code,
        lower=form.code.lower(),
        spaced=spaced.lower(),
        lines=spaced.replace(" ", "\r\n"),
    )
    answer = phone.client.get("/F/", query_string={"code": text})
    assert answer.status_code == 303
    assert answer.location.endswith(f"/F/{form.code}")


@pytest.mark.parametrize("host", ["https://evil.example", "http://localhost.evil.example"])
def test_a_typed_address_of_another_service_is_foreign(phone: Phone, form: Form, host: str) -> None:
    answer = phone.client.get("/F/", query_string={"code": f"{host}/F/{form.code}"})
    page = check_page(answer)
    assert (page.status, page.h1) == (422, "This is another code")
    assert page.value("code") == f"{host}/F/{form.code}"


def test_a_form_number_alone_opens_nothing(phone: Phone, form: Form) -> None:
    typed = {"code": group_form_number(form.form_number)}
    page = check_page(phone.client.get("/F/", query_string=typed))
    assert page.status == 422
    assert "The form number alone is not enough" in page.text


def test_an_empty_field_asks_for_the_code(client: object, phone: Phone) -> None:
    assert check_page(phone.client.get("/F/")).h1 == "Type your code"
    page = check_page(phone.client.get("/F/", query_string={"code": " "}))
    assert page.status == 422
    assert page.error("code")


def test_the_page_speaks_the_phones_language(app: Flask, form: Form) -> None:
    for header, locale in (
        ("zh-CN,zh;q=0.9", "zh_Hans"),
        ("zh-TW", "zh_Hant"),
        ("en-GB,en;q=0.8", "en"),
        ("ja,en;q=0.5", "ja"),
        ("pt,fr;q=0.5", "fr"),
        ("pt", "en"),
    ):
        page = check_page(
            app.test_client().get(f"/F/{form.code}", headers={"Accept-Language": header})
        )
        heading = load_catalogues(locale).gettext("Your tax refund")
        assert (page.root.get("lang"), page.h1) == (locale.replace("_", "-"), heading)


def test_the_language_can_be_changed_on_the_page(app: Flask, form: Form) -> None:
    phone = app.test_client()
    page = check_page(phone.get(f"/F/{form.code}?lang=zh_Hans", headers={"Accept-Language": "en"}))
    assert page.h1 == "您的退税"
    kept = check_page(phone.get(f"/F/{form.code}", headers={"Accept-Language": "en"}))
    assert kept.h1 == "您的退税"


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_first_view_weighs_at_most_60_kb(app: Flask, form: Form, language: str) -> None:
    phone = browser(app, language)
    answer = phone.get(f"/F/{form.code}")
    assert answer.status_code == 200, "the amount is there without a detour"
    wanted = set(re.findall(r'(?:src|href)="/static/([^"#]+)', answer.text))
    for name in [name for name in wanted if name.endswith(".js")]:
        # What a script imports from the start is fetched too; the rest waits for a page's need.
        script = (static_folder() / name).read_text(encoding="utf-8")
        wanted |= {
            f"js/{also}" for also in re.findall(r'^import .*"\./(.+)";', script, re.MULTILINE)
        }
    total = len(answer.data) + sum((static_folder() / name).stat().st_size for name in wanted)
    assert {"css/parts.css", "js/app.js", "js/copy.js", "img/signs.svg"} <= wanted
    assert not any("htmx" in path for path in wanted)
    assert total <= WEIGHT_MOST, f"{total} bytes"


def test_the_network_sends_the_traveller_back_to_the_name_the_phone_knows(
    phone: Phone, ports: Ports
) -> None:
    phone.unlock()
    phone.details()
    for host, base in (
        ("localhost", "http://localhost"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("evil.example", "http://localhost"),
    ):
        answer = phone.app.test_client(use_cookies=False).post(
            f"{phone.at}/agreement",
            data={"form_token": phone.token, "signed_name": "Chan Tai Man"},
            headers={"Host": host, "Cookie": phone.cookies},
        )
        assert answer.status_code == 303
        session = phone.network.kept.card_session(answer.location.rpartition("/")[2])
        assert session is not None
        assert session.request.return_url == f"{base}{phone.at}/card"


def test_the_front_page_leads_each_audience_to_its_beginning(app: Flask) -> None:
    for language in ("en", "zh_Hans"):
        page = check_page(browser(app, language).get("/"))
        for path in ("/traveller/", "/store/", "/customs/", "/operator/"):
            assert path in page.links()
        assert page.named("code") is not None


def test_a_code_of_an_unknown_key_is_not_ours(app: Flask, ports: Ports, tmp_path: Path) -> None:
    folder = tmp_path / "other-keys"
    folder.mkdir(mode=0o700)
    other = KeyFile(folder)
    other.create_missing(ports.clock.now() - timedelta(days=1))
    foreign = issued(replace(ports, keys=other), 9)
    page = check_page(browser(app).get(f"/F/{foreign.code}"))
    assert (page.status, page.h1) == (422, "This code is not ours")
