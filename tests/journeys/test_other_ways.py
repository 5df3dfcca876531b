"""Forms that go another way: ordinary, corrected, claimed together, under a rule that is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.make import VISA

THE_NEXT_DAY = datetime.fromisoformat("2025-07-09T10:00:00+08:00")
AN_ACCOUNT = "6222020200112233445"

Purchases = Callable[..., Purchase]


@pytest.mark.rule("ordinary_from_the_start", "ordinary_cash", "ordinary_transfer")
@pytest.mark.rule("ordinary_till", "ordinary_receipt")
def test_an_ordinary_form_is_paid_at_the_counter_in_cash_or_to_an_account(
    house: Instance, cast: CastAt, purchases: Purchases
) -> None:
    before = house.network_book()
    people = cast(house)
    clerk = people.clerk()
    cash = purchases(channel="Ordinary refund")
    transfer = purchases(channel="Ordinary refund")
    slips = [clerk.issues(cash), clerk.issues(transfer)]
    phone = people.traveller()
    phone.scans(slips[0].code)
    phone.sees("This refund is paid at your departure")
    officer = people.officer()
    for slip in slips:
        officer.verifies(slip.code)

    operator = people.operator()
    operator.opens_the_till("WUH", "1100.00")
    operator.finds_at_the_counter("WUH", cash.zone)
    operator.sees("Ready to be paid")
    operator.pays_in_cash(cash.net)
    operator.finds_at_the_counter("WUH", slips[1].form_number)
    operator.compares_the_document(transfer)
    operator.pays_to_an_account(transfer.net, AN_ACCOUNT)
    expect(operator.page.get_by_text(AN_ACCOUNT)).to_have_count(0)
    operator.counts_the_till("WUH", n5000=1, n2000=2, n100=3, n50=1, n10=3)
    operator.sees("Counted: right to the fen.")
    phone.page.reload()
    phone.gives_claim_code(slips[0].claim_code)
    phone.arrives_at("All done: the refund is paid")
    phone.sees("in cash at the refund counter")
    after = house.network_book()
    assert after.payouts_fen - before.payouts_fen == transfer.net_fen
    assert after.held_open_fen == before.held_open_fen
    house.audit()


@pytest.mark.rule("replaced_form_is_named", "superseded_code_answers")
def test_a_form_of_a_wrong_passport_is_issued_anew_and_its_code_names_the_new_one(
    house: Instance, cast: CastAt, purchases: Purchases
) -> None:
    people = cast(house)
    clerk = people.clerk()
    wrong = purchases()
    old = clerk.issues(wrong)
    right = replace(wrong, permit=purchases().permit)
    new = clerk.corrects(old, right, "Another person's document was scanned")
    assert new.form_number != old.form_number
    assert new.claim_code != old.claim_code

    phone = people.traveller()
    phone.watch.allow(410)
    phone.scans(old.code)
    phone.arrives_at("This form was replaced by a newer one")
    phone.sees(new.form_number)
    officer = people.officer()
    officer.watch.allow(410)
    officer.scans(old.code)
    officer.sees_answer("stop")
    officer.sees("Superseded")
    phone.claims(new, right, VISA)
    phone.arrives_at("The money has arrived")
    clerk.page.goto(old.page)
    clerk.sees_state("superseded")
    clerk.sees("Replaced by a newer form")
    house.audit()


@pytest.mark.rule("joint_agreement", "joint_hold", "joint_advance", "joint_forms_apart")
def test_forms_of_two_stores_are_claimed_together_and_each_ends_on_its_own(
    house: Instance, cast: CastAt, purchases: Purchases
) -> None:
    before = house.network_book()
    people = cast(house)
    first, clerk = purchases(), people.clerk()
    second, neighbour = replace(purchases(), permit=first.permit), people.clerk("clerk-2")
    slips = clerk.issues(first), neighbour.issues(second)
    operator = people.operator()
    operator.finds_at_the_point(first)
    for slip in slips:
        operator.sees(slip.form_number)
    operator.claims_together("2,012.40", VISA)
    clerk.sees_state("advanced")
    neighbour.sees_state("advanced")

    neighbour.takes_back(slips[1], 1, "Wrong size")
    neighbour.charges_the_card("By the card, now")
    neighbour.sees_state("returned")
    clerk.sees_state("advanced")
    people.officer().verifies(slips[0].code)
    operator.imports_departures((first, "WUH", house.now().isoformat()))
    operator.previews("Preview the release", slips[0].form_number)
    operator.settles("Left as promised")
    operator.sees_state("released")
    after = house.network_book()
    assert after.payouts_fen - before.payouts_fen == first.net_fen + second.net_fen
    assert after.captures_fen - before.captures_fen == second.net_fen
    assert after.held_open_fen == before.held_open_fen
    house.audit()


@pytest.mark.rule("store_suspension", "store_old_forms_payable")
def test_a_store_that_is_suspended_issues_nothing_and_its_old_forms_are_claimed(
    house: Instance, cast: CastAt, purchases: Purchases
) -> None:
    people = cast(house)
    clerk = people.clerk("clerk-4")
    old, refused = purchases(), purchases()
    slip = clerk.issues(old)
    issued = clerk.counts_forms()
    clerk.begins_a_form()
    clerk.fills_in(refused)
    people.operator().suspends(4, "The ledger was not shown")

    clerk.watch.allow(403, 422)
    clerk.button("Issue the form").click()
    expect(clerk.page.get_by_role("alert")).to_be_focused()
    clerk.sees(
        "The store is suspended: it may issue no refund forms until the refund agency resumes it.",
        within='[role="alert"]',
    )
    assert clerk.counts_forms() == issued
    clerk.sees("This store can issue no forms now")
    phone = people.traveller()
    phone.claims(slip, old, VISA)
    phone.arrives_at("The money has arrived")
    house.audit()


@pytest.mark.rule("rules_added_ahead", "rules_of_issue_day", "promise_days")
def test_a_form_follows_a_rule_from_its_first_day_on_and_an_earlier_one_does_not(
    own_house: Instance, cast: CastAt, purchases: Purchases
) -> None:
    people = cast(own_house)
    clerk = people.clerk()
    before = clerk.issues(purchases())
    clerk.sees("25 Jul 2025")
    operator = people.operator()
    operator.previews_a_rule("promise_days", "21", "2025-07-09", "Notice of the journey")
    operator.adds_the_rule()
    operator.sees("Notice of the journey")
    clerk.issues(purchases())
    clerk.sees("25 Jul 2025")
    clerk.leaves()

    own_house.move_to(THE_NEXT_DAY)
    later = people.clerk()
    later.issues(purchases())
    later.sees("30 Jul 2025")
    later.page.goto(before.page)
    later.sees("25 Jul 2025")
    own_house.audit()
