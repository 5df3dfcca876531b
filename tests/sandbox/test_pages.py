"""The network's page: a card is given once, in the traveller's language, and forgotten."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.places import templates_folder
from refund.sandbox.app import create_sandbox
from refund.sandbox.cards import TRIAL_CARDS
from refund.sandbox.settings import SandboxSettings
from refund.translations import load_catalogues
from tests.sandbox.world import (
    RETURN_URL,
    SECRET,
    VISA,
    HandClock,
    Merchant,
    give_card,
    page_token,
    told,
)

SEEN = {"name": "CHAN TAI MAN", "expiry": "12/34", "code": "987", "number": "4111 1111 1111 1111"}


@pytest.fixture
def traveller(sandbox: Flask) -> FlaskClient:
    return sandbox.test_client()


def page_of(merchant: Merchant, **changes: str) -> str:
    return f"/card/{merchant.open_session(**changes)['session_id']}"


def test_a_card_is_given_and_the_merchant_learns_its_last_digits(
    merchant: Merchant, traveller: FlaskClient
) -> None:
    session = merchant.open_session()
    assert session["page_url"] == f"http://127.0.0.1:8100/card/{session['session_id']}"
    sent = give_card(traveller, f"/card/{session['session_id']}", **SEEN)
    assert sent.status_code == 303
    assert sent.location == f"{RETURN_URL}&session={session['session_id']}"
    found = told(merchant.get(f"/v1/card-sessions/{session['session_id']}"))
    assert found["state"] == "entered"
    assert found["payout"] is None
    assert found["card"] | {"token": ""} == {
        "token": "",
        "brand": "Visa",
        "last4": "1111",
        "expiry": "12/34",
    }


@pytest.mark.parametrize(
    ("method", "label"),
    [
        ("alipay", "Alipay ···· 21"),
        ("wechat_pay", "WeChat Pay ···· 21"),
        ("bank_account", "Bank account ···· 0021"),
    ],
)
def test_an_account_is_asked_for_when_the_money_goes_there(
    merchant: Merchant, traveller: FlaskClient, method: str, label: str
) -> None:
    page = page_of(merchant, method=method)
    assert 'name="account"' in traveller.get(page).text
    assert "account-fault" in give_card(traveller, page, **SEEN).text
    assert give_card(traveller, page, **SEEN, account="13800000021").status_code == 303
    found = told(merchant.get(page.replace("/card/", "/v1/card-sessions/")))
    assert found["payout"]["label"] == label
    assert "13800000021" not in str(found)


def test_no_account_is_asked_for_when_the_money_goes_to_the_card(
    merchant: Merchant, traveller: FlaskClient
) -> None:
    assert 'name="account"' not in traveller.get(page_of(merchant)).text


@pytest.mark.rule("ordinary_transfer")
@pytest.mark.parametrize("method", ["alipay", "wechat_pay", "bank_account"])
def test_a_refund_to_an_account_asks_for_no_card_and_says_that_nothing_is_held(
    merchant: Merchant, traveller: FlaskClient, method: str
) -> None:
    page = page_of(merchant, method=method, purpose="refund")
    shown = traveller.get(page).text
    assert 'name="number"' not in shown
    assert "Nothing is held and nothing is charged" in shown
    assert "account-fault" in give_card(traveller, page, account="?").text
    assert give_card(traveller, page, account="13800000021").status_code == 303
    found = told(merchant.get(page.replace("/card/", "/v1/card-sessions/")))
    assert (found["state"], found["card"]) == ("entered", None)
    assert found["payout"]["method"] == method
    assert "13800000021" not in str(found)
    assert "cannot be given twice" in traveller.get(page).text


@pytest.mark.rule("ordinary_transfer")
def test_a_refund_to_a_card_asks_for_the_card_alone(
    merchant: Merchant, traveller: FlaskClient
) -> None:
    page = page_of(merchant, purpose="refund")
    shown = traveller.get(page).text
    assert "The card for your refund" in shown
    assert 'name="account"' not in shown
    assert give_card(traveller, page, **SEEN).status_code == 303
    found = told(merchant.get(page.replace("/card/", "/v1/card-sessions/")))
    assert (found["card"]["last4"], found["payout"]) == ("1111", None)


def test_an_account_alone_behaves_as_the_trial_card_that_ends_alike(
    merchant: Merchant, traveller: FlaskClient
) -> None:
    for account, state in (("62220202000000127", "refused"), ("62220202000000128", "paid")):
        page = page_of(merchant, method="bank_account", purpose="refund", reference=account)
        give_card(traveller, page, account=account)
        token = told(merchant.get(page.replace("/card/", "/v1/card-sessions/")))["payout"]["token"]
        answer = merchant.post(
            "/v1/refunds",
            {
                "reference": f"refund-{account}",
                "payout_token": token,
                "method": "bank_account",
                "amount_fen": 13446,
                "currency": "CNY",
            },
        )
        assert told(answer)["state"] == state


def test_what_was_typed_stays_except_the_security_code(
    merchant: Merchant, traveller: FlaskClient
) -> None:
    answer = give_card(traveller, page_of(merchant), **SEEN | {"number": "4111 1111 1111 1112"})
    assert answer.status_code == 422
    assert 'value="CHAN TAI MAN"' in answer.text
    assert 'value="4111 1111 1111 1112"' in answer.text
    assert "987" not in answer.text
    assert 'aria-describedby="number-fault"' in answer.text
    assert "the check digit does not fit" in answer.text


def test_errors_are_told_in_the_language_of_the_page(
    merchant: Merchant, traveller: FlaskClient
) -> None:
    page = page_of(merchant, language="zh-Hans")
    assert '<html lang="zh-Hans" dir="ltr">' in traveller.get(page).text
    assert "未填卡号" in give_card(traveller, page).text
    english = traveller.get(f"{page}?language=en").text
    assert '<html lang="en" dir="ltr">' in english
    assert "Give this card" in english


def test_a_trial_card_is_given_without_typing(merchant: Merchant, traveller: FlaskClient) -> None:
    page = page_of(merchant)
    shown = traveller.get(page).text
    assert all(f'value="{card.number}"' in shown for card in TRIAL_CARDS)
    assert give_card(traveller, page, trial=VISA).status_code == 303


def test_a_session_takes_one_card(merchant: Merchant, traveller: FlaskClient) -> None:
    page = page_of(merchant)
    token = page_token(traveller.get(page).text)
    give_card(traveller, page, **SEEN)
    first = told(merchant.get(page.replace("/card/", "/v1/card-sessions/")))
    again = traveller.post(page, data={"page_token": token, "trial": "5555555555554444"})
    assert again.status_code == 303
    assert told(merchant.get(page.replace("/card/", "/v1/card-sessions/"))) == first
    over = traveller.get(page).text
    assert "Visa ending in 1111" in over
    assert "<form" not in over


def test_a_traveller_may_go_back_without_a_card(merchant: Merchant, traveller: FlaskClient) -> None:
    page = page_of(merchant)
    token = page_token(traveller.get(page).text)
    back = traveller.post(page, data={"page_token": token, "do": "back"})
    assert (back.status_code, back.location.partition("session=")[0]) == (303, f"{RETURN_URL}&")
    found = told(merchant.get(page.replace("/card/", "/v1/card-sessions/")))
    assert (found["state"], found["card"]) == ("cancelled", None)


def test_a_session_expires(merchant: Merchant, traveller: FlaskClient, clock: HandClock) -> None:
    page = page_of(merchant)
    token = page_token(traveller.get(page).text)
    clock.pass_by(minutes=30)
    assert "open for too long" in traveller.get(page).text
    late = traveller.post(page, data={"page_token": token, **SEEN})
    assert late.status_code == 409
    found = told(merchant.get(page.replace("/card/", "/v1/card-sessions/")))
    assert (found["state"], found["card"]) == ("expired", None)


@pytest.mark.parametrize("token", ["", "guess", "é"])
def test_a_form_that_is_not_from_the_page_is_refused(
    merchant: Merchant, traveller: FlaskClient, token: str
) -> None:
    page = page_of(merchant)
    answer = traveller.post(page, data={"page_token": token, **SEEN})
    assert answer.status_code == 400
    assert "out of date" in answer.text
    assert told(merchant.get(page.replace("/card/", "/v1/card-sessions/")))["state"] == "open"


def test_an_unknown_session_is_a_page_that_is_not_there(traveller: FlaskClient) -> None:
    for answer in (traveller.get("/card/session_x"), traveller.post("/card/session_x", data={})):
        assert answer.status_code == 404
        assert "<h1>" in answer.text


def test_a_form_above_its_limit_is_413(merchant: Merchant, traveller: FlaskClient) -> None:
    answer = traveller.post(page_of(merchant), data={"name": "x" * 20_000})
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_typed_markup_is_shown_as_text(merchant: Merchant, traveller: FlaskClient) -> None:
    answer = give_card(traveller, page_of(merchant), name='"><script>alert(1)</script>')
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("language", ["zh-Hans", "en", "ja"])
def test_every_state_of_the_page_is_sound(
    merchant: Merchant, traveller: FlaskClient, language: str
) -> None:
    page = page_of(merchant, language=language, method="alipay")
    answers = [traveller.get(page), give_card(traveller, page), traveller.get("/nowhere")]
    give_card(traveller, page, trial=VISA, account="13800000021")
    for answer in [*answers, traveller.get(page)]:
        html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)
        assert answer.text.count("<h1>") == 1
        assert "SIMULATION · 模拟" in answer.text
        labelled = set(re.findall(r'<label for="([^"]+)"', answer.text))
        assert labelled == set(re.findall(r'<input id="([^"]+)"', answer.text))
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_form_may_lead_back_to_the_merchant(merchant: Merchant, traveller: FlaskClient) -> None:
    policy = traveller.get(page_of(merchant)).headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:8000;" in policy


def test_every_text_of_the_page_is_translated() -> None:
    catalogue = load_catalogues("zh_Hans")
    texts = {card.label for card in TRIAL_CARDS}
    for path in (templates_folder() / "sandbox").glob("*.html"):
        texts |= set(re.findall(r'_\("([^"]+)"', path.read_text()))
        texts |= set(re.findall(r"_\('([^']+)'\)", path.read_text()))
    assert len(texts) > 40
    assert [text for text in sorted(texts) if catalogue.gettext(text) == text] == []


def test_the_pages_of_a_rehearsal_s_network_say_so(tmp_path: Path) -> None:
    settings = SandboxSettings(str(tmp_path / "s.db"), SECRET, "http://localhost")
    for is_rehearsal in (False, True):
        app = create_sandbox(replace(settings, is_rehearsal=is_rehearsal))
        text = app.test_client().get("/nowhere").text
        assert ("REHEARSAL · 演练" in text) == is_rehearsal
        assert ("SIMULATION · 模拟" in text) != is_rehearsal
        app.extensions["book"].close()
