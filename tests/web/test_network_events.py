"""`/network/events`: the sandbox's own sender against our route, with every fault it can have."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from refund.app import create_app
from refund.config import Settings
from refund.core.form import Form, Status
from refund.gateways.notices import TOLERANCE, webhook_secret
from refund.sandbox.faults import Fault
from refund.sandbox.webhooks import WebhookSender, signature
from refund.web.network_events import (
    AT_ONCE,
    BODY_BYTES_MAX,
    IN_A_ROW,
    KEY,
    SAID_IN_A_ROW,
    Gate,
    TooMany,
)
from tests import make
from tests.services.hold_steps import asked, issued_today, open_kinds, the_hold
from tests.services.steps import agreed, claimed, status
from tests.web.people import browser
from tests.world import World

PATH = "/network/events"


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


class Mail:
    """The sandbox's sender, whose letters reach our route; `statuses` is what was answered."""

    def __init__(self, world: World, client: FlaskClient) -> None:
        self.world = world
        self.client = client
        self.statuses: list[int] = []
        self.letters: list[tuple[bytes, Mapping[str, str]]] = []
        self._sender = WebhookSender(world.book, self._post, self.secret)

    @property
    def secret(self) -> str:
        """What both sides know."""
        return webhook_secret(self.world.ports.keys.secret("webhook"))

    def _post(self, body: bytes, headers: Mapping[str, str]) -> int:
        self.letters.append((body, headers))
        answer = self.client.post(PATH, data=body, headers=dict(headers))
        self.statuses.append(answer.status_code)
        return answer.status_code

    def deliver(self) -> list[int]:
        """Send all that is due, and tell what was answered."""
        self.statuses.clear()
        self.world.book.pass_time()
        self._sender.send_due(self.world.clock.at)
        return self.statuses

    def post(self, body: bytes, at: datetime | None = None, **headers: str) -> TestResponse:
        """Post a body, signed now unless the test says otherwise."""
        moment = int((at or self.world.clock.at).timestamp())
        signed = {"Network-Signature": signature(self.secret, moment, body)}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(PATH, data=body, headers=signed | named)


@pytest.fixture
def mail(world: World, app: Flask) -> Mail:
    return Mail(world, browser(app))


def paid_in(world: World, number: str = make.PENDING_THEN_PAID) -> Form:
    """A form whose payout the bank works on."""
    return claimed(world, agreed(world, issued_today(world)), number)


def kept(world: World) -> int:
    """How many notices are kept."""
    rows = world.book.file.rows("SELECT body FROM webhook")
    ids = [json.loads(row[0])["event_id"] for row in rows]
    found = world.ports.storage.read(lambda tx: [tx.network_event(one) for one in ids])
    return sum(one is not None for one in found)


def test_a_change_is_told_and_taken_in_without_a_session_or_a_form(
    world: World, mail: Mail
) -> None:
    form = paid_in(world)
    assert form.status is Status.ADVANCING
    world.clock.pass_by(minutes=10)
    assert set(mail.deliver()) == {204}
    assert status(world, form) is Status.ADVANCED
    assert mail.deliver() == [], "what was taken is not sent again"


def test_nothing_is_said_in_any_answer(mail: Mail, world: World) -> None:
    paid_in(world)
    mail.deliver()
    body = mail.letters[0][0]
    for answer in (
        mail.post(body),
        mail.post(body, at=world.clock.at - timedelta(hours=1)),
        mail.post(b"{}"),
        mail.client.post(PATH, data=body),
    ):
        assert answer.data == b""
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("fault", "refused"),
    [("webhook_forged", 401), ("webhook_stale", 401), ("webhook_other_merchant", 401)],
)
def test_what_comes_besides_the_true_notice_is_refused_and_never_kept(
    world: World, mail: Mail, fault: str, refused: int
) -> None:
    form = paid_in(world)
    world.book.faults.switch_on(Fault(fault))
    world.clock.pass_by(minutes=10)
    assert sorted(set(mail.deliver())) == [204, refused]
    assert status(world, form) is Status.ADVANCED
    assert world.paid_fen() == make.NET_FEN
    assert kept(world) == mail.statuses.count(204)


def test_a_notice_fifty_times_is_answered_fifty_times_and_counts_once(
    world: World, mail: Mail
) -> None:
    form = paid_in(world)
    world.book.faults.switch_on(Fault("webhook_times_50"))
    world.clock.pass_by(minutes=10)
    assert set(mail.deliver()) == {204}
    assert len(mail.statuses) >= 50
    assert status(world, form) is Status.ADVANCED


@pytest.mark.parametrize(
    ("fault", "after"),
    [("webhook_reordered", timedelta(minutes=15)), ("webhook_late", timedelta(days=3))],
)
def test_a_notice_that_is_overtaken_or_days_late_changes_nothing_that_is_known(
    world: World, mail: Mail, fault: str, after: timedelta
) -> None:
    world.book.faults.switch_on(Fault(fault, kind="hold", times=1))
    form = paid_in(world, make.VISA)
    early = set(mail.deliver())
    world.clock.at += after
    assert (early, set(mail.deliver())) == ({204}, {204})
    assert status(world, form) is Status.ADVANCED
    assert open_kinds(world) == []


def test_a_replayed_notice_counts_once_and_is_stale_after_five_minutes(
    world: World, mail: Mail
) -> None:
    paid_in(world)
    mail.deliver()
    body, headers = mail.letters[-1]
    before = kept(world)
    assert mail.client.post(PATH, data=body, headers=dict(headers)).status_code == 204
    world.clock.at += TOLERANCE + timedelta(seconds=1)
    assert mail.client.post(PATH, data=body, headers=dict(headers)).status_code == 401
    assert kept(world) == before


def test_truncated_changed_and_doubled_notices_are_refused(world: World, mail: Mail) -> None:
    paid_in(world)
    mail.deliver()
    body, headers = mail.letters[-1]
    sent = dict(headers)
    for text in (body[:-1], body + b" ", body.replace(b"fen", b"fan"), b""):
        assert mail.client.post(PATH, data=text, headers=sent).status_code == 401
    for text in (b"{}", b"[]", b"", body[:40], body[:-1] + b',"merchant":"refund"}'):
        assert mail.post(text).status_code == 400
    twice = [("Network-Signature", sent["Network-Signature"])] * 2
    assert mail.client.post(PATH, data=body, headers=twice).status_code == 401


def test_a_notice_that_is_longer_than_any_is_too_large(mail: Mail) -> None:
    for size in (BODY_BYTES_MAX + 1, 10_000_000):
        assert mail.post(b"x" * size).status_code == 413


def test_while_the_network_cannot_be_asked_it_is_told_to_tell_again(
    world: World, mail: Mail
) -> None:
    form = paid_in(world)
    mail.deliver()
    world.clock.pass_by(minutes=10)
    world.book.pass_time()
    world.network.unplugged = True
    assert set(mail.deliver()) == {503}
    assert status(world, form) is Status.ADVANCING
    world.network.unplugged = False
    world.clock.pass_by(seconds=10)
    assert set(mail.deliver()) == {204}
    assert status(world, form) is Status.ADVANCED


def test_a_payout_that_comes_back_days_later_is_told(world: World, mail: Mail) -> None:
    form = paid_in(world, make.PAYOUT_RETURNED)
    world.clock.pass_by(days=2, minutes=1)
    mail.deliver()
    assert asked(world, form)[-1].state.value == "returned"
    assert open_kinds(world) == ["advance_returned"]


def test_a_hold_that_the_bank_ends_is_told(world: World, mail: Mail) -> None:
    form = paid_in(world, make.VISA)
    world.book.end_hold_early(the_hold(world, form).reference)
    mail.deliver()
    assert the_hold(world, form).state.value == "ended"
    assert open_kinds(world) == ["unsecured"]


def test_no_form_of_a_page_is_taken_there_and_no_notice_elsewhere(mail: Mail) -> None:
    assert mail.client.get(PATH).status_code == 405
    assert mail.client.post(PATH, data={"form_token": "x"}).status_code == 401
    signed = {"Network-Signature": signature(mail.secret, 1, b"{}")}
    assert mail.client.post("/store/sign-out", data=b"{}", headers=signed).status_code == 400


def test_more_notices_than_are_looked_at_are_sent_away_and_come_again(
    world: World, app: Flask, mail: Mail
) -> None:
    form = paid_in(world, make.VISA)
    seconds = [0.0]
    app.extensions[KEY] = Gate(lambda: seconds[0])
    body = told_once(world)
    statuses = [mail.post(body).status_code for _ in range(IN_A_ROW + 5)]
    assert statuses == [204] * IN_A_ROW + [429] * 5
    assert "Retry-After" in mail.post(body).headers
    assert mail.client.post(PATH, data=body).status_code == 401
    seconds[0] += 1
    assert mail.post(body).status_code == 204
    assert status(world, form) is Status.ADVANCED


def told_once(world: World) -> bytes:
    """The body of the first notice."""
    (row,) = world.book.file.rows("SELECT body FROM webhook WHERE number = 1")
    return str(row[0]).encode()


def test_whoever_forges_many_takes_no_place_and_fills_no_log(
    world: World, mail: Mail, caplog: pytest.LogCaptureFixture
) -> None:
    paid_in(world, make.VISA)
    forged = signature("forged", int(world.clock.at.timestamp()), b"{}")
    for _ in range(2 * IN_A_ROW):
        answer = mail.client.post(PATH, data=b"{}", headers={"Network-Signature": forged})
        assert answer.status_code == 401
    assert set(mail.deliver()) == {204}
    assert caplog.text.count("not believed") <= SAID_IN_A_ROW + 5


def test_a_gate_lets_so_many_through_at_once_and_no_more() -> None:
    gate, inside, over = Gate(), threading.Semaphore(0), threading.Event()

    def pass_through() -> None:
        with gate.passed():
            inside.release()
            over.wait(10)

    threads = [threading.Thread(target=pass_through) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert inside.acquire(timeout=10)
    with pytest.raises(TooMany), gate.passed():
        raise AssertionError("one too many")
    over.set()
    for thread in threads:
        thread.join()
    with gate.passed():
        pass
