"""What is promised is kept: locked after five tries, shut to others, verified once."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance

UNKNOWN_FORM = "00000000000000ff"


def test_after_five_wrong_claim_codes_the_right_one_is_refused_too(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    owner = cast(house).traveller()
    owner.scans(slip.code)
    owner.arrives_at("Your tax refund")
    thief = cast(house).traveller("zh_Hans")
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
    late = cast(house).traveller()
    late.scans(slip.code)
    late.sees("Closed for claims by phone")
    expect(late.field("Claim code: the six digits on your slip")).to_have_count(0)
    clerk.sees_state("issued")


def test_the_form_of_another_store_looks_like_one_that_does_not_exist(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    form = slip.page
    other = cast(house).clerk("clerk-2")
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
    other.counts_forms()
    assert slip.form_number not in other.page.inner_text("main")


def test_a_form_cannot_be_verified_twice_nor_claimed_after(
    house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(house).clerk()
    slip = clerk.issues(purchase)
    officer = cast(house).officer()
    officer.scans(slip.code)
    officer.sees_answer("go")
    officer.confirms()
    officer.scans(slip.form_number)
    officer.sees_answer("care")
    officer.arrives_at("Already decided")
    traveller = cast(house).traveller()
    traveller.scans(slip.code)
    traveller.gives_claim_code(slip.claim_code)
    traveller.arrives_at("Customs have confirmed the goods")
    clerk.sees_state("ordinary_verified")
