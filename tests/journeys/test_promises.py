"""What is promised is kept: charged back with a reason, locked after five tries, shut to others."""

from __future__ import annotations

from datetime import datetime

from playwright.sync_api import expect

from tests.actors import Clerk, Purchase, Traveller
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance
from tests.make import VISA
from tests.officials import Officer, Operator

AFTER_THE_PROMISE = datetime.fromisoformat("2025-07-28T10:00:00+08:00")
UNKNOWN_FORM = "00000000000000ff"


def test_a_broken_promise_is_charged_back_and_the_traveller_is_told_why(
    own_house: Instance, purchase: Purchase, screen: OpenDevice, phone: OpenDevice
) -> None:
    clerk = Clerk(screen(), own_house.url)
    clerk.signs_in("clerk-1")
    slip = clerk.issues(purchase)
    traveller = Traveller(phone(), own_house.url)
    traveller.claims(slip, purchase, VISA)
    traveller.arrives_at("The money has arrived")
    clerk.leaves()

    own_house.move_to(AFTER_THE_PROMISE)
    operator = Operator(screen(), own_house.url)
    operator.signs_in("operator-1")
    operator.opens_the_exit_desk()
    operator.sees("The promised day is over and no departure was seen.")
    operator.previews("Preview the charge", slip.form_number)
    operator.sees(purchase.net)
    operator.watch.allow(422)
    operator.page.get_by_label(operator.say("Reason")).fill(" ")
    operator.confirms()
    operator.arrives_at("Preview: nothing has been done yet")
    operator.settles("No departure by 25 July")
    operator.sees_state("captured")

    traveller.page.reload()
    traveller.arrives_at("The advance was charged to your card")
    traveller.sees("By the last day of the promise no departure was seen.")
    traveller.sees(purchase.net)
    book = own_house.network_book()
    assert (book.payouts_fen, book.captures_fen) == (purchase.net_fen, purchase.net_fen)
    assert book.held_open_fen == 0
    own_house.audit()


def test_after_five_wrong_claim_codes_the_right_one_is_refused_too(
    house: Instance, purchase: Purchase, screen: OpenDevice, phone: OpenDevice
) -> None:
    clerk = Clerk(screen(), house.url)
    clerk.signs_in("clerk-1")
    slip = clerk.issues(purchase)
    owner = Traveller(phone(), house.url)
    owner.scans(slip.code)
    owner.arrives_at("Your tax refund")
    thief = Traveller(phone("zh_Hans"), house.url)
    thief.scans(slip.code)
    wrong = f"{(int(slip.claim_code) + 1) % 1_000_000:06}"
    for left in (4, 3, 2, 1):
        thief.gives_claim_code(wrong)
        thief.sees(str(left), within='[role="alert"], .error')
        thief.page.reload()
        thief.sees(str(left), within='[role="alert"], .error')
        thief.arrives_at("Your tax refund")
    thief.gives_claim_code(wrong)
    thief.sees("Closed for claims by phone")
    owner.gives_claim_code(slip.claim_code)
    owner.sees("Closed for claims by phone")
    owner.arrives_at("Your tax refund")
    late = Traveller(phone(), house.url)
    late.scans(slip.code)
    late.sees("Closed for claims by phone")
    expect(late.field("Claim code: the six digits on your slip")).to_have_count(0)
    clerk.sees_state("issued")


def test_the_form_of_another_store_looks_like_one_that_does_not_exist(
    house: Instance, purchase: Purchase, screen: OpenDevice
) -> None:
    clerk = Clerk(screen(), house.url)
    clerk.signs_in("clerk-1")
    form = clerk.issues(purchase).page
    other = Clerk(screen(), house.url)
    other.signs_in("clerk-2")
    other.watch.allow(404)
    form_id = form.rpartition("/")[2]
    shown = []
    for address in (form, form.replace(form_id, UNKNOWN_FORM)):
        answer = other.page.goto(address)
        assert answer is not None
        other.arrives_at("No such form")
        shown.append((answer.status, answer.body()))
    assert shown[0] == shown[1]
    assert shown[0][0] == 404
    assert other.counts_forms() == 0


def test_a_form_cannot_be_verified_twice_nor_claimed_after(
    house: Instance, purchase: Purchase, screen: OpenDevice, phone: OpenDevice
) -> None:
    clerk = Clerk(screen(), house.url)
    clerk.signs_in("clerk-1")
    slip = clerk.issues(purchase)
    officer = Officer(screen(), house.url)
    officer.signs_in("officer-1")
    officer.scans(slip.code)
    officer.sees_answer("go")
    officer.confirms()
    officer.scans(slip.form_number)
    officer.sees_answer("care")
    officer.arrives_at("Already decided")
    traveller = Traveller(phone(), house.url)
    traveller.scans(slip.code)
    traveller.gives_claim_code(slip.claim_code)
    traveller.arrives_at("Customs have confirmed the goods")
    clerk.sees_state("ordinary_verified")
