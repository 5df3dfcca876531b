"""The lab's fault cards in the browser: dealt, seen by whoever plays the desk, and judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from refund.core.calendar import day_of
from refund.core.form import Form, Status
from refund.services.life import the_form
from refund.services.rehearsing import TRAVELLER_DESK
from refund.simulation.rehearsal.bots import Bots, BotThread, open_bots
from refund.simulation.rehearsal.fault_cards import fault_cards
from refund.simulation.rehearsal.network_hand import HandInBook
from refund.simulation.runs import acts
from refund.web.lab_cards import BOTS
from tests import make
from tests.web.page import Page, check_fragment, check_page
from tests.web.people import CLERK, OFFICER
from tests.web.rehearsal import LEARNER, TRAINER, Rehearsal, open_rehearsal, post


@pytest.fixture
def rehearsal(tmp_path: Path, sqlite_url: str, password_hash: str) -> Iterator[Rehearsal]:
    """Return a rehearsal on 8 July 2025, whose bots a test lets go on."""
    with open_rehearsal(tmp_path, sqlite_url, password_hash) as opened:
        hand = HandInBook(opened.book)
        opened.app.extensions[BOTS] = open_bots(opened.ports, opened.host.book, hand)
        yield opened


def bots(rehearsal: Rehearsal) -> Bots:
    found: Bots = rehearsal.app.extensions[BOTS]
    return found


def take(rehearsal: Rehearsal, *desks: str) -> None:
    for desk in desks:
        rehearsal.host.book.take(desk, LEARNER.staff_id, rehearsal.ports.clock.now())


def issued(rehearsal: Rehearsal) -> Form:
    """A form of store 1, for two bags."""
    today = day_of(rehearsal.ports.clock.now())
    draft = make.draft(
        traveller=make.traveller(last_entry=today - timedelta(days=3)),
        invoices=(make.invoice(day=today, lines=(make.line(500_00, quantity=2),)),),
    )
    return acts.issue_form(rehearsal.ports, CLERK, draft, "a page")


def what(page: Page) -> set[str]:
    """What the people before the desks want."""
    return {one.attrib["data-what"] for one in page.root.iter() if "data-what" in one.attrib}


def passes(rehearsal: Rehearsal, minutes: int) -> None:
    """Let time pass with the bots at work."""
    timepiece = rehearsal.host.timepiece
    for _ in range(minutes):
        timepiece.set(timepiece.now() + timedelta(minutes=1))
        bots(rehearsal).go()


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_deck_shows_each_card_with_its_answer_and_sources(
    rehearsal: Rehearsal, language: str
) -> None:
    page = check_page(rehearsal.browser(TRAINER, language).get("/lab/cards"))
    for one in fault_cards().values():
        assert one.title.said(language) in page.text
        assert one.answer.said(language) in page.text
        assert all(rule.source in page.text for rule in one.provisions)


def test_the_deck_is_the_trainers_alone(rehearsal: Rehearsal) -> None:
    assert rehearsal.browser(LEARNER).get("/lab/cards").status_code == 403


def test_a_card_is_dealt_to_a_form_seen_at_the_counter_and_solved(rehearsal: Rehearsal) -> None:
    take(rehearsal, "clerk-1")
    form = issued(rehearsal)
    trainer, learner = rehearsal.browser(TRAINER), rehearsal.browser(LEARNER)
    page = check_page(trainer.get("/lab/cards"))
    typed = {"card": "companions_passport", "to": "form", "form_number": form.form_number}
    assert post(trainer, page, "/lab/cards", **typed).endswith("#dealt-1")
    passes(rehearsal, 5)
    assert "In effect" in check_page(trainer.get("/lab/cards")).text
    before = check_page(learner.get("/lab/queue"))
    own = bots(rehearsal).cards.card(1)
    assert own is not None
    assert own.traveller is not None
    assert own.traveller.document.number in before.text
    assert "is back at the counter" in before.text
    assert fault_cards()["companions_passport"].answer.en not in before.text
    right = own.traveller
    acts.correct_form(
        rehearsal.ports,
        CLERK,
        form.form_id,
        lambda draft: replace(draft, traveller=right),
        "again",
    )
    passes(rehearsal, 1)
    assert "Solved" in check_page(trainer.get("/lab/cards")).text
    after = check_page(learner.get("/lab/queue")).text
    assert fault_cards()["companions_passport"].answer.en in after


def test_what_was_dealt_renews_itself_and_says_nothing_while_nothing_changed(
    rehearsal: Rehearsal,
) -> None:
    trainer = rehearsal.browser(TRAINER)
    page = check_page(trainer.get("/lab/cards"))
    first = trainer.get("/lab/cards/dealt")
    check_fragment(first)
    seen = first.get_data(as_text=True).split("seen=")[1].split('"')[0]
    assert trainer.get(f"/lab/cards/dealt?seen={seen}").status_code == 204
    post(trainer, page, "/lab/cards", card="statement_late")
    assert "The statement is late" in trainer.get(f"/lab/cards/dealt?seen={seen}").text
    assert [one.fault.name for one in rehearsal.book.faults.switched()] == ["statement_late"]


WRONG: list[tuple[str, dict[str, str]]] = [
    ("form_number", {"card": "late_arrival", "form_number": ""}),
    ("form_number", {"card": "late_arrival", "form_number": "12"}),
    ("card", {"card": "no such card"}),
    ("port", {"card": "customs_offline", "port": "XXX"}),
    ("store", {"card": "goods_back", "to": "coming", "store": "x"}),
    ("store", {"card": "goods_back", "to": "coming", "store": "999"}),
]


def test_what_cannot_be_dealt_is_said_beside_its_field(rehearsal: Rehearsal) -> None:
    trainer = rehearsal.browser(TRAINER)
    page = check_page(trainer.get("/lab/cards"))
    for field, typed in WRONG:
        answer = trainer.post("/lab/cards", data={"form_token": page.token, **typed})
        assert answer.status_code in {404, 422}
        assert f'id="f-{field}-error"' in answer.get_data(as_text=True)
        check_page(answer)
    assert not bots(rehearsal).cards.newest()


def test_a_card_that_does_not_fit_the_form_is_said(rehearsal: Rehearsal) -> None:
    trainer, form = rehearsal.browser(TRAINER), issued(rehearsal)
    page = check_page(trainer.get("/lab/cards"))
    typed = {"card": "hold_ends_early", "to": "form", "form_number": form.form_number}
    answer = trainer.post("/lab/cards", data={"form_token": page.token, **typed})
    assert answer.status_code == 409
    assert "does not fit" in check_page(answer).text


def test_a_customs_desk_that_is_cut_off_answers_nothing_but_what_its_device_has(
    rehearsal: Rehearsal,
) -> None:
    learner, trainer = rehearsal.browser(LEARNER), rehearsal.browser(TRAINER)
    page = check_page(learner.get("/lab/"))
    post(learner, page, f"/lab/desks/{OFFICER.staff_id}/take")
    assert learner.get("/customs/").status_code == 200
    post(
        trainer,
        check_page(trainer.get("/lab/cards")),
        "/lab/cards",
        card="customs_offline",
        port="WUH",
    )
    assert learner.get("/customs/").status_code == 503
    assert learner.get("/customs/offline").status_code == 200
    passes(rehearsal, 1)
    assert "The line of your desk is cut." in check_page(learner.get("/lab/queue")).text
    passes(rehearsal, 31)
    assert learner.get("/customs/").status_code != 503
    dealt = bots(rehearsal).cards.card(1)
    assert dealt is not None
    assert dealt.is_solved


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_each_desk_shows_who_stands_there(rehearsal: Rehearsal, language: str) -> None:
    everyone = [one.login for one in rehearsal.ports.storage.read(lambda tx: tx.staff_register())]
    take(rehearsal, TRAVELLER_DESK, *(login for login in everyone if "clerk" in login))
    take(rehearsal, "officer-1", "operator-1")
    form = issued(rehearsal)
    passes(rehearsal, 2)
    learner = rehearsal.browser(LEARNER, language)
    page = check_page(learner.get("/lab/queue"))
    assert {"claims", "buys"} <= what(page)
    post(learner, page, f"/lab/queue/{form.form_id}/to-port")
    passes(rehearsal, 1)
    page = check_page(learner.get("/lab/queue"))
    assert "shows_goods" in what(page)
    acts.show_goods(rehearsal.ports, OFFICER, form)
    page = check_page(learner.get("/lab/queue"))
    assert "is_paid" in what(page)
    now = rehearsal.ports.storage.read(lambda tx: the_form(tx, form.form_id))
    assert now.status.value == "ordinary_verified"


def test_only_who_plays_the_travellers_sends_them_to_the_port(rehearsal: Rehearsal) -> None:
    form, learner = issued(rehearsal), rehearsal.browser(LEARNER)
    page = check_page(learner.get("/lab/queue"))
    path = f"/lab/queue/{form.form_id}/to-port"
    assert learner.post(path, data={"form_token": page.token}).status_code == 409


def test_while_the_clock_stands_the_thread_rests_and_wakes_when_it_goes(
    rehearsal: Rehearsal,
) -> None:
    form = issued(rehearsal)
    thread = BotThread(bots(rehearsal), period_seconds=0.01)
    thread.start()
    try:
        waits_for(lambda: not bots(rehearsal).go())
        timepiece = rehearsal.host.timepiece
        for _ in range(3):
            timepiece.set(timepiece.now() + timedelta(hours=1))
            waits_for(lambda: not bots(rehearsal).go())
    finally:
        thread.stop()
    now = rehearsal.ports.storage.read(lambda tx: the_form(tx, form.form_id))
    assert now.status is Status.ADVANCED


def waits_for(holds: Callable[[], bool]) -> None:
    """Look again and again, ten seconds at most."""
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)
