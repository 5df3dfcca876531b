"""The traveller's way on the phone: every step survives reload, going back, a second tap."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from refund.core.form import Channel, Form, Status
from refund.core.operation import Kind
from refund.ports import Ports
from refund.services.later import work_once
from refund.simulation.engine.network import BookNetwork, Fault
from tests import make
from tests.web.page import Page, check_page
from tests.web.people import HandClock, browser
from tests.web.phone import Phone, a_wrong_code, code_of, issued, paid, status

NET = "1,033.92"


def test_from_the_scan_to_the_money(phone: Phone, ports: Ports, form: Form) -> None:
    summary = phone.scan()
    for said in ("11,488.00", "1,263.68", "229.76", NET, "25 Jul 2025", "Wuhan Tianhe"):
        assert said in summary.text
    phone.unlock()
    assert phone.page().h1 == "Your details"
    assert phone.details().status_code == 303
    agreement = phone.page()
    assert agreement.h1 == "Agreement on the advance"
    for said in (form.form_number[-5:-1], "CHAN TAI MAN", NET, "25 Jul 2025", "3 working days"):
        assert said in agreement.text
    confirm = phone.give_card(phone.sign())
    page = phone.page(confirm)
    assert f"Get CNY {NET} now" in page.text
    assert "Visa ···· 1111" in page.text
    assert phone.post(confirm).status_code == 303
    arrived = phone.page()
    assert arrived.h1 == "The money has arrived"
    assert "0 seconds after your scan" in arrived.text
    assert status(ports, form) is Status.ADVANCED


def test_the_time_from_scan_to_money_is_told(phone: Phone, clock: HandClock) -> None:
    confirm = phone.give_card(phone.agree())
    clock.move(seconds=48)
    phone.post(confirm)
    assert "48 seconds after your scan" in phone.page().text


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay", "bank_account"])
def test_every_way_to_be_paid_ends_with_the_money(phone: Phone, method: str) -> None:
    assert phone.claim(method=method).h1 == "The money has arrived"


def test_every_step_can_be_reloaded_and_gone_back_to(
    phone: Phone, ports: Ports, form: Form, network: BookNetwork
) -> None:
    confirm = phone.give_card(phone.agree())
    before = status(ports, form)
    for path in ("", "/claim-code", "/details", "/agreement", "/card", confirm, "/ordinary") * 2:
        phone.page(path)
    assert status(ports, form) is before is Status.AGREED
    phone.post(confirm)
    for path in ("", "/claim-code", "/details", "/card", confirm, "/ordinary"):
        assert phone.page(path).h1 == "The money has arrived"
    assert phone.page("/agreement").h1 == "Agreement on the advance"
    assert len(paid(network)) == 1


def test_what_is_posted_again_from_an_old_page_leads_to_where_the_form_stands(
    phone: Phone, network: BookNetwork
) -> None:
    confirm = phone.give_card(phone.agree())
    phone.post(confirm)
    for path in ("/agreement", "/card", confirm, "/again", "/details", "/ordinary", "/claim-code"):
        answer = phone.post(path, document_tail="5678", method="card", signed_name="CHAN")
        assert answer.status_code == 303, path
        assert answer.location.endswith(phone.at), path
    assert phone.page().h1 == "The money has arrived"
    assert len(paid(network)) == 1


def test_two_taps_at_once_pay_once(phone: Phone, network: BookNetwork) -> None:
    confirm = phone.give_card(phone.agree())
    with ThreadPoolExecutor(4) as pool:
        taps = list(pool.map(lambda _: phone.post(confirm).status_code, range(4)))
    assert taps == [303] * 4
    assert phone.page().h1 == "The money has arrived"
    assert len(paid(network)) == 1


def test_two_phones_with_a_card_each_are_paid_once(
    app: Flask, ports: Ports, network: BookNetwork, form: Form
) -> None:
    first, second = (Phone(app, ports, network, form) for _ in range(2))
    confirm = first.give_card(first.agree())
    second.unlock()
    other = second.another_card("5555555555554444")
    assert first.post(confirm).status_code == second.post(other).status_code == 303
    for phone in (first, second):
        assert phone.page().h1 == "The money has arrived"
    assert len(paid(network)) == 1


def test_a_second_phone_needs_the_claim_code_too(
    phone: Phone, app: Flask, ports: Ports, network: BookNetwork, form: Form
) -> None:
    phone.claim()
    other = Phone(app, ports, network, form)
    seen = other.scan()
    assert seen.h1 == "Your tax refund"
    assert "1111" not in seen.text
    for path in ("", "/details", "/agreement", "/card", "/ordinary"):
        assert other.page(path).h1 == "Your tax refund"
    assert other.post("/ordinary").location.endswith(other.at)
    other.unlock()
    assert other.page().h1 == "The money has arrived"


def test_five_wrong_codes_close_the_form_for_the_right_one_too(
    phone: Phone, ports: Ports, form: Form
) -> None:
    phone.scan()
    for left in (4, 3, 2, 1):
        answer = phone.post("/claim-code", claim_code=a_wrong_code(ports, form))
        assert answer.status_code == 303
        for _ in ("at first", "loaded again, which costs no try"):
            said = check_page(phone.client.get(answer.location)).error("claim_code")
            assert f"tries left: {left}" in said
    assert phone.post("/claim-code", claim_code=a_wrong_code(ports, form)).status_code == 303
    right = phone.post("/claim-code", claim_code=code_of(ports, form))
    assert "Closed for claims by phone" in phone.page().text
    assert "Closed for claims by phone" in check_page(phone.client.get(right.location)).text
    assert "Show this page and your document in the store" in phone.page().text


def test_a_phone_that_was_let_in_stays_in_when_others_guess(
    phone: Phone, app: Flask, ports: Ports, network: BookNetwork, form: Form
) -> None:
    phone.unlock()
    guesser = Phone(app, ports, network, form)
    guesser.scan()
    for _ in range(5):
        guesser.post("/claim-code", claim_code=a_wrong_code(ports, form))
    assert phone.page().h1 == "Your details"


def test_no_identity_is_shown_before_the_claim_code(phone: Phone) -> None:
    phone.scan()
    for path in ("", "/details", "/agreement", "/card", "/ordinary", "/claim-code"):
        page = phone.get(path).text
        for secret in ("CHAN", "陳大文", "H12345678", "5678"):
            assert secret not in page
    assert "CHAN" not in phone.client.get("/traveller/").text


def test_a_phone_sees_only_what_it_scanned_and_the_rest_does_not_exist(
    phone: Phone, ports: Ports
) -> None:
    phone.scan()
    foreign = issued(ports, 2)
    own = phone.client.get("/traveller/forms/0000000000000000")
    assert own.status_code == 404
    for form_id in (foreign.form_id, "zzz", "0" * 400):
        at = f"/traveller/forms/{form_id}"
        for path in ("", "/live", "/details", "/agreement", "/card", "/confirm/session_1"):
            answer = phone.client.get(at + path)
            assert (answer.status_code, answer.text) == (404, own.text), path
    token = phone.page().token
    for path in ("/claim-code", "/details", "/agreement", "/card", "/again", "/ordinary"):
        answer = phone.client.post(
            f"/traveller/forms/{foreign.form_id}{path}", data={"form_token": token}
        )
        assert answer.status_code == 404, path


def test_another_forms_card_page_confirms_nothing(
    phone: Phone, app: Flask, ports: Ports, network: BookNetwork
) -> None:
    other = Phone(app, ports, network, issued(ports, 2))
    session_id = other.agree()
    network.give_card(session_id, make.VISA)
    phone.agree()
    assert phone.get(f"/confirm/{session_id}").status_code == 404
    assert phone.post(f"/confirm/{session_id}").status_code == 404


def test_a_declined_card_leads_to_another_in_the_same_step(
    phone: Phone, network: BookNetwork
) -> None:
    confirm = phone.give_card(phone.agree(), make.DECLINED)
    phone.post(confirm)
    declined = phone.page()
    assert declined.h1 == "The card was declined"
    assert "Give a card" in declined.text
    assert "Refund at departure" in declined.text
    assert phone.page(confirm).h1 == "The card was declined"
    assert phone.post(confirm).status_code == 303
    assert len(network.sent) == 1, "a card that was refused is not asked again"
    assert phone.post(phone.another_card()).status_code == 303
    assert phone.page().h1 == "The money has arrived"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (make.DECLINED, "declined the hold"),
        ("4000000000009995", "not enough free"),
        ("4000000000000069", "expired"),
    ],
)
def test_a_declined_card_says_why(phone: Phone, number: str, reason: str) -> None:
    assert reason in phone.claim(number).text


def test_a_declined_card_leads_to_the_ordinary_refund_in_the_same_step(
    phone: Phone, ports: Ports, form: Form
) -> None:
    phone.claim(make.DECLINED)
    assert phone.post("/ordinary").status_code == 303
    page = phone.page()
    assert page.h1 == "Your refund is paid at departure"
    assert "6 Oct 2025" in page.text
    assert status(ports, form) is Status.ORDINARY


def test_a_refused_payment_leaves_a_choice_and_a_hold_that_can_be_given_up(
    phone: Phone, ports: Ports, form: Form
) -> None:
    held = phone.claim(make.PAYOUT_REFUSED, "alipay")
    assert held.h1 == "The money could not be paid"
    assert phone.post("/again").status_code == 303
    assert phone.page().h1 == held.h1
    refused = phone.details("wechat_pay")
    assert refused.status_code == 409
    assert check_page(refused).error("method")
    assert phone.details("card").status_code == 303
    assert phone.page().h1 == held.h1
    assert phone.post("/ordinary").status_code == 303
    assert status(ports, form) is Status.ORDINARY
    assert "Nothing is held on your card any more" in phone.page().text


def test_while_the_network_is_silent_the_page_waits_and_looks_again(
    phone: Phone, ports: Ports, network: BookNetwork, clock: HandClock, form: Form
) -> None:
    network.faults.append(Fault.LOST)
    waiting = phone.claim()
    assert waiting.h1 == "We are asking your bank"
    assert "Do not pay or claim again" in waiting.text
    poll = next(e for e in waiting.root.iter() if e.get("hx-get"))
    live = str(poll.get("hx-get"))
    assert phone.client.get(live).status_code == 204
    clock.move(minutes=1)
    work_once(ports)
    told = phone.client.get(live)
    assert (told.status_code, told.headers["HX-Refresh"]) == (200, "true")
    settled = phone.page()
    assert settled.h1 == "The money has arrived"
    assert not [e for e in settled.root.iter() if e.get("hx-get")]
    assert len(paid(network)) == 1


def test_a_network_that_does_not_answer_loses_nothing_of_the_way(
    phone: Phone, network: BookNetwork
) -> None:
    phone.unlock()
    phone.details()
    network.unplugged = True
    silent = phone.post("/agreement", signed_name="Chan Tai Man")
    assert silent.status_code == 503
    assert "did not answer" in check_page(silent).text
    network.unplugged = False
    confirm = phone.another_card()
    network.unplugged = True
    assert phone.get(confirm).status_code == 503
    assert check_page(phone.post(confirm)).h1 == "The payment network does not answer"
    network.unplugged = False
    assert phone.post(confirm).status_code == 303
    assert phone.page().h1 == "The money has arrived"


def test_coming_back_without_a_card_leaves_two_ways(phone: Phone, network: BookNetwork) -> None:
    session_id = phone.agree()
    network.kept.cancel_card_session(session_id)
    back = phone.get(f"/card?session={session_id}")
    assert back.status_code == 409
    page = check_page(back)
    assert page.h1 == "No card was given"
    assert "Give a card" in page.text
    assert phone.post(phone.another_card()).status_code == 303
    assert phone.page().h1 == "The money has arrived"


def test_a_card_that_was_given_for_another_way_to_be_paid_is_not_used(phone: Phone) -> None:
    confirm = phone.give_card(phone.agree("card"))
    assert phone.details("alipay").status_code == 303
    assert check_page(phone.post(confirm)).h1 == "No card was given"
    assert phone.post(phone.another_card()).status_code == 303
    assert "Alipay" in phone.page().text


def test_the_agreement_that_was_signed_can_be_read_again(phone: Phone) -> None:
    phone.claim()
    text = phone.page("/agreement").text
    assert "Signed on 8 Jul 2025, 14:00" in text
    assert "By hand, on a phone. · English" in text
    assert "Visa ···· 1111" in text


def test_nothing_is_signed_or_carded_out_of_turn(phone: Phone, ports: Ports) -> None:
    phone.unlock()
    for path in ("/agreement", "/card"):
        assert phone.page(path).h1 == "Your details"
    assert phone.post("/agreement", signed_name="Chan").status_code == 303
    assert phone.post("/card").status_code == 303
    assert phone.post("/confirm/session_1").status_code == 303
    assert status(ports, phone.form) is Status.ISSUED


def test_a_form_for_the_counter_shows_what_to_do_at_departure(
    app: Flask, ports: Ports, network: BookNetwork
) -> None:
    phone = Phone(app, ports, network, issued(ports, 3, channel=Channel.ORDINARY))
    page = phone.scan()
    assert "This refund is paid at your departure" in page.text
    assert page.by_id("f-claim_code") is None


def test_after_the_promise_there_is_no_advance_but_the_ordinary_refund(
    phone: Phone, clock: HandClock
) -> None:
    confirm = phone.give_card(phone.agree())
    clock.move(days=18)
    for path in ("", "/card", "/details", confirm):
        assert phone.page(path).h1 == "Your refund is paid at departure"
    assert phone.post(confirm).status_code == 303
    assert phone.page().h1 == "Your refund is paid at departure"


def test_a_request_without_the_pages_token_is_refused(phone: Phone) -> None:
    phone.scan()
    answer = phone.client.post(f"{phone.at}/claim-code", data={"claim_code": "123456"})
    assert answer.status_code == 400


def test_an_operation_is_asked_in_the_order_hold_then_advance(phone: Phone, ports: Ports) -> None:
    phone.claim()
    asked = ports.storage.read(lambda tx: tx.operations_of(phone.form.form_id))
    assert [operation.kind for operation in asked] == [Kind.HOLD, Kind.ADVANCE]


def test_my_forms_lists_what_this_phone_scanned(phone: Phone, ports: Ports, app: Flask) -> None:
    assert "No form on this phone yet" in check_page(browser(app).get("/traveller/")).text
    phone.claim()
    other = issued(ports, 2)
    phone.client.get(f"/F/{other.code}")
    page: Page = check_page(phone.client.get("/traveller/"))
    assert sorted(page.statuses()) == ["advanced", "issued"]
