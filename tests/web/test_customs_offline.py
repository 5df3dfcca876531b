"""The officer's work without the network: its page, the shift, what is sent, and the reviews."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.form import Form, Status
from refund.core.people import Role
from refund.services.issue import void_form
from refund.web.customs_offline import KEPT
from tests import make
from tests.services import steps
from tests.web.customs_desk import code_of, post, shown
from tests.web.page import check_page
from tests.web.people import SignIn, browser
from tests.world import World

DEVICE = "0123456789abcdef"


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the browser at the customs desk of Wuhan, signed in."""
    return sign_in(client, Role.OFFICER)


def begun(desk: FlaskClient) -> dict[str, Any]:
    """What the device gets at the start of a shift."""
    response = post(desk, "/customs/offline/shift", device_id=DEVICE)
    assert response.status_code == 200
    kit: dict[str, Any] = response.get_json()
    return kit


def entry(world: World, form: Form, number: int = 1, **changes: object) -> dict[str, object]:
    """A decision as the device keeps it."""
    at = world.clock.now().isoformat()
    good: dict[str, object] = {
        "decision_id": f"{number:032x}",
        "sequence": number,
        "code": code_of(form),
        "form_id": form.form_id,
        "act": "confirm",
        "decided_at": at,
        "scanned_at": at,
        "lines": None,
        "seen": None,
        "place": "before_check_in",
        "reason": "",
        "note": "",
    }
    return {**good, **changes}


def sent(
    desk: FlaskClient, world: World, shift: str, *entries: dict[str, object], **changes: object
) -> TestResponse:
    """Send decisions as the page does: as JSON, with the token in a header."""
    token = desk.get("/customs/offline/state").get_json()["token"]
    batch = {"shift": shift, "sent_at": world.clock.now().isoformat(), "decisions": list(entries)}
    return desk.post(
        "/customs/offline/decisions",
        data=json.dumps({**batch, **changes}),
        headers={"X-Form-Token": token, "Content-Type": "application/json"},
    )


def outcome(response: TestResponse) -> tuple[str, str]:
    """What became of the one decision that was sent."""
    (said,) = response.get_json()["taken"]
    return said["outcome"], said["why"]


def test_the_page_names_every_file_that_it_needs_and_all_of_them_are_there(
    desk: FlaskClient,
) -> None:
    response = desk.get("/customs/offline")
    page = check_page(response)
    kept = next(e.get("data-kept") or "" for e in page.root.iter() if e.get("data-kept")).split()
    assert len(kept) == len(KEPT) + 1
    for path in kept:
        with desk.get(path) as file:
            assert file.status_code == 200, path
    assert "Not yet confirmed" in response.text


def test_only_pages_that_read_with_the_camera_may_compile_its_reader(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    allowed = {"/customs/", "/customs/offline", f"/customs/forms/{form.form_id}"}
    others = {"/customs/figures", "/customs/reviews", f"/customs/forms/{form.form_id}/lines"}
    for path in allowed | others:
        policy = desk.get(path).headers["Content-Security-Policy"]
        assert ("'wasm-unsafe-eval'" in policy) == (path in allowed), path
        assert "'unsafe-eval'" not in policy.replace("wasm-unsafe-eval", "")


def test_the_reader_comes_from_here_as_webassembly(desk: FlaskClient) -> None:
    with desk.get("/static/vendor/zxing/zxing_reader.wasm") as response:
        assert response.content_type == "application/wasm"


def test_the_worker_may_answer_for_the_customs_pages_alone(desk: FlaskClient) -> None:
    with desk.get("/customs/worker.js") as response:
        assert response.status_code == 200
        assert "javascript" in response.content_type
        assert "Service-Worker-Allowed" not in response.headers


def test_a_shift_takes_along_the_keys_and_the_forms_and_nobodys_name_in_clear(
    desk: FlaskClient, world: World
) -> None:
    steps.claimed(world)
    response = post(desk, "/customs/offline/shift", device_id=DEVICE)
    kit = response.get_json()
    assert [key["alg"] for key in kit["keys"]] == ["Ed25519"]
    assert len(kit["rows"]) == 1
    for secret in ("CHAN", "H12345678", "Leather"):
        assert secret not in response.text
    assert kit["port"] == "WUH"


def test_a_device_without_a_name_begins_no_shift(desk: FlaskClient) -> None:
    for wrong in ("", "short", "with blanks in it", "x" * 65, "ключключ"):
        assert post(desk, "/customs/offline/shift", device_id=wrong).status_code == 422


def test_what_was_decided_offline_counts_and_sent_twice_is_answered_alike(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    shift = begun(desk)["shift"]
    first = sent(desk, world, shift, entry(world, form))
    assert outcome(first) == ("applied", "")
    assert steps.status(world, form) is Status.VERIFIED
    again = sent(desk, world, shift, entry(world, form))
    assert again.get_json() == first.get_json()


def test_what_is_no_batch_is_refused_whole(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    shift = begun(desk)["shift"]
    good = entry(world, form)
    wrong = (
        {"decision_id": "x"},
        {"form_id": "1"},
        {"act": "release"},
        {"sequence": 0},
        {"decided_at": "2025-07-08T14:00:00"},
        {"port": "YIH"},
        {"lines": [{"key": [0, 0], "quantity": -1}]},
    )
    for change in wrong:
        response = sent(desk, world, shift, {**good, **change})
        assert response.status_code == 422, change
    assert sent(desk, world, shift, decisions=[good] * 101).status_code == 422
    assert steps.status(world, form) is Status.ADVANCED


def test_a_shift_of_somebody_else_takes_nothing_in(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    begun(desk)
    assert sent(desk, world, "event-9999", entry(world, form)).status_code == 404
    assert post(desk, "/customs/offline/end", shift="event-9999").status_code == 404


def test_a_browser_that_is_signed_out_is_told_so_and_sends_nothing(
    app: Flask, world: World
) -> None:
    stranger = browser(app)
    assert stranger.get("/customs/offline/state").status_code == 302
    token = check_page(stranger.get("/customs/sign-in")).token
    answer = stranger.post("/customs/offline/decisions", data="{}", headers={"X-Form-Token": token})
    assert answer.status_code == 401


def test_a_conflict_waits_on_the_page_of_reviews_with_both_sides(
    desk: FlaskClient, world: World
) -> None:
    form = steps.issued(world)
    shift = begun(desk)["shift"]
    said = entry(world, form)
    world.clock.pass_by(minutes=5)
    void_form(world.ports, world.clerk, form.form_id, "returned")
    assert outcome(sent(desk, world, shift, said)) == ("review", "form_void")
    assert "The form was cancelled or replaced" in shown(desk, "/customs/reviews").text
    path = f"/customs/reviews/{said['decision_id']}"
    page = shown(desk, path)
    for text in ("What was decided offline", "What the service knows", "cannot count any more"):
        assert text in page.text
    assert post(desk, path, aside="yes", reason=" ").status_code == 422
    assert post(desk, path, aside="yes", reason="the store confirmed it").status_code == 303
    assert "This review is over" in shown(desk, path).text
    assert "Nothing waits for a person" in shown(desk, "/customs/reviews").text
    assert post(desk, path, aside="yes", reason="once more").status_code == 409
    assert steps.status(world, form) is Status.VOID


def test_an_officer_lets_no_decision_of_their_own_count(desk: FlaskClient, world: World) -> None:
    form = steps.claimed(world)
    shift = begun(desk)["shift"]
    said = entry(world, form)
    late = (world.clock.now() + timedelta(minutes=30)).isoformat()
    assert outcome(sent(desk, world, shift, said, sent_at=late)) == ("review", "clock_moved")
    path = f"/customs/reviews/{said['decision_id']}"
    assert "Somebody other than the officer" in shown(desk, path).text
    assert post(desk, path, apply="yes", reason="it is right").status_code == 403
    assert steps.status(world, form) is Status.ADVANCED


def test_the_figures_of_the_day_are_those_of_the_own_port(desk: FlaskClient, world: World) -> None:
    empty = shown(desk, "/customs/figures")
    assert "Nothing decided today" in empty.text
    form = steps.claimed(world)
    shift = begun(desk)["shift"]
    scanned = world.clock.now().isoformat()
    world.clock.pass_by(seconds=48)
    said = entry(world, form, scanned_at=scanned)
    assert outcome(sent(desk, world, shift, said)) == ("applied", "")
    other = steps.issued(world, make.draft("25422000000000000002"), "key-2")
    shown(desk, f"/customs/forms/{other.form_id}")
    world.clock.pass_by(seconds=20)
    post(desk, f"/customs/forms/{other.form_id}/refuse", reason="goods_differ", for_good="yes")
    page = shown(desk, "/customs/figures")
    for text in ("Decided today 2", "decision 34", "median of 2", "Decided offline 1", "50 % of"):
        assert text in page.text
    assert "The goods are not those of the form" in page.text
