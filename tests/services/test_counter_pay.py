"""Paying at the counter: once, by one way, against a signed receipt, whatever happens at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refund.core.form import Form, Status
from refund.core.ledger import Account
from refund.core.till import Way
from refund.services import counter_pay, later, oversee, tills
from refund.simulation.engine.network import Fault
from tests import make
from tests.services import steps
from tests.services.test_races import at_once
from tests.services.till_steps import (
    account,
    cash_posted,
    counter,
    look,
    ordinary,
    paid_by_network,
    paid_in_cash,
    receipts,
    refused,
    shown,
    signed,
    till,
)
from tests.world import World

# Cash.


@pytest.mark.rule("ordinary_cash")
@pytest.mark.rule("ordinary_receipt")
@pytest.mark.rule("ordinary_from_the_start")
def test_cash_is_paid_once_with_receipt_books_state_and_till_together(world: World) -> None:
    form = shown(world, ordinary(world))
    opened = till(world)
    receipt = paid_in_cash(world, form)
    assert receipt.receipt_number == "WUH-250708-0001"
    assert steps.status(world, form) is Status.REFUNDED
    kept = receipts(world, form)
    assert [(one.way, one.till_id, one.due.net_fen) for one in kept] == [
        (Way.CASH, opened.till_id, make.NET_FEN)
    ]
    assert kept[0].paid_at == world.clock.now()
    entries = world.ports.storage.read(lambda tx: tx.entries_of(form.form_id))
    assert [(entry.event_key, entry.kind) for entry, _, _ in entries] == [
        ("WUH-250708-0001", "refund")
    ]
    assert cash_posted(world) == 1_000_00 - make.NET_FEN
    balances = oversee.balances(world.ports)
    assert (balances[Account.TREASURY], balances[Account.FEE]) == (164_34, -29_88)


@pytest.mark.rule("ordinary_receipt")
def test_the_same_page_sent_again_is_the_same_receipt(world: World) -> None:
    form = shown(world, ordinary(world))
    till(world)
    first = paid_in_cash(world, form)
    world.clock.pass_by(minutes=5)
    assert paid_in_cash(world, form).receipt_number == first.receipt_number
    refused("already_refunded", lambda: paid_in_cash(world, form, "page-2"))
    assert cash_posted(world) == 1_000_00 - make.NET_FEN


@pytest.mark.rule("ordinary_receipt")
def test_a_page_of_one_form_pays_no_other(small_world: World) -> None:
    form = shown(small_world, ordinary(small_world))
    other = shown(small_world, ordinary(small_world, "key-2", "25422000000000000002"))
    till(small_world)
    paid_in_cash(small_world, form)
    refused("submission_differs", lambda: paid_in_cash(small_world, other))


@pytest.mark.rule("ordinary_receipt")
def test_two_counters_that_pay_one_form_at_once_pay_it_once(world: World) -> None:
    form = shown(world, ordinary(world))
    till(world)
    said = at_once(8, lambda n: paid_in_cash(world, form, f"page-{n}").receipt_number)
    assert sorted(map(str, said)) == ["WUH-250708-0001"] + ["already_refunded"] * 7
    assert cash_posted(world) == 1_000_00 - make.NET_FEN


@pytest.mark.rule("ordinary_receipt")
def test_a_double_click_is_one_payment_and_both_see_it(world: World) -> None:
    form = shown(world, ordinary(world))
    till(world)
    said = at_once(4, lambda _: paid_in_cash(world, form).receipt_number)
    assert said == ["WUH-250708-0001"] * 4
    assert len(receipts(world, form)) == 1


@pytest.mark.rule("ordinary_receipt")
def test_cash_here_and_a_card_there_at_once_are_one_payment(world: World) -> None:
    form = shown(world, ordinary(world))
    till(world)
    session_id = account(world, form)
    entry = counter_pay.payout_given(world.ports, counter(world), form.form_id, session_id)

    def pay(number: int) -> str:
        if number % 2:
            return paid_in_cash(world, form, f"page-{number}").way.value
        return counter_pay.pay_through_network(
            world.ports, counter(world), form.form_id, entry, signed(f"page-{number}")
        ).status.value

    said = at_once(6, pay)
    assert len([one for one in said if one in ("cash", "refunded")]) == 1
    assert steps.status(world, form) is Status.REFUNDED
    assert len([one for one in receipts(world, form) if one.void_at is None]) == 1
    assert world.paid_fen() + (1_000_00 - cash_posted(world)) == make.NET_FEN


@pytest.mark.rule("ordinary_till")
def test_cash_needs_an_open_till_with_enough_in_it(world: World) -> None:
    form = shown(world, ordinary(world))
    refused("till_not_open", lambda: paid_in_cash(world, form))
    till(world, 134_45)
    told = refused("till_too_low", lambda: paid_in_cash(world, form))
    assert told.facts["has_fen"] == 134_45
    assert receipts(world, form) == []
    assert steps.status(world, form) is Status.ORDINARY_VERIFIED
    (short,) = tills.till_list(world.ports).open_tills
    tills.close_till(world.ports, world.operator, short.till_id, {1: 134_45})
    till(world, make.NET_FEN)
    paid_in_cash(world, form)
    assert cash_posted(world) == 0


@pytest.mark.rule("ordinary_till")
def test_two_forms_at_once_never_take_more_than_is_in_the_till(world: World) -> None:
    forms = [
        shown(world, ordinary(world, f"key-{n}", f"2542200000000000000{n}")) for n in range(1, 5)
    ]
    till(world, 2 * make.NET_FEN)
    said = at_once(4, lambda n: paid_in_cash(world, forms[n], f"page-{n}").way.value)
    assert sorted(map(str, said)) == ["cash", "cash", "till_too_low", "till_too_low"]
    assert cash_posted(world) == 0


def large(world: World, price_fen: int, key: str = "key-1") -> Form:
    """A form of one dear purchase, ready to be paid."""
    bag = replace(make.invoice(), lines=(make.line(price_fen),))
    draft = make.draft(invoices=(bag,), channel=make.draft().channel.ORDINARY)
    return shown(world, steps.verified(world, steps.issued(world, draft, key)))


@pytest.mark.rule("ordinary_cash")
@pytest.mark.rule("cash_fen_max")
def test_twenty_thousand_yuan_are_paid_in_cash(small_world: World) -> None:
    form = large(small_world, 222_222_22)
    till(small_world, 50_000_00)
    assert paid_in_cash(small_world, form).due.net_fen == 20_000_00


@pytest.mark.rule("ordinary_cash")
@pytest.mark.rule("cash_fen_max")
@pytest.mark.rule("ordinary_transfer")
def test_more_than_the_limit_goes_by_transfer_only(small_world: World) -> None:
    form = large(small_world, 222_300_00)
    till(small_world, 50_000_00)
    told = refused("cash_above_limit", lambda: paid_in_cash(small_world, form))
    assert (told.facts["due_fen"], told.facts["most_fen"]) == (20_007_00, 20_000_00)
    assert paid_by_network(small_world, form, Way.BANK_ACCOUNT).status is Status.REFUNDED
    assert small_world.paid_fen() == 20_007_00


# Through the network.


@pytest.mark.rule("ordinary_transfer")
@pytest.mark.rule("ordinary_receipt")
@pytest.mark.parametrize("way", [Way.CARD, Way.BANK_ACCOUNT, Way.ALIPAY, Way.WECHAT_PAY])
def test_every_way_through_the_network_pays_once_with_a_receipt(world: World, way: Way) -> None:
    form = shown(world, ordinary(world))
    assert paid_by_network(world, form, way).status is Status.REFUNDED
    (receipt,) = receipts(world, form)
    assert receipt.way is way
    assert receipt.paid_at is not None
    assert "····" in receipt.label
    assert world.booked("refund") == ["paid"]
    assert world.paid_fen() == make.NET_FEN


def test_an_account_that_the_network_refuses_voids_the_receipt_and_another_way_pays(
    world: World,
) -> None:
    form = shown(world, ordinary(world))
    till(world)
    after = paid_by_network(world, form, number=make.PAYOUT_REFUSED)
    assert after.status is Status.ORDINARY_VERIFIED
    (void,) = receipts(world, form)
    assert void.void_at is not None
    assert look(world, form).last_refusal
    paid_in_cash(world, form, "page-2")
    assert [one.way for one in receipts(world, form)] == [Way.CARD, Way.CASH]
    assert cash_posted(world) == 1_000_00 - make.NET_FEN


def test_what_was_refused_is_not_asked_again_until_it_is_given_anew(world: World) -> None:
    form = shown(world, ordinary(world))
    here = counter(world)
    session_id = account(world, form, number=make.PAYOUT_REFUSED)
    entry = counter_pay.payout_given(world.ports, here, form.form_id, session_id)

    def pay(page: str) -> Form:
        return counter_pay.pay_through_network(world.ports, here, form.form_id, entry, signed(page))

    pay("page-1")
    assert pay("page-1").status is Status.ORDINARY_VERIFIED
    refused("card_session_unfinished", lambda: pay("page-2"))
    refused(
        "card_session_unfinished",
        lambda: counter_pay.payout_given(world.ports, here, form.form_id, session_id),
    )
    assert world.booked("refund") == ["refused"]
    assert paid_by_network(world, form, page="page-3").status is Status.REFUNDED


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSENT])
def test_a_lost_answer_is_finished_by_the_worker_and_paid_once(world: World, fault: Fault) -> None:
    form = shown(world, ordinary(world))
    session_id = account(world, form)
    entry = counter_pay.payout_given(world.ports, counter(world), form.form_id, session_id)
    world.network.faults.append(fault)
    pending = counter_pay.pay_through_network(
        world.ports, counter(world), form.form_id, entry, signed()
    )
    assert pending.status is Status.REFUNDING
    assert receipts(world, form)[0].paid_at is None
    refused("already_refunded", lambda: paid_in_cash(world, form, "page-2"))
    world.clock.pass_by(minutes=1)
    later.finish_open_operations(world.ports)
    assert steps.status(world, form) is Status.REFUNDED
    assert receipts(world, form)[0].paid_at is not None
    assert world.booked("refund") == ["paid"]


def test_a_page_of_the_network_pays_the_form_for_which_it_was_opened_only(
    small_world: World,
) -> None:
    form = shown(small_world, ordinary(small_world))
    other = shown(small_world, ordinary(small_world, "key-2", "25422000000000000002"))
    session_id = account(small_world, form)
    here = counter(small_world)
    refused(
        "form_unknown",
        lambda: counter_pay.payout_given(small_world.ports, here, other.form_id, session_id),
    )


def test_a_silent_network_opens_no_page_and_nothing_is_lost(small_world: World) -> None:
    form = shown(small_world, ordinary(small_world))
    small_world.network.unplugged = True
    refused("network_unreachable", lambda: account(small_world, form))
    assert steps.status(small_world, form) is Status.ORDINARY_VERIFIED


def test_another_person_s_account_is_kept_sealed_with_the_receipt(world: World) -> None:
    form = shown(world, ordinary(world))
    session_id = account(world, form, Way.BANK_ACCOUNT)
    here = counter(world)
    entry = counter_pay.payout_given(world.ports, here, form.form_id, session_id)
    counter_pay.pay_through_network(
        world.ports, here, form.form_id, entry, signed(owner="WONG SIU MING")
    )
    (receipt,) = receipts(world, form)
    seen = counter_pay.receipt_view(world.ports, here, receipt.receipt_number)
    assert seen.owner == "WONG SIU MING"
    if world.url.startswith("sqlite"):
        rows = b"".join(path.read_bytes() for path in world.folder.glob("refund.db*"))
        assert b"WONG SIU MING" not in rows
        assert make.signature().text.encode() not in rows


# The receipt.


@pytest.mark.rule("receipt_labels")
@pytest.mark.rule("ordinary_receipt")
def test_the_receipt_says_what_was_paid_to_whom_and_how(small_world: World) -> None:
    form = shown(small_world, ordinary(small_world))
    till(small_world)
    receipt = paid_in_cash(small_world, form)
    sheet = counter_pay.receipt_to_print(
        small_world.ports, counter(small_world), receipt.receipt_number
    )
    assert (sheet.applied_fen, sheet.confirmed_fen, sheet.fee_fen, sheet.net_fen) == (
        *(164_34, 164_34),
        *(29_88, 134_46),
    )
    assert (sheet.way, sheet.port, sheet.traveller_name) == ("cash", "WUH", "CHAN TAI MAN")
    assert sheet.signature == make.signature()
    elsewhere = counter(small_world, "YIH")
    refused(
        "receipt_unknown",
        lambda: counter_pay.receipt_view(small_world.ports, elsewhere, receipt.receipt_number),
    )


def test_a_receipt_is_printed_only_once_it_is_paid(small_world: World) -> None:
    form = shown(small_world, ordinary(small_world))
    paid_by_network(small_world, form, number=make.PAYOUT_REFUSED)
    (void,) = receipts(small_world, form)
    here = counter(small_world)
    refused(
        "receipt_unpaid",
        lambda: counter_pay.receipt_to_print(small_world.ports, here, void.receipt_number),
    )
