"""The traveller's claim, from the scan to the card: what is mistyped, foreign, late or declined."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from refund.core.errors import Refused
from refund.core.form import Channel, Method, Status
from refund.core.ledger import Account
from refund.core.operation import GuaranteeState
from refund.core.signing import code_url, sign, verify
from refund.services import claim, later
from refund.services.issue import void_form
from tests import make
from tests.services.steps import (
    PHONE,
    RETURN_URL,
    agreed,
    card,
    claim_code_of,
    claimed,
    issued,
    on,
    status,
    unlocked,
)
from tests.world import PUBLIC_URL, World


@pytest.mark.rule("advance_is_net")
@pytest.mark.rule("hold_before_advance")
def test_a_form_is_advanced_from_scan_to_money(world: World) -> None:
    form = claimed(world)
    assert form.status is Status.ADVANCED
    seen = claim.view(world.ports, PHONE, form.form_id)
    assert seen.advance is not None
    assert (seen.advance.amount_fen, seen.advance.method) == (make.NET_FEN, "card")
    assert seen.guarantee is not None
    assert (seen.guarantee.last4, seen.guarantee.state) == ("1111", GuaranteeState.HELD)
    assert [o.kind.value for o in seen.operations] == ["hold", "advance"]
    assert [kind for kind, _ in seen.moments] == [
        "sign_agreement",
        "request_hold",
        "hold_succeeded",
        "request_advance",
        "advance_succeeded",
    ]
    assert world.paid_fen() == make.NET_FEN
    balances = world.ports.storage.read(lambda tx: tx.balances())
    assert set(balances) == {account.value for account in Account}
    assert {account: fen for account, fen in balances.items() if fen} == {
        "network": -make.NET_FEN,
        "advance": make.NET_FEN,
        "guarantee_held": make.NET_FEN,
        "guarantee_given": -make.NET_FEN,
    }


def test_what_was_given_and_signed_is_read_back_from_under_its_seal(world: World) -> None:
    form = agreed(world)
    seen = claim.view(world.ports, PHONE, form.form_id)
    assert seen.details == make.details(departs_on=None)
    assert seen.agreement is not None
    assert (seen.agreement.language, seen.agreement.signature_kind) == ("en", "typed")
    signed = world.ports.storage.read(lambda tx: tx.signature_of(form.form_id))
    assert signed == make.signature()


def test_the_fifth_wrong_code_locks_the_form_even_for_the_right_one(world: World) -> None:
    form = issued(world)
    right = claim_code_of(world, form)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    left = []
    for number in range(5):
        phone = f"phone-{number % 2}"
        claim.scan(world.ports, form.code, phone)
        with pytest.raises(Refused) as caught:
            claim.enter_claim_code(world.ports, phone, form.form_id, wrong)
        left.append((caught.value.code, caught.value.facts.get("left")))
    assert left == [("claim_code_wrong", n) for n in (4, 3, 2, 1)] + [("claim_locked", None)]
    for phone in ("phone-0", "phone-new"):
        claim.scan(world.ports, form.code, phone)
        with pytest.raises(Refused, match="claim_locked"):
            claim.enter_claim_code(world.ports, phone, form.form_id, right)
        assert not claim.view(world.ports, phone, form.form_id).unlocked


def test_a_right_code_after_wrong_ones_does_not_give_the_tries_back(small_world: World) -> None:
    form = issued(small_world)
    claim.scan(small_world.ports, form.code, PHONE)
    for _ in range(3):
        with pytest.raises(Refused, match="claim_code_wrong"):
            claim.enter_claim_code(small_world.ports, PHONE, form.form_id, "")
    unlocked(small_world, form, "phone-2")
    claim.scan(small_world.ports, form.code, "phone-3")
    with pytest.raises(Refused) as caught:
        claim.enter_claim_code(small_world.ports, "phone-3", form.form_id, "")
    assert caught.value.facts["left"] == 1


def test_a_phone_sees_and_does_nothing_with_a_form_that_it_did_not_scan(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)
    stranger, form_id, ports = "phone-2", form.form_id, world.ports
    attempts = (
        lambda: claim.view(ports, stranger, form_id),
        lambda: claim.enter_claim_code(ports, stranger, form_id, claim_code_of(world, form)),
        lambda: claim.give_details(ports, stranger, form_id, make.details(), "5678"),
        lambda: claim.sign_agreement(ports, stranger, form_id, make.signature(), "en"),
        lambda: claim.open_card_page(ports, stranger, form_id, RETURN_URL, "en"),
        lambda: claim.card_given(ports, stranger, form_id, entry.session_id),
        lambda: claim.claim_advance(ports, stranger, form_id, entry),
        lambda: claim.advance_again(ports, stranger, form_id),
        lambda: claim.choose_ordinary(ports, stranger, form_id),
    )
    for attempt in attempts:
        with pytest.raises(Refused, match="form_unknown"):
            attempt()
    assert claim.my_forms(ports, stranger) == []
    claim.scan(ports, form.code, stranger)
    for attempt in attempts[2:]:
        with pytest.raises(Refused, match="claim_code_missing"):
            attempt()
    locked = claim.view(ports, stranger, form_id)
    assert (locked.invoices, locked.details, locked.operations) == ((), None, ())


def test_a_card_page_of_one_form_pays_no_other(small_world: World) -> None:
    first = agreed(small_world)
    second = agreed(small_world, issued(small_world, make.draft("25422000000000000002"), "key-2"))
    entry = card(small_world, first)
    with pytest.raises(Refused, match="form_unknown"):
        claim.card_given(small_world.ports, PHONE, second.form_id, entry.session_id)
    mine = claim.my_forms(small_world.ports, PHONE)
    assert {form.form_id for form in mine} == {first.form_id, second.form_id}


@pytest.mark.parametrize("tail", ["0000", "45678", ""])
def test_details_of_another_document_are_refused(small_world: World, tail: str) -> None:
    form = unlocked(small_world)
    with pytest.raises(Refused, match="details_differ"):
        claim.give_details(small_world.ports, PHONE, form.form_id, make.details(), tail)


def test_a_departure_after_the_promise_or_in_the_past_is_refused(small_world: World) -> None:
    form = unlocked(small_world)
    assert form.depart_by == date(2025, 7, 25)
    for day, code in ((26, "past_deadline"), (7, "date_impossible")):
        given = make.details(departs_on=date(2025, 7, day))
        with pytest.raises(Refused, match=code):
            claim.give_details(small_world.ports, PHONE, form.form_id, given, "5678")
    for day in (8, 25):
        given = make.details(departs_on=date(2025, 7, day))
        claim.give_details(small_world.ports, PHONE, form.form_id, given, "5678")


@pytest.mark.rule("agreement_signed")
def test_nothing_is_signed_before_the_details_nor_paid_before_the_signature(
    small_world: World,
) -> None:
    form = unlocked(small_world)
    with pytest.raises(Refused, match="field_missing"):
        claim.sign_agreement(small_world.ports, PHONE, form.form_id, make.signature(), "en")
    claim.give_details(small_world.ports, PHONE, form.form_id, make.details(), "5678")
    with pytest.raises(Refused, match="agreement_not_signed"):
        claim.open_card_page(small_world.ports, PHONE, form.form_id, RETURN_URL, "en")
    first = claim.sign_agreement(small_world.ports, PHONE, form.form_id, make.signature(), "en")
    again = claim.sign_agreement(small_world.ports, PHONE, form.form_id, make.signature(), "zh")
    assert again == first


def test_a_declined_card_leads_to_another_card(world: World) -> None:
    form = agreed(world)
    after = claimed(world, form, make.DECLINED)
    assert after.status is Status.AGREED
    assert claim.view(world.ports, PHONE, form.form_id).last_refusal == "declined"
    assert claimed(world, after).status is Status.ADVANCED
    assert world.booked("hold") == ["refused", "held"]
    assert world.booked("advance") == ["paid"]


@pytest.mark.rule("ordinary_without_card")
def test_a_declined_card_leads_to_the_ordinary_refund(world: World) -> None:
    form = claimed(world, None, make.DECLINED)
    after = claim.choose_ordinary(world.ports, PHONE, form.form_id)
    assert after.status is Status.ORDINARY
    assert claim.choose_ordinary(world.ports, PHONE, form.form_id) == after
    assert world.paid_fen() == 0
    with pytest.raises(Refused, match="not_in_this_state"):
        claim.open_card_page(world.ports, PHONE, form.form_id, RETURN_URL, "en")


@pytest.mark.rule("ordinary_without_card")
def test_the_ordinary_refund_can_be_chosen_before_any_signature(small_world: World) -> None:
    form = unlocked(small_world)
    after = claim.choose_ordinary(small_world.ports, PHONE, form.form_id)
    assert after.status is Status.ORDINARY
    with pytest.raises(Refused, match="not_in_this_state"):
        claim.give_details(small_world.ports, PHONE, form.form_id, make.details(), "5678")


def test_a_refused_payout_keeps_the_hold_and_can_be_asked_again(world: World) -> None:
    form = claimed(world, None, make.PAYOUT_REFUSED)
    assert form.status is Status.HELD
    assert claim.view(world.ports, PHONE, form.form_id).last_refusal == "payout_refused"
    again = claim.advance_again(world.ports, PHONE, form.form_id)
    assert again.status is Status.HELD
    assert world.booked("advance") == ["refused", "refused"]
    after = claim.choose_ordinary(world.ports, PHONE, form.form_id)
    assert after.status is Status.ORDINARY
    assert world.booked("release") == ["released"]
    assert world.book.book_totals()["held_open_fen"] == 0


def test_a_hold_without_an_advance_is_given_up_after_half_an_hour(world: World) -> None:
    form = claimed(world, None, make.PAYOUT_REFUSED)
    world.clock.pass_by(minutes=29)
    assert later.withdraw_abandoned_holds(world.ports) == 0
    world.clock.pass_by(minutes=1)
    assert later.withdraw_abandoned_holds(world.ports) == 1
    assert status(world, form) is Status.ORDINARY
    assert later.withdraw_abandoned_holds(world.ports) == 0


def test_giving_up_a_hold_that_ended_by_itself_ends_it_here_too(small_world: World) -> None:
    form = claimed(small_world, None, make.PAYOUT_REFUSED)
    small_world.clock.pass_by(days=31)
    after = claim.choose_ordinary(small_world.ports, PHONE, form.form_id)
    assert after.status is Status.ORDINARY
    held = small_world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))
    assert [g.state for g in held] == [GuaranteeState.ENDED]
    balances = small_world.ports.storage.read(lambda tx: tx.balances())
    assert set(balances.values()) == {0}


@pytest.mark.parametrize("method", [Method.ALIPAY, Method.WECHAT_PAY, Method.BANK_ACCOUNT])
def test_the_advance_goes_to_the_account_that_was_chosen(
    small_world: World, method: Method
) -> None:
    form = claimed(small_world, agreed(small_world, method=method))
    assert form.status is Status.ADVANCED
    advance = claim.view(small_world.ports, PHONE, form.form_id).advance
    assert advance is not None
    assert advance.method == method.value
    assert "···· " in advance.label
    assert "13800000021" not in advance.label


def test_a_card_page_opened_for_one_way_to_be_paid_pays_no_other(small_world: World) -> None:
    form = agreed(small_world)
    entry = card(small_world, form)
    claim.give_details(
        small_world.ports,
        PHONE,
        form.form_id,
        make.details(Method.ALIPAY, departs_on=None),
        "5678",
    )
    with pytest.raises(Refused, match="card_session_unfinished"):
        claim.claim_advance(small_world.ports, PHONE, form.form_id, entry)
    assert claimed(small_world, form).status is Status.ADVANCED


def test_with_a_hold_on_the_card_the_advance_can_only_move_to_that_card(
    small_world: World,
) -> None:
    form = claimed(small_world, agreed(small_world, method=Method.ALIPAY), make.PAYOUT_REFUSED)
    assert form.status is Status.HELD

    def choose(method: Method) -> None:
        given = make.details(method, departs_on=None)
        claim.give_details(small_world.ports, PHONE, form.form_id, given, "5678")

    with pytest.raises(Refused, match="not_in_this_state"):
        choose(Method.WECHAT_PAY)
    choose(Method.CARD)
    assert claim.advance_again(small_world.ports, PHONE, form.form_id).status is Status.HELD
    operations = claim.view(small_world.ports, PHONE, form.form_id).operations
    assert operations[-1].method == "card"


def test_a_page_whose_opening_was_not_answered_does_not_block_another_language(
    small_world: World,
) -> None:
    form = agreed(small_world)
    small_world.network.loses_pages = True
    with pytest.raises(Refused, match="network_unreachable"):
        claim.open_card_page(small_world.ports, PHONE, form.form_id, RETURN_URL, "en")
    small_world.network.loses_pages = False
    assert claim.open_card_page(small_world.ports, PHONE, form.form_id, RETURN_URL, "zh-Hans")


def test_a_card_page_that_was_not_filled_in_pays_nothing(small_world: World) -> None:
    form = agreed(small_world)
    url = claim.open_card_page(small_world.ports, PHONE, form.form_id, RETURN_URL, "en")
    session_id = url.rpartition("/")[2]
    with pytest.raises(Refused, match="card_session_unfinished"):
        claim.card_given(small_world.ports, PHONE, form.form_id, session_id)
    small_world.network.unplugged = True
    with pytest.raises(Refused, match="network_unreachable"):
        claim.card_given(small_world.ports, PHONE, form.form_id, session_id)


def test_the_last_day_counts_and_the_day_after_is_too_late(world: World) -> None:
    form = agreed(world)
    entry = card(world, form)
    world.clock.at = on(26, 0)
    for late in (
        lambda: claim.claim_advance(world.ports, PHONE, form.form_id, entry),
        lambda: claim.open_card_page(world.ports, PHONE, form.form_id, RETURN_URL, "en"),
    ):
        with pytest.raises(Refused, match="past_deadline"):
            late()
    assert world.paid_fen() == 0
    world.clock.at = on(25, 23)
    assert claim.claim_advance(world.ports, PHONE, form.form_id, entry).status is Status.ADVANCED


def test_a_store_without_an_agreement_on_advances_pays_none(small_world: World) -> None:
    ordinary = make.draft(channel=Channel.ORDINARY)
    form = unlocked(small_world, issued(small_world, ordinary))
    claim.give_details(
        small_world.ports, PHONE, form.form_id, make.details(departs_on=None), "5678"
    )
    with pytest.raises(Refused, match="store_not_instant"):
        claim.sign_agreement(small_world.ports, PHONE, form.form_id, make.signature(), "en")


def test_a_scanned_code_is_believed_by_its_signature_and_its_row_alone(world: World) -> None:
    form = issued(world)
    address = code_url(PUBLIC_URL, form.code)
    assert claim.scan(world.ports, f" {address}\n", PHONE) == form
    middle = len(form.code) // 2
    other = "A" if form.code[middle] != "A" else "B"
    for text, code in (
        (form.code[:-1], "code_torn"),
        (form.code[:middle] + other + form.code[middle + 1 :], "signature_invalid"),
        (address.replace("REFUND.EXAMPLE", "ELSEWHERE.EXAMPLE"), "code_foreign"),
        ("https://elsewhere.example/F", "code_foreign"),
    ):
        with pytest.raises(Refused, match=code):
            claim.scan(world.ports, text, PHONE)
    void_form(world.ports, world.clerk, form.form_id, "wrong bag")
    with pytest.raises(Refused, match="form_void"):
        claim.scan(world.ports, form.code, PHONE)


def test_a_form_whose_row_is_not_here_is_unknown_however_well_signed(
    small_world: World,
) -> None:
    form = issued(small_world)
    payload = verify(form.code, small_world.keys.ring(), form.issue_day)
    other = replace(payload, form_id="ffffffffffffffff")
    code = sign(other, small_world.keys.signing_key())
    with pytest.raises(Refused, match="form_unknown"):
        claim.scan(small_world.ports, code, PHONE)
