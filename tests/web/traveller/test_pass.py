"""The exit pass on the phone, what the phone keeps of it, and what the customs desk makes of it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.core.exit_pass import pass_url
from refund.core.people import Role
from refund.places import static_folder
from refund.ports import Ports
from refund.services.passes import exit_pass
from refund.services.sharing import code_of as share_code
from refund.services.sharing import shares
from refund.services.sign_in import session_hash
from tests.web.customs_desk import answered, scanned
from tests.web.page import check_page
from tests.web.people import CLERK_OF_ANOTHER_STORE, HandClock, SignIn, browser
from tests.web.phone import Phone, code_of, issued

LISTED = re.compile(r'"((?:css|js|img)/[^"]+)"')


def session(phone: Phone) -> str:
    cookie = phone.client.get_cookie("refund_traveller")
    assert cookie is not None
    return session_hash(cookie.value)


def code(phone: Phone) -> str:
    return pass_url("http://localhost", exit_pass(phone.ports, session(phone)).code)


def two_stores(phone: Phone) -> Phone:
    """The phone with its own form paid, and one of another store scanned."""
    phone.claim()
    other = issued(phone.ports, 2, CLERK_OF_ANOTHER_STORE)
    check_page(phone.client.get(f"/F/{other.code}"))
    return phone


def test_the_pass_says_what_by_when_and_where_and_that_the_money_is_safe(phone: Phone) -> None:
    two_stores(phone)
    page = check_page(phone.client.get("/traveller/pass"))
    for words in (
        "Leave by 25 Jul 2025",
        "17 days 10 hours",
        "before you check in your bags",
        "2 forms in one code",
        "Yes, if you keep the promise.",
        "The hold ends by itself",
        "has not given the claim code",
    ):
        assert words in page.text, words
    assert "LI" not in page.text.split("Is my money safe")[1].split("Take it along")[0].split()


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_a_phone_without_forms_is_told_how_one_comes(app: Flask, language: str) -> None:
    check_page(browser(app, language).get("/traveller/pass"))


def test_reminders_come_as_the_last_day_comes_near(phone: Phone, clock: HandClock) -> None:
    phone.claim()
    for days, words in ((10, "7 days left"), (4, "Only 3 days left"), (2, "Tomorrow is the last")):
        clock.move(days=days)
        assert words in check_page(phone.client.get("/traveller/pass")).text
        assert words in phone.page().text
    clock.move(days=1)
    assert "Today is the last day" in phone.page().text


def test_the_form_says_what_is_ahead_and_what_happens_if(phone: Phone) -> None:
    page = phone.claim()
    for words in (
        "Reminders here, and in the calendar file",
        "If the promise is not kept: charged by this day",
        "I miss the customs desk",
        "I leave later than 25 Jul 2025",
        "Exit pass: all my forms in one code",
    ):
        assert words in page.text, words


def test_the_calendar_file_has_the_deadline_of_each_form(phone: Phone) -> None:
    two_stores(phone)
    both = phone.client.get("/traveller/pass.ics")
    assert both.content_type == "text/calendar; charset=utf-8"
    assert both.text.count("BEGIN:VEVENT") == 2
    own = phone.client.get(f"{phone.at}/deadline.ics").text
    assert own.count("BEGIN:VEVENT") == 1
    assert f"UID:{phone.form.form_id}.leave@localhost" in own
    assert "DTSTART;VALUE=DATE:20250725" in own
    assert "Wuhan" in own or "any port" in own


def test_no_calendar_without_a_deadline(app: Flask) -> None:
    assert browser(app).get("/traveller/pass.ics").status_code == 404


def test_another_camera_sees_only_that_it_is_a_pass(phone: Phone, app: Flask) -> None:
    two_stores(phone)
    path = code(phone).removeprefix("HTTP://LOCALHOST")
    stranger = browser(app)
    page = check_page(stranger.get(path))
    assert "It opens nothing on this phone" in page.text
    assert phone.form.form_number not in page.text
    assert stranger.get_cookie("refund_traveller") is None
    assert stranger.get(path[:-1]).status_code == 422
    assert phone.client.get(path).location == "/traveller/pass"


def test_the_desk_sees_every_form_of_a_pass(
    phone: Phone, client: FlaskClient, sign_in: SignIn
) -> None:
    two_stores(phone)
    desk = sign_in(client, Role.OFFICER)
    page = answered(desk, code(phone))
    assert "Exit pass with 2 forms" in page.text
    assert page.text.count("Verify") >= 2
    torn = scanned(desk, code(phone)[:-1])
    assert torn.status_code == 422
    address = scanned(desk, code(phone)).location
    assert code(phone).rpartition("/")[2] not in address
    for wrong in ("", "?form=00000000000000ff", "?form=x", "?form=" + "0" * 17):
        assert desk.get(f"/customs/pass{wrong}").status_code == 404


def test_the_worker_may_keep_what_the_pass_needs(phone: Phone) -> None:
    phone.claim()
    worker = phone.client.get("/traveller/worker.js")
    assert worker.content_type.startswith("text/javascript")
    listed = set(LISTED.findall(worker.text))
    assert all((static_folder() / name).is_file() for name in listed)
    page = phone.client.get("/traveller/pass").text
    needed = set(re.findall(r'(?:href|src)="/static/([^"#]+)', page))
    assert needed <= listed
    assert "data-keeps-pass" in page
    assert "<!--again-->" in phone.client.get("/traveller/offline").text
    assert phone.client.get("/traveller/here").status_code == 204


def test_the_phone_can_put_the_pass_on_its_home_screen(phone: Phone) -> None:
    manifest = phone.client.get("/traveller/app.webmanifest")
    assert manifest.content_type == "application/manifest+json"
    said = manifest.get_json()
    assert said["start_url"] == "/traveller/pass"
    assert said["scope"] == "/traveller/"
    for icon in said["icons"]:
        with phone.client.get(icon["src"]) as picture:
            assert picture.content_type == "image/png"


def test_a_phone_that_forgets_has_no_form_any_more(phone: Phone) -> None:
    phone.claim()
    before = session(phone)
    gone = phone.client.post("/traveller/forget", data={"form_token": phone.token})
    assert "has forgotten" in check_page(gone).text
    assert phone.client.get_cookie("refund_traveller") is None
    assert exit_pass(phone.ports, before).items == ()
    assert phone.client.get(phone.at).status_code == 404


def test_another_phone_takes_the_forms_once(phone: Phone, app: Flask) -> None:
    phone.claim()
    token = phone.token
    made = phone.client.post("/traveller/share", data={"form_token": token})
    assert made.status_code == 303
    page = check_page(phone.client.get("/traveller/share"))
    assert code_of(phone.ports, phone.form) not in page.text
    [share] = shares(phone.ports, session(phone))
    path = f"/S/{share_code(phone.ports, share)}"
    other, third = browser(app), browser(app)
    asked = check_page(other.get(path))
    assert phone.form.form_number not in asked.text
    assert other.get_cookie("refund_traveller") is None
    assert other.post(path, data={"form_token": asked.token}).location == "/traveller/pass"
    assert "Yes, if you keep the promise." in check_page(other.get("/traveller/pass")).text
    assert third.get(path).status_code == 410
    live = "/traveller/share/live?seen=1-0"
    assert phone.client.get(live).headers["HX-Refresh"] == "true"
    assert phone.client.get("/traveller/share/live?seen=0-1").status_code == 204
    seen = check_page(phone.client.get("/traveller/share"))
    assert "Opened on another phone" in seen.text
    end = f"/traveller/share/{share.share_id}/end"
    foreign = third.post(end, data={"form_token": check_page(third.get("/store/sign-in")).token})
    assert foreign.status_code == 404
    assert phone.client.post(end, data={"form_token": token}).status_code == 303
    assert other.get(phone.at).status_code == 404


def test_a_document_adds_forms_and_a_mistyped_zone_is_helped(phone: Phone, ports: Ports) -> None:
    check_page(phone.client.get(f"/F/{phone.form.code}"))
    assert "First open one form" in check_page(phone.client.get("/traveller/others")).text
    phone.unlock()
    issued(ports, 2, CLERK_OF_ANOTHER_STORE)
    zone = "CRCHNH123456783<<<<<<<<<<<<<<<\n8001014M3001019CHN<<<<<<<<<<<6\nLI<<KA<MING"
    wrong = zone.replace("H123456783", "H1234S6783")
    typed = {"form_token": phone.token, "document": wrong}
    page = check_page(phone.client.post("/traveller/others", data=typed))
    assert page.status == 422
    assert "Line 1, character 11: “S” looks wrong, it is probably “5”." in page.text
    typed["corrected_document"] = zone
    done = check_page(phone.client.post("/traveller/others", data=typed))
    assert "1 form was added" in done.text
    other = phone.client.post(
        "/traveller/others", data={"form_token": phone.token, "document": "H87654321"}
    )
    assert other.status_code == 422
